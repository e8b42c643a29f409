/* SPDX-License-Identifier: Apache-2.0
 * Labels and clearances of STANAG 4774. What is not known there is refused, for it may restrict. */
#include "label/clearance_internal.h"
#include "label/time_internal.h"

#define URN_OID "urn:oid:"

static bool is_element(const struct xml_node *node, const char *name)
{
	return str_is(node->ns, NS_STANAG_LABEL) && str_is(node->name, name);
}

bool node_has_text(const struct xml_node *node)
{
	for (const struct xml_node *child = node->children; child; child = child->next)
		if (child->kind == XML_NODE_TEXT && str_trim(child->text).len > 0)
			return true;
	return false;
}

/* White space collapses as in xs:token. */
static struct str collapse(struct arena *arena, struct str text)
{
	const struct str source = str_trim(text);
	char *at = arena_alloc(arena, source.len + 1);
	size_t len = 0;

	for (size_t i = 0; at && i < source.len; i++) {
		const bool is_space = strchr(" \t\r\n", source.at[i]) && source.at[i];

		if (!is_space || at[len - 1] != ' ')    /* the first one is no space */
			at[len++] = is_space ? ' ' : source.at[i];
	}
	return at ? str_make(at, len) : STR_NONE;
}

int node_text(struct arena *arena, const struct xml_node *node, struct str *ret_text)
{
	struct str text;

	if (xml_node_child(node, NULL, NULL))
		return TRUNK_EINVAL;
	text = xml_node_text(arena, node);
	*ret_text = str_is_absent(text) ? STR_NONE : collapse(arena, text);
	return str_is_absent(*ret_text) ? TRUNK_ENOMEM : 0;
}

/* "urn:oid:1.2.3" without its head; absent: it is none. */
static struct str uri_id(struct str uri)
{
	uri = str_trim(uri);
	return uri.len > sizeof(URN_OID) - 1 && str_eq_nocase(str_until(uri, sizeof(URN_OID) - 1), STR(URN_OID)) ?
		str_from(uri, sizeof(URN_OID) - 1) : STR_NONE;
}

int stanag_policy(struct arena *arena, const struct xml_node *node, const struct label_policies *policies, struct str *ret_name,
		  const struct label_policy **ret_policy, struct label_decision *ret_fault)
{
	const struct str uri = xml_node_attr(node, "URI");
	int err;

	if ((err = node_text(arena, node, ret_name)) < 0)
		return err;
	*ret_policy = policies ? label_policies_by_name(policies, *ret_name) : NULL;
	*ret_fault = DECISION(*ret_policy ? LABEL_GRANTED : LABEL_NO_POLICY);
	if (*ret_policy && !str_is_absent(uri) && !str_eq(uri_id(uri), (*ret_policy)->id))
		*ret_fault = DECISION_ON(LABEL_INVALID, STR("policy"));
	return 0;
}

static unsigned type_kinds(struct str type)
{
	return str_is(type, "RESTRICTIVE") ? KINDS_RESTRICTIVE : str_is(type, "PERMISSIVE") ? KINDS_PERMISSIVE :
		str_is(type, "INFORMATIVE") ? KINDS_INFO : 0;
}

/* One GenericValue. */
static int value_read(struct arena *arena, const struct xml_node *node, const struct label_tag_set *set, unsigned kinds,
		      struct values *values)
{
	const struct label_value *value = NULL;
	struct str name;
	unsigned count;
	int err;

	if ((err = node_text(arena, node, &name)) < 0)
		return err;
	if (values->read++ >= LABEL_VALUES_MAX)
		return TRUNK_ELIMIT;
	if (set)
		value = value_by_name(values->policy, set, NULL, kinds, name, &count);
	if (value)
		bits_set(values->bits, value->index);
	else
		values->unknown++;
	return 0;
}

/* Two Category elements for one permissive tag would be a choice among both, or of each; nobody guesses. Restrictive ones add
 * up. */
