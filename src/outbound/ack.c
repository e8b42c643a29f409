/* SPDX-License-Identifier: Apache-2.0
 * What the next hop has acknowledged: by stream management (XEP-0198), or by its answer to a ping behind the stanzas. */
#include "outbound/outbound_internal.h"
#include "stream/sm.h"

#include <stdlib.h>

enum {
	ASK_STANZAS = 100,              /* written before an acknowledgement is asked for at once … */
	ASK_MS = 25,                    /* … else after this */
	ASK_AGAIN_MS = 1000,            /* where the answer left some out */
	ACKS_LATE_MS = 20 * 1000,       /* without an answer: the peer is dead; what waits is bounced within design.md §3's 30 s */
	RESUME_WAIT_MS = 10 * 1000,     /* for the answer to <resume/> */
	RESUME_ID_BYTES_MAX = 256,      /* a longer id of the peer's is not kept: it is no part of what limits.memory counts */
	RESUME_MS = 60 * 1000,          /* that a session may be resumed where the peer does not say */
	BARRIER_MS = 10 * 1000,         /* for the first answer to a ping; then the link has no custody … */
	BARRIER_AGAIN_MS = 10 * 60 * 1000,      /* … for so long */
};

#define REQUEST "<r xmlns='" NS_SM "'/>"

static void on_timer(void *ctx);

static void start_timer(struct link *link, int64_t ms)
{
	timer_start(link->outbound->site->loop, &link->acks.timer, ms, on_timer, link);
}

bool acks_are_managed(const struct link *link)
{
	return link->acks.state == ACKS_MANAGED && link->sent_on == &link->initiator.channel;
}

static void write_sm(struct link *link, const struct sm *sm)
{
	struct buf out = {0};

	if (sm_write(&out, sm) == 0)
		channel_write(&link->initiator.channel, buf_str(&out));
	buf_fini(&out);
}

/* ---- stanzas in other hands ---- */

/* Whether the peer is asked by pings; those of domains that nobody serves are not. */
static bool is_asked(const struct link *link, const struct queue_entry *entry)
{
	return entry->custody >= CUSTODY_LINK && !link->acks.is_given_up && !link->is_strange;
}

/* Whether a stanza stays, and its receipt open, until the peer has acknowledged it: whether somebody waits to hear of it or not, for where the peer dies
 * it is sent again or bounced. But a peer that has not answered a ping yet may be one that never will. What nobody waits for is not kept for it: its
 * senders would be held up, and all would come twice where its stream ends. */
static bool waits(const struct link *link, bool is_managed, const struct queue_entry *entry)
{
	if (is_managed)
		return entry->custody >= CUSTODY_LINK;
	return is_asked(link, entry) && (entry->stream != 0 || link->acks.has_answered);
}

static void settle_taken(struct link *link, size_t from, size_t to)
{
	const bool is_managed = acks_are_managed(link);
	struct queue *queue = &link->queue;
	struct run run = {0};

	for (size_t n = from; n < to; n++) {
		struct queue_entry *entry = queue_at(queue, n);

		if (waits(link, is_managed, entry))
			continue;
		run_add(link, &run, entry);
		link->acks.is_unheard |= !is_managed && is_asked(link, entry);
	}
	/* Under management the peer's count needs them all, and what it never got is sent again. */
	while (!is_managed && queue->taken_count > 0 && !waits(link, false, queue_first(queue)))
		queue_pop(link);
	run_end(link, &run);
}

void acks_taken(struct link *link)
{
	const size_t from = link->queue.taken_count;

	link->queue.taken_count = link->queue.sent_count;
	if (link->acks.is_given_up && link_now_ms(link) >= link->acks.retry_ms)
		link->acks.is_given_up = false;
	settle_taken(link, from, link->queue.sent_count);
}

void acks_pop(struct link *link, size_t count)
{
	struct run run = {0};

	for (; count > 0; count--) {
		run_add(link, &run, queue_first(&link->queue));
		queue_pop(link);
	}
	run_end(link, &run);
	queue_count(link);
	link_tell_pressure(link);
}

void acks_forget(struct link *link)
{
	free(link->acks.resume_id);
	link->acks.resume_id = NULL;
	link->acks.lost = 0;
}

/* ---- the barrier ---- */

static struct domain_pair reverse_of(const struct link *link)
{
	return (struct domain_pair){.sender = link->pair.target, .target = link->pair.sender};
}

