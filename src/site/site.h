/* SPDX-License-Identifier: Apache-2.0
 * What all streams and links of one worker share: clock, network, resolver, log, keys, limits and the current configuration. */
#ifndef TRUNK_SITE_SITE_H
#define TRUNK_SITE_SITE_H

#include "auth/dialback.h"
#include "dns/dns.h"
#include "net/net.h"
#include "route/route.h"
#include "site/crew.h"
#include "site/failures.h"
#include "site/rest.h"
#include "spool/spool.h"
#include "stanza/limits.h"
#include "tls/tls.h"

/* Everything is borrowed from the daemon (or the scenario), which replaces the second half when a configuration is loaded:
 * nobody keeps a copy of these pointers across a return to the loop, unless it holds a reference of its own. */
struct site {
	struct crew *crew;              /* NULL: a single worker */
	unsigned worker;                /* our number in it, from 0 */
	struct loop *loop;
	struct net *net;
	struct dns *dns;
	struct log *log;
	struct memory *memory;
	struct failures *failures;
	struct rest *rest;              /* NULL: nobody rests */
	struct spool_store *spool;      /* NULL: none; what custody `disk` would keep there is kept in memory as under `link` */
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
 * counted all the same: the caller lets go of it). On the worker's own thread. */
void memory_target(struct memory *memory, bool is_more);        /* one more, or less, that something may wait for */
bool memory_count(struct memory *memory, size_t *counted, size_t now);

/* Half-read stanzas, new connections and error stanzas may use all of the limit; the queues leave an eighth of it to them. Of that eighth
 * a target gets its share only (design.md §3: the newest for those that do not read are bounced, the others go on). */
bool memory_has_reserve(const struct memory *memory);
bool memory_has(const struct memory *memory);
bool memory_has_overdraft(const struct memory *memory); /* a sixteenth beyond the limit, for answers alone */
size_t memory_share(const struct memory *memory);       /* bytes that one target may queue where memory_has() is false */

/* ---- the other workers ---- */

/* Whose the links to `domain` are, and with them the streams to it. */
static inline unsigned site_home(const struct site *site, struct str domain)
{
	return crew_count(site->crew) == 1 ? site->worker : crew_home(site->crew, domain, route_find(site->route, domain) != NULL);
}

static inline void site_send(const struct site *site, unsigned to, enum crew_room room, struct mail *mail)
{
	crew_send(site->crew, site->worker, to, room, mail);
}

/* The id of a stream of this worker for those who have to find it from another: the upper 16 bits are the worker's number. */
static inline uint64_t site_stream_id(const struct site *site, uint64_t id)
{
	return (uint64_t)site->worker << 48 | id;
}

static inline unsigned stream_id_worker(uint64_t id)
{
	return (unsigned)(id >> 48);
}

#endif
