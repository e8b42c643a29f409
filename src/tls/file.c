/* SPDX-License-Identifier: Apache-2.0
 * Files that hold keys: read whole, written so that nobody else and no crash can spoil them. */
#include "tls/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int read_open_file(int fd, struct buf *content, struct stat *ret_stat)
{
	ssize_t got;
	int err;

	if (fstat(fd, ret_stat) < 0)
		return TRUNK_EIO;
	if (!S_ISREG(ret_stat->st_mode))
		return TRUNK_EINVAL;
	if (ret_stat->st_size > FILE_BYTES_MAX)
		return TRUNK_ELIMIT;
	do {
		if ((err = buf_reserve(content, 4096)) < 0)
			return err;
		got = read(fd, buf_space(content), 4096);
		buf_grew(content, got > 0 ? (size_t)got : 0);
	} while (got > 0 && buf_len(content) <= FILE_BYTES_MAX);
	return got < 0 ? TRUNK_EIO : got > 0 ? TRUNK_ELIMIT : 0;
}

int file_read(const char *path, struct buf *ret_content, struct stat *ret_stat)
{
	struct buf content = {0};
	int fd, err;

	/* non-blocking: a FIFO by that name must not stop the daemon */
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) < 0)
		return errno == ENOENT ? TRUNK_ENOENT : errno == EACCES ? TRUNK_EPERM : TRUNK_EIO;
	err = read_open_file(fd, &content, ret_stat);
	close(fd);
	if (err < 0)
		buf_wipe(&content);
	else
		*ret_content = content;
	return err;
}

static bool write_all(int fd, struct str content)
{
	while (content.len > 0) {
		const ssize_t put = write(fd, content.at, content.len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		content = str_from(content, (size_t)put);
	}
	return fsync(fd) == 0;
}

int file_create(const char *path, struct str content)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool is_good;

	if (fd < 0)
		return errno == EEXIST ? TRUNK_EEXIST : errno == EACCES ? TRUNK_EPERM : TRUNK_EIO;
	is_good = write_all(fd, content);
	if (close(fd) < 0)
		is_good = false;
	if (!is_good)
		unlink(path);
	return is_good ? 0 : TRUNK_EIO;
}

/* So that the file is there under its name after a crash as well. */
static void sync_folder(const char *folder)
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
	bool is_good;
	int fd;

	if (snprintf(temporary, sizeof(temporary), "%s/.new-XXXXXX", folder) >= (int)sizeof(temporary))
		return TRUNK_EINVAL;
	if ((fd = mkostemp(temporary, O_CLOEXEC)) < 0)
		return TRUNK_EIO;
	is_good = write_all(fd, content);
	if (close(fd) < 0)
		is_good = false;
	if (is_good && rename(temporary, path) == 0) {
		sync_folder(folder);
		return 0;
	}
	unlink(temporary);
	return TRUNK_EIO;
}

void buf_wipe(struct buf *buf)
{
	if (buf->at)
		OPENSSL_cleanse(buf->at, buf->cap);
	buf_fini(buf);
}
