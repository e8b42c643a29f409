/* SPDX-License-Identifier: Apache-2.0
 * Stream management of the streams that peers opened, for the files of this room alone. */
#ifndef TRUNK_INBOUND_SM_H
#define TRUNK_INBOUND_SM_H

#include "inbound/receiver.h"
#include "stream/sm.h"

enum { RESUME_ID_SIZE = 16 + STREAM_ID_SIZE };

/* What a managed stream has counted. It outlives a connection that broke, for a while, where the peer may resume. */
struct receiver_sm {
	struct sm_table *table;
	struct receiver *receiver;      /* NULL: its connection broke */
	uint64_t id;                    /* in receipts */
	struct sm_handled handled;
	uint64_t acked;                 /* of `handled`: told to the peer */
	uint64_t resent;                /* behind a resumption: stanzas still to come that we have already */
	char resume_id[RESUME_ID_SIZE]; /* "": not to be resumed */
	char *from, *to;                /* of the stream that it began on; owned; NULL: absent */
	struct timer timer;             /* the next acknowledgement, or the end of what is kept */
	struct defer ack;
	struct list kept;               /* in table->kept, while there is no receiver */
	UT_hash_handle hh;              /* in table->by_id */
};

/* All managed streams of one worker. */
struct sm_table {
	struct loop *loop;
	struct receiver_sm *by_id;
	struct list kept;               /* oldest first */
	unsigned kept_count;
};

void sm_table_init(struct sm_table *table, struct loop *loop);
void sm_table_fini(struct sm_table *table);

/* Stanzas are in other hands. */
void sm_table_settled(struct sm_table *table, struct receipt first, uint64_t count);

/* An element of XEP-0198 that the peer sent. */
void receiver_sm_element(struct receiver *receiver, const struct xml_node *node);
bool receiver_sm_request(struct receiver *receiver);    /* the frequent one, <r/>; false: stream management is off */

/* Counts one more stanza and gives its receipt, absent where stream management is off. Returns false where it is one that came before the stream was
 * resumed, too: it is not passed on again. */
bool receiver_sm_count(struct receiver *receiver, struct receipt *ret_receipt);

bool receiver_sm_is_full(struct receiver *receiver);    /* too much is in nobody's hands: read no more for now */
uint64_t receiver_sm_held(const struct receiver *receiver);     /* stanzas that came and are in nobody's hands yet */
bool receiver_sm_waits(const struct receiver *receiver);        /* something is in nobody's hands yet */
void receiver_sm_last(struct receiver *receiver);       /* says what was not yet said, before the end */
void receiver_sm_end(struct receiver *receiver, bool may_resume);

#endif
