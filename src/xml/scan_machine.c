/* SPDX-License-Identifier: Apache-2.0
 * The scanner's machine: one step for each place in the grammar where the input may end.
 *
 * It takes what Expat's tokenizer takes, and refuses at the same byte. What Expat judges only when a whole tag is there
 * (references in values, doubles, prefixes) is left to scan_tag(), so that both find the same error first. */
#include "xml/scan.h"

#include "xml/scan_short.h"

/* Judges the non-ASCII character where `scan` stands, for none was passed by the loops. */
static int wide_error(const unsigned char *at, size_t p, size_t len)
{
	uint32_t c;

	return utf8_decode(at + p, len - p, &c) == 0 ? SCAN_MORE : TRUNK_EXML;
}

/* Passes non-ASCII characters, which stand at pos. SCAN_ON where something was passed. */
static int step_wide(struct scan *scan, const unsigned char *at, size_t len)
{
	const size_t p = scan->pos;

	scan->pos = scan->loops->wide(at, p, len);
	return scan->pos > p ? SCAN_ON : wide_error(at, p, len);
}

static void begin_ref(struct scan *scan, size_t p, unsigned char quote)
{
	scan->quote = quote;
	scan->state = SCAN_REF;
	scan->pos = p + 1;
	if (quote)
		scan->attrs[scan->attr_count].is_escaped = true;
}

static int step_open(struct scan *scan, const unsigned char *at, size_t len);
static int step_gap(struct scan *scan, const unsigned char *at, size_t len);

static int step_text(struct scan *scan, const unsigned char *at, size_t len)
{
	size_t p = scan->pos;

	/* Most tags follow another one. */
	if (p == len || at[p] != '<')
		p = scan->pos = scan->loops->text(at, p, len);
	if (p == len)
		return SCAN_MORE;
	switch (at[p]) {
	case '<':
		scan->begin = p;
		scan->pos = p + 1;
		scan->state = SCAN_OPEN;
		return step_open(scan, at, len);
	case '&':
		scan->mark = p;
		begin_ref(scan, p, 0);
		return SCAN_ON;
	case '>':
		/* XML 1.0 §2.4. Before text stands markup, which ends in '>' or ';': so both brackets are text's own. */
		if (at[p - 1] == ']' && at[p - 2] == ']')
			return TRUNK_EXML;
		break;
	case '\r':
		scan->is_canonical = false;
		break;
	default:
		return at[p] < 0x80 ? TRUNK_EXML : step_wide(scan, at, len);
	}
	scan->pos = p + 1;
	return SCAN_ON;
}

/* Reads a qualified name that is ASCII and all there, with the byte behind it. False: it is not of that kind, or none. */
static inline bool quick_name(const struct scan *scan, const unsigned char *at, size_t begin, size_t len, struct scan_name *ret_name,
			      size_t *ret_end)
{
	size_t p = begin, local = begin;

	if (p == len || !char_is(at[p], CHAR_START))
		return false;
	p = name_end(scan->loops, at, p + 1, len);
	if (p + 1 < len && at[p] == ':' && char_is(at[p + 1], CHAR_START)) {
		local = p + 1;
		p = name_end(scan->loops, at, local + 1, len);
	}
	if (p == len || at[p] == ':' || at[p] >= 0x80)
		return false;
	*ret_name = (struct scan_name){.at = (uint32_t)begin, .len = (uint32_t)(p - begin), .local = (uint32_t)local};
	*ret_end = p;
	return true;
}

/* `<` and a letter: the tag of an element inside. */
static int begin_tag(struct scan *scan, const unsigned char *at, size_t len)
{
	if (scan->phase == SCAN_IN_STREAM && scan->depth >= scan->base.limits.depth)
		return TRUNK_EXML_LIMIT;
	scan->attr_count = 0;
	scan->has_gap = false;
	scan->state = SCAN_GAP;
	if (quick_name(scan, at, scan->pos, len, &scan->name, &scan->pos))
		return step_gap(scan, at, len);
	scan->mark = scan->pos;
	scan->colon = 0;
	scan->state = SCAN_NAME;
	return SCAN_ON;
}

/* The name that the next end tag must have; in the input, but for the root's. */
static struct str open_name(const struct scan *scan, const unsigned char *at)
{
	const struct scan_open *open = &scan->open[scan->depth - 1];

	return scan->depth ? scan_str(at, open->name, open->name_len) : scan->root;
}

