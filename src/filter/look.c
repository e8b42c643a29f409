/* SPDX-License-Identifier: Apache-2.0
 * Trees into text, and text into the tree of a changed stanza. */
#include "filter/look.h"

#include "label/check.h"

#include <stdio.h>

/* ---- text ---- */

int look_node_text(const struct xml_node *node, struct str between, struct buf *out)
{
	int err = 0;

	for (const struct xml_node *child = node->children; child && err == 0; child = child->next) {
		if (child->kind == XML_NODE_TEXT) {
			err = buf_add(out, child->text);
			continue;
		}
		if ((err = buf_add(out, between)) == 0 && (err = look_node_text(child, between, out)) == 0)
			err = buf_add(out, between);
	}
	return err;
}

static bool is_label(const struct filter_view *view, const struct xml_node *node)
{
	return view->label && node->kind == XML_NODE_ELEMENT && str_is(node->ns, NS_SEC_LABEL);
}

int look_text(const struct filter_view *view, const struct xml_node *stanza, struct str between, struct buf *out)
{
	int err = 0;

	for (const struct xml_node *child = stanza->children; child && err == 0; child = child->next) {
		if (is_label(view, child))
			continue;
		err = child->kind == XML_NODE_TEXT ? buf_add(out, child->text) : look_node_text(child, between, out);
		if (err == 0)
			err = buf_add(out, STR("\n"));
	}
	return err;
}

int look_node_values(const struct xml_node *node, struct buf *out)
{
	int err = 0;

	for (unsigned i = 0; i < node->attr_count && err == 0; i++)
		if ((err = buf_add(out, node->attrs[i].value)) == 0)
			err = buf_add(out, STR("\n"));
	for (const struct xml_node *child = node->children; child && err == 0; child = child->next)
		if (child->kind == XML_NODE_ELEMENT)
			err = look_node_values(child, out);
	return err;
}

int look_values(const struct filter_view *view, const struct xml_node *stanza, struct buf *out)
{
	int err = 0;

	for (const struct xml_node *child = stanza->children; child && err == 0; child = child->next)
		if (child->kind == XML_NODE_ELEMENT && !is_label(view, child))
			err = look_node_values(child, out);
	return err;
}

int look_children(const struct xml_node *stanza, const char *name, struct buf *out, unsigned *ret_count)
{
	int err = 0;

	*ret_count = 0;
	for (const struct xml_node *child = stanza->children; child && err == 0; child = child->next) {
		if (child->kind != XML_NODE_ELEMENT || !str_eq(child->ns, stanza->ns) || !str_is(child->name, name))
			continue;
		if ((*ret_count)++ > 0)
			err = buf_add(out, STR("\n"));
		if (err == 0)
			err = look_node_text(child, STR(""), out);
	}
	return err;
}

/* ---- changes ---- */

bool look_fits(const struct xml_node *node, struct str pattern)
{
	struct str name = pattern, ns;

	if (node->kind != XML_NODE_ELEMENT)
		return false;
	if (pattern.len == 0 || *pattern.at != '{')
		return str_eq(node->ns, pattern);
	name = str_from(pattern, 1);
	ns = str_cut(&name, '}');
	return str_eq(node->ns, ns) && (str_is_absent(name) || name.len == 0 || str_eq(node->name, name));
}

static bool is_body(const struct xml_node *stanza, const struct xml_node *node)
{
	return node->kind == XML_NODE_ELEMENT &&
	       (str_is(node->ns, NS_XHTML_IM) || (str_eq(node->ns, stanza->ns) && str_is(node->name, "body")));
}

int look_edit(struct arena *arena, struct xml_node *stanza, const struct str *remove, unsigned count, struct str body)
{
	struct xml_node **at = &stanza->children, *made;

	while (*at) {
		bool is_out = !str_is_absent(body) && is_body(stanza, *at);

		for (unsigned i = 0; i < count && !is_out; i++)
			is_out = look_fits(*at, remove[i]);
		if (is_out)
			*at = (*at)->next;
		else
			at = &(*at)->next;
	}
	if (str_is_absent(body))
		return 0;
	if (!(made = xml_node_add(arena, stanza, NULL, "body")))
		return TRUNK_ENOMEM;
	return xml_node_add_text(arena, made, body);
}

