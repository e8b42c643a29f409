/* SPDX-License-Identifier: Apache-2.0
 * Growing buffers: order, limits, and that a failure changes nothing. */
#include "base/buf.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static bool is_out_of_memory;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size)
{
	return is_out_of_memory ? NULL : __real_malloc(size);
}

static void bytes_come_out_in_the_order_they_went_in(void **state)
{
	struct buf buf = {0};

	(void)state;
	assert_int_equal(buf_add(&buf, STR("one ")), 0);
	assert_int_equal(buf_add_cstr(&buf, "two "), 0);
	assert_int_equal(buf_addf(&buf, "%d %s", 3, "four"), 0);
	assert_true(str_is(buf_str(&buf), "one two 3 four"));
	buf_drop(&buf, 4);
	assert_true(str_is(buf_str(&buf), "two 3 four"));
	buf_fini(&buf);
}

static void an_empty_buffer_is_an_empty_string_not_an_absent_one(void **state)
{
	struct buf buf = {0};

	(void)state;
	assert_int_equal(buf_add(&buf, STR("")), 0);
	assert_int_equal(buf_len(&buf), 0);
	assert_false(str_is_absent(buf_str(&buf)));
	buf_fini(&buf);
}

/* A queue that is written at one end and dropped at the other holds what it should through all growth and moving. */
static void a_long_queue_keeps_its_order(void **state)
{
	struct buf buf = {0};
	uint8_t in = 0, out = 0;

	(void)state;
	for (size_t round = 0; round < 4000; round++) {
		for (size_t i = 0; i < 1 + round % 37; i++, in++)
			assert_int_equal(buf_add(&buf, str_make((const char *)&in, 1)), 0);
		for (size_t i = 0; i < 1 + round % 31 && buf_len(&buf) > 0; i++, out++) {
			assert_int_equal((uint8_t)buf_str(&buf).at[0], out);
			buf_drop(&buf, 1);
		}
	}
	assert_true(buf_len(&buf) > 0);
	assert_true(buf.cap < 64 * 1024);       /* dropped room is used again */
	buf_fini(&buf);
}

static void up_to_the_limit_is_taken_and_one_more_is_refused(void **state)
{
	struct buf buf = {.limit = 10};

	(void)state;
	assert_int_equal(buf_add(&buf, STR("0123456789")), 0);
	assert_int_equal(buf_add(&buf, STR("a")), TRUNK_ELIMIT);
	assert_int_equal(buf_addf(&buf, "%d", 1), TRUNK_ELIMIT);
	assert_true(str_is(buf_str(&buf), "0123456789"));
	buf_drop(&buf, 1);
	assert_int_equal(buf_add(&buf, STR("a")), 0);
	assert_true(str_is(buf_str(&buf), "123456789a"));
	buf_fini(&buf);
	assert_int_equal(buf.limit, 10);        /* it may be used again, as bounded as before */
}

static void a_size_that_overflows_is_over_the_limit(void **state)
{
	struct buf buf = {0};

	(void)state;
	assert_int_equal(buf_add(&buf, STR("x")), 0);
	assert_int_equal(buf_reserve(&buf, SIZE_MAX), TRUNK_ELIMIT);
	assert_int_equal(buf_reserve(&buf, SIZE_MAX / 2), TRUNK_ELIMIT);
	assert_true(str_is(buf_str(&buf), "x"));
	buf_fini(&buf);
}

static void no_memory_leaves_what_was_there(void **state)
{
	struct buf buf = {0};

	(void)state;
	assert_int_equal(buf_add(&buf, STR("kept")), 0);
	is_out_of_memory = true;
	assert_int_equal(buf_reserve(&buf, 100000), TRUNK_ENOMEM);
	is_out_of_memory = false;
	assert_true(str_is(buf_str(&buf), "kept"));
	assert_int_equal(buf_reserve(&buf, 100000), 0);
	assert_true(str_is(buf_str(&buf), "kept"));
	buf_fini(&buf);
}

static void reserved_room_is_written_in_place(void **state)
{
	struct buf buf = {0};

	(void)state;
	assert_int_equal(buf_reserve(&buf, 3), 0);
	memcpy(buf_space(&buf), "abc", 3);
	buf_grew(&buf, 3);
	assert_true(str_is(buf_str(&buf), "abc"));
	buf_fini(&buf);
}

static void dropping_more_than_there_is_empties_it(void **state)
{
	struct buf buf = {0};

	(void)state;
	buf_add(&buf, STR("abc"));
	buf_drop(&buf, 99);
	assert_int_equal(buf_len(&buf), 0);
	assert_int_equal(buf_add(&buf, STR("d")), 0);
	assert_true(str_is(buf_str(&buf), "d"));
	buf_fini(&buf);
}

static void trim_gives_back_large_empty_memory_alone(void **state)
{
	struct buf buf = {0};

	(void)state;
	buf_reserve(&buf, 10000);
	buf_add(&buf, STR("x"));
	buf_trim(&buf, 1000);
	assert_true(str_is(buf_str(&buf), "x"));
	buf_clear(&buf);
	buf_trim(&buf, 100000);
	assert_true(buf.cap >= 10000);
	buf_trim(&buf, 1000);
	assert_int_equal(buf.cap, 0);
	buf_fini(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_come_out_in_the_order_they_went_in),
		cmocka_unit_test(an_empty_buffer_is_an_empty_string_not_an_absent_one),
		cmocka_unit_test(a_long_queue_keeps_its_order),
		cmocka_unit_test(up_to_the_limit_is_taken_and_one_more_is_refused),
		cmocka_unit_test(a_size_that_overflows_is_over_the_limit),
		cmocka_unit_test(no_memory_leaves_what_was_there),
		cmocka_unit_test(reserved_room_is_written_in_place),
		cmocka_unit_test(dropping_more_than_there_is_empties_it),
		cmocka_unit_test(trim_gives_back_large_empty_memory_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
