/* SPDX-License-Identifier: Apache-2.0
 * The system calls that can fail for want of space or by a broken disk; tests bring their own. */
#ifndef TRUNK_SPOOL_IO_H
#define TRUNK_SPOOL_IO_H

#include <stddef.h>
#include <sys/types.h>

/* Each returns 0, or -1 with errno; called on the spool's thread (inline: on the loop's). */
struct spool_io {
	int (*write)(void *ctx, int fd, const void *at, size_t len, off_t offset);      /* all of it or failure */
	int (*sync)(void *ctx, int fd);
	int (*reserve)(void *ctx, int fd, off_t len);   /* room for a file of this length; its length is set */
	void *ctx;
};

extern const struct spool_io spool_io_system;

#endif
