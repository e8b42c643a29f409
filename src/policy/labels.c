/* SPDX-License-Identifier: Apache-2.0
 * Labels: what rules ask of them, and the decision on what would pass (label-policy: "Whole-stanza procedure"). */
#include "policy/policy_internal.h"

enum { WORDS_BYTES_MAX = 1024 };        /* of a label in a record */

static void options_of(const struct judge *j, struct label_options *options)
{
	*options = (struct label_options){
		.policies = j->policy->labels->policies, .has_clock = true, .wall_ms = j->c->wall_ms,
		.is_lenient = !j->policy->labels->is_strict,
	};
}

/* ---- whose clearances ---- */

/* Those of zone and spoke, and of the patterns that the address fits. Without memory there are none, which denies. */
static struct label_clearances clearances_of(struct judge *j, const struct pair_side *side, struct str local)
{
	struct label_clearances clearances = {.at = side->fixed, .count = side->fixed_count};
	const struct label_clearance **all;

	if (side->pattern_count == 0)
		return clearances;
	if (!(all = arena_alloc(j->c->arena, (side->fixed_count + side->pattern_count) * sizeof(*all)))) {
		j->is_failed = true;
		return (struct label_clearances){0};
	}
	if (side->fixed_count)
		memcpy(all, side->fixed, side->fixed_count * sizeof(*all));
	for (unsigned i = 0; i < side->pattern_count; i++) {
		const int fits = address_fits(side->patterns[i]->local, local);

		if (fits < 0)
			j->is_failed = true;
		if (fits != 0)
			all[clearances.count++] = side->patterns[i]->clearance;
	}
	clearances.at = all;
	return clearances;
}

static void request_of(struct judge *j, const struct label_options *options, struct label_request *request)
{
	const struct policy_pair *pair = j->pair;
	const struct label *default_label = pair->sender->default_label;

	*request = (struct label_request){
		.options = options,
		.sender = clearances_of(j, &pair->from, j->c->stanza->from.local),
		.recipient = clearances_of(j, &pair->to, j->c->stanza->to.local),
		.default_label = default_label,
		.treatment = (enum label_treatment)pair->target->labels,
		.stamps_default = default_label != NULL,
		.demands_label = pair->target->default_label == NULL,
	};
}

/* ---- what rules ask ---- */

/* The label that counts at one <securitylabel/>; NULL: none, or one that cannot be read. */
static const struct label *label_at(struct judge *j, const struct xml_node *node, bool *ret_is_own)
{
	struct label_options options;
	struct label_element *element = arena_alloc(j->c->arena, sizeof(*element));

	*ret_is_own = true;
	if (!element) {
		j->is_failed = true;
		return NULL;
	}
	options_of(j, &options);
	if (label_element_parse(j->c->arena, node, &options, element) < 0)
		return NULL;
	*ret_is_own = !element->is_default;
	return element->is_default ? j->pair->sender->default_label : &element->label;
}

/* Nothing in the bytes can be a label, or a message inside that would have to have one: the names would stand there as they
 * are. False where that is not sure. */
static bool is_free_of_labels(const struct judge *j)
{
	static const char *const signs[] = {"sec-label", "<message", ":message", "urn:xmpp:forward", "stanag"};
	const struct xml_element *element = j->c->stanza->element;
	const struct str inside = str_from(element->bytes, element->name_end);

	if (j->is_changed || !element->is_canonical || element->header_prefixes)
		return false;
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (memmem(inside.at, inside.len, signs[i], strlen(signs[i])))
			return false;
	return true;
}

/* Labels of messages inside: one that stands higher than that of the message around it counts for `label-above`. */
static void nested_collect(struct judge *j, const struct xml_node *root, const struct xml_node *own)
{
	const struct xml_node *node = root;
	bool is_own;

	for (;;) {
		if (node != own && node->kind == XML_NODE_ELEMENT && str_is(node->ns, NS_LABEL) && str_is(node->name, "securitylabel")) {
			if (j->nested_count == LABEL_NESTED_MAX) {
				j->has_too_many = true;
				return;
			}
			j->nested[j->nested_count++] = label_at(j, node, &is_own);
		}
		if (node->children && node != own) {
			node = node->children;
			continue;
		}
		while (node != root && !node->next)
			node = node->parent;
		if (node == root)
			return;
		node = node->next;
	}
}

