/* SPDX-License-Identifier: Apache-2.0
 * Links: one for each domain pair, to the peer that serves the target domain. Also the questions to authoritative servers. */
#ifndef TRUNK_OUTBOUND_OUTBOUND_H
#define TRUNK_OUTBOUND_OUTBOUND_H

#include "site/site.h"
#include "stanza/stanza.h"

struct outbound;
struct link;

/* Who wants to know that a stanza is in other hands, and which one it is. */
struct receipt {
	uint64_t stream;                /* that it came on, as inbound numbers it; the upper 16 bits are the worker's number; 0: nobody */
	uint64_t seq;                   /* counts that stream's stanzas, from 1 */
};

/* What a link keeps beside a stanza's bytes. Plain values, so that it crosses threads. */
struct ticket {
	enum proof proof_in;            /* of its sender, for the record of a bounce */
	enum custody custody;           /* when the receipt is settled; 0: CUSTODY_NONE */
	struct receipt receipt;
	uint64_t audit_seq;             /* of its record; not written before outbound_gate() let it through; 0: no gate */
};

enum link_state { LINK_DOWN = 1, LINK_RESOLVING, LINK_CONNECTING, LINK_NEGOTIATING, LINK_UP, LINK_CLOSING };

/* What outbound tells the room above it. */
struct outbound_handler {
	/* A stanza that was taken will not be delivered: tell its sender. `bytes`: the stanza as it was given. From here on its receipt is the
	 * callee's to settle. */
	void (*bounce)(void *ctx, const struct domain_pair *pair, struct str bytes, const struct ticket *ticket,
		       enum stanza_condition condition, const char *text);
	/* A stanza that was taken is forgotten, for an operator said so: for the record. Its receipt is the callee's to settle. */
	void (*dropped)(void *ctx, const struct domain_pair *pair, struct str bytes, const struct ticket *ticket);
	/* `count` stanzas from `first` on, in a row, are in other hands as their tickets ask for. Never from within link_begin(), link_end() or
	 * link_send(). */
	void (*settled)(void *ctx, struct receipt first, uint64_t count);
	/* The link's queue has passed half of its limit, or has room again. */
	void (*pressure)(void *ctx, struct link *link, bool is_congested);
	/* Whether stanzas of the pair may pass under the configuration in force now. */
	bool (*permits)(void *ctx, const struct domain_pair *pair);
};

struct outbound *outbound_new(const struct site *site, const struct outbound_handler *handler, void *ctx);
void outbound_free(struct outbound **outbound);

/* The link for a pair, made when it isn't there; nothing is dialled before something is sent. The caller holds a reference until
 * link_release(). NULL: no memory. */
struct link *outbound_link(struct outbound *outbound, const struct domain_pair *pair);
void link_release(struct link **link);

/* A list that the link keeps for those who hold it, so that its news need not look for them among all; what stands in it is theirs. */
struct list *link_holders(struct link *link);

/* The same for an answer that the trunk itself makes. Where there is no such link yet, one more is opened only as often as its receiver can be
 * expected to bear (ANSWER_LINKS_PER_SECOND). NULL: no memory, or too many. */
struct link *outbound_answer_link(struct outbound *outbound, const struct domain_pair *pair);

/* Sends an answer, which may overdraw queue and memory a little: what was refused for want of room must still be told. The ticket is that of what
 * it answers: its receipt is settled when the answer is in other hands. On failure it stays the caller's. */
int link_send(struct link *link, struct str bytes, const struct ticket *ticket);

/* Takes a stanza's bytes for the link: written at the end of this wake-up where the link is up, else kept, at most
 * LINK_WAIT_MS, while the link comes up. Returns 0; TRUNK_ELIMIT: the target's queue or the memory is full (bounce the
 * stanza with resource-constraint); TRUNK_ENOMEM. link_begin() gives the buffer to write a stanza into, and link_end() takes
 * what was written. */
struct buf *link_begin(struct link *link);      /* NULL: TRUNK_ELIMIT */
int link_end(struct link *link, const struct ticket *ticket);   /* on failure the receipt stays the caller's */
void link_abort(struct link *link);             /* forgets what was written since link_begin() */