/* The common case at one go: `</name>` is all there. */
static bool is_end_tag(const struct scan *scan, const unsigned char *at, size_t p, size_t len)
{
	struct str name;

	if (scan->depth == 0)
		return false;
	name = open_name(scan, at);
	if (len - p <= name.len || at[p + name.len] != '>')
		return false;
	/* The open tag's name stands before this one, so there is as much to read behind it. */
	if (scan->loops->is_vector && name.len < SHORT_BYTES && len - p >= SHORT_BYTES)
		return short_is_same(at + p, (const unsigned char *)name.at, name.len);
	return memcmp(at + p, name.at, name.len) == 0;
}

static int step_open(struct scan *scan, const unsigned char *at, size_t len)
{
	const size_t p = scan->pos;

	if (p == len)
		return SCAN_MORE;
	switch (at[p]) {
	case '/':
		if (scan->phase != SCAN_IN_STREAM)
			return TRUNK_EXML;
		if (is_end_tag(scan, at, p + 1, len)) {
			scan->pos = p + 1 + scan->open[scan->depth - 1].name_len + 1;
			return scan_close(scan, scan->pos);
		}
		scan->pos = scan->mark = p + 1;
		scan->state = SCAN_CLOSE;
		return SCAN_ON;
	case '!':
		if (scan->phase != SCAN_IN_STREAM)
			return TRUNK_EXML_RESTRICTED;
		scan->state = SCAN_BANG;
		return SCAN_ON;
	case '?':
		return TRUNK_EXML_RESTRICTED;
	default:
		return begin_tag(scan, at, len);
	}
}

/* A character of a name that is no ASCII. */
static int name_wide(struct scan *scan, const unsigned char *at, size_t len, bool is_first)
{
	uint32_t c;
	const int size = utf8_decode(at + scan->pos, len - scan->pos, &c);

	if (size == 0)
		return SCAN_MORE;
	if (size < 0 || !char_is_name(c, is_first))
		return TRUNK_EXML;
	scan->pos += (size_t)size;
	return SCAN_ON;
}

int scan_name_on(struct scan *scan, const unsigned char *at, size_t len)
{
	for (;;) {
		const bool is_first = scan->pos == scan->mark || scan->pos == scan->colon + 1;
		size_t p = scan->pos;
		int step;

		if (!is_first || (p < len && char_is(at[p], CHAR_START))) {
			while (p < len && char_is(at[p], CHAR_NAME))
				p++;
		}
		if (p == len) {
			scan->pos = p;
			return SCAN_MORE;
		}
		if (p > scan->pos) {
			scan->pos = p;
			if (at[p] < 0x80 && at[p] != ':')
				return SCAN_DONE;
			continue;
		}
		if (at[p] >= 0x80) {
			if ((step = name_wide(scan, at, len, is_first)) != SCAN_ON)
				return step;
		} else if (is_first) {
			return TRUNK_EXML;
		} else if (at[p] == ':') {
			if (scan->colon)
				return TRUNK_EXML;
			scan->colon = scan->pos++;
		} else {
			return SCAN_DONE;
		}
	}
}

static struct scan_name name_taken(const struct scan *scan)
{
	return (struct scan_name){
		.at = (uint32_t)scan->mark,
		.len = (uint32_t)(scan->pos - scan->mark),
		.local = (uint32_t)(scan->colon ? scan->colon + 1 : scan->mark),
	};
}

static int step_tag_name(struct scan *scan, const unsigned char *at, size_t len)
{
	const int step = scan_name_on(scan, at, len);

	if (step != SCAN_DONE)
		return step;
	scan->name = name_taken(scan);
	scan->has_gap = false;
	scan->state = SCAN_GAP;
	return SCAN_ON;
}

/* The tag's last '>' was read. */
static int end_tag(struct scan *scan, const unsigned char *at, bool is_empty)
{
	int err;

	scan->is_empty = is_empty;
	scan->state = SCAN_TEXT;
	if ((err = scan_tag(scan, at)) < 0)
		return err;
	if (scan->phase == SCAN_AT_HEADER)
		return SCAN_DONE;
	return is_empty ? scan_close(scan, scan->pos) : SCAN_ON;
}

static bool pass_space(struct scan *scan, const unsigned char *at, size_t len)
{
	while (scan->pos < len && char_is(at[scan->pos], CHAR_SPACE)) {
		if (at[scan->pos] == '\r')
			scan->is_canonical = false;
		scan->pos++;
		scan->has_gap = true;
	}
	return scan->pos < len;
}

