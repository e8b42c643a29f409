/* SPDX-License-Identifier: Apache-2.0
 * The line that people read, and its colours: label-policy 4.1, XEP-0258 §3 and its schema. */
#include "fixture.h"

#include "spif_text.h"

static const char *marking_at(struct fixture *f, const struct label *label, const char *lang, enum label_place place)
{
	struct buf out = {0};
	struct str copy;

	assert_int_equal(label_marking_write(label, str_of(lang), place, &out), 0);
	copy = arena_str(&f->arena, buf_str(&out));
	buf_fini(&out);
	return copy.at;
}

static const char *marking(struct fixture *f, const struct label *label)
{
	return marking_at(f, label, "", LABEL_PLACE_PAGE_BOTTOM);
}

static void vectors_are_marked(void **state)
{
	struct fixture *f = *state;
	struct buf out = {0};

	assert_string_equal(marking(f, label_of(f, label_vectors[L1])), "FARM OPEN");
	assert_string_equal(marking(f, label_of(f, label_vectors[L2])), "FARM GUARDED REL XAA/XBB");
	assert_string_equal(marking(f, label_of(f, label_vectors[L3])), "FARM SEALED ORCHID REL XAA");
	assert_string_equal(marking(f, label_of(f, label_vectors[L4])), "FARM GUARDED ORCHID/TULIP");
	assert_string_equal(marking(f, label_of(f, label_vectors[L5])), "FARM OPEN STAFF");
	assert_string_equal(marking(f, words_of(f, "MILL: HIGH; Project=P4; Release=R11,R12")), "MILL HIGH P4 TO R11, R12");
	assert_int_equal(label_marking_write(label_of(f, label_vectors[L9]), STR(""), LABEL_PLACE_PAGE_BOTTOM, &out),
			 TRUNK_EINVAL);
	buf_fini(&out);
}

/* In the manner of NATO's policy: a context takes the place of the policy's name and is not shown itself. */
#define MARKED SPIF_NAMED("NATO", "1.3.26.1.3.1", CLASS_LIST( \
	CLASS("RESTRICTED", "2", \
		"<markingData xml:lang='fr' phrase='DIFFUSION RESTREINTE'><code>pageTopBottom</code></markingData>") \
	CLASS("TOP SECRET", "5", "<markingData phrase='COSMIC'><code>replacePolicy</code></markingData>")) \
	SETS(SET("Context", "1.3.26.1.4.4", TAG("Context", "tagType='permissive'", \
		VALUE("KFOR", "1005", \
			"<markingData phrase='NATO/KFOR'><code>noNameDisplay</code><code>replacePolicy</code></markingData>") \
		VALUE("PLAIN", "1006", "<markingData><code>noNameDisplay</code></markingData>") \
		VALUE("SILENT", "1007", "<markingData phrase='x'><code>noMarkingDisplay</code></markingData>"))) \
	SET("Rel", "1.3.26.1.4.2", TAG("Rel", "tagType='enumerated' enumType='permissive'", \
		VALUE("CHE", "756", "<markingData phrase='Switzerland'/><markingData xml:lang='fr' phrase='Suisse'/>") \
		VALUE("JPN", "392", "<markingData phrase='Japan'/>") VALUE("KFOR", "1105", "") \
		"<markingQualifier markingCode='pageTop'><qualifier markingQualifier='Releasable to ' " \
		"qualifierCode='prefix'/>" \
		"<qualifier xml:lang='fr' markingQualifier='Communicable a ' qualifierCode='prefix'/>" \
		"<qualifier markingQualifier=', ' qualifierCode='separator'/><qualifier markingQualifier=' only' " \
		"qualifierCode='suffix'/>" \
		"<qualifier xml:lang='fr' markingQualifier=' seulement' qualifierCode='suffix'/></markingQualifier>")) \
	SET("Sensitive", "1.3.26.1.4.9", TAG("Sensitive", "tagType='restrictive'", \
		VALUE("SENSITIVE", "1", "<markingData phrase='SENSITIVE ONE'><code>suppressClassName</code></markingData>")))))

