/* SPDX-License-Identifier: Apache-2.0
 * Between a link's queue in memory and the spool on disk. Messages of a pair keep their order: while some wait on disk, those that come go behind
 * them. iq and presence do not wait for them. */
#include "outbound/held.h"

#include "outbound/outbound_internal.h"

#include <time.h>

enum { TOKEN_COPY = 0x100 };            /* beside the custody: the stanza is in the queue, too */

static const char STOPPED[] = "the trunk stopped before it was known to have arrived";
static const char EXPIRED[] = "the server was away for as long as the trunk keeps messages";

struct spool *held_spool(const struct link *link)
{
	return link->far ? NULL : link->outbound->spool;
}

/* ---- news of the disk ---- */

struct spool_token held_token(const struct queue_entry *entry)
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
		outbound->handler->bounce(outbound->ctx, pair, bytes, &ticket, COND_RESOURCE_CONSTRAINT, HELD_FULL);
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
	return !held_spool(link) || spool_is_empty(held_spool(link), &link->pair);
}

bool held_is_shut(const struct link *link)
{
	return held_spool(link) && (link->outbound->is_draining || link->acks.stalled_ms || spool_is_paused(held_spool(link), &link->pair));
}

size_t held_unloaded(const struct link *link)
{
	const struct spool_sum sum = held_is_empty(link) ? (struct spool_sum){0} : spool_sum(held_spool(link), &link->pair);

	return sum.count > link->held.loaded ? (size_t)sum.count - link->held.loaded : 0;
}

bool held_waits(const struct link *link)
{
	return !held_is_empty(link) && !held_is_shut(link);
}

bool held_concerns(const struct link *link, enum custody custody)
{
	return held_spool(link) && custody == CUSTODY_DISK && (link->failures > 0 || !held_is_empty(link) || held_is_shut(link));
}

bool held_may_copy(const struct link *link)
{
	return held_spool(link) && held_unloaded(link) == 0 && buf_len(&link->held.entries) == 0 && !held_is_shut(link);
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
	struct spool_token token = held_token(entry);
	int err;

	token.word[3] |= TOKEN_COPY;

	if ((err = spool_put(held_spool(link), &link->pair, bytes, (enum proof)entry->proof_in, &token, &entry->held)) < 0)
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
	spool_remove(held_spool(link), &link->pair, entry->held);
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
		.held = stanza->id, .at_ms = link_now_ms(link), .proof_in = (uint8_t)stanza->proof_in, .custody = CUSTODY_DISK,
	};
	const size_t before = buf_len(&queue->bytes);
	struct buf read = {0};
	int err = spool_read(held_spool(link), &link->pair, stanza->id, &read);

	if (err == 0)
		err = add_delayed(&queue->bytes, buf_str(&read), link->outbound->site->trunk, stanza->wall_ms);
	buf_fini(&read);
	entry.len = (uint32_t)(buf_len(&queue->bytes) - before);
	if (err == 0)
		err = buf_add(&queue->entries, str_make((const char *)&entry, sizeof(entry)));
	if (err < 0)
		queue->bytes.end = queue->bytes.start + before;
	if (err == TRUNK_EIO || err == TRUNK_EINVAL || err == TRUNK_ENOENT) {
		spool_remove(held_spool(link), &link->pair, stanza->id);
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
		if (!spool_next(held_spool(link), &link->pair, link->held.last, &stanza)) {
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

	if (has_way && spill_limit(link) && link->largest > spill_limit(link)) {
		link->largest = 0;
		spill_queue(link, false, link->condition);
	}
	if (!held_spool(link))
		return;
	if (!has_way) {
		if (link->failures > 0 || held_is_shut(link))
			held_spill(link, link->condition);
		return;
	}
	left = held_unloaded(link);
	if (spill_has_any(link) && (left > 0 || buf_len(&link->held.entries) > 0 || held_is_shut(link)))
		spill_queue(link, false, link->condition);
	if (left == 0)
		catch_up(link);
	else if (!held_is_shut(link) && link->outbound->handler->permits(link->outbound->ctx, &link->pair))
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

	while (held_spool(link) && spool_next(held_spool(link), &link->pair, stanza.id, &stanza))
		count += take_back(link, &stanza, is_bounced ? COND_REMOTE_SERVER_TIMEOUT : STANZA_CONDITION_NONE,
				   is_bounced ? "an operator gave it back" : NULL);
	return count;
}

/* The first that may not go: no message (behind `after`, that those before are not looked through again for each), expired, or not permitted any more. */
static bool find_unfit(struct link *link, bool is_permitted, uint64_t after, struct spool_stanza *ret_stanza)
{
	struct spool *spool = held_spool(link);

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
