/* SPDX-License-Identifier: Apache-2.0
 * Timers in a heap and calls deferred to the end of a wake-up; knows no operating system. */
#include "base/loop_internal.h"

#include <stdbool.h>
#include <stdlib.h>

/* ---- a pairing heap of timers, in their own memory ---- */

/* By time; of two at one time the one that was started first. */
static bool is_before(const struct timer *a, const struct timer *b)
{
	return a->due_ms < b->due_ms || (a->due_ms == b->due_ms && a->order < b->order);
}

/* Of two heaps one. Roots have neither `next` nor `before`. */
static struct timer *meld(struct timer *a, struct timer *b)
{
	struct timer *below;

	if (!a || !b)
		return a ? a : b;
	below = is_before(b, a) ? a : b;
	a = below == a ? b : a;
	below->before = a;
	if ((below->next = a->child))
		below->next->before = below;
	a->child = below;
	return a;
}

/* Of a list of siblings one heap: in pairs from the left, then all from the right. */
static struct timer *meld_all(struct timer *first)
{
	struct timer *pairs = NULL, *root = NULL;

	while (first) {
		struct timer *a = first, *b = a->next, *pair;

		first = b ? b->next : NULL;
		a->next = a->before = NULL;
		if (b)
			b->next = b->before = NULL;
		pair = meld(a, b);
		pair->next = pairs;
		pairs = pair;
	}
	while (pairs) {
		struct timer *pair = pairs;

		pairs = pair->next;
		pair->next = NULL;
		root = meld(root, pair);
	}
	return root;
}

static void heap_remove(struct loop *loop, struct timer *timer)
{
	struct timer *below = meld_all(timer->child);

	if (timer == loop->first) {
		loop->first = below;
		return;
	}
	if (timer->before->child == timer)
		timer->before->child = timer->next;
	else
		timer->before->next = timer->next;
	if (timer->next)
		timer->next->before = timer->before;
	loop->first = meld(loop->first, below);
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
	while ((*loop)->first)
		timer_stop((*loop)->first);
	LIST_EACH (pos, &(*loop)->deferred)
		list_remove(pos);
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
	return loop->first ? loop->first->due_ms : -1;
}

void timer_start(struct loop *loop, struct timer *timer, int64_t delay_ms, timer_fn *fn, void *ctx)
{
	timer_stop(timer);
	*timer = (struct timer){
		.loop = loop, .fn = fn, .ctx = ctx, .due_ms = loop->now_ms + (delay_ms > 0 ? delay_ms : 0), .order = ++loop->started,
	};
	loop->first = meld(loop->first, timer);
	if (loop->uv)
		loop_uv_wake(loop->uv);
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
	while (loop->first && loop->first->due_ms <= now_ms) {
		struct timer *timer = loop->first;

		timer_stop(timer);
		timer->fn(timer->ctx);
		run_deferred(loop);
	}
}
