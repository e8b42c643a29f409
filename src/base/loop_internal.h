/* SPDX-License-Identifier: Apache-2.0
 * What the loop and its libuv driver share. */
#ifndef TRUNK_BASE_LOOP_INTERNAL_H
#define TRUNK_BASE_LOOP_INTERNAL_H

#include "base/loop.h"

struct loop {
	int64_t now_ms;
	int64_t wall_ms;                /* of a loop without driver */
	struct timer *first;            /* the root of the heap of timers; NULL: none is armed */
	uint64_t started;               /* timers so far */
	struct list deferred;           /* of struct defer, in the order they were asked for */
	struct loop_uv *uv;             /* the driver; NULL: none */
};

int64_t loop_uv_wall_ms(const struct loop_uv *uv);
struct loop_uv *loop_uv_new(struct loop *loop);
void loop_uv_free(struct loop_uv **uv);
void loop_uv_wake(struct loop_uv *uv);  /* a timer or a deferred call was added outside of a wake-up */
void loop_uv_nudge(struct loop_uv *uv, struct nudge *nudge);
void loop_uv_nudge_stop(struct loop_uv *uv, struct nudge *nudge);

#endif
