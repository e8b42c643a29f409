/* SPDX-License-Identifier: Apache-2.0
 * Links that send nothing and remember what they were given. */
#include "fake_outbound.h"

#include <stdio.h>
#include <stdlib.h>

static struct outbound *owner;          /* there is one at a time */

struct outbound *outbound_new(const struct site *site, const struct outbound_handler *handler, void *ctx)
{
	(void)site;
	owner = calloc(1, sizeof(*owner));
	owner->handler = handler;
	owner->ctx = ctx;
	for (unsigned i = 0; i < FAKE_LINKS_MAX; i++)
		list_init(&owner->links[i].holders);
	return owner;
}

void outbound_free(struct outbound **outbound)
{
	for (unsigned i = 0; i < FAKE_LINKS_MAX; i++)
		buf_fini(&(*outbound)->links[i].taken);
	free(*outbound);
	*outbound = owner = NULL;
}

struct link *fake_link(struct outbound *outbound, const char *sender, const char *target)
{
	for (unsigned i = 0; i < FAKE_LINKS_MAX; i++)
		if (strcmp(outbound->links[i].sender, sender) == 0 && strcmp(outbound->links[i].target, target) == 0)
			return &outbound->links[i];
	return NULL;
}

struct str fake_taken(struct outbound *outbound, const char *sender, const char *target)
{
	const struct link *link = fake_link(outbound, sender, target);

	return link ? buf_str(&link->taken) : STR("");
}

bool outbound_is_draining(const struct outbound *outbound)
{
	(void)outbound;
	return false;
}

struct link *outbound_link(struct outbound *outbound, const struct domain_pair *pair)
{
	char sender[64], target[64];
	struct link *link;

	if (outbound->has_no_links)
		return NULL;
	snprintf(sender, sizeof(sender), "%.*s", STR_ARG(pair->sender));
	snprintf(target, sizeof(target), "%.*s", STR_ARG(pair->target));
	if (!(link = fake_link(outbound, sender, target)))
		link = fake_link(outbound, "", "");
	if (!link)
		abort();
	memcpy(link->sender, sender, sizeof(sender));
	memcpy(link->target, target, sizeof(target));
	link->pair = (struct domain_pair){str_of(link->sender), str_of(link->target)};
	link->users++;
	return link;
}

struct link *outbound_answer_link(struct outbound *outbound, const struct domain_pair *pair)
{
	struct link *link = outbound_link(outbound, pair);

	if (link)
		link->is_answer = true;
	return link;
}

struct list *link_holders(struct link *link)
{
	return &link->holders;
}

void link_release(struct link **link)
{
	if (*link)
		(*link)->users--;
	*link = NULL;
}

int link_send(struct link *link, struct str bytes, const struct ticket *ticket)
{
	link->ticket = *ticket;
	return owner->is_full ? TRUNK_ELIMIT : buf_add(&link->taken, bytes);
}

struct buf *link_begin(struct link *link)
{
	link->begun = buf_len(&link->taken);
	return owner->is_full ? NULL : &link->taken;
}

int link_end(struct link *link, const struct ticket *ticket)
{
	link->ticket = *ticket;
	return 0;
}

void link_abort(struct link *link)
{
	link->taken.end = link->taken.start + link->begun;
}

void outbound_gate(struct outbound *outbound, uint64_t audit_seq)
{
	outbound->gate = audit_seq;
}

bool link_is_congested(const struct link *link)
{
	(void)link;
	return owner->is_congested;
}

enum proof link_proof(const struct link *link)
{
	(void)link;
	return PROOF_DIALBACK;
}

bool outbound_is_awaited(struct outbound *outbound, const struct domain_pair *pair, struct str id)
{
	(void)pair;
	return outbound->awaited_id && str_is(id, outbound->awaited_id);
}
