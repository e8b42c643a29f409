/* SPDX-License-Identifier: Apache-2.0
 * Which spoke or zone serves a domain: exact before the longest suffix, spokes before zones. */
#include "route/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const saturn_domains[] = {"saturn.example.org", "*.saturn.example.org", NULL};
static const char *const moon_domains[] = {"titan.saturn.example.org", "*.deep.saturn.example.org", NULL};
static const char *const lab_domains[] = {"*.example.org", NULL};
static const char *const open_domains[] = {"*", NULL};
static const char *const partner_domains[] = {"partner.example", "*.example.org", "x.saturn.example.org", NULL};

enum { SATURN, MOON, SPOKES };
enum { PARTNER, OPEN, ZONES };

static struct spoke spokes[SPOKES] = {{.name = "saturn", .domains = saturn_domains}, {.name = "moon", .domains = moon_domains}};
static struct zone zones[ZONES] = {{.name = "partner", .domains = partner_domains}, {.name = "open", .domains = open_domains}};

static void served_by(const struct route *route, const char *domain, const struct spoke *expected)
{
	const struct spoke *found = route_find(route, str_of(domain));

	if (found != expected)
		fail_msg("%s goes to %s", domain, found ? (found->name ? found->name : "a zone") : "nobody");
}

static void an_exact_domain_comes_before_the_longest_suffix(void **state)
{
	struct route *route = route_new(spokes, SPOKES, NULL, 0);

	(void)state;
	served_by(route, "saturn.example.org", &spokes[SATURN]);
	served_by(route, "conference.saturn.example.org", &spokes[SATURN]);
	served_by(route, "a.b.saturn.example.org", &spokes[SATURN]);
	served_by(route, "titan.saturn.example.org", &spokes[MOON]);
	served_by(route, "a.titan.saturn.example.org", &spokes[SATURN]); /* the exact one does not cover its own subdomains */
	served_by(route, "a.deep.saturn.example.org", &spokes[MOON]);
	served_by(route, "deep.saturn.example.org", &spokes[SATURN]);
	route_free(&route);
	assert_null(route);
	route_free(&route);
}

static void a_domain_that_nobody_names_goes_nowhere(void **state)
{
	struct route *route = route_new(spokes, SPOKES, NULL, 0);

	(void)state;
	served_by(route, "example.org", NULL);
	served_by(route, "notsaturn.example.org", NULL);
	served_by(route, "xsaturn.example.org", NULL);
	served_by(route, "saturn.example.org.evil.example", NULL);
	served_by(route, "org", NULL);
	served_by(route, "", NULL);
	served_by(route, "*", NULL);
	served_by(route, "..", NULL);
	route_free(&route);
	route = route_new(NULL, 0, NULL, 0);
	served_by(route, "saturn.example.org", NULL);
	route_free(&route);
}

/* design.md §5: a zone's domains are those that no spoke serves. */
static void a_spoke_s_pattern_beats_every_zone_s(void **state)
{
	struct route *route = route_new(spokes, SPOKES, zones, ZONES);

	(void)state;
	served_by(route, "x.saturn.example.org", &spokes[SATURN]);      /* though the zone names it exactly */
	served_by(route, "partner.example", &zones[PARTNER].template);
	served_by(route, "a.example.org", &zones[PARTNER].template);
	served_by(route, "anything.example", &zones[OPEN].template);
	served_by(route, "localhost", &zones[OPEN].template);
	route_free(&route);
}

static void the_first_of_two_that_name_the_same_pattern_counts(void **state)
{
	const struct spoke twice[] = {{.name = "first", .domains = lab_domains}, {.name = "second", .domains = lab_domains}};
	struct route *route = route_new(twice, 2, NULL, 0);

	(void)state;
	served_by(route, "a.example.org", &twice[0]);
	route_free(&route);
}

static void a_spoke_without_domains_serves_none(void **state)
{
	const struct spoke empty = {.name = "empty"};
	struct route *route = route_new(&empty, 1, NULL, 0);

	(void)state;
	served_by(route, "a.example.org", NULL);
	route_free(&route);
}

static void the_longest_domain_is_looked_up_and_a_longer_one_is_not(void **state)
{
	static const char *const org[] = {"*.org", NULL};
	const struct spoke spoke = {.name = "org", .domains = org};
	struct route *route = route_new(&spoke, 1, NULL, 0);
	char domain[DOMAIN_SIZE + 16];

	(void)state;
	memset(domain, 'a', sizeof(domain));
	for (size_t i = 1; i < sizeof(domain); i += 2)
		domain[i] = '.';
	memcpy(domain + DOMAIN_SIZE - 1 - 4, ".org", 4);
	assert_ptr_equal(route_find(route, str_make(domain, DOMAIN_SIZE - 1)), &spoke);
	memcpy(domain + DOMAIN_SIZE - 4, ".org", 4);
	assert_null(route_find(route, str_make(domain, DOMAIN_SIZE)));
	route_free(&route);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exact_domain_comes_before_the_longest_suffix),
		cmocka_unit_test(a_domain_that_nobody_names_goes_nowhere),
		cmocka_unit_test(a_spoke_s_pattern_beats_every_zone_s),
		cmocka_unit_test(the_first_of_two_that_name_the_same_pattern_counts),
		cmocka_unit_test(a_spoke_without_domains_serves_none),
		cmocka_unit_test(the_longest_domain_is_looked_up_and_a_longer_one_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
