/* SPDX-License-Identifier: Apache-2.0
 * A configuration from its text to its end. */
#include "config/load.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- what the files of this room share ---- */

static void *arena_get(struct load *load, struct arena *arena, size_t size)
{
	void *at = arena_alloc(arena, size);

	if (!at)
		load->problems.is_out_of_memory = true;
	return at;
}

void *config_alloc(struct load *load, size_t size)
{
	return arena_get(load, &load->config->arena, size);
}

void *work_alloc(struct load *load, size_t size)
{
	return arena_get(load, &load->tree.arena, size);
}

const char *config_copy(struct load *load, struct str s)
{
	const struct str copy = arena_str(&load->config->arena, s);

	if (str_is_absent(copy))
		load->problems.is_out_of_memory = true;
	return copy.at;
}

const char *path_join(struct load *load, const char *path, const char *name)
{
	const size_t len = strlen(path), size = len + strlen(name) + 2;
	char *at = work_alloc(load, size);

	if (!at)
		return name;
	snprintf(at, size, "%s%s%s", path, len ? "." : "", name);
	return at;
}

/* ---- loading ---- */

static struct config *config_new(void)
{
	struct config *config = calloc(1, sizeof(*config));

	if (!config)
		return NULL;
	atomic_init(&config->refs, 1);
	config->arena.limit = CONFIG_ARENA_BYTES_MAX;
	return config;
}

static void build(struct load *load)
{
	section_defaults(load, &CONFIG_SECTION, load->config);
	section_fill(load, &CONFIG_SECTION, "", load->root, load->config);
	load->config->tls.state_folder = load->config->state;
	if (!load->problems.is_out_of_memory)
		spokes_build(load);
	if (!load->problems.is_out_of_memory)
		zones_build(load);
	if (!load->problems.is_out_of_memory)
		claims_check(load);
	if (!load->problems.is_out_of_memory)
		filters_build(load);
	if (!load->problems.is_out_of_memory)
		labels_build(load);
	if (!load->problems.is_out_of_memory)
		rules_build(load);
	if (!load->problems.is_out_of_memory)
		rules_check(load);
	if (!load->problems.is_out_of_memory)
		config_check(load);
}

static void policy_build(struct load *load)
{
	struct config *config = load->config;
	const struct policy_options options = {
		.rules = config->rules, .rule_count = config->rule_count, .labels = config->label_policies ? &config->labels : NULL,
	};

	if (!load->problems.is_out_of_memory && !(config->policy = policy_new(&options)))
		load->problems.is_out_of_memory = true;
}

/* What a load came to. `err`: of reading the text. */
static int outcome(const struct load *load, int err)
{
	if (load->problems.is_out_of_memory)
		return TRUNK_ENOMEM;
	if (err < 0)
		return err;
	return load->problems.errors ? TRUNK_EINVAL : 0;
}

static int read_text(struct load *load, struct str text, struct node **ret_root)
{
	struct node *include;

	if (!(*ret_root = tree_read_text(&load->tree, text, load->config->file)))
		return TRUNK_EINVAL;
	if ((*ret_root)->kind != NODE_MAP)
		return tree_refuse_root(&load->tree, *ret_root);
	if ((include = node_find(*ret_root, "include")))
		problem_error(&load->problems, include->key_place, "\"include\" is for files; this text comes from none");
	return 0;
}

/* `text` absent: the file is read. */
static int load_from(struct str text, const char *file, config_problem_fn *problem, void *ctx, struct config **ret_config)
{
	struct load load = {.config = config_new()};
	struct node *root = NULL;
	int err;

	if (!load.config)
		return TRUNK_ENOMEM;
	load.tree.problems = &load.problems;
	load.tree.arena.limit = TREE_ARENA_BYTES_MAX;
	if (!(load.config->file = config_copy(&load, str_of(file))))
		err = TRUNK_ENOMEM;
	else if (str_is_absent(text))
		err = tree_read_file(&load.tree, load.config->file, option_is_merged, &root);
	else
		err = read_text(&load, text, &root);
	if (err == 0) {
		load.root = root;
		build(&load);
	}
	if (err == 0 && load.problems.errors == 0)
		policy_build(&load);
	problems_tell(&load.problems, file, problem, ctx);
	err = outcome(&load, err);
	arena_fini(&load.tree.arena);
	if (err < 0)
		config_free(&load.config);
	else
		*ret_config = load.config;
	return err;
}

int config_load(const char *file, config_problem_fn *problem, void *ctx, struct config **ret_config)
{
	return load_from(STR_NONE, file, problem, ctx, ret_config);
}

int config_load_text(struct str text, const char *name, config_problem_fn *problem, void *ctx, struct config **ret_config)
{
	return load_from(str_make(text.at ? text.at : "", text.len), name, problem, ctx, ret_config);
}

/* ---- life ---- */

struct config *config_ref(struct config *config)
{
	atomic_fetch_add_explicit(&config->refs, 1, memory_order_relaxed);
	return config;
}

void config_free(struct config **config)
{
	struct config *last = *config;

	*config = NULL;
	if (!last || atomic_fetch_sub_explicit(&last->refs, 1, memory_order_acq_rel) != 1)
		return;
	policy_free(&last->policy);
	for (unsigned i = 0; i < last->clearance_count; i++)
		label_clearance_free(&last->clearances[i]);
	label_policies_free(&last->label_policies);
	filters_free(&last->filters);
	dns_overrides_free(&last->overrides);
	arena_fini(&last->arena);
	free(last);
}
