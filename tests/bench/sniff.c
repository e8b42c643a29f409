/* SPDX-License-Identifier: Apache-2.0
 * Finds the ends of elements, and what is in their start tags. */
#include "sniff.h"

#include <ctype.h>

static size_t find(struct str s, size_t from, const char *word)
{
	const char *at = from < s.len ? memmem(s.at + from, s.len - from, word, strlen(word)) : NULL;

	return at ? (size_t)(at - s.at) : s.len;
}

/* Offset behind the '>' of the tag at `from`, quotes honoured; 0: incomplete. */
static size_t tag_end(struct str s, size_t from)
{
	char quote = 0;

	for (size_t i = from; i < s.len; i++) {
		const char c = s.at[i];

		if (quote)
			quote = c == quote ? 0 : quote;
		else if (c == '\'' || c == '"')
			quote = c;
		else if (c == '>')
			return i + 1;
	}
	return 0;
}

/* Offset behind the element at `from`; 0: incomplete. */
static size_t element_end(struct str s, size_t from)
{
	size_t depth = 0;

	for (size_t at = from, end; at < s.len; at = end) {
		if (s.at[at] != '<') {
			const char *next = memchr(s.at + at, '<', s.len - at);

			end = next ? (size_t)(next - s.at) : s.len;
			continue;
		}
		if (str_starts(str_from(s, at), STR("<![CDATA["))) {
			end = find(s, at, "]]>") + 3;
			if (end > s.len)
				return 0;
			continue;
		}
		if ((end = tag_end(s, at)) == 0)
			return 0;
		if (s.at[at + 1] == '/')
			depth -= depth > 0;
		else if (s.at[end - 2] != '/')
			depth++;
		if (depth == 0)
			return end;
	}
	return 0;
}

enum sniff_kind sniff_next(struct str bytes, struct str *ret_element, size_t *ret_len)
{
	size_t at = 0, end;

	while (at < bytes.len && isspace((unsigned char)bytes.at[at]))
		at++;
	if (str_starts(str_from(bytes, at), STR("<?xml"))) {
		if ((end = find(bytes, at, "?>")) == bytes.len)
			return *ret_len = at, SNIFF_MORE;
		at = end + 2;
		while (at < bytes.len && isspace((unsigned char)bytes.at[at]))
			at++;
	}
	*ret_len = at;
	if (at == bytes.len)
		return SNIFF_MORE;
	if (bytes.at[at] != '<')
		return SNIFF_BAD;
	if ((end = tag_end(bytes, at)) == 0)
		return SNIFF_MORE;
	*ret_element = str_make(bytes.at + at, end - at);
	*ret_len = end;
	if (bytes.at[at + 1] == '/')
		return SNIFF_END;
	if (str_is(sniff_name(*ret_element), "stream:stream"))
		return SNIFF_HEADER;
	if ((end = element_end(bytes, at)) == 0)
		return *ret_len = at, SNIFF_MORE;
	*ret_element = str_make(bytes.at + at, end - at);
	*ret_len = end;
	return SNIFF_ELEMENT;
}

struct str sniff_name(struct str element)
{
	size_t end = 1;

	while (end < element.len && !isspace((unsigned char)element.at[end]) && element.at[end] != '>' &&
	       element.at[end] != '/')
		end++;
	return element.len ? str_make(element.at + 1, end - 1) : STR_NONE;
}

struct str sniff_attr(struct str element, const char *name)
{
	const size_t end = tag_end(element, 0), len = strlen(name);
	size_t at = sniff_name(element).len + 1;

	while (at < end) {
		struct str key, value;
		size_t close;

		while (at < end && isspace((unsigned char)element.at[at]))
			at++;
		key = str_until(str_from(element, at), str_find(str_from(element, at), '='));
		at += key.len + 1;
		if (at >= end || (element.at[at] != '\'' && element.at[at] != '"'))
			return STR_NONE;
		value = str_from(element, at + 1);
		close = str_find(value, element.at[at]);
		key = str_trim(key);
		if (key.len == len && memcmp(key.at, name, len) == 0)
			return str_until(value, close);
		at += close + 2;
	}
	return STR_NONE;
}

struct str sniff_text(struct str element)
{
	const struct str inside = str_from(element, tag_end(element, 0));

	return str_until(inside, str_find(inside, '<'));
}

bool sniff_has(struct str element, const char *word)
{
	return find(element, 0, word) < element.len;
}
