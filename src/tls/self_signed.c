/* SPDX-License-Identifier: Apache-2.0
 * Identities that need nobody: signed by themselves, kept in the state folder so that a pin set by a peer stays good. */
#include "tls/internal.h"

#include <openssl/err.h>

#include <limits.h>
#include <stdio.h>

enum {
	LIFE_S = 365 * DAY_S,
	KEPT_MAX = 4096,      /* files that one store writes: where other domains are open to all, anybody can prove many */
	BACKDATE_S = 60 * 60, /* for peers whose clock is slow */
};
static const int64_t RENEW_MS = 30LL * DAY_S * 1000;

static int make(const char *domain, int64_t wall_ms, struct identity **ret_identity)
{
	EVP_PKEY *key = key_make();
	const struct make how = {
		.common_name = domain,
		.domain = domain,
		.key = key,
		.not_before_s = wall_ms / 1000 - BACKDATE_S,
		.not_after_s = wall_ms / 1000 + LIFE_S,
	};
	X509 *cert = key ? cert_make(&how) : NULL;
	int err = TRUNK_ECRYPTO;

	if (cert)
		err = (*ret_identity = identity_new(TLS_IDENTITY_SELF_SIGNED, NULL, cert, key, NULL, 0)) ? 0 : TRUNK_ENOMEM;
	X509_free(cert);
	EVP_PKEY_free(key);
	return err;
}

/* What is there may be old, of another domain by a copied file, or damaged: then a new one replaces it. */
static int load(const char *path, const char *domain, int64_t wall_ms, struct identity **ret_identity)
{
	struct problems silent = {0};
	struct identity *identity = NULL;
	struct pem pem;

	if (pem_read(path, &silent, &pem) < 0)
		return TRUNK_ENOENT;
	if (pem.key && sk_X509_num(pem.certs) == 1 && X509_check_private_key(sk_X509_value(pem.certs, 0), pem.key) == 1)
		identity = identity_new(TLS_IDENTITY_SELF_SIGNED, NULL, sk_X509_value(pem.certs, 0), pem.key, NULL, 0);
	pem_fini(&pem);
	ERR_clear_error();
	if (identity && (cert_names_fit(&identity->names, str_of(domain)) != CERT_FIT_DNS ||
			 identity->not_after_ms - RENEW_MS < wall_ms || identity->not_before_ms > wall_ms))
		identity_free(&identity);
	if (!identity)
		return TRUNK_ENOENT;
	*ret_identity = identity;
	return 0;
}

static int keep(const char *folder, const char *path, const struct identity *identity)
{
	struct buf content = {0};
	int err;

	if ((err = pem_add_cert(&content, identity->cert)) == 0 && (err = pem_add_key(&content, identity->key)) == 0)
		err = file_replace(folder, path, buf_str(&content));
	buf_wipe(&content);
	return err;
}

int self_signed_get(const char *folder, const char *domain, int64_t wall_ms, size_t *kept, struct identity **ret_identity)
{
	char path[PATH_MAX];
	int err;

	if (folder && snprintf(path, sizeof(path), "%s/%s.pem", folder, domain) >= (int)sizeof(path))
		folder = NULL;
	if (folder && load(path, domain, wall_ms, ret_identity) == 0)
		return 0;
	if ((err = make(domain, wall_ms, ret_identity)) < 0)
		return err;
	/* In memory it serves as well, until the next start. */
	if (folder && *kept < KEPT_MAX && keep(folder, path, *ret_identity) == 0)
		++*kept;
	return 0;
}
