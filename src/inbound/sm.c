/* SPDX-License-Identifier: Apache-2.0
 * Stream management as the answering side (XEP-0198): what came is acknowledged, in its order, when it is in other hands. */
#include "inbound/sm.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	SM_ACK_MS = 100,                /* that an acknowledgement waits for more … */
	SM_ACK_STANZAS = 50,            /* … or this many */
	SM_RESUME_MS = 60 * 1000,       /* that a stream whose connection broke may be resumed */
	SM_KEPT_MAX = 1000,             /* such streams of one worker; the oldest goes when one more comes */
	SM_FULL_STANZAS = SM_HELD_MAX / 2,      /* that came and are in nobody's hands yet: the stream is not read, until half are left */
};

static void on_ack(void *ctx);

/* ---- life ---- */

static void sm_free(struct receiver_sm *sm)
{
	if (sm->receiver)
		sm->receiver->sm = NULL;
	else
		sm->table->kept_count--;
	list_remove(&sm->kept);
	HASH_DEL(sm->table->by_id, sm);
	timer_stop(&sm->timer);
	defer_stop(&sm->ack);
	sm_handled_fini(&sm->handled);
	free(sm->from);
	free(sm->to);
	free(sm);
}

void sm_table_init(struct sm_table *table, struct loop *loop)
{
	*table = (struct sm_table){.loop = loop};
	list_init(&table->kept);
}

void sm_table_fini(struct sm_table *table)
{
	struct receiver_sm *sm, *next;

	HASH_ITER(hh, table->by_id, sm, next)
		sm_free(sm);
}

/* The id is told to the peer; what a stranger would have to guess is its second half. */
static int resume_id_make(struct receiver_sm *sm)
{
	char random[STREAM_ID_SIZE];
	int err;

	if ((err = stream_id_make(random)) == 0)
		snprintf(sm->resume_id, sizeof(sm->resume_id), "%016llx%s", (unsigned long long)sm->id, random);
	return err;
}

static struct receiver_sm *sm_new(struct receiver *r, bool may_resume)
{
	struct receiver_sm *sm = calloc(1, sizeof(*sm));

	if (!sm)
		return NULL;
	sm->table = inbound_sm(r->inbound);
	sm->id = inbound_next_id(r->inbound);
	list_init(&sm->kept);
	defer_init(&sm->ack, on_ack, sm);
	sm->from = r->from ? str_dup(str_of(r->from)) : NULL;
	sm->to = r->to ? str_dup(str_of(r->to)) : NULL;
	if (may_resume && sm->from && sm->to && resume_id_make(sm) < 0)
		sm->resume_id[0] = '\0';
	sm->receiver = r;
	r->sm = sm;
	HASH_ADD(hh, sm->table->by_id, id, sizeof(sm->id), sm);
	return sm;
}

static void on_forgotten(void *ctx)
{
	sm_free(ctx);
}

void receiver_sm_end(struct receiver *r, bool may_resume)
{
	struct receiver_sm *sm = r->sm;

	if (!sm)
		return;
	if (!may_resume || !sm->resume_id[0]) {
		sm_free(sm);
		return;
	}
	timer_stop(&sm->timer);
	defer_stop(&sm->ack);
	r->sm = NULL;
	sm->receiver = NULL;
	list_add_tail(&sm->table->kept, &sm->kept);
	if (++sm->table->kept_count > SM_KEPT_MAX)
		sm_free(LIST_OF(sm->table->kept.next, struct receiver_sm, kept));
	timer_start(sm->table->loop, &sm->timer, SM_RESUME_MS, on_forgotten, sm);
}

/* ---- acknowledging ---- */

static void write_sm(struct receiver *r, const struct sm *sm)
{
	struct buf out = {0};

	sm_write(&out, sm);
	receiver_write(r, &out);
}

