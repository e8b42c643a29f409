/* SPDX-License-Identifier: Apache-2.0
 * Real sockets on loopback: connecting, writing past what the system takes, ends of all kinds. */
#include "net/net.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>
#include <cmocka.h>

enum { TICK_MS = 5, PATIENCE_MS = 5000, MUCH = 16 * 1024 * 1024, RECEIVED_MAX = 32 * 1024 * 1024 };

/* What a connection told. */
struct side {
	struct conn *conn;
	unsigned opened, datas, drained, closed;
	int open_err, closed_err;
	char *received;
	size_t received_len;
	bool frees_on_open, frees_on_data, frees_on_drained, frees_on_closed;
};

struct world {
	struct loop *loop;
	struct net *net;
	struct listener *listener;
	struct side here, there;        /* who connected, and what was accepted */
	unsigned accepted;
	bool frees_on_accept, unlistens_on_accept;
	struct timer tick;
	int64_t late_ms;
	bool is_late;
};

/* Wakes the loop now and then, since UV_RUN_ONCE looks at its deferred calls before it waits, and WAIT at its condition behind.
 */
static void on_tick(void *ctx)
{
	struct world *w = ctx;

	w->is_late = loop_now_ms(w->loop) >= w->late_ms;
	timer_start(w->loop, &w->tick, TICK_MS, on_tick, w);
}

/* Lets the loop run until `condition`; fails where that takes too long. */
#define WAIT(w, condition) \
	do { \
		(w)->late_ms = loop_now_ms((w)->loop) + PATIENCE_MS; \
		on_tick(w); \
		while (!(condition) && !(w)->is_late) \
			uv_run(loop_uv((w)->loop), UV_RUN_ONCE); \
		timer_stop(&(w)->tick); \
		assert_true(condition); \
	} while (0)

/* Lets the loop turn, so that what must not come has its chance. */
static void turn(struct world *w, unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		uv_run(loop_uv(w->loop), UV_RUN_NOWAIT);
}

static void on_open(void *ctx, int err)
{
	struct side *side = ctx;

	side->opened++;
	side->open_err = err;
	if (side->frees_on_open)
		conn_free(&side->conn);
}

static void on_data(void *ctx, struct str bytes)
{
	struct side *side = ctx;

	side->datas++;
	assert_true(bytes.len > 0 && side->received_len + bytes.len <= RECEIVED_MAX);
	memcpy(side->received + side->received_len, bytes.at, bytes.len);
	side->received_len += bytes.len;
	if (side->frees_on_data)
		conn_free(&side->conn);
}

static void on_drained(void *ctx)
{
	struct side *side = ctx;

	side->drained++;
	assert_int_equal(side->conn->pending_bytes, 0);
	if (side->frees_on_drained)
		conn_free(&side->conn);
}

static void on_closed(void *ctx, int err)
{
	struct side *side = ctx;

	side->closed++;
	side->closed_err = err;
	if (side->frees_on_closed)
		conn_free(&side->conn);
}

static const struct conn_handler handler = {.open = on_open, .data = on_data, .drained = on_drained, .closed = on_closed};

static void on_accept(void *ctx, struct conn *conn)
{
	struct world *w = ctx;

	w->accepted++;
	if (w->unlistens_on_accept)
		listener_free(&w->listener);
	if (w->frees_on_accept || w->there.conn) {
		conn_free(&conn);
		return;
	}
	w->there.conn = conn;
	conn_attach(conn, &handler, &w->there);
}

static struct endpoint address(const char *text)
{
	struct endpoint endpoint;

	assert_int_equal(endpoint_parse(str_of(text), 1, &endpoint), 0);
	if (endpoint_port(&endpoint) == 1)
		endpoint_set_port(&endpoint, 0);
	return endpoint;
}

static int world_new(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	const struct endpoint at = address("127.0.0.1");

	w->loop = loop_new_uv();
	w->net = net_uv_new(w->loop);
	w->here.received = malloc(RECEIVED_MAX);
	w->there.received = malloc(RECEIVED_MAX);
	*state = w;
	return net_listen(w->net, &at, on_accept, w, &w->listener);
}

