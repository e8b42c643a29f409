/* SPDX-License-Identifier: Apache-2.0
 * Numbers of as many bytes as they need: seven bits each, the least first, the eighth saying that more follow. */
#ifndef TRUNK_AUDIT_VARINT_H
#define TRUNK_AUDIT_VARINT_H

#include "base/base.h"

enum { VARINT_BYTES_MAX = 10 };

/* Writes at `at`, where VARINT_BYTES_MAX must have room; returns behind it. */
static inline uint8_t *varint_put(uint8_t *at, uint64_t n)
{
	while (n >= 0x80) {
		*at++ = (uint8_t)(n | 0x80);
		n >>= 7;
	}
	*at++ = (uint8_t)n;
	return at;
}

static inline uint64_t varint_of_signed(int64_t n)
{
	return ((uint64_t)n << 1) ^ (uint64_t)(n >> 63);
}

static inline int64_t varint_to_signed(uint64_t n)
{
	return (int64_t)(n >> 1) ^ -(int64_t)(n & 1);
}

/* Takes one off `*rest`; false where there is none, or it does not fit into 64 bits. */
static inline bool varint_take(struct str *rest, uint64_t *ret_n)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < rest->len && i < VARINT_BYTES_MAX; i++) {
		const uint8_t byte = (uint8_t)rest->at[i];

		if (i == VARINT_BYTES_MAX - 1 && byte > 1)
			return false;
		n |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (!(byte & 0x80)) {
			*rest = str_make(rest->at + i + 1, rest->len - i - 1);
			*ret_n = n;
			return true;
		}
	}
	return false;
}

/* Takes `len` bytes off `*rest`. */
static inline bool bytes_take(struct str *rest, uint64_t len, struct str *ret_bytes)
{
	if (len > rest->len)
		return false;
	*ret_bytes = str_make(rest->at, (size_t)len);
	*rest = str_make(rest->at + len, rest->len - (size_t)len);
	return true;
}

#endif
