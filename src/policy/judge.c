/* SPDX-License-Identifier: Apache-2.0
 * One stanza: rules in order until one decides, labels, what cannot be looked into, and the shape that it leaves in. */
#include "policy/policy_internal.h"

/* ---- what files of this room ask of a stanza under judgement ---- */

const struct xml_node *judge_tree(struct judge *j)
{
	static const struct xml_limits limits = {.element_bytes = SIZE_MAX, .depth = XML_DEPTH_MAX, .attributes = XML_ATTRIBUTES_MAX};

	if (!j->tree && !j->is_failed &&
	    xml_tree_parse(j->c->arena, j->c->stanza->element->bytes, j->c->header, &limits, &j->tree) < 0) {
		j->tree = NULL;
		j->is_failed = true;
	}
	return j->tree;
}

void judge_reject(struct judge *j, const char *rule, enum stanza_condition condition, const char *text)
{
	j->out->shaped = NULL;
	j->out->verdict = (struct verdict){
		.decision = DECISION_REJECT, .rule = rule, .condition = condition,
		.text = text ? text : reference_text(j->c->arena, NULL, rule),
	};
}

static void fail(struct judge *j)
{
	judge_reject(j, "no-memory", COND_RESOURCE_CONSTRAINT, NULL);
}

static bool passes(const struct judgement *judgement)
{
	return judgement->verdict.decision == DECISION_PASS || judgement->verdict.decision == DECISION_STRIP;
}

static void tell(struct judge *j, const struct rule *rule, const char *why_not)
{
	if (j->c->step)
		j->c->step(j->c->ctx, &(struct policy_step){.rule = rule, .why_not = why_not});
}

/* ---- rules ---- */

static void monitor(struct judge *j, const struct compiled *compiled)
{
	struct judgement *out = j->out;

	if (!j->c->is_dry && j->round == 0)
		rule_state_count(compiled->state);
	for (unsigned i = 0; i < out->monitor_count; i++)
		if (out->monitors[i] == compiled->rule)
			return;
	if (out->monitor_count < POLICY_MONITORS_MAX)
		out->monitors[out->monitor_count++] = compiled->rule;
}

/* A watching rule asks its filters, too, and nothing comes of their answers. */
static void watch(struct judge *j, const struct compiled *compiled)
{
	const struct judgement before = *j->out;
	const enum asked asked = compiled->rule->filter_count ? judge_ask_filters(j, compiled) : ASKED_PASS;

	j->decided = NULL;
	j->out->verdict = before.verdict;
	j->out->record = before.record;
	if (asked != ASKED_PASS || compiled->rule->action != RULE_NEXT)
		monitor(j, compiled);
}

/* Whether the rule decides, or nothing can be decided any more. */
static bool try_rule(struct judge *j, const struct compiled *compiled)
{
	const char *why_not = rule_why_not(j, compiled);
	enum asked asked;

	if (j->is_failed)
		return true;
	tell(j, compiled->rule, why_not);
	if (why_not)
		return false;
	if (compiled->rule->monitor) {
		watch(j, compiled);
		return false;
	}
	asked = compiled->rule->filter_count ? judge_ask_filters(j, compiled) : ASKED_PASS;
	j->wants_round = asked == ASKED_CHANGED;
	if (asked != ASKED_PASS)
		return true;
	if (compiled->rule->action == RULE_NEXT)
		return false;
	j->decided = compiled;
	j->out->verdict = compiled_verdict(compiled);
	j->out->record = compiled->rule->record;
	return true;
}

static void last_word(struct judge *j)
{
	const struct policy_pair *pair = j->pair;

	if (pair->sender->zone == pair->target->zone)
		j->out->verdict = (struct verdict){.decision = DECISION_PASS, .rule = "zone"};
	else
		judge_reject(j, "zone", COND_POLICY_VIOLATION, NULL);
}

/* All rules in their order, for explanations: those of other pairs are told, too. */
static bool try_all(struct judge *j)
{
	unsigned next = 0;

	for (unsigned i = 0; i < j->policy->count; i++) {
		while (next < j->pair->count && j->pair->rules[next] < i)
			next++;
		if (next == j->pair->count || j->pair->rules[next] != i)
			tell(j, j->policy->rules[i].rule, "pair");
		else if (try_rule(j, &j->policy->rules[i]))
			return true;
	}
	return false;
}

