/* SPDX-License-Identifier: Apache-2.0
 * Connections by libuv: written to directly, and by way of a buffer while the system takes no more. */
#include "net/net_uv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

enum {
	WRITE_SLICE_BYTES = 16 * 1024,  /* waited for in one go: this fine is progress_ms */
};

/* Invariant: base.pending_bytes == buf_len(flight) + buf_len(queue). While is_writing, libuv reads from the front of `flight`,
 * which stays where it is; what comes in meanwhile goes to `queue`. */
struct conn_uv {
	struct conn base;
	uv_tcp_t tcp;
	uv_connect_t connect;
	uv_write_t write;
	uv_shutdown_t shutdown;
	struct defer news;              /* tells the owner what was found out inside of one of his calls */
	struct buf flight, queue;
	size_t slice_bytes;             /* at the front of `flight`, with libuv */
	int err;                        /* why `open` or `closed` comes, where we know it before libuv says so */
	bool is_open;                   /* connected; maybe over again */
	bool is_told;                   /* the last callback was given: `open` with an error, or `closed` */
	bool is_closing;                /* the owner let go of it */
	bool is_writing, is_reading, is_shut;
	bool wants_read, wants_shutdown;        /* what the owner asked for; acted on once it is open, and written out */
};

static struct conn_uv *conn_of(struct conn *conn)
{
	return (struct conn_uv *)(void *)conn;
}

static void tell_closed(struct conn_uv *c, int err)
{
	if (c->is_told || c->is_closing)
		return;
	c->is_told = true;
	c->is_reading = false;
	uv_read_stop((uv_stream_t *)&c->tcp);
	if (c->base.handler && c->base.handler->closed)
		c->base.handler->closed(c->base.ctx, err);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct conn_uv *c = handle->data;
	struct net_uv *net = (struct net_uv *)(void *)c->base.net;

	(void)suggested;
	*buf = uv_buf_init(net->read_buffer, sizeof(net->read_buffer));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
	struct conn_uv *c = stream->data;

	if (c->is_closing || count == 0)
		return;
	loop_sync(c->base.net->loop);
	if (count > 0) {
		if (c->base.handler && c->base.handler->data)
			c->base.handler->data(c->base.ctx, str_make(buf->base, (size_t)count));
		return;
	}
	if (c->err == 0 && count != UV_EOF)
		c->err = net_error((int)count);
	tell_closed(c, c->err);
}

static void read_begin(struct conn_uv *c)
{
	int status;

	if (!c->wants_read || c->is_reading || c->is_told || c->is_closing)
		return;
	if ((status = uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read)) == 0) {
		c->is_reading = true;
		return;
	}
	c->err = c->err ? c->err : net_error(status);
	defer_start(c->base.net->loop, &c->news);
}

/* Writing is over. What the peer said before (often why) is still read, and then the end of it, which is told; where the owner
 * doesn't read, he is told at the end of this wake-up. */
static void write_failed(struct conn_uv *c, int status)
{
	uv_os_fd_t fd;

	if (c->err == 0)
		c->err = net_error(status);
	buf_fini(&c->queue);
	if (!c->is_writing)
		buf_fini(&c->flight);
	c->base.lost_bytes = c->base.pending_bytes;
	c->base.pending_bytes = 0;
	if (uv_fileno((uv_handle_t *)&c->tcp, &fd) == 0)
		shutdown(fd, SHUT_RDWR);        /* so the end of reading comes surely, whatever the error was */
	if (!c->is_reading)
		defer_start(c->base.net->loop, &c->news);
}

static void on_news(void *ctx)
{
	struct conn_uv *c = ctx;

	if (c->is_open) {
		tell_closed(c, c->err);
		return;
	}
	c->is_told = true;
	if (c->base.handler && c->base.handler->open)
		c->base.handler->open(c->base.ctx, c->err);
}

static void on_shutdown(uv_shutdown_t *shutdown_req, int status)
{
	(void)shutdown_req;
	(void)status;           /* an error shows in reading, too */
}

static void shutdown_if_due(struct conn_uv *c)
{
	if (!c->wants_shutdown || c->is_shut || c->base.pending_bytes > 0 || c->err < 0)
		return;
	c->is_shut = true;
	uv_shutdown(&c->shutdown, (uv_stream_t *)&c->tcp, on_shutdown);
}

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void on_written(uv_write_t *request, int status);

