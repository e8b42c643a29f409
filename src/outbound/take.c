/* SPDX-License-Identifier: Apache-2.0
 * Stanzas on their way into a link's queue, as far as there is room. */
#include "outbound/far.h"
#include "outbound/held.h"

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
	link_want_up(link);
	copies_watch(link, &entry);
	if (held_concerns(link, (enum custody)entry.custody))
		defer_start(link->outbound->site->loop, &link->flush);
	link_tell_pressure(link);
	return 0;
}

static struct queue_entry entry_of(const struct link *link, const struct ticket *ticket, bool is_answer)
{
	return (struct queue_entry){
		.stream = ticket->receipt.stream, .seq = ticket->receipt.seq, .audit_seq = ticket->audit_seq, .at_ms = link_now_ms(link),
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
