/* SPDX-License-Identifier: Apache-2.0
 * Whether a label is valid under its own policy (label-policy 5.1), and how labels compare and join (5.5). */
#include "fixture.h"

#include "label/label_internal.h"
#include "spif_text.h"

/* The reason for a label in words under a policy of its own, at `options` without policies. */
static const char *judged(struct fixture *f, const char *spif, const struct label_options *with, const char *words)
{
	struct label_policies *policies = label_policies_new();
	struct label_options options = *with;
	const char *out;

	policy_add(policies, spif);
	options.policies = policies;
	out = reason(f, label_validate(words_in(f, &options, words), &options));
	label_policies_free(&policies);
	return out;
}

static const struct label_options at_now = {.has_clock = true, .wall_ms = NOW_MS};

#define VALID(spif, words) assert_string_equal(judged(f, spif, &at_now, words), "granted")
#define INVALID(spif, words, what) assert_string_equal(judged(f, spif, &at_now, words), "invalid:" what)

static void an_excluded_class_makes_a_label_invalid(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(reason(f, label_validate(words_of(f, "FARM: OPEN; Compartment=TULIP"), &f->options)),
			    "invalid:excluded");
	assert_string_equal(reason(f, label_validate(words_of(f, "FARM: GUARDED; Compartment=TULIP"), &f->options)), "granted");
}

static void a_required_class_is_the_only_one(void **state)
{
	struct fixture *f = *state;
	const char *spif = SPIF(CLASSES SETS(SET("A", "1.2.3.1", TAG("T", "tagType='restrictive'",
		"<tagCategory name='X' lacv='1' requiredClass='S'/>"))));

	VALID(spif, "TEST: S; A=X");
	INVALID(spif, "TEST: U; A=X", "excluded");
}

#define GROUP_X "<categoryGroup tagSetRef='B' tagType='tagType7' lacv='1'/>"
#define GROUP_Y "<categoryGroup tagSetRef='B' tagType='tagType7' lacv='2'/>"
#define GROUP_ALL "<categoryGroup tagSetRef='B' tagType='tagType7' all='true'/>"
#define NEEDS(operation, groups)                                                                                               \
	SPIF(CLASSES SETS(                                                                                                     \
		SET("A", "1.2.3.1",                                                                                            \
		    TAG("A", "tagType='restrictive'",                                                                          \
			VALUE("V", "1", "<requiredCategory operation='" operation "'>" groups "</requiredCategory>")))         \
			SET("B", "1.2.3.2",                                                                                    \
			    TAG("B", "tagType='tagType7' tag7Encoding='bitSetAttributes'",                                     \
				VALUE("X", "1", "") VALUE("Y", "2", "")))))

static void required_categories_are_counted(void **state)
{
	struct fixture *f = *state;

	VALID(NEEDS("onlyOne", GROUP_X GROUP_Y), "TEST: U; A=V; B=X");
	INVALID(NEEDS("onlyOne", GROUP_X GROUP_Y), "TEST: U; A=V; B=X,Y", "required");
	INVALID(NEEDS("onlyOne", GROUP_X GROUP_Y), "TEST: U; A=V", "required");
	INVALID(NEEDS("onlyOne", GROUP_ALL), "TEST: U; A=V; B=X,Y", "required");
	VALID(NEEDS("onlyOne", GROUP_ALL), "TEST: U; A=V; B=Y");
	VALID(NEEDS("oneOrMore", GROUP_X GROUP_Y), "TEST: U; A=V; B=X,Y");
	INVALID(NEEDS("oneOrMore", GROUP_X GROUP_Y), "TEST: U; A=V", "required");
	VALID(NEEDS("all", GROUP_X GROUP_Y), "TEST: U; A=V; B=X,Y");
	INVALID(NEEDS("all", GROUP_X GROUP_Y), "TEST: U; A=V; B=X", "required");
	VALID(NEEDS("all", GROUP_ALL), "TEST: U; A=V; B=X,Y");
	INVALID(NEEDS("all", GROUP_ALL), "TEST: U; A=V; B=Y", "required");
	VALID(NEEDS("all", GROUP_X), "TEST: U; B=Y");           /* speaks of labels with V */
}

static void a_class_demands_and_excludes_too(void **state)
{
	struct fixture *f = *state;
	const char *spif = SPIF(
		CLASS_LIST(CLASS("U", "1", "<excludedCategory tagSetRef='B' tagType='tagType7' lacv='2'/>")
				   CLASS("S", "2", "<requiredCategory operation='oneOrMore'>" GROUP_ALL "</requiredCategory>"))
			SETS(SET("B", "1.2.3.2",
				 TAG("B", "tagType='tagType7' tag7Encoding='bitSetAttributes'",
				     VALUE("X", "1", "") VALUE("Y", "2", "")))));

	VALID(spif, "TEST: U");
	VALID(spif, "TEST: U; B=X");
	INVALID(spif, "TEST: U; B=Y", "excluded");
	VALID(spif, "TEST: S; B=Y");
	INVALID(spif, "TEST: S", "required");
}

