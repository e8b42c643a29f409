/* SPDX-License-Identifier: Apache-2.0
 * What the administrator of one spoke has to set, in the words of his software. Of trunkctl only. Pure. */
#ifndef TRUNK_CONTROL_GUIDE_H
#define TRUNK_CONTROL_GUIDE_H

#include "config/config.h"

enum {
	GUIDE_ADDRESSES_MAX = 8,
	GUIDE_PORT_DEFAULT = 5269,
};

/* A domain that has to lead to the trunk. */
struct guide_domain {
	char ascii[DNS_HOST_SIZE];      /* without the "*." of a wildcard; "" for "*" */
	bool is_wildcard;               /* everything below it, not itself */
};

/* What all outputs are made from; borrowed. */
struct guide {
	char domain[DNS_HOST_SIZE];     /* that the reader's server serves, ASCII */
	char trunk[DNS_HOST_SIZE];
	struct endpoint addresses[GUIDE_ADDRESSES_MAX]; /* of the trunk, with its STARTTLS port */
	unsigned address_count;
	uint16_t port, direct_port;     /* direct_port 0: no direct TLS */
	const struct guide_domain *domains;
	unsigned domain_count;
	bool has_authority;             /* certificates come from the trunk's own authority */
	const char *authority;          /* where the spoke keeps it; NULL: the output's default */
	struct endpoint resolver;       /* that knows all this */
};

/* Each adds a text that can be used as it stands; what it can't express is said in its comments. Returns 0 or TRUNK_ENOMEM. */
typedef int guide_fn(const struct guide *guide, struct buf *out);
guide_fn guide_unbound, guide_dnsmasq, guide_bind, guide_hosts, guide_prosody, guide_ejabberd, guide_openfire;

/* Adds an address without port, without brackets. */
int guide_address(struct buf *out, const struct endpoint *address);

#endif
