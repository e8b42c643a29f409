/* SPDX-License-Identifier: Apache-2.0
 * What leaves: markings made anew, equivalents, translations, first lines, default labels (label-policy 5.6, 5.7, 6). */
#include "stanzas.h"

#define FARM_GUARDED "<displaymarking fgcolor='black' bgcolor='yellow'>FARM GUARDED REL XAA/XBB</displaymarking>"
#define MILL_HIGH "<displaymarking fgcolor='black' bgcolor='orange'>MILL HIGH TO R11, R12</displaymarking>"

static void a_marking_is_made_anew_and_none_is_added(void **state)
{
	struct fixture *f = *state;
	struct label_request request = request_of(f, K1, K2);

	assert_string_equal(leaves(f, &request, MESSAGE(BODY LABELLED(OCT2))), "unchanged");
	assert_string_equal(leaves(f, &request, MESSAGE(BODY MARKED_AS(FARM_GUARDED, OCT2))), "unchanged");
	assert_string_equal(leaves(f, &request, MESSAGE(BODY MARKED_AS("<displaymarking>FARM OPEN</displaymarking>", OCT2))),
			    MESSAGE(BODY MARKED_AS(FARM_GUARDED, OCT2)));
	/* White on white cannot be read. */
	assert_string_equal(
		leaves(f, &request,
		       MESSAGE(BODY MARKED_AS("<displaymarking bgcolor='white' fgcolor='white'>FARM GUARDED REL XAA/XBB"
					      "</displaymarking>",
					      OCT2))),
		MESSAGE(BODY MARKED_AS("<displaymarking bgcolor='yellow' fgcolor='black'>FARM GUARDED REL XAA/XBB"
				       "</displaymarking>",
				       OCT2)));
	request.adds_marking = true;
	assert_string_equal(leaves(f, &request, MESSAGE(BODY MARKED_AS(FARM_GUARDED, OCT2))), "unchanged");
	assert_string_equal(leaves(f, &request, MESSAGE(BODY LABELLED(OCT2))), MESSAGE(BODY MARKED_AS(FARM_GUARDED, OCT2)));
}

static void markings_of_nested_messages_are_made_anew_too(void **state)
{
	struct fixture *f = *state;
	const struct label_request request = request_of(f, K1, K2);

	assert_string_equal(
		leaves(f, &request,
		       MESSAGE(LABELLED(OCT1) FORWARDED(INNER(BODY MARKED_AS("<displaymarking>x</displaymarking>", OCT2))))),
		MESSAGE(LABELLED(OCT1) FORWARDED(INNER(BODY MARKED_AS(FARM_GUARDED, OCT2)))));
}

static void an_equivalent_is_added(void **state)
{
	struct fixture *f = *state;
	struct label_request request = request_of(f, K1, K5);

	request.treatment = LABEL_ADD_EQUIVALENT;
	assert_string_equal(leaves(f, &request, MESSAGE(BODY LABELLED(OCT2))), MESSAGE(BODY WITH_EQUIVALENT(OCT2, OCT2_MILL)));
	assert_string_equal(leaves(f, &request, MESSAGE(BODY WITH_EQUIVALENT(OCT2, OCT2_MILL))), "unchanged");
	request = request_of(f, K1, K2);
	request.treatment = LABEL_ADD_EQUIVALENT;
	assert_string_equal(leaves(f, &request, MESSAGE(BODY LABELLED(OCT2))),
			    "unchanged"); /* the recipient is of the same policy */
}

/* Two clearances of one policy want one equivalent. */
static void each_policy_of_the_recipient_gets_one(void **state)
{
	struct fixture *f = *state;
	const struct label_clearance *all[] = {f->clearances[K5], f->clearances[K6], f->clearances[K1]};
	struct label_request request = request_of(f, K1, K5);

	request.treatment = LABEL_ADD_EQUIVALENT;
	request.recipient = (struct label_clearances){.at = all, .count = 3};
	assert_string_equal(leaves(f, &request, MESSAGE(BODY LABELLED(OCT2))), MESSAGE(BODY WITH_EQUIVALENT(OCT2, OCT2_MILL)));
}

static void a_stanag_label_gets_a_stanag_equivalent(void **state)
{
	struct fixture *f = *state;
	struct label_options options = f->options;
	struct label_request request = request_of(f, K1, K5);
#define STANAG_INFO(policy, class) "<ConfidentialityInformation><PolicyIdentifier " policy \
	"</PolicyIdentifier><Classification>" class \
	"</Classification></ConfidentialityInformation>"
#define STANAG_OPEN "<originatorConfidentialityLabel xmlns='" NS_STANAG_LABEL "'>" \
	STANAG_INFO("URI='urn:oid:1.3.6.1.4.1.32473.77.1'>FARM", "OPEN") \
		"<CreationDateTime>2026-03-01T09:00:00Z</CreationDateTime>" \
	"</originatorConfidentialityLabel>"

	request.treatment = LABEL_ADD_EQUIVALENT;
	assert_string_equal(
		leaves(f, &request, MESSAGE(SECURITYLABEL("<label>" STANAG_OPEN "</label>"))),
		MESSAGE(SECURITYLABEL("<label>" STANAG_OPEN
				      "</label><equivalentlabel><alternativeConfidentialityLabel xmlns='" NS_STANAG_LABEL
				      "'>" STANAG_INFO("URI='urn:oid:1.3.6.1.4.1.32473.77.2'>MILL",
						       "LOW") "<CreationDateTime>2026-06-01T00:00:00Z</CreationDateTime>"
							      "</alternativeConfidentialityLabel></equivalentlabel>")));
	options.has_clock = false;              /* ESS says it without a time */
	request.options = &options;
	assert_string_equal(
		leaves(f, &request, MESSAGE(SECURITYLABEL("<label>" STANAG_OPEN "</label>"))),
		MESSAGE(SECURITYLABEL("<label>" STANAG_OPEN "</label><equivalentlabel>" ESS(OCT_LOW) "</equivalentlabel>")));
}

