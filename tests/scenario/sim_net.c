/* SPDX-License-Identifier: Apache-2.0
 * The simulated network: listeners, fates of addresses, and the one timer that lets events happen in their order. */
#include "sim_conn.h"

#include <stdlib.h>

enum { SIM_PORT_FIRST = 40000 };

/* What is known of an address. */
struct place {
	struct list link;
	struct endpoint address;
	enum sim_fate fate;
	unsigned attempts;
};

static struct sim_net *sim_of(struct net *net)
{
	return (struct sim_net *)(void *)net;
}

static const struct sim_net *sim_of_const(const struct net *net)
{
	return (const struct sim_net *)(const void *)net;
}

static struct place *place_find(const struct sim_net *sim, const struct endpoint *address)
{
	LIST_EACH (pos, &sim->places) {
		struct place *place = LIST_OF(pos, struct place, link);

		if (endpoint_eq_address(&place->address, address))
			return place;
	}
	return NULL;
}

static struct place *place_make(struct sim_net *sim, const struct endpoint *address)
{
	struct place *place = place_find(sim, address);

	if (place || !(place = calloc(1, sizeof(*place))))
		return place;
	place->address = *address;
	place->fate = SIM_REACHABLE;
	list_add_tail(&sim->places, &place->link);
	return place;
}

static struct sim_listener *listener_find(const struct sim_net *sim, const struct endpoint *at)
{
	LIST_EACH (pos, &sim->listeners) {
		struct sim_listener *listener = LIST_OF(pos, struct sim_listener, link);

		if (endpoint_eq(&listener->base.at, at))
			return listener;
	}
	return NULL;
}

/* Who takes a connection: the listener of that very address, else one of all addresses ("0.0.0.0") on that port. */
static struct sim_listener *listener_for(const struct sim_net *sim, const struct endpoint *at)
{
	struct endpoint any;

	endpoint_parse(at->sa.sa_family == AF_INET6 ? STR("[::]") : STR("0.0.0.0"), endpoint_port(at), &any);
	return listener_find(sim, at) ? listener_find(sim, at) : listener_find(sim, &any);
}

static int sim_listen(struct net *net, const struct endpoint *at, accept_fn *fn, void *ctx, struct listener **ret_listener)
{
	struct sim_net *sim = sim_of(net);
	struct sim_listener *listener;

	if (listener_find(sim, at))
		return TRUNK_EBUSY;
	if (!(listener = calloc(1, sizeof(*listener))))
		return TRUNK_ENOMEM;
	*listener = (struct sim_listener){.base = {.net = net, .at = *at}, .fn = fn, .ctx = ctx};
	list_add_tail(&sim->listeners, &listener->link);
	*ret_listener = &listener->base;
	return 0;
}

static int sim_adopt(struct net *net, int fd, accept_fn *fn, void *ctx, struct listener **ret_listener)
{
	(void)net;
	(void)fd;
	(void)fn;
	(void)ctx;
	(void)ret_listener;
	return TRUNK_EINVAL;    /* there are no descriptors in here */
}

static void sim_unlisten(struct listener *listener)
{
	struct sim_listener *l = (struct sim_listener *)(void *)listener;

	list_remove(&l->link);
	free(l);
}

/* The first event that may be told now or later, by time and then by cause. */
static struct sim_conn *next_conn(const struct sim_net *sim, const struct sim_event **ret_event)
{
	struct sim_conn *first = NULL;
	const struct sim_event *event = NULL;

	LIST_EACH (pos, &sim->conns) {
		struct sim_conn *conn = LIST_OF(pos, struct sim_conn, link);
		const struct sim_event *e = sim_conn_next(conn);

		if (e && (!event || e->due_ms < event->due_ms || (e->due_ms == event->due_ms && e->number < event->number))) {
			first = conn;
			event = e;
		}
	}
	*ret_event = event;
	return first;
}

static void on_timer(void *ctx);

void sim_net_arm(struct sim_net *sim)
{
	const struct sim_event *event;

	if (next_conn(sim, &event))
		timer_start(sim->base.loop, &sim->timer, event->due_ms - loop_now_ms(sim->base.loop), on_timer, sim);
	else
		timer_stop(&sim->timer);
}

static void on_timer(void *ctx)
{
	struct sim_net *sim = ctx;
	const struct sim_event *event;
	struct sim_conn *conn = next_conn(sim, &event);

	if (conn && event->due_ms <= loop_now_ms(sim->base.loop)) {
		sim->events++;
		sim_conn_tell(conn);
	}
	sim_net_arm(sim);
}

void sim_net_accept(struct sim_net *sim, struct sim_conn *conn)
{
	struct sim_listener *listener = listener_for(sim, &conn->base.local);
	struct sim_conn *client = conn->other;

	if (listener) {
		sim_conn_add(client ? client : conn, client ? SIM_OPEN : SIM_FIN, 0, STR_NONE);
		conn->is_open = true;
		listener->fn(listener->ctx, &conn->base);
		return;
	}
	if (client) {
		client->other = NULL;
		sim_conn_add(client, SIM_OPEN, TRUNK_EREFUSED, STR_NONE);
	}
	conn->other = NULL;
	sim_conn_end(conn);
}

