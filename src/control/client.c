/* SPDX-License-Identifier: Apache-2.0
 * One operator's connection to the control socket. */
#include "control/client.h"

#include <stdlib.h>
#include <sys/socket.h>

/* Invariant: at most one command runs and at most one write is under way, so what a client can hold here is bounded by
 * REQUEST_BYTES_MAX, and twice REPLY_BYTES_MAX. */
struct client {
	struct list link;
	unsigned *count;                /* of the control's clients */
	uv_pipe_t pipe;
	uv_write_t write;
	struct call call;
	struct buf in;                  /* at most one line and what came behind it */
	struct buf writing;             /* what libuv writes now */
	struct timer timer;
	struct defer flush;
	bool is_writing, is_reading, is_closing;
	bool is_last;                   /* close once all is written */
};

static void client_run(struct client *client);

static void on_closed(uv_handle_t *handle)
{
	struct client *client = handle->data;

	buf_fini(&client->in);
	buf_fini(&client->writing);
	free(client);
}

static void client_end(struct client *client)
{
	if (client->is_closing)
		return;
	client->is_closing = true;
	timer_stop(&client->timer);
	defer_stop(&client->flush);
	call_cancel(&client->call);
	list_remove(&client->link);
	--*client->count;
	uv_close((uv_handle_t *)&client->pipe, on_closed);
}

void client_close(struct list *link)
{
	client_end(LIST_OF(link, struct client, link));
}

static void on_timeout(void *ctx)
{
	client_end(ctx);
}

static void client_wait(struct client *client, int64_t timeout_ms)
{
	timer_start(client->call.env->loop, &client->timer, timeout_ms, on_timeout, client);
}

static void on_written(uv_write_t *write, int status)
{
	struct client *client = write->handle->data;

	client->is_writing = false;
	if (client->is_closing)         /* the control itself may be gone */
		return;
	loop_sync(client->call.env->loop);
	buf_clear(&client->writing);
	buf_trim(&client->writing, 64 * 1024);
	if (status < 0)
		client_end(client);
	else
		client_run(client);
}

static void client_write(struct client *client)
{
	const struct buf empty = client->writing;
	struct str bytes;
	uv_buf_t uv;

	if (client->is_writing || buf_len(&client->call.out) == 0)
		return;
	client->writing = client->call.out;
	client->call.out = empty;
	bytes = buf_str(&client->writing);
	uv = uv_buf_init(client->writing.at + client->writing.start, (unsigned)bytes.len);
	client->is_writing = true;
	if (uv_write(&client->write, (uv_stream_t *)&client->pipe, &uv, 1, on_written) < 0) {
		client->is_writing = false;
		client_end(client);
		return;
	}
	client_wait(client, CLIENT_WRITE_MS);
}

/* Later: who flushes may be in the middle of a probe that must not be cancelled under it. */
static void client_flush(struct call *call)
{
	struct client *client = LIST_OF(call, struct client, call);

	defer_start(call->env->loop, &client->flush);
}

static void on_flush(void *ctx)
{
	client_run(ctx);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
	struct client *client = handle->data;
	const size_t room = client->in.limit - buf_len(&client->in);
	const size_t size = suggested < room ? suggested : room;

	*ret_buf =
		buf_reserve(&client->in, size) < 0 ? uv_buf_init(NULL, 0) : uv_buf_init(buf_space(&client->in), (unsigned)size);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
	struct client *client = stream->data;

	(void)buf;
	loop_sync(client->call.env->loop);
	if (len < 0) {
		client_end(client);     /* who asked is gone: a probe that runs for him is cancelled */
		return;
	}
	buf_grew(&client->in, (size_t)len);
	client_run(client);
}

/* Reads on while there is room, also while a command runs: the end of the connection must be seen. */
static void client_read(struct client *client)
{
	const bool has_room = buf_len(&client->in) < client->in.limit;

	if (client->is_closing || has_room == client->is_reading)
		return;
	client->is_reading = has_room;
	if (!has_room)
		uv_read_stop((uv_stream_t *)&client->pipe);
	else if (uv_read_start((uv_stream_t *)&client->pipe, on_alloc, on_read) < 0)
		client_end(client);
}

/* Starts the next command where a whole line is there. Returns false where there is none. */
static bool client_next(struct client *client)
{
	const struct str in = buf_str(&client->in);
	const size_t end = str_find(in, '\n');
	struct str line = str_until(in, end);

	if (end == in.len && in.len <= REQUEST_BYTES_MAX)
		return false;
	if (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	client->is_last = line.len > REQUEST_BYTES_MAX;         /* where the next request begins can't be known */
	timer_stop(&client->timer);
	call_begin(&client->call, line);
	buf_drop(&client->in, end < in.len ? end + 1 : end);
	return true;
}

/* Goes on with whatever can go on. One command is begun only when the answer to the last one is written. */
static void client_run(struct client *client)
{
	if (client->call.is_ended)
		call_clear(&client->call);
	client_write(client);
	while (!client->is_closing && client->call.is_ended && !client->is_writing && !client->is_last && client_next(client))
		client_write(client);
	if (client->is_closing)
		return;
	if (client->call.is_ended && !client->is_writing) {
		if (client->is_last) {
			client_end(client);
			return;
		}
		client_wait(client, CLIENT_IDLE_MS);
	} else if (!client->is_writing) {
		timer_stop(&client->timer);     /* a probe has time limits of its own */
	}
	client_read(client);
}

static int peer_uid(uv_pipe_t *pipe, unsigned *ret_uid)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	uv_os_fd_t fd;

	if (uv_fileno((uv_handle_t *)pipe, &fd) < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return TRUNK_EIO;
	*ret_uid = cred.uid;
	return 0;
}

int client_accept(const struct control_env *env, uv_stream_t *listener, struct list *clients, unsigned *count, bool is_surplus)
{
	struct client *client = calloc(1, sizeof(*client));
	int err = 0;

	if (!client)
		return TRUNK_ENOMEM;
	client->call = (struct call){.env = env, .flush = client_flush, .is_ended = true};
	client->in.limit = REQUEST_BYTES_MAX + 2;
	client->count = count;
	if (uv_pipe_init(loop_uv(env->loop), &client->pipe, 0) < 0) {
		free(client);
		return TRUNK_EIO;
	}
	client->pipe.data = client;
	defer_init(&client->flush, on_flush, client);
	list_init(&client->link);
	list_add_tail(clients, &client->link);
	++*count;
	if (uv_accept(listener, (uv_stream_t *)&client->pipe) < 0 || peer_uid(&client->pipe, &client->call.uid) < 0)
		err = TRUNK_EIO;
	if (err < 0) {
		client_end(client);
		return err;
	}
	if (is_surplus) {
		client->is_last = true;
		call_end(&client->call, CALL_NO, NULL, "too many operators are connected; try again later");
	}
	client_run(client);
	return 0;
}
