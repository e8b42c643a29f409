/* SPDX-License-Identifier: Apache-2.0
 * A scripted resolver: a table of names and types with what comes of asking for them, and when. For unit tests and scenarios.
 */
#ifndef TRUNK_TESTS_SIM_DNS_H
#define TRUNK_TESTS_SIM_DNS_H

#include "dns/dns.h"

struct sim_dns;

enum {
	SIM_DNS_IN_CALL = -1,           /* delay: answers before `ask` returns */
	SIM_DNS_NEVER = -2,             /* delay: no answer at all */
};

/* To be given to dns_new(), which then owns the resolver. A name and type that nobody scripted: DNS_NONE, at once. */
extern const struct dns_resolver_ops sim_dns_ops;
struct sim_dns *sim_dns_new(struct loop *loop);

/* Each adds a record, which makes the outcome DNS_FOUND. Names are written in lower case without the trailing dot. They abort()
 * where the script itself is wrong (no address, odd hex). */
void sim_dns_srv(struct sim_dns *sim, const char *name, uint16_t priority, uint16_t weight, uint16_t port, const char *target);
void sim_dns_address(struct sim_dns *sim, const char *name, const char *address);       /* A or AAAA, as the address is */
void sim_dns_tlsa(struct sim_dns *sim, const char *name, uint8_t usage, uint8_t selector, uint8_t matching, const char *hex);
void sim_dns_raw(struct sim_dns *sim, const char *name, enum dns_type type, struct str rdata);

/* What else may be said of a name and type. `reason` is static, may be NULL. */
void sim_dns_outcome(struct sim_dns *sim, const char *name, enum dns_type type, enum dns_outcome outcome, const char *reason);
void sim_dns_secure(struct sim_dns *sim, const char *name, enum dns_type type);
void sim_dns_bogus(struct sim_dns *sim, const char *name, enum dns_type type);
void sim_dns_delay(struct sim_dns *sim, const char *name, enum dns_type type, int64_t delay_ms);
void sim_dns_forget(struct sim_dns *sim, const char *name, enum dns_type type); /* the records and all that was said */

/* How often it was asked for; and, over all names, how many asks are open. */
unsigned sim_dns_asked(const struct sim_dns *sim, const char *name, enum dns_type type);
unsigned sim_dns_open(const struct sim_dns *sim);

#endif
