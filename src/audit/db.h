/* SPDX-License-Identifier: Apache-2.0
 * The rows of blocks in SQLite. One connection, used by one thread. */
#ifndef TRUNK_AUDIT_DB_H
#define TRUNK_AUDIT_DB_H

#include "audit/block.h"

struct db;

struct db_block {
	struct block_numbers numbers;
	uint8_t before[AUDIT_HASH_BYTES], hash[AUDIT_HASH_BYTES];
};

/* Where the chain begins: what stood before the first row that is left. */
struct db_anchor {
	uint64_t id, next;              /* of the block before, 0: none; number of the first record behind it */
	uint8_t hash[AUDIT_HASH_BYTES]; /* of that block; random in a new store */
	int64_t last_ms;                /* of that block */
};

/* Opens the file for writing; made with its tables where it is not there or is empty. Returns 0; TRUNK_EINVAL: it is no store of ours, or
 * broken; TRUNK_EIO; TRUNK_ENOMEM. What the library says is added to `why`. */
int db_open(const char *path, struct buf *why, struct db **ret_db);

/* The same for looking at it only, with the tables there: TRUNK_ENOENT where there is no such file, TRUNK_EPERM. */
int db_open_read(const char *path, struct buf *why, struct db **ret_db);
void db_close(struct db **db);

/* Each returns 0; TRUNK_EINVAL: the file is broken; TRUNK_EIO: the disk fails or is full; TRUNK_EBUSY; TRUNK_ENOMEM. */
int db_begin(struct db *db);
int db_commit(struct db *db);
void db_rollback(struct db *db);
int db_put(struct db *db, const struct db_block *block, struct str head, struct str data);      /* a row of that id is replaced */
int db_get_anchor(struct db *db, struct db_anchor *ret_anchor);
int db_last(struct db *db, struct db_block *ret_block);         /* TRUNK_ENOENT: there is none */

/* Deletes up to `most` of the oldest blocks whose records are all older than `before_ms`, but never the last one, and moves the anchor
 * behind them. TRUNK_ENOENT: there is none. */
int db_retain(struct db *db, int64_t before_ms, unsigned most, struct db_anchor *ret_anchor);

/* Blocks whose times touch [since_ms, until_ms] and that have one of these marks (BLOCK_ANY: any), in the order of the chain. The caller
 * frees the list. */
int db_find(struct db *db, int64_t since_ms, int64_t until_ms, uint32_t marks, uint64_t **ret_ids, size_t *ret_count);

/* One row. `ret_head` is valid until the next call of this function; `ret_data_len`: what db_read_data() can read.
 * TRUNK_ENOENT: no such row; TRUNK_EINVAL also for what no row of ours can be. */
int db_get(struct db *db, uint64_t id, struct db_block *ret_block, struct str *ret_head, size_t *ret_data_len);
int db_read_data(struct db *db, uint64_t id, size_t at, size_t len, struct buf *out);   /* adds to `out` */

/* The first row from `id` on. TRUNK_ENOENT: none. */
int db_next(struct db *db, uint64_t id, uint64_t *ret_id);

/* Ends reading for now, so that the log of a writer can be shortened and the next call sees what came since. */
void db_rest(struct db *db);

/* The words of the record that says why the chain begins behind `anchor`: verify looks for them. */
void audit_retained_text(const struct db_anchor *anchor, char *ret_text, size_t size_bytes);

const char *db_error(struct db *db);    /* what the library said last */

#endif
