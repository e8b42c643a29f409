/* SPDX-License-Identifier: Apache-2.0
 * The access decision function: label-policy 5.2, with the twelve labels and six clearances of its vectors. */
#include "fixture.h"

#include "spif_text.h"

#define NO_CLASS "no-equivalent:class"
#define NO_TULIP "no-equivalent:TULIP"
#define NO_REL "no-equivalent:permissive"
#define COMPARTMENT "restrictive:Compartment"
#define REL "permissive:Releasable To"

static const char *const decisions[LABEL_COUNT][CLEARANCE_COUNT] = {
	[L1] = {"granted", "granted", "granted", "class", "granted", "granted"},
	[L2] = {"granted", "granted", "class", "class", "granted", "granted"},
	[L3] = {"granted", "class", "class", "granted", NO_CLASS, NO_CLASS},
	[L4] = {COMPARTMENT, COMPARTMENT, "class", "class", NO_TULIP, NO_TULIP},
	[L5] = {"granted", "granted", "granted", "class", "granted", "granted"},
	[L6] = {"no-policy", "no-policy", "no-policy", "no-policy", "no-policy", "no-policy"},
	[L7] = {"invalid:class", "invalid:class", "invalid:class", "invalid:class", "invalid:class", "invalid:class"},
	[L8] = {"invalid:class", "invalid:class", "invalid:class", "invalid:class", "invalid:class", "invalid:class"},
	[L9] = {"invalid:value", "invalid:value", "invalid:value", "invalid:value", "invalid:value", "invalid:value"},
	[L10] = {"granted", COMPARTMENT, "class", "class", "restrictive:Project", "granted"},
	[L11] = {"granted", "granted", "class", "class", "granted", "granted"},
	[L12] = {REL, REL, "class", "class", NO_REL, NO_REL},
};

static void every_label_meets_every_clearance(void **state)
{
	struct fixture *f = *state;

	for (unsigned l = 0; l < LABEL_COUNT; l++) {
		for (unsigned k = 0; k < CLEARANCE_COUNT; k++) {
			const struct label_decision decision =
				label_decide(&f->arena, label_of(f, label_vectors[l]), f->clearances[k], &f->options);

			if (strcmp(reason(f, decision), decisions[l][k]) != 0)
				fail_msg("L%u for K%u: %s, not %s", l + 1, k + 1, reason(f, decision), decisions[l][k]);
		}
	}
}

/* Short for a decision in words. */
static const char *decided(struct fixture *f, const char *label, const char *clearance)
{
	return reason(f, label_decide(&f->arena, words_of(f, label), clearance_of(f->policies, clearance), &f->options));
}

/* Rule 2: a member of the list, without any order. */
static void classes_are_members_not_ranks(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(decided(f, "FARM: OPEN", "FARM: SEALED"), "class");
	assert_string_equal(decided(f, "FARM: SEALED", "FARM: OPEN"), "class");
	assert_string_equal(decided(f, "FARM: GUARDED", "FARM: OPEN,GUARDED"), "granted");
}

/* Rule 3. */
static void every_restrictive_value_is_held(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(decided(f, "FARM: GUARDED; Compartment=ORCHID,TULIP", "FARM: GUARDED; Compartment=ORCHID,TULIP"),
			    "granted");
	assert_string_equal(decided(f, "FARM: GUARDED; Compartment=ORCHID,TULIP", "FARM: GUARDED; Compartment=TULIP"),
			    "restrictive:Compartment");
}

/* Rules 4, 5 and 6. */
static void one_permissive_value_is_held_and_surplus_does_nothing(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(decided(f, "FARM: GUARDED; Releasable To=XAA,XBB", "FARM: GUARDED; Releasable To=XBB,XCC"),
			    "granted");
	assert_string_equal(decided(f, "FARM: GUARDED; Releasable To=XAA,XBB", "FARM: GUARDED; Releasable To=XCC"),
			    "permissive:Releasable To");
	assert_string_equal(decided(f, "FARM: GUARDED; Releasable To=XAA", "FARM: GUARDED"), "permissive:Releasable To");
	assert_string_equal(decided(f, "FARM: GUARDED", "FARM: GUARDED; Releasable To=XAA; Compartment=TULIP"), "granted");
	assert_string_equal(decided(f, "FARM: GUARDED; Admin=STAFF", "FARM: GUARDED"), "granted");
}

/* Of two reasons the restrictive one is told: rule 3 stands before rule 4. */
static void the_first_rule_that_denies_is_told(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(decided(f, "FARM: SEALED; Compartment=ORCHID; Releasable To=XAA", "FARM: OPEN"), "class");
	assert_string_equal(decided(f, "FARM: GUARDED; Compartment=ORCHID; Releasable To=XAA", "FARM: GUARDED"),
			    "restrictive:Compartment");
}

/* Two tags that share a name lie in two sets, and each of them has to be met; so do two tags of one set. */
static void permissive_tags_are_grouped_by_set_and_tag(void **state)
{
	struct fixture *f = *state;
	struct label_policies *policies = label_policies_new();
	const struct label_options options = {.policies = policies};
	const struct label *label;

	policy_add(policies, SPIF(CLASSES SETS(SET("A", "1.2.3.1", TAG("Nation", "tagType='permissive'", VALUE("X", "1", "")))
						       SET("B", "1.2.3.2",
							   TAG("Nation", "tagType='permissive'", VALUE("Y", "1", "")) TAG(
								   "Force", "tagType='permissive'", VALUE("Z", "2", ""))))));
	label = words_in(f, &options, "TEST: U; A=X; B=Y,Z");
	assert_string_equal(reason(f, label_decide(&f->arena, label, clearance_of(policies, "TEST: U; A=X; B=Y,Z"), &options)),
			    "granted");
	assert_string_equal(reason(f, label_decide(&f->arena, label, clearance_of(policies, "TEST: U; A=X; B=Z"), &options)),
			    "permissive:B");
	assert_string_equal(reason(f, label_decide(&f->arena, label, clearance_of(policies, "TEST: U; A=X; B=Y"), &options)),
			    "permissive:B");
	assert_string_equal(reason(f, label_decide(&f->arena, label, clearance_of(policies, "TEST: U; B=Y,Z"), &options)),
			    "permissive:A");
	fixture_test_teardown(state);
	label_policies_free(&policies);
}

