/* SPDX-License-Identifier: Apache-2.0
 * Arenas: zeroed and aligned memory, a limit, and all given back at once. */
#include "base/arena.h"

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

static bool is_zero(const char *at, size_t len)
{
	while (len > 0 && at[len - 1] == 0)
		len--;
	return len == 0;
}

static void memory_is_zeroed_aligned_and_its_own(void **state)
{
	struct arena arena = {0};
	char *parts[200];

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		parts[i] = arena_alloc(&arena, i + 1);
		assert_non_null(parts[i]);
		assert_int_equal((uintptr_t)parts[i] % _Alignof(max_align_t), 0);
		assert_true(is_zero(parts[i], i + 1));
		memset(parts[i], (int)i, i + 1);
	}
	for (size_t i = 0; i < 200; i++)
		for (size_t k = 0; k <= i; k++)
			assert_int_equal((uint8_t)parts[i][k], i);
	arena_fini(&arena);
}

static void a_cleared_arena_gives_zeroed_memory_again(void **state)
{
	struct arena arena = {0};

	(void)state;
	memset(arena_alloc(&arena, 1000), 0xff, 1000);
	memset(arena_alloc(&arena, 100000), 0xff, 100000);
	arena_clear(&arena);
	assert_int_equal(arena.used, 0);
	assert_true(is_zero(arena_alloc(&arena, 1000), 1000));
	arena_clear(&arena);
	arena_fini(&arena);
}

static void over_the_limit_there_is_none_and_clearing_makes_room(void **state)
{
	struct arena arena = {.limit = 4096};

	(void)state;
	assert_non_null(arena_alloc(&arena, 4000));
	assert_null(arena_alloc(&arena, 200));
	assert_non_null(arena_alloc(&arena, 96));
	assert_null(arena_alloc(&arena, 1));
	arena_clear(&arena);
	assert_non_null(arena_alloc(&arena, 4096));
	arena_fini(&arena);
	assert_int_equal(arena.limit, 4096);
}

static void a_size_that_overflows_gets_none(void **state)
{
	struct arena arena = {0};

	(void)state;
	assert_null(arena_alloc(&arena, SIZE_MAX));
	assert_null(arena_alloc(&arena, SIZE_MAX / 2 + 2));
	assert_non_null(arena_alloc(&arena, 1));
	arena_fini(&arena);
}

static void no_memory_is_told_and_what_was_there_stays(void **state)
{
	struct arena arena = {0};
	struct arena empty = {0};
	const struct str kept = arena_str(&arena, STR("kept"));

	(void)state;
	is_out_of_memory = true;
	assert_null(arena_alloc(&arena, 100000));
	assert_true(str_is_absent(arena_str(&empty, STR("x"))));
	is_out_of_memory = false;
	assert_true(str_is(kept, "kept"));
	arena_fini(&arena);
}

static void a_string_is_copied_and_ends_in_nul(void **state)
{
	struct arena arena = {0};
	char text[] = "abc";
	const struct str copy = arena_str(&arena, str_make(text, 2));

	(void)state;
	text[0] = 'x';
	assert_true(str_is(copy, "ab"));
	assert_int_equal(copy.at[2], '\0');
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_aligned_and_its_own),
		cmocka_unit_test(a_cleared_arena_gives_zeroed_memory_again),
		cmocka_unit_test(over_the_limit_there_is_none_and_clearing_makes_room),
		cmocka_unit_test(a_size_that_overflows_gets_none),
		cmocka_unit_test(no_memory_is_told_and_what_was_there_stays),
		cmocka_unit_test(a_string_is_copied_and_ends_in_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
