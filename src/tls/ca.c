/* SPDX-License-Identifier: Apache-2.0
 * The operator's CA: makes it, shows it, issues from it. */
#include "tls/internal.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <stdio.h>

enum { CA_LIFE_S = 3652 * DAY_S, BACKDATE_S = 60 * 60, ISSUE_DAYS_MAX = 7 };

static X509 *ca_make(EVP_PKEY *key, const char *common_name, const char *const *permit, int64_t wall_ms)
{
	const struct make how = {
		.common_name = common_name,
		.permit = permit,
		.key = key,
		.not_before_s = wall_ms / 1000 - BACKDATE_S,
		.not_after_s = wall_ms / 1000 + CA_LIFE_S,
	};

	return cert_make(&how);
}

static int ca_write(const char *file, X509 *cert, const EVP_PKEY *key)
{
	struct buf content = {0};
	int err;

	if ((err = pem_add_cert(&content, cert)) == 0 && (err = pem_add_key(&content, key)) == 0)
		err = file_create(file, buf_str(&content));
	buf_wipe(&content);
	return err;
}

int tls_ca_init(const char *file, const char *common_name, const char *const *permit, int64_t wall_ms)
{
	int err = TRUNK_ECRYPTO;
	EVP_PKEY *key;
	X509 *cert;

	for (size_t i = 0; permit && permit[i]; i++)
		if (!domain_is_ascii(permit[i]))
			return TRUNK_EADDRESS;
	if (common_name[0] == '\0' || strlen(common_name) > 64)
		return TRUNK_EINVAL;
	key = key_make();
	cert = key ? ca_make(key, common_name, permit, wall_ms) : NULL;
	if (cert)
		err = ca_write(file, cert, key);
	X509_free(cert);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return err;
}

/* Reads without the words for a store's problems: the caller has the error. */
static int ca_read(const char *file, struct pem *ret_pem)
{
	struct problems silent = {0};
	int err;

	if ((err = pem_read(file, &silent, ret_pem)) < 0)
		return err;
	if (sk_X509_num(ret_pem->certs) > 0)
		return 0;
	pem_fini(ret_pem);
	return TRUNK_EINVAL;
}

int tls_ca_export(const char *file, struct buf *out)
{
	struct pem pem;
	int err;

	if ((err = ca_read(file, &pem)) < 0)
		return err;
	err = pem_add_cert(out, sk_X509_value(pem.certs, 0));
	pem_fini(&pem);
	return err;
}

static int show_constraints(X509 *cert, struct buf *out)
{
	NAME_CONSTRAINTS *constraints = X509_get_ext_d2i(cert, NID_name_constraints, NULL, NULL);
	int err = constraints ? 0 : buf_add_cstr(out, "permits: any domain\n");

	for (int i = 0; err == 0 && constraints && i < sk_GENERAL_SUBTREE_num(constraints->permittedSubtrees); i++) {
		const GENERAL_NAME *base = sk_GENERAL_SUBTREE_value(constraints->permittedSubtrees, i)->base;
		char text[TEXT_SIZE] = "";

		if (base->type != GEN_DNS)
			continue;
		text_addf(text, sizeof(text), "%.*s", ASN1_STRING_length(base->d.dNSName),
			  (const char *)ASN1_STRING_get0_data(base->d.dNSName));
		err = buf_addf(out, "permits: %s and its subdomains\n", text);
	}
	NAME_CONSTRAINTS_free(constraints);
	return err;
}

static int show(X509 *cert, struct buf *out)
{
	char name[TEXT_SIZE], start[DATE_SIZE], end[DATE_SIZE], hex[2 * EVP_MAX_MD_SIZE + 1];
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	int err;

	text_of_name(X509_get_subject_name(cert), name, sizeof(name));
	text_of_date(X509_get0_notBefore(cert), start);
	text_of_date(X509_get0_notAfter(cert), end);
	if (X509_digest(cert, EVP_sha256(), hash, &len) != 1)
		return TRUNK_ECRYPTO;
	tls_hex(hash, len, hex);
	if ((err = buf_addf(out, "subject: %s\nvalid: %s to %s\n", name, start, end)) < 0)
		return err;
	if ((err = show_constraints(cert, out)) < 0)
		return err;
	return buf_addf(out, "sha256: %s\n", hex);
}

int tls_ca_show(const char *file, struct buf *out)
{
	struct pem pem;
	int err;

	if ((err = ca_read(file, &pem)) < 0)
		return err;
	err = show(sk_X509_value(pem.certs, 0), out);
	pem_fini(&pem);
	ERR_clear_error();
	return err;
}

static int write_issued(const struct issuer *issuer, X509 *cert, const EVP_PKEY *key, struct buf *out)
{
	int err = pem_add_cert(out, cert);

	for (int i = 0; err == 0 && i < sk_X509_num(issuer->sent); i++)
		err = pem_add_cert(out, sk_X509_value(issuer->sent, i));
	return err == 0 ? pem_add_key(out, key) : err;
}

int tls_ca_issue(const char *file, const char *domain_ascii, int days, int64_t wall_ms, struct buf *out)
{
	struct problems silent = {0};
	struct issuer *issuer = NULL;
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	int err;

	if (days < 1 || days > ISSUE_DAYS_MAX)
		return TRUNK_ELIMIT;
	if (!domain_is_ascii(domain_ascii))
		return TRUNK_EADDRESS;
	/* The operator asks for this one certificate by name, so a CA without constraints may give it. */
	if ((err = issuer_new(file, true, wall_ms, &silent, &issuer)) < 0)
		return err;
	if (!(key = key_make()))
		err = TRUNK_ECRYPTO;
	else if ((err = issuer_issue(issuer, domain_ascii, key, days, wall_ms, &cert)) == 0)
		err = write_issued(issuer, cert, key, out);
	X509_free(cert);
	EVP_PKEY_free(key);
	issuer_free(&issuer);
	ERR_clear_error();
	return err;
}
