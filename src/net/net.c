/* SPDX-License-Identifier: Apache-2.0
 * Listeners and connections of whatever kind: each call goes to the implementation that made them. */
#include "net/net.h"

#include <unistd.h>

void net_free(struct net **net)
{
	if (!*net)
		return;
	(*net)->ops->free(*net);
	*net = NULL;
}

int conn_connect(struct net *net, const struct endpoint *to, const struct endpoint *source, const struct conn_handler *handler,
		 void *ctx, struct conn **ret_conn)
{
	struct conn *conn;
	int err;

	if ((err = net->ops->connect(net, to, source, &conn)) < 0)
		return err;
	conn_attach(conn, handler, ctx);
	*ret_conn = conn;
	return 0;
}

void conn_attach(struct conn *conn, const struct conn_handler *handler, void *ctx)
{
	conn->handler = handler;
	conn->ctx = ctx;
}

int conn_write(struct conn *conn, struct str bytes)
{
	return conn->net->ops->write(conn, bytes);
}

void conn_read(struct conn *conn, bool is_on)
{
	conn->net->ops->read(conn, is_on);
}

void conn_shutdown(struct conn *conn)
{
	conn->net->ops->shutdown(conn);
}

int conn_detach(struct conn **conn, int *ret_fd)
{
	int err;

	if (!(*conn)->net->ops->detach)
		return TRUNK_EINVAL;
	if ((err = (*conn)->net->ops->detach(*conn, ret_fd)) < 0)
		return err;
	*conn = NULL;
	return 0;
}

int net_wrap(struct net *net, int fd, struct conn **ret_conn)
{
	return net->ops->wrap ? net->ops->wrap(net, fd, ret_conn) : TRUNK_EINVAL;
}

void conn_free(struct conn **conn)
{
	if (!*conn)
		return;
	(*conn)->net->ops->close(*conn);
	*conn = NULL;
}

int net_listen(struct net *net, const struct endpoint *at, accept_fn *fn, void *ctx, struct listener **ret_listener)
{
	return net->ops->listen(net, at, fn, ctx, ret_listener);
}

int net_adopt(struct net *net, int fd, accept_fn *fn, void *ctx, struct listener **ret_listener)
{
	return net->ops->adopt(net, fd, fn, ctx, ret_listener);
}

void listener_free(struct listener **listener)
{
	if (!*listener)
		return;
	(*listener)->net->ops->unlisten(*listener);
	*listener = NULL;
}

/* The system itself knows best: only an own address can be bound. */
bool net_is_local(const struct endpoint *address)
{
	struct endpoint bare = *address;
	const socklen_t size = bare.sa.sa_family == AF_INET6 ? sizeof(bare.in6) : sizeof(bare.in4);
	const int fd = socket(bare.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is_local;

	if (fd < 0)
		return false;
	if (bare.sa.sa_family == AF_INET6)
		bare.in6.sin6_port = 0;
	else
		bare.in4.sin_port = 0;
	is_local = bind(fd, &bare.sa, size) == 0;
	close(fd);
	return is_local;
}
