/* SPDX-License-Identifier: Apache-2.0
 * One link: a queue, and a stream that is dialled, watched and dialled again. */
#include "outbound/carry.h"
#include "outbound/far.h"
#include "outbound/held.h"

#include <stdio.h>
#include <stdlib.h>

static const struct initiator_handler link_handler;

static int64_t now_ms(const struct link *link)
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

static void watch(struct link *link)
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
	watch(link);
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
	watch(link);
}

static void want_up(struct link *link)
{
	if (link->far || link_channel(link)) {
		defer_start(link->outbound->site->loop, &link->flush);
		return;
	}
	if (link->initiator.state != INITIATOR_IDLE || link->retry.loop)
		return;
	if (now_ms(link) >= link->next_try_ms)
		dial(link);
	else
		timer_start(link->outbound->site->loop, &link->retry, link->next_try_ms - now_ms(link), on_retry, link);
	watch(link);
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

/* ---- the stream up ---- */

/* Whole records only, for of a part nothing can be read. */
size_t link_taken(size_t chunk_plain, size_t chunk_wire, size_t unsent)
{
	const size_t records = (chunk_plain + TLS_RECORD_BYTES - 1) / TLS_RECORD_BYTES;
	const size_t taken = chunk_wire > unsent ? chunk_wire - unsent : 0;
	size_t record;

	if (unsent == 0 || records == 0)
		return chunk_plain;
	if (chunk_wire == chunk_plain)
		return taken;           /* no TLS */
	record = TLS_RECORD_BYTES + (chunk_wire - chunk_plain) / records;
	return taken / record * TLS_RECORD_BYTES;
}

/* The stream that stanzas went to ends, or another takes its place: what its system took is handed over, the rest is sent anew. */
static void leave(struct link *link)
{
	struct queue *queue = &link->queue;
	const bool is_own = link->sent_on == &link->initiator.channel;
	const bool is_over = is_own && link->initiator.state == INITIATOR_ENDING;
	const bool is_managed = acks_are_managed(link);

	if (link->sent_on && !is_managed) {
		queue_take_back(queue, link->chunk_plain - link_taken(link->chunk_plain, link->chunk_wire, channel_unsent(link->sent_on)));
		acks_taken(link);
		if (is_over && link->initiator.has_ended)
			acks_pop(link, queue->sent_count);      /* the peer read all before it ended its side behind ours */
	}
	if (link->sent_on)
		acks_left(link, is_managed, is_over);
	link->held.front = queue->sent_count;
	queue->sent = queue->sent_count = queue->taken_count = 0;
	link->chunk_plain = link->chunk_wire = 0;
	link->sent_on = NULL;
}

static int write_chunk(struct link *link, struct channel *channel, struct str chunk)
{
	const bool is_asking = acks_ask_within(link);
	int err;

	if (is_asking)
		chunk = str_from(buf_str(&link->queue.bytes), link->queue.sent);
	channel->wrote_bytes = 0;
	link->chunk_plain = chunk.len;
	link->queue.sent += chunk.len - (is_asking ? acks_request_len() : 0);
	err = channel_write(channel, chunk);

	if (err < 0 && channel->conn && channel_unsent(channel) == 0)
		channel->conn->lost_bytes = channel->wrote_bytes ? channel->wrote_bytes : chunk.len;
	link->chunk_wire = channel->wrote_bytes ? channel->wrote_bytes : chunk.len;
	if (is_asking)
		link->queue.bytes.end -= acks_request_len();
	link->active_ms = now_ms(link);
	return err;
}

static void on_failed(void *ctx, const struct initiator_failure *failure);

/* The connection's own end is told by itself; what TLS or memory refused is told by nobody else. */
static void write_failed(struct link *link, int err)
{
	const struct initiator_failure failure = {.err = err, .condition = COND_REMOTE_SERVER_TIMEOUT, .why = error_text(err)};

	if (err == TRUNK_ECLOSED || !initiator_is_ready(&link->initiator))
		return;
	initiator_stop(&link->initiator);
	on_failed(link, &failure);
}

/* One chunk at a time: a stanza stays in the queue until the system has taken its last byte. */
static void flush(void *ctx)
{
	struct link *link = ctx;
	struct channel *channel = link_channel(link);
	struct str chunk;
	size_t was_sent;
	int err = 0;

	if (link->sent_on && link->sent_on != channel) {
		if (!link->sent_on->is_closed && channel_unsent(link->sent_on) > 0)
			return;         /* a stream that ends still takes what was written: its end is told */
		leave(link);
	}
	if (channel && !acks_may_write(link, channel))
		return;
	if (link->acks.stalled_ms && !link->acks.asked_ms && channel_unsent(channel) == 0)
		stall_end(link);
	held_update(link);
	if (channel && channel != &link->initiator.channel)
		acks_forget(link);      /* what a session had lost leaves on another stream: its count fits the queue no more */
	link->sent_on = channel;
	while (channel && !link->acks.stalled_ms && err == 0 && channel_unsent(channel) == 0) {
		acks_taken(link);
		link->chunk_plain = link->chunk_wire = 0;       /* it is over: what else waits below is not ours */
		was_sent = link->queue.sent_count;
		if ((chunk = queue_next(link)).len == 0)
			break;
		link->acks.unasked += link->queue.sent_count - was_sent;
		err = write_chunk(link, channel, chunk);
	}
	if (err < 0)
		write_failed(link, err);
	else
		acks_ask(link);
	queue_shrink(link, memory_has(link->outbound->site->memory) ? QUEUE_KEEP_BYTES : 0);
	link_tell_pressure(link);
	far_tell(link);
	watch(link);
}

void outbound_gate(struct outbound *outbound, uint64_t audit_seq)
{
	outbound->gate = audit_seq;
	LIST_EACH (pos, &outbound->gated) {
		struct link *link = LIST_OF(pos, struct link, gated);

		list_remove(pos);
		defer_start(outbound->site->loop, &link->flush);
	}
}

/* What the stream carried leaves again on the next one, or is bounced: what the system has still of it is not to arrive, too. Under a stop it may. */
static bool goes_again(const struct link *link)
{
	const struct queue_entry *first = queue_first(&link->queue);

	return first && link->held.front > 0 && first->custody >= CUSTODY_LINK && !link->acks.is_given_up && !link->outbound->is_draining;
}

static void on_closing(void *ctx)
{
	struct link *link = ctx;

	if (link->sent_on == &link->initiator.channel)
		leave(link);
	if (link->initiator.state == INITIATOR_ENDING && goes_again(link))
		link->initiator.channel.is_aborted = true;
	link->acks.state = ACKS_NONE;
}

static void on_ready(void *ctx)
{
	struct link *link = ctx;
	char address[ENDPOINT_TEXT_SIZE];

	endpoint_text(&link->initiator.peer, address);
	link->up_since_wall_ms = loop_wall_ms(link->outbound->site->loop);
	link->active_ms = now_ms(link);
	link->why[0] = '\0';
	LOG(link->outbound->site->log, LOG_INFO, "link-up", KV_N("link", link->id), KV_C("role", "initiating"),
	    KV("sender", link->pair.sender), KV("target", link->pair.target), KV_C("address", address),
	    KV_C("tls", link->initiator.channel.is_secured ? tls_session_version(link->initiator.channel.tls) : "none"),
	    KV_C("proof", proof_text(link->initiator.proof)));
	acks_begin(link);
	watch(link);
	defer_start(link->outbound->site->loop, &link->flush);
}

static void on_management(struct link *link, const struct xml_element *element)
{
	const struct limits *limits = link->outbound->site->limits;
	const struct xml_limits xml = {.element_bytes = limits->stanza_bytes, .depth = limits->depth, .attributes = limits->attributes};
	const struct xml_header *header = xml_reader_header(link->initiator.channel.reader);
	struct arena arena = {0};
	struct xml_node *node;

	if (xml_tree_parse(&arena, element->bytes, header, &xml, &node) == 0)
		acks_element(link, node);
	arena_fini(&arena);
}

/* An established link carries nothing towards us but answers and errors; what else comes is not authorized. */
static void on_element(void *ctx, const struct xml_element *element)
{
	struct link *link = ctx;

	if (str_eq(element->ns, STR(NS_DIALBACK)) || str_eq(element->ns, STR(NS_STREAM)))
		return;
	if (str_eq(element->ns, STR(NS_SM))) {
		if (!acks_short(link, element->bytes))
			on_management(link, element);
		return;
	}
	LOG(link->outbound->site->log, LOG_WARNING, "unasked-stanza", KV_N("link", link->id), KV("sender", link->pair.sender),
	    KV("target", link->pair.target), KV("element", element->name));
	initiator_end(&link->initiator, STREAM_NOT_AUTHORIZED, "this stream carries stanzas one way only");
}

static void on_drained(void *ctx)
{
	flush(ctx);
}

static void on_failed(void *ctx, const struct initiator_failure *failure)
{
	link_failed(ctx, failure);
}

void link_failed(struct link *link, const struct initiator_failure *failure)
{
	const bool was_up = link->up_since_wall_ms != 0;
	const int64_t up_ms = was_up ? loop_wall_ms(link->outbound->site->loop) - link->up_since_wall_ms : 0;

	link->up_since_wall_ms = 0;
	link->failures = up_ms > LINK_BACKOFF_MAX_MS ? 0 : link->failures + 1;
	link->next_try_ms = now_ms(link) + (link->failures ? backoff_ms(link) : 0);
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
		want_up(link);
	queue_shrink(link, 0);
	link_tell_pressure(link);
	far_tell(link);
}

static const struct initiator_handler link_handler = {
	.ready = on_ready, .element = on_element, .drained = on_drained, .closing = on_closing, .failed = on_failed,
};

static bool is_idle(const struct link *link, const struct limits *limits)
{
	const int64_t idle_ms = now_ms(link) - link->active_ms;

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
		link_bounce_old(link, now_ms(link));
	held_tick(link);
	stall_look(link);
	if (initiator_is_ready(initiator) && is_idle(link, limits))
		initiator_end(initiator, STREAM_CONDITION_NONE, NULL);
	if (now_ms(link) - link->active_ms >= LINK_TICK_MS)
		queue_shrink(link, 0);
	if (queue_first(&link->queue) || initiator->state != INITIATOR_IDLE || link->queue.bytes.cap > 0 || !held_is_empty(link))
		timer_start(link->outbound->site->loop, &link->tick, tick_ms(link), on_tick, link);
}

void link_want_up(struct link *link)
{
	want_up(link);
}

void link_dial_now(struct link *link)
{
	link->next_try_ms = now_ms(link);
	timer_stop(&link->retry);
	want_up(link);
}

void link_watch(struct link *link)
{
	watch(link);
}

/* ---- what relay calls ---- */

bool link_may_answer(struct target *target, int64_t now)
{
	target->answer_tokens += (double)(now - target->answer_ms) / 1000 * ANSWER_LINKS_PER_SECOND;
	target->answer_ms = now;
	if (target->answer_tokens > ANSWER_LINKS_BURST)
		target->answer_tokens = ANSWER_LINKS_BURST;
	if (target->answer_tokens < 1)
		return false;
	target->answer_tokens -= 1;
	return true;
}

static bool has_room(const struct link *link)
{
	const struct site *site = link->outbound->site;
	const size_t limit = site->limits->queue_bytes;

	if (limit && link->target->queued_bytes >= limit)
		return false;
	return memory_has(site->memory) ||
	       link->target->queued_bytes < memory_share(site->memory);
}

struct buf *link_begin(struct link *link)
{
	if (!has_room(link))
		return NULL;
	link->queue.begun = buf_len(&link->queue.bytes);
	return &link->queue.bytes;
}

/* `entry` but its length. */
static int end(struct link *link, struct queue_entry entry)
{
	struct queue *queue = &link->queue;

	entry.len = (uint32_t)(buf_len(&queue->bytes) - queue->begun);
	if (buf_add(&queue->entries, str_make((const char *)&entry, sizeof(entry))) < 0) {
		link_abort(link);
		return TRUNK_ENOMEM;
	}
	link->target->queued_bytes += entry.len;
	if (entry.len > link->largest)
		link->largest = entry.len;
	link->stanzas++;
	queue_count(link);
	want_up(link);
	copies_watch(link, &entry);
	if (held_concerns(link, (enum custody)entry.custody))
		defer_start(link->outbound->site->loop, &link->flush);
	link_tell_pressure(link);
	return 0;
}

static struct queue_entry entry_of(const struct link *link, const struct ticket *ticket, bool is_answer)
{
	return (struct queue_entry){
		.stream = ticket->receipt.stream, .seq = ticket->receipt.seq, .audit_seq = ticket->audit_seq, .at_ms = now_ms(link),
		.proof_in = (uint8_t)ticket->proof_in, .custody = (uint8_t)ticket->custody, .is_answer = is_answer,
	};
}

int link_end(struct link *link, const struct ticket *ticket)
{
	return end(link, entry_of(link, ticket, false));
}

static int add(struct link *link, struct str bytes, struct queue_entry entry)
{
	int err;

	link->queue.begun = buf_len(&link->queue.bytes);
	if ((err = buf_add(&link->queue.bytes, bytes)) < 0) {
		link_abort(link);
		return err;
	}
	return end(link, entry);
}

int link_take(struct link *link, struct str bytes, const struct queue_entry *entry)
{
	return has_room(link) ? add(link, bytes, *entry) : TRUNK_ELIMIT;
}

void link_abort(struct link *link)
{
	link->queue.bytes.end = link->queue.bytes.start + link->queue.begun;
}

int link_send(struct link *link, struct str bytes, const struct ticket *ticket)
{
	const struct site *site = link->outbound->site;
	const size_t limit = site->limits->queue_bytes;

	/* An answer has room of its own: what was refused for want of room must still be told. */
	if ((limit && link->target->queued_bytes >= limit + QUEUE_OVERDRAFT_BYTES) || !memory_has_overdraft(site->memory))
		return TRUNK_ELIMIT;
	return add(link, bytes, entry_of(link, ticket, true));
}

bool link_is_congested(const struct link *link)
{
	return link->target->is_congested;
}

enum proof link_proof(const struct link *link)
{
	if (link->far)
		return link->far->proof;
	if (initiator_is_ready(&link->initiator) || list_is_empty(&link->carriers))
		return link->initiator.proof;
	return LIST_OF(link->carriers.next, struct link_carrier, link_in)->proof;
}

/* ---- streams of the peer that take stanzas back ---- */

int outbound_carry(struct outbound *outbound, const struct domain_pair *pair, struct channel *channel, enum proof proof,
		   struct link_carrier *carrier)
{
	const unsigned home = site_home(outbound->site, pair->target);
	struct link *link;

	if (home != outbound->site->worker)
		return away_carry(outbound, pair, channel, proof, carrier, home);
	if (!(link = outbound_link(outbound, pair)))
		return TRUNK_ENOMEM;
	*carrier = (struct link_carrier){.link = link, .channel = channel, .proof = proof};
	carrier->tls = channel->is_secured ? tls_session_version(channel->tls) : "";
	list_add_tail(&link->carriers, &carrier->link_in);
	timer_stop(&link->retry);
	if (!initiator_is_ready(&link->initiator) && link->initiator.state != INITIATOR_ENDING)
		initiator_stop(&link->initiator);
	link->failures = 0;
	link->next_try_ms = 0;
	LOG(outbound->site->log, LOG_INFO, "link-carried", KV_N("link", link->id), KV_C("role", "receiving"), KV("sender", pair->sender),
	    KV("target", pair->target), KV_C("proof", proof_text(proof)));
	defer_start(outbound->site->loop, &link->flush);
	return 0;
}

bool outbound_is_carrying(const struct link_carrier *carrier)
{
	return carrier->link || carrier->away;
}

void outbound_uncarry(struct link_carrier *carrier)
{
	struct link *link = carrier->link;

	if (carrier->away)
		away_uncarry(carrier);
	if (!link)
		return;
	list_remove(&carrier->link_in);
	carrier->link = NULL;
	if (link->sent_on == carrier->channel) {
		if (carrier->is_ending)
			acks_pop(link, link->queue.taken_count);        /* it was ended in order */
		leave(link);
	}
	queue_shrink(link, 0);
	link_tell_pressure(link);
	if (queue_first(&link->queue))
		want_up(link);
	link_release(&link);
}

void outbound_end_carry(struct link_carrier *carrier)
{
	carrier->is_ending = true;
	if (carrier->away)
		away_end_carry(carrier);
	if (carrier->link && queue_first(&carrier->link->queue))
		want_up(carrier->link);
}

void outbound_drained(struct link_carrier *carrier)
{
	if (carrier->away)
		away_drained(carrier);
	if (carrier->link && link_channel(carrier->link) == carrier->channel)
		flush(carrier->link);
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
	defer_init(&link->flush, flush, link);
	initiator_init(&link->initiator, outbound->site, INITIATOR_LINK, &link->pair, &link_handler, link);
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
	link->next_try_ms = now_ms(link);
	link->failures = 0;
	timer_stop(&link->retry);
	if (queue_first(&link->queue))
		want_up(link);
}
