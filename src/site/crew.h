/* SPDX-License-Identifier: Apache-2.0
 * The workers of one process: which of them is at home for a domain, what they send each other, and what they know in common.
 *
 * Each worker is a thread with a loop, a site and rooms of its own. All functions may be called by any of them, unless it says
 * otherwise; none waits for another worker. A NULL crew is that of a single worker who knows nothing in common with anybody. */
#ifndef TRUNK_SITE_CREW_H
#define TRUNK_SITE_CREW_H

#include "base/mailbox.h"
#include "name/name.h"
#include "site/failures.h"

#include <stdatomic.h>

enum {
	WORKERS_MAX = 64,
	CREW_PLACES_MAX = 64 * 1024,    /* domains whose worker is remembered; those beyond have theirs by a hash of the name */
	MEMORY_SLACK_BYTES = 32 * 1024,
	CREW_MAILS_MAX = 64 * 1024,     /* under way to one worker: beyond, what is only a hint is left out */
};

/* What is in queues, buffers and half-read stanzas. Each worker counts its own, where no other core writes, and tells the count of all now and
 * then: so that is at most MEMORY_SLACK_BYTES for each worker behind. */
struct memory {
	_Atomic size_t used_bytes;      /* what was counted elsewhere and given back here may take it below 0: the sum counts */
	_Atomic size_t limit_bytes;     /* limits.memory; 0: none */
	_Atomic unsigned targets;       /* domains that something may wait for */
	struct memory *all;             /* of all workers together; NULL: a single one's is that */
	size_t told_bytes;              /* of used_bytes: known there */
};

/* Whom a mail is for, at each worker. */
enum crew_room { CREW_OUTBOUND = 1, CREW_INBOUND, CREW_ROOMS_END };

struct crew;

struct crew *crew_new(unsigned count);          /* NULL: no memory; `count` from 1 to WORKERS_MAX */
void crew_free(struct crew **crew);             /* when no worker runs */
unsigned crew_count(const struct crew *crew);

/* Gives worker `number` its mailbox. Before any worker runs. Returns 0 or TRUNK_ENOMEM. */
int crew_join(struct crew *crew, unsigned number, struct loop *loop);

/* Who takes the mail for `room` there; NULL: nobody any more, it is dropped. On that worker's thread, or when it does not run. */
void crew_attend(struct crew *crew, unsigned number, enum crew_room room, void *ctx);

/* Drops all mail that is under way. When no worker runs: before the rooms end. */
void crew_clear(struct crew *crew);

/* The worker on whose loop the links to `domain` (normalised) live: always the same one. Domains that we serve are spread in turn as they
 * are first seen, others by a hash. */
unsigned crew_home(struct crew *crew, struct str domain, bool is_served);

/* Sends at the end of this wake-up of worker `from`, all that is for the same worker in one batch; order is kept. Takes the mail. */
void crew_send(struct crew *crew, unsigned from, unsigned to, enum crew_room room, struct mail *mail);
bool crew_is_busy(const struct crew *crew, unsigned number);    /* CREW_MAILS_MAX is reached */

/* ---- stopping ---- */

/* A stream whose end is said may still bring something, to any worker: until as many calls with false as with true. */
void crew_hold(struct crew *crew, bool is_on);
bool crew_is_held(const struct crew *crew);

/* A worker has nothing left to hand over: holds until its next mail comes. */
void crew_set_drained(struct crew *crew, unsigned number);
bool crew_is_drained(const struct crew *crew);  /* all of them at once, and no mail is under way */

/* ---- what all know ---- */

struct memory *crew_memory(struct crew *crew, unsigned number);
size_t crew_memory_used(const struct crew *crew);       /* by all workers, now */
struct failures *crew_failures(struct crew *crew);
uint64_t crew_next_id(struct crew *crew);       /* of streams and links: counts from 1 */

/* Counted names: how often each is there. */
enum crew_names {
	CREW_STRANGERS = 1,             /* sender domains of links, which we do not serve */
	CREW_AUTHORITIES,               /* domains whose servers are being asked about keys, one for each stream */
	CREW_PROBES,                    /* what answers to pings of probes say: id NUL sender NUL target */
	CREW_BARRIERS,                  /* the same of pings behind a link's stanzas */
	CREW_NAMES_END,
};

int crew_name_add(struct crew *crew, enum crew_names which, struct str name);   /* 0 or TRUNK_ENOMEM */
void crew_name_remove(struct crew *crew, enum crew_names which, struct str name);
unsigned crew_name_count(struct crew *crew, enum crew_names which, struct str name);    /* `name` absent: of all together */

#endif
