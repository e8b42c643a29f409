/* SPDX-License-Identifier: Apache-2.0
 * The scanner as a reader: the stream's level, and the facts of an element. */
#include "xml/scan.h"

#include "xml/chars.h"

#include <stdlib.h>

/* A server has thousands of idle streams, each with a reader: what few stanzas need is allocated when the first one does. */
enum { ATTRS_MIN = 8, OPEN_MIN = 8, CHILDREN_MIN = 4 };

static void scan_reset(struct xml_reader *reader)
{
	struct scan *scan = (struct scan *)reader;

	scan->phase = SCAN_AT_START;
	scan->is_empty_root = scan->is_begun = false;
	scan->pos = 0;
	scan->depth = 0;
	scan->root = STR_NONE;
	scan_ns_init(scan);                     /* allocates only in scan_new() */
}

/* The next capacity of an array that is full, up to its limit. */
static unsigned grown(unsigned cap, unsigned least, unsigned limit)
{
	const unsigned next = cap ? 2 * cap : least;

	return next < limit ? next : limit;
}

int scan_attrs_reserve(struct scan *scan)
{
	const unsigned cap = grown(scan->attr_cap, ATTRS_MIN, scan->base.limits.attributes);
	struct scan_attr *attrs;

	if (scan->attr_count < scan->attr_cap || cap == scan->attr_cap)
		return 0;
	if (!(attrs = realloc(scan->attrs, cap * sizeof(*attrs))))
		return TRUNK_ENOMEM;
	scan->attrs = attrs;
	scan->attr_cap = cap;
	return 0;
}

int scan_open_reserve(struct scan *scan)
{
	const unsigned cap = grown(scan->open_cap, OPEN_MIN, scan->base.limits.depth);
	struct scan_open *open;

	if (scan->depth < scan->open_cap || cap == scan->open_cap)
		return 0;
	if (!(open = realloc(scan->open, cap * sizeof(*open))))
		return TRUNK_ENOMEM;
	scan->open = open;
	scan->open_cap = cap;
	return 0;
}

int scan_children_reserve(struct scan *scan)
{
	const unsigned cap = grown(scan->child_cap, CHILDREN_MIN, XML_CHILDREN_MAX);
	struct scan_child *kids;
	struct xml_child *children;

	if (scan->child_count < scan->child_cap || cap == scan->child_cap)
		return 0;
	if (!(kids = realloc(scan->kids, cap * sizeof(*kids))))
		return TRUNK_ENOMEM;
	scan->kids = kids;
	if (!(children = realloc(scan->children, cap * sizeof(*children))))
		return TRUNK_ENOMEM;
	scan->children = children;
	scan->child_cap = cap;
	return 0;
}

static void scan_free(struct xml_reader *reader)
{
	struct scan *scan = (struct scan *)reader;

	free(scan->attrs);
	free(scan->open);
	free(scan->kids);
	free(scan->children);
	free(scan->bindings);
	free(scan->pool);
	free(scan);
}

static struct xml_reader *scan_new(const struct xml_limits *limits)
{
	struct scan *scan = calloc(1, sizeof(*scan));

	if (!scan)
		return NULL;
	scan->loops = scan_loops_best();
	scan->base.limits = *limits;
	if (scan_attrs_reserve(scan) < 0 || scan_open_reserve(scan) < 0 || scan_children_reserve(scan) < 0 ||
	    scan_ns_init(scan) < 0) {
		scan_free(&scan->base);
		return NULL;
	}
	return &scan->base;
}

static enum xml_event scan_fail(struct scan *scan, int err, size_t offset)
{
	scan->base.error = err;
	scan->base.offset += offset;
	return XML_ERROR;
}

static enum xml_event scan_event(struct scan *scan, enum xml_event event, size_t consumed, size_t *ret_consumed)
{
	scan->base.offset += consumed;
	*ret_consumed = consumed;
	return event;
}

static void scan_begin(struct scan *scan)
{
	scan->is_begun = true;
	scan->state = SCAN_OPEN;
	scan->begin = 0;
	scan->pos = 1;
	scan->depth = 0;
	scan->is_canonical = true;
	scan->header_prefixes = 0;
	scan->child_count = 0;
	scan_ns_begin(scan);
	memset(scan->values, 0, sizeof(scan->values));
}

static struct str top_value(const struct scan *scan, const unsigned char *at, unsigned index, struct xml_element *element)
{
	const struct scan_value *value = &scan->values[index];

	if (value->at == 0)
		return STR_NONE;
	element->has_escapes |= value->is_escaped;
	return scan_str(at, value->at, value->len);
}

