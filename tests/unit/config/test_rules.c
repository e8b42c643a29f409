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
	assert_int_equal(rules[0].action, RULE_REJECT);
	assert_string_equal(rules[0].from[0].word, "internal");
	assert_int_equal(rules[0].from[0].kind, SIDE_ZONE);
	assert_int_equal(rules[0].from[1].kind, SIDE_END);
	assert_string_equal(rules[0].to[0].word, "outside");
	assert_string_equal(rules[0].condition, "forbidden");
	assert_string_equal(rules[0].text, "no");
	assert_string_equal(rules[1].name, "rule-6");
	assert_int_equal(rules[1].action, RULE_PASS);
	assert_string_equal(rules[1].from[1].word, "mercury.example.net");
	assert_int_equal(rules[1].from[1].kind, SIDE_DOMAIN);
	assert_string_equal(rules[1].from[2].word, "*.lab.example");
	assert_int_equal(rules[1].from[3].kind, SIDE_END);
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
		"trunkd.yaml:4:14: \"rules[].to\" must be a zone, a domain, \"*.\" and a domain, or an address, not \"a.*.b\"\n");
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

static void addresses_have_a_localpart_or_any(void **state)
{
	struct config *config = takes(ZONES "rules: [{from: [Ann@Saturn.example.org, \"*@*.example.net\"], action: reject}]\n");
	const struct rule_side *from = config->rules[0].from;

	(void)state;
	assert_int_equal(from[0].kind, SIDE_ADDRESS);
	assert_string_equal(from[0].local, "Ann");
	assert_string_equal(from[0].word, "saturn.example.org");
	assert_int_equal(from[1].kind, SIDE_ADDRESS);
	assert_string_equal(from[1].local, "*");
	assert_string_equal(from[1].word, "*.example.net");
	config_free(&config);
	refuses(ZONES "rules: [{from: ann@saturn.example.org/desk, action: reject}]\n",
		"trunkd.yaml:4:16: \"rules[].from\" must be an address without resource, such as \"ann@example.org\" or \"*@example.org\", "
		"not \"ann@saturn.example.org/desk\"\n");
	refuses(ZONES "rules: [{from: \"a*@saturn.example.org\", action: reject}]\n",
		"trunkd.yaml:4:16: \"rules[].from\": \"a*\" is no localpart of an address; \"*\" stands for any, as a whole\n");
	refuses(ZONES "rules: [{from: \"@saturn.example.org\", action: reject}]\n",
		"trunkd.yaml:4:16: \"rules[].from\" must be an address without resource, such as \"ann@example.org\" or \"*@example.org\", "
		"not \"@saturn.example.org\"\n");
}

/* Issue 6, "Bad input". */
static void a_rule_that_never_fits_or_never_decides_is_a_warning_with_both_lines(void **state)
{
	(void)state;
	warns(ZONES "rules:\n  - {name: a, from: internal, action: pass}\n  - {name: b, from: saturn.example.org, kind: iq, action: reject}\n",
	      "warning: trunkd.yaml:6:5: rule \"b\" never decides: rule \"a\" (line 5) fits all that it fits and stands before it; move it up or "
	      "remove it\n");
	warns(ZONES "rules:\n  - {name: a, kind: iq, action: pass}\n  - {name: b, action: reject}\n  - {name: c, from: ann@saturn.example.org, action: pass}\n",
	      "warning: trunkd.yaml:7:5: rule \"c\" never decides: rule \"b\" (line 6) fits all that it fits and stands before it; move it up or "
	      "remove it\n");
	warns(ZONES "rules:\n  - {name: a, monitor: true, action: reject}\n  - {name: b, rate: 5/s, action: reject}\n  - {name: c, kind: [iq, "
		    "presence], action: pass}\n  - {name: d, kind: message, action: reject}\n",
	      "");
	warns(ZONES "rules:\n  - kind: message\n    type: get\n    action: pass\n",
	      "warning: trunkd.yaml:6:11: rule \"rule-5\" never fits: no stanza of its \"kind\" (line 5) has such a type\n");
	warns(ZONES "rules: [{size-above: 1MiB, action: reject}]\n",
	      "warning: trunkd.yaml:4:22: rule \"rule-4\" never fits: \"limits.stanza-size\" takes nothing that is larger\n");
}

static void a_namespace_that_the_xsf_does_not_know_is_a_warning(void **state)
{
	(void)state;
	warns(ZONES "rules: [{payload: \"urn:xmpp:jingel:1\", action: reject}]\n",
	      "warning: trunkd.yaml:4:19: \"rules[].payload\" names \"urn:xmpp:jingel:1\", which is no namespace that we know; did you mean "
	      "\"urn:xmpp:jingle\"?\n");
	warns(ZONES "rules: [{payload: [\"{urn:xmpp:jingle:1}jingle\", \"https://example.org/own\", \"http://jabber.org/protocol/muc#user\"], "
		    "action: reject}]\n",
	      "");
	refuses(ZONES "rules: [{strip: \"urn:xmpp:sec-label:0\", action: strip}]\n",
		"trunkd.yaml:4:17: \"rules[].strip\": security labels are the decision's; \"labels: first-line\" of a spoke sends messages without them\n");
}

static void what_an_action_needs_is_demanded(void **state)
{
	(void)state;
	refuses(ZONES "rules: [{action: strip}]\n",
		"trunkd.yaml:4:9: a rule with the action strip needs \"strip\", namespaces to remove, or \"opaque\"\n");
	refuses(ZONES "rules: [{action: fold}]\n", "trunkd.yaml:4:9: a rule with the action fold needs \"fold\": presence or body\n");
	refuses(ZONES "rules: [{from: internal}]\n",
		"trunkd.yaml:4:9: \"rules[].action\" is missing; set it to pass, reject, drop, strip or fold\n");
	refuses(ZONES "rules: [{rate: \"0\", action: reject}]\n",
		"trunkd.yaml:4:16: \"rules[].rate\" must be a rate such as 10/s, 10/m or 10/h, not \"0\"\n");
}

static void labels_that_are_off_cannot_be_asked_about(void **state)
{
	(void)state;
	refuses(ZONES "rules: [{name: a, unlabelled: true, action: reject}]\n",
		"trunkd.yaml:4:9: rule \"a\" asks about labels, which are off; set \"labels.policy\"\n");
	refuses(TRUNK "spokes: {a: {domains: a.example, clearance: \"FARM: OPEN\"}}\n",
		"trunkd.yaml:2:45: \"spokes.a.clearance\" is about labels, which are off; set \"labels.policy\" or remove it\n");
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
		cmocka_unit_test(addresses_have_a_localpart_or_any),
		cmocka_unit_test(a_rule_that_never_fits_or_never_decides_is_a_warning_with_both_lines),
		cmocka_unit_test(a_namespace_that_the_xsf_does_not_know_is_a_warning),
		cmocka_unit_test(what_an_action_needs_is_demanded),
		cmocka_unit_test(labels_that_are_off_cannot_be_asked_about),
		cmocka_unit_test(what_a_pass_would_ignore_is_refused),
		cmocka_unit_test(each_rule_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
