/* SPDX-License-Identifier: Apache-2.0
 * Elements written in canonical form, and stanzas written onward. */
#include "xml/xml.h"

#include "xml/reader_impl.h"
#include "xml/text.h"

/* The namespace declarations in force where the pen is; the newest of a prefix counts. */
struct scope {
	struct buf *out;
	unsigned count;
	struct xml_decl decls[XML_BINDINGS_MAX];
};

static const struct xml_decl *scope_find(const struct scope *scope, struct str prefix, unsigned from)
{
	for (unsigned i = scope->count; i > from; i--) {
		if (str_eq(scope->decls[i - 1].prefix, prefix))
			return &scope->decls[i - 1];
	}
	return NULL;
}

static bool scope_has(const struct scope *scope, struct str prefix, struct str uri)
{
	const struct xml_decl *decl = scope_find(scope, prefix, 0);

	return decl ? str_eq(decl->uri, uri) : prefix.len == 0 && uri.len == 0;
}

static int scope_add(struct scope *scope, struct str prefix, struct str uri)
{
	if (scope->count == XML_BINDINGS_MAX)
		return TRUNK_ELIMIT;
	scope->decls[scope->count++] = (struct xml_decl){.prefix = prefix, .uri = uri};
	return 0;
}

/* Sees to it that `prefix` means `uri` on the element whose declarations begin at `mark`. */
static int scope_need(struct scope *scope, unsigned mark, struct str prefix, struct str uri)
{
	if (str_is(prefix, "xml") || scope_has(scope, prefix, uri))
		return 0;
	if (!xml_decl_is_legal(prefix, uri) || scope_find(scope, prefix, mark))
		return TRUNK_EINVAL;            /* no parser makes such a tree */
	return scope_add(scope, prefix, uri);
}

/* First what the names need, then what else the element declares, since content may speak of prefixes too. */
static int scope_enter(struct scope *scope, const struct xml_node *node)
{
	const unsigned mark = scope->count;
	int err = scope_need(scope, mark, node->prefix, node->ns);

	for (unsigned i = 0; i < node->attr_count && !err; i++) {
		if (node->attrs[i].prefix.len)
			err = scope_need(scope, mark, node->attrs[i].prefix, node->attrs[i].ns);
	}
	for (unsigned i = 0; i < node->decl_count && !err; i++) {
		const struct xml_decl *decl = &node->decls[i];

		if (!scope_find(scope, decl->prefix, mark) && !(decl->prefix.len == 0 && node->prefix.len == 0))
			err = scope_need(scope, mark, decl->prefix, decl->uri);
	}
	return err;
}

static int write_name(struct buf *out, struct str prefix, struct str name)
{
	int err = 0;

	if (prefix.len && !(err = buf_add(out, prefix)))
		err = buf_add(out, STR(":"));
	return err ? err : buf_add(out, name);
}

static int write_value(struct buf *out, struct str value)
{
	int err;

	if ((err = buf_add(out, STR("='"))) < 0 || (err = text_escape(out, value, '\'')) < 0)
		return err;
	return buf_add(out, STR("'"));
}

static int write_decl(struct buf *out, const struct xml_decl *decl)
{
	int err = buf_add(out, decl->prefix.len ? STR(" xmlns:") : STR(" xmlns"));

	if (!err && decl->prefix.len)
		err = buf_add(out, decl->prefix);
	return err ? err : write_value(out, decl->uri);
}

static int write_start(struct scope *scope, const struct xml_node *node)
{
	const unsigned mark = scope->count;
	int err;

	if ((err = buf_add(scope->out, STR("<"))) < 0 || (err = write_name(scope->out, node->prefix, node->name)) < 0 ||
	    (err = scope_enter(scope, node)) < 0)
		return err;
	for (unsigned i = mark; i < scope->count && !err; i++)
		err = write_decl(scope->out, &scope->decls[i]);
	for (unsigned i = 0; i < node->attr_count && !err; i++) {
		const struct xml_attr *attr = &node->attrs[i];

		if ((err = buf_add(scope->out, STR(" "))) < 0 || (err = write_name(scope->out, attr->prefix, attr->name)) < 0)
			return err;
		err = write_value(scope->out, attr->value);
	}
	return err ? err : buf_add(scope->out, node->children ? STR(">") : STR("/>"));
}

