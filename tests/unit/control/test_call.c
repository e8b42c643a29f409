/* SPDX-License-Identifier: Apache-2.0
 * The commands of the daemon: what they answer, what they do, and what is recorded of the operator. */
#include "control/call.h"
#include "world.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

static struct world *world;
static struct call call;

static int setup(void **state)
{
	(void)state;
	world = world_new(NULL);
	call = (struct call){.env = &world->env, .uid = 1000, .is_ended = true};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	call_cancel(&call);
	world_free(&world);
	return 0;
}

/* One line of the answer; the caller drops it. */
static json_t *answer_line(unsigned number)
{
	struct str rest = buf_str(&call.out);
	struct str line = STR_NONE;
	json_t *json;

	for (unsigned i = 0; i <= number; i++)
		line = str_cut(&rest, '\n');
	json = json_loadb(line.at, line.len, 0, NULL);
	assert_non_null(json);
	return json;
}

static bool answer_has(const char *text)
{
	const struct str out = buf_str(&call.out);

	return memmem(out.at, out.len, text, strlen(text)) != NULL;
}

/* Runs a line that ends at once; compares the end of the answer. */
static void run(const char *line, enum call_exit exit, const char *reason)
{
	struct str out;
	json_t *last, *end;
	size_t begin;

	buf_clear(&call.out);
	call_begin(&call, str_of(line));
	assert_true(call.is_ended);
	out = buf_str(&call.out);
	assert_true(str_ends(out, STR("\n")));
	for (begin = out.len - 1; begin > 0 && out.at[begin - 1] != '\n'; begin--)
		;
	last = json_loadb(out.at + begin, out.len - begin, 0, NULL);
	end = json_object_get(last, "end");
	assert_int_equal(json_integer_value(json_object_get(end, "exit")), exit);
	if (reason)
		assert_non_null(strstr(json_string_value(json_object_get(end, "reason")), reason));
	json_decref(last);
}

static void unknown_commands_and_arguments_are_refused(void **state)
{
	(void)state;
	run("{\"command\": \"dance\"}", CALL_USAGE, "no such command");
	run("{\"command\": \"status\", \"x\": 1}", CALL_USAGE, "knows no argument");
	run("nonsense", CALL_USAGE, "no JSON");
	assert_string_equal(world->recorded, "");
}

static void status_tells_what_runs(void **state)
{
	static const char *const keys[] = {"version", "uptime",  "trunk",  "listen",       "spokes",
					   "streams", "stanzas", "memory", "audit", "configuration"};
	json_t *line, *result;

	(void)state;
	run("{\"command\": \"status\"}", CALL_DONE, NULL);
	line = answer_line(0);
	result = json_object_get(json_object_get(line, "end"), "result");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_non_null(json_object_get(result, keys[i]));
	assert_int_equal(json_integer_value(json_object_get(json_object_get(result, "streams"), "inbound")), 1);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(result, "stanzas"), "in")), 6);
	json_decref(line);
}

static void streams_have_the_keys_that_are_fixed(void **state)
{
	/* design.md §4 */
	static const char *const keys[] = {"sender", "target", "role",       "address",     "tls",        "cipher",
					   "proof",  "since",  "stanzas_in", "stanzas_out", "queue_bytes"};
	json_t *line, *row;

	(void)state;
	run("{\"command\": \"streams\"}", CALL_DONE, NULL);
	line = answer_line(0);
	row = json_object_get(line, "row");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_non_null(json_object_get(row, keys[i]));
	assert_string_equal(json_string_value(json_object_get(row, "proof")), "dialback");
	assert_string_equal(json_string_value(json_object_get(row, "since")), "1970-01-01T00:00:01Z");
	assert_string_equal(json_string_value(json_object_get(row, "peer_names")), "dns:\x1b[2J\xef\xbf\xbd.example");
	json_decref(line);
}

static void streams_can_be_those_of_one_domain(void **state)
{
	(void)state;
	run("{\"command\": \"streams\", \"domain\": \"Chat.Mercury.Example.NET.\"}", CALL_DONE, NULL);
	assert_false(answer_has("\"inbound\""));
	assert_true(answer_has("\"outbound\""));
	run("{\"command\": \"streams\", \"domain\": \"a b\"}", CALL_USAGE, "not a domain");
}

