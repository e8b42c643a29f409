/* SPDX-License-Identifier: Apache-2.0
 * The verdict on a domain pair: rules in order, then the last word of the zones (design.md §5). */
#include "policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct zone internal = {.name = "internal"}, outside = {.name = "outside"};
static const struct spoke saturn = {.name = "saturn", .zone = &internal}, mercury = {.name = "mercury", .zone = &internal};
static const struct spoke pluto = {.name = "pluto", .zone = &outside};

static const char *const from_internal[] = {"internal", NULL}, *const to_outside[] = {"outside", NULL};
static const char *const to_lab[] = {"other.example", "*.lab.example", NULL}, *const to_exact[] = {"mercury.example.net", NULL};

static struct verdict judge(const struct rule *rules, unsigned count, const char *sender, const struct spoke *from,
			    const char *target, const struct spoke *to)
{
	const struct domain_pair pair = {.sender = str_of(sender), .target = str_of(target)};
	struct policy *policy = policy_new(rules, count);
	struct verdict verdict;

	assert_non_null(policy);
	verdict = policy_judge(policy, &pair, from, to);
	policy_free(&policy);
	assert_null(policy);
	return verdict;
}

static struct verdict within(const struct rule *rules, unsigned count, const char *target)
{
	return judge(rules, count, "saturn.example.org", &saturn, target, &mercury);
}

static void within_a_zone_the_last_word_is_pass(void **state)
{
	const struct verdict verdict = within(NULL, 0, "mercury.example.net");

	(void)state;
	assert_int_equal(verdict.decision, DECISION_PASS);
	assert_string_equal(verdict.rule, "zone");
}

static void between_zones_the_last_word_is_reject(void **state)
{
	const struct verdict verdict = judge(NULL, 0, "saturn.example.org", &saturn, "pluto.example", &pluto);

	(void)state;
	assert_int_equal(verdict.decision, DECISION_REJECT);
	assert_int_equal(verdict.condition, COND_POLICY_VIOLATION);
	assert_string_equal(verdict.rule, "zone");
}

/* design.md §2, "Never an open relay"; no rule can make up for it. */
static void a_pair_with_a_domain_that_nobody_serves_is_never_permitted(void **state)
{
	const struct rule pass_all = {.name = "all", .is_pass = true};
	struct verdict verdict;

	(void)state;
	verdict = judge(&pass_all, 1, "saturn.example.org", &saturn, "stranger.example", NULL);
	assert_int_equal(verdict.decision, DECISION_REJECT);
	assert_int_equal(verdict.condition, COND_REMOTE_SERVER_NOT_FOUND);
	verdict = judge(&pass_all, 1, "stranger.example", NULL, "mercury.example.net", &mercury);
	assert_int_equal(verdict.decision, DECISION_REJECT);
	assert_int_equal(verdict.condition, COND_POLICY_VIOLATION);
	verdict = judge(&pass_all, 1, "stranger.example", NULL, "stranger2.example", NULL);
	assert_int_equal(verdict.decision, DECISION_REJECT);
}

static void the_first_rule_that_fits_decides(void **state)
{
	const struct rule rules[] = {
		{.name = "one", .line = 7, .to = to_lab},
		{.name = "two", .line = 8, .is_pass = true, .to = to_exact},
		{.name = "three", .line = 9},
	};
	struct verdict verdict;

	(void)state;
	verdict = within(rules, 3, "a.lab.example");
	assert_string_equal(verdict.rule, "one");
	assert_int_equal(verdict.line, 7);
	verdict = within(rules, 3, "mercury.example.net");
	assert_int_equal(verdict.decision, DECISION_PASS);
	assert_string_equal(verdict.rule, "two");
	assert_int_equal(verdict.line, 8);
	verdict = within(rules, 3, "lab.example");      /* "*.lab.example" does not cover it */
	assert_int_equal(verdict.decision, DECISION_REJECT);
	assert_string_equal(verdict.rule, "three");
}

static void both_sides_of_a_rule_must_fit(void **state)
{
	const struct rule mail_out = {.name = "mail out", .is_pass = true, .from = from_internal, .to = to_outside};

	(void)state;
	assert_int_equal(judge(&mail_out, 1, "saturn.example.org", &saturn, "pluto.example", &pluto).decision, DECISION_PASS);
	assert_int_equal(judge(&mail_out, 1, "pluto.example", &pluto, "saturn.example.org", &saturn).decision, DECISION_REJECT);
	assert_string_equal(within(&mail_out, 1, "mercury.example.net").rule, "zone");
}

static void a_rule_may_close_what_the_zone_would_pass(void **state)
{
	const struct rule closed = {.name = "closed", .to = to_exact, .condition = "forbidden", .text = "not today"};
	const struct verdict verdict = within(&closed, 1, "mercury.example.net");

	(void)state;
	assert_int_equal(verdict.decision, DECISION_REJECT);
	assert_int_equal(verdict.condition, COND_FORBIDDEN);
	assert_string_equal(verdict.text, "not today");
	assert_int_equal(within(&closed, 1, "other.example").decision, DECISION_PASS);
}

static void a_condition_that_is_none_becomes_the_default(void **state)
{
	const struct rule rules[] = {{.name = "unknown", .to = to_exact, .condition = "no-such-word"}, {.name = "none"}};

	(void)state;
	assert_int_equal(within(rules, 2, "mercury.example.net").condition, COND_POLICY_VIOLATION);
	assert_int_equal(within(rules, 2, "other.example").condition, COND_POLICY_VIOLATION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(within_a_zone_the_last_word_is_pass),
		cmocka_unit_test(between_zones_the_last_word_is_reject),
		cmocka_unit_test(a_pair_with_a_domain_that_nobody_serves_is_never_permitted),
		cmocka_unit_test(the_first_rule_that_fits_decides),
		cmocka_unit_test(both_sides_of_a_rule_must_fit),
		cmocka_unit_test(a_rule_may_close_what_the_zone_would_pass),
		cmocka_unit_test(a_condition_that_is_none_becomes_the_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
