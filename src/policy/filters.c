/* SPDX-License-Identifier: Apache-2.0
 * Asks the filters of a rule, and takes what they make of a stanza. */
#include "policy/policy_internal.h"

/* ---- what a filter may look at ---- */

static const struct xml_node *view_tree(void *ctx)
{
	return judge_tree(ctx);
}

static struct str marking_of(struct judge *j, const struct label *label)
{
	struct buf marking = {.limit = LABEL_MARKING_BYTES_MAX};
	struct str made = STR_NONE;

	if (label_marking_write(label, STR(""), LABEL_PLACE_PAGE_BOTTOM, &marking) == 0)
		made = arena_str(j->c->arena, buf_str(&marking));
	buf_fini(&marking);
	return made;
}

static bool view_label(void *ctx, struct filter_label *ret_label)
{
	struct judge *j = ctx;
	const struct label *label;
	struct str rest;

	judge_label_facts(j);
	if (!(label = j->label))
		return false;
	*ret_label = (struct filter_label){.words = judge_label_words(j, label), .is_default = !j->is_labelled};
	if (!label->policy || label->fault.why != LABEL_GRANTED)
		return true;
	ret_label->marking = marking_of(j, label);
	ret_label->policy = label_policy_name(label->policy);
	rest = ret_label->words;
	str_cut(&rest, ':');
	if (!str_is_absent(rest))
		ret_label->class_name = str_trim(str_cut(&rest, ';'));
	return true;
}

static struct str decoded(struct judge *j, struct str raw)
{
	return j->c->stanza->element->has_escapes ? xml_decode(j->c->arena, raw) : raw;
}

/* The language that the header gives counts where the stanza names none. */
static struct str lang_of(struct judge *j)
{
	const struct xml_header *header = j->c->header;

	if (!str_is_absent(j->c->stanza->element->lang))
		return decoded(j, j->c->stanza->element->lang);
	for (unsigned i = 0; header && i < header->attr_count; i++)
		if (str_is(header->attrs[i].ns, XML_NS_XML) && str_is(header->attrs[i].name, "lang"))
			return header->attrs[i].value;
	return STR_NONE;
}

static void view_of(struct judge *j, struct filter_view *view)
{
	const struct xml_element *element = j->c->stanza->element;

	*view = (struct filter_view){
		.kind = j->c->stanza->kind, .from = decoded(j, element->from), .to = decoded(j, element->to), .type = decoded(j, element->type),
		.id = decoded(j, element->id), .lang = lang_of(j), .size_bytes = j->size_bytes, .tree = view_tree,
		.label = j->policy->labels ? view_label : NULL, .ctx = j,
	};
}

/* ---- what it makes of it ---- */

static bool is_same_attr(const struct xml_node *node, const char *name, struct str value)
{
	const struct str is = xml_node_attr(node, name);

	return str_is_absent(is) == str_is_absent(value) && str_eq(is, value);
}

/* The filter room promises that; who is asked about, and to whom it goes, is not for a filter to change. */
static bool is_same_stanza(const struct filter_view *view, const struct xml_node *node)
{
	return str_is(node->ns, NS_SERVER) && str_is(node->name, stanza_kind_text(view->kind)) && is_same_attr(node, "from", view->from) &&
	       is_same_attr(node, "to", view->to) && is_same_attr(node, "type", view->type);
}

/* The bytes are the filter's until it is asked again. */
static bool take_change(struct judge *j, const struct filter_view *view, struct str bytes)
{
	static const struct xml_limits limits = {.element_bytes = SIZE_MAX, .depth = XML_DEPTH_MAX, .attributes = XML_ATTRIBUTES_MAX};
	const struct str kept = arena_str(j->c->arena, bytes);
	struct xml_node *tree;

	if (str_is_absent(kept) || xml_tree_parse(j->c->arena, kept, NULL, &limits, &tree) < 0 || !is_same_stanza(view, tree))
		return false;
	j->tree = tree;
	j->size_bytes = kept.len;
	j->is_changed = true;
	j->changed = kept;
	j->has_opaque = j->has_label_facts = j->is_labelled = j->has_too_many = false;
	j->nested_count = 0;
	j->round++;
	return true;
}

/* A filter is asked again about what was changed, by itself too: it may have changed one thing and not looked at another. One that makes
 * of a stanza what that is already has nothing against it. */
static bool is_as_it_is(const struct judge *j, const struct filter_answer *answer)
{
	return answer->outcome == FILTER_CHANGE && j->round > 0 && str_eq(answer->stanza, j->changed);
}

/* ---- asking ---- */

static const char *answer_text(enum filter_outcome outcome)
{
	switch (outcome) {
	case FILTER_PASS: return "pass";
	case FILTER_REJECT: return "reject";
	case FILTER_DROP: return "drop";
	case FILTER_CHANGE: return "change";
	case FILTER_FAILED: return "failed";
	}
	return "failed";
}

static void decide(struct judge *j, const struct compiled *compiled, enum decision decision, enum stanza_condition condition, struct str text)
{
	const struct rule *rule = compiled->rule;
	const char *copy = str_is_absent(text) ? NULL : arena_str(j->c->arena, text).at;

	j->decided = compiled;
	j->out->record = rule->record;
	j->out->verdict = (struct verdict){
		.decision = decision, .rule = rule->name, .line = rule->line,
		.condition = condition ? condition : COND_POLICY_VIOLATION, .text = reference_text(j->c->arena, copy, rule->name),
	};
}

/* Without a set there is nobody to ask, which is an answer, too. */
static void ask(struct judge *j, const struct rule_filter *filter, const struct filter_view *view, struct filter_answer *answer)
{
	*answer = (struct filter_answer){.outcome = FILTER_FAILED, .condition = COND_INTERNAL_SERVER_ERROR};
	if (j->c->filters)
		filter_run(j->c->filters, filter->index, view, answer);
}

enum asked judge_ask_filters(struct judge *j, const struct compiled *compiled)
{
	const struct rule *rule = compiled->rule;
	struct filter_answer answer;
	struct filter_view view;

	view_of(j, &view);
	for (unsigned i = 0; i < rule->filter_count; i++) {
		ask(j, &rule->filters[i], &view, &answer);
		if (j->c->step)
			j->c->step(j->c->ctx, &(struct policy_step){.rule = rule, .filter = rule->filters[i].name, .answer = answer_text(answer.outcome)});
		if (answer.outcome == FILTER_PASS || is_as_it_is(j, &answer))
			continue;
		if (answer.outcome == FILTER_CHANGE && !rule->monitor && take_change(j, &view, answer.stanza))
			return ASKED_CHANGED;
		decide(j, compiled, answer.outcome == FILTER_DROP ? DECISION_DROP : DECISION_REJECT, answer.condition, answer.text);
		return ASKED_DECIDED;
	}
	return ASKED_PASS;
}
