/* SPDX-License-Identifier: Apache-2.0
 * Admission of those who connect, and what concerns all streams. */
#include "inbound/sm.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	IPV6_NETWORK_BYTES = 8,         /* an IPv6 peer counts by its /64, of which it has all addresses */
	ADDRESS_SWEEP_MS = 60 * 1000,
};

/* One peer address; forgotten by sweep(). */
struct address_entry {
	char text[ENDPOINT_TEXT_SIZE];  /* without port */
	unsigned streams;
	double tokens;                  /* connections it may make now */
	int64_t tokens_ms;
	UT_hash_handle hh;
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
	struct address_entry *addresses;
	struct timer sweep;
	struct rate_bucket *buckets;    /* by spoke */
	struct sm_table sm;
	struct inbound_counters counters;
	uint64_t next_id;
	bool is_draining;
};

struct sm_table *inbound_sm(struct inbound *inbound)
{
	return &inbound->sm;
}

uint64_t inbound_next_id(struct inbound *inbound)
{
	return ++inbound->next_id;
}

static void on_settled(void *ctx, struct receipt first, uint64_t count)
{
	struct inbound *inbound = ctx;

	sm_table_settled(&inbound->sm, first, count);
}

struct blocks *inbound_blocks(const struct inbound *inbound)
{
	return inbound->blocks;
}

static void sweep(void *ctx);

struct inbound *inbound_new(const struct inbound_options *options)
{
	struct inbound *inbound = calloc(1, sizeof(*inbound));

	if (!inbound)
		return NULL;
	inbound->site = options->site;
	inbound->relay = options->relay;
	inbound->blocks = options->blocks;
	sm_table_init(&inbound->sm, inbound->site->loop);
	relay_set_settled(inbound->relay, on_settled, inbound);
	list_init(&inbound->receivers);
	list_init(&inbound->waiting);
	list_init(&inbound->leaving);
	timer_start(inbound->site->loop, &inbound->sweep, ADDRESS_SWEEP_MS, sweep, inbound);
	return inbound;
}

/* ---- addresses ---- */

static struct address_entry *address_get(struct inbound *inbound, const struct endpoint *peer)
{
	struct endpoint bare = *peer;
	char text[ENDPOINT_TEXT_SIZE];
	struct address_entry *entry;

	if (bare.sa.sa_family == AF_INET6) {
		bare.in6.sin6_port = 0;
		memset(&bare.in6.sin6_addr.s6_addr[IPV6_NETWORK_BYTES], 0, 16 - IPV6_NETWORK_BYTES);
	} else {
		bare.in4.sin_port = 0;
	}
	endpoint_text(&bare, text);
	HASH_FIND_STR(inbound->addresses, text, entry);
	if (entry || !(entry = calloc(1, sizeof(*entry))))
		return entry;
	snprintf(entry->text, sizeof(entry->text), "%s", text);
	entry->tokens = inbound->site->limits->connections_per_second;
	entry->tokens_ms = loop_now_ms(inbound->site->loop);
	HASH_ADD_STR(inbound->addresses, text, entry);
	if (!HASH_WAS_ADDED(entry)) {
		free(entry);
		return NULL;
	}
	return entry;
}

static void address_fill(struct inbound *inbound, struct address_entry *entry)
{
	const double rate = inbound->site->limits->connections_per_second;
	const int64_t now = loop_now_ms(inbound->site->loop);

	entry->tokens += rate * (double)(now - entry->tokens_ms) / 1000;
	if (entry->tokens > rate)
		entry->tokens = rate;
	entry->tokens_ms = now;
}

/* Milliseconds that a new connection has to wait; its token is taken. */
static int64_t address_charge(struct inbound *inbound, struct address_entry *entry)
{
	const double rate = inbound->site->limits->connections_per_second;

	if (rate <= 0)
		return 0;
	address_fill(inbound, entry);
	entry->tokens -= 1;
	return entry->tokens >= 0 ? 0 : (int64_t)(-entry->tokens / rate * 1000) + 1;
}

