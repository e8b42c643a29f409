/* SPDX-License-Identifier: Apache-2.0
 * The nearest known word. */
#include "loads.h"

#include "config/words.h"

#include <limits.h>

static void distance_counts_edits_and_exchanges(void **state)
{
	(void)state;
	assert_int_equal(word_distance(STR("listen"), STR("listen")), 0);
	assert_int_equal(word_distance(STR("LISTEN"), STR("listen")), 0);
	assert_int_equal(word_distance(STR("lisen"), STR("listen")), 1);
	assert_int_equal(word_distance(STR("lsiten"), STR("listen")), 1);
	assert_int_equal(word_distance(STR(""), STR("abc")), 3);
	assert_int_equal(word_distance(STR("abc"), STR("")), 3);
	assert_int_equal(word_distance(STR("kitten"), STR("sitting")), 3);
}

static void a_word_over_the_limit_is_near_to_nothing(void **state)
{
	char longest[WORD_BYTES_MAX + 1];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	assert_int_equal(word_distance(str_make(longest, WORD_BYTES_MAX), str_make(longest, WORD_BYTES_MAX)), 0);
	assert_int_equal(word_distance(str_make(longest, WORD_BYTES_MAX + 1), STR("a")), UINT_MAX);
}

static void the_nearest_word_is_kept_and_a_far_one_is_none(void **state)
{
	struct nearest near = {.word = STR("polici")}, far = {.word = STR("zebra")}, one = {.word = STR("a")};

	(void)state;
	nearest_offer(&near, "police-car");
	nearest_offer(&near, "policy");
	nearest_offer(&near, "politics");
	assert_string_equal(near.best, "policy");
	nearest_offer(&far, "policy");
	assert_null(far.best);
	nearest_offer(&one, "b");
	assert_null(one.best);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distance_counts_edits_and_exchanges),
		cmocka_unit_test(a_word_over_the_limit_is_near_to_nothing),
		cmocka_unit_test(the_nearest_word_is_kept_and_a_far_one_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
