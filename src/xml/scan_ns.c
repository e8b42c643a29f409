/* SPDX-License-Identifier: Apache-2.0
 * The scanner's namespaces: declarations in force, and what a prefix means. */
#include "xml/scan.h"

#include "xml/text.h"

#include <stdlib.h>

enum { POOL_BYTES_MIN = 256, POOL_BYTES_KEEP = 4096, BINDINGS_MIN = 4 };

static int pool_reserve(struct scan *scan, size_t more)
{
	size_t cap = scan->pool_cap ? scan->pool_cap : POOL_BYTES_MIN;
	char *pool;

	if (scan->pool_cap - scan->pool_len >= more)
		return 0;
	while (cap < scan->pool_len + more)
		cap *= 2;
	if (cap > UINT32_MAX || !(pool = realloc(scan->pool, cap)))
		return TRUNK_ENOMEM;
	scan->pool = pool;
	scan->pool_cap = (uint32_t)cap;
	return 0;
}

int scan_pool_add(struct scan *scan, struct str raw, bool is_escaped, struct scan_run *ret_run)
{
	const uint32_t at = scan->pool_len;
	int err;

	if (raw.len == 0) {
		*ret_run = (struct scan_run){.at = at};
		return 0;
	}
	if ((err = pool_reserve(scan, raw.len + 1)) < 0)
		return err;
	if (is_escaped) {
		scan->pool_len += (uint32_t)value_decode(raw, scan->pool + at);
	} else {
		memcpy(scan->pool + at, raw.at, raw.len);
		scan->pool_len += (uint32_t)raw.len;
	}
	*ret_run = (struct scan_run){.at = at, .len = scan->pool_len - at};
	return 0;
}

struct str scan_pooled(const struct scan *scan, struct scan_run run)
{
	return str_make(scan->pool + run.at, run.len);
}

/* The namespace of `xml` stands at the pool's begin, so that it can be noted like any other. */
int scan_ns_init(struct scan *scan)
{
	struct scan_run run;
	int err;

	scan->pool_len = 0;
	err = scan_pool_add(scan, STR(XML_NS_XML), false, &run);
	scan->pool_header = scan->pool_len;
	scan->binding_count = scan->header_bindings = 0;
	scan->default_ns = scan->header_default = SCAN_UNBOUND;
	return err;
}

/* A pool that one element made large is given back, for streams live long. */
void scan_ns_begin(struct scan *scan)
{
	const uint32_t keep = scan->pool_header + POOL_BYTES_MIN;
	char *pool;

	scan->pool_len = scan->pool_header;
	scan->binding_count = scan->header_bindings;
	scan->default_ns = scan->header_default;
	if (scan->pool_cap > POOL_BYTES_KEEP && scan->pool_cap / 2 > keep && (pool = realloc(scan->pool, keep))) {
		scan->pool = pool;
		scan->pool_cap = keep;
	}
}

/* Never zero for a prefix that is not empty, so that a default namespace is nobody's prefix. */
static uint32_t prefix_key(struct str prefix)
{
	uint32_t key = (uint32_t)prefix.len << 16;

	if (prefix.len == 0)
		return 0;
	return key ^ (unsigned char)prefix.at[0] ^ (uint32_t)(unsigned char)prefix.at[prefix.len - 1] << 8;
}

static int bindings_reserve(struct scan *scan)
{
	const unsigned cap = scan->binding_cap ? 2 * scan->binding_cap : BINDINGS_MIN;
	struct scan_binding *bindings;

	if (scan->binding_count < scan->binding_cap)
		return 0;
	if (!(bindings = realloc(scan->bindings, cap * sizeof(*bindings))))
		return TRUNK_ENOMEM;
	scan->bindings = bindings;
	scan->binding_cap = cap;
	return 0;
}

/* Puts a declaration, which is `xmlns` or `xmlns:prefix`, into force. */
int scan_bind(struct scan *scan, const unsigned char *at, const struct scan_attr *attr)
{
	const uint32_t prefix_at = attr->name.local > attr->name.at ? attr->name.local : attr->name.at + attr->name.len;
	const struct str prefix = scan_str(at, prefix_at, attr->name.at + attr->name.len - prefix_at);
	struct scan_binding *binding;
	int err;

	if ((err = bindings_reserve(scan)) < 0)
		return err;
	binding = &scan->bindings[scan->binding_count];
	if ((err = scan_pool_add(scan, prefix, false, &binding->prefix)) < 0 ||
	    (err = scan_pool_add(scan, scan_str(at, attr->value, attr->value_len), attr->is_escaped, &binding->uri)) < 0)
		return err;
	if (!xml_decl_is_legal(prefix, scan_pooled(scan, binding->uri)))
		return TRUNK_EXML;
	if (scan->binding_count >= (scan->phase == SCAN_AT_HEADER ? XML_DECLS_MAX : XML_BINDINGS_MAX))
		return TRUNK_EXML_LIMIT;
	binding->key = prefix_key(prefix);
	binding->id = SCAN_UNBOUND;
	if (prefix.len == 0)
		scan->default_ns = (int)scan->binding_count;
	scan->binding_count++;
	return 0;
}

int scan_resolve(struct scan *scan, struct str prefix)
{
	const uint32_t key = prefix_key(prefix);

	if (str_eq(prefix, STR("xml")))
		return SCAN_BINDING_XML;
	for (unsigned i = scan->binding_count; i > 0; i--) {
		const struct scan_binding *binding = &scan->bindings[i - 1];

		if (binding->key == key && str_eq(scan_pooled(scan, binding->prefix), prefix)) {
			if (i - 1 < scan->header_bindings)
				scan->header_prefixes |= (uint32_t)1 << (i - 1);
			return (int)i - 1;
		}
	}
	return SCAN_UNBOUND;
}

struct str scan_uri(const struct scan *scan, int binding)
{
	return scan_pooled(scan, scan_uri_noted(scan, binding));
}

struct scan_run scan_uri_noted(const struct scan *scan, int binding)
{
	if (binding == SCAN_BINDING_XML)
		return (struct scan_run){.at = 0, .len = sizeof(XML_NS_XML) - 1};
	return binding >= 0 ? scan->bindings[binding].uri : (struct scan_run){0};
}

/* Looked up once for each declaration and only where two attributes might be one, so that no run of elements can make us
 * compare long URIs over and over. */
int scan_uri_id(struct scan *scan, int binding)
{
	struct scan_binding *b;

	if (binding < 0)
		return binding;
	b = &scan->bindings[binding];
	for (int i = 0; b->id == SCAN_UNBOUND; i++) {
		if (i == binding || str_eq(scan_uri(scan, i), scan_uri(scan, binding)))
			b->id = i;
	}
	return b->id;
}
