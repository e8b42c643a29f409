/* SPDX-License-Identifier: Apache-2.0
 * The tables as pages: each option is in each of them, and what they say of it is true. */
#include "loads.h"

#include "config/show.h"

#include <jansson.h>

struct pages {
	struct buf table, json, schema, man;
	json_t *options, *root;
};

static void pages_new(struct pages *pages)
{
	*pages = (struct pages){0};
	assert_int_equal(config_show_options(&pages->table, false), 0);
	assert_int_equal(config_show_options(&pages->json, true), 0);
	assert_int_equal(config_show_schema(&pages->schema), 0);
	assert_int_equal(config_show_man(&pages->man), 0);
	assert_non_null(pages->options = json_loadb(buf_str(&pages->json).at, buf_len(&pages->json), 0, NULL));
	assert_non_null(pages->root = json_loadb(buf_str(&pages->schema).at, buf_len(&pages->schema), 0, NULL));
	assert_int_equal(buf_add(&pages->table, str_make("", 1)), 0);
	assert_int_equal(buf_add(&pages->man, str_make("", 1)), 0);
}

static void pages_free(struct pages *pages)
{
	json_decref(pages->options);
	json_decref(pages->root);
	buf_fini(&pages->table);
	buf_fini(&pages->json);
	buf_fini(&pages->schema);
	buf_fini(&pages->man);
}

static const json_t *json_option(const json_t *options, const char *name)
{
	size_t i;
	json_t *row;

	json_array_foreach(options, i, row) if (strcmp(json_string_value(json_object_get(row, "name")), name) == 0) return row;
	return NULL;
}

/* "spokes.NAME.tls.policy" in the schema; NULL where an outer option is refused as not built yet. */
static const json_t *schema_option(const json_t *schema, const char *path)
{
	char text[256], *rest = text, *name;

	snprintf(text, sizeof(text), "%s", path);
	while (schema && (name = strsep(&rest, "."))) {
		char *rows = strstr(name, "[]");

		if (rows)
			*rows = '\0';
		schema = strcmp(name, "NAME") == 0 ? json_object_get(schema, "additionalProperties")
						   : json_object_get(json_object_get(schema, "properties"), name);
		if (rows)
			schema = json_object_get(schema, "items");
	}
	return schema;
}

static void man_name(const char *path, char ret_name[static 256])
{
	size_t used = (size_t)snprintf(ret_name, 256, "\n.B ");

	for (; *path && used < 250; path++) {
		if (*path == '-')
			ret_name[used++] = '\\';
		ret_name[used++] = *path;
	}
	ret_name[used++] = '\n';
	ret_name[used] = '\0';
}

static int option_is_on_each_page(void *ctx, const char *path, const struct option *option, bool is_later)
{
	struct pages *pages = ctx;
	const json_t *row = json_option(pages->options, path), *schema = schema_option(pages->root, path);
	char line[256], name[256];

	snprintf(line, sizeof(line), "\n%s ", path);
	assert_non_null(strstr(buf_str(&pages->table).at, line));
	assert_non_null(row);
	assert_int_equal(json_is_true(json_object_get(row, "works")), !is_later);
	man_name(path, name);
	assert_non_null(strstr(buf_str(&pages->man).at, name));
	if (!is_later || option->is_later)
		assert_non_null(schema);
	if (schema)
		assert_int_equal(json_object_get(schema, "not") != NULL, is_later);
	return 0;
}

static void each_option_is_on_each_page(void **state)
{
	struct pages pages;

	(void)state;
	pages_new(&pages);
	assert_int_equal(options_visit(option_is_on_each_page, &pages), 0);
	pages_free(&pages);
}

static int option_is_whole(void *ctx, const char *path, const struct option *option, bool is_later)
{
	const bool is_value = option->shape == OPTION_VALUE || option->shape == OPTION_LIST;
	unsigned *count = ctx;

	(void)path;
	++*count;
	assert_non_null(option->sentence);
	assert_int_equal(option->sentence[strlen(option->sentence) - 1], '.');
	assert_true(is_value == (option->type != NULL));
	assert_true(is_value == (option->section == NULL));
	if (is_value) {
		assert_true(option->type->form || option->words);
		assert_true(option->type->schema || option->words);
		assert_true(option->type->takes_node || option->type->size > 0 || option->type == &TYPE_OVERRIDES);
		assert_true(option->is_required || option->fallback || option->otherwise ||
			    strcmp(path, "zones.NAME.spokes") == 0 || strcmp(path, "zones.NAME.domains") == 0);
		/* A value that works goes somewhere. */
		assert_true(is_later || option->is_kept || option->type->size == 0 || strcmp(path, "include") == 0);
	}
	assert_true(option->max == 0 || option->min <= option->max);
	return 0;
}

static void each_row_of_the_tables_is_whole(void **state)
{
	unsigned count = 0;

	(void)state;
	assert_int_equal(options_visit(option_is_whole, &count), 0);
	assert_true(count > 100);
}

static void limits_and_defaults_are_told(void **state)
{
	struct pages pages;
	const json_t *row;

	(void)state;
	pages_new(&pages);
	row = json_option(pages.options, "limits.stanza-size");
	assert_string_equal(json_string_value(json_object_get(row, "default")), "256KiB");
	assert_string_equal(json_string_value(json_object_get(row, "min")), "10000");
	assert_string_equal(json_string_value(json_object_get(row, "max")), "64MiB");
	assert_string_equal(json_string_value(json_object_get(row, "unit")), "bytes, KiB, MiB, GiB or TiB");
	row = json_option(pages.options, "trunk");
	assert_true(json_is_true(json_object_get(row, "required")));
	assert_null(json_object_get(row, "default"));
	row = json_option(pages.options, "audit.store");
	assert_int_equal(json_array_size(json_object_get(row, "words")), 2);
	assert_true(json_is_true(json_object_get(json_array_get(json_object_get(row, "words"), 0), "works")));
	assert_int_equal(json_array_size(json_object_get(schema_option(pages.root, "audit.store"), "enum")), 2);
	assert_string_equal(json_string_value(json_array_get(json_object_get(pages.root, "required"), 0)), "trunk");
	assert_non_null(strstr(pages.table.at + pages.table.start, "[not built yet]"));
	assert_non_null(strstr(pages.man.at + pages.man.start, "(Not built yet.)"));
	pages_free(&pages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_option_is_on_each_page),
		cmocka_unit_test(each_row_of_the_tables_is_whole),
		cmocka_unit_test(limits_and_defaults_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
