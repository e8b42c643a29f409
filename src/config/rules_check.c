/* SPDX-License-Identifier: Apache-2.0
 * Rules that are right one by one and say nothing where they stand: they never fit, or another one decides before them. */
#include "config/load.h"
#include "config/words.h"

#include <stdlib.h>

enum { SHADOW_RULES_MAX = 4096 };       /* each is compared with all before it */

/* ---- never ---- */

#define BIT(n) (1U << (n))

static const unsigned MESSAGE_TYPES = BIT(RULE_TYPE_NORMAL) | BIT(RULE_TYPE_CHAT) | BIT(RULE_TYPE_GROUPCHAT) | BIT(RULE_TYPE_HEADLINE) |
				      BIT(RULE_TYPE_ERROR);
static const unsigned IQ_TYPES = BIT(RULE_TYPE_GET) | BIT(RULE_TYPE_SET) | BIT(RULE_TYPE_RESULT) | BIT(RULE_TYPE_ERROR);
static const unsigned PRESENCE_TYPES = BIT(RULE_TYPE_AVAILABLE) | BIT(RULE_TYPE_UNAVAILABLE) | BIT(RULE_TYPE_SUBSCRIBE) |
				       BIT(RULE_TYPE_SUBSCRIBED) | BIT(RULE_TYPE_UNSUBSCRIBE) | BIT(RULE_TYPE_UNSUBSCRIBED) |
				       BIT(RULE_TYPE_PROBE) | BIT(RULE_TYPE_ERROR);

static unsigned types_of(unsigned kinds)
{
	return (kinds & BIT(STANZA_MESSAGE) ? MESSAGE_TYPES : 0) | (kinds & BIT(STANZA_PRESENCE) ? PRESENCE_TYPES : 0) |
	       (kinds & BIT(STANZA_IQ) ? IQ_TYPES : 0);
}

static bool asks_labels(const struct rule *rule)
{
	return rule->label_above || rule->label_policies || rule->unlabelled;
}

static struct place place_of(const struct node *rule, const char *name)
{
	const struct node *node = node_find(rule, name);

	return node ? node->place : rule->place;
}

static void check_conditions(struct load *load, const struct rule *rule, const struct node *node)
{
	const unsigned folded = rule->fold == SHAPE_FOLD_BODY ? BIT(STANZA_MESSAGE) : BIT(STANZA_PRESENCE);
	const size_t largest = load->config->limits.stanza_bytes;

	if (rule->kinds && rule->types && !(types_of(rule->kinds) & rule->types))
		problem_warning(&load->problems, place_of(node, "type"),
				"rule \"%s\" never fits: no stanza of its \"kind\" (line %u) has such a type", rule->name,
				place_of(node, "kind").line);
	if (asks_labels(rule) && ((rule->kinds && !(rule->kinds & BIT(STANZA_MESSAGE))) || (rule->types && !(rule->types & MESSAGE_TYPES & ~BIT(RULE_TYPE_ERROR)))))
		problem_warning(&load->problems, node->place, "rule \"%s\" never fits: it asks about labels, which messages alone have, and errors not",
				rule->name);
	if (rule->size_above && rule->size_above >= largest)
		problem_warning(&load->problems, place_of(node, "size-above"),
				"rule \"%s\" never fits: \"limits.stanza-size\" takes nothing that is larger", rule->name);
	if (rule->fold && rule->kinds && !(rule->kinds & folded))
		problem_warning(&load->problems, place_of(node, "fold"), "rule \"%s\" folds nothing: its \"kind\" (line %u) is another one",
				rule->name, place_of(node, "kind").line);
}

/* ---- labels ---- */

static bool has_class(const struct label_policies *policies, struct str name)
{
	const struct label_policy *policy;

	for (unsigned i = 0; (policy = label_policies_at(policies, i)); i++)
		if (label_policy_has_class(policy, name))
			return true;
	return false;
}

static void check_policies(struct load *load, const struct rule *rule, const struct node *node)
{
	const struct label_policies *policies = load->config->label_policies;
	struct nearest nearest;
	const struct label_policy *policy;

	for (const char *const *name = rule->label_policies; name && *name; name++) {
		if (label_policies_by_name(policies, str_of(*name)))
			continue;
		nearest = (struct nearest){.word = str_of(*name)};
		for (unsigned i = 0; (policy = label_policies_at(policies, i)); i++)
			nearest_offer(&nearest, config_copy(load, label_policy_name(policy)));
		problem_error(&load->problems, place_of(node, "label-policy"),
			      "\"rules[].label-policy\" names \"%.*s\", which is none of \"labels.policy\"%s%s%s", STR_ARG(quote(str_of(*name))),
			      nearest.best ? "; did you mean \"" : "", nearest.best ? nearest.best : "", nearest.best ? "\"?" : "");
	}
}

static void check_labels(struct load *load, const struct rule *rule, const struct node *node)
{
	const struct label_policies *policies = load->config->label_policies;

	if (!asks_labels(rule))
		return;
	if (!load->config->label_files) {
		problem_error(&load->problems, node->place, "rule \"%s\" asks about labels, which are off; set \"labels.policy\"", rule->name);
		return;
	}
	if (!policies)
		return;
	if (rule->label_above && !has_class(policies, str_of(rule->label_above)))
		problem_error(&load->problems, place_of(node, "label-above"),
			      "\"rules[].label-above\" names \"%.*s\", which is a classification of none of \"labels.policy\"",
			      STR_ARG(quote(str_of(rule->label_above))));
	check_policies(load, rule, node);
}

