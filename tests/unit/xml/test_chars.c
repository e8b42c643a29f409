/* SPDX-License-Identifier: Apache-2.0
 * UTF-8 and the characters of names. */
#include "xml/chars.h"
#include "xml/xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct xml_limits limits = {.element_bytes = 1000, .depth = 4, .attributes = 4};

static bool expat_takes(const char *bytes, size_t len)
{
	struct arena arena = {0};
	struct xml_node *node;
	const bool takes = xml_tree_parse(&arena, str_make(bytes, len), NULL, &limits, &node) == 0;

	arena_fini(&arena);
	return takes;
}

/* A name of one character, or behind another. */
static bool expat_takes_name(uint32_t c, bool is_first)
{
	char bytes[16] = "<a";
	size_t len = is_first ? 1 : 2;

	len += utf8_encode(c, bytes + len);
	bytes[len++] = '/';
	bytes[len++] = '>';
	return expat_takes(bytes, len);
}

static void names_are_what_expat_takes_for_names(void **state)
{
	(void)state;
	for (uint32_t c = 0x80; c <= 0x10FFFF; c += c < 0x3200 || (c >= 0xD790 && c < 0x10010) ? 1 : 97) {
		if (c >= 0xD800 && c <= 0xDFFF)
			continue;
		for (int first = 0; first < 2; first++) {
			if (char_is_name(c, first) != expat_takes_name(c, first))
				fail_msg("U+%04X as %s", (unsigned)c, first ? "first" : "later");
		}
	}
}

static void ascii_names_are_what_expat_takes_for_names(void **state)
{
	(void)state;
	for (uint32_t c = 0x21; c < 0x7F; c++) {
		if (strchr("/><:", (int)c))
			continue;
		assert_int_equal(char_is((unsigned char)c, CHAR_START), expat_takes_name(c, true));
		assert_int_equal(char_is((unsigned char)c, CHAR_NAME), expat_takes_name(c, false));
	}
}

static void every_legal_character_comes_back_from_its_bytes(void **state)
{
	(void)state;
	for (uint32_t c = 0x80; c <= 0x10FFFF; c++) {
		unsigned char bytes[4];
		const unsigned len = utf8_encode(c, (char *)bytes);
		uint32_t back = 0;
		const int size = utf8_decode(bytes, len, &back);

		if (char_is_legal(c) ? size != (int)len || back != c : size != -1)
			fail_msg("U+%04X", (unsigned)c);
		if (utf8_decode(bytes, len - 1, &back) != 0)
			fail_msg("U+%04X cut short", (unsigned)c);
	}
}

/* Every sequence of two bytes, and of three with the last of them at its borders: only the shortest form is taken. */
static void only_the_shortest_form_is_taken(void **state)
{
	static const unsigned char thirds[] = {0x00, 0x7F, 0x80, 0xBD, 0xBE, 0xBF, 0xC0, 0xFF};

	(void)state;
	for (unsigned a = 0x80; a < 0x100; a++) {
		for (unsigned b = 0; b < 0x100; b++) {
			for (unsigned k = 0; k < sizeof(thirds); k++) {
				const unsigned char bytes[4] = {(unsigned char)a, (unsigned char)b, thirds[k], 0x80};
				char again[4];
				uint32_t c;
				const int size = utf8_decode(bytes, 4, &c);

				if (size > 0 &&
				    (utf8_encode(c, again) != (unsigned)size || memcmp(again, bytes, (size_t)size) != 0))
					fail_msg("%02X %02X %02X", a, b, thirds[k]);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_what_expat_takes_for_names),
		cmocka_unit_test(ascii_names_are_what_expat_takes_for_names),
		cmocka_unit_test(every_legal_character_comes_back_from_its_bytes),
		cmocka_unit_test(only_the_shortest_form_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
