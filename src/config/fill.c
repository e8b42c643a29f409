/* SPDX-License-Identifier: Apache-2.0
 * From the nodes of a tree to the fields of structs, as the tables of options say. */
#include "config/load.h"
#include "config/words.h"

#include <stdio.h>

/* Room for one value of any type that is read to be checked only. */
union scratch {
	char bytes[256];
	max_align_t align;
};

void later_refuse(struct load *load, struct place place, const char *what, const char *way_out)
{
	problem_error(&load->problems, place, "%s is known but not built into this version (" TRUNK_VERSION ") yet; %s", what,
		      way_out);
}

/* ---- values and lists ---- */

static bool refuse_empty(struct load *load, const struct field *field, const struct node *node)
{
	problem_error(&load->problems, node->place, "\"%s\" has no value; give it one or remove it", field->path);
	return false;
}

static bool read_one(struct load *load, const struct field *field, const struct option_type *type, const struct node *node,
		     void *at)
{
	if (node->is_refused)
		return false;
	if (type->takes_node && !node->is_empty)
		return type->read(load, field, node, at);
	if (node->is_empty)
		return refuse_empty(load, field, node);
	if (node->kind != NODE_SCALAR)
		return option_refuse(load, field, node, type->form ? type->form : "a single value");
	return type->read(load, field, node, at);
}

void *items_read(struct load *load, const struct field *field, const struct option_type *type, const struct node *node,
		 unsigned *ret_count)
{
	const bool is_list = node->kind == NODE_LIST;
	char *items = config_alloc(load, ((is_list ? node->count : 1) + (size_t)1) * type->size), *at = items;
	bool is_good = items != NULL;

	if (!items)
		return NULL;
	if (is_list && node->count == 0 && field->option->is_nonempty) {
		problem_error(&load->problems, node->place, "\"%s\" is an empty list; name at least one or remove it",
			      field->path);
		return NULL;
	}
	if (!is_list)
		is_good = read_one(load, field, type, node, at);
	else
		for (const struct node *child = node->first; child; child = child->next) {
			is_good &= read_one(load, field, type, child, at);
			at += type->size;
		}
	*ret_count = is_list ? node->count : 1;
	return is_good ? items : NULL;
}

static bool read_list(struct load *load, const struct field *field, const struct node *node, void *base)
{
	const struct option *option = field->option;
	unsigned count;
	void *items;

	if (node->kind == NODE_MAP)
		return option_refuse(load, field, node, "a list");
	if (!(items = items_read(load, field, option->type, node, &count)))
		return false;
	if (!base || !option->is_kept)
		return true;
	memcpy((char *)base + option->offset, &items, sizeof(items));
	if (option->count_offset)
		memcpy((char *)base + option->count_offset, &count, sizeof(count));
	return true;
}

bool option_read(struct load *load, const struct field *field, const struct node *node, void *base)
{
	const struct option *option = field->option;
	union scratch scratch = {0};
	void *at = base && option->is_kept ? (char *)base + option->offset : scratch.bytes;

	if (option->shape == OPTION_LIST)
		return read_list(load, field, node, base);
	return read_one(load, field, option->type, node, at);
}

/* ---- sections ---- */

static void fill(struct load *load, const struct section *section, const char *path, const struct node *map, void *base,
		 bool is_checked_only);

static const struct option *section_find(const struct section *section, struct str name)
{
	for (unsigned i = 0; i < section->count; i++)
		if (str_is(name, section->options[i].name))
			return &section->options[i];
	return NULL;
}

struct elsewhere {
	struct str name;
	bool is_found;
	char section[PLACE_TEXT_SIZE]; /* the shortest path that has an option of that name; "" for the outermost level */
};

static int find_elsewhere(void *ctx, const char *path, const struct option *option, bool is_later)
{
	struct elsewhere *elsewhere = ctx;
	const size_t len = strlen(path) - strlen(option->name);

	(void)is_later;
	if (!str_is(elsewhere->name, option->name) || (elsewhere->is_found && strlen(elsewhere->section) < len))
		return 0;
	snprintf(elsewhere->section, sizeof(elsewhere->section), "%.*s", len ? (int)len - 1 : 0, path);
	elsewhere->is_found = true;
	return 0;
}

/* A word that is near in its own section is meant more likely than the same word in another one. */
static void refuse_unknown(struct load *load, const struct section *section, const char *path, const struct node *node)
{
	struct nearest nearest = {.word = node->key};
	struct elsewhere elsewhere = {.name = node->key};
	const char *full = path_join(load, path, node->key.at);
	char other[PLACE_TEXT_SIZE + 32];

	options_visit(find_elsewhere, &elsewhere);
	for (unsigned i = 0; i < section->count; i++)
		nearest_offer(&nearest, section->options[i].name);
	if (nearest.best)
		snprintf(other, sizeof(other), "did you mean \"%s\"?", nearest.best);
	else if (elsewhere.is_found && *elsewhere.section)
		snprintf(other, sizeof(other), "its place is in \"%s\"", elsewhere.section);
	else if (elsewhere.is_found)
		snprintf(other, sizeof(other), "its place is at the outermost level");
	else
		snprintf(other, sizeof(other), "\"trunkctl show options\" lists those that are known");
	problem_error(&load->problems, node->key_place, "unknown option \"%.*s\"; %s", STR_ARG(quote(str_of(full))), other);
}

