/* SPDX-License-Identifier: Apache-2.0
 * Tricks of writing fold away (UAX #15, UTS #39), and words are found in what is left. */
#include "filter/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void folds_to(const char *text, unsigned flags, const char *expected)
{
	struct buf out = {0};

	assert_int_equal(fold_text(str_of(text), flags, &out), 0);
	if (!str_is(buf_str(&out), expected))
		fail_msg("\"%s\" becomes \"%.*s\", not \"%s\"", text, STR_ARG(buf_str(&out)), expected);
	buf_fini(&out);
}

static void ways_of_writing_a_word_become_one(void **state)
{
	static const char *const secrets[] = {
		"secret", "SECRET", "S\xc3\xa9" "cr\xc3\xa8t", "se\xe2\x80\x8b" "cret", "se\xc2\xad" "cret", "s\xcc\xb6" "e\xcc\xb6" "c\xcc\xb6" "r\xcc\xb6" "e\xcc\xb6" "t\xcc\xb6",
		"\xd1\x95\xd0\xb5\xd1\x81\x72\xd0\xb5\xd1\x82",                 /* Cyrillic dze, ie, es, ie, te */
		"\xef\xbd\x93\xef\xbd\x85\xef\xbd\x83\xef\xbd\x92\xef\xbd\x85\xef\xbd\x94", /* full width */
		"\xf0\x9d\x90\xac\xf0\x9d\x90\x9e\xf0\x9d\x90\x9c\xf0\x9d\x90\xab\xf0\x9d\x90\x9e\xf0\x9d\x90\xad", /* mathematical bold */
		"\xe2\x93\xa2\xe2\x93\x94\xe2\x93\x92\xe2\x93\xa1\xe2\x93\x94\xe2\x93\xa3", /* circled */
		"\xea\x9c\xb1\xe1\xb4\x87\xe1\xb4\x84\xca\x80\xe1\xb4\x87\xe1\xb4\x9b",     /* small capitals */
		"\xe2\x80\xaesecret\xe2\x80\xac", "s\xef\xb8\x8f" "ecret", "\xef\xbb\xbfsecret", "se\xf3\xa0\x81\xa1" "cret",
		"\xf0\x9f\x87\xb8\xf0\x9f\x87\xaa\xf0\x9f\x87\xa8\xf0\x9f\x87\xb7\xf0\x9f\x87\xaa\xf0\x9f\x87\xb9",         /* letters of flags */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		folds_to(secrets[i], 0, "secret");
}

static void other_text_keeps_its_words(void **state)
{
	(void)state;
	folds_to("", 0, "");
	folds_to("  two \t\n words ", 0, "two words ");
	folds_to("Stra\xc3\x9f" "e", 0, "strasse");
	folds_to("C++ & C", 0, "c++ & c");
	folds_to("\xe2\x80\x9cquoted\xe2\x80\x9d", 0, "quoted ");
	folds_to("a\xffz", 0, "a z");
	folds_to("a\x01z", 0, "a z");
	folds_to("\xe6\x97\xa5\xe6\x9c\xac", 0, "\xe6\x97\xa5\xe6\x9c\xac");
	folds_to("s.e c-r_e,t", FOLD_SQUEEZE, "secret");
	folds_to("$3cr37", FOLD_LEET, "secret");
	folds_to("Hello", FOLD_LEET, "heiio");
	folds_to("\xce\x9d\xce\x91\xce\xa4O", 0, "vato");               /* Greek Nu, Alpha, Tau: as their lower case */
	folds_to("\xce\x9d\xce\x91\xce\xa4O", FOLD_CAPITALS, "nato");   /* as they look */
}

static void every_character_folds_within_bounds_and_again_to_itself(void **state)
{
	struct buf once = {0}, twice = {0};

	(void)state;
	for (uint32_t c = 1; c < 0x110000; c += c < 0x3000 ? 1 : 7) {
		char bytes[4];
		size_t len = 0;

		if (c >= 0xd800 && c < 0xe000)
			continue;
		if (c < 0x80) {
			bytes[len++] = (char)c;
		} else if (c < 0x800) {
			bytes[len++] = (char)(0xc0 | (c >> 6));
			bytes[len++] = (char)(0x80 | (c & 0x3f));
		} else if (c < 0x10000) {
			bytes[len++] = (char)(0xe0 | (c >> 12));
			bytes[len++] = (char)(0x80 | ((c >> 6) & 0x3f));
			bytes[len++] = (char)(0x80 | (c & 0x3f));
		} else {
			bytes[len++] = (char)(0xf0 | (c >> 18));
			bytes[len++] = (char)(0x80 | ((c >> 12) & 0x3f));
			bytes[len++] = (char)(0x80 | ((c >> 6) & 0x3f));
			bytes[len++] = (char)(0x80 | (c & 0x3f));
		}
		buf_clear(&once);
		buf_clear(&twice);
		assert_int_equal(fold_text(str_make(bytes, len), 0, &once), 0);
		assert_true(buf_len(&once) <= 54);
		assert_int_equal(fold_text(buf_str(&once), 0, &twice), 0);
		if (!str_eq(buf_str(&once), buf_str(&twice)))
			fail_msg("U+%04X: \"%.*s\", then \"%.*s\"", c, STR_ARG(buf_str(&once)), STR_ARG(buf_str(&twice)));
	}
	buf_fini(&once);
	buf_fini(&twice);
}

/* ---- words ---- */

static struct words *words_of(const char *const *list, bool is_whole)
{
	size_t bytes = 0;
	struct words *words;

	for (const char *const *word = list; *word; word++)
		bytes += strlen(*word);
	assert_non_null(words = malloc(words_bytes(bytes)));
	words_init(words, bytes, 0, is_whole);
	for (uint32_t i = 0; list[i]; i++)
		words_add(words, str_of(list[i]), i + 1);
	words_finish(words);
	return words;
}

static uint32_t scan(const struct words *words, const char *text)
{
	uint64_t steps = 0;
	const uint32_t found = words_scan(words, str_of(text), &steps, UINT64_MAX);

	assert_true(steps <= 8 * (strlen(text) + 8));
	return found;
}

static void words_are_found_anywhere_or_whole(void **state)
{
	static const char *const list[] = {"he", "she", "hers", "north gate", "c++", "", "\xd0\xb6", NULL};
	struct words *any = words_of(list, false), *whole = words_of(list, true);

	(void)state;
	assert_int_equal(scan(any, "ushers"), 2);
	assert_int_equal(scan(whole, "ushers"), 0);
	assert_int_equal(scan(whole, "us hers"), 3);
	assert_int_equal(scan(whole, "he"), 1);
	assert_int_equal(scan(whole, "(he)"), 1);
	assert_int_equal(scan(whole, "the north gate is"), 4);
	assert_int_equal(scan(whole, "the north gates"), 0);
	assert_int_equal(scan(whole, "ac++"), 0);
	assert_int_equal(scan(whole, "c+++"), 5);
	assert_int_equal(scan(whole, "\xd0\xb6"), 7);
	assert_int_equal(scan(whole, "\xd0\xb6\xd0\xb6"), 0);
	assert_int_equal(scan(any, ""), 0);
	assert_int_equal(scan(any, "xyz"), 0);
	free(any);
	free(whole);
}

/* Held against looking for each word by itself. */
static void the_tree_finds_what_a_plain_search_finds(void **state)
{
	static const char *const list[] = {"ab", "aab", "abab", "bb", "babb", "cab", "a", NULL};
	struct words *words = words_of(list, false);
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 5000; round++) {
		char text[12];
		bool is_there = false;

		for (size_t i = 0; i < sizeof(text) - 1; i++) {
			seed = seed * 1103515245 + 12345;
			text[i] = "abcd"[(seed >> 16) % (round % 2 ? 4 : 2)];
		}
		text[sizeof(text) - 1] = '\0';
		for (const char *const *word = list; *word; word++)
			is_there |= strstr(text, *word) != NULL;
		assert_int_equal(scan(words, text) != 0, is_there);
	}
	free(words);
}

static void a_scan_gives_up_over_its_steps(void **state)
{
	static const char *const list[] = {"aaaaaaaab", NULL};
	struct words *words = words_of(list, false);
	char text[1000];
	uint64_t steps = 0;

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(words_scan(words, str_make(text, sizeof(text)), &steps, 100), 0);
	assert_in_range(steps, 100, 120);
	free(words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ways_of_writing_a_word_become_one),
		cmocka_unit_test(other_text_keeps_its_words),
		cmocka_unit_test(every_character_folds_within_bounds_and_again_to_itself),
		cmocka_unit_test(words_are_found_anywhere_or_whole),
		cmocka_unit_test(the_tree_finds_what_a_plain_search_finds),
		cmocka_unit_test(a_scan_gives_up_over_its_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
