/* SPDX-License-Identifier: Apache-2.0
 * The daemon's listeners, also across reloads and from systemd. */
#include "daemon/daemon.h"

#include <stdlib.h>
#include <systemd/sd-daemon.h>

/* A listener's socket stays when it moves between listen and listen-tls: only what its peers are taken for changes. */
static void on_accept(void *ctx, struct conn *conn)
{
	struct accept_point *point = ctx;

	if (point->is_direct)
		inbound_accept_direct(point->inbound, conn);
	else
		inbound_accept(point->inbound, conn);
}

static struct accept_point *point_new(struct daemon *daemon, bool is_direct)
{
	struct accept_point *point = calloc(1, sizeof(*point));

	if (point)
		*point = (struct accept_point){.inbound = trunk_inbound(daemon->trunk), .is_direct = is_direct};
	return point;
}

static struct daemon_listener *listener_find(struct daemon *daemon, const struct endpoint *at)
{
	for (unsigned i = 0; i < daemon->listener_count; i++)
		if (endpoint_eq(&daemon->listeners[i].at, at))
			return &daemon->listeners[i];
	return NULL;
}

static bool names(const struct endpoint *list, unsigned count, const struct endpoint *at)
{
	for (unsigned i = 0; i < count; i++)
		if (endpoint_eq(&list[i], at))
			return true;
	return false;
}

static const char *reason_of(int err)
{
	switch (err) {
	case TRUNK_EBUSY: return "another program has taken this address and port; stop it, or name another one under listen";
	case TRUNK_EPERM: return "not permitted; ports below 1024 need root";
	case TRUNK_EUNREACHABLE: return "this is no address of this machine";
	default: return error_text(err);
	}
}

/* The machine may have no IPv6: a wildcard that nobody asked for by name is left out then. */
static bool may_be_missing(const struct endpoint *at, unsigned count)
{
	return count > 1 && at->sa.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&at->in6.sin6_addr);
}

static int open_one(struct daemon *daemon, const struct endpoint *at, bool is_direct, struct buf *why)
{
	struct daemon_listener *made = &daemon->listeners[daemon->listener_count];
	char text[ENDPOINT_TEXT_SIZE];
	int err;

	endpoint_text(at, text);
	if (daemon->listener_count == LISTENERS_MAX) {
		buf_addf(why, "%s: more than %d listeners", text, LISTENERS_MAX);
		return TRUNK_ELIMIT;
	}
	*made = (struct daemon_listener){.at = *at, .point = point_new(daemon, is_direct)};
	err = made->point ? net_listen(daemon->net, at, on_accept, made->point, &made->listener) : TRUNK_ENOMEM;
	if (err < 0) {
		free(made->point);
		buf_addf(why, "listen %s: %s", text, reason_of(err));
		return err;
	}
	daemon->listener_count++;
	return 0;
}

static int open_all(struct daemon *daemon, const struct endpoint *list, unsigned count, bool is_direct, struct buf *why)
{
	for (unsigned i = 0; i < count; i++) {
		int err;

		if (listener_find(daemon, &list[i]))
			continue;
		if ((err = open_one(daemon, &list[i], is_direct, why)) == TRUNK_EUNREACHABLE && may_be_missing(&list[i], count))
			buf_clear(why);
		else if (err < 0)
			return err;
	}
	return 0;
}

static void listener_end(struct daemon_listener *l)
{
	listener_free(&l->listener);
	free(l->point);
}

static void close_from(struct daemon *daemon, unsigned first)
{
	while (daemon->listener_count > first)
		listener_end(&daemon->listeners[--daemon->listener_count]);
}

/* Behind all that can fail: what the file doesn't name is closed, and the others are what it says. */
static void close_unnamed(struct daemon *daemon, const struct config *config)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < daemon->listener_count; i++) {
		struct daemon_listener *l = &daemon->listeners[i];

		l->point->is_direct = names(config->listen_tls, config->listen_tls_count, &l->at);
		if (l->point->is_direct || names(config->listen, config->listen_count, &l->at))
			daemon->listeners[kept++] = *l;
		else
			listener_end(l);
	}
	daemon->listener_count = kept;
}

int daemon_listen(struct daemon *daemon, const struct config *config, struct buf *why)
{
	const unsigned before = daemon->listener_count;
	int err;

	if ((err = open_all(daemon, config->listen, config->listen_count, false, why)) < 0 ||
	    (err = open_all(daemon, config->listen_tls, config->listen_tls_count, true, why)) < 0) {
		close_from(daemon, before);
		return err;
	}
	close_unnamed(daemon, config);
	return 0;
}

/* Sockets of a systemd unit stand for the addresses that they are bound to; which of them speak TLS at once, the configuration says. */
int daemon_adopt(struct daemon *daemon, const struct config *config)
{
	const int count = sd_listen_fds(1);

	for (int i = 0; i < count && daemon->listener_count < LISTENERS_MAX; i++) {
		struct daemon_listener *made = &daemon->listeners[daemon->listener_count];
		socklen_t len = sizeof(made->at);
		int err;

		*made = (struct daemon_listener){0};
		if (getsockname(SD_LISTEN_FDS_START + i, &made->at.sa, &len) < 0)
			return TRUNK_EINVAL;
		if (!(made->point = point_new(daemon, names(config->listen_tls, config->listen_tls_count, &made->at))))
			return TRUNK_ENOMEM;
		err = net_adopt(daemon->net, SD_LISTEN_FDS_START + i, on_accept, made->point, &made->listener);
		if (err < 0) {
			free(made->point);
			return err;
		}
		daemon->listener_count++;
	}
	return 0;
}

void daemon_unlisten(struct daemon *daemon)
{
	close_from(daemon, 0);
}