/* From here on a stanza is handed over when it is written: whoever wants more than that from this peer cannot have it. Said once for each link. */
static void give_up(struct link *link, enum log_level level, const char *why)
{
	if (!link->acks.has_told)
		LOG(link->outbound->site->log, level, "custody-none", KV_N("link", link->id), KV("sender", link->pair.sender),
		    KV("target", link->pair.target), KV_C("reason", why));
	link->acks.has_told = true;
	link->acks.is_given_up = true;
	link->acks.is_unheard = false;
	link->acks.retry_ms = link_now_ms(link) + BARRIER_AGAIN_MS;
	link->acks.covered = 0;
	link->acks.asked_ms = 0;
	settle_taken(link, 0, link->queue.taken_count);
	queue_count(link);
	link_tell_pressure(link);
}

/* The answer to a ping that is sent again may be that to the first, so it says no more than that one would. */
static bool begin_barrier(struct link *link)
{
	struct link_acks *acks = &link->acks;

	acks->is_unheard = false;
	if (acks->asked_ms && acks->barrier_id[0])
		return true;
	barrier_is_known(link, false);
	if (stream_id_make(acks->barrier_id) < 0)
		return false;
	barrier_is_known(link, true);
	acks->covered = link->queue.sent_count;
	return true;
}

/* A ping behind the stanzas: the peer that answers it, by whatever, has read what came before. Its answer comes on a stream of its own. */
static void send_barrier(struct link *link, struct channel *channel)
{
	const struct domain_pair reverse = reverse_of(link);
	struct link_acks *acks = &link->acks;
	struct buf out = {0};

	if (!link->outbound->handler->permits(link->outbound->ctx, &reverse)) {
		give_up(link, LOG_NOTICE, "the peer has no stream management, and policy permits no answer to a ping");
		return;
	}
	if (!begin_barrier(link))
		return;
	buf_addf(&out, "<iq type='get' id='%s' from='", acks->barrier_id);
	xml_escape(&out, link->pair.sender);
	buf_add_cstr(&out, "/" BARRIER_RESOURCE "' to='");
	xml_escape(&out, link->pair.target);
	buf_add_cstr(&out, "'><ping xmlns='urn:xmpp:ping'/></iq>");
	if (channel_write(channel, buf_str(&out)) == 0) {
		if (!acks->asked_ms)
			acks->asked_ms = link_now_ms(link);
		start_timer(link, BARRIER_MS);
	}
	buf_fini(&out);
}

bool acks_barrier_answered(struct link *link, struct str id)
{
	struct link_acks *acks = &link->acks;
	const size_t covered = acks->covered;

	if (!acks->barrier_id[0] || !str_is(id, acks->barrier_id))
		return false;
	barrier_is_known(link, false);
	acks->barrier_id[0] = '\0';
	acks->has_answered = true;
	acks->is_given_up = acks->has_told = false;
	if (acks_are_managed(link) || !acks->asked_ms)
		return true;    /* too late: nobody waits for it any more */
	acks->covered = 0;
	acks->asked_ms = 0;
	timer_stop(&acks->timer);
	stall_end(link);
	acks_pop(link, covered);
	acks_ask(link);
	return true;
}

void link_give_up_barrier(struct link *link)
{
	link->acks.has_answered = false;
	give_up(link, LOG_WARNING, "the peer answers pings no more");
}

/* ---- asking ---- */

static void ask(struct link *link, struct channel *channel)
{
	if (!acks_are_managed(link)) {
		send_barrier(link, channel);
		return;
	}
	link->acks.asked_ms = link_now_ms(link);
	link->acks.unasked = 0;
	timer_stop(&link->acks.timer);
	channel_write(channel, STR(REQUEST));
}

bool acks_ask_within(struct link *link)
{
	struct link_acks *acks = &link->acks;
	struct buf *bytes = &link->queue.bytes;

	if (!acks_are_managed(link) || acks->asked_ms || acks->unasked < ASK_STANZAS || link->queue.sent_count < queue_stanzas(&link->queue) ||
	    buf_add(bytes, STR(REQUEST)) < 0)
		return false;
	acks->asked_ms = link_now_ms(link);
	acks->unasked = 0;
	timer_stop(&acks->timer);
	return true;
}

size_t acks_request_len(void)
{
	return sizeof(REQUEST) - 1;
}

static size_t to_ask_about(const struct link *link)
{
	if (acks_are_managed(link))
		return link->acks.unasked;
	return link->queue.taken_count > 0 ? link->queue.taken_count : link->acks.is_unheard;
}

