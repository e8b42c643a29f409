/* SPDX-License-Identifier: Apache-2.0
 * The scanner's loops in plain C, and the choice among them and their faster brothers. */
#include "xml/scan_loops.h"

#include "xml/chars.h"

size_t scan_text_plain(const unsigned char *at, size_t p, size_t len)
{
	while (p < len && char_is(at[p], CHAR_TEXT))
		p++;
	return p;
}

size_t scan_value_plain(const unsigned char *at, size_t p, size_t len, unsigned char quote)
{
	const unsigned char other = quote ^ '\'' ^ '"';

	while (p < len && (char_is(at[p], CHAR_VALUE) || at[p] == other))
		p++;
	return p;
}

/* The usual characters of two and three bytes, judged by hand; 0: ask utf8_decode(). */
static unsigned wide_usual(const unsigned char *at, size_t avail)
{
	if (at[0] >= 0xC2 && at[0] <= 0xDF && avail >= 2 && (at[1] & 0xC0) == 0x80)
		return 2;
	if (at[0] > 0xE0 && at[0] < 0xEF && at[0] != 0xED && avail >= 3 && (at[1] & 0xC0) == 0x80 && (at[2] & 0xC0) == 0x80)
		return 3;
	return 0;
}

size_t scan_wide_plain(const unsigned char *at, size_t p, size_t len)
{
	const unsigned plain = CHAR_TEXT | CHAR_VALUE;

	while (p < len) {
		uint32_t c;
		int size;

		if (at[p] < 0x80) {
			if ((char_classes[at[p]] & plain) != plain)
				break;
			p++;
		} else if ((size = (int)wide_usual(at + p, len - p)) > 0 || (size = utf8_decode(at + p, len - p, &c)) > 0) {
			p += (size_t)size;
		} else {
			break;
		}
	}
	return p;
}

static const struct scan_loops loops_plain = {"plain", false, scan_text_plain, scan_value_plain, scan_wide_plain, NULL};

const struct scan_loops *scan_loops_of(enum scan_level level)
{
	switch (level) {
	case SCAN_PLAIN:
		return &loops_plain;
#ifdef __x86_64__
	case SCAN_SSE2:
		return &scan_loops_sse2;
	case SCAN_AVX2:
		return __builtin_cpu_supports("avx2") ? &scan_loops_avx2 : NULL;
#endif
#ifdef __aarch64__
	case SCAN_NEON:
		return &scan_loops_neon;
#endif
	default:
		return NULL;
	}
}

const struct scan_loops *scan_loops_best(void)
{
	static const enum scan_level best_first[] = {SCAN_AVX2, SCAN_NEON, SCAN_SSE2};

	for (unsigned i = 0; i < sizeof(best_first) / sizeof(best_first[0]); i++) {
		if (scan_loops_of(best_first[i]))
			return scan_loops_of(best_first[i]);
	}
	return &loops_plain;
}
