/* SPDX-License-Identifier: Apache-2.0
 * The store and a front-end from the inside, for the files of this room alone.
 *
 * Order of locks: a store's before a front-end's; nobody holds a front-end's and takes the store's. */
#ifndef TRUNK_AUDIT_STORE_INTERNAL_H
#define TRUNK_AUDIT_STORE_INTERNAL_H

#include "audit/audit.h"
#include "audit/block.h"
#include "audit/db.h"
#include "audit/raw_internal.h"
#include "audit/seal.h"
#include "audit/sinks.h"
#include "tls/tls.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
	STORE_PATH_BYTES = 4096,
	STORE_HURRY_BYTES = 2 * 1024 * 1024,    /* gathered by one front-end: the writer is woken before its time */
	STORE_KEEP_BYTES = 4 * 1024 * 1024,     /* memory that an empty buffer keeps */
	STORE_RETAIN_MS = 60 * 60 * 1000,       /* between two looks for what is too old */
	STORE_RETAIN_BLOCKS = 512,      /* deleted in one transaction */
	FRONT_PATIENCE_MS = 20,         /* that a loop waits for room in the window, in one wake-up: a writer that is merely busy gets there */
};

struct audit {
	struct loop *loop;
	struct log *log;
	struct audit_store *store;      /* NULL: none */
	bool is_logged;
	struct buf log_lines;
	struct defer flush;             /* of the log's lines, and of what strict wants written at the end of a wake-up */
	int64_t patience_ms;
	timer_fn *on_durable;           /* NULL: nobody asks */
	void *on_durable_ctx;
	atomic_bool is_posted;          /* on_durable is on its way to the loop */
	pthread_mutex_t lock;           /* guards what follows */
	struct buf filling;             /* of raw records */
	struct raw_writer writer;       /* of what they share */
};

/* The chain as far as it is on disk. */
struct chain {
	uint64_t id, next;              /* of the last block; number of the record that comes next */
	uint8_t hash[AUDIT_HASH_BYTES];
};

struct audit_store {
	/* set at the beginning */
	struct log *log;
	bool has_db, is_strict;
	char db_path[STORE_PATH_BYTES], head_path[STORE_PATH_BYTES], lock_path[STORE_PATH_BYTES];
	int lock_fd;                    /* so that two daemons never write to one chain; -1: none */
	int64_t fixed_wall_ms;          /* 0: by the system's clock */
	pthread_t thread;
	bool has_thread;

	/* of any thread */
	_Atomic int level;
	_Atomic int64_t retention_ms;
	_Atomic uint64_t seq;           /* the last that was given out */
	_Atomic uint64_t durable;
	_Atomic uint64_t lost;          /* verdicts without a record, since the last gap was recorded */
	_Atomic uint64_t lost_all;
	_Atomic size_t waiting_bytes;
	atomic_bool is_failing;
	_Atomic uint64_t records;
	_Atomic int64_t sealed_ms;

	pthread_mutex_t lock;           /* guards what follows */
	pthread_cond_t wake, done;      /* to the writer; from it: room, or a flush that ended */
	bool is_awake;                  /* the writer has been told that there is something */
	bool is_hurried, is_stopping;
	uint64_t flush_wanted, flush_done;
	struct audit *fronts[AUDIT_FRONTS_MAX];
	unsigned front_count;
	struct buf orphans;             /* what front-ends left behind */

	/* of the writer alone */
	struct db *db;
	struct block_writer *block;
	uint64_t block_id;              /* that it fills */
	uint8_t before[AUDIT_HASH_BYTES];       /* of the block before it */
	struct chain chain;
	struct seal seal;               /* as written last */
	struct buf taken;               /* raw records that are being written */
	size_t told;                    /* of them: the sinks know already */
	uint64_t taken_lost;            /* verdicts that found no room since the batch before: the gap behind this one */
	uint64_t taken_seq;             /* all up to it are in `taken`, or on disk */
	struct raw_reader reader;
	struct tls_hasher *hasher;
	struct sinks sinks;
	int64_t seal_due_ms, retain_due_ms;     /* monotonic */
	bool seal_failed;
};

/* store.c: the thread, and what others ask of it */
void store_wake(struct audit_store *store, bool is_hurried);
bool store_wait_for_room(struct audit_store *store, size_t size, int64_t *patience_ms);
int store_join(struct audit_store *store, struct audit *front);
void store_leave(struct audit_store *store, struct audit *front);
int64_t store_wall_ms(const struct audit_store *store);

/* open.c: finds out whether the chain can go on, sets aside what cannot */
int store_open(struct audit_store *store, struct buf *why);
int store_set_aside(struct audit_store *store, const char *reason, struct buf *why);

/* chain.c: the writer's work. Each returns 0 or what db.h says. */
int store_write(struct audit_store *store);             /* all that was taken */
int store_event(struct audit_store *store, const char *what, struct str detail);       /* one record of the store's own, at once */
int store_retain(struct audit_store *store);
void store_seal(struct audit_store *store, bool is_stopped);
void store_forget_open(struct audit_store *store);      /* the next record begins a new block behind the chain's last */

#endif
