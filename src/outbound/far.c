/* SPDX-License-Identifier: Apache-2.0
 * Parcels between workers, and the news that come back. */
#include "outbound/far.h"

#include <stdlib.h>

/* News of one link, either way. */
struct notice {
	struct mail mail;
	unsigned from;
	bool is_congested;
	enum proof proof;
	struct domain_pair pair;        /* points into key */
	char key[];
};

static void parcel_drop(struct mail *mail)
{
	(void)mail;             /* its memory is its link's */
}

static void notice_drop(struct mail *mail)
{
	free(LIST_OF(mail, struct notice, mail));
}

static struct notice *notice_new(const struct link *link, void (*deliver)(void *, struct mail *))
{
	struct notice *notice = calloc(1, sizeof(*notice) + link->key_len);

	if (!notice)
		return NULL;
	memcpy(notice->key, link->key, link->key_len);
	notice->pair.sender = str_make(notice->key, link->pair.sender.len);
	notice->pair.target = str_make(notice->key + link->pair.sender.len + 1, link->pair.target.len);
	notice->from = link->outbound->site->worker;
	notice->mail.deliver = deliver;
	notice->mail.drop = notice_drop;
	return notice;
}

/* ---- at home ---- */

static struct queue_entry entry_at(const struct parcel *parcel, size_t i)
{
	struct queue_entry entry;

	memcpy(&entry, parcel->entries.at + parcel->entries.start + i * sizeof(entry), sizeof(entry));
	return entry;
}

static void take_answer(struct outbound *outbound, const struct domain_pair *pair, struct str bytes, const struct ticket *ticket)
{
	struct link *link = outbound_answer_link(outbound, pair);

	if (!link || link_send(link, bytes, ticket) < 0) {
		LOG(outbound->site->log, LOG_WARNING, "error-stanza-dropped", KV("sender", pair->sender), KV("target", pair->target),
		    KV_C("reason", link ? "the queue to its receiver is full" : "too many links would be opened for answers"));
		outbound->handler->settled(outbound->ctx, ticket->receipt, 1);
	}
	link_release(&link);
}

static void take_stanza(struct outbound *outbound, const struct domain_pair *pair, struct str bytes, const struct queue_entry *entry)
{
	const struct ticket ticket = ticket_of(entry);
	struct link *link = outbound_link(outbound, pair);

	if (!link || link_take(link, bytes, entry) < 0)
		outbound->handler->bounce(outbound->ctx, pair, bytes, &ticket, COND_RESOURCE_CONSTRAINT, NULL);
	link_release(&link);
}

static void unpack(struct outbound *outbound, struct parcel *parcel)
{
	const struct domain_pair *pair = &parcel->link->pair;
	struct str rest = buf_str(&parcel->bytes);

	for (size_t i = 0; i < buf_len(&parcel->entries) / sizeof(struct queue_entry); i++) {
		const struct queue_entry entry = entry_at(parcel, i);
		const struct ticket ticket = ticket_of(&entry);

		if (entry.is_answer)
			take_answer(outbound, pair, str_until(rest, entry.len), &ticket);
		else
			take_stanza(outbound, pair, str_until(rest, entry.len), &entry);
		rest = str_from(rest, entry.len);
	}
	buf_clear(&parcel->bytes);
	buf_clear(&parcel->entries);
	buf_trim(&parcel->bytes, FAR_KEEP_BYTES);
	buf_trim(&parcel->entries, FAR_KEEP_BYTES);
}

static void on_returned(void *room, struct mail *mail);

static void on_parcel(void *room, struct mail *mail)
{
	struct outbound *outbound = room;
	struct parcel *parcel = LIST_OF(mail, struct parcel, mail);
	struct link *link;

	unpack(outbound, parcel);
	parcel->is_congested = false;
	parcel->proof = PROOF_NONE;
	if ((link = outbound_find(outbound, &parcel->link->pair))) {
		link->followers |= (uint64_t)1 << parcel->from;
		parcel->is_congested = link_is_congested(link);
		parcel->proof = link_proof(link);
	}
	parcel->mail.deliver = on_returned;
	site_send(outbound->site, parcel->from, CREW_OUTBOUND, mail);
}

static void on_leave(void *room, struct mail *mail)
{
	struct notice *notice = LIST_OF(mail, struct notice, mail);
	struct link *link = outbound_find(room, &notice->pair);

	if (link)
		link->followers &= ~((uint64_t)1 << notice->from);
	free(notice);
}

