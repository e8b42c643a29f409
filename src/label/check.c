/* SPDX-License-Identifier: Apache-2.0
 * The whole procedure over one stanza: label-policy 1.3 and 5.6. */
#include "label/check_internal.h"

enum { WALK_DEPTH_MAX = 256 };          /* elements inside each other; what parses has no more */

struct check {
	struct arena *arena;
	const struct label_request *request;
	unsigned judged;                /* messages and labels, of LABEL_NESTED_MAX */
	bool wants_shape;               /* a marking differs, or there is something to remove or to add */
};

static struct label_decision check_message(struct check *check, const struct xml_node *message, unsigned depth, unsigned level,
					   struct label_result *outer);

static struct label_decision granted(void)
{
	return DECISION(LABEL_GRANTED);
}

/* What shaping would find to do at this label. */
static struct label_decision shape_note(struct check *check, const struct label_element *element, const struct label *label)
{
	bool is_same = true;

	for (unsigned i = 0; element && i < element->equivalent_count; i++)
		check->wants_shape |= equivalent_is_unverified(element, i, check->request->options);
	if (element && element->marking && label && label->fault.why == LABEL_GRANTED &&
	    marking_compare(check->arena, element->marking, label, check->request->lang, &is_same) < 0)
		return DECISION_ON(LABEL_INVALID, STR("marking"));
	check->wants_shape |= !is_same;
	return granted();
}

/* Judges one label of the stanza; `node` NULL: a message without. */
static struct label_decision label_at(struct check *check, const struct xml_node *node, struct label_result *outer)
{
	const struct label_options *options = check->request->options;
	struct label_element *element = NULL;
	const struct label *label = NULL;
	struct label_decision decision;
	int err = 0;

	if (check->judged++ >= LABEL_NESTED_MAX)
		return DECISION(LABEL_DEPTH);
	if (node) {
		if (!(element = arena_alloc(check->arena, sizeof(*element))))
			return DECISION(LABEL_NO_MEMORY);
		err = label_element_parse(check->arena, node, options, element);
	}
	if (outer)
		outer->has_own_label = node && (err || !element->is_default);
	if (err)
		return DECISION(err == TRUNK_ENOMEM ? LABEL_NO_MEMORY : LABEL_MALFORMED);
	decision = label_judge(check->arena, element, check->request, &label);
	if (outer)
		outer->label = label;
	return decision.why == LABEL_GRANTED ? shape_note(check, element, label) : decision;
}

/* Whether items stand here whose labels are judged as further ones. */
static bool is_pubsub_item(const struct xml_node *node)
{
	return (str_is(node->ns, NS_PUBSUB) || str_is(node->ns, NS_PUBSUB_EVENT)) && str_is(node->name, "item");
}

static bool is_presence_or_iq(const struct xml_node *node)
{
	return is_in_stanza_ns(node) && (str_is(node->name, "presence") || str_is(node->name, "iq"));
}

/* What stands inside of `node`, an element that is no message itself. `is_strict`: no label may stand here at all. */
static struct label_decision check_inside(struct check *check, const struct xml_node *node, bool is_strict, unsigned depth,
					  unsigned level)
{
	const bool is_forwarded = str_is(node->ns, NS_FORWARD) && str_is(node->name, "forwarded");
	struct label_decision decision = granted();

	if (level >= WALK_DEPTH_MAX)
		return DECISION(LABEL_DEPTH);
	if (str_is(node->ns, NS_STANAG_BINDING))
		return DECISION_ON(LABEL_FORMAT, STR("BindingInformation"));
	depth += is_forwarded;
	if (depth > LABEL_NESTED_DEPTH_MAX)
		return DECISION(LABEL_DEPTH);
	is_strict = is_strict || is_presence_or_iq(node);
	for (const struct xml_node *child = xml_node_child(node, NULL, NULL); child && decision.why == LABEL_GRANTED;
	     child = xml_node_next(child, NULL, NULL)) {
		if (is_message(child))
			decision = check_message(check, child, depth, level + 1, NULL);
		else if (is_forwarded && str_is(child->name, "message"))
			decision = DECISION_ON(LABEL_MISPLACED, STR("forwarded")); /* somebody behind us may take it for one */
		else if (!str_is(child->ns, NS_LABEL))
			decision = check_inside(check, child, is_strict, depth, level + 1);
		else if (!is_strict && is_pubsub_item(node) && str_is(child->name, "securitylabel"))
			decision = label_at(check, child, NULL);
		else
			decision = DECISION_ON(LABEL_MISPLACED, STR("element"));
	}
	return decision;
}

