/* SPDX-License-Identifier: Apache-2.0
 * Domains: the one normal form, what is refused, and patterns. */
#include "name/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void becomes(const char *in, const char *normal, const char *ascii)
{
	char text[DOMAIN_SIZE];
	struct domain domain, again;

	if (domain_normalise(str_of(in), &domain) < 0)
		fail_msg("%s was refused", in);
	assert_string_equal(domain.at, normal);
	assert_int_equal(domain.len, strlen(normal));
	assert_int_equal(domain_to_ascii(domain_str(&domain), text, sizeof(text)), 0);
	assert_string_equal(text, ascii);
	assert_int_equal(domain_normalise(domain_str(&domain), &again), 0);
	assert_string_equal(again.at, normal);
	assert_int_equal(domain_normalise(str_of(text), &again), 0);
	assert_string_equal(again.at, normal);
}

static void refused(struct str in)
{
	struct domain domain = {.len = 7};

	if (domain_normalise(in, &domain) != TRUNK_EADDRESS)
		fail_msg("%s became %s", in.at, domain.at);
	assert_int_equal(domain.len, 7);
}

static void ascii_is_lowered_and_the_last_dot_dropped(void **state)
{
	(void)state;
	becomes("saturn.example.org", "saturn.example.org", "saturn.example.org");
	becomes("Saturn.EXAMPLE.Org", "saturn.example.org", "saturn.example.org");
	becomes("example.org.", "example.org", "example.org");
	becomes("localhost", "localhost", "localhost");
	becomes("_xmpp.under_score.example", "_xmpp.under_score.example", "_xmpp.under_score.example");
	becomes("r3---sn.example", "r3---sn.example", "r3---sn.example");
	becomes("1and1.example", "1and1.example", "1and1.example");
}

/* RFC 7622 §3.2: U-labels are what is compared; UTS #46 maps the case. */
static void both_forms_of_international_names_are_one(void **state)
{
	(void)state;
	becomes("münchen.example", "münchen.example", "xn--mnchen-3ya.example");
	becomes("MÜNCHEN.Example", "münchen.example", "xn--mnchen-3ya.example");
	becomes("xn--mnchen-3ya.example", "münchen.example", "xn--mnchen-3ya.example");
	becomes("XN--MNCHEN-3YA.example.", "münchen.example", "xn--mnchen-3ya.example");
	becomes("mu\xcc\x88nchen.example", "münchen.example", "xn--mnchen-3ya.example"); /* NFD */
	becomes("faß.example", "faß.example", "xn--fa-hia.example");                     /* not "fass" */
	becomes("例え.example", "例え.example", "xn--r8jz45g.example");
	becomes("example\xe3\x80\x82org", "example.org", "example.org"); /* the ideographic full stop */
}

static void literals_stay_as_they_are(void **state)
{
	(void)state;
	becomes("192.0.2.1", "192.0.2.1", "192.0.2.1");
	becomes("[2001:db8::4]", "[2001:db8::4]", "[2001:db8::4]");
	refused(STR("[2001:db8::g]"));
	refused(STR("[2001:db8::4"));
	refused(STR("[]"));
	refused(STR("[::1]x"));
	refused(STR("2001:db8::4"));
	refused(STR("[::1\0]"));
}

static void labels_have_their_lengths(void **state)
{
	static const char long_label[] = "a23456789-123456789-123456789-123456789-123456789-123456789-1234";
	char name[256];

	(void)state;
	refused(STR(""));
	refused(STR("."));
	refused(STR(".."));
	refused(STR(".example.org"));
	refused(STR("a..example.org"));
	refused(STR("example.org.."));
	refused(str_of(long_label));
	becomes(long_label + 1, long_label + 1, long_label + 1);
	memset(name, 'a', sizeof(name));
	for (size_t i = 50; i < 254; i += 51)
		name[i] = '.';
	assert_int_equal(domain_normalise(str_make(name, 253), &(struct domain){0}), 0);
	refused(str_make(name, 254));
	/* short in characters, yet too long as an A-label */
	refused(STR("üäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäö.example"));
}

