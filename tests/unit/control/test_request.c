/* SPDX-License-Identifier: Apache-2.0
 * Requests of the control protocol: what is understood, and what is refused and why. */
#include "control/request.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

static const struct request_key KEYS[] = {{"what", REQUEST_TEXT, true}, {"for_ms", REQUEST_NUMBER, false}, {NULL, 0, false}};

static void assert_refused(const char *line, const char *why)
{
	struct buf reason = {0};
	json_t *request = NULL;
	int err = request_parse(str_of(line), &request, &reason);

	if (err == 0)
		err = request_check(request, KEYS, &reason);
	assert_int_equal(err, TRUNK_EINVAL);
	buf_add(&reason, str_make("", 1));
	assert_non_null(strstr(buf_str(&reason).at, why));
	buf_fini(&reason);
	json_decref(request);
}

static void a_request_gives_its_arguments(void **state)
{
	struct buf why = {0};
	json_t *request;

	(void)state;
	assert_int_equal(
		request_parse(STR("{\"command\": \"block\", \"what\": \"a.example\", \"for_ms\": 60000}"), &request, &why), 0);
	assert_int_equal(request_check(request, KEYS, &why), 0);
	assert_true(str_is(request_text(request, "what"), "a.example"));
	assert_int_equal(request_number(request, "for_ms"), 60000);
	assert_true(str_is_absent(request_text(request, "as")));
	assert_int_equal(request_number(request, "other"), 0);
	json_decref(request);
	assert_int_equal(buf_len(&why), 0);
}

static void what_is_no_request_is_refused(void **state)
{
	(void)state;
	assert_refused("", "no JSON");
	assert_refused("{\"command\": \"block\"", "no JSON");
	assert_refused("{\"command\": \"block\"} {}", "no JSON");
	assert_refused("{\"command\": \"block\", \"what\": \"a\", \"what\": \"b\"}", "a key twice");
	assert_refused("{\"command\": \"block\", \"what\": \"a\\u0000b\"}", "no JSON");
	assert_refused("[]", "no object");
	assert_refused("{\"what\": \"a\"}", "no object with a \"command\"");
	assert_refused("{\"command\": 1}", "no object with a \"command\"");
}

static void arguments_that_do_not_fit_are_refused(void **state)
{
	(void)state;
	assert_refused("{\"command\": \"block\", \"what\": \"a\", \"whom\": \"b\"}", "knows no argument \"whom\"");
	assert_refused("{\"command\": \"block\"}", "needs the argument \"what\"");
	assert_refused("{\"command\": \"block\", \"what\": 5}", "not a text that says something: \"what\"");
	assert_refused("{\"command\": \"block\", \"what\": \"\"}", "not a text that says something: \"what\"");
	assert_refused("{\"command\": \"block\", \"what\": null}", "not a text that says something: \"what\"");
	assert_refused("{\"command\": \"block\", \"what\": \"a\", \"for_ms\": -1}", "not a number from 0: \"for_ms\"");
	assert_refused("{\"command\": \"block\", \"what\": \"a\", \"for_ms\": \"1\"}", "not a number from 0: \"for_ms\"");
	assert_refused("{\"command\": \"block\", \"what\": \"a\", \"\\u001b[2J\": 1}", "knows no argument \"\\x1b[2J\"");
}

static void a_line_over_the_limit_is_refused(void **state)
{
	char *line = malloc(REQUEST_BYTES_MAX + 1);
	struct buf why = {0};
	json_t *request = NULL;

	(void)state;
	memset(line, ' ', REQUEST_BYTES_MAX + 1);
	memcpy(line, "{\"command\": \"a\"}", 16);
	assert_int_equal(request_parse(str_make(line, REQUEST_BYTES_MAX + 1), &request, &why), TRUNK_ELIMIT);
	assert_int_equal(request_parse(str_make(line, REQUEST_BYTES_MAX), &request, &why), 0);
	json_decref(request);
	buf_fini(&why);
	free(line);
}

static void deep_nesting_is_refused(void **state)
{
	char line[REQUEST_BYTES_MAX];
	struct buf why = {0};
	json_t *request = NULL;

	(void)state;
	memset(line, '[', sizeof(line));
	assert_int_equal(request_parse(str_make(line, sizeof(line)), &request, &why), TRUNK_EINVAL);
	buf_fini(&why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_gives_its_arguments),
		cmocka_unit_test(what_is_no_request_is_refused),
		cmocka_unit_test(arguments_that_do_not_fit_are_refused),
		cmocka_unit_test(a_line_over_the_limit_is_refused),
		cmocka_unit_test(deep_nesting_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
