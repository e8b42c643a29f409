/* SPDX-License-Identifier: Apache-2.0
 * Listeners by libuv: the socket is polled and accepted from by us, since libuv's own accepting drops peers when descriptors
 * run out. */
#include "net/net_uv.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

enum { ACCEPT_BATCH = 64 };     /* connections accepted in one go, before the loop turns to the others */

struct listener_uv {
	struct listener listener;
	uv_poll_t poll;
	struct timer pause;
	int fd;
	bool is_closing;
	accept_fn *fn;
	void *ctx;
};

static void on_ready(uv_poll_t *poll, int status, int events);

static void accept_resume(void *ctx)
{
	struct listener_uv *uv = ctx;

	uv_poll_start(&uv->poll, UV_READABLE, on_ready);
}

/* The connections wait in the system's backlog meanwhile. */
static void accept_pause(struct listener_uv *uv)
{
	uv->listener.net->accept_pauses++;
	timer_start(uv->listener.net->loop, &uv->pause, NET_ACCEPT_PAUSE_MS, accept_resume, uv);
	uv_poll_stop(&uv->poll);
}

/* Returns whether there may be more. */
static bool accept_one(struct listener_uv *uv)
{
	const int fd = accept4(uv->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct conn *conn;
	int err;

	if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return false;
	if (fd < 0) {
		err = net_error(errno);
		if (err != TRUNK_ELIMIT && err != TRUNK_ENOMEM && err != TRUNK_EINVAL && err != TRUNK_EIO)
			return true;    /* this one is gone, not the listener: accept(2), "Error handling" */
		accept_pause(uv);
		return false;
	}
	if ((err = conn_uv_wrap(uv->listener.net, fd, &conn)) < 0) {
		close(fd);
		if (err != TRUNK_ENOMEM)
			return true;
		accept_pause(uv);
		return false;
	}
	uv->fn(uv->ctx, conn);
	return true;
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
	struct listener_uv *uv = poll->data;

	(void)status;
	(void)events;
	loop_sync(uv->listener.net->loop);
	for (unsigned i = 0; i < ACCEPT_BATCH && accept_one(uv) && !uv->is_closing; i++)
		;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

int listener_uv_adopt(struct net *net, int fd, accept_fn *fn, void *ctx, struct listener **ret_listener)
{
	struct listener_uv *uv;
	int status;

	if (!socket_is_listening(fd))
		return TRUNK_EINVAL;
	if (!(uv = calloc(1, sizeof(*uv))))
		return TRUNK_ENOMEM;
	*uv = (struct listener_uv){.listener = {.net = net}, .fd = fd, .fn = fn, .ctx = ctx};
	if ((status = uv_poll_init(loop_uv(net->loop), &uv->poll, fd)) < 0) {
		free(uv);
		return net_error(status);
	}
	uv->poll.data = uv;
	socket_names(fd, &uv->listener.at, NULL);
	uv_poll_start(&uv->poll, UV_READABLE, on_ready);
	*ret_listener = &uv->listener;
	return 0;
}

int listener_uv_listen(struct net *net, const struct endpoint *at, accept_fn *fn, void *ctx, struct listener **ret_listener)
{
	int fd, err;

	if ((err = socket_listen(at, &fd)) < 0)
		return err;
	if ((err = listener_uv_adopt(net, fd, fn, ctx, ret_listener)) < 0)
		close(fd);
	return err;
}

void listener_uv_close(struct listener *listener)
{
	struct listener_uv *uv = (struct listener_uv *)(void *)listener;

	uv->is_closing = true;
	timer_stop(&uv->pause);
	uv_poll_stop(&uv->poll);
	uv_close((uv_handle_t *)&uv->poll, on_closed);
	close(uv->fd);          /* uv_close() has taken it out of the poll set already */
}
