/* SPDX-License-Identifier: Apache-2.0
 * One SPIF while it is read. Of this room only. */
#ifndef TRUNK_LABEL_SPIF_INTERNAL_H
#define TRUNK_LABEL_SPIF_INTERNAL_H

#include "label/model_internal.h"
#include "xml/xml.h"

#define NS_SPIF "http://www.xmlspif.org/spif"

struct spif {
	struct label_policy *policy;            /* is being made */
	const char *file;
	label_problem_fn *problem;              /* may be NULL */
	void *ctx;
	struct arena tree;                      /* the file's elements */
};

/* Tells of an error at `node` (NULL: the file) and returns `err`; tells of a warning. */
int spif_fail(struct spif *spif, const struct xml_node *node, int err, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void spif_warn(struct spif *spif, const struct xml_node *node, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Whether all elements of the file are known, in their places, and text stands only where it means something. Elements of other
 * namespaces are left alone inside of `extensions` alone. */
int spif_shape_check(struct spif *spif, const struct xml_node *root);

/* Attributes and text, copied into the policy. Each returns 0 or an error that was told of. */
int spif_name(struct spif *spif, const struct xml_node *node, const char *attr, struct str *ret_name); /* demanded, not empty */
int spif_phrase(struct spif *spif, const struct xml_node *node, const char *attr,
		struct str *ret_text); /* absent where it is */
int spif_oid(struct spif *spif, const struct xml_node *node, const char *attr, struct str *ret_id, struct str *ret_oid);
int spif_number(struct spif *spif, const struct xml_node *node, const char *attr, uint32_t max, uint32_t *ret_number);
int spif_flag(struct spif *spif, const struct xml_node *node, const char *attr, bool *ret_flag);        /* absent: false */

/* tagType with enumType, as the set of kinds that it may mean; `tag7Encoding` is not looked at. */
int spif_kinds(struct spif *spif, const struct xml_node *node, unsigned *ret_kinds);

int spif_classes(struct spif *spif, const struct xml_node *root);
int spif_sets(struct spif *spif, const struct xml_node *root);          /* sets, tags and values: names and numbers */
int spif_others(struct spif *spif, const struct xml_node *root);        /* equivalentPolicies */
int spif_rules(struct spif *spif, const struct xml_node *root);         /* what refers to classes and values */
int spif_equivalents(struct spif *spif, const struct xml_node *node, struct equivalent **ret_list);
int spif_conditions(struct spif *spif, const struct xml_node *node, bool is_of_equivalent, struct condition **ret_list);
int spif_marking(struct spif *spif, const struct xml_node *holder, struct marking *ret_marking);

#endif
