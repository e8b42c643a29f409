/* SPDX-License-Identifier: Apache-2.0
 * A stanza as it passes through: its addresses, its verdict, and the words of stanza errors (RFC 6120 §8). Pure. */
#ifndef TRUNK_STANZA_STANZA_H
#define TRUNK_STANZA_STANZA_H

#include "name/name.h"
#include "xml/xml.h"

#define NS_SERVER "jabber:server"
#define NS_STANZAS "urn:ietf:params:xml:ns:xmpp-stanzas"

enum stanza_kind { STANZA_MESSAGE = 1, STANZA_PRESENCE, STANZA_IQ };

enum stanza_type {
	STANZA_TYPE_OTHER = 1,          /* absent, or a type that changes nothing here */
	STANZA_TYPE_ERROR,
	STANZA_TYPE_GET, STANZA_TYPE_SET, STANZA_TYPE_RESULT,
};

/* RFC 6120 §8.3.3. */
#define STANZA_CONDITIONS(X) \
	X(BAD_REQUEST, "bad-request", "modify") \
	X(CONFLICT, "conflict", "cancel") \
	X(FEATURE_NOT_IMPLEMENTED, "feature-not-implemented", "cancel") \
	X(FORBIDDEN, "forbidden", "auth") \
	X(GONE, "gone", "cancel") \
	X(INTERNAL_SERVER_ERROR, "internal-server-error", "cancel") \
	X(ITEM_NOT_FOUND, "item-not-found", "cancel") \
	X(JID_MALFORMED, "jid-malformed", "modify") \
	X(NOT_ACCEPTABLE, "not-acceptable", "modify") \
	X(NOT_ALLOWED, "not-allowed", "cancel") \
	X(NOT_AUTHORIZED, "not-authorized", "auth") \
	X(POLICY_VIOLATION, "policy-violation", "modify") \
	X(RECIPIENT_UNAVAILABLE, "recipient-unavailable", "wait") \
	X(REDIRECT, "redirect", "modify") \
	X(REGISTRATION_REQUIRED, "registration-required", "auth") \
	X(REMOTE_CONNECTION_FAILED, "remote-connection-failed", "cancel") /* XEP-0220 §2.4 alone */ \
	X(REMOTE_SERVER_NOT_FOUND, "remote-server-not-found", "cancel") \
	X(REMOTE_SERVER_TIMEOUT, "remote-server-timeout", "wait") \
	X(RESOURCE_CONSTRAINT, "resource-constraint", "wait") \
	X(SERVICE_UNAVAILABLE, "service-unavailable", "cancel") \
	X(SUBSCRIPTION_REQUIRED, "subscription-required", "auth") \
	X(UNDEFINED_CONDITION, "undefined-condition", "cancel") \
	X(UNEXPECTED_REQUEST, "unexpected-request", "wait")

enum stanza_condition {
	STANZA_CONDITION_NONE = 0,
#define STANZA_CONDITION_NAME(name, text, type) COND_##name,
	STANZA_CONDITIONS(STANZA_CONDITION_NAME)
#undef STANZA_CONDITION_NAME
};

const char *stanza_condition_text(enum stanza_condition condition);     /* "policy-violation" */
const char *stanza_condition_type(enum stanza_condition condition);     /* "modify" */
enum stanza_condition stanza_condition_of(struct str text);             /* COND_NONE: STANZA_CONDITION_NONE */

enum decision { DECISION_PASS = 1, DECISION_REJECT, DECISION_DROP, DECISION_STRIP, DECISION_BOUNCE };
const char *decision_text(enum decision decision);      /* "pass", … as in the audit */

/* When a stanza is acknowledged to its sender's server: when its bytes are written, when the next hop has acknowledged it, or when it is on
 * disk. Zero, in a verdict: as of the target's spoke. */
enum custody { CUSTODY_NONE = 1, CUSTODY_LINK, CUSTODY_DISK };

/* What policy decides. Zero grants nothing. Strings are borrowed from the configuration or static. */
struct verdict {
	enum decision decision;
	const char *rule;               /* reference of the rule: its name, or a built-in word such as "zone" */
	unsigned line;                  /* of the rule in the configuration; 0: built in */
	enum stanza_condition condition;        /* of a reject or bounce */
	const char *text;               /* for the sender; NULL: none */
	enum custody custody;           /* that the rule asks for; 0: as of the target's spoke */
};

/* How a domain pair was proved on a stream; also the words of `trunkctl streams` and of the audit. */
enum proof { PROOF_NONE = 1, PROOF_EXTERNAL, PROOF_PIN, PROOF_DANE, PROOF_DIALBACK, PROOF_DIALBACK_CERTIFICATE };
const char *proof_text(enum proof proof);

/* Borrowed from the element; valid as long as it is. */
struct stanza {
	enum stanza_kind kind;
	enum stanza_type type;
	const struct xml_element *element;
	struct jid from, to;            /* decoded */
};

/* Reads kind, type and addresses of a first-level element in jabber:server. `scratch` is used only where values hold references.
 * Returns 0; TRUNK_ENOENT: no stanza; TRUNK_EADDRESS: from or to is missing or malformed; TRUNK_ENOMEM. */
int stanza_parse(const struct xml_element *element, struct arena *scratch, struct stanza *ret_stanza);

const char *stanza_kind_text(enum stanza_kind kind);

/* Whether the sender may be told of a failure: never for errors, iq results and presence (design.md §3, RFC 6120 §8.3.1). */
bool stanza_is_answerable(const struct stanza *stanza);

/* Whether the bytes of a first-level element, as the writer makes it, are no message but an iq or presence: not to be kept for later. */
bool stanza_is_fleeting(struct str bytes);

/* What an answer needs of the stanza that it answers; decoded, borrowed from the stanza or from the arena. */
struct stanza_reply {
	enum stanza_kind kind;
	bool is_answerable;
	struct str id, from, to;        /* of the stanza, not yet swapped; id may be absent */
};

/* Returns 0 or TRUNK_ENOMEM. */
int stanza_reply_of(struct arena *arena, const struct stanza *stanza, struct stanza_reply *ret_reply);

/* The same for bytes that were forwarded. Returns 0, TRUNK_ENOMEM, TRUNK_EXML…, TRUNK_ENOENT. */
int stanza_reply_parse(struct arena *arena, struct str bytes, struct stanza_reply *ret_reply);

/* Adds the error stanza: addresses swapped, same id and kind; neither content nor label is repeated.
 *   by     who says so (the trunk's own domain); NULL: none
 *   text   NULL: none */
int stanza_error_write(struct buf *out, const struct stanza_reply *reply, enum stanza_condition condition, const char *text, const char *by);

#endif
