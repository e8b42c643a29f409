/* SPDX-License-Identifier: Apache-2.0
 * XML that an operator keeps in a file, for the parser that reads streams: that one refuses comments and declarations. */
#include "label/xml_file_internal.h"

/* Where `needle` begins in `s`; s.len where it does not. */
static size_t find(struct str s, struct str needle)
{
	const char *at = s.len ? memmem(s.at, s.len, needle.at, needle.len) : NULL;

	return at ? (size_t)(at - s.at) : s.len;
}

/* Goes behind the declaration, if there is one. Only UTF-8 may be declared: the parser takes the bytes for that. */
static int declaration_skip(struct str *text)
{
	const struct str begin = STR("<?xml"), end = STR("?>"), key = STR("encoding");
	struct str inside;

	if (!str_starts(*text, begin) || text->len == begin.len || !strchr(" \t\r\n", text->at[begin.len]))
		return 0;
	inside = str_until(*text, find(*text, end));
	if (inside.len == text->len)
		return TRUNK_EXML;
	*text = str_from(*text, inside.len + end.len);
	inside = str_from(inside, find(inside, key) + key.len);
	if (inside.len == 0)
		return 0;
	inside = str_trim(inside);
	if (inside.at[0] != '=')
		return TRUNK_EXML;
	inside = str_trim(str_from(inside, 1));
	return inside.len > 6 && str_eq_nocase(str_until(str_from(inside, 1), 5), STR("UTF-8")) && inside.at[6] == inside.at[0]
		       ? 0
		       : TRUNK_EXML_ENCODING;
}

/* Copies all but comments. In well-formed XML "<!" begins a comment, a CDATA section or a DTD and nothing else; the two last
 * are refused here, so that nothing can hide what a comment is. */
static int comments_drop(struct str text, struct buf *out)
{
	const struct str begin = STR("<!--"), end = STR("-->");
	int err = 0;

	while (text.len > 0 && !err) {
		const size_t next = find(text, STR("<!"));
		const struct str rest = str_from(text, next);
		const size_t len = find(str_from(rest, begin.len), end);

		err = buf_add(out, str_until(text, next));
		if (rest.len == 0)
			break;
		if (!str_starts(rest, begin))
			return TRUNK_EXML_RESTRICTED;
		if (begin.len + len >= rest.len)
			return TRUNK_EXML;
		text = str_from(rest, begin.len + len + end.len);
	}
	return err;
}

int xml_file_parse(struct arena *arena, struct str text, size_t bytes_max, unsigned depth_max, struct xml_node **ret_node)
{
	const struct xml_limits limits = {.element_bytes = bytes_max, .depth = depth_max, .attributes = 64};
	struct buf plain = {0};
	int err;

	if (text.len > bytes_max)
		return TRUNK_ELIMIT;
	if (str_starts(text, STR("\xef\xbb\xbf")))
		text = str_from(text, 3);
	if ((err = declaration_skip(&text)) == 0 && (err = comments_drop(text, &plain)) == 0)
		err = xml_tree_parse(arena, str_trim(buf_str(&plain)), NULL, &limits, ret_node);
	buf_fini(&plain);
	return err;
}
