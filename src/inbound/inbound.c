/* SPDX-License-Identifier: Apache-2.0
 * Admission of those who connect, and what concerns all streams. */
#include "inbound/owed.h"
#include "inbound/sm.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	ADDRESS_SWEEP_MS = 60 * 1000,
	OWED_AGAIN_MS = 100,            /* between tries to send receipts that there was no memory for */
};

/* A connection over its address's rate, which waits its turn unread. */
struct waiting {
	struct list link;
	struct inbound *inbound;
	struct conn *conn;
	struct address_entry *address;
	bool is_direct;
	struct timer timer;
};

/* A connection that was refused and hears why. */
struct goodbye {
	struct list link;
	struct inbound *inbound;
	struct conn *conn;
	struct timer timer;
};

enum { GOODBYES_MAX = 256 };            /* beyond, the refused are cut off without a word */

struct inbound {
	const struct site *site;
	struct relay *relay;
	struct blocks *blocks;
	struct list receivers, waiting, leaving;
	unsigned goodbyes;
	struct admission *admission;
	struct admission_counts *counts;        /* its */
	struct timer sweep;
	struct sm_table sm;
	struct owed owed;               /* receipts for streams of other workers */
	struct timer owing;
	uint64_t next_id;
	unsigned turn;                  /* worker that the last direct TLS connection went to */
	bool is_draining;
};

struct sm_table *inbound_sm(struct inbound *inbound)
{
	return &inbound->sm;
}

uint64_t inbound_next_id(struct inbound *inbound)
{
	return site_stream_id(inbound->site, ++inbound->next_id);
}

/* Receipts that another worker's stream waits for. */
struct settled {
	struct mail mail;
	struct receipt first;
	uint64_t count;
};

static void drop_settled(struct mail *mail)
{
	free(LIST_OF(mail, struct settled, mail));
}

static void deliver_settled(void *room, struct mail *mail)
{
	struct inbound *inbound = room;
	const struct settled *settled = LIST_OF(mail, struct settled, mail);

	sm_table_settled(&inbound->sm, settled->first, settled->count);
	drop_settled(mail);
}

static int send_settled(struct inbound *inbound, struct receipt first, uint64_t count)
{
	struct settled *settled = calloc(1, sizeof(*settled));

	if (!settled)
		return TRUNK_ENOMEM;
	*settled = (struct settled){.mail = {.deliver = deliver_settled, .drop = drop_settled}, .first = first, .count = count};
	site_send(inbound->site, stream_id_worker(first.stream), CREW_INBOUND, &settled->mail);
	return 0;
}

static void owe(struct inbound *inbound, struct receipt first, uint64_t count);

static void on_owing(void *ctx)
{
	struct inbound *inbound = ctx;
	struct owed_run run;

	while (owed_take(&inbound->owed, &run)) {
		if (send_settled(inbound, run.first, run.count) < 0) {
			owe(inbound, run.first, run.count);
			return;
		}
	}
}

static void owe(struct inbound *inbound, struct receipt first, uint64_t count)
{
	if (!owed_add(&inbound->owed, first, count))
		LOG(inbound->site->log, LOG_ERROR, "receipts-lost", KV_N("stream", first.stream), KV_N("count", count),
		    KV_C("reason", "no memory to send them to the worker of their stream, which acknowledges no more"));
	timer_start(inbound->site->loop, &inbound->owing, OWED_AGAIN_MS, on_owing, inbound);
}

static void on_settled(void *ctx, struct receipt first, uint64_t count)
{
	struct inbound *inbound = ctx;

	if (stream_id_worker(first.stream) == inbound->site->worker)
		sm_table_settled(&inbound->sm, first, count);
	else if (send_settled(inbound, first, count) < 0)
		owe(inbound, first, count);
}

struct blocks *inbound_blocks(const struct inbound *inbound)
{
	return inbound->blocks;
}

