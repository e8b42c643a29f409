/* SPDX-License-Identifier: Apache-2.0
 * Policies from Open XML SPIF: what loads, what is refused and in which words, and the limits. */
#include "fixture.h"

#include "label/model_internal.h"
#include "spif_text.h"

/* What loading gives; the problems are left in `problems`. */
static int load(struct buf *problems, struct str text_of)
{
	struct label_policies *policies = label_policies_new();
	int err;

	assert_non_null(policies);
	buf_clear(problems);
	err = label_policies_add(policies, "test.xml", text_of, problem_note, problems);
	assert_int_equal(label_policies_at(policies, 0) != NULL, err == 0);
	label_policies_free(&policies);
	return err;
}

/* Refused with that error, in words that hold `says`. */
static void refused(const char *spif, int err, const char *says)
{
	struct buf problems = {0};
	const int got = load(&problems, str_of(spif));

	buf_add(&problems, str_make("", 1));
	if (got != err || !strstr(problems.at, "error test.xml ") || !strstr(problems.at, says))
		fail_msg("%s: %s, \"%s\"", spif, error_text(got), problems.at);
	buf_fini(&problems);
}

/* Loads, with a warning that holds `says`. */
static void warned(const char *spif, const char *says)
{
	struct buf problems = {0};
	const int got = load(&problems, str_of(spif));

	buf_add(&problems, str_make("", 1));
	if (got != 0 || !strstr(problems.at, "warning test.xml ") || !strstr(problems.at, says))
		fail_msg("%s: %s, \"%s\"", spif, error_text(got), problems.at);
	buf_fini(&problems);
}

static void loads(const char *spif)
{
	struct buf problems = {0};
	const int got = load(&problems, str_of(spif));

	if (got != 0 || buf_len(&problems))
		fail_msg("%s: %.*s", spif, STR_ARG(buf_str(&problems)));
	buf_fini(&problems);
}

static void the_examples_load_and_are_found(void **state)
{
	struct fixture *f = *state;

	assert_ptr_equal(label_policies_by_id(f->policies, STR("1.3.6.1.4.1.32473.77.1")), f->farm);
	assert_ptr_equal(label_policies_at(f->policies, 1), f->mill);
	assert_null(label_policies_at(f->policies, 2));
	assert_null(label_policies_by_name(f->policies, STR("farm")));
	assert_null(label_policies_by_id(f->policies, STR("1.3.6.1.4.1.32473.77")));
	assert_true(str_is(label_policy_name(f->farm), "FARM"));
	assert_true(str_is(label_policy_id(f->mill), "1.3.6.1.4.1.32473.77.2"));
	assert_true(str_is_absent(label_policy_default_id(f->farm)));
	assert_true(label_policy_has_class(f->farm, STR("SEALED")));
	assert_false(label_policy_has_class(f->farm, STR("HIGH")));
	assert_int_equal(f->farm->value_count, 6);
	assert_int_equal(class_by_lacv(f->farm, 3)->hierarchy, 2);
	assert_null(class_by_lacv(f->farm, 2));
}

/* STANAG 4774 */
static void nato_and_public_compare_without_case(void **state)
{
	struct label_policies *policies = label_policies_new();

	(void)state;
	policy_add(policies, SPIF_NAMED("Nato", "1.3.26.1.3.1", CLASSES));
	policy_add(policies, SPIF_NAMED("Other", "1.3.26.1.3.2", CLASSES));
	assert_non_null(label_policies_by_name(policies, STR("NATO")));
	assert_non_null(label_policies_by_name(policies, STR("nato")));
	assert_null(label_policies_by_name(policies, STR("other")));
	label_policies_free(&policies);
}

static void prolog_and_comments_are_skipped(void **state)
{
	(void)state;
	loads("\xef\xbb\xbf<?xml version='1.0' encoding='utf-8' standalone='yes'?>\n<!-- a --><!-- <b> & -->" SPIF(
		CLASSES "<!--c-->") "\n<!---->\n");
	loads("<?xml version=\"1.0\"?>" SPIF(CLASSES));
	refused("<?xml version='1.0' encoding='ISO-8859-1'?>" SPIF(CLASSES), TRUNK_EXML_ENCODING, "UTF-8");
	refused("<?xml version='1.0' encoding='UTF-8", TRUNK_EXML, "not well-formed");
	refused("<?xml-stylesheet href='a'?>" SPIF(CLASSES), TRUNK_EXML_RESTRICTED, "");
	refused(SPIF(CLASSES) "<!-- no end", TRUNK_EXML, "not well-formed");
	refused("", TRUNK_EXML, "not well-formed");
	refused("<!-- -->", TRUNK_EXML, "not well-formed");
}

