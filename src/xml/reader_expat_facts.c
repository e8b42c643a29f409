/* SPDX-License-Identifier: Apache-2.0
 * What the Expat backend notes of a header and of an element. */
#include "xml/reader_expat.h"

static void stop(struct expat_reader *reader, int err)
{
	if (!reader->error)
		reader->error = err;
	XML_StopParser(reader->parser, XML_FALSE);
}

/* A copy in the header's arena while the root is read, else in the element's. */
static struct str keep(struct expat_reader *reader, struct str s)
{
	struct str copy = STR_NONE;

	if (str_is_absent(s))
		return STR_NONE;
	copy = arena_str(reader->depth == 0 ? &reader->base.arena : &reader->arena, s);
	if (str_is_absent(copy))
		stop(reader, TRUNK_ENOMEM);
	return copy;
}

static void on_xml_decl(void *ctx, const char *version, const char *encoding, int standalone)
{
	(void)standalone;
	if (!str_is(str_of(version), "1.0"))
		stop(ctx, TRUNK_EXML);
	else if (encoding && !xml_encoding_is_utf8(str_of(encoding)))
		stop(ctx, TRUNK_EXML_ENCODING);
}

static void on_decl(void *ctx, const char *prefix, const char *uri)
{
	struct expat_reader *reader = ctx;

	if (reader->error)
		return;
	if (reader->binding_count >= (reader->depth == 0 ? XML_DECLS_MAX : XML_BINDINGS_MAX)) {
		stop(reader, TRUNK_EXML_LIMIT);
		return;
	}
	reader->bindings[reader->binding_count++] = (struct xml_decl){
		.prefix = keep(reader, str_of(prefix ? prefix : "")),
		.uri = keep(reader, str_of(uri ? uri : "")),
	};
}

static void on_decl_end(void *ctx, const char *prefix)
{
	struct expat_reader *reader = ctx;

	(void)prefix;
	if (reader->binding_count)
		reader->binding_count--;
}

static void note_prefix(struct expat_reader *reader, struct str prefix)
{
	if (prefix.len == 0 || str_is(prefix, "xml"))
		return;
	for (unsigned i = reader->binding_count; i > 0; i--) {
		if (!str_eq(reader->bindings[i - 1].prefix, prefix))
			continue;
		if (i - 1 < reader->header_bindings)
			reader->header_prefixes |= (uint32_t)1 << (i - 1);
		return;
	}
}

static void header_take(struct expat_reader *reader, struct str ns, struct str name, struct str prefix, const char **attrs)
{
	struct xml_header header = {.ns = keep(reader, str_is_absent(ns) ? STR("") : ns), .name = keep(reader, name)};
	struct xml_attr *copies;
	struct xml_decl *decls;
	unsigned count = 0;

	header.prefix = keep(reader, prefix);
	while (attrs[2 * count])
		count++;
	copies = arena_alloc(&reader->base.arena, (count + 1) * sizeof(*copies));
	decls = arena_alloc(&reader->base.arena, (reader->binding_count + 1) * sizeof(*decls));
	if (!copies || !decls) {
		stop(reader, TRUNK_ENOMEM);
		return;
	}
	for (unsigned i = 0; i < count; i++) {
		struct xml_attr parts;

		expat_name(attrs[2 * i], &parts.ns, &parts.name, &parts.prefix);
		copies[i] = (struct xml_attr){.prefix = keep(reader, parts.prefix), .ns = keep(reader, parts.ns)};
		copies[i].name = keep(reader, parts.name);
		copies[i].value = keep(reader, str_of(attrs[2 * i + 1]));
	}
	memcpy(decls, reader->bindings, reader->binding_count * sizeof(*decls));
	header.attrs = copies;
	header.attr_count = count;
	header.decls = decls;
	header.decl_count = reader->header_bindings = reader->binding_count;
	reader->base.header = header;
}

/* The name of the tag at `begin`, as written. */
static struct str raw_name(const struct expat_reader *reader, size_t begin)
{
	const char *at = reader->at + begin + 1;

	return str_make(at, strcspn(at, " \t\r\n/>"));  /* the tag is whole: one of them comes before the input's end */
}

static struct str local_part(struct str name)
{
	const size_t colon = str_find(name, ':');

	return colon < name.len ? str_from(name, colon + 1) : name;
}

static void top_take(struct expat_reader *reader, struct str ns, struct str prefix, size_t end)
{
	const struct str name = raw_name(reader, 0);

	reader->ns = keep(reader, str_is_absent(ns) ? STR("") : ns);
	reader->name_end = 1 + name.len;
	reader->has_prefix = prefix.len > 0;
	reader->tag_end = end;
}

static void child_take(struct expat_reader *reader, struct str ns, size_t begin)
{
	if (reader->child_count < XML_CHILDREN_MAX) {
		reader->children[reader->child_count] = (struct xml_child){
			.ns = keep(reader, str_is_absent(ns) ? STR("") : ns),
			.begin = begin,                         /* the name is for expat_reader_give(): the input may move */
		};
	}
	reader->child_count++;
}

