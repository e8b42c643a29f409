/* SPDX-License-Identifier: Apache-2.0
 * <securitylabel/>: XEP-0258 §3, read in any order and written in the schema's. */
#include "stanzas.h"

#include "label/check_internal.h"

static int parse(struct fixture *f, const char *xml, struct label_element *ret_element)
{
	return label_element_parse(&f->arena, tree(f, xml), &f->options, ret_element);
}

static void the_parts_stand_in_any_order(void **state)
{
	struct fixture *f = *state;
	struct label_element element;

	assert_int_equal(
		parse(f,
		      SECURITYLABEL("<displaymarking fgcolor='black' bgcolor='yellow'>FARM GUARDED</displaymarking>\n"
				    "<label>\n" ESS(OCT2) "\n</label><equivalentlabel>" ESS(OCT2_MILL) "</equivalentlabel>"),
		      &element),
		0);
	assert_true(label_same(&element.label, label_of(f, label_vectors[L2])));
	assert_int_equal(element.equivalent_count, 1);
	assert_ptr_equal(element.equivalents[0].policy, f->mill);
	assert_non_null(element.marking);
	assert_false(element.is_default);
	assert_int_equal(
		parse(f, SECURITYLABEL("<equivalentlabel>" ESS(OCT2_MILL) "</equivalentlabel><label>" ESS(OCT2) "</label>"),
		      &element),
		0);
	assert_null(element.marking);
	assert_int_equal(parse(f, SECURITYLABEL("<label/>"), &element), 0);
	assert_true(element.is_default);
	assert_int_equal(parse(f, SECURITYLABEL("<label> \n</label>"), &element), 0);
	assert_true(element.is_default);
}

static void what_is_shaped_otherwise_is_malformed(void **state)
{
	static const char *const wrong[] = {
		SECURITYLABEL(""),
		SECURITYLABEL("<label/><label/>"),
		SECURITYLABEL("<label>text</label>"),
		SECURITYLABEL("<label>" ESS(OCT1) ESS(OCT1) "</label>"),
		SECURITYLABEL("<label>" ESS(OCT1) "</label>text"),
		SECURITYLABEL("<label/><equivalentlabel/>"),
		SECURITYLABEL("<label/><equivalentlabel>text</equivalentlabel>"),
		SECURITYLABEL("<label/><displaymarking/><displaymarking/>"),
		SECURITYLABEL("<label/><displaymarking><b/></displaymarking>"),
		SECURITYLABEL("<label/><other/>"),
		SECURITYLABEL("<label/><label xmlns='urn:other'/>"),
		SECURITYLABEL("<label><esssecuritylabel xmlns='urn:xmpp:sec-label:ess:0'><b/>" OCT1
			      "</esssecuritylabel></label>"),
		SECURITYLABEL("<label>" ESS("MQ8CAQEGCisGAQQBgf1ZTQ") "</label>"),
		SECURITYLABEL("<label>" ESS("") "</label>"),
		SECURITYLABEL("<label>" ESS(OCT1) "</label><equivalentlabel>" ESS("AAAA") "</equivalentlabel>"),
	};
	struct fixture *f = *state;
	struct label_element element;

	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (parse(f, wrong[i], &element) != TRUNK_EINVAL)
			fail_msg("%s was taken", wrong[i]);
}

static void base64_may_be_broken_into_lines(void **state)
{
	struct fixture *f = *state;
	struct label_options lenient = f->options;
	struct label_element element;
	const char *unpadded = LABELLED("MTgCAQMGCisGAQQBgf1ZTQExJzAlgApghkgBZQIBCAMBoRcwFQYLKwYBBAGB/VlNAQIxBgIBAQIBAg");

	assert_int_equal(
		parse(f, LABELLED("\n  MTgCAQMGCisGAQQBgf1ZTQExJzAlgApghkgB\n  ZQIBCAMBoRcwFQYLKwYBBAGB/VlNAQIxBgIBAQIBAg==\n"),
		      &element),
		0);
	assert_true(label_same(&element.label, label_of(f, label_vectors[L2])));
	assert_int_equal(parse(f, unpadded, &element), TRUNK_EINVAL);
	lenient.takes_unpadded_base64 = true;
	assert_int_equal(label_element_parse(&f->arena, tree(f, unpadded), &lenient, &element), 0);
	assert_true(label_same(&element.label, label_of(f, label_vectors[L2])));
}

