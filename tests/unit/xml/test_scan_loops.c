/* SPDX-License-Identifier: Apache-2.0
 * Each level's loops stop where those in plain C do, and those stop where XML says. */
#include "xml/scan_short.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROOM = 200 };

static const enum scan_level levels[] = {SCAN_PLAIN, SCAN_SSE2, SCAN_AVX2, SCAN_NEON};

#define EACH_LEVEL(loops) \
	for (unsigned i_ = 0; i_ < 4; i_++) \
		for (const struct scan_loops *loops = scan_loops_of(levels[i_]); loops; loops = NULL)

static void every_byte_stops_the_loops_that_it_should(void **state)
{
	unsigned char at[ROOM];

	(void)state;
	EACH_LEVEL(loops) {
		for (unsigned c = 0; c < 256; c++) {
			const bool is_control = c < 0x20, is_wide = c >= 0x80;
			const bool stops_text =
				(is_control && c != '\t' && c != '\n') || is_wide || c == '<' || c == '&' || c == '>';
			const bool stops_value = is_control || is_wide || c == '<' || c == '&';

			for (size_t p = 0; p < ROOM; p++) {
				memset(at, 'x', ROOM);
				at[p] = (unsigned char)c;
				assert_int_equal(loops->text(at, 0, ROOM), stops_text ? p : ROOM);
				assert_int_equal(loops->value(at, 0, ROOM, '\''), stops_value || c == '\'' ? p : ROOM);
				assert_int_equal(loops->value(at, 0, ROOM, '"'), stops_value || c == '"' ? p : ROOM);
			}
		}
	}
}

/* Each byte at each place in front of the input's end, behind which more of the name would stand. */
static void names_end_where_plain_c_says(void **state)
{
	unsigned char at[ROOM];

	(void)state;
	EACH_LEVEL(loops) {
		for (unsigned c = 0; c < 256; c++) {
			for (size_t len = 0; len <= 40; len++) {
				memset(at, 'x', ROOM);
				at[len / 2] = (unsigned char)c;
				assert_int_equal(name_end(loops, at, 0, len), name_end_plain(at, 0, len));
				if (len >= SHORT_BYTES)
					assert_int_equal(short_value(at, 0, '"'), scan_value_plain(at, 0, SHORT_BYTES, '"'));
			}
		}
	}
}

static void end_tags_are_compared_as_far_as_they_go(void **state)
{
	unsigned char a[SHORT_BYTES], b[SHORT_BYTES];

	(void)state;
	for (size_t n = 0; n < SHORT_BYTES; n++) {
		for (size_t other = 0; other < SHORT_BYTES; other++) {
			memset(a, 'x', sizeof(a));
			memset(b, 'x', sizeof(b));
			b[other] = 'y';
			assert_int_equal(short_is_same(a, b, n), other >= n);
		}
	}
}

static void the_first_of_several_counts(void **state)
{
	unsigned char at[ROOM];

	(void)state;
	EACH_LEVEL(loops) {
		for (size_t p = 0; p + 1 < ROOM; p++) {
			memset(at, 'x', ROOM);
			memset(at + p, '<', ROOM - p);
			for (size_t from = 0; from <= p; from++)
				assert_int_equal(loops->text(at, from, ROOM), p);
			assert_int_equal(loops->text(at, 0, p), p);     /* what lies behind the end does not count */
			assert_int_equal(loops->value(at, 0, p, '\''), p);
		}
	}
}

/* Good and bad characters at every distance from the loops' steps. */
static void wide_characters_are_judged_alike(void **state)
{
	static const char *const characters[] = {
		"\xC3\xA9", "\xE4\xB8\xAD", "\xF0\x9F\x98\x80", "\xEF\xBF\xBD", "\xED\x9F\xBF", "\xEE\x80\x80",
		"\xF4\x8F\xBF\xBF", "\xEF\xBC\x8C", "\xC0\xAF", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF",
		"\xEF\xBF\xBE", "\xEF\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\x80",
		"\xBF", "\xC3(", "\xC3", "\xE4\xB8", "\xE4\xB8(", "\xF0\x9F\x98", "\xF0\x9F\x98(", "\xC3\xA9\xA9",
		"\xE4\xB8\xAD\x80", "\xF0\x9F\x98\x80\x80", "<", "&", ">", "'", "\"", "\n", "\t", "\x01", "\x7F",
	};
	static const char *const fills[] = {"x", "\xC3\xA9", "\xE4\xB8\xAD", "\xF0\x9F\x98\x80", "x\xEF\xBC\x8C"};

	(void)state;
	EACH_LEVEL(loops) {
		for (unsigned f = 0; f < sizeof(fills) / sizeof(fills[0]); f++) {
			for (unsigned k = 0; k < sizeof(characters) / sizeof(characters[0]); k++) {
				for (size_t before = 0; before < 70; before++) {
					char at[4 * 160 + 16] = "\xC3\xA9";
					size_t len = 2;

					for (size_t i = 0; i < before; i++)
						len += (size_t)sprintf(at + len, "%s", fills[f]);
					len += (size_t)sprintf(at + len, "%s", characters[k]);
					for (size_t i = 0; i < 40; i++)
						len += (size_t)sprintf(at + len, "%s", fills[f]);
					if (loops->wide((unsigned char *)at, 0, len) !=
					    scan_wide_plain((unsigned char *)at, 0, len))
						fail_msg("%s: fill %u, character %u, %zu before", loops->name, f, k, before);
				}
			}
		}
	}
}

static void wide_characters_end_where_utf8_does(void **state)
{
	(void)state;
	EACH_LEVEL(loops) {
		assert_int_equal(loops->wide((const unsigned char *)"\xC3\xA9x\xE4\xB8\xAD<", 0, 7), 6);
		assert_int_equal(loops->wide((const unsigned char *)"\xC3\xA9\xC0\xAF", 0, 4), 2);
		assert_int_equal(loops->wide((const unsigned char *)"\xC3\xA9\xE4\xB8", 0, 4), 2);
		assert_int_equal(loops->wide((const unsigned char *)"\xEF\xBF\xBE", 0, 3), 0);
	}
}

/* Bytes by chance, each a few bits away from well-formed text. */
static void chance_is_judged_alike(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		unsigned char at[ROOM];
		size_t from;

		for (size_t p = 0; p < ROOM; p++) {
			seed = seed * 1664525u + 1013904223u;
			at[p] = (unsigned char)"\xE4\xB8\xAD"[p % 3];
			if (seed >> 24 < 4)
				at[p] ^= (unsigned char)(1u << (seed >> 16 & 7));
		}
		from = (seed >> 8) % 60 * 3;
		EACH_LEVEL(loops) {
			assert_int_equal(loops->wide(at, from, ROOM), scan_wide_plain(at, from, ROOM));
			assert_int_equal(loops->text(at, from, ROOM), scan_text_plain(at, from, ROOM));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_stops_the_loops_that_it_should),
		cmocka_unit_test(names_end_where_plain_c_says),
		cmocka_unit_test(end_tags_are_compared_as_far_as_they_go),
		cmocka_unit_test(the_first_of_several_counts),
		cmocka_unit_test(wide_characters_are_judged_alike),
		cmocka_unit_test(wide_characters_end_where_utf8_does),
		cmocka_unit_test(chance_is_judged_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
