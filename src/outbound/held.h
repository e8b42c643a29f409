/* SPDX-License-Identifier: Apache-2.0
 * Messages that wait on disk for a link (custody `disk`): into the spool while the target is away, out of it again in order. */
#ifndef TRUNK_OUTBOUND_HELD_H
#define TRUNK_OUTBOUND_HELD_H

#include "outbound/link.h"

enum {
	HELD_AHEAD_BYTES = 256 * 1024,          /* read from the spool ahead of what is written */
	HELD_CATCH_UP = 1024,                   /* with no more than so many left in the spool, what comes waits in memory for them to pass */
	HELD_BOUNCE_BYTES = 256 * 1024,         /* read to be bounced at once; the next follow in HELD_AGAIN_MS, that the answers find room */
	HELD_AGAIN_MS = 100,
};

/* The handle on the site's spool, where there is one. Returns 0 or TRUNK_ENOMEM. */
int held_open(struct outbound *outbound);
void held_close(struct outbound *outbound);

/* ---- for link.c ---- */

/* At the end of a wake-up: what may wait on disk goes there where the target is away or others wait before it; where it is not, what waits there
 * comes into the queue. */
void held_update(struct link *link);

/* There is no way to the target: what may wait on disk goes there; an iq or presence of the same custody is bounced with `condition`. Nothing where
 * trying again cannot help (remote-server-not-found). */
void held_spill(struct link *link, enum stanza_condition condition);

/* An entry leaves the queue for good. */
void held_gone(struct link *link, const struct queue_entry *entry);

/* Whether something waits on disk for this link; and whether it may go. */
bool held_is_empty(const struct link *link);
bool held_waits(const struct link *link);

/* Whether a stanza of this custody that was just taken has to be looked at by held_update(). */
bool held_concerns(const struct link *link, enum custody custody);

/* Now and then: bounces what has waited for `hold`, or may not pass any more. */
void held_tick(struct link *link);
void held_fini(struct link *link);

/* ---- copies.c ---- */

/* A stanza was taken: where too many wait for the next hop for too long (under custody `disk`: any), the spool keeps copies of them. They stay in the queue,
 * too, and go from both when the next hop has them, or when they are bounced. */
void copies_watch(struct link *link, const struct queue_entry *entry);

/* The disk refused one: it is in the queue alone, and not acknowledged. False: it is not there either, since it was left to the disk. */
bool copies_failed(struct link *link, uint64_t id);

bool held_may_copy(const struct link *link);            /* nothing of the pair is on disk alone, and nothing stands behind it */
size_t held_copied(const struct link *link);            /* stanzas of the queue up to the last that has a copy: one before it is too late for a copy */
int held_put_copy(struct link *link, struct queue_entry *entry, struct str bytes);

/* ---- spill.c ---- */

#define HELD_FULL "the trunk has no room to keep it"

struct spool *held_spool(const struct link *link);      /* NULL: none; stanzas for links of other workers are kept at their home */
bool held_is_shut(const struct link *link);             /* nothing leaves the disk for this link now */
size_t held_unloaded(const struct link *link);          /* stanzas that are on disk and not in the queue, too */
struct spool_token held_token(const struct queue_entry *entry);

/* The queue anew, without what goes: to the disk, or back to its sender. `condition`: why what cannot wait is given back. */
void spill_queue(struct link *link, bool is_away, enum stanza_condition condition);
size_t spill_limit(const struct link *link);            /* bytes that the peer at the other end of our own stream takes (XEP-0478); 0: not said */
bool spill_has_any(const struct link *link);            /* something stands in the queue that was not sent */

/* Forgets or gives back what is on disk and not in the queue. Returns how many. */
size_t held_clear(struct link *link, bool is_bounced);

#endif
