/* SPDX-License-Identifier: Apache-2.0
 * Connections in memory on a loop that is advanced by hand: the network of the scenarios. */
#ifndef TRUNK_SCENARIO_SIM_NET_H
#define TRUNK_SCENARIO_SIM_NET_H

#include "net/net.h"

enum { SIM_WINDOW_BYTES = 64 * 1024 };  /* default of what the systems between two ends hold for a reader that does not read */

/* What becomes of an attempt to connect to an address. */
enum sim_fate {
	SIM_REACHABLE = 1,              /* refused where nobody listens */
	SIM_SILENT,                     /* a black hole: no answer ever */
	SIM_UNREACHABLE,                /* a router says that there is no way */
};

/* A network. All that happens on it happens by timers of `loop`, one event at a time, in the order in which it was caused; so
 * no handler is called from within a call, as net.h demands. NULL: no memory. Freed by net_free(), after its connections. */
struct net *sim_net_new(struct loop *loop);

/* Outgoing connections without a source come from this address. */
void sim_net_set_source(struct net *net, const struct endpoint *source);

/* Bytes arrive `latency_ms` later (0 at first); those on their way keep their time. */
void sim_net_set_latency(struct net *net, int64_t latency_ms);
int64_t sim_net_latency(const struct net *net);

/* Bytes are given to their reader in pieces of at most `bytes`; 0 (at first): as many as there are. */
void sim_net_set_piece(struct net *net, size_t bytes);
void sim_net_set_window(struct net *net, size_t bytes);

/* For an address, whatever the port. Returns 0 or TRUNK_ENOMEM. */
int sim_net_set_fate(struct net *net, const struct endpoint *address, enum sim_fate fate);

/* Cuts the cable of all connections from and to an address: nothing arrives any more, and nobody is told until his system's
 * patience ends (NET_USER_TIMEOUT_MS with bytes under way, the keep-alive of net.h without). */
void sim_net_cut(struct net *net, const struct endpoint *address);

/* Attempts to connect to an address so far. */
unsigned sim_net_attempts(const struct net *net, const struct endpoint *address);

/* When the next event is due that a reader waits for; -1: the network is quiet. */
int64_t sim_net_next_ms(const struct net *net);

/* Events so far; to see that two ends do not talk without end. */
uint64_t sim_net_events(const struct net *net);

/* Ends a connection by a reset: the other side's `closed` says TRUNK_ECLOSED. Frees it. */
void sim_conn_reset(struct conn **conn);

#endif
