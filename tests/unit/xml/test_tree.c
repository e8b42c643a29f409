/* SPDX-License-Identifier: Apache-2.0
 * Trees parsed by Expat and written in canonical form. */
#include "xml/reader_impl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct xml_limits limits = {.element_bytes = 1000, .depth = 4, .attributes = 4};

static int parse(struct arena *arena, const char *bytes, struct xml_node **ret_node)
{
	return xml_tree_parse(arena, str_of(bytes), NULL, &limits, ret_node);
}

/* `bytes` parsed and written again. */
static void assert_written(const char *bytes, const char *expected)
{
	struct arena arena = {0};
	struct buf out = {0};
	struct xml_node *node = NULL;

	assert_int_equal(parse(&arena, bytes, &node), 0);
	assert_int_equal(xml_tree_write(node, NULL, &out), 0);
	if (!str_is(buf_str(&out), expected))
		fail_msg("%.*s instead of %s", STR_ARG(buf_str(&out)), expected);
	buf_fini(&out);
	arena_fini(&arena);
}

static void assert_refused(const char *bytes, int expected)
{
	struct arena arena = {0};
	struct xml_node *node = NULL;
	const int err = parse(&arena, bytes, &node);

	if (err != expected)
		fail_msg("%s: %s", bytes, err ? error_text(err) : "taken");
	assert_null(node);
	arena_fini(&arena);
}

static void a_tree_keeps_names_prefixes_declarations_and_text(void **state)
{
	struct arena arena = {0};
	struct xml_node *node = NULL, *child;

	(void)state;
	assert_int_equal(
		parse(&arena, "<a b='1' p:c='2&#10;' xmlns:p='urn:p' xmlns='urn:d'>x&lt;<![CDATA[<]]>y<p:e/>z</a>", &node), 0);
	assert_true(str_is(node->name, "a") && str_is(node->ns, "urn:d") && node->prefix.len == 0);
	assert_int_equal(node->attr_count, 2);
	assert_true(str_is(node->attrs[1].prefix, "p") && str_is(node->attrs[1].ns, "urn:p") &&
		    str_is(node->attrs[1].name, "c"));
	assert_true(str_is(node->attrs[1].value, "2\n"));
	assert_int_equal(node->decl_count, 2);
	assert_true(str_is(node->decls[0].prefix, "p") && str_is(node->decls[1].uri, "urn:d"));
	child = node->children;
	assert_int_equal(child->kind, XML_NODE_TEXT);
	assert_true(str_is(child->text, "x<<y"));
	child = child->next;
	assert_true(str_is(child->prefix, "p") && str_is(child->ns, "urn:p"));
	assert_ptr_equal(child->parent, node);
	assert_true(str_is(child->next->text, "z"));
	assert_null(child->next->next);
	arena_fini(&arena);
}

static void a_tree_stands_in_jabber_server_or_under_its_header(void **state)
{
	static const struct xml_decl decls[] = {{{"", 0}, {"urn:d", 5}}, {{"p", 1}, {"urn:'<p", 7}}};
	const struct xml_header header = {.decls = decls, .decl_count = 2};
	struct arena arena = {0};
	struct xml_node *node = NULL;

	(void)state;
	assert_int_equal(parse(&arena, "<a/>", &node), 0);
	assert_true(str_is(node->ns, "jabber:server"));
	assert_int_equal(node->decl_count, 0);
	assert_int_equal(xml_tree_parse(&arena, STR("<a><p:b/></a>"), &header, &limits, &node), 0);
	assert_true(str_is(node->ns, "urn:d"));
	assert_true(str_is(node->children->ns, "urn:'<p"));
	assert_int_equal(node->decl_count, 0);
	arena_fini(&arena);
}

static void a_tree_is_written_in_canonical_form(void **state)
{
	(void)state;
	assert_written("<a  b=\"c\"  ></a >", "<a b='c'/>");
	assert_written("<a>'\"&apos;&quot;&gt;<![CDATA[]]&]]></a>", "<a>'\"'\"&gt;]]&amp;</a>");
	assert_written("<a b='&apos;\"&lt;'/>", "<a b='&apos;\"&lt;'/>");
	assert_written("<a b='x\n\ty&#10;&#9;&#13;'>\n\t&#13;</a>", "<a b='x  y&#10;&#9;&#13;'>\n\t&#13;</a>");
	assert_written("<a xmlns='jabber:server'><b xmlns='urn:b'><c xmlns='urn:b'/></b></a>",
		       "<a><b xmlns='urn:b'><c/></b></a>");
	assert_written("<a><b xmlns=''/></a>", "<a><b xmlns=''/></a>");
	assert_written("<p:a xmlns:p='urn:p' xmlns:q='urn:q' q:b='1'><p:c xmlns:p='urn:x'/></p:a>",
		       "<p:a xmlns:p='urn:p' xmlns:q='urn:q' q:b='1'><p:c xmlns:p='urn:x'/></p:a>");
	assert_written("<a xml:lang='en'/>", "<a xml:lang='en'/>");
	/* content may speak of a prefix that no name uses */
	assert_written("<a xmlns:t='urn:t' type='t:x'/>", "<a xmlns:t='urn:t' type='t:x'/>");
}

