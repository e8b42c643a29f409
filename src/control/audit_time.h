/* SPDX-License-Identifier: Apache-2.0
 * Times of a search, as operators write them. Pure. */
#ifndef TRUNK_CONTROL_AUDIT_TIME_H
#define TRUNK_CONTROL_AUDIT_TIME_H

#include "base/base.h"

enum { AUDIT_TIME_SIZE = 40 };

/* ISO 8601 in UTC ("2026-11-26", "2026-11-26T22:30", "2026-11-26T22:30:05.250Z"), or an age before `now_ms` ("30m", "1h", "7d").
 *   is_end   what is not said is the last moment that fits (the whole day, minute or second), not the first
 * Returns 0 or TRUNK_EINVAL. */
int audit_time(struct str text, int64_t now_ms, bool is_end, int64_t *ret_ms);

/* "2026-11-26T22:30:05.250Z" */
void audit_time_text(int64_t wall_ms, char ret_text[static AUDIT_TIME_SIZE]);

#endif
