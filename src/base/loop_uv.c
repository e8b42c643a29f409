/* SPDX-License-Identifier: Apache-2.0
 * libuv as the driver of a loop: one libuv timer for the earliest of ours, deferred calls before each poll. */
#include "base/loop_internal.h"

#include "base/error.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <uv.h>

struct posted {
	struct list link;
	timer_fn *fn;
	void *ctx;
};

struct loop_uv {
	struct loop *loop;
	uv_loop_t uv;
	uv_timer_t timer;
	uv_prepare_t prepare;           /* runs before each poll: deferred calls, then the timer is set */
	uv_async_t async;
	pthread_mutex_t lock;           /* guards posted and nudges */
	struct list posted;             /* of struct posted, owned */
	struct list nudges;             /* of struct nudge */
	int64_t wall_ms, wall_at_ms;    /* the wall clock when the loop's said wall_at_ms, before the last poll; 0: not yet */
};

static void on_timer(uv_timer_t *timer)
{
	struct loop_uv *uv = timer->data;

	loop_advance(uv->loop, (int64_t)uv_now(&uv->uv));
}

static int64_t system_wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Each stanza asks for it, and the system's clock costs a twentieth of a small one. */
int64_t loop_uv_wall_ms(const struct loop_uv *uv)
{
	return uv->wall_ms ? uv->wall_ms + ((int64_t)uv_now(&uv->uv) - uv->wall_at_ms) : system_wall_ms();
}

static void on_prepare(uv_prepare_t *prepare)
{
	struct loop_uv *uv = prepare->data;
	int64_t next_ms;

	uv_update_time(&uv->uv);
	uv->wall_at_ms = (int64_t)uv_now(&uv->uv);
	uv->wall_ms = system_wall_ms();
	loop_advance(uv->loop, (int64_t)uv_now(&uv->uv));
	next_ms = loop_next_ms(uv->loop);
	if (next_ms < 0)
		uv_timer_stop(&uv->timer);
	else
		uv_timer_start(&uv->timer, on_timer, (uint64_t)(next_ms > uv->loop->now_ms ? next_ms - uv->loop->now_ms : 0), 0);
}

static struct nudge *nudge_next(struct loop_uv *uv)
{
	struct nudge *nudge = NULL;

	pthread_mutex_lock(&uv->lock);
	if (!list_is_empty(&uv->nudges)) {
		nudge = LIST_OF(uv->nudges.next, struct nudge, link);
		list_remove(&nudge->link);
	}
	pthread_mutex_unlock(&uv->lock);
	return nudge;
}

static void on_async(uv_async_t *async)
{
	struct loop_uv *uv = async->data;
	struct nudge *nudge;
	struct list todo;

	list_init(&todo);
	uv->loop->now_ms = (int64_t)uv_now(&uv->uv);
	pthread_mutex_lock(&uv->lock);
	LIST_EACH (pos, &uv->posted) {
		list_remove(pos);
		list_add_tail(&todo, pos);
	}
	pthread_mutex_unlock(&uv->lock);
	LIST_EACH (pos, &todo) {
		struct posted *posted = LIST_OF(pos, struct posted, link);

		list_remove(pos);
		posted->fn(posted->ctx);
		free(posted);
	}
	while ((nudge = nudge_next(uv)))
		nudge->fn(nudge->ctx);
}

struct loop_uv *loop_uv_new(struct loop *loop)
{
	struct loop_uv *uv = calloc(1, sizeof(*uv));

	if (!uv)
		return NULL;
	uv->loop = loop;
	list_init(&uv->posted);
	list_init(&uv->nudges);
	if (uv_loop_init(&uv->uv) < 0) {
		free(uv);
		return NULL;
	}
	pthread_mutex_init(&uv->lock, NULL);
	uv_timer_init(&uv->uv, &uv->timer);
	uv_prepare_init(&uv->uv, &uv->prepare);
	uv_async_init(&uv->uv, &uv->async, on_async);
	uv->timer.data = uv->prepare.data = uv->async.data = uv;
	uv_prepare_start(&uv->prepare, on_prepare);
	return uv;
}

static void close_any(uv_handle_t *handle, void *ctx)
{
	(void)ctx;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

void loop_uv_free(struct loop_uv **uv)
{
	struct loop_uv *gone = *uv;

	if (!gone)
		return;
	*uv = NULL;
	uv_walk(&gone->uv, close_any, NULL);
	while (uv_run(&gone->uv, UV_RUN_DEFAULT) != 0)
		;
	uv_loop_close(&gone->uv);
	LIST_EACH (pos, &gone->posted)
		free(LIST_OF(pos, struct posted, link));
	pthread_mutex_destroy(&gone->lock);
	free(gone);
}

/* The prepare handle sets the timer before each poll, and all our code runs between polls: nothing to do. */
void loop_uv_wake(struct loop_uv *uv)
{
	(void)uv;
}

struct loop *loop_new_uv(void)
{
	struct loop *loop = loop_new();

	if (!loop)
		return NULL;
	if (!(loop->uv = loop_uv_new(loop)))
		loop_free(&loop);
	else
		loop->now_ms = (int64_t)uv_now(&loop->uv->uv);
	return loop;
}

struct uv_loop_s *loop_uv(struct loop *loop)
{
	return loop->uv ? &loop->uv->uv : NULL;
}

void loop_sync(struct loop *loop)
{
	if (loop->uv)
		loop->now_ms = (int64_t)uv_now(&loop->uv->uv);
}

int loop_run(struct loop *loop)
{
	return uv_run(&loop->uv->uv, UV_RUN_DEFAULT) < 0 ? TRUNK_EIO : 0;
}

void loop_stop(struct loop *loop)
{
	uv_stop(&loop->uv->uv);
}

int loop_post(struct loop *loop, timer_fn *fn, void *ctx)
{
	struct posted *posted;

	if (!loop->uv)
		return TRUNK_EINVAL;
	if (!(posted = calloc(1, sizeof(*posted))))
		return TRUNK_ENOMEM;
	posted->fn = fn;
	posted->ctx = ctx;
	pthread_mutex_lock(&loop->uv->lock);
	list_add_tail(&loop->uv->posted, &posted->link);
	pthread_mutex_unlock(&loop->uv->lock);
	uv_async_send(&loop->uv->async);
	return 0;
}

void loop_uv_nudge(struct loop_uv *uv, struct nudge *nudge)
{
	bool is_new;

	pthread_mutex_lock(&uv->lock);
	if ((is_new = list_is_empty(&nudge->link)))
		list_add_tail(&uv->nudges, &nudge->link);
	pthread_mutex_unlock(&uv->lock);
	if (is_new)
		uv_async_send(&uv->async);
}

void loop_uv_nudge_stop(struct loop_uv *uv, struct nudge *nudge)
{
	pthread_mutex_lock(&uv->lock);
	list_remove(&nudge->link);
	pthread_mutex_unlock(&uv->lock);
}