static void what_no_host_name_holds_is_refused(void **state)
{
	static const char *const bad[] = {
		"a b.example",
		" a.example",
		"a.example ",
		"a/b",
		"a@b",
		"a\tb",
		"a\nb",
		"a\x7f"
		"b",
		"a:b",
		"a&b",
		"a'b",
		"a\"b",
		"a<b",
		"a*b",
		"*",
		"*.example.org",
		"-a.example",
		"a-.example",
		"a.-b",
		"a\xef\xbc\x8f"
		"b.example", /* full-width '/' */
		"a\xef\xbc\xa0"
		"b.example",        /* full-width '@' */
		"\xc2\xad.example", /* a soft hyphen, which the mapping drops */
		"\xc3\xbc b.example",
		"\xc3\xbc\n",
		"\xff\xfe",
		"\xc3",
		"\xed\xa0\x80.example",
		"\xe2\x80\xae"
		"a.example",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(str_of(bad[i]));
	refused(STR("a\0b.example"));
	refused(STR("m\xc3\xbcnchen\0.example"));
	refused(STR_NONE);
}

/* Else one domain of DNS would be two of ours. */
static void alabels_that_lead_nowhere_are_refused(void **state)
{
	(void)state;
	refused(STR("xn--abc-.example"));
	refused(STR("xn--a.example"));
	refused(STR("xn--.example"));
	refused(STR("xn--mnchen-3ya99999999.example"));
	refused(STR("xn--ls8h.example")); /* an emoji: IDNA2008 has none */
}

static void text_of_any_length_is_only_refused(void **state)
{
	const size_t len = 1000000;
	char *text = malloc(len);

	(void)state;
	assert_non_null(text);
	memset(text, 'a', len);
	refused(str_make(text, len));
	memset(text, 0xc3, len);
	refused(str_make(text, len));
	refused(str_make(text, 1023));
	refused(str_make(text, 1024));
	free(text);
}

static void ascii_that_does_not_fit_is_refused(void **state)
{
	char small[12];

	(void)state;
	assert_int_equal(domain_to_ascii(STR("example.org"), small, sizeof(small)), 0);
	assert_int_equal(domain_to_ascii(STR("example.info"), small, sizeof(small)), TRUNK_EADDRESS);
	assert_int_equal(domain_to_ascii(STR(""), small, sizeof(small)), TRUNK_EADDRESS);
}

static void patterns_cover_what_is_below_them(void **state)
{
	(void)state;
	assert_true(domain_fits(STR("a.x.y"), STR("*.x.y")));
	assert_true(domain_fits(STR("a.b.x.y"), STR("*.x.y")));
	assert_false(domain_fits(STR("x.y"), STR("*.x.y")));
	assert_false(domain_fits(STR("notx.y"), STR("*.x.y")));
	assert_false(domain_fits(STR(""), STR("*.x.y")));
	assert_true(domain_fits(STR("x.y"), STR("x.y")));
	assert_false(domain_fits(STR("a.x.y"), STR("x.y")));
	assert_true(domain_fits(STR("x.y"), STR("*")));
}

static void the_longer_pattern_weighs_more_and_an_exact_one_most(void **state)
{
	(void)state;
	assert_int_equal(domain_pattern_weight(STR("*")), 0);
	assert_true(domain_pattern_weight(STR("*.y")) > domain_pattern_weight(STR("*")));
	assert_true(domain_pattern_weight(STR("*.x.y")) > domain_pattern_weight(STR("*.y")));
	assert_true(domain_pattern_weight(STR("y")) >
		    domain_pattern_weight(STR("*.some.very.long.suffix.of.a.domain.example")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ascii_is_lowered_and_the_last_dot_dropped),
		cmocka_unit_test(both_forms_of_international_names_are_one),
		cmocka_unit_test(literals_stay_as_they_are),
		cmocka_unit_test(labels_have_their_lengths),
		cmocka_unit_test(what_no_host_name_holds_is_refused),
		cmocka_unit_test(alabels_that_lead_nowhere_are_refused),
		cmocka_unit_test(text_of_any_length_is_only_refused),
		cmocka_unit_test(ascii_that_does_not_fit_is_refused),
		cmocka_unit_test(patterns_cover_what_is_below_them),
		cmocka_unit_test(the_longer_pattern_weighs_more_and_an_exact_one_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
