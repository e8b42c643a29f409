/* SPDX-License-Identifier: Apache-2.0
 * The last attempts that failed, of all workers, for `trunkctl failures`. Any thread. */
#ifndef TRUNK_SITE_FAILURES_H
#define TRUNK_SITE_FAILURES_H

#include "name/name.h"

enum { FAILURES_MAX = 256 };            /* the oldest goes when one more comes */

/* One attempt, by us or by a peer. All text is kept as a copy and cut where it is long. */
struct failure {
	int64_t wall_ms;
	struct domain_pair pair;        /* absent where the peer had not said */
	const char *leg, *role;         /* static: "inbound" and "receiving", "outbound" and "initiating", "verify" and "receiving" */
	const char *address;            /* "" where there was none */
	const char *step;               /* static: where it stopped: "dns", "tcp", "tls", "certificate", "features", "authentication" */
	const char *reason;             /* in words, with the way out */
};

struct failures;
typedef void failure_fn(void *ctx, const struct failure *failure);

struct failures *failures_new(void);    /* NULL: no memory */
void failures_free(struct failures **failures);
void failures_add(struct failures *failures, const struct failure *failure);
void failures_each(const struct failures *failures, failure_fn *fn, void *ctx);        /* oldest first; `fn` adds none */

#endif
