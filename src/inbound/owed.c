/* SPDX-License-Identifier: Apache-2.0
 * Receipts that wait for memory. */
#include "inbound/owed.h"

bool owed_add(struct owed *owed, struct receipt first, uint64_t count)
{
	for (unsigned i = 0; i < owed->count; i++) {
		struct owed_run *run = &owed->runs[i];

		if (run->first.stream == first.stream && run->first.seq + run->count == first.seq) {
			run->count += count;
			return true;
		}
	}
	if (owed->count == OWED_MAX)
		return false;
	owed->runs[owed->count++] = (struct owed_run){.first = first, .count = count};
	return true;
}

bool owed_take(struct owed *owed, struct owed_run *ret_run)
{
	if (owed->count == 0)
		return false;
	*ret_run = owed->runs[--owed->count];
	return true;
}
