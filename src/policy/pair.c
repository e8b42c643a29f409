/* SPDX-License-Identifier: Apache-2.0
 * A domain pair: the rules that may fit its stanzas, and whether it is permitted at all. */
#include "policy/policy_internal.h"

#include <stdlib.h>

#define ZONE "zone"
#define ZONE_TEXT "Not passed by policy (rule " ZONE ")."

/* Whether no stanza of the pair gets past the rule. A rate, even one without more, lets stanzas past. */
static bool ends_the_list(const struct compiled *compiled)
{
	return compiled->is_by_pair && !compiled->rule->monitor;
}

static int find_rules(struct policy_pair *pair)
{
	const struct policy *policy = pair->policy;
	const unsigned words = (policy->count + 63) / 64;
	uint64_t *from = calloc(2 * (size_t)words + 1, sizeof(*from)), *to;
	uint32_t *rules;
	unsigned count = 0;

	if (!from)
		return TRUNK_ENOMEM;
	to = from + words;
	policy_index_mark(policy->from, pair->pair.sender, pair->sender->zone->name, from);
	policy_index_mark(policy->to, pair->pair.target, pair->target->zone->name, to);
	for (unsigned i = 0; i < words; i++)
		count += (unsigned)__builtin_popcountll(from[i] &= to[i]);
	rules = malloc((count + (size_t)1) * sizeof(*rules));
	for (unsigned i = 0; rules && i < words; i++)
		for (uint64_t bits = from[i]; bits && (pair->count == 0 || !ends_the_list(&policy->rules[rules[pair->count - 1]]));
		     bits &= bits - 1)
			rules[pair->count++] = i * 64 + (unsigned)__builtin_ctzll(bits);
	pair->rules = rules;
	free(from);
	return rules ? 0 : TRUNK_ENOMEM;
}

static struct verdict last_word(const struct policy_pair *pair)
{
	if (pair->sender->zone == pair->target->zone)
		return (struct verdict){.decision = DECISION_PASS, .rule = ZONE};
	return (struct verdict){.decision = DECISION_REJECT, .rule = ZONE, .condition = COND_POLICY_VIOLATION, .text = ZONE_TEXT};
}

static bool may_let_pass(const struct rule *rule)
{
	return rule->action == RULE_PASS || rule->action == RULE_STRIP || rule->action == RULE_FOLD;
}

/* The first rule that every stanza fits decides, unless one before it may let some of them pass. */
static void judge_pair(struct policy_pair *pair)
{
	pair->verdict = last_word(pair);
	pair->is_final = true;
	for (unsigned i = 0; i < pair->count; i++) {
		const struct compiled *compiled = &pair->policy->rules[pair->rules[i]];

		if (ends_the_list(compiled)) {
			pair->verdict = compiled_verdict(compiled);
			pair->state = compiled->state;
			break;
		}
		pair->is_final = false;
		if (!compiled->rule->monitor && may_let_pass(compiled->rule)) {
			pair->verdict = compiled_verdict(compiled);
			break;
		}
	}
	if (pair->verdict.decision == DECISION_STRIP) {
		pair->verdict.decision = DECISION_PASS;
		pair->is_final = false;
	}
	if (pair->policy->labels && pair->verdict.decision == DECISION_PASS)
		pair->is_final = false;
}

/* The clearances of addresses in the domain, and those of zone and spoke. */
static int find_clearances(struct policy_pair *pair, struct str domain, const struct spoke *spoke, struct pair_side *side)
{
	const struct policy_labels *labels = pair->policy->labels;
	const struct address_clearance **patterns;
	size_t count = 0;

	if (spoke->zone->clearance)
		side->fixed[side->fixed_count++] = spoke->zone->clearance;
	if (spoke->clearance)
		side->fixed[side->fixed_count++] = spoke->clearance;
	for (unsigned i = 0; i < labels->address_count; i++)
		count += domain_fits(domain, str_of(labels->addresses[i].domain));
	if (count == 0)
		return 0;
	if (!(patterns = malloc(count * sizeof(*patterns))))
		return TRUNK_ENOMEM;
	for (unsigned i = 0; i < labels->address_count; i++)
		if (domain_fits(domain, str_of(labels->addresses[i].domain)))
			patterns[side->pattern_count++] = &labels->addresses[i];
	side->patterns = patterns;
	return 0;
}

static void not_served(struct policy_pair *pair)
{
	pair->is_final = true;
	if (!pair->target)
		pair->verdict = (struct verdict){
			.decision = DECISION_REJECT, .rule = "not-trunked", .condition = COND_REMOTE_SERVER_NOT_FOUND};
	else
		pair->verdict = (struct verdict){
			.decision = DECISION_REJECT, .rule = "sender-not-served", .condition = COND_POLICY_VIOLATION};
}

static int build(struct policy_pair *pair)
{
	int err;

	if (!pair->sender || !pair->target) {
		not_served(pair);
		return 0;
	}
	if ((err = find_rules(pair)) < 0)
		return err;
	if (pair->policy->labels && ((err = find_clearances(pair, pair->pair.sender, pair->sender, &pair->from)) < 0 ||
				     (err = find_clearances(pair, pair->pair.target, pair->target, &pair->to)) < 0))
		return err;
	judge_pair(pair);
	return 0;
}

struct policy_pair *policy_pair_new(const struct policy *policy, const struct domain_pair *domains, const struct spoke *sender,
				    const struct spoke *target)
{
	struct policy_pair *pair = calloc(1, sizeof(*pair));

	if (!pair)
		return NULL;
	pair->policy = policy;
	pair->pair = *domains;
	pair->sender = sender;
	pair->target = target;
	if (build(pair) < 0)
		policy_pair_free(&pair);
	return pair;
}

/* Our own memory, which nobody else changes. */
static void *pair_rules(struct policy_pair *pair)
{
	return (void *)(uintptr_t)pair->rules;
}

static void *side_patterns(struct pair_side *side)
{
	return (void *)(uintptr_t)side->patterns;
}

void policy_pair_free(struct policy_pair **pair)
{
	if (!*pair)
		return;
	free(pair_rules(*pair));
	free(side_patterns(&(*pair)->from));
	free(side_patterns(&(*pair)->to));
	free(*pair);
	*pair = NULL;
}

struct verdict policy_pair_verdict(const struct policy_pair *pair)
{
	return pair->verdict;
}

bool policy_pair_is_final(const struct policy_pair *pair)
{
	return pair->is_final;
}

void policy_pair_count(const struct policy_pair *pair)
{
	if (pair->state)
		rule_state_count(pair->state);
}

struct verdict policy_judge_pair(const struct policy *policy, const struct domain_pair *domains, const struct spoke *sender,
				 const struct spoke *target)
{
	static const struct verdict no_memory = {
		.decision = DECISION_REJECT, .rule = "no-memory", .condition = COND_RESOURCE_CONSTRAINT};
	struct policy_pair *pair = policy_pair_new(policy, domains, sender, target);
	const struct verdict verdict = pair ? pair->verdict : no_memory;

	policy_pair_free(&pair);
	return verdict;
}
