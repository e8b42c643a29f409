/* SPDX-License-Identifier: Apache-2.0
 * Sockets and epoll of the load driver. */
#include "wire.h"

#include "die.h"
#include "proc.h"
#include "wire_tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_SIZE = 256 * 1024, EVENTS_MAX = 256, BACKLOG = 4096, SHRUNK_SIZE = 64 * 1024 };

void reactor_init(struct reactor *reactor)
{
	list_init(&reactor->dead);
	list_init(&reactor->held);
	reactor->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (reactor->epoll_fd < 0)
		die("epoll: %s", strerror(errno));
}

static void dead_bury(struct reactor *reactor)
{
	LIST_EACH(link, &reactor->dead) {
		list_remove(link);
		free(LIST_OF(link, struct wire, link));
	}
}

void reactor_fini(struct reactor *reactor)
{
	dead_bury(reactor);
	close(reactor->epoll_fd);
}

struct sockaddr_in address_parse(const char *text)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	struct str port = str_of(text), host = str_cut(&port, ':');
	char name[INET_ADDRSTRLEN];
	uint64_t number = 0;

	if (host.len >= sizeof(name))
		die("address \"%s\" is none", text);
	memcpy(name, host.at, host.len);
	name[host.len] = 0;
	if (inet_pton(AF_INET, name, &at.sin_addr) != 1 || (!str_is_absent(port) && str_number(port, UINT16_MAX, &number) < 0))
		die("address \"%s\" is none; write 127.0.0.1:5269", text);
	at.sin_port = htons((uint16_t)number);
	return at;
}

static void listener_ready(struct listener *listener)
{
	int fd;

	while ((fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		listener->fn(fd, listener->ctx);
}

/* Listeners and wires share the poll set; the lowest bit of the pointer tells which. */
static void poll_add(struct reactor *reactor, int fd, void *ptr, unsigned tag, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.u64 = (uintptr_t)ptr | tag};

	if (epoll_ctl(reactor->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		die("epoll: %s", strerror(errno));
}

void listener_open(struct reactor *reactor, struct listener *listener, struct sockaddr_in at, accept_fn *fn, void *ctx)
{
	*listener = (struct listener){.fn = fn, .ctx = ctx};
	listener->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener->fd < 0 || setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) < 0 ||
	    bind(listener->fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(listener->fd, BACKLOG) < 0)
		die("cannot listen on %s:%u: %s", inet_ntoa(at.sin_addr), ntohs(at.sin_port), strerror(errno));
	poll_add(reactor, listener->fd, listener, 1, EPOLLIN);
}

static struct wire *wire_new(struct reactor *reactor, int fd, wire_fn *fn, void *ctx)
{
	struct wire *wire = must_ptr(calloc(1, sizeof(*wire)));

	*wire = (struct wire){.reactor = reactor, .fd = fd, .fn = fn, .ctx = ctx};
	list_init(&wire->link);
	list_init(&wire->held);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	return wire;
}

struct wire *wire_connect(struct reactor *reactor, struct sockaddr_in to, wire_fn *fn, void *ctx)
{
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct wire *wire;

	if (fd < 0)
		die("socket: %s", strerror(errno));
	wire = wire_new(reactor, fd, fn, ctx);
	wire->is_ours = wire->wants_out = true;
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS)
		die("cannot connect to %s:%u: %s", inet_ntoa(to.sin_addr), ntohs(to.sin_port), strerror(errno));
	poll_add(reactor, fd, wire, 0, EPOLLIN | EPOLLOUT);
	return wire;
}

struct wire *wire_accept(struct reactor *reactor, int fd, wire_fn *fn, void *ctx)
{
	struct wire *wire = wire_new(reactor, fd, fn, ctx);

	wire->is_up = true;
	wire->round_trips = 1;
	poll_add(reactor, fd, wire, 0, EPOLLIN);
	return wire;
}

static void wire_watch(struct wire *wire)
{
	struct epoll_event event = {.data.u64 = (uintptr_t)wire};

	event.events = (wire->is_paused ? 0 : (uint32_t)EPOLLIN) | (wire->wants_out ? (uint32_t)EPOLLOUT : 0);
	if (epoll_ctl(wire->reactor->epoll_fd, EPOLL_CTL_MOD, wire->fd, &event) < 0)
		die("epoll: %s", strerror(errno));
}

void wire_pause(struct wire *wire, bool is_paused)
{
	wire->is_paused = is_paused;
	wire_watch(wire);
}

void wire_shrink(struct wire *wire)
{
	setsockopt(wire->fd, SOL_SOCKET, SO_SNDBUF, &(int){SHRUNK_SIZE}, sizeof(int));
	setsockopt(wire->fd, SOL_SOCKET, SO_RCVBUF, &(int){SHRUNK_SIZE}, sizeof(int));
}

void wire_send(struct wire *wire, struct str bytes)
{
	if (wire->ssl)
		wire_seal(wire, bytes);
	else
		must(buf_add(&wire->out, bytes));
}

/* With a delay: does what waits in `out` have to wait on? */
static bool is_held(struct wire *wire)
{
	const int64_t delay_ns = wire->reactor->delay_ns;

	if (delay_ns == 0 || wire_out_len(wire) == 0)
		return false;
	if (wire->due_ns == 0 && !wire->sent_last) {
		wire->due_ns = clock_ns() + (!wire->is_ours && wire->bytes_out == 0 ? 2 * delay_ns : delay_ns);
		list_add_tail(&wire->reactor->held, &wire->held);
	}
	if (wire->due_ns > clock_ns())
		return true;
	wire->due_ns = 0;
	list_remove(&wire->held);
	return false;
}

/* Sends what was held long enough; returns how long the next may still be held, at most `timeout_ns`. */
static int64_t held_flush(struct reactor *reactor, int64_t timeout_ns)
{
	LIST_EACH(link, &reactor->held)
		wire_flush(LIST_OF(link, struct wire, held));
	LIST_EACH(link, &reactor->held) {
		const int64_t left_ns = LIST_OF(link, struct wire, held)->due_ns - clock_ns();

		if (timeout_ns < 0 || left_ns < timeout_ns)
			timeout_ns = left_ns > 0 ? left_ns : 0;
	}
	return timeout_ns;
}

static void wire_push(struct wire *wire)
{
	bool is_stuck = false;

	while (wire_out_len(wire) && !is_stuck) {
		const ssize_t len = send(wire->fd, buf_str(&wire->out).at, wire_out_len(wire), MSG_NOSIGNAL);

		is_stuck = len <= 0;
		if (len < 0 && errno != EAGAIN)
			buf_clear(&wire->out);          /* reading tells that it is broken */
		if (len <= 0)
			continue;
		if (!wire->is_ours && !wire->sent_last && wire->bytes_in)
			wire->round_trips++;
		wire->sent_last = true;
		wire->bytes_out += (size_t)len;
		buf_drop(&wire->out, (size_t)len);
	}
	if (wire->wants_out != (wire_out_len(wire) > 0)) {
		wire->wants_out = !wire->wants_out;
		wire_watch(wire);
	}
}

void wire_flush(struct wire *wire)
{
	if (wire->is_up && wire->fd >= 0 && !wire->wants_out && !is_held(wire))
		wire_push(wire);
}

static void wire_broke(struct wire *wire, const char *why)
{
	wire->why = why;
	epoll_ctl(wire->reactor->epoll_fd, EPOLL_CTL_DEL, wire->fd, NULL);
	wire->fn(wire, WIRE_CLOSED, wire->ctx);
}

static void wire_readable(struct wire *wire)
{
	struct buf *into = wire->ssl ? &wire->sealed : &wire->in;
	ssize_t len;

	must(buf_reserve(into, READ_SIZE));
	len = recv(wire->fd, buf_space(into), READ_SIZE, 0);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len <= 0) {
		wire_broke(wire, len < 0 ? strerror(errno) : "closed by the other side");
		return;
	}
	buf_grew(into, (size_t)len);
	if (wire->is_ours && wire->sent_last)
		wire->round_trips++;
	wire->sent_last = false;
	wire->bytes_in += (size_t)len;
	if (!wire->ssl)
		wire->fn(wire, WIRE_DATA, wire->ctx);
	else if (!wire_open(wire) && wire->fd >= 0)
		wire_broke(wire, "TLS failed");
	if (wire->fd >= 0)
		wire_flush(wire);
}