static void an_answer_without_end_is_cut(void **state)
{
	(void)state;
	world->streams = 20000;
	run("{\"command\": \"streams\"}", CALL_NO, "cut");
	assert_true(buf_len(&call.out) <= REPLY_BYTES_MAX + REASON_BYTES_MAX);
	world->streams = 1;
	run("{\"command\": \"streams\"}", CALL_DONE, NULL);
}

static void spokes_show_route_and_last_failure(void **state)
{
	json_t *line, *row;

	(void)state;
	run("{\"command\": \"spokes\"}", CALL_DONE, NULL);
	line = answer_line(0);
	assert_string_equal(json_string_value(json_object_get(json_object_get(line, "row"), "route")), "DNS");
	json_decref(line);
	line = answer_line(1);
	row = json_object_get(line, "row");
	assert_string_equal(json_string_value(json_object_get(row, "route")), "xmpp.mercury.example.net:5269");
	assert_int_equal(json_integer_value(json_object_get(row, "links_down")), 1);    /* found by its wildcard */
	assert_string_equal(json_string_value(json_object_get(row, "reason")), "connection refused");
	json_decref(line);
}

static void reload_is_recorded_with_the_operators_uid(void **state)
{
	(void)state;
	run("{\"command\": \"reload\"}", CALL_DONE, NULL);
	assert_string_equal(world->recorded, "1000 reload done=yes\n");
	world->recorded[0] = '\0';
	world->reload_err = TRUNK_EINVAL;
	run("{\"command\": \"reload\"}", CALL_NO, "trunkd.yaml:3:1");
	assert_non_null(strstr(world->recorded, "1000 reload done=no reason=trunkd.yaml:3:1"));
}

static void a_change_goes_on_where_it_cannot_be_recorded(void **state)
{
	(void)state;
	log_set_level(world->env.log, 0, LOG_TEXT);     /* the alarm is not for the test's output */
	world->record_err = TRUNK_EIO;
	run("{\"command\": \"block\", \"what\": \"saturn.example.org\"}", CALL_DONE,
	    NULL); /* shutting a gate must not wait for a disk */
	assert_string_equal(world->blocked, "saturn.example.org until 0");
}

static void close_takes_a_domain_exactly(void **state)
{
	(void)state;
	run("{\"command\": \"close\", \"what\": \"mercury.example.net\"}", CALL_DONE, NULL);
	assert_string_equal(world->told,
			    "inbound_close mercury.example.net - reset\noutbound_close mercury.example.net reset again\n");
	assert_string_equal(world->recorded, "1000 close what=mercury.example.net done=yes\n");
	run("{\"command\": \"close\", \"what\": \"nobody.example\"}", CALL_NO, "no stream");
	run("{\"command\": \"close\", \"what\": \"a b\"}", CALL_USAGE, "neither a domain nor an address");
}

static void close_takes_an_address(void **state)
{
	(void)state;
	run("{\"command\": \"close\", \"what\": \"203.0.113.2\"}", CALL_DONE, NULL);
	assert_string_equal(world->told,
			    "inbound_close - 203.0.113.2:1 reset\noutbound_close chat.mercury.example.net reset again\n");
}

static void block_closes_what_is_below_the_domain_for_good(void **state)
{
	(void)state;
	loop_set_wall_ms(world->loop, 1000000);
	run("{\"command\": \"block\", \"what\": \"mercury.example.net\", \"for_ms\": 5000}", CALL_DONE, NULL);
	assert_string_equal(world->blocked, "mercury.example.net until 1005000");
	assert_non_null(strstr(world->told, "outbound_close mercury.example.net policy-violation final"));
	assert_non_null(strstr(world->told, "outbound_close chat.mercury.example.net policy-violation final"));
	assert_null(strstr(world->told, "saturn"));
	assert_string_equal(world->recorded, "1000 block what=mercury.example.net for_ms=5000 done=yes\n");
}

static void the_queue_tells_how_much_waits_how_long_and_why(void **state)
{
	(void)state;
	loop_set_wall_ms(world->loop, 1000000);
	run("{\"command\": \"queue\"}", CALL_DONE, NULL);
	assert_true(answer_has("\"memory_stanzas\":2") && answer_has("\"disk_stanzas\":3") && answer_has("\"disk_bytes\":300"));
	assert_true(answer_has("\"age\":5") && answer_has("\"reason\":\"connection refused\"") && answer_has("\"paused\":false"));
	assert_string_equal(world->recorded, "");
}

