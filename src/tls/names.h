/* SPDX-License-Identifier: Apache-2.0
 * The names in a certificate that count for XMPP, and whether they are a domain's. */
#ifndef TRUNK_TLS_NAMES_H
#define TRUNK_TLS_NAMES_H

#include "base/base.h"

#include <openssl/x509.h>

enum cert_name_kind {
	CERT_NAME_DNS = 1, /* dNSName, perhaps a wildcard (RFC 9525 §6.3) */
	CERT_NAME_SRV,     /* id-on-dnsSRV of _xmpp-server (RFC 4985) */
	CERT_NAME_XMPP,    /* id-on-xmppAddr (RFC 6120 §13.7.1.4) */
};

/* ASCII in lower case at text[offset..offset + len); for SRV what stands behind "_xmpp-server.". */
struct cert_name {
	enum cert_name_kind kind;
	uint32_t offset, len;
};

struct cert_names {
	struct cert_name *at; /* owned */
	size_t count;
	struct buf text;
};

/* Reads the subjectAltName; other kinds of names and addresses of users are left out. The CN is never read. Returns 0,
 * TRUNK_ECERT where the extension is broken, there are more than CERT_NAMES_MAX names, or one holds NUL, controls or non-ASCII
 * where it must not; or TRUNK_ENOMEM. */
enum { CERT_NAMES_MAX = 1000 };
int cert_names_read(X509 *cert, struct cert_names *ret_names);
void cert_names_fini(struct cert_names *names);

/* How well the names fit a domain (ASCII, normalised). Zero never fits. */
enum cert_fit { CERT_FIT_WILDCARD = 1, CERT_FIT_OTHER, CERT_FIT_DNS };
int cert_names_fit(const struct cert_names *names, struct str domain);

/* Adds "dns:a.example, srv:b.example"; cut at the size with " …" as "and N more". With `has_kinds` false the names alone. */
void cert_names_show(const struct cert_names *names, bool has_kinds, char *ret_text, size_t size_bytes);

#endif