static void every_dtd_and_entity_is_refused(void **state)
{
	(void)state;
	refused("<!DOCTYPE SPIF>" SPIF(CLASSES), TRUNK_EXML_RESTRICTED, "forbids");
	refused("<!DOCTYPE SPIF [<!ENTITY a 'b'>]>" SPIF(CLASSES), TRUNK_EXML_RESTRICTED, "forbids");
	refused("<!DOCTYPE SPIF SYSTEM 'file:///etc/passwd'>" SPIF(CLASSES), TRUNK_EXML_RESTRICTED, "forbids");
	refused(SPIF(CLASSES "<![CDATA[<!-- ]]>"), TRUNK_EXML_RESTRICTED, "forbids");
	refused(SPIF_NAMED("&a;", "1.2.3", CLASSES), TRUNK_EXML_RESTRICTED, "forbids");
	loads(SPIF_NAMED("&amp;&#65;", "1.2.3", CLASSES));
}

static void only_versions_2_0_and_2_1_are_read(void **state)
{
	(void)state;
	loads("<SPIF xmlns='http://www.xmlspif.org/spif' schemaVersion='2.0'>" POLICY_ID CLASSES "</SPIF>");
	loads("<s:SPIF xmlns:s='http://www.xmlspif.org/spif' schemaVersion='2.1'><s:securityPolicyId name='A' "
	      "id='1.2'/><s:securityClassifications>"
	      "<s:securityClassification name='U' lacv='1' hierarchy='1'/></s:securityClassifications></s:SPIF>");
	refused("<SPIF xmlns='http://www.xmlspif.org/spif' schemaVersion='1.0'>" POLICY_ID CLASSES "</SPIF>", TRUNK_EINVAL,
		"2.0 and 2.1");
	refused("<SPIF xmlns='http://www.xmlspif.org/spif' schemaVersion='3.0'>" POLICY_ID CLASSES "</SPIF>", TRUNK_EINVAL,
		"2.0 and 2.1");
	refused("<SPIF xmlns='http://www.xmlspif.org/spif'>" POLICY_ID CLASSES "</SPIF>", TRUNK_EINVAL, "2.0 and 2.1");
	refused("<SPIF schemaVersion='2.1'>" POLICY_ID CLASSES "</SPIF>", TRUNK_EINVAL, "is not SPIF in namespace");
	refused("<SPIF xmlns='http://www.xmlspif.org/spif' schemaVersion='2.1'>" CLASSES "</SPIF>", TRUNK_EINVAL,
		"one securityPolicyId");
	refused(SPIF(CLASSES POLICY_ID), TRUNK_EINVAL, "one securityPolicyId");
}

static void unknown_elements_are_errors(void **state)
{
	(void)state;
	refused(SPIF(CLASSES "<newRule/>"), TRUNK_EINVAL, "error test.xml newRule: is not known in SPIF");
	refused(SPIF("<securityClassifications><tagCategory name='A' lacv='1'/></securityClassifications>"), TRUNK_EINVAL,
		"tagCategory \"A\"");
	refused(SPIF(CLASSES "<x xmlns='urn:x'/>"), TRUNK_EINVAL, "inside of extensions alone");
	refused(SPIF(CLASSES "text"), TRUNK_EINVAL, "text stands");
	loads(SPIF(CLASSES "<extensions><x xmlns='urn:x'><SPIF>any</SPIF></x></extensions>"));
	loads(SPIF(CLASSES "<privacyMarks><privacyMark name='Hand carry'/></privacyMarks>"));
}

