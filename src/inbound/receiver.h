/* SPDX-License-Identifier: Apache-2.0
 * The receiving server's side of one stream, for the files of this room alone. */
#ifndef TRUNK_INBOUND_RECEIVER_H
#define TRUNK_INBOUND_RECEIVER_H

#include "base/table.h"
#include "channel/channel.h"
#include "stream/stream.h"
#include "inbound/admission.h"
#include "inbound/inbound.h"


enum {
	RECEIVER_PAIRS_MAX = 1000,      /* domain pairs that one stream may carry */
	RECEIVER_QUESTIONS_MAX = 20,    /* keys of one stream that are being verified at a time */
	RECEIVER_SASL_TRIES_MAX = 3,
	RECEIVER_PENDING_BYTES = 64 * 1024,     /* of our answers that the peer has not taken: beyond, it is not read … */
	RECEIVER_PENDING_BYTES_MAX = 1024 * 1024,       /* … and here it is closed */
	DIALBACK_ID_BYTES_MAX = 1024,           /* of a stream id or key in a dialback element */
	RECEIVER_LOUD_MAX = 10,                 /* warnings that one stream may cause; what follows is logged at debug */
	RECEIVER_LEAVE_MS = 5000,       /* that we wait for what a managed stream brought to be in other hands, before we close it in order; at a stop: */
	RECEIVER_LEAVE = 80,            /* percent of drain-timeout */
	RECEIVER_CLOSE_MS = 2000,       /* that we wait for the peer's end of the stream */
};

struct receiver_sm;
struct sm_table;

/* A domain pair on one stream: asked about (verify is set), or proved (lane.proof). */
struct receiver_pair {
	struct receiver *receiver;
	struct relay_lane lane;
	struct verify *verify;          /* under way; NULL: none */
	struct link_carrier carrier;    /* of the reversed pair, where the stream goes both ways */
	struct str raw_sender, raw_target;      /* spelling of the domains in the last stanza; owned, absent at first */
	struct rate_bucket *bucket;     /* of the sender's spoke, as of `generation`; NULL: no rate */
	double stanzas_per_second, bytes_per_second;    /* 0: no limit */
	unsigned generation;
	UT_hash_handle hh;
	size_t key_len;
	char key[];                     /* sender NUL target NUL, normalised */
};

enum receiver_state {
	RECEIVER_HEADER = 1,            /* waits for the peer's header */
	RECEIVER_OPEN,                  /* elements come */
	RECEIVER_LEAVING,               /* nothing is taken any more; what came is waited for, to be acknowledged */
	RECEIVER_CLOSING,               /* our end is said */
	RECEIVER_DEAD,                  /* freed at the end of this wake-up */
};

struct receiver {
	struct list link;               /* in inbound->receivers */
	struct inbound *inbound;
	const struct site *site;
	struct relay *relay;
	struct channel channel;
	uint64_t id;
	enum receiver_state state;
	bool is_direct;
	bool is_moving;                 /* to the worker that is at home for `to` */
	bool has_version;               /* of the peer's header */
	bool header_sent;               /* ours, since the last restart */
	bool is_proved;                 /* some pair is: no longer counted as unproved */
	bool has_answered;              /* a db:verify: the peer came to ask, not to send */
	bool offered_external, offered_dialback, offered_bidi, offered_sm;
	bool is_bidirectional;          /* the peer asked for it (XEP-0288) */
	bool is_paused;                 /* not read, for back-pressure */
	bool is_throttled;              /* not read, for a rate */
	bool is_held;                   /* not read, for too much of it waits to be acknowledged */
	bool has_ended;                 /* the peer has: nothing more comes */
	bool reads_on;                  /* while CLOSING: what the peer had sent before it heard of the end is passed on still */
	enum stream_condition leaves_with;      /* while LEAVING */
	const char *leaves_for;         /* static; NULL: nothing to say */
	struct receiver_sm *sm;         /* XEP-0198; NULL: not enabled */
	char *from, *to;                /* of the header, normalised; NULL: absent; owned */
	char stream_id[STREAM_ID_SIZE];
	unsigned sasl_tries;
	unsigned warnings;              /* that the stream caused */
	unsigned questions;             /* pairs whose verify is under way */
	struct receiver_pair *pairs, *last;     /* `last` carried the last stanza */
	struct address_entry *address;
	struct dns_find *dane;          /* TLSA records of `from`, asked for before features are sent; NULL: none under way */
	struct dns_found *found;        /* what came of it; owned, NULL: none */
	struct timer timeout;           /* proof, idleness, or the end */
	struct timer throttle;
	struct defer free, move;
	struct arena scratch;           /* within one element */
	int64_t since_wall_ms;
	uint64_t stanzas;
};

/* ---- receiver.c: life, header, features ---- */

struct receiver *receiver_new(struct inbound *inbound, const struct site *site, struct relay *relay, bool is_direct,
			      struct address_entry *address);

/* Takes `conn` and begins; on TRUNK_ENOMEM it is still the caller's. */
int receiver_begin(struct receiver *receiver, struct conn *conn);
void receiver_free(struct receiver **receiver);

enum log_level receiver_level(struct receiver *receiver);       /* of the next warning that the peer causes */
void receiver_write(struct receiver *receiver, struct buf *out);        /* and ends the buffer */

/* TLS begins: what was said in plain text, and what was asked for it, counts for nothing any more (RFC 6120 §5.4.3.3). */
void receiver_forget(struct receiver *receiver);

/* The first proof on the stream: it is no longer on its time. */
void receiver_was_proved(struct receiver *receiver);

