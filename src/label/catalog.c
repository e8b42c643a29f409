/* SPDX-License-Identifier: Apache-2.0
 * Catalogs on their way to a client: only what everybody may carry stays (label-policy 1.6). */
#include "label/check_internal.h"

#include <stdio.h>

/* The schema refers to global attributes, examples have none: both are read, the plain form is written. */
static bool attrs_plain(struct xml_node *node)
{
	unsigned kept = 0;
	bool is_changed = false;

	for (unsigned i = 0; i < node->attr_count; i++) {
		struct xml_attr attr = node->attrs[i];
		char name[32];

		if (attr.prefix.len > 0 && str_is(attr.ns, NS_LABEL_CATALOG)) {
			snprintf(name, sizeof(name), "%.*s", STR_ARG(str_until(attr.name, sizeof(name) - 1)));
			is_changed = true;
			if (!str_is_absent(xml_node_attr(node, name)))
				continue;       /* the plain one counts */
			attr.prefix = attr.ns = STR_NONE;
		}
		node->attrs[kept++] = attr;
	}
	node->attr_count = kept;
	return is_changed;
}

/* Whether the item's label may be carried; its marking is made anew. Obsolete labels are for reading, not for choosing. */
static int item_judge(struct arena *arena, struct xml_node *node, const struct label_request *request, bool *ret_is_kept,
		      bool *ret_is_changed)
{
	struct label_options options = *request->options;
	struct label_request strict = *request;
	struct label_element *element = arena_alloc(arena, sizeof(*element));
	const struct label *label = NULL;
	bool is_same = true;
	int err;

	options.takes_obsolete = false;
	strict.options = &options;
	if (!element)
		return TRUNK_ENOMEM;
	err = label_element_parse(arena, node, &options, element);
	*ret_is_kept = !err && label_judge(arena, element, &strict, &label).why == LABEL_GRANTED;
	if (err == TRUNK_ENOMEM || !*ret_is_kept || !element->marking || !label || label->fault.why != LABEL_GRANTED)
		return err == TRUNK_ENOMEM ? err : 0;
	if ((err = marking_compare(arena, element->marking, label, request->lang, &is_same)) == 0 && !is_same) {
		*ret_is_changed = true;
		err = marking_fill(arena, xml_node_child(node, NS_LABEL, "displaymarking"), label, request->lang);
	}
	*ret_is_kept = !err;            /* a marking that is too long cannot be shown */
	return err == TRUNK_ENOMEM ? err : 0;
}

/* An item is at most one label and nothing else. */
static int item_check(struct arena *arena, struct xml_node *item, const struct label_request *request, bool *ret_is_kept,
		      bool *ret_is_changed)
{
	struct xml_node *label = xml_node_child(item, NULL, NULL);

	*ret_is_kept = false;
	if (item->kind != XML_NODE_ELEMENT || !str_is(item->ns, NS_LABEL_CATALOG) || !str_is(item->name, "item") ||
	    node_has_text(item))
		return 0;
	if (!label) {
		*ret_is_kept = !request->demands_label;
		return 0;
	}
	if (!str_is(label->ns, NS_LABEL) || !str_is(label->name, "securitylabel") || xml_node_next(label, NULL, NULL))
		return 0;
	return item_judge(arena, label, request, ret_is_kept, ret_is_changed);
}

/* The attributes that speak of the whole. The id is that of another set now: made of the old one and of which items stayed. */
static int catalog_attrs(struct arena *arena, struct xml_node *catalog, unsigned kept, uint64_t which, bool is_cut)
{
	const struct str id = xml_node_attr(catalog, "id");
	char text[32];
	int err = 0;

	if (!str_is_absent(xml_node_attr(catalog, "size"))) {
		snprintf(text, sizeof(text), "%u", kept);
		err = xml_node_set(arena, catalog, "size", str_of(text));
	}
	if (!err && is_cut && !str_is_absent(id)) {
		snprintf(text, sizeof(text), "%016llx", (unsigned long long)hash_bytes(which, id));
		err = xml_node_set(arena, catalog, "id", str_of(text));
	}
	return err;
}

static int restrict_set(struct arena *arena, struct xml_node *catalog, const struct label_request *request, bool *is_changed)
{
	const struct str restricts = xml_node_attr(catalog, "restrict");

	if (!request->demands_label || str_is(restricts, "true") || str_is(restricts, "1"))
		return 0;
	*is_changed = true;
	return xml_node_set(arena, catalog, "restrict", STR("true"));
}

int label_catalog_filter(struct arena *arena, struct xml_node *catalog, const struct label_request *request,
			 bool *ret_is_changed)
{
	uint64_t which = HASH_SEED;
	unsigned kept = 0, index = 0;
	bool is_changed = attrs_plain(catalog), is_cut = false, is_kept;
	char size[32];
	int err;

	for (struct xml_node **at = &catalog->children; *at; index++) {
		struct xml_node *item = *at;

		if (item->kind == XML_NODE_TEXT && str_trim(item->text).len == 0) {
			at = &item->next;
			continue;
		}
		if (item->kind == XML_NODE_ELEMENT)
			is_changed |= attrs_plain(item);
		if ((err = item_check(arena, item, request, &is_kept, &is_changed)) < 0)
			return err;
		if (is_kept) {
			kept++;
			which = hash_number(which, index);
			at = &item->next;
		} else {
			is_cut = true;
			*at = item->next;
		}
	}
	if ((err = restrict_set(arena, catalog, request, &is_changed)) < 0)
		return err;
	snprintf(size, sizeof(size), "%u", kept);
	is_changed |=
		is_cut || (!str_is_absent(xml_node_attr(catalog, "size")) && !str_is(xml_node_attr(catalog, "size"), size));
	*ret_is_changed = is_changed;
	return is_changed ? catalog_attrs(arena, catalog, kept, which, is_cut) : 0;
}