static int category_begin(struct values *values, struct str name, unsigned kinds)
{
	for (unsigned i = 0; i < values->tag_count; i++)
		if (kinds == KINDS_PERMISSIVE && values->tags[i].kinds == kinds && str_eq(values->tags[i].set, name))
			return TRUNK_EINVAL;
	if (values->tag_count == LABEL_CATEGORIES_MAX)
		return TRUNK_ELIMIT;
	values->tags[values->tag_count++] = (struct values_tag){.set = name, .kinds = kinds};
	return 0;
}

int stanag_category(struct arena *arena, const struct xml_node *node, struct values *values)
{
	const unsigned kinds = type_kinds(str_trim(xml_node_attr(node, "Type")));
	const struct str uri = xml_node_attr(node, "URI");
	const struct label_tag_set *set = NULL;
	const size_t before = values->read;
	struct str name = xml_node_attr(node, "TagName");
	int err;

	if (!kinds || str_is_absent(name) || node_has_text(node))
		return TRUNK_EINVAL;
	if (str_is_absent(name = collapse(arena, name)))
		return TRUNK_ENOMEM;
	if ((err = category_begin(values, name, kinds)) < 0)
		return err;
	if (values->policy)
		set = set_by_name(values->policy, name);
	if (set && (!(set->kinds & kinds) || (!str_is_absent(uri) && !str_eq(uri_id(uri), set->id))))
		set = NULL;
	for (const struct xml_node *child = xml_node_child(node, NULL, NULL); child; child = xml_node_next(child, NULL, NULL)) {
		if (!is_element(child, "GenericValue"))
			values->unknown_types++;
		else if ((err = value_read(arena, child, set, kinds, values)) < 0)
			return err;
	}
	if (values->read == before && (!set || kinds == KINDS_PERMISSIVE))
		values->unknown++;
	return 0;
}

/* ---- the label ---- */

/* The parts of ConfidentialityInformation. */
struct information {
	const struct xml_node *policy, *class, *mark;
	unsigned foreign;               /* elements that are not known */
};

/* Notes the one element of its kind. */
static int only(const struct xml_node *node, const struct xml_node **slot)
{
	if (*slot)
		return TRUNK_EINVAL;
	*slot = node;
	return 0;
}

static int information_cut(const struct xml_node *node, struct information *info)
{
	int err = node_has_text(node) ? TRUNK_EINVAL : 0;

	for (const struct xml_node *child = xml_node_child(node, NULL, NULL); child && !err;
	     child = xml_node_next(child, NULL, NULL)) {
		if (is_element(child, "PolicyIdentifier"))
			err = only(child, &info->policy);
		else if (is_element(child, "Classification"))
			err = only(child, &info->class);
		else if (is_element(child, "PrivacyMark"))
			err = only(child, &info->mark);
		else if (!is_element(child, "Category"))
			info->foreign++;
	}
	if (!err && (!info->policy || (info->class && !str_is_absent(xml_node_attr(info->class, "URI")))))
		err = TRUNK_EINVAL;
	return err;
}

/* At most so many characters; the parser knows that they are UTF-8. */
static int mark_check(struct str mark)
{
	size_t characters = 0;

	for (size_t i = 0; i < mark.len; i++)
		characters += ((unsigned char)mark.at[i] & 0xC0) != 0x80;
	return characters > LABEL_PRIVACY_MARK_MAX ? TRUNK_ELIMIT : 0;
}

static int categories_read(struct arena *arena, const struct xml_node *node, const struct label_policy *policy,
			   struct values *values)
{
	int err = values_init(values, arena, policy);

	for (const struct xml_node *child = xml_node_child(node, NS_STANAG_LABEL, "Category"); child && !err;
	     child = xml_node_next(child, NS_STANAG_LABEL, "Category"))
		err = stanag_category(arena, child, values);
	return err;
}

static int information_read(struct arena *arena, const struct xml_node *node, const struct label_options *options,
			    struct label *label)
{
	const struct label_policy *policy;
	const struct label_class *class = NULL;
	struct label_decision fault;
	struct information info = {0};
	struct values values = {0};
	struct str name;
	int err;

