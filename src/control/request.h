/* SPDX-License-Identifier: Apache-2.0
 * One line of the control protocol, from the operator's side: a JSON object that names a command and its arguments. Pure. */
#ifndef TRUNK_CONTROL_REQUEST_H
#define TRUNK_CONTROL_REQUEST_H

#include "base/base.h"

#include <jansson.h>

enum { REQUEST_BYTES_MAX = 640 * 1024 };        /* of one line; a stanza to be explained is the longest that it holds */

enum request_kind { REQUEST_TEXT = 1, REQUEST_NUMBER };

/* One argument that a command knows; a list of them ends with a NULL name. */
struct request_key {
	const char *name;
	enum request_kind kind;
	bool is_required;
};

/* Reads a line: {"command": "block", "what": "saturn.example.org", "for_ms": 3600000}. A key twice is refused. Returns 0 and
 * a reference that the caller drops (json_decref()); TRUNK_EINVAL and the reason in `why`; TRUNK_ELIMIT. */
int request_parse(struct str line, json_t **ret_request, struct buf *why);

/* Whether the arguments are those of `keys`: no unknown one, none missing, each of its kind, numbers not negative. Returns
 * 0, or TRUNK_EINVAL and the reason in `why`. */
int request_check(json_t *request, const struct request_key *keys, struct buf *why);

/* An argument that request_check() has seen; absent where it is not there. Borrowed from the request. */
struct str request_text(const json_t *request, const char *name);
int64_t request_number(const json_t *request, const char *name);       /* 0 where it is not there */

#endif