static void sweep(void *ctx)
{
	struct inbound *inbound = ctx;

	admission_sweep(inbound->admission, inbound->site->limits, loop_now_ms(inbound->site->loop));
	timer_start(inbound->site->loop, &inbound->sweep, ADDRESS_SWEEP_MS, sweep, inbound);
}

struct inbound *inbound_new(const struct inbound_options *options)
{
	struct inbound *inbound = calloc(1, sizeof(*inbound));

	if (!inbound)
		return NULL;
	inbound->site = options->site;
	inbound->relay = options->relay;
	inbound->blocks = options->blocks;
	inbound->admission = options->admission;
	inbound->counts = admission_counts(options->admission);
	sm_table_init(&inbound->sm, inbound->site->loop);
	relay_set_settled(inbound->relay, on_settled, inbound);
	list_init(&inbound->receivers);
	list_init(&inbound->waiting);
	list_init(&inbound->leaving);
	crew_attend(inbound->site->crew, inbound->site->worker, CREW_INBOUND, inbound);
	if (inbound->site->worker == 0)
		timer_start(inbound->site->loop, &inbound->sweep, ADDRESS_SWEEP_MS, sweep, inbound);
	return inbound;
}

struct rate_bucket *inbound_bucket(struct inbound *inbound, const char *spoke)
{
	return admission_bucket(inbound->admission, spoke);
}

/* ---- admission ---- */

static void goodbye_end(struct goodbye *goodbye)
{
	list_remove(&goodbye->link);
	goodbye->inbound->goodbyes--;
	timer_stop(&goodbye->timer);
	conn_free(&goodbye->conn);
	free(goodbye);
}

static void on_goodbye_data(void *ctx, struct str bytes)
{
	(void)ctx;
	(void)bytes;
}

static void on_goodbye_drained(void *ctx)
{
	(void)ctx;
}

static void on_goodbye_closed(void *ctx, int err)
{
	(void)err;
	goodbye_end(ctx);
}

static void on_goodbye_timeout(void *ctx)
{
	goodbye_end(ctx);
}

static const struct conn_handler goodbye_handler = {
	.data = on_goodbye_data, .drained = on_goodbye_drained, .closed = on_goodbye_closed,
};

/* Ends a connection so that the peer can still read why: closing it with its bytes unread would take the answer away. */
static void say_goodbye(struct inbound *inbound, struct conn *conn, struct str text)
{
	struct goodbye *goodbye = inbound->goodbyes < GOODBYES_MAX ? calloc(1, sizeof(*goodbye)) : NULL;

	if (!goodbye) {
		conn_free(&conn);
		return;
	}
	inbound->goodbyes++;
	goodbye->inbound = inbound;
	goodbye->conn = conn;
	list_add_tail(&inbound->leaving, &goodbye->link);
	conn_attach(conn, &goodbye_handler, goodbye);
	conn_write(conn, text);
	conn_shutdown(conn);
	timer_start(inbound->site->loop, &goodbye->timer, RECEIVER_CLOSE_MS, on_goodbye_timeout, goodbye);
}

static void refuse(struct inbound *inbound, struct conn *conn, bool is_direct, enum stream_condition condition, const char *why)
{
	const struct stream_header header = {.from = str_of(inbound->site->trunk), .id = STR("refused"), .has_version = true};
	struct buf out = {0};
	char address[ENDPOINT_TEXT_SIZE];

	endpoint_text(&conn->peer, address);
	inbound->counts->refused++;
	LOG(inbound->site->log, LOG_WARNING, "connection-refused", KV_C("address", address),
	    KV_C("condition", stream_condition_text(condition)), KV_C("reason", why));
	if (!is_direct) {
		stream_header_write(&out, &header);
		stream_error_write(&out, condition, why);
	}
	say_goodbye(inbound, conn, buf_str(&out));
	buf_fini(&out);
}

/* There is no memory for one that was admitted. */
static void give_up(struct inbound *inbound, struct conn *conn, struct address_entry *address)
{
	conn_free(&conn);
	inbound->counts->unproved--;
	admission_leave(inbound->admission, address);
}

