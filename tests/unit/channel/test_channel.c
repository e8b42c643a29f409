/* SPDX-License-Identifier: Apache-2.0
 * Channels over a network in memory: bytes in, elements out, TLS in the middle, limits, and ends from within callbacks. */
#include "channel/channel.h"

#include "../../scenario/sim_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define WALL_MS 1790000000000LL

enum { STANZA_BYTES = 20000, MEMORY_BYTES = 100000 };

/* What a side does when it is called. */
enum act { NOTHING, END_IT, START_TLS, RESTART, IGNORE };

/* One end of the connection and all that it was told, as words. */
struct side {
	struct channel channel;
	struct world *world;
	struct buf told;
	enum act on_element, on_secured, on_broken, on_end;
	enum tls_role role;
	bool is_live;
	int err;                        /* of the last callback that has one */
};

struct world {
	struct site site;
	struct memory memory;
	struct limits limits;
	struct buf plain, cipher;
	struct net *net;
	struct listener *listener;
	struct tls_store *store;
	struct endpoint at;
	struct side client, server;
};

static void tell(struct side *side, const char *word)
{
	buf_addf(&side->told, "%s ", word);
}

static void secure(struct side *side)
{
	const struct tls_session_options options = {
		.role = side->role, .domain = "mercury.example.net", .server_name = "mercury.example.net"};
	struct tls_session *session = tls_session_new(side->world->store, &options, WALL_MS);

	assert_non_null(session);
	channel_start_tls(&side->channel, &session);
	assert_null(session);
}

static void act(struct side *side, enum act what)
{
	switch (what) {
	case NOTHING: break;
	case END_IT:
		channel_fini(&side->channel);
		side->is_live = false;
		break;
	case START_TLS: secure(side); break;
	case RESTART: channel_restart(&side->channel); break;
	case IGNORE: channel_ignore(&side->channel); break;
	}
}

static void on_open(void *ctx, int err)
{
	struct side *side = ctx;

	tell(side, "open");
	side->err = err;
}

static void on_secured(void *ctx, int err, const char *why)
{
	struct side *side = ctx;

	(void)why;
	tell(side, err ? "insecure" : "secured");
	side->err = err;
	act(side, side->on_secured);
}

static void on_header(void *ctx, const struct xml_header *header)
{
	(void)header;
	tell(ctx, "header");
}

static void on_element(void *ctx, const struct xml_element *element)
{
	struct side *side = ctx;

	buf_addf(&side->told, "<%.*s> ", STR_ARG(element->name));
	act(side, side->on_element);
}

static void on_end(void *ctx)
{
	struct side *side = ctx;

	tell(side, "end");
	act(side, side->on_end);
}

static void on_broken(void *ctx, int err)
{
	struct side *side = ctx;

	tell(side, "broken");
	side->err = err;
	act(side, side->on_broken);
}

static void on_drained(void *ctx)
{
	tell(ctx, "drained");
}

static void on_closed(void *ctx, int err)
{
	struct side *side = ctx;

	tell(side, "closed");
	side->err = err;
}

static const struct channel_handler handler = {
	.open = on_open, .secured = on_secured, .header = on_header, .element = on_element, .end = on_end, .broken = on_broken,
	.drained = on_drained, .closed = on_closed,
};

static void on_accept(void *ctx, struct conn *conn)
{
	struct world *world = ctx;

	channel_attach(&world->server.channel, conn);
}

static void side_init(struct world *world, struct side *side, enum tls_role role)
{
	buf_fini(&side->told);
	*side = (struct side){.world = world, .role = role, .is_live = true};
	assert_int_equal(channel_init(&side->channel, &world->site, &handler, side), 0);
}

static void settle(struct world *world)
{
	loop_advance(world->site.loop, loop_now_ms(world->site.loop));
}

static int set_up(void **state)
{
	static struct world world;
	static const struct tls_store_options options = {0};

	world = (struct world){
		.site = {.loop = loop_new(),
			 .memory = &world.memory,
			 .limits = &world.limits,
			 .plain = &world.plain,
			 .cipher = &world.cipher},
		.memory = {.limit_bytes = MEMORY_BYTES},
		.limits = {.stanza_bytes = STANZA_BYTES, .depth = 8, .attributes = 8},
	};
	if (tls_store_new(&options, WALL_MS, NULL, NULL, &world.store) < 0)
		return -1;
	world.site.net = world.net = sim_net_new(world.site.loop);
	endpoint_parse(STR("192.0.2.1"), 5269, &world.at);
	net_listen(world.net, &world.at, on_accept, &world, &world.listener);
	side_init(&world, &world.client, TLS_CLIENT);
	side_init(&world, &world.server, TLS_SERVER);
	assert_int_equal(channel_connect(&world.client.channel, &world.at, NULL), 0);
	settle(&world);
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	if (world->client.is_live)
		channel_fini(&world->client.channel);
	if (world->server.is_live)
		channel_fini(&world->server.channel);
	assert_int_equal(world->memory.used_bytes, 0);          /* all that was counted was given back */
	listener_free(&world->listener);
	net_free(&world->net);
	tls_store_free(&world->store);
	loop_free(&world->site.loop);
	buf_fini(&world->plain);
	buf_fini(&world->cipher);
	buf_fini(&world->client.told);
	buf_fini(&world->server.told);
	return 0;
}

