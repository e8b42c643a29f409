/* SPDX-License-Identifier: Apache-2.0
 * What the system knows about a process: its processor time and memory. */
#ifndef BENCH_PROC_H
#define BENCH_PROC_H

#include <stdint.h>
#include <sys/types.h>

struct proc_memory {
	uint64_t rss_kib, peak_kib;     /* VmRSS and VmHWM; 0: unknown */
};

int64_t clock_ns(void);         /* monotonic */

/* User and system time of all threads since the process began; of oneself for pid 0. Ends the program where there is no such
 * process. */
int64_t proc_cpu_ns(pid_t pid);

/* Zeros for pid 0. */
struct proc_memory proc_memory(pid_t pid);

#endif
