/* SPDX-License-Identifier: Apache-2.0
 * The members, the mail between them, and who is drained. */
#include "site/crew.h"

#include "site/names.h"
#include "site/placement.h"

#include <stdlib.h>

/* What one member sends to another within a wake-up; of the sender's thread. */
struct outbox {
	struct list mails;
};

struct member {
	char before[64];                /* what a worker writes all the time shares no line of the cache with another's */
	struct memory memory;
	char behind[64];
	struct crew *crew;
	unsigned number;
	struct loop *loop;
	struct mailbox *box;
	void *rooms[CREW_ROOMS_END];
	struct outbox *outboxes;        /* one for each member */
	struct defer send;
	_Atomic unsigned mails;         /* put and not yet delivered to this member */
	_Atomic bool is_drained;
};

struct crew {
	unsigned count;
	struct placement *placement;
	struct names *names[CREW_NAMES_END];
	struct memory memory;           /* of all together */
	struct failures *failures;
	_Atomic uint64_t last_id;
	_Atomic unsigned holds;
	struct member members[];
};

/* Delivered first and counted as such afterwards: who sees no mail under way sees what came of it. */
static void on_mail(void *ctx, struct mail *mail)
{
	struct member *member = ctx;
	void *room = member->rooms[mail->room];

	atomic_store(&member->is_drained, false);
	if (room)
		mail->deliver(room, mail);
	else
		mail->drop(mail);
	atomic_fetch_sub(&member->mails, 1);
}

static void on_send(void *ctx)
{
	struct member *member = ctx;

	for (unsigned i = 0; i < member->crew->count; i++)
		if (!list_is_empty(&member->outboxes[i].mails))
			mailbox_put(member->crew->members[i].box, &member->outboxes[i].mails);
}

struct crew *crew_new(unsigned count)
{
	struct crew *crew = calloc(1, sizeof(*crew) + count * sizeof(crew->members[0]));

	if (!crew)
		return NULL;
	crew->count = count;
	crew->placement = placement_new(count);
	crew->failures = failures_new();
	for (int i = 1; i < CREW_NAMES_END; i++)
		if (!(crew->names[i] = names_new()))
			goto fail;
	if (crew->placement && crew->failures)
		return crew;
fail:
	crew_free(&crew);
	return NULL;
}

void crew_free(struct crew **crew)
{
	if (!*crew)
		return;
	crew_clear(*crew);
	for (unsigned i = 0; i < (*crew)->count; i++) {
		mailbox_free(&(*crew)->members[i].box);
		free((*crew)->members[i].outboxes);
	}
	for (int i = 1; i < CREW_NAMES_END; i++)
		names_free(&(*crew)->names[i]);
	placement_free(&(*crew)->placement);
	failures_free(&(*crew)->failures);
	free(*crew);
	*crew = NULL;
}

unsigned crew_count(const struct crew *crew)
{
	return crew ? crew->count : 1;
}

int crew_join(struct crew *crew, unsigned number, struct loop *loop)
{
	struct member *member = &crew->members[number];

	member->crew = crew;
	member->number = number;
	member->loop = loop;
	member->memory.all = crew->count > 1 ? &crew->memory : NULL;
	defer_init(&member->send, on_send, member);
	if (!(member->outboxes = calloc(crew->count, sizeof(*member->outboxes))))
		return TRUNK_ENOMEM;
	for (unsigned i = 0; i < crew->count; i++)
		list_init(&member->outboxes[i].mails);
	return (member->box = mailbox_new(loop, on_mail, member)) ? 0 : TRUNK_ENOMEM;
}

void crew_attend(struct crew *crew, unsigned number, enum crew_room room, void *ctx)
{
	if (crew)
		crew->members[number].rooms[room] = ctx;
}

void crew_clear(struct crew *crew)
{
	for (unsigned i = 0; i < crew->count; i++) {
		struct member *member = &crew->members[i];

		if (!member->outboxes)
			continue;
		defer_stop(&member->send);
		for (unsigned j = 0; j < crew->count; j++)
			mails_drop(&member->outboxes[j].mails);
		if (member->box)
			mailbox_clear(member->box);
	}
}

unsigned crew_home(struct crew *crew, struct str domain, bool is_served)
{
	return crew && crew->count > 1 ? placement_find(crew->placement, domain, is_served) : 0;
}

void crew_send(struct crew *crew, unsigned from, unsigned to, enum crew_room room, struct mail *mail)
{
	struct member *member = &crew->members[from];

	mail->room = room;
	list_init(&mail->link);
	list_add_tail(&member->outboxes[to].mails, &mail->link);
	atomic_fetch_add(&crew->members[to].mails, 1);
	defer_start(member->loop, &member->send);
}

bool crew_is_busy(const struct crew *crew, unsigned number)
{
	return atomic_load_explicit(&crew->members[number].mails, memory_order_relaxed) >= CREW_MAILS_MAX;
}

void crew_set_drained(struct crew *crew, unsigned number)
{
	atomic_store(&crew->members[number].is_drained, true);
}

/* Who gets mail is not drained any more before that mail stops counting; so what moved during the first look shows in the second. */
bool crew_is_drained(const struct crew *crew)
{
	for (int look = 0; look < 2; look++)
		for (unsigned i = 0; i < crew->count; i++)
			if (atomic_load(&crew->members[i].mails) > 0 || !atomic_load(&crew->members[i].is_drained))
				return false;
	return true;
}

void crew_hold(struct crew *crew, bool is_on)
{
	if (crew && is_on)
		atomic_fetch_add(&crew->holds, 1);
	else if (crew)
		atomic_fetch_sub(&crew->holds, 1);
}

bool crew_is_held(const struct crew *crew)
{
	return crew && atomic_load(&crew->holds) > 0;
}

struct memory *crew_memory(struct crew *crew, unsigned number)
{
	return &crew->members[number].memory;
}

size_t crew_memory_used(const struct crew *crew)
{
	size_t used = 0;

	for (unsigned i = 0; i < crew->count; i++)
		used += atomic_load_explicit(&crew->members[i].memory.used_bytes, memory_order_relaxed);
	return (ptrdiff_t)used > 0 ? used : 0;
}

struct failures *crew_failures(struct crew *crew)
{
	return crew->failures;
}

uint64_t crew_next_id(struct crew *crew)
{
	return atomic_fetch_add_explicit(&crew->last_id, 1, memory_order_relaxed) + 1;
}

int crew_name_add(struct crew *crew, enum crew_names which, struct str name)
{
	return crew ? names_add(crew->names[which], name) : 0;
}

void crew_name_remove(struct crew *crew, enum crew_names which, struct str name)
{
	if (crew)
		names_remove(crew->names[which], name);
}

unsigned crew_name_count(struct crew *crew, enum crew_names which, struct str name)
{
	return crew ? names_count(crew->names[which], name) : 0;
}
