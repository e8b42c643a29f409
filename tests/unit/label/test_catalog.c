/* SPDX-License-Identifier: Apache-2.0
 * Catalogs: XEP-0258 §4, filtered to what both sides may carry (label-policy 1.6). */
#include "stanzas.h"

#include "spif_text.h"

#define IQ(content) "<iq type='result' to='inner.example' from='west.example' id='c7'>" content "</iq>"
#define CATALOG(attributes, items) "<catalog xmlns='urn:xmpp:sec-label:catalog:2' " attributes ">" items "</catalog>"
#define ITEM(attributes, content) "<item selector='" attributes "'>" content "</item>"
#define OPEN_MARK "<displaymarking fgcolor='black' bgcolor='white'>FARM OPEN</displaymarking>"
#define GUARDED_MARK "<displaymarking fgcolor='black' bgcolor='yellow'>FARM GUARDED REL XAA/XBB</displaymarking>"
#define ITEMS "<item selector='Open' default='true'>" MARKED_AS(OPEN_MARK, OCT1) "</item>" \
	"<item selector='Guarded|For both'>" MARKED_AS(GUARDED_MARK, OCT2) "</item>"

static void only_what_both_sides_may_carry_stays(void **state)
{
	struct fixture *f = *state;
	struct label_request request = request_of(f, K1, K2);
	const char *iq = IQ(CATALOG("to='clerk@west.example' id='r3' size='2' restrict='true'", ITEMS));
	const char *filtered;

	assert_string_equal(leaves(f, &request, iq), "unchanged");
	assert_true(check(f, &request, iq).is_catalog);
	request = request_of(f, K1, K3);
	filtered = leaves(f, &request, iq);
	assert_non_null(
		strstr(filtered, "<item selector='Open' default='true'>" MARKED_AS(OPEN_MARK, OCT1) "</item></catalog></iq>"));
	assert_non_null(strstr(filtered, "size='1'"));
	assert_null(strstr(filtered, "id='r3'"));               /* it names another set now */
	assert_non_null(strstr(filtered, " id='"));
	assert_null(strstr(filtered, "Guarded"));
	/* The sender's side counts as well. */
	request = request_of(f, K3, K1);
	assert_null(strstr(leaves(f, &request, iq), "Guarded"));
	/* The default goes with its item. */
	request = request_of(f, K4, K4);
	assert_null(strstr(leaves(f, &request, iq), "default"));
}

static void the_new_id_tells_which_items_stayed(void **state)
{
	struct fixture *f = *state;
	const struct label_request request = request_of(f, K1, K3);
	const char *a = leaves(f, &request, IQ(CATALOG("id='r3'", ITEM("a", LABELLED(OCT1)) ITEM("b", LABELLED(OCT2)))));
	const char *again = leaves(f, &request, IQ(CATALOG("id='r3'", ITEM("a", LABELLED(OCT1)) ITEM("b", LABELLED(OCT2)))));
	const char *other = leaves(f, &request, IQ(CATALOG("id='r3'", ITEM("a", LABELLED(OCT2)) ITEM("a", LABELLED(OCT1)))));

	assert_string_equal(a, again);
	assert_string_not_equal(a, other);
}

static void empty_items_go_where_labels_are_demanded(void **state)
{
	struct fixture *f = *state;
	struct label_request request = request_of(f, K1, K3);

	assert_string_equal(
		leaves(f, &request, IQ(CATALOG("size='2'", ITEM("Open", LABELLED(OCT1)) "<item selector='No label'/>"))),
		"unchanged");
	request.demands_label = true;
	assert_string_equal(
		leaves(f, &request, IQ(CATALOG("size='2'", ITEM("Open", LABELLED(OCT1)) "<item selector='No label'/>"))),
		IQ(CATALOG("size='1' restrict='true'", ITEM("Open", LABELLED(OCT1)))));
	assert_string_equal(leaves(f, &request, IQ(CATALOG("size='1' restrict='1'", ITEM("Open", LABELLED(OCT1))))),
			    "unchanged");
}

/* The default label stands for an empty one. */
static void an_empty_label_is_the_default(void **state)
{
	struct fixture *f = *state;
	struct label_request request = request_of(f, K1, K3);
	const char *iq = IQ(CATALOG("size='1'", ITEM("Default", SECURITYLABEL("<label/>"))));

	assert_string_equal(leaves(f, &request, iq), IQ("<catalog xmlns='urn:xmpp:sec-label:catalog:2' size='0'/>"));
	request.default_label = words_of(f, "FARM: OPEN");
	assert_string_equal(leaves(f, &request, iq), "unchanged");
}

