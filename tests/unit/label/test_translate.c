/* SPDX-License-Identifier: Apache-2.0
 * Labels in another policy: label-policy 6. What restricts is never lost on the way. */
#include "fixture.h"

#include "spif_text.h"

/* Octets, or the reason. */
static const char *to_mill(struct fixture *f, unsigned vector)
{
	struct label label;
	const struct label_decision decision =
		label_translate(&f->arena, label_of(f, label_vectors[vector]), f->mill, &f->options, &label);

	return decision.why == LABEL_GRANTED ? base64(f, &label) : reason(f, decision);
}

static void vectors_are_translated(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(to_mill(f, L1), "MQ8CAQEGCisGAQQBgf1ZTQI=");
	assert_string_equal(to_mill(f, L5), "MQ8CAQEGCisGAQQBgf1ZTQI=");        /* STAFF is discarded */
	assert_string_equal(to_mill(f, L2), "MTgCAQUGCisGAQQBgf1ZTQIxJzAlgApghkgBZQIBCAMBoRcwFQYLKwYBBAGB/VlNAgIxBgIBCwIBDA==");
	/* XCC is dropped: narrower */
	assert_string_equal(
		to_mill(f, L10),
		"MVgCAQUGCisGAQQBgf1ZTQIxRzAhgApghkgBZQIBCAMAoRMwEQYLKwYBBAGB/VlNAgEDAgMIMCKACmCGSAFlAgEIAwGhFDASBgsr"
		"BgEEAYH9WU0CAjEDAgEL");
	assert_string_equal(to_mill(f, L3), "no-equivalent:class");
	assert_string_equal(to_mill(f, L4), "no-equivalent:TULIP");
	assert_string_equal(to_mill(f, L12), "no-equivalent:permissive");
	assert_string_equal(to_mill(f, L11), base64(f, words_of(f, "MILL: HIGH"))); /* without the privacy mark */
	assert_string_equal(to_mill(f, L9), "invalid:value");
	assert_string_equal(to_mill(f, L6), "no-policy");
}

/* `both` in FARM alone serves both ways. */
static void labels_arrive_by_the_other_policy(void **state)
{
	struct fixture *f = *state;
	struct label label;

	assert_int_equal(
		label_translate(&f->arena, words_of(f, "MILL: HIGH; Project=P4; Release=R12"), f->farm, &f->options, &label)
			.why,
		LABEL_GRANTED);
	assert_string_equal(in_words(f, &label), "FARM: GUARDED; Compartment=ORCHID; Releasable To=XBB");
	assert_int_equal(label_translate(&f->arena, words_of(f, "FARM: OPEN"), f->farm, &f->options, &label).why,
			 LABEL_GRANTED);
	assert_string_equal(in_words(f, &label), "FARM: OPEN");
}

/* Two policies A and B; `from` and `to` are what stands in them besides A's class U and B's class V. */
#define A(class, sets) SPIF_NAMED("A", "1.2.1", CLASS_LIST(CLASS("U", "1", class) CLASS("W", "2", "")) SETS(sets) \
	"<equivalentPolicies><equivalentPolicy name='B' id='1.2.2'/></equivalentPolicies>")
#define B(class, sets) SPIF_NAMED("B", "1.2.2", CLASS_LIST(CLASS("V", "1", class) CLASS("X", "2", "")) SETS(sets) \
	"<equivalentPolicies><equivalentPolicy name='A' id='1.2.1'/></equivalentPolicies>")
#define CLASS_TO_B(applied) "<equivalentClassification policyRef='B' lacv='1' applied='" applied "'/>"
#define VALUE_TO(policy, set, type, lacv, applied) "<equivalentSecCategoryTag policyRef='" policy "' tagSetId='" set \
	"' " type " lacv='" lacv \
	"' applied='" applied "'/>"
#define MUST "tagType='restrictive'"
#define MAY "tagType='permissive'"
#define INFO "tagType='tagType7'"
#define INFO_TAG "tagType='tagType7' tag7Encoding='bitSetAttributes'"

