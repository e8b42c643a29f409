/* SPDX-License-Identifier: Apache-2.0
 * Classes, tag sets, tags and values of a SPIF: what they are called and numbered. */
#include "label/spif_internal.h"
#include "label/time_internal.h"

enum { BIT_MAX = LABEL_CATEGORY_VALUES_MAX - 1 };       /* the highest bit of a bitmap */

static unsigned count_children(const struct xml_node *node, const char *name)
{
	unsigned count = 0;

	for (const struct xml_node *child = xml_node_child(node, NS_SPIF, name); child;
	     child = xml_node_next(child, NS_SPIF, name))
		count++;
	return count;
}

/* The one element of that name in the root, which may be absent unless it is demanded. */
static int only_child(struct spif *spif, const struct xml_node *root, const char *name, bool is_demanded,
		      const struct xml_node **ret_child)
{
	*ret_child = xml_node_child(root, NS_SPIF, name);
	if (*ret_child ? xml_node_next(*ret_child, NS_SPIF, name) != NULL : is_demanded)
		return spif_fail(spif, root, TRUNK_EINVAL, "there must be one %s", name);
	return 0;
}

static int array_new(struct spif *spif, const struct xml_node *node, const char *what, unsigned count, unsigned max,
		     size_t size, void *ret_array)
{
	void *array;

	if (count > max)
		return spif_fail(spif, node, TRUNK_ELIMIT, "more than %u %s; leave some out", max, what);
	if (!(array = arena_alloc(&spif->policy->arena, (count ? count : 1) * size)))
		return spif_fail(spif, node, TRUNK_ENOMEM, "no memory");
	memcpy(ret_array, &array, sizeof(array));
	return 0;
}

static int class_read(struct spif *spif, const struct xml_node *node, struct label_class *class)
{
	int err;

	if ((err = spif_name(spif, node, "name", &class->name)) < 0 ||
	    (err = spif_phrase(spif, node, "color", &class->color)) < 0 ||
	    (err = spif_number(spif, node, "lacv", BIT_MAX, &class->lacv)) < 0 ||
	    (err = spif_number(spif, node, "hierarchy", INT32_MAX, &class->hierarchy)) < 0 ||
	    (err = spif_flag(spif, node, "obsolete", &class->is_obsolete)) < 0)
		return err;
	return spif_marking(spif, node, &class->marking);
}

int spif_classes(struct spif *spif, const struct xml_node *root)
{
	struct label_policy *policy = spif->policy;
	const struct xml_node *all;
	int err;

	if ((err = only_child(spif, root, "securityClassifications", true, &all)) < 0 ||
	    (err = array_new(spif, all, "classes", count_children(all, "securityClassification"), LABEL_CLASSES_MAX,
			     sizeof(*policy->classes), &policy->classes)) < 0)
		return err;
	for (const struct xml_node *node = xml_node_child(all, NS_SPIF, NULL); node;
	     node = xml_node_next(node, NS_SPIF, NULL)) {
		struct label_class *class = &policy->classes[policy->class_count];

		class->index = policy->class_count;
		if ((err = class_read(spif, node, class)) < 0)
			return err;
		for (unsigned i = 0; i < policy->class_count; i++)
			if (policy->classes[i].lacv == class->lacv || str_eq(policy->classes[i].name, class->name))
				return spif_fail(spif, node, TRUNK_EINVAL,
						 "has the name or lacv of class \"%.*s\"; change one of the two",
						 STR_ARG(policy->classes[i].name));
		policy->class_count++;
	}
	return policy->class_count ? 0 : spif_fail(spif, all, TRUNK_EINVAL, "there is no class; give one");
}

/* A time of the form of XML or of ASN.1, in UTC. */
static int time_read(struct spif *spif, const struct xml_node *node, const char *attr, bool *ret_is_there, int64_t *ret_ms)
{
	const struct str value = xml_node_attr(node, attr);

	*ret_is_there = !str_is_absent(value);
	if (*ret_is_there && label_time_parse(value, ret_ms) < 0)
		return spif_fail(spif, node, TRUNK_EINVAL, "%s is no time with a zone; write it as 2031-01-01T00:00:00Z", attr);
	return 0;
}