static unsigned next_worker(struct inbound *inbound)
{
	return inbound->turn = (inbound->turn + 1) % crew_count(inbound->site->crew);
}

static void begin(struct inbound *inbound, struct conn *conn, bool is_direct, struct address_entry *address)
{
	struct receiver *r = receiver_new(inbound, inbound->site, inbound->relay, is_direct, address);

	if (!r) {
		give_up(inbound, conn, address);
		return;
	}
	r->id = inbound_next_id(inbound);
	list_add_tail(&inbound->receivers, &r->link);
	inbound->counts->streams++;
	/* Where its header will lead is known behind TLS only: till then they are spread. */
	if (is_direct && next_worker(inbound) != inbound->site->worker && receiver_hand_over(r, &conn, inbound->turn) == 0)
		return;
	if (receiver_begin(r, conn) < 0) {
		conn_free(&conn);
		receiver_free(&r);
	}
}

static void on_turn(void *ctx)
{
	struct waiting *waiting = ctx;

	struct inbound *inbound = waiting->inbound;
	struct conn *conn = waiting->conn;

	list_remove(&waiting->link);
	conn_read(conn, true);
	if (inbound->is_draining || blocks_has_address(inbound->blocks, &conn->peer, loop_wall_ms(inbound->site->loop))) {
		inbound->counts->unproved--;
		admission_leave(inbound->admission, waiting->address);
		refuse(inbound, conn, waiting->is_direct, inbound->is_draining ? STREAM_SYSTEM_SHUTDOWN : STREAM_POLICY_VIOLATION,
		       inbound->is_draining ? "the trunk is stopping" : "blocked");
	} else {
		begin(inbound, conn, waiting->is_direct, waiting->address);
	}
	free(waiting);
}

/* Nothing is read of a connection that waits, so nobody hears of its end until its turn. */
static void let_wait(struct inbound *inbound, struct conn *conn, bool is_direct, struct address_entry *address, int64_t wait_ms)
{
	static const struct conn_handler nobody = {0};
	struct waiting *waiting = calloc(1, sizeof(*waiting));

	if (!waiting) {
		give_up(inbound, conn, address);
		return;
	}
	*waiting = (struct waiting){.inbound = inbound, .conn = conn, .address = address, .is_direct = is_direct};
	list_add_tail(&inbound->waiting, &waiting->link);
	conn_attach(conn, &nobody, NULL);
	conn_read(conn, false);
	timer_start(inbound->site->loop, &waiting->timer, wait_ms, on_turn, waiting);
}

static void admit(struct inbound *inbound, struct conn *conn, bool is_direct)
{
	const struct limits *limits = inbound->site->limits;
	struct address_entry *address;
	int64_t wait_ms;

	inbound->counts->accepted++;
	if (inbound->is_draining) {
		refuse(inbound, conn, is_direct, STREAM_SYSTEM_SHUTDOWN, "the trunk is stopping");
	} else if (rest_is_maintenance(inbound->site->rest)) {
		refuse(inbound, conn, is_direct, STREAM_SYSTEM_SHUTDOWN, "the trunk is in maintenance; come again later");
	} else if (blocks_has_address(inbound->blocks, &conn->peer, loop_wall_ms(inbound->site->loop))) {
		refuse(inbound, conn, is_direct, STREAM_POLICY_VIOLATION, "blocked");
	} else if (!memory_has_reserve(inbound->site->memory)) {
		refuse(inbound, conn, is_direct, STREAM_RESOURCE_CONSTRAINT, "limits.memory is reached");
	} else if (limits->unproved_streams && inbound->counts->unproved >= limits->unproved_streams) {
		refuse(inbound, conn, is_direct, STREAM_RESOURCE_CONSTRAINT, "limits.unproved-streams is reached");
	} else if (admission_enter(inbound->admission, &conn->peer, limits, loop_now_ms(inbound->site->loop), &address, &wait_ms) < 0) {
		refuse(inbound, conn, is_direct, STREAM_RESOURCE_CONSTRAINT, "limits.streams-per-address is reached");
	} else {
		inbound->counts->unproved++;
		if (wait_ms > 0)
			let_wait(inbound, conn, is_direct, address, wait_ms);
		else
			begin(inbound, conn, is_direct, address);
	}
}

