/* SPDX-License-Identifier: Apache-2.0
 * Which pairs an operator has paused: a small file of lines, written beside and renamed. */
#include "spool/spool_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char FILE_NAME[] = "paused", NEW_NAME[] = "paused.new";
enum { PAUSED_BYTES_MAX = 16 * 1024 * 1024 };

static int add_pair(struct spool_store *store, struct str line)
{
	struct str rest = line;
	const struct str sender = str_cut(&rest, ' ');
	struct box *box;

	if (str_is_absent(rest) || sender.len == 0 || rest.len == 0)
		return 0;
	if (!(box = box_get(store, &(struct domain_pair){sender, rest})))
		return sender.len >= DOMAIN_SIZE || rest.len >= DOMAIN_SIZE ? 0 : TRUNK_ENOMEM;
	store->paused += !box->is_paused;
	box->is_paused = true;
	return 0;
}

int paused_read(struct spool_store *store)
{
	const int fd = openat(store->folder_fd, FILE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct buf text = {.limit = PAUSED_BYTES_MAX};
	struct str rest;
	int err;

	if (fd < 0)
		return errno == ENOENT ? 0 : TRUNK_EIO;
	err = fd_read_all(fd, &text);
	close(fd);
	rest = buf_str(&text);
	while (err == 0 && !str_is_absent(rest))
		err = add_pair(store, str_cut(&rest, '\n'));
	buf_fini(&text);
	return err;
}

static int write_text(struct spool_store *store, const struct buf *text)
{
	const int fd = openat(store->folder_fd, NEW_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool is_good;

	if (fd < 0)
		return TRUNK_EIO;
	is_good = store->io->write(store->io->ctx, fd, text->at + text->start, buf_len(text), 0) == 0 && fsync(fd) == 0;
	close(fd);
	if (!is_good || renameat(store->folder_fd, NEW_NAME, store->folder_fd, FILE_NAME) < 0 || fsync(store->folder_fd) < 0)
		return TRUNK_EIO;
	return 0;
}

int paused_write(struct spool_store *store)
{
	struct buf text = {.limit = PAUSED_BYTES_MAX};
	struct box *box, *next;
	int err = 0;

	HASH_ITER(hh, store->boxes, box, next) {
		const struct domain_pair pair = box_pair(box);

		if (box->is_paused && err == 0)
			err = buf_addf(&text, "%.*s %.*s\n", STR_ARG(pair.sender), STR_ARG(pair.target));
	}
	if (err == 0 && buf_len(&text) == 0)
		err = unlinkat(store->folder_fd, FILE_NAME, 0) < 0 && errno != ENOENT ? TRUNK_EIO : 0;
	else if (err == 0)
		err = write_text(store, &text);
	buf_fini(&text);
	return err;
}
