/* SPDX-License-Identifier: Apache-2.0
 * One thread's event loop: its clock, timers and deferred calls; driven by libuv in the daemon and by hand in scenarios. */
#ifndef TRUNK_BASE_LOOP_H
#define TRUNK_BASE_LOOP_H

#include "base/list.h"

#include <stddef.h>
#include <stdint.h>

struct uv_loop_s;
struct loop;

typedef void timer_fn(void *ctx);

/* Lives inside its owner. Zeroed: not armed. A timer belongs to the loop that it was last started on. */
struct timer {
	struct loop *loop;              /* NULL: not armed */
	timer_fn *fn;
	void *ctx;
	int64_t due_ms;
	uint64_t order;                 /* among those of one time */
	struct timer *child, *next, *before;    /* in the loop's heap; before: the one left of it, of the first the one above */
};

/* A call at the end of this wake-up, once; lives inside its owner. Zeroed is not enough: defer_init(). */
struct defer {
	struct list link;               /* in the loop's list while asked for */
	timer_fn *fn;
	void *ctx;
};

/* A loop without a driver: its time stands still until loop_advance(). NULL: no memory. */
struct loop *loop_new(void);

/* A loop that libuv drives. `loop_run` returns after loop_stop(). */
struct loop *loop_new_uv(void);
void loop_free(struct loop **loop);
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
struct uv_loop_s *loop_uv(struct loop *loop);   /* NULL where libuv does not drive */

/* Milliseconds of the monotonic clock, as of this wake-up. */
int64_t loop_now_ms(const struct loop *loop);

/* Milliseconds since 1970 by the wall clock, as of this wake-up: for records only. A clock that was set shows in the next wake-up. */
int64_t loop_wall_ms(const struct loop *loop);

/* Calls `fn(ctx)` once after `delay_ms`; an armed timer is moved. Needs no memory. */
void timer_start(struct loop *loop, struct timer *timer, int64_t delay_ms, timer_fn *fn, void *ctx);
void timer_stop(struct timer *timer);           /* no-op where it is not armed */

void defer_init(struct defer *defer, timer_fn *fn, void *ctx);
void defer_start(struct loop *loop, struct defer *defer);
void defer_stop(struct defer *defer);

/* Calls `fn(ctx)` on the loop's own thread soon. Any thread. Returns 0 or TRUNK_ENOMEM; TRUNK_EINVAL for a loop without libuv. */
int loop_post(struct loop *loop, timer_fn *fn, void *ctx);

/* The same without memory of its own: lives inside its owner. Asked for again before it ran, it comes once. */
struct nudge {
	struct loop *loop;
	timer_fn *fn;
	void *ctx;
	struct list link;               /* in the loop's list while asked for; under that list's lock */
	struct defer defer;             /* instead, where libuv does not drive */
};

void nudge_init(struct nudge *nudge, struct loop *loop, timer_fn *fn, void *ctx);
void nudge_start(struct nudge *nudge);  /* any thread; of a loop without libuv: that thread alone */
void nudge_stop(struct nudge *nudge);   /* the loop's thread, or when it no longer runs */

/* Takes over libuv's clock. Rooms that libuv calls back (sockets, resolver) begin their callbacks with it. No-op without libuv. */
void loop_sync(struct loop *loop);

/* For drivers: sets the clock, fires what is due, then runs the deferred calls until none is left. */
void loop_advance(struct loop *loop, int64_t now_ms);
void loop_set_wall_ms(struct loop *loop, int64_t wall_ms);      /* of a loop without libuv */
int64_t loop_next_ms(const struct loop *loop);  /* when the next timer is due; -1: none */

#endif
