/* SPDX-License-Identifier: Apache-2.0
 * Stream errors: their words, which of our errors become which, and a peer's in words for people (RFC 6120 §4.9). */
#include "stream/stream.h"

#include "../stanza/reads.h"

/* design.md §3, the table of bad inputs. */
static void each_error_of_ours_has_the_promised_condition(void **state)
{
	static const struct promise {
		int err;
		const char *condition;
	} promises[] = {
		{TRUNK_EXML, "not-well-formed"},
		{TRUNK_EXML_RESTRICTED, "restricted-xml"},
		{TRUNK_EXML_ENCODING, "unsupported-encoding"},
		{TRUNK_EXML_NAMESPACE, "invalid-namespace"},
		{TRUNK_EXML_PREFIX, "bad-namespace-prefix"},
		{TRUNK_EXML_FORMAT, "bad-format"},
		{TRUNK_EXML_LIMIT, "policy-violation"},
		{TRUNK_EADDRESS, "improper-addressing"},
		{TRUNK_EVERSION, "unsupported-version"},
		{TRUNK_EPOLICY, "policy-violation"},
		{TRUNK_EPERM, "not-authorized"},
		{TRUNK_ETIMEOUT, "connection-timeout"},
		{TRUNK_ELIMIT, "resource-constraint"},
		{TRUNK_ENOMEM, "resource-constraint"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(promises) / sizeof(promises[0]); i++)
		assert_string_equal(stream_condition_text(stream_condition_of(promises[i].err)), promises[i].condition);
	assert_int_equal(stream_condition_of(0), STREAM_CONDITION_NONE);
}

#define NUMBER(name, text) name,
static const int errors[] = {TRUNK_ERRORS(NUMBER)};
#undef NUMBER

/* style.md §4: no failure leaves a peer without an answer. */
static void no_error_of_ours_is_without_a_condition(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		assert_true(strlen(stream_condition_text(stream_condition_of(errors[i]))) > 0);
}

static void an_error_ends_the_stream(void **state)
{
	struct buf out = {0};

	(void)state;
	assert_int_equal(stream_error_write(&out, STREAM_HOST_UNKNOWN, "no <such> domain"), 0);
	wrote(&out, "<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
		    "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>no &lt;such&gt; "
		    "domain</text></stream:error></stream:stream>");
	buf_clear(&out);
	assert_int_equal(stream_error_write(&out, STREAM_RESET, NULL), 0);
	wrote(&out, "<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>");
	buf_clear(&out);
	assert_int_equal(stream_error_write(&out, STREAM_CONDITION_NONE, "not said"), 0);
	wrote(&out, "</stream:stream>");
	buf_fini(&out);
}

static void says(const char *text, const char *condition, const char *words)
{
	struct arena arena = {0};
	struct str got, got_words;

	stream_error_parse(&arena, reads_tree(&arena, text), &got, &got_words);
	if (!str_is(got, condition) || !str_is(got_words, words))
		fail_msg("%s: %.*s, %.*s", text, (int)got.len, got.at, (int)got_words.len, got_words.at);
	arena_fini(&arena);
}

#define NS "xmlns='urn:ietf:params:xml:ns:xmpp-streams'"

static void a_peers_error_is_read(void **state)
{
	(void)state;
	says("<stream:error><host-gone " NS "/><text " NS ">moved &amp; gone</text></stream:error>", "host-gone",
	     "moved & gone");
	says("<stream:error><text " NS ">first</text><reset " NS "/></stream:error>", "reset", "first");
	says("<stream:error><made-up " NS "/></stream:error>", "made-up", "");
}

static void an_error_that_says_nothing_is_undefined(void **state)
{
	(void)state;
	says("<stream:error/>", "undefined-condition", "");
	says("<stream:error>words</stream:error>", "undefined-condition", "");
	says("<stream:error><host-gone xmlns='urn:x'/></stream:error>", "undefined-condition", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_error_of_ours_has_the_promised_condition),
		cmocka_unit_test(no_error_of_ours_is_without_a_condition),
		cmocka_unit_test(an_error_ends_the_stream),
		cmocka_unit_test(a_peers_error_is_read),
		cmocka_unit_test(an_error_that_says_nothing_is_undefined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
