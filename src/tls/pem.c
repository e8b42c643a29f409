/* SPDX-License-Identifier: Apache-2.0
 * What PEM files hold: certificates and keys. */
#include "tls/internal.h"

#include <openssl/err.h>
#include <openssl/pem.h>

/* A key with a passphrase can't be used by a daemon; without this the library would ask at the terminal. */
static int no_passphrase(char *at, int size, int is_writing, void *ctx)
{
	(void)at, (void)size, (void)is_writing, (void)ctx;
	return -1;
}

/* At the end of the file the library reports "no start line", which is no failure. */
static bool is_at_end(void)
{
	const unsigned long err = ERR_peek_last_error();

	return ERR_GET_LIB(err) == ERR_LIB_PEM && ERR_GET_REASON(err) == PEM_R_NO_START_LINE;
}

static int read_certs(BIO *bio, STACK_OF(X509) *certs)
{
	X509 *cert;

	ERR_clear_error();
	while ((cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)))
		if (!sk_X509_push(certs, cert)) {
			X509_free(cert);
			return TRUNK_ENOMEM;
		}
	return is_at_end() ? 0 : TRUNK_EINVAL;
}

static int read_key(struct str content, EVP_PKEY **ret_key)
{
	BIO *bio = BIO_new_mem_buf(content.at, (int)content.len);

	if (!bio)
		return TRUNK_ENOMEM;
	ERR_clear_error();
	*ret_key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	return *ret_key ? 0 : TRUNK_EINVAL;
}

/* Others must not read or change a key; the group may read it only where root gave it that (Debian's ssl-cert). */
static bool key_is_private(const struct stat *stat)
{
	return (stat->st_mode & 077) == 0 || (stat->st_uid == 0 && (stat->st_mode & 077) == 040);
}

static int parse(const char *path, struct str content, struct problems *problems, struct pem *pem)
{
	BIO *bio = BIO_new_mem_buf(content.at, (int)content.len);
	int err = TRUNK_ENOMEM;

	if (bio && (pem->certs = sk_X509_new_null()))
		err = read_certs(bio, pem->certs);
	BIO_free(bio);
	if (err == TRUNK_EINVAL)
		problem_add(problems, true, "%s: its PEM can't be read: %s", path, text_of_library());
	if (err < 0 || !memmem(content.at, content.len, "PRIVATE KEY-----", 16))
		return err;

	if (!key_is_private(&pem->stat)) {
		problem_add(problems, true, "%s: its private key is open to others (mode %04o); chmod 600 %s", path,
			    (unsigned)(pem->stat.st_mode & 07777), path);
		return TRUNK_EPERM;
	}
	if ((err = read_key(content, &pem->key)) < 0)
		problem_add(problems, true, "%s: its private key can't be read (%s); it must be PEM without a passphrase", path,
			    text_of_library());
	return err;
}

int pem_read(const char *path, struct problems *problems, struct pem *ret_pem)
{
	struct pem pem = {0};
	struct buf content = {0};
	int err;

	if ((err = file_read(path, &content, &pem.stat)) < 0) {
		problem_add(problems, true, "%s: can't be read: %s", path, error_text(err));
		return err;
	}
	err = parse(path, buf_str(&content), problems, &pem);
	buf_wipe(&content);
	ERR_clear_error();
	if (err < 0)
		pem_fini(&pem);
	else
		*ret_pem = pem;
	return err;
}

void pem_fini(struct pem *pem)
{
	sk_X509_pop_free(pem->certs, X509_free);
	EVP_PKEY_free(pem->key);
	*pem = (struct pem){0};
}

static int add_bio(struct buf *out, BIO *bio)
{
	char *at = NULL;
	const long len = BIO_get_mem_data(bio, &at);

	return len > 0 ? buf_add(out, str_make(at, (size_t)len)) : TRUNK_ECRYPTO;
}

int pem_add_cert(struct buf *out, X509 *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int err = TRUNK_ECRYPTO;

	if (bio && PEM_write_bio_X509(bio, cert) == 1)
		err = add_bio(out, bio);
	BIO_free(bio);
	return err;
}

int pem_add_key(struct buf *out, const EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	int err = TRUNK_ECRYPTO;

	if (bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1)
		err = add_bio(out, bio);
	BIO_free(bio);
	return err;
}