static bool is_xml_char(uint32_t c)
{
	return c == '\t' || c == '\n' || (c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0) && c != 0xfffe && c != 0xffff);
}

struct str text_for_xml(struct arena *arena, struct str text, size_t most_bytes)
{
	char *made = arena_alloc(arena, most_bytes + 1);
	size_t len = 0;

	if (!made)
		return STR_NONE;
	while (text.len) {
		uint32_t c = 0;
		const size_t size = str_first_char(text, &c);
		const struct str piece = size && is_xml_char(c) ? str_until(text, size) : STR("\xef\xbf\xbd");

		if (len + piece.len > most_bytes)
			break;
		memcpy(made + len, piece.at, piece.len);
		len += piece.len;
		text = str_from(text, size ? size : 1);
	}
	return str_make(made, len);
}

/* What may not change: who says it to whom, what it answers, and what it is. */
static const char *changed_field(const struct filter_view *view, const struct xml_node *node)
{
	const struct {
		const char *name;
		struct str was;
	} fields[] = {{"from", view->from}, {"to", view->to}, {"type", view->type}, {"id", view->id}};

	if (!str_is(node->ns, NS_SERVER))
		return "namespace";
	if (!str_is(node->name, stanza_kind_text(view->kind)))
		return "kind";
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct str is = xml_node_attr(node, fields[i].name);

		if (str_is_absent(is) != str_is_absent(fields[i].was) || !str_eq(is, fields[i].was))
			return fields[i].name;
	}
	return NULL;
}

static bool same_trees(const struct xml_node *a, const struct xml_node *b)
{
	if (a->kind != b->kind || !str_eq(a->text, b->text) || !str_eq(a->ns, b->ns) || !str_eq(a->name, b->name) || a->attr_count != b->attr_count)
		return false;
	for (unsigned i = 0; i < a->attr_count; i++)
		if (!str_eq(a->attrs[i].ns, b->attrs[i].ns) || !str_eq(a->attrs[i].name, b->attrs[i].name) ||
		    !str_eq(a->attrs[i].value, b->attrs[i].value))
			return false;
	for (a = a->children, b = b->children; a && b; a = a->next, b = b->next)
		if (!same_trees(a, b))
			return false;
	return !a && !b;
}

/* Where labels are on, a filter may label what has no label, and takes or changes none: a lower one would open the way for all else. */
static bool keeps_labels(const struct filter_view *view, const struct xml_node *changed)
{
	const struct xml_node *tree = view->label ? view->tree(view->ctx) : NULL;
	const struct xml_node *was = xml_node_child(tree, NS_SEC_LABEL, NULL), *is = xml_node_child(changed, NS_SEC_LABEL, NULL);

	if (!view->label || (tree && !was))
		return true;
	for (; was && is && same_trees(was, is); was = xml_node_next(was, NS_SEC_LABEL, NULL))
		is = xml_node_next(is, NS_SEC_LABEL, NULL);
	return tree && !was && !is;
}

static bool is_fair(const struct filter_view *view, const struct xml_node *changed, char *why, size_t why_size)
{
	const char *field = changed_field(view, changed);

	if (field)
		snprintf(why, why_size, "the changed stanza has another %s", field);
	else if (!keeps_labels(view, changed))
		snprintf(why, why_size, "the changed stanza has another security label");
	else if (label_is_sealed(changed))
		snprintf(why, why_size, "the changed stanza holds what is signed or encrypted, which is refused rather than altered");
	else
		return true;
	return false;
}

bool change_read(const struct filter_view *view, struct str text, struct arena *scratch, struct buf *out, char *why, size_t why_size)
{
	const struct xml_limits limits = {.element_bytes = view->size_bytes + FILTER_CHANGE_GROWTH_BYTES_MAX,
					  .depth = XML_DEPTH_MAX, .attributes = XML_ATTRIBUTES_MAX};
	struct xml_node *node;
	int err;

	if ((err = xml_tree_parse(scratch, text, NULL, &limits, &node)) < 0) {
		snprintf(why, why_size, "the changed stanza: %s", error_text(err));
		return false;
	}
	if (!is_fair(view, node, why, why_size))
		return false;
	buf_clear(out);
	if ((err = xml_tree_write(node, NULL, out)) < 0) {
		snprintf(why, why_size, "the changed stanza: %s", error_text(err));
		return false;
	}
	return true;
}
