/* SPDX-License-Identifier: Apache-2.0
 * Loaded filters, as this room sees them. */
#ifndef TRUNK_FILTER_FILTERS_INTERNAL_H
#define TRUNK_FILTER_FILTERS_INTERNAL_H

#include "filter/module.h"

#include <stdatomic.h>

struct filter {
	struct script_text text;        /* of a script */
	struct module *module;          /* of a module; NULL: only looked at */
};

/* Invariant: filters[i] is what sources[i] names. */
struct filters {
	atomic_uint refs;
	const struct filter_source *sources;    /* borrowed */
	unsigned count;
	struct filter filters[];
};

/* A set whose scripts' time is told by `cpu_ns`, for tests. NULL: the thread's processor time. */
struct filter_set *filter_set_new_timed(struct filters *filters, struct log *log, int64_t (*cpu_ns)(void));

#endif