static void excluded_categories_do_not_stand_beside_each_other(void **state)
{
	struct fixture *f = *state;
	const char *one = RULE("<excludedCategory tagSetRef='A' tagType='restrictive' lacv='2'/>");
	const char *all = RULE("<excludedCategory tagSetRef='A' tagType='restrictive' all='true'/>");
	const char *group = RULE("<excludedCategory operation='all'><categoryGroup tagSetRef='A' tagType='restrictive' "
				 "lacv='2'/></excludedCategory>");

	VALID(one, "TEST: U; A=X");
	INVALID(one, "TEST: U; A=X,Y", "excluded");
	VALID(all, "TEST: U; A=X");                     /* a value does not exclude itself */
	INVALID(all, "TEST: U; A=X,Y", "excluded");
	VALID(all, "TEST: U; A=Y");
	INVALID(group, "TEST: U; A=X,Y", "excluded");
}

#define SELECT(attributes) SPIF(CLASSES SETS(SET("A", "1.2.3.1", TAG("A", "tagType='restrictive' " attributes, \
	VALUE("V", "1", "") VALUE("W", "2", "") VALUE("X", "3", "")))))

/* A minimum speaks of labels in which the tag is present: label-policy 8. */
static void selections_are_counted(void **state)
{
	struct fixture *f = *state;

	VALID(SELECT("singleSelection='true'"), "TEST: U; A=V");
	INVALID(SELECT("singleSelection='true'"), "TEST: U; A=V,W", "selection");
	VALID(SELECT("minSelection='2' maxSelection='unbounded'"), "TEST: U; A=V,W,X");
	INVALID(SELECT("minSelection='2'"), "TEST: U; A=V", "selection");
	VALID(SELECT("minSelection='2'"), "TEST: U");
	VALID(SELECT("maxSelection='2'"), "TEST: U; A=V,X");
	INVALID(SELECT("maxSelection='2'"), "TEST: U; A=V,W,X", "selection");
}

static void obsolete_labels_are_for_those_who_take_them(void **state)
{
	struct fixture *f = *state;
	struct label_options takes = at_now;
	const char *spif = SPIF(
		"<securityClassifications><securityClassification name='U' lacv='1' hierarchy='1'/><securityClassification "
		"name='OLD' lacv='2' hierarchy='1' obsolete='true'/></securityClassifications>" SETS(
			SET("A", "1.2.3.1",
			    TAG("A", "tagType='restrictive'", "<tagCategory name='V' lacv='1' obsolete='true'/>"))));

	takes.takes_obsolete = true;
	INVALID(spif, "TEST: OLD", "obsolete");
	INVALID(spif, "TEST: U; A=V", "obsolete");
	assert_string_equal(judged(f, spif, &takes, "TEST: OLD; A=V"), "granted");
}

static void a_value_has_its_time(void **state)
{
	struct fixture *f = *state;
	const struct label_options no_clock = {0};
	const char *spif = SPIF(CLASSES SETS(SET("A", "1.2.3.1", TAG("A", "tagType='restrictive'",
		"<tagCategory name='NOW' lacv='1' notBefore='2026-06-01T00:00:00Z' notAfter='20260601000000Z'/>"
		"<tagCategory name='LATER' lacv='2' notBefore='2026-06-01T00:00:01Z'/><tagCategory name='PAST' lacv='3' "
		"notAfter='2026-05-31T23:59:59Z'/><tagCategory name='EVER' lacv='4'/>"))));

	VALID(spif, "TEST: U; A=NOW");
	INVALID(spif, "TEST: U; A=LATER", "period");
	INVALID(spif, "TEST: U; A=PAST", "period");
	assert_string_equal(judged(f, spif, &no_clock, "TEST: U; A=NOW"), "invalid:period");
	assert_string_equal(judged(f, spif, &no_clock, "TEST: U; A=PAST"), "invalid:period");
	assert_string_equal(judged(f, spif, &no_clock, "TEST: U; A=EVER"), "granted");
}

static void no_label_is_not_valid(void **state)
{
	struct fixture *f = *state;
	const struct label zero = {0};

	assert_string_equal(reason(f, label_validate(NULL, &f->options)), "no-label");
	assert_string_equal(reason(f, label_validate(&zero, &f->options)), "unset");
	assert_int_not_equal(label_decide(&f->arena, &zero, f->clearances[K1], &f->options).why, LABEL_GRANTED);
	assert_false(label_same(&zero, &zero));
	assert_false(label_same(NULL, label_of(f, label_vectors[L1])));
	assert_false(label_same(label_of(f, label_vectors[L9]), label_of(f, label_vectors[L9])));
}