static void names_and_numbers_are_there_once(void **state)
{
	(void)state;
	refused(SPIF(""), TRUNK_EINVAL, "one securityClassifications");
	refused(SPIF("<securityClassifications/>"), TRUNK_EINVAL, "there is no class");
	refused(SPIF(CLASS_LIST(CLASS("U", "1", "") CLASS("U", "2", ""))), TRUNK_EINVAL, "has the name or lacv");
	refused(SPIF(CLASS_LIST(CLASS("U", "1", "") CLASS("R", "01", ""))), TRUNK_EINVAL, "has the name or lacv");
	refused(SPIF(CLASS_LIST(CLASS("", "1", ""))), TRUNK_EINVAL, "name is missing");
	refused(SPIF(CLASS_LIST(CLASS("U", "-1", ""))), TRUNK_EINVAL, "lacv is no number");
	refused(SPIF(CLASS_LIST(CLASS("U", "16384", ""))), TRUNK_EINVAL, "lacv is no number");
	refused(SPIF_NAMED("A", "1.2.x", CLASSES), TRUNK_EINVAL, "object identifier");
	refused(SPIF(CLASSES SETS(SET("A", "1.2.3.1", "") SET("A", "1.2.3.2", ""))), TRUNK_EINVAL, "name or id of tag set");
	refused(SPIF(CLASSES SETS(SET("A", "1.2.3.1", "") SET("B", "1.2.3.1", ""))), TRUNK_EINVAL, "name or id of tag set");
	refused(SPIF(CLASSES SETS(SET("A", "1.2.3.1",
				      TAG("T", "tagType='restrictive'", VALUE("X", "1", ""))
					      TAG("S", "tagType='restrictive'", VALUE("Y", "1", ""))))),
		TRUNK_EINVAL, "have the same lacv");
	/* Bits and numbers are told apart. */
	loads(SPIF(CLASSES SETS(SET("A", "1.2.3.1",
				    TAG("T", "tagType='restrictive'", VALUE("X", "1", "")) TAG("S",
											       "tagType='enumerated' "
											       "enumType='restrictive'",
											       VALUE("Y", "1", ""))))));
}

static void tag_types_are_known(void **state)
{
	(void)state;
	refused(SPIF(CLASSES SETS(SET("A", "1.2.3.1", TAG("T", "tagType='other'", "")))), TRUNK_EINVAL, "tagType is none of");
	refused(SPIF(CLASSES SETS(SET("A", "1.2.3.1", TAG("T", "", "")))), TRUNK_EINVAL, "tagType is none of");
	refused(SPIF(CLASSES SETS(SET("A", "1.2.3.1", TAG("T", "tagType='enumerated'", "")))), TRUNK_EINVAL,
		"tagType is none of");
	refused(SPIF(CLASSES SETS(SET("A", "1.2.3.1", TAG("T", "tagType='tagType7'", "")))), TRUNK_EINVAL, "tag7Encoding");
	warned(SPIF(CLASSES SETS(SET("A", "1.2.3.1", TAG("T", "tagType='notApplicable'", VALUE("X", "1", ""))))),
	       "notApplicable");
	refused(SPIF(CLASSES SETS(SET("A", "1.2.3.1", TAG("T", "tagType='restrictive'", VALUE("X", "16384", ""))))),
		TRUNK_EINVAL, "lacv");
	loads(SPIF(CLASSES SETS(
		SET("A", "1.2.3.1", TAG("T", "tagType='enumerated' enumType='permissive'", VALUE("X", "4294967295", ""))))));
	refused(SPIF(CLASSES SETS(
			SET("A", "1.2.3.1", TAG("T", "tagType='restrictive' minSelection='3' maxSelection='2'", "")))),
		TRUNK_EINVAL, "demands more values");
	refused(SPIF(CLASSES SETS(SET("A", "1.2.3.1", TAG("T", "tagType='restrictive' singleSelection='perhaps'", "")))),
		TRUNK_EINVAL, "neither true nor false");
	refused(SPIF(CLASSES SETS(SET("A", "1.2.3.1",
				      TAG("T", "tagType='restrictive'", "<tagCategory name='X' lacv='1' notAfter='2031'/>")))),
		TRUNK_EINVAL, "notAfter is no time");
}

