/* SPDX-License-Identifier: Apache-2.0
 * No domain belongs to two. Exact domains and wildcards may overlap: the exact one, then the longer one, counts. */
#include "config/load.h"

#include <stdio.h>
#include <stdlib.h>

/* A domain or pattern, and who says that it is his. */
struct claim {
	const char *domain;
	struct place place;
	char kind; /* trunk, gateway, spoke, zone: 't', 'g', 's', 'z' */
	const char *owner;
	unsigned order;
};

struct claims {
	struct claim *all;
	unsigned count;
};

static void claim(struct claims *claims, char kind, const char *owner, const char *domain, struct place place)
{
	claims->all[claims->count] = (struct claim){domain, place, kind, owner, claims->count};
	claims->count++;
}

/* One claim for each domain; `node` is the list, or the one value, that they were read from. */
static void claim_all(struct claims *claims, char kind, const char *owner, const char *const *domains, const struct node *node)
{
	const struct node *item = node->kind == NODE_LIST ? node->first : node;

	for (; *domains && item; domains++, item = item->next)
		claim(claims, kind, owner, *domains, item->place);
}

static int by_domain(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;
	const int order = strcmp(x->domain, y->domain);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

/* "spoke "mercury" (line 6)", with the other words that an owner has. */
static void owner_text(const struct claim *owner, struct place here, char *ret_text, size_t size_bytes)
{
	const struct place_text place = place_other(here, owner->place);

	if (owner->kind == 't')
		snprintf(ret_text, size_bytes, "is the trunk's own name (%s)", place.at);
	else if (owner->kind == 'g')
		snprintf(ret_text, size_bytes, "already belongs to \"gateway-domains\" (%s)", place.at);
	else
		snprintf(ret_text, size_bytes, "already belongs to %s \"%.128s\" (%s)", owner->kind == 's' ? "spoke" : "zone",
			 owner->owner, place.at);
}

static void refuse_pair(struct load *load, const struct claim *first, const struct claim *other)
{
	char text[PLACE_TEXT_SIZE + 256];

	owner_text(first, other->place, text, sizeof(text));
	problem_error(&load->problems, other->place, "domain \"%.*s\" %s; remove one of the two",
		      STR_ARG(quote(str_of(other->domain))), text);
}

static unsigned zone_domains(const struct zone *zone)
{
	unsigned count = 0;

	while (zone->domains[count])
		count++;
	return count;
}

static struct claims claims_new(struct load *load)
{
	size_t most = 1;

	for (unsigned i = 0; i < load->config->spoke_count; i++)
		most += load->spokes[i].domain_count;
	for (unsigned i = 0; i < load->config->zone_count; i++)
		most += zone_domains(&load->zones[i]);
	return (struct claims){.all = work_alloc(load, most * sizeof(struct claim))};
}

static void claims_collect(struct load *load, struct claims *claims)
{
	const struct node *trunk = node_find(load->root, "trunk");

	if (load->config->trunk && trunk)
		claim(claims, 't', NULL, load->config->trunk, trunk->place);
	for (unsigned i = 0; i < load->config->spoke_count; i++) {
		const struct spoke *spoke = &load->spokes[i];
		const struct spoke_source *source = &load->spoke_sources[i];

		if (!source->node)
			claim(claims, 'g', spoke->name, spoke->domains[0], source->place);
		else if (spoke->domain_count > 0)
			claim_all(claims, 's', spoke->name, spoke->domains, node_find(source->node, "domains"));
	}
	for (unsigned i = 0; i < load->config->zone_count; i++)
		if (load->zones[i].domains[0])
			claim_all(claims, 'z', load->zones[i].name, load->zones[i].domains,
				  node_find(load->zone_nodes[i], "domains"));
}

void claims_check(struct load *load)
{
	struct claims claims = claims_new(load);
	const struct claim *first;

	if (!claims.all)
		return;
	claims_collect(load, &claims);
	qsort(claims.all, claims.count, sizeof(struct claim), by_domain);
	first = claims.all;
	for (unsigned i = 1; i < claims.count; i++) {
		if (strcmp(first->domain, claims.all[i].domain) == 0)
			refuse_pair(load, first, &claims.all[i]);
		else
			first = &claims.all[i];
	}
}
