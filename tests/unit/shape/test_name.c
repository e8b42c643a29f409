/* SPDX-License-Identifier: Apache-2.0
 * Names of payloads as rules write them (design.md §5: namespace, or {ns}name). */
#include "stanzas.h"

static struct shape_name name_of(const char *text)
{
	struct shape_name name;

	assert_int_equal(shape_name_parse(str_of(text), &name), 0);
	return name;
}

static void a_name_is_a_namespace_or_one_element_of_it(void **state)
{
	struct shape_name name = name_of("http://jabber.org/protocol/chatstates");

	(void)state;
	assert_true(str_is(name.ns, "http://jabber.org/protocol/chatstates") && str_is_absent(name.name));
	name = name_of("{urn:xmpp:receipts}request");
	assert_true(str_is(name.ns, "urn:xmpp:receipts") && str_is(name.name, "request"));
}

static void what_is_no_name_is_refused(void **state)
{
	static const char *const bad[] = {"",       "{}x",    "{urn:x}", "{urn:x", "a b",  "{a}b c",
					  "{a}{b}", "urn:}x", "<x>",     "a\nb",   "{a}b}"};
	struct shape_name name;
	char large[SHAPE_NAME_BYTES_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(shape_name_parse(str_of(bad[i]), &name), TRUNK_EINVAL);
	memset(large, 'x', sizeof(large));
	assert_int_equal(shape_name_parse(str_make(large, SHAPE_NAME_BYTES_MAX + 1), &name), TRUNK_ELIMIT);
	assert_int_equal(shape_name_parse(str_make(large, SHAPE_NAME_BYTES_MAX), &name), 0);
}

static void stanzas_and_labels_cannot_be_stripped(void **state)
{
	static const char *const bad[] = {"jabber:server",
					  "jabber:client",
					  "{jabber:server}message",
					  "{jabber:client}iq",
					  "{jabber:server}error",
					  "urn:xmpp:sec-label:0",
					  "{urn:xmpp:sec-label:0}securitylabel"};
	static const char *const good[] = {"{jabber:server}subject", "urn:xmpp:receipts", "{urn:x}error"};
	char why[SHAPE_WHY_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct shape_name name = name_of(bad[i]);

		why[0] = 0;
		assert_false(shape_name_may_strip(&name, why));
		assert_true(strlen(why) > 0);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const struct shape_name name = name_of(good[i]);

		assert_true(shape_name_may_strip(&name, why));
	}
}

/* Both with a tree and without; what the bytes deny must not be there. */
static void expect(struct fixture *f, const char *stanza, const char *text, bool is_there, bool may_be)
{
	const struct shape_name name = name_of(text);
	const struct xml_element e = element(f, stanza);

	assert_int_equal(shape_has(tree(f, stanza), &name), is_there);
	assert_int_equal(shape_may_have(&e, &name), may_be);
}

static void a_payload_is_found_wherever_it_stands(void **state)
{
	struct fixture *f = *state;

	expect(f, MESSAGE(BODY "<active xmlns='http://jabber.org/protocol/chatstates'/>"),
	       "http://jabber.org/protocol/chatstates", true, true);
	expect(f, MESSAGE(BODY "<p:active xmlns:p = \"http://jabber.org/protocol/chatstates\"/>"),
	       "http://jabber.org/protocol/chatstates", true, true);
	expect(f, MESSAGE(FORWARDED("<active xmlns='http://jabber.org/protocol/chatstates'/>")),
	       "{http://jabber.org/protocol/chatstates}active", true, true);
	expect(f, MESSAGE(FORWARDED(BODY)), "{jabber:server}body", true, true);
	expect(f, MESSAGE(BODY), "http://jabber.org/protocol/chatstates", false, false);
	expect(f, MESSAGE(BODY), "{jabber:server}message", false, true);
	expect(f, MESSAGE(BODY), "{jabber:server}subject", false, false);
	expect(f, MESSAGE(BODY "<active xmlns='http://jabber.org/protocol/chatstates'/>"),
	       "{http://jabber.org/protocol/chatstates}gone", false, false);
	expect(f, MESSAGE("<body>xmlns='urn:x'</body>"), "urn:x", false, false);
}

static void bytes_that_hide_a_namespace_need_a_tree(void **state)
{
	struct fixture *f = *state;

	expect(f, MESSAGE("<x xmlns='urn&#58;x'/>"), "urn:x", true, true); /* not canonical */
	expect(f, MESSAGE("<x xmlns='urn:&amp;x'/>"), "urn:&x", true, true);
	expect(f, MESSAGE("<x xmlns='urn:&amp;x'/>"), "urn:x", false, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_name_is_a_namespace_or_one_element_of_it), TEST(what_is_no_name_is_refused),
		TEST(stanzas_and_labels_cannot_be_stripped),      TEST(a_payload_is_found_wherever_it_stands),
		TEST(bytes_that_hide_a_namespace_need_a_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
