/* SPDX-License-Identifier: Apache-2.0
 * Receipts for streams of other workers that there was no memory to send: kept where none is needed. No thread of its own. */
#ifndef TRUNK_INBOUND_OWED_H
#define TRUNK_INBOUND_OWED_H

#include "outbound/outbound.h"

enum { OWED_MAX = 256 };                /* runs of receipts; behind that they are lost, and their streams acknowledge no more */

struct owed_run {
	struct receipt first;
	uint64_t count;                 /* of consecutive numbers */
};

struct owed {
	struct owed_run runs[OWED_MAX];
	unsigned count;
};

/* Keeps receipts; those that go on where a kept run of their stream ends take no room. Returns false where there is none. */
bool owed_add(struct owed *owed, struct receipt first, uint64_t count);

/* Takes one run out, in no order. Returns false where there is none. */
bool owed_take(struct owed *owed, struct owed_run *ret_run);

#endif
