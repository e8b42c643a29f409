/* SPDX-License-Identifier: Apache-2.0
 * The table of links, and what happens to all of them: reload, close, drain. */
#include "outbound/carry.h"
#include "outbound/far.h"
#include "outbound/held.h"

#include <stdlib.h>

enum {
	DRAIN_POLL_MS = 20,
	DRAIN_PATIENCE = 70,            /* percent of drain-timeout that a target has to acknowledge by its end what was written to it */
	SWEEP_MS = 60 * 1000,           /* between looks for links that nobody uses */
};

size_t pair_key(const struct domain_pair *pair, char *ret_key, size_t size_bytes)
{
	if (pair->sender.len + pair->target.len + 2 > size_bytes)
		return 0;
	memcpy(ret_key, pair->sender.at, pair->sender.len);
	ret_key[pair->sender.len] = '\0';
	memcpy(ret_key + pair->sender.len + 1, pair->target.at, pair->target.len);
	ret_key[pair->sender.len + 1 + pair->target.len] = '\0';
	return pair->sender.len + pair->target.len + 2;
}

struct link *outbound_find(struct outbound *outbound, const struct domain_pair *pair)
{
	char key[PAIR_KEY_SIZE];
	const size_t len = pair_key(pair, key, sizeof(key));
	struct link *link;

	HASH_FIND(hh, outbound->links, key, len, link);
	return link;
}

uint64_t outbound_next_id(struct outbound *outbound)
{
	const struct site *site = outbound->site;

	return ++outbound->next_id * crew_count(site->crew) + site->worker;
}

/* What is known of a peer that answers no pings stays until it is asked again. */
static bool is_unused(const struct link *link)
{
	if (link->acks.is_given_up && loop_now_ms(link->outbound->site->loop) < link->acks.retry_ms)
		return false;
	return link->users == 0 && link->followers == 0 && link_is_empty(link) && held_is_empty(link) && link->initiator.state == INITIATOR_IDLE &&
	       list_is_empty((struct list *)(uintptr_t)&link->carriers);
}

/* Lets go of links that no stream holds, that carry nothing and have no stream: a border meets many domains once. */
static void sweep(void *ctx)
{
	struct outbound *outbound = ctx;
	struct link *link, *next;

	HASH_ITER(hh, outbound->links, link, next) {
		if (is_unused(link))
			link_free(&link);
		else if (link->far)
			far_rest(link);
	}
	verifiers_sweep(outbound);
	timer_start(outbound->site->loop, &outbound->sweep, SWEEP_MS, sweep, outbound);
}

struct outbound *outbound_new(const struct site *site, const struct outbound_handler *handler, void *ctx)
{
	struct outbound *outbound = calloc(1, sizeof(*outbound));

	if (!outbound)
		return NULL;
	outbound->site = site;
	outbound->handler = handler;
	outbound->ctx = ctx;
	list_init(&outbound->probes);
	list_init(&outbound->gated);
	timer_start(site->loop, &outbound->sweep, SWEEP_MS, sweep, outbound);
	if (held_open(outbound) < 0) {
		outbound_free(&outbound);
		return NULL;
	}
	crew_attend(site->crew, site->worker, CREW_OUTBOUND, outbound);
	return outbound;
}

void outbound_free(struct outbound **outbound)
{
	struct link *link, *next;

	if (!*outbound)
		return;
	(*outbound)->is_ending = true;
	crew_attend((*outbound)->site->crew, (*outbound)->site->worker, CREW_OUTBOUND, NULL);
	HASH_ITER(hh, (*outbound)->links, link, next)
		link_free(&link);
	lents_free(*outbound);
	verifiers_free(*outbound);
	timer_stop(&(*outbound)->drain);
	timer_stop(&(*outbound)->sweep);
	held_close(*outbound);
	free(*outbound);
	*outbound = NULL;
}

struct link *outbound_link(struct outbound *outbound, const struct domain_pair *pair)
{
	struct link *link = outbound_find(outbound, pair);

