/* SPDX-License-Identifier: Apache-2.0
 * Takes elements, attributes and URLs out of a tree. */
#include "shape/shape_internal.h"

struct strip {
	struct arena *arena;
	const struct xml_node *root;
	const struct shape_order *order;
	bool is_changed;
};

static bool is_wanted_away(const struct strip *strip, const struct xml_node *node)
{
	if (strip->order->opaque && (element_classes(node) & strip->order->opaque))
		return true;
	for (unsigned i = 0; i < strip->order->strip_count; i++)
		if (name_fits(&strip->order->strip[i], node->ns, node->name))
			return true;
	return false;
}

static void elements_drop(struct strip *strip, struct xml_node *node)
{
	for (struct xml_node **at = &node->children; *at;) {
		if ((*at)->kind == XML_NODE_ELEMENT && is_wanted_away(strip, *at)) {
			*at = (*at)->next;
			strip->is_changed = true;
		} else {
			at = &(*at)->next;
		}
	}
}

int texts_join(struct arena *arena, struct xml_node *node)
{
	for (struct xml_node *first = node->children; first; first = first->next) {
		struct xml_node *end = first;
		size_t len = 0;
		char *at;

		for (; end && end->kind == XML_NODE_TEXT; end = end->next)
			len += end->text.len;
		if (first->kind != XML_NODE_TEXT || first->next == end)
			continue;
		if (!(at = arena_alloc(arena, len + 1)))
			return TRUNK_ENOMEM;
		len = 0;
		for (const struct xml_node *piece = first; piece != end; piece = piece->next) {
			if (piece->text.len)
				memcpy(at + len, piece->text.at, piece->text.len);
			len += piece->text.len;
		}
		first->text = str_make(at, len);
		first->next = end;
	}
	return 0;
}

/* The text with its URLs replaced. Absent: no memory. */
static struct str without_urls(struct arena *arena, struct str text)
{
	struct buf out = {0};
	size_t offset, len;
	struct str copy;
	int err = 0;

	while (!err && shape_url_find(text, &offset, &len)) {
		if ((err = buf_add(&out, str_until(text, offset))) == 0)
			err = buf_add(&out, STR(SHAPE_LINK_REMOVED));
		text = str_from(text, offset + len);
	}
	if (!err)
		err = buf_add(&out, text);
	copy = err ? STR_NONE : arena_str(arena, buf_str(&out));
	buf_fini(&out);
	return copy;
}

static int texts_strip(struct strip *strip, struct xml_node *node)
{
	for (struct xml_node **at = &node->children; *at;) {
		struct xml_node *child = *at;
		const unsigned classes =
			child->kind == XML_NODE_TEXT ? text_classes(strip->root, child) & strip->order->opaque : 0;

		if (classes & ~(unsigned)SHAPE_LINK) {
			*at = child->next;
			strip->is_changed = true;
			continue;
		}
		if (classes) {
			if (text_is_armoured(child->text))
				return TRUNK_EPOLICY;
			child->text = without_urls(strip->arena, child->text);
			if (str_is_absent(child->text))
				return TRUNK_ENOMEM;
			strip->is_changed = true;
		}
		at = &child->next;
	}
	return 0;
}

/* Whether the whole namespace goes. */
static bool is_ns_away(const struct strip *strip, struct str ns)
{
	for (unsigned i = 0; i < strip->order->strip_count; i++)
		if (str_is_absent(strip->order->strip[i].name) && str_eq(strip->order->strip[i].ns, ns))
			return true;
	return false;
}

static bool is_attr_away(const struct strip *strip, const struct xml_node *node, const struct xml_attr *attr)
{
	if (node == strip->root && (strip->order->opaque & SHAPE_LINK) && attr_is_link(attr->name, attr->value))
		return true; /* elsewhere the element went */
	return attr->prefix.len && is_ns_away(strip, attr->ns);
}

/* Attributes and declarations. Names that are left do not need the declarations: the writer makes those that they do. */
static void attrs_drop(struct strip *strip, struct xml_node *node)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < node->attr_count; i++)
		if (!is_attr_away(strip, node, &node->attrs[i]))
			node->attrs[kept++] = node->attrs[i];
	strip->is_changed |= kept < node->attr_count;
	node->attr_count = kept;
	kept = 0;
	for (unsigned i = 0; i < node->decl_count; i++)
		if (!is_ns_away(strip, node->decls[i].uri))
			node->decls[kept++] = node->decls[i];
	strip->is_changed |= kept < node->decl_count;
	node->decl_count = kept;
}

int strip(struct arena *arena, struct xml_node *stanza, const struct shape_order *order, bool *ret_is_changed)
{
	struct strip strip = {.arena = arena, .root = stanza, .order = order};
	int err = 0;

	for (struct xml_node *node = stanza; node && !err; node = node_after(stanza, node)) {
		if (node->kind != XML_NODE_ELEMENT)
			continue;
		elements_drop(&strip, node);
		attrs_drop(&strip, node);
		if ((err = texts_join(arena, node)) == 0 && order->opaque)
			err = texts_strip(&strip, node);
	}
	*ret_is_changed |= strip.is_changed;
	return err;
}
