/* SPDX-License-Identifier: Apache-2.0
 * A link's stream while it stands: what waits is written to it, what the peer says is heard, and what it had not taken is kept when it ends. */
#include "outbound/carry.h"
#include "outbound/far.h"
#include "outbound/held.h"

#include <stdio.h>

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
	link->active_ms = link_now_ms(link);
	return err;
}

/* The connection's own end is told by itself; what TLS or memory refused is told by nobody else. */
static void write_failed(struct link *link, int err)
{
	const struct initiator_failure failure = {.err = err, .condition = COND_REMOTE_SERVER_TIMEOUT, .why = error_text(err)};

	if (err == TRUNK_ECLOSED || !initiator_is_ready(&link->initiator))
		return;
	initiator_stop(&link->initiator);
	link_failed(link, &failure);
}

/* One chunk at a time: a stanza stays in the queue until the system has taken its last byte. */
void link_flush(void *ctx)
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
	link_watch(link);
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
	link->active_ms = link_now_ms(link);
	link->why[0] = '\0';
	LOG(link->outbound->site->log, LOG_INFO, "link-up", KV_N("link", link->id), KV_C("role", "initiating"),
	    KV("sender", link->pair.sender), KV("target", link->pair.target), KV_C("address", address),
	    KV_C("tls", link->initiator.channel.is_secured ? tls_session_version(link->initiator.channel.tls) : "none"),
	    KV_C("proof", proof_text(link->initiator.proof)));
	acks_begin(link);
	link_watch(link);
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
	link_flush(ctx);
}

static void on_failed(void *ctx, const struct initiator_failure *failure)
{
	link_failed(ctx, failure);
}

const struct initiator_handler link_stream_handler = {
	.ready = on_ready, .element = on_element, .drained = on_drained, .closing = on_closing, .failed = on_failed,
};

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
	if (queue_first(&link->queue) || held_waits(link))
		link_want_up(link);
	link_release(&link);
}

void outbound_end_carry(struct link_carrier *carrier)
{
	carrier->is_ending = true;
	if (carrier->away)
		away_end_carry(carrier);
	if (carrier->link && (queue_first(&carrier->link->queue) || held_waits(carrier->link)))
		link_want_up(carrier->link);
}

void outbound_drained(struct link_carrier *carrier)
{
	if (carrier->away)
		away_drained(carrier);
	if (carrier->link && link_channel(carrier->link) == carrier->channel)
		link_flush(carrier->link);
}
