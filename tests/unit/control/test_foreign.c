/* SPDX-License-Identifier: Apache-2.0
 * Foreign text made fit for JSON and for terminals. */
#include "control/foreign.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

static void assert_escaped(struct str text, const char *expected)
{
	struct buf out = {0};

	assert_int_equal(foreign_escape(&out, text), 0);
	assert_int_equal(buf_len(&out), strlen(expected));
	assert_memory_equal(buf_str(&out).at, expected, strlen(expected));
	buf_fini(&out);
}

static void what_steers_a_terminal_is_escaped(void **state)
{
	(void)state;
	assert_escaped(STR("plain \xc3\xa9 \xe6\x97\xa5"), "plain \xc3\xa9 \xe6\x97\xa5");
	assert_escaped(STR("\x1b[2J\r\n\t\x7f"), "\\x1b[2J\\x0d\\n\\t\\x7f");
	assert_escaped(STR("a\xc2\x9b" "b"), "a\\x9bb");                        /* C1: CSI */
	assert_escaped(STR("\xe2\x80\xae" "gpj.exe"), "\\u202egpj.exe");        /* right-to-left override */
	assert_escaped(STR("a\xe2\x80\xa8" "b"), "a\\u2028b");                  /* line separator */
	assert_escaped(str_make("a\0b", 3), "a\\x00b");
}

static void bytes_that_are_not_utf8_are_escaped(void **state)
{
	(void)state;
	assert_escaped(STR("\xff"), "\\xff");
	assert_escaped(STR("\xc0\xaf"), "\\xc0\\xaf");          /* overlong */
	assert_escaped(STR("\xed\xa0\x80"), "\\xed\\xa0\\x80"); /* surrogate */
	assert_escaped(STR("\xe6\x97"), "\\xe6\\x97");          /* cut */
	assert_escaped(STR("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");        /* over U+10FFFF */
}

static void json_takes_any_bytes(void **state)
{
	json_t *good = foreign_json(STR("d\xc3\xb6t")),
	       *bad = foreign_json(STR("a\xff\xc3"
				       "b")),
	       *none = foreign_json(STR_NONE);

	(void)state;
	assert_string_equal(json_string_value(good), "d\xc3\xb6t");
	assert_string_equal(json_string_value(bad), "a\xef\xbf\xbd\xef\xbf\xbd" "b");
	assert_true(json_is_null(none));
	json_decref(good);
	json_decref(bad);
	json_decref(none);
}

static void columns_are_characters(void **state)
{
	(void)state;
	assert_int_equal(foreign_columns(STR("d\xc3\xb6t")), 3);
	assert_int_equal(foreign_columns(STR("")), 0);
}

static void times_are_iso_8601(void **state)
{
	char text[WALL_TEXT_SIZE];

	(void)state;
	wall_text(1767225599000, text);
	assert_string_equal(text, "2025-12-31T23:59:59Z");
	wall_text(0, text);
	assert_string_equal(text, "");
	wall_text(INT64_MAX, text);     /* "until for ever" must not break the row */
	assert_non_null(memchr(text, 0, sizeof(text)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_steers_a_terminal_is_escaped),
		cmocka_unit_test(bytes_that_are_not_utf8_are_escaped),
		cmocka_unit_test(json_takes_any_bytes),
		cmocka_unit_test(columns_are_characters),
		cmocka_unit_test(times_are_iso_8601),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
