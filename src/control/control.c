/* SPDX-License-Identifier: Apache-2.0
 * The operator's door: the listening socket and its clients. */
#include "control/control.h"

#include "control/client.h"
#include "control/socket.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct control {
	struct control_env env;
	uv_pipe_t pipe;
	struct list clients;            /* of struct client, which free themselves */
	unsigned count;
	char *path;
	dev_t device;                   /* of the socket that is ours: another's is not removed at the end */
	ino_t inode;
};

static void on_connection(uv_stream_t *stream, int status)
{
	struct control *control = stream->data;
	int err;

	loop_sync(control->env.loop);
	if (status < 0)
		return;
	err = client_accept(&control->env, stream, &control->clients, &control->count, control->count >= CLIENTS_MAX);
	if (err < 0)
		LOG(control->env.log, LOG_WARNING, "control-refused", KV_ERR(err));
}

static void on_closed(uv_handle_t *handle)
{
	struct control *control = handle->data;

	free(control->path);
	free(control);
}

static int control_failed(const struct control_env *env, const char *path, int err, const char *why)
{
	LOG(env->log, LOG_ERROR, "control-failed", KV_C("path", path), KV_C("reason", why));
	return err;
}

static int control_listen(struct control *control, int fd)
{
	struct stat st;

	if (uv_pipe_open(&control->pipe, fd) < 0) {
		close(fd);
		return TRUNK_EIO;
	}
	if (uv_listen((uv_stream_t *)&control->pipe, CLIENTS_MAX, on_connection) < 0 || stat(control->path, &st) < 0)
		return TRUNK_EIO;
	control->device = st.st_dev;
	control->inode = st.st_ino;
	return 0;
}

int control_new(const struct control_env *env, const char *path, const char *group, struct control **ret_control)
{
	struct control *control = calloc(1, sizeof(*control));
	const char *why = error_text(TRUNK_ENOMEM);
	int fd, err = TRUNK_ENOMEM;

	if (!control || !(control->path = str_dup(str_of(path))))
		goto failed;
	if ((err = control_socket_open(path, group, &fd, &why)) < 0)
		goto failed;
	control->env = *env;
	list_init(&control->clients);
	why = "the event loop refuses it";
	if (uv_pipe_init(loop_uv(env->loop), &control->pipe, 0) < 0) {
		close(fd);
		unlink(path);
		err = TRUNK_EIO;
		goto failed;
	}
	control->pipe.data = control;
	if ((err = control_listen(control, fd)) < 0) {
		unlink(path);
		uv_close((uv_handle_t *)&control->pipe, on_closed);
		return control_failed(env, path, err, why);
	}
	*ret_control = control;
	return 0;
failed:
	if (control)
		free(control->path);
	free(control);
	return control_failed(env, path, err, why);
}

void control_free(struct control **control)
{
	struct control *gone = *control;
	struct stat st;

	if (!gone)
		return;
	*control = NULL;
	LIST_EACH (pos, &gone->clients)
		client_close(pos);
	if (stat(gone->path, &st) == 0 && st.st_dev == gone->device && st.st_ino == gone->inode)
		unlink(gone->path);
	uv_close((uv_handle_t *)&gone->pipe, on_closed);
}
