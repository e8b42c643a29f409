/* SPDX-License-Identifier: Apache-2.0
 * A loop that is advanced by hand: timers in order of their time, deferred calls at the end of a wake-up. */
#include "base/loop.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MANY = 500 };

/* What was called, in order. */
struct trace {
	struct loop *loop;
	int64_t at_ms[MANY];
	const void *who[MANY];
	unsigned count;
};

struct caller {
	struct timer timer;
	struct defer defer;
	struct trace *trace;
	struct caller *other;           /* that `act` works on */
	void (*act)(struct caller *caller);
};

static void called(void *ctx)
{
	struct caller *caller = ctx;
	struct trace *trace = caller->trace;

	assert_true(trace->count < MANY);
	trace->at_ms[trace->count] = loop_now_ms(trace->loop);
	trace->who[trace->count++] = caller;
	if (caller->act)
		caller->act(caller);
}

static int set_up(void **state)
{
	static struct trace trace;

	trace = (struct trace){.loop = loop_new()};
	*state = &trace;
	return trace.loop ? 0 : -1;
}

static int tear_down(void **state)
{
	struct trace *trace = *state;

	loop_free(&trace->loop);
	return 0;
}

static void start(struct trace *trace, struct caller *caller, int64_t delay_ms)
{
	caller->trace = trace;
	timer_start(trace->loop, &caller->timer, delay_ms, called, caller);
}

static void time_stands_still_until_it_is_advanced(void **state)
{
	struct trace *trace = *state;
	struct caller caller = {0};

	assert_int_equal(loop_now_ms(trace->loop), 0);
	assert_int_equal(loop_next_ms(trace->loop), -1);
	start(trace, &caller, 100);
	assert_int_equal(loop_next_ms(trace->loop), 100);
	loop_advance(trace->loop, 99);
	assert_int_equal(trace->count, 0);
	loop_advance(trace->loop, 100);
	assert_int_equal(trace->count, 1);
	assert_int_equal(loop_next_ms(trace->loop), -1);
	loop_advance(trace->loop, 1000);
	assert_int_equal(trace->count, 1);      /* once */
}

static void timers_fire_in_order_of_their_time(void **state)
{
	static struct caller callers[MANY];
	struct trace *trace = *state;
	uint32_t random = 1;
	int64_t before = 0;

	for (unsigned i = 0; i < MANY; i++) {
		random = random * 1664525 + 1013904223;
		callers[i] = (struct caller){0};
		start(trace, &callers[i], random >> 20);
	}
	for (unsigned i = 0; i < MANY; i += 3)  /* some are stopped, some moved: the heap holds */
		timer_stop(&callers[i].timer);
	for (unsigned i = 1; i < MANY; i += 3)
		start(trace, &callers[i], (int64_t)(i * 7 % 1000));
	loop_advance(trace->loop, 4096);
	assert_int_equal(trace->count, MANY - (MANY + 2) / 3);
	for (unsigned i = 0; i < trace->count; i++) {
		const struct caller *caller = trace->who[i];

		assert_true(caller->timer.due_ms >= before);
		assert_int_not_equal((caller - callers) % 3, 0);
		before = caller->timer.due_ms;
	}
}

static void timers_of_one_time_fire_in_the_order_they_were_started(void **state)
{
	static struct caller callers[MANY];
	struct trace *trace = *state;

	for (unsigned i = 0; i < MANY; i++) {
		callers[i] = (struct caller){0};
		start(trace, &callers[i], i % 2 ? 10 : 20);
	}
	loop_advance(trace->loop, 10);
	loop_advance(trace->loop, 20);
	for (unsigned i = 0; i < MANY; i++)
		assert_ptr_equal(trace->who[i], &callers[i < MANY / 2 ? 2 * i + 1 : 2 * (i - MANY / 2)]);
}

static void a_stopped_timer_stays_silent_and_may_be_stopped_again(void **state)
{
	struct trace *trace = *state;
	struct caller caller = {0};

	timer_stop(&caller.timer);      /* zeroed: not armed */
	start(trace, &caller, 5);
	timer_stop(&caller.timer);
	timer_stop(&caller.timer);
	loop_advance(trace->loop, 10);
	assert_int_equal(trace->count, 0);
}

static void an_armed_timer_is_moved_not_doubled(void **state)
{
	struct trace *trace = *state;
	struct caller caller = {0};

	start(trace, &caller, 5);
	start(trace, &caller, 50);
	loop_advance(trace->loop, 10);
	assert_int_equal(trace->count, 0);
	loop_advance(trace->loop, 50);
	assert_int_equal(trace->count, 1);
}

static void a_delay_below_zero_is_due_at_once(void **state)
{
	struct trace *trace = *state;
	struct caller caller = {0};

	loop_advance(trace->loop, 100);
	start(trace, &caller, -50);
	assert_int_equal(loop_next_ms(trace->loop), 100);
	loop_advance(trace->loop, 100);
	assert_int_equal(trace->count, 1);
}

static void stop_other(struct caller *caller)
{
	timer_stop(&caller->other->timer);
	defer_stop(&caller->other->defer);
}