static void unknown_formats_are_read_and_deny(void **state)
{
	struct fixture *f = *state;
	struct label_element element;

	assert_int_equal(parse(f, SECURITYLABEL("<label><icismlabel xmlns='http://example.gov/IC-ISM/0'/></label>"), &element),
			 0);
	assert_string_equal(reason(f, element.label.fault), "format:icismlabel");
	assert_int_equal(
		parse(f, SECURITYLABEL("<label><BindingInformation xmlns='" NS_STANAG_BINDING "'/></label>"), &element), 0);
	assert_int_equal(element.label.fault.why, LABEL_FORMAT);
	assert_int_equal(parse(f, SECURITYLABEL("<label><esssecuritylabel>" OCT1 "</esssecuritylabel></label>"), &element), 0);
	assert_int_equal(element.label.fault.why, LABEL_FORMAT);        /* in the wrong namespace */
}

static void so_many_equivalents(void **state)
{
	struct fixture *f = *state;
	struct label_element element;

	for (unsigned count = LABEL_EQUIVALENTS_MAX; count <= LABEL_EQUIVALENTS_MAX + 1; count++) {
		struct buf xml = {0};

		buf_add_cstr(&xml, "<securitylabel " NS_SL "><label/>");
		for (unsigned i = 0; i < count; i++)
			buf_add_cstr(&xml, "<equivalentlabel>" ESS(OCT1) "</equivalentlabel>");
		buf_add_cstr(&xml, "</securitylabel>");
		buf_add(&xml, str_make("", 1));
		assert_int_equal(parse(f, xml.at, &element), count == LABEL_EQUIVALENTS_MAX ? 0 : TRUNK_ELIMIT);
		buf_fini(&xml);
	}
}

static void what_is_made_is_in_schema_order(void **state)
{
	struct fixture *f = *state;
	struct xml_node *node;

	assert_int_equal(
		label_element_make(&f->arena, label_of(f, label_vectors[L2]), LABEL_FORM_ESS, STR(""), &f->options, &node), 0);
	assert_string_equal(
		text(f, node),
		SECURITYLABEL("<displaymarking fgcolor='black' bgcolor='yellow'>FARM GUARDED REL XAA/XBB</displaymarking>"
			      "<label>" ESS(OCT2) "</label>"));
	assert_int_equal(
		label_element_make(&f->arena, label_of(f, label_vectors[L9]), LABEL_FORM_ESS, STR(""), &f->options, &node),
		TRUNK_EINVAL);
}

static void markings_compare_with_their_colours(void **state)
{
	static const struct {
		const char *marking;
		bool is_same;
	} cases[] = {
		{"<displaymarking fgcolor='black' bgcolor='yellow'>FARM GUARDED</displaymarking>", true},
		{"<displaymarking bgcolor='yellow'>FARM GUARDED</displaymarking>", false},
		{"<displaymarking fgcolor='yellow' bgcolor='yellow'>FARM GUARDED</displaymarking>", false},
		{"<displaymarking fgcolor='black' bgcolor='yellow'>FARM OPEN</displaymarking>", false},
		{"<displaymarking fgcolor='black' bgcolor='yellow'/>", false},
	};
	struct fixture *f = *state;

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct xml_node *node = tree(f, cases[i].marking);
		bool is_same;

		assert_int_equal(marking_compare(&f->arena, node, words_of(f, "FARM: GUARDED"), STR_NONE, &is_same), 0);
		assert_int_equal(is_same, cases[i].is_same);
		assert_int_equal(marking_fill(&f->arena, node, words_of(f, "FARM: GUARDED"), STR_NONE), 0);
		assert_int_equal(marking_compare(&f->arena, node, words_of(f, "FARM: GUARDED"), STR_NONE, &is_same), 0);
		assert_true(is_same);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_parts_stand_in_any_order),
		TEST(what_is_shaped_otherwise_is_malformed),
		TEST(base64_may_be_broken_into_lines),
		TEST(unknown_formats_are_read_and_deny),
		TEST(so_many_equivalents),
		TEST(what_is_made_is_in_schema_order),
		TEST(markings_compare_with_their_colours),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
