/* SPDX-License-Identifier: Apache-2.0
 * Finding the server of a domain: SRV and address look-ups with DNSSEC state, overrides. The only room that includes
 * libunbound. */
#ifndef TRUNK_DNS_DNS_H
#define TRUNK_DNS_DNS_H

#include "base/base.h"

#include <netinet/in.h>

enum {
	DNS_SRV_MAX = 16,               /* SRV records of one name that are looked at */
	DNS_ADDRESS_MAX = 8,            /* addresses of one host */
	DNS_ENDPOINT_MAX = 32,          /* of one domain, all together */
	DNS_TLSA_MAX = 16,
	DNS_HOST_SIZE = 255 + 1,
	DNS_ASKS_MAX = 4096,            /* under way at once in dns_unbound_new()'s resolver, cancelled ones included */
	DNS_REST_MS = 500,              /* for the slower of A and AAAA, once each host has an address (RFC 8305 §3) */
	DNS_XMPP_PORT = 5269,
};

/* An address and port; IPv4 or IPv6. */
struct endpoint {
	union {
		struct sockaddr sa;
		struct sockaddr_in in4;
		struct sockaddr_in6 in6;
	};
};

enum { ENDPOINT_TEXT_SIZE = 64 };

/* "192.0.2.1:5269", "[2001:db8::1]:5269"; `default_port` counts where the text has none (0: a port is demanded). Refuses host
 * names. */
int endpoint_parse(struct str text, uint16_t default_port, struct endpoint *ret_endpoint);
void endpoint_text(const struct endpoint *endpoint, char ret_text[static ENDPOINT_TEXT_SIZE]);
bool endpoint_eq(const struct endpoint *a, const struct endpoint *b);
bool endpoint_eq_address(const struct endpoint *a, const struct endpoint *b);   /* whatever the ports are */
uint16_t endpoint_port(const struct endpoint *endpoint);
void endpoint_set_port(struct endpoint *endpoint, uint16_t port);

/* ---- the resolver beneath: libunbound, or a scripted one ---- */

enum dns_type { DNS_A = 1, DNS_AAAA = 28, DNS_SRV = 33, DNS_TLSA = 52 };

enum dns_outcome {
	DNS_FOUND = 1,
	DNS_NONE,                       /* NXDOMAIN or no data: DNS says no */
	DNS_FAIL,                       /* no answer, SERVFAIL, bogus, timed out */
};

/* One record's RDATA in wire form. Borrowed for the callback. */
struct dns_answer {
	enum dns_outcome outcome;
	bool is_secure;                 /* validated by DNSSEC (also of a DNS_NONE) */
	bool is_bogus;
	const char *reason;             /* words for DNS_FAIL, fit for a log; NULL: none. Borrowed for the callback */
	unsigned count;
	const struct str *rdata;
};

typedef void dns_answer_fn(void *ctx, const struct dns_answer *answer);
struct dns_ask;

/* What a resolver offers. `ask` may call back before it returns only in scripted ones; cancelled asks are not called back. */
struct dns_resolver_ops {
	struct dns_ask *(*ask)(void *resolver, const char *name, enum dns_type type, dns_answer_fn *fn, void *ctx);
	void (*cancel)(void *resolver, struct dns_ask *ask);
	void (*free)(void *resolver);
};

struct dns_options {
	const char *const *servers;     /* "ADDRESS" or "ADDRESS@PORT", NULL-terminated; NULL: the system's, and its hosts */
	const char *trust_anchor;       /* file of DS/DNSKEY records; NULL: nothing is validated */
	int64_t timeout_ms;             /* of one look-up; 0: as long as libunbound tries, which may be minutes */
};

/* libunbound on a loop that libuv drives; it works in a thread of its own. The options are copied. Returns 0, TRUNK_ENOMEM,
 * TRUNK_EINVAL (a server is no address, the trust anchor can't be read), TRUNK_EIO; `ret_why` (may be NULL) gets words on
 * failure, static. */
int dns_unbound_new(struct loop *loop, const struct dns_options *options, const struct dns_resolver_ops **ret_ops,
		    void **ret_resolver, const char **ret_why);

/* ---- overrides in Openfire's syntax ---- */

/* "{domain,host[:port]},{*.suffix,…},{*,…}": exact first, then the longest suffix, then "*"; a dot boundary is demanded. */
struct dns_overrides;

