/* SPDX-License-Identifier: Apache-2.0
 * The life of a link: made, dialled, watched, dialled again, let go. */
#include "outbound/carry.h"
#include "outbound/far.h"
#include "outbound/held.h"

#include <stdio.h>
#include <stdlib.h>

int64_t link_now_ms(const struct link *link)
{
	return loop_now_ms(link->outbound->site->loop);
}

struct channel *link_channel(const struct link *link)
{
	if (initiator_is_ready(&link->initiator))
		return (struct channel *)(uintptr_t)&link->initiator.channel;
	LIST_EACH (pos, (struct list *)(uintptr_t)&link->carriers)
		if (!LIST_OF(pos, struct link_carrier, link_in)->is_ending)
			return LIST_OF(pos, struct link_carrier, link_in)->channel;
	return NULL;
}

bool link_is_empty(const struct link *link)
{
	const struct channel *channel = link_channel(link);

	return !queue_first(&link->queue) && buf_len(&link->held.entries) == 0 && (!channel || channel_pending(channel) == 0) && !(link->far && far_is_away(link));
}

bool link_is_awaited(const struct link *link)
{
	for (size_t n = 0; n < queue_stanzas(&link->queue); n++)
		if (queue_at(&link->queue, n)->stream != 0)
			return true;
	return false;
}

bool link_may_end(const struct link *link)
{
	return initiator_is_ready(&link->initiator) && buf_len(&link->held.entries) == 0 && link->sent_on == &link->initiator.channel && !acks_are_managed(link) &&
	       link->queue.taken_count == queue_stanzas(&link->queue) && channel_pending(&link->initiator.channel) == 0;
}

/* ---- dialling ---- */

static void on_retry(void *ctx);
static void on_tick(void *ctx);

static int64_t tick_ms(const struct link *link)
{
	return queue_first(&link->queue) && (!link_channel(link) || link->acks.stalled_ms) ? LINK_WAIT_TICK_MS : LINK_TICK_MS;
}

void link_watch(struct link *link)
{
	if (!link->tick.loop)
		timer_start(link->outbound->site->loop, &link->tick, tick_ms(link), on_tick, link);
}

/* Its peer is drained: what may wait on disk waits there, the rest goes back at once. */
static void stay_down(struct link *link)
{
	snprintf(link->why, sizeof(link->why), "drained by an operator");
	link->condition = COND_REMOTE_SERVER_TIMEOUT;
	link->failures = 1;
	link_bounce_all(link, COND_REMOTE_SERVER_TIMEOUT, "the server is drained by an operator");
	link_watch(link);
}

static void dial(struct link *link)
{
	const struct site *site = link->outbound->site;
	const struct spoke *spoke = route_find(site->route, link->pair.target);

	timer_stop(&link->retry);
	if (!spoke) {
		link_bounce_all(link, COND_REMOTE_SERVER_NOT_FOUND, NULL);
		return;
	}
	if (rest_has(site->rest, spoke->name)) {
		stay_down(link);
		return;
	}
	initiator_start(&link->initiator, spoke);
	link_watch(link);
}

void link_want_up(struct link *link)
{
	if (link->far || link_channel(link)) {
		defer_start(link->outbound->site->loop, &link->flush);
		return;
	}
	if (link->initiator.state != INITIATOR_IDLE || link->retry.loop)
		return;
	if (link_now_ms(link) >= link->next_try_ms)
		dial(link);
	else
		timer_start(link->outbound->site->loop, &link->retry, link->next_try_ms - link_now_ms(link), on_retry, link);
	link_watch(link);
}

static void on_retry(void *ctx)
{
	struct link *link = ctx;

	if (queue_first(&link->queue) || held_waits(link))
		dial(link);
}

/* Milliseconds until the next try: doubling, and a quarter of it by chance, so that links that fell together do not come back together. */
static int64_t backoff_ms(const struct link *link)
{
	int64_t wait = LINK_BACKOFF_MIN_MS;
	uint8_t chance = 0;

	for (unsigned i = 1; i < link->failures && wait < LINK_BACKOFF_MAX_MS; i++)
		wait *= 2;
	tls_random(&chance, sizeof(chance));
	return wait - wait * chance / 1024;
}

