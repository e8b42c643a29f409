/* SPDX-License-Identifier: Apache-2.0
 * The spine: one stanza in, one verdict, one record, one link out. */
#ifndef TRUNK_RELAY_RELAY_H
#define TRUNK_RELAY_RELAY_H

#include "audit/audit.h"
#include "outbound/outbound.h"
#include "policy/policy.h"
#include "relay/own.h"
#include "relay/tap.h"

struct relay;

struct relay_options {
	const struct site *site;
	struct audit *audit;
	struct blocks *blocks;
	struct tap *tap;                /* who watches sees each verdict; NULL: nobody can */
};

/* NULL: no memory. */
struct relay *relay_new(const struct relay_options *options);
void relay_free(struct relay **relay);

/* The verdicts of a new configuration count from the next stanza on. Borrowed until the next call. */
void relay_set_policy(struct relay *relay, const struct policy *policy);

/* XEP-0157 contacts of the trunk's own domain; borrowed until the next call. */
void relay_set_contacts(struct relay *relay, const struct own_contact *contacts, unsigned count);

struct outbound *relay_outbound(struct relay *relay);

/* Who hears that stanzas are in other hands: `count` of the stream first.stream from first.seq on, in a row. Each stanza that came with a receipt
 * is told of exactly once; not from within relay_stanza() or relay_refuse(), unless nothing goes out for it. */
typedef void relay_settled_fn(void *ctx, struct receipt first, uint64_t count);
void relay_set_settled(struct relay *relay, relay_settled_fn *fn, void *ctx);

/* A domain pair as one stream uses it: its proof, its verdict as of a generation, its link. Zeroed by the owner and filled by
 * relay_lane_init(); ends with relay_lane_fini(). */
struct relay_lane {
	struct relay *relay;
	struct list in_link;            /* in link_holders(), while it holds a link */
	struct domain_pair pair;        /* normalised; owned */
	enum proof proof;               /* PROOF_NONE: not proved on this stream */
	unsigned generation;            /* that `verdict` is of; 0: none yet */
	struct verdict verdict;         /* on the pair */
	struct policy_pair *rules;      /* as of `generation`; NULL: the pair needs none */
	enum custody custody;           /* of the target's spoke, as of `generation` */
	bool is_blocked;                /* the verdict may end with a block */
	struct link *link;              /* held; NULL until the first stanza passes */
	void (*pressure)(void *ctx, bool is_congested);         /* of the lane's link; may be NULL */
	void *ctx;
	uint64_t stanzas, bytes;
};

int relay_lane_init(struct relay_lane *lane, struct relay *relay, const struct domain_pair *pair, enum proof proof);
void relay_lane_fini(struct relay_lane *lane);
bool relay_lane_is_congested(const struct relay_lane *lane);

/* Whether the pair is permitted by the configuration and blocks in force. `pair` is normalised. The trunk's own domain is permitted as
 * target to every served domain. */
struct verdict relay_judge_pair(struct relay *relay, const struct domain_pair *pair);

/* Judges, records and passes on one stanza of a lane. `reader` is where the element came from; `receipt`: who hears when it is in other hands. */
void relay_stanza(struct relay_lane *lane, const struct xml_reader *reader, const struct stanza *stanza, struct receipt receipt);

/* Answers a stanza that no lane carries with a stanza error and records it as refused (design.md §3). `pair` is normalised. */
void relay_refuse(struct relay *relay, const struct domain_pair *pair, const struct stanza *stanza, enum proof proof,
		  const struct verdict *verdict, struct receipt receipt);

#endif
