/* SPDX-License-Identifier: Apache-2.0
 * The verdict on a domain pair: rules in order, then the last word of the zones. */
#include "policy/policy.h"

#include <stdlib.h>

struct policy {
	const struct rule *rules;
	unsigned count;
};

struct policy *policy_new(const struct rule *rules, unsigned count)
{
	struct policy *policy = calloc(1, sizeof(*policy));

	if (!policy)
		return NULL;
	policy->rules = rules;
	policy->count = count;
	return policy;
}

void policy_free(struct policy **policy)
{
	free(*policy);
	*policy = NULL;
}

/* Whether one side fits a condition: the name of its zone, or a pattern of domains. */
static bool side_fits(const char *const *words, struct str domain, const struct spoke *spoke)
{
	if (!words)
		return true;
	for (; *words; words++)
		if (str_eq(str_of(spoke->zone->name), str_of(*words)) || domain_fits(domain, str_of(*words)))
			return true;
	return false;
}

static struct verdict verdict_of(const struct rule *rule)
{
	const enum stanza_condition condition = rule->condition ? stanza_condition_of(str_of(rule->condition)) : STANZA_CONDITION_NONE;

	if (rule->is_pass)
		return (struct verdict){.decision = DECISION_PASS, .rule = rule->name, .line = rule->line};
	return (struct verdict){
		.decision = DECISION_REJECT, .rule = rule->name, .line = rule->line, .text = rule->text,
		.condition = condition != STANZA_CONDITION_NONE ? condition : COND_POLICY_VIOLATION,
	};
}

struct verdict policy_judge(const struct policy *policy, const struct domain_pair *pair, const struct spoke *sender,
			    const struct spoke *target)
{
	if (!target)
		return (struct verdict){.decision = DECISION_REJECT, .rule = "not-trunked", .condition = COND_REMOTE_SERVER_NOT_FOUND};
	if (!sender)
		return (struct verdict){.decision = DECISION_REJECT, .rule = "sender-not-served", .condition = COND_POLICY_VIOLATION};
	for (unsigned i = 0; i < policy->count; i++) {
		const struct rule *rule = &policy->rules[i];

		if (side_fits(rule->from, pair->sender, sender) && side_fits(rule->to, pair->target, target))
			return verdict_of(rule);
	}
	if (sender->zone == target->zone)
		return (struct verdict){.decision = DECISION_PASS, .rule = "zone"};
	return (struct verdict){.decision = DECISION_REJECT, .rule = "zone", .condition = COND_POLICY_VIOLATION};
}
