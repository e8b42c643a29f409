/* SPDX-License-Identifier: Apache-2.0
 * Borrowed strings: comparing, cutting, numbers, characters. */
#include "base/str.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void absent_and_empty_differ_but_hold_the_same_bytes(void **state)
{
	(void)state;
	assert_true(str_is_absent(STR_NONE));
	assert_false(str_is_absent(STR("")));
	assert_true(str_eq(STR_NONE, STR("")));
	assert_true(str_is_absent(str_of(NULL)));
	assert_int_equal(str_of(NULL).len, 0);
}

static void equality_looks_at_all_bytes_also_nul(void **state)
{
	(void)state;
	assert_true(str_eq(STR("a\0b"), STR("a\0b")));
	assert_false(str_eq(STR("a\0b"), STR("a\0c")));
	assert_false(str_eq(STR("ab"), STR("abc")));
	assert_true(str_is(STR("abc"), "abc"));
	assert_false(str_is(STR("abc\0"), "abc"));
}

static void case_is_folded_for_ascii_letters_alone(void **state)
{
	(void)state;
	assert_true(str_eq_nocase(STR("Saturn.EXAMPLE"), STR("saturn.example")));
	assert_false(str_eq_nocase(STR("Ä"), STR("ä")));
	assert_false(str_eq_nocase(STR("["), STR("{")));        /* 0x20 apart, but no letters */
	assert_false(str_eq_nocase(STR("a"), STR("ab")));
}

static void beginning_and_end_are_recognised(void **state)
{
	(void)state;
	assert_true(str_starts(STR("saturn"), STR("sat")));
	assert_true(str_starts(STR("saturn"), STR("")));
	assert_false(str_starts(STR("sa"), STR("sat")));
	assert_true(str_ends(STR("saturn"), STR("urn")));
	assert_false(str_ends(STR("rn"), STR("urn")));
	assert_false(str_ends(STR("urna"), STR("urn")));
}

static void from_and_until_never_leave_the_string(void **state)
{
	(void)state;
	assert_true(str_is(str_from(STR("abc"), 1), "bc"));
	assert_int_equal(str_from(STR("abc"), 9).len, 0);
	assert_true(str_is(str_until(STR("abc"), 2), "ab"));
	assert_true(str_is(str_until(STR("abc"), 9), "abc"));
}

static void find_tells_the_first_or_the_length(void **state)
{
	(void)state;
	assert_int_equal(str_find(STR("a.b.c"), '.'), 1);
	assert_int_equal(str_find(STR("abc"), '.'), 3);
	assert_int_equal(str_find(STR_NONE, '.'), 0);
}

static void trim_takes_white_space_of_xml_from_both_ends(void **state)
{
	(void)state;
	assert_true(str_is(str_trim(STR(" \t\r\na b\n ")), "a b"));
	assert_int_equal(str_trim(STR(" \n ")).len, 0);
	assert_true(str_is(str_trim(STR("\v")), "\v"));
}

static void cut_tells_a_last_empty_part_from_none(void **state)
{
	struct str rest = STR("a,b,");

	(void)state;
	assert_true(str_is(str_cut(&rest, ','), "a"));
	assert_true(str_is(str_cut(&rest, ','), "b"));
	assert_false(str_is_absent(rest));
	assert_int_equal(str_cut(&rest, ',').len, 0);
	assert_true(str_is_absent(rest));
}

static void numbers_up_to_the_limit_are_read(void **state)
{
	uint64_t n = 7;

	(void)state;
	assert_int_equal(str_number(STR("0"), 10, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(str_number(STR("007"), 7, &n), 0);
	assert_int_equal(n, 7);
	assert_int_equal(str_number(STR("18446744073709551615"), UINT64_MAX, &n), 0);
	assert_true(n == UINT64_MAX);
	assert_int_equal(str_number(STR("65535"), 65535, &n), 0);
	assert_int_equal(n, 65535);
}

static void numbers_with_anything_else_or_too_large_are_refused(void **state)
{
	static const char *const refused[] = {"",
					      "-1",
					      "+1",
					      " 1",
					      "1 ",
					      "0x1",
					      "1.0",
					      "65536",
					      "655350",
					      "18446744073709551616",
					      "99999999999999999999999999"};
	uint64_t n = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (str_number(str_of(refused[i]), 65535, &n) != TRUNK_EINVAL)
			fail_msg("'%s' was read", refused[i]);
	assert_int_equal(str_number(STR("18446744073709551616"), UINT64_MAX, &n), TRUNK_EINVAL);
	assert_int_equal(str_number(STR("8"), 7, &n), TRUNK_EINVAL);
	assert_int_equal(n, 7);         /* written on success only */
}

static void first_char_reads_each_length_of_utf8(void **state)
{
	uint32_t c;

	(void)state;
	assert_int_equal(str_first_char(STR("a\xff"), &c), 1);
	assert_int_equal(c, 'a');
	assert_int_equal(str_first_char(STR("\0"), &c), 1);
	assert_int_equal(c, 0);
	assert_int_equal(str_first_char(STR("\xc2\x80"), &c), 2);
	assert_int_equal(c, 0x80);
	assert_int_equal(str_first_char(STR("\xef\xbf\xbf"), &c), 3);
	assert_int_equal(c, 0xffff);
	assert_int_equal(str_first_char(STR("\xf4\x8f\xbf\xbf"), &c), 4);
	assert_int_equal(c, 0x10ffff);
}

/* RFC 3629 §4 and the traps of its §10. */
static void first_char_refuses_what_is_no_utf8(void **state)
{
	static const struct str refused[] = {
		{"", 0},
		{"\x80", 1},
		{"\xc3", 1},
		{"\xc3(", 2},
		{"\xc0\x80", 2},
		{"\xc1\xbf", 2},
		{"\xe0\x9f\xbf", 3},
		{"\xed\xa0\x80", 3},
		{"\xf0\x8f\xbf\xbf", 4},
		{"\xf4\x90\x80\x80", 4},
		{"\xf8\x88\x80\x80\x80", 5},
		{"\xe2\x82", 2},
		{"\xff", 1},
	};
	uint32_t c = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (str_first_char(refused[i], &c) != 0)
			fail_msg("number %zu was taken", i);
	assert_int_equal(c, 7);
}

static void dup_ends_in_nul_and_takes_absent_for_empty(void **state)
{
	char *copy = str_dup(str_until(STR("abcd"), 2));
	char *empty = str_dup(STR_NONE);

	(void)state;
	assert_string_equal(copy, "ab");
	assert_string_equal(empty, "");
	free(copy);
	free(empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(absent_and_empty_differ_but_hold_the_same_bytes),
		cmocka_unit_test(equality_looks_at_all_bytes_also_nul),
		cmocka_unit_test(case_is_folded_for_ascii_letters_alone),
		cmocka_unit_test(beginning_and_end_are_recognised),
		cmocka_unit_test(from_and_until_never_leave_the_string),
		cmocka_unit_test(find_tells_the_first_or_the_length),
		cmocka_unit_test(trim_takes_white_space_of_xml_from_both_ends),
		cmocka_unit_test(cut_tells_a_last_empty_part_from_none),
		cmocka_unit_test(numbers_up_to_the_limit_are_read),
		cmocka_unit_test(numbers_with_anything_else_or_too_large_are_refused),
		cmocka_unit_test(first_char_reads_each_length_of_utf8),
		cmocka_unit_test(first_char_refuses_what_is_no_utf8),
		cmocka_unit_test(dup_ends_in_nul_and_takes_absent_for_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
