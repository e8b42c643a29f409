/* SPDX-License-Identifier: Apache-2.0
 * Stanzas as literals: their trees, their elements as a reader gives them, and what comes out when they are shaped. */
#ifndef TRUNK_TEST_SHAPE_STANZAS_H
#define TRUNK_TEST_SHAPE_STANZAS_H

#include "shape/shape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define MESSAGE(content) "<message from='nia@inner.example/desk' to='clerk@west.example' id='m1'>" content "</message>"
#define PRESENCE(attributes, content)                                                                                          \
	"<presence from='nia@inner.example/desk' to='clerk@west.example'" attributes ">" content "</presence>"
#define IQ(type, content) "<iq from='nia@inner.example/desk' to='clerk@west.example' type='" type "' id='i1'>" content "</iq>"
#define BODY "<body>Crates leave at six.</body>"
#define FORWARDED(content)                                                                                                     \
	"<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='a@b.example'>" content                     \
	"</message></forwarded>"
#define OMEMO "<encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1'/><payload>AAAA</payload></encrypted>"

struct fixture {
	struct arena arena;
	struct xml_reader *reader;
	struct buf input, out;
};

static const struct xml_limits limits = {.element_bytes = 1 << 20, .depth = 64, .attributes = 64};

static inline struct xml_node *tree(struct fixture *f, const char *stanza)
{
	struct xml_node *node;

	assert_int_equal(xml_tree_parse(&f->arena, str_of(stanza), NULL, &limits, &node), 0);
	return node;
}

/* As it stands on a stream with prefix q for a namespace that nobody needs. */
static inline struct xml_element element(struct fixture *f, const char *stanza)
{
	struct xml_element element;
	size_t consumed;

	xml_reader_reset(f->reader);
	buf_clear(&f->input);
	assert_int_equal(buf_add_cstr(&f->input, "<s:stream xmlns='jabber:server' xmlns:s='http://etherx.jabber.org/streams' "
						 "xmlns:q='urn:xmpp:omemo:2' version='1.0'>"),
			 0);
	assert_int_equal(buf_add_cstr(&f->input, stanza), 0);
	assert_int_equal(xml_reader_next(f->reader, buf_str(&f->input), &element, &consumed), XML_HEADER);
	buf_drop(&f->input, consumed);
	assert_int_equal(xml_reader_next(f->reader, buf_str(&f->input), &element, &consumed), XML_ELEMENT);
	return element;
}

/* What leaves, or why nothing does. */
static inline const char *shaped(struct fixture *f, const struct shape_order *order, const char *stanza)
{
	struct shape_result result;

	shape_apply(&f->arena, tree(f, stanza), order, &result);
	assert_int_equal(result.shaped != NULL, result.outcome == SHAPE_CHANGED);
	if (!result.shaped)
		return shape_outcome_text(result.outcome);
	buf_clear(&f->out);
	assert_int_equal(xml_tree_write(result.shaped, NULL, &f->out), 0);
	assert_int_equal(buf_add(&f->out, str_make("", 1)), 0);
	return buf_str(&f->out).at;
}

static inline int setup(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){.reader = xml_reader_new(&limits)};
	*state = &fixture;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	arena_fini(&f->arena);
	xml_reader_free(&f->reader);
	buf_fini(&f->input);
	buf_fini(&f->out);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
