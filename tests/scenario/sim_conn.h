/* SPDX-License-Identifier: Apache-2.0
 * What the two files of the simulated network share. */
#ifndef TRUNK_SCENARIO_SIM_CONN_H
#define TRUNK_SCENARIO_SIM_CONN_H

#include "sim_net.h"

enum sim_kind { SIM_ACCEPT = 1, SIM_OPEN, SIM_DATA, SIM_DRAINED, SIM_FIN, SIM_RESET };

/* Something that one side is told of. */
struct sim_event {
	struct list link;
	enum sim_kind kind;
	int err;                        /* of SIM_OPEN and SIM_RESET */
	int64_t due_ms;
	uint64_t number;                /* in the order of causes, over the whole network */
	size_t len;
	char bytes[];                   /* of SIM_DATA */
};

struct sim_listener {
	struct listener base;
	struct list link;
	accept_fn *fn;
	void *ctx;
};

struct sim_net {
	struct net base;
	struct list conns, listeners, places;
	struct endpoint source;
	struct timer timer;             /* at the first event */
	struct sim_conn *moving[64];    /* detached, and not wrapped yet: their descriptors are FIRST_FD and up */
	int64_t latency_ms;
	size_t piece_bytes, window_bytes;
	unsigned ports;
	uint64_t causes, events;
};

/* One side of a connection.
 * Invariant: base.pending_bytes == buf_len(&out); window_bytes is the sum of the SIM_DATA in `events`. */
struct sim_conn {
	struct conn base;
	struct list link;
	struct sim_conn *other;         /* NULL: it has let go */
	struct list events;             /* what this side will be told */
	size_t window_bytes;
	size_t swallowed_bytes;         /* taken by this side's system behind a cut cable */
	struct buf out;                 /* written here, and no room yet in the other's window */
	struct timer patience;          /* of the system, for a cut cable and a window that stays shut … */
	int64_t patience_ms;            /* … as long as this */
	bool is_open, is_over;          /* `is_over`: its last callback was given */
	bool is_paused, wants_fin, fin_is_sent, is_cut;
};

struct sim_conn *sim_conn_new(struct sim_net *sim);
void sim_conn_end(struct sim_conn *conn);       /* takes it out of the network, telling nobody */

/* Adds what `conn` is to be told. Returns 0 or TRUNK_ENOMEM. */
int sim_conn_add(struct sim_conn *conn, enum sim_kind kind, int err, struct str bytes);
const struct sim_event *sim_conn_next(const struct sim_conn *conn);     /* NULL: nothing that its owner wants to hear */
void sim_conn_tell(struct sim_conn *conn);      /* tells of that; `conn` may be gone behind it */
void sim_conn_cut(struct sim_conn *conn);

int sim_conn_write(struct conn *conn, struct str bytes);
void sim_conn_read(struct conn *conn, bool is_on);
void sim_conn_shutdown(struct conn *conn);
void sim_conn_close(struct conn *conn);
void sim_conn_abort(struct conn *conn);
void sim_conn_set_patience(struct conn *conn, int64_t ms);

void sim_net_arm(struct sim_net *sim);
void sim_net_accept(struct sim_net *sim, struct sim_conn *conn);

#endif
