/* SPDX-License-Identifier: Apache-2.0
 * Between a link's queue in memory and the spool on disk. Messages of a pair keep their order: while some wait on disk, those that come go behind
 * them. iq and presence do not wait for them. */
#include "outbound/held.h"

#include "outbound/outbound_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TOKEN_COPY = 0x100 };            /* beside the custody: the stanza is in the queue, too */

static const char TOO_LARGE[] = "the server takes no stanza that large";
static const char STOPPED[] = "the trunk stopped before it was known to have arrived";
static const char FULL[] = "the trunk has no room to keep it", EXPIRED[] = "the server was away for as long as the trunk keeps messages";

/* Those of other workers are kept at home. */
static struct spool *spool_of(const struct link *link)
{
	return link->far ? NULL : link->outbound->spool;
}

/* ---- news of the disk ---- */

static struct spool_token token_of(const struct queue_entry *entry)
{
	return (struct spool_token){.word = {entry->stream, entry->seq, entry->audit_seq, entry->custody}};
}

static struct ticket ticket_of_token(const struct spool_token *token, enum proof proof_in)
{
	return (struct ticket){
		.proof_in = proof_in, .custody = (enum custody)(token->word[3] & ~(uint64_t)TOKEN_COPY), .receipt = {.stream = token->word[0], .seq = token->word[1]},
		.audit_seq = token->word[2],
	};
}

static void on_durable(void *ctx, const struct domain_pair *pair, uint64_t id, const struct spool_token *token)
{
	struct outbound *outbound = ctx;
	struct link *link = outbound_find(outbound, pair);

	(void)id;
	outbound->held_pending--;
	if (link && link_channel(link))
		defer_start(outbound->site->loop, &link->flush);
	if (token->word[0])
		outbound->handler->settled(outbound->ctx, (struct receipt){.stream = token->word[0], .seq = token->word[1]}, 1);
}

static void on_failed(void *ctx, const struct domain_pair *pair, uint64_t id, const struct spool_token *token, struct str bytes, enum proof proof_in,
		      int err)
{
	struct outbound *outbound = ctx;
	const struct ticket ticket = ticket_of_token(token, proof_in);
	struct link *link = outbound_find(outbound, pair);

	(void)err;
	outbound->held_pending--;
	if ((token->word[3] & TOKEN_COPY) && link && copies_failed(link, id))
		return;
	if (!str_is_absent(bytes))
		outbound->handler->bounce(outbound->ctx, pair, bytes, &ticket, COND_RESOURCE_CONSTRAINT, FULL);
}

static const struct spool_handler spool_handler = {.durable = on_durable, .failed = on_failed};

int held_open(struct outbound *outbound)
{
	if (!outbound->site->spool)
		return 0;
	outbound->spool = spool_new(outbound->site->spool, outbound->site->loop, &spool_handler, outbound);
	return outbound->spool ? 0 : TRUNK_ENOMEM;
}

void held_close(struct outbound *outbound)
{
	spool_free(&outbound->spool);
}

/* ---- what waits ---- */

bool held_is_empty(const struct link *link)
{
	return !spool_of(link) || spool_is_empty(spool_of(link), &link->pair);
}

/* Nothing leaves the disk for this link now. */
static bool is_shut(const struct link *link)
{
	return spool_of(link) && (link->outbound->is_draining || link->acks.stalled_ms || spool_is_paused(spool_of(link), &link->pair));
}

/* Stanzas that are on disk and not in the queue, too. */
static size_t unloaded(const struct link *link)
{
	const struct spool_sum sum = held_is_empty(link) ? (struct spool_sum){0} : spool_sum(spool_of(link), &link->pair);

	return sum.count > link->held.loaded ? (size_t)sum.count - link->held.loaded : 0;
}

bool held_waits(const struct link *link)
{
	return !held_is_empty(link) && !is_shut(link);
}

bool held_concerns(const struct link *link, enum custody custody)
{
	return spool_of(link) && custody == CUSTODY_DISK && (link->failures > 0 || !held_is_empty(link) || is_shut(link));
}

bool held_may_copy(const struct link *link)
{
	return spool_of(link) && unloaded(link) == 0 && buf_len(&link->held.entries) == 0 && !is_shut(link);
}

