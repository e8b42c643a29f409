/* SPDX-License-Identifier: Apache-2.0
 * Overrides in Openfire's syntax: what is read, refused and found. */
#include "dns/overrides.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct dns_overrides *parsed(const char *text)
{
	struct dns_overrides *overrides = NULL;
	const char *why = NULL;
	size_t offset;

	assert_int_equal(dns_overrides_parse(str_of(text), &overrides, &offset, &why), 0);
	return overrides;
}

static void speaks(const struct dns_overrides *overrides, const char *domain, const char *host, uint16_t port)
{
	struct str found;
	uint16_t found_port;

	assert_true(dns_overrides_find(overrides, str_of(domain), &found, &found_port));
	assert_true(str_is(found, host));
	assert_int_equal(found_port, port);
}

static void is_silent(const struct dns_overrides *overrides, const char *domain)
{
	struct str host;
	uint16_t port;

	assert_false(dns_overrides_find(overrides, str_of(domain), &host, &port));
}

/* Openfire, documentation/trunking-guide.html, example 1 */
static void the_example_of_openfires_guide_is_read(void **state)
{
	struct dns_overrides *o = parsed("{saturn.example.org,198.51.100.4:5269},{jupiter.example.com,198.51.100.4:5269}");

	(void)state;
	speaks(o, "saturn.example.org", "198.51.100.4", 5269);
	speaks(o, "jupiter.example.com", "198.51.100.4", 5269);
	is_silent(o, "mercury.example.net");
	is_silent(o, "conference.saturn.example.org");
	is_silent(o, "xsaturn.example.org");
	is_silent(o, "");
	dns_overrides_free(&o);
	assert_null(o);
}

static void targets_may_be_hosts_and_ipv6_addresses_and_the_port_left_out(void **state)
{
	struct dns_overrides *o = parsed("{a.example,192.0.2.7},{b.example,[2001:db8::1]:5270},{c.example,[2001:db8::1]},"
					 "{d.example,XMPP.Example.org.:1},{192.0.2.9,host},{E.EXAMPLE,h.example:65535}");

	(void)state;
	speaks(o, "a.example", "192.0.2.7", 5269);
	speaks(o, "b.example", "[2001:db8::1]", 5270);
	speaks(o, "c.example", "[2001:db8::1]", 5269);
	speaks(o, "d.example", "xmpp.example.org", 1);  /* Openfire drops the dot, too */
	speaks(o, "192.0.2.9", "host", 5269);
	speaks(o, "e.example", "h.example", 65535);
	dns_overrides_free(&o);
}

/* DNSUtil.resolveOverrideRecursively: exact, most specific wildcard, "*" */
static void the_most_specific_override_speaks(void **state)
{
	struct dns_overrides *o = parsed("{*,192.0.2.1},{*.example,192.0.2.2},{*.lab.example,192.0.2.3},{x.lab.example,192.0.2."
					 "4},{lab.example,192.0.2.5}");

	(void)state;
	speaks(o, "x.lab.example", "192.0.2.4", 5269);
	speaks(o, "y.lab.example", "192.0.2.3", 5269);
	speaks(o, "z.y.lab.example", "192.0.2.3", 5269);
	speaks(o, "z.x.lab.example", "192.0.2.3", 5269);
	speaks(o, "lab.example", "192.0.2.5", 5269);
	speaks(o, "notlab.example", "192.0.2.2", 5269);
	speaks(o, "lab.example.org", "192.0.2.1", 5269);
	speaks(o, "org", "192.0.2.1", 5269);
	dns_overrides_free(&o);
}

static void a_wildcard_speaks_for_its_suffix_at_a_dot_only(void **state)
{
	struct dns_overrides *o = parsed("{*.lab.example,192.0.2.3}");

	(void)state;
	speaks(o, "a.lab.example", "192.0.2.3", 5269);
	speaks(o, "lab.example", "192.0.2.3", 5269);    /* DNSUtil.isNameCoveredByPattern */
	is_silent(o, "notlab.example");
	is_silent(o, "example");
	is_silent(o, "lab.example.org");
	dns_overrides_free(&o);
}

static void international_domains_are_compared_normalised(void **state)
{
	struct dns_overrides *o = parsed("{M\xc3\x9cnchen.example,192.0.2.1},{xn--bcher-kva.example,192.0.2.2}");

	(void)state;
	speaks(o, "m\xc3\xbcnchen.example", "192.0.2.1", 5269);
	speaks(o, "b\xc3\xbc" "cher.example", "192.0.2.2", 5269);
	dns_overrides_free(&o);
}

static void an_empty_text_is_no_override(void **state)
{
	struct dns_overrides *o = parsed("");

	(void)state;
	is_silent(o, "example.org");
	dns_overrides_free(&o);
	is_silent(NULL, "example.org");
	dns_overrides_free(&o);
}

