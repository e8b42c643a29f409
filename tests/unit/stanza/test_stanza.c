/* SPDX-License-Identifier: Apache-2.0
 * What is read of a stanza that passes, who may be answered, and the error that answers (RFC 6120 §8). */
#include "reads.h"

static void refused(const char *text, int expected)
{
	struct stanza stanza = {.kind = STANZA_IQ};
	struct reads reads;

	reads_begin(&reads, text);
	if (stanza_parse(&reads.element, &reads.arena, &stanza) != expected)
		fail_msg("not refused as it should be: %s", text);
	assert_int_equal(stanza.kind, STANZA_IQ);       /* written on success only */
	assert_null(stanza.element);
	reads_end(&reads);
}

static void kind_type_and_addresses_are_read(void **state)
{
	struct stanza stanza;
	struct reads reads;

	(void)state;
	reads_begin(&reads, "<message type='chat' id='1' from='ann@saturn.example.org/desk' "
			    "to='mercury.example.net'><body>noon</body></message>");
	assert_int_equal(stanza_parse(&reads.element, &reads.arena, &stanza), 0);
	assert_int_equal(stanza.kind, STANZA_MESSAGE);
	assert_int_equal(stanza.type, STANZA_TYPE_OTHER);
	assert_true(str_is(stanza.from.local, "ann"));
	assert_true(str_is(stanza.from.domain, "saturn.example.org"));
	assert_true(str_is(stanza.from.resource, "desk"));
	assert_true(str_is_absent(stanza.to.local));
	assert_true(str_is(stanza.to.domain, "mercury.example.net"));
	reads_end(&reads);
}

static void what_is_no_stanza_is_told(void **state)
{
	(void)state;
	refused("<auth from='a.example' to='b.example'/>", TRUNK_ENOENT);
	refused("<message xmlns='jabber:client' from='a.example' to='b.example'/>", TRUNK_ENOENT);
	refused("<db:iq from='a.example' to='b.example'/>", TRUNK_ENOENT);
	refused("<Message from='a.example' to='b.example'/>", TRUNK_ENOENT);
}

/* RFC 6120 §8.1.1.2, §8.1.2.2: both addresses must be there between servers. */
static void missing_and_malformed_addresses_are_told(void **state)
{
	(void)state;
	refused("<message to='b.example'/>", TRUNK_EADDRESS);
	refused("<message from='a.example'/>", TRUNK_EADDRESS);
	refused("<message from='' to='b.example'/>", TRUNK_EADDRESS);
	refused("<message from='@a.example' to='b.example'/>", TRUNK_EADDRESS);
	refused("<message from='a.example' to='b.example/'/>", TRUNK_EADDRESS);
	refused("<message from='a&amp;b@a.example' to='b.example'/>", TRUNK_EADDRESS);
}

static void type_is(const char *text, enum stanza_type type, bool is_answerable)
{
	struct stanza stanza;
	struct reads reads;

	reads_begin(&reads, text);
	assert_int_equal(stanza_parse(&reads.element, &reads.arena, &stanza), 0);
	if (stanza.type != type || stanza_is_answerable(&stanza) != is_answerable)
		fail_msg("%s: type %d", text, stanza.type);
	reads_end(&reads);
}

#define ADDRESSED " from='a.example' to='b.example'/>"

/* RFC 6120 §8.3.1: an error is never answered; design.md §3: neither are results and presence. */
static void errors_results_and_presence_are_not_answered(void **state)
{
	(void)state;
	type_is("<message" ADDRESSED, STANZA_TYPE_OTHER, true);
	type_is("<message type='headline'" ADDRESSED, STANZA_TYPE_OTHER, true);
	type_is("<message type='get'" ADDRESSED, STANZA_TYPE_OTHER, true);
	type_is("<iq type='get'" ADDRESSED, STANZA_TYPE_GET, true);
	type_is("<iq type='set'" ADDRESSED, STANZA_TYPE_SET, true);
	type_is("<iq type='result'" ADDRESSED, STANZA_TYPE_RESULT, false);
	type_is("<iq" ADDRESSED, STANZA_TYPE_OTHER, false);
	type_is("<iq type='GET'" ADDRESSED, STANZA_TYPE_OTHER, false);
	type_is("<message type='error'" ADDRESSED, STANZA_TYPE_ERROR, false);
	type_is("<presence type='error'" ADDRESSED, STANZA_TYPE_ERROR, false);
	type_is("<presence" ADDRESSED, STANZA_TYPE_OTHER, false);
	type_is("<presence type='probe'" ADDRESSED, STANZA_TYPE_OTHER, false);
}

/* XML says that both spellings are the same value: an error in disguise is an error still. */
static void a_type_written_with_references_is_the_same_type(void **state)
{
	(void)state;
	type_is("<message type='&#101;rror'" ADDRESSED, STANZA_TYPE_ERROR, false);
	type_is("<iq type='&#x67;et'" ADDRESSED, STANZA_TYPE_GET, true);
}

static void addresses_are_decoded_before_they_are_read(void **state)
{
	struct stanza stanza;
	struct reads reads;

	(void)state;
	reads_begin(&reads, "<iq type='get' from='a&#64;saturn.example.org/&lt;&amp;' to='b.example'/>");
	assert_int_equal(stanza_parse(&reads.element, &reads.arena, &stanza), 0);
	assert_true(str_is(stanza.from.local, "a"));
	assert_true(str_is(stanza.from.resource, "<&"));
	reads_end(&reads);
}

static void an_address_that_cannot_be_decoded_for_want_of_memory_is_no_address_error(void **state)
{
	struct stanza stanza;
	struct reads reads;

	(void)state;
	reads_begin(&reads, "<iq type='get' from='a&#64;saturn.example.org' to='b.example'/>");
	reads.arena.limit = 1;
	assert_int_equal(stanza_parse(&reads.element, &reads.arena, &stanza), TRUNK_ENOMEM);
	reads_end(&reads);
}