static void write_text(struct side *side, const char *text)
{
	assert_int_equal(channel_write(&side->channel, str_of(text)), 0);
	settle(side->world);
}

static void was_told(struct side *side, const char *expected)
{
	if (!str_is(buf_str(&side->told), expected))
		fail_msg("told '%.*s' instead of '%s'", (int)buf_len(&side->told), buf_str(&side->told).at, expected);
	buf_clear(&side->told);
}

#define HEADER "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"

static void header_elements_and_end_are_told_in_order(void **state)
{
	struct world *world = *state;

	was_told(&world->client, "open ");
	write_text(&world->client, HEADER "<a/><b>text</b>");
	was_told(&world->server, "header <a> <b> ");
	write_text(&world->client, "<c/></stream:stream>");
	was_told(&world->server, "<c> end ");
	write_text(&world->client, "<late/>");
	was_told(&world->server, "");   /* nothing counts behind the end */
}

static void elements_are_whole_however_they_are_cut(void **state)
{
	struct world *world = *state;

	sim_net_set_piece(world->net, 1);
	write_text(&world->client, HEADER "<a x='1'><b/></a> <c/>");
	was_told(&world->server, "header <a> <c> ");
	assert_int_equal(buf_len(&world->plain), 0);    /* the shared space is left empty */
	assert_int_equal(world->server.channel.plain.cap, 0);   /* and an idle stream holds no buffer */
}

static void a_large_element_in_pieces_is_kept_with_its_own_stream(void **state)
{
	struct world *world = *state;
	struct buf text = {0};

	buf_add_cstr(&text, "<large>");
	while (buf_len(&text) < STANZA_BYTES - 100)
		buf_add_cstr(&text, "some text ");
	sim_net_set_piece(world->net, 3000);
	write_text(&world->client, HEADER);
	assert_int_equal(channel_write(&world->client.channel, buf_str(&text)), 0);
	settle(world);
	was_told(&world->server, "header ");
	assert_true(world->memory.used_bytes >= buf_len(&text));        /* it counts */
	write_text(&world->client, "</large><next/>");
	was_told(&world->server, "<large> <next> ");
	assert_int_equal(world->memory.used_bytes, 0);
	buf_fini(&text);
}

/* design.md §3: nothing is buffered past the limit. */
static void an_element_over_the_size_limit_breaks_the_stream(void **state)
{
	struct world *world = *state;
	struct buf text = {0};

	buf_add_cstr(&text, HEADER "<large>");
	while (buf_len(&text) < 4 * STANZA_BYTES)
		buf_add_cstr(&text, "some text ");
	sim_net_set_piece(world->net, 3000);
	assert_int_equal(channel_write(&world->client.channel, buf_str(&text)), 0);
	settle(world);
	was_told(&world->server, "header broken ");
	assert_int_equal(world->server.err, TRUNK_EXML_LIMIT);
	assert_true(world->memory.used_bytes < 2 * STANZA_BYTES);
	buf_fini(&text);
}

static void bad_xml_breaks_the_stream_and_the_rest_is_not_read(void **state)
{
	struct world *world = *state;

	write_text(&world->client, HEADER "<a/><b></c><d/>");
	was_told(&world->server, "header <a> broken ");
	assert_int_equal(world->server.err, TRUNK_EXML);
	write_text(&world->client, "<e/>");
	was_told(&world->server, "");
	write_text(&world->server, HEADER);   /* it may still be written to: the stream error */
	was_told(&world->client, "open header ");
}

/* design.md §3: `limits.memory`. */
static void without_memory_a_half_read_element_breaks_the_stream(void **state)
{
	struct world *world = *state;
	size_t others = 0;

	write_text(&world->client, HEADER "<a/>");
	memory_count(&world->memory, &others, MEMORY_BYTES);
	write_text(&world->client, "<b/>");
	was_told(&world->server, "header <a> <b> ");    /* what is whole needs none */
	write_text(&world->client, "<c");
	was_told(&world->server, "broken ");
	assert_int_equal(world->server.err, TRUNK_ELIMIT);
	memory_count(&world->memory, &others, 0);
}

