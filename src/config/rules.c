/* SPDX-License-Identifier: Apache-2.0
 * The rules: read in order, their sides checked against zones and domains, their words made fit for the policy. */
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

bool address_read(struct load *load, const struct field *field, const struct node *node, const char *text, const char **ret_local,
		  const char **ret_domain)
{
	struct str domain = str_of(text), local = str_cut(&domain, '@');
	const bool has_local = !str_is_absent(domain), is_any = has_local && str_is(local, "*");
	struct node part = *node;
	struct field domain_field = *field;
	struct option option = {.type = &TYPE_PATTERN};
	struct jid jid;

	part.text = has_local ? domain : local;
	domain_field.option = field->option ? field->option : &option;
	if (part.text.len == 0 || memchr(text, '/', strlen(text)) || (has_local && !is_any && local.len == 0)) {
		problem_error(&load->problems, node->place, "\"%s\" must be an address without resource, such as \"ann@example.org\" or \"*@example.org\", not \"%.*s\"",
			      field->path, STR_ARG(quote(str_of(text))));
		return false;
	}
	if (!TYPE_PATTERN.read(load, &domain_field, &part, ret_domain))
		return false;
	*ret_local = has_local ? config_copy(load, local) : NULL;
	if (!has_local || is_any)
		return true;
	if (strchr(*ret_local, '*') || jid_parse(str_of(text), &jid) < 0) {
		problem_error(&load->problems, node->place, "\"%s\": \"%.*s\" is no localpart of an address; \"*\" stands for any, as a whole", field->path,
			      STR_ARG(quote(local)));
		return false;
	}
	return true;
}

/* A zone's name stays; a domain or pattern is normalised. False: refused and told. */
static bool side_read(struct load *load, const struct field *field, const struct node *node, const char *word, struct rule_side *side)
{
	*side = (struct rule_side){.kind = zone_named(load, word) ? SIDE_ZONE : strchr(word, '@') ? SIDE_ADDRESS : SIDE_DOMAIN, .word = word};
	if (side->kind == SIDE_ZONE || strcmp(word, "*") == 0)
		return true;
	if (side->kind == SIDE_ADDRESS) {
		if (!address_read(load, field, node, word, &side->local, &side->word))
			return false;
	} else if (!strchr(word, '.') && !is_listed(load, word)) {
		refuse_side(load, field, node, word);
		return false;
	} else if (!TYPE_PATTERN.read(load, field, node, &side->word)) {
		return false;
	}
	if (!is_served(load, str_of(side->word)))
		problem_warning(&load->problems, node->place,
				"\"%s\" names \"%.*s\", which no spoke and no zone serves; the rule never fits there",
				field->path, STR_ARG(quote(str_of(side->word))));
	return true;
}

static const struct option *rule_option(const char *name)
{
	for (unsigned i = 0; i < RULE_SECTION.count; i++)
		if (strcmp(RULE_SECTION.options[i].name, name) == 0)
			return &RULE_SECTION.options[i];
	return NULL;
}

/* The nodes of an option's values: of a list, or the one that stands for it. NULL: the rule does not have it. */
static const struct node *values_of(const struct node *rule, const char *name)
{
	const struct node *node = node_find(rule, name);

	return node && node->kind == NODE_LIST ? node->first : node;
}

static const struct rule_side *side_build(struct load *load, const char *name, const struct node *rule, const char **words)
{
	const struct field field = {.path = path_join(load, RULE_SECTION.path, name), .option = rule_option(name)};
	const struct node *node = values_of(rule, name);
	struct rule_side *sides;
	unsigned count = 0;

	if (!words || !node)
		return NULL;
	while (words[count])
		count++;
	if (!(sides = config_alloc(load, (count + (size_t)1) * sizeof(*sides))))
		return NULL;
	for (unsigned i = 0; i < count && node; i++, node = node->next)
		side_read(load, &field, node, words[i], &sides[i]);
	return sides;
}

/* ---- names of elements ---- */

static const struct shape_name *names_build(struct load *load, const char *name, const struct node *rule, const char *const *texts,
					    unsigned count)
{
	const char *path = path_join(load, RULE_SECTION.path, name);
	const struct node *node = values_of(rule, name);
	struct shape_name *names;
	char why[SHAPE_WHY_SIZE];

	if (!texts || !node || !(names = config_alloc(load, (count + (size_t)1) * sizeof(*names))))
		return NULL;
	for (unsigned i = 0; i < count && node; i++, node = node->next) {
		if (shape_name_parse(str_of(texts[i]), &names[i]) < 0)
			problem_error(&load->problems, node->place, "\"%s\" must be a namespace, or {namespace}name, not \"%.*s\"", path,
				      STR_ARG(quote(str_of(texts[i]))));
		else if (strcmp(name, "strip") == 0 && !shape_name_may_strip(&names[i], why))
			problem_error(&load->problems, node->place, "\"%s\": %s", path, why);
		else
			namespace_check(load, path, node, names[i].ns);
	}
	return names;
}

