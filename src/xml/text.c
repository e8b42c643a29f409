/* SPDX-License-Identifier: Apache-2.0
 * References resolved and made. */
#include "xml/text.h"

#include "xml/chars.h"
#include "xml/xml.h"

static const struct entity {
	struct str ref;
	char c;
} entities[] = {
	{{"&amp;", 5}, '&'}, {{"&lt;", 4}, '<'}, {{"&gt;", 4}, '>'}, {{"&apos;", 6}, '\''}, {{"&quot;", 6}, '"'},
};

enum { ENTITIES = sizeof(entities) / sizeof(entities[0]) };

static unsigned digit_value(unsigned char c)
{
	return c <= '9' ? c - (unsigned)'0' : (c | 0x20u) - 'a' + 10;
}

static int number_decode(struct str digits, unsigned base, uint32_t *ret_char)
{
	uint32_t c = 0;

	for (size_t i = 0; i < digits.len; i++) {
		c = c * base + digit_value((unsigned char)digits.at[i]);
		if (c > 0x10FFFF)
			return TRUNK_EXML;
	}
	if (!char_is_legal(c))
		return TRUNK_EXML;
	*ret_char = c;
	return 0;
}

int ref_decode(struct str ref, uint32_t *ret_char)
{
	if (ref.len > 4 && ref.at[1] == '#' && ref.at[2] == 'x')
		return number_decode(str_make(ref.at + 3, ref.len - 4), 16, ret_char);
	if (ref.len > 3 && ref.at[1] == '#')
		return number_decode(str_make(ref.at + 2, ref.len - 3), 10, ret_char);
	for (unsigned i = 0; i < ENTITIES; i++) {
		if (str_eq(ref, entities[i].ref)) {
			*ret_char = (unsigned char)entities[i].c;
			return 0;
		}
	}
	return TRUNK_EXML_RESTRICTED;
}

/* Decodes one reference at raw[i]; what is none is copied, for this never refuses. Returns how many bytes of `raw` it took. */
static size_t value_ref(struct str raw, size_t i, char *at, size_t *len)
{
	const size_t size = str_find(str_from(raw, i), ';') + 1;
	uint32_t c;

	if (i + size > raw.len || ref_decode(str_make(raw.at + i, size), &c) < 0) {
		at[(*len)++] = raw.at[i];
		return 1;
	}
	*len += utf8_encode(c, at + *len);
	return size;
}

/* XML 1.0 §3.3.3, and §2.11: CR LF is one line's end. */
size_t value_decode(struct str raw, char *at)
{
	size_t len = 0;

	for (size_t i = 0; i < raw.len; ) {
		const char c = raw.at[i];

		if (c == '&') {
			i += value_ref(raw, i, at, &len);
			continue;
		}
		if (c == '\r' && i + 1 < raw.len && raw.at[i + 1] == '\n')
			i++;
		at[len++] = char_is((unsigned char)c, CHAR_SPACE) ? ' ' : c;
		i++;
	}
	return len;
}

struct str xml_decode(struct arena *arena, struct str raw)
{
	bool is_plain = true;
	char *at;

	for (size_t i = 0; i < raw.len && is_plain; i++)
		is_plain = raw.at[i] != '&' && (unsigned char)raw.at[i] >= ' ';
	if (str_is_absent(raw) || is_plain)
		return raw;
	at = arena_alloc(arena, raw.len + 1);
	return at ? str_make(at, value_decode(raw, at)) : STR_NONE;
}

/* What stands for the character at `at`, and how many bytes of input it takes; absent where it stands for itself. */
static struct str escape_of(const unsigned char *at, size_t avail, char quote, size_t *ret_len)
{
	uint32_t c;
	int len;

	*ret_len = 1;
	switch (at[0]) {
	case '&':
		return STR("&amp;");
	case '<':
		return STR("&lt;");
	case '>':
		return STR("&gt;");
	case '\'':
		return quote ? STR("&apos;") : STR_NONE;
	case '"':
		return quote == '*' ? STR("&quot;") : STR_NONE;
	case '\r':
		return STR("&#13;");
	case '\t':
		return quote ? STR("&#9;") : STR_NONE;
	case '\n':
		return quote ? STR("&#10;") : STR_NONE;
	}
	len = at[0] < 0x20 ? -1 : utf8_decode(at, avail, &c);
	if (len <= 0)
		return STR("\xEF\xBF\xBD");
	*ret_len = (size_t)len;
	return STR_NONE;
}

int text_escape(struct buf *out, struct str text, char quote)
{
	const unsigned char *at = (const unsigned char *)text.at;
	const size_t start = buf_len(out);
	size_t done = 0, len;
	int err = 0;

	if (text.len == 0)
		return 0;
	for (size_t i = 0; i < text.len && !err; i += len) {
		struct str escape;

		len = 1;
		if (char_is(at[i], CHAR_VALUE) && char_is(at[i], CHAR_TEXT))
			continue;
		escape = escape_of(at + i, text.len - i, quote, &len);
		if (str_is_absent(escape))
			continue;
		if (!(err = buf_add(out, str_make(text.at + done, i - done))))
			err = buf_add(out, escape);
		done = i + len;
	}
	if (!err)
		err = buf_add(out, str_from(text, done));
	if (err)
		out->end = out->start + start;          /* on failure nothing was added */
	return err;
}

int xml_escape(struct buf *out, struct str text)
{
	return text_escape(out, text, '*');
}
