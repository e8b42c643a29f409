/* SPDX-License-Identifier: Apache-2.0
 * A start tag judged as a whole, in Expat's order, and what is noted of it. */
#include "xml/scan.h"

#include "xml/text.h"

static bool names_are_equal(const unsigned char *at, uint32_t a, uint32_t b, uint32_t len)
{
	return at[a] == at[b] && memcmp(at + a, at + b, len) == 0;
}

/* Is an attribute of this name among the first `count`? */
static bool is_double(const struct scan *scan, const unsigned char *at, const struct scan_name *name, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct scan_name *other = &scan->attrs[i].name;

		if (other->len == name->len && names_are_equal(at, other->at, name->at, name->len))
			return true;
	}
	return false;
}

bool scan_is_decl(const unsigned char *at, const struct scan_name *name)
{
	if (at[name->at] != 'x' || name->len < 5 || memcmp(at + name->at, "xmlns", 5) != 0)
		return false;
	return name->len == 5 || name->local == name->at + 6;
}

static struct str name_prefix(const unsigned char *at, const struct scan_name *name)
{
	return scan_str(at, name->at, name->local - name->at - 1);
}

/* One attribute after the other: double, references, declaration. *ret_prefixed counts those with a prefix to resolve. */
static int attrs_judge(struct scan *scan, const unsigned char *at, unsigned *ret_prefixed)
{
	const unsigned count = scan->attr_count;
	uint64_t seen = 0;
	int err;

	*ret_prefixed = 0;
	for (unsigned i = 0; i < count; i++) {
		const struct scan_attr *attr = &scan->attrs[i];

		if (count > 1) {
			const uint64_t bit = (uint64_t)1 << ((at[attr->name.at] + 31u * at[attr->name.at + attr->name.len - 1] +
							      7u * attr->name.len) & 63);

			if ((seen & bit) && is_double(scan, at, &attr->name, i))
				return TRUNK_EXML;
			seen |= bit;
		}
		if (attr->error)
			return attr->error;
		if (scan_is_decl(at, &attr->name)) {
			if ((err = scan_bind(scan, at, attr)) < 0)
				return err;
		} else if (attr->name.local > attr->name.at) {
			++*ret_prefixed;
		}
	}
	return 0;
}

/* Do two attributes with different prefixes have one name (Namespaces in XML §6.3)? */
static bool is_same_name(struct scan *scan, const unsigned char *at, const struct scan_attr *a, int a_ns,
			 const struct scan_attr *b, int b_ns)
{
	const uint32_t len = a->name.at + a->name.len - a->name.local;

	if (len != b->name.at + b->name.len - b->name.local || !names_are_equal(at, a->name.local, b->name.local, len))
		return false;
	return scan_uri_id(scan, a_ns) == scan_uri_id(scan, b_ns);
}

/* Attributes with a prefix: declared, and not double under another prefix. */
static int attrs_resolve(struct scan *scan, const unsigned char *at)
{
	int16_t ns[XML_ATTRIBUTES_MAX];
	uint16_t which[XML_ATTRIBUTES_MAX];
	unsigned count = 0;

	for (unsigned i = 0; i < scan->attr_count; i++) {
		const struct scan_attr *attr = &scan->attrs[i];
		int binding;

		if (attr->name.local == attr->name.at || scan_is_decl(at, &attr->name))
			continue;
		if ((binding = scan_resolve(scan, name_prefix(at, &attr->name))) == SCAN_UNBOUND)
			return TRUNK_EXML_PREFIX;
		for (unsigned k = 0; k < count; k++) {
			if (is_same_name(scan, at, attr, binding, &scan->attrs[which[k]], ns[k]))
				return TRUNK_EXML;
		}
		ns[count] = (int16_t)binding;
		which[count++] = (uint16_t)i;
	}
	return 0;
}

/* Which of the five values a first-level element is known by an attribute is; -1: none. */
static int top_attr_index(const unsigned char *at, const struct scan_name *name)
{
	const unsigned char *n = at + name->at;

	switch (name->len) {
	case 2:
		return n[0] == 't' && n[1] == 'o' ? 0 : n[0] == 'i' && n[1] == 'd' ? 3 : -1;
	case 4:
		return memcmp(n, "from", 4) == 0 ? 1 : memcmp(n, "type", 4) == 0 ? 2 : -1;
	case 8:
		return memcmp(n, "xml:lang", 8) == 0 ? 4 : -1;
	default:
		return -1;
	}
}

static void note_top(struct scan *scan, const unsigned char *at, int ns)
{
	scan->top = scan->name;
	scan->top_ns = scan_uri_noted(scan, ns);
	/* One of the header's is the header's default, unless it has a prefix. */
	if (scan->name.local > scan->name.at ||
	    (ns != scan->header_default && !str_eq(scan_uri(scan, ns), scan_uri(scan, scan->header_default))))
		scan->is_canonical = false;
	for (unsigned i = 0; i < scan->attr_count; i++) {
		const struct scan_attr *attr = &scan->attrs[i];
		const int index = top_attr_index(at, &attr->name);

		if (index >= 0)
			scan->values[index] = (struct scan_value){attr->value, attr->value_len, attr->is_escaped};
	}
}

static void note_child(struct scan *scan, int ns)
{
	struct scan_child *child;

	if (scan->child_count < XML_CHILDREN_MAX) {
		child = &scan->kids[scan->child_count];
		child->ns = scan_uri_noted(scan, ns);
		child->name = scan->name.local;
		child->name_len = scan->name.at + scan->name.len - scan->name.local;
		child->begin = (uint32_t)scan->begin;
	}
	scan->child_count++;
}

int scan_tag(struct scan *scan, const unsigned char *at)
{
	const unsigned bindings = scan->binding_count;
	const int default_ns = scan->default_ns;
	unsigned prefixed;
	int err, ns;

	if ((err = attrs_judge(scan, at, &prefixed)) < 0 || (prefixed && (err = attrs_resolve(scan, at)) < 0))
		return err;
	ns = scan->default_ns;
	if (scan->name.local > scan->name.at && (ns = scan_resolve(scan, name_prefix(at, &scan->name))) == SCAN_UNBOUND)
		return TRUNK_EXML_PREFIX;
	if (scan->phase == SCAN_AT_HEADER)
		return scan_header(scan, at, ns);
	if ((scan->depth == scan->open_cap && (err = scan_open_reserve(scan)) < 0) ||
	    (scan->depth == 1 && scan->child_count == scan->child_cap && (err = scan_children_reserve(scan)) < 0))
		return err;
	scan->open[scan->depth++] = (struct scan_open){
		.name = scan->name.at,
		.name_len = scan->name.len,
		.bindings = (uint16_t)bindings,
		.default_ns = (int16_t)default_ns,
	};
	if (scan->depth == 1)
		note_top(scan, at, ns);
	else if (scan->depth == 2)
		note_child(scan, ns);
	return 0;
}

int scan_close(struct scan *scan, size_t end)
{
	const struct scan_open *open;

	scan->state = SCAN_TEXT;
	if (scan->depth == 0) {
		scan->phase = SCAN_AT_END;
		return SCAN_DONE;
	}
	open = &scan->open[--scan->depth];
	scan->binding_count = open->bindings;
	scan->default_ns = open->default_ns;
	if (scan->depth == 1 && scan->child_count <= XML_CHILDREN_MAX)
		scan->kids[scan->child_count - 1].end = (uint32_t)end;
	return scan->depth == 0 ? SCAN_DONE : SCAN_ON;
}
