/* SPDX-License-Identifier: Apache-2.0
 * Addresses with ports: what is read, written and refused. */
#include "dns/dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void addresses_of_both_families_are_read_and_written(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"192.0.2.1:5270", "192.0.2.1:5270"},
		{"192.0.2.1", "192.0.2.1:5269"},
		{"[2001:db8::1]:5270", "[2001:db8::1]:5270"},
		{"[2001:DB8:0::1]", "[2001:db8::1]:5269"},
		{"[::]:1", "[::]:1"},
		{"0.0.0.0:65535", "0.0.0.0:65535"},
	};
	struct endpoint endpoint;
	char text[ENDPOINT_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(endpoint_parse(str_of(cases[i].in), 5269, &endpoint), 0);
		endpoint_text(&endpoint, text);
		assert_string_equal(text, cases[i].out);
	}
}

static void what_is_no_address_with_a_port_is_refused(void **state)
{
	static const char *const cases[] = {
		"",
		":",
		"[]",
		"[",
		"[::1",
		"::1",
		"2001:db8::1",
		"example.org",
		"192.0.2",
		"192.0.2.1.2",
		"192.0.2.256",
		"192.0.2.1:",
		"192.0.2.1:0",
		"192.0.2.1:65536",
		"192.0.2.1:+1",
		"192.0.2.1: 1",
		" 192.0.2.1",
		"192.0.2.1 ",
		"192.0.2.1:1:2",
		"[::1]1",
		"[::1]:",
		"[192.0.2.1]:1",
		"[fe80::1%eth0]:1",
		"[1:2:3:4:5:6:7:8:9:1:2:3:4:5:6:7:8:9:1:2:3:4:5:6:7:8]:1",
	};
	struct endpoint endpoint;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(endpoint_parse(str_of(cases[i]), 5269, &endpoint), TRUNK_EADDRESS);
	assert_int_equal(endpoint_parse(STR_NONE, 5269, &endpoint), TRUNK_EADDRESS);
	assert_int_equal(endpoint_parse(STR("192.0.2.1\0:1"), 5269, &endpoint), TRUNK_EADDRESS);
}

static void without_a_default_a_port_is_demanded(void **state)
{
	struct endpoint endpoint;

	(void)state;
	assert_int_equal(endpoint_parse(STR("192.0.2.1"), 0, &endpoint), TRUNK_EADDRESS);
	assert_int_equal(endpoint_parse(STR("192.0.2.1:7"), 0, &endpoint), 0);
	assert_int_equal(endpoint_port(&endpoint), 7);
}

static void endpoints_are_equal_by_family_address_and_port(void **state)
{
	struct endpoint a, b;

	(void)state;
	assert_int_equal(endpoint_parse(STR("[2001:db8::1]:1"), 0, &a), 0);
	assert_int_equal(endpoint_parse(STR("[2001:db8:0:0::1]:1"), 0, &b), 0);
	b.in6.sin6_flowinfo = 7;        /* no part of who it is */
	assert_true(endpoint_eq(&a, &b));
	assert_int_equal(endpoint_parse(STR("[2001:db8::1]:2"), 0, &b), 0);
	assert_false(endpoint_eq(&a, &b));
	assert_true(endpoint_eq_address(&a, &b));
	assert_int_equal(endpoint_parse(STR("0.0.0.0:1"), 0, &b), 0);
	assert_false(endpoint_eq(&a, &b));
	assert_int_equal(endpoint_parse(STR("192.0.2.1:1"), 0, &a), 0);
	assert_false(endpoint_eq_address(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_of_both_families_are_read_and_written),
		cmocka_unit_test(what_is_no_address_with_a_port_is_refused),
		cmocka_unit_test(without_a_default_a_port_is_demanded),
		cmocka_unit_test(endpoints_are_equal_by_family_address_and_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
