/* SPDX-License-Identifier: Apache-2.0
 * Timers in a heap and calls deferred to the end of a wake-up; knows no operating system. */
#include "base/loop_internal.h"

#include "base/error.h"

#include <stdbool.h>
#include <stdlib.h>

enum { LOOP_HEAP_MIN = 64 };

static void heap_put(struct loop *loop, size_t i, struct timer *timer)
{
	loop->heap[i] = timer;
	timer->index = i;
}

static void heap_up(struct loop *loop, size_t i)
{
	struct timer *timer = loop->heap[i];

	while (i > 0 && loop->heap[(i - 1) / 2]->due_ms > timer->due_ms) {
		heap_put(loop, i, loop->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	heap_put(loop, i, timer);
}

static void heap_down(struct loop *loop, size_t i)
{
	struct timer *timer = loop->heap[i];

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= loop->count)
			break;
		if (child + 1 < loop->count && loop->heap[child + 1]->due_ms < loop->heap[child]->due_ms)
			child++;
		if (loop->heap[child]->due_ms >= timer->due_ms)
			break;
		heap_put(loop, i, loop->heap[child]);
		i = child;
	}
	heap_put(loop, i, timer);
}

static void heap_remove(struct loop *loop, struct timer *timer)
{
	const size_t i = timer->index;
	struct timer *last = loop->heap[--loop->count];

	if (last == timer)
		return;
	heap_put(loop, i, last);
	heap_up(loop, i);
	heap_down(loop, last->index);
}

static int heap_reserve(struct loop *loop)
{
	const size_t cap = loop->cap ? loop->cap * 2 : LOOP_HEAP_MIN;
	struct timer **heap;

	if (loop->count < loop->cap)
		return 0;
	if (!(heap = realloc(loop->heap, cap * sizeof(*heap))))
		return TRUNK_ENOMEM;
	loop->heap = heap;
	loop->cap = cap;
	return 0;
}

struct loop *loop_new(void)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return NULL;
	list_init(&loop->deferred);
	return loop;
}

void loop_free(struct loop **loop)
{
	if (!*loop)
		return;
	loop_uv_free(&(*loop)->uv);
	for (size_t i = 0; i < (*loop)->count; i++)
		(*loop)->heap[i]->loop = NULL;
	LIST_EACH (pos, &(*loop)->deferred)
		list_remove(pos);
	free((*loop)->heap);
	free(*loop);
	*loop = NULL;
}

int64_t loop_now_ms(const struct loop *loop)
{
	return loop->now_ms;
}

int64_t loop_wall_ms(const struct loop *loop)
{
	return loop->uv ? loop_uv_wall_ms(loop->uv) : loop->wall_ms;
}

void loop_set_wall_ms(struct loop *loop, int64_t wall_ms)
{
	loop->wall_ms = wall_ms;
}

int64_t loop_next_ms(const struct loop *loop)
{
	return loop->count ? loop->heap[0]->due_ms : -1;
}

int timer_start(struct loop *loop, struct timer *timer, int64_t delay_ms, timer_fn *fn, void *ctx)
{
	int err;

	timer_stop(timer);
	if ((err = heap_reserve(loop)) < 0)
		return err;
	*timer = (struct timer){.loop = loop, .fn = fn, .ctx = ctx, .due_ms = loop->now_ms + (delay_ms > 0 ? delay_ms : 0)};
	heap_put(loop, loop->count++, timer);
	heap_up(loop, timer->index);
	if (loop->uv)
		loop_uv_wake(loop->uv);
	return 0;
}

void timer_stop(struct timer *timer)
{
	if (!timer->loop)
		return;
	heap_remove(timer->loop, timer);
	timer->loop = NULL;
}

void defer_init(struct defer *defer, timer_fn *fn, void *ctx)
{
	list_init(&defer->link);
	defer->fn = fn;
	defer->ctx = ctx;
}

void defer_start(struct loop *loop, struct defer *defer)
{
	if (!list_is_empty(&defer->link))
		return;
	list_add_tail(&loop->deferred, &defer->link);
	if (loop->uv)
		loop_uv_wake(loop->uv);
}

void defer_stop(struct defer *defer)
{
	list_remove(&defer->link);
}

void nudge_init(struct nudge *nudge, struct loop *loop, timer_fn *fn, void *ctx)
{
	*nudge = (struct nudge){.loop = loop, .fn = fn, .ctx = ctx};
	list_init(&nudge->link);
	defer_init(&nudge->defer, fn, ctx);
}

void nudge_start(struct nudge *nudge)
{
	if (nudge->loop->uv)
		loop_uv_nudge(nudge->loop->uv, nudge);
	else
		defer_start(nudge->loop, &nudge->defer);
}

void nudge_stop(struct nudge *nudge)
{
	if (nudge->loop->uv)
		loop_uv_nudge_stop(nudge->loop->uv, nudge);
	else
		defer_stop(&nudge->defer);
}

static void run_deferred(struct loop *loop)
{
	while (!list_is_empty(&loop->deferred)) {
		struct defer *defer = LIST_OF(loop->deferred.next, struct defer, link);

		list_remove(&defer->link);
		defer->fn(defer->ctx);
	}
}

void loop_advance(struct loop *loop, int64_t now_ms)
{
	if (!loop->uv)
		loop->wall_ms += now_ms - loop->now_ms;
	loop->now_ms = now_ms;
	run_deferred(loop);
	while (loop->count > 0 && loop->heap[0]->due_ms <= now_ms) {
		struct timer *timer = loop->heap[0];

		timer_stop(timer);
		timer->fn(timer->ctx);
		run_deferred(loop);
	}
}