static void acknowledge(struct receiver_sm *sm)
{
	timer_stop(&sm->timer);
	sm->acked = sm->handled.handled;
	write_sm(sm->receiver, &(struct sm){.kind = SM_ANSWER, .id = STR_NONE, .has_h = true, .h = (uint32_t)sm->acked});
}

static void on_ack(void *ctx)
{
	struct receiver_sm *sm = ctx;

	if (sm->receiver && sm->handled.handled != sm->acked)
		acknowledge(sm);
}

void receiver_sm_last(struct receiver *r)
{
	if (r->sm && r->sm->handled.handled != r->sm->acked)
		acknowledge(r->sm);
}

uint64_t receiver_sm_held(const struct receiver *r)
{
	return r->sm ? r->sm->handled.received - r->sm->handled.handled : 0;
}

bool receiver_sm_waits(const struct receiver *r)
{
	return receiver_sm_held(r) > 0;
}

/* What holds its reading up is that too much of it is in nobody's hands; half is left to begin again. */
bool receiver_sm_is_full(struct receiver *r)
{
	const uint64_t held = receiver_sm_held(r);

	r->is_held = held >= (r->is_held ? SM_FULL_STANZAS / 2 : SM_FULL_STANZAS);
	return r->is_held;
}

static void said(struct receiver_sm *sm)
{
	struct receiver *r = sm->receiver;
	const uint64_t unsaid = sm->handled.handled - sm->acked;

	if (r->state == RECEIVER_LEAVING && !receiver_sm_waits(r)) {
		receiver_left(r);
		return;
	}
	if (unsaid >= SM_ACK_STANZAS)
		defer_start(sm->table->loop, &sm->ack);
	else if (unsaid > 0 && !sm->timer.loop)
		timer_start(sm->table->loop, &sm->timer, SM_ACK_MS, on_ack, sm);
	if (r->is_held && r->state == RECEIVER_OPEN)
		receiver_read(r);
}

void sm_table_settled(struct sm_table *table, struct receipt first, uint64_t count)
{
	struct receiver_sm *sm;

	HASH_FIND(hh, table->by_id, &first.stream, sizeof(first.stream), sm);
	if (!sm)
		return;         /* it ended; its peer has been told nothing of these */
	if (sm_handled_settle(&sm->handled, first.seq, count) < 0) {
		if (sm->receiver)
			receiver_close(sm->receiver, STREAM_RESOURCE_CONSTRAINT, "too many stanzas were not acknowledged");
		else
			sm_free(sm);
		return;
	}
	if (sm->receiver)
		said(sm);
}

bool receiver_sm_count(struct receiver *r, struct receipt *ret_receipt)
{
	struct receiver_sm *sm = r->sm;

	*ret_receipt = (struct receipt){0};
	if (!sm)
		return true;
	if (sm->resent > 0) {
		sm->resent--;
		return false;
	}
	*ret_receipt = (struct receipt){.stream = sm->id, .seq = ++sm->handled.received};
	if (sm->handled.received - sm->handled.handled >= SM_FULL_STANZAS && !r->is_held)
		receiver_read(r);
	return true;
}

/* ---- elements ---- */

static void fail(struct receiver *r, enum stanza_condition condition)
{
	write_sm(r, &(struct sm){.kind = SM_FAILED, .id = STR_NONE, .condition = condition});
}

static void on_enable(struct receiver *r, const struct sm *enable)
{
	struct receiver_sm *sm;

	if (!(sm = sm_new(r, enable->may_resume))) {
		fail(r, COND_RESOURCE_CONSTRAINT);
		return;
	}
	write_sm(r, &(struct sm){
		.kind = SM_ENABLED, .may_resume = sm->resume_id[0] != '\0', .id = sm->resume_id[0] ? str_of(sm->resume_id) : STR_NONE,
		.max_seconds = sm->resume_id[0] ? SM_RESUME_MS / 1000 : 0,
	});
}

/* The session with that id, where this stream has proved the same pair. */
static struct receiver_sm *find_former(struct receiver *r, struct str id)
{
	char digits[16 + 1];
	const struct receiver_pair *proved;
	struct receiver_sm *sm;
	uint64_t number;
	char *end;

