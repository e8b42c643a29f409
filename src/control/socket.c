/* SPDX-License-Identifier: Apache-2.0
 * The control socket as a file. */
#include "control/socket.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int error_of(int code)
{
	switch (code) {
	case EACCES: case EPERM: case EROFS: return TRUNK_EPERM;
	case ENOENT: case ENOTDIR: return TRUNK_ENOENT;
	case EADDRINUSE: return TRUNK_EBUSY;
	case ENOMEM: case ENOBUFS: return TRUNK_ENOMEM;
	}
	return TRUNK_EIO;
}

/* Whether somebody listens at the path. */
static bool is_live(const struct sockaddr_un *at)
{
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool is;

	if (fd < 0)
		return true;    /* in doubt nobody's socket is taken away */
	is = connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 || errno == EAGAIN || errno == EACCES;
	close(fd);
	return is;
}

/* Takes a stale socket away; leaves everything else alone. */
static int socket_clear(const struct sockaddr_un *at, const char **ret_why)
{
	struct stat st;

	if (lstat(at->sun_path, &st) < 0)
		return 0;       /* bind() will say what is wrong, if anything is */
	if (!S_ISSOCK(st.st_mode)) {
		*ret_why = "a file that is no socket stands in its place; remove it or choose another path";
		return TRUNK_EEXIST;
	}
	if (is_live(at)) {
		*ret_why = "another daemon listens there";
		return TRUNK_EBUSY;
	}
	if (unlink(at->sun_path) < 0 && errno != ENOENT) {
		*ret_why = "a stale socket stands there and can't be removed";
		return error_of(errno);
	}
	return 0;
}

static int group_find(const char *name, gid_t *ret_gid)
{
	enum { GROUP_BYTES = 64 * 1024 };
	struct group group, *found = NULL;
	char *scratch = malloc(GROUP_BYTES);
	int err = 0;

	if (!scratch)
		return TRUNK_ENOMEM;
	if (getgrnam_r(name, &group, scratch, GROUP_BYTES, &found) != 0 || !found)
		err = TRUNK_ENOENT;
	else
		*ret_gid = group.gr_gid;
	free(scratch);
	return err;
}

static int socket_own(const char *path, const char *group, const char **ret_why)
{
	gid_t gid;
	int err;

	if (chmod(path, 0600) < 0) {
		*ret_why = "its mode can't be set";
		return error_of(errno);
	}
	if (group && (err = group_find(group, &gid)) < 0) {
		*ret_why = "the group that control-group names does not exist";
		return err;
	}
	if (group && chown(path, (uid_t)-1, gid) < 0) {
		*ret_why = "it can't be given to control-group; start as root or as a member of that group";
		return error_of(errno);
	}
	if (chmod(path, CONTROL_MODE) < 0) {
		*ret_why = "its mode can't be set";
		return error_of(errno);
	}
	return 0;
}

int control_socket_open(const char *path, const char *group, int *ret_fd, const char **ret_why)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	const size_t len = strlen(path);
	int fd, err;

	if (len == 0 || len >= sizeof(at.sun_path)) {
		*ret_why = "the path is longer than the system allows for a socket (107 bytes)";
		return TRUNK_ELIMIT;
	}
	memcpy(at.sun_path, path, len);
	if ((err = socket_clear(&at, ret_why)) < 0)
		return err;
	*ret_why = "no socket can be made";
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) < 0)
		return error_of(errno);
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0) {
		err = error_of(errno);
		*ret_why = err == TRUNK_ENOENT ? "its folder does not exist" :
			   err == TRUNK_EPERM ? "its folder may not be written to" : "the socket can't be put there";
		close(fd);
		return err;
	}
	if ((err = socket_own(path, group, ret_why)) < 0) {
		unlink(path);
		close(fd);
		return err;
	}
	*ret_fd = fd;
	return 0;
}
