/* SPDX-License-Identifier: Apache-2.0
 * What waits for each pair, for operators: told, paused, released, dropped, given back. */
#include "outbound/held.h"
#include "outbound/outbound_internal.h"

static struct spool_sum sum_of(const struct link *link)
{
	return held_spool(link) ? spool_sum(held_spool(link), &link->pair) : (struct spool_sum){0};
}

/* The wall clock's time of something in the queue, which is kept by the loop's. */
static int64_t oldest_in_memory(const struct link *link)
{
	const struct queue_entry *first = queue_first(&link->queue);

	return first ? loop_wall_ms(link->outbound->site->loop) - (link_now_ms(link) - first->at_ms) : 0;
}

void outbound_queues(struct outbound *outbound, queue_info_fn *fn, void *ctx)
{
	struct link *link, *next;

	HASH_ITER(hh, outbound->links, link, next) {
		const struct spool_sum sum = sum_of(link);
		const int64_t memory_ms = oldest_in_memory(link);
		const struct queue_info info = {
			.pair = link->pair,
			.memory_stanzas = (buf_len(&link->queue.entries) + buf_len(&link->held.entries)) / sizeof(struct queue_entry),
			.memory_bytes = buf_len(&link->queue.bytes) + buf_len(&link->held.bytes),
			.disk_stanzas = sum.count, .disk_bytes = sum.bytes,
			.oldest_wall_ms = sum.oldest_wall_ms && (!memory_ms || sum.oldest_wall_ms < memory_ms) ? sum.oldest_wall_ms : memory_ms,
			.is_up = link_channel(link) != NULL, .is_paused = sum.is_paused, .reason = link->why,
		};

		if (info.memory_stanzas > 0 || sum.count > 0 || sum.is_paused)
			fn(ctx, &info);
	}
}

static size_t clear(struct link *link, bool is_bounced)
{
	return link_clear(link, is_bounced) + held_clear(link, is_bounced);
}

static size_t act(struct link *link, enum queue_action action)
{
	struct spool *spool = link->outbound->spool;

	switch (action) {
	case QUEUE_DROP:
	case QUEUE_BOUNCE:
		return clear(link, action == QUEUE_BOUNCE);
	case QUEUE_PAUSE:
	case QUEUE_RESUME:
	case QUEUE_RELEASE:
		if (spool)
			spool_pause(spool, &link->pair, action == QUEUE_PAUSE);
		break;
	}
	if (action == QUEUE_RELEASE && (held_waits(link) || !link_is_empty(link)))
		link_dial_now(link);
	else if (action == QUEUE_RESUME && held_waits(link))
		link_want_up(link);
	link_watch(link);
	return 0;
}

unsigned outbound_queue(struct outbound *outbound, enum queue_action action, struct str sender, struct str target, size_t *ret_stanzas)
{
	struct link *link, *next;
	unsigned count = 0;

	*ret_stanzas = 0;
	HASH_ITER(hh, outbound->links, link, next) {
		if (link->far || !str_eq(link->pair.target, target) || (!str_is_absent(sender) && !str_eq(link->pair.sender, sender)))
			continue;
		*ret_stanzas += act(link, action);
		count++;
	}
	return count;
}

void outbound_wake(struct outbound *outbound, const struct spoke *spoke)
{
	struct link *link, *next;

	HASH_ITER(hh, outbound->links, link, next)
		if (!link->far && route_find(outbound->site->route, link->pair.target) == spoke && (held_waits(link) || !link_is_empty(link)))
			link_dial_now(link);
}
