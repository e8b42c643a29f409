/* SPDX-License-Identifier: Apache-2.0
 * A scripted XMPP server: it opens streams to the trunk, and takes those that the trunk opens to it.
 *
 * By itself it behaves as a truthful server of RFC 6120 and XEP-0220 that asks the trunk whatever its DNS override leads there.
 * Its options bend that; what a script sends goes out as written. It is strict: what a trunk must never do to a peer is a
 * complaint, and a complaint fails the scenario. */
#ifndef TRUNK_SCENARIO_PEER_H
#define TRUNK_SCENARIO_PEER_H

#include "auth/trust.h"
#include "certificates.h"
#include "net/net.h"
#include "xml/xml.h"

enum { PEER_DOMAINS_MAX = 8, PEER_WORD_SIZE = 64, PEER_DOMAIN_SIZE = 256 };

/* What the peers of a scenario share; borrowed. */
struct peer_env {
	struct loop *loop;
	struct net *net;
	struct certificates *certificates;
	struct endpoint trunk;          /* where the peers' DNS overrides lead */
	struct endpoint trunk6;         /* for peers that have IPv6 */
	struct endpoint trunk_direct;
	struct list *peers;
	struct buf *trace;              /* what was sent and received, for people */
	struct buf *complaints;         /* what the trunk did that no peer has to bear */
	bool (*pinged)(void *ctx, const struct xml_node *node); /* answers a ping of the trunk behind its stanzas; false: it is none */
	void *ctx;
};

struct peer_options {
	enum tls_policy tls;
	enum certificate certificate;
	bool external, dialback;        /* offered, accepted, used */
	bool needs_certificate;         /* a certificate that does not verify ends a stream */
	bool has_version;               /* false: a server of RFC 3920's time */
	bool is_mute;                   /* takes connections and says nothing */
	bool ends_later;                /* its end of a stream comes after ours, PEER_END_MS behind it, and only where the way is open then */
	bool is_deaf_to_override;       /* asks the real server of a sender domain: the DNS override is missing */
	bool is_direct;                 /* listens for direct TLS, XEP-0368 */
	bool offers_sm;                 /* XEP-0198, where a proof is offered or done; the script does the rest */
	uint64_t max_bytes;             /* XEP-0478; 0: says nothing */
	bool leaves_pings;              /* that the trunk sends behind its stanzas to the script */
	bool asks_bidi;                 /* XEP-0288, on streams that it opens */
	bool hides_external;            /* answers EXTERNAL with a failure although it offered it */
	bool breaks_external;           /* answers EXTERNAL with success, and resets the connection */
	bool is_tls_1_2;                /* TLS 1.2 at most */
	char sni[PEER_DOMAIN_SIZE];     /* that it sends: a domain, "none", or empty for the stream's `to` */
	char verify[PEER_WORD_SIZE]; /* how db:verify is answered: "truthfully", "valid", "invalid", "nothing", a condition */
	char result[PEER_WORD_SIZE];    /* how db:result is answered; the same words */
};

/* Something that came on a stream. */
struct item {
	struct list link;
	unsigned stream;                /* its number */
	struct arena arena;
	struct str bytes;               /* as it came */
	struct xml_node *node;
};

struct peer {
	struct list link;
	const struct peer_env *env;
	char name[PEER_WORD_SIZE];
	char domains[PEER_DOMAINS_MAX][PEER_DOMAIN_SIZE];       /* ASCII; the first counts where none is named */
	unsigned domain_count;
	char suffix[PEER_DOMAIN_SIZE];  /* ".suffix" of all the subdomains that are its own, too; empty: none */
	struct endpoint at;
	struct listener *listener;
	struct peer_options options;
	struct tls_store *store;
	enum certificate store_kind;    /* that `store` shows */
	struct list streams;            /* of struct peer_stream, oldest first; kept until the end */
	struct list inbox;              /* of struct item: what nobody answered and no line has expected yet */
	unsigned stream_count;
	bool is_stalled;
};

enum peer_role { PEER_INITIATING = 1, PEER_RECEIVING, PEER_ASKING };    /* asking: for db:verify alone */

struct peer_pair {
	struct list link;
	char sender[PEER_DOMAIN_SIZE], target[PEER_DOMAIN_SIZE];
};

/* A question on its way to an authoritative server, and the stream that its answer is for. */
struct peer_question {
	unsigned stream;                /* number of the stream that carried db:result; 0: no question */
	char sender[PEER_DOMAIN_SIZE], target[PEER_DOMAIN_SIZE], id[PEER_WORD_SIZE * 2], key[256];
	bool is_sent, is_answered;
};

