/* SPDX-License-Identifier: Apache-2.0
 * Names of payloads, as rules write them. */
#include "shape/shape_internal.h"

#include <stdio.h>

int shape_name_parse(struct str text, struct shape_name *ret_name)
{
	struct shape_name name = {.ns = text, .name = STR_NONE};

	if (text.len > SHAPE_NAME_BYTES_MAX)
		return TRUNK_ELIMIT;
	if (text.len && text.at[0] == '{') {
		struct str rest = str_from(text, 1);

		name.ns = str_cut(&rest, '}');
		name.name = rest;
		if (str_is_absent(rest) || rest.len == 0)
			return TRUNK_EINVAL;
	}
	if (name.ns.len == 0)
		return TRUNK_EINVAL;
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] <= ' ' ||
		    (i > 0 && strchr("{}<>", text.at[i]) && text.at + i != name.ns.at + name.ns.len))
			return TRUNK_EINVAL;
	*ret_name = name;
	return 0;
}

bool shape_name_may_strip(const struct shape_name *name, char ret_why[static SHAPE_WHY_SIZE])
{
	const char *why = NULL;

	if (str_is(name->ns, NS_LABEL))
		why = "security labels are the decision's; \"labels: first-line\" of a spoke sends messages without them";
	else if (is_stanza_ns(name->ns) && str_is_absent(name->name))
		why = "this is the namespace of stanzas themselves; name one element of it, such as {jabber:server}subject";
	else if (is_stanza_ns(name->ns) && (is_stanza_name(name->name) || str_is(name->name, "error")))
		why = "a stanza without it would be none; use \"action: reject\" or \"action: drop\"";
	if (why)
		snprintf(ret_why, SHAPE_WHY_SIZE, "%s", why);
	return !why;
}

bool name_fits(const struct shape_name *name, struct str ns, struct str local)
{
	if (!str_is_absent(name->name) && !str_eq(name->name, local))
		return false;
	return str_eq(name->ns, ns) || (is_stanza_ns(name->ns) && is_stanza_ns(ns));
}

bool shape_has(const struct xml_node *stanza, const struct shape_name *name)
{
	for (const struct xml_node *node = node_after(stanza, stanza); node; node = node_after(stanza, node))
		if (node->kind == XML_NODE_ELEMENT && name_fits(name, node->ns, node->name))
			return true;
	return false;
}