/* Loads the two, warnings or not, and translates words from A to B; in words, or the reason. */
static const char *translated_with(struct fixture *f, const struct label_options *with, const char *a, const char *b,
				   const char *words)
{
	struct label_policies *policies = label_policies_new();
	struct label_options options = *with;
	struct label_decision decision;
	struct label label;
	const char *out;

	assert_int_equal(label_policies_add(policies, "a", str_of(a), NULL, NULL), 0);
	assert_int_equal(label_policies_add(policies, "b", str_of(b), NULL, NULL), 0);
	options.policies = policies;
	decision = label_translate(&f->arena, words_in(f, &options, words), label_policies_at(policies, 1), &options, &label);
	out = decision.why == LABEL_GRANTED ? in_words(f, &label) : reason(f, decision);
	label_policies_free(&policies);
	return out;
}

static const char *translated(struct fixture *f, const char *a, const char *b, const char *words)
{
	return translated_with(f, &(struct label_options){0}, a, b, words);
}

static void directions_are_kept(void **state)
{
	struct fixture *f = *state;
	const char *arriving = B("<equivalentClassification policyRef='A' lacv='1' applied='decrypt'/>", "");

	assert_string_equal(translated(f, A(CLASS_TO_B("encrypt"), ""), B("", ""), "A: U"), "B: V");
	assert_string_equal(translated(f, A(CLASS_TO_B("both"), ""), B("", ""), "A: U"), "B: V");
	assert_string_equal(translated(f, A(CLASS_TO_B("decrypt"), ""), B("", ""), "A: U"), "no-equivalent:class");
	assert_string_equal(translated(f, A("", ""), arriving, "A: U"), "B: V");
	assert_string_equal(
		translated(f, A("", ""), B("<equivalentClassification policyRef='A' lacv='1' applied='encrypt'/>", ""), "A: U"),
		"no-equivalent:class");
	assert_string_equal(translated(f, A("", ""), arriving, "A: W"), "no-equivalent:class");
}

/* label-policy 8: two SPIFs disagree when each yields a translation and the two differ in meaning. */
static void policies_that_disagree_deny(void **state)
{
	struct fixture *f = *state;
	const char *other = SPIF_NAMED(
		"B", "1.2.2",
		CLASS_LIST(CLASS("V", "1", "") CLASS("X", "2",
						     "<equivalentClassification policyRef='A' lacv='1' "
						     "applied='decrypt'/>")) "<equivalentPolicies><equivalentPolicy name='A' "
									     "id='1.2.1'/></equivalentPolicies>");

	assert_string_equal(translated(f, A(CLASS_TO_B("encrypt"), ""), other, "A: U"), "no-equivalent:agreement");
	assert_string_equal(translated(f, A("", ""), other, "A: U"),
			    "B: X"); /* one that yields none leaves the word to the other */
}

/* One value twice over, in the other policy's words too. */
static void two_classes_for_one_are_none(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(
		translated(f,
			   A(CLASS_TO_B("encrypt") "<equivalentClassification policyRef='B' lacv='2' applied='encrypt'/>", ""),
			   B("", ""), "A: U"),
		"no-equivalent:class");
	assert_string_equal(translated(f, A(CLASS_TO_B("encrypt") CLASS_TO_B("encrypt"), ""), B("", ""), "A: U"), "B: V");
	assert_string_equal(
		translated(f, A("<equivalentClassification policyRef='B' lacv='9' applied='encrypt'/>", ""), B("", ""), "A: U"),
		"no-equivalent:class");
}

#define B_SETS SET("Must", "1.2.2.1", TAG("Must", MUST, VALUE("M1", "1", "") VALUE("M2", "2", ""))) \
	SET("May", "1.2.2.2", TAG("May", MAY, VALUE("Y1", "1", "") VALUE("Y2", "2", ""))) \
	SET("Info", "1.2.2.3", TAG("Info", INFO_TAG, VALUE("I1", "1", "")))

