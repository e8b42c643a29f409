/* SPDX-License-Identifier: Apache-2.0
 * What initiator.c (life of an attempt) and negotiate.c (what the peer says, and what we answer) call of each other. */
#ifndef TRUNK_OUTBOUND_NEGOTIATE_H
#define TRUNK_OUTBOUND_NEGOTIATE_H

#include "outbound/initiator.h"

/* negotiate.c */
void initiator_send_header(struct initiator *i);
void initiator_secured(struct initiator *i, int err, const char *why);
void initiator_header(struct initiator *i, const struct xml_header *header);
void initiator_element(struct initiator *i, const struct xml_element *element);

/* initiator.c */
bool initiator_is_routed(const struct initiator *i, const struct spoke *spoke);
void initiator_begin_tls(struct initiator *i);
void initiator_ready(struct initiator *i, enum proof proof);
void initiator_step(struct initiator *i, enum probe_step which, bool is_ok, const char *text);

/* The attempt is over; the owner may free the initiator in it, so nothing of it may be touched afterwards. */
void initiator_fail(struct initiator *i, int err, enum stanza_condition condition, bool is_final, const char *why);
/* The peer ended the stream or the connection: the attempt goes on elsewhere where it can. */
void initiator_over(struct initiator *i, int err, const char *why);
void initiator_place_failed(struct initiator *i, int err, const char *why);

#endif
