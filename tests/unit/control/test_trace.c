/* SPDX-License-Identifier: Apache-2.0
 * The command `trace`: what is shown, what is hidden, when it ends, and what is recorded of the operator. */
#include "control/call.h"
#include "control/redact.h"
#include "relay/tap.h"
#include "world.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

static struct world *world;
static struct call call;

static int setup(void **state)
{
	(void)state;
	world = world_new(NULL);
	world->env.tap = tap_new();
	call = (struct call){.env = &world->env, .uid = 1000, .is_ended = true};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	call_cancel(&call);
	tap_free(&world->env.tap);
	world_free(&world);
	return 0;
}

static bool answer_has(const char *text)
{
	const struct str out = buf_str(&call.out);

	return memmem(out.at, out.len, text, strlen(text)) != NULL;
}

static void begin(const char *line)
{
	call_begin(&call, str_of(line));
	assert_false(call.is_ended);
}

static void refused(const char *line, const char *reason)
{
	buf_clear(&call.out);
	call_begin(&call, str_of(line));
	assert_true(call.is_ended && call.exit == CALL_USAGE);
	assert_true(answer_has(reason));
}

static void see(const char *stanza)
{
	const struct tap_seen seen = {
		.pair = {STR("saturn.example.org"), STR("mercury.example.net")},
		.sender_spoke = STR("saturn"),
		.target_spoke = STR("mercury"),
		.kind = STANZA_MESSAGE,
		.bytes = str_of(stanza),
		.size_bytes = strlen(stanza),
		.decision = DECISION_REJECT,
		.rule = STR("secrets stay"),
		.line = 7,
		.text = STR("no"),
		.condition = COND_POLICY_VIOLATION,
		.proof_in = PROOF_PIN,
		.proof_out = PROOF_NONE,
		.wall_ms = 1000,
	};

	if (tap_is_on(world->env.tap))
		tap_see(world->env.tap, &seen);
}

/* Time in steps, since a timer that fires late fires once. */
static void pass_ms(int64_t ms)
{
	for (; ms > 0; ms -= 100)
		loop_advance(world->loop, loop_now_ms(world->loop) + 100);
}

#define STANZA                                                                                                                 \
	"<message from='ann@saturn.example.org/desk' to='bob@mercury.example.net' id='m1' type='chat' note='n1'>"              \
	"<body xml:lang='en'>Crates leave</body><x xmlns='urn:x' secret='s3'><y>deep</y></x></message>"

static void stanzas_are_shown_with_their_verdict(void **state)
{
	(void)state;
	begin("{\"command\": \"trace\", \"what\": \"saturn\"}");
	see(STANZA);
	pass_ms(100);
	assert_true(answer_has("\"sender\":\"saturn.example.org\""));
	assert_true(answer_has("\"decision\":\"reject\"") && answer_has("\"rule\":\"secrets stay\"") &&
		    answer_has("\"line\":7"));
	assert_true(answer_has("\"condition\":\"policy-violation\"") && answer_has("\"proof_in\":\"pin\""));
	assert_true(answer_has("\"id\":\"m1\"") && answer_has("\"type\":\"chat\""));
	assert_true(answer_has("\"time\":\"1970-01-01T00:00:01Z\""));
}

static void what_is_not_there_is_null(void **state)
{
	const struct tap_seen seen = {.pair = {STR("saturn.example.org"), STR("b.example")}, .kind = STANZA_IQ, .bytes = STR("<iq/>"),
				      .size_bytes = 5, .decision = DECISION_PASS, .proof_in = PROOF_NONE, .proof_out = PROOF_NONE};

	(void)state;
	begin("{\"command\": \"trace\", \"what\": \"saturn.example.org\"}");
	tap_see(world->env.tap, &seen);
	pass_ms(100);
	assert_true(answer_has("\"condition\":null") && answer_has("\"rule\":null") && answer_has("\"line\":null"));
	assert_true(answer_has("\"text\":null") && answer_has("\"label\":null") && answer_has("\"type\":null"));
	assert_true(answer_has("\"proof_in\":\"none\"") && answer_has("\"decision\":\"pass\""));
}

static void content_is_hidden_unless_asked_for(void **state)
{
	(void)state;
	begin("{\"command\": \"trace\", \"what\": \"saturn\"}");
	see(STANZA);
	pass_ms(100);
	assert_true(answer_has("<body xml:lang='en'>[12]</body><x xmlns='urn:x' secret='[2]'><y>[4]</y></x>"));
	assert_true(answer_has("id='m1' type='chat' note='[2]'"));
	assert_false(answer_has("Crates") || answer_has("deep") || answer_has("s3"));
	call_cancel(&call);
	begin("{\"command\": \"trace\", \"what\": \"saturn\", \"bodies\": 1}");
	see(STANZA);
	pass_ms(100);
	assert_true(answer_has("Crates leave") && answer_has("secret='s3'"));
}

static void only_what_was_asked_for_is_shown(void **state)
{
	(void)state;
	begin("{\"command\": \"trace\", \"what\": \"mercury.example.net>saturn\"}");
	see(STANZA);
	pass_ms(100);
	assert_int_equal(buf_len(&call.out), 0);
	call_cancel(&call);
	begin("{\"command\": \"trace\", \"what\": \"MERCURY.example.net\", \"with\": \"saturn\"}");
	see(STANZA);
	pass_ms(100);
	assert_true(answer_has("m1"));
}

