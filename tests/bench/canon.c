/* SPDX-License-Identifier: Apache-2.0
 * The form of a stanza that shows only what it means. */
#include "sniff.h"

#include "base/error.h"

#include <ctype.h>
#include <stdlib.h>

enum { CANON_NAMES = 256, CANON_DEPTH = 64, CANON_ATTRIBUTES = 64 };

struct declared {
	struct str prefix, uri; /* uri: raw; no namespace used here holds an entity */
};

struct canon {
	struct str rest;
	struct buf *out;
	struct declared names[CANON_NAMES];
	size_t name_count, floor[CANON_DEPTH], depth;
	bool skip_lang;
};

struct attribute {
	struct str uri, local, value;
};

static struct str canon_uri(const struct canon *canon, struct str prefix)
{
	for (size_t i = canon->name_count; i-- > 0;)
		if (str_eq(canon->names[i].prefix, prefix))
			return canon->names[i].uri;
	return STR("?");
}

static int canon_declare(struct canon *canon, struct str prefix, struct str uri)
{
	if (canon->name_count == CANON_NAMES)
		return TRUNK_ELIMIT;
	canon->names[canon->name_count++] = (struct declared){prefix, uri};
	return 0;
}

static int add_code_point(struct buf *out, unsigned long c)
{
	char utf8[4];
	size_t len = 0;

	if (c < 0x80)
		utf8[len++] = (char)c;
	else if (c < 0x800)
		utf8[len++] = (char)(0xc0 | c >> 6);
	else if (c < 0x10000)
		utf8[len++] = (char)(0xe0 | c >> 12);
	else if (c < 0x110000)
		utf8[len++] = (char)(0xf0 | c >> 18);
	else
		return TRUNK_EXML;
	if (c >= 0x10000)
		utf8[len++] = (char)(0x80 | (c >> 12 & 0x3f));
	if (c >= 0x800)
		utf8[len++] = (char)(0x80 | (c >> 6 & 0x3f));
	if (c >= 0x80)
		utf8[len++] = (char)(0x80 | (c & 0x3f));
	return buf_add(out, str_make(utf8, len));
}

static int add_reference(struct buf *out, struct str name)
{
	static const struct {
		const char *name, *text;
	} known[] = {{"lt", "<"}, {"gt", ">"}, {"amp", "&"}, {"apos", "'"}, {"quot", "\""}};
	char digits[12];

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (str_is(name, known[i].name))
			return buf_add_cstr(out, known[i].text);
	if (name.len < 2 || name.len >= sizeof(digits) || name.at[0] != '#')
		return TRUNK_EXML;
	memcpy(digits, name.at + 1, name.len - 1);
	digits[name.len - 1] = 0;
	return add_code_point(out, digits[0] == 'x' ? strtoul(digits + 1, NULL, 16) : strtoul(digits, NULL, 10));
}

/* Adds text with its references decoded. */
static int add_text(struct buf *out, struct str text)
{
	int err = 0;

	while (text.len && err == 0) {
		const size_t plain = str_find(text, '&');
		struct str rest;

		if ((err = buf_add(out, str_until(text, plain))) < 0 || plain == text.len)
			return err;
		rest = str_from(text, plain + 1);
		err = add_reference(out, str_until(rest, str_find(rest, ';')));
		text = str_from(rest, str_find(rest, ';') + 1);
	}
	return err;
}

static int attribute_order(const void *a, const void *b)
{
	const struct attribute *x = a, *y = b;
	const size_t len = x->local.len < y->local.len ? x->local.len : y->local.len;
	const int order = memcmp(x->local.at, y->local.at, len);

	if (order || x->local.len != y->local.len)
		return order ? order : (x->local.len < y->local.len ? -1 : 1);
	if (x->uri.len != y->uri.len)
		return x->uri.len < y->uri.len ? -1 : 1;
	return x->uri.len ? memcmp(x->uri.at, y->uri.at, x->uri.len) : 0;
}

/* Splits `name` at its colon; an absent prefix is the empty one. */
static struct str name_split(struct str name, struct str *ret_local)
{
	const size_t colon = str_find(name, ':');

	*ret_local = colon == name.len ? name : str_from(name, colon + 1);
	return colon == name.len ? STR("") : str_until(name, colon);
}

/* Reads the attributes of the tag `tag` (without its brackets): declarations into `canon`, the others into `list` with their
 * prefixes in `uri`. Returns their count or an error. */
