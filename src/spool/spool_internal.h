/* SPDX-License-Identifier: Apache-2.0
 * The room's tables: boxes (what waits for a pair), segments (files), and the batch that waits for the disk. */
#ifndef TRUNK_SPOOL_SPOOL_INTERNAL_H
#define TRUNK_SPOOL_SPOOL_INTERNAL_H

#include "base/table.h"
#include "spool/io.h"
#include "spool/spool.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
	PAIR_TEXT_SIZE = 2 * DOMAIN_SIZE,
	SEGMENT_NAME_SIZE = 64,
	SEGMENT_BYTES_MIN = 64 * 1024,
	SEGMENT_BYTES_MAX = 64 * 1024 * 1024,
	SEGMENT_PART = 16,              /* of spool-size that a file takes, between the two above */
	COMPACT_STEP_BYTES = 1024 * 1024,       /* read from the oldest file between two batches */
};

/* ---- records: how it stands on disk (record.c) ----
 *
 * A segment is SEGMENT_HEAD bytes (a magic text and a salt), then batches. A batch is what was synced at once: a batch header, then records. Every
 * checksum begins with the salt, which nobody outside knows: no stanza can hold bytes that read as a batch or a record of ours. */
enum { SEGMENT_HEAD_BYTES = 24, BATCH_HEAD_BYTES = 16, RECORD_HEAD_BYTES = 32 };

enum record_type { RECORD_STANZA = 1, RECORD_REMOVAL };

struct record {
	enum record_type type;
	enum proof proof_in;
	uint64_t id;
	int64_t wall_ms;
	struct domain_pair pair;        /* of a stanza; borrowed */
	struct str body;
	size_t len;                     /* with header */
};

/* The length of a record; it is written to `at` without its checksum, which record_seal() puts there. */
size_t record_len(const struct record *record);
void record_write(const struct record *record, char *at);
void records_seal(uint32_t salt, char *at, size_t len);         /* of all records in at[0..len) */

/* The record that `in` begins with. Returns 0, or TRUNK_EINVAL: none, or a damaged one. */
int record_read(uint32_t salt, struct str in, struct record *ret_record);

void batch_head_write(uint32_t salt, uint32_t number, uint32_t len, char at[static BATCH_HEAD_BYTES]);
int batch_head_read(uint32_t salt, struct str in, uint32_t number, uint32_t *ret_len);
void segment_head_write(uint32_t salt, char at[static SEGMENT_HEAD_BYTES]);
int segment_head_read(struct str in, uint32_t *ret_salt);

/* ---- segments (segment.c) ---- */

struct segment {
	struct list link;               /* in the store's list, oldest first */
	uint64_t number;
	uint32_t salt;
	uint32_t batches;               /* number of the next batch */
	size_t used, size;              /* bytes written, and that the file has */
	size_t live;                    /* entries of the index that are here */
	size_t live_bytes;              /* their records */
	bool is_stuck;                  /* something in it is needed and cannot be read: it is not written anew */
	bool is_damaged;                /* set aside instead of removed when nothing in it is needed any more */
};

/* Called for each good record, which is borrowed. */
typedef void segment_fn(void *ctx, struct segment *segment, const struct record *record, size_t offset);

/* How far a file was read; zeroed: from its beginning. */
struct scan {
	size_t end;                     /* behind the last batch that was read */
	uint32_t batches;
	bool may_tear;                  /* it is the newest file: its last batch may be one that a crash tore */
	bool is_ended;                  /* nothing more can be read */
	bool is_torn;                   /* the last batch is not whole, and nothing was written behind it: it was never synced */
	bool is_damaged;                /* something in the midst of what was synced cannot be read */
	size_t lost_bytes;
	int err;                        /* TRUNK_EIO, TRUNK_ENOMEM: the file cannot be read */
};

/* Reads on until `max` bytes were read or the file ends. */
void segment_scan(const struct spool_store *store, struct segment *segment, struct scan *scan, size_t max, segment_fn *fn, void *ctx);

/* Makes room for a batch of `len` bytes: the current file, or a new one. Returns 0 or TRUNK_EIO, with errno. */
int segment_reserve(struct spool_store *store, size_t len);
int segment_append(struct spool_store *store, char *batch, size_t len, bool is_synced, size_t *ret_offset);
void segment_cut(struct spool_store *store);                    /* the current file ends where it is good; the next batch gets a new one */
void segment_name(uint64_t number, const char *suffix, char ret_name[static SEGMENT_NAME_SIZE]);
int segment_number(const char *name, uint64_t *ret_number, bool *ret_is_damaged);
size_t segment_bytes(uint64_t size_bytes);              /* of a file, usually, in a spool of this size */
struct segment *segment_new(struct spool_store *store, uint64_t number);
void segments_reclaim(struct spool_store *store);               /* removes or sets aside the oldest that nobody needs; the lock is held */
void segments_free(struct spool_store *store);

/* ---- boxes: the index (box.c); the lock is held ---- */