static bool try_those_of_the_pair(struct judge *j)
{
	for (unsigned i = 0; i < j->pair->count; i++)
		if (try_rule(j, &j->policy->rules[j->pair->rules[i]]))
			return true;
	return false;
}

/* Again from the first rule on, as long as filters make another stanza of it. */
static void judge_rules(struct judge *j)
{
	do {
		j->decided = NULL;
		j->wants_round = false;
		if (!(j->c->step ? try_all(j) : try_those_of_the_pair(j)))
			last_word(j);
	} while (j->wants_round && !j->is_failed && j->round < POLICY_ROUNDS_MAX);
	if (j->wants_round)
		judge_reject(j, "changed-too-often", COND_POLICY_VIOLATION, NULL);
	else if (j->round > 0 && passes(j->out))
		j->out->shaped = j->tree;
}

/* ---- shape ---- */

static void judge_shape(struct judge *j)
{
	const struct rule *rule = j->decided->rule;
	const struct shape_order order = {
		.strip = rule->strip, .strip_count = rule->strip_count, .fold = rule->action == RULE_FOLD ? rule->fold : SHAPE_FOLD_NONE,
		.opaque = rule->action == RULE_STRIP ? rule->opaque : 0,
	};
	struct shape_result result;

	if (!judge_tree(j))
		return;
	shape_apply(j->c->arena, j->tree, &order, &result);
	switch (result.outcome) {
	case SHAPE_SAME:
		j->out->verdict.decision = DECISION_PASS;
		return;
	case SHAPE_CHANGED:
		j->tree = j->out->shaped = result.shaped;
		j->has_opaque = false;
		j->is_changed = true;
		return;
	case SHAPE_EMPTY:
		judge_reject(j, rule->name, COND_POLICY_VIOLATION, NULL);
		j->out->verdict.decision = DECISION_DROP;
		break;
	case SHAPE_SEALED:
	case SHAPE_NO_REQUEST:
	case SHAPE_NO_MEMORY:
		judge_reject(j, rule->name, shape_outcome_condition(result.outcome),
			     reference_text(j->c->arena, shape_outcome_text(result.outcome), rule->name));
		break;
	}
	if (passes(j->out))
		fail(j);
	j->out->verdict.line = rule->line;
}

/* With labels on, what nobody can look into passes by a rule that names it, and by no other. */
static void judge_what_is_opaque(struct judge *j)
{
	const unsigned named = j->decided ? j->decided->rule->opaque : 0;
	const unsigned left = judge_opaque(j) & ~named;

	if (left == 0 || j->is_failed)
		return;
	judge_reject(j, "opaque", COND_POLICY_VIOLATION, NULL);
	j->out->reason = str_of(shape_class_text(left));
}

/* ---- all ---- */

/* A room's server may expel who was the cause of an error (label-policy: "Rooms behind the trunk"). What a room sends goes to
 * one occupant's full address; what goes to a room, to its bare one. */
static bool is_from_room(struct judge *j)
{
	return j->c->stanza->kind == STANZA_MESSAGE && !str_is_absent(j->c->stanza->to.resource) && judge_type(j) == RULE_TYPE_GROUPCHAT;
}

static void judge_all(struct judge *j)
{
	judge_rules(j);
	if (!j->is_failed && passes(j->out) && j->policy->labels)
		judge_labels(j);
	if (!j->is_failed && j->out->verdict.decision == DECISION_STRIP)
		judge_shape(j);
	if (j->round > 0 && j->out->verdict.decision == DECISION_PASS)
		j->out->verdict.decision = DECISION_STRIP;
	if (!j->is_failed && passes(j->out) && j->policy->labels)
		judge_what_is_opaque(j);
	if (j->is_failed)
		fail(j);
	if (str_is_absent(j->out->label) && j->has_label_facts)
		j->out->label = judge_label_words(j, j->label);
	if (j->out->verdict.decision == DECISION_REJECT && is_from_room(j))
		j->out->verdict.decision = DECISION_DROP;
}

void policy_judge(const struct policy_pair *pair, const struct policy_case *the_case, struct judgement *ret_judgement)
{
	struct judge j = {
		.pair = pair, .policy = pair->policy, .c = the_case, .out = ret_judgement,
		.size_bytes = the_case->stanza->element->bytes.len,
	};

	*ret_judgement = (struct judgement){0};
	if (!pair->sender || !pair->target)
		ret_judgement->verdict = pair->verdict;
	else
		judge_all(&j);
	if (j.decided && !the_case->is_dry)
		rule_state_count(j.decided->state);
}
