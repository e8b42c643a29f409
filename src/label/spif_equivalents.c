/* SPDX-License-Identifier: Apache-2.0
 * What a SPIF says of other policies: which there are, and what its classes and values are called in them. */
#include "label/ber_internal.h"
#include "label/spif_internal.h"

static struct other_policy *other_by_name(const struct spif *spif, struct str name)
{
	struct other_policy *other = spif->policy->others;

	while (other && !str_eq(other->name, name))
		other = other->next;
	return other;
}

int spif_others(struct spif *spif, const struct xml_node *root)
{
	const struct xml_node *all = xml_node_child(root, NS_SPIF, "equivalentPolicies");
	struct str id;
	int err;

	if (all && xml_node_next(all, NS_SPIF, "equivalentPolicies"))
		return spif_fail(spif, root, TRUNK_EINVAL, "there may be one equivalentPolicies; join them");
	for (const struct xml_node *node = xml_node_child(all, NS_SPIF, NULL); node;
	     node = xml_node_next(node, NS_SPIF, NULL)) {
		struct other_policy *other = arena_alloc(&spif->policy->arena, sizeof(*other));

		if (!other)
			return spif_fail(spif, node, TRUNK_ENOMEM, "no memory");
		if ((err = spif_name(spif, node, "name", &other->name)) < 0 ||
		    (err = spif_oid(spif, node, "id", &id, &other->id)) < 0 ||
		    (err = spif_conditions(spif, node, true, &other->conditions)) < 0)
			return err;
		if (other_by_name(spif, other->name) || str_eq(other->id, spif->policy->oid))
			return spif_fail(spif, node, TRUNK_EINVAL, "is named twice, or is this policy itself; remove one");
		other->next = spif->policy->others;
		spif->policy->others = other;
	}
	return 0;
}

static int applied_read(struct spif *spif, const struct xml_node *node, unsigned *ret_applied)
{
	const struct str applied = xml_node_attr(node, "applied");

	*ret_applied = str_is(applied, "encrypt") ? APPLIED_ENCRYPT : str_is(applied, "decrypt") ? APPLIED_DECRYPT :
		str_is(applied, "both") ? APPLIED_ENCRYPT | APPLIED_DECRYPT : 0;
	return *ret_applied ? 0 : spif_fail(spif, node, TRUNK_EINVAL, "applied is none of encrypt, decrypt and both; give one");
}

/* The last of the element's own conditions is followed by those of the other policy as a whole. */
static void conditions_join(struct equivalent *e, struct condition *own, struct condition *all)
{
	struct condition **end = &own;

	while (*end)
		end = &(*end)->next;
	*end = all;             /* shared by all equivalents in that policy */
	e->conditions = own;
}

static int equivalent_read(struct spif *spif, const struct xml_node *node, const struct other_policy *other,
			   struct equivalent *e)
{
	const struct str action = xml_node_attr(node, "action");
	struct condition *conditions = NULL;
	struct str id;
	int err;

	e->policy = other->id;
	e->is_discard = str_is(action, "discard") && str_is(node->name, "equivalentSecCategoryTag");
	if (!str_is_absent(action) && !e->is_discard)
		return spif_fail(spif, node, TRUNK_EINVAL, "action is not discard, or is that of a class; remove it");
	if ((err = applied_read(spif, node, &e->applied)) < 0 || (err = spif_conditions(spif, node, true, &conditions)) < 0)
		return err;
	conditions_join(e, conditions, other->conditions);
	if (e->is_discard)
		return 0;
	if ((err = spif_number(spif, node, "lacv", UINT32_MAX, &e->lacv)) < 0 || str_is(node->name, "equivalentClassification"))
		return err;
	return (err = spif_oid(spif, node, "tagSetId", &id, &e->set)) < 0 ? err : spif_kinds(spif, node, &e->kinds);
}

/* What a condition says is told by labels of this policy, and a label that arrives is not yet one. */
static void equivalent_bound(struct spif *spif, const struct xml_node *node, struct equivalent *e)
{
	if (!e->conditions || !(e->applied & APPLIED_DECRYPT))
		return;
	spif_warn(spif, node, "has conditions, which cannot be asked of labels that arrive; it is not applied to decrypt");
	e->applied &= ~(unsigned)APPLIED_DECRYPT;
}

int spif_equivalents(struct spif *spif, const struct xml_node *node, struct equivalent **ret_list)
{
	int err;

	for (const struct xml_node *child = xml_node_child(node, NS_SPIF, NULL); child;
	     child = xml_node_next(child, NS_SPIF, NULL)) {
		const struct other_policy *other;
		struct equivalent *e;

		if (!str_is(child->name, "equivalentClassification") && !str_is(child->name, "equivalentSecCategoryTag"))
			continue;
		if (!(other = other_by_name(spif, xml_node_attr(child, "policyRef")))) {
			spif_warn(spif, node,
				  "has an equivalent whose policyRef is not among equivalentPolicies; it is left out");
			continue;
		}
		if (!(e = arena_alloc(&spif->policy->arena, sizeof(*e))))
			return spif_fail(spif, child, TRUNK_ENOMEM, "no memory");
		if ((err = equivalent_read(spif, child, other, e)) < 0)
			return err;
		equivalent_bound(spif, node, e);
		e->next = *ret_list;
		*ret_list = e;
	}
	return 0;
}
