/* SPDX-License-Identifier: Apache-2.0
 * The initiating server's side of one stream: dialled, under TLS, proved (RFC 6120 §4 to §6, XEP-0178 §3, XEP-0220 §2.1). */
#ifndef TRUNK_OUTBOUND_INITIATOR_H
#define TRUNK_OUTBOUND_INITIATOR_H

#include "channel/channel.h"
#include "outbound/dial.h"
#include "outbound/outbound.h"
#include "stream/stream.h"

enum initiator_purpose {
	INITIATOR_LINK = 1,             /* ready when our domain is proved */
	INITIATOR_VERIFY,               /* ready as soon as questions may be asked */
};

enum initiator_state {
	INITIATOR_IDLE = 1, INITIATOR_DIALLING, INITIATOR_HEADER, INITIATOR_FEATURES, INITIATOR_PROCEED, INITIATOR_TLS,
	INITIATOR_SASL, INITIATOR_DIALBACK, INITIATOR_READY, INITIATOR_ENDING,
};

struct initiator;

/* Why an attempt failed, or an established stream ended. */
struct initiator_failure {
	int err;                        /* never 0 for an attempt; 0 for a stream that the peer ended in order */
	enum stanza_condition condition;        /* that a waiting stanza is bounced with */
	bool is_final;                  /* trying again at once would give the same */
	const char *why;                /* in plain words, with the way out where there is one; for our operator alone */
	const char *text;               /* for the sender of a stanza, who may not learn more; NULL: none */
};

struct initiator_handler {
	void (*ready)(void *ctx);
	void (*element)(void *ctx, const struct xml_element *element);  /* once ready */
	void (*drained)(void *ctx);
	void (*closing)(void *ctx);     /* the channel is about to end; may be NULL */
	void (*failed)(void *ctx, const struct initiator_failure *failure);     /* before or behind ready; the initiator is idle again */
	void (*step)(void *ctx, enum probe_step step, bool is_ok, const char *text);    /* may be NULL */
};

/* Lives inside its owner. */
struct initiator {
	const struct site *site;
	const struct initiator_handler *handler;
	void *ctx;
	enum initiator_purpose purpose;
	enum initiator_state state;
	struct domain_pair pair;        /* borrowed from the owner, for the initiator's life */
	const struct spoke *spoke;      /* while negotiating; NULL afterwards */
	struct dial *dial;              /* while negotiating */
	struct channel channel;
	bool has_channel;
	const struct dns_candidate *place;      /* that is connected; as long as the dial lives */
	struct endpoint peer;
	struct timer timeout;           /* limits.handshake_timeout for the whole attempt; then for the end */
	struct stream_features features;
	char *stream_id;                /* that the receiving server chose; owned */
	enum probe_step last_step;      /* that was tried: where a failed attempt stopped */
	bool is_direct, is_legacy;
	uint64_t route_mark;            /* of the way to the target when the attempt began */
	bool is_second_try;             /* on a new stream, by dialback, behind an EXTERNAL that the peer refused */
	bool external_failed;           /* not tried again in this attempt */
	bool has_ended;                 /* the peer ended its side, behind ours */
	bool was_verified;              /* the target asked us for our key: its DNS leads here */
	enum proof proof;               /* of us towards the peer: external or dialback */
	struct tls_judgement judgement; /* of the peer's certificate */
	char why[512];
};

void initiator_init(struct initiator *initiator, const struct site *site, enum initiator_purpose purpose, const struct domain_pair *pair,
		    const struct initiator_handler *handler, void *ctx);
void initiator_fini(struct initiator *initiator);

/* Begins an attempt. `spoke` is what serves the target now; it must stay until ready or failed (a reload stops and starts anew). */
void initiator_start(struct initiator *initiator, const struct spoke *spoke);

/* Ends whatever there is at once and silently. */
void initiator_stop(struct initiator *initiator);

/* The same by a reset: what the system has not sent yet never arrives. */
void initiator_abort(struct initiator *initiator);

/* Ends an established stream in order: error (or none), stream end, and waits for the peer's end. */
void initiator_end(struct initiator *initiator, enum stream_condition condition, const char *text);
void initiator_end_with(struct initiator *initiator, struct str error);        /* by an error, and the end, as they stand */

/* Of one that ends: waits so long for the peer's end, where that is more than the usual two seconds. */
void initiator_end_within(struct initiator *initiator, int64_t ms);

/* Whether an established stream would still be allowed by the configuration in force now: route, TLS and proof. */
bool initiator_holds(const struct initiator *initiator);

static inline bool initiator_is_ready(const struct initiator *initiator)
{
	return initiator->state == INITIATOR_READY;
}

/* Remembers a failed attempt for people (site->failures). */
void initiator_remember(const struct initiator *initiator, const char *leg, const char *role, const char *why);

/* Fills what a row of `streams` tells of this stream. */
void initiator_describe(const struct initiator *initiator, struct stream_info *info, char names[static 256]);

#endif
