/* SPDX-License-Identifier: Apache-2.0
 * Text as the inside of a JSON string. */
#include "base/json.h"

#include "base/error.h"

static bool is_escaped(uint32_t c)
{
	if (c < 0x80)
		return c < 0x20 || c == 0x7f || c == '"' || c == '\\';
	if (c <= 0x9f || c == 0x61c || c == 0x200e || c == 0x200f || c == 0xfeff)
		return true;
	return (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* Bytes at the beginning that stay as they are. Nearly all text is ASCII, and each record of the audit comes through here. */
static size_t plain_span(struct str s)
{
	size_t at = 0, len;
	uint32_t c;

	while (at < s.len) {
		const unsigned char byte = (unsigned char)s.at[at];

		len = byte < 0x80 ? 1 : str_first_char(str_from(s, at), &c);
		if (len == 0 || is_escaped(len == 1 ? byte : c))
			break;
		at += len;
	}
	return at;
}

static int add_escape(struct buf *buf, uint32_t c)
{
	const char quoted[] = {'\\', (char)c};

	if (c == '"' || c == '\\')
		return buf_add(buf, str_make(quoted, sizeof(quoted)));
	return buf_addf(buf, "\\u%04x", (unsigned)c);   /* none of them is above U+FFFF */
}

int buf_add_json(struct buf *buf, struct str text)
{
	const size_t before = buf_len(buf);
	int err = 0;

	while (text.len > 0 && err == 0) {
		const size_t plain = plain_span(text);
		uint32_t c = 0xfffd;
		size_t len;

		err = buf_add(buf, str_until(text, plain));
		text = str_from(text, plain);
		if (text.len == 0 || err < 0)
			break;
		len = str_first_char(text, &c);
		err = add_escape(buf, c);
		text = str_from(text, len ? len : 1);
	}
	if (err < 0)
		buf->end = buf->start + before;
	return err;
}