/* A rule that points at nothing might have been meant to restrict. */
static void rules_point_at_what_there_is(void **state)
{
	(void)state;
	refused(RULE("<excludedClass>V</excludedClass>"), TRUNK_EINVAL, "names class \"V\"");
	refused(RULE("<requiredCategory operation='all'><categoryGroup tagSetRef='B' tagType='restrictive' "
		     "lacv='1'/></requiredCategory>"),
		TRUNK_EINVAL, "does not have");
	refused(RULE("<requiredCategory operation='all'><categoryGroup tagSetRef='A' tagType='restrictive' "
		     "lacv='9'/></requiredCategory>"),
		TRUNK_EINVAL, "does not have");
	refused(RULE("<requiredCategory operation='all'><categoryGroup tagSetRef='A' tagType='permissive' "
		     "all='true'/></requiredCategory>"),
		TRUNK_EINVAL, "does not have");
	refused(RULE("<requiredCategory operation='some'><categoryGroup tagSetRef='A' tagType='restrictive' "
		     "lacv='1'/></requiredCategory>"),
		TRUNK_EINVAL, "operation is none of");
	refused(RULE("<requiredCategory operation='all'/>"), TRUNK_EINVAL, "no categoryGroup");
	refused(RULE("<requiredCategory operation='all'><categoryGroup tagSetRef='A' tagType='restrictive' lacv='1' "
		     "all='true'/></requiredCategory>"),
		TRUNK_EINVAL, "both lacv and all");
	refused(RULE("<excludedCategory tagSetRef='A' tagType='restrictive' lacv='9'/>"), TRUNK_EINVAL, "does not have");
	loads(RULE("<excludedCategory tagSetRef='A' tagType='restrictive' lacv='2'/>"));
	loads(RULE("<requiredCategory operation='all'><categoryGroup tagSetId='1.2.3.1' tagType='restrictive' "
		   "lacv='2'/></requiredCategory>"));
}

static void equivalents_that_cannot_hold_are_told_of(void **state)
{
	(void)state;
	warned(RULE("<equivalentSecCategoryTag policyRef='NONE' tagSetId='1.2' tagType='restrictive' lacv='1' "
		    "applied='both'/>"),
	       "not among equivalentPolicies");
	warned(RULE("<equivalentSecCategoryTag policyRef='O' action='discard' applied='encrypt'/>"), "no longer restricts");
	warned(RULE("<equivalentSecCategoryTag policyRef='O' tagSetId='1.2' tagType='tagType7' lacv='1' applied='encrypt'/>"),
	       "no longer restricts");
	warned(RULE("<equivalentSecCategoryTag policyRef='O' tagSetId='1.2' tagType='restrictive' lacv='1' "
		    "applied='encrypt'><requiredCategory "
		    "operation='all'><categoryGroup tagSetRef='B' tagType='restrictive' "
		    "lacv='1'/></requiredCategory></equivalentSecCategoryTag>"),
	       "never holds");
	warned(RULE("<equivalentSecCategoryTag policyRef='O' tagSetId='1.2' tagType='restrictive' lacv='1' "
		    "applied='both'><requiredCategory "
		    "operation='all'><categoryGroup tagSetRef='A' tagType='restrictive' "
		    "lacv='2'/></requiredCategory></equivalentSecCategoryTag>"),
	       "not applied to decrypt");
	refused(RULE("<equivalentSecCategoryTag policyRef='O' tagSetId='1.2' tagType='restrictive' lacv='1'/>"), TRUNK_EINVAL,
		"applied is none of");
	refused(RULE("<equivalentSecCategoryTag policyRef='O' action='keep' applied='both'/>"), TRUNK_EINVAL,
		"action is not discard");
	refused(SPIF(CLASSES "<equivalentPolicies><equivalentPolicy name='A' id='1.2.3'/></equivalentPolicies>"), TRUNK_EINVAL,
		"this policy itself");
}

static void unknown_marking_codes_are_told_of(void **state)
{
	(void)state;
	warned(RULE("<markingData phrase='x'><code>pagetop</code></markingData>"), "marking code \"pagetop\"");
	warned(SPIF(CLASSES "<markingQualifier markingCode='pageTop'><qualifier markingQualifier='x' "
			    "qualifierCode='middle'/></markingQualifier>"),
	       "no effect");
	warned(SPIF(CLASSES SETS(SET("A", "1.2.3.1",
				     TAG("T", "tagType='restrictive'", "<tagCategory name='X' lacv='1' userInput='date'/>")))),
	       "userInput");
}

