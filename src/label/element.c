/* SPDX-License-Identifier: Apache-2.0
 * Labels as elements: <securitylabel/> and what stands in it, read and made. */
#include "label/check_internal.h"
#include "label/time_internal.h"

static bool is_stanag(const struct xml_node *node, const char *name)
{
	return str_is(node->ns, NS_STANAG_LABEL) && str_is(node->name, name);
}

int label_parse_node(struct arena *arena, const struct xml_node *node, const struct label_options *options,
		     struct label *ret_label)
{
	if (str_is(node->ns, NS_LABEL_ESS) && str_is(node->name, "esssecuritylabel")) {
		const struct str text = xml_node_text(arena, node);

		if (xml_node_child(node, NULL, NULL))
			return TRUNK_EINVAL;
		return str_is_absent(text) ? TRUNK_ENOMEM : label_parse_base64(arena, text, options, ret_label);
	}
	if (is_stanag(node, "originatorConfidentialityLabel") || is_stanag(node, "alternativeConfidentialityLabel"))
		return stanag_label_parse(arena, node, options, 0, ret_label);
	*ret_label =
		(struct label){.form = LABEL_FORM_UNKNOWN, .fault = DECISION_ON(LABEL_FORMAT, arena_str(arena, node->name))};
	return 0;
}

/* The one child element of <label/> or <equivalentlabel/>; NULL: none. TRUNK_EINVAL: two, or text. */
static int payload_of(const struct xml_node *node, const struct xml_node **ret_payload)
{
	*ret_payload = xml_node_child(node, NULL, NULL);
	return node_has_text(node) || (*ret_payload && xml_node_next(*ret_payload, NULL, NULL)) ? TRUNK_EINVAL : 0;
}

static int label_child(struct arena *arena, const struct xml_node *node, const struct label_options *options,
		       struct label_element *element)
{
	const struct xml_node *payload;
	int err;

	if ((err = payload_of(node, &payload)) < 0)
		return err;
	element->is_default = !payload;
	return payload ? label_parse_node(arena, payload, options, &element->label) : 0;
}

static int equivalent_child(struct arena *arena, const struct xml_node *node, const struct label_options *options,
			    struct label_element *element)
{
	const struct xml_node *payload;
	int err;

	if ((err = payload_of(node, &payload)) < 0 || !payload)
		return TRUNK_EINVAL;
	if (element->equivalent_count == LABEL_EQUIVALENTS_MAX)
		return TRUNK_ELIMIT;
	if (!element->equivalents &&
	    !(element->equivalents = arena_alloc(arena, LABEL_EQUIVALENTS_MAX * sizeof(*element->equivalents))))
		return TRUNK_ENOMEM;
	return label_parse_node(arena, payload, options, &element->equivalents[element->equivalent_count++]);
}

int label_element_parse(struct arena *arena, const struct xml_node *node, const struct label_options *options,
			struct label_element *ret_element)
{
	struct label_element element = {.node = node};
	bool has_label = false;
	int err = node_has_text(node) ? TRUNK_EINVAL : 0;

	for (const struct xml_node *child = xml_node_child(node, NULL, NULL); child && !err;
	     child = xml_node_next(child, NULL, NULL)) {
		const bool is_ours = str_is(child->ns, NS_LABEL);

		if (is_ours && str_is(child->name, "label") && !has_label) {
			has_label = true;
			err = label_child(arena, child, options, &element);
		} else if (is_ours && str_is(child->name, "equivalentlabel")) {
			err = equivalent_child(arena, child, options, &element);
		} else if (is_ours && str_is(child->name, "displaymarking") && !element.marking &&
			   !xml_node_child(child, NULL, NULL)) {
			element.marking = child;
		} else {
			err = TRUNK_EINVAL;
		}
	}
	if (err || !has_label)
		return err ? err : TRUNK_EINVAL;
	*ret_element = element;
	return 0;
}

/* ---- making ---- */

static int ess_node(struct arena *arena, const struct label *label, struct xml_node **ret_node)
{
	struct xml_node *node = xml_node_new(arena, NS_LABEL_ESS, "esssecuritylabel");
	struct buf text = {0};
	int err = node ? label_write_base64(label, &text) : TRUNK_ENOMEM;

	if (!err)
		err = xml_node_add_text(arena, node, buf_str(&text));
	buf_fini(&text);
	*ret_node = node;
	return err;
}

