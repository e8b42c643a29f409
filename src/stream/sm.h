/* SPDX-License-Identifier: Apache-2.0
 * Stream management (XEP-0198): its elements, and what may be counted and acknowledged on either side. Pure. */
#ifndef TRUNK_STREAM_SM_H
#define TRUNK_STREAM_SM_H

#include "stream/stream.h"

enum {
	SM_ID_BYTES_MAX = 4000,         /* of a peer's id (XEP-0198 §5) */
	SM_HELD_MAX = 64 * 1024,        /* stanzas of one stream between the oldest that is not handled and the newest: 8 KiB of bits */
	SM_HELD_KEEP = 4096,            /* of these bits that are kept while nothing is out of order */
};

/* ---- elements ---- */

enum sm_kind { SM_ENABLE = 1, SM_ENABLED, SM_RESUME, SM_RESUMED, SM_FAILED, SM_REQUEST, SM_ANSWER };

struct sm {
	enum sm_kind kind;
	bool may_resume;                /* enable: wanted; enabled: granted */
	bool has_h;                     /* resume, resumed and answer always have it, failed may */
	uint32_t h;                     /* stanzas handled, modulo 2^32 */
	struct str id;                  /* enabled: of the session; resume, resumed: the former one's. Absent where it is */
	uint64_t max_seconds;           /* enable, enabled: how long a broken stream may be resumed; 0: not said */
	enum stanza_condition condition;        /* failed */
};

/* Strings are borrowed from the node. Returns 0; TRUNK_ENOENT: no element of XEP-0198; TRUNK_EINVAL: one without what it must have, or with a
 * number that is none. */
int sm_parse(const struct xml_node *node, struct sm *ret_sm);
int sm_write(struct buf *out, const struct sm *sm);

/* The frequent element in its usual form, <a xmlns='…' h='…'/>, without a tree: reads `h` of an element that is known to be of NS_SM. False: in
 * another form, or not it; sm_parse() knows. */
bool sm_answer_read(struct str element, uint32_t *ret_h);

/* The stream error for a peer that acknowledges `h` where `sent` were sent (XEP-0198 §6), and the end of the stream. */
int sm_too_high_write(struct buf *out, uint32_t h, uint32_t sent);

/* ---- the sender's side ---- */

enum sm_judgement {
	SM_FITS = 1,
	SM_TOO_HIGH,                    /* it acknowledges what was never sent */
	SM_TOO_LOW,                     /* it takes back what it had acknowledged */
};

/* What a peer's `h` says, when `acked` was its last one and `unacked` stanzas were sent since: how many of these it has handled now. */
enum sm_judgement sm_judge(uint32_t acked, size_t unacked, uint32_t h, size_t *ret_count);

/* ---- the receiver's side ---- */

/* The stanzas of one stream, counted from 1, and which of them are handled: in whatever order they become so, they are acknowledged in theirs.
 * Zeroed at first. Invariant: handled <= received <= handled + SM_HELD_MAX, as long as the owner stops reading in time. */
struct sm_handled {
	uint64_t received;
	uint64_t handled;               /* all up to this one are */
	uint64_t *bits;                 /* those behind it, at their number modulo `size`; owned; NULL: none */
	size_t size;                    /* bits; a power of two */
};

/* `count` stanzas from number `seq` on are handled; some may have been before. Returns 0; TRUNK_EINVAL: they never came; TRUNK_ELIMIT: too far
 * ahead; TRUNK_ENOMEM. After an error nothing is lost but the acknowledgement: the stream must end. */
int sm_handled_settle(struct sm_handled *handled, uint64_t seq, uint64_t count);
void sm_handled_fini(struct sm_handled *handled);

#endif