static void phrases_replace_and_hide(void **state)
{
	struct fixture *f = *state;
	struct label_policies *policies = label_policies_new();
	const struct label_options options = {.policies = policies};

	policy_add(policies, MARKED);
	assert_string_equal(marking(f, words_in(f, &options, "NATO: RESTRICTED")), "NATO RESTRICTED");
	assert_string_equal(marking(f, words_in(f, &options, "NATO: TOP SECRET")), "COSMIC TOP SECRET");
	assert_string_equal(marking(f, words_in(f, &options, "NATO: RESTRICTED; Context=KFOR; Rel=CHE,JPN")),
			    "NATO/KFOR RESTRICTED Releasable to Switzerland, Japan only");
	assert_string_equal(marking(f, words_in(f, &options, "NATO: RESTRICTED; Context=PLAIN,SILENT; Rel=KFOR")),
			    "NATO RESTRICTED Releasable to KFOR only");
	assert_string_equal(marking(f, words_in(f, &options, "NATO: RESTRICTED; Sensitive=SENSITIVE; Rel=JPN")),
			    "NATO Releasable to Japan only SENSITIVE ONE");
	/* The class's holder goes before the category's. */
	assert_string_equal(marking(f, words_in(f, &options, "NATO: TOP SECRET; Context=KFOR")), "COSMIC TOP SECRET");
	label_policies_free(&policies);
}

static void languages_fall_back(void **state)
{
	struct fixture *f = *state;
	struct label_policies *policies = label_policies_new();
	const struct label_options options = {.policies = policies};
	const struct label *label;

	policy_add(policies, MARKED);
	label = words_in(f, &options, "NATO: RESTRICTED; Rel=CHE,JPN");
	assert_string_equal(marking_at(f, label, "fr", LABEL_PLACE_PAGE_BOTTOM),
			    "NATO DIFFUSION RESTREINTE Communicable a Suisse, Japan seulement");
	assert_string_equal(marking_at(f, label, "fr-CA", LABEL_PLACE_PAGE_BOTTOM),
			    "NATO DIFFUSION RESTREINTE Communicable a Suisse, Japan seulement");
	assert_string_equal(marking_at(f, label, "de", LABEL_PLACE_PAGE_BOTTOM),
			    "NATO RESTRICTED Releasable to Switzerland, Japan only");
	assert_string_equal(
		marking_at(f, label, "fr", LABEL_PLACE_PAGE_TOP),
		"NATO DIFFUSION RESTREINTE Communicable a CHE, JPN seulement"); /* those phrases are for the bottom */
	label_policies_free(&policies);
}

/* A policy whose name is replaced by nothing, with prefixes of its own. */
static void the_policy_frames_the_line(void **state)
{
	struct fixture *f = *state;
	struct label_policies *policies = label_policies_new();
	const struct label_options options = {.policies = policies};

	policy_add(policies,
		   SPIF(CLASSES
			"<markingQualifier><qualifier markingQualifier='TLP:' qualifierCode='prefix'/><qualifier "
			"markingQualifier='.' "
			"qualifierCode='suffix'/><qualifier markingQualifier='-' "
			"qualifierCode='separator'/></markingQualifier><markingData phrase=''>"
			"<code>replacePolicy</code></markingData>" SETS(SET(
				"A", "1.2.3.1", TAG("T", "tagType='restrictive'", VALUE("X", "1", "") VALUE("Y", "2", ""))))));
	assert_string_equal(marking(f, words_in(f, &options, "TEST: S")), "TLP:S.");
	assert_string_equal(marking(f, words_in(f, &options, "TEST: S; A=X,Y")), "TLP:S-X/Y.");
	label_policies_free(&policies);
}