	if (!link)
		link = link_new(outbound, pair);
	if (link)
		link->users++;
	return link;
}

struct link *outbound_answer_link(struct outbound *outbound, const struct domain_pair *pair)
{
	struct link *link = outbound_find(outbound, pair);

	if (link) {
		link->users++;
		return link;
	}
	if (!(link = outbound_link(outbound, pair)) || link_may_answer(link->target, loop_now_ms(outbound->site->loop)))
		return link;
	link_free(&link);
	return NULL;
}

bool outbound_speaks_for(const struct outbound *outbound, struct str domain)
{
	return crew_name_count(outbound->site->crew, CREW_STRANGERS, domain) > 0;
}

static void describe(struct link *link, stream_info_fn *fn, void *ctx)
{
	struct stream_info info = {
		.id = link->id, .leg = "outbound", .role = "initiating", .since_ms = link->up_since_wall_ms, .stanzas_out = link->stanzas,
		.queue_bytes = buf_len(&link->queue.bytes), .queue_stanzas = buf_len(&link->queue.entries) / sizeof(struct queue_entry),
		.reason = link->why, .acks = acks_text(link), .unacknowledged = link->queue.sent_count,
	};
	char names[256];

	initiator_describe(&link->initiator, &info, names);
	if (!initiator_is_ready(&link->initiator) && link_channel(link)) {
		info.state = "up";
		info.role = "receiving";        /* on the peer's own stream, which goes both ways */
		info.proof = link_proof(link);
		info.tls = LIST_OF(link->carriers.next, struct link_carrier, link_in)->tls;
		endpoint_text(&link_channel(link)->conn->peer, info.address);
	}
	fn(ctx, &info);
}

void outbound_each(struct outbound *outbound, stream_info_fn *fn, void *ctx)
{
	struct link *link, *next;

	HASH_ITER(hh, outbound->links, link, next)
		if (!link->far)
			describe(link, fn, ctx);
	verifiers_each(outbound, fn, ctx);
}

static bool concerns(const struct link *link, struct str domain)
{
	return str_is_absent(domain) || str_eq(link->pair.sender, domain) || str_eq(link->pair.target, domain);
}

static enum stream_condition condition_of(const char *text)
{
	for (int i = 1; text && i <= STREAM_UNSUPPORTED_VERSION; i++)
		if (strcmp(stream_condition_text((enum stream_condition)i), text) == 0)
			return (enum stream_condition)i;
	return STREAM_CONDITION_NONE;
}

unsigned outbound_close(struct outbound *outbound, struct str domain, const char *condition, bool is_final)
{
	struct link *link, *next;
	unsigned count = 0;

	HASH_ITER(hh, outbound->links, link, next) {
		if (link->far || !concerns(link, domain) || (link->initiator.state == INITIATOR_IDLE && link_is_empty(link)))
			continue;
		link_restart(link, condition_of(condition));
		link->gives_up = is_final && link->initiator.state == INITIATOR_ENDING;
		if (is_final)
			link_bounce_all(link, COND_REMOTE_SERVER_TIMEOUT, NULL);
		count++;
	}
	return count;
}

void outbound_reload(struct outbound *outbound)
{
	struct link *link, *next;

	HASH_ITER(hh, outbound->links, link, next) {
		if (link->initiator.state == INITIATOR_IDLE)
			continue;
		if (!initiator_is_ready(&link->initiator) || !initiator_holds(&link->initiator) ||
		    !outbound->handler->permits(outbound->ctx, &link->pair))
			link_restart(link, STREAM_RESET);
	}
	verifiers_restart(outbound);
	probes_stop(outbound, "the configuration changed; try again");
}

void outbound_hold(struct outbound *outbound, bool is_on)
{
	crew_hold(outbound->site->crew, is_on);
}

