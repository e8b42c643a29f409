/* SPDX-License-Identifier: Apache-2.0
 * What classes and values of a SPIF demand, exclude and become in other policies. */
#include "label/spif_internal.h"

#include "label/ber_internal.h"

static void *rule_new(struct spif *spif, const struct xml_node *node, size_t size)
{
	void *rule = arena_alloc(&spif->policy->arena, size);

	if (!rule)
		spif_fail(spif, node, TRUNK_ENOMEM, "no memory");
	return rule;
}

/* The set that tagSetRef (its name) or tagSetId names; NULL: none. */
static const struct label_tag_set *set_of(const struct spif *spif, const struct xml_node *node)
{
	const struct str id = xml_node_attr(node, "tagSetId"), name = xml_node_attr(node, "tagSetRef");

	if (!str_is_absent(name))
		return set_by_name(spif->policy, name);
	for (unsigned i = 0; i < spif->policy->set_count; i++)
		if (str_eq(spif->policy->sets[i].id, id))
			return &spif->policy->sets[i];
	return NULL;
}

/* A categoryGroup or excludedCategory: one value by lacv, or all of a kind in the set. NULL in *ret_ref: the policy has no
 * such. */
static int ref_read(struct spif *spif, const struct xml_node *node, struct category_ref **ret_ref)
{
	const struct label_tag_set *set = set_of(spif, node);
	struct category_ref *ref;
	uint32_t lacv;
	bool is_all;
	int err;

	*ret_ref = NULL;
	if (!(ref = rule_new(spif, node, sizeof(*ref))))
		return TRUNK_ENOMEM;
	if ((err = spif_kinds(spif, node, &ref->kinds)) < 0 || (err = spif_flag(spif, node, "all", &is_all)) < 0)
		return err;
	ref->set = set;
	if (str_is_absent(xml_node_attr(node, "lacv"))) {
		*ret_ref = set && (set->kinds & ref->kinds) ? ref : NULL;
		return 0;
	}
	if (is_all)
		return spif_fail(spif, node, TRUNK_EINVAL, "has both lacv and all; remove one of the two");
	if ((err = spif_number(spif, node, "lacv", UINT32_MAX, &lacv)) < 0)
		return err;
	ref->value = set ? value_by_kinds(spif->policy, set, ref->kinds, lacv) : NULL;
	*ret_ref = ref->value ? ref : NULL;
	return 0;
}

static int refs_read(struct spif *spif, const struct xml_node *node, bool is_of_equivalent, struct condition *condition)
{
	struct category_ref *ref;
	int err;

	for (const struct xml_node *child = xml_node_child(node, NS_SPIF, "categoryGroup"); child;
	     child = xml_node_next(child, NS_SPIF, "categoryGroup")) {
		if ((err = ref_read(spif, child, &ref)) < 0)
			return err;
		if (!ref && !is_of_equivalent)
			return spif_fail(spif, child, TRUNK_EINVAL,
					 "names a tag set, kind or lacv that this policy does not have; correct it");
		if (!ref) {
			spif_warn(spif, child,
				  "names a tag set, kind or lacv that this policy does not have; the equivalent never holds");
			condition->is_void = true;
			continue;
		}
		ref->next = condition->refs;
		condition->refs = ref;
	}
	if (condition->refs || condition->is_void)
		return 0;
	return spif_fail(spif, node, TRUNK_EINVAL, "has no categoryGroup; give one");
}

static int condition_read(struct spif *spif, const struct xml_node *node, bool is_of_equivalent, struct condition *condition)
{
	static const char *const words[] = {"", "onlyOne", "oneOrMore", "all"};
	const struct str operation = xml_node_attr(node, "operation");

	for (unsigned i = CONDITION_ONLY_ONE; i <= CONDITION_ALL; i++)
		if (str_is(operation, words[i]))
			condition->operation = (enum condition_operation)i;
	if (!condition->operation)
		return spif_fail(spif, node, TRUNK_EINVAL, "operation is none of onlyOne, oneOrMore and all; give one");
	return refs_read(spif, node, is_of_equivalent, condition);
}

int spif_conditions(struct spif *spif, const struct xml_node *node, bool is_of_equivalent, struct condition **ret_list)
{
	int err;

	for (const struct xml_node *child = xml_node_child(node, NS_SPIF, "requiredCategory"); child;
	     child = xml_node_next(child, NS_SPIF, "requiredCategory")) {
		struct condition *condition = rule_new(spif, child, sizeof(*condition));

		if (!condition)
			return TRUNK_ENOMEM;
		if ((err = condition_read(spif, child, is_of_equivalent, condition)) < 0)
			return err;
		condition->next = *ret_list;
		*ret_list = condition;
	}
	return 0;
}

static int excluded_add(struct spif *spif, const struct xml_node *node, struct category_ref **list)
{
	struct category_ref *ref;
	int err;

	if ((err = ref_read(spif, node, &ref)) < 0)
		return err;
	if (!ref)
		return spif_fail(spif, node, TRUNK_EINVAL,
				 "names a tag set, kind or lacv that this policy does not have; correct it");
	ref->next = *list;
	*list = ref;
	return 0;
}

