/* SPDX-License-Identifier: Apache-2.0
 * The rules: read in order, their sides checked against zones and domains. */
#include "config/load.h"
#include "config/words.h"

#include <stdio.h>
#include <stdlib.h>

/* Whether a spoke or a zone serves a domain or anything that a pattern covers. */
static bool is_served(const struct load *load, struct str pattern)
{
	const bool is_wild = str_starts(pattern, STR("*."));
	const struct str domain = is_wild ? str_from(pattern, 2) : pattern;

	for (unsigned i = 0; i < load->config->spoke_count; i++)
		for (unsigned j = 0; j < load->spokes[i].domain_count; j++) {
			const struct str served = str_of(load->spokes[i].domains[j]);

			if (str_eq(served, pattern) || domain_fits(domain, served) || (is_wild && domain_fits(served, pattern)))
				return true;
		}
	for (unsigned i = 0; i < load->config->zone_count; i++)
		for (const char *const *served = load->zones[i].domains; *served; served++)
			if (str_is(pattern, *served) || domain_fits(domain, str_of(*served)) ||
			    (is_wild && domain_fits(str_of(*served), pattern)))
				return true;
	return load->config->trunk && domain_fits(str_of(load->config->trunk), pattern);
}

/* Whether somebody's list has just this domain: "*" covers any word, also a zone's name with a slip in it. */
static bool is_listed(const struct load *load, const char *domain)
{
	for (unsigned i = 0; i < load->config->spoke_count; i++)
		for (unsigned j = 0; j < load->spokes[i].domain_count; j++)
			if (strcmp(load->spokes[i].domains[j], domain) == 0)
				return true;
	for (unsigned i = 0; i < load->config->zone_count; i++)
		for (const char *const *listed = load->zones[i].domains; *listed; listed++)
			if (strcmp(*listed, domain) == 0)
				return true;
	return load->config->trunk && strcmp(load->config->trunk, domain) == 0;
}

static void refuse_side(struct load *load, const struct field *field, const struct node *node, const char *word)
{
	struct nearest nearest = {.word = str_of(word)};

	if (spoke_named(load, word)) {
		problem_error(&load->problems, node->place,
			      "\"%s\" names spoke \"%s\"; a rule names zones or domains: write the spoke's domain", field->path,
			      word);
		return;
	}
	for (unsigned i = 0; i < load->config->zone_count; i++)
		nearest_offer(&nearest, load->zones[i].name);
	for (unsigned i = 0; i < load->config->spoke_count; i++)
		for (unsigned j = 0; j < load->spokes[i].domain_count; j++)
			nearest_offer(&nearest, load->spokes[i].domains[j]);
	problem_error(&load->problems, node->place, "\"%s\" names \"%.*s\", which is neither a zone nor a domain%s%s%s",
		      field->path, STR_ARG(quote(str_of(word))), nearest.best ? "; did you mean \"" : "",
		      nearest.best ? nearest.best : "", nearest.best ? "\"?" : "");
}

/* A zone's name stays; a domain or pattern is normalised. NULL: refused and told. */
static const char *side_read(struct load *load, const struct field *field, const struct node *node, const char *word)
{
	const char *domain;

	if (zone_named(load, word) || strcmp(word, "*") == 0)
		return word;
	if (strchr(word, '@')) {
		char what[PLACE_TEXT_SIZE];

		snprintf(what, sizeof(what), "an address as \"%s\"", field->path);
		later_refuse(load, node->place, what, "write a zone or a domain");
		return NULL;
	}
	if (!strchr(word, '.') && !is_listed(load, word)) {
		refuse_side(load, field, node, word);
		return NULL;
	}
	if (!TYPE_PATTERN.read(load, field, node, &domain))
		return NULL;
	if (!is_served(load, str_of(domain)))
		problem_warning(&load->problems, node->place,
				"\"%s\" names \"%.*s\", which no spoke and no zone serves; the rule never fits there",
				field->path, STR_ARG(quote(str_of(domain))));
	return domain;
}

