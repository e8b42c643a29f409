/* SPDX-License-Identifier: Apache-2.0
 * Problems with their places. */
#include "loads.h"

#include "config/problem.h"

struct told {
	struct buf text;
	unsigned count;
};

static void count_message(void *ctx, const struct config_problem *problem)
{
	struct told *told = ctx;

	keep_message(&told->text, problem);
	told->count++;
}

static void tell_is(struct problems *problems, const char *expected)
{
	struct told told = {0};

	problems_tell(problems, "a.yaml", count_message, &told);
	assert_int_equal(buf_add(&told.text, str_make("", 1)), 0);
	assert_string_equal(buf_str(&told.text).at, expected);
	buf_fini(&told.text);
}

static void problems_are_told_in_the_order_of_the_text(void **state)
{
	struct problems problems = {0};

	(void)state;
	problem_error(&problems, (struct place){"a.yaml", 0, 0}, "whole file");
	problem_error(&problems, (struct place){0}, "nowhere");
	problem_error(&problems, (struct place){"0.yaml", 1, 1}, "other file");
	problem_warning(&problems, (struct place){"a.yaml", 2, 7}, "second");
	problem_error(&problems, (struct place){"a.yaml", 2, 1}, "first");
	problem_error(&problems, (struct place){"a.yaml", 10, 0}, "third");
	assert_int_equal(problems.errors, 5);
	assert_int_equal(problems.warnings, 1);
	tell_is(&problems, "a.yaml:2:1: first\nwarning: a.yaml:2:7: second\na.yaml:10: third\na.yaml: whole file\n"
			   "0.yaml:1:1: other file\nnowhere\n");
}

/* design.md §3: nothing reaches a terminal unescaped. C1 controls are two bytes in UTF-8. */
static void control_characters_are_escaped(void **state)
{
	struct problems problems = {0};

	(void)state;
	problem_error(&problems, (struct place){"a\x1b.yaml", 1, 1}, "\x1b[31m\n\x7f \xc2\x9b \xc3\xa9");
	tell_is(&problems, "a\\x1b.yaml:1:1: \\x1b[31m\\x0a\\x7f \\xc2\\x9b \xc3\xa9\n");
}

static void a_long_value_is_cut_between_characters(void **state)
{
	char text[QUOTE_BYTES_MAX + 2];

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(quote(str_make(text, QUOTE_BYTES_MAX)).len, QUOTE_BYTES_MAX);
	memcpy(text + QUOTE_BYTES_MAX - 1, "\xc3\xa9", 2);
	assert_int_equal(quote(str_make(text, QUOTE_BYTES_MAX + 1)).len, QUOTE_BYTES_MAX - 1);
	assert_string_equal(quote(STR_NONE).at, "");
}

static void the_other_place_is_named_by_file_only_where_that_differs(void **state)
{
	const struct place here = {"a.yaml", 3, 1};

	(void)state;
	assert_string_equal(place_other(here, (struct place){"a.yaml", 6, 2}).at, "line 6");
	assert_string_equal(place_other(here, (struct place){"b.yaml", 6, 2}).at, "b.yaml:6");
}

static void no_more_than_the_limit_is_told(void **state)
{
	struct problems problems = {0};
	struct told told = {0};

	(void)state;
	for (unsigned i = 0; i < PROBLEMS_MAX + 50; i++)
		problem_error(&problems, (struct place){"a.yaml", i + 1, 1}, "bad");
	problems_tell(&problems, "a.yaml", count_message, &told);
	assert_int_equal(problems.errors, PROBLEMS_MAX + 50);
	assert_int_equal(told.count, PROBLEMS_MAX + 1);
	assert_non_null(memmem(told.text.at, told.text.end, "more problems follow", 20));
	buf_fini(&told.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(problems_are_told_in_the_order_of_the_text),
		cmocka_unit_test(control_characters_are_escaped),
		cmocka_unit_test(a_long_value_is_cut_between_characters),
		cmocka_unit_test(the_other_place_is_named_by_file_only_where_that_differs),
		cmocka_unit_test(no_more_than_the_limit_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
