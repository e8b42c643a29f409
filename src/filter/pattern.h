/* SPDX-License-Identifier: Apache-2.0
 * Patterns of Lua (reference manual 5.4 §6.4.1) with a bound on their work. Pure. */
#ifndef TRUNK_FILTER_PATTERN_H
#define TRUNK_FILTER_PATTERN_H

#include "base/base.h"

enum {
	PATTERN_CAPTURES_MAX = 32,      /* as in Lua */
	PATTERN_DEPTH_MAX = 200,        /* calls in each other, as in Lua */
	PATTERN_POSITION = -2,          /* `len` of a capture that is a position alone: "()" */
	PATTERN_OPEN = -1,              /* `len` of a capture that has no end yet */
};

struct pattern_capture {
	const char *at;
	ptrdiff_t len;
};

/* One subject and one pattern (without its leading '^'). Fill the first three, zero the rest. */
struct pattern {
	struct str subject, pattern;
	uint64_t steps_max;             /* over it a match fails with is_over */

	uint64_t steps;                 /* done so far, by all pattern_at() together */
	bool is_over;
	char error[64];                 /* "": none. The pattern makes no sense; as Lua would say it */
	unsigned capture_count;
	struct pattern_capture captures[PATTERN_CAPTURES_MAX];
	unsigned depth;
};

/* Matches at `offset` of the subject. True: `*ret_end` is behind the match. False: no match, or error, or is_over. */
bool pattern_at(struct pattern *pattern, size_t offset, size_t *ret_end);

/* Whether text as a pattern stands for itself. */
bool pattern_is_plain(struct str pattern);

#endif