/* A set of values is more than one word of bits. */
static void values_far_apart_are_told_apart(void **state)
{
	struct fixture *f = *state;
	struct label_policies *policies = label_policies_new();
	const struct label_options options = {.policies = policies};
	struct buf spif = {0};
	const struct label *label;

	buf_add_cstr(&spif, "<SPIF xmlns='http://www.xmlspif.org/spif' schemaVersion='2.1'>" POLICY_ID CLASSES
			    "<securityCategoryTagSets><securityCategoryTagSet name='A' id='1.2.3.1'><securityCategoryTag "
			    "name='T' tagType='restrictive'>");
	for (unsigned i = 0; i < 500; i++)
		buf_addf(&spif, VALUE("V%u", "%u", ""), i, i);
	buf_add_cstr(&spif, "</securityCategoryTag></securityCategoryTagSet></securityCategoryTagSets></SPIF>");
	assert_int_equal(label_policies_add(policies, "x", buf_str(&spif), NULL, NULL), 0);
	buf_fini(&spif);
	label = words_in(f, &options, "TEST: U; A=V0,V63,V64,V499");
	assert_string_equal(in_words(f, label), "TEST: U; A=V0,V63,V64,V499");
	assert_int_equal(label_decide(&f->arena, label, clearance_of(policies, "TEST: U; A=V0,V63,V64,V499"), &options).why,
			 LABEL_GRANTED);
	assert_int_equal(label_decide(&f->arena, label, clearance_of(policies, "TEST: U; A=V0,V63,V64,V498"), &options).why,
			 LABEL_RESTRICTIVE);
	fixture_test_teardown(state);
	label_policies_free(&policies);
}

static void nil_denies(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(reason(f, label_decide(&f->arena, NULL, f->clearances[K1], &f->options)), "no-label");
	assert_string_equal(reason(f, label_decide(&f->arena, label_of(f, label_vectors[L1]), NULL, &f->options)),
			    "no-clearance");
}

/* label-policy 1.5 */
static void each_reason_has_its_condition(void **state)
{
	static const enum stanza_condition conditions[] = {
		[LABEL_WHY_UNSET] = COND_POLICY_VIOLATION,    [LABEL_GRANTED] = STANZA_CONDITION_NONE,
		[LABEL_NO_LABEL] = COND_POLICY_VIOLATION,     [LABEL_NO_CLEARANCE] = COND_POLICY_VIOLATION,
		[LABEL_NO_POLICY] = COND_NOT_ACCEPTABLE,      [LABEL_INVALID] = COND_POLICY_VIOLATION,
		[LABEL_CLASS] = COND_POLICY_VIOLATION,        [LABEL_RESTRICTIVE] = COND_POLICY_VIOLATION,
		[LABEL_PERMISSIVE] = COND_POLICY_VIOLATION,   [LABEL_NO_EQUIVALENT] = COND_NOT_ACCEPTABLE,
		[LABEL_MALFORMED] = COND_BAD_REQUEST,         [LABEL_FORMAT] = COND_NOT_ACCEPTABLE,
		[LABEL_MISPLACED] = COND_BAD_REQUEST,         [LABEL_MANY] = COND_BAD_REQUEST,
		[LABEL_DEPTH] = COND_POLICY_VIOLATION,        [LABEL_SEALED] = COND_POLICY_VIOLATION,
		[LABEL_NO_MEMORY] = COND_RESOURCE_CONSTRAINT,
	};
	struct buf out = {.limit = 8};

	(void)state;
	for (unsigned i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
		assert_int_equal(label_condition(&(struct label_decision){.why = (enum label_why)i}), conditions[i]);
	assert_int_equal(label_decision_write(&(struct label_decision){.why = LABEL_INVALID, .what = STR("class")}, &out),
			 TRUNK_ELIMIT);
	assert_int_equal(buf_len(&out), 0);
	buf_fini(&out);
}

/* Where memory ends, nothing is granted. */
static void without_memory_nothing_is_granted(void **state)
{
	struct fixture *f = *state;
	const struct label *label = label_of(f, label_vectors[L2]);
	struct arena none = {.limit = 1};
	struct label out;

	assert_int_equal(label_decide(&none, label, f->clearances[K5], &f->options).why, LABEL_NO_MEMORY);
	assert_int_equal(label_parse_base64(&none, str_of(label_vectors[L2]), &f->options, &out), TRUNK_ENOMEM);
	assert_int_equal(label_join(&none, label, label, &out), TRUNK_ENOMEM);
	arena_fini(&none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_label_meets_every_clearance),
		TEST(classes_are_members_not_ranks),
		TEST(every_restrictive_value_is_held),
		TEST(one_permissive_value_is_held_and_surplus_does_nothing),
		TEST(the_first_rule_that_denies_is_told),
		TEST(permissive_tags_are_grouped_by_set_and_tag),
		TEST(values_far_apart_are_told_apart),
		TEST(nil_denies),
		TEST(each_reason_has_its_condition),
		TEST(without_memory_nothing_is_granted),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
