/* SPDX-License-Identifier: Apache-2.0
 * Trees made, searched and copied. */
#include "xml/xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct xml_limits limits = {.element_bytes = 1000, .depth = 100, .attributes = 4};

static struct xml_node *parse(struct arena *arena, const char *bytes)
{
	struct xml_node *node = NULL;

	assert_int_equal(xml_tree_parse(arena, str_of(bytes), NULL, &limits, &node), 0);
	return node;
}

static void children_are_found_by_namespace_and_name(void **state)
{
	struct arena arena = {0};
	struct xml_node *node = parse(&arena, "<a>t<b/><c xmlns='urn:c'/><b n='2' xmlns='urn:c'/>t<b n='3'/></a>");
	struct xml_node *b = xml_node_child(node, NULL, "b");

	(void)state;
	assert_ptr_equal(b, node->children->next);
	assert_true(str_is(xml_node_attr(xml_node_child(node, "urn:c", "b"), "n"), "2"));
	assert_true(str_is(xml_node_attr(xml_node_next(b, "jabber:server", "b"), "n"), "3"));
	assert_true(str_is(xml_node_child(node, "urn:c", NULL)->name, "c"));
	assert_ptr_equal(xml_node_child(node, NULL, NULL), b);
	assert_null(xml_node_child(node, "urn:x", NULL));
	assert_null(xml_node_child(node, NULL, "B"));
	assert_null(xml_node_child(NULL, NULL, NULL));
	assert_null(xml_node_next(NULL, NULL, NULL));
	arena_fini(&arena);
}

static void an_attribute_with_a_prefix_is_not_found_without(void **state)
{
	struct arena arena = {0};
	struct xml_node *node = parse(&arena, "<a p:x='1' xmlns:p='urn:p' y=''/>");

	(void)state;
	assert_true(str_is_absent(xml_node_attr(node, "x")));
	assert_true(str_is_absent(xml_node_attr(NULL, "x")));
	assert_false(str_is_absent(xml_node_attr(node, "y")));
	assert_int_equal(xml_node_attr(node, "y").len, 0);
	arena_fini(&arena);
}

static void text_is_what_stands_directly_inside(void **state)
{
	struct arena arena = {0};

	(void)state;
	assert_true(str_is(xml_node_text(&arena, parse(&arena, "<a>one<b>not</b> two</a>")), "one two"));
	assert_true(str_is(xml_node_text(&arena, parse(&arena, "<a>one</a>")), "one"));
	assert_true(str_is(xml_node_text(&arena, parse(&arena, "<a><b>not</b></a>")), ""));
	assert_false(str_is_absent(xml_node_text(&arena, NULL)));
	arena_fini(&arena);
}

static void an_attribute_is_set_anew_or_changed(void **state)
{
	struct arena arena = {0};
	struct xml_node *node = parse(&arena, "<a x='1' y='2'/>");

	(void)state;
	assert_int_equal(xml_node_set(&arena, node, "y", STR("3")), 0);
	assert_int_equal(xml_node_set(&arena, node, "z", STR("4")), 0);
	assert_int_equal(node->attr_count, 3);
	assert_true(str_is(xml_node_attr(node, "x"), "1") && str_is(xml_node_attr(node, "y"), "3"));
	assert_true(str_is(xml_node_attr(node, "z"), "4"));
	arena_fini(&arena);
}

static void a_copy_lives_without_its_original(void **state)
{
	static const char bytes[] = "<p:a xmlns:p='urn:p' p:b='c'>t<d><e/><f>u</f></d><g/>v</p:a>";
	struct arena from = {0}, to = {0};
	struct xml_node *node = parse(&from, bytes), *copy;
	struct buf out = {0};

	(void)state;
	node->next = node;              /* no part of the tree */
	copy = xml_tree_copy(&to, node);
	arena_fini(&from);
	assert_non_null(copy);
	assert_null(copy->next);
	assert_null(copy->parent);
	assert_int_equal(xml_tree_write(copy, NULL, &out), 0);
	assert_true(str_is(buf_str(&out), bytes));
	buf_fini(&out);
	arena_fini(&to);
}

/* A namespace of 400 bytes that hundreds of names are in. */
static void long_namespaces_cost_their_bytes_once(void **state)
{
	const struct xml_limits wide = {.element_bytes = 100000, .depth = 100, .attributes = 4};
	struct arena from = {0}, to = {0};
	struct xml_node *node = NULL;
	struct buf doc = {0};

	(void)state;
	buf_addf(&doc, "<p:a xmlns:p='%0400d'>", 1);
	for (unsigned i = 0; i < 500; i++)
		buf_add_cstr(&doc, "<p:b p:c=''/>");
	buf_add_cstr(&doc, "</p:a>");
	assert_int_equal(xml_tree_parse(&from, buf_str(&doc), NULL, &wide, &node), 0);
	assert_non_null(node = xml_tree_copy(&to, node));
	assert_int_equal(node->children->attrs[0].ns.len, 400);
	assert_ptr_equal(node->children->attrs[0].ns.at, node->ns.at);
	assert_in_range(from.used, 500 * sizeof(*node), 500 * (sizeof(*node) + sizeof(struct xml_attr) + 64) + 2000);
	assert_in_range(to.used, 500 * sizeof(*node), 500 * (sizeof(*node) + sizeof(struct xml_attr) + 64) + 2000);
	buf_fini(&doc);
	arena_fini(&from);
	arena_fini(&to);
}

static void a_copy_that_does_not_fit_is_none(void **state)
{
	struct arena from = {0};
	struct xml_node *node = parse(&from, "<a b='c' xmlns:p='u'>t<d/></a>");

	(void)state;
	for (size_t limit = 16; limit < 500; limit += 16) {
		struct arena to = {.limit = limit};

		assert_null(xml_tree_copy(&to, node));
		arena_fini(&to);
	}
	arena_fini(&from);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(children_are_found_by_namespace_and_name),
		cmocka_unit_test(an_attribute_with_a_prefix_is_not_found_without),
		cmocka_unit_test(text_is_what_stands_directly_inside),
		cmocka_unit_test(an_attribute_is_set_anew_or_changed),
		cmocka_unit_test(a_copy_lives_without_its_original),
		cmocka_unit_test(long_namespaces_cost_their_bytes_once),
		cmocka_unit_test(a_copy_that_does_not_fit_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
