/* SPDX-License-Identifier: Apache-2.0
 * Labels in the words of their policy. */
#include "fixture.h"

#include "spif_text.h"

static const char *refused(struct fixture *f, const struct label_options *options, const char *in)
{
	char *why = arena_alloc(&f->arena, LABEL_WHY_SIZE);
	struct label label;

	assert_int_equal(label_parse_words(&f->arena, str_of(in), options, &label, why), TRUNK_EINVAL);
	return why;
}

static void words_mean_what_octets_mean(void **state)
{
	struct fixture *f = *state;

	assert_true(label_same(words_of(f, "FARM: OPEN"), label_of(f, label_vectors[L1])));
	assert_true(label_same(words_of(f, "FARM: GUARDED; Releasable To=XBB,XAA"), label_of(f, label_vectors[L2])));
	assert_false(label_same(words_of(f, "FARM: GUARDED; Releasable To=XBB"), label_of(f, label_vectors[L2])));
	assert_true(
		label_same(words_of(f, "FARM: SEALED; Compartment=ORCHID; Releasable To=XAA"), label_of(f, label_vectors[L3])));
	assert_string_equal(base64(f, words_of(f, "FARM: GUARDED; Compartment=ORCHID,TULIP")), label_vectors[L4]);
	assert_int_equal(words_of(f, "FARM: OPEN")->form, LABEL_FORM_WORDS);
}

static void a_label_has_one_class(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(refused(f, &f->options, "FARM: OPEN,GUARDED"), "a label has one class, and this has 2");
	assert_string_equal(refused(f, &f->options, "BARN: OPEN"),
			    "policy \"BARN\" is not loaded; name its SPIF in labels.policy");
	assert_string_equal(refused(f, &(struct label_options){0}, "FARM: OPEN"),
			    "policy \"FARM\" is not loaded; name its SPIF in labels.policy");
}

/* Blanks inside of names count, as in NATO's. */
static void names_may_hold_blanks(void **state)
{
	struct fixture *f = *state;
	struct label_policies *policies = label_policies_new();
	const struct label_options options = {.policies = policies};

	policy_add(policies, SPIF_NAMED("NATO", "1.3.26.1.3.1",
					CLASS_LIST(CLASS("NATO UNCLASSIFIED", "1", "") CLASS("NATO RESTRICTED", "2", ""))));
	assert_string_equal(in_words(f, words_in(f, &options, "nato: NATO RESTRICTED")), "NATO: NATO RESTRICTED");
	refused(f, &options, "NATO: NATO  RESTRICTED");
	label_policies_free(&policies);
}

static void a_value_of_two_tags_needs_the_tags_name(void **state)
{
	struct fixture *f = *state;
	struct label_policies *policies = label_policies_new();
	const struct label_options options = {.policies = policies};

	policy_add(policies,
		   SPIF(CLASSES SETS(
			   SET("A", "1.2.3.1",
			       TAG("Must", "tagType='restrictive'", VALUE("X", "1", "") VALUE("Y", "2", ""))
				       TAG("May", "tagType='tagType7' tag7Encoding='bitSetAttributes'", VALUE("X", "1", "")))
				   SET("B", "1.2.3.2", TAG("Two", "tagType='restrictive'", VALUE("V", "1", "")))
					   SET("C", "1.2.3.3", TAG("Two", "tagType='restrictive'", VALUE("W", "1", ""))))));
	assert_string_equal(refused(f, &options, "TEST: U; A=X"),
			    "\"X\" is in several tags of \"A\"; write the tag's name before the =");
	assert_string_equal(in_words(f, words_in(f, &options, "TEST: U; May=X; A=Y")), "TEST: U; Must=Y; May=X");
	refused(f, &options, "TEST: U; May=Y");
	refused(f, &options, "TEST: U; Two=V");         /* two tags of that name: the sets tell them apart */
	assert_string_equal(in_words(f, words_in(f, &options, "TEST: U; B=V; C=W")), "TEST: U; B=V; C=W");
	label_policies_free(&policies);
}

static void a_full_buffer_gets_nothing(void **state)
{
	struct fixture *f = *state;
	struct buf out = {.limit = 12};

	assert_int_equal(label_write_words(label_of(f, label_vectors[L2]), &out), TRUNK_ELIMIT);
	assert_int_equal(buf_len(&out), 0);
	assert_int_equal(label_write_words(label_of(f, label_vectors[L1]), &out), 0);
	assert_true(str_is(buf_str(&out), "FARM: OPEN"));
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(words_mean_what_octets_mean),
		TEST(a_label_has_one_class),
		TEST(names_may_hold_blanks),
		TEST(a_value_of_two_tags_needs_the_tags_name),
		TEST(a_full_buffer_gets_nothing),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