	if (id.len < sizeof(digits))
		return NULL;
	snprintf(digits, sizeof(digits), "%.16s", id.at);
	number = strtoull(digits, &end, 16);
	HASH_FIND(hh, inbound_sm(r->inbound)->by_id, &number, sizeof(number), sm);
	if (!sm || *end != '\0' || !str_is(id, sm->resume_id))
		return NULL;
	proved = receiver_pair_find(r, &(struct domain_pair){.sender = str_of(sm->from), .target = str_of(sm->to)});
	return proved && proved->lane.proof != PROOF_NONE ? sm : NULL;
}

/* What it sent and we have not handled comes again: those are counted already, and in our hands, so they are not passed on twice. */
static void on_resume(struct receiver *r, const struct sm *resume)
{
	struct receiver_sm *sm = find_former(r, resume->id);
	struct receiver *former = sm ? sm->receiver : NULL;

	if (!sm) {
		fail(r, COND_ITEM_NOT_FOUND);
		return;
	}
	if (former)
		former->sm = NULL;
	else
		sm->table->kept_count--;
	list_remove(&sm->kept);
	timer_stop(&sm->timer);
	sm->receiver = r;
	r->sm = sm;
	sm->acked = sm->handled.handled;
	sm->resent = sm->handled.received - sm->handled.handled;
	LOG(r->site->log, LOG_INFO, "stream-resumed", KV_N("stream", r->id), KV_C("role", "receiving"), KV_C("sender", sm->from),
	    KV_C("target", sm->to), KV_N("handled", sm->acked), KV_N("held", sm->resent));
	/* Where the peer reads nothing this ends the stream, and the session with it. */
	write_sm(r, &(struct sm){.kind = SM_RESUMED, .id = str_of(sm->resume_id), .has_h = true, .h = (uint32_t)sm->acked});
	if (former)
		receiver_close(former, STREAM_CONFLICT, "the peer resumes it on another connection");
}

/* Of a stream that goes both ways its peer may acknowledge what we sent; otherwise there is nothing to acknowledge. */
static void on_answer(struct receiver *r, const struct sm *answer)
{
	struct buf out = {0};

	if (r->is_bidirectional || answer->h == 0)
		return;
	sm_too_high_write(&out, answer->h, 0);
	receiver_close_with(r, STREAM_UNDEFINED_CONDITION, "the peer acknowledges stanzas that were never sent", &out);
}

void receiver_sm_element(struct receiver *r, const struct xml_node *node)
{
	struct sm sm;
	const int err = sm_parse(node, &sm);

	if (err == TRUNK_EINVAL)
		receiver_close(r, STREAM_INVALID_XML, "an element of stream management without its number or id");
	else if (err < 0)
		receiver_close(r, STREAM_UNSUPPORTED_STANZA_TYPE, NULL);
	else if (sm.kind == SM_ENABLE && r->sm)
		receiver_close(r, STREAM_POLICY_VIOLATION, "stream management is on already");
	else if ((sm.kind == SM_ENABLE || sm.kind == SM_RESUME) && (!r->is_proved || !r->offered_sm || r->sm))
		fail(r, COND_UNEXPECTED_REQUEST);
	else if (sm.kind == SM_ENABLE)
		on_enable(r, &sm);
	else if (sm.kind == SM_RESUME)
		on_resume(r, &sm);
	else if (!r->sm || sm.kind == SM_ENABLED || sm.kind == SM_RESUMED || sm.kind == SM_FAILED)
		receiver_close(r, STREAM_UNSUPPORTED_STANZA_TYPE, "an element of stream management that nothing asked for");
	else if (sm.kind == SM_ANSWER)
		on_answer(r, &sm);
	else
		acknowledge(r->sm);
}

bool receiver_sm_request(struct receiver *r)
{
	if (!r->sm)
		return false;
	acknowledge(r->sm);
	return true;
}