void link_failed(struct link *link, const struct initiator_failure *failure)
{
	const bool was_up = link->up_since_wall_ms != 0;
	const int64_t up_ms = was_up ? loop_wall_ms(link->outbound->site->loop) - link->up_since_wall_ms : 0;

	link->up_since_wall_ms = 0;
	link->failures = up_ms > LINK_BACKOFF_MAX_MS ? 0 : link->failures + 1;
	link->next_try_ms = link_now_ms(link) + (link->failures ? backoff_ms(link) : 0);
	link->condition = failure->condition;
	snprintf(link->why, sizeof(link->why), "%s", failure->why);
	LOG(link->outbound->site->log, was_up && failure->err == 0 ? LOG_INFO : LOG_WARNING, was_up ? "link-down" : "link-failed",
	    KV_N("link", link->id), KV_C("role", "initiating"), KV("sender", link->pair.sender), KV("target", link->pair.target),
	    KV_C("reason", failure->why), KV_N("waiting", queue_stanzas(&link->queue)));
	if (!was_up)
		initiator_remember(&link->initiator, "outbound", "initiating", failure->why);
	held_spill(link, failure->condition);
	if (failure->is_final || link->outbound->is_draining || link->gives_up)
		link_bounce_all(link, failure->condition, failure->text);
	link->gives_up = false;
	if (queue_first(&link->queue) || held_waits(link))
		link_want_up(link);
	queue_shrink(link, 0);
	link_tell_pressure(link);
	far_tell(link);
}

static bool is_idle(const struct link *link, const struct limits *limits)
{
	const int64_t idle_ms = link_now_ms(link) - link->active_ms;

	if (!link_is_empty(link))
		return false;
	return (limits->idle_timeout_ms && idle_ms >= limits->idle_timeout_ms) ||
	       (link->users == 0 && link->followers == 0 && idle_ms >= LINK_UNUSED_MS);
}

/* Watches while there is something to watch: stanzas that wait, a peer that takes nothing, a stream that is idle. */
static void on_tick(void *ctx)
{
	struct link *link = ctx;
	struct initiator *initiator = &link->initiator;
	const struct limits *limits = link->outbound->site->limits;

	if (!link_channel(link) && !link->sent_on && queue_first(&link->queue))
		link_bounce_old(link, link_now_ms(link));
	held_tick(link);
	stall_look(link);
	if (initiator_is_ready(initiator) && is_idle(link, limits))
		initiator_end(initiator, STREAM_CONDITION_NONE, NULL);
	if (link_now_ms(link) - link->active_ms >= LINK_TICK_MS)
		queue_shrink(link, 0);
	if (queue_first(&link->queue) || initiator->state != INITIATOR_IDLE || link->queue.bytes.cap > 0 || !held_is_empty(link))
		timer_start(link->outbound->site->loop, &link->tick, tick_ms(link), on_tick, link);
}

void link_dial_now(struct link *link)
{
	link->next_try_ms = link_now_ms(link);
	timer_stop(&link->retry);
	link_want_up(link);
}

/* ---- life ---- */

static struct target *target_get(struct outbound *outbound, struct str domain)
{
	struct target *target;

	HASH_FIND(hh, outbound->targets, domain.at, domain.len, target);
	if (!target) {
		if (!(target = calloc(1, sizeof(*target) + domain.len + 1)))
			return NULL;
		memcpy(target->domain, domain.at, domain.len);
		list_init(&target->links);
		target->answer_tokens = ANSWER_LINKS_BURST;
		target->answer_ms = loop_now_ms(outbound->site->loop);
		HASH_ADD_KEYPTR(hh, outbound->targets, target->domain, domain.len, target);
		if (!HASH_WAS_ADDED(target)) {
			free(target);
			return NULL;
		}
		memory_target(outbound->site->memory, true);
	}
	return target;
}

static void target_release(struct outbound *outbound, struct target *target)
{
	if (!list_is_empty(&target->links))
		return;
	HASH_DEL(outbound->targets, target);
	memory_target(outbound->site->memory, false);
	free(target);
}

