/* SPDX-License-Identifier: Apache-2.0
 * The rooms wired together for one loop: what main() runs on libuv and scenarios on a simulated network. */
#ifndef TRUNK_DAEMON_TRUNK_H
#define TRUNK_DAEMON_TRUNK_H

#include "config/config.h"
#include "inbound/inbound.h"

struct trunk;

/* A configuration with what is made of it for all workers: immutable, counted. */
struct in_force;

/* `generation` counts them: another for each, from 1. NULL: no memory. References to both are kept. */
struct in_force *in_force_new(struct config *config, struct tls_store *store, unsigned generation);
struct in_force *in_force_ref(struct in_force *in_force);
void in_force_free(struct in_force **in_force);         /* drops one reference */

/* What the trunks of all workers share. NULL: no memory; `workers` from 1 to WORKERS_MAX. */
struct trunk_shared;
struct trunk_shared *trunk_shared_new(unsigned workers);
void trunk_shared_free(struct trunk_shared **shared);   /* behind the last trunk */
struct crew *trunk_crew(struct trunk_shared *shared);

/* All borrowed for the trunk's life but `config` and `store`, of which a reference is kept. */
struct trunk_options {
	struct trunk_shared *shared;    /* NULL: a single worker, with its own */
	unsigned worker;                /* from 0 */
	struct in_force *in_force;      /* a reference is kept; NULL: made of `config` and `store` */
	struct loop *loop;
	struct net *net;
	struct dns *dns;
	struct log *log;
	struct audit *audit;
	struct blocks *blocks;
	struct tap *tap;                /* NULL: stanzas can't be watched */
	struct spool_store *spool;      /* NULL: none */
	struct rest *rest;              /* NULL: nobody can be drained */
	struct tls_store *store;        /* a reference is kept */
	const struct dialback_secrets *secrets;         /* may change in place, on the loop's thread */
	struct config *config;
};

/* NULL: no memory. Opens no listener: the caller gives connections to inbound_accept(). */
struct trunk *trunk_new(const struct trunk_options *options);
void trunk_free(struct trunk **trunk);

/* Puts a new configuration (and store) in force from the next stanza on and judges what runs again (design.md §4). Returns 0 or
 * TRUNK_ENOMEM; then nothing has changed. */
int trunk_reload(struct trunk *trunk, struct config *config, struct tls_store *store);

/* The same for what is made already, which cannot fail. `in_force`: a reference is kept. */
void trunk_take(struct trunk *trunk, struct in_force *in_force);

/* Look-ups from now on go to `dns`; those under way end where they are when trunk_reload() follows. */
void trunk_set_dns(struct trunk *trunk, struct dns *dns);

struct inbound *trunk_inbound(struct trunk *trunk);
struct relay *trunk_relay(struct trunk *trunk);
const struct site *trunk_site(const struct trunk *trunk);
const struct config *trunk_config(const struct trunk *trunk);

/* Drains (design.md §4): `fn` is called when all has been handed over, bounced or counted, or at drain-timeout. */
void trunk_drain(struct trunk *trunk, timer_fn *fn, void *ctx);

#endif
