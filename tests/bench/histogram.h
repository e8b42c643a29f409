/* SPDX-License-Identifier: Apache-2.0
 * Counts of times in buckets that are 1 % wide or narrower. */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_FINE = 7, HISTOGRAM_BUCKETS = (64 - HISTOGRAM_FINE + 1) << HISTOGRAM_FINE };

struct histogram {
	uint64_t counts[HISTOGRAM_BUCKETS];
	uint64_t total, highest;
};

void histogram_add(struct histogram *histogram, uint64_t value);

/* The value that `share` (0 to 1) of all lie at or below; 0 where there are none. */
uint64_t histogram_at(const struct histogram *histogram, double share);

#endif
