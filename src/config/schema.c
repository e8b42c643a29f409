/* SPDX-License-Identifier: Apache-2.0
 * The options as a JSON schema (draft 7), by which editors help. */
#include "config/config.h"
#include "config/option.h"

#include <jansson.h>
#include <stdlib.h>

static json_t *section_schema(const struct section *section, bool is_later);

/* A word that looks like a number may be written without quotes. */
static json_t *words_schema(const struct word *words, bool is_later)
{
	json_t *list = json_array();

	for (; words->text; words++) {
		char *end;
		const double number = strtod(words->text, &end);

		if (words->is_later && !is_later)
			continue;
		json_array_append_new(list, json_string(words->text));
		if (*words->text && *end == '\0')
			json_array_append_new(list, json_real(number));
	}
	return json_pack("{s:o}", "enum", list);
}

static json_t *one_or_list(json_t *one)
{
	return json_pack("{s:[O, {s:s, s:o}]}", "anyOf", one, "type", "array", "items", one);
}

static json_t *value_schema(const struct option *option, bool is_later)
{
	const char *schema = option->type->schema;
	json_t *value = option->words && !schema ? words_schema(option->words, is_later) : json_object(), *parsed;
	char text[1024];

	if (schema) {
		snprintf(text, sizeof(text), "{%s}", schema);
		if ((parsed = json_loads(text, 0, NULL)))
			json_object_update(value, parsed);
		json_decref(parsed);
	}
	if (option->type == &TYPE_NUMBER)
		json_object_update_new(value,
				       json_pack("{s:I, s:I}", "minimum", (json_int_t)(option->has_none ? 0 : option->min),
						 "maximum", (json_int_t)option->max));
	return option->shape == OPTION_LIST || option->type == &TYPE_AUTH ? one_or_list(value) : value;
}

/* What is not built yet is refused by the schema too: nothing fits `not: {}`. */
static json_t *option_schema(const struct option *option, bool is_later)
{
	const bool is_refused = option->is_later && !is_later;
	json_t *schema = NULL;

	if (is_refused)
		return json_pack("{s:{}, s:s+}", "not", "description", "Not built yet. ", option->sentence);
	switch (option->shape) {
	case OPTION_VALUE:
	case OPTION_LIST:
		schema = value_schema(option, is_later);
		break;
	case OPTION_SECTION:
		schema = section_schema(option->section, is_later);
		break;
	case OPTION_MAP:
		schema = json_pack("{s:s, s:o}", "type", "object", "additionalProperties",
				   section_schema(option->section, is_later));
		break;
	case OPTION_ROWS:
		schema = json_pack("{s:s, s:o}", "type", "array", "items", section_schema(option->section, is_later));
		break;
	}
	json_object_set_new(schema, "description", json_string(option->sentence));
	if (option->fallback)
		json_object_set_new(schema, "default", json_string(option->fallback));
	return schema;
}

static json_t *section_schema(const struct section *section, bool is_later)
{
	json_t *properties = json_object(), *required = json_array(), *schema;

	for (unsigned i = 0; i < section->count; i++) {
		const struct option *option = &section->options[i];

		json_object_set_new(properties, option->name, option_schema(option, is_later));
		if (option->is_required)
			json_array_append_new(required, json_string(option->name));
	}
	schema = json_pack("{s:s, s:o, s:b}", "type", "object", "properties", properties, "additionalProperties", 0);
	if (json_array_size(required) > 0)
		json_object_set(schema, "required", required);
	json_decref(required);
	return schema;
}

int config_show_schema(struct buf *out)
{
	json_t *schema = section_schema(&CONFIG_SECTION, false);
	char *text;
	int err;

	json_object_set_new(schema, "$schema", json_string("http://json-schema.org/draft-07/schema#"));
	json_object_set_new(schema, "title", json_string("trunkd.yaml"));
	text = json_dumps(schema, JSON_INDENT(2));
	err = text ? buf_addf(out, "%s\n", text) : TRUNK_ENOMEM;
	free(text);
	json_decref(schema);
	return err;
}
