/* SPDX-License-Identifier: Apache-2.0
 * What would become of a stanza, and why, without sending it: for the daemon, and for trunkctl where none runs. */
#ifndef TRUNK_CONTROL_EXPLAIN_H
#define TRUNK_CONTROL_EXPLAIN_H

#include "config/config.h"
#include "route/route.h"

#include <jansson.h>

enum { EXPLAIN_STANZA_BYTES_MAX = 300 * 1024 };

struct explain {
	const struct config *config;
	const struct route *route;
	struct filter_set *filters;     /* NULL: rules that ask one reject */
	struct blocks *blocks;          /* NULL: none are known */
	int64_t now_ms, wall_ms;        /* monotonic, for rates; true, for labels */
	const char *by;                 /* what it was explained by, for people: "the running daemon", or a file */
};

/* A stanza as it would stand in a stream of jabber:server; read so where no namespace stands. Keys of *ret_result: verdict (pass,
 * reject, drop, strip), rule, line, route, label, reason, filters, error (design.md §4), pair (what holds for the two domains), rules (each
 * that was tried, and why it did not fit), monitors, shaped, by. Nothing is counted. Returns 0; TRUNK_EINVAL: it is no stanza, and `why`
 * says so; TRUNK_ENOMEM. *ret_passes: it would pass. */
int explain_stanza(const struct explain *explain, struct str text, json_t **ret_result, bool *ret_passes, struct buf *why);

/* The plain message that stands for a pair of addresses. Returns 0, TRUNK_ENOMEM. */
int explain_message(struct str from, struct str to, struct buf *out);

#endif
