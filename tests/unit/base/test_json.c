/* SPDX-License-Identifier: Apache-2.0
 * Any bytes inside of a JSON string (RFC 8259 §7 and §8.1). */
#include "base/json.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void becomes(struct str text, const char *expected)
{
	struct buf out = {0};

	assert_int_equal(buf_add_json(&out, text), 0);
	if (!str_is(buf_str(&out), expected))
		fail_msg("%.*s instead of %s", (int)buf_len(&out), buf_str(&out).at, expected);
	buf_fini(&out);
}

static void what_people_write_stays_as_it_is(void **state)
{
	(void)state;
	becomes(STR(""), "");
	becomes(STR_NONE, "");
	becomes(STR("saturn.example.org"), "saturn.example.org");
	becomes(STR("fußball π 日本 ♚ \xf0\x9f\x98\x80"), "fußball π 日本 ♚ \xf0\x9f\x98\x80");
}

static void quotes_and_controls_are_escaped(void **state)
{
	(void)state;
	becomes(STR("a\"b\\c"), "a\\\"b\\\\c");
	becomes(STR("\0\x1b[31m\n\x7f"), "\\u0000\\u001b[31m\\u000a\\u007f");
	becomes(STR("\xc2\x9b" "31m"), "\\u009b31m");         /* CSI in C1 */
}

static void what_reorders_or_ends_lines_is_escaped(void **state)
{
	(void)state;
	becomes(STR("\xe2\x80\xae" "gro\xe2\x80\xa8\xe2\x81\xa6"), "\\u202egro\\u2028\\u2066");
	becomes(STR("\xef\xbb\xbf"), "\\ufeff");
}

/* One U+FFFD for each byte: a byte 0xe9 must not read as an é that somebody else could have sent. */
static void bytes_that_are_no_utf8_become_the_replacement_character(void **state)
{
	(void)state;
	becomes(STR("a\xe9z"), "a\\ufffdz");
	becomes(STR("\xc3"), "\\ufffd");
	becomes(STR("\xc0\x80"), "\\ufffd\\ufffd");
	becomes(STR("\xed\xa0\x80"), "\\ufffd\\ufffd\\ufffd");
	becomes(STR("\xe2\x82" "A"), "\\ufffd\\ufffdA");
}

static void over_the_limit_nothing_is_added(void **state)
{
	struct buf out = {.limit = 8};

	(void)state;
	assert_int_equal(buf_add(&out, STR("ab")), 0);
	assert_int_equal(buf_add_json(&out, STR("cd\n")), TRUNK_ELIMIT);
	assert_true(str_is(buf_str(&out), "ab"));
	assert_int_equal(buf_add_json(&out, STR("cdefgh")), 0);
	assert_true(str_is(buf_str(&out), "abcdefgh"));
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_people_write_stays_as_it_is),
		cmocka_unit_test(quotes_and_controls_are_escaped),
		cmocka_unit_test(what_reorders_or_ends_lines_is_escaped),
		cmocka_unit_test(bytes_that_are_no_utf8_become_the_replacement_character),
		cmocka_unit_test(over_the_limit_nothing_is_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
