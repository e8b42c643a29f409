/* SPDX-License-Identifier: Apache-2.0
 * Receipts that there was no memory to send are kept, and none is counted twice or forgotten. */
#include "inbound/owed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct owed owed;

static int set_up(void **state)
{
	(void)state;
	owed = (struct owed){0};
	return 0;
}

static struct receipt receipt(uint64_t stream, uint64_t seq)
{
	return (struct receipt){.stream = stream, .seq = seq};
}

static void what_goes_on_where_a_run_ends_takes_no_room(void **state)
{
	struct owed_run run;

	(void)state;
	for (uint64_t seq = 1; seq <= 10 * OWED_MAX; seq++)
		assert_true(owed_add(&owed, receipt(7, seq), 1));
	assert_int_equal(owed.count, 1);
	assert_true(owed_take(&owed, &run));
	assert_int_equal(run.first.stream, 7);
	assert_int_equal(run.first.seq, 1);
	assert_int_equal(run.count, 10 * OWED_MAX);
	assert_false(owed_take(&owed, &run));
}

static void runs_of_streams_and_runs_with_gaps_are_apart(void **state)
{
	struct owed_run run;
	uint64_t sum = 0;

	(void)state;
	assert_true(owed_add(&owed, receipt(7, 1), 2));
	assert_true(owed_add(&owed, receipt(8, 3), 1));
	assert_true(owed_add(&owed, receipt(7, 4), 1));
	assert_int_equal(owed.count, 3);
	while (owed_take(&owed, &run))
		sum += run.count;
	assert_int_equal(sum, 4);
}

static void a_full_one_refuses_and_keeps_what_it_has(void **state)
{
	struct owed_run run;
	unsigned count = 0;

	(void)state;
	for (uint64_t stream = 1; stream <= OWED_MAX; stream++)
		assert_true(owed_add(&owed, receipt(stream, 1), 1));
	assert_false(owed_add(&owed, receipt(OWED_MAX + 1, 1), 1));
	assert_true(owed_add(&owed, receipt(1, 2), 1));
	while (owed_take(&owed, &run))
		count++;
	assert_int_equal(count, OWED_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_goes_on_where_a_run_ends_takes_no_room, set_up),
		cmocka_unit_test_setup(runs_of_streams_and_runs_with_gaps_are_apart, set_up),
		cmocka_unit_test_setup(a_full_one_refuses_and_keeps_what_it_has, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
