/* SPDX-License-Identifier: Apache-2.0
 * A link from the inside, for the files of this room alone. */
#ifndef TRUNK_OUTBOUND_LINK_H
#define TRUNK_OUTBOUND_LINK_H

#include "outbound/initiator.h"

#include <uthash.h>

enum {
	LINK_WAIT_MS = 25 * 1000,       /* that a stanza waits for a link to come up at most (design.md §3: bounced within 30 s) */
	LINK_STALL_MS = 30 * 1000,      /* without the peer taking a byte that waits: it is dead */
	LINK_TICK_MS = 5 * 1000,
	LINK_BACKOFF_MIN_MS = 1000,     /* doubled for each failure in a row … */
	LINK_BACKOFF_MAX_MS = 8000,     /* … up to here */
	LINK_CHUNK_BYTES = 128 * 1024,  /* encrypted at a time; the next follows when the system has taken it all */
	LINK_UNUSED_MS = 2 * 60 * 1000, /* that a link stays up which no stream holds: answers alone use it */
	ANSWER_LINKS_PER_SECOND = 5,    /* that error stanzas may open to one domain: each costs it a stream … */
	ANSWER_LINKS_BURST = 20,        /* … and as many at once */
	QUEUE_OVERDRAFT_BYTES = 1024 * 1024,    /* that answers may take beyond queue-size */
	QUEUE_KEEP_BYTES = 4 * 1024 * 1024,  /* memory that an empty queue keeps from one batch to the next; given back when the link rests. Without
					 * it a third of a busy trunk's time went into pages that came and went with each batch. */
};

/* What waits for one target domain, over all its links (limits.queue-size). */
struct target {
	size_t queued_bytes;
	bool is_congested;              /* half of the limit is reached; pressure is on all its links alike */
	struct list links;              /* of struct link, through to_target; the last one frees it */
	double answer_tokens;           /* links that answers may open to it now */
	int64_t answer_ms;
	UT_hash_handle hh;
	char domain[];
};

/* Stanzas waiting for a link. Oldest first; never reordered (RFC 6120 §10.1).
 * Invariant: entries holds one struct queue_entry for each stanza in bytes, and their lengths add up to buf_len(bytes). */
struct queue {
	struct buf bytes, entries;
	size_t sent, sent_count;        /* bytes and stanzas at the front that went to the stream: always whole stanzas */
	size_t begun;                   /* length of bytes when link_begin() was called */
	size_t counted;                 /* by memory_count() */
};

struct queue_entry {
	uint64_t stream, seq;           /* the ticket's receipt */
	uint64_t audit_seq;
	int64_t at_ms;                  /* when it came */
	uint32_t len;
	uint8_t proof_in, custody;
};

struct link {
	struct outbound *outbound;
	struct target *target;
	struct list to_target;          /* in target->links */
	struct domain_pair pair;        /* points into key */
	unsigned users;                 /* lanes that hold it */
	struct list holders;            /* theirs (link_holders()) */
	uint64_t id;
	struct initiator initiator;
	struct list stranger;           /* in outbound->strangers, where we do not serve the sender */
	struct list gated;              /* in outbound->gated, while the first stanza to be written waits for its record */
	struct list carriers;           /* of struct link_carrier: streams of the peer that take stanzas back */
	const struct channel *sent_on;  /* that the `sent` bytes of the queue went to; NULL: none */
	size_t chunk_plain, chunk_wire; /* of the last write there: the last bytes of `sent`, and what they became */
	struct queue queue;
	struct defer flush;
	struct timer tick;              /* while something waits, or the stream is up */
	struct timer retry;
	bool gives_up;                  /* closed for good: what is left when its stream has ended is bounced */
	unsigned failures;              /* in a row */
	int64_t next_try_ms;
	int64_t active_ms;              /* when a stanza last went */
	int64_t up_since_wall_ms;
	enum stanza_condition condition;        /* of the last failure */
	char why[512];                  /* of the last failure; "" */
	uint64_t stanzas;
	UT_hash_handle hh;
	size_t key_len;
	char key[];                     /* sender NUL target NUL */
};

struct link *link_new(struct outbound *outbound, const struct domain_pair *pair);
void link_free(struct link **link);

/* The stream that stanzas go to now: our own where it is up, else one of the peer's; NULL: none. */
struct channel *link_channel(const struct link *link);

/* Drops the stream and dials again where something waits. */
void link_restart(struct link *link, enum stream_condition condition);

/* Dials where something waits and there is no way yet. */
void link_want_up(struct link *link);

/* Bounces all that waits; nothing where there is a way still, or stanzas are on one that ends. */
void link_bounce_all(struct link *link, enum stanza_condition condition, const char *why);

/* Whether an answer may open one more link to the target: then its token is taken. */
bool link_may_answer(struct target *target, int64_t now_ms);

/* Nothing waits, neither here nor below. */
bool link_is_empty(const struct link *link);

#endif
