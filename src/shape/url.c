/* SPDX-License-Identifier: Apache-2.0
 * URLs in texts. */
#include "shape/shape_internal.h"

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* What ends a URL: blanks, control characters, and what people put around one. */
static bool is_end(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7F || c == '<' || c == '>' || c == '"';
}

static bool is_word_begin(struct str text, size_t at)
{
	return at == 0 || !is_alnum(text.at[at - 1]);
}

static bool begins(struct str text, size_t at, const char *word)
{
	const struct str w = str_of(word);

	return text.len - at >= w.len && str_eq_nocase(str_make(text.at + at, w.len), w);
}

static size_t end_of(struct str text, size_t at)
{
	while (at < text.len && !is_end(text.at[at]))
		at++;
	return at;
}

/* The scheme whose ':' stands at `colon`. False: there is none. */
static bool scheme_find(struct str text, size_t from, size_t colon, size_t *ret_begin)
{
	size_t begin = colon;

	while (begin > from && (is_alnum(text.at[begin - 1]) || strchr("+.-", text.at[begin - 1])))
		begin--;
	while (begin < colon && (!is_alnum(text.at[begin]) || (text.at[begin] >= '0' && text.at[begin] <= '9')))
		begin++;
	*ret_begin = begin;
	return begin < colon;
}

/* Whether a URL begins at the ':' or the 'w' at `at`. *no_comma: up to where no comma is, so that texts full of "data:" cost
 * no more than others. */
static bool url_begins(struct str text, size_t from, size_t at, size_t *no_comma, size_t *ret_begin)
{
	if (text.at[at] != ':') {
		*ret_begin = at;
		return is_word_begin(text, at) && begins(text, at, "www.") && at + 4 < text.len &&
		       (is_alnum(text.at[at + 4]) || (text.at[at + 4] & 0x80));
	}
	if (begins(text, at, "://"))
		return at + 3 < text.len && (unsigned char)text.at[at + 3] > ' ' && scheme_find(text, from, at, ret_begin);
	if (begins(text, at, ":?") && at >= 6 && begins(text, at - 6, "magnet")) {
		*ret_begin = at - 6;
		return is_word_begin(text, at - 6);
	}
	if (at < 4 || at < *no_comma || !begins(text, at - 4, "data") || !is_word_begin(text, at - 4))
		return false;
	*ret_begin = at - 4;
	for (size_t i = at; i < text.len && (unsigned char)text.at[i] > ' '; i++) {
		if (text.at[i] == ',')
			return true;
		*no_comma = i;
	}
	return false;
}

bool shape_url_find(struct str text, size_t *ret_offset, size_t *ret_len)
{
	size_t no_comma = 0, begin = 0;

	for (size_t at = 0; at < text.len; at++) {
		if (text.at[at] != ':' && text.at[at] != 'w' && text.at[at] != 'W')
			continue;
		if (!url_begins(text, 0, at, &no_comma, &begin))
			continue;
		*ret_offset = begin;
		*ret_len = end_of(text, at + (text.at[at] == ':' ? 3 : 4)) - begin;
		if (begin + *ret_len > text.len)
			*ret_len = text.len - begin;
		return true;
	}
	return false;
}
