/* SPDX-License-Identifier: Apache-2.0
 * Classes of opaque content, with a tree and without: one of each namespace, and where each may hide. */
#include "stanzas.h"

#include <stdio.h>

/* `classes` by the tree; the bytes may say more, never less. */
static void expect(struct fixture *f, const char *stanza, unsigned classes)
{
	const struct xml_element e = element(f, stanza);

	assert_int_equal(shape_opaque(tree(f, stanza)), classes);
	assert_int_equal(shape_may_be_opaque(&e) & classes, classes);
}

/* ... and the bytes alone say that there is nothing. */
static void expect_clear(struct fixture *f, const char *stanza)
{
	const struct xml_element e = element(f, stanza);

	assert_int_equal(shape_opaque(tree(f, stanza)), 0);
	assert_int_equal(shape_may_be_opaque(&e), 0);
}

static void each_namespace_has_its_class(void **state)
{
	static const struct {
		unsigned classes;
		const char *ns;
	} all[] = {
		{SHAPE_OMEMO, "eu.siacs.conversations.axolotl"},
		{SHAPE_OMEMO, "urn:xmpp:omemo:0"},
		{SHAPE_OMEMO, "urn:xmpp:omemo:1"},
		{SHAPE_OMEMO, "urn:xmpp:omemo:2"},
		{SHAPE_OX, "urn:xmpp:openpgp:0"},
		{SHAPE_OX, "urn:xmpp:ox:0"},
		{SHAPE_OX, "urn:xmpp:openpgp:im:0"},
		{SHAPE_OX, "jabber:x:encrypted"},
		{SHAPE_OX, "jabber:x:signed"},
		{SHAPE_JINGLE, "urn:xmpp:jingle:1"},
		{SHAPE_JINGLE, "urn:xmpp:jingle-message:0"},
		{SHAPE_JINGLE, "urn:xmpp:jingle:apps:file-transfer:5"},
		{SHAPE_JINGLE, "urn:xmpp:jinglepub:1"},
		{SHAPE_JINGLE, "urn:xmpp:call-invites:0"},
		{SHAPE_JINGLE, "http://jabber.org/protocol/si"},
		{SHAPE_JINGLE, "http://jabber.org/protocol/bytestreams"},
		{SHAPE_JINGLE, "http://www.google.com/session"},
		{SHAPE_JINGLE | SHAPE_IBB, "urn:xmpp:jingle:transports:ibb:1"},
		{SHAPE_IBB, "http://jabber.org/protocol/ibb"},
		{SHAPE_IBB, "urn:xmpp:bob"},
		{SHAPE_LINK, "jabber:x:oob"},
		{SHAPE_LINK, "jabber:iq:oob"},
		{SHAPE_LINK, "urn:xmpp:http:upload:0"},
		{SHAPE_LINK, "urn:xmpp:sfs:0"},
		{SHAPE_LINK, "urn:xmpp:sims:1"},
		{SHAPE_LINK, "http://jabber.org/protocol/url-data"},
		{SHAPE_OTHER_OPAQUE, "urn:xmpp:sce:1"},
		{SHAPE_OTHER_OPAQUE, "urn:ietf:params:xml:ns:xmpp-e2e"},
		{SHAPE_OTHER_OPAQUE, "http://www.w3.org/2001/04/xmlenc#"},
		{0, "http://jabber.org/protocol/chatstates"},
		{0, "urn:xmpp:receipts"},
		{0, "urn:xmpp:sec-label:0"},
		{0, "jabber:x:data"},
	};
	char stanza[512];

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		snprintf(stanza, sizeof(stanza), MESSAGE(BODY "<x xmlns='%s'/>"), all[i].ns);
		expect(*state, stanza, all[i].classes);
		snprintf(stanza, sizeof(stanza), MESSAGE(FORWARDED("<p:x xmlns:p=\"%s\"/>")), all[i].ns);
		expect(*state, stanza, all[i].classes);
		snprintf(stanza, sizeof(stanza), IQ("set", "<y xmlns='urn:y'><x xmlns='%s'><z/></x></y>"), all[i].ns);
		expect(*state, stanza, all[i].classes);
	}
}