/* Strings are empty where there is none. */
struct peer_stream {
	struct list link;
	struct peer *peer;
	char name[PEER_WORD_SIZE];      /* given by the script */
	unsigned number;                /* from 1 */
	enum peer_role role;
	struct conn *conn;              /* NULL: over */
	struct tls_session *tls;
	struct xml_reader *reader;
	struct buf plain;
	bool is_direct, is_tls_up, is_open;     /* is_open: connected */
	bool is_manual;                 /* nothing is answered: the script does it all */
	bool stays_plain;               /* asks for no TLS */
	bool omits_from, omits_version; /* of our header */
	char from[PEER_DOMAIN_SIZE], to[PEER_DOMAIN_SIZE];      /* of our header */
	char id[PEER_WORD_SIZE * 2];    /* that the receiving server chose */
	char peer_from[PEER_DOMAIN_SIZE], peer_to[PEER_DOMAIN_SIZE];    /* of the trunk's header */
	bool has_header, has_version, has_features;
	bool offers_starttls, requires_starttls, offers_external, offers_dialback, offers_errors, offers_bidi;
	bool wants_external, has_external;      /* asked for; done */
	bool is_bidi;                   /* asked for by us: stanzas may come */
	bool has_dialback;              /* some pair of ours was proved by it */
	char sasl_failure[PEER_WORD_SIZE];
	bool has_ended;                 /* the trunk's </stream:stream> came */
	bool is_closed;                 /* the connection is over */
	int closed_err;                 /* how */
	char condition[PEER_WORD_SIZE]; /* of the trunk's stream error */
	char condition_text[256];
	struct list pairs;              /* of struct peer_pair: proved to us (receiving) or by us */
	struct peer_question question;
	struct timer end;               /* of a peer with ends_later */
};

/* `domains` are copied. NULL: no memory, or the address is taken. It listens at once. */
struct peer *peer_new(const struct peer_env *env, const char *name, const struct endpoint *at);
void peer_free(struct peer **peer);
int peer_add_domain(struct peer *peer, struct str domain);
bool peer_has_domain(const struct peer *peer, struct str domain);

/* "tls required", "certificate expired", "auth external dialback", …: README.md lists them. Returns 0 or TRUNK_EINVAL. */
int peer_set(struct peer *peer, struct str words);

/* Where it finds the trunk. */
const struct endpoint *peer_trunk(const struct peer *peer, bool is_direct);

int peer_listen(struct peer *peer, bool is_on);
void peer_stall(struct peer *peer, bool is_on);         /* reads no more, on any stream */

/* The certificate store by the option; NULL where it can't be made. */
struct tls_store *peer_store(struct peer *peer);

/* The SHA-256 of the key that it shows for its first domain; and as tls.pin has it. Each returns 0 or an error. */
int peer_pin(struct peer *peer, uint8_t ret_pin[static TLS_PIN_BYTES]);
int peer_add_pin(struct peer *peer, struct buf *out);

/* ---- streams ---- */

/* `name` NULL: any. The newest with that name and role; NULL: none. */
struct peer_stream *peer_stream_find(struct peer *peer, const char *name, enum peer_role role);
struct peer_stream *peer_stream_by_number(struct peer *peer, unsigned number);
struct peer_stream *peer_stream_new(struct peer *peer, enum peer_role role, const char *name);
void peer_stream_free(struct peer_stream *stream);

/* Connects a new stream to `to`; what follows is automatic unless is_manual. */
int peer_stream_dial(struct peer_stream *stream, const struct endpoint *to);
void peer_stream_take(struct peer_stream *stream, struct conn *conn);

void peer_stream_send(struct peer_stream *stream, struct str bytes);
void peer_stream_sendf(struct peer_stream *stream, const char *format, ...) __attribute__((format(printf, 2, 3)));
void peer_stream_start_tls(struct peer_stream *stream);
void peer_stream_end(struct peer_stream *stream, const char *condition);        /* stream error where not NULL, end, FIN */
void peer_stream_reset(struct peer_stream *stream);
void peer_stream_send_header(struct peer_stream *stream);
bool peer_stream_is_open(const struct peer_stream *stream);

/* Whether what the trunk showed proves `domain` by PKIX. */
bool peer_stream_is_certified(struct peer_stream *stream, const char *domain);

void peer_complain(struct peer *peer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void peer_trace(const struct peer_stream *stream, const char *what, struct str bytes);

/* ---- what the two roles do with what comes; called by peer_stream.c ---- */

void peer_client_opened(struct peer_stream *stream);
void peer_client_header(struct peer_stream *stream);
bool peer_client_element(struct peer_stream *stream, struct arena *arena, const struct xml_node *node); /* true: dealt with */
void peer_server_header(struct peer_stream *stream);
bool peer_server_element(struct peer_stream *stream, struct arena *arena, const struct xml_node *node);
void peer_stream_over(struct peer_stream *stream);      /* ended or closed: whoever waits for an answer gets one */

/* ---- dialback of peers ---- */

/* The key by which `peer` proves itself as `sender` to `target`. Differs from peer to peer. */
void peer_key(const struct peer *peer, struct str sender, struct str target, struct str id, char ret_key[static 65]);
void peer_send_result(struct peer_stream *stream, const char *sender, const char *target, const char *key);

/* Asks the authoritative server for a db:result that came on `stream`. */
void peer_ask(struct peer_stream *stream, const char *sender, const char *target, const char *key);
void peer_answer_result(struct peer_stream *stream, const char *sender, const char *target, const char *word);
void peer_answer_verify(struct peer_stream *stream, const char *from, const char *to, const char *id, struct str key);
void peer_ask_go(struct peer_stream *asking);           /* its stream is ready */
void peer_ask_answered(struct peer_stream *asking, const char *word);

bool peer_has_pair(const struct peer_stream *stream, struct str sender, struct str target);
void peer_add_pair(struct peer_stream *stream, const char *sender, const char *target);

/* Copies with NUL, cut at the size. */
void text_copy(char *to, size_t size, struct str from);
#define TEXT_COPY(array, s) text_copy((array), sizeof(array), (s))

#endif
