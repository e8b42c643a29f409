/* SPDX-License-Identifier: Apache-2.0
 * Counts what a script uses. Everything that allocates is charged here, so no function of Lua's needs to be trusted with sizes. */
#include "filter/limit.h"

#include <stdlib.h>
#include <time.h>

static int64_t thread_cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

void limit_init(struct limit *limit, size_t memory_max, int64_t (*cpu_ns)(void))
{
	*limit = (struct limit){.memory_max = memory_max, .cpu_ns = cpu_ns ? cpu_ns : thread_cpu_ns};
}

void limit_begin(struct limit *limit, int64_t time_ms)
{
	limit->steps = 0;
	limit->steps_max = (uint64_t)time_ms * LIMIT_STEPS_PER_MS;
	limit->clock_at_steps = 0;
	limit->begin_ns = -1;
	limit->cpu_max_ns = time_ms * 1000000;
	limit->stop = LIMIT_RUNS;
}

static void look_at_clock(struct limit *limit)
{
	const int64_t now_ns = limit->cpu_ns();

	limit->clock_at_steps = limit->steps + LIMIT_CLOCK_STEPS;
	if (limit->begin_ns < 0)
		limit->begin_ns = now_ns;
	else if (now_ns - limit->begin_ns > limit->cpu_max_ns)
		limit->stop = LIMIT_STOP_TIME;
}

bool limit_spend(struct limit *limit, uint64_t steps)
{
	if (limit->stop != LIMIT_RUNS)
		return false;
	if (steps > limit->steps_max - limit->steps) {
		limit->steps = limit->steps_max;
		limit->stop = LIMIT_STOP_TIME;
		return false;
	}
	limit->steps += steps;
	if (limit->steps >= limit->clock_at_steps)
		look_at_clock(limit);
	return limit->stop == LIMIT_RUNS;
}

bool limit_has_block(const struct limit *limit, size_t size)
{
	return size <= limit->memory_max / LIMIT_BLOCK_SHARE;
}

void *limit_alloc(void *ctx, void *at, size_t old_size, size_t new_size)
{
	struct limit *limit = ctx;
	void *made;

	if (!at)
		old_size = 0;                   /* Lua says there what the block will be */
	if (new_size > old_size) {
		limit_spend(limit, new_size / LIMIT_ALLOC_BYTES_PER_STEP);
		if (!limit_has_block(limit, new_size) || new_size - old_size > limit->memory_max - limit->memory)
			return NULL;
	}
	if (new_size == 0) {
		free(at);
		made = NULL;
	} else if (!(made = realloc(at, new_size))) {
		if (new_size > old_size)
			return NULL;
		made = at;                      /* Lua counts on a block becoming smaller */
	}
	limit->memory += new_size - old_size;
	limit->big_blocks += (unsigned)(new_size >= LIMIT_BIG_BYTES) - (unsigned)(old_size >= LIMIT_BIG_BYTES);
	return made;
}

const char *limit_stop_text(enum limit_stop stop)
{
	return stop == LIMIT_STOP_MEMORY ? "over memory-limit" : "over time-limit";
}
