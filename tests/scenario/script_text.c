/* SPDX-License-Identifier: Apache-2.0
 * Texts of scripts as they are sent, and lines of key=value as they are looked at. */
#include "script.h"

#include "labels.h"

#include <stdlib.h>

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Adds what an escape at the beginning of `text` means, and returns how many bytes it takes; 0: none stands there. */
static size_t expand_escape(struct str text, struct buf *out)
{
	static const char from[] = "nrt\\\"0", to[] = "\n\r\t\\\"\0";
	const char *found;
	char byte;

	if (text.len < 2 || text.at[0] != '\\')
		return 0;
	if (text.at[1] == 'x' && text.len >= 4 && hex(text.at[2]) >= 0 && hex(text.at[3]) >= 0) {
		byte = (char)(hex(text.at[2]) * 16 + hex(text.at[3]));
		buf_add(out, str_make(&byte, 1));
		return 4;
	}
	if (!(found = memchr(from, text.at[1], sizeof(from) - 1)))
		return 0;
	buf_add(out, str_make(&to[found - from], 1));
	return 2;
}

enum { KEPT_ID_SIZE = 256 };
static char kept_ids[2][KEPT_ID_SIZE];  /* of one scenario at a time */

void script_keep_id(enum script_id which, struct str id)
{
	memcpy(kept_ids[which], id.at, id.len < KEPT_ID_SIZE ? id.len : 0);
	kept_ids[which][id.len < KEPT_ID_SIZE ? id.len : 0] = '\0';
}

static size_t expand_brace(struct str text, unsigned n, struct buf *out)
{
	const struct str name = str_until(text, str_find(text, '}'));
	size_t pad;

	if (str_is(name, "{n")) {
		buf_addf(out, "%u", n);
		return 3;
	}
	if (str_is(name, "{sm-id"))
		return buf_add_cstr(out, kept_ids[SCRIPT_SM_ID]) < 0 ? 0 : name.len + 1;
	if (str_is(name, "{iq-id"))
		return buf_add_cstr(out, kept_ids[SCRIPT_IQ_ID]) < 0 ? 0 : name.len + 1;
	if (memmem(name.at, name.len, ": ", 2))
		return scenario_label_add(str_from(name, 1), out) ? name.len + 1 : 0;
	if (!str_starts(name, STR("{pad:")) || script_size(str_from(name, 5), &pad) < 0 || buf_reserve(out, pad) < 0)
		return 0;
	memset(buf_space(out), 'x', pad);
	buf_grew(out, pad);
	return name.len + 1;
}

int script_expand(struct str text, unsigned n, bool has_escapes, struct buf *out)
{
	int err = 0;

	while (text.len > 0 && err == 0) {
		size_t taken = 0;

		if (text.at[0] == '{')
			taken = expand_brace(text, n, out);
		else if (has_escapes)
			taken = expand_escape(text, out);
		if (taken == 0) {
			err = buf_add(out, str_until(text, 1));
			taken = 1;
		}
		text = str_from(text, taken);
	}
	return err;
}

/* ---- key=value ---- */

/* Takes one pair off the front; `value` as it stands, quotes included. */
static bool next_pair(struct str *rest, struct str *ret_key, struct str *ret_value)
{
	size_t i = 0;
	bool in_quotes = false;

	while (rest->len > 0 && rest->at[0] == ' ')
		*rest = str_from(*rest, 1);
	if (rest->len == 0)
		return false;
	for (; i < rest->len && (in_quotes || rest->at[i] != ' '); i++) {
		if (rest->at[i] == '\\' && in_quotes)
			i++;
		else if (rest->at[i] == '"')
			in_quotes = !in_quotes;
	}
	*ret_value = str_until(*rest, i);
	*rest = str_from(*rest, i);
	*ret_key = str_cut(ret_value, '=');
	return true;
}

bool line_value(struct str line, struct str key, struct buf *ret_value)
{
	struct str k, value;

	buf_clear(ret_value);
	while (next_pair(&line, &k, &value)) {
		if (!value.at || !str_eq(k, key))
			continue;
		if (value.len >= 2 && value.at[0] == '"')
			value = str_make(value.at + 1, value.len - 2);
		script_expand(value, 0, true, ret_value);
		return true;
	}
	return false;
}

static bool contains(struct str text, struct str part)
{
	for (size_t i = 0; i + part.len <= text.len; i++)
		if (str_starts(str_from(text, i), part))
			return true;
	return false;
}

static bool compares(struct str have, struct str want, bool is_at_most)
{
	uint64_t a, b;

	if (str_number(have, UINT64_MAX, &a) < 0 || str_number(want, UINT64_MAX, &b) < 0)
		return false;
	return is_at_most ? a <= b : a >= b;
}

static bool fits_one(struct str line, struct str condition)
{
	const char *const operators[] = {"!=", "<=", ">=", "~", "=", NULL};
	struct buf value = {0};
	struct str key = condition, want = STR("");
	unsigned which = 4;
	bool has, fits;

	for (size_t i = 0; i < condition.len && want.len == 0; i++)
		for (unsigned o = 0; operators[o]; o++)
			if (str_starts(str_from(condition, i), str_of(operators[o]))) {
				key = str_until(condition, i);
				want = str_from(condition, i + strlen(operators[o]));
				which = o;
				i = condition.len;
				break;
			}
	if (want.len >= 2 && want.at[0] == '"')
		want = str_make(want.at + 1, want.len - 2);
	has = line_value(line, key, &value);
	if (which == 3)
		fits = has && contains(buf_str(&value), want);
	else if (which == 1 || which == 2)
		fits = has && compares(buf_str(&value), want, which == 1);
	else
		fits = (has && str_eq(buf_str(&value), want)) != (which == 0);
	buf_fini(&value);
	return fits;
}

bool line_fits(struct str line, const struct words *words, unsigned from)
{
	for (; from < words->count; from++)
		if (!fits_one(line, words->at[from]))
			return false;
	return true;
}