static int world_free(void **state)
{
	struct world *w = *state;

	conn_free(&w->here.conn);
	conn_free(&w->there.conn);
	listener_free(&w->listener);
	timer_stop(&w->tick);
	net_free(&w->net);
	loop_free(&w->loop);
	free(w->here.received);
	free(w->there.received);
	free(w);
	return 0;
}

static void connect_to(struct world *w, const struct endpoint *to, const struct endpoint *source)
{
	assert_int_equal(conn_connect(w->net, to, source, &handler, &w->here, &w->here.conn), 0);
	assert_int_equal(w->here.opened, 0);    /* never from within the call */
}

static void connected(struct world *w)
{
	connect_to(w, &w->listener->at, NULL);
	WAIT(w, w->here.opened && w->there.conn);
	assert_int_equal(w->here.open_err, 0);
}

static int fd_of(struct world *w)
{
	int fd;

	assert_int_equal(conn_detach(&w->there.conn, &fd), 0);
	return fd;
}

/* ---- beginnings ---- */

static void both_ends_know_each_others_address(void **state)
{
	struct world *w = *state;

	connected(w);
	assert_true(endpoint_eq(&w->here.conn->peer, &w->listener->at));
	assert_true(endpoint_eq(&w->there.conn->local, &w->listener->at));
	assert_true(endpoint_eq(&w->here.conn->local, &w->there.conn->peer));
	assert_int_not_equal(endpoint_port(&w->here.conn->local), 0);
	assert_int_equal(w->here.opened, 1);
	assert_int_equal(w->there.opened, 0);   /* what is accepted is open */
}

static void a_source_address_is_kept_to_and_its_port_is_not(void **state)
{
	struct world *w = *state;
	struct endpoint source = address("127.0.0.9:5269");

	connect_to(w, &w->listener->at, &source);
	WAIT(w, w->here.opened && w->there.conn);
	assert_true(endpoint_eq_address(&w->there.conn->peer, &source));
	assert_int_not_equal(endpoint_port(&w->there.conn->peer), 5269);
}

static void a_source_that_is_not_ours_is_unreachable(void **state)
{
	struct world *w = *state;
	const struct endpoint foreign = address("192.0.2.1"), other_family = address("[::1]");

	connect_to(w, &w->listener->at, &foreign);
	WAIT(w, w->here.opened);
	assert_int_equal(w->here.open_err, TRUNK_EUNREACHABLE);
	conn_free(&w->here.conn);
	w->here.opened = 0;
	connect_to(w, &w->listener->at, &other_family);
	WAIT(w, w->here.opened);
	assert_int_equal(w->here.open_err, TRUNK_EUNREACHABLE);
	assert_int_equal(w->here.closed, 0);
}

static void a_port_where_nobody_listens_refuses(void **state)
{
	struct world *w = *state;
	const struct endpoint at = w->listener->at;

	listener_free(&w->listener);
	connect_to(w, &at, NULL);
	WAIT(w, w->here.opened);
	assert_int_equal(w->here.open_err, TRUNK_EREFUSED);
	turn(w, 5);
	assert_int_equal(w->here.opened, 1);
	assert_int_equal(w->here.closed, 0);
}

static void freeing_while_it_connects_tells_nothing(void **state)
{
	struct world *w = *state;
	const struct endpoint foreign = address("192.0.2.1");

	connect_to(w, &w->listener->at, NULL);
	conn_free(&w->here.conn);
	assert_null(w->here.conn);
	connect_to(w, &w->listener->at, &foreign);
	conn_free(&w->here.conn);
	turn(w, 5);
	assert_int_equal(w->here.opened, 0);
}

static void writing_before_it_is_open_is_refused(void **state)
{
	struct world *w = *state;

	connect_to(w, &w->listener->at, NULL);
	assert_int_equal(conn_write(w->here.conn, STR("early")), TRUNK_EBUSY);
	WAIT(w, w->here.opened);
	assert_int_equal(conn_write(w->here.conn, STR("now")), 0);
	WAIT(w, w->there.received_len == 3);
}

