/* SPDX-License-Identifier: Apache-2.0
 * A policy as it is made of a configuration: rules compiled, indexed, and joined with what they have counted. */
#include "policy/policy_internal.h"

#include <pthread.h>
#include <stdlib.h>

/* Adoptions are rare, and two workers may reload at once. */
static pthread_mutex_t adoption = PTHREAD_MUTEX_INITIALIZER;

const char *reference_text(struct arena *arena, const char *text, const char *name)
{
	struct str made = STR_NONE;
	struct buf buf = {0};

	if ((text ? buf_addf(&buf, "%s (rule %s)", text, name) : buf_addf(&buf, "Not passed by policy (rule %s).", name)) == 0)
		made = arena_str(arena, buf_str(&buf));
	buf_fini(&buf);
	return made.at;
}

static bool has_address(const struct rule_side *side)
{
	for (; side && side->kind != SIDE_END; side++)
		if (side->kind == SIDE_ADDRESS)
			return true;
	return false;
}

static bool is_by_pair(const struct rule *rule)
{
	return !rule->kinds && !rule->types && !rule->payload_count && !rule->size_above && !rule->label_above &&
	       !rule->label_policies && !rule->unlabelled && !rule->opaque && !rule->filter_count && rule->rate.per_second <= 0 &&
	       !has_address(rule->from) && !has_address(rule->to);
}

static int compile(struct policy *policy, const struct rule *rule, struct compiled *compiled)
{
	*compiled = (struct compiled){
		.rule = rule,
		.is_by_pair = is_by_pair(rule),
		.has_from_address = has_address(rule->from),
		.has_to_address = has_address(rule->to),
		.condition = rule->condition ? stanza_condition_of(str_of(rule->condition)) : COND_POLICY_VIOLATION,
	};
	if (compiled->condition == STANZA_CONDITION_NONE)
		compiled->condition = COND_POLICY_VIOLATION;
	compiled->text = reference_text(&policy->arena, rule->text, rule->name);
	compiled->state = policy_memory_rule(policy->memory, rule);
	return compiled->text && compiled->state ? 0 : TRUNK_ENOMEM;
}

struct policy *policy_new(const struct policy_options *options)
{
	struct policy *policy = calloc(1, sizeof(*policy));
	int err = 0;

	if (!policy)
		return NULL;
	policy->labels = options->labels;
	policy->memory = policy_memory_new();
	policy->rules = calloc(options->rule_count + (size_t)1, sizeof(*policy->rules));
	if (!policy->memory || !policy->rules || options->rule_count > POLICY_RULES_MAX)
		err = TRUNK_ENOMEM;
	for (; err == 0 && policy->count < options->rule_count; policy->count++)
		err = compile(policy, &options->rules[policy->count], &policy->rules[policy->count]);
	if (err == 0 && (!(policy->from = policy_index_new(options->rules, policy->count, false)) ||
			 !(policy->to = policy_index_new(options->rules, policy->count, true))))
		err = TRUNK_ENOMEM;
	if (err < 0)
		policy_free(&policy);
	return policy;
}

void policy_free(struct policy **policy)
{
	struct policy *gone = *policy;

	if (!gone)
		return;
	*policy = NULL;
	for (unsigned i = 0; gone->rules && gone->memory && i < gone->count; i++)
		policy_memory_leave(gone->memory, gone->rules[i].state);
	policy_index_free(&gone->from);
	policy_index_free(&gone->to);
	policy_memory_free(&gone->memory);
	free(gone->rules);
	arena_fini(&gone->arena);
	free(gone);
}

/* A rule for which there is no memory begins to count anew. */
static void adopt(struct policy *policy, struct policy_memory *memory)
{
	struct rule_state **states = calloc(policy->count + (size_t)1, sizeof(*states));
	unsigned made = 0;

	while (states && made < policy->count && (states[made] = policy_memory_rule(memory, policy->rules[made].rule)))
		made++;
	if (states && made == policy->count) {
		for (unsigned i = 0; i < policy->count; i++) {
			policy_memory_leave(policy->memory, policy->rules[i].state);
			policy->rules[i].state = states[i];
		}
		policy_memory_free(&policy->memory);
		policy->memory = policy_memory_ref(memory);
	} else {
		for (unsigned i = 0; states && i < made; i++)
			policy_memory_leave(memory, states[i]);
	}
	free(states);
}

void policy_adopt(struct policy *policy, struct policy *before)
{
	pthread_mutex_lock(&adoption);
	if (!policy->is_adopted && policy != before && policy->memory != before->memory)
		adopt(policy, before->memory);
	policy->is_adopted = true;
	pthread_mutex_unlock(&adoption);
}

struct verdict compiled_verdict(const struct compiled *compiled)
{
	const struct rule *rule = compiled->rule;
	struct verdict verdict = {.rule = rule->name, .line = rule->line, .custody = rule->custody};

	switch (rule->action) {
	case RULE_PASS: verdict.decision = DECISION_PASS; return verdict;
	case RULE_STRIP:
	case RULE_FOLD: verdict.decision = DECISION_STRIP; return verdict;
	case RULE_DROP: verdict.decision = DECISION_DROP; break;
	case RULE_NEXT:
	case RULE_REJECT: verdict.decision = DECISION_REJECT; break;
	}
	if (!verdict.decision)
		verdict.decision = DECISION_REJECT;     /* no action that we know */
	verdict.condition = compiled->condition;
	verdict.text = compiled->text;
	return verdict;
}

void policy_each_rule(const struct policy *policy, rule_info_fn *fn, void *ctx)
{
	for (unsigned i = 0; i < policy->count; i++)
		fn(ctx, &(struct rule_info){.rule = policy->rules[i].rule, .fits = rule_state_counted(policy->rules[i].state)});
}
