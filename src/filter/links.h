/* SPDX-License-Identifier: Apache-2.0
 * Links in text, also where they are written so that machines do not see them. Pure. */
#ifndef TRUNK_FILTER_LINKS_H
#define TRUNK_FILTER_LINKS_H

#include "base/base.h"

struct link_found {
	struct str text;                /* as it stands in the refanged text */
	struct str scheme;              /* as written, "hxxp" also; absent: none was written (www.example.com, //example.com) */
	struct str host;                /* without user and port; absent: of a scheme that has none (javascript:, data:) */
	bool is_address;                /* bob@example.com */
};

/* Adds `text` as a browser or a reader would take it: characters that nobody sees are left out, full-width forms, other dots, slashes
 * and colons are those of ASCII, a backslash is a slash, and "[.]", "(dot)", "[://]" are what they stand for.
 * Returns 0, TRUNK_ENOMEM, TRUNK_ELIMIT. */
int links_refang(struct str text, struct buf *out);

/* The next link of refanged text at or behind `*offset`, which goes on. False: no more. Recognised are schemes with "//", schemes of the
 * web with any number of slashes, schemes without host that clients act on, "//host", and host names with a top-level domain of letters,
 * the latter not in paths. Adds its work to `*steps`: it may be quadratic in a long run without blanks. */
bool links_next(struct str refanged, size_t *offset, uint64_t *steps, struct link_found *ret_link);

#endif
