/* SPDX-License-Identifier: Apache-2.0
 * What one script may use: memory by the byte, work by steps and by the processor's time. */
#ifndef TRUNK_FILTER_LIMIT_H
#define TRUNK_FILTER_LIMIT_H

#include "base/base.h"

enum {
	LIMIT_STEPS_PER_MS = 100 * 1000,        /* a step is one instruction of Lua, or as much work of ours: some 10 ns */
	LIMIT_HOOK_STEPS = 100,                 /* instructions between two looks */
	LIMIT_HOOK_STEPS_BIG = 10,              /* the same while there are blocks so large that one instruction may cost much */
	LIMIT_BIG_BYTES = 64 * 1024,
	LIMIT_CLOCK_STEPS = 2000,               /* between two looks at the clock, which is a system call */
	LIMIT_ALLOC_BYTES_PER_STEP = 64,
	LIMIT_BLOCK_SHARE = 4,                  /* one block may have that part of the memory: strings, tables and Lua's stack */
};

enum limit_stop { LIMIT_RUNS = 0, LIMIT_STOP_TIME, LIMIT_STOP_MEMORY };

/* Once `stop` is set it stays so until limit_begin(), whatever a script does with the error. Invariant: memory <= memory_max. */
struct limit {
	size_t memory, memory_max;      /* bytes */
	unsigned big_blocks;            /* in use, of LIMIT_BIG_BYTES or more */
	uint64_t steps, steps_max, clock_at_steps;
	int64_t begin_ns, cpu_max_ns;   /* begin_ns -1: nobody has looked at the clock yet */
	int64_t (*cpu_ns)(void);        /* of this thread; so a busy machine refuses nobody's stanza */
	enum limit_stop stop;
};

/* `cpu_ns` NULL: the thread's own processor time. */
void limit_init(struct limit *limit, size_t memory_max, int64_t (*cpu_ns)(void));

/* A new run, of `time_ms` at most: of the processor, and in steps. */
void limit_begin(struct limit *limit, int64_t time_ms);

/* Counts work, before it is done. False: over a limit, the run ends. */
bool limit_spend(struct limit *limit, uint64_t steps);

/* Whether a block of that size may be had at all. */
bool limit_has_block(const struct limit *limit, size_t size);

/* lua_Alloc, with `limit` as its context. */
void *limit_alloc(void *limit, void *at, size_t old_size, size_t new_size);

const char *limit_stop_text(enum limit_stop stop);

#endif