static int sim_connect(struct net *net, const struct endpoint *to, const struct endpoint *source, struct conn **ret_conn)
{
	struct sim_net *sim = sim_of(net);
	struct place *place = place_make(sim, to);
	struct sim_conn *client, *server;

	if (!place || !(client = sim_conn_new(sim)))
		return TRUNK_ENOMEM;
	place->attempts++;
	client->base.peer = *to;
	client->base.local = source ? *source : sim->source;
	endpoint_set_port(&client->base.local, (uint16_t)(SIM_PORT_FIRST + sim->ports++ % 20000));
	*ret_conn = &client->base;
	if (place->fate == SIM_SILENT)
		return 0;
	if (place->fate == SIM_UNREACHABLE || !listener_for(sim, to))
		return sim_conn_add(client, SIM_OPEN, place->fate == SIM_UNREACHABLE ? TRUNK_EUNREACHABLE : TRUNK_EREFUSED,
				    STR_NONE);
	if (!(server = sim_conn_new(sim))) {
		sim_conn_end(client);
		return TRUNK_ENOMEM;
	}
	server->base.peer = client->base.local;
	server->base.local = *to;
	client->other = server;
	server->other = client;
	return sim_conn_add(server, SIM_ACCEPT, 0, STR_NONE);
}

static void sim_free(struct net *net)
{
	struct sim_net *sim = sim_of(net);

	LIST_EACH (pos, &sim->conns)
		sim_conn_end(LIST_OF(pos, struct sim_conn, link));
	LIST_EACH (pos, &sim->listeners)
		sim_unlisten(&LIST_OF(pos, struct sim_listener, link)->base);
	LIST_EACH (pos, &sim->places) {
		list_remove(pos);
		free(LIST_OF(pos, struct place, link));
	}
	timer_stop(&sim->timer);
	free(sim);
}

enum { FIRST_FD = 1 << 20, MOVING_MAX = sizeof(((struct sim_net *)0)->moving) / sizeof(struct sim_conn *) };

/* From one worker to another of the same thread: it stays what it is, without anybody who hears of it. */
static int sim_detach(struct conn *conn, int *ret_fd)
{
	struct sim_conn *moved = (struct sim_conn *)(void *)conn;
	struct sim_net *sim = sim_of(conn->net);

	if (conn->pending_bytes > 0 || moved->is_over || moved->wants_fin)
		return TRUNK_EBUSY;
	for (int i = 0; i < MOVING_MAX; i++) {
		if (sim->moving[i])
			continue;
		sim->moving[i] = moved;
		conn->handler = NULL;
		sim_conn_read(conn, false);
		*ret_fd = FIRST_FD + i;
		return 0;
	}
	return TRUNK_ELIMIT;
}

static int sim_wrap(struct net *net, int fd, struct conn **ret_conn)
{
	struct sim_net *sim = sim_of(net);

	if (fd < FIRST_FD || fd >= FIRST_FD + MOVING_MAX || !sim->moving[fd - FIRST_FD])
		return TRUNK_EINVAL;
	*ret_conn = &sim->moving[fd - FIRST_FD]->base;
	sim->moving[fd - FIRST_FD] = NULL;
	sim_conn_read(*ret_conn, true);
	return 0;
}

static const struct net_ops sim_ops = {
	.detach = sim_detach,
	.wrap = sim_wrap,
	.connect = sim_connect,
	.listen = sim_listen,
	.adopt = sim_adopt,
	.unlisten = sim_unlisten,
	.write = sim_conn_write,
	.read = sim_conn_read,
	.shutdown = sim_conn_shutdown,
	.set_patience = sim_conn_set_patience,
	.close = sim_conn_close,
	.abort = sim_conn_abort,
	.free = sim_free,
};

struct net *sim_net_new(struct loop *loop)
{
	struct sim_net *sim = calloc(1, sizeof(*sim));

	if (!sim)
		return NULL;
	sim->base = (struct net){.ops = &sim_ops, .loop = loop};
	sim->window_bytes = SIM_WINDOW_BYTES;
	list_init(&sim->conns);
	list_init(&sim->listeners);
	list_init(&sim->places);
	endpoint_parse(STR("192.0.2.254:0"), 1, &sim->source);
	return &sim->base;
}

void sim_net_set_source(struct net *net, const struct endpoint *source)
{
	sim_of(net)->source = *source;
}

int64_t sim_net_latency(const struct net *net)
{
	return ((const struct sim_net *)(const void *)net)->latency_ms;
}

void sim_net_set_latency(struct net *net, int64_t latency_ms)
{
	sim_of(net)->latency_ms = latency_ms;
}

void sim_net_set_piece(struct net *net, size_t bytes)
{
	sim_of(net)->piece_bytes = bytes;
}

void sim_net_set_window(struct net *net, size_t bytes)
{
	sim_of(net)->window_bytes = bytes;
}

int sim_net_set_fate(struct net *net, const struct endpoint *address, enum sim_fate fate)
{
	struct place *place = place_make(sim_of(net), address);

	if (!place)
		return TRUNK_ENOMEM;
	place->fate = fate;
	return 0;
}

void sim_net_cut(struct net *net, const struct endpoint *address)
{
	LIST_EACH (pos, &sim_of(net)->conns) {
		struct sim_conn *conn = LIST_OF(pos, struct sim_conn, link);

		if (endpoint_eq_address(&conn->base.peer, address) || endpoint_eq_address(&conn->base.local, address))
			sim_conn_cut(conn);
	}
	sim_net_arm(sim_of(net));
}

unsigned sim_net_attempts(const struct net *net, const struct endpoint *address)
{
	const struct place *place = place_find(sim_of_const(net), address);

	return place ? place->attempts : 0;
}

int64_t sim_net_next_ms(const struct net *net)
{
	const struct sim_event *event;

	return next_conn(sim_of_const(net), &event) ? event->due_ms : -1;
}

uint64_t sim_net_events(const struct net *net)
{
	return sim_of_const(net)->events;
}