static void every_connection_is_tuned(void **state)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{IPPROTO_TCP, TCP_NODELAY, 1},
		{SOL_SOCKET, SO_KEEPALIVE, 1},
		{IPPROTO_TCP, TCP_KEEPIDLE, 60},
		{IPPROTO_TCP, TCP_KEEPINTVL, 10},
		{IPPROTO_TCP, TCP_KEEPCNT, 3},
		{IPPROTO_TCP, TCP_USER_TIMEOUT, 30000},
	};
	struct world *w = *state;
	int fds[2];

	connected(w);
	fds[0] = fd_of(w);
	assert_int_equal(conn_detach(&w->here.conn, &fds[1]), 0);
	for (size_t i = 0; i < 2 * sizeof(options) / sizeof(options[0]); i++) {
		int value = -1;
		socklen_t size = sizeof(value);

		assert_int_equal(getsockopt(fds[i % 2], options[i / 2].level, options[i / 2].name, &value, &size), 0);
		assert_int_equal(value, options[i / 2].value);
	}
	close(fds[0]);
	close(fds[1]);
}

/* ---- bytes ---- */

static void bytes_go_both_ways(void **state)
{
	struct world *w = *state;

	connected(w);
	assert_int_equal(conn_write(w->here.conn, STR("<a/>")), 0);
	assert_int_equal(w->here.conn->pending_bytes, 0);
	assert_int_equal(conn_write(w->there.conn, STR("<b/>")), 0);
	assert_int_equal(conn_write(w->there.conn, STR("")), 0);
	WAIT(w, w->here.received_len == 4 && w->there.received_len == 4);
	assert_memory_equal(w->there.received, "<a/>", 4);
	assert_memory_equal(w->here.received, "<b/>", 4);
	assert_int_equal(w->here.drained, 0);   /* nothing had to wait */
}

static char *much(void)
{
	char *bytes = malloc(MUCH);

	for (size_t i = 0; i < MUCH; i++)
		bytes[i] = (char)(i * 2654435761u >> 13);
	return bytes;
}

static void what_the_system_does_not_take_waits_and_keeps_its_order(void **state)
{
	struct world *w = *state;
	char *bytes = much();

	connected(w);
	conn_read(w->there.conn, false);
	assert_int_equal(conn_write(w->here.conn, str_make(bytes, MUCH / 2)), 0);
	assert_true(w->here.conn->pending_bytes > 0);
	turn(w, 20);
	for (size_t at = MUCH / 2; at < MUCH; at += MUCH / 64)
		assert_int_equal(conn_write(w->here.conn, str_make(bytes + at, MUCH / 64)), 0);
	assert_int_equal(w->here.drained, 0);
	assert_true(w->here.conn->pending_bytes > MUCH / 4);
	assert_int_equal(w->there.received_len, 0);
	conn_read(w->there.conn, true);
	WAIT(w, w->there.received_len == MUCH);
	assert_memory_equal(w->there.received, bytes, MUCH);
	WAIT(w, w->here.drained);
	assert_int_equal(w->here.drained, 1);
	assert_int_equal(w->here.conn->pending_bytes, 0);
	free(bytes);
}

static void progress_is_seen_while_the_peer_reads_and_not_while_it_does_not(void **state)
{
	struct world *w = *state;
	char *bytes = much();
	int64_t stuck_ms;

	connected(w);
	conn_read(w->there.conn, false);
	assert_int_equal(conn_write(w->here.conn, str_make(bytes, MUCH)), 0);
	turn(w, 20);
	stuck_ms = w->here.conn->progress_ms;
	WAIT(w, loop_now_ms(w->loop) >= stuck_ms + 20);
	assert_int_equal(w->here.conn->progress_ms, stuck_ms);
	conn_read(w->there.conn, true);
	WAIT(w, w->here.conn->progress_ms > stuck_ms);
	assert_true(w->here.conn->pending_bytes > 0);   /* told before all is gone */
	free(bytes);
}

static void reading_can_be_stopped_and_begun_again(void **state)
{
	struct world *w = *state;

	connected(w);
	conn_read(w->there.conn, false);
	assert_int_equal(conn_write(w->here.conn, STR("x")), 0);
	turn(w, 10);
	assert_int_equal(w->there.received_len, 0);
	conn_read(w->there.conn, true);
	WAIT(w, w->there.received_len == 1);
}