static void a_line_has_a_limit(void **state)
{
	struct fixture *f = *state;
	struct buf out = {.limit = 10};

	assert_int_equal(label_marking_write(label_of(f, label_vectors[L2]), STR(""), LABEL_PLACE_PAGE_BOTTOM, &out),
			 TRUNK_ELIMIT);
	assert_int_equal(buf_len(&out), 0);
	buf_fini(&out);
}

static void a_long_line_is_refused(void **state)
{
	struct fixture *f = *state;
	struct label_policies *policies = label_policies_new();
	const struct label_options options = {.policies = policies};
	struct buf spif = {0}, words = {0}, out = {0};

	buf_add_cstr(&spif, "<SPIF xmlns='http://www.xmlspif.org/spif' schemaVersion='2.1'>" POLICY_ID CLASSES
			    "<securityCategoryTagSets><securityCategoryTagSet name='A' id='1.2.3.1'><securityCategoryTag "
			    "name='T' tagType='restrictive'>");
	buf_add_cstr(&words, "TEST: U; A=0");
	for (unsigned i = 0; i < LABEL_MARKING_BYTES_MAX / 200 + 1; i++) {
		buf_addf(&spif, VALUE("%u", "%u", "<markingData phrase='%0200u'/>"), i, i, i);
		buf_addf(&words, ",%u", i);
	}
	buf_add_cstr(&spif, "</securityCategoryTag></securityCategoryTagSet></securityCategoryTagSets></SPIF>");
	buf_add(&words, str_make("", 1));
	assert_int_equal(label_policies_add(policies, "x", buf_str(&spif), NULL, NULL), 0);
	assert_int_equal(label_marking_write(words_in(f, &options, words.at), STR(""), LABEL_PLACE_PAGE_BOTTOM, &out),
			 TRUNK_ELIMIT);
	assert_int_equal(label_marking_write(words_in(f, &options, "TEST: U; A=0,1"), STR(""), LABEL_PLACE_PAGE_BOTTOM, &out),
			 0);
	buf_fini(&spif);
	buf_fini(&words);
	buf_fini(&out);
	label_policies_free(&policies);
}

static void colors_are(struct fixture *f, const char *color, const char *fg, const char *bg)
{
	struct label_policies *policies = label_policies_new();
	const struct label_options options = {.policies = policies};
	struct buf spif = {0};
	struct str fgcolor, bgcolor;

	buf_addf(&spif,
		 SPIF("<securityClassifications><securityClassification name='U' lacv='1' hierarchy='1' "
		      "color='%s'/></securityClassifications>"),
		 color);
	assert_int_equal(label_policies_add(policies, "x", buf_str(&spif), NULL, NULL), 0);
	buf_fini(&spif);
	label_marking_colors(words_in(f, &options, "TEST: U"), &fgcolor, &bgcolor);
	if (fg)
		assert_true(str_is(fgcolor, fg) && str_is(bgcolor, bg));
	else
		assert_true(str_is_absent(fgcolor) && str_is_absent(bgcolor));
	label_policies_free(&policies);
}

static void colors_are_those_that_xmpp_knows(void **state)
{
	struct fixture *f = *state;
	struct str fg, bg;

	colors_are(f, "yellow", "black", "yellow");
	colors_are(f, "Red", "white", "red");
	colors_are(f, "fuchsia", "white", "fuschia");           /* as the schema spells it */
	colors_are(f, "fuschia", "white", "fuschia");
	colors_are(f, "#FFAA00", "black", "#FFAA00");
	colors_are(f, "#000", NULL, NULL);
	colors_are(f, "#00000g", NULL, NULL);
	colors_are(f, "chartreuse", NULL, NULL);
	colors_are(f, "", NULL, NULL);
	label_marking_colors(label_of(f, label_vectors[L9]), &fg, &bg);
	assert_true(str_is_absent(fg) && str_is_absent(bg));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(vectors_are_marked),
		TEST(phrases_replace_and_hide),
		TEST(languages_fall_back),
		TEST(the_policy_frames_the_line),
		TEST(a_line_has_a_limit),
		TEST(a_long_line_is_refused),
		TEST(colors_are_those_that_xmpp_knows),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
