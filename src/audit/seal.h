/* SPDX-License-Identifier: Apache-2.0
 * The seal: what the last block of the chain is, in a file outside of the store, so that removal at the end shows. */
#ifndef TRUNK_AUDIT_SEAL_H
#define TRUNK_AUDIT_SEAL_H

#include "audit/entry.h"

struct seal {
	uint64_t block, record;         /* the last ones; 0: none yet */
	uint8_t hash[AUDIT_HASH_BYTES]; /* of the block; of the anchor where there is none */
	int64_t wall_ms;
	bool is_stopped;                /* by a clean stop: nothing may follow */
};

/* Replaces the file at once and durably. Returns 0 or TRUNK_EIO. */
int seal_write(const char *path, const struct seal *seal);

/* Returns 0; TRUNK_ENOENT; TRUNK_EINVAL: no seal stands there; TRUNK_EIO. */
int seal_read(const char *path, struct seal *ret_seal);

#endif
