/* SPDX-License-Identifier: Apache-2.0
 * Addresses (RFC 7622), normalised domains (IDNA2008) and domain pairs. Pure. */
#ifndef TRUNK_NAME_NAME_H
#define TRUNK_NAME_NAME_H

#include "base/base.h"

enum {
	DOMAIN_SIZE = 1023 + 1,         /* RFC 7622 §3.2: 1 to 1023 octets of UTF-8, and a NUL */
	JID_PART_BYTES_MAX = 1023,      /* RFC 7622 §3.3, §3.4: localpart and resourcepart */
};

/* A domain in the form that is compared: U-labels in lower case and NFC, no trailing dot. */
struct domain {
	size_t len;
	char at[DOMAIN_SIZE];           /* ends in NUL */
};

static inline struct str domain_str(const struct domain *domain)
{
	return str_make(domain->at, domain->len);
}

/* Sender and target domain (XEP-0220 §1.3), both normalised; borrowed. */
struct domain_pair {
	struct str sender, target;
};

/* Normalises a domain once at the door: ASCII by a fast path, else IDNA2008 by libidn2 (A-labels become U-labels), case
 * folded, one trailing dot dropped. An IPv4 or bracketed IPv6 literal is kept as it is.
 * Returns 0 or TRUNK_EADDRESS; `in` is peer's text, of any length and content. */
int domain_normalise(struct str in, struct domain *ret_domain);

/* The form that DNS and certificates use (A-labels). `domain` is normalised. Returns 0 or TRUNK_EADDRESS. */
int domain_to_ascii(struct str domain, char *ret_ascii, size_t size_bytes);

/* Whether `pattern` ("*", "*.suffix" or a domain, all normalised) covers `domain`. "*.x.y" covers a.x.y and a.b.x.y, neither
 * x.y nor notx.y. */
bool domain_fits(struct str domain, struct str pattern);

/* How specific a pattern is that fits: the longer the better; an exact one beats every wildcard, "*" is 0. */
size_t domain_pattern_weight(struct str pattern);

/* The three parts as they stand in the address; `local` and `resource` may be absent. Borrowed from the input. */
struct jid {
	struct str local, domain, resource;
};

/* Splits and checks an address: lengths, empty parts, characters that RFC 7622 forbids in a localpart, controls. The domain
 * is checked only as far as split needs; domain_normalise() checks the rest. Does not allocate. Returns 0 or TRUNK_EADDRESS. */
int jid_parse(struct str in, struct jid *ret_jid);

/* Whether two localparts are one to the servers that have them (RFC 7622 §3.3): without case and what is not seen, in NFKC, which takes
 * more for the same than any server does. Returns 1, 0, or TRUNK_ENOMEM; of ASCII alone without allocation. */
int jid_local_same(struct str a, struct str b);

#endif
