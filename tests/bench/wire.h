/* SPDX-License-Identifier: Apache-2.0
 * Sockets of the load driver: epoll, TLS at will in the middle of a connection, and a count of round trips. */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include "base/buf.h"
#include "base/list.h"

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdint.h>

enum wire_event {
	WIRE_UP = 1,            /* our connection stands */
	WIRE_SECURED,           /* the TLS handshake is done */
	WIRE_DATA,              /* `in` has grown */
	WIRE_CLOSED,            /* by the other side, or broken: `why` tells; the wire may be freed now */
};

struct wire;
typedef void wire_fn(struct wire *wire, enum wire_event event, void *ctx);
typedef void accept_fn(int fd, void *ctx);

struct listener {
	int fd;
	accept_fn *fn;
	void *ctx;
};

struct reactor {
	int epoll_fd;
	struct list dead;       /* wires freed within a callback; their memory ends after it */
	struct list held;       /* wires whose answer waits for its time */
	int64_t delay_ns;       /* a round trip that is played: answers go so much later, and TCP's counts, too */
};

struct wire {
	struct reactor *reactor;
	struct list link;       /* in the owner's list or the reactor's dead one */
	int fd;                 /* -1: freed */
	SSL *ssl;               /* NULL: plain */
	wire_fn *fn;
	void *ctx;
	struct list held;       /* in reactor->held while due_ns is not 0 */
	int64_t due_ns;         /* when `out` may go */
	bool is_up, is_shaken, is_paused, wants_out;
	bool is_ours;           /* we connected */
	bool sent_last;         /* whose bytes came last: ours */
	unsigned round_trips;   /* waits of the side that connected for an answer, TCP's included */
	uint64_t bytes_in, bytes_out;
	const char *why;        /* it closed; static */
	struct buf in;          /* plain bytes received; the owner drops what he used */
	struct buf out;         /* bytes for the socket */
	struct buf sealed;      /* TLS bytes received and not yet decrypted */
};

void reactor_init(struct reactor *reactor);
void reactor_fini(struct reactor *reactor);

/* Waits at most `timeout_ns` (negative: for ever) and calls back for what happened. */
void reactor_wait(struct reactor *reactor, int64_t timeout_ns);

/* "127.0.0.1:5269"; ends the program where it is malformed. */
struct sockaddr_in address_parse(const char *text);

void listener_open(struct reactor *reactor, struct listener *listener, struct sockaddr_in at, accept_fn *fn, void *ctx);

/* A wire in memory of its own, to be freed by wire_free() alone. WIRE_UP or WIRE_CLOSED follows. */
struct wire *wire_connect(struct reactor *reactor, struct sockaddr_in to, wire_fn *fn, void *ctx);
struct wire *wire_accept(struct reactor *reactor, int fd, wire_fn *fn, void *ctx);

/* Begins TLS; bytes that wait in `in` are taken for its first. `name` for SNI may be NULL. WIRE_SECURED follows. */
void wire_secure(struct wire *wire, SSL_CTX *tls, const char *name);

/* Queues plain bytes, as one TLS record for each 16 KiB of a call. Nothing moves before wire_flush(). */
void wire_send(struct wire *wire, struct str bytes);
void wire_flush(struct wire *wire);
static inline size_t wire_out_len(const struct wire *wire)
{
	return buf_len(&wire->out);
}

/* Keeps little in the system's own buffers: a thousand stalled streams would take all memory that it has for TCP. */
void wire_shrink(struct wire *wire);

/* Reads no more until told otherwise. */
void wire_pause(struct wire *wire, bool is_paused);

void wire_free(struct wire **wire);     /* closes; no callback comes any more */

#endif
