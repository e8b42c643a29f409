/* SPDX-License-Identifier: Apache-2.0
 * Streams of RFC 6120 §4: headers, features, stream errors. Pure. */
#ifndef TRUNK_STREAM_STREAM_H
#define TRUNK_STREAM_STREAM_H

#include "stanza/stanza.h"

#define NS_STREAM "http://etherx.jabber.org/streams"
#define NS_STREAMS_ERRORS "urn:ietf:params:xml:ns:xmpp-streams"
#define NS_TLS "urn:ietf:params:xml:ns:xmpp-tls"
#define NS_SASL "urn:ietf:params:xml:ns:xmpp-sasl"
#define NS_DIALBACK "jabber:server:dialback"
#define NS_DIALBACK_FEATURE "urn:xmpp:features:dialback"
#define NS_BIDI_FEATURE "urn:xmpp:features:bidi"
#define NS_BIDI "urn:xmpp:bidi"
#define NS_SM "urn:xmpp:sm:3"
#define NS_LIMITS "urn:xmpp:stream-limits:0"

enum { STREAM_ID_SIZE = 32 + 1 };

/* RFC 6120 §4.9.3. */
#define STREAM_CONDITIONS(X) \
	X(BAD_FORMAT, "bad-format") \
	X(BAD_NAMESPACE_PREFIX, "bad-namespace-prefix") \
	X(CONFLICT, "conflict") \
	X(CONNECTION_TIMEOUT, "connection-timeout") \
	X(HOST_GONE, "host-gone") \
	X(HOST_UNKNOWN, "host-unknown") \
	X(IMPROPER_ADDRESSING, "improper-addressing") \
	X(INTERNAL_SERVER_ERROR, "internal-server-error") \
	X(INVALID_FROM, "invalid-from") \
	X(INVALID_NAMESPACE, "invalid-namespace") \
	X(INVALID_XML, "invalid-xml") \
	X(NOT_AUTHORIZED, "not-authorized") \
	X(NOT_WELL_FORMED, "not-well-formed") \
	X(POLICY_VIOLATION, "policy-violation") \
	X(REMOTE_CONNECTION_FAILED, "remote-connection-failed") \
	X(RESET, "reset") \
	X(RESOURCE_CONSTRAINT, "resource-constraint") \
	X(RESTRICTED_XML, "restricted-xml") \
	X(SYSTEM_SHUTDOWN, "system-shutdown") \
	X(UNDEFINED_CONDITION, "undefined-condition") \
	X(UNSUPPORTED_ENCODING, "unsupported-encoding") \
	X(UNSUPPORTED_STANZA_TYPE, "unsupported-stanza-type") \
	X(UNSUPPORTED_VERSION, "unsupported-version")

enum stream_condition {
	STREAM_CONDITION_NONE = 0,      /* a stream that ends without an error */
#define STREAM_CONDITION_NAME(name, text) STREAM_##name,
	STREAM_CONDITIONS(STREAM_CONDITION_NAME)
#undef STREAM_CONDITION_NAME
};

const char *stream_condition_text(enum stream_condition condition);

/* The stream error that tells a peer of an error of ours (design.md §3). */
enum stream_condition stream_condition_of(int err);

/* ---- headers ---- */

/* What a header says; strings are borrowed from the reader. */
struct stream_header {
	struct str from, to, id, lang;  /* absent where they are */
	bool has_version;               /* false: RFC 3920's predecessors, no features */
};

/* Checks namespaces, names and version. Returns 0; TRUNK_EXML_NAMESPACE; TRUNK_EVERSION. */
int stream_header_parse(const struct xml_header *xml, struct stream_header *ret_header);

/* Adds an XML declaration and a header; `db` is always declared (XEP-0220 §2.1). Absent fields are left out. */
int stream_header_write(struct buf *out, const struct stream_header *header);

/* ---- features ---- */

struct stream_features {
	bool starttls, starttls_required;
	bool external;                  /* SASL EXTERNAL among the mechanisms */
	bool has_mechanisms;            /* any mechanism */
	bool dialback, dialback_errors;
	bool bidi;
	bool sm;                        /* XEP-0198 */
	uint64_t max_bytes;             /* XEP-0478; 0: not said */
	uint64_t idle_seconds;
};

int stream_features_write(struct buf *out, const struct stream_features *features);
int stream_features_parse(const struct xml_node *node, struct stream_features *ret_features);

/* ---- errors ---- */

/* Adds the error and the end of the stream; `text` NULL: none. CONDITION_NONE: the end alone. */
int stream_error_write(struct buf *out, enum stream_condition condition, const char *text);

/* What a peer's <stream:error/> says, for people: condition and text. Borrowed from the node's arena. */
void stream_error_parse(struct arena *arena, const struct xml_node *node, struct str *ret_condition, struct str *ret_text);

/* A fresh unguessable id (RFC 6120 §4.7.3). Returns 0 or TRUNK_ECRYPTO. */
int stream_id_make(char ret_id[static STREAM_ID_SIZE]);

#endif
