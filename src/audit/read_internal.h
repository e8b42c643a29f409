/* SPDX-License-Identifier: Apache-2.0
 * A reader from the inside, for search.c, outcomes.c and verify.c alone. */
#ifndef TRUNK_AUDIT_READ_INTERNAL_H
#define TRUNK_AUDIT_READ_INTERNAL_H

#include "audit/block.h"
#include "audit/db.h"
#include "audit/read.h"

struct audit_reader {
	struct db *db;
	struct arena arena;             /* of the block that is being looked at … */
	struct buf data;                /* … what was read of it … */
	struct buf entries;             /* … and its records that are wanted, of struct audit_entry */
};

/* One block, with the records of those of its pairs that fit the query, in the order of the chain. Returns 0; TRUNK_ENOENT: no such block. */
int reader_load(struct audit_reader *reader, uint64_t id, const struct audit_query *query, struct db_block *ret_block);

bool query_has_pair(const struct audit_query *query, const struct block_pair *pair);

/* ---- what became of stanzas later ---- */

struct outcomes {
	struct buf list;                /* of struct outcome; sorted by outcomes_sort() */
	struct buf texts;               /* reasons, each once */
};

int outcomes_load(struct audit_reader *reader, const struct audit_query *query, struct outcomes *outcomes);
void outcomes_apply(const struct outcomes *outcomes, struct audit_entry *entry);
bool outcomes_are_there(const struct outcomes *outcomes);
void outcomes_fini(struct outcomes *outcomes);

#endif
