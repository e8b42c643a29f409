/* SPDX-License-Identifier: Apache-2.0
 * Values decoded, text escaped. */
#include "xml/xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_decoded(const char *raw, const char *expected)
{
	struct arena arena = {0};

	if (!str_is(xml_decode(&arena, str_of(raw)), expected))
		fail_msg("%s is not %s", raw, expected);
	arena_fini(&arena);
}

static void assert_escaped(struct str text, const char *expected)
{
	struct buf out = {0};

	assert_int_equal(xml_escape(&out, text), 0);
	if (!str_is(buf_str(&out), expected))
		fail_msg("%.*s instead of %s", STR_ARG(buf_str(&out)), expected);
	buf_fini(&out);
}

static void references_are_resolved(void **state)
{
	(void)state;
	assert_decoded("&amp;&lt;&gt;&apos;&quot;", "&<>'\"");
	assert_decoded("a&amp;amp;b", "a&amp;b");               /* once, not twice */
	assert_decoded("&#65;&#x42;&#x1F600;&#8364;&#xe9;", "AB\xF0\x9F\x98\x80\xE2\x82\xAC\xC3\xA9");
}

static void white_space_is_normalised_and_referenced_white_space_is_not(void **state)
{
	(void)state;
	assert_decoded("a\tb\nc\rd\r\ne", "a b c d e");         /* XML 1.0 §3.3.3 and §2.11 */
	assert_decoded("&#9;&#10;&#13;", "\t\n\r");
}

static void a_plain_value_is_handed_back_itself(void **state)
{
	struct arena arena = {0};
	const struct str raw = STR("romeo@montague.example/orchard \xC3\xA9");

	(void)state;
	assert_ptr_equal(xml_decode(&arena, raw).at, raw.at);
	assert_true(str_is_absent(xml_decode(&arena, STR_NONE)));
	assert_int_equal(arena.used, 0);
}

static void no_memory_gives_an_absent_value(void **state)
{
	struct arena arena = {.limit = 8};

	(void)state;
	assert_true(str_is_absent(xml_decode(&arena, STR("a value with an &amp;"))));
	arena_fini(&arena);
}

/* No reader hands out such values; nothing is lost, nothing is read beside them. */
static void what_is_no_reference_stays(void **state)
{
	(void)state;
	assert_decoded("&", "&");
	assert_decoded("&;&nope;&#;&#0;&amp", "&;&nope;&#;&#0;&amp");
}

static void the_five_are_escaped(void **state)
{
	(void)state;
	assert_escaped(STR("&<>'\""), "&amp;&lt;&gt;&apos;&quot;");
	assert_escaped(STR("plain \xC3\xA9 \xF0\x9F\x98\x80"), "plain \xC3\xA9 \xF0\x9F\x98\x80");
	assert_escaped(STR(""), "");
	assert_escaped(STR_NONE, "");
}

static void white_space_survives_a_value(void **state)
{
	(void)state;
	assert_escaped(STR("a\tb\nc\rd"), "a&#9;b&#10;c&#13;d");
}

/* What XML can't say must not get out, for the peer would close the stream. */
static void characters_that_xml_lacks_are_replaced(void **state)
{
	(void)state;
	assert_escaped(STR("a\0b\x1B" "c"), "a\xEF\xBF\xBD" "b\xEF\xBF\xBD" "c");
	assert_escaped(STR("\xFF|\xC3"), "\xEF\xBF\xBD|\xEF\xBF\xBD");
	assert_escaped(STR("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
	assert_escaped(STR("\xEF\xBF\xBF"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

static void a_full_buffer_gets_nothing(void **state)
{
	struct buf out = {.limit = 8};

	(void)state;
	assert_int_equal(buf_add_cstr(&out, "abcd"), 0);
	assert_int_equal(xml_escape(&out, STR("x<")), TRUNK_ELIMIT);
	assert_true(str_is(buf_str(&out), "abcd"));
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(references_are_resolved),
		cmocka_unit_test(white_space_is_normalised_and_referenced_white_space_is_not),
		cmocka_unit_test(a_plain_value_is_handed_back_itself),
		cmocka_unit_test(no_memory_gives_an_absent_value),
		cmocka_unit_test(what_is_no_reference_stays),
		cmocka_unit_test(the_five_are_escaped),
		cmocka_unit_test(white_space_survives_a_value),
		cmocka_unit_test(characters_that_xml_lacks_are_replaced),
		cmocka_unit_test(a_full_buffer_gets_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
