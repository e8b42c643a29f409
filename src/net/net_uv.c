/* SPDX-License-Identifier: Apache-2.0
 * TCP by libuv: the table of what it offers. */
#include "net/net_uv.h"

#include <signal.h>
#include <stdlib.h>

static void net_uv_free(struct net *net)
{
	free((struct net_uv *)(void *)net);
}

static const struct net_ops net_uv_ops = {
	.connect = conn_uv_connect,
	.listen = listener_uv_listen,
	.adopt = listener_uv_adopt,
	.unlisten = listener_uv_close,
	.detach = conn_uv_detach,
	.wrap = conn_uv_wrap,
	.write = conn_uv_write,
	.read = conn_uv_read,
	.shutdown = conn_uv_shutdown,
	.set_patience = conn_uv_set_patience,
	.close = conn_uv_close,
	.abort = conn_uv_abort,
	.free = net_uv_free,
};

struct net *net_uv_new(struct loop *loop)
{
	struct net_uv *uv;

	if (!loop_uv(loop) || !(uv = malloc(sizeof(*uv))))
		return NULL;
	/* libuv writes without MSG_NOSIGNAL: writing to a connection that was reset has to be an error, not the end of us. */
	signal(SIGPIPE, SIG_IGN);
	uv->net = (struct net){.ops = &net_uv_ops, .loop = loop};       /* the read buffer is no memory until it is used */
	return &uv->net;
}
