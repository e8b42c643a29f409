/* SPDX-License-Identifier: Apache-2.0
 * Foreign text made fit for JSON and for terminals. Pure. */
#ifndef TRUNK_CONTROL_FOREIGN_H
#define TRUNK_CONTROL_FOREIGN_H

#include "base/base.h"

#include <jansson.h>

enum { WALL_TEXT_SIZE = 32 };

/* A JSON string; bytes that are not UTF-8 become U+FFFD each. Absent text becomes null. NULL: no memory. */
json_t *foreign_json(struct str text);

/* The same of a C string; NULL becomes null. */
json_t *foreign_json_c(const char *text);

/* Adds `text` so that it can't steer a terminal: C0, DEL and C1 controls, line and paragraph separators, characters that
 * turn the direction of writing, and bytes that are not UTF-8 become escapes (\n, \x1b, \u202e). Returns 0 or TRUNK_ENOMEM. */
int foreign_escape(struct buf *out, struct str text);

/* How many characters `text` has: the columns it takes on a terminal, as long as none is wide. */
size_t foreign_columns(struct str text);

/* "2026-01-31T23:59:59Z" for milliseconds since 1970; "" for 0 and for what has no such form. */
void wall_text(int64_t wall_ms, char ret_text[static WALL_TEXT_SIZE]);

/* A JSON string of wall_text(), null for 0. NULL: no memory. */
json_t *wall_json(int64_t wall_ms);

#endif
