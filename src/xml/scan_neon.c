/* SPDX-License-Identifier: Apache-2.0
 * The scanner's loops with 16 bytes a step on ARM64. */
#include "xml/scan_loops.h"

#ifdef __aarch64__

#include <arm_neon.h>
#include <stdint.h>

/* Four bits for each byte of a comparison: its lowest set bit, divided by four, is the first byte found. */
static uint64_t mask64(uint8x16_t v)
{
	return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(v), 4)), 0);
}

/* Signed, a byte below blank is a control or no ASCII. */
static uint8x16_t is_low(uint8x16_t v)
{
	return vcltq_s8(vreinterpretq_s8_u8(v), vdupq_n_s8(' '));
}

static size_t text_neon(const unsigned char *at, size_t p, size_t len)
{
	for (; len - p >= 16; p += 16) {
		const uint8x16_t v = vld1q_u8(at + p);
		const uint8x16_t blanks = vorrq_u8(vceqq_u8(v, vdupq_n_u8('\t')), vceqq_u8(v, vdupq_n_u8('\n')));
		const uint8x16_t angles = vceqq_u8(vorrq_u8(v, vdupq_n_u8(2)), vdupq_n_u8('>'));
		const uint8x16_t marks = vorrq_u8(angles, vceqq_u8(v, vdupq_n_u8('&')));
		const uint64_t found = mask64(vorrq_u8(marks, vbicq_u8(is_low(v), blanks)));

		if (found)
			return p + (size_t)__builtin_ctzll(found) / 4;
	}
	return scan_text_plain(at, p, len);
}

static size_t value_neon(const unsigned char *at, size_t p, size_t len, unsigned char quote)
{
	for (; len - p >= 16; p += 16) {
		const uint8x16_t v = vld1q_u8(at + p);
		const uint8x16_t marks = vorrq_u8(vceqq_u8(v, vdupq_n_u8('<')), vceqq_u8(v, vdupq_n_u8('&')));
		const uint64_t found = mask64(vorrq_u8(vorrq_u8(marks, vceqq_u8(v, vdupq_n_u8(quote))), is_low(v)));

		if (found)
			return p + (size_t)__builtin_ctzll(found) / 4;
	}
	return scan_value_plain(at, p, len, quote);
}

const struct scan_loops scan_loops_neon = {"neon", false, text_neon, value_neon, scan_wide_plain, NULL};

#else

typedef int scan_neon_is_not_here;

#endif
