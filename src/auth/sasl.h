/* SPDX-License-Identifier: Apache-2.0
 * SASL EXTERNAL between servers (RFC 6120 §6, XEP-0178). Pure. */
#ifndef TRUNK_AUTH_SASL_H
#define TRUNK_AUTH_SASL_H

#include "stanza/stanza.h"

/* What an <auth/> asks for. */
enum sasl_verdict {
	SASL_OK = 1,                    /* EXTERNAL, and the authorization identity is empty or the stream's `from` */
	SASL_INVALID_MECHANISM,
	SASL_INVALID_AUTHZID,
	SASL_INCORRECT_ENCODING,
	SASL_MALFORMED_REQUEST,
};

/* Judges <auth/> of a stream whose header says `from` (normalised). `arena` for decoding. */
enum sasl_verdict sasl_auth_judge(struct arena *arena, const struct xml_node *node, struct str from);

/* The failure's condition: "invalid-authzid", … */
const char *sasl_failure_text(enum sasl_verdict verdict);

int sasl_auth_write(struct buf *out);                           /* EXTERNAL with an empty authzid, "=" (XEP-0178 §3) */
int sasl_success_write(struct buf *out);
int sasl_failure_write(struct buf *out, const char *condition, const char *text);       /* text NULL: none */

#endif
