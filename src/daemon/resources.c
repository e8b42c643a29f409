/* SPDX-License-Identifier: Apache-2.0
 * What the daemon asks of the system for many streams: memory given back, and file descriptors. */
#include "daemon/daemon.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <sys/resource.h>

enum {
	MMAP_THRESHOLD_BYTES = 8 * 1024 * 1024,
	TRIM_MS = 5 * 1000,
	TRIM_LEAST_BYTES = 256 * 1024,
	TRIM_PART = 64,                 /* the heap in use has changed by that part since the last look */
};

void daemon_set_heap(void)
{
	/* Buffers come and go with each batch: let them come from the heap, not from pages that the kernel has to clear each time. */
	mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES);
	mallopt(M_TRIM_THRESHOLD, MMAP_THRESHOLD_BYTES);
}

/* A handshake takes some 60 KiB for a moment and leaves holes between what its stream keeps; whole pages of them go back to the
 * system here. While as many streams come as go, there is nothing to give back. */
static void on_trim(void *ctx)
{
	struct daemon *daemon = ctx;
	const size_t used = mallinfo2().uordblks;
	const size_t change = used > daemon->trimmed_bytes ? used - daemon->trimmed_bytes : daemon->trimmed_bytes - used;

	if (change > used / TRIM_PART + TRIM_LEAST_BYTES) {
		malloc_trim(0);
		daemon->trimmed_bytes = used;
	}
	daemon_trim(daemon);
}

void daemon_trim(struct daemon *daemon)
{
	timer_start(daemon->loop, &daemon->trim, TRIM_MS, on_trim, daemon);
}

/* Each spoke is at least two descriptors, and the usual soft limit of 1024 is for programs that use select(). */
void daemon_raise_files(struct log *log)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		LOG(log, LOG_WARNING, "file-limit", KV_N("limit", limit.rlim_max), KV_C("reason", strerror(errno)));
}