/* ---- in the shadow of another one ---- */

static const struct zone *zone_of(const struct load *load, struct str pattern)
{
	const struct zone *zone = NULL;
	size_t weight = 0;

	for (unsigned i = 0; i < load->config->spoke_count; i++)
		for (unsigned j = 0; j < load->spokes[i].domain_count; j++)
			if (str_is(pattern, load->spokes[i].domains[j]))
				return load->spokes[i].zone;
	for (unsigned i = 0; i < load->config->spoke_count; i++)
		for (unsigned j = 0; j < load->spokes[i].domain_count; j++) {
			const struct str served = str_of(load->spokes[i].domains[j]);

			if (!str_starts(pattern, STR("*.")) && domain_fits(pattern, served) && domain_pattern_weight(served) >= weight) {
				zone = load->spokes[i].zone;
				weight = domain_pattern_weight(served);
			}
		}
	return zone;
}

static bool word_covers(const struct load *load, const struct rule_side *wide, const struct rule_side *narrow)
{
	const struct zone *zone;

	if (wide->kind == SIDE_ZONE) {
		if (narrow->kind == SIDE_ZONE)
			return strcmp(wide->word, narrow->word) == 0;
		zone = zone_of(load, str_of(narrow->word));
		return zone && strcmp(zone->name, wide->word) == 0;
	}
	if (wide->kind == SIDE_DOMAIN && strcmp(wide->word, "*") == 0)
		return true;
	if (narrow->kind == SIDE_ZONE || !(strcmp(wide->word, narrow->word) == 0 || domain_fits(str_of(narrow->word), str_of(wide->word))))
		return false;
	return wide->kind == SIDE_DOMAIN || (narrow->kind == SIDE_ADDRESS && (strcmp(wide->local, "*") == 0 || strcmp(wide->local, narrow->local) == 0));
}

static bool side_covers(const struct load *load, const struct rule_side *wide, const struct rule_side *narrow)
{
	static const struct rule_side any[] = {{.kind = SIDE_DOMAIN, .word = "*"}, {.kind = SIDE_END}};

	if (!wide)
		return true;
	for (narrow = narrow ? narrow : any; narrow->kind != SIDE_END; narrow++) {
		const struct rule_side *word = wide;

		while (word->kind != SIDE_END && !word_covers(load, word, narrow))
			word++;
		if (word->kind == SIDE_END)
			return false;
	}
	return true;
}

/* Of conditions that are sets, none meaning any. */
static bool bits_cover(unsigned wide, unsigned narrow)
{
	return wide == 0 || (narrow != 0 && (narrow & ~wide) == 0);
}

static bool names_cover(const struct rule *wide, const struct rule *narrow)
{
	if (wide->payload_count == 0)
		return true;
	for (unsigned i = 0; i < narrow->payload_count; i++) {
		bool is_covered = false;

		for (unsigned j = 0; j < wide->payload_count; j++)
			is_covered |= str_eq(wide->payloads[j].ns, narrow->payloads[i].ns) &&
				      (str_is_absent(wide->payloads[j].name) || str_eq(wide->payloads[j].name, narrow->payloads[i].name));
		if (!is_covered)
			return false;
	}
	return narrow->payload_count > 0;
}

static bool words_cover(const char *const *wide, const char *const *narrow)
{
	if (!wide)
		return true;
	for (const char *const *word = narrow; word && *word; word++) {
		const char *const *other = wide;

		while (*other && strcmp(*other, *word) != 0)
			other++;
		if (!*other)
			return false;
	}
	return narrow != NULL;
}

/* Whether `wide` decides all that `narrow` fits. */
static bool rule_covers(const struct load *load, const struct rule *wide, const struct rule *narrow)
{
	return !wide->monitor && wide->action != RULE_NEXT && wide->filter_count == 0 && wide->rate.per_second <= 0 &&
	       bits_cover(wide->kinds, narrow->kinds) && bits_cover(wide->types, narrow->types) &&
	       bits_cover(wide->opaque, narrow->opaque) && wide->size_above <= narrow->size_above && names_cover(wide, narrow) &&
	       (!wide->label_above || (narrow->label_above && strcmp(wide->label_above, narrow->label_above) == 0)) &&
	       words_cover(wide->label_policies, narrow->label_policies) && (!wide->unlabelled || narrow->unlabelled) &&
	       side_covers(load, wide->from, narrow->from) && side_covers(load, wide->to, narrow->to);
}

static void check_shadow(struct load *load, unsigned index)
{
	const struct rule *rules = load->config->rules;

	for (unsigned i = 0; i < index; i++) {
		if (!rule_covers(load, &rules[i], &rules[index]))
			continue;
		problem_warning(&load->problems, load->rule_nodes[index]->place,
				"rule \"%s\" never decides: rule \"%s\" (%s) fits all that it fits and stands before it; move it up or remove it",
				rules[index].name, rules[i].name,
				place_other(load->rule_nodes[index]->place, load->rule_nodes[i]->place).at);
		return;
	}
}

void rules_check(struct load *load)
{
	const struct config *config = load->config;

	for (unsigned i = 0; i < config->rule_count; i++) {
		check_conditions(load, &config->rules[i], load->rule_nodes[i]);
		check_labels(load, &config->rules[i], load->rule_nodes[i]);
	}
	for (unsigned i = 1; i < config->rule_count && i < SHADOW_RULES_MAX && load->problems.errors == 0; i++)
		check_shadow(load, i);
}