static void a_label_is_translated_in_place(void **state)
{
	struct fixture *f = *state;
	struct label_request request = request_of(f, K1, K5);

	request.treatment = LABEL_TRANSLATE;
	assert_string_equal(leaves(f, &request, MESSAGE(LABELLED(OCT2) BODY)), MESSAGE(LABELLED(OCT2_MILL) BODY));
	assert_string_equal(leaves(f, &request, MESSAGE(MARKED_AS(FARM_GUARDED, OCT2) BODY)),
			    MESSAGE(MARKED_AS(MILL_HIGH, OCT2_MILL) BODY));
	assert_string_equal(leaves(f, &request, MESSAGE(WITH_EQUIVALENT(OCT2, OCT2_MILL) BODY)),
			    MESSAGE(LABELLED(OCT2_MILL) BODY));
	assert_string_equal(leaves(f, &request, MESSAGE(LABELLED(OCT3) BODY)), "no-equivalent:class");
	request = request_of(f, K1, K1);
	request.treatment = LABEL_TRANSLATE;
	assert_string_equal(leaves(f, &request, MESSAGE(LABELLED(OCT2) BODY)), "unchanged");
}

static void a_peer_without_labels_gets_a_first_line(void **state)
{
	struct fixture *f = *state;
	struct label_request request = request_of(f, K1, K2);
#define XHTML "<html xmlns='http://jabber.org/protocol/xhtml-im'><body xmlns='http://www.w3.org/1999/xhtml'>x</body></html>"

	request.treatment = LABEL_FIRST_LINE;
	assert_string_equal(
		leaves(f, &request, MESSAGE(LABELLED(OCT2) "<body>a</body>" XHTML "<body xml:lang='de'>b</body>")),
		MESSAGE("<body>FARM GUARDED REL XAA/XBB\na</body><body xml:lang='de'>FARM GUARDED REL XAA/XBB\nb</body>"));
	/* Once: what is there already is not said again, and what only looks like it is. */
	assert_string_equal(leaves(f, &request, MESSAGE(LABELLED(OCT2) "<body>FARM GUARDED REL XAA/XBB\na</body>")),
			    MESSAGE("<body>FARM GUARDED REL XAA/XBB\na</body>"));
	assert_string_equal(leaves(f, &request, MESSAGE(LABELLED(OCT2) "<body>FARM GUARDED REL XAA/XBB</body>")),
			    MESSAGE("<body>FARM GUARDED REL XAA/XBB</body>"));
	assert_string_equal(leaves(f, &request, MESSAGE(LABELLED(OCT2) "<body>FARM GUARDED REL XAA/XBBs</body>")),
			    MESSAGE("<body>FARM GUARDED REL XAA/XBB\nFARM GUARDED REL XAA/XBBs</body>"));
	assert_string_equal(leaves(f, &request, MESSAGE(LABELLED(OCT1) "<x xmlns='urn:x'/>")), MESSAGE("<x xmlns='urn:x'/>"));
	request.default_label = words_of(f, "FARM: OPEN");
	assert_string_equal(leaves(f, &request, MESSAGE("<body>a</body>")), MESSAGE("<body>FARM OPEN\na</body>"));
	assert_string_equal(leaves(f, &request, MESSAGE("<body>a</body>" SECURITYLABEL("<label/>"))),
			    MESSAGE("<body>FARM OPEN\na</body>"));
}

/* Signed or encrypted: refused rather than altered. */
static void what_is_sealed_is_refused_rather_than_altered(void **state)
{
	static const char *const sealed[] = {
		"<x xmlns='jabber:x:encrypted'>a</x>",
		"<x xmlns='jabber:x:signed'>a</x>",
		"<encrypted xmlns='eu.siacs.conversations.axolotl'/>",
		"<encrypted xmlns='urn:xmpp:omemo:2'/>",
		"<openpgp xmlns='urn:xmpp:openpgp:0'/>",
		"<e2e xmlns='urn:ietf:params:xml:ns:xmpp-e2e'/>",
		"<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'/>",
		"<body>?OTR:AAMC</body>",
	};
	struct fixture *f = *state;
	struct label_request first = request_of(f, K1, K2), keep = request_of(f, K1, K2);

	first.treatment = LABEL_FIRST_LINE;
	for (unsigned i = 0; i < sizeof(sealed) / sizeof(sealed[0]); i++) {
		struct buf xml = {0};

		buf_addf(&xml, MESSAGE(LABELLED(OCT1) "%s"), sealed[i]);
		buf_add(&xml, str_make("", 1));
		assert_string_equal(leaves(f, &first, xml.at), "sealed");
		assert_string_equal(leaves(f, &keep, xml.at), "unchanged");
		buf_fini(&xml);
	}
}