static void address_release(struct address_entry *entry)
{
	entry->streams--;
}

/* Forgets addresses whose allowance is full again. */
static void sweep(void *ctx)
{
	struct inbound *inbound = ctx;
	struct address_entry *entry, *next;

	HASH_ITER(hh, inbound->addresses, entry, next) {
		address_fill(inbound, entry);
		if (entry->streams > 0 || entry->tokens < inbound->site->limits->connections_per_second)
			continue;
		HASH_DEL(inbound->addresses, entry);
		free(entry);
	}
	timer_start(inbound->site->loop, &inbound->sweep, ADDRESS_SWEEP_MS, sweep, inbound);
}

struct rate_bucket *inbound_bucket(struct inbound *inbound, const char *spoke)
{
	struct rate_bucket *bucket;

	HASH_FIND_STR(inbound->buckets, spoke, bucket);
	if (bucket || !(bucket = calloc(1, sizeof(*bucket) + strlen(spoke) + 1)))
		return bucket;
	memcpy(bucket->spoke, spoke, strlen(spoke));
	HASH_ADD_KEYPTR(hh, inbound->buckets, bucket->spoke, strlen(spoke), bucket);
	if (!HASH_WAS_ADDED(bucket)) {
		free(bucket);
		return NULL;
	}
	return bucket;
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
	inbound->counters.refused++;
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
	inbound->counters.unproved--;
	address_release(address);
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
	inbound->counters.streams++;
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
		inbound->counters.unproved--;
		address_release(waiting->address);
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

	inbound->counters.accepted++;
	if (inbound->is_draining) {
		refuse(inbound, conn, is_direct, STREAM_SYSTEM_SHUTDOWN, "the trunk is stopping");
	} else if (blocks_has_address(inbound->blocks, &conn->peer, loop_wall_ms(inbound->site->loop))) {
		refuse(inbound, conn, is_direct, STREAM_POLICY_VIOLATION, "blocked");
	} else if (!memory_has_reserve(inbound->site->memory)) {
		refuse(inbound, conn, is_direct, STREAM_RESOURCE_CONSTRAINT, "limits.memory is reached");
	} else if (limits->unproved_streams && inbound->counters.unproved >= limits->unproved_streams) {
		refuse(inbound, conn, is_direct, STREAM_RESOURCE_CONSTRAINT, "limits.unproved-streams is reached");
	} else if (!(address = address_get(inbound, &conn->peer)) ||
		   (limits->streams_per_address && address->streams >= limits->streams_per_address)) {
		refuse(inbound, conn, is_direct, STREAM_RESOURCE_CONSTRAINT, "limits.streams-per-address is reached");
	} else {
		address->streams++;
		inbound->counters.unproved++;
		wait_ms = address_charge(inbound, address);
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
	inbound->counters.streams--;
	if (!r->is_proved)
		inbound->counters.unproved--;
	address_release(r->address);
}

void inbound_proved(struct receiver *r)
{
	r->inbound->counters.unproved--;
}

void inbound_free(struct inbound **inbound)
{
	struct inbound *gone = *inbound;
	struct address_entry *address, *next;
	struct rate_bucket *bucket, *next_bucket;

	if (!gone)
		return;
	*inbound = NULL;
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
	HASH_ITER(hh, gone->buckets, bucket, next_bucket) {
		HASH_DEL(gone->buckets, bucket);
		free(bucket);
	}
	HASH_ITER(hh, gone->addresses, address, next) {
		HASH_DEL(gone->addresses, address);
		free(address);
	}
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

void inbound_drain(struct inbound *inbound)
{
	inbound->is_draining = true;
	LIST_EACH (pos, &inbound->receivers)
		receiver_close(LIST_OF(pos, struct receiver, link), STREAM_SYSTEM_SHUTDOWN, NULL);
}

struct inbound_counters inbound_count(const struct inbound *inbound)
{
	return inbound->counters;
}
