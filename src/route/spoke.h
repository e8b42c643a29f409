/* SPDX-License-Identifier: Apache-2.0
 * Spokes and zones as the configuration gives them. Immutable; owned by the configuration. */
#ifndef TRUNK_ROUTE_SPOKE_H
#define TRUNK_ROUTE_SPOKE_H

#include "auth/trust.h"
#include "dns/dns.h"
#include "stanza/stanza.h"

struct label;                   /* label/label.h, for policy */
struct label_clearance;

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
	const char *clearance_text, *default_label_text;        /* as they were written; NULL: not set */
	const struct label_clearance *clearance;        /* its own, beside the zone's; NULL: none */
	const struct label *default_label;      /* of messages from here that have none; NULL: none */
	int labels;                     /* enum label_treatment: how labels are shown here */
	unsigned line;                  /* in the configuration, for messages */
};

struct zone {
	const char *name;
	bool is_open;                   /* has domains: ["*"] */
	const char *clearance_text;     /* as it was written; NULL: none */
	const struct label_clearance *clearance;        /* NULL: none */
	const char *const *domains;     /* patterns of domains by DNS that are no spoke's; NULL-terminated; may be empty */
	struct spoke template;          /* how a peer of such a domain is treated: global trust, transport auto, the zone's sources */
	unsigned line;
};

#endif
