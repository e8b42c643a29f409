/* SPDX-License-Identifier: Apache-2.0
 * Certificates of the scenarios: a CA that everybody trusts, one that nobody does, and what peers show. */
#ifndef TRUNK_SCENARIO_CERTIFICATES_H
#define TRUNK_SCENARIO_CERTIFICATES_H

#include "tls/tls.h"

/* What a peer (or the trunk) shows. */
enum certificate {
	CERTIFICATE_VALID = 1,          /* names and chain fit */
	CERTIFICATE_EXPIRED,
	CERTIFICATE_NAME,               /* of a domain that nobody asked for */
	CERTIFICATE_UNKNOWN,            /* of a CA that nobody trusts */
	CERTIFICATE_SELF_SIGNED,
	CERTIFICATE_NONE,               /* a client shows none; a server can't, it shows a self-signed one */
};

#define CERTIFICATE_WRONG_NAME "elsewhere.example"

/* A folder of its own below the system's folder for temporary files, removed at the end. */
struct certificates;

/* `wall_ms`: the time at which the certificates are looked at. NULL: no memory, no folder, or the CA could not be made. */
struct certificates *certificates_new(int64_t wall_ms);
void certificates_free(struct certificates **certificates);

const char *certificates_folder(const struct certificates *certificates);       /* absolute */
const char *certificates_ca(const struct certificates *certificates);           /* PEM of the trusted CA with its key */

/* "valid", "expired", "wrong-name", "unknown-ca", "self-signed", "none". Returns 0 or TRUNK_EINVAL. */
int certificate_parse(struct str word, enum certificate *ret_certificate);

/* Makes the files that show `domains` (ASCII, NULL-terminated) and says in which folder they are; `ret_folder` is NULL where
 * there are none. Made once for the same words; the path lives as long as `certificates`. Returns 0 or an error. */
int certificates_make(struct certificates *certificates, enum certificate kind, const char *const *domains,
		      const char **ret_folder);

/* A store that shows them and trusts the one CA. Returns 0 or an error. */
int certificates_store(struct certificates *certificates, enum certificate kind, const char *const *domains,
		       struct tls_store **ret_store);

/* The pin of what a store shows for `domain`. Returns 0 or an error. */
int certificates_pin(const struct certificates *certificates, struct tls_store *store, const char *domain,
		     uint8_t ret_pin[static TLS_PIN_BYTES]);

/* From now on the session offers TLS 1.2 at most. Before its handshake. */
void certificates_hold_to_tls_1_2(struct tls_session *session);

/* Writes a CRL of the trusted CA that names the first certificate of each of `folders` (NULL-terminated), good for a month. The
 * path lives until the next call. Returns 0 or an error. */
int certificates_revoke(struct certificates *certificates, const char *const *folders, const char **ret_file);

#endif
