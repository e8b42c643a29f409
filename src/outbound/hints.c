/* SPDX-License-Identifier: Apache-2.0
 * What a stream of one worker hears that a link or a probe of another would know. */
#include "outbound/outbound_internal.h"

#include <stdlib.h>

struct hint {
	struct mail mail;
	struct domain_pair pair;        /* points into text */
	struct str id;                  /* of an answer to a ping; absent: the pair was asked about */
	char text[];                    /* id NUL sender NUL target NUL */
};

static void hint_drop(struct mail *mail)
{
	free(LIST_OF(mail, struct hint, mail));
}

/* The name of a probe among CREW_PROBES, and the text of a hint. Returns its length; 0: it does not fit. */
static size_t hint_text(const struct domain_pair *pair, struct str id, char *ret_text, size_t size)
{
	size_t len;

	if (id.len + 1 >= size)
		return 0;
	if (id.len > 0)
		memcpy(ret_text, id.at, id.len);
	ret_text[id.len] = '\0';
	len = pair_key(pair, ret_text + id.len + 1, size - id.len - 1);
	return len ? id.len + 1 + len : 0;
}

enum { HINT_ID_BYTES_MAX = 64, HINT_TEXT_SIZE = HINT_ID_BYTES_MAX + 1 + PAIR_KEY_SIZE };

static void make_known(struct crew *crew, enum crew_names which, const struct domain_pair *pair, struct str id, bool is_known)
{
	char text[HINT_TEXT_SIZE];
	const size_t len = hint_text(pair, id, text, sizeof(text));

	if (len > 0 && is_known)
		crew_name_add(crew, which, str_make(text, len));
	else if (len > 0)
		crew_name_remove(crew, which, str_make(text, len));
}

/* Names are of the pair that the question goes to: the answer comes on the reversed one. */
static bool is_known_answer(struct crew *crew, enum crew_names which, const struct domain_pair *pair, struct str id)
{
	char text[HINT_TEXT_SIZE];
	size_t len;

	if (id.len > HINT_ID_BYTES_MAX || crew_name_count(crew, which, STR_NONE) == 0)
		return false;
	len = hint_text(&(struct domain_pair){.sender = pair->target, .target = pair->sender}, id, text, sizeof(text));
	return len > 0 && crew_name_count(crew, which, str_make(text, len)) > 0;
}

void probe_is_known(const struct outbound *outbound, const struct domain_pair *pair, struct str id, bool is_known)
{
	make_known(outbound->site->crew, CREW_PROBES, pair, id, is_known);
}

void barrier_is_known(const struct link *link, bool is_known)
{
	struct crew *crew = link->outbound->site->crew;

	if (link->acks.barrier_id[0] && crew_count(crew) > 1)
		make_known(crew, CREW_BARRIERS, &link->pair, str_of(link->acks.barrier_id), is_known);
}

/* Only a hint: where there is no memory, or too much is under way, it is left out. */
static void send_hint(const struct outbound *outbound, unsigned to, const struct domain_pair *pair, struct str id,
		      void (*deliver)(void *, struct mail *))
{
	struct hint *hint = crew_is_busy(outbound->site->crew, to) ? NULL : calloc(1, sizeof(*hint) + HINT_TEXT_SIZE);

	if (!hint)
		return;
	if (hint_text(pair, id, hint->text, HINT_TEXT_SIZE) == 0) {
		free(hint);
		return;
	}
	hint->mail.deliver = deliver;
	hint->mail.drop = hint_drop;
	hint->id = str_make(hint->text, id.len);
	hint->pair.sender = str_make(hint->text + id.len + 1, pair->sender.len);
	hint->pair.target = str_make(hint->pair.sender.at + pair->sender.len + 1, pair->target.len);
	site_send(outbound->site, to, CREW_OUTBOUND, &hint->mail);
}

/* ---- the target's server asked for the key of a pair ---- */

static void was_asked(struct outbound *outbound, const struct domain_pair *pair)
{
	struct link *link = outbound_find(outbound, pair);

	if (link)
		link->initiator.was_verified = true;
	probes_were_asked(outbound, pair);
}

static void on_was_asked(void *room, struct mail *mail)
{
	was_asked(room, &LIST_OF(mail, struct hint, mail)->pair);
	hint_drop(mail);
}

enum { PROBES_WORKER = 0 };             /* where the operator's commands run */

void outbound_was_asked(struct outbound *outbound, const struct domain_pair *pair)
{
	const struct site *site = outbound->site;
	const unsigned home = site_home(site, pair->target);

	was_asked(outbound, pair);
	if (home != site->worker)
		send_hint(outbound, home, pair, STR_NONE, on_was_asked);
	if (site->worker != PROBES_WORKER && home != PROBES_WORKER && crew_name_count(site->crew, CREW_PROBES, STR_NONE) > 0)
		send_hint(outbound, PROBES_WORKER, pair, STR_NONE, on_was_asked);
}

/* ---- an answer to a probe's ping ---- */

static void on_answered(void *room, struct mail *mail)
{
	const struct hint *hint = LIST_OF(mail, struct hint, mail);

	probes_were_answered(room, &hint->pair, hint->id);
	hint_drop(mail);
}

static bool is_for_probe(struct outbound *outbound, const struct domain_pair *pair, struct str id)
{
	if (!is_known_answer(outbound->site->crew, CREW_PROBES, pair, id))
		return false;
	send_hint(outbound, PROBES_WORKER, pair, id, on_answered);
	return true;
}

/* ---- an answer to the ping behind a link's stanzas ---- */

static bool barrier_answered(struct outbound *outbound, const struct domain_pair *pair, struct str id)
{
	struct link *link = outbound_find(outbound, &(struct domain_pair){.sender = pair->target, .target = pair->sender});

	return link && !link->far && acks_barrier_answered(link, id);
}

static void on_barrier(void *room, struct mail *mail)
{
	const struct hint *hint = LIST_OF(mail, struct hint, mail);

	barrier_answered(room, &hint->pair, hint->id);
	hint_drop(mail);
}

static bool is_for_link(struct outbound *outbound, const struct domain_pair *pair, struct str id)
{
	const unsigned home = site_home(outbound->site, pair->sender);

	if (home == outbound->site->worker)
		return barrier_answered(outbound, pair, id);
	if (!is_known_answer(outbound->site->crew, CREW_BARRIERS, pair, id))
		return false;
	send_hint(outbound, home, pair, id, on_barrier);
	return true;
}

bool outbound_is_awaited(struct outbound *outbound, const struct domain_pair *pair, struct str id)
{
	if (outbound->site->worker == PROBES_WORKER && probes_were_answered(outbound, pair, id))
		return true;
	return (outbound->site->worker != PROBES_WORKER && is_for_probe(outbound, pair, id)) || is_for_link(outbound, pair, id);
}
