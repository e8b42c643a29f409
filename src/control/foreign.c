/* SPDX-License-Identifier: Apache-2.0
 * Foreign text made fit for JSON and for terminals. */
#include "control/foreign.h"

#include <stdlib.h>
#include <time.h>

/* Length of the character at `at`, 0 where it is not UTF-8 (RFC 3629 §4: no overlong form, no surrogate, at most U+10FFFF). */
static size_t char_decode(struct str at, uint32_t *ret_code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char lead = (unsigned char)at.at[0];
	const size_t len = lead < 0x80 ? 1 : lead < 0xc0 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf8 ? 4 : 0;
	uint32_t code = len <= 1 ? lead : lead & (0x7fU >> len);

	if (len == 0 || len > at.len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		const unsigned char next = (unsigned char)at.at[i];

		if ((next & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (next & 0x3f);
	}
	if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret_code = code;
	return len;
}

json_t *foreign_json(struct str text)
{
	struct buf clean = {0};
	json_t *json = NULL;
	int err = 0;

	if (str_is_absent(text))
		return json_null();
	if ((json = json_stringn(text.at, text.len)))
		return json;
	while (text.len > 0 && err == 0) {
		uint32_t code;
		const size_t len = char_decode(text, &code);

		err = len > 0 ? buf_add(&clean, str_until(text, len)) : buf_add(&clean, STR("\xef\xbf\xbd"));
		text = str_from(text, len > 0 ? len : 1);
	}
	if (err == 0)
		json = json_stringn(buf_str(&clean).at, buf_len(&clean));
	buf_fini(&clean);
	return json;
}

json_t *foreign_json_c(const char *text)
{
	return foreign_json(str_of(text));
}

static bool is_steering(uint32_t code)
{
	if (code < 0x20 || (code >= 0x7f && code < 0xa0))
		return true;
	if (code == 0x061c || code == 0x200e || code == 0x200f || code == 0xfeff)
		return true;
	return (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

static int escape_char(struct buf *out, uint32_t code)
{
	if (code == '\n')
		return buf_add_cstr(out, "\\n");
	if (code == '\t')
		return buf_add_cstr(out, "\\t");
	return code < 0x100 ? buf_addf(out, "\\x%02x", (unsigned)code) : buf_addf(out, "\\u%04x", (unsigned)code);
}

int foreign_escape(struct buf *out, struct str text)
{
	int err = 0;

	while (text.len > 0 && err == 0) {
		uint32_t code;
		const size_t len = char_decode(text, &code);

		if (len == 0)
			err = buf_addf(out, "\\x%02x", (unsigned)(unsigned char)text.at[0]);
		else if (is_steering(code))
			err = escape_char(out, code);
		else
			err = buf_add(out, str_until(text, len));
		text = str_from(text, len > 0 ? len : 1);
	}
	return err;
}

size_t foreign_columns(struct str text)
{
	size_t columns = 0;

	for (size_t i = 0; i < text.len; i++)
		columns += ((unsigned char)text.at[i] & 0xc0) != 0x80;
	return columns;
}

void wall_text(int64_t wall_ms, char ret_text[static WALL_TEXT_SIZE])
{
	const time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm;

	ret_text[0] = '\0';
	if (wall_ms <= 0 || !gmtime_r(&seconds, &tm))
		return;
	if (strftime(ret_text, WALL_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		ret_text[0] = '\0';
}

json_t *wall_json(int64_t wall_ms)
{
	char text[WALL_TEXT_SIZE];

	wall_text(wall_ms, text);
	return text[0] ? json_string(text) : json_null();
}