/* Adds an element with text; NULL: no memory. */
static struct xml_node *text_add(struct arena *arena, struct xml_node *parent, const char *name, struct str text)
{
	struct xml_node *node = xml_node_add(arena, parent, NULL, name);

	return node && xml_node_add_text(arena, node, text) == 0 ? node : NULL;
}

static int uri_set(struct arena *arena, struct xml_node *node, struct str id)
{
	struct buf uri = {0};
	int err = buf_add(&uri, STR("urn:oid:"));

	if (!err && (err = buf_add(&uri, id)) == 0)
		err = xml_node_set(arena, node, "URI", buf_str(&uri));
	buf_fini(&uri);
	return err;
}

static const char *type_word(enum label_kind kind)
{
	return kind_is(kind, KINDS_RESTRICTIVE)  ? "RESTRICTIVE"
	       : kind_is(kind, KINDS_PERMISSIVE) ? "PERMISSIVE"
						 : "INFORMATIVE";
}

static unsigned kinds_like(enum label_kind kind)
{
	return kind_is(kind, KINDS_RESTRICTIVE)  ? KINDS_RESTRICTIVE
	       : kind_is(kind, KINDS_PERMISSIVE) ? KINDS_PERMISSIVE
						 : KINDS_INFO;
}

/* One Category for each set and type. STANAG 4774 names values, so a name that means two of them cannot be written, and two
 * permissive tags of one set cannot be told apart. */
static int categories_node(struct arena *arena, const struct label *label, struct xml_node *info)
{
	const struct label_policy *policy = label->policy;
	struct xml_node *category = NULL;
	const struct label_tag *tag = NULL;
	unsigned done[3] = {0};                 /* by type: set index + 1 of the last category */
	int err;

	BITS_EACH(i, label->values, policy->words) {
		const struct label_value *value = &policy->values[i];
		const unsigned kinds = kinds_like(value->tag->kind), type = kinds == KINDS_RESTRICTIVE  ? 0
									    : kinds == KINDS_PERMISSIVE ? 1
													: 2;
		unsigned count;

		if (!value_by_name(policy, value->tag->set, NULL, kinds, value->name, &count))
			return TRUNK_EINVAL;
		if (value->tag != tag) {
			tag = value->tag;
			if (type == 1 && done[type] == tag->set->index + 1)
				return TRUNK_EINVAL;
			done[type] = tag->set->index + 1;
			if (!(category = xml_node_add(arena, info, NULL, "Category")) ||
			    (err = xml_node_set(arena, category, "Type", str_of(type_word(tag->kind)))) < 0 ||
			    (err = xml_node_set(arena, category, "TagName", tag->set->name)) < 0 ||
			    (err = uri_set(arena, category, tag->set->id)) < 0)
				return TRUNK_ENOMEM;
		}
		if (!text_add(arena, category, "GenericValue", value->name))
			return TRUNK_ENOMEM;
	}
	return 0;
}

static int stanag_node(struct arena *arena, const struct label *label, bool is_equivalent, const struct label_options *options,
		       struct xml_node **ret_node)
{
	struct xml_node *node = xml_node_new(
		arena, NS_STANAG_LABEL, is_equivalent ? "alternativeConfidentialityLabel" : "originatorConfidentialityLabel");
	struct xml_node *info = node ? xml_node_add(arena, node, NULL, "ConfidentialityInformation") : NULL, *policy;
	char now[LABEL_TIME_SIZE];
	int err;

	if (!options->has_clock || label_time_write(options->wall_ms, now) < 0)
		return TRUNK_EINVAL;
	if (!info || !(policy = text_add(arena, info, "PolicyIdentifier", label->policy->name)) ||
	    uri_set(arena, policy, label->policy->id) < 0 || !text_add(arena, info, "Classification", label->class->name))
		return TRUNK_ENOMEM;
	if (!str_is_absent(label->privacy_mark) && !text_add(arena, info, "PrivacyMark", label->privacy_mark))
		return TRUNK_ENOMEM;
	if ((err = categories_node(arena, label, info)) < 0)
		return err;
	*ret_node = node;
	return text_add(arena, node, "CreationDateTime", str_of(now)) ? 0 : TRUNK_ENOMEM;
}

