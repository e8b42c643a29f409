/* SPDX-License-Identifier: Apache-2.0
 * Hashes, random bytes, hex and base64. */
#include "tls/tls.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <limits.h>

int tls_sha256(struct str data, uint8_t ret_hash[static TLS_SHA256_BYTES])
{
	return EVP_Digest(data.len ? data.at : "", data.len, ret_hash, NULL, EVP_sha256(), NULL) == 1 ? 0 : TRUNK_ECRYPTO;
}

int tls_hmac_sha256(struct str key, struct str data, uint8_t ret_mac[static TLS_SHA256_BYTES])
{
	const unsigned char *bytes = (const unsigned char *)(data.len ? data.at : "");

	if (key.len > INT_MAX)
		return TRUNK_ECRYPTO;
	return HMAC(EVP_sha256(), key.len ? key.at : "", (int)key.len, bytes, data.len, ret_mac, NULL) ? 0 : TRUNK_ECRYPTO;
}

int tls_random(void *at, size_t len)
{
	if (len > INT_MAX)
		return TRUNK_ECRYPTO;
	return RAND_bytes(at, (int)len) == 1 ? 0 : TRUNK_ECRYPTO;
}

bool tls_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

void tls_hex(const uint8_t *bytes, size_t len, char *ret_hex)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		ret_hex[2 * i] = digits[bytes[i] >> 4];
		ret_hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret_hex[2 * len] = '\0';
}

int tls_base64_encode(struct str data, struct buf *out)
{
	const size_t len = (data.len + 2) / 3 * 4;
	int err;

	if (data.len > INT_MAX / 2)
		return TRUNK_ELIMIT;
	if (data.len == 0)
		return 0;
	if ((err = buf_reserve(out, len + 1)) < 0) /* the library adds a NUL */
		return err;
	EVP_EncodeBlock((unsigned char *)buf_space(out), (const unsigned char *)data.at, (int)data.len);
	buf_grew(out, len);
	return 0;
}

/* 0 to 63, or -1. */
static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four characters, the last of which `padding` (0 to 2) ones are '=', to 3 - padding bytes. */
static int base64_group(const char *at, size_t padding, unsigned char *ret_bytes)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < 4; i++) {
		const int value = i < 4 - padding ? base64_value(at[i]) : 0;

		if (value < 0)
			return TRUNK_EINVAL;
		bits = bits << 6 | (uint32_t)value;
	}
	if (bits & ((1u << 8 * padding) - 1)) /* surplus bits: two texts must not mean the same bytes */
		return TRUNK_EINVAL;
	for (size_t i = 0; i < 3 - padding; i++)
		ret_bytes[i] = (unsigned char)(bits >> (16 - 8 * i));
	return 0;
}

int tls_base64_decode(struct str text, struct buf *out)
{
	size_t padding = 0, len;
	unsigned char *to;
	int err;

	if (text.len % 4)
		return TRUNK_EINVAL;
	if (text.len == 0)
		return 0;
	while (padding < 2 && text.at[text.len - 1 - padding] == '=')
		padding++;
	len = text.len / 4 * 3 - padding;
	if ((err = buf_reserve(out, len)) < 0)
		return err;
	to = (unsigned char *)buf_space(out);
	for (size_t i = 0; i < text.len; i += 4, to += 3)
		if ((err = base64_group(text.at + i, i + 4 == text.len ? padding : 0, to)) < 0)
			return err;
	buf_grew(out, len);
	return 0;
}