static void on_start(void *ctx, const char *triplet, const char **attrs)
{
	struct expat_reader *reader = ctx;
	const size_t begin = (size_t)((uint64_t)XML_GetCurrentByteIndex(reader->parser) - reader->begin);
	const size_t end = begin + (size_t)XML_GetCurrentByteCount(reader->parser);
	struct str ns, name, prefix;

	if (reader->error)
		return;
	expat_name(triplet, &ns, &name, &prefix);
	note_prefix(reader, prefix);
	for (unsigned i = 0; attrs[i]; i += 2) {
		struct xml_attr attr;

		expat_name(attrs[i], &attr.ns, &attr.name, &attr.prefix);
		note_prefix(reader, attr.prefix);
	}
	if (reader->depth == 0)
		header_take(reader, ns, name, prefix, attrs);
	else if (reader->depth == 1)
		top_take(reader, ns, prefix, end);
	else if (reader->depth == 2)
		child_take(reader, ns, begin);
	reader->depth++;
}

static void on_end(void *ctx, const char *triplet)
{
	struct expat_reader *reader = ctx;
	const uint64_t end = (uint64_t)XML_GetCurrentByteIndex(reader->parser) +
			     (uint64_t)XML_GetCurrentByteCount(reader->parser);

	(void)triplet;
	reader->depth--;
	if (reader->depth == 2 && reader->child_count <= XML_CHILDREN_MAX)
		reader->children[reader->child_count - 1].end = (size_t)(end - reader->begin);
}

static void on_cdata(void *ctx)
{
	struct expat_reader *reader = ctx;

	reader->has_cdata = true;
}

void expat_reader_listen(struct expat_reader *reader)
{
	XML_SetUserData(reader->parser, reader);
	XML_SetXmlDeclHandler(reader->parser, on_xml_decl);
	XML_SetElementHandler(reader->parser, on_start, on_end);
	XML_SetNamespaceDeclHandler(reader->parser, on_decl, on_decl_end);
	XML_SetStartCdataSectionHandler(reader->parser, on_cdata);
}

/* The raw value of an attribute in a start tag that Expat found right; absent where there is none. */
static struct str raw_attr(struct str tag, size_t name_end, const char *name)
{
	const char *at = tag.at + name_end;

	for (;;) {
		struct str key, value;

		at += strspn(at, " \t\r\n");
		if (*at == '/' || *at == '>')
			return STR_NONE;
		key = str_make(at, strcspn(at, " \t\r\n="));
		at += key.len;
		at += strspn(at, " \t\r\n=");
		value.at = at + 1;
		value.len = (size_t)(strchr(value.at, *at) - value.at);
		if (str_is(key, name))
			return value;
		at = value.at + value.len + 1;
	}
}

static bool has_escape(struct str value)
{
	for (size_t i = 0; i < value.len; i++) {
		if (strchr("&\t\n\r", value.at[i]))
			return true;
	}
	return false;
}

/* See xml_element_write(). The bytes are well-formed and hold no CDATA. */
static bool is_canonical(struct str bytes)
{
	bool is_tag = false;
	char quote = 0;

	for (size_t i = 0; i < bytes.len; i++) {
		const char c = bytes.at[i];

		if (c == '\r' || (c == '&' && bytes.at[i + 1] == '#') || (quote && (c == '\t' || c == '\n')))
			return false;
		if (quote) {
			if (c == quote)
				quote = 0;
		} else if (is_tag && (c == '"' || c == '\'')) {
			quote = c;
		} else if (c == '<' || c == '>') {
			is_tag = c == '<';
		}
	}
	return true;
}

static struct str header_default(const struct xml_header *header)
{
	for (unsigned i = 0; i < header->decl_count; i++) {
		if (header->decls[i].prefix.len == 0)
			return header->decls[i].uri;
	}
	return STR("");
}

void expat_reader_give(struct expat_reader *reader, struct str bytes, struct xml_element *ret_element)
{
	struct xml_element *e = ret_element;
	const struct str tag = str_until(bytes, reader->tag_end);
	const unsigned kept = reader->child_count < XML_CHILDREN_MAX ? reader->child_count : XML_CHILDREN_MAX;

	reader->at = bytes.at;
	for (unsigned i = 0; i < kept; i++)
		reader->children[i].name = local_part(raw_name(reader, reader->children[i].begin));
	*e = (struct xml_element){.bytes = bytes, .ns = reader->ns, .name_end = reader->name_end};
	e->name = local_part(raw_name(reader, 0));
	e->to = raw_attr(tag, e->name_end, "to");
	e->from = raw_attr(tag, e->name_end, "from");
	e->type = raw_attr(tag, e->name_end, "type");
	e->id = raw_attr(tag, e->name_end, "id");
	e->lang = raw_attr(tag, e->name_end, "xml:lang");
	e->has_escapes = has_escape(e->to) || has_escape(e->from) || has_escape(e->type) || has_escape(e->id) ||
			 has_escape(e->lang);
	e->is_canonical = !reader->has_cdata && !reader->has_prefix &&
			  str_eq(e->ns, header_default(&reader->base.header)) && is_canonical(bytes);
	e->header_prefixes = reader->header_prefixes;
	e->children = reader->children;
	e->child_count = reader->child_count;
}
