/* SPDX-License-Identifier: Apache-2.0
 * Names under a lock; nobody takes it while nobody rests. */
#include "site/rest.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct rest {
	pthread_mutex_t lock;           /* guards names */
	char *names[REST_SPOKES_MAX];
	_Atomic unsigned count;
	_Atomic bool is_maintenance;
	_Atomic bool is_unknown;        /* the file could not be read: everybody rests */
	char *folder;                   /* NULL: nothing is kept */
};

struct rest *rest_new(void)
{
	struct rest *rest = calloc(1, sizeof(*rest));

	if (rest)
		pthread_mutex_init(&rest->lock, NULL);
	return rest;
}

void rest_free(struct rest **rest)
{
	if (!*rest)
		return;
	for (unsigned i = 0; i < (*rest)->count; i++)
		free((*rest)->names[i]);
	pthread_mutex_destroy(&(*rest)->lock);
	free((*rest)->folder);
	free(*rest);
	*rest = NULL;
}

/* The lock is held. */
static unsigned find(const struct rest *rest, const char *spoke)
{
	unsigned i = 0;

	while (i < rest->count && strcmp(rest->names[i], spoke) != 0)
		i++;
	return i;
}

static int add(struct rest *rest, const char *spoke)
{
	const unsigned i = find(rest, spoke);

	if (i < rest->count)
		return TRUNK_EEXIST;
	if (i == REST_SPOKES_MAX)
		return TRUNK_ELIMIT;
	if (!(rest->names[i] = str_dup(str_of(spoke))))
		return TRUNK_ENOMEM;
	rest->count++;
	return 0;
}

/* ---- the file: "maintenance", and "drained NAME" for each spoke ---- */

static int text_of(struct rest *rest, struct buf *text)
{
	int err = 0;

	pthread_mutex_lock(&rest->lock);
	if (rest->is_maintenance)
		err = buf_add_cstr(text, "maintenance\n");
	for (unsigned i = 0; i < rest->count && err == 0; i++)
		err = buf_addf(text, "drained %s\n", rest->names[i]);
	pthread_mutex_unlock(&rest->lock);
	return err;
}

static void path_of(const struct rest *rest, char ret_path[static PATH_MAX])
{
	snprintf(ret_path, PATH_MAX, "%s/" REST_FILE_NAME, rest->folder);
}

static int remove_file(const char *folder, const char *path)
{
	if (unlink(path) < 0)
		return errno == ENOENT ? 0 : TRUNK_EIO;
	folder_sync(folder);
	return 0;
}

static int keep(struct rest *rest)
{
	struct buf text = {.limit = REST_FILE_BYTES_MAX};
	char path[PATH_MAX];
	int err;

	if (!rest->folder || rest->is_unknown)
		return 0;
	path_of(rest, path);
	if ((err = text_of(rest, &text)) == 0)
		err = buf_len(&text) ? file_replace(rest->folder, path, buf_str(&text)) : remove_file(rest->folder, path);
	buf_fini(&text);
	return err < 0 ? TRUNK_EIO : 0;
}

static int add_line(struct rest *rest, struct str line)
{
	const struct str word = str_cut(&line, ' ');
	char *name;
	int err;

	if (str_eq(word, STR("maintenance")) && str_is_absent(line)) {
		rest->is_maintenance = true;
		return 0;
	}
	if (!str_eq(word, STR("drained")) || line.len == 0 || memchr(line.at, '\0', line.len))
		return TRUNK_EINVAL;
	if (!(name = str_dup(line)))
		return TRUNK_ENOMEM;
	err = add(rest, name);
	free(name);
	return err == TRUNK_EEXIST ? 0 : err;
}

/* Each line is whole, or the file is not ours; where nobody rests there is none. */
static int read_lines(struct rest *rest, struct str text)
{
	int err = 0;

	if (text.len == 0 || text.at[text.len - 1] != '\n')
		return TRUNK_EINVAL;
	while (err == 0 && text.len > 0)
		err = add_line(rest, str_cut(&text, '\n'));
	return err;
}

int rest_load(struct rest *rest, const char *folder)
{
	struct buf text = {.limit = REST_FILE_BYTES_MAX};
	char path[PATH_MAX];
	int fd, err = 0;

	if (!(rest->folder = str_dup(str_of(folder))))
		return TRUNK_ENOMEM;
	path_of(rest, path);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) < 0) {
		err = errno == ENOENT ? 0 : TRUNK_EIO;
	} else {
		if ((err = fd_read_all(fd, &text)) == 0)
			err = read_lines(rest, buf_str(&text));
		close(fd);
	}
	buf_fini(&text);
	rest->is_unknown = err < 0;
	return err;
}

bool rest_is_unknown(struct rest *rest)
{
	return rest && rest->is_unknown;
}

/* ---- what operators say ---- */

int rest_set_maintenance(struct rest *rest, bool is_on)
{
	rest->is_maintenance = is_on;
	if (!is_on)
		rest->is_unknown = false;
	return keep(rest);
}

bool rest_is_maintenance(struct rest *rest)
{
	return rest && (rest->is_maintenance || rest->is_unknown);
}

int rest_drain(struct rest *rest, const char *spoke)
{
	int err;

	pthread_mutex_lock(&rest->lock);
	err = add(rest, spoke);
	pthread_mutex_unlock(&rest->lock);
	return err < 0 ? err : keep(rest);
}

int rest_undrain(struct rest *rest, const char *spoke)
{
	int err = TRUNK_ENOENT;
	unsigned i;

	if (rest->is_unknown)
		return TRUNK_EBUSY;
	pthread_mutex_lock(&rest->lock);
	if ((i = find(rest, spoke)) < rest->count) {
		free(rest->names[i]);
		rest->names[i] = rest->names[--rest->count];
		err = 0;
	}
	pthread_mutex_unlock(&rest->lock);
	return err < 0 ? err : keep(rest);
}

bool rest_has(struct rest *rest, const char *spoke)
{
	bool has;

	if (!rest || !spoke)
		return false;
	if (rest->is_unknown || rest->count == 0)
		return rest->is_unknown;
	pthread_mutex_lock(&rest->lock);
	has = find(rest, spoke) < rest->count;
	pthread_mutex_unlock(&rest->lock);
	return has;
}

char *rest_name(struct rest *rest, unsigned n)
{
	char *copy = NULL;

	if (!rest)
		return NULL;
	pthread_mutex_lock(&rest->lock);
	if (n < rest->count)
		copy = str_dup(str_of(rest->names[n]));
	pthread_mutex_unlock(&rest->lock);
	return copy;
}
