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

static const struct rule_side from_internal[] = {{SIDE_ZONE, "internal", NULL}, {0}}, to_outside[] = {{SIDE_ZONE, "outside", NULL}, {0}};
static const struct rule_side to_lab[] = {{SIDE_DOMAIN, "other.example", NULL}, {SIDE_DOMAIN, "*.lab.example", NULL}, {0}};
static const struct rule_side to_exact[] = {{SIDE_DOMAIN, "mercury.example.net", NULL}, {0}};

static struct verdict judge(const struct rule *rules, unsigned count, const char *sender, const struct spoke *from,
			    const char *target, const struct spoke *to)
{
	const struct domain_pair pair = {.sender = str_of(sender), .target = str_of(target)};
	struct policy *policy = policy_new(&(struct policy_options){.rules = rules, .rule_count = count});
	struct verdict verdict;

	assert_non_null(policy);
	verdict = policy_judge_pair(policy, &pair, from, to);
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
	const struct rule pass_all = {.name = "all", .action = RULE_PASS};
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
		{.name = "one", .line = 7, .action = RULE_REJECT, .to = to_lab},
		{.name = "two", .line = 8, .action = RULE_PASS, .to = to_exact},
		{.name = "three", .line = 9, .action = RULE_REJECT},
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
	const struct rule mail_out = {.name = "mail out", .action = RULE_PASS, .from = from_internal, .to = to_outside};

	(void)state;
	assert_int_equal(judge(&mail_out, 1, "saturn.example.org", &saturn, "pluto.example", &pluto).decision, DECISION_PASS);
	assert_int_equal(judge(&mail_out, 1, "pluto.example", &pluto, "saturn.example.org", &saturn).decision, DECISION_REJECT);
	assert_string_equal(within(&mail_out, 1, "mercury.example.net").rule, "zone");
}

static void a_rule_may_close_what_the_zone_would_pass(void **state)
{
	const struct rule closed = {.name = "closed", .action = RULE_REJECT, .to = to_exact, .condition = "forbidden", .text = "not today"};
	const struct verdict verdict = within(&closed, 1, "mercury.example.net");

	(void)state;
	assert_int_equal(verdict.decision, DECISION_REJECT);
	assert_int_equal(verdict.condition, COND_FORBIDDEN);
	/* the text itself lives as long as the policy: test_judge.c */

	assert_int_equal(within(&closed, 1, "other.example").decision, DECISION_PASS);
}

static void a_condition_that_is_none_becomes_the_default(void **state)
{
	const struct rule rules[] = {{.name = "unknown", .action = RULE_REJECT, .to = to_exact, .condition = "no-such-word"}, {.name = "none", .action = RULE_REJECT}};

	(void)state;
	assert_int_equal(within(rules, 2, "mercury.example.net").condition, COND_POLICY_VIOLATION);
	assert_int_equal(within(rules, 2, "other.example").condition, COND_POLICY_VIOLATION);
}

/* A peer may serve a domain that has the name of a zone: it is not in the zone for that. */
static void a_domain_with_the_name_of_a_zone_is_not_the_zone(void **state)
{
	const struct rule rules[] = {{.name = "in", .action = RULE_PASS, .from = from_internal}};

	(void)state;
	assert_int_equal(judge(rules, 1, "internal", &pluto, "mercury.example.net", &mercury).decision, DECISION_REJECT);
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
		cmocka_unit_test(a_domain_with_the_name_of_a_zone_is_not_the_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
