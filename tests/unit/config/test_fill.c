/* SPDX-License-Identifier: Apache-2.0
 * Options that are unknown, missing, or not built yet. */
#include "loads.h"

static void an_unknown_option_is_refused_with_the_nearest(void **state)
{
	(void)state;
	refuses(TRUNK TWO "lisen: 127.0.0.1:5269\n", "trunkd.yaml:3:1: unknown option \"lisen\"; did you mean \"listen\"?\n");
	refuses(TRUNK TWO "tls: {polici: required}\n",
		"trunkd.yaml:3:7: unknown option \"tls.polici\"; did you mean \"policy\"?\n");
	refuses(TRUNK TWO "listen_tls: 127.0.0.1:5270\n",
		"trunkd.yaml:3:1: unknown option \"listen_tls\"; did you mean \"listen-tls\"?\n");
}

static void an_unknown_option_that_has_its_place_elsewhere_is_told_it(void **state)
{
	(void)state;
	refuses(TRUNK TWO "tls: {pin: a}\n",
		"trunkd.yaml:3:7: unknown option \"tls.pin\"; its place is in \"spokes.NAME.tls\"\n");
	refuses(TRUNK TWO "stanza-size: 1MiB\n",
		"trunkd.yaml:3:1: unknown option \"stanza-size\"; its place is in \"limits\"\n");
	refuses(TRUNK TWO "limits: {dns-override: a}\n",
		"trunkd.yaml:3:10: unknown option \"limits.dns-override\"; its place is at the outermost level\n");
}

static void an_unknown_option_near_to_nothing_is_sent_to_the_list(void **state)
{
	(void)state;
	refuses(TRUNK TWO "zebra: 1\n",
		"trunkd.yaml:3:1: unknown option \"zebra\"; \"trunkctl show options\" lists those that are known\n");
}

static void a_required_option_that_is_missing_is_named(void **state)
{
	(void)state;
	refuses(TRUNK "spokes: {saturn: {transport: direct}}\n",
		"trunkd.yaml:2:18: \"spokes.saturn.domains\" is missing; set it to a domain or \"*.\" and a domain\n");
	refuses(TRUNK TWO "rules: [{name: a}]\n", "trunkd.yaml:3:9: \"rules[].action\" is missing; set it to pass, reject, drop, strip or fold\n");
}

static void a_value_left_out_is_refused(void **state)
{
	(void)state;
	refuses(TRUNK TWO "listen-tls:\nstate: /srv\n",
		"trunkd.yaml:3:12: \"listen-tls\" has no value; give it one or remove it\n");
	refuses(TRUNK TWO "tls:\nstate: /srv\n", "trunkd.yaml:3:5: \"tls\" has no value; give it one or remove it\n");
	refuses(TRUNK TWO "tls: {policy: }\n", "trunkd.yaml:3:15: \"tls.policy\" has no value; give it one or remove it\n");
	refuses(TRUNK "gateway-domains:\n", "trunkd.yaml:2:17: \"gateway-domains\" has no value; give it one or remove it\n"
					    "warning: trunkd.yaml: no spoke is named, so nothing is trunked; add "
					    "\"gateway-domains\" or "
					    "\"spokes\"\n");
}

/* design.md §5: what a version does not do yet is refused when it is set, in plain words, never ignored. */
static void what_is_not_built_yet_is_refused_in_plain_words(void **state)
{
	static const char *const later[] = {
		"http: 127.0.0.1:5280",
	};
	char yaml[512], message[512];

	(void)state;
	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		snprintf(yaml, sizeof(yaml), TRUNK TWO "%s\n", later[i]);
		snprintf(message, sizeof(message),
			 "trunkd.yaml:3:1: \"%.*s\" is known but not built into this version (" TRUNK_VERSION
			 ") yet; remove it\n",
			 (int)strcspn(later[i], ":"), later[i]);
		refuses(yaml, message);
	}
}

/* The same below spokes, zones, rules and sections that work otherwise. */
static void what_is_not_built_yet_is_refused_inside_of_what_is(void **state)
{
	static const struct {
		const char *format;
		const char *path;
		const char *option;
		unsigned column;
	} later[] = {
		{"spokes: {a: {domains: a.example, tls: {%s}}}", "spokes.a.tls", "trust: ca.pem", 40},
	};
	char row[512], yaml[600], message[512];

	(void)state;
	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		const char *hole = strstr(later[i].format, "%s");

		snprintf(row, sizeof(row), "%.*s%s%s", (int)(hole - later[i].format), later[i].format, later[i].option,
			 hole + 2);
		snprintf(yaml, sizeof(yaml), TRUNK TWO "%s\n", row);
		snprintf(message, sizeof(message),
			 "trunkd.yaml:3:%u: \"%s.%.*s\" is known but not built into this version (" TRUNK_VERSION
			 ") yet; remove it\n",
			 later[i].column, later[i].path, (int)strcspn(later[i].option, ":"), later[i].option);
		refuses(yaml, message);
	}
}

/* What is recorded nowhere can't be on disk before its stanza passes. */
static void strict_audit_without_a_store_is_refused(void **state)
{
	(void)state;
	refuses(TRUNK TWO "audit: {store: none, strict: true}\n",
		"trunkd.yaml:3:22: \"audit.strict\" needs a store that records can be on; set \"audit.store\" to sqlite, or \"strict\" to false\n");
}

/* One who writes for a later version learns of slips now. */
static void what_is_not_built_yet_is_checked_all_the_same(void **state)
{
	(void)state;
	refuses(TRUNK TWO "filters: {words: {script: words.lua, time-limit: 5}}\n",
		"trunkd.yaml:3:50: \"filters.words.time-limit\" must be a time such as 5ms, 30s, 30m, 1h or 90d, not \"5\"\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unknown_option_is_refused_with_the_nearest),
		cmocka_unit_test(an_unknown_option_that_has_its_place_elsewhere_is_told_it),
		cmocka_unit_test(an_unknown_option_near_to_nothing_is_sent_to_the_list),
		cmocka_unit_test(a_required_option_that_is_missing_is_named),
		cmocka_unit_test(a_value_left_out_is_refused),
		cmocka_unit_test(what_is_not_built_yet_is_refused_in_plain_words),
		cmocka_unit_test(what_is_not_built_yet_is_refused_inside_of_what_is),
		cmocka_unit_test(strict_audit_without_a_store_is_refused),
		cmocka_unit_test(what_is_not_built_yet_is_checked_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