static void check_map(struct load *load, const struct field *field, const struct node *node)
{
	for (const struct node *child = node->first; child; child = child->next)
		if (!child->is_refused)
			fill(load, field->option->section, path_join(load, field->path, child->key.at), child, NULL,
			     field->is_checked_only);
}

static void check_rows(struct load *load, const struct field *field, const struct node *node)
{
	for (const struct node *child = node->first; child; child = child->next)
		if (!child->is_refused)
			fill(load, field->option->section, field->path, child, NULL, field->is_checked_only);
}

static void fill_option(struct load *load, const struct field *field, const struct node *node, void *base)
{
	const struct option *option = field->option;
	const bool is_later = option->is_later || field->is_checked_only;

	switch (option->shape) {
	case OPTION_VALUE:
	case OPTION_LIST:
		option_read(load, field, node, is_later ? NULL : base);
		break;
	case OPTION_SECTION:
		fill(load, option->section, field->path, node, is_later ? NULL : base, field->is_checked_only);
		break;
	case OPTION_MAP:
		if (node->kind != NODE_MAP)
			option_refuse(load, field, node, "a map of names");
		else if (is_later)
			check_map(load, field, node);
		break;
	case OPTION_ROWS:
		if (node->kind != NODE_LIST)
			option_refuse(load, field, node, "a list of maps");
		else if (is_later)
			check_rows(load, field, node);
		break;
	}
}

static void fill_member(struct load *load, const struct section *section, const char *path, const struct node *node, void *base,
			bool is_checked_only)
{
	struct field field = {.option = section_find(section, node->key), .is_checked_only = is_checked_only};
	char what[PLACE_TEXT_SIZE];

	if (!field.option) {
		refuse_unknown(load, section, path, node);
		return;
	}
	field.path = path_join(load, path, node->key.at);
	if (field.option->is_later && !is_checked_only) {
		snprintf(what, sizeof(what), "\"%s\"", field.path);
		later_refuse(load, node->key_place, what, "remove it");
		field.is_checked_only = true;
	}
	if (node->is_empty)
		refuse_empty(load, &field, node);
	else
		fill_option(load, &field, node, base);
}

static void check_required(struct load *load, const struct section *section, const char *path, const struct node *map)
{
	for (unsigned i = 0; i < section->count; i++) {
		const struct option *option = &section->options[i];
		const struct place file = {.file = map->place.file};
		char form[PLACE_TEXT_SIZE];

		if (!option->is_required || node_find(map, option->name))
			continue;
		option_form_text(option, form, sizeof(form));
		problem_error(&load->problems, *path ? map->place : file, "\"%s\" is missing; set it to %s",
			      path_join(load, path, option->name), form);
	}
}

static void fill(struct load *load, const struct section *section, const char *path, const struct node *map, void *base,
		 bool is_checked_only)
{
	if (map->is_refused)
		return;
	if (map->kind != NODE_MAP) {
		problem_error(&load->problems, map->place, "\"%s\" must be a map of options, not %s", path,
			      node_kind_text(map));
		return;
	}
	for (const struct node *child = map->first; child; child = child->next)
		if (!child->is_refused)
			fill_member(load, section, path, child, base, is_checked_only);
	check_required(load, section, path, map);
}

void section_fill(struct load *load, const struct section *section, const char *path, const struct node *map, void *base)
{
	fill(load, section, path, map, base, false);
}

/* ---- defaults ---- */

static void set_default(struct load *load, const struct option *option, void *base)
{
	const struct field field = {.option = option, .path = option->name};
	const struct node *node = tree_read_text(&load->tree, str_of(option->fallback), "(default)");

	if (node)
		option_read(load, &field, node, base);
}

void section_defaults(struct load *load, const struct section *section, void *base)
{
	for (unsigned i = 0; i < section->count; i++) {
		const struct option *option = &section->options[i];

		if (option->shape == OPTION_SECTION)
			section_defaults(load, option->section, base);
		else if (option->is_kept && option->fallback)
			set_default(load, option, base);
	}
}

/* ---- walking ---- */

static int visit(const struct section *section, const char *path, bool is_later, option_visit_fn *fn, void *ctx)
{
	char inner[PLACE_TEXT_SIZE];
	int stop = 0;

	for (unsigned i = 0; i < section->count && stop == 0; i++) {
		const struct option *option = &section->options[i];

		snprintf(inner, sizeof(inner), "%s%s%s", path, *path ? "." : "", option->name);
		stop = fn(ctx, inner, option, is_later || option->is_later);
		if (stop == 0 && option->section)
			stop = visit(option->section, option->section->path, is_later || option->is_later, fn, ctx);
	}
	return stop;
}

int options_visit(option_visit_fn *fn, void *ctx)
{
	return visit(&CONFIG_SECTION, "", false, fn, ctx);
}

bool option_is_merged(const char *key)
{
	const struct option *option = section_find(&CONFIG_SECTION, str_of(key));

	return option && (option->shape == OPTION_MAP || option->shape == OPTION_ROWS);
}
