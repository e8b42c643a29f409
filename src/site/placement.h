/* SPDX-License-Identifier: Apache-2.0
 * Which worker is at home for a domain. Of this room and its tests. */
#ifndef TRUNK_SITE_PLACEMENT_H
#define TRUNK_SITE_PLACEMENT_H

#include "base/base.h"

struct placement;

struct placement *placement_new(unsigned workers);      /* NULL: no memory */
void placement_free(struct placement **placement);

/* A domain that we serve gets the next worker in turn when it is first seen, and keeps it; beyond CREW_PLACES_MAX of them, and where it is
 * not served, it has the one that a hash of its name gives. A domain that was served once keeps its worker. Any thread. */
unsigned placement_find(struct placement *placement, struct str domain, bool is_served);

#endif