static bool is_drained(struct outbound *outbound)
{
	struct link *link, *next;

	if (crew_is_held(outbound->site->crew))
		return false;
	HASH_ITER(hh, outbound->links, link, next)
		if (link->initiator.state != INITIATOR_IDLE || !link_is_empty(link))
			return false;
	return outbound->held_pending == 0;
}

/* What a target has not acknowledged it may still read, and then end its stream: bouncing that earlier would report as failed what arrives. The rest of the
 * time is for bounces. */
static int64_t end_patience_ms(const struct outbound *outbound)
{
	return (outbound->drain_until_ms - loop_now_ms(outbound->site->loop)) * DRAIN_PATIENCE / 100;
}

/* Ends the stream of a link whose stanzas are all written. */
static void end_in_order(struct outbound *outbound, struct link *link)
{
	const bool is_owed = !link_is_empty(link);

	initiator_end(&link->initiator, STREAM_SYSTEM_SHUTDOWN, NULL);
	if (is_owed)
		initiator_end_within(&link->initiator, end_patience_ms(outbound));
}

/* Round after round: what is up is written out and closed; what is not up is given its time, and then bounced. */
static void on_drain(void *ctx)
{
	struct outbound *outbound = ctx;
	const bool is_late = loop_now_ms(outbound->site->loop) >= outbound->drain_until_ms;
	struct link *link, *next;
	size_t lost = 0;

	HASH_ITER(hh, outbound->links, link, next) {
		if (link->far)
			continue;
		if (is_late) {
			initiator_stop(&link->initiator);
			acks_forget(link);
			held_spill(link, COND_REMOTE_SERVER_TIMEOUT);
			lost += queue_stanzas(&link->queue);
		}
		acks_hurry(link);
		if (crew_is_held(outbound->site->crew) && !is_late && (link_is_empty(link) || (link_may_end(link) && !link_is_awaited(link))))
			continue;       /* its sender may still have something for it */
		if (initiator_is_ready(&link->initiator) && (link_is_empty(link) || link_may_end(link)))
			end_in_order(outbound, link);
		else if (link_is_empty(link) && link->initiator.state != INITIATOR_ENDING)
			initiator_stop(&link->initiator);
		else if (link->initiator.state == INITIATOR_IDLE && is_late)
			link_bounce_all(link, COND_REMOTE_SERVER_TIMEOUT, NULL);        /* for the record */
		else if (link->initiator.state == INITIATOR_IDLE && !link_is_empty(link))
			link_want_up(link);     /* bounces on their way back */
	}
	if (lost > 0)
		LOG(outbound->site->log, LOG_ERROR, "stanzas-undelivered", KV_N("count", lost),
		    KV_C("reason", "queue.drain-timeout ended before they could be handed over; the audit names each"));
	if (is_late || is_drained(outbound))
		outbound->drained(outbound->drained_ctx);
	/* Other workers may still send something. */
	if (!is_late && (crew_count(outbound->site->crew) > 1 || !is_drained(outbound)))
		timer_start(outbound->site->loop, &outbound->drain, DRAIN_POLL_MS, on_drain, outbound);
}

bool outbound_is_draining(const struct outbound *outbound)
{
	return outbound->is_draining;
}

void outbound_drain(struct outbound *outbound, int64_t deadline_ms, timer_fn *fn, void *ctx)
{
	struct link *link, *next;

	outbound->drained = fn;
	outbound->drained_ctx = ctx;
	outbound->drain_until_ms = deadline_ms;
	outbound->is_draining = true;
	probes_stop(outbound, "the trunk is stopping");
	/* Bounces first, while the links that carry them are up. */
	HASH_ITER(hh, outbound->links, link, next)
		if (link->initiator.state == INITIATOR_IDLE && !link->far)
			link_bounce_all(link, COND_REMOTE_SERVER_TIMEOUT, NULL);
	verifiers_stop(outbound);
	timer_start(outbound->site->loop, &outbound->drain, 0, on_drain, outbound);
}
