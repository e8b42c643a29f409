/* SPDX-License-Identifier: Apache-2.0
 * The record of every verdict: one front-end for each loop, one store for all of them with a thread that writes.
 *
 * audit_record() packs a record into memory and returns; the store's thread hashes, chains and writes (store.h). */
#ifndef TRUNK_AUDIT_AUDIT_H
#define TRUNK_AUDIT_AUDIT_H

#include "audit/store.h"
#include "stanza/stanza.h"

enum {
	AUDIT_TEXT_BYTES_MAX = 1024,    /* of one text of a peer (type, id, label) that a record keeps; the rest is cut */
	AUDIT_ADDRESS_BYTES_MAX = 3071, /* of an address (RFC 7622 §3.1) */
	AUDIT_FACTS_BYTES_MAX = 4096,   /* of the children's names at the level `headers` */
};

/* One verdict; everything is borrowed for the call. Zeroed fields are absent. */
struct audit_record {
	int64_t wall_ms;
	struct domain_pair pair;
	enum stanza_kind kind;
	struct str type, id;            /* decoded */
	size_t size_bytes;
	struct str label;               /* its marking, or its words; absent: none */
	enum decision decision;
	const char *rule;               /* or the reason of a bounce */
	unsigned line;                  /* of the rule in the configuration; 0: built in */
	enum stanza_condition condition;
	enum proof proof_in, proof_out;
	enum audit_level level;         /* of the rule; 0: as the store's */
	struct str reason;              /* of a denial by label or of opaque content: "class", "restrictive:Compartment"; kept as `detail` */
	const char *monitor;            /* the rule that only watches and would have decided otherwise; NULL: none */
	enum decision monitor_decision; /* what it would have done */
	const struct xml_element *element;      /* as it came: what `hash`, `headers` and `full` keep; NULL: nothing of it */
	struct str from, to;            /* whole addresses, decoded: kept by `headers` and `full` */
	uint64_t outcome_of;            /* the number of the stanza's first record, whose final decision this is; 0: it is the first */
};

struct audit;

/* A front-end for the thread of `loop`.
 *   store      borrowed, and outlives it; NULL: nothing is kept
 *   is_logged  each verdict is a line of the log, too: for scripts
 * NULL: no memory, or over AUDIT_FRONTS_MAX. */
struct audit *audit_new(struct loop *loop, struct log *log, struct audit_store *store, bool is_logged);
void audit_free(struct audit **audit);          /* what waits is the store's already */

/* Records a verdict. Never waits for the disk.
 *   ret_seq    its number, which counts over all front-ends; may be NULL. 0 where there is no store
 * Returns 0; TRUNK_ELIMIT: as much waits as may (AUDIT_WINDOW_BYTES), the stanza has to be refused with resource-constraint; TRUNK_EIO:
 * strict, and the disk takes nothing; TRUNK_ENOMEM. Of what was not recorded the store keeps count, and the gap becomes a record. */
int audit_record(struct audit *audit, const struct audit_record *record, uint64_t *ret_seq);

/* Records what an operator changed, with his user id. Returns as audit_record() does. */
int audit_operator(struct audit *audit, unsigned uid, const char *command, struct str detail);

/* How the store behind it stands; false where there is none. Any thread. */
bool audit_state(const struct audit *audit, struct audit_state *ret_state);

/* ---- strict: what may pass only once it is on disk ---- */

/* Whether stanzas wait for their records. */
bool audit_is_strict(const struct audit *audit);

/* All records up to this number are on disk, whichever front-end made them. UINT64_MAX where nothing has to wait for them. Any thread. */
uint64_t audit_durable(const struct audit *audit);

/* Calls `fn(ctx)` on the loop's thread soon after audit_durable() rose; only where audit_is_strict(). */
void audit_on_durable(struct audit *audit, timer_fn *fn, void *ctx);

#endif
