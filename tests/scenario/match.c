/* SPDX-License-Identifier: Apache-2.0
 * Expected XML against received XML. */
#include "match.h"

#define WRAP_BEGIN                                                                                                             \
	"<expected xmlns='jabber:server' xmlns:db='jabber:server:dialback' xmlns:stream='http://etherx.jabber.org/streams'>"
#define WRAP_END "</expected>"

int match_parse(struct arena *arena, struct str text, const struct xml_node **ret_first)
{
	static const struct xml_limits limits = {.element_bytes = 64 * 1024 * 1024, .depth = 200, .attributes = 200};
	struct buf wrapped = {0};
	struct xml_node *root;
	int err;

	buf_add_cstr(&wrapped, WRAP_BEGIN);
	buf_add(&wrapped, text);
	buf_add_cstr(&wrapped, WRAP_END);
	if ((err = xml_tree_parse(arena, buf_str(&wrapped), NULL, &limits, &root)) == 0)
		*ret_first = xml_node_child(root, NULL, NULL);
	buf_fini(&wrapped);
	return err;
}

static bool same(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static bool fits(struct str expected, struct str received)
{
	return str_is(expected, "*") || same(expected, received);
}

static bool has_attrs(const struct xml_node *expected, const struct xml_node *received)
{
	for (unsigned i = 0; i < expected->attr_count; i++) {
		const struct xml_attr *want = &expected->attrs[i];
		bool found = false;

		for (unsigned j = 0; j < received->attr_count && !found; j++)
			found = same(want->ns, received->attrs[j].ns) && same(want->name, received->attrs[j].name) &&
				fits(want->value, received->attrs[j].value);
		if (!found)
			return false;
	}
	return true;
}

static bool has_text(const struct xml_node *expected, const struct xml_node *received, bool is_exact)
{
	struct arena arena = {0};
	const struct str want = str_trim(xml_node_text(&arena, expected)), have = str_trim(xml_node_text(&arena, received));
	const bool is_fit = (want.len == 0 && !is_exact) || (str_is(want, "*") ? have.len > 0 : same(want, have));

	arena_fini(&arena);
	return is_fit;
}

static bool has_children(const struct xml_node *expected, const struct xml_node *received, bool is_exact)
{
	const struct xml_node *have = xml_node_child(received, NULL, NULL);

	for (const struct xml_node *want = xml_node_child(expected, NULL, NULL); want; want = xml_node_next(want, NULL, NULL)) {
		while (have && !is_exact && !match_node(want, have, false))
			have = xml_node_next(have, NULL, NULL);
		if (!have || !match_node(want, have, is_exact))
			return false;
		have = xml_node_next(have, NULL, NULL);
	}
	return !is_exact || !have;
}

bool match_node(const struct xml_node *expected, const struct xml_node *received, bool is_exact)
{
	if (!same(expected->ns, received->ns) || !same(expected->name, received->name))
		return false;
	if (is_exact && expected->attr_count != received->attr_count)
		return false;
	return has_attrs(expected, received) && has_text(expected, received, is_exact) &&
	       has_children(expected, received, is_exact);
}