static void reading_that_was_stopped_before_open_stays_stopped(void **state)
{
	struct world *w = *state;

	connect_to(w, &w->listener->at, NULL);
	conn_read(w->here.conn, false);
	WAIT(w, w->here.opened && w->there.conn);
	assert_int_equal(conn_write(w->there.conn, STR("x")), 0);
	turn(w, 10);
	assert_int_equal(w->here.received_len, 0);
	conn_read(w->here.conn, true);
	WAIT(w, w->here.received_len == 1);
}

/* ---- ends ---- */

static void the_peers_fin_is_an_end_without_error_and_writing_goes_on(void **state)
{
	struct world *w = *state;

	connected(w);
	assert_int_equal(conn_write(w->here.conn, STR("</stream:stream>")), 0);
	conn_shutdown(w->here.conn);
	WAIT(w, w->there.closed);
	assert_int_equal(w->there.closed_err, 0);
	assert_int_equal(w->there.received_len, 16);
	assert_int_equal(conn_write(w->here.conn, STR("x")), TRUNK_ECLOSED);
	assert_int_equal(w->here.closed, 0);
	assert_int_equal(conn_write(w->there.conn, STR("</stream:stream>")), 0);
	WAIT(w, w->here.received_len == 16);
	conn_free(&w->there.conn);
	WAIT(w, w->here.closed);
	assert_int_equal(w->here.closed_err, 0);
	turn(w, 5);
	assert_int_equal(w->here.closed, 1);
}

static void fin_goes_behind_what_waits(void **state)
{
	struct world *w = *state;
	char *bytes = much();

	connected(w);
	conn_read(w->there.conn, false);
	assert_int_equal(conn_write(w->here.conn, str_make(bytes, MUCH)), 0);
	conn_shutdown(w->here.conn);
	turn(w, 10);
	conn_read(w->there.conn, true);
	WAIT(w, w->there.closed);
	assert_int_equal(w->there.closed_err, 0);
	assert_int_equal(w->there.received_len, MUCH);
	assert_memory_equal(w->there.received, bytes, MUCH);
	free(bytes);
}

static void reset(struct world *w)
{
	const struct linger now = {.l_onoff = 1, .l_linger = 0};
	const int fd = fd_of(w);

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
	close(fd);
}

static void a_reset_is_an_end_with_an_error(void **state)
{
	struct world *w = *state;

	connected(w);
	reset(w);
	WAIT(w, w->here.closed);
	assert_int_equal(w->here.closed_err, TRUNK_ECLOSED);
	assert_int_equal(conn_write(w->here.conn, STR("x")), TRUNK_ECLOSED);
	turn(w, 5);
	assert_int_equal(w->here.closed, 1);
}

static void writing_to_a_reset_connection_fails_and_the_end_is_told_once(void **state)
{
	struct world *w = *state;

	connected(w);
	conn_read(w->here.conn, false);         /* so it isn't noticed by reading */
	reset(w);
	turn(w, 5);
	while (conn_write(w->here.conn, STR("x")) == 0)
		turn(w, 1);
	assert_int_equal(w->here.closed, 0);    /* not from within */
	WAIT(w, w->here.closed);
	assert_int_equal(w->here.closed_err, TRUNK_ECLOSED);
	assert_int_equal(conn_write(w->here.conn, STR("x")), TRUNK_ECLOSED);
	turn(w, 5);
	assert_int_equal(w->here.closed, 1);
}

static void what_waits_when_the_peer_resets_is_no_more(void **state)
{
	struct world *w = *state;
	char *bytes = much();

	connected(w);
	conn_read(w->there.conn, false);
	assert_int_equal(conn_write(w->here.conn, str_make(bytes, MUCH)), 0);
	turn(w, 10);
	reset(w);
	WAIT(w, w->here.closed);
	assert_int_equal(w->here.closed_err, TRUNK_ECLOSED);
	turn(w, 5);
	assert_int_equal(w->here.drained, 0);
	free(bytes);
}

