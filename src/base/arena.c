/* SPDX-License-Identifier: Apache-2.0
 * Memory that is given back all at once. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>

enum { ARENA_BLOCK_BYTES = 4096 - 64 };

struct arena_block {
	struct arena_block *next;
	size_t cap, used;
	alignas(max_align_t) char at[];
};

static size_t block_bytes(const struct arena *arena)
{
	return arena->block_bytes ? arena->block_bytes : ARENA_BLOCK_BYTES;
}

static struct arena_block *arena_grow(struct arena *arena, size_t size)
{
	const size_t cap = size > block_bytes(arena) ? size : block_bytes(arena);
	struct arena_block *block = malloc(sizeof(*block) + cap);

	if (!block)
		return NULL;
	block->cap = cap;
	block->used = 0;
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->blocks;
	void *at;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (arena->limit && size > arena->limit - arena->used)
		return NULL;
	if (!block || block->cap - block->used < size)
		block = arena_grow(arena, size);
	if (!block)
		return NULL;
	at = block->at + block->used;
	block->used += size;
	arena->used += size;
	return memset(at, 0, size);
}

struct str arena_str(struct arena *arena, struct str s)
{
	char *at = arena_alloc(arena, s.len + 1);

	if (!at)
		return STR_NONE;
	if (s.len)
		memcpy(at, s.at, s.len);
	return str_make(at, s.len);
}

static void blocks_free(struct arena_block *block)
{
	while (block) {
		struct arena_block *next = block->next;

		free(block);
		block = next;
	}
}

void arena_clear(struct arena *arena)
{
	struct arena_block *first = arena->blocks;

	arena->used = 0;
	if (!first)
		return;
	blocks_free(first->next);
	first->next = NULL;
	first->used = 0;
	if (first->cap > block_bytes(arena)) {
		free(first);
		arena->blocks = NULL;
	}
}

void arena_fini(struct arena *arena)
{
	blocks_free(arena->blocks);
	*arena = (struct arena){.limit = arena->limit, .block_bytes = arena->block_bytes};
}
