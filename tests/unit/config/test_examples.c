/* SPDX-License-Identifier: Apache-2.0
 * The configurations in examples/ are taken as they are, without a warning. */
#include "loads.h"

#include <glob.h>

static void load_example(const char *file)
{
	struct config *config = NULL;
	struct buf out = {0};

	assert_int_equal(config_load(file, keep_message, &out, &config), 0);
	assert_int_equal(buf_len(&out), 0);
	assert_true(config->spoke_count >= 2);
	config_free(&config);
}

static void each_example_is_taken(void **state)
{
	glob_t found = {0};

	(void)state;
	assert_int_equal(glob(EXAMPLES "/*.yaml", 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 4);
	for (size_t i = 0; i < found.gl_pathc; i++)
		load_example(found.gl_pathv[i]);
	globfree(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_example_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
