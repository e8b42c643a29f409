/* SPDX-License-Identifier: Apache-2.0
 * Hides content, keeps structure. */
#include "control/redact.h"

#include "control/foreign.h"

#include <stdio.h>

static int hide(struct arena *arena, struct str *text)
{
	char shown[32];
	const int len = snprintf(shown, sizeof(shown), "[%zu]", foreign_columns(*text));
	const struct str hidden = arena_str(arena, str_make(shown, (size_t)len));

	if (str_is_absent(hidden))
		return TRUNK_ENOMEM;
	*text = hidden;
	return 0;
}

static bool is_named(struct str name, const char *const *names)
{
	for (; *names; names++)
		if (str_is(name, *names))
			return true;
	return false;
}

static bool is_kept(const struct xml_node *stanza, const struct xml_node *node, const struct xml_attr *attr)
{
	static const char *const of_stanza[] = {"to", "from", "id", "type", NULL};
	static const char *const of_error[] = {"type", "code", NULL};

	if (str_is(attr->ns, XML_NS_XML) && str_is(attr->name, "lang"))
		return true;
	if (attr->prefix.len)
		return false;
	if (node == stanza)
		return is_named(attr->name, of_stanza);
	return node->parent == stanza && str_is(node->name, "error") && is_named(attr->name, of_error);
}

static int attrs_hide(struct arena *arena, const struct xml_node *stanza, struct xml_node *node)
{
	int err = 0;

	for (unsigned i = 0; i < node->attr_count && !err; i++)
		if (!is_kept(stanza, node, &node->attrs[i]))
			err = hide(arena, &node->attrs[i].value);
	return err;
}

static struct xml_node *node_after(const struct xml_node *root, const struct xml_node *node)
{
	if (node->children)
		return node->children;
	while (node != root && !node->next)
		node = node->parent;
	return node == root ? NULL : node->next;
}

int redact(struct arena *arena, struct xml_node *stanza)
{
	int err = 0;

	for (struct xml_node *node = stanza; node && !err; node = node_after(stanza, node)) {
		if (node->kind == XML_NODE_ELEMENT)
			err = attrs_hide(arena, stanza, node);
		else if (str_trim(node->text).len > 0)
			err = hide(arena, &node->text);
	}
	return err;
}
