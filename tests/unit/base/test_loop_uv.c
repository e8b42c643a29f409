/* SPDX-License-Identifier: Apache-2.0
 * libuv as driver: real timers, deferred calls before it waits, and calls from other threads. */
#include "base/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>

enum { POSTS = 1000 };

struct world {
	struct loop *loop;
	struct timer timer, never;
	struct defer defer;
	pthread_t self;
	unsigned timers, defers, posts;
};

static int set_up(void **state)
{
	static struct world world;

	world = (struct world){.loop = loop_new_uv(), .self = pthread_self()};
	*state = &world;
	return world.loop ? 0 : -1;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	loop_free(&world->loop);
	return 0;
}

static void on_timer(void *ctx)
{
	struct world *world = ctx;

	world->timers++;
	loop_stop(world->loop);
}

static void on_never(void *ctx)
{
	(void)ctx;
	fail();
}

static void a_timer_fires_when_its_time_has_come_and_not_before(void **state)
{
	struct world *world = *state;
	const int64_t before = loop_now_ms(world->loop);

	timer_start(world->loop, &world->never, 3600 * 1000, on_never, NULL);
	timer_start(world->loop, &world->timer, 10, on_timer, world);
	assert_int_equal(loop_run(world->loop), 0);
	assert_int_equal(world->timers, 1);
	assert_true(loop_now_ms(world->loop) - before >= 10);
	timer_stop(&world->never);
}

static void on_defer(void *ctx)
{
	struct world *world = ctx;

	world->defers++;
	timer_start(world->loop, &world->timer, 0, on_timer, world);
}

/* Whoever defers and then waits is not left waiting: the call is made before the loop sleeps. */
static void a_deferred_call_and_the_timer_it_starts_come_before_the_loop_sleeps(void **state)
{
	struct world *world = *state;

	timer_start(world->loop, &world->never, 3600 * 1000, on_never, NULL);
	defer_init(&world->defer, on_defer, world);
	defer_start(world->loop, &world->defer);
	loop_run(world->loop);
	assert_int_equal(world->defers, 1);
	assert_int_equal(world->timers, 1);
	timer_stop(&world->never);
}

static void on_post(void *ctx)
{
	struct world *world = ctx;

	assert_true(pthread_equal(world->self, pthread_self()));
	if (++world->posts == 2 * POSTS)
		loop_stop(world->loop);
}

static void *post(void *ctx)
{
	struct world *world = ctx;

	for (unsigned i = 0; i < POSTS; i++)
		if (loop_post(world->loop, on_post, world) < 0)
			abort();
	return NULL;
}

static void calls_from_other_threads_are_made_on_the_loops_own(void **state)
{
	struct world *world = *state;
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, post, world), 0);
	loop_run(world->loop);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(world->posts, 2 * POSTS);
}

static void what_was_posted_and_never_called_goes_with_the_loop(void **state)
{
	struct world *world = *state;

	assert_int_equal(loop_post(world->loop, on_never, NULL), 0);
	loop_free(&world->loop);
	assert_null(world->loop);
}

static void the_wall_clock_is_the_systems(void **state)
{
	struct world *world = *state;

	assert_true(loop_wall_ms(world->loop) > 1700000000000LL);
	assert_non_null(loop_uv(world->loop));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_timer_fires_when_its_time_has_come_and_not_before),
		TEST(a_deferred_call_and_the_timer_it_starts_come_before_the_loop_sleeps),
		TEST(calls_from_other_threads_are_made_on_the_loops_own),
		TEST(what_was_posted_and_never_called_goes_with_the_loop),
		TEST(the_wall_clock_is_the_systems),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
