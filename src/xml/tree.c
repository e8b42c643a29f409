/* SPDX-License-Identifier: Apache-2.0
 * Trees by Expat. */
#include "xml/expat_impl.h"
#include "xml/reader_impl.h"

#include <stdlib.h>

/* One tree while it grows. `last[d]` is the newest child of the open element at depth d, where depth 0 is the wrapper that
 * stands for the stream's header. */
struct tree {
	XML_Parser parser;
	struct arena *arena;
	struct xml_limits limits;
	struct xml_node *root, *open;
	struct xml_node *last[XML_DEPTH_MAX + 1];
	unsigned depth;                 /* open elements inside the wrapper */
	bool is_inside;                 /* the wrapper is open */
	struct buf text;                /* since the last tag */
	/* Declarations in force, their strings in the arena: names share them, so that a long namespace costs its bytes once
	 * and not once a name. The last decl_count are of the start tag that comes next. */
	struct xml_decl bindings[XML_BINDINGS_MAX];
	unsigned binding_count, decl_count;
	int error;
};

static void tree_fail(struct tree *tree, int err)
{
	if (!tree->error)
		tree->error = err;
	XML_StopParser(tree->parser, XML_FALSE);
}

static struct str tree_str(struct tree *tree, struct str s)
{
	const struct str copy = str_is_absent(s) ? STR_NONE : arena_str(tree->arena, s);

	if (str_is_absent(copy) && !str_is_absent(s))
		tree_fail(tree, TRUNK_ENOMEM);
	return copy;
}

static void tree_append(struct tree *tree, struct xml_node *node)
{
	struct xml_node *before = tree->last[tree->depth];

	node->parent = tree->open;
	if (before)
		before->next = node;
	else if (tree->open)
		tree->open->children = node;
	tree->last[tree->depth] = node;
}

static void tree_flush(struct tree *tree)
{
	struct xml_node *node;

	if (buf_len(&tree->text) == 0 || tree->error)
		return;
	if (!(node = arena_alloc(tree->arena, sizeof(*node)))) {
		tree_fail(tree, TRUNK_ENOMEM);
		return;
	}
	node->kind = XML_NODE_TEXT;
	node->text = tree_str(tree, buf_str(&tree->text));
	tree_append(tree, node);
	buf_clear(&tree->text);
}

static void on_decl(void *ctx, const char *prefix, const char *uri)
{
	struct tree *tree = ctx;

	if (tree->error)
		return;
	if (tree->binding_count >= XML_BINDINGS_MAX ||
	    (tree->is_inside && tree->decl_count >= tree->limits.attributes)) {
		tree_fail(tree, TRUNK_EXML_LIMIT);
		return;
	}
	tree->bindings[tree->binding_count++] = (struct xml_decl){
		.prefix = tree_str(tree, str_of(prefix ? prefix : "")),
		.uri = tree_str(tree, str_of(uri ? uri : "")),
	};
	tree->decl_count++;
}

static void on_decl_end(void *ctx, const char *prefix)
{
	struct tree *tree = ctx;

	(void)prefix;
	if (tree->binding_count)
		tree->binding_count--;
}

/* What a prefix means, which Expat has found declared. Its strings and the prefix itself are shared. */
static struct xml_decl tree_resolve(const struct tree *tree, struct str prefix)
{
	if (str_is(prefix, "xml"))
		return (struct xml_decl){.prefix = STR("xml"), .uri = STR(XML_NS_XML)};
	for (unsigned i = tree->binding_count; i > 0; i--) {
		if (str_eq(tree->bindings[i - 1].prefix, prefix))
			return tree->bindings[i - 1];
	}
	return (struct xml_decl){.prefix = STR_NONE, .uri = STR("")};
}

