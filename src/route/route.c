/* SPDX-License-Identifier: Apache-2.0
 * A hash of domains and suffixes; a look-up walks up the labels. */
#include "route/route.h"
#include "base/table.h"

#include <stdlib.h>

struct route_entry {
	const struct spoke *spoke;
	UT_hash_handle hh;              /* by pattern as configured: "a.example", "*.a.example", "*" */
};

/* Two tables: a pattern that a spoke names beats every pattern that a zone names. */
struct route {
	struct route_entry *spokes, *zones;
};

static int table_add(struct route_entry **table, const char *pattern, const struct spoke *spoke)
{
	struct route_entry *entry;

	HASH_FIND(hh, *table, pattern, strlen(pattern), entry);
	if (entry)
		return 0;               /* the configuration has refused doubles; the first of two zones counts */
	if (!(entry = calloc(1, sizeof(*entry))))
		return TRUNK_ENOMEM;
	entry->spoke = spoke;
	HASH_ADD_KEYPTR(hh, *table, pattern, strlen(pattern), entry);
	if (HASH_WAS_ADDED(entry))
		return 0;
	free(entry);
	return TRUNK_ENOMEM;
}

static void table_free(struct route_entry **table)
{
	struct route_entry *entry, *next;

	HASH_ITER(hh, *table, entry, next) {
		HASH_DEL(*table, entry);
		free(entry);
	}
}

struct route *route_new(const struct spoke *spokes, unsigned spoke_count, const struct zone *zones, unsigned zone_count)
{
	struct route *route = calloc(1, sizeof(*route));
	int err = route ? 0 : TRUNK_ENOMEM;

	for (unsigned i = 0; err == 0 && i < spoke_count; i++)
		for (const char *const *domain = spokes[i].domains; err == 0 && domain && *domain; domain++)
			err = table_add(&route->spokes, *domain, &spokes[i]);
	for (unsigned i = 0; err == 0 && i < zone_count; i++)
		for (const char *const *domain = zones[i].domains; err == 0 && domain && *domain; domain++)
			err = table_add(&route->zones, *domain, &zones[i].template);
	if (err < 0)
		route_free(&route);
	return route;
}

void route_free(struct route **route)
{
	if (!*route)
		return;
	table_free(&(*route)->spokes);
	table_free(&(*route)->zones);
	free(*route);
	*route = NULL;
}

static const struct spoke *table_find(struct route_entry *table, struct str domain)
{
	char pattern[DOMAIN_SIZE + 2];
	struct route_entry *entry;

	if (!table || domain.len >= DOMAIN_SIZE)
		return NULL;
	HASH_FIND(hh, table, domain.at, domain.len, entry);
	if (entry)
		return entry->spoke;
	for (;;) {
		const size_t dot = str_find(domain, '.');

		if (dot == domain.len)
			break;
		domain = str_from(domain, dot + 1);
		memcpy(pattern, "*.", 2);
		memcpy(pattern + 2, domain.at, domain.len);
		HASH_FIND(hh, table, pattern, domain.len + 2, entry);
		if (entry)
			return entry->spoke;
	}
	HASH_FIND(hh, table, "*", 1, entry);
	return entry ? entry->spoke : NULL;
}

const struct spoke *route_find(const struct route *route, struct str domain)
{
	const struct spoke *spoke = table_find(route->spokes, domain);

	return spoke ? spoke : table_find(route->zones, domain);
}