static void on_news(void *room, struct mail *mail);

void far_tell(struct link *link)
{
	const struct site *site = link->outbound->site;
	const bool is_congested = link_is_congested(link);
	const enum proof proof = link_proof(link);

	if (link->followers == 0 || (is_congested == link->told_congested && proof == link->told_proof))
		return;
	for (unsigned i = 0; i < crew_count(site->crew); i++) {
		struct notice *notice;

		if (!(link->followers & (uint64_t)1 << i))
			continue;
		if (!(notice = notice_new(link, on_news)))
			return;         /* told with the next change of anything */
		notice->is_congested = is_congested;
		notice->proof = proof;
		site_send(site, i, CREW_OUTBOUND, &notice->mail);
	}
	link->told_congested = is_congested;
	link->told_proof = proof;
}

/* ---- away ---- */

int far_init(struct link *link, unsigned home)
{
	if (!(link->far = calloc(1, sizeof(*link->far))))
		return TRUNK_ENOMEM;
	link->far->home = home;
	link->far->proof = PROOF_NONE;
	for (int i = 0; i < FAR_PARCELS; i++) {
		link->far->parcels[i].link = link;
		link->far->parcels[i].from = link->outbound->site->worker;
	}
	return 0;
}

void far_fini(struct link *link)
{
	struct notice *notice = link->outbound->is_ending ? NULL : notice_new(link, on_leave);

	if (notice)
		site_send(link->outbound->site, link->far->home, CREW_OUTBOUND, &notice->mail);
	far_rest(link);
	free(link->far);
	link->far = NULL;
}

bool far_is_away(const struct link *link)
{
	for (int i = 0; i < FAR_PARCELS; i++)
		if (link->far->parcels[i].is_away)
			return true;
	return false;
}

static size_t parcel_memory(const struct parcel *parcel)
{
	return parcel->is_away ? parcel->size_bytes : parcel->bytes.cap + parcel->entries.cap;
}

size_t far_memory(const struct link *link)
{
	size_t sum = link->queue.bytes.cap + link->queue.entries.cap;

	for (int i = 0; i < FAR_PARCELS; i++)
		sum += parcel_memory(&link->far->parcels[i]);
	return sum;
}

void far_rest(struct link *link)
{
	for (int i = 0; i < FAR_PARCELS; i++) {
		if (link->far->parcels[i].is_away)
			continue;
		buf_fini(&link->far->parcels[i].bytes);
		buf_fini(&link->far->parcels[i].entries);
	}
}

static void buf_swap(struct buf *a, struct buf *b)
{
	const struct buf kept = *a;

	*a = *b;
	*b = kept;
}

static void send_off(struct link *link, struct parcel *parcel)
{
	buf_swap(&parcel->bytes, &link->queue.bytes);
	buf_swap(&parcel->entries, &link->queue.entries);
	parcel->size_bytes = parcel->bytes.cap + parcel->entries.cap;
	parcel->sent_bytes = buf_len(&parcel->bytes);
	parcel->is_away = true;
	parcel->mail.deliver = on_parcel;
	parcel->mail.drop = parcel_drop;
	site_send(link->outbound->site, link->far->home, CREW_OUTBOUND, &parcel->mail);
}

void far_flush(void *ctx)
{
	struct link *link = ctx;

	for (int i = 0; i < FAR_PARCELS && buf_len(&link->queue.entries) > 0; i++)
		if (!link->far->parcels[i].is_away)
			send_off(link, &link->far->parcels[i]);
	link_count(link);
}

static void take_news(struct link *link, bool is_congested, enum proof proof)
{
	link->far->proof = proof;
	link->target->is_congested_at_home = is_congested;
	link_count(link);
}

static void on_returned(void *room, struct mail *mail)
{
	struct parcel *parcel = LIST_OF(mail, struct parcel, mail);
	struct link *link = parcel->link;

	(void)room;
	parcel->is_away = false;
	link->target->queued_bytes -= parcel->sent_bytes;
	far_flush(link);
	take_news(link, parcel->is_congested, parcel->proof);
}

static void on_news(void *room, struct mail *mail)
{
	struct notice *notice = LIST_OF(mail, struct notice, mail);
	struct link *link = outbound_find(room, &notice->pair);

	if (link && link->far)
		take_news(link, notice->is_congested, notice->proof);
	free(notice);
}