/* The peer sends a stream error, closes, and answers what we go on to write with a reset. */
static void last_words_are_read_though_writing_failed(void **state)
{
	struct world *w = *state;

	connected(w);
	conn_read(w->here.conn, false);
	assert_int_equal(conn_write(w->there.conn, STR("<stream:error/>")), 0);
	conn_free(&w->there.conn);
	turn(w, 5);
	conn_read(w->here.conn, true);
	while (conn_write(w->here.conn, STR("x")) == 0)
		;                               /* the loop does not turn: reading can't be first */
	WAIT(w, w->here.closed);
	assert_int_equal(w->here.received_len, 15);
	assert_int_equal(w->here.closed_err, TRUNK_ECLOSED);
	assert_int_equal(w->here.closed, 1);
}

static void a_connection_may_be_freed_in_each_of_its_callbacks(void **state)
{
	struct world *w = *state;
	char *bytes = much();

	w->here.frees_on_open = true;
	connect_to(w, &w->listener->at, NULL);
	WAIT(w, w->here.opened && w->there.conn);
	assert_null(w->here.conn);
	w->there.frees_on_closed = true;
	WAIT(w, w->there.closed);
	assert_null(w->there.conn);

	w->here.frees_on_open = false;
	w->here.opened = 0;
	connected(w);
	w->there.frees_on_data = true;
	w->here.frees_on_closed = true;
	assert_int_equal(conn_write(w->here.conn, str_make(bytes, MUCH)), 0);
	WAIT(w, w->there.datas && w->here.closed);
	assert_null(w->there.conn);
	assert_null(w->here.conn);
	assert_int_equal(w->there.datas, 1);

	w->here.opened = 0;
	w->there.frees_on_data = false;
	connected(w);
	w->here.frees_on_drained = true;
	conn_read(w->there.conn, false);
	assert_int_equal(conn_write(w->here.conn, str_make(bytes, MUCH)), 0);
	turn(w, 3);
	conn_read(w->there.conn, true);
	WAIT(w, w->here.drained);
	assert_null(w->here.conn);
	free(bytes);
}

static void freeing_with_bytes_that_wait_tells_nothing(void **state)
{
	struct world *w = *state;
	char *bytes = much();

	connected(w);
	conn_read(w->there.conn, false);
	assert_int_equal(conn_write(w->here.conn, str_make(bytes, MUCH)), 0);
	turn(w, 3);
	conn_free(&w->here.conn);
	turn(w, 5);
	assert_int_equal(w->here.closed + w->here.drained, 0);
	free(bytes);
}

/* Fills both systems' buffers while the reader rests. Returns what the writer's system took. */
static size_t fill(struct world *w)
{
	char *bytes = much();
	size_t len;

	conn_read(w->there.conn, false);
	assert_int_equal(conn_write(w->here.conn, str_make(bytes, MUCH)), 0);
	turn(w, 20);
	len = MUCH - w->here.conn->pending_bytes;
	assert_in_range(len, 1, MUCH - 1);
	free(bytes);
	return len;
}

static void what_the_system_took_arrives_after_an_end(void **state)
{
	struct world *w = *state;
	size_t taken;

	connected(w);
	taken = fill(w);
	conn_free(&w->here.conn);
	conn_read(w->there.conn, true);
	WAIT(w, w->there.closed);
	assert_int_equal(w->there.closed_err, 0);
	assert_true(w->there.received_len >= taken);
}

static void what_the_system_took_and_did_not_send_is_thrown_away_by_an_abort(void **state)
{
	struct world *w = *state;
	size_t taken;

	connected(w);
	taken = fill(w);
	conn_abort(&w->here.conn);
	assert_null(w->here.conn);
	conn_read(w->there.conn, true);
	WAIT(w, w->there.closed);
	assert_true(w->there.received_len < taken);
}

static void patience_is_the_owners_to_choose(void **state)
{
	struct world *w = *state;
	socklen_t size = sizeof(int);
	int fd, value = -1;

	connected(w);
	conn_set_patience(w->here.conn, 120000);
	assert_int_equal(conn_detach(&w->here.conn, &fd), 0);
	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &value, &size), 0);
	assert_int_equal(value, 120000);
	close(fd);
}

/* ---- listeners ---- */

static void an_address_that_is_taken_or_foreign_is_refused(void **state)
{
	struct world *w = *state;
	struct listener *other = NULL;
	const struct endpoint foreign = address("192.0.2.1:7");

	assert_int_equal(net_listen(w->net, &w->listener->at, on_accept, w, &other), TRUNK_EBUSY);
	assert_int_equal(net_listen(w->net, &foreign, on_accept, w, &other), TRUNK_EUNREACHABLE);
	assert_null(other);
}

