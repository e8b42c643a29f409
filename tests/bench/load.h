/* SPDX-License-Identifier: Apache-2.0
 * The load driver's own state: flows of stanzas, the streams that carry them, and what is known about both. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "histogram.h"
#include "mix.h"
#include "options.h"
#include "proc.h"
#include "wire.h"

enum { SEEN_BITS = 16384, DOMAIN_SIZE = 256, STREAM_ID_SIZE = 64 };

struct load;

/* One address pair of a flow. */
struct lane {
	uint32_t sent;          /* numbers given so far */
	uint32_t top;           /* one above the highest that arrived */
	uint64_t seen[SEEN_BITS / 64];  /* which of the numbers below `top` arrived, as far back as there are bits */
};

/* All stanzas from one domain to another. */
struct flow {
	struct load *load;
	uint32_t index;
	char from[DOMAIN_SIZE], to[DOMAIN_SIZE];
	struct mix *mix;
	struct lane *lanes;
	size_t next_template;
	struct session *session;        /* that it sends on; NULL: not ready */
	struct buf plain;               /* stanzas that no TLS record holds yet */
	uint64_t sent, received, bounced;
	uint64_t limit;                 /* `sent` ends there */
	int64_t next_ns;                /* when the rate lets the next go */
	bool is_stalled;
};

enum role {
	ROLE_SENDER = 1,        /* we connected, to send for a sender domain (initiating server) */
	ROLE_ASKER,             /* we connected, to ask the trunk as authoritative server of its sender domain */
	ROLE_SERVER,            /* the trunk connected: we are receiving or authoritative server */
};

/* What streams are for, in reports. */
enum stream_kind {
	STREAM_SENDER,          /* ours, for stanzas */
	STREAM_QUESTION,        /* the trunk's, with db:verify about a sender's key */
	STREAM_LINK,            /* the trunk's, for stanzas */
	STREAM_ASKER,           /* ours, with db:verify about the trunk's key */
	STREAM_KINDS,
};

/* One stream. */
struct session {
	struct list link;               /* in load->sessions */
	struct load *load;
	struct wire *wire;
	enum role role;
	struct flow *flow;              /* of a sender; of a server, the last whose stanza came */
	char from[DOMAIN_SIZE], to[DOMAIN_SIZE];        /* of our header; of a server, of the peer's */
	char id[STREAM_ID_SIZE];        /* that the receiving side chose */
	char key[STREAM_ID_SIZE * 2];   /* of an asker: the question */
	struct session *asks_for;       /* of an asker: the session whose db:result waits; NULL: gone */
	bool is_authenticated;          /* SASL is done */
	unsigned handled;               /* of a server: stanzas, for XEP-0198 */
	bool is_proved, is_features_seen;
	const struct template *guess;   /* that probably comes next */
};

/* What arrived other than it should have. */
struct faults {
	uint64_t duplicated, reordered, changed, unproved, foreign, failed, closed;
};

struct load {
	struct options options;
	struct reactor reactor;
	struct listener listeners[LISTEN_MAX];
	SSL_CTX *client_tls, *server_tls;
	struct flow *flows;
	size_t flow_count;
	struct list sessions;
	struct faults faults;
	uint64_t received, received_bytes, rewritten;
	struct histogram latency;
	bool is_timing;                 /* stanzas carry the time */
	int64_t begun_ns;               /* what carries an earlier time is of a run before this one */
	bool is_stopping;               /* send no more */
	bool is_ending;                 /* closed streams are no fault any more */
	int64_t pushed_ns;              /* until when stalled targets got what --push lets them have */
	size_t pushed_flow;             /* whose turn is next */
	size_t begun_count, ready_count;        /* senders that were begun, and that were proved, ever */
	size_t first_count;             /* first stanzas that were sent */
	size_t turn;                    /* of a rate: the flow whose stanza is due next */
	bool is_paced;                  /* each flow has its first moment */
	unsigned round_trips[STREAM_KINDS];     /* of wires that ended */
	void (*on_ready)(struct session *session);      /* of a sender; may free it */
	uint32_t next_id;
	char cipher[64];
};

/* session.c: streams */
struct session *session_connect(struct load *load, enum role role, struct flow *flow, const char *from, const char *to);
void session_accept(int fd, void *load);
void session_free(struct session **session);
void session_end(struct session **session);     /* says goodbye first */
void session_fail(struct session *session, const char *why, struct str detail);
void session_header(struct session *session, const char *to, const char *from, bool is_answer);
void session_say(struct session *session, const char *format, ...) __attribute__((format(printf, 2, 3)));
void session_key(char ret_key[static 65], const char *receiving, const char *originating, const char *id);
void session_client_element(struct session *session, struct str element);
void session_server_element(struct session *session, struct str element);
void session_proved(struct session *session);   /* may free it */
enum stream_kind session_kind(const struct session *session);

/* tally.c: what arrives */
size_t tally_take_exact(struct session *session, struct str bytes);     /* length of an untouched stanza in front, or 0 */
void tally_take_other(struct session *session, struct str element);     /* a whole stanza, not byte for byte what was sent */
uint64_t flow_outstanding(const struct flow *flow);

/* pump.c: what is sent */
void flow_send_one(struct flow *flow);
void pump(struct load *load);
int64_t pump_wait_ns(const struct load *load);  /* until the rate wants the next stanza; -1: no hurry */

/* load_setup.c: both spokes made and ended */
void load_init(struct load *load);
void load_fini(struct load *load);
void load_step(struct load *load, int64_t longest_ns);
void load_run_until(struct load *load, bool (*is_done)(const struct load *), double seconds, const char *what);
void load_connect_flows(struct load *load);
void load_send_first(struct load *load);         /* one stanza of each flow, with no more on their way than handshakes may be */

/* modes.c: the measurements; each prints its report and returns the exit status */
int mode_load(struct load *load);
int mode_idle(struct load *load);
int mode_connects(struct load *load);
int mode_cold(struct load *load);

#endif
