/* SPDX-License-Identifier: Apache-2.0
 * Streams of a peer that take stanzas back (XEP-0288), where stream and link live on different workers; for the files of this room alone.
 *
 * The stream's worker tells the link's home that it would carry, and the home writes chunks to it by mail: to the link they go into a channel like
 * any other, one at a time. Both count bytes from the beginning, so whatever crosses on the way, they agree on what was taken. */
#ifndef TRUNK_OUTBOUND_CARRY_H
#define TRUNK_OUTBOUND_CARRY_H

#include "outbound/outbound_internal.h"

/* At the stream's worker; the four functions of outbound.h, for a carrier whose link is not at home here. */
struct away;
int away_carry(struct outbound *outbound, const struct domain_pair *pair, struct channel *channel, enum proof proof,
	       struct link_carrier *carrier, unsigned home);
void away_uncarry(struct link_carrier *carrier);
void away_end_carry(struct link_carrier *carrier);
void away_drained(struct link_carrier *carrier);

/* At home: ends what is left, behind the links. */
void lents_free(struct outbound *outbound);

#endif