static int value_read(struct spif *spif, const struct xml_node *node, struct label_tag *tag, struct label_value *value)
{
	const bool is_bit = tag->kind == KIND_RESTRICTIVE || tag->kind == KIND_PERMISSIVE || tag->kind == KIND_INFO_BITS;
	int err;

	value->tag = tag;
	if ((err = spif_name(spif, node, "name", &value->name)) < 0 ||
	    (err = spif_number(spif, node, "lacv", is_bit ? BIT_MAX : UINT32_MAX, &value->lacv)) < 0 ||
	    (err = spif_flag(spif, node, "obsolete", &value->is_obsolete)) < 0 ||
	    (err = time_read(spif, node, "notBefore", &value->has_not_before, &value->not_before_ms)) < 0 ||
	    (err = time_read(spif, node, "notAfter", &value->has_not_after, &value->not_after_ms)) < 0)
		return err;
	if (!str_is_absent(xml_node_attr(node, "userInput")))
		spif_warn(spif, node, "userInput has no place in a label of this kind; it is not asked for");
	return spif_marking(spif, node, &value->marking);
}

static int selection_read(struct spif *spif, const struct xml_node *node, struct label_tag *tag)
{
	bool is_single;
	int err;

	if ((err = spif_flag(spif, node, "singleSelection", &is_single)) < 0)
		return err;
	if (!str_is_absent(xml_node_attr(node, "minSelection")) &&
	    (err = spif_number(spif, node, "minSelection", LABEL_CATEGORY_VALUES_MAX, &tag->min_selection)) < 0)
		return err;
	if (!str_is_absent(xml_node_attr(node, "maxSelection")) && !str_is(xml_node_attr(node, "maxSelection"), "unbounded") &&
	    (err = spif_number(spif, node, "maxSelection", LABEL_CATEGORY_VALUES_MAX, &tag->max_selection)) < 0)
		return err;
	if (is_single)
		tag->max_selection = 1;
	if (tag->max_selection && tag->min_selection > tag->max_selection)
		return spif_fail(spif, node, TRUNK_EINVAL,
				 "demands more values than it permits; change minSelection or maxSelection");
	return 0;
}

static int tag_read(struct spif *spif, const struct xml_node *node, struct label_tag *tag)
{
	const struct str encoding = xml_node_attr(node, "tag7Encoding");
	unsigned kinds;
	int err;

	if ((err = spif_name(spif, node, "name", &tag->name)) < 0 || (err = spif_kinds(spif, node, &kinds)) < 0 ||
	    (err = selection_read(spif, node, tag)) < 0 || (err = spif_marking(spif, node, &tag->marking)) < 0)
		return err;
	if (kinds == KINDS_INFO && !str_is(encoding, "bitSetAttributes") && !str_is(encoding, "securityAttributes"))
		return spif_fail(spif, node, TRUNK_EINVAL,
				 "tag7Encoding is neither bitSetAttributes nor securityAttributes; give one of the two");
	if (kinds == KINDS_INFO)
		kinds = str_is(encoding, "bitSetAttributes") ? 1u << KIND_INFO_BITS : 1u << KIND_INFO_NUMBERS;
	tag->kind = (enum label_kind)__builtin_ctz(kinds);
	return 0;
}

/* A tag of a kind that labels cannot carry. */
static bool is_no_tag(const struct xml_node *node)
{
	return str_is(xml_node_attr(node, "tagType"), "notApplicable");
}

static int tag_add(struct spif *spif, const struct xml_node *node, struct label_tag_set *set)
{
	struct label_policy *policy = spif->policy;
	struct label_tag *tag = &policy->tags[policy->tag_count];
	int err;

	if (is_no_tag(node)) {
		spif_warn(spif, node, "is of tagType notApplicable, which no label can carry; its values are left out");
		return 0;
	}
	tag->set = set;
	tag->index = policy->tag_count;
	tag->first_value = policy->value_count;
	if ((err = tag_read(spif, node, tag)) < 0)
		return err;
	for (const struct xml_node *child = xml_node_child(node, NS_SPIF, "tagCategory"); child;
	     child = xml_node_next(child, NS_SPIF, "tagCategory")) {
		struct label_value *value = &policy->values[policy->value_count];

		value->index = policy->value_count;
		if ((err = value_read(spif, child, tag, value)) < 0)
			return err;
		policy->value_count++;
	}
	tag->value_count = policy->value_count - tag->first_value;
	set->kinds |= 1u << tag->kind;
	policy->tag_count++;
	return 0;
}