static void an_ipv6_listener_leaves_ipv4_to_others(void **state)
{
	struct world *w = *state;
	struct listener *six = NULL, *four = NULL;
	struct endpoint any6 = address("[::]"), any4 = address("0.0.0.0");
	int err;

	/* The port that the system chooses for IPv6 may be another program's for IPv4, for once or twice. */
	for (unsigned tries = 0; !four && tries < 20; tries++) {
		listener_free(&six);
		assert_int_equal(net_listen(w->net, &any6, on_accept, w, &six), 0);
		endpoint_set_port(&any4, endpoint_port(&six->at));
		err = net_listen(w->net, &any4, on_accept, w, &four);
		assert_true(err == 0 || err == TRUNK_EBUSY);
	}
	assert_non_null(four);
	listener_free(&six);
	listener_free(&four);
}

static void an_adopted_socket_for_both_families_shows_ipv4_peers_as_such(void **state)
{
	struct world *w = *state;
	const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), off = 0;
	struct endpoint any = address("[::]"), to = address("127.0.0.1");

	listener_free(&w->listener);
	assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)), 0);
	assert_int_equal(bind(fd, &any.sa, sizeof(any.in6)), 0);
	assert_int_equal(net_adopt(w->net, fd, on_accept, w, &w->listener), TRUNK_EINVAL);      /* doesn't listen yet */
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(net_adopt(w->net, fd, on_accept, w, &w->listener), 0);
	endpoint_set_port(&to, endpoint_port(&w->listener->at));
	connect_to(w, &to, NULL);
	WAIT(w, w->there.conn);
	assert_true(endpoint_eq_address(&w->there.conn->peer, &to));
}

static void what_is_no_listening_tcp_socket_is_not_adopted(void **state)
{
	struct world *w = *state;
	struct listener *none = NULL;
	int pipe_fds[2];
	const int datagram = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(pipe(pipe_fds), 0);
	assert_int_equal(net_adopt(w->net, pipe_fds[0], on_accept, w, &none), TRUNK_EINVAL);
	assert_int_equal(net_adopt(w->net, datagram, on_accept, w, &none), TRUNK_EINVAL);
	assert_int_equal(net_adopt(w->net, -1, on_accept, w, &none), TRUNK_EINVAL);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	close(datagram);
}

static void what_is_accepted_may_be_freed_at_once_and_the_listener_with_it(void **state)
{
	struct world *w = *state;
	const struct endpoint at = w->listener->at;
	struct side second = {.received = w->there.received};

	w->frees_on_accept = w->unlistens_on_accept = true;
	connect_to(w, &at, NULL);
	assert_int_equal(conn_connect(w->net, &at, NULL, &handler, &second, &second.conn), 0);
	WAIT(w, w->here.closed && (second.closed || second.open_err));
	assert_null(w->listener);
	assert_int_equal(w->accepted, 1);       /* the other waited in a backlog that is gone */
	conn_free(&second.conn);
}

