/* SPDX-License-Identifier: Apache-2.0
 * A peer that reads nothing, or acknowledges nothing any more, while its connection stands. */
#include "outbound/held.h"
#include "outbound/outbound_internal.h"

#include <stdio.h>

static bool takes_nothing(const struct link *link, int64_t ms)
{
	const struct channel *channel = &link->initiator.channel;

	return channel_pending(channel) > 0 && link_now_ms(link) - channel->conn->progress_ms >= ms;
}

static bool needs_an_error(struct str bytes)
{
	struct arena arena = {0};
	struct stanza_reply reply;
	const bool is_answerable = stanza_reply_parse(&arena, bytes, &reply) < 0 || reply.is_answerable;

	arena_fini(&arena);
	return is_answerable;
}

/* Whether of all that was written to the stream nobody has to hear within 30 s that it did not arrive: messages of which the disk has a copy wait for
 * `hold`, and what has no error loses nothing by waiting. Without any such message there is nothing that would come twice. */
static bool may_wait(const struct link *link)
{
	const struct queue *queue = &link->queue;
	size_t offset = 0;
	bool has_any = false;

	if (link->sent_on != &link->initiator.channel)
		return false;
	for (size_t n = 0; n < queue->sent_count; n++) {
		const struct queue_entry *entry = queue_at(queue, n);
		const struct str bytes = str_until(str_from(buf_str(&queue->bytes), offset), entry->len);

		offset += entry->len;
		if (entry->held && entry->custody == CUSTODY_DISK && !stanza_is_fleeting(bytes))
			has_any = true;
		else if (needs_an_error(bytes))
			return false;
	}
	return has_any;
}

static void log_stalled(const struct link *link, const char *then)
{
	LOG(link->outbound->site->log, LOG_WARNING, "link-stalled", KV_N("link", link->id), KV("sender", link->pair.sender),
	    KV("target", link->pair.target), KV_N("queue", buf_len(&link->queue.bytes)), KV_C("then", then));
}

/* The stream stays, and nothing more is written to it: what comes waits on disk. Closing it would mean to send again what the peer may read yet. */
static void wait_for_it(struct link *link, const char *why)
{
	if (link->acks.stalled_ms)
		return;
	log_stalled(link, "its messages wait on disk");
	link->acks.stalled_ms = link_now_ms(link);
	link->condition = COND_REMOTE_SERVER_TIMEOUT;
	snprintf(link->why, sizeof(link->why), "%s", why);
	conn_set_patience(link->initiator.channel.conn, LINK_PATIENCE_MS);
}

/* The connection keeps its patience: what it holds is old still, and the system would end it over that. A peer that hangs again is seen here. */
void stall_end(struct link *link)
{
	if (!link->acks.stalled_ms)
		return;
	link->acks.stalled_ms = 0;
	link->why[0] = '\0';
	LOG(link->outbound->site->log, LOG_INFO, "link-flows", KV_N("link", link->id), KV("sender", link->pair.sender), KV("target", link->pair.target));
	defer_start(link->outbound->site->loop, &link->flush);
}

/* What waits is bounced, or goes to disk: so what the system has of it still must never arrive. */
static void give_up(struct link *link, const char *why)
{
	log_stalled(link, "what waits and may not wait on disk is bounced");
	link->condition = COND_REMOTE_SERVER_TIMEOUT;
	initiator_abort(&link->initiator);
	link_failed(link, &(struct initiator_failure){.err = TRUNK_ETIMEOUT, .condition = COND_REMOTE_SERVER_TIMEOUT, .is_final = true, .why = why});
	link->acks.has_answered = false;        /* if it comes back and answers no ping, it is one that does not */
}

void stall_look(struct link *link)
{
	const bool is_late = acks_are_late(link);
	const char *why = is_late ? "the target's server acknowledges nothing any more" : "the target's server stopped reading";

	if (!initiator_is_ready(&link->initiator)) {
		if (is_late)
			link_give_up_barrier(link);     /* the stream is the peer's own */
		return;
	}
	if (!is_late && !takes_nothing(link, LINK_HANG_MS))
		return;
	if (link->outbound->spool && may_wait(link) && !(link->acks.stalled_ms && link_now_ms(link) - link->acks.stalled_ms >= LINK_PATIENCE_MS)) {
		wait_for_it(link, why);
		defer_start(link->outbound->site->loop, &link->flush);
	} else if (is_late || takes_nothing(link, LINK_STALL_MS)) {
		give_up(link, why);
	}
}