/* `label-above`: by the hierarchy of the label's own policy; what cannot be compared is above everything. */
static void labels_stand_above_classes(void **state)
{
	struct fixture *f = *state;

	assert_false(label_is_above(label_of(f, label_vectors[L1]), STR("OPEN")));
	assert_true(label_is_above(label_of(f, label_vectors[L2]), STR("OPEN")));
	assert_false(label_is_above(label_of(f, label_vectors[L2]), STR("GUARDED")));
	assert_false(label_is_above(label_of(f, label_vectors[L2]), STR("SEALED")));
	assert_true(label_is_above(label_of(f, label_vectors[L3]), STR("GUARDED")));
	assert_true(label_is_above(label_of(f, label_vectors[L1]), STR("RESTRICTED")));         /* no such class in FARM */
	assert_true(label_is_above(label_of(f, label_vectors[L9]), STR("SEALED")));
	assert_true(label_is_above(label_of(f, label_vectors[L6]), STR("SEALED")));
	assert_true(label_is_above(NULL, STR("SEALED")));
	assert_true(label_is_above(words_of(f, "MILL: LOW"), STR("OPEN")));
}

/* The number of a class is a name, not a rank. */
static void rank_is_the_hierarchy_not_the_lacv(void **state)
{
	struct fixture *f = *state;
	struct label_policies *policies = label_policies_new();
	const struct label_options options = {.policies = policies};

	policy_add(policies, SPIF("<securityClassifications><securityClassification name='HIGH' lacv='1' hierarchy='9'/>"
		"<securityClassification name='LOW' lacv='5' hierarchy='2'/></securityClassifications>"));
	assert_true(label_is_above(words_in(f, &options, "TEST: HIGH"), STR("LOW")));
	assert_false(label_is_above(words_in(f, &options, "TEST: LOW"), STR("HIGH")));
	label_policies_free(&policies);
}

static const char *joined(struct fixture *f, const char *a, const char *b)
{
	struct label label;
	const int err = label_join(&f->arena, words_of(f, a), words_of(f, b), &label);

	assert_true(err == 0 || err == TRUNK_EPOLICY);
	return err ? "nobody" : in_words(f, &label);
}

static void two_labels_join_to_the_one_above_both(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(joined(f, "FARM: OPEN", "FARM: SEALED"), "FARM: SEALED");
	assert_string_equal(joined(f, "FARM: GUARDED; Compartment=ORCHID", "FARM: GUARDED; Compartment=TULIP; Admin=STAFF"),
			    "FARM: GUARDED; Compartment=ORCHID,TULIP; Admin=STAFF");
	assert_string_equal(joined(f, "FARM: OPEN; Releasable To=XAA,XBB", "FARM: OPEN; Releasable To=XBB,XCC"),
			    "FARM: OPEN; Releasable To=XBB");
	/* A tag that is missing in one is for everyone there. */
	assert_string_equal(joined(f, "FARM: OPEN; Releasable To=XAA", "FARM: GUARDED"), "FARM: GUARDED; Releasable To=XAA");
	/* An empty intersection is for nobody, not for everyone. */
	assert_string_equal(joined(f, "FARM: OPEN; Releasable To=XAA", "FARM: OPEN; Releasable To=XBB"), "nobody");
	assert_string_equal(joined(f, "FARM: OPEN", "MILL: LOW"), "nobody");
}

static void what_cannot_be_joined_is_refused(void **state)
{
	struct fixture *f = *state;
	struct label_policies *policies = label_policies_new();
	const struct label_options options = {.policies = policies};
	struct label label;

	assert_int_equal(label_join(&f->arena, label_of(f, label_vectors[L9]), label_of(f, label_vectors[L1]), &label),
			 TRUNK_EPOLICY);
	policy_add(policies, SPIF("<securityClassifications><securityClassification name='A' lacv='1' hierarchy='1'/>"
		"<securityClassification name='B' lacv='2' hierarchy='1'/></securityClassifications>"));
	assert_int_equal(label_join(&f->arena, words_in(f, &options, "TEST: A"), words_in(f, &options, "TEST: B"), &label),
			 TRUNK_EPOLICY);
	assert_int_equal(label_join(&f->arena, words_in(f, &options, "TEST: A"), words_in(f, &options, "TEST: A"), &label), 0);
	label_policies_free(&policies);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_excluded_class_makes_a_label_invalid),
		TEST(a_required_class_is_the_only_one),
		TEST(required_categories_are_counted),
		TEST(a_class_demands_and_excludes_too),
		TEST(excluded_categories_do_not_stand_beside_each_other),
		TEST(selections_are_counted),
		TEST(obsolete_labels_are_for_those_who_take_them),
		TEST(a_value_has_its_time),
		TEST(no_label_is_not_valid),
		TEST(labels_stand_above_classes),
		TEST(rank_is_the_hierarchy_not_the_lacv),
		TEST(two_labels_join_to_the_one_above_both),
		TEST(what_cannot_be_joined_is_refused),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
