/* SPDX-License-Identifier: Apache-2.0
 * The stanzas of a stream: found their domain pair and handed to relay, or refused in the order of design.md §3. */
#include "inbound/sm.h"

#include <stdlib.h>

/* ---- reading or not ---- */

/* A stream that carries only pairs to congested targets is not read; one that carries others too is read on. */
static bool is_congested(const struct receiver *r)
{
	bool has_any = false;

	for (const struct receiver_pair *pair = r->pairs; pair; pair = pair->hh.next) {
		if (pair->lane.proof == PROOF_NONE)
			continue;
		if (!relay_lane_is_congested(&pair->lane))
			return false;
		has_any = true;
	}
	return has_any;
}

void receiver_read(struct receiver *r)
{
	r->is_paused = is_congested(r);
	channel_read(&r->channel, !r->is_paused && !r->is_throttled && !receiver_sm_is_full(r) && channel_pending(&r->channel) <= RECEIVER_PENDING_BYTES);
}

void receiver_pressure(void *ctx, bool is_on)
{
	struct receiver_pair *pair = ctx;

	(void)is_on;
	receiver_read(pair->receiver);
}

static void on_throttle(void *ctx)
{
	struct receiver *r = ctx;

	r->is_throttled = false;
	receiver_read(r);
}

/* The bucket of the sender's spoke with the rates of the configuration in force; NULL where there is no rate. */
static struct rate_bucket *bucket_of(struct receiver_pair *pair)
{
	struct receiver *r = pair->receiver;
	const struct limits *limits = r->site->limits;
	const struct spoke *spoke;

	if (pair->generation == r->site->generation)
		return pair->bucket;
	pair->generation = r->site->generation;
	pair->bucket = NULL;
	if (!(spoke = route_find(r->site->route, pair->lane.pair.sender)))
		return NULL;
	pair->stanzas_per_second = spoke->stanzas_per_second > 0 ? spoke->stanzas_per_second : limits->stanzas_per_second;
	pair->bytes_per_second = spoke->bytes_per_second > 0 ? spoke->bytes_per_second : limits->bytes_per_second;
	if (pair->stanzas_per_second > 0 || pair->bytes_per_second > 0)
		pair->bucket = inbound_bucket(r->inbound, spoke->name ? spoke->name : spoke->zone->name);
	return pair->bucket;
}

/* What exceeds a rate waits at the peer: the stream is not read until the debt is paid. */
static void charge(struct receiver_pair *pair, size_t size_bytes)
{
	struct receiver *r = pair->receiver;
	struct rate_bucket *bucket = bucket_of(pair);
	int64_t wait_ms;

	if (!bucket)
		return;
	wait_ms = bucket_charge(bucket, pair->stanzas_per_second, pair->bytes_per_second, size_bytes, loop_now_ms(r->site->loop));
	if (wait_ms == 0)
		return;
	r->is_throttled = true;
	channel_read(&r->channel, false);
	timer_start(r->site->loop, &r->throttle, wait_ms, on_throttle, r);
}

/* ---- which pair ---- */

static bool spelled_as(const struct receiver_pair *pair, const struct stanza *stanza)
{
	return pair && str_eq(pair->raw_sender, stanza->from.domain) && str_eq(pair->raw_target, stanza->to.domain);
}

static void remember_spelling(struct receiver_pair *pair, const struct stanza *stanza)
{
	free((char *)(uintptr_t)pair->raw_sender.at);
	free((char *)(uintptr_t)pair->raw_target.at);
	pair->raw_sender = (struct str){str_dup(stanza->from.domain), stanza->from.domain.len};
	pair->raw_target = (struct str){str_dup(stanza->to.domain), stanza->to.domain.len};
	if (!pair->raw_sender.at || !pair->raw_target.at)
		pair->raw_sender.len = pair->raw_target.len = 0;        /* fits no stanza */
}

static bool is_sender_proved(const struct receiver *r, struct str sender)
{
	for (const struct receiver_pair *pair = r->pairs; pair; pair = pair->hh.next)
		if (pair->lane.proof != PROOF_NONE && str_eq(pair->lane.pair.sender, sender))
			return true;
	return false;
}

/* No proved pair carries it: a forged sender closes the stream, all else is told to the sender. */
static void refuse(struct receiver *r, const struct domain_pair *pair, const struct stanza *stanza)
{
	struct receipt receipt;
	struct verdict verdict;

	if (!is_sender_proved(r, pair->sender)) {
		receiver_close(r, STREAM_INVALID_FROM, "a stanza from a domain that is not proved on this stream");
		return;
	}
	if (!receiver_sm_count(r, &receipt))
		return;
	verdict = relay_judge_pair(r->relay, pair);
	if (verdict.decision == DECISION_PASS)
		verdict = (struct verdict){.decision = DECISION_REJECT, .rule = "pair-not-proved", .condition = COND_NOT_AUTHORIZED};
	relay_refuse(r->relay, pair, stanza, PROOF_NONE, &verdict, receipt);
}

static void pass(struct receiver_pair *pair, const struct stanza *stanza)
{
	struct receiver *r = pair->receiver;
	struct receipt receipt;

	r->last = pair;
	r->stanzas++;
	if (!receiver_sm_count(r, &receipt))
		return;
	relay_stanza(&pair->lane, r->channel.reader, stanza, receipt);
	charge(pair, stanza->element->bytes.len);
}

static void find_pair(struct receiver *r, const struct stanza *stanza)
{
	struct domain sender, target;
	struct domain_pair pair;
	struct receiver_pair *found;

	if (domain_normalise(stanza->from.domain, &sender) < 0) {
		receiver_close(r, STREAM_INVALID_FROM, "a stanza whose from is no address");
		return;
	}
	if (domain_normalise(stanza->to.domain, &target) < 0) {
		receiver_close(r, STREAM_IMPROPER_ADDRESSING, "a stanza whose to is no address");
		return;
	}
	pair = (struct domain_pair){.sender = domain_str(&sender), .target = domain_str(&target)};
	found = receiver_pair_find(r, &pair);
	if (!found || found->lane.proof == PROOF_NONE) {
		refuse(r, &pair, stanza);
		return;
	}
	remember_spelling(found, stanza);
	pass(found, stanza);
}

void receiver_stanza(struct receiver *r, const struct xml_element *element)
{
	struct stanza stanza;
	int err;

	err = stanza_parse(element, &r->scratch, &stanza);
	if (err == TRUNK_ENOENT)
		receiver_close(r, STREAM_UNSUPPORTED_STANZA_TYPE, NULL);
	else if (!r->is_proved)
		receiver_close(r, STREAM_NOT_AUTHORIZED, "a stanza before any domain was proved");
	else if (err == TRUNK_EADDRESS)
		receiver_close(r, STREAM_IMPROPER_ADDRESSING, "a stanza without from or to, or with a malformed one");
	else if (err < 0)
		receiver_close(r, stream_condition_of(err), NULL);
	else if (spelled_as(r->last, &stanza))
		pass(r->last, &stanza);
	else
		find_pair(r, &stanza);
	arena_fini(&r->scratch);        /* which few stanzas use */
}
