/* SPDX-License-Identifier: Apache-2.0
 * Spokes and zones as the configuration gives them. Immutable; owned by the configuration. */
#ifndef TRUNK_ROUTE_SPOKE_H
#define TRUNK_ROUTE_SPOKE_H

#include "auth/trust.h"
#include "dns/dns.h"
#include "stanza/stanza.h"

enum spoke_transport { TRANSPORT_STARTTLS = 1, TRANSPORT_DIRECT, TRANSPORT_AUTO };

/* One entry of `address`: a literal, or a host name that is looked up when it is dialled. */
struct spoke_address {
	bool is_literal;
	struct endpoint endpoint;       /* where is_literal */
	const char *host;               /* else */
	uint16_t port;
};

struct spoke {
	const char *name;               /* key under `spokes`, or the domain for gateway-domains */
	const char *const *domains;     /* normalised domains and "*.suffix" patterns, NULL-terminated */
	unsigned domain_count;
	const struct spoke_address *addresses;  /* none: by override, else DNS */
	unsigned address_count;
	enum spoke_transport transport;
	struct trust_policy trust;
	const struct endpoint *sources; /* outgoing addresses, at most one of each family is used; port 0 */
	unsigned source_count;
	const struct zone *zone;        /* the zone that names it, or the implicit "default" */
	enum custody custody;
	double stanzas_per_second, bytes_per_second;    /* 0: none */
	unsigned line;                  /* in the configuration, for messages */
};

struct zone {
	const char *name;
	bool is_open;                   /* has domains: ["*"] */
	const char *const *domains;     /* patterns of domains by DNS that are no spoke's; NULL-terminated; may be empty */
	struct spoke template;          /* how a peer of such a domain is treated: global trust, transport auto, the zone's sources */
	unsigned line;
};

#endif