/* Gives the system what it takes of the waiting bytes; for the rest, waits until it takes more. */
static int write_pending(struct conn_uv *c)
{
	uv_buf_t out;
	int count;

	for (;;) {
		if (buf_len(&c->flight) == 0) {
			struct buf empty = c->flight;

			c->flight = c->queue;
			c->queue = empty;
		}
		if (buf_len(&c->flight) == 0)
			return 0;
		out = uv_buf_init(c->flight.at + c->flight.start, (unsigned)min_size(buf_len(&c->flight), INT32_MAX));
		if ((count = uv_try_write((uv_stream_t *)&c->tcp, &out, 1)) < 0)
			break;
		buf_drop(&c->flight, (size_t)count);
		c->base.pending_bytes -= (size_t)count;
		c->base.progress_ms = loop_now_ms(c->base.net->loop);
	}
	if (count != UV_EAGAIN)
		return count;
	c->slice_bytes = min_size(buf_len(&c->flight), WRITE_SLICE_BYTES);
	out = uv_buf_init(c->flight.at + c->flight.start, (unsigned)c->slice_bytes);
	count = uv_write(&c->write, (uv_stream_t *)&c->tcp, &out, 1, on_written);
	c->is_writing = count == 0;
	return count;
}

static void on_written(uv_write_t *request, int status)
{
	struct conn_uv *c = request->handle->data;

	c->is_writing = false;
	if (c->is_closing)
		return;
	loop_sync(c->base.net->loop);
	if (c->err < 0) {
		buf_fini(&c->flight);
		return;
	}
	if (status == 0) {
		buf_drop(&c->flight, c->slice_bytes);
		c->base.pending_bytes -= c->slice_bytes;
		c->base.progress_ms = loop_now_ms(c->base.net->loop);
		status = write_pending(c);
	}
	if (status < 0) {
		write_failed(c, status);
		return;
	}
	if (c->base.pending_bytes > 0)
		return;
	buf_fini(&c->flight);
	buf_fini(&c->queue);
	shutdown_if_due(c);
	if (!c->is_told && c->base.handler && c->base.handler->drained)
		c->base.handler->drained(c->base.ctx);
}

static int write_later(struct conn_uv *c, struct str bytes)
{
	struct buf *buf = c->is_writing ? &c->queue : &c->flight;
	int err, status;

	if ((err = buf_add(buf, bytes)) < 0)
		return err;
	if (c->base.pending_bytes == 0)
		c->base.progress_ms = loop_now_ms(c->base.net->loop);
	c->base.pending_bytes += bytes.len;
	if (c->is_writing || (status = write_pending(c)) == 0)
		return 0;
	write_failed(c, status);
	return TRUNK_ECLOSED;
}

int conn_uv_write(struct conn *conn, struct str bytes)
{
	struct conn_uv *c = conn_of(conn);
	int count = 0;

	if (c->err < 0 || c->wants_shutdown)
		return TRUNK_ECLOSED;
	if (!c->is_open)
		return TRUNK_EBUSY;
	if (conn->pending_bytes == 0 && bytes.len > 0 && bytes.len <= INT32_MAX) {
		uv_buf_t out = uv_buf_init((char *)(uintptr_t)bytes.at, (unsigned)bytes.len);

		count = uv_try_write((uv_stream_t *)&c->tcp, &out, 1);
	}
	if (count < 0 && count != UV_EAGAIN) {
		write_failed(c, count);
		return TRUNK_ECLOSED;
	}
	bytes = str_from(bytes, count > 0 ? (size_t)count : 0);
	return bytes.len > 0 ? write_later(c, bytes) : 0;
}

void conn_uv_read(struct conn *conn, bool is_on)
{
	struct conn_uv *c = conn_of(conn);

	c->wants_read = is_on;
	if (is_on && c->is_open)
		read_begin(c);
	if (is_on || !c->is_reading)
		return;
	c->is_reading = false;
	uv_read_stop((uv_stream_t *)&c->tcp);
	if (c->err < 0)
		defer_start(conn->net->loop, &c->news);
}

void conn_uv_shutdown(struct conn *conn)
{
	struct conn_uv *c = conn_of(conn);

	c->wants_shutdown = true;
	if (c->is_open)
		shutdown_if_due(c);
}

static void on_closed(uv_handle_t *handle)
{
	struct conn_uv *c = handle->data;

	buf_fini(&c->flight);
	buf_fini(&c->queue);
	free(c);
}

void conn_uv_close(struct conn *conn)
{
	struct conn_uv *c = conn_of(conn);

	c->is_closing = true;
	defer_stop(&c->news);
	uv_close((uv_handle_t *)&c->tcp, on_closed);
}

