/* SPDX-License-Identifier: Apache-2.0
 * One side of a simulated connection: what it wrote, and what it will be told. */
#include "sim_conn.h"

#include <stdlib.h>

enum { SIM_PIECE_BYTES = 16 * 1024 };

static struct sim_conn *conn_of(struct conn *conn)
{
	return (struct sim_conn *)(void *)conn;
}

static struct sim_net *net_of(const struct sim_conn *conn)
{
	return (struct sim_net *)(void *)conn->base.net;
}

struct sim_conn *sim_conn_new(struct sim_net *sim)
{
	struct sim_conn *conn = calloc(1, sizeof(*conn));

	if (!conn)
		return NULL;
	conn->base.net = &sim->base;
	conn->base.progress_ms = loop_now_ms(sim->base.loop);
	conn->patience_ms = NET_USER_TIMEOUT_MS;
	list_init(&conn->events);
	list_add_tail(&sim->conns, &conn->link);
	return conn;
}

static void event_free(struct sim_event *event)
{
	list_remove(&event->link);
	free(event);
}

static void events_clear(struct sim_conn *conn)
{
	LIST_EACH (pos, &conn->events)
		event_free(LIST_OF(pos, struct sim_event, link));
	conn->window_bytes = 0;
}

void sim_conn_end(struct sim_conn *conn)
{
	if (conn->other)
		conn->other->other = NULL;
	events_clear(conn);
	timer_stop(&conn->patience);
	buf_fini(&conn->out);
	list_remove(&conn->link);
	free(conn);
}

int sim_conn_add(struct sim_conn *conn, enum sim_kind kind, int err, struct str bytes)
{
	struct sim_net *sim = net_of(conn);
	struct sim_event *event = calloc(1, sizeof(*event) + bytes.len);

	if (!event)
		return TRUNK_ENOMEM;
	event->kind = kind;
	event->err = err;
	event->due_ms = loop_now_ms(sim->base.loop) + (kind == SIM_DRAINED ? 0 : sim->latency_ms);
	event->number = sim->causes++;
	event->len = bytes.len;
	if (bytes.len > 0)
		memcpy(event->bytes, bytes.at, bytes.len);
	conn->window_bytes += bytes.len;
	list_add_tail(kind == SIM_DRAINED ? conn->events.next : &conn->events, &event->link);
	sim_net_arm(sim);
	return 0;
}

/* An owner that does not read is told of a reset all the same, and that his own bytes went. */
const struct sim_event *sim_conn_next(const struct sim_conn *conn)
{
	if (conn->is_over)
		return NULL;
	LIST_EACH (pos, &conn->events) {
		const struct sim_event *event = LIST_OF(pos, struct sim_event, link);

		if (!conn->is_paused || (event->kind != SIM_DATA && event->kind != SIM_FIN))
			return event;
	}
	return NULL;
}

static void on_patience(void *ctx)
{
	struct sim_conn *conn = ctx;

	sim_conn_add(conn, SIM_RESET, TRUNK_ETIMEOUT, STR_NONE);
}

/* A shut window tries the patience of the daemon's own system alone: net.h asks for it, other servers do not. */
static void progress(struct sim_conn *conn)
{
	struct loop *loop = conn->base.net->loop;
	const bool is_daemon = endpoint_eq_address(&conn->base.local, &net_of(conn)->source);

	conn->base.progress_ms = loop_now_ms(loop);
	conn->base.pending_bytes = buf_len(&conn->out);
	if (conn->base.pending_bytes > 0 && is_daemon)
		timer_start(loop, &conn->patience, conn->patience_ms, on_patience, conn);
	else
		timer_stop(&conn->patience);
}

/* Behind a cut cable the system takes what its window holds, and waits for an answer as long as it has patience. */
static void swallow(struct sim_conn *conn)
{
	const size_t room = net_of(conn)->window_bytes - conn->swallowed_bytes;
	const size_t len = room < buf_len(&conn->out) ? room : buf_len(&conn->out);

	if (conn->swallowed_bytes == 0)
		timer_start(conn->base.net->loop, &conn->patience, conn->patience_ms, on_patience, conn);
	buf_drop(&conn->out, len);
	conn->swallowed_bytes += len;
	conn->base.pending_bytes = buf_len(&conn->out);
}

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Moves what was written into the other side's window, as far as there is room. */
static int move(struct sim_conn *conn)
{
	const struct sim_net *sim = net_of(conn);
	const size_t piece = sim->piece_bytes ? sim->piece_bytes : SIM_PIECE_BYTES;
	struct sim_conn *other = conn->other;
	int err;

	if (conn->is_cut && buf_len(&conn->out) > 0)
		swallow(conn);
	if (!other || conn->is_cut || !conn->is_open)
		return 0;
	while (buf_len(&conn->out) > 0 && other->window_bytes < sim->window_bytes) {
		const size_t len = min_size(min_size(piece, sim->window_bytes - other->window_bytes), buf_len(&conn->out));

		if ((err = sim_conn_add(other, SIM_DATA, 0, str_until(buf_str(&conn->out), len))) < 0)
			return err;
		buf_drop(&conn->out, len);
		progress(conn);
	}
	if (buf_len(&conn->out) == 0 && conn->wants_fin && !conn->fin_is_sent) {
		conn->fin_is_sent = true;
		return sim_conn_add(other, SIM_FIN, 0, STR_NONE);
	}
	return 0;
}