/* A restriction may not become a choice, a remark or nothing. */
static void a_restriction_goes_on_to_restrict(void **state)
{
	struct fixture *f = *state;
	const char *b = B("", B_SETS);
#define RESTRICT(to) A(CLASS_TO_B("both"), SET("S", "1.2.1.1", TAG("S", MUST, VALUE("R", "1", to) VALUE("Q", "2", to))))

	assert_string_equal(translated(f, RESTRICT(VALUE_TO("B", "1.2.2.1", MUST, "2", "both")), b, "A: U; S=R"),
			    "B: V; Must=M2");
	assert_string_equal(translated(f, RESTRICT(""), b, "A: U; S=R"), "no-equivalent:R");
	assert_string_equal(translated(f, RESTRICT(VALUE_TO("B", "1.2.2.1", MUST, "9", "both")), b, "A: U; S=R"),
			    "no-equivalent:R");
	assert_string_equal(translated(f, RESTRICT(VALUE_TO("B", "1.2.2.9", MUST, "1", "both")), b, "A: U; S=R"),
			    "no-equivalent:R");
	assert_string_equal(translated(f, RESTRICT(VALUE_TO("B", "1.2.2.2", MAY, "1", "both")), b, "A: U; S=R"),
			    "no-equivalent:R");
	assert_string_equal(translated(f, RESTRICT(VALUE_TO("B", "1.2.2.3", INFO, "1", "both")), b, "A: U; S=R"),
			    "no-equivalent:R");
	assert_string_equal(
		translated(f, RESTRICT(VALUE_TO("B", "1.2.2.1", MUST, "1", "both") VALUE_TO("B", "1.2.2.2", MAY, "1", "both")),
			   b, "A: U; S=R"),
		"B: V; Must=M1; May=Y1");
	/* R and Q were both demanded; as one choice they would be either. */
	assert_string_equal(
		translated(f, RESTRICT(VALUE_TO("B", "1.2.2.1", MUST, "1", "both") VALUE_TO("B", "1.2.2.2", MAY, "1", "both")),
			   b, "A: U; S=R,Q"),
		"no-equivalent:permissive");
}

/* What a value is called there when it arrives says nothing of one that leaves, nor of one of another kind. */
static void directions_and_kinds_of_values_are_kept(void **state)
{
	struct fixture *f = *state;
	const char *arriving = B("<equivalentClassification policyRef='A' lacv='1' applied='decrypt'/>",
		SET("Must", "1.2.2.1", TAG("Must", MUST, VALUE("M1", "1", VALUE_TO("A", "1.2.1.1", MUST, "1", "decrypt")))));
	const char *of_bits = B("<equivalentClassification policyRef='A' lacv='1' applied='decrypt'/>",
		SET("Must", "1.2.2.1", TAG("Must", MUST, VALUE("M1", "1", VALUE_TO("A", "1.2.1.1", MAY, "1", "decrypt")))));

	assert_string_equal(translated(f, RESTRICT(VALUE_TO("B", "1.2.2.1", MUST, "1", "encrypt")), B("", B_SETS), "A: U; S=R"),
			    "B: V; Must=M1");
	assert_string_equal(translated(f, RESTRICT(VALUE_TO("B", "1.2.2.1", MUST, "1", "decrypt")), B("", B_SETS), "A: U; S=R"),
			    "no-equivalent:R");
	assert_string_equal(translated(f, RESTRICT(""), arriving, "A: U; S=R"), "B: V; Must=M1");
	assert_string_equal(translated(f, RESTRICT(""), of_bits, "A: U; S=R"), "no-equivalent:R");
}

/* Without a clock the successor might count as well, and it has no place in an equivalent. */
static void a_label_that_may_be_two_is_not_translated(void **state)
{
	struct fixture *f = *state;
	struct label two = *words_of(f, "FARM: OPEN"), out;

	assert_int_equal(label_translate(&f->arena, &two, f->mill, &f->options, &out).why, LABEL_GRANTED);
	two.also = words_of(f, "FARM: OPEN");
	assert_string_equal(reason(f, label_translate(&f->arena, &two, f->mill, &f->options, &out)),
			    "no-equivalent:succession");
}