/* Calls itself as deep as the tree is; xml_tree_parse() bounds that. */
static int write_node(struct scope *scope, const struct xml_node *node)
{
	const unsigned mark = scope->count;
	int err;

	if (node->kind == XML_NODE_TEXT)
		return text_escape(scope->out, node->text, 0);
	err = write_start(scope, node);
	for (const struct xml_node *child = node->children; child && !err; child = child->next)
		err = write_node(scope, child);
	scope->count = mark;
	if (err || !node->children)
		return err;
	if ((err = buf_add(scope->out, STR("</"))) < 0 || (err = write_name(scope->out, node->prefix, node->name)) < 0)
		return err;
	return buf_add(scope->out, STR(">"));
}

int xml_tree_write(const struct xml_node *node, const struct xml_header *outer, struct buf *out)
{
	const size_t before = buf_len(out);
	struct scope scope = {.out = out};
	int err = 0;

	if (!outer)
		err = scope_add(&scope, STR(""), STR(XML_NS_SERVER));
	for (unsigned i = 0; outer && i < outer->decl_count && !err; i++)
		err = scope_add(&scope, outer->decls[i].prefix, outer->decls[i].uri);
	if (!err)
		err = write_node(&scope, node);
	if (err)
		out->end = out->start + before;
	return err;
}

/* Puts the header's xml:lang on an element that has none. */
static int node_set_lang(struct arena *arena, struct xml_node *node, struct str lang)
{
	const struct xml_attr attr = {.prefix = STR("xml"), .ns = STR(XML_NS_XML), .name = STR("lang"), .value = lang};
	struct xml_attr *attrs = arena_alloc(arena, (node->attr_count + 1) * sizeof(*attrs));

	if (!attrs)
		return TRUNK_ENOMEM;
	attrs[0] = attr;
	if (node->attr_count)
		memcpy(attrs + 1, node->attrs, node->attr_count * sizeof(*attrs));
	node->attrs = attrs;
	node->attr_count++;
	return 0;
}

/* Declares on the element what it and its content use of the header: once, for the header's names may be long and the uses
 * many. `mask` as in element.header_prefixes. */
static int node_declare(struct arena *arena, struct xml_node *node, const struct xml_header *header, uint32_t mask)
{
	struct xml_decl *decls;

	if (!mask)
		return 0;
	if (!(decls = arena_alloc(arena, (node->decl_count + XML_DECLS_MAX) * sizeof(*decls))))
		return TRUNK_ENOMEM;
	if (node->decl_count)
		memcpy(decls, node->decls, node->decl_count * sizeof(*decls));
	node->decls = decls;
	for (unsigned i = 0; i < header->decl_count; i++) {
		if (mask & (uint32_t)1 << i)
			node->decls[node->decl_count++] = header->decls[i];
	}
	return 0;
}

static int write_anew(const struct xml_reader *reader, const struct xml_element *element, struct arena *scratch,
		      struct buf *out)
{
	struct xml_node *node;
	int err;

	if ((err = xml_tree_parse(scratch, element->bytes, &reader->header, &reader->limits, &node)) < 0)
		return err;
	if (str_is_absent(element->lang) && !str_is_absent(reader->header_lang) &&
	    (err = node_set_lang(scratch, node, reader->header_lang)) < 0)
		return err;
	if ((err = node_declare(scratch, node, &reader->header, element->header_prefixes)) < 0)
		return err;
	return xml_tree_write(node, NULL, out);
}

/* What a canonical element needs behind its name to mean the same without its stream's header. */
static int write_additions(const struct xml_reader *reader, const struct xml_element *element, struct buf *out)
{
	int err = 0;

	for (unsigned i = 0; i < reader->header.decl_count && !err; i++) {
		if (element->header_prefixes & (uint32_t)1 << i)
			err = write_decl(out, &reader->header.decls[i]);
	}
	if (err || !str_is_absent(element->lang) || str_is_absent(reader->header_lang))
		return err;
	err = buf_add(out, STR(" xml:lang"));
	return err ? err : write_value(out, reader->header_lang);
}

int xml_element_write(const struct xml_reader *reader, const struct xml_element *element, struct arena *scratch,
		      struct buf *out)
{
	const size_t before = buf_len(out);
	int err;

	if (!element->is_canonical || !reader->is_server_default)
		return write_anew(reader, element, scratch, out);
	if (!element->header_prefixes && (!str_is_absent(element->lang) || str_is_absent(reader->header_lang)))
		return buf_add(out, element->bytes);
	if (!(err = buf_add(out, str_until(element->bytes, element->name_end))) &&
	    !(err = write_additions(reader, element, out)))
		err = buf_add(out, str_from(element->bytes, element->name_end));
	if (err)
		out->end = out->start + before;
	return err;
}
