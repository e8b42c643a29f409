/* SPDX-License-Identifier: Apache-2.0
 * A folder, a log, a loop and a store for the tests of this room. */
#ifndef TRUNK_TESTS_AUDIT_WORLD_H
#define TRUNK_TESTS_AUDIT_WORLD_H

#include "audit/audit.h"
#include "audit/read.h"

#include <pthread.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define WALL_MS 1790000000123LL         /* 2026-09-21T14:13:20.123Z */
#define DAY_MS (24 * 3600 * 1000LL)

enum { WORLD_ENTRIES_MAX = 64 };

struct world {
	struct loop *loop;
	struct log *log;
	struct buf lines;               /* of the log, each with a line feed behind it */
	pthread_mutex_t lock;           /* guards it: the store's thread writes, too */
	char folder[64], db[128], head[128], jsonl[128];
	struct audit_store_options options;
	struct audit_store *store;
	struct audit *audit;
	int64_t wall_ms;
	/* of the last look */
	unsigned count;
	struct audit_entry entries[WORLD_ENTRIES_MAX];  /* with strings of arena */
	struct arena arena;
	struct audit_found found;
	struct audit_verdict_of_chain chain;
};

int world_set_up(void **state);
int world_tear_down(void **state);

void world_open(struct world *world);           /* store and front-end, by world->options */
int world_try_open(struct world *world, struct buf *why);
void world_close(struct world *world);          /* a clean stop */

/* Records a message with that id, and gives its number; must succeed. */
uint64_t world_record(struct world *world, const char *id);
struct audit_record world_message(struct world *world, const char *id);
void world_record_many(struct world *world, unsigned count);
void world_flush(struct world *world);

void world_search(struct world *world, const char *path, const struct audit_query *query);
#define QUERY(...) (&(struct audit_query){__VA_ARGS__})

/* The store in the folder is whole, or its first bad record is that one. */
void world_is_whole(struct world *world);
void world_is_bad_at(struct world *world, uint64_t record);

void world_sql(struct world *world, const char *sql);           /* on the store's file */
unsigned world_log_has(struct world *world, const char *event); /* how often */
char *world_find_aside(struct world *world);                    /* the file that was set aside; free() */
char *world_file(const char *path);                             /* its content; free() */

#endif