void acks_ask(struct link *link)
{
	struct channel *channel = link_channel(link);
	const size_t count = to_ask_about(link);

	if (!channel || channel != link->sent_on || link->acks.asked_ms || count == 0)
		return;
	if (count >= ASK_STANZAS)
		ask(link, channel);
	else if (!link->acks.timer.loop)
		start_timer(link, ASK_MS);
}

void acks_hurry(struct link *link)
{
	if (acks_are_managed(link) && !link->acks.asked_ms && link->queue.sent_count > 0 && initiator_is_ready(&link->initiator))
		ask(link, &link->initiator.channel);
}

static bool is_pinged(const struct link *link)
{
	return link->acks.asked_ms && link->acks.state != ACKS_MANAGED;
}

static void on_timer(void *ctx)
{
	struct link *link = ctx;
	struct channel *channel = link_channel(link);

	if (link->acks.stalled_ms)
		return;
	if (link->acks.state == ACKS_RESUMING) {
		acks_forget(link);
		initiator_end(&link->initiator, STREAM_CONNECTION_TIMEOUT, "no answer to resume");
	} else if (is_pinged(link) && !link->acks.has_answered) {
		give_up(link, LOG_WARNING, "the peer has no stream management, and did not answer a ping within 10 s");
	} else if (is_pinged(link) && channel && channel == link->sent_on) {
		send_barrier(link, channel);    /* it did answer before, so it is asked once more before it is taken for dead */
	} else if (channel && channel == link->sent_on && !link->acks.asked_ms && (link->queue.sent_count > 0 || link->acks.is_unheard)) {
		ask(link, channel);
	}
}

const char *acks_text(const struct link *link)
{
	if (link->acks.state == ACKS_MANAGED)
		return "sm";
	return link->acks.has_answered && !link->acks.is_given_up ? "ping" : "none";
}

/* A question waits behind all that was written before it: as long as the peer takes that, it is slow and not dead. */
bool acks_are_late(struct link *link)
{
	const struct channel *channel = link->sent_on;
	const int64_t now = link_now_ms(link);

	return link->acks.asked_ms && now - link->acks.asked_ms >= ACKS_LATE_MS &&
	       (!channel || channel_pending(channel) == 0 || now - channel->conn->progress_ms >= ACKS_LATE_MS);
}

/* ---- the session ---- */

static void enable(struct link *link)
{
	acks_forget(link);
	link->acks.state = ACKS_MANAGED;
	link->acks.acked = 0;
	write_sm(link, &(struct sm){.kind = SM_ENABLE, .id = STR_NONE, .may_resume = true});
}

void acks_begin(struct link *link)
{
	const struct spoke *spoke = route_find(link->outbound->site->route, link->pair.target);
	struct link_acks *acks = &link->acks;

	acks->state = ACKS_NONE;
	acks->asked_ms = 0;
	acks->unasked = 0;
	timer_stop(&acks->timer);
	if (!link->initiator.features.sm || !spoke || spoke->custody < CUSTODY_LINK) {
		acks_forget(link);
	} else if (acks->resume_id && acks->lost > 0 && link_now_ms(link) < acks->resume_until_ms) {
		acks->state = ACKS_RESUMING;
		write_sm(link, &(struct sm){.kind = SM_RESUME, .id = str_of(acks->resume_id), .has_h = true});
		start_timer(link, RESUME_WAIT_MS);
	} else {
		enable(link);
	}
}

bool acks_may_write(const struct link *link, const struct channel *channel)
{
	return link->acks.state != ACKS_RESUMING || channel != &link->initiator.channel;
}

void acks_left(struct link *link, bool was_managed, bool is_over)
{
	struct link_acks *acks = &link->acks;

	if (was_managed) {
		acks->lost = link->queue.sent_count;
		acks->resume_until_ms = link_now_ms(link) + acks->resume_max_ms;
	}
	if (is_over)
		acks_forget(link);
	acks->state = ACKS_NONE;
	acks->is_unheard = false;
	acks->asked_ms = acks->stalled_ms = 0;
	acks->covered = 0;
	acks->unasked = 0;
	timer_stop(&acks->timer);
}

static void on_enabled(struct link *link, const struct sm *sm)
{
	struct link_acks *acks = &link->acks;

	/* Prosody says resume='true' between servers, and gives no id. */
	if (!sm->may_resume || sm->id.len == 0 || sm->id.len > RESUME_ID_BYTES_MAX)
		return;
	free(acks->resume_id);
	acks->resume_id = str_dup(sm->id);
	acks->resume_max_ms = sm->max_seconds ? (int64_t)sm->max_seconds * 1000 : RESUME_MS;
}