/* excludedCategory names a category itself, or holds groups; then each of them is excluded, whatever `operation` says. */
static int excluded_read(struct spif *spif, const struct xml_node *node, struct category_ref **ret_list)
{
	int err;

	for (const struct xml_node *child = xml_node_child(node, NS_SPIF, "excludedCategory"); child;
	     child = xml_node_next(child, NS_SPIF, "excludedCategory")) {
		const struct xml_node *group = xml_node_child(child, NS_SPIF, "categoryGroup");

		if (!group && (err = excluded_add(spif, child, ret_list)) < 0)
			return err;
		for (; group; group = xml_node_next(group, NS_SPIF, "categoryGroup"))
			if ((err = excluded_add(spif, group, ret_list)) < 0)
				return err;
	}
	return 0;
}

static int class_of(struct spif *spif, const struct xml_node *node, struct str name, const struct label_class **ret_class)
{
	if ((*ret_class = class_by_name(spif->policy, str_trim(name))))
		return 0;
	return spif_fail(spif, node, TRUNK_EINVAL, "names class \"%.*s\", which this policy does not have; correct it",
			 STR_ARG(str_until(str_trim(name), LABEL_PHRASE_BYTES_MAX)));
}

static int excluded_classes_read(struct spif *spif, const struct xml_node *node, struct label_value *value)
{
	unsigned count = 0;
	int err;

	for (const struct xml_node *child = xml_node_child(node, NS_SPIF, "excludedClass"); child;
	     child = xml_node_next(child, NS_SPIF, "excludedClass"))
		count++;
	if (count == 0)
		return 0;
	if (!(value->excluded_classes = rule_new(spif, node, count * sizeof(struct label_class *))))
		return TRUNK_ENOMEM;
	for (const struct xml_node *child = xml_node_child(node, NS_SPIF, "excludedClass"); child;
	     child = xml_node_next(child, NS_SPIF, "excludedClass")) {
		if ((err = class_of(spif, node, xml_node_text(&spif->tree, child),
				    &value->excluded_classes[value->excluded_class_count])) < 0)
			return err;
		value->excluded_class_count++;
	}
	return 0;
}

/* A value without restriction on the other side would be the same as dropping it, which widens. */
static void value_warn(struct spif *spif, const struct xml_node *node, const struct label_value *value)
{
	for (const struct equivalent *e = value->equivalents; e; e = e->next) {
		const bool is_loose = e->is_discard || !(e->kinds & KINDS_RESTRICTIVE);

		if ((e->applied & APPLIED_ENCRYPT) && kind_is(value->tag->kind, KINDS_RESTRICTIVE) && is_loose)
			spif_warn(spif, node,
				  "has an equivalent that no longer restricts; a label with this value is not translated by it "
				  "unless the configuration asks for that");
		if ((e->applied & APPLIED_ENCRYPT) && kind_is(value->tag->kind, KINDS_PERMISSIVE) && e->is_discard)
			spif_warn(spif, node,
				  "is discarded in another policy; a label with no other value of this tag is not translated "
				  "unless the configuration asks for that");
	}
}

static int value_rules(struct spif *spif, const struct xml_node *node, struct label_value *value)
{
	const struct str class_name = xml_node_attr(node, "requiredClass");
	int err;

	if (!str_is_absent(class_name) && (err = class_of(spif, node, class_name, &value->required_class)) < 0)
		return err;
	if ((err = excluded_classes_read(spif, node, value)) < 0 ||
	    (err = spif_conditions(spif, node, false, &value->required)) < 0 ||
	    (err = excluded_read(spif, node, &value->excluded)) < 0 ||
	    (err = spif_equivalents(spif, node, &value->equivalents)) < 0)
		return err;
	value_warn(spif, node, value);
	return 0;
}

static int class_rules(struct spif *spif, const struct xml_node *node, struct label_class *class)
{
	int err;

	if ((err = spif_conditions(spif, node, false, &class->required)) < 0 ||
	    (err = excluded_read(spif, node, &class->excluded)) < 0)
		return err;
	return spif_equivalents(spif, node, &class->equivalents);
}

/* Walks the elements in the order in which the arrays were filled. */
int spif_rules(struct spif *spif, const struct xml_node *root)
{
	struct label_class *class = spif->policy->classes;
	struct label_value *value = spif->policy->values;
	const struct xml_node *node, *set, *tag;
	int err;

	for (node = xml_node_child(xml_node_child(root, NS_SPIF, "securityClassifications"), NS_SPIF, NULL); node;
	     node = xml_node_next(node, NS_SPIF, NULL))
		if ((err = class_rules(spif, node, class++)) < 0)
			return err;
	for (set = xml_node_child(xml_node_child(root, NS_SPIF, "securityCategoryTagSets"), NS_SPIF, NULL); set;
	     set = xml_node_next(set, NS_SPIF, NULL))
		for (tag = xml_node_child(set, NS_SPIF, "securityCategoryTag"); tag;
		     tag = xml_node_next(tag, NS_SPIF, "securityCategoryTag")) {
			if (str_is(xml_node_attr(tag, "tagType"), "notApplicable"))
				continue;
			for (node = xml_node_child(tag, NS_SPIF, "tagCategory"); node;
			     node = xml_node_next(node, NS_SPIF, "tagCategory"))
				if ((err = value_rules(spif, node, value++)) < 0)
					return err;
		}
	return 0;
}
