/* SPDX-License-Identifier: Apache-2.0
 * Holds the two reader backends against each other. */
#include "xml_diff.h"

#include <stdio.h>
#include <stdlib.h>

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void log_str(struct buf *log, const char *what, struct str s)
{
	buf_addf(log, " %s=", what);
	if (str_is_absent(s))
		buf_add_cstr(log, "-");
	else
		buf_addf(log, "%zu:%.*s", s.len, STR_ARG(s));
}

static void log_header(struct buf *log, const struct xml_header *h)
{
	buf_add_cstr(log, "header");
	log_str(log, "prefix", h->prefix);
	log_str(log, "ns", h->ns);
	log_str(log, "name", h->name);
	for (unsigned i = 0; i < h->attr_count; i++) {
		log_str(log, "\n attr", h->attrs[i].prefix);
		log_str(log, "ns", h->attrs[i].ns);
		log_str(log, "name", h->attrs[i].name);
		log_str(log, "value", h->attrs[i].value);
	}
	for (unsigned i = 0; i < h->decl_count; i++) {
		log_str(log, "\n decl", h->decls[i].prefix);
		log_str(log, "uri", h->decls[i].uri);
	}
}

static void log_element(struct buf *log, const struct xml_element *e)
{
	buf_add_cstr(log, "element");
	log_str(log, "bytes", e->bytes);
	log_str(log, "ns", e->ns);
	log_str(log, "name", e->name);
	log_str(log, "to", e->to);
	log_str(log, "from", e->from);
	log_str(log, "type", e->type);
	log_str(log, "id", e->id);
	log_str(log, "lang", e->lang);
	buf_addf(log, " escapes=%d canonical=%d name_end=%zu prefixes=%x children=%u", e->has_escapes, e->is_canonical,
		 e->name_end, (unsigned)e->header_prefixes, e->child_count);
	for (unsigned i = 0; i < e->child_count && i < XML_CHILDREN_MAX; i++) {
		log_str(log, "\n child", e->children[i].ns);
		log_str(log, "name", e->children[i].name);
		buf_addf(log, " %zu..%zu", e->children[i].begin, e->children[i].end);
	}
}

static void log_event(struct buf *log, struct xml_reader *reader, enum xml_event event, const struct xml_element *element)
{
	uint64_t offset;

	switch (event) {
	case XML_HEADER:
		log_header(log, xml_reader_header(reader));
		break;
	case XML_ELEMENT:
		log_element(log, element);
		break;
	case XML_END:
		buf_add_cstr(log, "end");
		break;
	case XML_ERROR:
		buf_addf(log, "error: %s", error_text(xml_reader_error(reader, &offset)));
		break;
	case XML_MORE:
		return;
	}
	buf_add_cstr(log, "\n");
}

static size_t next_piece(struct cuts *cuts, size_t done, size_t left)
{
	size_t piece = left;

	if (done == 0 && cuts->first)
		piece = cuts->first;
	else if (cuts->most)
		piece = 1 + next_random(&cuts->seed) % cuts->most;
	return piece < left ? piece : left;
}

/* One call with bytes in memory of their own. Returns the event; *ret_consumed is checked against its promise. */
static enum xml_event call(struct xml_reader *reader, struct str bytes, struct buf *log, size_t *ret_consumed)
{
	struct xml_element element;
	char *copy = malloc(bytes.len ? bytes.len : 1);
	enum xml_event event;

	if (!copy)
		abort();
	if (bytes.len)
		memcpy(copy, bytes.at, bytes.len);
	event = xml_reader_next(reader, str_make(copy, bytes.len), &element, ret_consumed);
	if (*ret_consumed > bytes.len || (event == XML_ELEMENT && *ret_consumed == 0))
		abort();
	log_event(log, reader, event, &element);
	free(copy);
	return event;
}

void xml_log(const struct xml_reader_ops *ops, const struct scan_loops *loops, const struct xml_limits *limits, struct str doc,
	     struct cuts cuts, struct buf *log)
{
	struct xml_reader *reader = xml_reader_new_by(ops, limits);
	size_t begin = 0, end = 0, consumed = 0;
	enum xml_event event = XML_MORE;

	if (!reader)
		abort();
	if (loops && ops == &xml_scan_ops)
		((struct scan *)(void *)reader)->loops = loops;
	while (event != XML_ERROR && (event != XML_MORE || end < doc.len)) {
		if (event == XML_MORE)
			end += next_piece(&cuts, end, doc.len - end);
		event = call(reader, str_make(doc.at + begin, end - begin), log, &consumed);
		begin += consumed;
	}
	buf_addf(log, "stopped at %zu\n", event == XML_ERROR ? 0 : begin);
	xml_reader_free(&reader);
}

