/* SPDX-License-Identifier: Apache-2.0
 * The trunk's own domain: what it answers and what it leaves alone (design.md §2, "Own domain"). */
#include "relay/own.h"

#include "../stanza/reads.h"

static const struct own_contact contacts[] = {
	{"abuse", "mailto:abuse@example.com"}, {"abuse", "xmpp:abuse@example.com?a&b"}, {"support", "https://example.com/"},
};
static const struct own_facts facts = {
	.wall_ms = 1790000000123, .uptime_seconds = 3661, .contacts = contacts, .contact_count = 3};

/* What the own domain answers to `text`. `ret_out` is the caller's to end. */
static int answer(const char *text, const struct own_facts *known, struct buf *ret_out)
{
	struct stanza stanza;
	struct reads reads;
	int err;

	reads_begin(&reads, text);
	assert_int_equal(stanza_parse(&reads.element, &reads.arena, &stanza), 0);
	err = own_answer(ret_out, &reads.arena, &stanza, xml_reader_header(reads.reader), known);
	reads_end(&reads);
	return err;
}

static void answers(const char *text, const char *expected)
{
	struct buf out = {0};

	assert_int_equal(answer(text, &facts, &out), 0);
	wrote(&out, expected);
	buf_fini(&out);
}

#define ASK(query) "<iq type='get' id='1' from='ann@saturn.example.org/desk' to='trunk.example.com'>" query "</iq>"
#define RESULT(query) "<iq type='result' id='1' from='trunk.example.com' to='ann@saturn.example.org/desk'>" query "</iq>"
#define ERROR(type, condition)                                                                                                 \
	"<iq id='1' from='trunk.example.com' to='ann@saturn.example.org/desk' type='error'><error type='" type "'>"            \
	"<" condition " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"

/* XEP-0199 §4.3. */
static void a_ping_is_answered(void **state)
{
	(void)state;
	answers(ASK("<ping xmlns='urn:xmpp:ping'/>"), RESULT(""));
}

/* XEP-0092 §2: without the operating system. */
static void the_version_is_told(void **state)
{
	(void)state;
	answers(ASK("<query xmlns='jabber:iq:version'/>"),
		RESULT("<query xmlns='jabber:iq:version'><name>trunkd</name><version>" TRUNK_VERSION "</version></query>"));
}

/* XEP-0202 §3; XEP-0082 for the form. */
static void the_time_is_told_in_utc(void **state)
{
	(void)state;
	answers(ASK("<time xmlns='urn:xmpp:time'/>"),
		RESULT("<time xmlns='urn:xmpp:time'><tzo>+00:00</tzo><utc>2026-09-21T14:13:20Z</utc></time>"));
}

/* XEP-0012 §5: a server tells its uptime. */
static void last_activity_is_the_uptime(void **state)
{
	(void)state;
	answers(ASK("<query xmlns='jabber:iq:last'/>"), RESULT("<query xmlns='jabber:iq:last' seconds='3661'/>"));
}

static void discovery_names_what_is_here_and_whom_to_ask(void **state)
{
	struct buf out = {0};

	(void)state;
	assert_int_equal(answer(ASK("<query xmlns='http://jabber.org/protocol/disco#info'/>"), &facts, &out), 0);
	wrote(&out, RESULT("<query xmlns='http://jabber.org/protocol/disco#info'><identity category='server' type='im' "
			   "name='trunkd'/>"
			   "<feature var='http://jabber.org/protocol/disco#info'/><feature "
			   "var='http://jabber.org/protocol/disco#items'/>"
			   "<feature var='urn:xmpp:ping'/><feature var='jabber:iq:version'/><feature var='urn:xmpp:time'/>"
			   "<feature var='jabber:iq:last'/>"
			   "<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'>" /* XEP-0157 §3 */
			   "<value>http://jabber.org/network/serverinfo</value></field>"
			   "<field var='abuse-addresses' type='list-multi'><value>mailto:abuse@example.com</value>"
			   "<value>xmpp:abuse@example.com?a&amp;b</value></field>"
			   "<field var='support-addresses' "
			   "type='list-multi'><value>https://example.com/</value></field></x></query>"));
	buf_fini(&out);
}

static void without_contacts_there_is_no_form(void **state)
{
	const struct own_facts few = {.wall_ms = 1};
	struct buf out = {0};

	(void)state;
	assert_int_equal(answer(ASK("<query xmlns='http://jabber.org/protocol/disco#info'/>"), &few, &out), 0);
	assert_null(memmem(buf_str(&out).at, buf_len(&out), "jabber:x:data", 13));
	buf_fini(&out);
}

