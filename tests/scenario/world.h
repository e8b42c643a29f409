/* SPDX-License-Identifier: Apache-2.0
 * All that one scenario happens in: clock, network, resolver, peers, and the daemon's own rooms between them. */
#ifndef TRUNK_SCENARIO_WORLD_H
#define TRUNK_SCENARIO_WORLD_H

#include "daemon/trunk.h"
#include "peer.h"
#include "script.h"
#include "sim_dns.h"
#include "spool/io.h"

#define WORLD_WALL_MS 1782864000000LL   /* 2026-07-01T00:00:00Z: the wall clock at the start of every scenario */
#define WORLD_TRUNK_ADDRESS "198.51.100.4"
#define WORLD_TRUNK_ADDRESS6 "[2001:db8:4::4]"

enum {
	WORLD_LISTENERS_MAX = 8,
	WORLD_FAILURE_SIZE = 8192,
	WORLD_WORKERS_MAX = 8,
};

/* A line of the log. */
struct line {
	struct list link;
	bool is_verdict;
	struct str text;
	struct arena arena;
};

struct world {
	struct loop *loop;
	struct net *net;
	struct sim_dns *sim_dns;        /* owned by dns */
	struct dns *dns;
	struct log *log;
	struct audit *audit;
	struct blocks *blocks;
	struct rest *rest;
	struct spool_store *spool;
	char spool_folder[64];
	struct spool_io disk;           /* fails while disk_fails */
	bool disk_fails;
	struct dialback_secrets secrets;
	struct certificates *certificates;      /* borrowed: made once for all scenarios of a run */
	enum certificate shows;         /* the trunk's certificates */
	struct config *config;
	struct tls_store *store;
	unsigned workers;               /* how many trunks take turns on the one thread here (SCENARIO_WORKERS in the environment) */
	struct trunk_shared *shared;
	struct trunk *trunks[WORLD_WORKERS_MAX];
	struct trunk *trunk;            /* the first of them; NULL until the script's trunk block */
	struct listener *listeners[WORLD_LISTENERS_MAX];
	unsigned listener_count;
	struct list peers;              /* of struct peer, owned */
	struct list pings;              /* answers on their way (pings.c) */
	struct peer_env env;
	struct list lines;              /* of struct line, owned: the log since the beginning */
	struct buf trace, complaints;
	unsigned drained;               /* times that trunk_drain() said it is done */
	char failure[WORLD_FAILURE_SIZE];       /* why the scenario failed; empty while it has not */
};

/* NULL: no memory. */
struct world *world_new(struct certificates *certificates);
void world_free(struct world **world);

/* Notes why the scenario failed (the first reason stays) and returns -1. */
int world_fail(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Lets happen what happens without the clock being moved, but for the time that bytes need on the network. */
void world_settle(struct world *world);

/* Moves the clock on, timer by timer. */
void world_pass(struct world *world, int64_t ms);

struct peer *world_peer(struct world *world, struct str name);  /* NULL: none of that name */

/* Opens the spool, and closes it; what is in its folder stays until the world ends. */
int world_open_spool(struct world *world);

/* ---- pings.c ---- */

/* Answers the trunk's ping behind its stanzas, where `node` is one. */
bool world_pinged(void *world, const struct xml_node *node);
void world_forget_pings(struct world *world);

/* ---- trunk_block.c: what stands in a block "trunk" or "trunk reloads" ---- */

/* Reads a block: makes peers that are not there yet, and the trunk or its new configuration. Returns 0, or -1 with the failure
 * noted. `must_be_refused`: the new configuration has to be refused, and is then forgotten. */
int world_trunk(struct world *world, const struct statement *statement, bool is_reload, bool must_be_refused);

/* The trunk is gone at once, and says nothing. */
void world_kill_trunk(struct world *world);

/* The trunk ends without a word and starts again; what was on disk is there. Returns 0, or -1 with the failure noted. */
int world_crash(struct world *world);

#endif
