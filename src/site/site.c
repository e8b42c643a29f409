/* SPDX-License-Identifier: Apache-2.0
 * The count of memory that peers' bytes take. */
#include "site/site.h"

enum { MEMORY_RESERVE_PART = 8 };

bool memory_count(struct memory *memory, size_t *counted, size_t now)
{
	const size_t before = *counted;
	size_t used;

	*counted = now;
	if (now <= before) {
		atomic_fetch_sub_explicit(&memory->used_bytes, before - now, memory_order_relaxed);
		return true;
	}
	used = atomic_fetch_add_explicit(&memory->used_bytes, now - before, memory_order_relaxed) + (now - before);
	return memory->limit_bytes == 0 || used <= memory->limit_bytes;
}

static bool is_below(const struct memory *memory, size_t limit)
{
	return memory->limit_bytes == 0 || atomic_load_explicit(&memory->used_bytes, memory_order_relaxed) < limit;
}

bool memory_has_reserve(const struct memory *memory)
{
	return is_below(memory, memory->limit_bytes);
}

bool memory_has(const struct memory *memory)
{
	return is_below(memory, memory->limit_bytes - memory->limit_bytes / MEMORY_RESERVE_PART);
}

bool memory_has_overdraft(const struct memory *memory)
{
	return is_below(memory, memory->limit_bytes + memory->limit_bytes / (2 * MEMORY_RESERVE_PART));
}

size_t memory_share(const struct memory *memory)
{
	return memory_has_reserve(memory) ? memory->limit_bytes / MEMORY_RESERVE_PART / (memory->targets + 1) : 0;
}
