/* SPDX-License-Identifier: Apache-2.0
 * The count of memory that peers' bytes take, and who may use how much of it (design.md §3, `limits.memory`). */
#include "site/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void growth_and_shrinking_are_counted(void **state)
{
	struct memory memory = {.limit_bytes = 1000};
	size_t one = 0, two = 0;

	(void)state;
	assert_true(memory_count(&memory, &one, 300));
	assert_true(memory_count(&memory, &two, 400));
	assert_int_equal(memory.used_bytes, 700);
	assert_true(memory_count(&memory, &one, 100));
	assert_int_equal(memory.used_bytes, 500);
	assert_int_equal(one, 100);
	memory_count(&memory, &one, 0);
	memory_count(&memory, &two, 0);
	assert_int_equal(memory.used_bytes, 0);
}

static void growth_over_the_limit_is_told_but_counted(void **state)
{
	struct memory memory = {.limit_bytes = 1000};
	size_t one = 0;

	(void)state;
	assert_true(memory_count(&memory, &one, 1000));
	assert_false(memory_count(&memory, &one, 1001));
	assert_int_equal(memory.used_bytes, 1001);
	assert_true(memory_count(&memory, &one, 1001));         /* nothing grew */
	assert_true(memory_count(&memory, &one, 1000));         /* nor where it shrinks, even above the limit */
}

static void queues_leave_an_eighth_to_the_rest(void **state)
{
	struct memory memory = {.limit_bytes = 800};
	size_t one = 0;

	(void)state;
	memory_count(&memory, &one, 699);
	assert_true(memory_has(&memory));
	memory_count(&memory, &one, 700);
	assert_false(memory_has(&memory));
	assert_true(memory_has_reserve(&memory));
	memory_count(&memory, &one, 799);
	assert_true(memory_has_reserve(&memory));
	memory_count(&memory, &one, 800);
	assert_false(memory_has_reserve(&memory));
}

static void of_the_reserve_a_target_gets_its_share(void **state)
{
	struct memory memory = {.limit_bytes = 8000};
	size_t one = 0;

	(void)state;
	memory_count(&memory, &one, 7500);
	assert_int_equal(memory_share(&memory), 1000);
	memory.targets = 3;
	assert_int_equal(memory_share(&memory), 250);
	memory_count(&memory, &one, 8000);
	assert_int_equal(memory_share(&memory), 0);
}

static void without_a_limit_there_is_always_room(void **state)
{
	struct memory memory = {0};
	size_t one = 0;

	(void)state;
	assert_true(memory_count(&memory, &one, SIZE_MAX / 2));
	assert_true(memory_has(&memory));
	assert_true(memory_has_reserve(&memory));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(growth_and_shrinking_are_counted),
		cmocka_unit_test(growth_over_the_limit_is_told_but_counted),
		cmocka_unit_test(queues_leave_an_eighth_to_the_rest),
		cmocka_unit_test(of_the_reserve_a_target_gets_its_share),
		cmocka_unit_test(without_a_limit_there_is_always_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
