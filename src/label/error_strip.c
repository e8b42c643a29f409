/* SPDX-License-Identifier: Apache-2.0
 * Error stanzas pass unjudged, so they may carry no content: label-policy 1.3. */
#include "label/check_internal.h"

/* Longest beginning of at most `max` bytes that cuts no character. */
static struct str text_cut(struct str text, size_t max)
{
	while (max > 0 && max < text.len && ((unsigned char)text.at[max] & 0xC0) == 0x80)
		max--;
	return str_until(text, max);
}

/* Keeps the first text within the limit; further pieces go. */
static bool text_strip(struct xml_node *node)
{
	bool is_cut = false;

	for (struct xml_node **at = &node->children; *at;) {
		struct xml_node *child = *at;

		if (child->kind == XML_NODE_TEXT && at == &node->children) {
			const struct str kept = text_cut(child->text, LABEL_ERROR_TEXT_MAX);

			is_cut |= kept.len < child->text.len;
			child->text = kept;
			at = &child->next;
		} else {
			*at = child->next;
			is_cut = true;
		}
	}
	return is_cut;
}

static bool is_white(const struct xml_node *node)
{
	return node->kind == XML_NODE_TEXT && str_trim(node->text).len == 0;
}

/* Of <error/>: conditions of RFC 6120 without what stands in them, and one <text/>. */
static bool conditions_strip(struct xml_node *error)
{
	bool is_cut = false, has_text = false;

	for (struct xml_node **at = &error->children; *at;) {
		struct xml_node *child = *at;
		const bool is_ours = child->kind == XML_NODE_ELEMENT && str_is(child->ns, NS_STANZAS);

		if (is_ours && str_is(child->name, "text") && !has_text) {
			has_text = true;
			is_cut |= text_strip(child);
			at = &child->next;
		} else if (is_ours && stanza_condition_of(child->name) != STANZA_CONDITION_NONE) {
			is_cut |= child->children != NULL;
			child->children = NULL;
			at = &child->next;
		} else {
			is_cut |= !is_white(child);
			*at = child->next;
		}
	}
	return is_cut;
}

bool label_error_strip(struct xml_node *stanza)
{
	bool is_cut = false, has_error = false;

	for (struct xml_node **at = &stanza->children; *at;) {
		struct xml_node *child = *at;

		if (is_in_stanza_ns(child) && str_is(child->name, "error") && !has_error) {
			has_error = true;
			is_cut |= conditions_strip(child);
			at = &child->next;
		} else {
			is_cut |= !is_white(child);
			*at = child->next;
		}
	}
	return is_cut;
}
