/* SPDX-License-Identifier: Apache-2.0
 * What the files of the libuv implementation share. */
#ifndef TRUNK_NET_NET_UV_H
#define TRUNK_NET_NET_UV_H

#include "net/net.h"

enum { NET_READ_BYTES = 64 * 1024 };

struct net_uv {
	struct net net;
	char read_buffer[NET_READ_BYTES];       /* of all connections: `data` borrows it, and there is one at a time */
};

/* socket.c */
int net_error(int errnum);                                      /* `errnum`: of the system, positive or negative; 0 stays 0 */
int socket_new(const struct endpoint *endpoint, int *ret_fd);   /* TCP, non-blocking, closed on exec */
int socket_tune(int fd);                                        /* what every connection has */
void socket_set_patience(int fd, int64_t ms);
void socket_set_abort(int fd);                                  /* closing it resets the connection, and throws away what waits */
int socket_bind_source(int fd, const struct endpoint *source);
int socket_listen(const struct endpoint *at, int *ret_fd);
bool socket_is_listening(int fd);
void socket_names(int fd, struct endpoint *ret_local, struct endpoint *ret_peer);       /* zeroed where there is none */

/* conn_uv.c: the implementations of net_ops */
int conn_uv_connect(struct net *net, const struct endpoint *to, const struct endpoint *source, struct conn **ret_conn);
int conn_uv_wrap(struct net *net, int fd, struct conn **ret_conn);
int conn_uv_detach(struct conn *conn, int *ret_fd);
int conn_uv_write(struct conn *conn, struct str bytes);
void conn_uv_read(struct conn *conn, bool is_on);
void conn_uv_shutdown(struct conn *conn);
void conn_uv_set_patience(struct conn *conn, int64_t ms);
void conn_uv_close(struct conn *conn);
void conn_uv_abort(struct conn *conn);

/* listener.c */
int listener_uv_listen(struct net *net, const struct endpoint *at, accept_fn *fn, void *ctx, struct listener **ret_listener);
int listener_uv_adopt(struct net *net, int fd, accept_fn *fn, void *ctx, struct listener **ret_listener);
void listener_uv_close(struct listener *listener);

#endif
