/* SPDX-License-Identifier: Apache-2.0
 * The stanzas of a link: taken, told of, taken back, bounced. */
#include "outbound/far.h"
#include "outbound/held.h"

#include <stdlib.h>

struct queue_entry *queue_at(const struct queue *queue, size_t n)
{
	return (struct queue_entry *)(void *)(queue->entries.at + queue->entries.start) + n;
}

size_t queue_stanzas(const struct queue *queue)
{
	return buf_len(&queue->entries) / sizeof(struct queue_entry);
}

struct queue_entry *queue_first(const struct queue *queue)
{
	return buf_len(&queue->entries) ? queue_at(queue, 0) : NULL;
}

void queue_count(struct link *link)
{
	const struct buf *bytes = &link->queue.bytes, *entries = &link->queue.entries;

	if (link->far) {
		memory_count(link->outbound->site->memory, &link->queue.counted, far_memory(link));
		return;
	}
	/* What is kept for the next batch counts, too. */
	memory_count(link->outbound->site->memory, &link->queue.counted,
		     buf_len(bytes) > 0 ? buf_len(bytes) + buf_len(entries) : bytes->cap + entries->cap);
}

void link_tell_pressure(struct link *link)
{
	const struct site *site = link->outbound->site;
	const size_t limit = site->limits->queue_bytes;
	const size_t queued = link->target->queued_bytes;
	bool is_congested = limit && (link->target->is_congested ? queued > limit / 4 : queued >= limit / 2);

	/* Where memory runs short, those who do not read get no more either. */
	if (!memory_has(site->memory) && queued > memory_share(site->memory))
		is_congested = true;
	is_congested |= link->target->is_congested_at_home;

	if (is_congested == link->target->is_congested)
		return;
	link->target->is_congested = is_congested;
	LIST_EACH (pos, &link->target->links) {
		far_tell(LIST_OF(pos, struct link, to_target));
		link->outbound->handler->pressure(link->outbound->ctx, LIST_OF(pos, struct link, to_target), is_congested);
	}
}

void link_count(struct link *link)
{
	queue_count(link);
	link_tell_pressure(link);
}

void queue_pop(struct link *link)
{
	struct queue *queue = &link->queue;
	const uint32_t len = queue_first(queue)->len;

	held_gone(link, queue_first(queue));
	buf_drop(&queue->bytes, len);
	buf_drop(&queue->entries, sizeof(struct queue_entry));
	link->target->queued_bytes -= len;
	if (queue->sent_count > 0) {
		queue->sent_count--;
		queue->sent -= len;
	}
	if (queue->taken_count > 0)
		queue->taken_count--;
	if (link->acks.covered > 0)
		link->acks.covered--;
	if (link->held.front > 0)
		link->held.front--;
}

void queue_shrink(struct link *link, size_t keep)
{
	buf_trim(&link->queue.bytes, keep);
	buf_trim(&link->queue.entries, keep);
	queue_count(link);
}

void queue_take_back(struct queue *queue, size_t len)
{
	const size_t sent = queue->sent - len;

	while (queue->sent > sent)
		queue->sent -= queue_at(queue, --queue->sent_count)->len;
	if (queue->taken_count > queue->sent_count)
		queue->taken_count = queue->sent_count;
}

struct str queue_next(struct link *link)
{
	struct queue *queue = &link->queue;
	const size_t stanzas = queue_stanzas(queue);
	size_t len = 0;

	for (; queue->sent_count < stanzas; queue->sent_count++) {
		const struct queue_entry *entry = queue_at(queue, queue->sent_count);

		if (entry->audit_seq > link->outbound->gate && list_is_empty(&link->gated))
			list_add_tail(&link->outbound->gated, &link->gated);
		if (entry->audit_seq > link->outbound->gate || (len > 0 && len + entry->len > LINK_CHUNK_BYTES))
			break;
		len += entry->len;
	}
	return str_until(str_from(buf_str(&queue->bytes), queue->sent), len);
}

/* ---- receipts ---- */

void run_end(struct link *link, struct run *run)
{
	if (run->count > 0)
		link->outbound->handler->settled(link->outbound->ctx, run->first, run->count);
	*run = (struct run){0};
}

void run_add(struct link *link, struct run *run, struct queue_entry *entry)
{
	if (entry->stream == 0)
		return;
	if (run->count > 0 && entry->stream == run->first.stream && entry->seq == run->first.seq + run->count) {
		run->count++;
	} else {
		run_end(link, run);
		*run = (struct run){.first = {.stream = entry->stream, .seq = entry->seq}, .count = 1};
	}
	entry->stream = 0;
}

/* ---- the way back ---- */

struct ticket ticket_of(const struct queue_entry *entry)
{
	return (struct ticket){
		.proof_in = (enum proof)entry->proof_in, .custody = (enum custody)entry->custody,
		.receipt = {.stream = entry->stream, .seq = entry->seq}, .audit_seq = entry->audit_seq,
	};
}

/* Returns false, with the stanza where it was, where there is no memory to tell its sender: the link's next tick tries again. */
static bool bounce_first(struct link *link, enum stanza_condition condition, const char *text)
{
	const struct queue_entry entry = *queue_first(&link->queue);
	const struct ticket ticket = ticket_of(&entry);
	char *copy = str_dup(str_until(buf_str(&link->queue.bytes), entry.len));

	/* The bounce may come back to this very queue, so it works on a copy. */
	if (!copy)
		return false;
	queue_pop(link);
	acks_forget(link);
	link->outbound->handler->bounce(link->outbound->ctx, &link->pair, str_make(copy, entry.len), &ticket, condition, text);
	free(copy);
	return true;
}

void link_bounce_all(struct link *link, enum stanza_condition condition, const char *text)
{
	if (link_channel(link) || link->sent_on)
		return;         /* there is a way still, or stanzas are on one that ends */
	acks_forget(link);
	held_spill(link, condition);
	for (size_t left = queue_stanzas(&link->queue); left > 0 && queue_first(&link->queue); left--)
		if (!bounce_first(link, condition, text))
			break;
	queue_shrink(link, 0);
	link_tell_pressure(link);
}

static void drop_first(struct link *link)
{
	const struct ticket ticket = ticket_of(queue_first(&link->queue));
	const struct str bytes = str_until(buf_str(&link->queue.bytes), queue_first(&link->queue)->len);

	link->outbound->handler->dropped(link->outbound->ctx, &link->pair, bytes, &ticket);
	queue_pop(link);
	acks_forget(link);
}

size_t link_clear(struct link *link, bool is_bounced)
{
	const size_t count = link_channel(link) || link->sent_on ? 0 : queue_stanzas(&link->queue);
	size_t done;

	for (done = 0; done < count && queue_first(&link->queue); done++) {
		if (!is_bounced)
			drop_first(link);
		else if (!bounce_first(link, link->condition, "an operator gave it back"))
			break;
	}
	queue_shrink(link, 0);
	link_tell_pressure(link);
	return done;
}

void link_bounce_old(struct link *link, int64_t now)
{
	const struct queue_entry *first = queue_first(&link->queue);

	if (first && now - first->at_ms >= LINK_WAIT_MS) {
		acks_forget(link);      /* too late to be resumed */
		held_spill(link, link->condition);
	}
	while ((first = queue_first(&link->queue)) && now - first->at_ms >= LINK_WAIT_MS)
		if (!bounce_first(link, link->condition, NULL))
			break;
	queue_shrink(link, 0);
	link_tell_pressure(link);
}
