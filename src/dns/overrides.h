/* SPDX-License-Identifier: Apache-2.0
 * What the rest of the room needs of overrides. */
#ifndef TRUNK_DNS_OVERRIDES_H
#define TRUNK_DNS_OVERRIDES_H

#include "dns/dns.h"

enum {
	DNS_OVERRIDES_MAX = 65536,      /* of one text */
	DNS_OVERRIDE_STEPS_MAX = 8,     /* an override that leads to another, and on */
};

/* Follows overrides that point to the name of another override to the last target. Returns 0, TRUNK_ENOENT (none speaks for
 * `domain`), or TRUNK_ELIMIT (too many steps: a circle). */
int dns_overrides_follow(const struct dns_overrides *overrides, struct str domain, struct str *ret_host, uint16_t *ret_port);

#endif
