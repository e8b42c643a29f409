/* SPDX-License-Identifier: Apache-2.0
 * Small files of the state folder: read whole, and written so that a crash or a full disk leaves the old one or the new one. */
#ifndef TRUNK_BASE_FILE_H
#define TRUNK_BASE_FILE_H

#include "base/buf.h"

/* Adds what is left to read of `fd`. Returns 0, TRUNK_EIO, or as buf_reserve(): TRUNK_ELIMIT over `content->limit`, TRUNK_ENOMEM. */
int fd_read_all(int fd, struct buf *content);

/* Writes all of it, and makes it durable. Returns 0 or TRUNK_EIO, with errno. */
int fd_write_all(int fd, struct str content);

/* So that a file is there under its name after a crash, or is not there any more. Some file systems cannot do it: that is no error, for the change is in
 * force already. */
void folder_sync(const char *folder);

/* Puts a file of mode 0600 in the place of `path`, which is in `folder`: whoever reads it finds the old content or the new, also after a crash. Returns
 * 0, TRUNK_EIO, or TRUNK_EINVAL: the name is too long. */
int file_replace(const char *folder, const char *path, struct str content);

#endif