static void what_a_channel_ignores_is_not_told(void **state)
{
	struct world *world = *state;

	world->server.on_element = IGNORE;
	write_text(&world->client, HEADER "<a/><b/>");
	write_text(&world->client, "<c/>");
	was_told(&world->server, "header <a> ");
}

static void a_channel_may_end_within_any_callback(void **state)
{
	struct world *world = *state;

	world->server.on_element = END_IT;
	write_text(&world->client, HEADER "<a/><b/>");
	was_told(&world->server, "header <a> ");
	assert_false(world->server.is_live);
	was_told(&world->client, "open closed ");
}

static void a_channel_may_end_when_its_stream_is_broken_or_over(void **state)
{
	struct world *world = *state;

	world->server.on_broken = END_IT;
	world->client.on_end = END_IT;
	write_text(&world->server, HEADER "</stream:stream>");
	was_told(&world->client, "open header end ");
	side_init(world, &world->client, TLS_CLIENT);
	was_told(&world->server, "closed ");
	channel_fini(&world->server.channel);
	side_init(world, &world->server, TLS_SERVER);
	world->server.on_broken = END_IT;
	assert_int_equal(channel_connect(&world->client.channel, &world->at, NULL), 0);
	settle(world);
	write_text(&world->client, "<?xml version='1.0'?><!DOCTYPE x>");
	was_told(&world->server, "broken ");
	assert_int_equal(world->server.err, TRUNK_EXML_RESTRICTED);
}

/* RFC 6120 §4.3.3: behind SASL the next bytes begin a new stream. */
static void a_restart_begins_a_new_stream_with_the_next_byte(void **state)
{
	struct world *world = *state;

	world->server.on_element = RESTART;
	write_text(&world->client, HEADER "<auth/>" HEADER "<auth/>" HEADER);
	was_told(&world->server, "header <auth> header <auth> header ");
}

static void secure_both(struct world *world)
{
	secure(&world->server);
	secure(&world->client);
	settle(world);
	was_told(&world->client, "open secured ");
	was_told(&world->server, "secured ");
}

static void tls_carries_elements_both_ways(void **state)
{
	struct world *world = *state;

	secure_both(world);
	assert_true(world->client.channel.is_secured && world->server.channel.is_secured);
	write_text(&world->client, HEADER "<a/>");
	write_text(&world->server, HEADER "<b/>");
	was_told(&world->server, "header <a> ");
	was_told(&world->client, "header <b> ");
	assert_true(world->client.channel.wrote_bytes > sizeof(HEADER "<a/>"));         /* ciphertext */
}

static void tls_in_single_bytes_is_the_same(void **state)
{
	struct world *world = *state;

	sim_net_set_piece(world->net, 1);
	secure_both(world);
	write_text(&world->client, HEADER "<a/><b/>");
	was_told(&world->server, "header <a> <b> ");
}

/* RFC 6120 §5.4.3.3; design.md §3: plaintext behind <starttls/> is never acted on after TLS. */
static void plaintext_behind_starttls_is_thrown_away_unread(void **state)
{
	struct world *world = *state;

	world->server.on_element = START_TLS;
	write_text(&world->client, HEADER "<starttls/>" HEADER "<evil/><evil");
	was_told(&world->server, "header <starttls> ");
	world->server.on_element = NOTHING;
	secure(&world->client);
	settle(world);
	was_told(&world->client, "open secured ");
	write_text(&world->client, HEADER "<good/>");
	was_told(&world->server, "secured header <good> ");
}

static void a_half_read_element_before_tls_is_thrown_away(void **state)
{
	struct world *world = *state;

	write_text(&world->client, HEADER "<a to='");
	was_told(&world->server, "header ");
	secure_both(world);
	write_text(&world->client, HEADER "<b/>");
	was_told(&world->server, "header <b> ");
}

static void plaintext_where_a_handshake_was_due_is_insecure(void **state)
{
	struct world *world = *state;

	secure(&world->server);
	write_text(&world->client, HEADER "<evil/>");
	was_told(&world->server, "insecure ");
	assert_int_equal(world->server.err, TRUNK_ETLS);
	assert_false(world->server.channel.is_secured);
}

static void a_damaged_record_closes(void **state)
{
	struct world *world = *state;

	secure_both(world);
	write_text(&world->client, HEADER "<a/>");
	conn_write(world->client.channel.conn, STR("\x17\x03\x03\x00\x20 this is no record of this session"));
	settle(world);
	was_told(&world->server, "header <a> closed ");
	assert_int_equal(world->server.err, TRUNK_ETLS);
	assert_int_equal(channel_write(&world->server.channel, STR("x")), TRUNK_ECLOSED);
}

static void a_channel_may_end_when_it_is_secured(void **state)
{
	struct world *world = *state;

	world->server.on_secured = END_IT;
	secure(&world->server);
	secure(&world->client);
	settle(world);
	was_told(&world->server, "secured ");
	assert_false(world->server.is_live);
}

