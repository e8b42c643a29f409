/* SPDX-License-Identifier: Apache-2.0
 * For fuzz targets: any bytes as the tree of one element, or as an element behind a stream's header. */
#ifndef TRUNK_FUZZ_ELEMENTS_H
#define TRUNK_FUZZ_ELEMENTS_H

#include "xml/xml.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_HEADER "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' " \
		    "xmlns:db='jabber:server:dialback' version='1.0'>"

/* NULL: no element. */
static inline struct xml_node *fuzz_tree(struct arena *arena, struct str bytes)
{
	static const struct xml_limits limits = {.element_bytes = 65536, .depth = 64, .attributes = 64};
	const struct xml_decl decls[] = {
		{STR(""), STR("jabber:server")}, {STR("stream"), STR("http://etherx.jabber.org/streams")},
		{STR("db"), STR("jabber:server:dialback")},
	};
	const struct xml_header header = {.decls = decls, .decl_count = 3};
	struct xml_node *node;

	return xml_tree_parse(arena, bytes, &header, &limits, &node) < 0 ? NULL : node;
}

/* Reads the header and then the first element in `bytes`. False: there is none. `*ret_input` and the reader live on for the
 * element; the caller ends both in either case. */
static inline bool fuzz_element(struct str bytes, struct xml_reader **ret_reader, struct buf *ret_input,
				struct xml_element *ret_element)
{
	static const struct xml_limits limits = {.element_bytes = 65536, .depth = 64, .attributes = 64};
	size_t consumed;

	*ret_reader = xml_reader_new(&limits);
	if (!*ret_reader || buf_add_cstr(ret_input, FUZZ_HEADER) < 0 || buf_add(ret_input, bytes) < 0)
		abort();
	if (xml_reader_next(*ret_reader, buf_str(ret_input), ret_element, &consumed) != XML_HEADER)
		abort();
	buf_drop(ret_input, consumed);
	return xml_reader_next(*ret_reader, buf_str(ret_input), ret_element, &consumed) == XML_ELEMENT;
}

static inline void must(bool is_so)
{
	if (!is_so)
		abort();
}

static inline bool same(struct str a, struct str b)
{
	return str_eq(a, b) && str_is_absent(a) == str_is_absent(b);
}

#endif
