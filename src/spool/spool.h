/* SPDX-License-Identifier: Apache-2.0
 * Stanzas that wait on disk for a link, by domain pair, in the order they were put; they outlive the daemon. */
#ifndef TRUNK_SPOOL_SPOOL_H
#define TRUNK_SPOOL_SPOOL_H

#include "base/base.h"
#include "base/loop.h"
#include "name/name.h"
#include "stanza/stanza.h"

enum {
	SPOOL_STANZAS_MAX = 2 * 1024 * 1024,            /* in all; each takes 40 bytes of memory */
	SPOOL_STANZA_BYTES_MAX = 66 * 1024 * 1024,      /* of one; stanza-size can be no larger */
	SPOOL_BATCH_BYTES_MAX = 16 * 1024 * 1024,       /* that wait for the disk; what comes then is refused */
	SPOOL_RETRY_MS = 1000,                          /* after the disk failed everything is refused at once, for so long */
};

/* ---- the store: one for the process ---- */

struct spool_store;
struct spool_io;                        /* io.h: the system calls, which tests let fail */

struct spool_options {
	const char *folder;             /* made where it is missing (its parent must be there), mode 0700; copied */
	uint64_t size_bytes;            /* queue.spool-size: what its files may take. At least half of it can always be used */
	struct log *log;                /* borrowed */
	bool is_inline;                 /* no thread: batches are written at the end of the wake-up of the handle's loop (scenarios, unit tests) */
	const struct spool_io *io;      /* NULL: the system's own */
};

/* Reads what a stop or a crash left. A torn end is cut off, a damaged file set aside under the name NAME.damaged; both are logged. Returns 0;
 * TRUNK_EBUSY: another process has it; TRUNK_EIO or TRUNK_EPERM: the folder cannot be used; TRUNK_ENOMEM. The reason has been logged. */
int spool_store_open(const struct spool_options *options, struct spool_store **ret_store);

/* Makes durable what was put, ends the thread and closes. The handles must be gone. Runs on the thread that opened. */
void spool_store_free(struct spool_store **store);
void spool_store_set_size(struct spool_store *store, uint64_t size_bytes);      /* any thread */

/* ---- a handle: one for each loop; everything below is called on that loop's thread, and calls back there ---- */

struct spool;

/* What the caller wants back when the stanza is durable or refused; not kept on disk. */
struct spool_token {
	uint64_t word[4];
};

/* Never called from within another function of this header. All pointers are borrowed for the call. */
struct spool_handler {
	/* It is on disk now: whoever sent it may be told so. In the order of put, for each stanza once. */
	void (*durable)(void *ctx, const struct domain_pair *pair, uint64_t id, const struct spool_token *token);

	/* The disk refused it (TRUNK_EIO; full or failing): it is in the spool no more, and here it is back, to be answered with
	 * resource-constraint. `bytes` absent: it was removed meanwhile, and nobody waits for it (or there is no memory for them). */
	void (*failed)(void *ctx, const struct domain_pair *pair, uint64_t id, const struct spool_token *token, struct str bytes, enum proof proof_in,
		       int err);
};

/* NULL: no memory. One handle knows the pairs of all, but each pair's stanzas are put, read and removed through one alone. */
struct spool *spool_new(struct spool_store *store, struct loop *loop, const struct spool_handler *handler, void *ctx);

/* What it has put is made durable all the same; its handler is not called any more. */
void spool_free(struct spool **spool);

/* Puts a stanza behind the others of its pair. `bytes` is copied. Ids grow from one put to the next; that of a stanza that waits is its own for good.
 * Returns 0: `durable` or `failed` follows; TRUNK_ELIMIT: spool-size, SPOOL_STANZAS_MAX or SPOOL_BATCH_BYTES_MAX is reached; TRUNK_EIO: the disk
 * failed less than SPOOL_RETRY_MS ago; TRUNK_ENOMEM. Then nothing was put: resource-constraint. */
int spool_put(struct spool *spool, const struct domain_pair *pair, struct str bytes, enum proof proof_in, const struct spool_token *token,
	      uint64_t *ret_id);

struct spool_stanza {
	uint64_t id;
	int64_t wall_ms;                /* when it was put, wall clock: what XEP-0203 says and `hold` counts from */
	size_t len;
	enum proof proof_in;
	bool is_durable;                /* only then it can be read */
	bool is_fleeting;               /* an iq or presence, put so that it is not lost without an answer: it must not leave later */
};

/* The first stanza of the pair whose id is greater than `after` (0: the oldest). False: there is none. O(log n). */
bool spool_next(struct spool *spool, const struct domain_pair *pair, uint64_t after, struct spool_stanza *ret_stanza);

/* The same of those alone that are fleeting; O(n) where there are any. */
bool spool_next_fleeting(struct spool *spool, const struct domain_pair *pair, uint64_t after, struct spool_stanza *ret_stanza);

/* Adds the bytes of one stanza to `out`; waits for the disk where the system has not kept them in memory. Returns 0; TRUNK_EBUSY: not durable yet;
 * TRUNK_EIO: it cannot be read or is damaged (logged): remove it; TRUNK_ENOENT; TRUNK_ENOMEM or TRUNK_ELIMIT of `out`. */
int spool_read(struct spool *spool, const struct domain_pair *pair, uint64_t id, struct buf *out);

/* It was handed over, bounced or dropped. No-op where it is not there. After a crash within some milliseconds it may be there again:
 * then it is delivered twice, never lost. One that is not durable yet may be removed, too; `durable` comes all the same. */
void spool_remove(struct spool *spool, const struct domain_pair *pair, uint64_t id);

/* ---- what waits ---- */

struct spool_sum {
	uint64_t count, bytes;          /* of stanzas */
	int64_t oldest_wall_ms;         /* 0: none */
	bool is_paused;
};

struct spool_sum spool_sum(struct spool *spool, const struct domain_pair *pair);
bool spool_is_empty(struct spool *spool, const struct domain_pair *pair);        /* the same in short, without a lock where all is empty, … */
bool spool_is_paused(struct spool *spool, const struct domain_pair *pair);       /* … and where nothing is paused */

/* Each pair that has stanzas or is paused; `pair` is borrowed for the call. `fn` may call any function of this header. */
typedef void spool_each_fn(void *ctx, const struct domain_pair *pair, const struct spool_sum *sum);
void spool_each(struct spool *spool, spool_each_fn *fn, void *ctx);

/* A paused pair's stanzas stay until it is resumed; whoever releases asks for it. Outlives a restart. Returns 0, or TRUNK_EIO where it could
 * not be written down (it holds until the restart all the same), TRUNK_ENOMEM. */
int spool_pause(struct spool *spool, const struct domain_pair *pair, bool is_paused);

struct spool_use {
	uint64_t stanzas, bytes;        /* that wait, bytes with their overhead on disk */
	uint64_t file_bytes, size_bytes;        /* what the files take, and what they may */
	unsigned files, damaged;        /* in the folder; set aside since the start */
	bool is_failing;                /* the disk refused the last batch */
	uint64_t batches, puts, failed; /* since the start */
};
struct spool_use spool_use(struct spool *spool);

#endif