/* Dials for what waits on disk since before the start and is this worker's: once, when policy and route are in force. */
void outbound_restore(struct outbound *outbound);

/* Stanzas whose record is `audit_seq` or older may be written from now on. Starts at 0, and never falls. */
void outbound_gate(struct outbound *outbound, uint64_t audit_seq);

bool link_is_congested(const struct link *link);
enum proof link_proof(const struct link *link);

/* ---- streams that a peer opened and that became bidirectional (XEP-0288) ---- */

struct channel;

/* Lives inside its owner, zeroed; it carries the stanzas of one link over the owner's channel. */
struct link_carrier {
	struct list link_in;            /* in link->carriers, while carrying */
	struct link *link;              /* NULL: it carries nothing, or for a link of another worker */
	struct away *away;              /* in that case; carry.h */
	const char *tls;                /* version; "" without TLS; static */
	struct channel *channel;
	bool is_ending;                 /* takes nothing more */
	enum proof proof;               /* of the peer */
};

/* From now on stanzas of `pair` go over `channel`, whose peer has proved pair->target with the reversed pair, rather than over a stream that
 * would have to be dialled; one that is up already is kept. Returns 0 or TRUNK_ENOMEM. */
int outbound_carry(struct outbound *outbound, const struct domain_pair *pair, struct channel *channel, enum proof proof,
		   struct link_carrier *carrier);
bool outbound_is_carrying(const struct link_carrier *carrier);
void outbound_uncarry(struct link_carrier *carrier);    /* no-op where it carries nothing; before the channel is ended */
void outbound_end_carry(struct link_carrier *carrier);  /* the channel is being closed in order: what was written may still go out */
void outbound_drained(struct link_carrier *carrier);    /* the channel can take more */

/* ---- asking the authoritative server (XEP-0220 §2.3) ---- */

enum verify_answer {
	VERIFY_VALID = 1,
	VERIFY_INVALID,
	VERIFY_NOT_FOUND,               /* item-not-found or host-unknown there: remote-server-not-found */
	VERIFY_UNREACHABLE,             /* remote-connection-failed */
	VERIFY_TIMEOUT,                 /* remote-server-timeout */
	VERIFY_POLICY,                  /* what policy demands of the authoritative server was not shown */
};

struct verify;
typedef void verify_fn(void *ctx, enum verify_answer answer, const char *why);

/* Asks the server of pair->sender whether `key` is its own for our stream `stream_id`. Calls back once, never from within; unless cancelled.
 * An answer counts only on the stream that carried the question. NULL: no memory. */
struct verify *outbound_verify(struct outbound *outbound, const struct domain_pair *pair, struct str stream_id, struct str key,
			       verify_fn *fn, void *ctx);
void verify_cancel(struct verify **verify);

/* Whether a link of ours speaks, or tries to, as a domain that we do not serve: error stanzas go out in the name of whom they were meant for. */
bool outbound_speaks_for(const struct outbound *outbound, struct str domain);

/* The target's server asked us, as authoritative server, for the key of this pair: so its DNS leads to us. For diagnosis. */
void outbound_was_asked(struct outbound *outbound, const struct domain_pair *pair);

/* ---- operation ---- */

/* One row for people; strings are borrowed for the callback. */
struct stream_info {
	uint64_t id;                    /* of the stream in this process */
	const char *leg;                /* "inbound", "outbound", "verify" */
	const char *role;               /* "receiving", "initiating", "authoritative" */
	struct str sender, target;      /* absent where nothing is proved yet */
	const char *state;              /* "up", "negotiating", … */
	char address[ENDPOINT_TEXT_SIZE];
	const char *tls, *cipher, *alpn;        /* "" without TLS */
	const char *peer_names;         /* of its certificate; "" where none */
	int64_t peer_not_after_ms;
	enum proof proof;
	int64_t since_ms;               /* wall clock */
	uint64_t stanzas_in, stanzas_out, bytes_in, bytes_out;
	size_t queue_bytes, queue_stanzas;
	const char *acks;               /* how stanzas of this stream are acknowledged: "sm" (XEP-0198), "ping", "none" */
	uint64_t unacknowledged;        /* stanzas that were written, or came, and are not acknowledged yet */
	const char *reason;             /* last failure of a link that is down; "" */
};