void inbound_accept(void *inbound, struct conn *conn)
{
	admit(inbound, conn, false);
}

void inbound_accept_direct(void *inbound, struct conn *conn)
{
	admit(inbound, conn, true);
}

void inbound_forget(struct receiver *r)
{
	struct inbound *inbound = r->inbound;

	list_remove(&r->link);
	inbound->counts->streams--;
	if (!r->is_proved)
		inbound->counts->unproved--;
	admission_leave(inbound->admission, r->address);
}

void inbound_adopt(struct inbound *inbound, struct receiver *r)
{
	r->inbound = inbound;
	r->site = inbound->site;
	r->relay = inbound->relay;
	list_add_tail(&inbound->receivers, &r->link);
}

bool inbound_welcomes(struct receiver *r)
{
	const struct inbound *inbound = r->inbound;

	if (inbound->is_draining)
		receiver_close(r, STREAM_SYSTEM_SHUTDOWN, "the trunk is stopping");
	else if (blocks_has_address(inbound->blocks, &r->channel.conn->peer, loop_wall_ms(inbound->site->loop)))
		receiver_close(r, STREAM_POLICY_VIOLATION, "blocked");
	else
		return true;
	return false;
}

void inbound_proved(struct receiver *r)
{
	r->inbound->counts->unproved--;
}

void inbound_free(struct inbound **inbound)
{
	struct inbound *gone = *inbound;

	if (!gone)
		return;
	*inbound = NULL;
	crew_attend(gone->site->crew, gone->site->worker, CREW_INBOUND, NULL);
	LIST_EACH (pos, &gone->receivers) {
		struct receiver *r = LIST_OF(pos, struct receiver, link);

		receiver_free(&r);
	}
	LIST_EACH (pos, &gone->waiting) {
		struct waiting *waiting = LIST_OF(pos, struct waiting, link);

		timer_stop(&waiting->timer);
		conn_free(&waiting->conn);
		free(waiting);
	}
	LIST_EACH (pos, &gone->leaving)
		goodbye_end(LIST_OF(pos, struct goodbye, link));
	relay_set_settled(gone->relay, NULL, NULL);
	sm_table_fini(&gone->sm);
	timer_stop(&gone->sweep);
	timer_stop(&gone->owing);
	free(gone);
}

/* ---- all streams ---- */

static void describe_pair(const struct receiver *r, const struct receiver_pair *pair, struct stream_info *info)
{
	info->sender = pair ? pair->lane.pair.sender : str_of(r->from);
	info->target = pair ? pair->lane.pair.target : str_of(r->to);
	info->proof = pair ? pair->lane.proof : PROOF_NONE;
	info->stanzas_in = pair ? pair->lane.stanzas : 0;
	info->state = pair && pair->lane.proof != PROOF_NONE ? "up" : r->state == RECEIVER_CLOSING || r->state == RECEIVER_LEAVING ? "closing" : "negotiating";
}

static void describe(struct receiver *r, stream_info_fn *fn, void *ctx)
{
	struct stream_info info = {
		.id = r->id, .leg = "inbound", .role = r->has_answered && !r->is_proved ? "authoritative" : "receiving",
		.since_ms = r->since_wall_ms, .bytes_in = r->channel.bytes_in, .bytes_out = r->channel.bytes_out, .tls = "", .cipher = "",
		.alpn = "", .peer_names = "", .reason = "", .acks = r->sm ? "sm" : "none", .unacknowledged = receiver_sm_held(r),
	};
	char names[256] = "";

	if (r->state == RECEIVER_DEAD)
		return;
	endpoint_text(&r->channel.conn->peer, info.address);
	if (r->channel.is_secured) {
		info.tls = tls_session_version(r->channel.tls);
		info.cipher = tls_session_cipher(r->channel.tls);
		info.alpn = tls_session_alpn(r->channel.tls);
		tls_session_peer_names(r->channel.tls, names, sizeof(names), &info.peer_not_after_ms);
		info.peer_names = names;
	}
	if (!r->pairs) {
		describe_pair(r, NULL, &info);
		fn(ctx, &info);
	}
	for (const struct receiver_pair *pair = r->pairs; pair; pair = pair->hh.next) {
		describe_pair(r, pair, &info);
		fn(ctx, &info);
	}
}