static bool logs_are_equal(struct buf *a, struct buf *b)
{
	return str_eq(buf_str(a), buf_str(b));
}

bool xml_logs_agree(const struct xml_limits *limits, struct str doc, uint32_t seed, struct buf *ret_a, struct buf *ret_b)
{
	static const enum scan_level levels[] = {SCAN_PLAIN, SCAN_SSE2, SCAN_AVX2, SCAN_NEON};
	const struct cuts cuts[] = {{0}, {seed, 0, 1}, {seed, 0, 40}, {seed, 1 + seed % (doc.len + 1), 0}};

	xml_log(&xml_scan_ops, scan_loops_of(SCAN_PLAIN), limits, doc, cuts[0], ret_a);
	for (unsigned i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		buf_clear(ret_b);
		xml_log(&xml_expat_ops, NULL, limits, doc, cuts[i], ret_b);
		if (!logs_are_equal(ret_a, ret_b))
			return false;
		for (unsigned k = 0; k < sizeof(levels) / sizeof(levels[0]); k++) {
			if (!scan_loops_of(levels[k]))
				continue;
			buf_clear(ret_b);
			xml_log(&xml_scan_ops, scan_loops_of(levels[k]), limits, doc, cuts[i], ret_b);
			if (!logs_are_equal(ret_a, ret_b))
				return false;
		}
	}
	return true;
}

static bool is_lang(const struct xml_attr *attr)
{
	return str_is(attr->ns, XML_NS_XML) && str_is(attr->name, "lang");
}

static const struct xml_attr *attr_find(const struct xml_node *node, const struct xml_attr *like)
{
	for (unsigned i = 0; i < node->attr_count; i++) {
		if (str_eq(node->attrs[i].ns, like->ns) && str_eq(node->attrs[i].name, like->name) &&
		    str_eq(node->attrs[i].prefix, like->prefix))
			return &node->attrs[i];
	}
	return NULL;
}

/* `lang`: what `b` may have got besides. */
static bool nodes_are_equal(const struct xml_node *a, const struct xml_node *b, struct str lang)
{
	unsigned added = 0;

	if (a->kind != b->kind || !str_eq(a->text, b->text) || !str_eq(a->ns, b->ns) || !str_eq(a->name, b->name) ||
	    !str_eq(a->prefix, b->prefix))
		return false;
	for (unsigned i = 0; i < b->attr_count; i++) {
		const struct xml_attr *attr = attr_find(a, &b->attrs[i]);

		if (!attr && is_lang(&b->attrs[i]) && !str_is_absent(lang) && str_eq(b->attrs[i].value, lang))
			added++;
		else if (!attr || !str_eq(attr->value, b->attrs[i].value))
			return false;
	}
	if (a->attr_count + added != b->attr_count)
		return false;
	a = a->children;
	b = b->children;
	for (; a && b; a = a->next, b = b->next) {
		if (!nodes_are_equal(a, b, STR_NONE))
			return false;
	}
	return !a && !b;
}

static bool element_agrees(const struct xml_reader *reader, const struct xml_element *element, const struct xml_limits *limits)
{
	const struct xml_limits wide = {1 << 30, XML_DEPTH_MAX, XML_ATTRIBUTES_MAX};
	struct arena arena = {0};
	struct buf out = {0};
	struct xml_node *before = NULL, *after = NULL;
	const int err = xml_tree_parse(&arena, element->bytes, &reader->header, limits, &before);
	bool agrees = false;

	if (!err && xml_element_write(reader, element, &arena, &out) == 0) {
		const int again = xml_tree_parse(&arena, buf_str(&out), NULL, &wide, &after);

		agrees = again == TRUNK_EXML_LIMIT || (!again && nodes_are_equal(before, after, reader->header_lang));
	}
	arena_fini(&arena);
	buf_fini(&out);
	return agrees;
}

bool xml_writes_agree(const struct xml_limits *limits, struct str doc)
{
	struct xml_reader *reader = xml_reader_new_by(&xml_scan_ops, limits);
	struct xml_element element;
	enum xml_event event;
	bool agrees = true;

	if (!reader)
		abort();
	do {
		size_t consumed;

		event = xml_reader_next(reader, doc, &element, &consumed);
		if (event == XML_ELEMENT)
			agrees = element_agrees(reader, &element, &reader->limits);
		doc = str_from(doc, consumed);
	} while (agrees && event != XML_MORE && event != XML_ERROR);
	xml_reader_free(&reader);
	return agrees;
}