static void an_error_goes_back_with_the_same_id_and_without_content(void **state)
{
	struct stanza_reply reply;
	struct stanza stanza;
	struct buf out = {0};
	struct reads reads;

	(void)state;
	reads_begin(&reads,
		    "<message id='m&apos;1' type='chat' from='ann@saturn.example.org/&lt;' to='bob@mercury.example.net'>"
		    "<body>noon</body></message>");
	assert_int_equal(stanza_parse(&reads.element, &reads.arena, &stanza), 0);
	assert_int_equal(stanza_reply_of(&reads.arena, &stanza, &reply), 0);
	assert_true(reply.is_answerable);
	assert_int_equal(stanza_error_write(&out, &reply, COND_POLICY_VIOLATION, "by rule <a&b>", "trunk.example.com"), 0);
	wrote(&out,
	      "<message id='m&apos;1' from='bob@mercury.example.net' to='ann@saturn.example.org/&lt;' type='error'>"
	      "<error type='modify' by='trunk.example.com'><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
	      "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>by rule "
	      "&lt;a&amp;b&gt;</text></error></message>");
	buf_fini(&out);
	reads_end(&reads);
}

static void an_error_without_id_text_and_origin_leaves_them_out(void **state)
{
	const struct stanza_reply reply = {.kind = STANZA_IQ, .from = STR("a.example"), .to = STR("b.example")};
	struct buf out = {0};

	(void)state;
	assert_int_equal(stanza_error_write(&out, &reply, COND_REMOTE_SERVER_NOT_FOUND, NULL, NULL), 0);
	wrote(&out, "<iq from='b.example' to='a.example' type='error'><error type='cancel'>"
		    "<remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
	buf_fini(&out);
}

static void an_error_without_a_condition_is_well_formed_all_the_same(void **state)
{
	const struct stanza_reply reply = {.kind = STANZA_IQ, .from = STR("a.example"), .to = STR("b.example")};
	struct buf out = {0};

	(void)state;
	assert_int_equal(stanza_error_write(&out, &reply, STANZA_CONDITION_NONE, NULL, NULL), 0);
	wrote(&out, "<iq from='b.example' to='a.example' type='error'><error type='cancel'>"
		    "<undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
	buf_fini(&out);
}

static void a_reply_lacks_nothing_or_there_is_none(void **state)
{
	struct stanza_reply reply = {.kind = STANZA_PRESENCE};
	struct stanza stanza;
	struct reads reads;

	(void)state;
	reads_begin(&reads, "<iq type='get' id='&lt;long enough to need memory' from='a.example' to='b.example'/>");
	assert_int_equal(stanza_parse(&reads.element, &reads.arena, &stanza), 0);
	arena_fini(&reads.arena);
	reads.arena.limit = 1;
	assert_int_equal(stanza_reply_of(&reads.arena, &stanza, &reply), TRUNK_ENOMEM);
	assert_int_equal(reply.kind, STANZA_PRESENCE);
	reads_end(&reads);
}

static void a_forwarded_stanza_that_comes_back_is_read_again(void **state)
{
	struct arena arena = {0};
	struct stanza_reply reply;

	(void)state;
	assert_int_equal(stanza_reply_parse(
				 &arena,
				 STR("<iq type='set' id='a&amp;b' from='ann@a.example' to='b.example'><q xmlns='urn:q'/></iq>"),
				 &reply),
			 0);
	assert_int_equal(reply.kind, STANZA_IQ);
	assert_true(reply.is_answerable);
	assert_true(str_is(reply.id, "a&b"));
	assert_true(str_is(reply.from, "ann@a.example"));
	assert_int_equal(stanza_reply_parse(&arena, STR("<presence from='a.example' to='b.example'/>"), &reply), 0);
	assert_false(reply.is_answerable);
	assert_true(str_is_absent(reply.id));
	arena_fini(&arena);
}

static void bytes_that_are_no_stanza_do_not_come_back(void **state)
{
	struct stanza_reply reply = {.kind = STANZA_IQ};
	struct arena arena = {0};

	(void)state;
	assert_int_equal(stanza_reply_parse(&arena, STR("<message from='a.example'"), &reply), TRUNK_EXML);
	assert_int_equal(stanza_reply_parse(&arena, STR("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"), &reply),
			 TRUNK_ENOENT);
	assert_true(stanza_reply_parse(&arena, STR("<message/><message/>"), &reply) < 0);
	assert_int_equal(reply.kind, STANZA_IQ);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kind_type_and_addresses_are_read),
		cmocka_unit_test(what_is_no_stanza_is_told),
		cmocka_unit_test(missing_and_malformed_addresses_are_told),
		cmocka_unit_test(errors_results_and_presence_are_not_answered),
		cmocka_unit_test(a_type_written_with_references_is_the_same_type),
		cmocka_unit_test(addresses_are_decoded_before_they_are_read),
		cmocka_unit_test(an_address_that_cannot_be_decoded_for_want_of_memory_is_no_address_error),
		cmocka_unit_test(an_error_goes_back_with_the_same_id_and_without_content),
		cmocka_unit_test(an_error_without_id_text_and_origin_leaves_them_out),
		cmocka_unit_test(an_error_without_a_condition_is_well_formed_all_the_same),
		cmocka_unit_test(a_reply_lacks_nothing_or_there_is_none),
		cmocka_unit_test(a_forwarded_stanza_that_comes_back_is_read_again),
		cmocka_unit_test(bytes_that_are_no_stanza_do_not_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