void inbound_each(struct inbound *inbound, stream_info_fn *fn, void *ctx)
{
	LIST_EACH (pos, &inbound->receivers)
		describe(LIST_OF(pos, struct receiver, link), fn, ctx);
}

static bool under(struct str domain, struct str parent)
{
	return str_eq(domain, parent) ||
	       (domain.len > parent.len && str_ends(domain, parent) && domain.at[domain.len - parent.len - 1] == '.');
}

static bool concerns(const struct receiver *r, struct str domain, const struct endpoint *address)
{
	struct endpoint peer = r->channel.conn->peer;

	if (address) {
		if (peer.sa.sa_family == AF_INET6)
			peer.in6.sin6_port = address->in6.sin6_port;
		else
			peer.in4.sin_port = address->in4.sin_port;
		return endpoint_eq(&peer, address);
	}
	if (str_is_absent(domain) || (r->from && under(str_of(r->from), domain)) || (r->to && under(str_of(r->to), domain)))
		return true;
	for (const struct receiver_pair *pair = r->pairs; pair; pair = pair->hh.next)
		if (under(pair->lane.pair.sender, domain) || under(pair->lane.pair.target, domain))
			return true;
	return false;
}

unsigned inbound_close(struct inbound *inbound, struct str domain, const struct endpoint *address, const char *condition)
{
	enum stream_condition what = STREAM_CONDITION_NONE;
	unsigned count = 0;

	for (int i = 1; condition && i <= STREAM_UNSUPPORTED_VERSION; i++)
		if (strcmp(stream_condition_text((enum stream_condition)i), condition) == 0)
			what = (enum stream_condition)i;
	LIST_EACH (pos, &inbound->receivers) {
		struct receiver *r = LIST_OF(pos, struct receiver, link);

		if (r->state == RECEIVER_DEAD || r->state == RECEIVER_CLOSING || r->state == RECEIVER_LEAVING || !concerns(r, domain, address))
			continue;
		receiver_close(r, what, "closed by the operator");
		count++;
	}
	return count;
}

void inbound_reload(struct inbound *inbound)
{
	LIST_EACH (pos, &inbound->receivers) {
		struct receiver *r = LIST_OF(pos, struct receiver, link);

		if (r->state == RECEIVER_DEAD || r->state == RECEIVER_CLOSING || r->state == RECEIVER_LEAVING)
			continue;
		if (receiver_holds(r))
			receiver_ask_again(r);
		else
			receiver_close(r, STREAM_RESET, "the configuration changed");
	}
}

int64_t inbound_leave_ms(const struct inbound *inbound)
{
	return inbound->is_draining ? inbound->site->limits->drain_timeout_ms * RECEIVER_LEAVE / 100 : RECEIVER_LEAVE_MS;
}

void inbound_drain(struct inbound *inbound)
{
	inbound->is_draining = true;
	LIST_EACH (pos, &inbound->receivers)
		receiver_close(LIST_OF(pos, struct receiver, link), STREAM_SYSTEM_SHUTDOWN, NULL);
}

struct inbound_counters inbound_count(const struct inbound *inbound)
{
	return (struct inbound_counters){
		.accepted = inbound->counts->accepted, .refused = inbound->counts->refused, .streams = inbound->counts->streams,
		.unproved = inbound->counts->unproved,
	};
}
