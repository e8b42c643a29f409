/* SPDX-License-Identifier: Apache-2.0
 * The count of memory that peers' bytes take. */
#include "site/site.h"

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

bool memory_has(const struct memory *memory, size_t more)
{
	const size_t used = atomic_load_explicit(&memory->used_bytes, memory_order_relaxed);

	return memory->limit_bytes == 0 || (used < memory->limit_bytes && more <= memory->limit_bytes - used);
}
