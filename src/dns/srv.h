/* SPDX-License-Identifier: Apache-2.0
 * Records in wire form, and the order of SRV records. Pure; everything here is foreign. */
#ifndef TRUNK_DNS_SRV_H
#define TRUNK_DNS_SRV_H

#include "dns/dns.h"

struct srv {
	uint16_t priority, weight, port;
	enum dns_transport transport;
	bool is_secure;
	char host[DNS_HOST_SIZE];       /* lower case, no trailing dot; "" for the target ".": not available (RFC 2782) */
};

/* Reads RDATA (RFC 2782). A target with characters other than letters, digits, hyphen, underscore and the dots between, and a
 * port of 0 with a target, are refused: TRUNK_EINVAL. Sets the first three and `host`. */
int srv_parse(struct str rdata, struct srv *ret_srv);

/* By priority, and within it by chance as weights demand (RFC 2782, "Weight"). */
void srv_sort(struct srv *srv, unsigned count, dns_random_fn *random, void *ctx);

/* Reads RDATA (RFC 6698 §2.1). TRUNK_EINVAL: too short to be one. */
int tlsa_parse(struct str rdata, struct dns_tlsa *ret_tlsa);

/* Reads the RDATA of an A or AAAA record; the port is the caller's to set. */
int address_parse(enum dns_type type, struct str rdata, struct endpoint *ret_endpoint);

/* Whether `name` can be asked for: 1 to 253 characters, labels of 1 to 63 of the characters above. */
bool dns_name_is_fit(struct str name);

#endif