static void tree_attrs(struct tree *tree, struct xml_node *node, const char **attrs, unsigned count)
{
	if (count == 0)
		return;
	if (!(node->attrs = arena_alloc(tree->arena, count * sizeof(*node->attrs)))) {
		tree_fail(tree, TRUNK_ENOMEM);
		return;
	}
	for (; node->attr_count < count; node->attr_count++, attrs += 2) {
		struct xml_attr *attr = &node->attrs[node->attr_count], parts;
		struct xml_decl decl;

		expat_name(attrs[0], &parts.ns, &parts.name, &parts.prefix);
		attr->name = tree_str(tree, parts.name);
		attr->value = tree_str(tree, str_of(attrs[1]));
		if (str_is_absent(parts.prefix))
			continue;
		decl = tree_resolve(tree, parts.prefix);
		attr->ns = decl.uri;
		attr->prefix = decl.prefix;
	}
}

static struct xml_node *tree_node(struct tree *tree, const char *name, const char **attrs, unsigned attr_count)
{
	struct xml_node *node = arena_alloc(tree->arena, sizeof(*node));
	struct str ns, local, prefix;
	struct xml_decl decl;

	if (!node)
		return NULL;
	node->kind = XML_NODE_ELEMENT;
	expat_name(name, &ns, &local, &prefix);
	decl = tree_resolve(tree, prefix);
	node->ns = decl.uri;
	node->prefix = str_is_absent(prefix) ? STR_NONE : decl.prefix;
	node->name = tree_str(tree, local);
	tree_attrs(tree, node, attrs, attr_count);
	if (tree->decl_count) {
		if (!(node->decls = arena_alloc(tree->arena, tree->decl_count * sizeof(*node->decls))))
			return NULL;
		memcpy(node->decls, tree->bindings + tree->binding_count - tree->decl_count,
		       tree->decl_count * sizeof(*node->decls));
		node->decl_count = tree->decl_count;
		tree->decl_count = 0;
	}
	return node;
}

static void on_start(void *ctx, const char *name, const char **attrs)
{
	struct tree *tree = ctx;
	struct xml_node *node;
	unsigned count = 0;

	if (tree->error)
		return;
	if (!tree->is_inside) {
		tree->is_inside = true;
		tree->decl_count = 0;
		return;
	}
	while (attrs[2 * count])
		count++;
	if (tree->depth >= tree->limits.depth || count + tree->decl_count > tree->limits.attributes) {
		tree_fail(tree, TRUNK_EXML_LIMIT);
		return;
	}
	if (tree->depth == 0 && tree->root) {
		tree_fail(tree, TRUNK_EXML);            /* one element was promised */
		return;
	}
	tree_flush(tree);
	if (!(node = tree_node(tree, name, attrs, count))) {
		tree_fail(tree, TRUNK_ENOMEM);
		return;
	}
	tree_append(tree, node);
	if (!tree->root)
		tree->root = node;
	tree->open = node;
	tree->last[++tree->depth] = NULL;
}

static void on_end(void *ctx, const char *name)
{
	struct tree *tree = ctx;

	(void)name;
	if (tree->error)
		return;
	tree_flush(tree);
	if (tree->depth == 0) {
		tree->is_inside = false;
		return;
	}
	tree->depth--;
	tree->open = tree->open->parent;
}

static void on_text(void *ctx, const char *text, int len)
{
	struct tree *tree = ctx;
	int err;

	if (tree->error)
		return;
	if (tree->depth == 0) {
		for (int i = 0; i < len; i++) {
			if (!strchr(" \t\r\n", text[i]))
				tree_fail(tree, TRUNK_EXML_FORMAT);
		}
		return;
	}
	if ((err = buf_add(&tree->text, str_make(text, (size_t)len))) < 0)
		tree_fail(tree, err);
}

static void on_doctype(void *ctx, const char *name, const char *sysid, const char *pubid, int has_subset)
{
	(void)name, (void)sysid, (void)pubid, (void)has_subset;
	tree_fail(ctx, TRUNK_EXML_RESTRICTED);
}

static void on_pi(void *ctx, const char *target, const char *data)
{
	(void)target, (void)data;
	tree_fail(ctx, TRUNK_EXML_RESTRICTED);
}

static void on_comment(void *ctx, const char *data)
{
	(void)data;
	tree_fail(ctx, TRUNK_EXML_RESTRICTED);
}

