/* SPDX-License-Identifier: Apache-2.0
 * A spool in a folder of its own, on a loop moved by hand, and a disk that fails when told. */
#ifndef TRUNK_TESTS_UNIT_SPOOL_FIXTURE_H
#define TRUNK_TESTS_UNIT_SPOOL_FIXTURE_H

#include "spool/spool_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define TEXT(literal) {"" literal, sizeof(literal) - 1}

enum { WORLD_NEWS_MAX = 64 * 1024, WORLD_LOG_BYTES = 64 * 1024 };

struct news {
	uint64_t id, token;
	int err;                        /* 0: durable */
	size_t len;                     /* of the bytes that came back */
};

struct world {
	char folder[64];
	uint64_t size_bytes;
	struct loop *loop;
	struct log *log;
	struct spool_store *store;
	struct spool *spool;
	struct spool_io io;
	int writes_left, syncs_left;    /* until they fail; -1: they do not */
	size_t torn_bytes;              /* that a failing write leaves */
	struct news news[WORLD_NEWS_MAX];
	unsigned news_count;
	char lines[WORLD_LOG_BYTES];
};

extern const struct domain_pair WORLD_PAIR, WORLD_OTHER;

int world_setup(void **state);
int world_teardown(void **state);
void world_open(struct world *world);
void world_close(struct world *world);          /* in order */
void world_kill(struct world *world);           /* what is not written is gone, nothing is tidied */
uint64_t world_put(struct world *world, const struct domain_pair *pair, const char *text);
void world_turn(struct world *world);           /* the end of a wake-up */
/* The stanzas of a pair, in order, with a comma between them. */
const char *world_content(struct world *world, const struct domain_pair *pair);
/* The only file of the spool, or the first or last; its path. */
const char *world_file(struct world *world, const char *suffix, bool last);
unsigned world_files(struct world *world, const char *suffix);

#endif
