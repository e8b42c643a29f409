/* SPDX-License-Identifier: Apache-2.0
 * A link from the inside, for the files of this room alone. */
#ifndef TRUNK_OUTBOUND_LINK_H
#define TRUNK_OUTBOUND_LINK_H

#include "base/table.h"
#include "outbound/initiator.h"


enum {
	LINK_WAIT_MS = 25 * 1000,       /* that a stanza waits for a link to come up at most (design.md §3: bounced within 30 s) */
	LINK_HANG_MS = 20 * 1000,       /* without the peer taking a byte that waits: it may be waited for, before the system ends the connection over it … */
	LINK_STALL_MS = 30 * 1000,      /* … or it is dead … */
	LINK_PATIENCE_MS = 2 * 60 * 1000,       /* … but where all that it may not have is on disk: then it is waited for so much longer */
	LINK_TICK_MS = 5 * 1000,
	LINK_WAIT_TICK_MS = 1000,       /* while stanzas wait for a way: they are bounced at most so much later than LINK_WAIT_MS */
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
	bool is_congested_at_home;      /* where that is another worker */
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
	size_t taken_count;             /* of these: the system has taken them; they wait to be acknowledged */
	size_t begun;                   /* length of bytes when link_begin() was called */
	size_t counted;                 /* by memory_count() */
};

struct queue_entry {
	uint64_t stream, seq;           /* the ticket's receipt */
	uint64_t audit_seq;
	uint64_t held;                  /* its id in the spool, which has it still; 0: it is here alone */
	int64_t at_ms;                  /* when it came */
	uint32_t len;
	uint8_t proof_in, custody;
	bool is_answer;                 /* by link_send() */
};

enum acks_state {
	ACKS_NONE = 1,                  /* handed over when a barrier behind them is answered; when written, where the peer answers none */
	ACKS_RESUMING,                  /* nothing is written before the peer has said what it had */
	ACKS_MANAGED,                   /* XEP-0198: kept until acknowledged */
};

/* What the peer of a link says it has. */
struct link_acks {
	enum acks_state state;          /* of our own stream */
	uint32_t acked;                 /* the peer's last count */
	size_t unasked;                 /* stanzas written since it was asked */
	int64_t asked_ms;               /* the oldest question without an answer; 0: none */
	struct timer timer;             /* for the next question, or the answer */
	char *resume_id;                /* owned; NULL: not to be resumed */
	int64_t resume_max_ms, resume_until_ms;
	int64_t stalled_ms;             /* since when it is waited for with patience (stall.c); 0: it is not */
	size_t lost;                    /* while the stream is broken: stanzas at the front that it carried and that were not acknowledged */
	char barrier_id[STREAM_ID_SIZE];        /* of the ping on its way, or too late; "": none */
	size_t covered;                 /* stanzas at the front that were written before it */
	bool has_answered;              /* a ping, once: it is a peer that does */
	bool is_unheard;                /* it got something since the last ping, and may be one that does */
	bool is_given_up;               /* it does not: no custody until retry_ms … */
	bool has_told;                  /* … and the log has that */
	int64_t retry_ms;
};
struct far;

