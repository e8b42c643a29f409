/* SPDX-License-Identifier: Apache-2.0
 * No domain belongs to two. */
#include "loads.h"

/* The example of the message in the project's own style guide. */
static void a_domain_of_two_spokes_names_both_places(void **state)
{
	(void)state;
	refuses(TRUNK "spokes:\n"
		      "  old-saturn:\n"
		      "    domains:\n"
		      "      - saturn.example.org\n"
		      "  saturn:\n"
		      "    domains: [moon.example.org, Saturn.example.org]\n",
		"trunkd.yaml:7:33: domain \"saturn.example.org\" already belongs to spoke \"old-saturn\" (line 5); remove one "
		"of the two\n");
}

static void a_domain_stands_once_in_a_spoke(void **state)
{
	(void)state;
	refuses(TRUNK "spokes: {a: {domains: [a.example, a.example]}}\n",
		"trunkd.yaml:2:35: domain \"a.example\" already belongs to spoke \"a\" (line 2); remove one of the two\n");
}

static void a_gateway_domain_is_no_spokes_and_stands_once(void **state)
{
	(void)state;
	refuses(TRUNK TWO "spokes: {m: {domains: mercury.example.net}}\n",
		"trunkd.yaml:3:23: domain \"mercury.example.net\" already belongs to \"gateway-domains\" (line 2); remove one "
		"of the two\n");
	refuses(TRUNK "gateway-domains: a.example,b.example,a.example\n",
		"trunkd.yaml:2:38: domain \"a.example\" already belongs to \"gateway-domains\" (line 2); remove one of the "
		"two\n");
}

static void the_trunks_own_name_is_nobody_elses(void **state)
{
	(void)state;
	refuses(TRUNK "gateway-domains: saturn.example.org,trunk.example.com\n",
		"trunkd.yaml:2:37: domain \"trunk.example.com\" is the trunk's own name (line 1); remove one of the two\n");
	refuses(TRUNK "spokes: {a: {domains: [trunk.example.com]}}\n",
		"trunkd.yaml:2:24: domain \"trunk.example.com\" is the trunk's own name (line 1); remove one of the two\n");
}

static void a_pattern_stands_once_and_a_zone_takes_no_spokes_domain(void **state)
{
	(void)state;
	refuses(TRUNK "spokes: {a: {domains: \"*.example\"}, b: {domains: \"*.example\"}}\n",
		"trunkd.yaml:2:50: domain \"*.example\" already belongs to spoke \"a\" (line 2); remove one of the two\n");
	refuses(TRUNK "zones: {a: {domains: \"*\"}, b: {domains: \"*\"}}\n",
		"trunkd.yaml:2:41: domain \"*\" already belongs to zone \"a\" (line 2); remove one of the two\n");
	refuses(TRUNK TWO "zones: {a: {domains: mercury.example.net}}\n",
		"trunkd.yaml:3:22: domain \"mercury.example.net\" already belongs to \"gateway-domains\" (line 2); remove one "
		"of the two\n");
}

/* The exact one beats the wildcard, and the longer wildcard the shorter. */
static void an_exact_domain_and_a_wildcard_may_overlap(void **state)
{
	struct config *config = takes(TRUNK "spokes:\n"
					    "  a: {domains: [\"*.example\", \"*.com\"]}\n"
					    "  b: {domains: [b.example, \"*.b.example\"]}\n"
					    "zones: {z: {domains: \"*\"}}\n");

	(void)state;
	assert_int_equal(config->spoke_count, 2);
	config_free(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_domain_of_two_spokes_names_both_places),
		cmocka_unit_test(a_domain_stands_once_in_a_spoke),
		cmocka_unit_test(a_gateway_domain_is_no_spokes_and_stands_once),
		cmocka_unit_test(the_trunks_own_name_is_nobody_elses),
		cmocka_unit_test(a_pattern_stands_once_and_a_zone_takes_no_spokes_domain),
		cmocka_unit_test(an_exact_domain_and_a_wildcard_may_overlap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