static void wire_writable(struct wire *wire)
{
	if (!wire->is_up) {
		int err = 0;
		socklen_t len = sizeof(err);

		getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &err, &len);
		if (err) {
			wire_broke(wire, strerror(err));
			return;
		}
		wire->is_up = true;
		wire->wants_out = false;
		wire_watch(wire);
		wire->round_trips = 1;
		wire->fn(wire, WIRE_UP, wire->ctx);
	}
	if (wire->fd >= 0 && !is_held(wire))
		wire_push(wire);
}

static void reactor_event(const struct epoll_event *event)
{
	if (event->data.u64 & 1) {
		listener_ready((struct listener *)(uintptr_t)(event->data.u64 & ~UINT64_C(1)));
	} else {
		struct wire *wire = (struct wire *)(uintptr_t)event->data.u64;

		if (wire->fd >= 0 && event->events & EPOLLOUT)
			wire_writable(wire);
		if (wire->fd >= 0 && !wire->why && event->events & (EPOLLIN | EPOLLHUP | EPOLLERR))
			wire_readable(wire);
	}
}

void reactor_wait(struct reactor *reactor, int64_t timeout_ns)
{
	struct epoll_event events[EVENTS_MAX];
	struct timespec timeout;
	int count;

	timeout_ns = held_flush(reactor, timeout_ns);
	timeout = (struct timespec){.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
	count = epoll_pwait2(reactor->epoll_fd, events, EVENTS_MAX, timeout_ns < 0 ? NULL : &timeout, NULL);
	if (count < 0 && errno != EINTR)
		die("epoll: %s", strerror(errno));
	for (int i = 0; i < count; i++)
		reactor_event(&events[i]);
	dead_bury(reactor);
}

void wire_free(struct wire **wire_ptr)
{
	struct wire *wire = *wire_ptr;

	if (!wire)
		return;
	*wire_ptr = NULL;
	close(wire->fd);
	wire->fd = -1;
	SSL_free(wire->ssl);
	wire->ssl = NULL;
	buf_fini(&wire->in);
	buf_fini(&wire->out);
	buf_fini(&wire->sealed);
	list_remove(&wire->held);
	list_remove(&wire->link);
	list_add_tail(&wire->reactor->dead, &wire->link);
}
