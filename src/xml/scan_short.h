/* SPDX-License-Identifier: Apache-2.0
 * Names, end tags and short values, 16 bytes a step, inline: between servers they are a dozen bytes each, and what they cost is the
 * branch at their end, which the processor guesses wrong as often as their lengths differ. Of this room and its tests only. */
#ifndef TRUNK_XML_SCAN_SHORT_H
#define TRUNK_XML_SCAN_SHORT_H

#include "xml/chars.h"
#include "xml/scan_loops.h"

enum { SHORT_BYTES = 16 };      /* read at once; fewer in front of the input's end are left to plain C */

static inline size_t name_end_plain(const unsigned char *at, size_t p, size_t len)
{
	while (p < len && char_is(at[p], CHAR_NAME))
		p++;
	return p;
}

#ifdef __SSE2__
#include <emmintrin.h>

static inline __m128i short_load(const unsigned char *at)
{
	return _mm_loadu_si128((const __m128i *)(const void *)at);
}

/* Where bytes are from `first` on and `more` beyond it at most. */
static inline __m128i short_in_range(__m128i v, char first, char more)
{
	const __m128i offset = _mm_sub_epi8(v, _mm_set1_epi8(first));

	return _mm_cmpeq_epi8(_mm_min_epu8(offset, _mm_set1_epi8(more)), offset);
}

/* The end of the ASCII name part (CHAR_NAME) that stands at at[p], or p + SHORT_BYTES. Only where as many bytes are left. */
static inline size_t short_name(const unsigned char *at, size_t p)
{
	const __m128i v = short_load(at + p);
	const __m128i letters = short_in_range(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'a', 'z' - 'a');
	const __m128i digits = _mm_andnot_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('/')), short_in_range(v, '-', '9' - '-'));
	const __m128i all = _mm_or_si128(_mm_or_si128(letters, digits), _mm_cmpeq_epi8(v, _mm_set1_epi8('_')));

	return p + (size_t)__builtin_ctz(((unsigned)_mm_movemask_epi8(all) ^ 0xFFFF) | 1u << SHORT_BYTES);
}

static inline size_t name_end(const struct scan_loops *loops, const unsigned char *at, size_t p, size_t len)
{
	while (loops->is_vector && len - p >= SHORT_BYTES) {
		const size_t end = short_name(at, p);

		if (end < p + SHORT_BYTES)
			return end;
		p = end;
	}
	return name_end_plain(at, p, len);
}

/* Are a and b the same `n` bytes? SHORT_BYTES may be read of both. */
static inline bool short_is_same(const unsigned char *a, const unsigned char *b, size_t n)
{
	const unsigned same = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(short_load(a), short_load(b)));

	return (~same & ((1u << n) - 1)) == 0;
}

/* loops->value() for what ends within SHORT_BYTES, else as far as that. Only where as many are left. */
static inline size_t short_value(const unsigned char *at, size_t p, unsigned char quote)
{
	const __m128i v = short_load(at + p);
	const __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('&')), _mm_cmpeq_epi8(v, _mm_set1_epi8('<')));
	const __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8((char)quote)), _mm_cmplt_epi8(v, _mm_set1_epi8(' ')));
	const unsigned found = (unsigned)_mm_movemask_epi8(_mm_or_si128(marks, ends));

	return p + (size_t)__builtin_ctz(found | 1u << SHORT_BYTES);
}

#else

static inline size_t name_end(const struct scan_loops *loops, const unsigned char *at, size_t p, size_t len)
{
	(void)loops;
	return name_end_plain(at, p, len);
}

static inline bool short_is_same(const unsigned char *a, const unsigned char *b, size_t n)
{
	return memcmp(a, b, n) == 0;
}

static inline size_t short_value(const unsigned char *at, size_t p, unsigned char quote)
{
	return scan_value_plain(at, p, p + SHORT_BYTES, quote);
}

#endif

#endif