static void what_is_done_to_a_queue_is_recorded(void **state)
{
	(void)state;
	run("{\"command\": \"queue-change\", \"verb\": \"pause\", \"what\": \"saturn.example.org>mercury.example.net\"}", CALL_DONE, NULL);
	run("{\"command\": \"queue-change\", \"verb\": \"drop\", \"what\": \"Mercury.example.net.\"}", CALL_DONE, NULL);
	assert_string_equal(world->told, "outbound_queue 1 saturn.example.org>mercury.example.net\noutbound_queue 4 *>mercury.example.net\n");
	assert_true(answer_has("\"stanzas\":3"));
	assert_string_equal(world->recorded, "1000 queue-change what=saturn.example.org>mercury.example.net verb=pause done=yes\n"
					     "1000 queue-change what=Mercury.example.net. verb=drop done=yes\n");
	run("{\"command\": \"queue-change\", \"verb\": \"bounce\", \"what\": \"nobody.example\"}", CALL_NO, "none waits");
	run("{\"command\": \"queue-change\", \"verb\": \"eat\", \"what\": \"mercury.example.net\"}", CALL_USAGE, "SENDER>TARGET");
	run("{\"command\": \"queue-change\", \"verb\": \"drop\", \"what\": \"a b\"}", CALL_USAGE, "SENDER>TARGET");
}

static void a_spoke_is_drained_once_shown_and_undrained(void **state)
{
	struct rest *rest = rest_new();

	(void)state;
	world->site.rest = rest;
	run("{\"command\": \"drain\", \"what\": \"mercury\"}", CALL_DONE, NULL);
	assert_non_null(strstr(world->told, "outbound_close chat.mercury.example.net system-shutdown again"));
	assert_true(rest_has(rest, "mercury") && !rest_has(rest, "saturn"));
	run("{\"command\": \"drain\", \"what\": \"mercury\"}", CALL_NO, "drained already");
	run("{\"command\": \"drain\", \"what\": \"pluto\"}", CALL_NO, "no spoke of that name");
	run("{\"command\": \"status\"}", CALL_DONE, NULL);
	assert_true(answer_has("\"drained\":[\"mercury\"]") && answer_has("\"maintenance\":false"));
	run("{\"command\": \"undrain\", \"what\": \"mercury\"}", CALL_DONE, NULL);
	assert_non_null(strstr(world->told, "outbound_wake mercury"));
	run("{\"command\": \"undrain\", \"what\": \"mercury\"}", CALL_NO, "it is not drained");
	assert_non_null(strstr(world->recorded, "1000 drain what=mercury done=yes\n"));
	world->site.rest = NULL;
	rest_free(&rest);
}

static void maintenance_is_on_or_off(void **state)
{
	struct rest *rest = rest_new();

	(void)state;
	world->site.rest = rest;
	run("{\"command\": \"maintenance\", \"what\": \"on\"}", CALL_DONE, NULL);
	assert_true(rest_is_maintenance(rest));
	run("{\"command\": \"maintenance\", \"what\": \"perhaps\"}", CALL_USAGE, "on or off");
	assert_true(rest_is_maintenance(rest));
	run("{\"command\": \"maintenance\", \"what\": \"off\"}", CALL_DONE, NULL);
	assert_false(rest_is_maintenance(rest));
	assert_string_equal(world->recorded, "1000 maintenance what=on done=yes\n1000 maintenance what=off done=yes\n");
	world->site.rest = NULL;
	rest_free(&rest);
}

static void a_block_that_is_refused_closes_nothing(void **state)
{
	(void)state;
	world->block_err = TRUNK_ELIMIT;
	run("{\"command\": \"block\", \"what\": \"mercury.example.net\"}", CALL_NO, "too many blocks");
	assert_string_equal(world->told, "");
	world->block_err = 0;
	run("{\"command\": \"block\", \"what\": \"trunk.example.com\"}", CALL_USAGE, "own domain");
	run("{\"command\": \"block\", \"what\": \"mercury.example.net\", \"for_ms\": 9223372036854775807}", CALL_DONE, NULL);
}

static void unblock_says_where_there_is_no_block(void **state)
{
	(void)state;
	run("{\"command\": \"unblock\", \"what\": \"saturn.example.org\"}", CALL_NO, "not blocked");
	run("{\"command\": \"block\", \"what\": \"saturn.example.org\"}", CALL_DONE, NULL);
	run("{\"command\": \"unblock\", \"what\": \"saturn.example.org\"}", CALL_DONE, NULL);
}

