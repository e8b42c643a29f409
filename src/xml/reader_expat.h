/* SPDX-License-Identifier: Apache-2.0
 * The Expat backend: what its two files share. Of this room only. */
#ifndef TRUNK_XML_READER_EXPAT_H
#define TRUNK_XML_READER_EXPAT_H

#include "xml/expat_impl.h"
#include "xml/reader_impl.h"

enum lex_state {
	LEX_TEXT,
	LEX_OPEN,                       /* behind '<' */
	LEX_TAG,
	LEX_QUOTED,                     /* in a value */
	LEX_CDATA,
};

/* Finds where tags and elements end, in input that is well-formed so far; Expat decides whether it is. Needed since Expat
 * itself does not stop there, reads comments, and judges a token only once it is whole. Offsets are from the element's '<'. */
struct lex {
	enum lex_state state;
	size_t pos;
	size_t token;                   /* where the current tag or CDATA section begins */
	unsigned depth;
	unsigned values;                /* of the current tag */
	unsigned char quote;
	bool is_close, is_header;
};

enum expat_phase { EXPAT_AT_START, EXPAT_AT_DECL, EXPAT_AT_HEADER, EXPAT_IN_STREAM, EXPAT_AT_END };

struct expat_reader {
	struct xml_reader base;
	XML_Parser parser;
	enum expat_phase phase;
	bool is_empty_root, is_begun;
	struct lex lex;
	uint64_t total, begin;          /* bytes that the parser got, and how many before the current element */
	size_t fed;                     /* of the current element */
	const char *at;                 /* the current element, while the parser runs */
	int error;                      /* why a handler stopped the parser */
	unsigned depth;                 /* by Expat: open elements, the root among them */
	struct str header_bytes;        /* in base.arena */

	struct xml_decl bindings[XML_BINDINGS_MAX];     /* in force */
	unsigned binding_count, header_bindings;

	struct arena arena;             /* of the current element */
	bool has_cdata;
	struct str ns;                  /* of the first-level element */
	size_t name_end, tag_end;
	bool has_prefix;
	uint32_t header_prefixes;
	unsigned child_count;
	struct xml_child children[XML_CHILDREN_MAX];
};

/* Sets the parser's handlers, which collect the facts (reader_expat_facts.c). */
void expat_reader_listen(struct expat_reader *reader);

/* Hands out what the handlers found in the whole element `bytes`. */
void expat_reader_give(struct expat_reader *reader, struct str bytes, struct xml_element *ret_element);

#endif
