/* SPDX-License-Identifier: Apache-2.0
 * Rules, their names and their sides. */
#include "loads.h"

#define ZONES TRUNK TWO "zones: {internal: {spokes: saturn.example.org}, outside: {domains: \"*\"}}\n"

static void rules_stand_in_order_with_their_sides(void **state)
{
	struct config *config = takes(ZONES "rules:\n"
					    "  - {name: secrets stay, from: internal, to: outside, action: reject, condition: "
					    "forbidden, text: \"no\"}\n"
					    "  - {from: [internal, Mercury.example.net, \"*.Lab.example\"], action: pass}\n"
					    "  - action: reject\n");
	const struct rule *rules = config->rules;

	(void)state;
	assert_int_equal(config->rule_count, 3);
	assert_string_equal(rules[0].name, "secrets stay");
	assert_int_equal(rules[0].line, 5);
	assert_string_equal(rules[0].file, "trunkd.yaml");
	assert_false(rules[0].is_pass);
	assert_string_equal(rules[0].from[0], "internal");
	assert_null(rules[0].from[1]);
	assert_string_equal(rules[0].to[0], "outside");
	assert_string_equal(rules[0].condition, "forbidden");
	assert_string_equal(rules[0].text, "no");
	assert_string_equal(rules[1].name, "rule-6");
	assert_true(rules[1].is_pass);
	assert_string_equal(rules[1].from[1], "mercury.example.net");
	assert_string_equal(rules[1].from[2], "*.lab.example");
	assert_null(rules[1].from[3]);
	assert_null(rules[1].to);
	assert_string_equal(rules[2].name, "rule-7");
	assert_null(rules[2].condition);
	config_free(&config);
}

/* Every condition that may be written is one that the stanza room knows: none would silently become another one. */
static void conditions_are_those_of_rfc_6120(void **state)
{
#define NAME(name, text, type) text,
	static const char *const known[] = {STANZA_CONDITIONS(NAME)};
#undef NAME
	char yaml[512];

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct config *config = NULL;

		if (strcmp(known[i], "remote-connection-failed") == 0) /* of dialback errors alone: XEP-0220 §2.4 */
			continue;
		snprintf(yaml, sizeof(yaml), TRUNK TWO "rules: [{action: reject, condition: %s}]\n", known[i]);
		config = takes(yaml);
		assert_string_equal(config->rules[0].condition, known[i]);
		config_free(&config);
	}
	refuses(TRUNK TWO "rules: [{action: reject, condition: forbiden}]\n",
		"trunkd.yaml:3:37: \"rules[].condition\" must be bad-request, conflict, feature-not-implemented, forbidden, "
		"gone, "
		"internal-server-error, item-not-found, jid-malformed, not-acceptable, not-allowed, not-authorized, "
		"policy-violation, "
		"recipient-unavailable, redirect, registration-required, remote-server-not-found, remote-server-timeout, "
		"resource-constraint, "
		"service-unavailable, subscription-required, undefined-condition or unexpected-request, not \"forbiden\"; did "
		"you mean "
		"\"forbidden\"?\n");
}

static void a_word_that_is_no_zone_is_refused_with_the_nearest(void **state)
{
	(void)state;
	refuses(ZONES "rules: [{from: internl, action: pass}]\n",
		"trunkd.yaml:4:16: \"rules[].from\" names \"internl\", which is neither a zone nor a domain; did you mean "
		"\"internal\"?\n");
	refuses(ZONES "rules: [{to: [outside, zebra], action: pass}]\n",
		"trunkd.yaml:4:24: \"rules[].to\" names \"zebra\", which is neither a zone nor a domain\n");
	refuses(TRUNK "spokes: {mercury: {domains: mercury.example.net}}\nrules: [{to: mercury, action: reject}]\n",
		"trunkd.yaml:3:14: \"rules[].to\" names spoke \"mercury\"; a rule names zones or domains: write the spoke's "
		"domain\n");
	refuses(ZONES "rules: [{to: \"a.*.b\", action: reject}]\n",
		"trunkd.yaml:4:14: \"rules[].to\" must be a zone, a domain, or \"*.\" and a domain, not \"a.*.b\"\n");
}

/* A rule that could never fit must not be taken for one that does. */
static void an_empty_side_is_not_any(void **state)
{
	(void)state;
	refuses(ZONES "rules: [{from: [], action: pass}]\n",
		"trunkd.yaml:4:16: \"rules[].from\" is an empty list; name at least one or remove it\n");
}

static void a_domain_that_nobody_serves_is_a_warning(void **state)
{
	(void)state;
	warns(TRUNK TWO "rules: [{from: venus.example.org, action: reject}]\n",
	      "warning: trunkd.yaml:3:16: \"rules[].from\" names \"venus.example.org\", which no spoke and no zone serves; "
	      "the rule never fits "
	      "there\n");
	warns(TRUNK TWO "rules: [{from: \"*.example.org\", action: reject}]\n", "");
	warns(TRUNK TWO "rules: [{from: \"*\", to: trunk.example.com, action: reject}]\n", "");
	warns(TRUNK "spokes: {a: {domains: localhost}}\nrules: [{from: localhost, action: reject}]\n", "");
}

static void addresses_are_not_built_yet(void **state)
{
	(void)state;
	refuses(ZONES "rules: [{from: ann@saturn.example.org, action: reject}]\n",
		"trunkd.yaml:4:16: an address as \"rules[].from\" is known but not built into this version "
		"(" TRUNK_VERSION ") yet; write a "
		"zone or a domain\n");
}

static void what_a_pass_would_ignore_is_refused(void **state)
{
	(void)state;
	refuses(ZONES "rules: [{action: pass, condition: forbidden, text: no}]\n",
		"trunkd.yaml:4:24: \"rules[].condition\" is for the action reject; remove it or change the action\n"
		"trunkd.yaml:4:46: \"rules[].text\" is for the action reject; remove it or change the action\n");
	refuses(ZONES "rules: [{action: reject, text: \"\"}]\n",
		"trunkd.yaml:4:32: \"rules[].text\" must be a text of 1 to 1000 bytes, not 0\n");
}

static void each_rule_has_a_name_of_its_own(void **state)
{
	(void)state;
	refuses(ZONES "rules:\n  - {name: a, action: pass}\n  - {name: a, action: reject}\n",
		"trunkd.yaml:6:5: rule \"a\" has the name of another one (line 5); give it a name of its own\n");
	refuses(ZONES "rules:\n  - {name: rule-6, action: pass}\n  - {action: reject}\n",
		"trunkd.yaml:6:5: rule \"rule-6\" has the name of another one (line 5); give it a name of its own\n");
	refuses(ZONES "rules: [{name: \"a\\nb\", action: pass}]\n",
		"trunkd.yaml:4:16: \"rules[].name\" must be a name in one line, not \"a\\x0ab\"\n");
	refuses(ZONES "rules: [pass]\n", "trunkd.yaml:4:9: \"rules[]\" must be a map of options, not a single value\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_stand_in_order_with_their_sides),
		cmocka_unit_test(conditions_are_those_of_rfc_6120),
		cmocka_unit_test(a_word_that_is_no_zone_is_refused_with_the_nearest),
		cmocka_unit_test(an_empty_side_is_not_any),
		cmocka_unit_test(a_domain_that_nobody_serves_is_a_warning),
		cmocka_unit_test(addresses_are_not_built_yet),
		cmocka_unit_test(what_a_pass_would_ignore_is_refused),
		cmocka_unit_test(each_rule_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