void conn_uv_abort(struct conn *conn)
{
	uv_os_fd_t fd;

	if (uv_fileno((uv_handle_t *)&conn_of(conn)->tcp, &fd) == 0)
		socket_set_abort(fd);
	conn_uv_close(conn);
}

void conn_uv_set_patience(struct conn *conn, int64_t ms)
{
	uv_os_fd_t fd;

	if (uv_fileno((uv_handle_t *)&conn_of(conn)->tcp, &fd) == 0)
		socket_set_patience(fd, ms);
}

/* ---- how a connection begins ---- */

static int conn_uv_new(struct net *net, struct conn_uv **ret_conn)
{
	struct conn_uv *c = calloc(1, sizeof(*c));

	if (!c)
		return TRUNK_ENOMEM;
	if (uv_tcp_init(loop_uv(net->loop), &c->tcp) < 0) {
		free(c);
		return TRUNK_ENOMEM;
	}
	c->tcp.data = c;
	c->wants_read = true;
	c->base.net = net;
	c->base.progress_ms = loop_now_ms(net->loop);
	defer_init(&c->news, on_news, c);
	*ret_conn = c;
	return 0;
}

/* From now on the descriptor belongs to libuv; where it refuses, it stays the caller's. */
static int conn_uv_open_fd(struct conn_uv *c, int fd)
{
	int err, status;

	if ((err = socket_tune(fd)) < 0)
		return err;
	if ((status = uv_tcp_open(&c->tcp, fd)) < 0)
		return net_error(status);
	return 0;
}

static void on_connected(uv_connect_t *request, int status)
{
	struct conn_uv *c = request->handle->data;
	uv_os_fd_t fd;

	if (c->is_closing)
		return;
	loop_sync(c->base.net->loop);
	if (status < 0) {
		c->err = net_error(status);
		on_news(c);
		return;
	}
	c->is_open = true;
	if (uv_fileno((uv_handle_t *)&c->tcp, &fd) == 0)
		socket_names(fd, &c->base.local, NULL);
	read_begin(c);
	shutdown_if_due(c);
	if (c->base.handler && c->base.handler->open)
		c->base.handler->open(c->base.ctx, 0);
}

static int connect_begin(struct conn_uv *c, const struct endpoint *to, const struct endpoint *source)
{
	int fd = -1, err;

	if ((err = socket_new(to, &fd)) < 0)
		return err;
	if (source && source->sa.sa_family != to->sa.sa_family)
		err = TRUNK_EUNREACHABLE;
	else if (source)
		err = socket_bind_source(fd, source);
	if (err == 0)
		err = conn_uv_open_fd(c, fd);
	if (err < 0) {
		close(fd);
		return err;
	}
	return net_error(uv_tcp_connect(&c->connect, &c->tcp, &to->sa, on_connected));
}

int conn_uv_connect(struct net *net, const struct endpoint *to, const struct endpoint *source, struct conn **ret_conn)
{
	struct conn_uv *c;
	int err;

	if ((err = conn_uv_new(net, &c)) < 0)
		return err;
	c->base.peer = *to;
	if ((c->err = connect_begin(c, to, source)) < 0)
		defer_start(net->loop, &c->news);       /* one way to learn of it, for the caller: `open` */
	*ret_conn = &c->base;
	return 0;
}

int conn_uv_wrap(struct net *net, int fd, struct conn **ret_conn)
{
	struct conn_uv *c;
	int err;

	if ((err = conn_uv_new(net, &c)) < 0)
		return err;
	socket_names(fd, &c->base.local, &c->base.peer);
	if (c->base.peer.sa.sa_family == 0)
		err = TRUNK_ECLOSED;            /* reset before we looked at it */
	if (err < 0 || (err = conn_uv_open_fd(c, fd)) < 0) {
		conn_uv_close(&c->base);
		return err;
	}
	c->is_open = true;
	read_begin(c);
	*ret_conn = &c->base;
	return 0;
}

int conn_uv_detach(struct conn *conn, int *ret_fd)
{
	struct conn_uv *c = conn_of(conn);
	uv_os_fd_t fd;
	int copy;

	if (!c->is_open || c->is_told || c->err < 0 || c->wants_shutdown || conn->pending_bytes > 0)
		return TRUNK_EBUSY;
	if (uv_fileno((uv_handle_t *)&c->tcp, &fd) < 0)
		return TRUNK_EINVAL;
	if ((copy = fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0)
		return net_error(errno);
	conn_uv_close(conn);
	*ret_fd = copy;
	return 0;
}
