/* SPDX-License-Identifier: Apache-2.0
 * Reads clocks and /proc. */
#include "proc.h"

#include "die.h"

#include <string.h>
#include <time.h>

static int64_t read_clock(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now) < 0)
		die("the process to measure is gone");
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t clock_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t proc_cpu_ns(pid_t pid)
{
	clockid_t clock;

	/* The same sum as utime and stime in /proc/PID/stat, but in nanoseconds instead of ticks. */
	if (clock_getcpuclockid(pid, &clock) != 0)
		die("no process %d", (int)pid);
	return read_clock(clock);
}

struct proc_memory proc_memory(pid_t pid)
{
	struct proc_memory memory = {0};
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (pid == 0 || !(file = fopen(path, "re")))
		return memory;
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "VmRSS:", 6) == 0)
			memory.rss_kib = strtoull(line + 6, NULL, 10);
		else if (strncmp(line, "VmHWM:", 6) == 0)
			memory.peak_kib = strtoull(line + 6, NULL, 10);
	}
	fclose(file);
	return memory;
}
