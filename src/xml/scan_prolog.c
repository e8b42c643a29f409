/* SPDX-License-Identifier: Apache-2.0
 * What may stand before the header: a byte order mark and an XML declaration (XML 1.0 §2.8), as Expat reads them. */
#include "xml/scan.h"

#include "xml/chars.h"

enum { BOM_LEN = 3 };

/* UTF-16 and UTF-32 show by their marks, or by a NUL beside the first '<'. */
static int scan_bom(struct scan *scan, struct str input, size_t *ret_consumed)
{
	const unsigned char *at = (const unsigned char *)input.at;

	if (at[0] == 0 || at[0] >= 0xFE || (input.len > 1 && at[1] == 0))
		return TRUNK_EXML_ENCODING;
	if (at[0] == 0xEF) {
		if (input.len < BOM_LEN)
			return SCAN_MORE;
		if (memcmp(at, "\xEF\xBB\xBF", BOM_LEN) != 0)
			return TRUNK_EXML;
		*ret_consumed = BOM_LEN;
	} else if (input.len < 2) {
		return SCAN_MORE;
	}
	scan->phase = SCAN_AT_DECL;
	return SCAN_ON;
}

static struct str skip_space(struct str rest)
{
	while (rest.len && char_is((unsigned char)rest.at[0], CHAR_SPACE))
		rest = str_from(rest, 1);
	return rest;
}

/* Takes ` name = 'value'` from the front of `*rest`. The value's own characters are the caller's to judge. */
static bool take_pair(struct str *rest, struct str *ret_name, struct str *ret_value)
{
	struct str s = skip_space(*rest);
	size_t len = 0;

	if (s.len == rest->len)
		return false;
	while (len < s.len && s.at[len] >= 'a' && s.at[len] <= 'z')
		len++;
	*ret_name = str_until(s, len);
	s = skip_space(str_from(s, len));
	if (s.len == 0 || s.at[0] != '=')
		return false;
	s = skip_space(str_from(s, 1));
	if (s.len == 0 || (s.at[0] != '\'' && s.at[0] != '"'))
		return false;
	len = str_find(str_from(s, 1), s.at[0]);
	if (len == s.len - 1)
		return false;
	*ret_value = str_make(s.at + 1, len);
	*rest = str_from(s, len + 2);
	return true;
}

static bool is_encoding_name(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		const unsigned char c = (unsigned char)name.at[i];
		const bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';

		if (!is_letter && (i == 0 || !(char_is(c, CHAR_DIGIT) || c == '.' || c == '_' || c == '-')))
			return false;
	}
	return name.len > 0;
}

/* Takes the pair only where it has that name. */
static bool take_named(struct str *rest, const char *name, struct str *ret_value)
{
	struct str behind = *rest, its_name, value;

	if (!take_pair(&behind, &its_name, &value) || !str_is(its_name, name))
		return false;
	*rest = behind;
	*ret_value = value;
	return true;
}

/* `rest` is what stands between `<?xml` and `?>`. */
static int decl_judge(struct str rest)
{
	struct str value, encoding = STR_NONE;

	if (!take_named(&rest, "version", &value) || !str_is(value, "1.0"))
		return TRUNK_EXML;
	if (take_named(&rest, "encoding", &encoding) && !is_encoding_name(encoding))
		return TRUNK_EXML;
	if (take_named(&rest, "standalone", &value) && !str_is(value, "yes") && !str_is(value, "no"))
		return TRUNK_EXML;
	if (skip_space(rest).len)
		return TRUNK_EXML;
	return str_is_absent(encoding) || xml_encoding_is_utf8(encoding) ? 0 : TRUNK_EXML_ENCODING;
}

/* Looks on for `?>` from scan->pos, so that a declaration that comes in pieces is read once. */
static int decl_end(struct scan *scan, const unsigned char *at, size_t len)
{
	uint32_t c;

	for (;;) {
		const size_t p = scan->pos;
		int size;

		if (p >= len)
			return SCAN_MORE;
		if (at[p] == '?' && p + 1 == len)
			return SCAN_MORE;
		if (at[p] == '?' && at[p + 1] == '>')
			return SCAN_DONE;
		size = utf8_decode(at + p, len - p, &c);
		if (size == 0)
			return SCAN_MORE;
		if (size < 0 || !char_is_legal(c))
			return TRUNK_EXML;
		scan->pos += (size_t)size;
	}
}

static int scan_decl(struct scan *scan, struct str input, size_t *ret_consumed)
{
	static const struct str open = {"<?xml", 5};
	const struct str within = str_until(input, XML_DECLARATION_MAX);
	int step;

	if (memcmp(input.at, open.at, input.len < open.len ? input.len : open.len) != 0) {
		scan->phase = SCAN_AT_HEADER;
		return SCAN_ON;
	}
	if (within.len <= open.len)
		return SCAN_MORE;
	if (!char_is((unsigned char)input.at[open.len], CHAR_SPACE) && input.at[open.len] != '?')
		return TRUNK_EXML_RESTRICTED;
	if (input.at[open.len] == '?')
		return within.len > open.len + 1 ? TRUNK_EXML : SCAN_MORE;      /* no version */
	if (scan->pos < open.len)
		scan->pos = open.len;
	step = decl_end(scan, (const unsigned char *)within.at, within.len);
	if (step == SCAN_MORE)
		return input.len >= XML_DECLARATION_MAX ? TRUNK_EXML_LIMIT : SCAN_MORE;
	if (step < 0 || (step = decl_judge(str_make(input.at + open.len, scan->pos - open.len))) < 0)
		return step;
	*ret_consumed += scan->pos + 2;
	scan->phase = SCAN_AT_HEADER;
	return SCAN_ON;
}

int scan_prolog(struct scan *scan, struct str input, size_t *ret_consumed)
{
	int step;

	*ret_consumed = 0;
	if (input.len == 0)
		return SCAN_MORE;
	if (scan->phase == SCAN_AT_START && (step = scan_bom(scan, input, ret_consumed)) != SCAN_ON)
		return step;
	input = str_from(input, *ret_consumed);
	return input.len ? scan_decl(scan, input, ret_consumed) : SCAN_MORE;
}