static int tree_feed(struct tree *tree, struct str bytes, bool is_last)
{
	/* Piece by piece, for Expat counts in int. */
	do {
		const struct str piece = str_until(bytes, 1 << 20);
		const bool is_end = is_last && piece.len == bytes.len;

		if (XML_Parse(tree->parser, piece.at, (int)piece.len, is_end) != XML_STATUS_OK && !tree->error)
			tree->error = expat_error(XML_GetErrorCode(tree->parser));
		bytes = str_from(bytes, piece.len);
	} while (bytes.len && !tree->error);
	return tree->error;
}

/* The start tag that the element stands under, so that its prefixes mean what they mean in the stream. */
static int wrapper_write(const struct xml_header *header, struct buf *out)
{
	int err = buf_add(out, STR("<w"));

	if (!header && !err)
		err = buf_add(out, STR(" xmlns='" XML_NS_SERVER "'"));
	for (unsigned i = 0; header && i < header->decl_count && !err; i++) {
		const struct xml_decl *decl = &header->decls[i];

		if ((err = buf_add(out, decl->prefix.len ? STR(" xmlns:") : STR(" xmlns"))) < 0 ||
		    (decl->prefix.len && (err = buf_add(out, decl->prefix)) < 0) || (err = buf_add(out, STR("='"))) < 0 ||
		    (err = xml_escape(out, decl->uri)) < 0)
			break;
		err = buf_add(out, STR("'"));
	}
	return err ? err : buf_add(out, STR(">"));
}

/* Expat knows no DTD inside an element, and calls it malformed where we have a word of its own for it. */
static bool is_doctype(const struct tree *tree, struct str bytes, size_t begin)
{
	const size_t at = (size_t)XML_GetCurrentByteIndex(tree->parser) - begin;

	return tree->error == TRUNK_EXML && at >= 2 && at < bytes.len && memcmp(bytes.at + at - 2, "<!", 2) == 0;
}

static int tree_read(struct tree *tree, struct str bytes, const struct xml_header *header)
{
	struct buf wrapper = {0};
	int err = wrapper_write(header, &wrapper);

	if (!err && !(err = tree_feed(tree, buf_str(&wrapper), false)) &&
	    (err = tree_feed(tree, bytes, false)) < 0 && is_doctype(tree, bytes, buf_len(&wrapper)))
		err = TRUNK_EXML_RESTRICTED;
	/* The bytes must neither close the wrapper nor leave anything open. */
	if (!err && (!tree->is_inside || tree->depth > 0 || !tree->root))
		err = TRUNK_EXML;
	if (!err)
		err = tree_feed(tree, STR("</w>"), true);
	buf_fini(&wrapper);
	return err;
}

static void tree_handlers(struct tree *tree)
{
	XML_SetUserData(tree->parser, tree);
	XML_SetElementHandler(tree->parser, on_start, on_end);
	XML_SetNamespaceDeclHandler(tree->parser, on_decl, on_decl_end);
	XML_SetCharacterDataHandler(tree->parser, on_text);
	XML_SetStartDoctypeDeclHandler(tree->parser, on_doctype);
	XML_SetProcessingInstructionHandler(tree->parser, on_pi);
	XML_SetCommentHandler(tree->parser, on_comment);
}

int xml_tree_parse(struct arena *arena, struct str bytes, const struct xml_header *header, const struct xml_limits *limits,
		   struct xml_node **ret_node)
{
	struct tree *tree;
	int err;

	if (bytes.len == 0)
		return TRUNK_EXML;
	if (bytes.len > limits->element_bytes)
		return TRUNK_EXML_LIMIT;
	if (!(tree = calloc(1, sizeof(*tree))))
		return TRUNK_ENOMEM;
	tree->arena = arena;
	tree->limits = *limits;
	if (tree->limits.depth > XML_DEPTH_MAX)
		tree->limits.depth = XML_DEPTH_MAX;
	if (tree->limits.attributes > XML_ATTRIBUTES_MAX)
		tree->limits.attributes = XML_ATTRIBUTES_MAX;
	if (!(tree->parser = expat_take())) {
		free(tree);
		return TRUNK_ENOMEM;
	}
	tree_handlers(tree);
	if (!(err = tree_read(tree, bytes, header)))
		*ret_node = tree->root;
	expat_give_back(tree->parser, bytes.len);
	buf_fini(&tree->text);
	free(tree);
	return err;
}
