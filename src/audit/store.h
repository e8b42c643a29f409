/* SPDX-License-Identifier: Apache-2.0
 * Where records are kept: hash-chained blocks in SQLite, JSON lines, the journal. One store for a process, with a thread of its own. */
#ifndef TRUNK_AUDIT_STORE_H
#define TRUNK_AUDIT_STORE_H

#include "base/base.h"

enum {
	AUDIT_WINDOW_BYTES = 32 * 1024 * 1024,  /* packed records of all front-ends together that may wait for the writer … */
	AUDIT_WINDOW_MS = 50,           /* … and how long they are gathered, before they are written: half of what is promised */
	AUDIT_SEAL_MS = 60 * 1000,      /* between two seals of the chain's head outside of the store */
	AUDIT_FRONTS_MAX = 256,
	AUDIT_LINES_BYTES_MAX = 16 * 1024 * 1024,       /* JSON lines that a full disk does not take, and that wait */
	AUDIT_RETRY_MS = 1000,          /* between two tries to write to a disk that fails */
};

/* How much of a stanza a record keeps; each has all that the one before has. */
enum audit_level {
	AUDIT_BRIEF = 1,                /* the keys of design.md §4, rule's line and condition */
	AUDIT_HASH,                     /* SHA-256 of the stanza as it came */
	AUDIT_HEADERS,                  /* whole addresses, language, names of the children */
	AUDIT_FULL,                     /* all of it */
};

struct audit_store_options {
	const char *folder;             /* audit.db and audit.head are kept there; NULL: no store, the other ways alone */
	const char *lines_file;         /* JSON lines are appended there; NULL: none */
	bool has_journal;               /* each record goes to the system's journal, too */
	bool is_strict;
	enum audit_level level;         /* 0: AUDIT_BRIEF */
	int64_t retention_ms;           /* 0: for ever */
	int64_t wall_ms;                /* now, for a loop without libuv; 0: by the system's clock */
};

#define AUDIT_DB_NAME "audit.db"
#define AUDIT_HEAD_NAME "audit.head"
#define AUDIT_LOCK_NAME "audit.lock"   /* held while a daemon writes */

struct audit_store;

/* Opens or makes it and starts its thread. A store that cannot be read, or does not hold what was sealed, is set aside under another name
 * and a new one is begun; `log` says so. Returns 0; TRUNK_EIO (`why` says which file), TRUNK_ENOMEM. */
int audit_store_new(const struct audit_store_options *options, struct log *log, struct buf *why, struct audit_store **ret_store);

/* Writes what waits, seals the head and ends the thread. Behind all front-ends. */
void audit_store_free(struct audit_store **store);

/* What of a new configuration takes effect without a restart. Any thread. */
void audit_store_set(struct audit_store *store, enum audit_level level, int64_t retention_ms);

/* Waits until all that was recorded before the call has been written, or cannot be: for tests, and for who has to know. Any thread but
 * the store's own. */
void audit_store_flush(struct audit_store *store);

/* How it stands, for people. Any thread. */
struct audit_state {
	bool has_store, is_strict, is_failing;
	uint64_t records;               /* in the chain */
	uint64_t lost;                  /* verdicts that could not be recorded, since the start */
	int64_t sealed_ms;              /* wall clock; 0: not yet */
	size_t waiting_bytes;
};
void audit_store_state(struct audit_store *store, struct audit_state *ret_state);

#endif
