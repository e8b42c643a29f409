/* SPDX-License-Identifier: Apache-2.0
 * From a target domain to a connection: finds the places to try and races them (RFC 8305). */
#ifndef TRUNK_OUTBOUND_DIAL_H
#define TRUNK_OUTBOUND_DIAL_H

#include "site/site.h"

enum {
	DIAL_RACE_MAX = 3,              /* connections that are tried at the same time */
	DIAL_STAGGER_MS = 250,          /* until the next place is tried beside the last (RFC 8305 §5) */
	DIAL_ATTEMPT_MS = 5000,         /* for one place while others remain */
	DIAL_WHY_BYTES = 320,
};

struct dial;

struct dial_result {
	int err;                        /* 0; TRUNK_EDNS_NONE, TRUNK_EDNS_FAIL, TRUNK_EREFUSED, TRUNK_EUNREACHABLE, TRUNK_ETIMEOUT */
	const char *why;                /* in words, where err is set */
	struct conn *conn;              /* the callee's, where err is 0 */
	const struct dns_candidate *place;      /* as long as the dial lives */
};

typedef void dial_fn(void *ctx, const struct dial_result *result);

/* Looks for the places of `target` as `spoke` says (its address, an override, DNS) and connects. `spoke` is borrowed until the first
 * callback. Calls back once for each dial_next(), the first of which is implied; never from within. NULL: no memory. */
struct dial *dial_new(const struct site *site, const struct spoke *spoke, struct str target, dial_fn *fn, void *ctx);
void dial_free(struct dial **dial);

/* Goes on with the places that are left, where what came of the last was no good. Returns false where none is. */
bool dial_next(struct dial *dial);

/* The TLSA records that speak for a place; borrowed from the dial. */
const struct dns_tlsa *dial_tlsa(const struct dial *dial, const struct dns_candidate *place, unsigned *ret_count);

#endif
