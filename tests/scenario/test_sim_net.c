/* SPDX-License-Identifier: Apache-2.0
 * The simulated network behaves as net.h promises of every network. */
#include "sim_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* One side, and all that it was told. */
struct side {
	struct conn *conn;
	bool is_open, is_closed;
	int open_err, closed_err;
	unsigned pieces, drained;
	struct buf got;
};

struct pair {
	struct loop *loop;
	struct net *net;
	struct listener *listener;
	struct endpoint at;
	struct side client, server;
};

static void on_open(void *ctx, int err)
{
	struct side *side = ctx;

	side->is_open = true;
	side->open_err = err;
}

static void on_data(void *ctx, struct str bytes)
{
	struct side *side = ctx;

	side->pieces++;
	buf_add(&side->got, bytes);
}

static void on_drained(void *ctx)
{
	struct side *side = ctx;

	side->drained++;
}

static void on_closed(void *ctx, int err)
{
	struct side *side = ctx;

	side->is_closed = true;
	side->closed_err = err;
}

static const struct conn_handler handler = {.open = on_open, .data = on_data, .drained = on_drained, .closed = on_closed};

static void on_accept(void *ctx, struct conn *conn)
{
	struct pair *pair = ctx;

	pair->server.conn = conn;
	conn_attach(conn, &handler, &pair->server);
}

static void turn(struct pair *pair)
{
	loop_advance(pair->loop, loop_now_ms(pair->loop));
}

static void pass(struct pair *pair, int64_t ms)
{
	const int64_t end = loop_now_ms(pair->loop) + ms;
	int64_t next;

	while ((next = loop_next_ms(pair->loop)) >= 0 && next <= end)
		loop_advance(pair->loop, next);
	loop_advance(pair->loop, end);
}

static int set_up(void **state)
{
	static struct pair pair;

	pair = (struct pair){.loop = loop_new()};
	pair.net = sim_net_new(pair.loop);
	endpoint_parse(STR("192.0.2.1"), 5269, &pair.at);
	net_listen(pair.net, &pair.at, on_accept, &pair, &pair.listener);
	*state = &pair;
	return 0;
}

static int tear_down(void **state)
{
	struct pair *pair = *state;

	conn_free(&pair->client.conn);
	conn_free(&pair->server.conn);
	listener_free(&pair->listener);
	net_free(&pair->net);
	loop_free(&pair->loop);
	buf_fini(&pair->client.got);
	buf_fini(&pair->server.got);
	return 0;
}

static void connect_client(struct pair *pair)
{
	assert_int_equal(conn_connect(pair->net, &pair->at, NULL, &handler, &pair->client, &pair->client.conn), 0);
	assert_false(pair->client.is_open);     /* never from within the call */
	turn(pair);
	assert_true(pair->client.is_open);
	assert_int_equal(pair->client.open_err, 0);
}

static void bytes_arrive_in_order_and_not_from_within_write(void **state)
{
	struct pair *pair = *state;

	connect_client(pair);
	assert_int_equal(conn_write(pair->client.conn, STR("one ")), 0);
	assert_int_equal(conn_write(pair->client.conn, STR("two")), 0);
	assert_int_equal(buf_len(&pair->server.got), 0);
	turn(pair);
	assert_true(str_is(buf_str(&pair->server.got), "one two"));
	assert_int_equal(conn_write(pair->server.conn, STR("back")), 0);
	turn(pair);
	assert_true(str_is(buf_str(&pair->client.got), "back"));
}

static void a_write_before_open_is_busy(void **state)
{
	struct pair *pair = *state;

	assert_int_equal(conn_connect(pair->net, &pair->at, NULL, &handler, &pair->client, &pair->client.conn), 0);
	assert_int_equal(conn_write(pair->client.conn, STR("early")), TRUNK_EBUSY);
}

static void nobody_listening_refuses_and_a_black_hole_says_nothing(void **state)
{
	struct pair *pair = *state;

	listener_free(&pair->listener);
	conn_connect(pair->net, &pair->at, NULL, &handler, &pair->client, &pair->client.conn);
	turn(pair);
	assert_int_equal(pair->client.open_err, TRUNK_EREFUSED);
	conn_free(&pair->client.conn);

	pair->client.is_open = false;
	sim_net_set_fate(pair->net, &pair->at, SIM_SILENT);
	conn_connect(pair->net, &pair->at, NULL, &handler, &pair->client, &pair->client.conn);
	pass(pair, 3600 * 1000);
	assert_false(pair->client.is_open);
	conn_free(&pair->client.conn);

	sim_net_set_fate(pair->net, &pair->at, SIM_UNREACHABLE);
	conn_connect(pair->net, &pair->at, NULL, &handler, &pair->client, &pair->client.conn);
	turn(pair);
	assert_int_equal(pair->client.open_err, TRUNK_EUNREACHABLE);
	assert_int_equal(sim_net_attempts(pair->net, &pair->at), 3);
}

static void one_address_has_one_listener(void **state)
{
	struct pair *pair = *state;
	struct listener *second = NULL;

	assert_int_equal(net_listen(pair->net, &pair->at, on_accept, pair, &second), TRUNK_EBUSY);
}