static void what_is_no_such_thing_needs_no_tree(void **state)
{
	struct fixture *f = *state;

	expect_clear(f, MESSAGE(BODY));
	expect_clear(f, MESSAGE("<body>a &lt;b&gt; &amp; it's \"c\"; 12:30</body>"));
	expect_clear(
		f, MESSAGE(BODY "<active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/>"));
	expect_clear(f, PRESENCE("", "<show>away</show><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' "
				     "node='https://client.example/#1' ver='x'/>"));
	expect_clear(f, IQ("get", "<query xmlns='http://jabber.org/protocol/disco#info' node='https://client.example/#1'/>"));
	expect_clear(f,
		     IQ("result", "<query xmlns='http://jabber.org/protocol/disco#info'>\n <feature var='urn:xmpp:jingle:1'/>\n"
				  "<feature var='http://jabber.org/protocol/ibb'/></query>"));
}

static void hints_name_a_class(void **state)
{
#define HINT(ns) MESSAGE(BODY "<encryption xmlns='urn:xmpp:eme:0' namespace='" ns "'/>")
	expect(*state, HINT("urn:xmpp:omemo:2"), SHAPE_OMEMO);
	expect(*state, HINT("jabber:x:encrypted"), SHAPE_OX);
	expect(*state, HINT("urn:xmpp:otr:0"), SHAPE_OTHER_OPAQUE);
	expect(*state, HINT("urn:of:tomorrow"), SHAPE_OTHER_OPAQUE);
	expect(*state, HINT("urn:xmpp:jingle:1"), SHAPE_OTHER_OPAQUE);
	expect(*state, MESSAGE("<encryption xmlns='urn:xmpp:eme:0'/>"), SHAPE_OTHER_OPAQUE);
}

static void texts_give_away_what_they_are(void **state)
{
	expect(*state, MESSAGE("<body>\n ?OTRv23? let us</body>"), SHAPE_OTHER_OPAQUE);
	expect(*state, MESSAGE("<body>he said ?OTR</body>"), 0);
	expect(*state, MESSAGE("<body>-----BEGIN PGP MESSAGE-----\n\nhQ</body>"), SHAPE_OX);
	expect(*state, MESSAGE("<body>at https://files.example/x</body>"), SHAPE_LINK);
	expect(*state, MESSAGE("<subject>www.example.com</subject>"), SHAPE_LINK);
	expect(*state, MESSAGE(FORWARDED("<body>aesgcm://files.example/x</body>")), SHAPE_LINK);
	expect(*state, PRESENCE("", "<status>http://a.example</status>"), SHAPE_LINK);
}

static void links_stand_in_attributes_too(void **state)
{
	expect(*state,
	       MESSAGE(BODY "<html xmlns='http://jabber.org/protocol/xhtml-im'><body xmlns='http://www.w3.org/1999/xhtml'>"
			    "<a href='https://a.example'>here</a></body></html>"),
	       SHAPE_LINK);
	expect(*state, MESSAGE("<reference xmlns='urn:xmpp:reference:0' type='mention' uri='xmpp:a@b.example'/>"), 0);
	expect(*state, MESSAGE("<reference xmlns='urn:xmpp:reference:0' type='data' uri='https://a.example/x'/>"), SHAPE_LINK);
	expect(*state,
	       MESSAGE("<rdf:Description xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' "
		       "rdf:about='https://a.example'/>"),
	       SHAPE_LINK);
	expect(*state, "<message from='a@b.example' to='c@d.example' href='http://a.example'/>", SHAPE_LINK);
}

/* XEP-0068 and 0157: the names of forms and a server's contacts are no links. */
static void forms_in_answers_are_none(void **state)
{
#define FORM                                                                                                                   \
	"<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' "                                                       \
	"type='hidden'><value>http://jabber.org/network/serverinfo"                                                            \
	"</value></field><field var='abuse-addresses'><value>https://a.example/abuse</value></field></x>"
	expect(*state, IQ("result", "<query xmlns='http://jabber.org/protocol/disco#info'>" FORM "</query>"), 0);
	expect(*state,
	       MESSAGE("<x xmlns='jabber:x:data' type='submit'><field "
		       "var='FORM_TYPE'><value>http://jabber.org/protocol/muc#request"
		       "</value></field></x>"),
	       0);
	expect(*state, MESSAGE(FORM), SHAPE_LINK);
	expect(*state,
	       IQ("set", "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='blog'><item>"
			 "<entry xmlns='http://www.w3.org/2005/Atom'><content>http://a.example</content></entry>"
			 "</item></publish></pubsub>"),
	       SHAPE_LINK);
}

