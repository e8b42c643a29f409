/* SPDX-License-Identifier: Apache-2.0
 * System calls on sockets, and what their errors mean to us. */
#include "net/net_uv.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct {
	int errnum, err;
} net_errors[] = {
	{ENOMEM, TRUNK_ENOMEM},
	{ECONNREFUSED, TRUNK_EREFUSED},
	{ENETUNREACH, TRUNK_EUNREACHABLE},
	{EHOSTUNREACH, TRUNK_EUNREACHABLE},
	{ENETDOWN, TRUNK_EUNREACHABLE},
	{EHOSTDOWN, TRUNK_EUNREACHABLE},
	{EADDRNOTAVAIL, TRUNK_EUNREACHABLE},
	{EAFNOSUPPORT, TRUNK_EUNREACHABLE},
	{ENONET, TRUNK_EUNREACHABLE},
	{EPROTO, TRUNK_EUNREACHABLE},
	{ETIMEDOUT, TRUNK_ETIMEOUT},
	{ECONNRESET, TRUNK_ECLOSED},
	{ECONNABORTED, TRUNK_ECLOSED},
	{EPIPE, TRUNK_ECLOSED},
	{ENOTCONN, TRUNK_ECLOSED},
	{EADDRINUSE, TRUNK_EBUSY},
	{EACCES, TRUNK_EPERM},
	{EPERM, TRUNK_EPERM},
	{EMFILE, TRUNK_ELIMIT},
	{ENFILE, TRUNK_ELIMIT},
	{ENOBUFS, TRUNK_ELIMIT},
	{EINVAL, TRUNK_EINVAL},
};

int net_error(int errnum)
{
	const int positive = errnum < 0 ? -errnum : errnum;     /* libuv's are the system's, negated */

	if (errnum == 0)
		return 0;
	for (size_t i = 0; i < sizeof(net_errors) / sizeof(net_errors[0]); i++)
		if (net_errors[i].errnum == positive)
			return net_errors[i].err;
	return TRUNK_EIO;
}

static socklen_t endpoint_size(const struct endpoint *endpoint)
{
	return endpoint->sa.sa_family == AF_INET6 ? sizeof(endpoint->in6) : sizeof(endpoint->in4);
}

static int option_set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? net_error(errno) : 0;
}

int socket_new(const struct endpoint *endpoint, int *ret_fd)
{
	const int fd = socket(endpoint->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);

	if (fd < 0)
		return net_error(errno);
	*ret_fd = fd;
	return 0;
}

int socket_tune(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{IPPROTO_TCP, TCP_NODELAY, 1},  /* Nagle's algorithm costs 20 to 50 ms at moderate rates */
		{SOL_SOCKET, SO_KEEPALIVE, 1},
		{IPPROTO_TCP, TCP_KEEPIDLE, NET_KEEPALIVE_IDLE_S},
		{IPPROTO_TCP, TCP_KEEPINTVL, NET_KEEPALIVE_EVERY_S},
		{IPPROTO_TCP, TCP_KEEPCNT, NET_KEEPALIVE_COUNT},
		{IPPROTO_TCP, TCP_USER_TIMEOUT, NET_USER_TIMEOUT_MS},
	};
	int err;

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if ((err = option_set(fd, options[i].level, options[i].name, options[i].value)) < 0)
			return err;
	return 0;
}

/* Not all kernels have it; then the peer is taken for dead earlier. */
void socket_set_patience(int fd, int64_t ms)
{
	(void)option_set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)ms);
}

void socket_set_abort(int fd)
{
	const struct linger linger = {.l_onoff = 1, .l_linger = 0};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

int socket_bind_source(int fd, const struct endpoint *source)
{
	struct endpoint at = *source;

	endpoint_set_port(&at, 0);
	/* Without it the port is chosen here, before the target is known, and 28,000 links exhaust the address. Not all kernels
	 * have it. */
	(void)option_set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	return bind(fd, &at.sa, endpoint_size(&at)) < 0 ? net_error(errno) : 0;
}

static int listen_at(int fd, const struct endpoint *at)
{
	int err;

	if ((err = option_set(fd, SOL_SOCKET, SO_REUSEADDR, 1)) < 0)
		return err;
	if (at->sa.sa_family == AF_INET6 && (err = option_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) < 0)
		return err;
	if (bind(fd, &at->sa, endpoint_size(at)) < 0 || listen(fd, NET_BACKLOG) < 0)
		return net_error(errno);
	return 0;
}

int socket_listen(const struct endpoint *at, int *ret_fd)
{
	int fd = -1, err;

	if ((err = socket_new(at, &fd)) < 0)
		return err;
	if ((err = listen_at(fd, at)) < 0) {
		close(fd);
		return err;
	}
	*ret_fd = fd;
	return 0;
}

static int option_get(int fd, int name)
{
	int value = -1;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &size) < 0 ? -1 : value;
}

bool socket_is_listening(int fd)
{
	const int family = option_get(fd, SO_DOMAIN);

	return option_get(fd, SO_ACCEPTCONN) == 1 && option_get(fd, SO_TYPE) == SOCK_STREAM &&
	       (family == AF_INET || family == AF_INET6);
}

/* A socket for both families (systemd's default) shows IPv4 peers as ::ffff:192.0.2.1; limits and logs know them as 192.0.2.1.
 */
static void endpoint_unmap(struct endpoint *endpoint)
{
	struct in_addr address;

	if (endpoint->sa.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&endpoint->in6.sin6_addr))
		return;
	memcpy(&address, &endpoint->in6.sin6_addr.s6_addr[12], sizeof(address));
	*endpoint = (struct endpoint){.in4 = {.sin_family = AF_INET, .sin_port = endpoint->in6.sin6_port, .sin_addr = address}};
}

static void name_get(int fd, int (*get)(int, struct sockaddr *, socklen_t *), struct endpoint *ret_endpoint)
{
	union {
		struct endpoint endpoint;
		struct sockaddr_storage any;
	} name = {0};
	socklen_t size = sizeof(name);

	if (get(fd, &name.endpoint.sa, &size) < 0 || (name.any.ss_family != AF_INET && name.any.ss_family != AF_INET6))
		name.endpoint = (struct endpoint){0};
	endpoint_unmap(&name.endpoint);
	*ret_endpoint = name.endpoint;
}

static int local_name(int fd, struct sockaddr *name, socklen_t *size)
{
	return getsockname(fd, name, size);
}

static int peer_name(int fd, struct sockaddr *name, socklen_t *size)
{
	return getpeername(fd, name, size);
}

void socket_names(int fd, struct endpoint *ret_local, struct endpoint *ret_peer)
{
	name_get(fd, local_name, ret_local);
	if (ret_peer)
		name_get(fd, peer_name, ret_peer);
}
