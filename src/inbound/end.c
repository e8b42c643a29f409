/* SPDX-License-Identifier: Apache-2.0
 * How a stream ends: what came is waited for, our end is said, the peer's is heard. */
#include "inbound/sm.h"

/* The trunk's stop waits for it, and for the peer's end, or RECEIVER_CLOSE_MS. */
static void read_on(struct receiver *r)
{
	r->reads_on = true;
	outbound_hold(relay_outbound(r->relay), true);
}

void receiver_read_no_more(struct receiver *r)
{
	if (r->reads_on)
		outbound_hold(relay_outbound(r->relay), false);
	r->reads_on = false;
	channel_ignore(&r->channel);
}

void receiver_drop_for(struct receiver *r, bool may_resume)
{
	if (r->state == RECEIVER_DEAD)
		return;
	r->state = RECEIVER_DEAD;
	dns_find_cancel(&r->dane);
	receiver_uncarry(r);
	receiver_sm_end(r, may_resume);
	receiver_read_no_more(r);
	defer_start(r->site->loop, &r->free);
}

void receiver_drop(struct receiver *r)
{
	receiver_drop_for(r, false);
}

void receiver_log_closed(const struct receiver *r, enum stream_condition condition, const char *text)
{
	char address[ENDPOINT_TEXT_SIZE];

	endpoint_text(&r->channel.conn->peer, address);
	LOG(r->site->log, condition == STREAM_CONDITION_NONE ? LOG_INFO : LOG_WARNING, "stream-closed", KV_N("stream", r->id),
	    KV_C("role", "receiving"), KV_C("address", address), KV_C("sender", r->from ? r->from : ""), KV_C("target", r->to ? r->to : ""),
	    KV_C("condition", stream_condition_text(condition)), KV_C("reason", text ? text : ""));
}

/* Ends in order: what came and is on its way is waited for, so that its sender's server does not send it again or call it lost. */
static bool leaves_first(struct receiver *r, enum stream_condition condition, const char *text)
{
	if (r->state != RECEIVER_OPEN || !receiver_sm_waits(r) ||
	    (condition != STREAM_CONDITION_NONE && condition != STREAM_RESET && condition != STREAM_SYSTEM_SHUTDOWN))
		return false;
	r->state = RECEIVER_LEAVING;
	r->leaves_with = condition;
	r->leaves_for = text;
	receiver_end_carry(r);
	channel_read(&r->channel, true);
	receiver_give_time(r, inbound_leave_ms(r->inbound));
	return true;
}

void receiver_left(struct receiver *r)
{
	receiver_close(r, r->leaves_with, r->leaves_for);
}

void receiver_close(struct receiver *r, enum stream_condition condition, const char *text)
{
	struct buf out = {0};

	if (leaves_first(r, condition, text))
		return;
	stream_error_write(&out, condition, text);
	receiver_close_with(r, condition, text, &out);
}

/* A peer without stream management cannot know what was not read: what it has sent already is taken still. With it, what is not acknowledged is its own. */
static bool goes_on(const struct receiver *r, enum stream_condition condition)
{
	return (condition == STREAM_SYSTEM_SHUTDOWN || condition == STREAM_CONDITION_NONE) && r->is_proved && !r->sm && !r->has_ended &&
	       !r->channel.is_deaf && !r->channel.is_closed;
}

void receiver_close_with(struct receiver *r, enum stream_condition condition, const char *text, struct buf *error)
{
	if (r->state == RECEIVER_CLOSING || r->state == RECEIVER_DEAD) {
		buf_fini(error);
		if (r->reads_on)
			channel_shutdown(&r->channel);
		receiver_read_no_more(r);
		return;
	}
	receiver_log_closed(r, condition, text);
	dns_find_cancel(&r->dane);
	receiver_end_carry(r);
	if ((r->is_direct || r->channel.tls) && !r->channel.is_secured) {
		buf_fini(error);
		receiver_drop(r);                /* there is no stream yet to say anything on */
		return;
	}
	r->state = RECEIVER_CLOSING;    /* first: what is written below may itself be too much, and would close again */
	if (!r->header_sent)
		receiver_send_header(r);
	receiver_sm_last(r);
	receiver_write(r, error);
	if (goes_on(r, condition)) {
		read_on(r);     /* TLS and connection end behind the peer's end: one that finds them ended drops what it has not sent */
	} else {
		receiver_read_no_more(r);
		channel_shutdown(&r->channel);
	}
	receiver_sm_end(r, false);
	receiver_give_time(r, RECEIVER_CLOSE_MS);
}
