/* SPDX-License-Identifier: Apache-2.0
 * Tables for people, JSON for programs. */
#include "control/trunkctl.h"

#include "control/foreign.h"

enum { COLUMNS_MAX = 16 };

void print_json(FILE *out, const json_t *value, bool is_line)
{
	json_dumpf(value, out, JSON_ENSURE_ASCII | JSON_ENCODE_ANY | (is_line ? JSON_COMPACT : JSON_INDENT(2)));
	fputc('\n', out);
}

int print_value(struct buf *out, const json_t *value)
{
	size_t i;
	json_t *item;
	int err = 0;

	if (json_is_string(value) && json_string_length(value) > 0)
		return foreign_escape(out, str_make(json_string_value(value), json_string_length(value)));
	if (json_is_integer(value))
		return buf_addf(out, "%lld", (long long)json_integer_value(value));
	if (json_is_boolean(value))
		return buf_add_cstr(out, json_is_true(value) ? "yes" : "no");
	if (!json_is_array(value) || json_array_size(value) == 0)
		return buf_add_cstr(out, "-");
	json_array_foreach (value, i, item) {
		if (err == 0 && i > 0)
			err = buf_add_cstr(out, ", ");
		if (err == 0)
			err = print_value(out, item);
	}
	return err;
}

static void pad(FILE *out, size_t columns)
{
	for (; columns > 0; columns--)
		fputc(' ', out);
}

static size_t columns_measure(const json_t *rows, const struct column *columns, size_t widths[static COLUMNS_MAX])
{
	struct buf cell = {0};
	size_t count = 0, i;
	json_t *row;

	for (; columns[count].title && count < COLUMNS_MAX; count++) {
		widths[count] = foreign_columns(str_of(columns[count].title));
		json_array_foreach (rows, i, row) {
			size_t width;

			buf_clear(&cell);
			print_value(&cell, json_object_get(row, columns[count].key));
			width = foreign_columns(buf_str(&cell));
			if (width > widths[count])
				widths[count] = width;
		}
	}
	buf_fini(&cell);
	return count;
}

static void print_cell(FILE *out, struct str cell, size_t width, bool is_right, bool is_last)
{
	const size_t own = foreign_columns(cell), rest = width > own ? width - own : 0;

	if (is_right)
		pad(out, rest);
	ctl_write(out, cell);
	if (is_last)
		fputc('\n', out);
	else
		pad(out, (is_right ? 0 : rest) + 2);
}

void print_table(FILE *out, const json_t *rows, const struct column *columns)
{
	size_t widths[COLUMNS_MAX];
	const size_t count = columns_measure(rows, columns, widths);
	struct buf cell = {0};
	size_t i;
	json_t *row;

	for (size_t c = 0; c < count; c++)
		print_cell(out, str_of(columns[c].title), widths[c], columns[c].is_number, c + 1 == count);
	json_array_foreach (rows, i, row) {
		for (size_t c = 0; c < count; c++) {
			buf_clear(&cell);
			print_value(&cell, json_object_get(row, columns[c].key));
			print_cell(out, buf_str(&cell), widths[c], columns[c].is_number, c + 1 == count);
		}
	}
	buf_fini(&cell);
}

void print_object(FILE *out, json_t *object)
{
	enum { KEY_COLUMNS = 16 };
	struct buf cell = {0};
	const char *key;
	json_t *value;

	json_object_foreach (object, key, value) {
		buf_clear(&cell);
		foreign_escape(&cell, str_of(key));
		print_cell(out, buf_str(&cell), KEY_COLUMNS, false, false);
		buf_clear(&cell);
		print_value(&cell, value);
		ctl_write(out, buf_str(&cell));
		fputc('\n', out);
	}
	buf_fini(&cell);
}
