/* SPDX-License-Identifier: Apache-2.0
 * Peers that connected to us: streams up, domain pairs proved, stanzas handed to relay. */
#ifndef TRUNK_INBOUND_INBOUND_H
#define TRUNK_INBOUND_INBOUND_H

#include "relay/relay.h"

struct inbound;
struct admission;

struct inbound_options {
	const struct site *site;
	struct relay *relay;
	struct blocks *blocks;
	struct admission *admission;    /* admission.h; of all workers */
};

/* NULL: no memory. */
struct inbound *inbound_new(const struct inbound_options *options);
void inbound_free(struct inbound **inbound);

/* A peer connected: takes `conn`. Over a limit it is refused (design.md §3). Fits accept_fn. */
void inbound_accept(void *inbound, struct conn *conn);          /* STARTTLS */
void inbound_accept_direct(void *inbound, struct conn *conn);   /* direct TLS, XEP-0368 */

void inbound_each(struct inbound *inbound, stream_info_fn *fn, void *ctx);

/* Closes streams that carry `domain` (absent: all) or come from `address` (NULL: any). Returns how many. */
unsigned inbound_close(struct inbound *inbound, struct str domain, const struct endpoint *address, const char *condition);

/* Judges what streams have proved again after a new configuration; those that no longer hold are closed with `reset`. */
void inbound_reload(struct inbound *inbound);

/* Stops reading stanzas and closes all streams with system-shutdown. */
void inbound_drain(struct inbound *inbound);

/* Of all workers. */
struct inbound_counters {
	uint64_t accepted, refused, streams, unproved;
};
struct inbound_counters inbound_count(const struct inbound *inbound);

#endif
