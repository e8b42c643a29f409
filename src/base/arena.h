/* SPDX-License-Identifier: Apache-2.0
 * Memory that is given back all at once. */
#ifndef TRUNK_BASE_ARENA_H
#define TRUNK_BASE_ARENA_H

#include "base/str.h"

struct arena_block;

/* A zeroed struct is an empty arena without a limit. */
struct arena {
	struct arena_block *blocks;     /* newest first */
	size_t used, limit;             /* bytes handed out, and how many may be; 0: no limit */
	size_t block_bytes;             /* taken from the system at a time; 0: 4 KiB. For what lives long and stays small */
};

/* `size` zeroed bytes, aligned for any type; NULL: no memory or over the limit. */
void *arena_alloc(struct arena *arena, size_t size);

/* A copy in the arena, followed by a NUL that len does not count. Absent where there is no memory. */
struct str arena_str(struct arena *arena, struct str s);

/* Gives all back; the first block is kept for the next use. */
void arena_clear(struct arena *arena);
void arena_fini(struct arena *arena);

#endif