int label_node(struct arena *arena, const struct label *label, enum label_form form, bool is_equivalent,
	       const struct label_options *options, struct xml_node **ret_node)
{
	if (label->fault.why != LABEL_GRANTED)
		return TRUNK_EINVAL;
	return form == LABEL_FORM_STANAG ? stanag_node(arena, label, is_equivalent, options, ret_node)
					 : ess_node(arena, label, ret_node);
}

void node_put_last(struct xml_node *parent, struct xml_node *child)
{
	struct xml_node **end = &parent->children;

	while (*end)
		end = &(*end)->next;
	*end = child;
	child->parent = parent;
}

int label_payload_add(struct arena *arena, struct xml_node *element, const char *name, const struct label *label,
		      enum label_form form, const struct label_options *options)
{
	struct xml_node *holder = xml_node_add(arena, element, NULL, name), *payload;
	int err;

	if (!holder)
		return TRUNK_ENOMEM;
	if ((err = label_node(arena, label, form, strcmp(name, "equivalentlabel") == 0, options, &payload)) < 0)
		return err;
	node_put_last(holder, payload);
	return 0;
}

int label_element_make(struct arena *arena, const struct label *label, enum label_form form, struct str lang,
		       const struct label_options *options, struct xml_node **ret_node)
{
	struct xml_node *node = xml_node_new(arena, NS_LABEL, "securitylabel"), *marking;
	int err;

	if (!node || !(marking = xml_node_add(arena, node, NULL, "displaymarking")))
		return TRUNK_ENOMEM;
	if ((err = marking_fill(arena, marking, label, lang)) < 0)
		return err;
	if (!marking->children)
		node->children = NULL;          /* a policy may show nothing */
	if ((err = label_payload_add(arena, node, "label", label, form, options)) < 0)
		return err;
	*ret_node = node;
	return 0;
}

/* ---- markings in trees ---- */

static void attr_drop(struct xml_node *node, const char *name)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < node->attr_count; i++)
		if (node->attrs[i].prefix.len > 0 || !str_is(node->attrs[i].name, name))
			node->attrs[kept++] = node->attrs[i];
	node->attr_count = kept;
}

static int color_set(struct arena *arena, struct xml_node *marking, const char *name, struct str color)
{
	if (!str_is_absent(color))
		return xml_node_set(arena, marking, name, color);
	attr_drop(marking, name);
	return 0;
}

int marking_fill(struct arena *arena, struct xml_node *marking, const struct label *label, struct str lang)
{
	struct buf text = {.limit = LABEL_MARKING_BYTES_MAX};
	struct str fg, bg;
	int err = label_marking_write(label, str_is_absent(lang) ? STR("") : lang, LABEL_PLACE_PAGE_BOTTOM, &text);

	label_marking_colors(label, &fg, &bg);
	marking->children = NULL;
	if (!err && buf_len(&text) > 0)
		err = xml_node_add_text(arena, marking, buf_str(&text));
	if (!err && (err = color_set(arena, marking, "fgcolor", fg)) == 0)
		err = color_set(arena, marking, "bgcolor", bg);
	buf_fini(&text);
	return err;
}

static bool color_is(const struct xml_node *marking, const char *name, struct str color)
{
	const struct str value = xml_node_attr(marking, name);

	return str_is_absent(value) == str_is_absent(color) && (str_is_absent(color) || str_eq(value, color));
}

int marking_compare(struct arena *arena, const struct xml_node *marking, const struct label *label, struct str lang,
		    bool *ret_is_same)
{
	const struct str there = xml_node_text(arena, marking);
	struct buf text = {.limit = LABEL_MARKING_BYTES_MAX};
	struct str fg, bg;
	const int err = label_marking_write(label, str_is_absent(lang) ? STR("") : lang, LABEL_PLACE_PAGE_BOTTOM, &text);

	label_marking_colors(label, &fg, &bg);
	*ret_is_same = !str_is_absent(there) && str_eq(there, buf_str(&text)) && color_is(marking, "fgcolor", fg) &&
		color_is(marking, "bgcolor", bg);
	buf_fini(&text);
	return err;
}
