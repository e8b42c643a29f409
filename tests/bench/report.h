/* SPDX-License-Identifier: Apache-2.0
 * The one line of JSON that a measurement ends with. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "load.h"

/* A moment of a measurement. */
struct moment {
	int64_t now_ns, cpu_ns, own_cpu_ns;     /* cpu_ns: of the process under test, 0 where none is measured */
	uint64_t received, received_bytes;
	struct proc_memory memory;
};

struct moment moment_take(const struct load *load);

void report_begin(const struct load *load, const char *mode);
void report_count(const char *name, uint64_t value);
void report_number(const char *name, double value);
void report_text(const char *name, const char *value);

/* Time, processor time and stanzas between two moments, and memory at both. */
void report_span(const struct load *load, const struct moment *from, const struct moment *until);

/* Percentiles in microseconds, as `NAME_p50_us` …; nothing where there are none. */
void report_histogram(const char *name, const struct histogram *histogram);

/* What was lost, duplicated, reordered, changed … Returns true where nothing was. */
bool report_faults(const struct load *load);
void report_end(void);

#endif