size_t held_copied(const struct link *link)
{
	size_t n = queue_stanzas(&link->queue);

	while (n > 0 && !queue_at(&link->queue, n - 1)->held)
		n--;
	return n;
}

int held_put_copy(struct link *link, struct queue_entry *entry, struct str bytes)
{
	struct spool_token token = token_of(entry);
	int err;

	token.word[3] |= TOKEN_COPY;

	if ((err = spool_put(spool_of(link), &link->pair, bytes, (enum proof)entry->proof_in, &token, &entry->held)) < 0)
		return err;
	link->held.last = entry->held;
	link->held.loaded++;
	link->outbound->held_pending++;
	return 0;
}

void held_gone(struct link *link, const struct queue_entry *entry)
{
	if (!entry->held)
		return;
	link->held.loaded--;
	spool_remove(spool_of(link), &link->pair, entry->held);
}

/* ---- from the queue to the disk ---- */

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
	const struct spool_token token = token_of(entry);
	uint64_t id;

	if (entry->audit_seq > link->outbound->gate)
		return false;           /* its record is not on disk yet; then it is looked at again */
	if (!s->to_disk && (buf_len(&link->held.entries) > 0 || s->left <= HELD_CATCH_UP)) {
		if (buf_reserve(&link->held.bytes, bytes.len) < 0 || buf_add(&link->held.entries, str_make((const char *)entry, sizeof(*entry))) < 0)
			return false;
		buf_add(&link->held.bytes, bytes);
		return true;
	}
	if (spool_put(spool_of(link), &link->pair, bytes, (enum proof)entry->proof_in, &token, &id) < 0)
		return refuse(s, entry, bytes, COND_RESOURCE_CONSTRAINT, FULL);
	link->outbound->held_pending++;
	return true;
}

