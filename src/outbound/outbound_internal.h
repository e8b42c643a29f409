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
	struct list strangers;          /* links whose sender we do not serve; few, for their making is limited */
	uint64_t gate;                  /* records up to here are durable */
	struct list gated;              /* links that wait for more */
	uint64_t next_id;
	struct timer drain, sweep;
	timer_fn *drained;
	void *drained_ctx;
	int64_t drain_until_ms;
	bool is_draining;
	unsigned holds;                 /* outbound_hold() */
};

/* sender NUL target NUL: the key of a pair in a table. Returns its length; 0: it does not fit. */
size_t pair_key(const struct domain_pair *pair, char *ret_key, size_t size_bytes);
enum { PAIR_KEY_SIZE = 2 * DOMAIN_SIZE };

/* `pair`: of the answer. */
bool outbound_barrier_answered(struct outbound *outbound, const struct domain_pair *pair, struct str id);

void probes_were_asked(struct outbound *outbound, const struct domain_pair *pair);
void probes_stop(struct outbound *outbound, const char *why);

void verifiers_each(struct outbound *outbound, stream_info_fn *fn, void *ctx);
void verifiers_sweep(struct outbound *outbound);        /* frees those without stream and question */
void verifiers_restart(struct outbound *outbound);      /* asks again under the configuration in force now */
void verifiers_stop(struct outbound *outbound);         /* their questions are answered VERIFY_TIMEOUT */
void verifiers_free(struct outbound *outbound);

#endif