static void what_is_no_item_or_no_label_goes(void **state)
{
	static const char *const wrong[] = {
		ITEM("x", LABELLED(OCT6)),
		ITEM("x", LABELLED(OCT8)),
		ITEM("x", LABELLED("AAAA")),
		ITEM("x", LABELLED(OCT1) LABELLED(OCT1)),
		ITEM("x", LABELLED(OCT1) "<body>secret</body>"),
		ITEM("x", LABELLED(OCT1) "secret"),
		"<other/>",
		"secret",
		"<item xmlns='urn:x'/>",
		ITEM("x", "<label xmlns='urn:xmpp:sec-label:0'/>"),
		ITEM("x", WITH_EQUIVALENT(OCT3, OCT_LOW)),
	};
	struct fixture *f = *state;
	const struct label_request request = request_of(f, K1, K1);

	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct buf xml = {0};

		buf_addf(&xml, IQ(CATALOG("size='2'", ITEM("Open", LABELLED(OCT1)) "%s")), wrong[i]);
		buf_add(&xml, str_make("", 1));
		assert_string_equal(leaves(f, &request, xml.at), IQ(CATALOG("size='1'", ITEM("Open", LABELLED(OCT1)))));
		buf_fini(&xml);
	}
}

static void attributes_lose_their_prefix(void **state)
{
	struct fixture *f = *state;
	const struct label_request request = request_of(f, K1, K3);

	assert_string_equal(leaves(f, &request,
				   "<iq type='result' id='c'><c:catalog xmlns:c='urn:xmpp:sec-label:catalog:2' c:to='a@b' "
				   "c:size='7' size='1'>"
				   "<c:item c:selector='Open' c:default='true'>" LABELLED(OCT1) "</c:item></c:catalog></iq>"),
			    "<iq type='result' id='c'><c:catalog xmlns:c='urn:xmpp:sec-label:catalog:2' to='a@b' "
			    "size='1'><c:item selector='Open' default='true'>" LABELLED(OCT1) "</c:item></c:catalog></iq>");
}

static void a_wrong_size_or_marking_is_corrected(void **state)
{
	struct fixture *f = *state;
	const struct label_request request = request_of(f, K1, K3);

	assert_string_equal(leaves(f, &request, IQ(CATALOG("id='r' size='9'", ITEM("Open", LABELLED(OCT1))))),
			    IQ(CATALOG("id='r' size='1'", ITEM("Open", LABELLED(OCT1)))));
	assert_string_equal(
		leaves(f, &request,
		       IQ(CATALOG("id='r'", ITEM("Open", MARKED_AS("<displaymarking>SECRET</displaymarking>", OCT1))))),
		IQ(CATALOG("id='r'", ITEM("Open", MARKED_AS(OPEN_MARK, OCT1)))));
}

/* Obsolete labels may be read for a while, never chosen. */
static void obsolete_labels_are_not_offered(void **state)
{
	struct fixture *f = *state;
	struct label_policies *policies = label_policies_new();
	const struct label_options options = {.policies = policies, .takes_obsolete = true};
	const struct label_clearance *clearance;
	struct label_request request;
	struct buf xml = {0};

	policy_add(policies,
		   SPIF("<securityClassifications><securityClassification name='OLD' lacv='1' hierarchy='1' obsolete='true'/>"
			"</securityClassifications>"));
	clearance = clearance_of(policies, "TEST: OLD");
	request = (struct label_request){
		.options = &options, .sender = {.at = &clearance, .count = 1}, .recipient = {.at = &clearance, .count = 1}};
	buf_addf(&xml, IQ(CATALOG("size='1'", ITEM("Old", LABELLED("%s")))), base64(f, words_in(f, &options, "TEST: OLD")));
	buf_add(&xml, str_make("", 1));
	assert_string_equal(leaves(f, &request, xml.at), IQ("<catalog xmlns='urn:xmpp:sec-label:catalog:2' size='0'/>"));
	buf_clear(&xml);
	buf_addf(&xml, MESSAGE(LABELLED("%s")), base64(f, words_in(f, &options, "TEST: OLD")));
	buf_add(&xml, str_make("", 1));
	assert_string_equal(outcome(f, &request, xml.at), "pass");
	buf_fini(&xml);
	fixture_test_teardown(state);
	label_policies_free(&policies);
}

static void no_label_stands_beside_a_catalog(void **state)
{
	struct fixture *f = *state;
	const struct label_request request = request_of(f, K1, K1);

	assert_string_equal(outcome(f, &request, IQ(CATALOG("", ITEMS) LABELLED(OCT1))), "misplaced:iq");
	assert_string_equal(outcome(f, &request, IQ(CATALOG("", ITEMS) "<x xmlns='urn:x'>" LABELLED(OCT1) "</x>")),
			    "misplaced:iq");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_what_both_sides_may_carry_stays),
		TEST(the_new_id_tells_which_items_stayed),
		TEST(empty_items_go_where_labels_are_demanded),
		TEST(an_empty_label_is_the_default),
		TEST(what_is_no_item_or_no_label_goes),
		TEST(attributes_lose_their_prefix),
		TEST(a_wrong_size_or_marking_is_corrected),
		TEST(obsolete_labels_are_not_offered),
		TEST(no_label_stands_beside_a_catalog),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