static void a_name_or_id_is_taken_once(void **state)
{
	struct label_policies *policies = label_policies_new();
	struct buf problems = {0};

	(void)state;
	policy_add(policies, SPIF_NAMED("A", "1.2.3", CLASSES));
	assert_int_equal(label_policies_add(policies, "b.xml", STR(SPIF_NAMED("A", "1.2.4", CLASSES)), problem_note, &problems),
			 TRUNK_EEXIST);
	assert_int_equal(label_policies_add(policies, "b.xml", STR(SPIF_NAMED("B", "1.2.3", CLASSES)), NULL, NULL),
			 TRUNK_EEXIST);
	assert_null(label_policies_at(policies, 1));
	assert_non_null(strstr(problems.at, "is loaded already"));
	buf_fini(&problems);
	label_policies_free(&policies);
}

/* SPIF text with `count` times `item`, whose %u is the number. */
static void repeated(struct buf *out, const char *before, const char *item, unsigned count, const char *after)
{
	const char *at = strchr(item, '@');

	buf_clear(out);
	buf_add_cstr(out, before);
	for (unsigned i = 0; i < count; i++)
		for (const char *c = item; *c; c++)
			if (*c == '@')
				buf_addf(out, "%u", i);
			else
				buf_add(out, str_make(c, 1));
	buf_add_cstr(out, after);
	assert_non_null(at);
}

static void limit_is(const char *before, const char *item, unsigned max, const char *after, const char *says)
{
	struct buf text_of = {0}, problems = {0};

	repeated(&text_of, before, item, max, after);
	assert_int_equal(load(&problems, buf_str(&text_of)), 0);
	repeated(&text_of, before, item, max + 1, after);
	assert_int_equal(load(&problems, buf_str(&text_of)), TRUNK_ELIMIT);
	buf_add(&problems, str_make("", 1));
	assert_non_null(strstr(problems.at, says));
	buf_fini(&problems);
	buf_fini(&text_of);
}

#define HEAD "<SPIF xmlns='http://www.xmlspif.org/spif' schemaVersion='2.1'>" POLICY_ID

static void what_is_over_a_limit_is_refused(void **state)
{
	(void)state;
	limit_is(HEAD "<securityClassifications>", CLASS("C@", "@", ""), LABEL_CLASSES_MAX, "</securityClassifications></SPIF>",
		 "256 classes");
	limit_is(HEAD CLASSES "<securityCategoryTagSets>", SET("S@", "1.2.3.@", ""), LABEL_TAG_SETS_MAX,
		 "</securityCategoryTagSets></SPIF>", "256 tag sets");
	limit_is(HEAD CLASSES "<securityCategoryTagSets><securityCategoryTagSet name='S' id='1.2.3.1'>",
		 TAG("T@", "tagType='restrictive'", ""), LABEL_TAGS_MAX,
		 "</securityCategoryTagSet></securityCategoryTagSets></SPIF>", "1024 tags");
	limit_is(HEAD CLASSES
		 "<securityCategoryTagSets><securityCategoryTagSet name='S' id='1.2.3.1'><securityCategoryTag name='T' "
		 "tagType='restrictive'>",
		 VALUE("V@", "@", ""), LABEL_CATEGORY_VALUES_MAX,
		 "</securityCategoryTag></securityCategoryTagSet></securityCategoryTagSets></SPIF>", "16384 values");
}

static void a_file_has_a_size_and_a_depth(void **state)
{
	struct buf text_of = {0}, problems = {0};

	(void)state;
	buf_add_cstr(&text_of, HEAD CLASSES "<extensions>");
	for (unsigned i = 0; i < LABEL_SPIF_DEPTH_MAX - 2; i++)
		buf_add_cstr(&text_of, "<x>");
	for (unsigned i = 0; i < LABEL_SPIF_DEPTH_MAX - 2; i++)
		buf_add_cstr(&text_of, "</x>");
	buf_add_cstr(&text_of, "</extensions></SPIF>");
	assert_int_equal(load(&problems, buf_str(&text_of)), 0);
	buf_clear(&text_of);
	buf_add_cstr(&text_of, HEAD CLASSES "<extensions>");
	for (unsigned i = 0; i < LABEL_SPIF_DEPTH_MAX - 1; i++)
		buf_add_cstr(&text_of, "<x>");
	assert_int_equal(load(&problems, buf_str(&text_of)), TRUNK_EXML_LIMIT);
	buf_clear(&text_of);
	buf_add_cstr(&text_of, SPIF(CLASSES));
	while (buf_len(&text_of) < LABEL_SPIF_BYTES_MAX)
		buf_add_cstr(&text_of, " ");
	assert_int_equal(load(&problems, buf_str(&text_of)), 0);
	buf_add_cstr(&text_of, " ");
	assert_int_equal(load(&problems, buf_str(&text_of)), TRUNK_ELIMIT);
	buf_fini(&problems);
	buf_fini(&text_of);
}

