/* SPDX-License-Identifier: Apache-2.0
 * The options as a table for people and as JSON for machines. */
#include "config/show.h"

#include "config/value.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- what is said of an option ---- */

void option_type_text(const struct option *option, char ret_text[static SHOW_TEXT_SIZE])
{
	switch (option->shape) {
	case OPTION_VALUE:
		snprintf(ret_text, SHOW_TEXT_SIZE, "%s", option->type->name);
		return;
	case OPTION_LIST:
		snprintf(ret_text, SHOW_TEXT_SIZE, "list of %s", option->type->name);
		return;
	case OPTION_SECTION:
		snprintf(ret_text, SHOW_TEXT_SIZE, "map of options");
		return;
	case OPTION_MAP:
		snprintf(ret_text, SHOW_TEXT_SIZE, "map of names");
		return;
	case OPTION_ROWS:
		snprintf(ret_text, SHOW_TEXT_SIZE, "list of maps");
		return;
	}
	ret_text[0] = '\0';
}

static void number_text(const struct option_type *type, uint64_t number, char ret_text[static VALUE_TEXT_SIZE])
{
	if (type == &TYPE_DURATION)
		value_show_duration(number, ret_text);
	else if (type == &TYPE_SIZE)
		value_show_size(number, ret_text);
	else
		snprintf(ret_text, VALUE_TEXT_SIZE, "%" PRIu64, number);
}

void option_limits_text(const struct option *option, char ret_text[static SHOW_TEXT_SIZE])
{
	char min[VALUE_TEXT_SIZE], max[VALUE_TEXT_SIZE];

	ret_text[0] = '\0';
	if (option->max == 0)
		return;
	number_text(option->type, option->min, min);
	number_text(option->type, option->max, max);
	snprintf(ret_text, SHOW_TEXT_SIZE, "%s to %s%s%s", min, max,
		 option->type == &TYPE_TEXT || option->type == &TYPE_NAME ? " bytes" : "", option->has_none ? ", or 0" : "");
}

void option_default_text(const struct option *option, char ret_text[static SHOW_TEXT_SIZE])
{
	if (option->is_required)
		snprintf(ret_text, SHOW_TEXT_SIZE, "required");
	else if (option->fallback)
		snprintf(ret_text, SHOW_TEXT_SIZE, "%s", option->fallback);
	else if (option->otherwise)
		snprintf(ret_text, SHOW_TEXT_SIZE, "(%s)", option->otherwise);
	else
		ret_text[0] = '\0';
}

/* ---- for people ---- */

struct columns {
	struct buf *out; /* NULL: the widths are measured */
	int name, type, standard;
};

static void widen(int *width, const char *text)
{
	if ((int)strlen(text) > *width)
		*width = (int)strlen(text);
}

static int show_row(void *ctx, const char *path, const struct option *option, bool is_later)
{
	char type[SHOW_TEXT_SIZE], standard[SHOW_TEXT_SIZE], limits[SHOW_TEXT_SIZE];
	struct columns *columns = ctx;

	option_type_text(option, type);
	option_default_text(option, standard);
	option_limits_text(option, limits);
	if (!columns->out) {
		widen(&columns->name, path);
		widen(&columns->type, type);
		widen(&columns->standard, standard);
		return 0;
	}
	return buf_addf(columns->out, "%-*s  %-*s  %-*s  %s%s%s%s%s\n", columns->name, path, columns->type, type,
			columns->standard, standard, is_later ? "[not built yet] " : "", option->sentence, *limits ? " (" : "",
			limits, *limits ? ")" : "");
}

static int show_table(struct buf *out)
{
	struct columns columns = {.name = 6, .type = 4, .standard = 7};
	int err;

	options_visit(show_row, &columns);
	columns.out = out;
	err = buf_addf(out, "%-*s  %-*s  %-*s  %s\n", columns.name, "OPTION", columns.type, "TYPE", columns.standard, "DEFAULT",
		       "MEANING");
	return err < 0 ? err : options_visit(show_row, &columns);
}

/* ---- for machines ---- */

static json_t *words_json(const struct word *words)
{
	json_t *list = json_array();

	for (; words->text; words++)
		json_array_append_new(list, json_pack("{s:s, s:b}", "word", words->text, "works", !words->is_later));
	return list;
}

static json_t *limit_json(const struct option *option, uint64_t limit)
{
	char text[VALUE_TEXT_SIZE];

	if (option->max == 0)
		return NULL;
	number_text(option->type, limit, text);
	return json_string(text);
}

static int json_row(void *ctx, const char *path, const struct option *option, bool is_later)
{
	json_t *row, *list = ctx;
	char type[SHOW_TEXT_SIZE];

	option_type_text(option, type);
	row = json_pack("{s:s, s:s, s:s*, s:s*, s:s*, s:o*, s:o*, s:b, s:b, s:b, s:s}", "name", path, "type", type, "unit",
			option->type ? option->type->unit : NULL, "default", option->fallback, "otherwise", option->otherwise,
			"min", limit_json(option, option->min), "max", limit_json(option, option->max), "zero",
			option->has_none, "required", option->is_required, "works", !is_later, "meaning", option->sentence);
	if (row && option->words)
		json_object_set_new(row, "words", words_json(option->words));
	return json_array_append_new(list, row) < 0 ? TRUNK_ENOMEM : 0;
}

static int show_json(struct buf *out)
{
	json_t *list = json_array();
	char *text = NULL;
	int err;

	err = options_visit(json_row, list);
	if (err == 0 && !(text = json_dumps(list, JSON_INDENT(2))))
		err = TRUNK_ENOMEM;
	if (err == 0)
		err = buf_addf(out, "%s\n", text);
	free(text);
	json_decref(list);
	return err;
}

int config_show_options(struct buf *out, bool is_json)
{
	return is_json ? show_json(out) : show_table(out);
}
