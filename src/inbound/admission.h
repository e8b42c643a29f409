/* SPDX-License-Identifier: Apache-2.0
 * What is counted for each peer address and each spoke, over the streams of all workers. Any thread. */
#ifndef TRUNK_INBOUND_ADMISSION_H
#define TRUNK_INBOUND_ADMISSION_H

#include "dns/dns.h"
#include "stanza/limits.h"

#include <stdatomic.h>

struct admission;

struct admission *admission_new(void);  /* NULL: no memory */
void admission_free(struct admission **admission);      /* behind the last stream */

struct admission_counts {
	_Atomic uint64_t accepted, refused, streams, unproved;
};
struct admission_counts *admission_counts(struct admission *admission);

/* ---- addresses: `limits.streams-per-address`, `limits.connection-rate` ---- */

struct address_entry;

/* One more stream of `peer`: takes a place and a token. `ret_wait_ms`: how long it has to wait for its turn. Returns 0; TRUNK_ELIMIT: it has as
 * many streams as it may; TRUNK_ENOMEM. The times are of the monotonic clock. */
int admission_enter(struct admission *admission, const struct endpoint *peer, const struct limits *limits, int64_t now_ms,
		    struct address_entry **ret_entry, int64_t *ret_wait_ms);
void admission_leave(struct admission *admission, struct address_entry *entry);         /* the stream is over */

/* Forgets addresses that have no stream and whose allowance is full again. */
void admission_sweep(struct admission *admission, const struct limits *limits, int64_t now_ms);

/* ---- spokes: `stanza-rate`, `bytes-rate` ---- */

/* What one spoke may still send now, over all its streams; stays until the admission ends. */
struct rate_bucket;
struct rate_bucket *admission_bucket(struct admission *admission, const char *spoke);   /* NULL: no memory */

/* Takes a stanza's tokens at the rates given (0: no limit). Returns the milliseconds until the debt is paid; 0: there is none. */
int64_t bucket_charge(struct rate_bucket *bucket, double stanzas_per_second, double bytes_per_second, size_t size_bytes, int64_t now_ms);

#endif