static void tell_data(struct sim_conn *conn, const struct sim_event *event)
{
	struct sim_conn *writer = conn->other;
	const bool waited = writer && writer->base.pending_bytes > 0;

	conn->window_bytes -= event->len;
	if (writer)
		move(writer);
	if (waited && writer->base.pending_bytes == 0)
		sim_conn_add(writer, SIM_DRAINED, 0, STR_NONE);
	if (conn->base.handler && conn->base.handler->data)
		conn->base.handler->data(conn->base.ctx, str_make(event->bytes, event->len));
}

static void tell_open(struct sim_conn *conn, int err)
{
	conn->is_open = err == 0;
	conn->is_over = err < 0;
	if (conn->base.handler && conn->base.handler->open)
		conn->base.handler->open(conn->base.ctx, err);
}

static void tell_closed(struct sim_conn *conn, int err)
{
	conn->is_over = true;
	if (err < 0) {
		conn->base.lost_bytes = conn->base.pending_bytes;
		conn->base.pending_bytes = 0;
		buf_fini(&conn->out);
	}
	if (conn->base.handler && conn->base.handler->closed)
		conn->base.handler->closed(conn->base.ctx, err);
}

void sim_conn_tell(struct sim_conn *conn)
{
	struct sim_event *event = LIST_OF(&sim_conn_next(conn)->link, struct sim_event, link);

	list_remove(&event->link);
	if (event->kind == SIM_ACCEPT)
		sim_net_accept(net_of(conn), conn);
	else if (event->kind == SIM_OPEN)
		tell_open(conn, event->err);
	else if (event->kind == SIM_DATA)
		tell_data(conn, event);
	else if (event->kind != SIM_DRAINED)
		tell_closed(conn, event->err);
	else if (conn->base.handler && conn->base.handler->drained)
		conn->base.handler->drained(conn->base.ctx);
	event_free(event);
}

void sim_conn_cut(struct sim_conn *conn)
{
	const int64_t patience_ms = 1000 * (NET_KEEPALIVE_IDLE_S + NET_KEEPALIVE_COUNT * NET_KEEPALIVE_EVERY_S);

	conn->is_cut = true;
	events_clear(conn);
	if (!conn->is_open)
		return;
	timer_start(conn->base.net->loop, &conn->patience, patience_ms, on_patience, conn);
	move(conn);
}

/* Bytes for a side that has let go are answered with a reset, as a system does. */
int sim_conn_write(struct conn *base, struct str bytes)
{
	struct sim_conn *conn = conn_of(base);
	const bool waited = buf_len(&conn->out) > 0;
	int err;

	if (!conn->is_open)
		return TRUNK_EBUSY;
	if (conn->wants_fin)
		return TRUNK_ECLOSED;
	if (!conn->other && !conn->is_cut)
		return conn->is_over ? TRUNK_ECLOSED : sim_conn_add(conn, SIM_RESET, TRUNK_ECLOSED, STR_NONE);
	if ((err = buf_add(&conn->out, bytes)) < 0)
		return err;
	if (!waited && !conn->is_cut)
		progress(conn);
	base->pending_bytes = buf_len(&conn->out);
	return move(conn);
}

void sim_conn_read(struct conn *base, bool is_on)
{
	conn_of(base)->is_paused = !is_on;
	sim_net_arm(net_of(conn_of(base)));
}

void sim_conn_shutdown(struct conn *base)
{
	conn_of(base)->wants_fin = true;
	move(conn_of(base));
}

void sim_conn_close(struct conn *base)
{
	struct sim_conn *conn = conn_of(base);
	struct sim_net *sim = net_of(conn);

	if (conn->other && !conn->is_cut && conn->is_open && !conn->fin_is_sent)
		sim_conn_add(conn->other, SIM_FIN, 0, STR_NONE);
	sim_conn_end(conn);
	sim_net_arm(sim);
}

void sim_conn_set_patience(struct conn *base, int64_t ms)
{
	struct sim_conn *conn = conn_of(base);
	const int64_t since_ms = loop_now_ms(base->net->loop) - base->progress_ms;

	conn->patience_ms = ms;
	if (conn->patience.loop && !conn->is_cut)
		timer_start(base->net->loop, &conn->patience, since_ms < ms ? ms - since_ms : 0, on_patience, conn);
}

void sim_conn_abort(struct conn *base)
{
	sim_conn_reset(&base);
}

void sim_conn_reset(struct conn **base)
{
	struct sim_conn *conn;
	struct sim_net *sim;

	if (!*base)
		return;
	conn = conn_of(*base);
	sim = net_of(conn);
	if (conn->other && !conn->is_cut)
		sim_conn_add(conn->other, SIM_RESET, TRUNK_ECLOSED, STR_NONE);
	sim_conn_end(conn);
	sim_net_arm(sim);
	*base = NULL;
}
