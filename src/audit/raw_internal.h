/* SPDX-License-Identifier: Apache-2.0
 * A record on its way from a loop's thread to the store's: fixed part, then the bytes of its texts. */
#ifndef TRUNK_AUDIT_RAW_INTERNAL_H
#define TRUNK_AUDIT_RAW_INTERNAL_H

#include "audit/entry.h"

/* Adds `entry` to `out`; `body` and, where there is none, `hashed` (bytes whose hash the record gets) are copied with it.
 * Returns 0 or TRUNK_ENOMEM. */
int raw_add(struct buf *out, const struct audit_entry *entry, struct str hashed);

/* The bytes that raw_add() takes. */
size_t raw_size(const struct audit_entry *entry, struct str hashed);

/* Takes the first record off `*rest`; its strings are borrowed from there. False at the end. */
bool raw_take(struct str *rest, struct audit_entry *ret_entry, struct str *ret_hashed);

#endif
