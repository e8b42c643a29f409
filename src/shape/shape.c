/* SPDX-License-Identifier: Apache-2.0
 * Strip and fold over one stanza, and what may not be altered. */
#include "shape/shape_internal.h"

typedef bool node_is_fn(const struct xml_node *node);

static bool is_anywhere(const struct xml_node *stanza, node_is_fn *is)
{
	for (const struct xml_node *node = stanza; node; node = node_after(stanza, node))
		if (node->kind == XML_NODE_ELEMENT && node->children && is(node))
			return true;
	return false;
}

/* What says something about a message and nothing without one. */
static bool is_company(const struct xml_node *node)
{
	static const char *const namespaces[] = {
		"urn:xmpp:hints", "urn:xmpp:sid:0", "urn:xmpp:delay", "urn:xmpp:eme:0", "urn:xmpp:fallback:0", NS_LABEL,
	};

	if (node->kind == XML_NODE_TEXT)
		return text_is_blank(node->text);
	if (is_stanza_ns(node->ns))
		return str_is(node->name, "thread") || (str_is(node->name, "body") && !node->children);
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
		if (str_is(node->ns, namespaces[i]))
			return true;
	return (str_is(node->ns, "urn:xmpp:receipts") && str_is(node->name, "request")) ||
	       (str_is(node->ns, "urn:xmpp:chat-markers:0") && str_is(node->name, "markable"));
}

static bool is_void(const struct xml_node *stanza)
{
	for (const struct xml_node *child = stanza->children; child; child = child->next)
		if (!is_company(child))
			return false;
	return true;
}

static bool is_request(const struct xml_node *stanza)
{
	const struct str type = xml_node_attr(stanza, "type");

	return str_is(stanza->name, "iq") && (str_is(type, "get") || str_is(type, "set"));
}

/* Whether a folded message has text at all. */
static bool has_body(const struct xml_node *message)
{
	for (const struct xml_node *node = xml_node_child(message, NULL, "body"); node;
	     node = xml_node_next(node, NULL, "body"))
		for (const struct xml_node *text = node->children; text; text = text->next)
			if (str_eq(node->ns, message->ns) && !text_is_blank(text->text))
				return true;
	return false;
}

/* What to do with a stanza that is shaped. */
static enum shape_outcome judge(const struct xml_node *was, const struct xml_node *is, const struct shape_order *order,
				bool is_changed)
{
	const bool is_error = str_is(xml_node_attr(is, "type"), "error");
	const bool is_message = str_is(is->name, "message") && !is_error;

	if (!is_changed)
		return is_message && order->fold == SHAPE_FOLD_BODY && !has_body(is) ? SHAPE_EMPTY : SHAPE_SAME;
	/* What an error says again is not the original, which alone could be verified. */
	if (!is_error && (is_anywhere(was, label_is_signed_whole) || is_anywhere(is, label_is_sealed)))
		return SHAPE_SEALED;
	if (is_request(is) && !xml_node_child(is, NULL, NULL) && xml_node_child(was, NULL, NULL))
		return SHAPE_NO_REQUEST;
	if (is_message && (is_void(is) || (order->fold == SHAPE_FOLD_BODY && !has_body(is))))
		return SHAPE_EMPTY;
	return SHAPE_CHANGED;
}

void shape_apply(struct arena *arena, const struct xml_node *stanza, const struct shape_order *order,
		 struct shape_result *ret_result)
{
	struct xml_node *copy = xml_tree_copy(arena, stanza);
	bool is_changed = false;
	int err = copy ? strip(arena, copy, order, &is_changed) : TRUNK_ENOMEM;

	*ret_result = (struct shape_result){.outcome = SHAPE_NO_MEMORY};
	if (!err)
		err = fold(arena, copy, order->fold, &is_changed);
	if (err)
		ret_result->outcome = err == TRUNK_EPOLICY ? SHAPE_SEALED : SHAPE_NO_MEMORY;
	else
		ret_result->outcome = judge(stanza, copy, order, is_changed);
	if (ret_result->outcome == SHAPE_CHANGED)
		ret_result->shaped = copy;
}

const char *shape_outcome_text(enum shape_outcome outcome)
{
	switch (outcome) {
	case SHAPE_SAME:
		return "nothing to change";
	case SHAPE_CHANGED:
		return "changed";
	case SHAPE_EMPTY:
		return "nothing is left";
	case SHAPE_SEALED:
		return "signed or encrypted content would have to change";
	case SHAPE_NO_REQUEST:
		return "no request would be left";
	case SHAPE_NO_MEMORY:
		return "no memory";
	}
	return "unknown";
}

enum stanza_condition shape_outcome_condition(enum shape_outcome outcome)
{
	switch (outcome) {
	case SHAPE_SEALED:
	case SHAPE_NO_REQUEST:
		return COND_POLICY_VIOLATION;
	case SHAPE_NO_MEMORY:
		return COND_RESOURCE_CONSTRAINT;
	default:
		return STANZA_CONDITION_NONE;
	}
}
