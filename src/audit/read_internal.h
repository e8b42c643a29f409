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
	struct str from_domain, to_domain;      /* of the query: without what is not the domain of an address, or with "*." */
};

/* One block, with the records of those of its pairs that fit the query, in the order of the chain. Returns 0; TRUNK_ENOENT: no such block. */
int reader_load(struct audit_reader *reader, uint64_t id, const struct audit_query *query, struct db_block *ret_block);

/* Looks at the sides of the query once, for all the blocks that follow. */
void reader_prepare(struct audit_reader *reader, const struct audit_query *query);

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
