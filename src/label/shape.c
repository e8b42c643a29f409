/* SPDX-License-Identifier: Apache-2.0
 * What a granted stanza looks like to the recipient's peer: markings made anew, equivalents added, labels translated or turned
 * into a first line. Walks the same messages as check.c. */
#include "label/check_internal.h"

struct shape {
	struct arena *arena;
	const struct label_request *request;
	bool is_changed;
};

static void node_replace(struct xml_node *old, struct xml_node *new)
{
	struct xml_node **at = &old->parent->children;

	while (*at != old)
		at = &(*at)->next;
	if (new) {
		new->next = old->next;
		new->parent = old->parent;
	}
	*at = new ? new : old->next;
}

/* Takes away the equivalents that nobody could verify; they stand in the order in which they were read. */
static void equivalents_drop(struct shape *shape, const struct label_element *element, struct xml_node *node)
{
	unsigned index = 0;

	for (struct xml_node *child = xml_node_child(node, NS_LABEL, "equivalentlabel"), *next; child; child = next, index++) {
		next = xml_node_next(child, NS_LABEL, "equivalentlabel");
		if (!equivalent_is_unverified(element, index, shape->request->options))
			continue;
		node_replace(child, NULL);
		shape->is_changed = true;
	}
}

static bool has_equivalent(const struct label_element *element, const struct label_policy *policy)
{
	for (unsigned i = 0; i < element->equivalent_count; i++)
		if (element->equivalents[i].policy == policy)
			return true;
	return false;
}

/* Whether an earlier clearance of the recipient is of the same policy. */
static bool is_policy_done(const struct label_clearances *side, unsigned index)
{
	for (unsigned i = 0; i < index; i++)
		if (side->at[i]->policy == side->at[index]->policy)
			return true;
	return false;
}

static int equivalents_add(struct shape *shape, const struct label_element *element, const struct label *label,
			   struct xml_node *node)
{
	const struct label_clearances *side = &shape->request->recipient;
	struct label other;
	int err;

	for (unsigned i = 0; i < side->count; i++) {
		const struct label_policy *policy = side->at[i]->policy;

		if (policy == label->policy || (element && has_equivalent(element, policy)) || is_policy_done(side, i))
			continue;
		if (label_translate(shape->arena, label, policy, shape->request->options, &other).why != LABEL_GRANTED)
			return TRUNK_EINVAL;
		/* STANAG needs a clock for what it writes; ESS says the same. */
		if ((err = label_payload_add(shape->arena, node, "equivalentlabel", &other,
					     shape->request->options->has_clock ? label->form : LABEL_FORM_ESS,
					     shape->request->options)) < 0)
			return err;
		shape->is_changed = true;
	}
	return 0;
}

static int marking_shape(struct shape *shape, const struct label *label, struct xml_node *node)
{
	struct xml_node *marking = xml_node_child(node, NS_LABEL, "displaymarking"), *made;
	bool is_same = false;
	int err;

	if (!marking && !shape->request->adds_marking)
		return 0;
	if (marking && (err = marking_compare(shape->arena, marking, label, shape->request->lang, &is_same)) < 0)
		return err;
	if (is_same)
		return 0;
	made = marking ? marking : xml_node_new(shape->arena, NS_LABEL, "displaymarking");
	if (!made)
		return TRUNK_ENOMEM;
	if ((err = marking_fill(shape->arena, made, label, shape->request->lang)) < 0)
		return err;
	if (!marking && !made->children)
		return 0;               /* the policy shows nothing */
	if (!marking) {                 /* in schema order: first */
		made->next = node->children;
		made->parent = node;
		node->children = made;
	}
	shape->is_changed = true;
	return 0;
}

/* Another element in place of `node`, or as the message's last child. */
static int element_replace(struct shape *shape, struct xml_node *message, struct xml_node *node, const struct label *label)
{
	struct xml_node *made;
	const enum label_form form = shape->request->options->has_clock ? label->form : LABEL_FORM_ESS;
	int err;

	if ((err = label_element_make(shape->arena, label, form, shape->request->lang, shape->request->options, &made)) < 0)
		return err;
	if (!shape->request->adds_marking && !xml_node_child(node, NS_LABEL, "displaymarking")) {
		struct xml_node *marking = xml_node_child(made, NS_LABEL, "displaymarking");

		if (marking)
			node_replace(marking, NULL);
	}
	if (node)
		node_replace(node, made);
	else
		node_put_last(message, made);
	shape->is_changed = true;
	return 0;
}

static int translate(struct shape *shape, struct xml_node *message, struct xml_node *node, const struct label *label)
{
	const struct label_clearances *side = &shape->request->recipient;
	struct label other;

	if (side->count == 0 || side->at[0]->policy == label->policy)
		return 0;
	if (label_translate(shape->arena, label, side->at[0]->policy, shape->request->options, &other).why != LABEL_GRANTED)
		return TRUNK_EINVAL;
	return element_replace(shape, message, node, &other);
}