static void children_give(struct scan *scan, const unsigned char *at, struct xml_element *element)
{
	const unsigned count = scan->child_count < XML_CHILDREN_MAX ? scan->child_count : XML_CHILDREN_MAX;

	for (unsigned i = 0; i < count; i++) {
		const struct scan_child *kid = &scan->kids[i];

		scan->children[i] = (struct xml_child){
			.ns = scan_pooled(scan, kid->ns),
			.name = scan_str(at, kid->name, kid->name_len),
			.begin = kid->begin,
			.end = kid->end,
		};
	}
	element->children = scan->children;
	element->child_count = scan->child_count;
}

static void element_give(struct scan *scan, const unsigned char *at, struct xml_element *element)
{
	const struct scan_name *name = &scan->top;

	element->bytes = scan_str(at, 0, scan->pos);
	element->ns = scan_pooled(scan, scan->top_ns);
	element->name = scan_str(at, name->local, name->at + name->len - name->local);
	element->name_end = name->at + name->len;
	element->has_escapes = false;
	element->to = top_value(scan, at, 0, element);
	element->from = top_value(scan, at, 1, element);
	element->type = top_value(scan, at, 2, element);
	element->id = top_value(scan, at, 3, element);
	element->lang = top_value(scan, at, 4, element);
	element->is_canonical = scan->is_canonical;
	element->header_prefixes = scan->header_prefixes;
	children_give(scan, at, element);
}

/* What the whole tag or element that ends at scan->pos is to the caller. */
static enum xml_event scan_whole(struct scan *scan, const unsigned char *at, struct xml_element *ret_element)
{
	scan->is_begun = false;
	if (scan->phase == SCAN_AT_END)
		return XML_END;
	if (scan->phase == SCAN_AT_HEADER) {
		scan->phase = SCAN_IN_STREAM;
		scan->is_empty_root = scan->is_empty;
		return XML_HEADER;
	}
	element_give(scan, at, ret_element);
	return XML_ELEMENT;
}

/* White space before what comes next; SCAN_ON: its '<' stands at *begin. */
static int scan_between(const struct scan *scan, const unsigned char *at, size_t len, size_t *begin)
{
	size_t p = *begin;
	int err;

	while (p < len && char_is(at[p], CHAR_SPACE))
		p++;
	*begin = p;
	if (p == len)
		return SCAN_MORE;
	if (scan->phase == SCAN_AT_END)
		return TRUNK_EXML;
	if (at[p] == '<')
		return SCAN_ON;
	if ((err = xml_stray_error(at + p, len - p)) == 0)
		return SCAN_MORE;
	return scan->phase == SCAN_IN_STREAM ? err : TRUNK_EXML;
}

static enum xml_event scan_next(struct xml_reader *reader, struct str input, struct xml_element *ret_element,
				size_t *ret_consumed)
{
	struct scan *scan = (struct scan *)reader;
	const unsigned char *at = (const unsigned char *)input.at;
	size_t begin = 0, len, max;
	int step = SCAN_ON;

	*ret_consumed = 0;
	if (scan->base.error)
		return XML_ERROR;
	if (scan->is_empty_root) {
		scan->is_empty_root = false;
		scan->phase = SCAN_AT_END;
		return XML_END;
	}
	if (scan->phase < SCAN_AT_HEADER)
		step = scan_prolog(scan, input, &begin);
	if (step == SCAN_ON && !scan->is_begun && (step = scan_between(scan, at, input.len, &begin)) == SCAN_ON)
		scan_begin(scan);
	if (step < 0)
		return scan_fail(scan, step, begin);
	if (step == SCAN_MORE)
		return scan_event(scan, XML_MORE, begin, ret_consumed);

	max = xml_reader_max(&scan->base, scan->phase == SCAN_AT_HEADER);
	len = input.len - begin < max ? input.len - begin : max;
	if (len < scan->pos)                    /* the caller broke its promise to bring the same bytes again */
		return scan_event(scan, XML_MORE, begin, ret_consumed);
	step = scan_run(scan, at + begin, len);
	if (step == SCAN_MORE && len == max)
		step = TRUNK_EXML_LIMIT;
	if (step < 0)
		return scan_fail(scan, step, begin + scan->pos);
	if (step == SCAN_MORE)
		return scan_event(scan, XML_MORE, begin, ret_consumed);
	return scan_event(scan, scan_whole(scan, at + begin, ret_element), begin + scan->pos, ret_consumed);
}

const struct xml_reader_ops xml_scan_ops = {
	.name = "scan",
	.create = scan_new,
	.destroy = scan_free,
	.reset = scan_reset,
	.next = scan_next,
};
