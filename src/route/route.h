/* SPDX-License-Identifier: Apache-2.0
 * Which peer serves a domain. Immutable once made; borrowed from the configuration. */
#ifndef TRUNK_ROUTE_ROUTE_H
#define TRUNK_ROUTE_ROUTE_H

#include "name/name.h"
#include "route/spoke.h"

struct route;

/* `spokes` and `zones` are borrowed for the route's life. NULL: no memory. */
struct route *route_new(const struct spoke *spokes, unsigned spoke_count, const struct zone *zones, unsigned zone_count);
void route_free(struct route **route);

/* The spoke that serves `domain` (normalised): exact before the longest "*.suffix"; where no spoke does, the template of the zone
 * whose domains fit. NULL: nobody, the domain is not trunked. O(labels). */
const struct spoke *route_find(const struct route *route, struct str domain);

#endif