struct receiver_pair *receiver_pair_find(struct receiver *receiver, const struct domain_pair *pair);
struct receiver_pair *receiver_pair_add(struct receiver *receiver, const struct domain_pair *pair, enum proof proof);
void receiver_pair_remove(struct receiver_pair **pair);

/* A question to DNS that is under way is asked anew: the resolver may be another. */
void receiver_ask_again(struct receiver *receiver);

/* Whether a stream with these domains may be begun here and now; else it is closed. */
bool receiver_may_begin(struct receiver *receiver);

/* Answers the header that was read: ours, and features. */
void receiver_answer(struct receiver *receiver);

/* The time that it has for its proof, or for its end. */
void receiver_give_time(struct receiver *receiver, int64_t ms);

void receiver_send_header(struct receiver *receiver);   /* ours */

/* ---- end.c: how it ends ---- */

/* Says why, ends the stream, and lets go of the receiver once the peer has ended it, too. A managed stream that is closed in order (no error, reset,
 * system-shutdown; there `text` must be static) first waits, RECEIVER_LEAVE_MS at most, to acknowledge what it brought. */
void receiver_close(struct receiver *receiver, enum stream_condition condition, const char *text);
void receiver_close_with(struct receiver *receiver, enum stream_condition condition, const char *text, struct buf *error);     /* and ends the buffer */
void receiver_left(struct receiver *receiver);          /* nothing more is waited for */

/* Lets go of it at the end of this wake-up: callbacks of its own may still be under way. `may_resume`: its session is kept (XEP-0198). */
void receiver_drop(struct receiver *receiver);
void receiver_drop_for(struct receiver *receiver, bool may_resume);
void receiver_log_closed(const struct receiver *receiver, enum stream_condition condition, const char *text);
void receiver_read_no_more(struct receiver *receiver);  /* what comes still is not heard, and the trunk's stop does not wait for it */

/* ---- peer.c: what the configuration in force says of the peer ---- */

/* What the peer must show: its spoke's policy, else the global one. `domain` absent: the header's `from`. */
const struct trust_policy *receiver_trust(const struct receiver *receiver, struct str domain);

/* Whether the peer's certificate proves `domain` under that domain's policy. */
bool receiver_certificate_proves(struct receiver *receiver, struct str domain, struct tls_judgement *ret_judgement);

/* Whether the TLS version is high enough for the domain that is to be proved: it was agreed on before that domain was known. */
bool receiver_version_fits(const struct receiver *receiver, struct str sender);

/* Whether a sender domain may be proved on this stream beside what is proved already (zones, design.md §2). */
bool receiver_zone_fits(const struct receiver *receiver, struct str sender);

/* Whether what the stream has proved still holds under the configuration in force. */
bool receiver_holds(struct receiver *receiver);

/* Remembers that the peer failed to prove a pair (site->failures). `step`: static. */
void receiver_remember(struct receiver *receiver, const struct domain_pair *pair, const char *step, const char *why);

bool receiver_is_trunked(const struct receiver *receiver, struct str domain);   /* ours, or some spoke's */
bool receiver_rests(const struct receiver *receiver, struct str domain);        /* its spoke is drained by an operator */

/* ---- move.c: to another worker ---- */

/* Whether the stream stays here: its target's links live here, or it has proved something already. */
bool receiver_is_home(const struct receiver *receiver);

/* From within the header: moves at the end of this wake-up, or once all is written. Where that fails it is answered here. */
void receiver_move(struct receiver *receiver);
void receiver_move_now(void *receiver);                 /* fits timer_fn */

/* Moves one that has not begun. Takes both on success; else they are still the caller's: TRUNK_ENOMEM or another error. */
int receiver_hand_over(struct receiver *receiver, struct conn **conn, unsigned to);

/* ---- prove.c: STARTTLS, SASL, dialback ---- */

void receiver_starttls(struct receiver *receiver);
void receiver_sasl(struct receiver *receiver, const struct xml_node *node);
void receiver_dialback(struct receiver *receiver, const struct xml_node *node);

/* The peer wants the stream to go both ways. */
void receiver_bidi(struct receiver *receiver);

/* Where the stream goes both ways, stanzas of the reversed pair may take it as soon as the pair is proved and the stream is open. */
void receiver_carry(struct receiver *receiver);
void receiver_uncarry(struct receiver *receiver);
void receiver_end_carry(struct receiver *receiver);     /* the stream is being closed; what was written still goes out */

/* ---- pass.c: stanzas ---- */

void receiver_stanza(struct receiver *receiver, const struct xml_element *element);
void receiver_read(struct receiver *receiver);          /* reads or pauses, as pressure and rates say */
void receiver_pressure(void *pair, bool is_congested);  /* of a lane; ctx is the struct receiver_pair */

/* ---- inbound.c ---- */

struct rate_bucket *inbound_bucket(struct inbound *inbound, const char *spoke); /* NULL: no memory */
struct blocks *inbound_blocks(const struct inbound *inbound);
struct sm_table *inbound_sm(struct inbound *inbound);
uint64_t inbound_next_id(struct inbound *inbound);

void inbound_adopt(struct inbound *inbound, struct receiver *receiver);         /* one that came from another worker */
bool inbound_welcomes(struct receiver *receiver);       /* false: it is closed, for we are stopping, or its address is blocked */
void inbound_forget(struct receiver *receiver);         /* it ends: lists and counts */
void inbound_proved(struct receiver *receiver);         /* counts */
int64_t inbound_leave_ms(const struct inbound *inbound);        /* that a stream which leaves may wait */

#endif