void judge_label_facts(struct judge *j)
{
	const struct xml_node *node;

	if (j->has_label_facts)
		return;
	j->has_label_facts = true;
	j->label = j->pair->sender->default_label;
	if (!j->policy->labels || is_free_of_labels(j) || !judge_tree(j))
		return;
	if ((node = xml_node_child(j->tree, NS_LABEL, "securitylabel")))
		j->label = label_at(j, node, &j->is_labelled);
	if (!(j->nested = arena_alloc(j->c->arena, LABEL_NESTED_MAX * sizeof(*j->nested))))
		j->is_failed = true;
	else
		nested_collect(j, j->tree, node);
}

bool judge_label_is_above(struct judge *j, struct str class_name)
{
	judge_label_facts(j);
	if (j->has_too_many || label_is_above(j->label, class_name))
		return true;
	for (unsigned i = 0; i < j->nested_count; i++)
		if (label_is_above(j->nested[i], class_name))
			return true;
	return false;
}

/* ---- the decision ---- */

struct str judge_label_words(struct judge *j, const struct label *label)
{
	struct buf words = {.limit = WORDS_BYTES_MAX};
	struct str made = STR_NONE;
	int err;

	if (!label)
		return made;
	err = label_write_words(label, &words);
	if (err == TRUNK_ELIMIT && label->policy)
		err = buf_addf(&words, "%.*s: …", STR_ARG(str_until(label_policy_name(label->policy), 256)));
	else if (err < 0 && !str_is_absent(label->policy_name))
		err = buf_add(&words, str_until(label->policy_name, 256));
	if (err == 0)
		made = arena_str(j->c->arena, buf_str(&words));
	buf_fini(&words);
	return made;
}

static struct str reason_of(struct judge *j, const struct label_decision *decision)
{
	struct buf words = {.limit = WORDS_BYTES_MAX};
	struct str made = STR_NONE;

	if (label_decision_write(decision, &words) == 0)
		made = arena_str(j->c->arena, buf_str(&words));
	buf_fini(&words);
	return made;
}

/* Whether the label itself is good, and only those who write or read may not have it. */
static bool is_about_clearance(enum label_why why)
{
	return why == LABEL_NO_CLEARANCE || why == LABEL_CLASS || why == LABEL_RESTRICTIVE || why == LABEL_PERMISSIVE ||
	       why == LABEL_NO_EQUIVALENT;
}

static void deny(struct judge *j, const struct label_decision *decision, enum stanza_condition condition)
{
	const char *rule = is_about_clearance(decision->why) ? "clearance" : "label";

	judge_reject(j, rule, condition,
		     decision->why == LABEL_NO_LABEL ? reference_text(j->c->arena, "A security label is required.", rule) : NULL);
	j->out->reason = reason_of(j, decision);
	if (!j->policy->labels->is_revealing && (is_about_clearance(decision->why) || decision->why == LABEL_INVALID))
		j->out->verdict.decision = DECISION_DROP;
}

/* What has no label anywhere needs no tree: only the default label counts, and only for messages. */
static void decide_by_default(struct judge *j, const struct label_request *request)
{
	const struct label *label = NULL;
	struct label_decision decision;

	if (j->c->stanza->kind != STANZA_MESSAGE)
		return;
	decision = label_judge(j->c->arena, NULL, request, &label);
	j->out->label = judge_label_words(j, label);
	if (decision.why != LABEL_GRANTED)
		deny(j, &decision, label_condition(&decision));
}

static bool needs_tree(const struct judge *j, const struct label_request *request)
{
	const struct stanza *stanza = j->c->stanza;
	const bool is_shaped = request->treatment > LABEL_KEEP || request->stamps_default;

	return stanza->type == STANZA_TYPE_ERROR || (stanza->kind == STANZA_MESSAGE && (is_shaped || request->options->is_lenient)) ||
	       !is_free_of_labels(j);
}

void judge_labels(struct judge *j)
{
	struct label_options options;
	struct label_request request;
	struct label_result result;

	options_of(j, &options);
	request_of(j, &options, &request);
	if (j->is_failed)
		return;
	if (!needs_tree(j, &request)) {
		decide_by_default(j, &request);
		return;
	}
	if (!judge_tree(j))
		return;
	label_check(j->c->arena, j->tree, &request, &result);
	j->out->label = judge_label_words(j, result.label);
	if (result.outcome == LABEL_DROP) {
		judge_reject(j, "label", COND_BAD_REQUEST, NULL);
		j->out->verdict.decision = DECISION_DROP;
		j->out->reason = reason_of(j, &result.decision);
	} else if (result.outcome != LABEL_PASS) {
		deny(j, &result.decision, result.condition);
	} else if (result.shaped) {
		j->tree = j->out->shaped = result.shaped;
		j->has_opaque = false;
	}
}
