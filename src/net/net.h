/* SPDX-License-Identifier: Apache-2.0
 * Sockets: listeners and connections, of libuv in the daemon and in memory in scenarios. */
#ifndef TRUNK_NET_NET_H
#define TRUNK_NET_NET_H

#include "base/base.h"
#include "dns/dns.h"

enum {
	NET_BACKLOG = 1024,             /* connections that the system holds for a listener; or somaxconn, if that is less */
	NET_ACCEPT_PAUSE_MS = 100,
	NET_KEEPALIVE_IDLE_S = 60,      /* then a probe each 10 s; dead after 3 without answer */
	NET_KEEPALIVE_EVERY_S = 10,
	NET_KEEPALIVE_COUNT = 3,
	NET_USER_TIMEOUT_MS = 30000,    /* bytes not acknowledged, or no window for them, so long: the peer is dead; see conn_set_patience() */
};

struct net;
struct conn;
struct listener;

/* What a connection tells its owner. After `closed` nothing more comes; the owner still has to call conn_free(). */
struct conn_handler {
	void (*open)(void *ctx, int err);               /* conn_connect() is done: 0, TRUNK_EREFUSED, _EUNREACHABLE… */
	void (*data)(void *ctx, struct str bytes);      /* borrowed for the call */
	void (*drained)(void *ctx);                     /* all that waited has gone to the system */
	void (*closed)(void *ctx, int err);             /* 0: the peer sent FIN; TRUNK_ECLOSED: reset; _ETIMEOUT: it is dead */
};

typedef void accept_fn(void *ctx, struct conn *conn);   /* the callee owns conn and attaches or frees it before it returns */

/* A way to make connections; `struct net` begins with a pointer to these. */
struct net_ops {
	int (*connect)(struct net *net, const struct endpoint *to, const struct endpoint *source, struct conn **ret_conn);
	int (*listen)(struct net *net, const struct endpoint *at, accept_fn *fn, void *ctx, struct listener **ret_listener);
	int (*adopt)(struct net *net, int fd, accept_fn *fn, void *ctx, struct listener **ret_listener);
	void (*unlisten)(struct listener *listener);
	int (*detach)(struct conn *conn, int *ret_fd);          /* NULL: connections of this kind can't move */
	int (*wrap)(struct net *net, int fd, struct conn **ret_conn);
	int (*write)(struct conn *conn, struct str bytes);
	void (*read)(struct conn *conn, bool is_on);
	void (*shutdown)(struct conn *conn);
	void (*set_patience)(struct conn *conn, int64_t ms);    /* NULL: this kind has none */
	void (*close)(struct conn *conn);
	void (*abort)(struct conn *conn);                       /* NULL: as `close` */
	void (*free)(struct net *net);
};

struct net {
	const struct net_ops *ops;
	struct loop *loop;
	uint64_t accept_pauses;         /* times that accepting rested (NET_ACCEPT_PAUSE_MS) for want of descriptors */
};

/* What every implementation's listener begins with. */
struct listener {
	struct net *net;
	struct endpoint at;             /* as bound: with the port that the system chose where 0 was asked for */
};

/* What every implementation's connection begins with. */
struct conn {
	struct net *net;
	const struct conn_handler *handler;
	void *ctx;
	struct endpoint peer, local;
	size_t pending_bytes;           /* taken by conn_write() and not yet by the system */
	size_t lost_bytes;              /* those that the system will never take, since the connection broke */
	int64_t progress_ms;            /* when the system last took pending bytes, or began to let them wait */
};

/* TCP by libuv. NULL: no memory, or `loop` isn't driven by libuv. Ends before its loop. */
/* Whether an address is one of this machine's own. */
bool net_is_local(const struct endpoint *address);

struct net *net_uv_new(struct loop *loop);
void net_free(struct net **net);                /* its listeners and connections are freed before */

/* Begins to connect; `open` tells the end of it, never from within this call. `source` may be NULL; its port does not count,
 * the system chooses one. Returns 0 or TRUNK_ENOMEM. After `open` with an error nothing more comes; the owner still has to call
 * conn_free(). */
int conn_connect(struct net *net, const struct endpoint *to, const struct endpoint *source, const struct conn_handler *handler,
		 void *ctx, struct conn **ret_conn);
void conn_attach(struct conn *conn, const struct conn_handler *handler, void *ctx);

/* Gives bytes to the system at once as far as it takes them and keeps a copy of the rest. No callback comes from within it. How
 * much may wait is the owner's to bound, by `pending_bytes`. After `closed` with 0 (the peer's FIN) writing still works.
 * Returns 0; TRUNK_ECLOSED (`closed` comes, too); TRUNK_ENOMEM: some of the bytes may be on their way, so the connection is of
 * no more use; or TRUNK_EBUSY before `open`. */
int conn_write(struct conn *conn, struct str bytes);
void conn_read(struct conn *conn, bool is_on);  /* on at first; off: the peer's system learns it by its window */
void conn_shutdown(struct conn *conn);          /* FIN behind what waits; writing is over, reading goes on */

/* How long bytes may wait for the peer's system before it is taken for dead; NET_USER_TIMEOUT_MS at first. */
void conn_set_patience(struct conn *conn, int64_t ms);

/* Moves an open connection to another thread's loop: `detach` takes it off this one (frees `*conn`, no callback comes any more)
 * and gives its descriptor, owned by the caller; `wrap`, on the other thread, takes the descriptor and makes a connection of
 * it, to be conn_attach()ed before control returns to the loop. Bytes that arrived in between wait in the system. detach: 0;
 * TRUNK_EBUSY where bytes wait or it isn't open (*conn stays); TRUNK_ELIMIT, TRUNK_EINVAL. wrap: 0; TRUNK_ENOMEM, TRUNK_EINVAL,
 * TRUNK_ECLOSED (fd stays the caller's). */
int conn_detach(struct conn **conn, int *ret_fd);
int net_wrap(struct net *net, int fd, struct conn **ret_conn);

/* Closes at once; no callback comes any more, not even for what waits. NULL inside is fine. Where bytes of the peer are unread
 * the system sends a reset, and what we wrote last may never be read: conn_shutdown() and wait for `closed` where that matters.
 */
void conn_free(struct conn **conn);

/* The same by a reset: what the system has taken of ours and not sent yet never arrives. What the peer's system has may still be read there. */
void conn_abort(struct conn **conn);

/* Port 0: the system chooses one. An IPv6 listener hears IPv6 alone. TRUNK_EBUSY: taken by another program; TRUNK_EPERM;
 * TRUNK_EUNREACHABLE: not an address of this machine; TRUNK_ELIMIT, TRUNK_ENOMEM. */
int net_listen(struct net *net, const struct endpoint *at, accept_fn *fn, void *ctx, struct listener **ret_listener);

/* A TCP socket that already listens (systemd's). Taken on success. TRUNK_EINVAL: it is none. */
int net_adopt(struct net *net, int fd, accept_fn *fn, void *ctx, struct listener **ret_listener);
void listener_free(struct listener **listener);

#endif
