/* SPDX-License-Identifier: Apache-2.0
 * Zones, and which spoke is in which. */
#include "loads.h"

#define SPOKES "spokes: {saturn: {domains: saturn.example.org}, mercury: {domains: mercury.example.net}}\n"

static void spokes_without_a_zone_are_in_the_default_one(void **state)
{
	struct config *config = takes(TRUNK SPOKES "zones: {inside: {spokes: saturn}}\n");

	(void)state;
	assert_int_equal(config->zone_count, 2);
	assert_string_equal(config->zones[0].name, "default");
	assert_false(config->zones[0].is_open);
	assert_non_null(config->zones[0].domains);
	assert_null(config->zones[0].domains[0]);
	assert_ptr_equal(config->spokes[0].zone, &config->zones[1]);
	assert_ptr_equal(config->spokes[1].zone, &config->zones[0]);
	config_free(&config);
}

static void the_default_zone_may_be_given_options(void **state)
{
	struct config *config = takes(TRUNK SPOKES "zones: {b: {spokes: mercury}, default: {domains: \"*\"}}\n");

	(void)state;
	assert_int_equal(config->zone_count, 2);
	assert_string_equal(config->zones[0].name, "default");
	assert_true(config->zones[0].is_open);
	assert_string_equal(config->zones[1].name, "b");
	assert_ptr_equal(config->spokes[0].zone, &config->zones[0]);
	assert_ptr_equal(config->spokes[1].zone, &config->zones[1]);
	config_free(&config);
}

/* A peer of such a domain is treated by the global trust, as DNS says. */
static void a_zone_of_all_domains_is_open(void **state)
{
	struct config *config = takes(TRUNK "tls: {verify: certificate}\nzones: {outside: {domains: [\"*\", b.example], "
					    "source: 192.0.2.5}, "
					    "lab: {domains: \"*.lab.example\"}}\n");
	const struct zone *outside = &config->zones[1], *lab = &config->zones[2];

	(void)state;
	assert_true(outside->is_open);
	assert_string_equal(outside->domains[1], "b.example");
	assert_null(outside->domains[2]);
	assert_string_equal(outside->template.name, "outside");
	assert_int_equal(outside->template.transport, TRANSPORT_AUTO);
	assert_int_equal(outside->template.trust.verify, VERIFY_CERTIFICATE);
	assert_int_equal(outside->template.custody, CUSTODY_LINK);
	assert_ptr_equal(outside->template.zone, outside);
	endpoint_is(&outside->template.sources[0], "192.0.2.5:0");
	assert_int_equal(outside->line, 3);
	assert_false(lab->is_open);
	config_free(&config);
}

static void a_spoke_has_its_zones_source_unless_it_has_its_own(void **state)
{
	struct config *config = takes(TRUNK "source: 192.0.2.1\n"
					    "spokes: {a: {domains: a.example}, b: {domains: b.example, source: 192.0.2.3}, c: "
					    "{domains: c.example}}\n"
					    "zones: {z: {spokes: [a, b], source: 192.0.2.2}}\n");

	(void)state;
	endpoint_is(&config->spokes[0].sources[0], "192.0.2.2:0");
	endpoint_is(&config->spokes[1].sources[0], "192.0.2.3:0");
	endpoint_is(&config->spokes[2].sources[0], "192.0.2.1:0");
	config_free(&config);
}

static void an_unknown_spoke_is_refused_with_the_nearest(void **state)
{
	(void)state;
	refuses(TRUNK SPOKES "zones: {a: {spokes: [saturn, mercuri]}}\n",
		"trunkd.yaml:3:30: zone \"a\" names spoke \"mercuri\", which is not under \"spokes\"; did you mean "
		"\"mercury\"?\n");
	refuses(TRUNK SPOKES "zones: {a: {spokes: zebra}}\n",
		"trunkd.yaml:3:21: zone \"a\" names spoke \"zebra\", which is not under \"spokes\" or \"gateway-domains\"\n");
}

static void a_spoke_in_two_zones_is_refused_with_both_places(void **state)
{
	(void)state;
	refuses(TRUNK SPOKES "zones:\n  a: {spokes: saturn}\n  b: {spokes: [mercury, saturn]}\n",
		"trunkd.yaml:5:25: spoke \"saturn\" is already in zone \"a\" (line 4); remove one of the two\n");
	refuses(TRUNK SPOKES "zones:\n  a: {spokes: [saturn, saturn]}\n",
		"trunkd.yaml:4:24: spoke \"saturn\" is already in zone \"a\" (line 4); remove one of the two\n");
}

static void names_of_zones_are_no_domains(void **state)
{
	(void)state;
	refuses(TRUNK SPOKES "zones: {saturn.example.org: {spokes: saturn}}\n",
		"trunkd.yaml:3:9: a zone's name is made of letters, digits, \"-\" and \"_\", not \"saturn.example.org\"\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spokes_without_a_zone_are_in_the_default_one),
		cmocka_unit_test(the_default_zone_may_be_given_options),
		cmocka_unit_test(a_zone_of_all_domains_is_open),
		cmocka_unit_test(a_spoke_has_its_zones_source_unless_it_has_its_own),
		cmocka_unit_test(an_unknown_spoke_is_refused_with_the_nearest),
		cmocka_unit_test(a_spoke_in_two_zones_is_refused_with_both_places),
		cmocka_unit_test(names_of_zones_are_no_domains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
