/* SPDX-License-Identifier: Apache-2.0
 * Text of any origin as the inside of a JSON string. */
#ifndef TRUNK_BASE_JSON_H
#define TRUNK_BASE_JSON_H

#include "base/buf.h"

/* Adds `text` so that it may stand between the quotes of a JSON string (RFC 8259 §7). Valid UTF-8 stays as it is; escaped are
 * `"`, `\`, all control characters (C1 and DEL too), line and paragraph separator, and what changes the direction of writing, so
 * that nobody's text steers a terminal or reorders the line for its reader. Each byte that is no UTF-8 becomes U+FFFD, never a
 * character that somebody else could have sent. Returns 0, TRUNK_ENOMEM or TRUNK_ELIMIT; then nothing was added. */
int buf_add_json(struct buf *buf, struct str text);

#endif
