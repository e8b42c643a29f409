/* SPDX-License-Identifier: Apache-2.0
 * Addresses: the split of RFC 7622 §3.2 and what each part may not hold. */
#include "name/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static bool part_is(struct str part, const char *text)
{
	return text ? !str_is_absent(part) && str_is(part, text) : str_is_absent(part);
}

static void splits(const char *in, const char *local, const char *domain, const char *resource)
{
	struct jid jid;

	if (jid_parse(str_of(in), &jid) < 0)
		fail_msg("%s was refused", in);
	assert_true(part_is(jid.local, local));
	assert_true(part_is(jid.domain, domain));
	assert_true(part_is(jid.resource, resource));
}

static void refused(struct str in)
{
	struct jid jid = {.domain = STR("before")};

	if (jid_parse(in, &jid) != TRUNK_EADDRESS)
		fail_msg("%.*s was taken", (int)(in.len < 80 ? in.len : 80), in.at);
	assert_true(str_is(jid.domain, "before"));
}

/* RFC 7622 §3.5, table 1. */
static void the_examples_of_the_standard_are_taken(void **state)
{
	(void)state;
	splits("juliet@example.com", "juliet", "example.com", NULL);
	splits("juliet@example.com/foo", "juliet", "example.com", "foo");
	splits("juliet@example.com/foo bar", "juliet", "example.com", "foo bar");
	splits("juliet@example.com/foo@bar", "juliet", "example.com", "foo@bar");
	splits("foo\\20bar@example.com", "foo\\20bar", "example.com", NULL);
	splits("fussball@example.com", "fussball", "example.com", NULL);
	splits("fußball@example.com", "fußball", "example.com", NULL);
	splits("π@example.com", "π", "example.com", NULL);
	splits("king@example.com/♚", "king", "example.com", "♚");
	splits("example.com", NULL, "example.com", NULL);
	splits("example.com/foobar", NULL, "example.com", "foobar");
	splits("a.example.com/b@example.net", NULL, "a.example.com", "b@example.net");
	splits("a@b/c/d", "a", "b", "c/d");
	splits("[2001:db8::1]/x", NULL, "[2001:db8::1]", "x");
}

/* RFC 7622 §3.5, table 2, as far as a split can tell. */
static void malformed_ones_are_refused(void **state)
{
	static const char *const bad[] = {
		"\"juliet\"@example.com",
		"foo bar@example.com",
		"juliet@example.com/",
		"@example.com/",
		"@example.com",
		"juliet@",
		"/foobar",
		"",
		"/",
		"@",
		"a@/b",
		"a&b@x",
		"a'b@x",
		"a:b@x",
		"a<b@x",
		"a>b@x",
		"a\nb@x",
		"a\x7f@x",
		"a@x\n",
		"a@x/b\n",
		"a@x/b\x01",
		"a@x/b\x7f",
		"\xff@x",
		"a@\xff",
		"a@x/\xc3",
		"\xc2\x85@x",
		"a@x/\xc2\x9f",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(str_of(bad[i]));
	refused(STR("a\0b@x"));
	refused(STR("a@x/b\0"));
	refused(STR_NONE);
}

/* RFC 7622 §3.2 to §3.4: 1023 octets for each part. */
static void each_part_has_its_length(void **state)
{
	static char in[5000];
	struct jid jid;

	(void)state;
	memset(in, 'a', sizeof(in));
	in[1023] = '@';
	in[2047] = '/';
	assert_int_equal(jid_parse(str_make(in, 2048 + 1023), &jid), 0);
	assert_int_equal(jid.local.len, 1023);
	assert_int_equal(jid.domain.len, 1023);
	assert_int_equal(jid.resource.len, 1023);
	refused(str_make(in, 2048 + 1024));
	in[2047] = 'a';
	in[2048] = '/';
	refused(str_make(in, 2048 + 10));
	in[1023] = 'a';
	in[1024] = '@';
	refused(str_make(in, 1024 + 10));
	refused(str_make(in, sizeof(in)));
}

static bool is_same(const char *a, const char *b)
{
	return jid_local_same(str_of(a), str_of(b)) == 1;
}

static void localparts_are_compared_as_servers_do(void **state)
{
	(void)state;
	assert_true(is_same("ann", "ANN"));
	assert_true(is_same("ann", "\xef\xbd\x81nn"));         /* full width */
	assert_true(is_same("ann", "a\xc2\xadnn"));             /* soft hyphen */
	assert_true(is_same("ann", "ann\xe2\x80\x8b"));         /* zero width space */
	assert_true(is_same("ann", "\xef\xbb\xbf" "an\xe1\xa0\x86n"));
	assert_true(is_same("a\xcc\x88nn", "\xc3\x84nn"));
	assert_false(is_same("ann", "anna"));
	assert_false(is_same("ann", "\xc3\xa4nn"));
	assert_false(is_same("ann", "\xe2\x80\x8b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_of_the_standard_are_taken),
		cmocka_unit_test(malformed_ones_are_refused),
		cmocka_unit_test(each_part_has_its_length),
		cmocka_unit_test(localparts_are_compared_as_servers_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
