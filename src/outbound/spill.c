/* SPDX-License-Identifier: Apache-2.0
 * From a link's queue in memory to the spool on disk: what may wait there goes, what may not is given back, and what the peer may have stays. */
#include "outbound/held.h"

#include "outbound/outbound_internal.h"

#include <stdlib.h>

static const char TOO_LARGE[] = "the server takes no stanza that large";

/* A stanza that the spool or the moment refuses; told when the queue is in order again, for the answer may come to this very queue. */
struct refused {
	struct list link;
	struct ticket ticket;
	enum stanza_condition condition;
	const char *text;
	size_t len;
	char bytes[];
};

struct spilling {
	struct link *link;
	bool is_away, to_disk;
	bool is_stalled;                        /* what was sent stays, the rest goes as if it were away */
	bool counts_anew;                       /* held.last and held.loaded */
	bool takes_copies;                      /* of custody link, too: the disk has them, and the queue is not to keep them */
	enum stanza_condition condition;        /* for what cannot wait */
	size_t limit;                           /* bytes that the peer takes (XEP-0478); 0: not said, or it is away */
	size_t left;                            /* that are in the spool alone */
	size_t lost;                            /* at the front, on a stream that may be resumed */
	size_t copied;                          /* see held_copied() */
	struct buf bytes, entries;              /* what stays in the queue */
	struct list refused;
};

static bool refuse(struct spilling *s, const struct queue_entry *entry, struct str bytes, enum stanza_condition condition, const char *text)
{
	struct refused *refused = malloc(sizeof(*refused) + bytes.len);

	if (!refused)
		return false;
	*refused = (struct refused){.condition = condition, .text = text, .len = bytes.len};
	refused->ticket = (struct ticket){
		.proof_in = (enum proof)entry->proof_in, .custody = (enum custody)entry->custody,
		.receipt = {.stream = entry->stream, .seq = entry->seq}, .audit_seq = entry->audit_seq,
	};
	memcpy(refused->bytes, bytes.at, bytes.len);
	list_add_tail(&s->refused, &refused->link);
	return true;
}

/* Puts a message on disk, or behind those that wait for the last of the disk. True: it is not the queue's any more. */
static bool keep(struct spilling *s, const struct queue_entry *entry, struct str bytes)
{
	struct link *link = s->link;
	const struct spool_token token = held_token(entry);
	uint64_t id;

	if (entry->audit_seq > link->outbound->gate)
		return false;           /* its record is not on disk yet; then it is looked at again */
	if (!s->to_disk && (buf_len(&link->held.entries) > 0 || s->left <= HELD_CATCH_UP)) {
		if (buf_reserve(&link->held.bytes, bytes.len) < 0 || buf_add(&link->held.entries, str_make((const char *)entry, sizeof(*entry))) < 0)
			return false;
		buf_add(&link->held.bytes, bytes);
		return true;
	}
	if (spool_put(held_spool(link), &link->pair, bytes, (enum proof)entry->proof_in, &token, &id) < 0)
		return refuse(s, entry, bytes, COND_RESOURCE_CONSTRAINT, HELD_FULL);
	link->outbound->held_pending++;
	return true;
}

/* The same for what the disk may have, too. */
static bool give_back(struct spilling *s, const struct queue_entry *entry, struct str bytes, enum stanza_condition condition, const char *text)
{
	if (!refuse(s, entry, bytes, condition, text))
		return false;
	if (entry->held)
		spool_remove(held_spool(s->link), &s->link->pair, entry->held);
	if (entry->held && !s->counts_anew)
		s->link->held.loaded--;
	return true;
}

/* Whether the disk alone is to have what it has a copy of. What is no message is answered instead; at a stop, after the next start. */
static bool goes_copied(struct spilling *s, const struct queue_entry *entry, struct str bytes)
{
	if (entry->custody == CUSTODY_DISK ? !s->counts_anew : !s->takes_copies)
		return false;
	return !stanza_is_fleeting(bytes) || s->link->outbound->is_draining || give_back(s, entry, bytes, s->condition, NULL);
}

/* Whether an entry of the queue goes: to the disk, back to its sender, or since the disk has it anyway. */
static bool goes(struct spilling *s, const struct queue_entry *entry, struct str bytes)
{
	if (s->limit && entry->len > s->limit && give_back(s, entry, bytes, COND_POLICY_VIOLATION, TOO_LARGE))
		return true;
	if (s->is_stalled && entry->custody != CUSTODY_DISK && !(entry->held && s->takes_copies))
		return link_now_ms(s->link) - entry->at_ms >= LINK_WAIT_MS && give_back(s, entry, bytes, s->condition, NULL);
	if (entry->held)
		return goes_copied(s, entry, bytes);
	if (entry->custody != CUSTODY_DISK || !held_spool(s->link))
		return false;
	if (!stanza_is_fleeting(bytes))
		return keep(s, entry, bytes);
	return (s->is_away || s->is_stalled) && refuse(s, entry, bytes, s->condition, NULL);
}

static void stay(struct spilling *s, const struct queue_entry *entry, struct str bytes)
{
	buf_add(&s->entries, str_make((const char *)entry, sizeof(*entry)));
	buf_add(&s->bytes, bytes);
}

static void count_held(struct link *link, const struct queue_entry *entry)
{
	if (!entry->held)
		return;
	if (entry->held > link->held.last)
		link->held.last = entry->held;
	link->held.loaded++;
}

/* What went over a stream that may be resumed: the peer will say whether it has it, so it stays, and a copy is safe on disk meanwhile. Not behind what
 * comes later or is there alone: that would be taken for loaded. */