/* XEP-0258 §5.2 advises not to judge these; a strict border does. */
bool is_subject_change(const struct xml_node *message)
{
	bool has_subject = false;

	if (!str_is(xml_node_attr(message, "type"), "groupchat"))
		return false;
	for (const struct xml_node *child = xml_node_child(message, NULL, NULL); child;
	     child = xml_node_next(child, NULL, NULL)) {
		if (!is_in_stanza_ns(child) || !str_is(child->name, "subject"))
			return false;
		has_subject = true;
	}
	return has_subject;
}

/* A message, outer or nested: its own label first, then what stands inside. */
static struct label_decision check_message(struct check *check, const struct xml_node *message, unsigned depth, unsigned level,
					   struct label_result *outer)
{
	const struct xml_node *label = xml_node_child(message, NS_LABEL, "securitylabel");
	struct label_decision decision = granted();

	if (level >= WALK_DEPTH_MAX)
		return DECISION(LABEL_DEPTH);
	if (outer)
		outer->has_own_label = label != NULL;
	if (label && xml_node_next(label, NS_LABEL, "securitylabel"))
		return DECISION(LABEL_MANY);
	if (label || !check->request->options->is_lenient || !is_subject_change(message))
		decision = label_at(check, label, outer);
	for (const struct xml_node *child = xml_node_child(message, NULL, NULL); child && decision.why == LABEL_GRANTED;
	     child = xml_node_next(child, NULL, NULL)) {
		if (child == label)
			continue;
		if (str_is(child->ns, NS_LABEL))
			decision = DECISION_ON(LABEL_MISPLACED, STR("element"));
		else if (is_message(child))
			decision = check_message(check, child, depth + 1, level + 1, NULL);
		else
			decision = check_inside(check, child, false, depth, level + 1);
	}
	return depth > LABEL_NESTED_DEPTH_MAX && decision.why == LABEL_GRANTED ? DECISION(LABEL_DEPTH) : decision;
}

/* Whether an element of ours is anywhere; without calling itself, since errors are not bounded otherwise. */
static bool has_label(const struct xml_node *root)
{
	for (const struct xml_node *node = root;;) {
		if (node->kind == XML_NODE_ELEMENT && str_is(node->ns, NS_LABEL))
			return true;
		if (node->children) {
			node = node->children;
			continue;
		}
		while (node != root && !node->next)
			node = node->parent;
		if (node == root)
			return false;
		node = node->next;
	}
}

static void deny(struct label_result *result, struct label_decision decision)
{
	result->outcome = LABEL_DENY;
	result->decision = decision;
	result->condition = label_condition(&decision);
	result->shaped = NULL;
}

static void pass(struct label_result *result)
{
	result->outcome = LABEL_PASS;
	result->decision = granted();
}

/* An error of XEP-0258 §5: dropped with a label, else cut down. */
static void check_error(struct check *check, const struct xml_node *stanza, struct label_result *result)
{
	struct xml_node *copy;

	if (has_label(stanza)) {
		result->outcome = LABEL_DROP;
		result->decision = DECISION_ON(LABEL_MISPLACED, STR("error"));
		return;
	}
	if (!(copy = xml_tree_copy(check->arena, stanza))) {
		deny(result, DECISION(LABEL_NO_MEMORY));
		return;
	}
	pass(result);
	if (label_error_strip(copy))
		result->shaped = copy;
}

