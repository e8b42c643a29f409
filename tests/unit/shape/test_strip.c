/* SPDX-License-Identifier: Apache-2.0
 * What strip takes out, and when it refuses to. */
#include "stanzas.h"

#define CHATSTATES "http://jabber.org/protocol/chatstates"

static const char *stripped(struct fixture *f, const char *name, const char *stanza)
{
	struct shape_name parsed;
	const struct shape_order order = {.strip = &parsed, .strip_count = 1};

	assert_int_equal(shape_name_parse(str_of(name), &parsed), 0);
	return shaped(f, &order, stanza);
}

static const char *opened(struct fixture *f, unsigned classes, const char *stanza)
{
	const struct shape_order order = {.opaque = classes};

	return shaped(f, &order, stanza);
}

static void a_namespace_goes_wherever_it_stands(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(stripped(f, CHATSTATES, MESSAGE(BODY "<active xmlns='" CHATSTATES "'/>")), MESSAGE(BODY));
	assert_string_equal(stripped(f, CHATSTATES, MESSAGE(FORWARDED(BODY "<active xmlns='" CHATSTATES "'><x/></active>"))),
			    MESSAGE(FORWARDED(BODY)));
	assert_string_equal(stripped(f, CHATSTATES, MESSAGE("<a xmlns='urn:a'><p:b xmlns:p='" CHATSTATES "'/></a>")),
			    MESSAGE("<a xmlns='urn:a'/>"));
	assert_string_equal(stripped(f, CHATSTATES, MESSAGE(BODY)), "nothing to change");
}

static void one_element_of_it_goes_alone(void **state)
{
	assert_string_equal(stripped(*state, "{urn:xmpp:receipts}request",
				     MESSAGE(BODY "<request xmlns='urn:xmpp:receipts'/>"
						  "<received xmlns='urn:xmpp:receipts' id='1'/>")),
			    MESSAGE(BODY "<received xmlns='urn:xmpp:receipts' id='1'/>"));
	assert_string_equal(stripped(*state, "{jabber:server}subject",
				     MESSAGE(BODY "<subject>s</subject>" FORWARDED(BODY "<subject>t</subject>"))),
			    MESSAGE(BODY FORWARDED(BODY)));
}

static void attributes_and_declarations_go_with_it(void **state)
{
	assert_string_equal(stripped(*state, "urn:x", "<message p:a='1' id='m1' xmlns:p='urn:x'>" BODY "</message>"),
			    "<message id='m1'>" BODY "</message>");
	assert_string_equal(
		stripped(*state, "urn:x", MESSAGE("<p:a xmlns='urn:x' xmlns:p='urn:p'><b/><c xmlns='urn:c'/></p:a>")),
		MESSAGE("<p:a xmlns:p='urn:p'><c xmlns='urn:c'/></p:a>"));
}

static void a_message_with_nothing_left_is_dropped(void **state)
{
	assert_string_equal(stripped(*state, CHATSTATES, MESSAGE("<active xmlns='" CHATSTATES "'/>")), "nothing is left");
	assert_string_equal(
		stripped(*state, CHATSTATES,
			 MESSAGE("<active xmlns='" CHATSTATES "'/><no-store xmlns='urn:xmpp:hints'/><thread>1</thread>")),
		"nothing is left");
	assert_string_equal(stripped(*state, CHATSTATES, MESSAGE("<active xmlns='" CHATSTATES "'/><subject>s</subject>")),
			    MESSAGE("<subject>s</subject>"));
	assert_string_equal(stripped(*state, CHATSTATES, PRESENCE("", "<active xmlns='" CHATSTATES "'/>")),
			    "<presence from='nia@inner.example/desk' to='clerk@west.example'/>");
}

/* RFC 6120 §8.2.3: a request has one payload; an answer may have none. */
static void a_request_keeps_its_payload_or_is_refused(void **state)
{
	assert_string_equal(stripped(*state, "vcard-temp", IQ("get", "<vCard xmlns='vcard-temp'/>")),
			    "no request would be left");
	assert_string_equal(stripped(*state, "vcard-temp", IQ("result", "<vCard xmlns='vcard-temp'/>")),
			    "<iq from='nia@inner.example/desk' to='clerk@west.example' type='result' id='i1'/>");
	assert_int_equal(shape_outcome_condition(SHAPE_NO_REQUEST), COND_POLICY_VIOLATION);
}

