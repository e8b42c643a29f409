/* SPDX-License-Identifier: Apache-2.0
 * Elements as trees: made, found, copied. */
#include "xml/xml.h"

struct xml_node *xml_node_child(const struct xml_node *node, const char *ns, const char *name)
{
	const struct xml_node first = {.next = node ? node->children : NULL};

	return xml_node_next(&first, ns, name);
}

struct xml_node *xml_node_next(const struct xml_node *sibling, const char *ns, const char *name)
{
	for (struct xml_node *node = sibling ? sibling->next : NULL; node; node = node->next) {
		if (node->kind == XML_NODE_ELEMENT && (!ns || str_is(node->ns, ns)) && (!name || str_is(node->name, name)))
			return node;
	}
	return NULL;
}

struct str xml_node_attr(const struct xml_node *node, const char *name)
{
	for (unsigned i = 0; node && i < node->attr_count; i++) {
		if (node->attrs[i].prefix.len == 0 && str_is(node->attrs[i].name, name))
			return node->attrs[i].value;
	}
	return STR_NONE;
}

struct str xml_node_text(struct arena *arena, const struct xml_node *node)
{
	const struct xml_node *only = NULL;
	size_t len = 0, count = 0;
	char *at;

	for (const struct xml_node *n = node ? node->children : NULL; n; n = n->next) {
		if (n->kind != XML_NODE_TEXT)
			continue;
		only = n;
		len += n->text.len;
		count++;
	}
	if (count == 0)
		return STR("");
	if (count == 1)
		return only->text;
	if (!(at = arena_alloc(arena, len + 1)))
		return STR_NONE;
	len = 0;
	for (const struct xml_node *n = node->children; n; n = n->next) {
		if (n->kind == XML_NODE_TEXT && n->text.len) {
			memcpy(at + len, n->text.at, n->text.len);
			len += n->text.len;
		}
	}
	return str_make(at, len);
}

/* Copies `s` unless it is absent. False: no memory. */
static bool copy_str(struct arena *arena, struct str s, struct str *ret_copy)
{
	*ret_copy = str_is_absent(s) ? STR_NONE : arena_str(arena, s);
	return str_is_absent(s) == str_is_absent(*ret_copy);
}

static void append(struct xml_node *parent, struct xml_node *node)
{
	struct xml_node **end = &parent->children;

	while (*end)
		end = &(*end)->next;
	*end = node;
	node->parent = parent;
}

struct xml_node *xml_node_new(struct arena *arena, const char *ns, const char *name)
{
	struct xml_node *node = arena_alloc(arena, sizeof(*node));

	if (!node)
		return NULL;
	node->kind = XML_NODE_ELEMENT;
	if (!copy_str(arena, str_of(ns ? ns : ""), &node->ns) || !copy_str(arena, str_of(name), &node->name))
		return NULL;
	return node;
}

struct xml_node *xml_node_add(struct arena *arena, struct xml_node *parent, const char *ns, const char *name)
{
	struct xml_node *node = xml_node_new(arena, ns, name);

	if (!node)
		return NULL;
	if (!ns) {
		node->ns = parent->ns;
		node->prefix = parent->prefix;
	}
	append(parent, node);
	return node;
}

int xml_node_set(struct arena *arena, struct xml_node *node, const char *name, struct str value)
{
	struct xml_attr attr = {0}, *attrs;

	if (!copy_str(arena, value, &attr.value))
		return TRUNK_ENOMEM;
	for (unsigned i = 0; i < node->attr_count; i++) {
		if (node->attrs[i].prefix.len == 0 && str_is(node->attrs[i].name, name)) {
			node->attrs[i].value = attr.value;
			return 0;
		}
	}
	attrs = arena_alloc(arena, (node->attr_count + 1) * sizeof(*attrs));
	if (!attrs || !copy_str(arena, str_of(name), &attr.name))
		return TRUNK_ENOMEM;
	if (node->attr_count)
		memcpy(attrs, node->attrs, node->attr_count * sizeof(*attrs));
	attrs[node->attr_count++] = attr;
	node->attrs = attrs;
	return 0;
}

