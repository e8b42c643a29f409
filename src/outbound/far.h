/* SPDX-License-Identifier: Apache-2.0
 * Links whose home is another worker, for the files of this room alone.
 *
 * Here such a link is a queue that is packed into parcels, two at most on their way at a time; at home each parcel is unpacked into the
 * link of the same pair and sent back empty, with news of that link. So what is under way is bounded and counted here, and a busy home
 * makes the next parcel larger instead of more of them. */
#ifndef TRUNK_OUTBOUND_FAR_H
#define TRUNK_OUTBOUND_FAR_H

#include "outbound/outbound_internal.h"

enum {
	FAR_PARCELS = 2,
	FAR_KEEP_BYTES = 64 * 1024,     /* memory that an empty buffer keeps from one batch to the next */
};

/* `link`, `from` and the sizes are the sender's, and stay; the rest changes hands with the mail. */
struct parcel {
	struct mail mail;
	struct link *link;              /* the sender's: outlives the parcel's way; at home only its pair is read, which never changes */
	unsigned from;
	bool is_away;                   /* of the sender's thread */
	size_t size_bytes, sent_bytes;  /* memory that is counted while it is away, and how much of it is stanzas */
	struct buf bytes, entries;      /* as in struct queue */
	bool is_congested;              /* on the way back: of the link at home */
	enum proof proof;
};

struct far {
	unsigned home;
	enum proof proof;               /* as last told from home */
	struct parcel parcels[FAR_PARCELS];
};

/* Makes `link` one whose home is another worker's. Returns 0 or TRUNK_ENOMEM. */
int far_init(struct link *link, unsigned home);
void far_fini(struct link *link);       /* tells home, unless the trunk ends */

void far_flush(void *link);             /* packs what waits and sends it; fits timer_fn */
bool far_is_away(const struct link *link);
size_t far_memory(const struct link *link);     /* bytes that it holds, here and under way */
void far_rest(struct link *link);       /* gives memory back */

/* At home: tells the workers that have this link as a far one how it is, where that has changed. */
void far_tell(struct link *link);

#endif