static int set_add(struct spif *spif, const struct xml_node *node)
{
	struct label_policy *policy = spif->policy;
	struct label_tag_set *set = &policy->sets[policy->set_count];
	int err;

	set->index = policy->set_count;
	set->first_value = policy->value_count;
	if ((err = spif_name(spif, node, "name", &set->name)) < 0 ||
	    (err = spif_oid(spif, node, "id", &set->id, &set->oid)) < 0 || (err = spif_marking(spif, node, &set->marking)) < 0)
		return err;
	for (unsigned i = 0; i < policy->set_count; i++)
		if (str_eq(policy->sets[i].oid, set->oid) || str_eq(policy->sets[i].name, set->name))
			return spif_fail(spif, node, TRUNK_EINVAL,
					 "has the name or id of tag set \"%.*s\"; change one of the two",
					 STR_ARG(policy->sets[i].name));
	for (const struct xml_node *child = xml_node_child(node, NS_SPIF, "securityCategoryTag"); child;
	     child = xml_node_next(child, NS_SPIF, "securityCategoryTag"))
		if ((err = tag_add(spif, child, set)) < 0)
			return err;
	set->value_count = policy->value_count - set->first_value;
	policy->set_count++;
	return 0;
}

static int arrays_new(struct spif *spif, const struct xml_node *all)
{
	struct label_policy *policy = spif->policy;
	unsigned sets = 0, tags = 0, values = 0;
	int err;

	for (const struct xml_node *set = xml_node_child(all, NS_SPIF, NULL); set;
	     set = xml_node_next(set, NS_SPIF, NULL), sets++)
		for (const struct xml_node *tag = xml_node_child(set, NS_SPIF, "securityCategoryTag"); tag;
		     tag = xml_node_next(tag, NS_SPIF, "securityCategoryTag"), tags++)
			values += count_children(tag, "tagCategory");
	if ((err = array_new(spif, all, "tag sets", sets, LABEL_TAG_SETS_MAX, sizeof(*policy->sets), &policy->sets)) < 0 ||
	    (err = array_new(spif, all, "tags", tags, LABEL_TAGS_MAX, sizeof(*policy->tags), &policy->tags)) < 0)
		return err;
	return array_new(spif, all, "values", values, LABEL_CATEGORY_VALUES_MAX, sizeof(*policy->values), &policy->values);
}

/* Each value is found by its number again: where it finds another one, the number is taken twice. */
static int duplicates_check(struct spif *spif, const struct xml_node *root)
{
	const struct label_policy *policy = spif->policy;

	for (unsigned i = 0; i < policy->value_count; i++) {
		const struct label_value *value = &policy->values[i],
			*found = value_by_lacv(policy, value->tag->set, value->tag->kind, value->lacv);

		if (found != value)
			return spif_fail(spif, root, TRUNK_EINVAL,
					 "values \"%.*s\" and \"%.*s\" of tag set \"%.*s\" have the same lacv; change "
					 "one of the two",
					 STR_ARG(found->name), STR_ARG(value->name), STR_ARG(value->tag->set->name));
	}
	return 0;
}

int spif_sets(struct spif *spif, const struct xml_node *root)
{
	struct label_policy *policy = spif->policy;
	const struct xml_node *all;
	int err;

	if ((err = only_child(spif, root, "securityCategoryTagSets", false, &all)) < 0 || (err = arrays_new(spif, all)) < 0)
		return err;
	for (const struct xml_node *node = xml_node_child(all, NS_SPIF, NULL); node; node = xml_node_next(node, NS_SPIF, NULL))
		if ((err = set_add(spif, node)) < 0)
			return err;
	policy->words = (policy->value_count + 63) / 64;
	if (policy_index_names(policy) < 0 || policy_index_values(policy) < 0)
		return spif_fail(spif, root, TRUNK_ENOMEM, "no memory");
	return duplicates_check(spif, root);
}
