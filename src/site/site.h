/* SPDX-License-Identifier: Apache-2.0
 * What all streams and links of one worker share: clock, network, resolver, log, keys, limits and the current configuration. */
#ifndef TRUNK_SITE_SITE_H
#define TRUNK_SITE_SITE_H

#include "auth/dialback.h"
#include "dns/dns.h"
#include "net/net.h"
#include "route/route.h"
#include "site/failures.h"
#include "stanza/limits.h"
#include "tls/tls.h"

#include <stdatomic.h>

struct memory {
	_Atomic size_t used_bytes;      /* all queues, buffers and half-read stanzas of all workers */
	_Atomic size_t limit_bytes;     /* limits.memory; 0: none */
};

/* Everything is borrowed from the daemon (or the scenario), which replaces the second half when a configuration is loaded:
 * nobody keeps a copy of these pointers across a return to the loop, unless it holds a reference of its own. */
struct site {
	struct loop *loop;
	struct net *net;
	struct dns *dns;
	struct log *log;
	struct memory *memory;
	struct failures *failures;
	int64_t started_ms;             /* wall clock */
	struct buf *plain, *cipher;     /* work space of this loop's thread; empty between calls */

	unsigned generation;            /* of the configuration */
	const char *trunk;              /* own domain, normalised */
	const struct route *route;
	const struct dns_overrides *overrides;
	bool has_trust_anchor;          /* DNSSEC can vouch for TLSA records */
	struct tls_store *store;
	const struct trust_policy *trust;       /* global: where no spoke is known */
	const struct dialback_secrets *secrets;
	const struct limits *limits;
	const struct endpoint *listen;          /* all own listeners, to recognise a way back to ourselves */
	unsigned listen_count;
	struct filter_set *filters;     /* this worker's; NULL: none, filter_run() then fails */
};

/* Counts a buffer that grew or shrank from *counted to `now` bytes. Returns false where the limit is exceeded by growth (it is
 * counted all the same: the caller lets go of it). Any thread. */
bool memory_count(struct memory *memory, size_t *counted, size_t now);

/* Half-read stanzas, new connections and error stanzas may use all of the limit; the queues leave an eighth of it to them. Of that eighth
 * a target gets its share only (design.md §3: the newest for those that do not read are bounced, the others go on). */
bool memory_has_reserve(const struct memory *memory);
bool memory_has(const struct memory *memory);
bool memory_has_overdraft(const struct memory *memory); /* a sixteenth beyond the limit, for answers alone */
size_t memory_share(const struct memory *memory, unsigned targets);     /* bytes that one target may queue where memory_has() is false */

#endif