static void end_value(struct scan *scan, size_t p)
{
	struct scan_attr *attr = &scan->attrs[scan->attr_count++];

	attr->value_len = (uint32_t)(p - attr->value);
	scan->has_gap = false;
	scan->state = SCAN_GAP;
	scan->pos = p + 1;
}

static size_t value_end(const struct scan *scan, const unsigned char *at, size_t p, size_t len)
{
	if (scan->loops->is_vector && len - p >= SHORT_BYTES) {
		const size_t end = short_value(at, p, scan->quote);

		if (end < p + SHORT_BYTES)
			return end;
		p = end;
	}
	return scan->loops->value(at, p, len, scan->quote);
}

/* Reads ` name='value'` as nearly all attributes are written, without a state for each of its parts. False: it is not of
 * that kind, and nothing was read; or its value is not that simple, and is where the machine goes on. */
static bool quick_attr(struct scan *scan, const unsigned char *at, size_t len)
{
	struct scan_attr *attr = &scan->attrs[scan->attr_count];
	size_t p = scan->pos;

	if (scan->attr_count == scan->attr_cap || p == len || at[p] != ' ')
		return false;
	if (!quick_name(scan, at, p + 1, len, &attr->name, &p) || len - p < 2 || at[p] != '=' ||
	    (at[p + 1] != '\'' && at[p + 1] != '"'))
		return false;
	scan->quote = at[p + 1];
	attr->value = (uint32_t)(p + 2);
	attr->error = 0;
	attr->is_escaped = false;
	scan->state = SCAN_VALUE;
	scan->pos = value_end(scan, at, p + 2, len);
	if (scan->pos == len || at[scan->pos] != scan->quote)
		return false;
	end_value(scan, scan->pos);
	return true;
}

static int step_gap(struct scan *scan, const unsigned char *at, size_t len)
{
	if (scan->loops->attrs)
		scan->loops->attrs(scan, at, len);
	while (quick_attr(scan, at, len))
		;
	if (scan->state != SCAN_GAP)
		return SCAN_ON;
	if (!pass_space(scan, at, len))
		return SCAN_MORE;
	switch (at[scan->pos]) {
	case '>':
		scan->pos++;
		return end_tag(scan, at, false);
	case '/':
		scan->pos++;
		scan->state = SCAN_SLASH;
		return SCAN_ON;
	}
	if (!scan->has_gap)
		return TRUNK_EXML;
	scan->mark = scan->pos;
	scan->colon = 0;
	scan->state = SCAN_ATTR;
	return scan_attrs_reserve(scan);
}

static int step_slash(struct scan *scan, const unsigned char *at, size_t len)
{
	if (scan->pos == len)
		return SCAN_MORE;
	if (at[scan->pos] != '>')
		return TRUNK_EXML;
	scan->pos++;
	return end_tag(scan, at, true);
}

static int step_equals(struct scan *scan, const unsigned char *at, size_t len)
{
	if (!pass_space(scan, at, len))
		return SCAN_MORE;
	if (at[scan->pos] != '=')
		return TRUNK_EXML;
	scan->pos++;
	scan->state = SCAN_QUOTE;
	return SCAN_ON;
}

static int step_quote(struct scan *scan, const unsigned char *at, size_t len)
{
	struct scan_attr *attr = &scan->attrs[scan->attr_count];

	if (!pass_space(scan, at, len))
		return SCAN_MORE;
	if (at[scan->pos] != '\'' && at[scan->pos] != '"')
		return TRUNK_EXML;
	if (scan->attr_count >= scan->base.limits.attributes)
		return TRUNK_EXML_LIMIT;
	scan->quote = at[scan->pos++];
	attr->value = (uint32_t)scan->pos;
	attr->error = 0;
	attr->is_escaped = false;
	scan->state = SCAN_VALUE;
	return SCAN_ON;
}

static int step_attr(struct scan *scan, const unsigned char *at, size_t len)
{
	const int step = scan_name_on(scan, at, len);

	if (step != SCAN_DONE)
		return step;
	if (scan->attr_count < scan->base.limits.attributes)
		scan->attrs[scan->attr_count].name = name_taken(scan);
	scan->state = SCAN_EQUALS;
	return SCAN_ON;
}

