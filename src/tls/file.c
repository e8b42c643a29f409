/* SPDX-License-Identifier: Apache-2.0
 * Files that hold keys: read whole, written so that nobody else and no crash can spoil them. */
#include "tls/internal.h"

#include <errno.h>
#include <fcntl.h>
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

int file_create(const char *path, struct str content)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int err;

	if (fd < 0)
		return errno == EEXIST ? TRUNK_EEXIST : errno == EACCES ? TRUNK_EPERM : TRUNK_EIO;
	err = fd_write_all(fd, content);
	if (close(fd) < 0)
		err = TRUNK_EIO;
	if (err < 0)
		unlink(path);
	return err;
}

void buf_wipe(struct buf *buf)
{
	if (buf->at)
		OPENSSL_cleanse(buf->at, buf->cap);
	buf_fini(buf);
}
