/* SPDX-License-Identifier: Apache-2.0
 * Which elements a SPIF may have, and where. What nobody here knows might restrict something, so it is an error. */
#include "label/spif_internal.h"

/* An element, and the elements that may stand in it, in any order; a NULL list: text. */
static const struct shape {
	const char *name;
	const char *const *children;
} shapes[] = {
	{"SPIF", (const char *const[]){"defaultSecurityPolicyId", "securityPolicyId", "equivalentPolicies",
				       "securityClassifications", "securityCategoryTagSets", "privacyMarks", "markingData",
				       "markingQualifier", "extensions", NULL}},
	{"securityPolicyId", (const char *const[]){"markingData", NULL}},
	{"equivalentPolicies", (const char *const[]){"equivalentPolicy", NULL}},
	{"equivalentPolicy", (const char *const[]){"requiredCategory", NULL}},
	{"securityClassifications", (const char *const[]){"securityClassification", NULL}},
	{"securityClassification", (const char *const[]){"equivalentClassification", "requiredCategory", "excludedCategory",
							 "markingData", "markingQualifier", NULL}},
	{"equivalentClassification", (const char *const[]){"requiredCategory", NULL}},
	{"securityCategoryTagSets", (const char *const[]){"securityCategoryTagSet", NULL}},
	{"securityCategoryTagSet", (const char *const[]){"securityCategoryTag", "markingData", "markingQualifier", NULL}},
	{"securityCategoryTag", (const char *const[]){"tagCategory", "markingData", "markingQualifier", NULL}},
	{"tagCategory", (const char *const[]){"equivalentSecCategoryTag", "excludedClass", "requiredCategory",
					      "excludedCategory", "markingData", "markingQualifier", NULL}},
	{"equivalentSecCategoryTag", (const char *const[]){"requiredCategory", NULL}},
	{"requiredCategory", (const char *const[]){"categoryGroup", NULL}},
	{"excludedCategory", (const char *const[]){"categoryGroup", NULL}},
	{"privacyMarks", (const char *const[]){"privacyMark", NULL}},
	{"privacyMark", (const char *const[]){"markingData", "markingQualifier", NULL}},
	{"markingData", (const char *const[]){"code", NULL}},
	{"markingQualifier", (const char *const[]){"qualifier", NULL}},
	{"excludedClass", NULL},
	{"code", NULL},
};

static const char *const nothing[] = {NULL};

/* The elements that may stand in one; NULL: text. */
static const char *const *children_of(struct str name)
{
	for (unsigned i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (str_is(name, shapes[i].name))
			return shapes[i].children;
	return nothing;
}

static bool is_in(const char *const *words, struct str word)
{
	while (words && *words && !str_is(word, *words))
		words++;
	return words && *words;
}

static int child_check(struct spif *spif, const struct xml_node *node, const struct xml_node *child)
{
	const char *const *children = children_of(node->name);

	if (child->kind == XML_NODE_TEXT)
		return !children || str_trim(child->text).len == 0 ? 0 :
			spif_fail(spif, node, TRUNK_EINVAL, "text stands where only elements may; remove it");
	if (!str_is(child->ns, NS_SPIF))
		return spif_fail(spif, child, TRUNK_EINVAL,
				 "an element of another namespace (%.*s) may stand inside of extensions "
				 "alone; move it there",
				 STR_ARG(child->ns));
	if (!is_in(children, child->name))
		return spif_fail(spif, child, TRUNK_EINVAL,
				 "is not known in %.*s of schema version 2.0 or 2.1, so what it restricts "
				 "cannot be kept; remove it",
				 STR_ARG(node->name));
	return 0;
}

/* Walks the tree without calling itself. */
int spif_shape_check(struct spif *spif, const struct xml_node *root)
{
	const struct xml_node *node = root;
	int err;

	for (;;) {
		if (node->children && !str_is(node->name, "extensions")) {
			node = node->children;
		} else {
			while (node != root && !node->next)
				node = node->parent;
			if (node == root)
				return 0;
			node = node->next;
		}
		/* Text has no children, so its turn is over after this. */
		if ((err = child_check(spif, node->parent, node)) < 0)
			return err;
	}
}
