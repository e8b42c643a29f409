/* SPDX-License-Identifier: Apache-2.0
 * The trunk's own domain: ping, version, time, last activity, discovery; nothing else (design.md §2). Pure. */
#ifndef TRUNK_RELAY_OWN_H
#define TRUNK_RELAY_OWN_H

#include "stanza/stanza.h"

/* XEP-0157. */
struct own_contact {
	const char *kind, *uri;         /* "abuse", "mailto:…" or "xmpp:…" */
};

struct own_facts {
	int64_t wall_ms, uptime_seconds;
	const struct own_contact *contacts;
	unsigned contact_count;
};

/* Adds the answer to a stanza for the own domain; nothing where none is due. `bytes`: the stanza under `header`.
 * Returns 0, TRUNK_ENOMEM, TRUNK_EXML…. */
int own_answer(struct buf *out, struct arena *arena, const struct stanza *stanza, const struct xml_header *header,
	       const struct own_facts *facts);

#endif
