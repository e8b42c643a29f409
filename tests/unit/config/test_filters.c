/* SPDX-License-Identifier: Apache-2.0
 * `filters` and `modules`: rows, settings, names, and loading what they name (design.md §5). */
#include "loads.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "trunk: trunk.example.com\ngateway-domains: saturn.example.org,mercury.example.net\n"

static struct config *good(const char *yaml)
{
	struct config *config = NULL;

	assert_int_equal(config_load_text(str_of(yaml), "/etc/trunkd/trunkd.yaml", NULL, NULL, &config), 0);
	return config;
}

static void rows_become_sources(void **state)
{
	struct config *config = good(HEAD "filters:\n  words: {script: words.lua}\n"
					  "  links: {script: /srv/links.lua, time-limit: 20ms, memory-limit: 1MiB}\n"
					  "modules: {dlp: {path: dlp.so}}\n");
	const struct filter_source *sources = config->filter_sources;

	(void)state;
	assert_int_equal(config->filter_count, 3);
	assert_string_equal(sources[0].name, "words");
	assert_string_equal(sources[0].script, "/etc/trunkd/words.lua");
	assert_null(sources[0].path);
	assert_int_equal(sources[0].time_limit_ms, 5);
	assert_int_equal(sources[0].memory_limit_bytes, 8 * 1024 * 1024);
	assert_int_equal(sources[0].line, 4);
	assert_int_equal(sources[1].time_limit_ms, 20);
	assert_int_equal(sources[1].memory_limit_bytes, 1024 * 1024);
	assert_string_equal(sources[2].path, "/etc/trunkd/dlp.so");
	assert_null(sources[2].script);
	config_free(&config);
}

static void settings_are_lines_of_key_and_value(void **state)
{
	static const struct filter_setting expected[] = {
		{"hosts", "a.example"}, {"hosts", "b.example"}, {"mode", "no"}, {"deep.er.est", "1"}, {"deep.list.k", "x"}, {"deep.list.k", "y"}};
	struct config *config = good(HEAD "modules: {dlp: {path: dlp.so, settings: {hosts: [a.example, b.example], mode: no, deep: {er: {est: 1},\n"
					  "  list: [{k: x}, {k: y}]}}}}\n");
	const struct filter_settings *settings = &config->filter_sources[0].settings;

	(void)state;
	assert_int_equal(settings->count, sizeof(expected) / sizeof(expected[0]));
	for (unsigned i = 0; i < settings->count; i++) {
		assert_string_equal(settings->list[i].key, expected[i].key);
		assert_string_equal(settings->list[i].value, expected[i].value);
	}
	config_free(&config);
}

static void what_makes_no_sense_is_refused(void **state)
{
	(void)state;
	refuses(HEAD "filters: {words: {time-limit: 5ms}}\n", "trunkd.yaml:3:18: \"filters.words.script\" is missing; set it to a path\n");
	refuses(HEAD "filters: {words: {script: a.lua}}\nmodules: {words: {path: a.so}}\n",
		"trunkd.yaml:4:11: filters and modules share their names, and \"words\" is taken (trunkd.yaml:3); give one of them another name\n");
	refuses(HEAD "filters: {\"a b\": {script: a.lua}}\n", "trunkd.yaml:3:11: \"a b\" is no name; use letters, digits, \"-\", \"_\" and \".\"\n");
	refuses(HEAD "modules: {dlp: {path: a.so, settings: [a]}}\n", "trunkd.yaml:3:39: \"modules.dlp.settings\" must be a map, not a list\n");
	refuses(HEAD "filters: [words.lua]\n", "trunkd.yaml:3:10: \"filters\" must be a map of names, not a list\n");
	refuses(HEAD "filters: {words: {script: a.lua, time-limit: 0}}\n",
		"trunkd.yaml:3:46: \"filters.words.time-limit\" must be between 1ms and 10s, not 0\n");
}

struct told {
	char text[1024];
};

static void on_told(void *ctx, const struct config_problem *problem)
{
	snprintf(((struct told *)ctx)->text, sizeof(((struct told *)ctx)->text), "%s", problem->text);
}

static void what_they_name_is_loaded_or_told(void **state)
{
	char folder[] = "/tmp/trunkd-config-XXXXXX", file[64], yaml[512];
	struct config *config;
	struct told told = {""};
	FILE *script;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/a.lua", folder);
	snprintf(yaml, sizeof(yaml), HEAD "filters: {a: {script: %s}}\n", file);
	config = good(yaml);
	assert_int_equal(config_load_filters(config, false, NULL, on_told, &told), TRUNK_EINVAL);
	assert_non_null(strstr(told.text, "cannot be read: No such file"));
	assert_non_null(strstr(told.text, "trunkd.yaml:3: filter \"a\": "));
	assert_non_null(script = fopen(file, "w"));
	fputs("function filter(stanza) return 'pass' end", script);
	fclose(script);
	assert_int_equal(chmod(file, 0666), 0);
	assert_int_equal(config_load_filters(config, false, NULL, on_told, &told), TRUNK_EINVAL);
	assert_non_null(strstr(told.text, "can be written by everybody"));
	assert_int_equal(chmod(file, 0644), 0);
	assert_int_equal(config_load_filters(config, false, NULL, on_told, &told), 0);
	assert_int_equal(filters_find(config->filters, "a"), 0);
	assert_int_equal(filters_find(config->filters, "b"), -1);
	config_free(&config);
	unlink(file);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_become_sources),
		cmocka_unit_test(settings_are_lines_of_key_and_value),
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(what_they_name_is_loaded_or_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