static void what_the_outer_header_declares_is_not_declared_again(void **state)
{
	static const struct xml_decl decls[] = {{{"", 0}, {"urn:d", 5}}, {{"p", 1}, {"urn:p", 5}}};
	const struct xml_header outer = {.decls = decls, .decl_count = 2};
	struct arena arena = {0};
	struct buf out = {0};
	struct xml_node *node = NULL;

	(void)state;
	assert_int_equal(parse(&arena, "<a xmlns='urn:d' xmlns:p='urn:p' xmlns:q='urn:q'><p:b/></a>", &node), 0);
	assert_int_equal(xml_tree_write(node, &outer, &out), 0);
	assert_true(str_is(buf_str(&out), "<a xmlns:q='urn:q'><p:b/></a>"));
	buf_clear(&out);
	assert_int_equal(xml_tree_write(node->children, NULL, &out), 0);
	assert_true(str_is(buf_str(&out), "<p:b xmlns:p='urn:p'/>"));
	buf_fini(&out);
	arena_fini(&arena);
}

static void made_trees_declare_what_they_need(void **state)
{
	struct arena arena = {0};
	struct buf out = {0};
	struct xml_node *error = xml_node_new(&arena, "jabber:server", "error"), *inner;

	(void)state;
	assert_non_null(error);
	assert_int_equal(xml_node_set(&arena, error, "type", STR("a<b")), 0);
	inner = xml_node_add(&arena, error, "urn:ietf:params:xml:ns:xmpp-stanzas", "gone");
	assert_non_null(xml_node_add(&arena, inner, NULL, "x"));
	assert_int_equal(xml_node_add_text(&arena, error, STR("it's")), 0);
	assert_int_equal(xml_tree_write(error, NULL, &out), 0);
	assert_true(str_is(buf_str(&out),
			   "<error type='a&lt;b'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'><x/></gone>it's</error>"));
	buf_fini(&out);
	arena_fini(&arena);
}

static void a_tree_that_no_parser_could_make_is_not_written(void **state)
{
	struct arena arena = {0};
	struct buf out = {0};
	struct xml_node *node = xml_node_new(&arena, "", "a");

	(void)state;
	node->prefix = STR("p");
	buf_add_cstr(&out, "before");
	assert_int_equal(xml_tree_write(node, NULL, &out), TRUNK_EINVAL);
	assert_true(str_is(buf_str(&out), "before"));
	buf_fini(&out);
	arena_fini(&arena);
}

static void only_one_whole_element_is_a_tree(void **state)
{
	static const char *const no_trees[] = {
		"",        "<a>",         "<a/><b/>",       "<a",          "</w>",
		"</w><w>", "<a/></w><w>", "<a/></w>",       "<a></w></a>", "<a/><b",
		"<a/>&am", "<a></b>",     "<a b='' b=''/>", "<a>\xFF</a>", "<a>&#0;</a>",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(no_trees) / sizeof(no_trees[0]); i++)
		assert_refused(no_trees[i], TRUNK_EXML);
	assert_refused("<a/>x", TRUNK_EXML_FORMAT);
}

static void what_xmpp_forbids_is_no_tree(void **state)
{
	static const char *const forbidden[] = {
		"<a><!-- x --></a>", "<!-- --><a/>",     "<a><?x y?></a>",      "<a>&nbsp;</a>",
		"<a b='&c;'/>",      "<!DOCTYPE a><a/>", "<a><!DOCTYPE a></a>", "<?xml version='1.0'?><a/>"};

	(void)state;
	for (unsigned i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
		assert_refused(forbidden[i], TRUNK_EXML_RESTRICTED);    /* RFC 6120 §11.1 */
	assert_refused("<x:a/>", TRUNK_EXML_PREFIX);
}

static void a_tree_has_limits(void **state)
{
	struct buf doc = {0};

	(void)state;
	assert_written("<a><b><c><d/></c></b></a>", "<a><b><c><d/></c></b></a>");
	assert_refused("<a><b><c><d><e/></d></c></b></a>", TRUNK_EXML_LIMIT);
	assert_written("<a b='' c='' d='' e=''/>", "<a b='' c='' d='' e=''/>");
	assert_refused("<a b='' c='' d='' e='' f=''/>", TRUNK_EXML_LIMIT);
	assert_refused("<a xmlns='u' xmlns:b='v' c='' d='' e=''/>", TRUNK_EXML_LIMIT);
	buf_add_cstr(&doc, "<a>");
	while (buf_len(&doc) < 1000)
		buf_add_cstr(&doc, "x");
	buf_add(&doc, str_make("</a>", 5));
	assert_refused(doc.at, TRUNK_EXML_LIMIT);
	buf_fini(&doc);
}

static void an_arena_with_a_limit_ends_in_no_memory(void **state)
{
	(void)state;
	for (size_t limit = 16; limit < 700; limit += 16) {
		struct arena arena = {.limit = limit};
		struct xml_node *node = NULL;

		assert_int_equal(parse(&arena, "<a b='1' xmlns:p='urn:p'>text<c/>text</a>", &node), TRUNK_ENOMEM);
		assert_null(node);
		arena_fini(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tree_keeps_names_prefixes_declarations_and_text),
		cmocka_unit_test(a_tree_stands_in_jabber_server_or_under_its_header),
		cmocka_unit_test(a_tree_is_written_in_canonical_form),
		cmocka_unit_test(what_the_outer_header_declares_is_not_declared_again),
		cmocka_unit_test(made_trees_declare_what_they_need),
		cmocka_unit_test(a_tree_that_no_parser_could_make_is_not_written),
		cmocka_unit_test(only_one_whole_element_is_a_tree),
		cmocka_unit_test(what_xmpp_forbids_is_no_tree),
		cmocka_unit_test(a_tree_has_limits),
		cmocka_unit_test(an_arena_with_a_limit_ends_in_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