/* The same for what the disk may have, too. */
static bool give_back(struct spilling *s, const struct queue_entry *entry, struct str bytes, enum stanza_condition condition, const char *text)
{
	if (!refuse(s, entry, bytes, condition, text))
		return false;
	if (entry->held)
		spool_remove(spool_of(s->link), &s->link->pair, entry->held);
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
		return loop_now_ms(s->link->outbound->site->loop) - entry->at_ms >= LINK_WAIT_MS && give_back(s, entry, bytes, s->condition, NULL);
	if (entry->held)
		return goes_copied(s, entry, bytes);
	if (entry->custody != CUSTODY_DISK || !spool_of(s->link))
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

/* What the peer at the other end of our own stream said. */
static size_t peer_limit(const struct link *link)
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
static void spill(struct link *link, bool is_away, enum stanza_condition condition)
{
	struct queue *queue = &link->queue, old = *queue;
	struct held *held = &link->held;
	struct buf behind_bytes = {0}, behind_entries = {0};
	struct spilling s = {.link = link, .is_away = is_away, .limit = is_away ? 0 : peer_limit(link), .to_disk = is_away || is_shut(link), .condition = condition, .left = unloaded(link)};
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

static bool has_any(const struct link *link)
{
	const struct queue *queue = &link->queue;

	return buf_len(&link->held.entries) > 0 || buf_len(&queue->entries) / sizeof(struct queue_entry) > queue->sent_count;
}

void held_spill(struct link *link, enum stanza_condition condition)
{
	if (!spool_of(link) || condition == COND_REMOTE_SERVER_NOT_FOUND || link_channel(link) || link->sent_on || !has_any(link))
		return;
	spill(link, true, condition);
}

/* ---- from the disk to the queue ---- */

/* Adds a stanza with the time since when it waited (XEP-0203) as its last child. Returns 0, TRUNK_ENOMEM, or TRUNK_EINVAL: no element. */
static int add_delayed(struct buf *out, struct str stanza, const char *from, int64_t wall_ms)
{
	const time_t seconds = (time_t)(wall_ms / 1000);
	struct str head = stanza, tail = STR_NONE;
	char stamp[32] = "";
	struct tm tm;
	size_t end = stanza.len;

	while (end > 0 && stanza.at[end - 1] != '<')
		end--;
	if (end == 0)
		return TRUNK_EINVAL;
	if (str_ends(stanza, STR("/>")) && end == 1) {
		head = str_until(stanza, stanza.len - 2);
		tail = STR("</message>");
	} else {
		head = str_until(stanza, end - 1);
		tail = str_from(stanza, end - 1);
	}
	if (gmtime_r(&seconds, &tm))
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
	return buf_addf(out, "%.*s%s<delay xmlns='urn:xmpp:delay' from='%s' stamp='%s.%03dZ'/>%.*s", STR_ARG(head), end == 1 ? ">" : "", from, stamp,
			(int)(wall_ms % 1000), STR_ARG(tail));
}

/* A clock that jumps back makes what waits young: twice hold is the most, for nobody can say when it really came. */
static bool is_expired(const struct link *link, const struct spool_stanza *stanza)
{
	const struct site *site = link->outbound->site;
	const int64_t age_ms = loop_wall_ms(site->loop) - stanza->wall_ms;

	return age_ms >= site->limits->hold_ms || age_ms < -site->limits->hold_ms;
}

/* Reads one from the disk into the queue. False: not now. What cannot be read is said by the spool, counts as lost there, and makes no stop. */
static bool load(struct link *link, const struct spool_stanza *stanza)
{
	struct queue *queue = &link->queue;
	struct queue_entry entry = {
		.held = stanza->id, .at_ms = loop_now_ms(link->outbound->site->loop), .proof_in = (uint8_t)stanza->proof_in, .custody = CUSTODY_DISK,
	};
	const size_t before = buf_len(&queue->bytes);
	struct buf read = {0};
	int err = spool_read(spool_of(link), &link->pair, stanza->id, &read);

	if (err == 0)
		err = add_delayed(&queue->bytes, buf_str(&read), link->outbound->site->trunk, stanza->wall_ms);
	buf_fini(&read);
	entry.len = (uint32_t)(buf_len(&queue->bytes) - before);
	if (err == 0)
		err = buf_add(&queue->entries, str_make((const char *)&entry, sizeof(entry)));
	if (err < 0)
		queue->bytes.end = queue->bytes.start + before;
	if (err == TRUNK_EIO || err == TRUNK_EINVAL || err == TRUNK_ENOENT) {
		spool_remove(spool_of(link), &link->pair, stanza->id);
		return true;
	}
	if (err < 0)
		return false;
	link->target->queued_bytes += entry.len;
	link->held.last = stanza->id;
	link->held.loaded++;
	if (entry.len > link->largest)
		link->largest = entry.len;
	return true;
}

/* All that was on disk is in the queue: what came behind it follows. */
static void catch_up(struct link *link)
{
	struct held *held = &link->held;

	if (buf_len(&held->entries) == 0 || buf_reserve(&link->queue.bytes, buf_len(&held->bytes)) < 0 ||
	    buf_add(&link->queue.entries, buf_str(&held->entries)) < 0)
		return;
	buf_add(&link->queue.bytes, buf_str(&held->bytes));
	buf_fini(&held->entries);
	buf_fini(&held->bytes);
}

static void on_again(void *ctx)
{
	held_tick(ctx);
}

static void release(struct link *link)
{
	const struct queue *queue = &link->queue;
	struct spool_stanza stanza;

	while (buf_len(&queue->bytes) - queue->sent < HELD_AHEAD_BYTES) {
		if (!spool_next(spool_of(link), &link->pair, link->held.last, &stanza)) {
			catch_up(link);
			return;
		}
		if (stanza.is_fleeting && stanza.is_durable)
			timer_start(link->outbound->site->loop, &link->held.again, 0, on_again, link);
		if (!stanza.is_durable || stanza.is_fleeting || is_expired(link, &stanza) || !load(link, &stanza))
			return; /* held_tick() gives back what may not go */
	}
}

void held_update(struct link *link)
{
	const bool has_way = link_channel(link) != NULL;
	size_t left;

	if (has_way && peer_limit(link) && link->largest > peer_limit(link)) {
		link->largest = 0;
		spill(link, false, link->condition);
	}
	if (!spool_of(link))
		return;
	if (!has_way) {
		if (link->failures > 0 || is_shut(link))
			held_spill(link, link->condition);
		return;
	}
	left = unloaded(link);
	if (has_any(link) && (left > 0 || buf_len(&link->held.entries) > 0 || is_shut(link)))
		spill(link, false, link->condition);
	if (left == 0)
		catch_up(link);
	else if (!is_shut(link) && link->outbound->handler->permits(link->outbound->ctx, &link->pair))
		release(link);
}

/* ---- what waits no longer ---- */

/* Takes one from the disk back to its sender (`condition`), or out of the world (0). It is removed first, for the bounce may come back here. False: not
 * now. */
static bool take_back(struct link *link, const struct spool_stanza *stanza, enum stanza_condition condition, const char *text)
{
	const struct ticket ticket = {.proof_in = stanza->proof_in, .custody = CUSTODY_DISK};
	struct outbound *outbound = link->outbound;
	struct buf bytes = {0};
	const int err = spool_read(outbound->spool, &link->pair, stanza->id, &bytes);

	if (err == 0 || err == TRUNK_EIO)
		spool_remove(outbound->spool, &link->pair, stanza->id);
	if (err == 0 && condition)
		outbound->handler->bounce(outbound->ctx, &link->pair, buf_str(&bytes), &ticket, condition, text);
	else if (err == 0)
		outbound->handler->dropped(outbound->ctx, &link->pair, buf_str(&bytes), &ticket);
	buf_fini(&bytes);
	return err == 0 || err == TRUNK_EIO;
}

size_t held_clear(struct link *link, bool is_bounced)
{
	struct spool_stanza stanza = {.id = link->held.last};
	size_t count = 0;

	while (spool_of(link) && spool_next(spool_of(link), &link->pair, stanza.id, &stanza))
		count += take_back(link, &stanza, is_bounced ? COND_REMOTE_SERVER_TIMEOUT : STANZA_CONDITION_NONE,
				   is_bounced ? "an operator gave it back" : NULL);
	return count;
}

/* The first that may not go: no message (behind `after`, that those before are not looked through again for each), expired, or not permitted any more. */
static bool find_unfit(struct link *link, bool is_permitted, uint64_t after, struct spool_stanza *ret_stanza)
{
	struct spool *spool = spool_of(link);

	return spool_next_fleeting(spool, &link->pair, after, ret_stanza) ||
	       (spool_next(spool, &link->pair, link->held.last, ret_stanza) && (!is_permitted || is_expired(link, ret_stanza)));
}

void held_tick(struct link *link)
{
	uint64_t after = link->held.last;
	struct spool_stanza stanza;
	size_t told = 0;
	bool is_permitted;

	timer_stop(&link->held.again);
	if (held_is_empty(link) || link->outbound->is_draining)
		return;
	is_permitted = link->outbound->handler->permits(link->outbound->ctx, &link->pair);
	while (find_unfit(link, is_permitted, after, &stanza)) {
		if (told >= HELD_BOUNCE_BYTES) {
			timer_start(link->outbound->site->loop, &link->held.again, HELD_AGAIN_MS, on_again, link);
			return;
		}
		if (!take_back(link, &stanza, is_permitted ? COND_REMOTE_SERVER_TIMEOUT : COND_POLICY_VIOLATION,
			       !is_permitted ? NULL : stanza.is_fleeting ? STOPPED : EXPIRED))
			return;
		told += stanza.len;
		if (stanza.is_fleeting)
			after = stanza.id;
	}
	if (link_channel(link))
		defer_start(link->outbound->site->loop, &link->flush);
}

void held_fini(struct link *link)
{
	timer_stop(&link->held.again);
	timer_stop(&link->held.copy);
	link->target->queued_bytes -= buf_len(&link->held.bytes);
	buf_fini(&link->held.bytes);
	buf_fini(&link->held.entries);
}

/* ---- the beginning ---- */

static void restore(void *ctx, const struct domain_pair *pair, const struct spool_sum *sum)
{
	struct outbound *outbound = ctx;
	const struct site *site = outbound->site;
	struct link *link;

	if (sum->count == 0 || crew_home(site->crew, pair->target, route_find(site->route, pair->target) != NULL) != site->worker)
		return;
	if (!(link = outbound_link(outbound, pair)))
		return;
	if (sum->is_paused)
		link_watch(link);
	else
		link_want_up(link);
	link_release(&link);
}

void outbound_restore(struct outbound *outbound)
{
	if (outbound->spool)
		spool_each(outbound->spool, restore, outbound);
}