/* The label goes, its marking comes. */
static int first_line(struct shape *shape, struct xml_node *message, struct xml_node *node, const struct label *label)
{
	const struct str lang = str_is_absent(shape->request->lang) ? STR("") : shape->request->lang;
	struct buf marking = {.limit = LABEL_MARKING_BYTES_MAX};
	int err;

	if ((err = label_marking_write(label, lang, LABEL_PLACE_FIRST_LINE, &marking)) == 0)
		err = label_first_line(shape->arena, message, buf_str(&marking));
	if (!err && node)
		node_replace(node, NULL);
	shape->is_changed = true;
	buf_fini(&marking);
	return err;
}

/* What a label keeps under any other treatment than those that replace it. */
static int keep(struct shape *shape, const struct label_element *element, struct xml_node *node, const struct label *label)
{
	int err = 0;

	equivalents_drop(shape, element, node);
	if (label->fault.why != LABEL_GRANTED)
		return 0;               /* by a trusted equivalent: its own policy is not ours to speak for */
	if (shape->request->treatment == LABEL_ADD_EQUIVALENT && !element->is_default)
		err = equivalents_add(shape, element, label, node);
	return err ? err : marking_shape(shape, label, node);
}

/* A message without a label of its own, or with an empty one. */
static int shape_default(struct shape *shape, struct xml_node *message, struct xml_node *node, const struct label *label)
{
	int err;

	if (shape->request->treatment == LABEL_FIRST_LINE)
		return first_line(shape, message, node, label);
	if (shape->request->treatment == LABEL_TRANSLATE && shape->request->stamps_default &&
	    shape->request->recipient.count > 0 && shape->request->recipient.at[0]->policy != label->policy)
		return translate(shape, message, node, label);
	if (!shape->request->stamps_default)
		return 0;
	if ((err = element_replace(shape, message, node, label)) < 0 || shape->request->treatment != LABEL_ADD_EQUIVALENT)
		return err;
	node = xml_node_child(message, NS_LABEL, "securitylabel");
	return equivalents_add(shape, NULL, label, node);
}

static int shape_label(struct shape *shape, struct xml_node *message, struct xml_node *node)
{
	const struct label_request *request = shape->request;
	struct label_element *element = node ? arena_alloc(shape->arena, sizeof(*element)) : NULL;
	const struct label *label = NULL;
	int err;

	if (node && !element)
		return TRUNK_ENOMEM;
	if (node && (err = label_element_parse(shape->arena, node, request->options, element)) < 0)
		return err;
	if (label_judge(shape->arena, element, request, &label).why != LABEL_GRANTED || !label)
		return TRUNK_EINVAL;    /* it was granted a moment ago */
	if (!element || label == request->default_label) {
		if (element)
			equivalents_drop(shape, element, node);
		return shape_default(shape, message, node, label);
	}
	if (request->treatment == LABEL_FIRST_LINE)
		return first_line(shape, message, node, label);
	if (request->treatment == LABEL_TRANSLATE && label->fault.why == LABEL_GRANTED && request->recipient.count > 0 &&
	    request->recipient.at[0]->policy != label->policy)
		return translate(shape, message, node, label);
	return keep(shape, element, node, label);
}

static int shape_inside(struct shape *shape, struct xml_node *node, bool is_sealed);

/* One message and what stands inside. Nothing may change in what is signed, or inside of it. */
static int shape_message(struct shape *shape, struct xml_node *message, bool is_sealed)
{
	struct xml_node *node = xml_node_child(message, NS_LABEL, "securitylabel");
	const bool was_changed = shape->is_changed;
	int err = 0;

	is_sealed |= label_is_signed_whole(message);
	shape->is_changed = false;
	if (node || !shape->request->options->is_lenient || !is_subject_change(message))
		err = shape_label(shape, message, node);
	if (!err && shape->is_changed && is_sealed)
		err = TRUNK_EPOLICY;
	shape->is_changed |= was_changed;
	return err ? err : shape_inside(shape, message, is_sealed);
}

static int shape_inside(struct shape *shape, struct xml_node *node, bool is_sealed)
{
	int err = 0;

	for (struct xml_node *child = xml_node_child(node, NULL, NULL), *next; child && !err; child = next) {
		next = xml_node_next(child, NULL, NULL);
		if (str_is(child->ns, NS_LABEL))
			continue;
		err = is_message(child) ? shape_message(shape, child, is_sealed) :
			shape_inside(shape, child, is_sealed || label_is_signed_whole(child));
	}
	return err;
}

int label_shape(struct arena *arena, struct xml_node *stanza, const struct label_request *request, bool *ret_is_changed)
{
	struct shape shape = {.arena = arena, .request = request};
	const int err = is_message(stanza) ? shape_message(&shape, stanza, false) : shape_inside(&shape, stanza, false);

	*ret_is_changed = shape.is_changed;
	return err;
}