static void refuse(struct link *link, enum sm_judgement judgement, uint32_t h, size_t unacked)
{
	struct buf out = {0};

	LOG(link->outbound->site->log, LOG_WARNING, "acknowledgement-wrong", KV_N("link", link->id), KV("sender", link->pair.sender),
	    KV("target", link->pair.target), KV_N("acknowledged", h), KV_N("before", link->acks.acked), KV_N("unacknowledged", unacked));
	if (judgement == SM_TOO_HIGH)
		sm_too_high_write(&out, h, link->acks.acked + (uint32_t)unacked);
	else
		stream_error_write(&out, STREAM_UNDEFINED_CONDITION, "an acknowledgement was taken back");
	initiator_end_with(&link->initiator, buf_str(&out));
	buf_fini(&out);
}

/* `unacked` stanzas at the front went out behind acks.acked. Returns false where the count is wrong and the stream ends. */
static bool take(struct link *link, uint32_t h, size_t unacked)
{
	size_t count;
	const enum sm_judgement judgement = sm_judge(link->acks.acked, unacked, h, &count);

	if (judgement != SM_FITS) {
		refuse(link, judgement, h, unacked);
		return false;
	}
	link->acks.acked = h;
	acks_pop(link, count);
	return true;
}

static void on_answer(struct link *link, uint32_t h)
{
	struct link_acks *acks = &link->acks;

	if (!acks_are_managed(link)) {
		if (h != acks->acked)
			refuse(link, SM_TOO_HIGH, h, 0);
		return;
	}
	if (!take(link, h, link->queue.sent_count))
		return;
	acks->asked_ms = 0;
	stall_end(link);
	acks_ask(link);
	if (link->queue.sent_count > 0 && !acks->asked_ms && !acks->timer.loop)
		start_timer(link, ASK_AGAIN_MS);
}

/* The session goes on: what the peer has not handled is sent again. */
static void on_resumed(struct link *link, const struct sm *sm)
{
	struct link_acks *acks = &link->acks;
	const size_t lost = acks->lost;

	if (!acks->resume_id || !str_is(sm->id, acks->resume_id)) {
		initiator_end(&link->initiator, STREAM_UNDEFINED_CONDITION, "another stream was resumed than the one asked for");
		return;
	}
	timer_stop(&acks->timer);
	acks->lost = 0;
	if (!take(link, sm->h, lost))
		return;
	acks->state = ACKS_MANAGED;
	LOG(link->outbound->site->log, LOG_INFO, "link-resumed", KV_N("link", link->id), KV_C("role", "initiating"),
	    KV("sender", link->pair.sender), KV("target", link->pair.target), KV_N("handled", sm->h),
	    KV_N("again", queue_stanzas(&link->queue)));
	defer_start(link->outbound->site->loop, &link->flush);
}

static void on_failed(struct link *link, const struct sm *sm)
{
	if (link->acks.state != ACKS_RESUMING) {
		/* What was written counts as on a stream without, and what was asked is not answered. */
		link->acks.state = ACKS_NONE;
		link->acks.asked_ms = 0;
		settle_taken(link, 0, link->queue.taken_count);
		acks_ask(link);
		return;
	}
	timer_stop(&link->acks.timer);
	if (sm->has_h && !take(link, sm->h, link->acks.lost))
		return;
	enable(link);
	defer_start(link->outbound->site->loop, &link->flush);
}

bool acks_short(struct link *link, struct str element)
{
	uint32_t h;

	if (link->acks.state != ACKS_MANAGED || !sm_answer_read(element, &h))
		return false;
	on_answer(link, h);
	return true;
}

void acks_element(struct link *link, const struct xml_node *node)
{
	struct sm sm;
	const enum acks_state state = link->acks.state;
	const int err = sm_parse(node, &sm);

	if (state == ACKS_NONE)
		return;         /* of a session that is over, or was refused */
	if (err == TRUNK_EINVAL)
		initiator_end(&link->initiator, STREAM_INVALID_XML, "an element of stream management without its number or id");
	else if (err < 0)
		return;
	else if (sm.kind == SM_ANSWER)
		on_answer(link, sm.h);
	else if (sm.kind == SM_REQUEST)         /* on our own stream nothing comes back */
		write_sm(link, &(struct sm){.kind = SM_ANSWER, .id = STR_NONE, .has_h = true});
	else if (sm.kind == SM_ENABLED && state == ACKS_MANAGED)
		on_enabled(link, &sm);
	else if (sm.kind == SM_RESUMED && state == ACKS_RESUMING)
		on_resumed(link, &sm);
	else if (sm.kind == SM_FAILED)
		on_failed(link, &sm);
}
