/* SPDX-License-Identifier: Apache-2.0
 * The scanner's hot loops, in one set for each level of the processor. Of this room, its tests and its bench only. */
#ifndef TRUNK_XML_SCAN_LOOPS_H
#define TRUNK_XML_SCAN_LOOPS_H

#include <stdbool.h>
#include <stddef.h>

struct scan;

/* Each looks from at[p] on for the first byte that is not plain, and returns its offset, or `len` where all are. None reads
 * at[len] or beyond; before at[p] only what the caller has read too. */
struct scan_loops {
	const char *name;
	bool is_vector;                 /* scan_short.h may read 16 bytes at a time, too */
	/* not plain: `<` `&` `>` CR, other controls than tab and LF, non-ASCII */
	size_t (*text)(const unsigned char *at, size_t p, size_t len);
	/* not plain: `quote` `<` `&`, controls, non-ASCII */
	size_t (*value)(const unsigned char *at, size_t p, size_t len, unsigned char quote);
	/* Passes non-ASCII characters, and between them what is plain in text and in any value. Stops at the first byte that is
	 * neither, or that begins a character which is malformed, forbidden or not whole. */
	size_t (*wide)(const unsigned char *at, size_t p, size_t len);
	/* Takes attributes whose names are short and whose values are plain, one after the other, from scan->pos on, and leaves the first
	 * that is not of that kind to the machine. NULL: all are. */
	void (*attrs)(struct scan *scan, const unsigned char *at, size_t len);
};

enum scan_level { SCAN_PLAIN, SCAN_SSE2, SCAN_AVX2, SCAN_NEON };

/* NULL where this processor, or this build, does not have them. */
const struct scan_loops *scan_loops_of(enum scan_level level);

/* The best that there are. */
const struct scan_loops *scan_loops_best(void);

/* The loops in plain C, which every level ends with. */
size_t scan_text_plain(const unsigned char *at, size_t p, size_t len);
size_t scan_value_plain(const unsigned char *at, size_t p, size_t len, unsigned char quote);
size_t scan_wide_plain(const unsigned char *at, size_t p, size_t len);

extern const struct scan_loops scan_loops_sse2, scan_loops_avx2, scan_loops_neon;

#endif