static const char *const *side_build(struct load *load, const char *name, const struct node *rule, const char **words)
{
	const struct node *node = node_find(rule, name);
	const struct option *option = NULL;
	struct field field = {.path = path_join(load, RULE_SECTION.path, name)};

	if (!words || !node)
		return NULL;
	for (unsigned i = 0; i < RULE_SECTION.count; i++)
		if (strcmp(RULE_SECTION.options[i].name, name) == 0)
			option = &RULE_SECTION.options[i];
	field.option = option;
	if (node->kind == NODE_LIST)
		node = node->first;
	for (unsigned i = 0; words[i] && node; i++, node = node->next) {
		const char *read = side_read(load, &field, node, words[i]);

		words[i] = read ? read : words[i];
	}
	return words;
}

/* The file's own rules are known by their line, those of an included one by its name too. */
static const char *rule_name(struct load *load, const struct rule_source *source, const struct node *node)
{
	char text[PLACE_TEXT_SIZE];
	const char *slash = strrchr(node->place.file, '/'), *file = slash ? slash + 1 : node->place.file;

	if (source->rule.name)
		return source->rule.name;
	if (strcmp(node->place.file, load->config->file) == 0)
		snprintf(text, sizeof(text), "rule-%u", node->place.line);
	else
		snprintf(text, sizeof(text), "rule-%.128s-%u", file, node->place.line);
	return config_copy(load, str_of(text));
}

static void refuse_unused(struct load *load, const struct node *rule, const char *name)
{
	const struct node *node = node_find(rule, name);

	if (node)
		problem_error(&load->problems, node->key_place,
			      "\"%s.%s\" is for the action reject; remove it or change the action", RULE_SECTION.path, name);
}

static void rule_build(struct load *load, const struct node *node, struct rule *rule)
{
	struct rule_source source = {0};

	section_fill(load, &RULE_SECTION, RULE_SECTION.path, node, &source);
	*rule = source.rule;
	rule->name = rule_name(load, &source, node);
	rule->line = node->place.line;
	rule->file = config_copy(load, str_of(node->place.file));
	rule->is_pass = source.action == RULE_PASS;
	rule->from = side_build(load, "from", node, source.from);
	rule->to = side_build(load, "to", node, source.to);
	if (source.action == RULE_PASS) {
		refuse_unused(load, node, "condition");
		refuse_unused(load, node, "text");
	}
}

struct named {
	const char *name;
	struct place place;
	unsigned order;
};

static int by_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	const int order = strcmp(x->name, y->name);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

/* The audit says which rule decided: by a name that only one has. */
static void refuse_same_names(struct load *load, struct named *all, unsigned count)
{
	qsort(all, count, sizeof(*all), by_name);
	for (unsigned i = 1; i < count; i++)
		if (strcmp(all[i - 1].name, all[i].name) == 0)
			problem_error(&load->problems, all[i].place,
				      "rule \"%.*s\" has the name of another one (%s); give it a name of its own",
				      STR_ARG(quote(str_of(all[i].name))), place_other(all[i].place, all[i - 1].place).at);
}

void rules_build(struct load *load)
{
	const struct node *list = node_find(load->root, "rules");
	struct named *named;
	struct rule *rules;
	unsigned count = 0;

	if (!list || list->kind != NODE_LIST)
		return;
	rules = config_alloc(load, (list->count + (size_t)1) * sizeof(*rules));
	named = work_alloc(load, (list->count + (size_t)1) * sizeof(*named));
	if (!rules || !named)
		return;
	for (const struct node *node = list->first; node; node = node->next) {
		rule_build(load, node, &rules[count]);
		if (node->kind != NODE_MAP || !rules[count].name)
			continue;
		named[count] = (struct named){rules[count].name, node->place, count};
		count++;
	}
	load->config->rules = rules;
	load->config->rule_count = count;
	refuse_same_names(load, named, count);
}