static void a_timer_may_stop_another_that_is_due_as_well(void **state)
{
	struct trace *trace = *state;
	struct caller second = {0}, first = {.act = stop_other, .other = &second};

	defer_init(&second.defer, called, &second);
	start(trace, &first, 1);
	start(trace, &second, 2);
	loop_advance(trace->loop, 10);
	assert_int_equal(trace->count, 1);
	assert_ptr_equal(trace->who[0], &first);
}

static void again(struct caller *caller)
{
	if (caller->trace->count < 3)
		timer_start(caller->trace->loop, &caller->timer, 10, called, caller);
}

static void a_timer_may_start_itself_again(void **state)
{
	struct trace *trace = *state;
	struct caller caller = {.act = again};

	start(trace, &caller, 10);
	for (int64_t now = 0; now <= 100; now += 5)
		loop_advance(trace->loop, now);
	assert_int_equal(trace->count, 3);
	assert_int_equal(trace->at_ms[2], 30);
}

static void defer_other(struct caller *caller)
{
	defer_start(caller->trace->loop, &caller->other->defer);
	defer_start(caller->trace->loop, &caller->other->defer);        /* asked for already: once */
}

static void deferred_calls_come_behind_the_timer_that_asked_and_before_the_next(void **state)
{
	struct trace *trace = *state;
	struct caller later = {.trace = trace}, first = {.act = defer_other, .other = &later}, second = {0};

	defer_init(&later.defer, called, &later);
	start(trace, &first, 1);
	start(trace, &second, 2);
	loop_advance(trace->loop, 2);
	assert_int_equal(trace->count, 3);
	assert_ptr_equal(trace->who[0], &first);
	assert_ptr_equal(trace->who[1], &later);
	assert_ptr_equal(trace->who[2], &second);
}

static void a_deferred_call_that_asks_for_another_gets_it_in_the_same_wake_up(void **state)
{
	struct trace *trace = *state;
	struct caller second = {.trace = trace}, first = {.trace = trace, .act = defer_other, .other = &second};

	defer_init(&first.defer, called, &first);
	defer_init(&second.defer, called, &second);
	defer_start(trace->loop, &first.defer);
	assert_int_equal(trace->count, 0);      /* never from within */
	loop_advance(trace->loop, 0);
	assert_int_equal(trace->count, 2);
	loop_advance(trace->loop, 0);
	assert_int_equal(trace->count, 2);
}

static void a_deferred_call_may_be_taken_back(void **state)
{
	struct trace *trace = *state;
	struct caller second = {.trace = trace}, first = {.trace = trace, .act = stop_other, .other = &second};

	defer_init(&first.defer, called, &first);
	defer_init(&second.defer, called, &second);
	defer_start(trace->loop, &first.defer);
	defer_start(trace->loop, &second.defer);
	loop_advance(trace->loop, 0);
	assert_int_equal(trace->count, 1);
	assert_ptr_equal(trace->who[0], &first);
}

static void the_wall_clock_moves_with_the_other_and_can_be_set(void **state)
{
	struct trace *trace = *state;

	loop_set_wall_ms(trace->loop, 1000000);
	loop_advance(trace->loop, 250);
	assert_int_equal(loop_wall_ms(trace->loop), 1000250);
	loop_set_wall_ms(trace->loop, 5);       /* an operator sets the clock back: timers don't care */
	assert_int_equal(loop_wall_ms(trace->loop), 5);
	assert_int_equal(loop_now_ms(trace->loop), 250);
}

static void timers_and_calls_outlive_their_loop_unarmed(void **state)
{
	struct loop *loop = loop_new();
	struct timer timer = {0};
	struct defer defer;

	(void)state;
	defer_init(&defer, called, NULL);
	timer_start(loop, &timer, 5, called, NULL);
	defer_start(loop, &defer);
	loop_free(&loop);
	assert_null(loop);
	loop_free(&loop);
	timer_stop(&timer);     /* touches no memory of the loop */
	defer_stop(&defer);
}

static void other_threads_cannot_reach_a_loop_without_driver(void **state)
{
	struct trace *trace = *state;

	assert_int_equal(loop_post(trace->loop, called, NULL), TRUNK_EINVAL);
	assert_null(loop_uv(trace->loop));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(time_stands_still_until_it_is_advanced),
		TEST(timers_fire_in_order_of_their_time),
		TEST(timers_of_one_time_fire_in_the_order_they_were_started),
		TEST(a_stopped_timer_stays_silent_and_may_be_stopped_again),
		TEST(an_armed_timer_is_moved_not_doubled),
		TEST(a_delay_below_zero_is_due_at_once),
		TEST(a_timer_may_stop_another_that_is_due_as_well),
		TEST(a_timer_may_start_itself_again),
		TEST(deferred_calls_come_behind_the_timer_that_asked_and_before_the_next),
		TEST(a_deferred_call_that_asks_for_another_gets_it_in_the_same_wake_up),
		TEST(a_deferred_call_may_be_taken_back),
		TEST(the_wall_clock_moves_with_the_other_and_can_be_set),
		TEST(timers_and_calls_outlive_their_loop_unarmed),
		TEST(other_threads_cannot_reach_a_loop_without_driver),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
