/* SPDX-License-Identifier: Apache-2.0
 * Openfire's settings from the text script of its embedded database (HSQLDB), or from a dump of another one: INSERT
 * statements of the tables ofProperty (name, propValue, encrypted, iv) and ofRemoteServerConf (xmppDomain, remotePort,
 * permission). Everything else is skipped. */
#include "control/openfire.h"

enum { VALUES_MAX = 8, VALUE_BYTES_MAX = 64 * 1024 };

struct row {
	struct str values[VALUES_MAX];          /* absent: NULL */
	unsigned count;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct str *at)
{
	while (at->len > 0 && is_blank(at->at[0]))
		*at = str_from(*at, 1);
}

/* Leaves `at` alone where the word does not come. */
static bool take(struct str *at, const char *word)
{
	const struct str want = str_of(word);
	struct str behind = *at;

	skip_blanks(&behind);
	if (!str_eq_nocase(str_until(behind, want.len), want))
		return false;
	*at = str_from(behind, want.len);
	return true;
}

/* A name, maybe quoted and behind a schema: PUBLIC.OFPROPERTY, `ofProperty`, public."ofProperty". Returns its last part. */
static struct str take_name(struct str *at)
{
	struct str name = STR("");

	skip_blanks(at);
	for (;;) {
		size_t len = 0;
		const char c = at->len > 0 ? at->at[0] : ' ';
		const bool is_quoted = c == '"' || c == '`' || c == '[';

		*at = str_from(*at, is_quoted);
		while (len < at->len && !is_blank(at->at[len]) && !strchr("\"`].(,)'", at->at[len]))
			len++;
		name = str_until(*at, len);
		*at = str_from(*at, len + is_quoted);
		if (at->len == 0 || at->at[0] != '.')
			return name;
		*at = str_from(*at, 1);
	}
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* HSQLDB writes what is not ASCII as \uXXXX, and a pair of those beyond U+FFFF. Returns false where none stands there. */
static bool take_unit(struct str *at, uint32_t *ret_unit)
{
	uint32_t unit = 0;

	if (at->len < 6 || at->at[0] != '\\' || at->at[1] != 'u')
		return false;
	for (int i = 2; i < 6; i++) {
		const int digit = hex_digit(at->at[i]);

		if (digit < 0)
			return false;
		unit = unit << 4 | (uint32_t)digit;
	}
	*at = str_from(*at, 6);
	*ret_unit = unit;
	return true;
}

static int add_code(struct buf *out, uint32_t code)
{
	char utf8[4];
	size_t len = 0;

	if (code < 0x80) {
		utf8[len++] = (char)code;
	} else if (code < 0x800) {
		utf8[len++] = (char)(0xc0 | code >> 6);
		utf8[len++] = (char)(0x80 | (code & 0x3f));
	} else {
		if (code >= 0x10000) {
			utf8[len++] = (char)(0xf0 | code >> 18);
			utf8[len++] = (char)(0x80 | (code >> 12 & 0x3f));
		} else {
			utf8[len++] = (char)(0xe0 | code >> 12);
		}
		utf8[len++] = (char)(0x80 | (code >> 6 & 0x3f));
		utf8[len++] = (char)(0x80 | (code & 0x3f));
	}
	return buf_add(out, str_make(utf8, len));
}

static int add_unit(struct buf *out, uint32_t unit, struct str *at)
{
	struct str behind = *at;
	uint32_t low;

	if (unit >= 0xd800 && unit <= 0xdbff && take_unit(&behind, &low) && low >= 0xdc00 && low <= 0xdfff) {
		*at = behind;
		unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
	}
	return add_code(out, unit >= 0xd800 && unit <= 0xdfff ? 0xfffd : unit);
}

/* What stands behind the opening quote. */
static int take_string(struct str *at, struct buf *out)
{
	int err = 0;

	while (err == 0) {
		uint32_t unit;

		if (at->len == 0)
			return TRUNK_EINVAL;
		if (take_unit(at, &unit)) {
			err = add_unit(out, unit, at);
			continue;
		}
		if (at->at[0] == '\'') {
			*at = str_from(*at, 1);
			if (at->len == 0 || at->at[0] != '\'')
				return 0;
		}
		err = buf_add(out, str_until(*at, 1));
		*at = str_from(*at, 1);
	}
	return err;
}

/* 'text', N'text', NULL or a number. */
static int take_value(struct openfire *openfire, struct str *at, struct str *ret_value)
{
	struct buf text = {.limit = VALUE_BYTES_MAX};
	size_t len = 0;
	int err;

	if (take(at, "N'") || take(at, "'")) {
		if ((err = take_string(at, &text)) == 0) {
			*ret_value = arena_str(&openfire->arena, buf_str(&text));
			err = str_is_absent(*ret_value) ? TRUNK_ENOMEM : 0;
		}
		buf_fini(&text);
		return err;
	}
	skip_blanks(at);
	while (len < at->len && !is_blank(at->at[len]) && at->at[len] != ',' && at->at[len] != ')')
		len++;
	*ret_value = str_until(*at, len);
	*at = str_from(*at, len);
	if (str_eq_nocase(*ret_value, STR("null")))
		*ret_value = STR_NONE;
	return len > 0 ? 0 : TRUNK_EINVAL;
}

/* (1, 'two', NULL) */
static int take_row(struct openfire *openfire, struct str *at, struct row *ret_row)
{
	struct str value;
	int err;

	ret_row->count = 0;
	if (!take(at, "("))
		return TRUNK_EINVAL;
	do {
		if ((err = take_value(openfire, at, &value)) < 0)
			return err;
		if (ret_row->count < VALUES_MAX)
			ret_row->values[ret_row->count++] = value;
	} while (take(at, ","));
	return take(at, ")") ? 0 : TRUNK_EINVAL;
}

static int row_property(struct openfire *openfire, const struct row *row)
{
	if (row->count < 2 || str_is_absent(row->values[0]) || row->values[0].len > OPENFIRE_NAME_BYTES_MAX)
		return 0;
	return openfire_set(openfire, row->values[0], str_is_absent(row->values[1]) ? STR("") : row->values[1],
			    row->count > 2 && str_is(row->values[2], "1"));
}

static int row_server(struct openfire *openfire, const struct row *row)
{
	struct openfire_server *server = &openfire->servers[openfire->server_count];
	uint64_t port = 0;

	if (row->count < 3 || str_is_absent(row->values[0]))
		return 0;
	if (openfire->server_count == OPENFIRE_SERVERS_MAX)
		return TRUNK_ELIMIT;
	if (str_is_absent(row->values[1]) || str_number(row->values[1], UINT16_MAX, &port) < 0)
		port = 0;
	/* What is not clearly allowed is blocked. */
	*server = (struct openfire_server){
		.domain = row->values[0], .port = (uint16_t)port, .is_blocked = !str_is(row->values[2], "allowed")};
	openfire->server_count++;
	return 0;
}

/* Behind INSERT INTO. Leaves `at` behind what was understood. */
static int statement(struct openfire *openfire, struct str *at, unsigned *found)
{
	const struct str table = take_name(at);
	const bool is_property = str_eq_nocase(table, STR("ofProperty")),
		   is_server = str_eq_nocase(table, STR("ofRemoteServerConf"));
	struct row row;
	int err;

	if (!is_property && !is_server)
		return 0;
	if (take(at, "("))                      /* names of columns: always all, in the order of the table */
		*at = str_from(*at, str_find(*at, ')') + 1);
	if (!take(at, "VALUES"))
		return 0;
	do {
		if ((err = take_row(openfire, at, &row)) < 0)
			return err == TRUNK_EINVAL ? 0 : err;
		if ((err = is_property ? row_property(openfire, &row) : row_server(openfire, &row)) < 0)
			return err;
		++*found;
	} while (take(at, ","));
	return 0;
}

/* To behind the end of the line, which is no end inside quotes: what users wrote into other tables must not look like a
 * statement. */
static void skip_line(struct str *at)
{
	const bool is_comment = str_starts(*at, STR("--"));
	bool is_quoted = false;
	size_t i = 0;

	for (; i < at->len && (is_quoted || at->at[i] != '\n'); i++)
		is_quoted ^= at->at[i] == '\'' && !is_comment;
	*at = str_from(*at, i + 1);
}

int openfire_read_script(struct openfire *openfire, struct str text)
{
	unsigned found = 0;
	int err = 0;

	while (text.len > 0 && err == 0) {
		if (take(&text, "INSERT") && take(&text, "INTO"))
			err = statement(openfire, &text, &found);
		skip_line(&text);
	}
	if (err < 0)
		return err;
	return found > 0 ? 0 : TRUNK_ENOENT;
}