/* `ret_offset`: where in `text` the trouble is, and `ret_why` says what, in words (static). White space anywhere, an empty
 * part, a bad port, a domain twice are refused with TRUNK_EINVAL. The target is an address (IPv6 in brackets) or a host name;
 * port 5269 where none is given. An empty text is no override at all. Also TRUNK_ENOMEM. */
int dns_overrides_parse(struct str text, struct dns_overrides **ret_overrides, size_t *ret_offset, const char **ret_why);
void dns_overrides_free(struct dns_overrides **overrides);

/* Whether an override speaks for `domain` (normalised), and its target: an address (IPv6 in brackets) or a host name
 * (normalised), borrowed. As in Openfire, "*.suffix" speaks for the suffix itself, too. A target may be the domain of another
 * override: dns_find() goes on there. */
bool dns_overrides_find(const struct dns_overrides *overrides, struct str domain, struct str *ret_host, uint16_t *ret_port);

/* ---- finding the servers of a domain ---- */

enum dns_transport { DNS_STARTTLS = 1, DNS_DIRECT };

/* One place to try. Sorted in the order to try them. */
struct dns_candidate {
	struct endpoint endpoint;
	enum dns_transport transport;
	char host[DNS_HOST_SIZE];       /* SRV target or host that the address is of, ASCII */
	uint16_t priority;              /* candidates of one priority may be raced (RFC 8305) */
	bool is_secure;                 /* address, and SRV where it named the host, were validated: TLSA counts */
	unsigned tlsa;                  /* index of the first record in dns_found.tlsa that speaks for it, and how many */
	unsigned tlsa_count;
};

struct dns_tlsa {
	uint8_t usage, selector, matching;
	uint8_t len;
	uint8_t data[64];               /* SHA-256 or SHA-512, or the hash is longer than kept: len 0 */
};

struct dns_found {
	int err;                        /* 0, TRUNK_EDNS_NONE, TRUNK_EDNS_FAIL */
	char why[256];                  /* in words: which name was asked and what came back */
	unsigned count;
	struct dns_candidate candidates[DNS_ENDPOINT_MAX];
	unsigned tlsa_count;
	struct dns_tlsa tlsa[DNS_TLSA_MAX];
};

enum dns_want {
	DNS_WANT_STARTTLS = 1,          /* _xmpp-server._tcp, else the domain itself on 5269 */
	DNS_WANT_DIRECT = 2,            /* _xmpps-server._tcp */
	DNS_WANT_TLSA = 4,              /* TLSA of the candidates, where DNSSEC vouches for them */
};

typedef void dns_found_fn(void *ctx, const struct dns_found *found);
struct dns_find;

struct dns;

/* Joins a resolver with overrides. Takes the resolver, on success. `timeout_ms`: for each of the up to three look-ups in a row
 * (SRV, addresses, TLSA) that a find consists of. NULL: no memory. */
struct dns *dns_new(struct loop *loop, const struct dns_resolver_ops *ops, void *resolver, int64_t timeout_ms);
void dns_free(struct dns **dns);        /* cancels everything */

/* A number from 0 to `below` - 1; `below` is at least 1. For the weights of SRV: of the system, unless a test brings its own.
 */
typedef uint32_t dns_random_fn(void *ctx, uint32_t below);
void dns_set_random(struct dns *dns, dns_random_fn *fn, void *ctx);

/* Looks for the servers of `domain` (normalised; ASCII on the wire), by override where one speaks for it, else by SRV (RFC
 * 2782, priority and weight; both services merged as XEP-0368 §3 says where both are wanted), else by address. A target of "."
 * is a "no" for its service. AAAA and A are asked at once and mixed by RFC 8305 §4. Calls back exactly once, maybe before it
 * returns (NULL is returned then), unless cancelled. `overrides` may be NULL. */
struct dns_find *dns_find(struct dns *dns, struct str domain, unsigned want, const struct dns_overrides *overrides,
			  dns_found_fn *fn, void *ctx);

/* The addresses of one host (no SRV): for a spoke's `address` that is a name, or an address. `host` is normalised. */
struct dns_find *dns_find_host(struct dns *dns, struct str host, uint16_t port, enum dns_transport transport, dns_found_fn *fn,
			       void *ctx);
void dns_find_cancel(struct dns_find **find);

#endif