typedef void stream_info_fn(void *ctx, const struct stream_info *info);
void outbound_each(struct outbound *outbound, stream_info_fn *fn, void *ctx);

/* What waits for one pair, in memory and on disk. */
struct queue_info {
	struct domain_pair pair;        /* borrowed */
	size_t memory_stanzas, memory_bytes;
	uint64_t disk_stanzas, disk_bytes;      /* some of which may be in memory, too, on their way out */
	int64_t oldest_wall_ms;
	bool is_up, is_paused;
	const char *reason;             /* why it is not up; "" */
};
typedef void queue_info_fn(void *ctx, const struct queue_info *info);
void outbound_queues(struct outbound *outbound, queue_info_fn *fn, void *ctx);  /* links with nothing that waits are left out */

enum queue_action {
	QUEUE_PAUSE = 1,                /* what may wait on disk waits there, and nothing leaves the disk: until … */
	QUEUE_RESUME,                   /* … this, also over restarts */
	QUEUE_RELEASE,                  /* resumes, and dials at once rather than when it is time */
	QUEUE_DROP,                     /* what waits is forgotten, recorded, and nobody is told */
	QUEUE_BOUNCE,                   /* what waits goes back to its senders */
};

/* Does it to the links of `sender` (absent: all) to `target`. What is on its way over a stream is left alone. Returns how many pairs were meant;
 * `ret_stanzas`: dropped or bounced. */
unsigned outbound_queue(struct outbound *outbound, enum queue_action action, struct str sender, struct str target, size_t *ret_stanzas);

/* Dials the links to a spoke that have something to send, whatever they wait for: it is no longer drained. */
void outbound_wake(struct outbound *outbound, const struct spoke *spoke);

/* Closes links to or for `domain` (sender or target; absent: all) with the stream error `condition` ("reset"; NULL: plainly). What they hold is bounced
 * where `is_final`, else they dial again. Returns how many. */
unsigned outbound_close(struct outbound *outbound, struct str domain, const char *condition, bool is_final);

/* Judges links again after a new configuration: those whose peer's route, trust or pair no longer holds are closed with `reset`. */
void outbound_reload(struct outbound *outbound);

/* Stanzas may still come, from streams whose end is said: until as many calls with false as with true, outbound_drain() ends no link and waits. */
void outbound_hold(struct outbound *outbound, bool is_on);

/* Closes all with system-shutdown once their queues are written; `fn` is called when nothing is left or at `deadline_ms`; by then all
 * that could not be written has been bounced or counted in the log. */
bool outbound_is_draining(const struct outbound *outbound);
void outbound_drain(struct outbound *outbound, int64_t deadline_ms, timer_fn *fn, void *ctx);

/* ---- probing a peer (trunkctl probe, diagnosis) ---- */

enum probe_step { PROBE_DNS = 1, PROBE_TCP, PROBE_TLS, PROBE_CERTIFICATE, PROBE_FEATURES, PROBE_AUTHENTICATION, PROBE_PING };

/* One step that was done: `is_ok`, and in words what was found or where it stopped. `is_last`: nothing follows. */
typedef void probe_fn(void *ctx, enum probe_step step, bool is_ok, const char *text, bool is_last);
const char *probe_step_text(enum probe_step step);

struct probe;
#define BARRIER_RESOURCE "trunkd-barrier"      /* the same for pings that ask whether what was sent has arrived */
#define PROBE_RESOURCE "trunkd-probe"   /* of the sender domain: who asks, and whose answers are not passed on */

/* Opens a stream of its own to the server of pair->target as pair->sender, proves itself and sends a ping. */
struct probe *outbound_probe(struct outbound *outbound, const struct domain_pair *pair, probe_fn *fn, void *ctx);
void probe_cancel(struct probe **probe);        /* also behind is_last; not from within the callback */

/* Whether an iq answer for PROBE_RESOURCE or BARRIER_RESOURCE is what a probe or a link waits for; then it is told, and the stanza goes nowhere else. */
bool outbound_is_awaited(struct outbound *outbound, const struct domain_pair *pair, struct str id);

#endif