static void when_descriptors_run_out_accepting_rests_and_goes_on_later(void **state)
{
	struct world *w = *state;
	struct rlimit before, few;
	unsigned turns = 0;
	const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){.rlim_cur = (rlim_t)client + 1, .rlim_max = before.rlim_max};
	for (int fd = dup(client); fd >= 0 && fd <= client; fd = dup(client))
		;       /* no holes below */
	assert_int_equal(connect(client, &w->listener->at.sa, sizeof(w->listener->at.in4)), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	WAIT(w, w->net->accept_pauses == 1);
	WAIT(w, (turns++, w->net->accept_pauses == 3));
	assert_true(turns < 120);               /* it doesn't spin: 200 ms, and a tick each 5 ms */
	assert_int_equal(w->accepted, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	WAIT(w, w->accepted == 1);              /* the connection was kept for us */
	close(client);
}

/* ---- moving ---- */

static void a_connection_moves_to_another_loop(void **state)
{
	struct world *w = *state;
	struct loop *loop = loop_new_uv();
	struct net *net = net_uv_new(loop);
	struct side moved = {.received = w->there.received};
	int fd = -1;

	connected(w);
	assert_int_equal(conn_write(w->here.conn, STR("before ")), 0);
	WAIT(w, w->there.received_len == 7);
	fd = fd_of(w);
	assert_null(w->there.conn);
	assert_int_equal(conn_write(w->here.conn, STR("between ")), 0);
	turn(w, 5);
	assert_int_equal(w->there.closed, 0);
	assert_int_equal(w->here.closed, 0);
	assert_int_equal(net_wrap(net, fd, &moved.conn), 0);
	conn_attach(moved.conn, &handler, &moved);
	assert_true(endpoint_eq(&moved.conn->peer, &w->here.conn->local));
	while (moved.received_len < 8)
		uv_run(loop_uv(loop), UV_RUN_ONCE);
	assert_memory_equal(moved.received, "between ", 8);
	assert_int_equal(conn_write(moved.conn, STR("back")), 0);
	WAIT(w, w->here.received_len == 4);
	conn_free(&moved.conn);
	net_free(&net);
	loop_free(&loop);
	WAIT(w, w->here.closed);
}

static void a_connection_with_bytes_that_wait_does_not_move(void **state)
{
	struct world *w = *state;
	char *bytes = much();
	int fd = -1;

	connect_to(w, &w->listener->at, NULL);
	assert_int_equal(conn_detach(&w->here.conn, &fd), TRUNK_EBUSY);
	assert_non_null(w->here.conn);
	WAIT(w, w->here.opened && w->there.conn);
	assert_int_equal(conn_write(w->here.conn, str_make(bytes, MUCH)), 0);
	assert_int_equal(conn_detach(&w->here.conn, &fd), TRUNK_EBUSY);
	assert_int_equal(fd, -1);
	free(bytes);
}

static void what_is_no_connection_is_not_wrapped(void **state)
{
	struct world *w = *state;
	struct conn *none = NULL;
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(net_wrap(w->net, fd, &none), TRUNK_ECLOSED);
	assert_null(none);
	assert_int_equal(close(fd), 0);         /* still ours */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_new, world_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_ends_know_each_others_address),
		TEST(a_source_address_is_kept_to_and_its_port_is_not),
		TEST(a_source_that_is_not_ours_is_unreachable),
		TEST(a_port_where_nobody_listens_refuses),
		TEST(freeing_while_it_connects_tells_nothing),
		TEST(writing_before_it_is_open_is_refused),
		TEST(every_connection_is_tuned),
		TEST(bytes_go_both_ways),
		TEST(what_the_system_does_not_take_waits_and_keeps_its_order),
		TEST(progress_is_seen_while_the_peer_reads_and_not_while_it_does_not),
		TEST(reading_can_be_stopped_and_begun_again),
		TEST(reading_that_was_stopped_before_open_stays_stopped),
		TEST(the_peers_fin_is_an_end_without_error_and_writing_goes_on),
		TEST(fin_goes_behind_what_waits),
		TEST(a_reset_is_an_end_with_an_error),
		TEST(writing_to_a_reset_connection_fails_and_the_end_is_told_once),
		TEST(what_waits_when_the_peer_resets_is_no_more),
		TEST(last_words_are_read_though_writing_failed),
		TEST(a_connection_may_be_freed_in_each_of_its_callbacks),
		TEST(freeing_with_bytes_that_wait_tells_nothing),
		TEST(what_the_system_took_arrives_after_an_end),
		TEST(what_the_system_took_and_did_not_send_is_thrown_away_by_an_abort),
		TEST(patience_is_the_owners_to_choose),
		TEST(an_address_that_is_taken_or_foreign_is_refused),
		TEST(an_ipv6_listener_leaves_ipv4_to_others),
		TEST(an_adopted_socket_for_both_families_shows_ipv4_peers_as_such),
		TEST(what_is_no_listening_tcp_socket_is_not_adopted),
		TEST(what_is_accepted_may_be_freed_at_once_and_the_listener_with_it),
		TEST(when_descriptors_run_out_accepting_rests_and_goes_on_later),
		TEST(a_connection_moves_to_another_loop),
		TEST(a_connection_with_bytes_that_wait_does_not_move),
		TEST(what_is_no_connection_is_not_wrapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
