/* SPDX-License-Identifier: Apache-2.0
 * Text between its raw and its decoded form. Of this room only; callers use xml_decode() and xml_escape(). */
#ifndef TRUNK_XML_TEXT_H
#define TRUNK_XML_TEXT_H

#include "base/base.h"

/* The character that a whole reference stands for, from `&` to `;`. Written for an entity of the five or a legal character
 * reference. Returns 0, TRUNK_EXML_RESTRICTED for another entity, TRUNK_EXML for a character that XML does not have.
 * The caller has seen that the syntax is right. */
int ref_decode(struct str ref, uint32_t *ret_char);

/* Decodes an attribute's value into `at`, which has room for raw.len bytes: no reference is shorter than what it stands for.
 * Returns how many were written. */
size_t value_decode(struct str raw, char *at);

/* Adds text for between tags, or a value for between single quotes (`quote` '\'') or either quote ('*'). What can't stand
 * there but by a character reference is written as one: CR; in values also tab and line feed. What can't stand in XML at
 * all becomes U+FFFD. Returns 0, TRUNK_ENOMEM or TRUNK_ELIMIT. */
int text_escape(struct buf *out, struct str text, char quote);

#endif