struct link {
	struct outbound *outbound;
	struct far *far;                /* NULL: its home is this worker; else a stand-in for the link at home (far.h) */
	uint64_t followers;             /* workers that have a stand-in for this one, a bit for each … */
	bool told_congested;            /* … and what they know */
	enum proof told_proof;
	struct target *target;
	struct list to_target;          /* in target->links */
	struct domain_pair pair;        /* points into key */
	unsigned users;                 /* lanes that hold it */
	struct list holders;            /* theirs (link_holders()) */
	uint64_t id;
	struct initiator initiator;
	struct list gated;              /* in outbound->gated, while the first stanza to be written waits for its record */
	bool is_strange;                /* we do not serve the sender: it is among CREW_STRANGERS */
	struct list carriers;           /* of struct link_carrier: streams of the peer that take stanzas back */
	const struct channel *sent_on;  /* that the `sent` bytes of the queue went to; NULL: none */
	size_t chunk_plain, chunk_wire; /* of the last write there: the last bytes of `sent`, and what they became */
	struct queue queue;
	struct link_acks acks;
	struct defer flush;
	struct timer tick;              /* while something waits, or the stream is up */
	struct timer retry;
	bool gives_up;                  /* closed for good: what is left when its stream has ended is bounced */
	struct held {                   /* what of its pair waits on disk (held.c) */
		uint64_t last;          /* that came into the queue: the next one follows it; 0: none */
		size_t front;           /* stanzas at the front that the last stream had carried: older than what waits in `entries` */
		size_t loaded;          /* stanzas of the queue that the spool has still */
		struct buf bytes, entries;      /* came behind the last ones of the spool, which are on their way to the disk: they go on when those have */
		struct timer again;     /* more to bounce */
		struct timer copy;      /* looks whether too much waits for the next hop (copies.c) */
	} held;
	size_t largest;                 /* at least: of the stanzas in the queue that were not looked at by held_update() */
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

/* The clock of its loop. */
int64_t link_now_ms(const struct link *link);

/* Drops the stream and dials again where something waits. */
void link_restart(struct link *link, enum stream_condition condition);

/* Its stream is over, or could not be brought up. */
void link_failed(struct link *link, const struct initiator_failure *failure);

/* ---- stall.c ---- */

/* Now and then: takes a peer for dead that reads nothing or acknowledges nothing any more, unless it may be waited for. */
void stall_look(struct link *link);
void stall_end(struct link *link);      /* the peer is there after all; no-op where nobody waits for it */

/* ---- link.c ---- */

/* Dials where something waits and there is no way yet. */
void link_want_up(struct link *link);

/* Dials now, whatever was to be waited for. */
void link_dial_now(struct link *link);

/* Looks after it now and then, while there is something to look after. */
void link_watch(struct link *link);

/* ---- link_stream.c ---- */

extern const struct initiator_handler link_stream_handler;
void link_flush(void *link);            /* writes what may be written; fits timer_fn */

/* ---- queue.c ---- */

struct queue_entry *queue_at(const struct queue *queue, size_t n);
struct queue_entry *queue_first(const struct queue *queue);     /* NULL: empty */
size_t queue_stanzas(const struct queue *queue);
void queue_count(struct link *link);                    /* towards limits.memory */
void queue_shrink(struct link *link, size_t keep);
void queue_pop(struct link *link);                      /* the first; says nothing to anybody */
void queue_take_back(struct queue *queue, size_t len);  /* the last `len` bytes were not sent after all: nor were the stanzas that they touch */

/* What goes out next, and counts as sent from here on: whole stanzas, so that nothing else that is written to the stream comes into the middle of
 * one, and none whose record is not durable yet. */
struct str queue_next(struct link *link);
void link_tell_pressure(struct link *link);
void link_bounce_old(struct link *link, int64_t now_ms);

/* Receipts of stanzas that stood side by side. */
struct run {
	struct receipt first;
	uint64_t count;
};
void run_add(struct link *link, struct run *run, struct queue_entry *entry);    /* settles its receipt; once */
void run_end(struct link *link, struct run *run);

/* ---- ack.c ---- */

void acks_begin(struct link *link);                     /* our stream is ready */
void acks_element(struct link *link, const struct xml_node *node);      /* of XEP-0198, on our stream */
bool acks_short(struct link *link, struct str element); /* an answer in its usual form; false: see acks_element() */

/* Where it is time to ask, and what was just chosen to be written is all that waits: adds the question behind the queue's bytes, so that it goes out in the
 * same record; the caller cuts it off again. */
bool acks_ask_within(struct link *link);
size_t acks_request_len(void);
bool acks_may_write(const struct link *link, const struct channel *channel);
bool acks_are_managed(const struct link *link);         /* what was written is kept until it is acknowledged */
void acks_taken(struct link *link);                     /* the system has taken all that was sent */
void acks_ask(struct link *link);                       /* asks now, or soon, where there is something to ask about */
void acks_hurry(struct link *link);                     /* asks now: the stream is about to end */
const char *acks_text(const struct link *link);         /* for people: "sm", "ping" or "none" */
bool acks_are_late(struct link *link);                  /* the peer answers no more */
bool acks_barrier_answered(struct link *link, struct str id);   /* whether `id` is the one that is waited for, or was */
void acks_pop(struct link *link, size_t count);         /* so many at the front are in other hands */
void acks_forget(struct link *link);                    /* there will be nothing to resume */

/* The stream that stanzas went to is over, in order where `is_over`; before the queue forgets what was sent. */
void acks_left(struct link *link, bool was_managed, bool is_over);
void link_give_up_barrier(struct link *link);

/* Forgets, or gives back, all that waits; nothing where there is a way. Returns how many. */
size_t link_clear(struct link *link, bool is_bounced);

/* Bounces all that waits and may not wait on disk; nothing where there is a way still, or stanzas are on one that ends. */
void link_bounce_all(struct link *link, enum stanza_condition condition, const char *why);

/* Whether an answer may open one more link to the target: then its token is taken. */
bool link_may_answer(struct target *target, int64_t now_ms);

/* Counts the memory of its queue, and tells of pressure where that has changed. */
void link_count(struct link *link);

struct ticket ticket_of(const struct queue_entry *entry);

/* Takes a stanza that another worker's stand-in for this link has queued; returns as link_end() does. */
int link_take(struct link *link, struct str bytes, const struct queue_entry *entry);

/* Nothing waits, neither here nor below. */
bool link_is_empty(const struct link *link);

/* A stream waits to hear that something here is in other hands. */
bool link_is_awaited(const struct link *link);

/* Nothing waits but for the answer to a barrier: ending the stream in order gives it, too. */
bool link_may_end(const struct link *link);

#endif