/* The label is outside of the encryption, so it may change there; within a signature nothing may. */
static void a_signature_over_the_stanza_holds_its_label(void **state)
{
	struct fixture *f = *state;
	const struct label_request request = request_of(f, K1, K2);
#define WRONG_MARK MARKED_AS("<displaymarking>x</displaymarking>", OCT1)
#define SIGNATURE "<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'/>"
#define OPEN_MARK MARKED_AS("<displaymarking fgcolor='black' bgcolor='white'>FARM OPEN</displaymarking>", OCT1)

	assert_string_equal(leaves(f, &request, MESSAGE(WRONG_MARK "<encrypted xmlns='urn:xmpp:omemo:2'/>")),
			    MESSAGE(OPEN_MARK "<encrypted xmlns='urn:xmpp:omemo:2'/>"));
	assert_string_equal(leaves(f, &request, MESSAGE(WRONG_MARK SIGNATURE)), "sealed");
	assert_string_equal(leaves(f, &request, MESSAGE(LABELLED(OCT1) SIGNATURE FORWARDED(INNER(WRONG_MARK)))), "sealed");
	assert_string_equal(leaves(f, &request, MESSAGE(LABELLED(OCT1) FORWARDED(SIGNATURE INNER(WRONG_MARK)))), "sealed");
	assert_string_equal(leaves(f, &request, MESSAGE(WRONG_MARK FORWARDED(INNER(LABELLED(OCT1) SIGNATURE)))),
			    MESSAGE(OPEN_MARK FORWARDED(INNER(LABELLED(OCT1) SIGNATURE))));
}

static void a_default_label_is_stamped_where_asked_for(void **state)
{
	struct fixture *f = *state;
	struct label_request request = request_of(f, K1, K3);

	request.default_label = words_of(f, "FARM: OPEN");
	assert_string_equal(leaves(f, &request, MESSAGE(BODY)), "unchanged");
	request.stamps_default = true;
	assert_string_equal(leaves(f, &request, MESSAGE(BODY)), MESSAGE(BODY LABELLED(OCT1)));
	assert_string_equal(leaves(f, &request, MESSAGE(SECURITYLABEL("<label/>") BODY)), MESSAGE(LABELLED(OCT1) BODY));
	assert_string_equal(leaves(f, &request, MESSAGE(BODY LABELLED(OCT1))), "unchanged");
	request.adds_marking = true;
	assert_string_equal(leaves(f, &request, MESSAGE(BODY)), MESSAGE(BODY OPEN_MARK));
}

static void a_stamped_label_is_translated_too(void **state)
{
	struct fixture *f = *state;
	struct label_request request = request_of(f, K1, K5);

	request.default_label = words_of(f, "FARM: OPEN");
	request.stamps_default = true;
	request.treatment = LABEL_TRANSLATE;
	assert_string_equal(leaves(f, &request, MESSAGE(BODY)), MESSAGE(BODY LABELLED(OCT_LOW)));
	request.treatment = LABEL_ADD_EQUIVALENT;
	assert_string_equal(leaves(f, &request, MESSAGE(BODY)), MESSAGE(BODY WITH_EQUIVALENT(OCT1, OCT_LOW)));
	request.stamps_default = false;
	assert_string_equal(leaves(f, &request, MESSAGE(BODY)), "unchanged");
}

static void what_came_is_never_written_to(void **state)
{
	struct fixture *f = *state;
	struct label_request request = request_of(f, K1, K5);
	const struct xml_node *stanza = tree(f, MESSAGE(MARKED_AS("<displaymarking>x</displaymarking>", OCT2) BODY));
	const char *before = text(f, stanza);
	struct label_result result;

	request.treatment = LABEL_TRANSLATE;
	label_check(&f->arena, stanza, &request, &result);
	assert_non_null(result.shaped);
	assert_string_equal(text(f, stanza), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_marking_is_made_anew_and_none_is_added),
		TEST(markings_of_nested_messages_are_made_anew_too),
		TEST(an_equivalent_is_added),
		TEST(each_policy_of_the_recipient_gets_one),
		TEST(a_stanag_label_gets_a_stanag_equivalent),
		TEST(a_label_is_translated_in_place),
		TEST(a_peer_without_labels_gets_a_first_line),
		TEST(what_is_sealed_is_refused_rather_than_altered),
		TEST(a_signature_over_the_stanza_holds_its_label),
		TEST(a_default_label_is_stamped_where_asked_for),
		TEST(a_stamped_label_is_translated_too),
		TEST(what_came_is_never_written_to),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
