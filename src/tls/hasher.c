/* SPDX-License-Identifier: Apache-2.0
 * SHA-256 of many things: the algorithm is looked up once. */
#include "tls/tls.h"

#include <openssl/evp.h>

#include <stdlib.h>

struct tls_hasher {
	EVP_MD *algorithm;
	EVP_MD_CTX *context;
};

struct tls_hasher *tls_hasher_new(void)
{
	struct tls_hasher *hasher = calloc(1, sizeof(*hasher));

	if (!hasher)
		return NULL;
	hasher->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
	hasher->context = EVP_MD_CTX_new();
	if (!hasher->algorithm || !hasher->context)
		tls_hasher_free(&hasher);
	return hasher;
}

void tls_hasher_free(struct tls_hasher **hasher)
{
	if (!*hasher)
		return;
	EVP_MD_CTX_free((*hasher)->context);
	EVP_MD_free((*hasher)->algorithm);
	free(*hasher);
	*hasher = NULL;
}

int tls_hasher_sum(struct tls_hasher *hasher, const struct str *parts, size_t count, uint8_t ret_hash[static TLS_SHA256_BYTES])
{
	if (EVP_DigestInit_ex2(hasher->context, hasher->algorithm, NULL) != 1)
		return TRUNK_ECRYPTO;
	for (size_t i = 0; i < count; i++)
		if (parts[i].len > 0 && EVP_DigestUpdate(hasher->context, parts[i].at, parts[i].len) != 1)
			return TRUNK_ECRYPTO;
	return EVP_DigestFinal_ex(hasher->context, ret_hash, NULL) == 1 ? 0 : TRUNK_ECRYPTO;
}

int tls_sha256_of(const struct str *parts, size_t count, uint8_t ret_hash[static TLS_SHA256_BYTES])
{
	struct tls_hasher *hasher = tls_hasher_new();
	const int err = hasher ? tls_hasher_sum(hasher, parts, count, ret_hash) : TRUNK_ENOMEM;

	tls_hasher_free(&hasher);
	return err;
}
