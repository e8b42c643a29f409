/* SPDX-License-Identifier: Apache-2.0
 * A look at stanzas as they are judged, for operators: copies of what fits, kept until who watches takes them. Shared by the relays
 * of all workers; safe from any thread. */
#ifndef TRUNK_RELAY_TAP_H
#define TRUNK_RELAY_TAP_H

#include "stanza/stanza.h"

#include <stdatomic.h>

enum {
	TAP_WATCHES_MAX = 4,
	TAP_STANZA_BYTES_MAX = 64 * 1024,      /* of a copy; of a larger stanza only the facts are kept */
	TAP_QUEUE_BYTES_MAX = 4 * 1024 * 1024, /* that wait for one watch; what would go over is dropped and counted */
};

/* One judged stanza. Strings that may be absent say so. */
struct tap_seen {
	int64_t wall_ms;
	struct domain_pair pair;
	struct str sender_spoke, target_spoke; /* by their names; absent: no spoke */
	enum stanza_kind kind;
	struct str bytes;  /* as it came; absent in a copy of a stanza over TAP_STANZA_BYTES_MAX */
	size_t size_bytes; /* of all of it */
	enum decision decision;
	struct str rule, text, label; /* may be absent */
	unsigned line;                /* of the rule; 0: built in */
	enum stanza_condition condition;
	enum proof proof_in, proof_out;
};

/* Which stanzas: of a spoke by its name, or of a domain and all below it; of both sides where `other` is there. */
struct tap_filter {
	struct str one, other; /* other absent: whoever else */
	bool is_one_way;       /* only from `one` to `other` */
};

struct tap {
	atomic_bool is_on;       /* somebody watches */
	struct tap_state *state; /* owned */
};
struct tap_watch;

/* NULL: no memory. */
struct tap *tap_new(void);
void tap_free(struct tap **tap); /* behind the last watch */

/* The one branch that stanzas pay for while nobody watches. `tap` may be NULL. */
static inline bool tap_is_on(const struct tap *tap)
{
	return tap && atomic_load_explicit(&tap->is_on, memory_order_relaxed);
}

/* Copies the stanza for each watch that it fits. Never waits for one. */
void tap_see(struct tap *tap, const struct tap_seen *seen);

/* Begins to watch; `filter` is copied. Returns 0, TRUNK_ENOMEM, TRUNK_ELIMIT (TAP_WATCHES_MAX). */
int tap_watch_new(struct tap *tap, const struct tap_filter *filter, struct tap_watch **ret_watch);
void tap_watch_free(struct tap_watch **watch);

/* The oldest copy, which lives until the next call; NULL: none is there. */
const struct tap_seen *tap_watch_next(struct tap_watch *watch);

/* How many were dropped since the last call. */
uint64_t tap_watch_lost(struct tap_watch *watch);

#endif
