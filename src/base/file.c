/* SPDX-License-Identifier: Apache-2.0
 * Small files of the state folder. */
#include "base/file.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { READ_BYTES = 4096 };

int fd_read_all(int fd, struct buf *content)
{
	ssize_t got = 0;
	int err;

	while ((err = buf_reserve(content, READ_BYTES)) == 0 && (got = read(fd, buf_space(content), READ_BYTES)) > 0)
		buf_grew(content, (size_t)got);
	return err < 0 ? err : got < 0 ? TRUNK_EIO : 0;
}

int fd_write_all(int fd, struct str content)
{
	while (content.len > 0) {
		const ssize_t put = write(fd, content.at, content.len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return TRUNK_EIO;
		content = str_from(content, (size_t)put);
	}
	return fsync(fd) < 0 ? TRUNK_EIO : 0;
}

void folder_sync(const char *folder)
{
	const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

int file_replace(const char *folder, const char *path, struct str content)
{
	char temporary[PATH_MAX];
	int fd, err;

	if (snprintf(temporary, sizeof(temporary), "%s/.new-XXXXXX", folder) >= (int)sizeof(temporary))
		return TRUNK_EINVAL;
	if ((fd = mkostemp(temporary, O_CLOEXEC)) < 0)
		return TRUNK_EIO;
	err = fd_write_all(fd, content);
	if (close(fd) < 0)
		err = TRUNK_EIO;
	if (err == 0 && rename(temporary, path) == 0) {
		folder_sync(folder);
		return 0;
	}
	unlink(temporary);
	return TRUNK_EIO;
}
