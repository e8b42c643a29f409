/* SPDX-License-Identifier: Apache-2.0
 * As little XML as a load driver needs, independent of the product's own: where an element ends, what it is, what it means. */
#ifndef BENCH_SNIFF_H
#define BENCH_SNIFF_H

#include "base/buf.h"

enum sniff_kind {
	SNIFF_MORE = 1,         /* incomplete: ask again with more bytes behind these */
	SNIFF_HEADER,           /* the start tag of a stream */
	SNIFF_ELEMENT,          /* a whole first-level element */
	SNIFF_END,              /* </stream:stream> */
	SNIFF_BAD,              /* nothing that a stream may hold */
};

/* What stands at the front of `bytes`, behind blanks and an XML declaration.
 *   ret_element  borrowed from `bytes`; set for SNIFF_HEADER and SNIFF_ELEMENT
 *   ret_len      bytes from the front to its end; for SNIFF_MORE those that may be dropped already */
enum sniff_kind sniff_next(struct str bytes, struct str *ret_element, size_t *ret_len);

/* Of an element's own start tag: its name with prefix; the raw value of an attribute, absent where there is none. */
struct str sniff_name(struct str element);
struct str sniff_attr(struct str element, const char *name);

/* The raw text up to the first tag inside. */
struct str sniff_text(struct str element);

/* Does `word` stand anywhere in it? */
bool sniff_has(struct str element, const char *word);

/* Adds to `out` a form that two stanzas share if and only if they mean the same: names and attributes with their namespaces
 * resolved (attributes sorted), entities, references and CDATA decoded. Declarations, the quotes used and, of the stanza
 * itself, `id` (compared elsewhere) leave no trace; nor does its xml:lang where `skip_lang`. Returns 0, TRUNK_EXML,
 * TRUNK_ELIMIT or TRUNK_ENOMEM. */
int sniff_canon(struct str element, bool skip_lang, struct buf *out);

#endif