static void stay_lost(struct spilling *s, size_t n, struct queue_entry *entry, struct str bytes)
{
	struct link *link = s->link;

	if (entry->held)
		count_held(link, entry);
	else if (s->left == 0 && n >= s->copied && entry->custody == CUSTODY_DISK && !stanza_is_fleeting(bytes) && entry->audit_seq <= link->outbound->gate)
		held_put_copy(link, entry, bytes);      /* what the disk refuses is here still */
	stay(s, entry, bytes);
}

/* Walks entries `from` up to `to`; there is room in s->bytes and s->entries for all that stay. What goes behind the disk's last is counted still. */
static void walk(struct spilling *s, const struct buf *bytes, const struct buf *entries, size_t from, size_t to)
{
	size_t offset = 0;

	for (size_t i = 0; i < to; i++) {
		const size_t behind = buf_len(&s->link->held.entries);
		struct queue_entry entry;
		struct str stanza;

		memcpy(&entry, entries->at + entries->start + i * sizeof(entry), sizeof(entry));
		stanza = str_until(str_from(buf_str(bytes), offset), entry.len);
		offset += entry.len;
		if (i < from)
			continue;
		if (s->lost > 0) {
			s->lost--;
			stay_lost(s, i, &entry, stanza);
			continue;
		}
		if (!goes(s, &entry, stanza)) {
			if (s->counts_anew)
				count_held(s->link, &entry);
			stay(s, &entry, stanza);
		}
		else if (buf_len(&s->link->held.entries) == behind)
			s->link->target->queued_bytes -= entry.len;
	}
}

static void tell_refused(struct spilling *s)
{
	struct outbound *outbound = s->link->outbound;

	LIST_EACH (pos, &s->refused) {
		struct refused *refused = LIST_OF(pos, struct refused, link);

		list_remove(pos);
		outbound->handler->bounce(outbound->ctx, &s->link->pair, str_make(refused->bytes, refused->len), &refused->ticket, refused->condition,
					  refused->text);
		free(refused);
	}
}

static void stay_first(struct spilling *s, const struct queue *queue, size_t count)
{
	buf_add(&s->entries, str_until(buf_str(&queue->entries), count * sizeof(struct queue_entry)));
	buf_add(&s->bytes, str_until(buf_str(&queue->bytes), queue->sent));
	for (size_t n = 0; n < count && s->counts_anew; n++)
		count_held(s->link, queue_at(queue, n));
}

size_t spill_limit(const struct link *link)
{
	return link_channel(link) == &link->initiator.channel ? (size_t)link->initiator.features.max_bytes : 0;
}

/* Stanzas of custody disk stand in the queue that go: where their numbers are left behind, those of copies are, too. */
static bool is_mixed(const struct queue *queue, size_t from)
{
	for (size_t n = from; n < queue_stanzas(queue); n++)
		if (queue_at(queue, n)->held && queue_at(queue, n)->custody == CUSTODY_DISK)
			return true;
	return false;
}

/* The queue anew, without what went. Those that waited behind the disk's last are older than those that were not sent. */
void spill_queue(struct link *link, bool is_away, enum stanza_condition condition)
{
	struct queue *queue = &link->queue, old = *queue;
	struct held *held = &link->held;
	struct buf behind_bytes = {0}, behind_entries = {0};
	struct spilling s = {.link = link, .is_away = is_away, .limit = is_away ? 0 : spill_limit(link), .to_disk = is_away || held_is_shut(link), .condition = condition, .left = held_unloaded(link)};
	const size_t all = buf_len(&old.entries) / sizeof(struct queue_entry);
	const size_t front = is_away ? (held->front < all ? held->front : all) : queue->sent_count;

	s.is_stalled = !is_away && link->acks.stalled_ms;
	s.counts_anew = is_away || s.is_stalled;
	list_init(&s.refused);
	if (buf_reserve(&s.bytes, buf_len(&old.bytes) + buf_len(&held->bytes)) < 0 ||
	    buf_reserve(&s.entries, buf_len(&old.entries) + buf_len(&held->entries)) < 0) {
		buf_fini(&s.bytes);
		buf_fini(&s.entries);
		return;
	}
	if (s.counts_anew) {
		s.takes_copies = link->outbound->is_draining || is_mixed(&old, is_away ? 0 : front);
		held->last = held->loaded = 0;
	}
	if (is_away) {
		s.lost = link->acks.resume_id ? link->acks.lost : 0;
		s.copied = held_copied(link);
		held->front = 0;
		walk(&s, &old.bytes, &old.entries, 0, front);
	} else {
		stay_first(&s, queue, front);
	}
	if (s.to_disk) {
		behind_bytes = held->bytes;
		behind_entries = held->entries;
		held->bytes = held->entries = (struct buf){0};
		walk(&s, &behind_bytes, &behind_entries, 0, buf_len(&behind_entries) / sizeof(struct queue_entry));
	}
	walk(&s, &old.bytes, &old.entries, front, all);
	queue->bytes = s.bytes;
	queue->entries = s.entries;
	buf_fini(&old.bytes);
	buf_fini(&old.entries);
	buf_fini(&behind_bytes);
	buf_fini(&behind_entries);
	tell_refused(&s);
}

bool spill_has_any(const struct link *link)
{
	const struct queue *queue = &link->queue;

	return buf_len(&link->held.entries) > 0 || buf_len(&queue->entries) / sizeof(struct queue_entry) > queue->sent_count;
}

void held_spill(struct link *link, enum stanza_condition condition)
{
	if (!held_spool(link) || condition == COND_REMOTE_SERVER_NOT_FOUND || link_channel(link) || link->sent_on || !spill_has_any(link))
		return;
	spill_queue(link, true, condition);
}