/* XEP-0030 §3.2, §4: no items, and no nodes. */
static void there_are_no_items_and_no_nodes(void **state)
{
	(void)state;
	answers(ASK("<query xmlns='http://jabber.org/protocol/disco#items'/>"),
		RESULT("<query xmlns='http://jabber.org/protocol/disco#items'/>"));
	answers(ASK("<query xmlns='http://jabber.org/protocol/disco#info' node='x'/>"), ERROR("cancel", "item-not-found"));
	answers(ASK("<query xmlns='http://jabber.org/protocol/disco#items' node=''/>"), ERROR("cancel", "item-not-found"));
}

static void all_else_is_service_unavailable(void **state)
{
	(void)state;
	answers(ASK("<query xmlns='jabber:iq:roster'/>"), ERROR("cancel", "service-unavailable"));
	answers(ASK("<ping xmlns='urn:x'/>"), ERROR("cancel", "service-unavailable"));
	answers(ASK("<q xmlns='urn:xmpp:ping'/>"), ERROR("cancel", "service-unavailable"));
	answers("<iq type='set' id='1' from='ann@saturn.example.org/desk' to='trunk.example.com'><ping "
		"xmlns='urn:xmpp:ping'/></iq>",
		ERROR("cancel", "service-unavailable"));
	answers("<iq type='get' id='1' from='ann@saturn.example.org/desk' to='root@trunk.example.com'><ping "
		"xmlns='urn:xmpp:ping'/></iq>",
		"<iq id='1' from='root@trunk.example.com' to='ann@saturn.example.org/desk' type='error'><error type='cancel'>"
		"<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
	answers("<message id='1' from='ann@saturn.example.org/desk' to='trunk.example.com'><body>hello</body></message>",
		"<message id='1' from='trunk.example.com' to='ann@saturn.example.org/desk' type='error'><error type='cancel'>"
		"<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
}

/* RFC 6120 §8.2.3: a request has exactly one child. */
static void a_request_without_or_with_two_payloads_is_bad(void **state)
{
	(void)state;
	answers(ASK(""), ERROR("modify", "bad-request"));
	answers(ASK("text"), ERROR("modify", "bad-request"));
	answers(ASK("<ping xmlns='urn:xmpp:ping'/><ping xmlns='urn:xmpp:ping'/>"), ERROR("modify", "bad-request"));
}

/* RFC 6120 §8.3.1. */
static void what_must_not_be_answered_is_not(void **state)
{
	(void)state;
	answers("<iq type='result' id='1' from='saturn.example.org' to='trunk.example.com'/>", "");
	answers("<iq type='error' id='1' from='saturn.example.org' to='trunk.example.com'/>", "");
	answers("<message type='error' from='saturn.example.org' to='trunk.example.com'/>", "");
	answers("<presence from='ann@saturn.example.org' to='trunk.example.com'/>", "");
}

static void a_payload_with_a_prefix_of_the_header_is_understood(void **state)
{
	(void)state;
	answers(ASK("<db:query/>"), ERROR("cancel", "service-unavailable"));
	answers(ASK("<p:ping xmlns:p='urn:xmpp:ping'/>"), RESULT(""));
}

static void an_answer_that_has_no_room_is_told(void **state)
{
	struct buf out = {.limit = 10};

	(void)state;
	assert_int_equal(answer(ASK("<ping xmlns='urn:xmpp:ping'/>"), &facts, &out), TRUNK_ELIMIT);
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ping_is_answered),
		cmocka_unit_test(the_version_is_told),
		cmocka_unit_test(the_time_is_told_in_utc),
		cmocka_unit_test(last_activity_is_the_uptime),
		cmocka_unit_test(discovery_names_what_is_here_and_whom_to_ask),
		cmocka_unit_test(without_contacts_there_is_no_form),
		cmocka_unit_test(there_are_no_items_and_no_nodes),
		cmocka_unit_test(all_else_is_service_unavailable),
		cmocka_unit_test(a_request_without_or_with_two_payloads_is_bad),
		cmocka_unit_test(what_must_not_be_answered_is_not),
		cmocka_unit_test(a_payload_with_a_prefix_of_the_header_is_understood),
		cmocka_unit_test(an_answer_that_has_no_room_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
