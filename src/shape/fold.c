/* SPDX-License-Identifier: Apache-2.0
 * Cuts presence down to its type and messages to their text. */
#include "shape/shape_internal.h"

/* Keeps to, from, id, type and xml:lang, which every stanza may have, and of other elements xml:lang alone. */
static bool attrs_fold(struct xml_node *node, bool is_stanza)
{
	static const char *const names[] = {"to", "from", "id", "type"};
	const unsigned before = node->attr_count, decls = node->decl_count;

	node->attr_count = node->decl_count = 0;
	for (unsigned i = 0; i < before; i++) {
		const struct xml_attr attr = node->attrs[i];
		bool is_kept = str_is(attr.ns, XML_NS_XML) && str_is(attr.name, "lang");

		for (unsigned n = 0; is_stanza && attr.prefix.len == 0 && n < sizeof(names) / sizeof(names[0]); n++)
			is_kept |= str_is(attr.name, names[n]);
		if (is_kept)
			node->attrs[node->attr_count++] = attr;
	}
	return node->attr_count < before || decls > 0;
}

/* Leaves text alone. */
static bool text_fold(struct xml_node *node)
{
	bool is_changed = attrs_fold(node, false);

	for (struct xml_node **at = &node->children; *at;) {
		if ((*at)->kind == XML_NODE_TEXT) {
			at = &(*at)->next;
			continue;
		}
		*at = (*at)->next;
		is_changed = true;
	}
	return is_changed;
}

static bool is_text_of(const struct xml_node *stanza, const struct xml_node *node, const char *name)
{
	return node->kind == XML_NODE_ELEMENT && str_eq(node->ns, stanza->ns) && str_is(node->name, name);
}

static int body_fold(struct arena *arena, struct xml_node *message, bool *ret_is_changed)
{
	bool is_changed = attrs_fold(message, true), has_body = false, has_subject = false;
	int err = 0;

	for (struct xml_node **at = &message->children; *at && !err;) {
		struct xml_node *child = *at;

		if (!has_body && is_text_of(message, child, "body")) {
			has_body = true;
			is_changed |= text_fold(child);
			err = texts_join(arena, child);
		} else if (!has_subject && is_text_of(message, child, "subject")) {
			has_subject = true;
			is_changed |= text_fold(child);
			err = texts_join(arena, child);
		} else if (child->kind != XML_NODE_ELEMENT || !str_is(child->ns, NS_LABEL)) {
			*at = child->next;
			is_changed = true;
			continue;
		}
		at = &child->next;
	}
	*ret_is_changed |= is_changed;
	return err;
}

static bool presence_fold(struct xml_node *presence)
{
	const bool has_children = presence->children != NULL;

	presence->children = NULL;
	return attrs_fold(presence, true) || has_children;
}

static bool is_sealed_anywhere(const struct xml_node *stanza)
{
	for (const struct xml_node *node = stanza; node; node = node_after(stanza, node))
		if (node->kind == XML_NODE_ELEMENT && node->children && label_is_sealed(node))
			return true;
	return false;
}

int fold(struct arena *arena, struct xml_node *stanza, enum shape_fold fold, bool *ret_is_changed)
{
	const bool is_presence = fold == SHAPE_FOLD_PRESENCE;

	if (fold == SHAPE_FOLD_NONE || !str_is(stanza->name, is_presence ? "presence" : "message"))
		return 0;
	if (str_is(xml_node_attr(stanza, "type"), "error")) {
		*ret_is_changed |= label_error_strip(stanza);
		return 0;
	}
	if (is_sealed_anywhere(stanza))
		return TRUNK_EPOLICY;
	if (!is_presence)
		return body_fold(arena, stanza, ret_is_changed);
	*ret_is_changed |= presence_fold(stanza);
	return 0;
}