static void blocked_addresses_are_listed_without_port(void **state)
{
	json_t *line;

	(void)state;
	run("{\"command\": \"block\", \"what\": \"203.0.113.2\"}", CALL_DONE, NULL);
	run("{\"command\": \"blocks\"}", CALL_DONE, NULL);
	line = answer_line(0);
	assert_string_equal(json_string_value(json_object_get(json_object_get(line, "row"), "what")), "203.0.113.2");
	json_decref(line);
}

static void secrets_are_never_recorded(void **state)
{
	json_t *line;

	(void)state;
	run("{\"command\": \"secret-id\"}", CALL_DONE, NULL);
	line = answer_line(0);
	/* printf s3cr3tf0rd14lb4ck | sha256sum: as XEP-0185 §3 uses it */
	assert_string_equal(json_string_value(json_object_get(json_object_get(json_object_get(line, "end"), "result"), "id")),
			    "a7136eb1f46c9ef1");
	json_decref(line);
	assert_string_equal(world->recorded, "");
	run("{\"command\": \"secret\", \"verb\": \"export\"}", CALL_DONE, NULL);
	assert_true(answer_has("s3cr3tf0rd14lb4ck"));
	run("{\"command\": \"secret\", \"verb\": \"import\", \"secret\": \"another one\"}", CALL_DONE, NULL);
	assert_string_equal(world->told, "secret import another one\n");
	assert_null(strstr(world->recorded, "s3cr3t"));
	assert_null(strstr(world->recorded, "another"));
	assert_non_null(strstr(world->recorded, "1000 secret verb=export done=yes"));
}

static void secret_verbs_that_do_not_fit_are_refused(void **state)
{
	(void)state;
	run("{\"command\": \"secret\", \"verb\": \"import\"}", CALL_USAGE, "one of");
	run("{\"command\": \"secret\", \"verb\": \"rotate\", \"secret\": \"x\"}", CALL_USAGE, "one of");
	run("{\"command\": \"secret\", \"verb\": \"steal\"}", CALL_USAGE, "one of");
	world->env.secret = NULL;
	run("{\"command\": \"secret\", \"verb\": \"rotate\"}", CALL_NO, "can't change its secret");
}

static void a_probe_tells_its_steps_as_they_come(void **state)
{
	json_t *line;

	(void)state;
	call_begin(&call, STR("{\"command\": \"probe\", \"domain\": \"mercury.example.net\", \"as\": \"saturn.example.org\"}"));
	assert_false(call.is_ended);
	assert_string_equal(world->told, "probe saturn.example.org>mercury.example.net\n");
	world->probe_fn(world->probe_ctx, PROBE_DNS, true, "found", false);
	line = answer_line(0);
	assert_string_equal(json_string_value(json_object_get(json_object_get(line, "row"), "step")), "dns");
	json_decref(line);
	assert_false(call.is_ended);
	world->probe_fn(world->probe_ctx, PROBE_PING, true, "answered", true);
	assert_true(call.is_ended);
	assert_int_equal(call.exit, CALL_DONE);
	call_clear(&call);
	assert_int_equal(world->probes, 0);
}

static void a_probe_that_stops_says_where(void **state)
{
	(void)state;
	call_begin(&call, STR("{\"command\": \"probe\", \"domain\": \"mercury.example.net\"}"));
	assert_string_equal(world->told, "probe trunk.example.com>mercury.example.net\n");
	world->probe_fn(world->probe_ctx, PROBE_TCP, false, "connection refused", true);
	assert_int_equal(call.exit, CALL_NO);
	assert_true(answer_has("stopped at tcp: connection refused"));
}

static void a_stop_that_is_told_twice_is_shown_once(void **state)
{
	(void)state;
	call_begin(&call, STR("{\"command\": \"probe\", \"domain\": \"mercury.example.net\"}"));
	world->probe_fn(world->probe_ctx, PROBE_TCP, false, "connection refused", false);
	buf_clear(&call.out);
	world->probe_fn(world->probe_ctx, PROBE_AUTHENTICATION, false, "connection refused", true);
	assert_false(answer_has("row"));
	assert_true(answer_has("stopped at tcp: connection refused"));
}

static void a_probe_may_end_before_it_has_begun(void **state)
{
	(void)state;
	world->is_probe_instant = true;
	run("{\"command\": \"probe\", \"domain\": \"mercury.example.net\"}", CALL_NO, "stopped at dns");
	assert_int_equal(world->probes, 0);
}

