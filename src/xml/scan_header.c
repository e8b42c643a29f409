/* SPDX-License-Identifier: Apache-2.0
 * The stream's header as the scanner hands it out: all of it copied, for it outlives its bytes. */
#include "xml/scan.h"

#include "xml/text.h"

static struct str value_copy(struct arena *arena, const unsigned char *at, const struct scan_attr *attr)
{
	const struct str raw = scan_str(at, attr->value, attr->value_len);
	char *copy;

	if (!attr->is_escaped)
		return arena_str(arena, raw);
	copy = arena_alloc(arena, raw.len + 1);
	return copy ? str_make(copy, value_decode(raw, copy)) : STR_NONE;
}

static bool attr_copy(struct scan *scan, const unsigned char *at, const struct scan_attr *from, struct xml_attr *ret_attr)
{
	struct arena *arena = &scan->base.arena;
	const uint32_t prefix_len = from->name.local - from->name.at;
	const struct str name = scan_str(at, from->name.local, from->name.len - prefix_len);
	const struct str prefix = scan_str(at, from->name.at, prefix_len ? prefix_len - 1 : 0);

	*ret_attr = (struct xml_attr){.name = arena_str(arena, name), .value = value_copy(arena, at, from)};
	if (str_is_absent(ret_attr->name) || str_is_absent(ret_attr->value))
		return false;
	if (!prefix_len)
		return true;
	ret_attr->prefix = arena_str(arena, prefix);
	ret_attr->ns = arena_str(arena, scan_uri(scan, scan_resolve(scan, prefix)));
	return !str_is_absent(ret_attr->prefix) && !str_is_absent(ret_attr->ns);
}

static bool decls_copy(struct scan *scan, struct xml_header *header)
{
	struct xml_decl *decls = arena_alloc(&scan->base.arena, (scan->binding_count + 1) * sizeof(*decls));

	header->decls = decls;
	for (unsigned i = 0; decls && i < scan->binding_count; i++) {
		decls[i].prefix = arena_str(&scan->base.arena, scan_pooled(scan, scan->bindings[i].prefix));
		decls[i].uri = arena_str(&scan->base.arena, scan_pooled(scan, scan->bindings[i].uri));
		if (str_is_absent(decls[i].prefix) || str_is_absent(decls[i].uri))
			return false;
		header->decl_count++;
	}
	return decls != NULL;
}

static bool attrs_copy(struct scan *scan, const unsigned char *at, struct xml_header *header)
{
	struct xml_attr *attrs = arena_alloc(&scan->base.arena, (scan->attr_count + 1) * sizeof(*attrs));

	header->attrs = attrs;
	for (unsigned i = 0; attrs && i < scan->attr_count; i++) {
		if (scan_is_decl(at, &scan->attrs[i].name))
			continue;
		if (!attr_copy(scan, at, &scan->attrs[i], &attrs[header->attr_count]))
			return false;
		header->attr_count++;
	}
	return attrs != NULL;
}

static bool names_copy(struct scan *scan, const unsigned char *at, int ns, struct xml_header *header)
{
	const uint32_t prefix_len = scan->name.local - scan->name.at;
	struct arena *arena = &scan->base.arena;

	scan->root = arena_str(arena, scan_str(at, scan->name.at, scan->name.len));
	if (str_is_absent(scan->root))
		return false;
	header->name = str_from(scan->root, prefix_len);
	header->prefix = prefix_len ? str_until(scan->root, prefix_len - 1) : STR_NONE;
	header->ns = arena_str(arena, scan_uri(scan, ns));
	return !str_is_absent(header->ns);
}

int scan_header(struct scan *scan, const unsigned char *at, int ns)
{
	struct xml_header header = {0};

	if (!names_copy(scan, at, ns, &header) || !attrs_copy(scan, at, &header) || !decls_copy(scan, &header))
		return TRUNK_ENOMEM;
	scan->base.header = header;
	scan->header_bindings = scan->binding_count;
	scan->header_default = scan->default_ns;
	scan->pool_header = scan->pool_len;
	xml_reader_has_header(&scan->base);
	return 0;
}
