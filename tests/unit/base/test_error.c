/* SPDX-License-Identifier: Apache-2.0
 * The one table of errors: each is negative, differs from all others, and has words of its own. */
#include "base/error.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define NUMBER(name, text) name,
static const int errors[] = {TRUNK_ERRORS(NUMBER)};
#undef NUMBER

enum { COUNT = sizeof(errors) / sizeof(errors[0]) };

static void each_error_is_negative_and_has_words_of_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		assert_true(errors[i] < 0);
		assert_true(strlen(error_text(errors[i])) > 0);
		assert_string_not_equal(error_text(errors[i]), "unknown error");
		for (size_t k = 0; k < i; k++) {
			assert_int_not_equal(errors[i], errors[k]);
			assert_string_not_equal(error_text(errors[i]), error_text(errors[k]));
		}
	}
}

static void what_is_no_error_of_ours_has_words_too(void **state)
{
	(void)state;
	assert_string_equal(error_text(0), "no error");
	assert_string_equal(error_text(1), "unknown error");
	assert_string_equal(error_text(-1), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_error_is_negative_and_has_words_of_its_own),
		cmocka_unit_test(what_is_no_error_of_ours_has_words_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
