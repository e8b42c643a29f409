/* SPDX-License-Identifier: Apache-2.0
 * The last failed attempts: oldest first, a bounded number, each a copy of its own. */
#include "site/failures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

struct seen {
	struct failure last;
	int64_t first_ms, last_ms;
	unsigned count;
};

static void see(void *ctx, const struct failure *failure)
{
	struct seen *seen = ctx;

	if (seen->count++ == 0)
		seen->first_ms = failure->wall_ms;
	else
		assert_int_equal(failure->wall_ms, seen->last_ms + 1);
	seen->last_ms = failure->wall_ms;
	seen->last = *failure;
}

static struct seen look(const struct failures *failures)
{
	struct seen seen = {0};

	failures_each(failures, see, &seen);
	return seen;
}

static struct failure failure_at(int64_t wall_ms)
{
	return (struct failure){
		.wall_ms = wall_ms,
		.pair = {STR("a.example"), STR("b.example")},
		.leg = "outbound",
		.role = "initiating",
		.address = "192.0.2.1:5269",
		.step = "tcp",
		.reason = "connection refused",
	};
}

static void what_was_added_is_shown(void **state)
{
	struct failures *failures = failures_new();
	const struct failure failure = failure_at(5);
	struct seen seen;

	(void)state;
	assert_int_equal(look(failures).count, 0);
	failures_add(failures, &failure);
	seen = look(failures);
	assert_int_equal(seen.count, 1);
	assert_true(str_is(seen.last.pair.sender, "a.example") && str_is(seen.last.pair.target, "b.example"));
	assert_string_equal(seen.last.address, "192.0.2.1:5269");
	assert_string_equal(seen.last.reason, "connection refused");
	assert_string_equal(seen.last.step, "tcp");
	failures_free(&failures);
	failures_free(&failures);
}

static void text_is_kept_as_a_copy(void **state)
{
	struct failures *failures = failures_new();
	struct failure failure = failure_at(5);
	char sender[] = "a.example", reason[] = "why";

	(void)state;
	failure.pair.sender = str_of(sender);
	failure.reason = reason;
	failures_add(failures, &failure);
	memset(sender, 'x', sizeof(sender));
	memset(reason, 'x', sizeof(reason) - 1);
	assert_true(str_is(look(failures).last.pair.sender, "a.example"));
	assert_string_equal(look(failures).last.reason, "why");
	failures_free(&failures);
}

static void the_oldest_goes_when_one_more_comes(void **state)
{
	struct failures *failures = failures_new();
	struct seen seen;

	(void)state;
	for (int64_t i = 0; i < FAILURES_MAX; i++) {
		const struct failure failure = failure_at(i);

		failures_add(failures, &failure);
	}
	assert_int_equal(look(failures).count, FAILURES_MAX);
	assert_int_equal(look(failures).first_ms, 0);
	for (int64_t i = FAILURES_MAX; i < 2 * FAILURES_MAX + 10; i++) {
		const struct failure failure = failure_at(i);

		failures_add(failures, &failure);
	}
	seen = look(failures);
	assert_int_equal(seen.count, FAILURES_MAX);
	assert_int_equal(seen.first_ms, FAILURES_MAX + 10);
	assert_int_equal(seen.last_ms, 2 * FAILURES_MAX + 9);
	failures_free(&failures);
}

static void long_text_is_cut_and_absent_stays_absent(void **state)
{
	struct failures *failures = failures_new();
	struct failure failure = failure_at(1);
	char text[2000];
	struct seen seen;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	failure.pair = (struct domain_pair){.sender = str_of(text)};
	failure.address = failure.reason = text;
	failures_add(failures, &failure);
	seen = look(failures);
	assert_true(seen.last.pair.sender.len > 100 && seen.last.pair.sender.len < sizeof(text) - 1);
	assert_true(str_is_absent(seen.last.pair.target));
	assert_true(strlen(seen.last.reason) > 100 && strlen(seen.last.reason) < sizeof(text) - 1);
	assert_true(strlen(seen.last.address) < sizeof(text) - 1);
	failures_free(&failures);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_added_is_shown),
		cmocka_unit_test(text_is_kept_as_a_copy),
		cmocka_unit_test(the_oldest_goes_when_one_more_comes),
		cmocka_unit_test(long_text_is_cut_and_absent_stays_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