static void a_step_that_is_not_good_need_not_be_the_end(void **state)
{
	(void)state;
	call_begin(&call, STR("{\"command\": \"probe\", \"domain\": \"mercury.example.net\"}"));
	world->probe_fn(world->probe_ctx, PROBE_TCP, false, "certificate does not verify", false);
	world->probe_fn(world->probe_ctx, PROBE_PING, true, "proved by dialback", true);
	assert_int_equal(call.exit, CALL_DONE);
}

/* design.md §2: refused before DNS is asked */
static void nothing_is_dialled_for_a_pair_that_is_not_permitted(void **state)
{
	(void)state;
	run("{\"command\": \"probe\", \"domain\": \"elsewhere.example\"}", CALL_NO, "not trunked");
	run("{\"command\": \"probe\", \"domain\": \"mercury.example.net\", \"as\": \"elsewhere.example\"}", CALL_NO,
	    "not trunked");
	world->pair_decision = DECISION_REJECT;
	run("{\"command\": \"probe\", \"domain\": \"mercury.example.net\", \"as\": \"saturn.example.org\"}", CALL_NO,
	    "no mail out");
	run("{\"command\": \"probe\", \"domain\": \"a b\"}", CALL_USAGE, "not a domain");
	assert_string_equal(world->told, "");
}

static void a_cancelled_call_ends_its_probe(void **state)
{
	(void)state;
	call_begin(&call, STR("{\"command\": \"probe\", \"domain\": \"mercury.example.net\"}"));
	assert_int_equal(world->probes, 1);
	call_cancel(&call);
	assert_int_equal(world->probes, 0);
}

static void failures_are_not_there_without_a_list_of_them(void **state)
{
	(void)state;
	run("{\"command\": \"failures\"}", CALL_NO, "no list");
}

static void one_failure(void *ctx, control_failure_fn *fn, void *fn_ctx)
{
	const struct control_failure failure = {.wall_ms = 1000,
						.sender = STR("saturn.example.org"),
						.target = STR("mercury.example.net"),
						.leg = "outbound",
						.role = "initiating",
						.address = "203.0.113.9:5269",
						.step = "tls",
						.reason = "alert \xff"};

	(void)ctx;
	fn(fn_ctx, &failure);
}

static void failures_tell_step_and_reason(void **state)
{
	(void)state;
	world->env.failures_each = one_failure;
	run("{\"command\": \"failures\"}", CALL_DONE, NULL);
	assert_true(answer_has("\"target\":\"mercury.example.net\""));
	assert_true(answer_has("\"step\":\"tls\",\"reason\":\"alert \\uFFFD\""));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unknown_commands_and_arguments_are_refused),
		TEST(status_tells_what_runs),
		TEST(streams_have_the_keys_that_are_fixed),
		TEST(streams_can_be_those_of_one_domain),
		TEST(an_answer_without_end_is_cut),
		TEST(spokes_show_route_and_last_failure),
		TEST(reload_is_recorded_with_the_operators_uid),
		TEST(a_change_goes_on_where_it_cannot_be_recorded),
		TEST(close_takes_a_domain_exactly),
		TEST(close_takes_an_address),
		TEST(block_closes_what_is_below_the_domain_for_good),
		TEST(the_queue_tells_how_much_waits_how_long_and_why),
		TEST(what_is_done_to_a_queue_is_recorded),
		TEST(a_spoke_is_drained_once_shown_and_undrained),
		TEST(maintenance_is_on_or_off),
		TEST(a_block_that_is_refused_closes_nothing),
		TEST(unblock_says_where_there_is_no_block),
		TEST(blocked_addresses_are_listed_without_port),
		TEST(secrets_are_never_recorded),
		TEST(secret_verbs_that_do_not_fit_are_refused),
		TEST(a_probe_tells_its_steps_as_they_come),
		TEST(a_probe_that_stops_says_where),
		TEST(a_stop_that_is_told_twice_is_shown_once),
		TEST(a_probe_may_end_before_it_has_begun),
		TEST(a_step_that_is_not_good_need_not_be_the_end),
		TEST(nothing_is_dialled_for_a_pair_that_is_not_permitted),
		TEST(a_cancelled_call_ends_its_probe),
		TEST(failures_tell_step_and_reason),
		TEST(failures_are_not_there_without_a_list_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
