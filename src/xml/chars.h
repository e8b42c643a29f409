/* SPDX-License-Identifier: Apache-2.0
 * What a character is to XML 1.0: UTF-8, names, white space, the classes that the loops jump by. Of this room only. */
#ifndef TRUNK_XML_CHARS_H
#define TRUNK_XML_CHARS_H

#include "base/base.h"

enum char_class {
	CHAR_START = 1,         /* may begin a name (ASCII, without the colon) */
	CHAR_NAME = 2,          /* may go on in a name */
	CHAR_SPACE = 4,
	CHAR_TEXT = 8,          /* stands in text with no further question: not `<`, `&`, `>`, CR, controls, non-ASCII */
	CHAR_VALUE = 16,        /* the same in an attribute value: not `<`, `&`, quotes, white space but blank */
	CHAR_DIGIT = 32,
	CHAR_HEX = 64,
};

extern const uint8_t char_classes[256];

static inline bool char_is(unsigned char c, enum char_class classes)
{
	return (char_classes[c] & classes) != 0;
}

/* How many bytes a character has by its first byte; 0: none begins with it. */
static inline unsigned utf8_len(unsigned char lead)
{
	return lead < 0x80 ? 1 : lead < 0xC0 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
}

/* Decodes the character at `at`, of which `avail` > 0 bytes are there. Strict: no overlong form, no surrogate, nothing over
 * U+10FFFF, no U+FFFE and U+FFFF (XML 1.0 §2.2; ASCII is not judged). Returns its length, 0 where bytes are missing, -1. */
int utf8_decode(const unsigned char *at, size_t avail, uint32_t *ret_char);

/* Writes a legal character; returns its length, at most 4. */
unsigned utf8_encode(uint32_t c, char *at);

/* May a character stand in XML at all (XML 1.0 §2.2)? */
bool char_is_legal(uint32_t c);

/* Name characters above ASCII by XML 1.0, 4th edition, appendix B: what Expat goes by. */
bool char_is_name(uint32_t c, bool is_first);

#endif