static void it_ends_by_itself(void **state)
{
	(void)state;
	begin("{\"command\": \"trace\", \"what\": \"saturn\", \"seconds\": 2}");
	see(STANZA);
	pass_ms(1900);
	assert_false(call.is_ended);
	pass_ms(200);
	assert_true(call.is_ended && call.exit == CALL_DONE);
	assert_true(answer_has("\"shown\":1"));
	assert_false(tap_is_on(world->env.tap));
	call_cancel(&call);
	begin("{\"command\": \"trace\", \"what\": \"saturn\"}"); /* 60 s */
	pass_ms(59900);
	assert_false(call.is_ended);
	pass_ms(200);
	assert_true(call.is_ended);
}

static void the_operator_is_recorded(void **state)
{
	(void)state;
	begin("{\"command\": \"trace\", \"what\": \"saturn\", \"with\": \"mercury\", \"bodies\": 1}");
	assert_non_null(strstr(world->recorded, "trace"));
	assert_non_null(strstr(world->recorded, "begin what=saturn with=mercury bodies=yes"));
	assert_non_null(strstr(world->recorded, "1000"));
	see(STANZA);
	call_cancel(&call); /* he went away */
	assert_non_null(strstr(world->recorded, "end what=saturn with=mercury bodies=yes shown=0 lost=1"));
}

static void what_cannot_be_recorded_is_not_shown(void **state)
{
	(void)state;
	world->record_err = TRUNK_EIO;
	call_begin(&call, STR("{\"command\": \"trace\", \"what\": \"saturn\"}"));
	assert_true(call.is_ended && call.exit == CALL_NO && answer_has("the audit can't record it"));
	assert_false(tap_is_on(world->env.tap));
}

/* A reader who takes nothing gets no more than so much; the rest is counted. */
static void a_slow_reader_loses_stanzas(void **state)
{
	(void)state;
	begin("{\"command\": \"trace\", \"what\": \"saturn\", \"seconds\": 60}");
	for (unsigned i = 0; i < 20000; i++) {
		see(STANZA);
		if (i % 100 == 0)
			pass_ms(100);
	}
	assert_true(buf_len(&call.out) < 512 * 1024);
	buf_clear(&call.out);
	for (unsigned i = 0; i < 100 && !answer_has("\"lost\":"); i++) {
		buf_clear(&call.out);
		pass_ms(100);
	}
	assert_true(answer_has("\"lost\":"));
}

static void what_cannot_be_parsed_leaves_its_facts(void **state)
{
	(void)state;
	begin("{\"command\": \"trace\", \"what\": \"saturn\"}");
	see("<message><q:x/></message>"); /* a prefix of the stream's header */
	pass_ms(100);
	assert_true(answer_has("\"stanza\":null") && answer_has("\"id\":null"));
}

static void wrong_requests_are_refused(void **state)
{
	(void)state;
	refused("{\"command\": \"trace\"}", "needs the argument");
	refused("{\"command\": \"trace\", \"what\": \"a b\"}", "neither a spoke nor a domain");
	refused("{\"command\": \"trace\", \"what\": \"saturn\", \"with\": \"\xff\"}", "");
	refused("{\"command\": \"trace\", \"what\": \"saturn>\"}", "neither a spoke nor a domain");
	refused("{\"command\": \"trace\", \"what\": \"saturn\", \"seconds\": 3601}", "at most 3600");
	assert_string_equal(world->recorded, "");
}

static void so_many_at_once(void **state)
{
	struct call more[TAP_WATCHES_MAX];

	(void)state;
	for (unsigned i = 0; i < TAP_WATCHES_MAX; i++) {
		more[i] = call;
		call_begin(&more[i], STR("{\"command\": \"trace\", \"what\": \"saturn\"}"));
		assert_false(more[i].is_ended);
	}
	call_begin(&call, STR("{\"command\": \"trace\", \"what\": \"saturn\"}"));
	assert_true(call.is_ended && call.exit == CALL_NO && answer_has("too many traces"));
	for (unsigned i = 0; i < TAP_WATCHES_MAX; i++)
		call_cancel(&more[i]);
}

static void errors_keep_their_condition(void **state)
{
	static const struct xml_limits limits = {.element_bytes = 4096, .depth = 64, .attributes = 64};
	struct arena arena = {0};
	struct buf out = {0};
	struct xml_node *node;

	(void)state;
	assert_int_equal(
		xml_tree_parse(&arena,
			       STR("<iq type='error' xmlns:p='urn:p' p:id='x'>\n<error type='cancel' code='404' by='b.example'>"
				   "<gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>xmpp:z</gone></error></iq>"),
			       NULL, &limits, &node),
		0);
	assert_int_equal(redact(&arena, node), 0);
	assert_int_equal(xml_tree_write(node, NULL, &out), 0);
	assert_true(
		str_is(buf_str(&out), "<iq type='error' p:id='[1]' xmlns:p='urn:p'>\n<error type='cancel' code='404' by='[9]'>"
				      "<gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>[6]</gone></error></iq>") ||
		str_is(buf_str(&out), "<iq xmlns:p='urn:p' type='error' p:id='[1]'>\n<error type='cancel' code='404' by='[9]'>"
				      "<gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>[6]</gone></error></iq>"));
	buf_fini(&out);
	arena_fini(&arena);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(stanzas_are_shown_with_their_verdict),
		TEST(what_is_not_there_is_null), TEST(content_is_hidden_unless_asked_for),
		TEST(only_what_was_asked_for_is_shown),
		TEST(it_ends_by_itself),
		TEST(the_operator_is_recorded),
		TEST(what_cannot_be_recorded_is_not_shown), TEST(a_slow_reader_loses_stanzas),
		TEST(what_cannot_be_parsed_leaves_its_facts),
		TEST(wrong_requests_are_refused),
		TEST(so_many_at_once),
		TEST(errors_keep_their_condition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
