/* SPDX-License-Identifier: Apache-2.0
 * Whom we trust to certify others: the system's CAs, files of the operator's, and revocation lists. */
#include "tls/internal.h"

#include <openssl/err.h>
#include <openssl/pem.h>

static int add_file(struct tls_store *store, const char *path, struct problems *problems)
{
	struct pem pem;
	int err;

	if ((err = store_stamp(store, path)) < 0 || (err = pem_read(path, problems, &pem)) < 0)
		return err == TRUNK_ENOMEM ? err : 0;
	if (sk_X509_num(pem.certs) == 0)
		problem_add(problems, true, "%s: no certificate in it", path);
	for (int i = 0; i < sk_X509_num(pem.certs) && err == 0; i++)
		if (X509_STORE_add_cert(store->trust, sk_X509_value(pem.certs, i)) != 1)
			err = TRUNK_ENOMEM;
	pem_fini(&pem);
	return err;
}

static int add_crl(struct tls_store *store, X509_CRL *crl)
{
	const int is_added = X509_STORE_add_crl(store->trust, crl);

	X509_CRL_free(crl);
	return is_added == 1 ? 0 : TRUNK_ENOMEM;
}

/* PEM with any number of lists, else one in DER. */
static int add_crls(struct tls_store *store, struct str content, size_t *ret_count)
{
	const unsigned char *der = (const unsigned char *)content.at;
	BIO *bio = BIO_new_mem_buf(content.at, (int)content.len);
	X509_CRL *crl;
	int err = bio ? 0 : TRUNK_ENOMEM;

	while (err == 0 && (crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL))) {
		err = add_crl(store, crl);
		++*ret_count;
	}
	BIO_free(bio);
	if (err == 0 && *ret_count == 0 && (crl = d2i_X509_CRL(NULL, &der, (long)content.len))) {
		err = add_crl(store, crl);
		++*ret_count;
	}
	return err;
}

static int add_crl_file(struct tls_store *store, const char *path, struct problems *problems)
{
	struct buf content = {0};
	struct stat stat;
	size_t count = 0;
	int err;

	if ((err = store_stamp(store, path)) < 0)
		return err;
	if ((err = file_read(path, &content, &stat)) < 0) {
		problem_add(problems, true, "%s: can't be read: %s", path, error_text(err));
		return 0;
	}
	err = buf_len(&content) ? add_crls(store, buf_str(&content), &count) : 0;
	buf_fini(&content);
	ERR_clear_error();
	if (err == 0 && count == 0)
		problem_add(problems, true, "%s: no revocation list (CRL) in it", path);
	store->has_crl |= count > 0;
	return err;
}

int trust_read(struct tls_store *store, const struct tls_store_options *options, struct problems *problems)
{
	static const char *const system_alone[] = {"system", NULL};
	const char *const *trust = options->trust ? options->trust : system_alone;
	int err = 0;

	if (!(store->trust = X509_STORE_new()))
		return TRUNK_ENOMEM;
	for (size_t i = 0; trust[i] && err == 0; i++) {
		if (strcmp(trust[i], "system") != 0)
			err = add_file(store, trust[i], problems);
		else if (X509_STORE_set_default_paths(store->trust) != 1)
			problem_add(problems, true, "the system's CAs can't be read: %s", text_of_library());
	}
	for (size_t i = 0; options->crl_files && options->crl_files[i] && err == 0; i++)
		err = add_crl_file(store, options->crl_files[i], problems);
	return err;
}
