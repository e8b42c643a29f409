/* SPDX-License-Identifier: Apache-2.0
 * Custody that would hold back too much: the spool keeps copies of stanzas that wait for the next hop, and so they may be acknowledged. Under custody
 * `link` where they are many, under `disk` always. What is no message is copied as well, for it would hold up all behind it on its stream; what a crash
 * leaves of these is answered, and never sent late. */
#include "outbound/held.h"
#include "outbound/outbound_internal.h"

enum {
	HELD_BACK_MAX = 100,            /* stanzas that wait for the next hop … */
	HELD_BACK_MS = 500,             /* … for longer than this: a target at full speed has more than that on its way */
};

/* Under custody `link` for whom waits to hear of them alone. */
static bool is_worth_it(const struct queue_entry *entry)
{
	return entry->custody == CUSTODY_DISK || (entry->stream != 0 && entry->custody == CUSTODY_LINK);
}

static bool is_much(const struct link *link, enum custody custody)
{
	return custody == CUSTODY_DISK || (custody == CUSTODY_LINK && queue_stanzas(&link->queue) > HELD_BACK_MAX);
}

/* Where nothing of the pair is on disk alone: what is read from there goes by its number, and a copy's number must not stand before another's. */
static void copy_all(struct link *link)
{
	const struct queue *queue = &link->queue;
	const size_t stanzas = queue_stanzas(queue), copied = held_copied(link);
	size_t offset = 0;

	for (size_t n = 0; n < stanzas; n++) {
		struct queue_entry *entry = queue_at(queue, n);
		const struct str bytes = str_until(str_from(buf_str(&queue->bytes), offset), entry->len);

		offset += entry->len;
		if (entry->audit_seq > link->outbound->gate)
			return;
		if (is_worth_it(entry) && n >= copied && held_put_copy(link, entry, bytes) < 0)
			return;         /* a full disk: what is not copied is not acknowledged */
	}
}

static void on_timer(void *ctx)
{
	struct link *link = ctx;
	const struct queue_entry *first = queue_first(&link->queue);

	if (!first || !is_much(link, (enum custody)first->custody))
		return;         /* the next stanza looks again */
	if (link_now_ms(link) - first->at_ms >= HELD_BACK_MS && held_may_copy(link))
		copy_all(link);
	timer_start(link->outbound->site->loop, &link->held.copy, HELD_BACK_MS, on_timer, link);
}

void copies_watch(struct link *link, const struct queue_entry *entry)
{
	if (link->outbound->spool && !link->far && !link->held.copy.loop && is_worth_it(entry) && is_much(link, (enum custody)entry->custody))
		timer_start(link->outbound->site->loop, &link->held.copy, HELD_BACK_MS, on_timer, link);
}

bool copies_failed(struct link *link, uint64_t id)
{
	for (size_t n = 0; n < queue_stanzas(&link->queue); n++) {
		struct queue_entry *entry = queue_at(&link->queue, n);

		if (entry->held != id)
			continue;
		entry->held = 0;
		link->held.loaded--;
		return true;
	}
	return false;
}
