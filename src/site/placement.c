/* SPDX-License-Identifier: Apache-2.0
 * A hash of domains that were seen, each with its worker; nothing is ever taken out. */
#include "site/placement.h"

#include "base/table.h"
#include "site/crew.h"

#include <pthread.h>
#include <stdlib.h>

struct place {
	unsigned worker;
	UT_hash_handle hh;
	char domain[];
};

struct placement {
	pthread_mutex_t lock;           /* guards all below */
	unsigned workers, next;
	struct place *places;
};

struct placement *placement_new(unsigned workers)
{
	struct placement *placement = calloc(1, sizeof(*placement));

	if (!placement)
		return NULL;
	pthread_mutex_init(&placement->lock, NULL);
	placement->workers = workers;
	return placement;
}

void placement_free(struct placement **placement)
{
	struct place *place, *next;

	if (!*placement)
		return;
	HASH_ITER(hh, (*placement)->places, place, next) {
		HASH_DEL((*placement)->places, place);
		free(place);
	}
	pthread_mutex_destroy(&(*placement)->lock);
	free(*placement);
	*placement = NULL;
}

static unsigned by_hash(const struct placement *placement, struct str domain)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < domain.len; i++)
		hash = (hash ^ (unsigned char)domain.at[i]) * 0x100000001b3u;
	return (unsigned)((hash ^ hash >> 32) % placement->workers);
}

static struct place *place_add(struct placement *placement, struct str domain)
{
	struct place *place;

	if (HASH_COUNT(placement->places) >= CREW_PLACES_MAX || !(place = calloc(1, sizeof(*place) + domain.len + 1)))
		return NULL;
	memcpy(place->domain, domain.at, domain.len);
	HASH_ADD_KEYPTR(hh, placement->places, place->domain, domain.len, place);
	if (!HASH_WAS_ADDED(place)) {
		free(place);
		return NULL;
	}
	place->worker = placement->next++ % placement->workers;
	return place;
}

unsigned placement_find(struct placement *placement, struct str domain, bool is_served)
{
	struct place *place;
	unsigned worker;

	pthread_mutex_lock(&placement->lock);
	HASH_FIND(hh, placement->places, domain.at, domain.len, place);
	if (!place && is_served)
		place = place_add(placement, domain);
	worker = place ? place->worker : by_hash(placement, domain);
	pthread_mutex_unlock(&placement->lock);
	return worker;
}