static const struct rule_filter *rule_filters_build(struct load *load, const struct node *rule, const char *const *names, unsigned count)
{
	const struct field field = {.path = path_join(load, RULE_SECTION.path, "filter"), .option = rule_option("filter")};
	const struct node *node = values_of(rule, "filter");
	struct rule_filter *filters;

	if (!names || !node || !(filters = config_alloc(load, (count + (size_t)1) * sizeof(*filters))))
		return NULL;
	for (unsigned i = 0; i < count && node; i++, node = node->next) {
		filters[i] = (struct rule_filter){.name = names[i], .index = -1};
		for (unsigned j = 0; j < load->config->filter_count; j++)
			if (strcmp(load->config->filter_sources[j].name, names[i]) == 0)
				filters[i].index = (int)j;
		filter_is_known(load, &field, node, names[i]);
	}
	return filters;
}

/* Bits of words. */
static unsigned bits_of(const int *values, unsigned count, bool is_number)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < count; i++)
		bits |= is_number ? 1U << values[i] : (unsigned)values[i];
	return bits;
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

/* An option that says something only beside a certain action. */
static void refuse_unused(struct load *load, const struct node *rule, const char *name, const char *action)
{
	const struct node *node = node_find(rule, name);

	if (node)
		problem_error(&load->problems, node->key_place,
			      "\"%s.%s\" is for the action %s; remove it or change the action", RULE_SECTION.path, name, action);
}

static void refuse_missing(struct load *load, const struct node *rule, const char *action, const char *what)
{
	problem_error(&load->problems, rule->place, "a rule with the action %s needs %s", action, what);
}

static void check_action(struct load *load, const struct node *node, const struct rule *rule)
{
	if (rule->action != RULE_REJECT) {
		refuse_unused(load, node, "condition", "reject");
		refuse_unused(load, node, "text", "reject");
	}
	if (rule->action != RULE_STRIP)
		refuse_unused(load, node, "strip", "strip");
	else if (!rule->strip && !rule->opaque)
		refuse_missing(load, node, "strip", "\"strip\", namespaces to remove, or \"opaque\"");
	if (rule->action != RULE_FOLD)
		refuse_unused(load, node, "fold", "fold");
	else if (!rule->fold)
		refuse_missing(load, node, "fold", "\"fold\": presence or body");
}

/* Without an action there have to be filters, whose answers count. */
static void action_build(struct load *load, const struct node *node, const struct rule_source *source, struct rule *rule)
{
	const struct option *option = rule_option("action");
	const struct node *action = node_find(node, "action");
	char form[PLACE_TEXT_SIZE];

	rule->action = source->action ? (enum rule_action)source->action : RULE_NEXT;
	if (!action && rule->filter_count == 0) {
		option_form_text(option, form, sizeof(form));
		problem_error(&load->problems, node->place, "\"%s.action\" is missing; set it to %s", RULE_SECTION.path, form);
		rule->action = RULE_REJECT;
	}
	if (source->action || !action)
		check_action(load, node, rule);
}

static void rule_build(struct load *load, const struct node *node, struct rule *rule)
{
	struct rule_source source = {0};

	section_fill(load, &RULE_SECTION, RULE_SECTION.path, node, &source);
	*rule = source.rule;
	rule->name = rule_name(load, &source, node);
	rule->line = node->place.line;
	rule->file = config_copy(load, str_of(node->place.file));
	rule->from = side_build(load, "from", node, source.from);
	rule->to = side_build(load, "to", node, source.to);
	rule->kinds = bits_of(source.kinds, source.kind_count, true);
	rule->types = bits_of(source.types, source.type_count, true);
	rule->opaque = bits_of(source.opaque, source.opaque_count, false);
	rule->payloads = names_build(load, "payload", node, source.payloads, rule->payload_count);
	rule->strip = names_build(load, "strip", node, source.strip, rule->strip_count);
	rule->filters = rule_filters_build(load, node, source.filters, rule->filter_count);
	rule->fold = (enum shape_fold)source.fold;
	rule->record = (enum rule_record)source.record;
	if (node->kind == NODE_MAP && !node->is_refused)
		action_build(load, node, &source, rule);
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
	load->rule_nodes = work_alloc(load, (list->count + (size_t)1) * sizeof(struct node *));
	if (!rules || !named || !load->rule_nodes)
		return;
	for (const struct node *node = list->first; node; node = node->next) {
		rule_build(load, node, &rules[count]);
		if (node->kind != NODE_MAP || !rules[count].name)
			continue;
		named[count] = (struct named){rules[count].name, node->place, count};
		load->rule_nodes[count] = node;
		count++;
	}
	load->config->rules = rules;
	load->config->rule_count = count;
	refuse_same_names(load, named, count);
}