static void a_discarded_restriction_denies_unless_asked_for(void **state)
{
	struct fixture *f = *state;
	const struct label_options takes = {.takes_discards = true};
	const char *a =
		A(CLASS_TO_B("both"), SET("S", "1.2.1.1",
					  TAG("S", MUST,
					      VALUE("R", "1",
						    "<equivalentSecCategoryTag policyRef='B' "
						    "applied='encrypt' action='discard'/>")))
					      SET("T", "1.2.1.2",
						  TAG("T", MAY,
						      VALUE("P", "1",
							    "<equivalentSecCategoryTag policyRef='B' "
							    "applied='encrypt' action='discard'/>") VALUE("Q", "2", "")
							      VALUE("Y", "3", VALUE_TO("B", "1.2.2.2", MAY, "1", "both")))));
	const char *b = B("", B_SETS);

	assert_string_equal(translated(f, a, b, "A: U; S=R"), "no-equivalent:R");
	assert_string_equal(translated_with(f, &takes, a, b, "A: U; S=R"), "B: V");
	/* Dropped and turned into a choice at once: the choice is what the SPIF says first. */
	assert_string_equal(
		translated_with(
			f, &takes,
			RESTRICT("<equivalentSecCategoryTag policyRef='B' applied='encrypt' action='discard'/>" VALUE_TO(
				"B", "1.2.2.2", MAY, "1", "encrypt")),
			b, "A: U; S=R"),
		"no-equivalent:R");
	assert_string_equal(translated(f, a, b, "A: U; T=P"), "no-equivalent:permissive");
	assert_string_equal(translated_with(f, &takes, a, b, "A: U; T=P"), "B: V");
	assert_string_equal(translated_with(f, &takes, a, b, "A: U; T=P,Q"),
			    "no-equivalent:permissive"); /* nobody discards Q */
	assert_string_equal(translated(f, a, b, "A: U; T=P,Y"), "B: V; May=Y1");
}

/* Who could see by the first tag alone must not get in by the second. */
static void two_choices_do_not_become_one(void **state)
{
	struct fixture *f = *state;
	const char *a =
		A(CLASS_TO_B("both"),
		  SET("S", "1.2.1.1",
		      TAG("S", MAY,
			  VALUE("P", "1", VALUE_TO("B", "1.2.2.2", MAY, "1", "both"))
				  VALUE("P2", "2", VALUE_TO("B", "1.2.2.2", MAY, "2", "both"))))
			  SET("T", "1.2.1.2", TAG("T", MAY, VALUE("Q", "1", VALUE_TO("B", "1.2.2.2", MAY, "2", "both"))))
				  SET("I", "1.2.1.3",
				      TAG("I", INFO_TAG, VALUE("N", "1", VALUE_TO("B", "1.2.2.2", MAY, "2", "both")))));
	const char *b = B("", B_SETS);

	assert_string_equal(translated(f, a, b, "A: U; S=P,P2"), "B: V; May=Y1,Y2");
	assert_string_equal(translated(f, a, b, "A: U; T=Q"), "B: V; May=Y2");
	assert_string_equal(translated(f, a, b, "A: U; S=P; T=Q"), "no-equivalent:permissive");
	assert_string_equal(translated(f, a, b, "A: U; S=P; I=N"), "no-equivalent:permissive");
}

static void a_choice_may_become_a_demand(void **state)
{
	struct fixture *f = *state;
	const char *a = A(CLASS_TO_B("both"), SET("S", "1.2.1.1",
						  TAG("S", MAY,
						      VALUE("P", "1", VALUE_TO("B", "1.2.2.1", MUST, "1", "both"))
							      VALUE("Q", "2", VALUE_TO("B", "1.2.2.3", INFO, "1", "both")))));

	assert_string_equal(translated(f, a, B("", B_SETS), "A: U; S=P,Q"), "B: V; Must=M1; Info=I1");
	assert_string_equal(translated(f, a, B("", B_SETS), "A: U; S=Q"), "no-equivalent:permissive");
}