	if ((err = information_cut(node, &info)) < 0 ||
	    (err = stanag_policy(arena, info.policy, options->policies, &label->policy_name, &policy, &fault)) < 0)
		return err;
	if (info.class && (err = node_text(arena, info.class, &name)) < 0)
		return err;
	if (info.class && policy)
		class = class_by_name(policy, name);
	if (info.mark &&
	    ((err = node_text(arena, info.mark, &label->privacy_mark)) < 0 || (err = mark_check(label->privacy_mark)) < 0))
		return err;
	if ((err = categories_read(arena, node, policy, &values)) < 0)
		return err;
	label_set(label, policy, class, &values);
	if (fault.why != LABEL_GRANTED)
		label->fault = fault;
	else if (info.foreign)
		label->fault = DECISION_ON(LABEL_INVALID, STR("element"));
	return 0;
}

/* The parts of a label. */
struct parts {
	const struct xml_node *information, *originator, *creation, *succession;
	unsigned foreign;
};

static int parts_cut(const struct xml_node *node, struct parts *parts)
{
	int err = node_has_text(node) ? TRUNK_EINVAL : 0;

	for (const struct xml_node *child = xml_node_child(node, NULL, NULL); child && !err;
	     child = xml_node_next(child, NULL, NULL)) {
		if (is_element(child, "ConfidentialityInformation"))
			err = only(child, &parts->information);
		else if (is_element(child, "OriginatorID"))
			err = only(child, &parts->originator);
		else if (is_element(child, "CreationDateTime"))
			err = only(child, &parts->creation);
		else if (is_element(child, "SuccessionHandling"))
			err = only(child, &parts->succession);
		else
			parts->foreign++;
	}
	return !err && !parts->information ? TRUNK_EINVAL : err;
}

static int time_read(struct arena *arena, const struct xml_node *node, int64_t *ret_ms)
{
	struct str text;
	const int err = node_text(arena, node, &text);

	return err ? err : label_time_parse(text, ret_ms);
}

/* Which of the two counts now: the successor from its moment on, both where nobody knows the time. */
static int succession_read(struct arena *arena, const struct xml_node *node, const struct label_options *options,
			   unsigned depth, struct label *label)
{
	const struct xml_node *moment = xml_node_child(node, NS_STANAG_LABEL, "SuccessionDateTime"),
		*next = xml_node_child(node, NS_STANAG_LABEL, "SuccessorConfidentialityLabel");
	struct label *successor = arena_alloc(arena, sizeof(*successor));
	unsigned count = 0;
	int64_t at_ms;
	int err;

	for (const struct xml_node *child = xml_node_child(node, NULL, NULL); child; child = xml_node_next(child, NULL, NULL))
		count++;
	if (!moment || !next || count != 2 || node_has_text(node))
		return TRUNK_EINVAL;
	if (!successor)
		return TRUNK_ENOMEM;
	if (depth >= LABEL_SUCCESSORS_MAX)
		return TRUNK_ELIMIT;
	if ((err = time_read(arena, moment, &at_ms)) < 0 ||
	    (err = stanag_label_parse(arena, next, options, depth + 1, successor)) < 0)
		return err;
	/* A label with a fault stays what it is: its successor could not be trusted either. */
	if (label->fault.why != LABEL_GRANTED)
		return 0;
	if (!options->has_clock)
		label->also = successor;
	else if (options->wall_ms >= at_ms)
		*label = *successor;
	return 0;
}

/* A review that is overdue does not invalidate; a time that is none does. */
static int times_check(struct arena *arena, const struct xml_node *node, const struct parts *parts,
		       const struct label_options *options)
{
	const struct str review = xml_node_attr(node, "ReviewDateTime");
	int64_t ms;

	if (!str_is_absent(review) && label_time_parse(review, &ms) < 0)
		return TRUNK_EINVAL;
	if (parts->creation)
		return time_read(arena, parts->creation, &ms);
	return options->is_lenient ? 0 : TRUNK_EINVAL;
}

