/* SPDX-License-Identifier: Apache-2.0
 * Listeners and connections of whatever kind: each call goes to the implementation that made them. */
#include "net/net.h"

#include <ifaddrs.h>

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

void conn_abort(struct conn **conn)
{
	if (!*conn)
		return;
	if ((*conn)->net->ops->abort)
		(*conn)->net->ops->abort(*conn);
	else
		(*conn)->net->ops->close(*conn);
	*conn = NULL;
}

void conn_set_patience(struct conn *conn, int64_t ms)
{
	if (conn->net->ops->set_patience)
		conn->net->ops->set_patience(conn, ms);
}

static bool is_loopback(const struct endpoint *address)
{
	return address->sa.sa_family == AF_INET6 ? IN6_IS_ADDR_LOOPBACK(&address->in6.sin6_addr)
						 : (ntohl(address->in4.sin_addr.s_addr) >> 24) == IN_LOOPBACKNET;
}

static bool is_same_host(const struct sockaddr *one, const struct endpoint *other)
{
	const struct sockaddr_in *in4 = (const struct sockaddr_in *)(const void *)one;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)one;

	if (!one || one->sa_family != other->sa.sa_family)
		return false;
	return one->sa_family == AF_INET6 ? IN6_ARE_ADDR_EQUAL(&in6->sin6_addr, &other->in6.sin6_addr)
					  : one->sa_family == AF_INET && in4->sin_addr.s_addr == other->in4.sin_addr.s_addr;
}

bool net_is_local(const struct endpoint *address)
{
	struct ifaddrs *all;
	bool is_local = is_loopback(address);

	if (is_local || getifaddrs(&all) < 0)
		return is_local;
	for (const struct ifaddrs *one = all; one && !is_local; one = one->ifa_next)
		is_local = is_same_host(one->ifa_addr, address);
	freeifaddrs(all);
	return is_local;
}
