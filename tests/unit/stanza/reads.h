/* SPDX-License-Identifier: Apache-2.0
 * For tests: a first-level element as a stream's reader gives it, and a tree as those get it who look inside. */
#ifndef TRUNK_TESTS_STANZA_READS_H
#define TRUNK_TESTS_STANZA_READS_H

#include "stanza/stanza.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define READS_HEADER "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' " \
		     "xmlns:db='jabber:server:dialback' version='1.0'>"

/* One element and what it lives in. */
struct reads {
	struct xml_reader *reader;
	struct buf bytes;
	struct xml_element element;
	struct arena arena;
};

/* Reads `text` behind a header; the test fails where that is not one whole element. */
static inline void reads_begin(struct reads *reads, const char *text)
{
	static const struct xml_limits limits = {.element_bytes = 262144, .depth = 64, .attributes = 64};
	size_t consumed = 0;

	*reads = (struct reads){.reader = xml_reader_new(&limits)};
	assert_non_null(reads->reader);
	assert_int_equal(buf_addf(&reads->bytes, "%s%s", READS_HEADER, text), 0);
	assert_int_equal(xml_reader_next(reads->reader, buf_str(&reads->bytes), &reads->element, &consumed), XML_HEADER);
	buf_drop(&reads->bytes, consumed);
	if (xml_reader_next(reads->reader, buf_str(&reads->bytes), &reads->element, &consumed) != XML_ELEMENT)
		fail_msg("no element: %s", text);
}

static inline void reads_end(struct reads *reads)
{
	xml_reader_free(&reads->reader);
	buf_fini(&reads->bytes);
	arena_fini(&reads->arena);
}

/* A tree of `text`, with the stream's prefixes declared around it. */
static inline struct xml_node *reads_tree(struct arena *arena, const char *text)
{
	static const struct xml_limits limits = {.element_bytes = 262144, .depth = 64, .attributes = 64};
	const struct xml_decl decls[] = {
		{STR(""), STR("jabber:server")}, {STR("stream"), STR("http://etherx.jabber.org/streams")},
		{STR("db"), STR("jabber:server:dialback")},
	};
	const struct xml_header header = {.decls = decls, .decl_count = 3};
	struct xml_node *node = NULL;

	if (xml_tree_parse(arena, str_of(text), &header, &limits, &node) < 0)
		fail_msg("no tree: %s", text);
	return node;
}

/* The whole of `buf` is `expected`. */
static inline void wrote(const struct buf *buf, const char *expected)
{
	if (!str_is(buf_str(buf), expected))
		fail_msg("%.*s\ninstead of\n%s", (int)buf_len(buf), buf_str(buf).at, expected);
}

#endif
