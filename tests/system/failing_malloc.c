/* SPDX-License-Identifier: Apache-2.0
 * For LD_PRELOAD: an allocator that fails when it is told to. The file named by FAILING_MALLOC holds two 64-bit numbers in shared memory:
 * how many allocations still work (below zero: all), and how many were made or refused since the first was last set. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct orders {
	_Atomic int64_t left;           /* allocations until the one that fails; -1: none fails */
	_Atomic int64_t seen;
};

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *at, size_t size);
__attribute__((visibility("default"))) void *malloc(size_t size);
__attribute__((visibility("default"))) void *calloc(size_t count, size_t size);
__attribute__((visibility("default"))) void *realloc(void *at, size_t size);

static struct orders *orders;

__attribute__((constructor)) static void read_orders(void)
{
	const char *file = getenv("FAILING_MALLOC");
	const int fd = file ? open(file, O_RDWR | O_CLOEXEC) : -1;
	void *at;

	if (fd < 0)
		return;
	at = mmap(NULL, sizeof(*orders), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (at != MAP_FAILED)
		orders = at;
}

static int fails(void)
{
	if (!orders || atomic_load(&orders->left) < 0)
		return 0;
	atomic_fetch_add(&orders->seen, 1);
	if (atomic_fetch_sub(&orders->left, 1) > 0)
		return 0;
	atomic_store(&orders->left, -1);        /* one only: what the daemon does about it gets its memory */
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *at, size_t size)
{
	return fails() ? NULL : __libc_realloc(at, size);
}