static int read_attributes(struct canon *canon, struct str tag, struct attribute list[static CANON_ATTRIBUTES])
{
	int count = 0;

	for (tag = str_trim(tag); tag.len; tag = str_trim(tag)) {
		struct str key = str_trim(str_until(tag, str_find(tag, '='))), value, local, prefix;

		tag = str_trim(str_from(tag, str_find(tag, '=') + 1));
		if (tag.len < 2 || (tag.at[0] != '\'' && tag.at[0] != '"') || count == CANON_ATTRIBUTES)
			return TRUNK_EXML;
		value = str_from(tag, 1);
		value = str_until(value, str_find(value, tag.at[0]));
		tag = str_from(tag, value.len + 2);
		prefix = name_split(key, &local);
		if (str_is(key, "xmlns") || str_is(prefix, "xmlns")) {
			if (canon_declare(canon, str_is(key, "xmlns") ? STR("") : local, value) < 0)
				return TRUNK_ELIMIT;
		} else {
			list[count++] = (struct attribute){prefix, local, value};
		}
	}
	return count;
}

static bool is_skipped(const struct canon *canon, const struct attribute *a)
{
	if (canon->depth != 1)
		return false;
	return (a->uri.len == 0 && str_is(a->local, "id")) ||
	       (canon->skip_lang && str_is(a->uri, "xml") && str_is(a->local, "lang"));
}

static int add_attributes(struct canon *canon, struct attribute *list, int count)
{
	int err = 0;

	for (int i = 0; i < count; i++)
		list[i].uri = list[i].uri.len ? canon_uri(canon, list[i].uri) : STR("");
	qsort(list, (size_t)count, sizeof(*list), attribute_order);
	for (int i = 0; i < count && err == 0; i++) {
		if (is_skipped(canon, &list[i]))
			continue;
		err = buf_addf(canon->out, " {%.*s}%.*s='", STR_ARG(list[i].uri), STR_ARG(list[i].local));
		if (err == 0)
			err = add_text(canon->out, list[i].value);
		if (err == 0)
			err = buf_add(canon->out, STR("'\x01"));
	}
	return err;
}

static int close_element(struct canon *canon)
{
	if (canon->depth == 0)
		return TRUNK_EXML;
	canon->name_count = canon->floor[--canon->depth];
	return buf_add(canon->out, STR("\x02/"));
}

static int open_element(struct canon *canon, struct str tag)
{
	struct attribute list[CANON_ATTRIBUTES];
	const bool is_empty = tag.len && tag.at[tag.len - 1] == '/';
	struct str name = STR_NONE, prefix, local;
	int count, err;

	if (canon->depth == CANON_DEPTH)
		return TRUNK_ELIMIT;
	canon->floor[canon->depth++] = canon->name_count;
	tag = is_empty ? str_until(tag, tag.len - 1) : tag;
	name = tag;
	for (size_t i = 0; i < tag.len && name.len == tag.len; i++)
		if (isspace((unsigned char)tag.at[i]))
			name = str_until(tag, i);
	if ((count = read_attributes(canon, str_from(tag, name.len), list)) < 0)
		return count;
	prefix = name_split(name, &local);
	if ((err = buf_addf(canon->out, "\x02{%.*s}%.*s", STR_ARG(canon_uri(canon, prefix)), STR_ARG(local))) < 0 ||
	    (err = add_attributes(canon, list, count)) < 0 || (err = buf_add(canon->out, STR("\x02"))) < 0)
		return err;
	return is_empty ? close_element(canon) : 0;
}

static size_t markup_end(struct str s)
{
	char quote = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (quote)
			quote = s.at[i] == quote ? 0 : quote;
		else if (s.at[i] == '\'' || s.at[i] == '"')
			quote = s.at[i];
		else if (s.at[i] == '>')
			return i;
	}
	return s.len;
}

static int canon_step(struct canon *canon)
{
	struct str s = canon->rest, tag;
	size_t end;

	if (s.at[0] != '<') {
		end = str_find(s, '<');
		canon->rest = str_from(s, end);
		return add_text(canon->out, str_until(s, end));
	}
	if (str_starts(s, STR("<![CDATA["))) {
		const char *close = memmem(s.at, s.len, "]]>", 3);

		if (!close)
			return TRUNK_EXML;
		canon->rest = str_from(s, (size_t)(close - s.at) + 3);
		return buf_add(canon->out, str_make(s.at + 9, (size_t)(close - s.at) - 9));
	}
	if ((end = markup_end(s)) == s.len || end < 2 || s.at[1] == '!' || s.at[1] == '?')
		return TRUNK_EXML;
	tag = str_make(s.at + 1, end - 1);
	canon->rest = str_from(s, end + 1);
	return tag.at[0] == '/' ? close_element(canon) : open_element(canon, tag);
}

int sniff_canon(struct str element, bool skip_lang, struct buf *out)
{
	struct canon canon = {.rest = element, .out = out, .skip_lang = skip_lang, .name_count = 4,
		.names = {{STR("xml"), STR("xml")}, {STR(""), STR("jabber:server")}, {STR("db"), STR("jabber:server:dialback")},
			  {STR("stream"), STR("http://etherx.jabber.org/streams")}}};
	int err = 0;

	while (canon.rest.len && err == 0)
		err = canon_step(&canon);
	return err ? err : canon.depth ? TRUNK_EXML : 0;
}