/* Small elements take much more room than their text. */
static void a_file_may_take_so_much_memory(void **state)
{
	struct buf text_of = {0}, problems = {0};

	(void)state;
	buf_add_cstr(&text_of, HEAD CLASSES "<extensions xmlns:x='urn:x'>");
	while (buf_len(&text_of) < LABEL_SPIF_BYTES_MAX - 100)
		buf_add_cstr(&text_of, "<x:y/>");
	buf_add_cstr(&text_of, "</extensions></SPIF>");
	assert_int_equal(load(&problems, buf_str(&text_of)), TRUNK_ELIMIT);
	buf_fini(&problems);
	buf_fini(&text_of);
}

static void a_phrase_has_a_length(void **state)
{
	char name[LABEL_PHRASE_BYTES_MAX + 2];
	struct buf text_of = {0}, problems = {0};

	(void)state;
	memset(name, 'a', sizeof(name));
	name[LABEL_PHRASE_BYTES_MAX + 1] = '\0';
	buf_addf(&text_of, SPIF_NAMED("%s", "1.2.3", CLASSES), name + 1);
	assert_int_equal(load(&problems, buf_str(&text_of)), 0);
	buf_clear(&text_of);
	buf_addf(&text_of, SPIF_NAMED("%s", "1.2.3", CLASSES), name);
	assert_int_equal(load(&problems, buf_str(&text_of)), TRUNK_ELIMIT);
	buf_fini(&problems);
	buf_fini(&text_of);
}

static void a_set_holds_so_many_policies(void **state)
{
	struct label_policies *policies = label_policies_new();

	(void)state;
	for (unsigned i = 0; i <= LABEL_POLICIES_MAX; i++) {
		struct buf text_of = {0};

		buf_addf(&text_of, SPIF_NAMED("P%u", "1.2.3.%u", CLASSES), i, i);
		assert_int_equal(label_policies_add(policies, "x", buf_str(&text_of), NULL, NULL),
				 i < LABEL_POLICIES_MAX ? 0 : TRUNK_ELIMIT);
		buf_fini(&text_of);
	}
	label_policies_free(&policies);
	label_policies_free(&policies);
}

static void colliding_hashes_are_told_apart(void **state)
{
	struct fixture *f = *state;
	struct index index = {0};
	uint32_t cursor = 0;

	assert_int_equal(index_next(&index, 7, &cursor), INDEX_NONE);   /* of no memory at all */
	cursor = 0;
	assert_int_equal(index_init(&f->arena, &index, 3), 0);
	index_add(&index, 7, 1);
	index_add(&index, 7, 2);
	index_add(&index, 15, 3);                                       /* the same slot by another hash */
	assert_int_equal(index_next(&index, 7, &cursor), 1);
	assert_int_equal(index_next(&index, 7, &cursor), 2);
	assert_int_equal(index_next(&index, 7, &cursor), INDEX_NONE);
	assert_int_equal(index_next(&index, 7, &cursor), INDEX_NONE);
	cursor = 0;
	assert_int_equal(index_next(&index, 15, &cursor), 3);
	cursor = 0;
	assert_int_equal(index_next(&index, 23, &cursor), INDEX_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_examples_load_and_are_found),
		TEST(nato_and_public_compare_without_case),
		TEST(prolog_and_comments_are_skipped),
		TEST(every_dtd_and_entity_is_refused),
		TEST(only_versions_2_0_and_2_1_are_read),
		TEST(unknown_elements_are_errors),
		TEST(names_and_numbers_are_there_once),
		TEST(tag_types_are_known),
		TEST(rules_point_at_what_there_is),
		TEST(equivalents_that_cannot_hold_are_told_of),
		TEST(unknown_marking_codes_are_told_of),
		TEST(a_name_or_id_is_taken_once),
		TEST(what_is_over_a_limit_is_refused),
		TEST(a_file_has_a_size_and_a_depth),
		TEST(a_file_may_take_so_much_memory),
		TEST(a_phrase_has_a_length),
		TEST(a_set_holds_so_many_policies),
		TEST(colliding_hashes_are_told_apart),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