int xml_node_add_text(struct arena *arena, struct xml_node *node, struct str text)
{
	struct xml_node *child = arena_alloc(arena, sizeof(*child));

	if (!child)
		return TRUNK_ENOMEM;
	child->kind = XML_NODE_TEXT;
	if (!copy_str(arena, str_is_absent(text) ? STR("") : text, &child->text))
		return TRUNK_ENOMEM;
	append(node, child);
	return 0;
}

/* Namespaces and prefixes that were copied of late. In a parsed tree names share them, and so they do in its copy; else a
 * long one would cost its bytes once a name. As many are remembered as can be in force, twice. */
struct copies {
	struct arena *arena;
	struct copied {
		const char *from;
		struct str to;
	} known[2 * XML_BINDINGS_MAX];
	unsigned count;                 /* ever; the oldest are overwritten */
};

static bool copy_shared(struct copies *copies, struct str s, struct str *ret_copy)
{
	enum { KNOWN_MAX = 2 * XML_BINDINGS_MAX };
	const unsigned known = copies->count < KNOWN_MAX ? copies->count : KNOWN_MAX;

	for (unsigned i = 1; i <= known && s.len; i++) {
		const struct copied *copied = &copies->known[(copies->count - i) % KNOWN_MAX];

		if (copied->from == s.at && copied->to.len == s.len) {
			*ret_copy = copied->to;
			return true;
		}
	}
	if (!copy_str(copies->arena, s, ret_copy))
		return false;
	if (s.len)
		copies->known[copies->count++ % KNOWN_MAX] = (struct copied){.from = s.at, .to = *ret_copy};
	return true;
}

/* The node alone, without its children. */
static struct xml_node *copy_one(struct copies *copies, const struct xml_node *from)
{
	struct arena *arena = copies->arena;
	struct xml_node *node = arena_alloc(arena, sizeof(*node));
	bool fine = node != NULL;

	if (!fine)
		return NULL;
	node->kind = from->kind;
	fine = copy_str(arena, from->text, &node->text) && copy_shared(copies, from->prefix, &node->prefix) &&
	       copy_shared(copies, from->ns, &node->ns) && copy_str(arena, from->name, &node->name);
	if (fine && from->attr_count)
		fine = (node->attrs = arena_alloc(arena, from->attr_count * sizeof(*node->attrs))) != NULL;
	if (fine && from->decl_count)
		fine = (node->decls = arena_alloc(arena, from->decl_count * sizeof(*node->decls))) != NULL;
	for (; fine && node->attr_count < from->attr_count; node->attr_count++) {
		const struct xml_attr *a = &from->attrs[node->attr_count];
		struct xml_attr *copy = &node->attrs[node->attr_count];

		fine = copy_shared(copies, a->prefix, &copy->prefix) && copy_shared(copies, a->ns, &copy->ns) &&
		       copy_str(arena, a->name, &copy->name) && copy_str(arena, a->value, &copy->value);
	}
	for (; fine && node->decl_count < from->decl_count; node->decl_count++) {
		fine = copy_shared(copies, from->decls[node->decl_count].prefix, &node->decls[node->decl_count].prefix) &&
		       copy_shared(copies, from->decls[node->decl_count].uri, &node->decls[node->decl_count].uri);
	}
	return fine ? node : NULL;
}

/* Walks both trees side by side instead of calling itself, so that depth costs no stack. */
static struct xml_node *copy_all(struct copies *copies, const struct xml_node *root)
{
	struct xml_node *top = copy_one(copies, root), *to = top, *made;
	const struct xml_node *from = root;

	while (to) {
		if (from->children) {
			from = from->children;
			if (!(made = copy_one(copies, from)))
				return NULL;
			made->parent = to;
			to->children = made;
			to = made;
			continue;
		}
		while (from != root && !from->next) {
			from = from->parent;
			to = to->parent;
		}
		if (from == root)
			break;
		from = from->next;
		if (!(made = copy_one(copies, from)))
			return NULL;
		made->parent = to->parent;
		to->next = made;
		to = made;
	}
	return top;
}

struct xml_node *xml_tree_copy(struct arena *arena, const struct xml_node *root)
{
	struct copies copies;

	copies.arena = arena;
	copies.count = 0;
	return copy_all(&copies, root);
}