static void what_is_signed_or_encrypted_is_refused(void **state)
{
#define STATE "<active xmlns='" CHATSTATES "'/>"
#define SIGNATURE "<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'><a/></Signature>"
	assert_string_equal(stripped(*state, CHATSTATES, MESSAGE(BODY STATE SIGNATURE)), shape_outcome_text(SHAPE_SEALED));
	assert_string_equal(stripped(*state, CHATSTATES, MESSAGE(BODY STATE OMEMO)), shape_outcome_text(SHAPE_SEALED));
	assert_string_equal(stripped(*state, CHATSTATES, MESSAGE(STATE FORWARDED(BODY OMEMO))),
			    shape_outcome_text(SHAPE_SEALED));
	assert_string_equal(stripped(*state, CHATSTATES, MESSAGE(STATE "<body>?OTR:AA</body>")),
			    shape_outcome_text(SHAPE_SEALED));
	assert_string_equal(stripped(*state, CHATSTATES, MESSAGE(BODY OMEMO)), "nothing to change");
	assert_string_equal(stripped(*state, "http://www.w3.org/2000/09/xmldsig#", MESSAGE(BODY SIGNATURE)),
			    shape_outcome_text(SHAPE_SEALED));
	assert_int_equal(shape_outcome_condition(SHAPE_SEALED), COND_POLICY_VIOLATION);
}

/* An error says again what was sent; nobody verifies that. */
static void an_echo_in_an_error_may_change(void **state)
{
	assert_string_equal(
		stripped(*state, CHATSTATES, "<message type='error'>" STATE OMEMO "<error type='cancel'/></message>"),
		"<message type='error'>" OMEMO "<error type='cancel'/></message>");
}

static void encrypted_content_may_go_as_a_whole(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(opened(f, SHAPE_OMEMO,
				   MESSAGE("<body>(encrypted)</body>" OMEMO
					   "<encryption xmlns='urn:xmpp:eme:0' namespace='urn:xmpp:omemo:2'/>")),
			    MESSAGE("<body>(encrypted)</body>"));
	assert_string_equal(opened(f, SHAPE_OMEMO, MESSAGE(OMEMO "<store xmlns='urn:xmpp:hints'/>")), "nothing is left");
	assert_string_equal(opened(f, SHAPE_OMEMO, MESSAGE(OMEMO "<x xmlns='jabber:x:encrypted'>AA</x>")),
			    shape_outcome_text(SHAPE_SEALED));
	assert_string_equal(opened(f, SHAPE_OPAQUE_ALL, MESSAGE("<body>?OTR:AA</body>")), "nothing is left");
	assert_string_equal(opened(f, SHAPE_JINGLE, IQ("set", "<jingle xmlns='urn:xmpp:jingle:1'/>")),
			    "no request would be left");
}

static void urls_are_cut_out_of_texts(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(opened(f, SHAPE_LINK,
				   MESSAGE("<body>see http://a.example/x and www.b.example</body>"
					   "<x xmlns='jabber:x:oob'><url>http://a.example/x</url></x>")),
			    MESSAGE("<body>see [link removed] and [link removed]</body>"));
	assert_string_equal(opened(f, SHAPE_LINK, "<message href='http://a'>" BODY "</message>"),
			    "<message>" BODY "</message>");
	assert_string_equal(opened(f, SHAPE_LINK,
				   MESSAGE("<body>htt<x xmlns='urn:x'/>p://a</body>"
					   "<subject>s</subject>")),
			    MESSAGE("<subject>s</subject>"));
	assert_string_equal(opened(f, SHAPE_LINK, MESSAGE("<body>-----BEGIN PGP MESSAGE-----\nComment: http://a</body>")),
			    shape_outcome_text(SHAPE_SEALED));
}

/* An element between the pieces of a text goes: what they make together counts. */
static void pieces_that_meet_are_looked_at_again(void **state)
{
	struct shape_name name = {.ns = STR("urn:x"), .name = STR_NONE};
	const struct shape_order order = {.strip = &name, .strip_count = 1, .opaque = SHAPE_LINK};

	assert_string_equal(
		shaped(*state, &order, MESSAGE("<a xmlns='urn:a'>htt<x xmlns='urn:x'/>p:<x xmlns='urn:x'/>//b c</a>")),
		MESSAGE("<a xmlns='urn:a'>[link removed] c</a>"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_namespace_goes_wherever_it_stands),
		TEST(one_element_of_it_goes_alone),
		TEST(attributes_and_declarations_go_with_it),
		TEST(a_message_with_nothing_left_is_dropped),
		TEST(a_request_keeps_its_payload_or_is_refused),
		TEST(what_is_signed_or_encrypted_is_refused),
		TEST(an_echo_in_an_error_may_change),
		TEST(encrypted_content_may_go_as_a_whole),
		TEST(urls_are_cut_out_of_texts),
		TEST(pieces_that_meet_are_looked_at_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