enum entry_state { ENTRY_PENDING = 1, ENTRY_ON_DISK, ENTRY_GONE };

struct entry {
	uint64_t id;
	int64_t wall_ms;
	struct segment *segment;        /* NULL while pending */
	uint32_t offset;                /* of the record in it */
	uint32_t len;                   /* of the stanza */
	uint8_t proof_in, state;
	bool is_fleeting;               /* no message */
};

/* Invariant: at[start..end) is in the order of ids; count of them are not gone, `fleeting` of these are no messages; at[start] and at[end - 1] are not gone. */
struct box {
	struct entry *at;
	size_t start, end, cap;
	size_t count, fleeting;
	uint64_t bytes;                 /* of the stanzas that are not gone */
	size_t pins;                    /* notes that point here */
	bool is_paused;
	UT_hash_handle hh;
	size_t sender_len, target_len;
	char key[];                     /* sender NUL target NUL */
};

struct domain_pair box_pair(const struct box *box);
struct box *box_find(struct spool_store *store, const struct domain_pair *pair);
struct box *box_get(struct spool_store *store, const struct domain_pair *pair);         /* NULL: no memory */
void box_release(struct spool_store *store, struct box *box);                           /* frees it where nothing holds it */
int box_add(struct spool_store *store, struct box *box, const struct entry *entry);     /* at the end */
struct entry *box_entry(const struct box *box, uint64_t id);                            /* NULL: not there, or gone */
const struct entry *box_after(const struct box *box, uint64_t id);
const struct entry *box_after_fleeting(const struct box *box, uint64_t id);
size_t box_record_bytes(const struct box *box, const struct entry *entry);               /* on disk */
void box_remove(struct spool_store *store, struct box *box, struct entry *entry);
void box_place(struct spool_store *store, struct entry *entry, struct segment *segment, size_t offset, size_t record_bytes);

/* After the files were read: entries in the order of ids, each once, without those that `is_removed`. */
void box_settle(struct spool_store *store, struct box *box, bool (*is_removed)(void *ctx, uint64_t id), void *ctx);
void boxes_free(struct spool_store *store);

/* ---- what waits for the disk ---- */

/* One put of a batch, on its way to the disk and back to its handle. */
struct note {
	struct spool *spool;
	struct box *box;
	uint64_t id;
	size_t offset;                  /* of its record in the batch */
	struct spool_token token;
	struct str body;                /* owned, where it failed; else absent */
	enum proof proof_in;
	int err;
};

struct batch {
	struct buf bytes;               /* BATCH_HEAD_BYTES, then records */
	struct buf notes;               /* of struct note */
	struct buf removals;            /* of uint64_t: to be repeated where the batch fails */
};

struct spool {
	struct spool_store *store;
	struct list link;               /* in the store's handles */
	struct loop *loop;
	const struct spool_handler *handler;    /* NULL: freed; the memory goes with the store */
	void *ctx;
	struct buf done;                /* of struct note; the lock is held */
	bool is_posted;                 /* on_done() is on its way; the lock is held */
	struct defer commit;            /* inline: writes at the end of this wake-up */
	struct buf reading;             /* a record being read; kept */
	int fd;                         /* of the file read last; -1: none */
	uint64_t fd_number;
};

struct spool_store {
	char *folder;
	int folder_fd, lock_fd;
	struct log *log;
	const struct spool_io *io;
	bool is_inline;
	bool has_thread;
	pthread_t thread;

	pthread_mutex_t lock;           /* guards all below but what is said to be the writer's */
	pthread_cond_t wake;
	bool is_ending;
	struct list handles;
	struct box *boxes;
	struct list segments;
	struct batch filling;
	size_t writing_bytes;           /* of the batch that is being written */
	_Atomic uint64_t count;         /* entries that are not gone */
	_Atomic unsigned paused;        /* boxes */
	uint64_t live_bytes, file_bytes, size_bytes;
	uint64_t room;                  /* that is left in the current file */
	unsigned files, damaged;
	uint64_t next_id, next_number;
	int64_t failing_until_ms;       /* monotonic clock; 0: the disk works */
	bool is_failing;
	uint64_t batches, puts, failed;

	/* The writer's own (inline: whoever commits). */
	struct segment *current;        /* last of segments; NULL: the next batch makes one */
	int current_fd;
	struct batch writing;
	struct scan compact;            /* of the oldest segment */
	uint64_t compact_number;        /* of that segment */
};

int64_t spool_clock_ms(void);                           /* monotonic */
int batch_begin(struct batch *batch);                   /* room for its header where it is empty; 0 or TRUNK_ENOMEM */
int batch_remove(struct batch *batch, uint64_t id);
void writer_commit(struct spool_store *store);          /* writes what waits; the lock is not held */
void *writer_run(void *store);
bool writer_compact(struct spool_store *store, bool is_forced);  /* one step; false: there is nothing to do */
void spool_tell(void *spool);                           /* calls back for all that is done; on the loop's thread */
int paused_read(struct spool_store *store);
int paused_write(struct spool_store *store);            /* the lock is held */

#endif
