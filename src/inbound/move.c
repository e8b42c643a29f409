/* SPDX-License-Identifier: Apache-2.0
 * A stream on its way to the worker that its target's links live on: behind its header, before anything is proved. */
#include "inbound/receiver.h"

#include <stdlib.h>
#include <unistd.h>

struct moving {
	struct mail mail;
	struct receiver *receiver;      /* owned; in no list, without connection and timers */
	int fd;                         /* owned */
	bool has_header;                /* it is to be answered; else nothing was read yet */
	int64_t due_ms;                 /* of the time limit that goes on */
};

static void on_moved(void *room, struct mail *mail);

static void drop_moving(struct mail *mail)
{
	struct moving *moving = LIST_OF(mail, struct moving, mail);

	close(moving->fd);
	receiver_free(&moving->receiver);
	free(moving);
}

static struct moving *moving_new(struct receiver *r, bool has_header)
{
	struct moving *moving = calloc(1, sizeof(*moving));

	if (moving)
		*moving = (struct moving){
			.mail = {.deliver = on_moved, .drop = drop_moving}, .receiver = r, .has_header = has_header, .due_ms = r->timeout.due_ms,
		};
	return moving;
}

static void send_off(struct moving *moving, unsigned to)
{
	struct receiver *r = moving->receiver;

	LOG(r->site->log, LOG_DEBUG, "stream-moved", KV_N("stream", r->id), KV_N("from", r->site->worker), KV_N("to", to));
	timer_stop(&r->timeout);
	list_remove(&r->link);
	site_send(r->site, to, CREW_INBOUND, &moving->mail);
}

/* ---- where it leaves ---- */

bool receiver_is_home(const struct receiver *r)
{
	return !r->to || r->is_proved || r->pairs || site_home(r->site, str_of(r->to)) == r->site->worker;
}

void receiver_move(struct receiver *r)
{
	r->is_moving = true;
	channel_hold(&r->channel);
	defer_start(r->site->loop, &r->move);
}

/* What it can do where it is, it does: its stanzas go their way by mail then. */
static void stay(struct receiver *r)
{
	r->is_moving = false;
	receiver_answer(r);
	channel_resume(&r->channel);
}

void receiver_move_now(void *ctx)
{
	struct receiver *r = ctx;
	struct moving *moving;

	if (r->state != RECEIVER_HEADER || !r->is_moving || channel_pending(&r->channel) > 0)
		return;         /* it ends; or what was written goes first: that is told */
	if (!(moving = moving_new(r, true)) || channel_detach(&r->channel, &moving->fd) < 0) {
		free(moving);
		stay(r);
		return;
	}
	send_off(moving, site_home(r->site, str_of(r->to)));
}

int receiver_hand_over(struct receiver *r, struct conn **conn, unsigned to)
{
	struct moving *moving = moving_new(r, false);
	int err;

	if (!moving)
		return TRUNK_ENOMEM;
	if ((err = conn_detach(conn, &moving->fd)) < 0) {
		free(moving);
		return err;
	}
	send_off(moving, to);
	return 0;
}

/* ---- where it arrives ---- */

static void go_on(struct receiver *r, struct conn *conn, int64_t due_ms)
{
	r->is_moving = false;
	channel_move(&r->channel, r->site, conn);
	receiver_give_time(r, due_ms - loop_now_ms(r->site->loop));
	/* What happened while it was under way concerns it, too. */
	if (receiver_may_begin(r) && inbound_welcomes(r))
		receiver_answer(r);
	if (r->state != RECEIVER_DEAD)
		channel_resume(&r->channel);
}

static void arrive(struct receiver *r, struct conn *conn, const struct moving *moving)
{
	if (moving->has_header)
		go_on(r, conn, moving->due_ms);
	else if (receiver_begin(r, conn) == 0)
		inbound_welcomes(r);
	else {
		conn_free(&conn);
		receiver_free(&r);
	}
}

static void on_moved(void *room, struct mail *mail)
{
	struct moving *moving = LIST_OF(mail, struct moving, mail);
	struct receiver *r = moving->receiver;
	struct conn *conn;

	inbound_adopt(room, r);
	if (net_wrap(r->site->net, moving->fd, &conn) < 0) {
		close(moving->fd);
		receiver_free(&r);
	} else {
		arrive(r, conn, moving);
	}
	free(moving);
}