static void a_stalled_reader_stops_the_writer_until_it_resumes(void **state)
{
	static char big[100 * 1000];
	struct pair *pair = *state;

	connect_client(pair);
	sim_net_set_window(pair->net, 1000);
	conn_read(pair->server.conn, false);
	assert_int_equal(conn_write(pair->client.conn, str_make(big, sizeof(big))), 0);
	pass(pair, 100);
	assert_int_equal(pair->client.conn->pending_bytes, sizeof(big) - 1000);
	assert_int_equal(pair->client.conn->progress_ms, 0);
	assert_int_equal(pair->client.drained, 0);
	conn_read(pair->server.conn, true);
	turn(pair);
	assert_int_equal(buf_len(&pair->server.got), sizeof(big));
	assert_int_equal(pair->client.conn->pending_bytes, 0);
	assert_int_equal(pair->client.conn->progress_ms, 100);
	assert_int_equal(pair->client.drained, 1);
}

static void the_end_comes_behind_the_last_byte_and_half_stays_open(void **state)
{
	struct pair *pair = *state;

	connect_client(pair);
	conn_write(pair->client.conn, STR("last"));
	conn_shutdown(pair->client.conn);
	assert_int_equal(conn_write(pair->client.conn, STR("more")), TRUNK_ECLOSED);
	turn(pair);
	assert_true(str_is(buf_str(&pair->server.got), "last"));
	assert_true(pair->server.is_closed);
	assert_int_equal(pair->server.closed_err, 0);
	assert_int_equal(conn_write(pair->server.conn, STR("still")), 0);
	turn(pair);
	assert_true(str_is(buf_str(&pair->client.got), "still"));
	assert_false(pair->client.is_closed);
}

static void a_reset_is_told_even_to_who_does_not_read(void **state)
{
	struct pair *pair = *state;

	connect_client(pair);
	conn_read(pair->client.conn, false);
	sim_conn_reset(&pair->server.conn);
	turn(pair);
	assert_true(pair->client.is_closed);
	assert_int_equal(pair->client.closed_err, TRUNK_ECLOSED);
	assert_int_equal(conn_write(pair->client.conn, STR("x")), TRUNK_ECLOSED);
}

static void writing_to_who_has_let_go_is_answered_by_a_reset(void **state)
{
	struct pair *pair = *state;

	connect_client(pair);
	conn_read(pair->client.conn, false);    /* so that the FIN is not seen first */
	conn_free(&pair->server.conn);
	turn(pair);
	conn_write(pair->client.conn, STR("x"));
	turn(pair);
	assert_int_equal(pair->client.closed_err, TRUNK_ECLOSED);
}

static void a_cut_cable_is_noticed_when_patience_ends(void **state)
{
	struct pair *pair = *state;

	connect_client(pair);
	sim_net_cut(pair->net, &pair->at);
	conn_write(pair->client.conn, STR("lost"));
	pass(pair, NET_USER_TIMEOUT_MS - 1);
	assert_false(pair->client.is_closed);
	pass(pair, 1);
	assert_int_equal(pair->client.closed_err, TRUNK_ETIMEOUT);
	assert_false(pair->server.is_closed);
	pass(pair, 60 * 1000);
	assert_int_equal(pair->server.closed_err, TRUNK_ETIMEOUT);
	assert_int_equal(buf_len(&pair->server.got), 0);
}

static void pieces_and_latency_are_as_set(void **state)
{
	struct pair *pair = *state;

	connect_client(pair);
	sim_net_set_piece(pair->net, 1);
	sim_net_set_latency(pair->net, 50);
	conn_write(pair->client.conn, STR("abc"));
	pass(pair, 49);
	assert_int_equal(pair->server.pieces, 0);
	pass(pair, 1);
	assert_int_equal(pair->server.pieces, 3);
	assert_true(str_is(buf_str(&pair->server.got), "abc"));
	assert_int_equal(sim_net_next_ms(pair->net), -1);
}

static void free_stops_all_callbacks(void **state)
{
	struct pair *pair = *state;

	connect_client(pair);
	conn_write(pair->client.conn, STR("in flight"));
	conn_free(&pair->server.conn);
	turn(pair);
	assert_int_equal(pair->server.pieces, 0);
	assert_true(pair->client.is_closed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bytes_arrive_in_order_and_not_from_within_write),
		TEST(a_write_before_open_is_busy),
		TEST(nobody_listening_refuses_and_a_black_hole_says_nothing),
		TEST(one_address_has_one_listener),
		TEST(a_stalled_reader_stops_the_writer_until_it_resumes),
		TEST(the_end_comes_behind_the_last_byte_and_half_stays_open),
		TEST(a_reset_is_told_even_to_who_does_not_read),
		TEST(writing_to_who_has_let_go_is_answered_by_a_reset),
		TEST(a_cut_cable_is_noticed_when_patience_ends),
		TEST(pieces_and_latency_are_as_set),
		TEST(free_stops_all_callbacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
