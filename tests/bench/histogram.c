/* SPDX-License-Identifier: Apache-2.0
 * Logarithmic buckets, each power of two cut into 128. */
#include "histogram.h"

static unsigned bucket_of(uint64_t value)
{
	unsigned shift;

	if (value >> HISTOGRAM_FINE == 0)
		return (unsigned)value;
	shift = 63u - (unsigned)__builtin_clzll(value) - HISTOGRAM_FINE;
	return ((shift + 1) << HISTOGRAM_FINE) + (unsigned)((value >> shift) & ((1u << HISTOGRAM_FINE) - 1));
}

static uint64_t bucket_value(unsigned bucket)
{
	const unsigned power = bucket >> HISTOGRAM_FINE;
	const uint64_t low = bucket & ((1u << HISTOGRAM_FINE) - 1);

	return power == 0 ? low : (low | 1u << HISTOGRAM_FINE) << (power - 1);
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
	histogram->counts[bucket_of(value)]++;
	histogram->total++;
	if (value > histogram->highest)
		histogram->highest = value;
}

uint64_t histogram_at(const struct histogram *histogram, double share)
{
	uint64_t below = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		below += histogram->counts[i];
		if (below && (double)below >= share * (double)histogram->total)
			return bucket_value(i);
	}
	return histogram->highest;
}
