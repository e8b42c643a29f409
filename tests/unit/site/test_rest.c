/* SPDX-License-Identifier: Apache-2.0
 * Who rests is known again behind a restart; where it is not known, everybody does. */
#include "site/rest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/trunk-rest-XXXXXX";

static void write_file(const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/" REST_FILE_NAME, folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static bool has_file(void)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/" REST_FILE_NAME, folder);
	return access(path, F_OK) == 0;
}

static struct rest *load(int expected)
{
	struct rest *rest = rest_new();

	assert_non_null(rest);
	assert_int_equal(rest_load(rest, folder), expected);
	return rest;
}

static struct rest *again(struct rest *rest)
{
	rest_free(&rest);
	return load(0);
}

static void who_rests_does_so_behind_a_restart(void **state)
{
	struct rest *rest = load(0);

	(void)state;
	assert_int_equal(rest_drain(rest, "mercury"), 0);
	assert_int_equal(rest_drain(rest, "a spoke of two words"), 0);
	assert_int_equal(rest_set_maintenance(rest, true), 0);
	rest = again(rest);
	assert_true(rest_has(rest, "mercury") && rest_has(rest, "a spoke of two words") && !rest_has(rest, "saturn"));
	assert_true(rest_is_maintenance(rest) && !rest_is_unknown(rest));
	assert_int_equal(rest_undrain(rest, "mercury"), 0);
	assert_int_equal(rest_set_maintenance(rest, false), 0);
	rest = again(rest);
	assert_true(!rest_has(rest, "mercury") && rest_has(rest, "a spoke of two words") && !rest_is_maintenance(rest));
	assert_int_equal(rest_undrain(rest, "a spoke of two words"), 0);
	assert_false(has_file());
	rest_free(&rest);
}

static void a_file_that_cannot_be_read_lets_everybody_rest(void **state)
{
	static const char *const bad[] = {"", "drained mercury", "drained \n", "dr", "maintenance please\n", "drained mercury\nnonsense\n", "\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct rest *rest;

		write_file(bad[i]);
		rest = load(TRUNK_EINVAL);
		assert_true(rest_is_unknown(rest) && rest_is_maintenance(rest) && rest_has(rest, "saturn"));
		assert_int_equal(rest_undrain(rest, "mercury"), TRUNK_EBUSY);
		rest_free(&rest);
		rest = load(TRUNK_EINVAL);              /* nothing was written over it */
		assert_int_equal(rest_set_maintenance(rest, false), 0);
		assert_true(!rest_is_unknown(rest) && !rest_is_maintenance(rest));
		rest = again(rest);
		rest_free(&rest);
	}
}

static void what_cannot_be_written_holds_until_the_restart(void **state)
{
	struct rest *rest = rest_new();

	(void)state;
	assert_int_equal(rest_load(rest, "/proc/self/fdinfo"), 0);      /* a folder that takes no files */
	assert_int_equal(rest_drain(rest, "mercury"), TRUNK_EIO);
	assert_true(rest_has(rest, "mercury"));
	assert_int_equal(rest_drain(rest, "mercury"), TRUNK_EEXIST);
	assert_int_equal(rest_set_maintenance(rest, true), TRUNK_EIO);
	assert_true(rest_is_maintenance(rest));
	rest_free(&rest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_rests_does_so_behind_a_restart),
		cmocka_unit_test(a_file_that_cannot_be_read_lets_everybody_rest),
		cmocka_unit_test(what_cannot_be_written_holds_until_the_restart),
	};
	int result;

	if (!mkdtemp(folder))
		return 1;
	result = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(folder);
	return result;
}
