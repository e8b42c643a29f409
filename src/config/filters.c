/* SPDX-License-Identifier: Apache-2.0
 * `filters` and `modules`: what rules may ask, under names that both share; and what each is told. */
#include "config/load.h"
#include "config/words.h"

#include <stdio.h>

/* ---- settings: any map, as lines of key and value ---- */

struct settings {
	struct load *load;
	struct filter_setting *list;
	unsigned count;
	bool is_good;
};

static unsigned count_scalars(const struct node *node)
{
	unsigned count = 0;

	if (node->kind == NODE_SCALAR)
		return 1;
	for (const struct node *child = node->first; child; child = child->next)
		count += count_scalars(child);
	return count;
}

static void add_settings(struct settings *settings, const char *key, const struct node *node)
{
	struct load *load = settings->load;

	if (node->is_refused)
		return;
	if (node->kind == NODE_SCALAR) {
		settings->list[settings->count++] = (struct filter_setting){config_copy(load, str_of(key)), config_copy(load, node->text)};
		return;
	}
	for (const struct node *child = node->first; child; child = child->next)
		add_settings(settings, node->kind == NODE_LIST ? key : path_join(load, key, child->key.at), child);
}

static bool read_settings(struct load *load, const struct field *field, const struct node *node, void *at)
{
	struct settings settings = {.load = load};

	if (node->kind != NODE_MAP)
		return option_refuse(load, field, node, "a map");
	if (!(settings.list = config_alloc(load, (count_scalars(node) + (size_t)1) * sizeof(*settings.list))))
		return false;
	add_settings(&settings, "", node);
	memcpy(at, &(struct filter_settings){settings.list, settings.count}, sizeof(struct filter_settings));
	return true;
}

const struct option_type TYPE_SETTINGS = {"map", "a map", sizeof(struct filter_settings), true, read_settings, "\"type\":\"object\""};

/* ---- the rows ---- */

static const struct filter_source *filter_named(const struct load *load, const char *name, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (strcmp(load->config->filter_sources[i].name, name) == 0)
			return &load->config->filter_sources[i];
	return NULL;
}

static void read_row(struct load *load, const struct section *section, const char *what, const struct node *node, struct filter_source *sources)
{
	struct config *config = load->config;
	const char *path = path_join(load, what, node->key.at);
	struct filter_source source = {.name = config_copy(load, node->key), .line = node->key_place.line};
	const struct filter_source *other = filter_named(load, node->key.at, config->filter_count);

	if (!name_is_good(node->key, true)) {
		problem_error(&load->problems, node->key_place, "\"%.*s\" is no name; use letters, digits, \"-\", \"_\" and \".\"",
			      STR_ARG(quote(node->key)));
		return;
	}
	if (other) {
		problem_error(&load->problems, node->key_place, "filters and modules share their names, and \"%s\" is taken (%s:%u); give one of them "
			      "another name", other->name, other->file, other->line);
		return;
	}
	source.file = config_copy(load, str_of(node->key_place.file));
	section_defaults(load, section, &source);
	section_fill(load, section, path, node, &source);
	if (!source.script && !source.path)
		return;                         /* told already */
	if (config->filter_count < FILTER_COUNT_MAX)
		sources[config->filter_count++] = source;
	else
		problem_error(&load->problems, node->key_place, "more than %d filters and modules", (int)FILTER_COUNT_MAX);
}

static void read_map(struct load *load, const struct section *section, const char *what, struct filter_source *sources)
{
	const struct node *map = node_find(load->root, what);

	if (!map || map->kind != NODE_MAP)
		return;
	for (const struct node *node = map->first; node && !load->problems.is_out_of_memory; node = node->next)
		if (!node->is_refused)
			read_row(load, section, what, node, sources);
}

void filters_build(struct load *load)
{
	struct filter_source *sources;

	if (!node_find(load->root, "filters") && !node_find(load->root, "modules"))
		return;
	if (!(sources = config_alloc(load, FILTER_COUNT_MAX * sizeof(*sources))))
		return;
	load->config->filter_sources = sources;
	read_map(load, &FILTER_SECTION, "filters", sources);
	read_map(load, &MODULE_SECTION, "modules", sources);
}

bool filter_is_known(struct load *load, const struct field *field, const struct node *node, const char *name)
{
	struct nearest nearest = {.word = str_of(name)};

	if (filter_named(load, name, load->config->filter_count))
		return true;
	for (unsigned i = 0; i < load->config->filter_count; i++)
		nearest_offer(&nearest, load->config->filter_sources[i].name);
	problem_error(&load->problems, node->place, "\"%s\" names \"%.*s\", which is neither under \"filters\" nor under \"modules\"%s%s%s", field->path,
		      STR_ARG(quote(str_of(name))), nearest.best ? "; did you mean \"" : "", nearest.best ? nearest.best : "",
		      nearest.best ? "\"?" : "");
	return false;
}

/* ---- loading ---- */

struct telling {
	config_problem_fn *problem;
	void *ctx;
	const char *file;
};

static void tell(void *ctx, const char *text)
{
	const struct telling *telling = ctx;

	if (telling->problem)
		telling->problem(telling->ctx, &(struct config_problem){.file = telling->file, .text = text});
}

int config_load_filters(struct config *config, bool is_check_only, struct log *log, config_problem_fn *problem, void *ctx)
{
	struct telling telling = {.problem = problem, .ctx = ctx, .file = config->file};

	if (config->filters || config->filter_count == 0)
		return 0;
	return filters_load(config->filter_sources, config->filter_count, is_check_only, log, tell, &telling, &config->filters);
}