static void what_is_malformed_is_refused_at_its_place(void **state)
{
	static const struct {
		const char *text;
		size_t offset;
		const char *why;        /* a part of it */
	} cases[] = {
		{"x", 0, "begins with"},
		{" {a,192.0.2.1}", 0, "white space"},
		{"{a, 192.0.2.1}", 3, "white space"},
		{"{a,192.0.2.1},\n{b,192.0.2.1}", 14, "white space"},
		{"{a,192.0.2.1}\t", 13, "white space"},
		{"{a,192.0.2.1},", 14, "begins with"},
		{",{a,192.0.2.1}", 0, "begins with"},
		{"{a,192.0.2.1},,{b,192.0.2.1}", 14, "begins with"},
		{"{a,192.0.2.1}{b,192.0.2.1}", 13, "comma"},
		{"{}", 1, "missing"},
		{"{,192.0.2.1}", 1, "missing"},
		{"{a}", 2, "comma"},
		{"{a", 2, "comma"},
		{"{a,}", 3, "missing"},
		{"{a,", 3, "missing"},
		{"{a,:5269}", 3, "missing"},
		{"{a,192.0.2.1", 12, "ends with"},
		{"{a,192.0.2.1:", 13, "port"},
		{"{a,192.0.2.1:}", 13, "port"},
		{"{a,192.0.2.1:0}", 13, "port"},
		{"{a,192.0.2.1:65536}", 13, "port"},
		{"{a,192.0.2.1:-1}", 13, "port"},
		{"{a,192.0.2.1:5269x}", 13, "port"},
		{"{a,192.0.2.1,5269}", 12, "ends with"},
		{"{a,192.0.2.300}", 3, "IPv4"},
		{"{a,2001:db8::1}", 3, "brackets"},
		{"{a,::1}", 3, "brackets"},
		{"{a,[2001:db8::1}", 3, "brackets"},
		{"{a,[2001:db8::x]}", 3, "brackets"},
		{"{a,[192.0.2.1]}", 3, "brackets"},
		{"{a,[]}", 3, "brackets"},
		{"{a,[2001:db8::1]x}", 16, "ends with"},
		{"{a,b..c}", 3, "host"},
		{"{*x,192.0.2.1}", 1, "wildcard"},
		{"{*.,192.0.2.1}", 1, "wildcard"},
		{"{*.*.x,192.0.2.1}", 1, "domain"},
		{"{a.*,192.0.2.1}", 1, "domain"},
		{"{a..b,192.0.2.1}", 1, "domain"},
		{"{a@b,192.0.2.1}", 1, "domain"},
		{"{{a,192.0.2.1}", 1, "missing"},
		{"{a,192.0.2.1},{b,192.0.2.1},{A.,192.0.2.2}", 29, "already"},
		{"{*,192.0.2.1},{*,192.0.2.1}", 15, "already"},
		{"{*.a,192.0.2.1},{*.A,192.0.2.1},{b,b},{b,b}", 17, "already"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dns_overrides *o = NULL;
		const char *why = "";
		size_t offset = 9999;

		if (dns_overrides_parse(str_of(cases[i].text), &o, &offset, &why) != TRUNK_EINVAL ||
		    offset != cases[i].offset || !strstr(why, cases[i].why))
			fail_msg("%s: at %zu: %s", cases[i].text, offset, why);
		assert_null(o);
	}
}

static void a_nul_within_is_refused(void **state)
{
	struct dns_overrides *o = NULL;
	const char *why;
	size_t offset;

	(void)state;
	assert_int_equal(dns_overrides_parse(STR("{a,192.0.2.1\0}"), &o, &offset, &why), TRUNK_EINVAL);
	assert_int_equal(offset, 12);
}

/* DNSUtil.resolveChainedOverride */
static void overrides_lead_to_each_other_by_exact_name(void **state)
{
	struct dns_overrides *o = parsed("{a,b:1},{b,c:2},{c,192.0.2.3:3},{self,self:4},{w,x.lab:5},{*.lab,192.0.2.6:6}");
	struct str host;
	uint16_t port;

	(void)state;
	assert_int_equal(dns_overrides_follow(o, STR("a"), &host, &port), 0);
	assert_true(str_is(host, "192.0.2.3"));
	assert_int_equal(port, 3);
	assert_int_equal(dns_overrides_follow(o, STR("self"), &host, &port), 0);
	assert_true(str_is(host, "self"));
	assert_int_equal(port, 4);
	assert_int_equal(dns_overrides_follow(o, STR("w"), &host, &port), 0);
	assert_true(str_is(host, "x.lab"));
	assert_int_equal(port, 5);
	assert_int_equal(dns_overrides_follow(o, STR("other"), &host, &port), TRUNK_ENOENT);
	dns_overrides_free(&o);
}

static void a_circle_of_overrides_ends(void **state)
{
	struct dns_overrides *o = parsed("{a,b},{b,a},{c,a}");
	struct str host;
	uint16_t port;

	(void)state;
	assert_int_equal(dns_overrides_follow(o, STR("a"), &host, &port), TRUNK_ELIMIT);
	assert_int_equal(dns_overrides_follow(o, STR("c"), &host, &port), TRUNK_ELIMIT);
	dns_overrides_free(&o);
}

static void eight_steps_are_gone_and_a_ninth_not(void **state)
{
	struct dns_overrides *o = parsed("{d9,d8},{d8,d7},{d7,d6},{d6,d5},{d5,d4},{d4,d3},{d3,d2},{d2,d1},{d1,192.0.2.1}");
	struct str host;
	uint16_t port;

	(void)state;
	assert_int_equal(dns_overrides_follow(o, STR("d8"), &host, &port), 0);
	assert_int_equal(dns_overrides_follow(o, STR("d9"), &host, &port), TRUNK_ELIMIT);
	dns_overrides_free(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_openfires_guide_is_read),
		cmocka_unit_test(targets_may_be_hosts_and_ipv6_addresses_and_the_port_left_out),
		cmocka_unit_test(the_most_specific_override_speaks),
		cmocka_unit_test(a_wildcard_speaks_for_its_suffix_at_a_dot_only),
		cmocka_unit_test(international_domains_are_compared_normalised),
		cmocka_unit_test(an_empty_text_is_no_override),
		cmocka_unit_test(what_is_malformed_is_refused_at_its_place),
		cmocka_unit_test(a_nul_within_is_refused),
		cmocka_unit_test(overrides_lead_to_each_other_by_exact_name),
		cmocka_unit_test(a_circle_of_overrides_ends),
		cmocka_unit_test(eight_steps_are_gone_and_a_ninth_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