static int step_value(struct scan *scan, const unsigned char *at, size_t len)
{
	struct scan_attr *attr = &scan->attrs[scan->attr_count];
	const size_t p = scan->pos = scan->loops->value(at, scan->pos, len, scan->quote);

	if (p == len)
		return SCAN_MORE;
	if (at[p] == scan->quote) {
		end_value(scan, p);
		return SCAN_ON;
	}
	if (at[p] >= 0x80)
		return step_wide(scan, at, len);
	if (at[p] == '&') {
		scan->mark = p;
		begin_ref(scan, p, scan->quote);
		return SCAN_ON;
	}
	if (!char_is(at[p], CHAR_SPACE))
		return TRUNK_EXML;
	scan->is_canonical = false;             /* tab, LF or CR: XML makes a blank of it */
	attr->is_escaped = true;
	scan->pos = p + 1;
	return SCAN_ON;
}

/* End tags may hold any colons: they are compared with the start tag as they stand. */
static int step_close(struct scan *scan, const unsigned char *at, size_t len)
{
	while (scan->pos < len) {
		const bool is_first = scan->pos == scan->mark;
		const unsigned char c = at[scan->pos];
		int step;

		if (char_is(c, is_first ? CHAR_START : CHAR_NAME) || (c == ':' && !is_first)) {
			scan->pos++;
		} else if (c >= 0x80) {
			if ((step = name_wide(scan, at, len, is_first)) != SCAN_ON)
				return step;
		} else if (is_first) {
			return TRUNK_EXML;
		} else {
			scan->colon = 0;
			scan->name = name_taken(scan);
			scan->state = SCAN_CLOSE_GAP;
			return SCAN_ON;
		}
	}
	return SCAN_MORE;
}

static int step_close_gap(struct scan *scan, const unsigned char *at, size_t len)
{
	if (!pass_space(scan, at, len))
		return SCAN_MORE;
	if (at[scan->pos] != '>')
		return TRUNK_EXML;
	if (!str_eq(open_name(scan, at), scan_str(at, scan->name.at, scan->name.len)))
		return TRUNK_EXML;
	scan->pos++;
	return scan_close(scan, scan->pos);
}

static int step_bang(struct scan *scan, const unsigned char *at, size_t len)
{
	switch (xml_bang_kind(at + scan->begin, len - scan->begin)) {
	case XML_BANG_MORE:
		return SCAN_MORE;
	case XML_BANG_CDATA:
		break;
	default:
		return TRUNK_EXML_RESTRICTED;
	}
	if (scan->depth == 0)
		return TRUNK_EXML_FORMAT;       /* text between first-level elements */
	scan->is_canonical = false;
	scan->pos = scan->mark = scan->begin + XML_CDATA_OPEN_LEN;
	scan->state = SCAN_CDATA;
	return SCAN_ON;
}

static int step_cdata(struct scan *scan, const unsigned char *at, size_t len)
{
	const size_t p = scan->pos = scan->loops->text(at, scan->pos, len);

	if (p == len)
		return SCAN_MORE;
	if (at[p] >= 0x80)
		return step_wide(scan, at, len);
	if (at[p] < 0x20 && at[p] != '\r')
		return TRUNK_EXML;
	if (at[p] == '>' && p >= scan->mark + 2 && at[p - 1] == ']' && at[p - 2] == ']')
		scan->state = SCAN_TEXT;
	scan->pos = p + 1;
	return SCAN_ON;
}

static int scan_step(struct scan *scan, const unsigned char *at, size_t len)
{
	switch (scan->state) {
	case SCAN_TEXT:
		return step_text(scan, at, len);
	case SCAN_OPEN:
		return step_open(scan, at, len);
	case SCAN_NAME:
		return step_tag_name(scan, at, len);
	case SCAN_GAP:
		return step_gap(scan, at, len);
	case SCAN_ATTR:
		return step_attr(scan, at, len);
	case SCAN_EQUALS:
		return step_equals(scan, at, len);
	case SCAN_QUOTE:
		return step_quote(scan, at, len);
	case SCAN_VALUE:
		return step_value(scan, at, len);
	case SCAN_REF:
		return scan_ref(scan, at, len);
	case SCAN_SLASH:
		return step_slash(scan, at, len);
	case SCAN_CLOSE:
		return step_close(scan, at, len);
	case SCAN_CLOSE_GAP:
		return step_close_gap(scan, at, len);
	case SCAN_BANG:
		return step_bang(scan, at, len);
	case SCAN_CDATA:
		return step_cdata(scan, at, len);
	}
	return TRUNK_EXML;
}

int scan_run(struct scan *scan, const unsigned char *at, size_t len)
{
	int step;

	/* The states that nearly all of a stanza goes through call each other; the others come by way of here. */
	do
		step = scan->state == SCAN_TEXT ? step_text(scan, at, len) : scan_step(scan, at, len);
	while (step == SCAN_ON);
	return step;
}