int stanag_label_parse(struct arena *arena, const struct xml_node *node, const struct label_options *options, unsigned depth,
		       struct label *ret_label)
{
	struct label label = {.form = LABEL_FORM_STANAG};
	struct parts parts = {0};
	int err;

	if ((err = parts_cut(node, &parts)) < 0 || (err = times_check(arena, node, &parts, options)) < 0 ||
	    (err = information_read(arena, parts.information, options, &label)) < 0)
		return err;
	if (parts.foreign && label.fault.why == LABEL_GRANTED)
		label.fault = DECISION_ON(LABEL_INVALID, STR("element"));
	if (parts.succession && (err = succession_read(arena, parts.succession, options, depth, &label)) < 0)
		return err;
	*ret_label = label;
	return 0;
}

/* ---- the clearance ---- */

static int classes_read(struct arena *arena, const struct xml_node *list, struct label_clearance *clearance)
{
	int err = node_has_text(list) ? TRUNK_EINVAL : 0;

	for (const struct xml_node *child = xml_node_child(list, NULL, NULL); child && !err;
	     child = xml_node_next(child, NULL, NULL)) {
		const struct label_class *class;
		struct str name;

		if (!is_element(child, "Classification"))
			return TRUNK_EINVAL;
		if ((err = node_text(arena, child, &name)) < 0)
			return err;
		if (!(class = class_by_name(clearance->policy, name)))
			return TRUNK_EINVAL;
		bits_set(clearance->classes, class->index);
	}
	return err;
}

static int clearance_read(struct arena *arena, const struct xml_node *node, struct label_clearance *clearance)
{
	const struct xml_node *list = NULL;
	struct values values = {.is_clearance = true};
	int err = node_has_text(node) ? TRUNK_EINVAL : 0;

	for (const struct xml_node *child = xml_node_child(node, NULL, NULL); child && !err;
	     child = xml_node_next(child, NULL, NULL)) {
		if (str_is(child->ns, NS_STANAG_CLEARANCE) && str_is(child->name, "ClassificationList"))
			err = only(child, &list);
		else if (!is_element(child, "PolicyIdentifier") && !is_element(child, "Category"))
			err = TRUNK_EINVAL;
	}
	if (err || !list)
		return err ? err : TRUNK_EINVAL;
	if ((err = classes_read(arena, list, clearance)) < 0 ||
	    (err = categories_read(arena, node, clearance->policy, &values)) < 0)
		return err;
	if (values.unknown || values.unknown_types)
		return TRUNK_EINVAL;
	clearance_take(clearance, &values);
	return 0;
}

static int clearance_of(struct arena *arena, const struct xml_node *node, const struct label_policies *policies,
			struct label_clearance **ret_clearance)
{
	const struct xml_node *id = xml_node_child(node, NS_STANAG_LABEL, "PolicyIdentifier");
	const struct label_policy *policy;
	struct label_clearance *clearance;
	struct label_decision fault;
	struct str name;
	int err;

	if (!id || xml_node_next(id, NS_STANAG_LABEL, "PolicyIdentifier"))
		return TRUNK_EINVAL;
	if ((err = stanag_policy(arena, id, policies, &name, &policy, &fault)) < 0)
		return err;
	if (fault.why != LABEL_GRANTED)
		return fault.why == LABEL_NO_POLICY ? TRUNK_ENOENT : TRUNK_EINVAL;
	if (!(clearance = clearance_new(policy)))
		return TRUNK_ENOMEM;
	if ((err = clearance_read(arena, node, clearance)) < 0)
		label_clearance_free(&clearance);
	else
		*ret_clearance = clearance;
	return err;
}

int label_clearance_parse_node(const struct label_policies *policies, const struct xml_node *node,
			       struct label_clearance **ret_clearance)
{
	struct arena arena = {0};
	int err;

	if (!str_is(node->ns, NS_STANAG_CLEARANCE) || !str_is(node->name, "ConfidentialityClearance"))
		return TRUNK_EINVAL;
	err = clearance_of(&arena, node, policies, ret_clearance);
	arena_fini(&arena);
	return err;
}