/* label-policy 8: the equivalent holds only for labels that carry what it requires. */
static void conditions_of_equivalents_are_kept(void **state)
{
	struct fixture *f = *state;
	const char *a = SPIF_NAMED(
		"A", "1.2.1",
		CLASS_LIST(CLASS("U", "1",
				 "<equivalentClassification policyRef='B' lacv='1' applied='encrypt'>"
				 "<requiredCategory operation='all'><categoryGroup tagSetRef='I' tagType='tagType7' "
				 "lacv='1'/></requiredCategory>"
				 "</equivalentClassification>"))
			SETS(SET("I", "1.2.1.3",
				 TAG("I", INFO_TAG, VALUE("N", "1", "")))) "<equivalentPolicies><equivalentPolicy name='B' "
									   "id='1.2.2'/></equivalentPolicies>");
	/* One of its two groups names what A does not have, so nobody knows what was meant. */
	const char *doubtful = SPIF_NAMED(
		"A", "1.2.1",
		CLASS_LIST(CLASS("U", "1",
				 "<equivalentClassification policyRef='B' lacv='1' "
				 "applied='encrypt'><requiredCategory operation='oneOrMore'><categoryGroup tagSetRef='I' "
				 "tagType='tagType7' lacv='1'/>"
				 "<categoryGroup tagSetRef='None' tagType='tagType7' "
				 "lacv='1'/></requiredCategory></equivalentClassification>"))
			SETS(SET("I", "1.2.1.3",
				 TAG("I", INFO_TAG, VALUE("N", "1", "")))) "<equivalentPolicies><equivalentPolicy name='B' "
									   "id='1.2.2'/></equivalentPolicies>");
	const char *whole = SPIF_NAMED(
		"A", "1.2.1",
		CLASS_LIST(CLASS("U", "1", CLASS_TO_B("encrypt")))
			SETS(SET("I", "1.2.1.3",
				 TAG("I", INFO_TAG,
				     VALUE("N", "1", "")))) "<equivalentPolicies><equivalentPolicy name='B' id='1.2.2'>"
							    "<requiredCategory operation='all'><categoryGroup tagSetRef='I' "
							    "tagType='tagType7' lacv='1'/></requiredCategory>"
							    "</equivalentPolicy></equivalentPolicies>");

	assert_string_equal(translated(f, a, B("", ""), "A: U; I=N"), "B: V");
	assert_string_equal(translated(f, a, B("", ""), "A: U"), "no-equivalent:class");
	assert_string_equal(translated(f, doubtful, B("", ""), "A: U; I=N"), "no-equivalent:class");
	assert_string_equal(translated(f, whole, B("", ""), "A: U; I=N"), "B: V");
	assert_string_equal(translated(f, whole, B("", ""), "A: U"), "no-equivalent:class");
}

static void the_result_is_valid_in_the_other_policy(void **state)
{
	struct fixture *f = *state;
	const char *a = A(CLASS_TO_B("both"),
			  SET("S", "1.2.1.1", TAG("S", MUST, VALUE("R", "1", VALUE_TO("B", "1.2.2.1", MUST, "1", "both")))));
	const char *b = B("", SET("Must", "1.2.2.1", TAG("Must", MUST, VALUE("M1", "1", "<excludedClass>V</excludedClass>"))));

	assert_string_equal(translated(f, a, b, "A: U; S=R"), "no-equivalent:excluded");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(vectors_are_translated),
		TEST(labels_arrive_by_the_other_policy),
		TEST(directions_are_kept),
		TEST(policies_that_disagree_deny),
		TEST(two_classes_for_one_are_none),
		TEST(a_restriction_goes_on_to_restrict),
		TEST(directions_and_kinds_of_values_are_kept),
		TEST(a_label_that_may_be_two_is_not_translated),
		TEST(a_discarded_restriction_denies_unless_asked_for),
		TEST(two_choices_do_not_become_one),
		TEST(a_choice_may_become_a_demand),
		TEST(conditions_of_equivalents_are_kept),
		TEST(the_result_is_valid_in_the_other_policy),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
