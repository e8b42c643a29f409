/* SPDX-License-Identifier: Apache-2.0
 * The count of memory that peers' bytes take. */
#include "site/site.h"

enum { MEMORY_RESERVE_PART = 8 };

/* What all workers use, as far as this one knows. */
static size_t used_by_all(const struct memory *memory)
{
	const size_t own = atomic_load_explicit(&memory->used_bytes, memory_order_relaxed);
	size_t used;

	if (!memory->all)
		return own;
	used = atomic_load_explicit(&memory->all->used_bytes, memory_order_relaxed) + (own - memory->told_bytes);
	return (ptrdiff_t)used > 0 ? used : 0;
}

static void tell(struct memory *memory, size_t used)
{
	const ptrdiff_t news = (ptrdiff_t)(used - memory->told_bytes);

	if (news < MEMORY_SLACK_BYTES && news > -MEMORY_SLACK_BYTES)
		return;
	atomic_fetch_add_explicit(&memory->all->used_bytes, (size_t)news, memory_order_relaxed);
	memory->told_bytes = used;
}

bool memory_count(struct memory *memory, size_t *counted, size_t now)
{
	const size_t before = *counted;
	size_t used;

	*counted = now;
	used = atomic_fetch_add_explicit(&memory->used_bytes, now - before, memory_order_relaxed) + (now - before);
	if (memory->all)
		tell(memory, used);
	return now <= before || memory->limit_bytes == 0 || used_by_all(memory) <= memory->limit_bytes;
}

void memory_target(struct memory *memory, bool is_more)
{
	struct memory *all = memory->all ? memory->all : memory;

	if (is_more)
		atomic_fetch_add_explicit(&all->targets, 1, memory_order_relaxed);
	else
		atomic_fetch_sub_explicit(&all->targets, 1, memory_order_relaxed);
}

static bool is_below(const struct memory *memory, size_t limit)
{
	return memory->limit_bytes == 0 || used_by_all(memory) < limit;
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
	return memory_has_reserve(memory) ? memory->limit_bytes / MEMORY_RESERVE_PART / ((memory->all ? memory->all : memory)->targets + 1) : 0;
}
