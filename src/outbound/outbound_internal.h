/* SPDX-License-Identifier: Apache-2.0
 * The tables of the room. */
#ifndef TRUNK_OUTBOUND_OUTBOUND_INTERNAL_H
#define TRUNK_OUTBOUND_OUTBOUND_INTERNAL_H

#include "outbound/link.h"

struct verifier;

struct outbound {
	const struct site *site;
	const struct outbound_handler *handler;
	void *ctx;
	struct link *links;             /* by pair */
	struct target *targets;         /* by domain */
	struct verifier *verifiers;     /* by pair */
	struct list probes;             /* of struct probe, which their owners free */
	uint64_t gate;                  /* records up to here are durable */
	struct list gated;              /* links that wait for more */
	uint64_t next_id, next_away;
	struct away *aways;             /* by id: our streams that carry for links of other workers */
	struct lent *lents;             /* by id: streams of other workers that carry for links of ours */
	struct spool *spool;            /* NULL: none */
	size_t held_pending;            /* stanzas that the disk has not answered for */
	struct timer drain, sweep;
	timer_fn *drained;
	void *drained_ctx;
	int64_t drain_until_ms;
	bool is_draining;
	bool is_ending;                 /* it is being freed */
};

/* sender NUL target NUL: the key of a pair in a table. Returns its length; 0: it does not fit. */
size_t pair_key(const struct domain_pair *pair, char *ret_key, size_t size_bytes);
enum { PAIR_KEY_SIZE = 2 * DOMAIN_SIZE };

struct link *outbound_find(struct outbound *outbound, const struct domain_pair *pair);  /* NULL: there is none */

/* An id that no other worker gives. */
uint64_t outbound_next_id(struct outbound *outbound);

/* How much of a chunk the system has taken, when `unsent` bytes of what it became on the wire were left. */
size_t link_taken(size_t chunk_plain, size_t chunk_wire, size_t unsent);

void probes_were_asked(struct outbound *outbound, const struct domain_pair *pair);
bool probes_were_answered(struct outbound *outbound, const struct domain_pair *pair, struct str id);

/* All workers know that a probe waits for this, or a link for the answer with its barrier_id. */
void barrier_is_known(const struct link *link, bool is_known);  /* no-op without one */
void probe_is_known(const struct outbound *outbound, const struct domain_pair *pair, struct str id, bool is_known);
void probes_stop(struct outbound *outbound, const char *why);

void verifiers_each(struct outbound *outbound, stream_info_fn *fn, void *ctx);
void verifiers_sweep(struct outbound *outbound);        /* frees those without stream and question */
void verifiers_restart(struct outbound *outbound);      /* asks again under the configuration in force now */
void verifiers_stop(struct outbound *outbound);         /* their questions are answered VERIFY_TIMEOUT */
void verifiers_free(struct outbound *outbound);

#endif