/* An answer with a catalog: filtered; nothing else in it may carry a label. */
static struct label_decision check_catalog(struct check *check, const struct xml_node *stanza, struct label_result *result)
{
	struct xml_node *copy = xml_tree_copy(check->arena, stanza);
	bool is_changed = false;
	int err;

	result->is_catalog = true;
	for (const struct xml_node *child = xml_node_child(stanza, NULL, NULL); child; child = xml_node_next(child, NULL, NULL))
		if (!str_is(child->ns, NS_LABEL_CATALOG) && has_label(child))
			return DECISION_ON(LABEL_MISPLACED, STR("iq"));
	if (!copy)
		return DECISION(LABEL_NO_MEMORY);
	for (struct xml_node *node = xml_node_child(copy, NS_LABEL_CATALOG, "catalog"); node;
	     node = xml_node_next(node, NS_LABEL_CATALOG, "catalog")) {
		bool is_this_changed;

		if ((err = label_catalog_filter(check->arena, node, check->request, &is_this_changed)) < 0)
			return DECISION(LABEL_NO_MEMORY);
		is_changed |= is_this_changed;
	}
	result->shaped = is_changed ? copy : NULL;
	return granted();
}

/* Presence and iq: no label of their own. */
static struct label_decision check_other(struct check *check, const struct xml_node *stanza, struct label_result *result)
{
	const bool is_iq = str_is(stanza->name, "iq");
	struct label_decision decision = granted();

	if (is_iq && str_is(xml_node_attr(stanza, "type"), "result") && xml_node_child(stanza, NS_LABEL_CATALOG, "catalog"))
		return check_catalog(check, stanza, result);
	for (const struct xml_node *child = xml_node_child(stanza, NULL, NULL); child && decision.why == LABEL_GRANTED;
	     child = xml_node_next(child, NULL, NULL)) {
		if (is_message(child))
			decision = check_message(check, child, 1, 1, NULL);
		else if (str_is(child->ns, NS_LABEL))
			decision = DECISION(LABEL_MISPLACED);
		else
			decision = check_inside(check, child, true, 0, 1);
	}
	if (decision.why == LABEL_MISPLACED)
		decision.what = is_iq ? STR("iq") : STR("presence");
	return decision;
}

static bool has_treatment(const struct label_request *request)
{
	return request->treatment > LABEL_KEEP || request->stamps_default || request->adds_marking;
}

/* What leaves. */
static struct label_decision shape(struct check *check, const struct xml_node *stanza, struct label_result *result)
{
	struct xml_node *copy;
	bool is_changed = false;
	int err;

	if (check->judged == 0 || (!check->wants_shape && !has_treatment(check->request)))
		return granted();
	if (!(copy = xml_tree_copy(check->arena, stanza)))
		return DECISION(LABEL_NO_MEMORY);
	if ((err = label_shape(check->arena, copy, check->request, &is_changed)) < 0)
		return err == TRUNK_EPOLICY ? DECISION(LABEL_SEALED) : err == TRUNK_ENOMEM ? DECISION(LABEL_NO_MEMORY) :
			DECISION_ON(LABEL_INVALID, STR("shape"));
	result->shaped = is_changed ? copy : NULL;
	return granted();
}

void label_check(struct arena *arena, const struct xml_node *stanza, const struct label_request *request,
		 struct label_result *ret_result)
{
	struct check check = {.arena = arena, .request = request};
	struct label_decision decision;

	*ret_result = (struct label_result){0};
	if (str_is(xml_node_attr(stanza, "type"), "error")) {
		check_error(&check, stanza, ret_result);
		return;
	}
	decision = is_message(stanza)          ? check_message(&check, stanza, 0, 0, ret_result)
		   : is_presence_or_iq(stanza) ? check_other(&check, stanza, ret_result)
					       : DECISION_ON(LABEL_MISPLACED, STR("stanza"));
	if (decision.why == LABEL_GRANTED && !ret_result->is_catalog)
		decision = shape(&check, stanza, ret_result);
	if (decision.why == LABEL_GRANTED)
		pass(ret_result);
	else
		deny(ret_result, decision);
}
