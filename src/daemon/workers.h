/* SPDX-License-Identifier: Apache-2.0
 * The workers beside the main thread, which is worker 0: made and ended by it, and asked by it while they run. */
#ifndef TRUNK_DAEMON_WORKERS_H
#define TRUNK_DAEMON_WORKERS_H

#include "daemon/trunk.h"

struct daemon;
struct workers;

/* What one of them has of its own. */
struct worker {
	struct workers *workers;
	unsigned number;
	struct loop *loop;
	struct net *net;
	struct dns *dns, *next_dns;     /* next: made for a reload that is not decided yet */
	struct audit *audit;
	struct dialback_secrets secrets;
	struct trunk *trunk;
};

/* How many `workers: N` means here: 0 is one for each core that we may run on. */
unsigned workers_wanted(unsigned configured);

/* Makes all workers but the first; they do not run yet. `daemon` has made its own parts. On failure what was made is ended by workers_end() and workers_free(), and
 * `why` may say more. */
int workers_new(struct daemon *daemon, struct in_force *in_force, const struct config *config, unsigned count, struct buf *why,
		struct workers **ret_workers);
int workers_start(struct workers *workers);             /* their threads; TRUNK_ENOMEM where the system has no more */
void workers_stop(struct workers *workers);             /* ends the threads and waits for that; NULL is fine */
void workers_end(struct workers *workers);              /* all but their loops, behind workers_stop() */
void workers_free(struct workers **workers);            /* and those, behind the crew that they share */

/* Runs `fn` on each worker's thread but the first's, and waits: all at the same time, or one after the other. `workers` NULL: there are none. */
typedef void worker_fn(void *ctx, struct worker *worker);
void workers_all(struct workers *workers, worker_fn *fn, void *ctx);
void workers_each(struct workers *workers, worker_fn *fn, void *ctx);

#endif