static void keys_are_asked_for_by_node(void **state)
{
	expect(*state,
	       IQ("get", "<pubsub xmlns='http://jabber.org/protocol/pubsub'>"
			 "<items node='eu.siacs.conversations.axolotl.devicelist'/></pubsub>"),
	       SHAPE_OMEMO);
	expect(*state,
	       IQ("get", "<pubsub xmlns='http://jabber.org/protocol/pubsub'>"
			 "<items node='urn:xmpp:openpgp:0:public-keys'/></pubsub>"),
	       SHAPE_OX);
	expect(*state,
	       IQ("get",
		  "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='http://jabber.org/protocol/tune'/></pubsub>"),
	       0);
}

/* Some put the pieces together, some do not: nobody knows what they read. */
static void a_text_in_pieces_may_be_anything(void **state)
{
	expect(*state, MESSAGE("<body>htt<x xmlns='urn:x'/>p:<x xmlns='urn:x'/>//a</body>"),
	       SHAPE_LINK | SHAPE_OX | SHAPE_OTHER_OPAQUE);
	expect(*state, MESSAGE("<body><x xmlns='urn:x'/> ?OTR</body>"), SHAPE_LINK | SHAPE_OX | SHAPE_OTHER_OPAQUE);
	expect(*state, MESSAGE("<body>\n<x xmlns='urn:x'/>\n</body>"), 0);
	expect(*state, MESSAGE("\n" BODY "\n"), 0);
}

static void bytes_that_hide_something_need_a_tree(void **state)
{
	struct fixture *f = *state;
	const struct xml_element e = element(f, "<message><q:encrypted/></message>"); /* a prefix of the header's */

	assert_int_equal(shape_may_be_opaque(&e), SHAPE_OPAQUE_ALL);
	expect(f, MESSAGE("<encrypted xmlns='urn:xmpp:omemo&#58;2'/>"), SHAPE_OMEMO);
	expect(f, MESSAGE("<body><![CDATA[http://a.example]]></body>"), SHAPE_LINK);
	expect(f, MESSAGE("<body>http&#58;//a.example</body>"), SHAPE_LINK);
	expect(f, MESSAGE("<encrypted\nxmlns = \"urn:xmpp:omemo:2\"\n/>"), SHAPE_OMEMO);
	expect(f, MESSAGE("<a b='>' c=\"/>\" xmlns='urn:x'><encrypted xmlns='urn:xmpp:omemo:2'/></a>"), SHAPE_OMEMO);
}

static void words_are_those_of_the_option(void **state)
{
	(void)state;
	assert_int_equal(shape_class_of(STR("omemo")), SHAPE_OMEMO);
	assert_int_equal(shape_class_of(STR("ibb")), SHAPE_IBB);
	assert_int_equal(shape_class_of(STR("*")), SHAPE_OPAQUE_ALL);
	assert_int_equal(shape_class_of(STR("other")), 0);
	assert_int_equal(shape_class_of(STR("OMEMO")), 0);
	assert_string_equal(shape_class_text(SHAPE_JINGLE | SHAPE_IBB), "jingle");
	assert_string_equal(shape_class_text(SHAPE_OTHER_OPAQUE), "other");
	assert_null(shape_class_text(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_namespace_has_its_class),
		TEST(what_is_no_such_thing_needs_no_tree),
		TEST(hints_name_a_class),
		TEST(texts_give_away_what_they_are),
		TEST(links_stand_in_attributes_too),
		TEST(forms_in_answers_are_none),
		TEST(keys_are_asked_for_by_node),
		TEST(a_text_in_pieces_may_be_anything),
		TEST(bytes_that_hide_something_need_a_tree),
		TEST(words_are_those_of_the_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