/* RFC 8446 §6.1: an end by close_notify is told from a cut. */
static void a_shutdown_ends_behind_what_waits(void **state)
{
	struct world *world = *state;

	secure_both(world);
	write_text(&world->client, HEADER);
	channel_write(&world->client.channel, STR("<last/></stream:stream>"));
	channel_shutdown(&world->client.channel);
	settle(world);
	was_told(&world->server, "header <last> end closed ");
	assert_int_equal(world->server.err, 0);
	channel_shutdown(&world->server.channel);       /* no more to be done: no harm */
	channel_shutdown(&world->client.channel);
}

static void what_is_not_taken_is_pending_and_counted_until_it_is_drained(void **state)
{
	struct world *world = *state;
	struct buf text = {0};

	buf_reserve(&text, 50000);
	memset(buf_space(&text), ' ', 50000);
	buf_grew(&text, 50000);
	sim_net_set_window(world->net, 1000);
	write_text(&world->client, HEADER);
	channel_read(&world->server.channel, false);
	assert_int_equal(channel_write(&world->client.channel, buf_str(&text)), 0);
	settle(world);
	assert_true(channel_pending(&world->client.channel) > 40000);
	assert_true(channel_unsent(&world->client.channel) >= channel_pending(&world->client.channel));
	assert_true(world->memory.used_bytes >= channel_pending(&world->client.channel));
	channel_read(&world->server.channel, true);
	settle(world);
	was_told(&world->client, "open drained ");
	assert_int_equal(channel_pending(&world->client.channel), 0);
	assert_int_equal(world->memory.used_bytes, 0);
	buf_fini(&text);
}

static void what_was_pending_is_given_back_with_the_channel(void **state)
{
	struct world *world = *state;

	sim_net_set_window(world->net, 10);
	channel_read(&world->server.channel, false);
	write_text(&world->client, HEADER "<a/>");
	assert_true(channel_pending(&world->client.channel) > 0);
	assert_true(world->memory.used_bytes > 0);
	act(&world->client, END_IT);
	assert_int_equal(world->memory.used_bytes, 0);
}

static void a_reset_is_told_once_and_writing_is_over(void **state)
{
	struct world *world = *state;

	sim_conn_reset(&world->client.channel.conn);
	settle(world);
	was_told(&world->server, "closed ");
	assert_int_equal(world->server.err, TRUNK_ECLOSED);
	assert_int_equal(channel_write(&world->server.channel, STR("x")), TRUNK_ECLOSED);
	assert_int_equal(channel_write(&world->client.channel, STR("x")), TRUNK_ECLOSED);       /* no connection at all */
}

static void bytes_and_the_last_sign_of_life_are_counted(void **state)
{
	struct world *world = *state;

	write_text(&world->client, HEADER);
	assert_int_equal(world->server.channel.bytes_in, sizeof(HEADER) - 1);
	assert_int_equal(world->client.channel.bytes_out, sizeof(HEADER) - 1);
	loop_advance(world->site.loop, 5000);
	assert_int_equal(world->server.channel.heard_ms, 0);
	write_text(&world->client, " ");      /* a keep-alive of white space */
	assert_int_equal(world->server.channel.heard_ms, 5000);
	was_told(&world->server, "header ");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(header_elements_and_end_are_told_in_order),
		TEST(elements_are_whole_however_they_are_cut),
		TEST(a_large_element_in_pieces_is_kept_with_its_own_stream),
		TEST(an_element_over_the_size_limit_breaks_the_stream),
		TEST(bad_xml_breaks_the_stream_and_the_rest_is_not_read),
		TEST(without_memory_a_half_read_element_breaks_the_stream),
		TEST(what_a_channel_ignores_is_not_told),
		TEST(a_channel_may_end_within_any_callback),
		TEST(a_channel_may_end_when_its_stream_is_broken_or_over),
		TEST(a_restart_begins_a_new_stream_with_the_next_byte),
		TEST(tls_carries_elements_both_ways),
		TEST(tls_in_single_bytes_is_the_same),
		TEST(plaintext_behind_starttls_is_thrown_away_unread),
		TEST(a_half_read_element_before_tls_is_thrown_away),
		TEST(plaintext_where_a_handshake_was_due_is_insecure),
		TEST(a_damaged_record_closes),
		TEST(a_channel_may_end_when_it_is_secured),
		TEST(a_shutdown_ends_behind_what_waits),
		TEST(what_is_not_taken_is_pending_and_counted_until_it_is_drained),
		TEST(what_was_pending_is_given_back_with_the_channel),
		TEST(a_reset_is_told_once_and_writing_is_over),
		TEST(bytes_and_the_last_sign_of_life_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