/* In its name the target's server may ask us for a key. */
static bool is_strange(const struct outbound *outbound, const struct link *link)
{
	return !str_is(link->pair.sender, outbound->site->trunk) && !route_find(outbound->site->route, link->pair.sender);
}

struct link *link_new(struct outbound *outbound, const struct domain_pair *pair)
{
	const unsigned home = site_home(outbound->site, pair->target);
	char key[PAIR_KEY_SIZE];
	const size_t len = pair_key(pair, key, sizeof(key));
	struct link *link = len ? calloc(1, sizeof(*link) + len) : NULL;

	if (!link)
		return NULL;
	if (!(link->target = target_get(outbound, pair->target))) {
		free(link);
		return NULL;
	}
	memcpy(link->key, key, len);
	link->key_len = len;
	HASH_ADD_KEYPTR(hh, outbound->links, link->key, link->key_len, link);
	if (!HASH_WAS_ADDED(link)) {
		target_release(outbound, link->target);
		free(link);
		return NULL;
	}
	list_add_tail(&link->target->links, &link->to_target);
	link->pair = (struct domain_pair){.sender = str_make(link->key, pair->sender.len),
					  .target = str_make(link->key + pair->sender.len + 1, pair->target.len)};
	link->outbound = outbound;
	link->id = outbound_next_id(outbound);
	link->condition = COND_REMOTE_SERVER_TIMEOUT;
	link->acks.state = ACKS_NONE;
	link->told_proof = PROOF_NONE;
	list_init(&link->carriers);
	list_init(&link->gated);
	list_init(&link->holders);
	defer_init(&link->flush, link_flush, link);
	initiator_init(&link->initiator, outbound->site, INITIATOR_LINK, &link->pair, &link_stream_handler, link);
	if (home == outbound->site->worker) {
		link->is_strange = is_strange(outbound, link) && crew_name_add(outbound->site->crew, CREW_STRANGERS, link->pair.sender) == 0;
		return link;
	}
	defer_init(&link->flush, far_flush, link);
	if (far_init(link, home) < 0)
		link_free(&link);
	return link;
}

void link_free(struct link **link)
{
	struct link *gone = *link;

	if (!gone)
		return;
	*link = NULL;
	LIST_EACH (pos, &gone->carriers) {
		list_remove(pos);
		LIST_OF(pos, struct link_carrier, link_in)->link = NULL;
	}
	HASH_DEL(gone->outbound->links, gone);
	list_remove(&gone->gated);
	barrier_is_known(gone, false);
	if (gone->is_strange)
		crew_name_remove(gone->outbound->site->crew, CREW_STRANGERS, gone->pair.sender);
	initiator_fini(&gone->initiator);
	defer_stop(&gone->flush);
	timer_stop(&gone->tick);
	timer_stop(&gone->retry);
	timer_stop(&gone->acks.timer);
	acks_forget(gone);
	held_fini(gone);
	gone->target->queued_bytes -= buf_len(&gone->queue.bytes);
	buf_fini(&gone->queue.bytes);
	buf_fini(&gone->queue.entries);
	if (gone->far)
		far_fini(gone);
	queue_count(gone);
	list_remove(&gone->to_target);
	target_release(gone->outbound, gone->target);
	free(gone);
}

void link_release(struct link **link)
{
	if (*link && (*link)->users > 0)
		(*link)->users--;
	*link = NULL;
}

struct list *link_holders(struct link *link)
{
	return &link->holders;
}

void link_restart(struct link *link, enum stream_condition condition)
{
	/* What was written still goes out ahead of our end; the next stream begins when the peer has ended this one, or in two seconds. */
	acks_hurry(link);
	if (initiator_is_ready(&link->initiator))
		initiator_end(&link->initiator, condition, NULL);
	else if (link->initiator.state != INITIATOR_ENDING)
		initiator_stop(&link->initiator);
	link->next_try_ms = link_now_ms(link);
	link->failures = 0;
	timer_stop(&link->retry);
	if (queue_first(&link->queue) || held_waits(link))
		link_want_up(link);
}
