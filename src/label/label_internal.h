/* SPDX-License-Identifier: Apache-2.0
 * What the files of labels and clearances share. Of this room only. */
#ifndef TRUNK_LABEL_LABEL_INTERNAL_H
#define TRUNK_LABEL_LABEL_INTERNAL_H

#include "label/decide.h"
#include "label/label.h"
#include "label/model_internal.h"

#define DECISION(reason) ((struct label_decision){.why = (reason), .what = STR_NONE})
#define DECISION_ON(reason, on) ((struct label_decision){.why = (reason), .what = (on)})

/* A tag that was read: kinds of one set. */
struct values_tag {
	struct str set;                 /* what names it in this form of label; borrowed from the input */
	unsigned kinds;
};

/* Values of labels and clearances while they are read. */
struct values {
	const struct label_policy *policy;      /* NULL: not loaded; values are counted only */
	uint64_t *bits;                         /* of policy->words words */
	struct values_tag tags[LABEL_CATEGORIES_MAX];
	unsigned tag_count;
	size_t read;                            /* of LABEL_VALUES_MAX */
	unsigned unknown;                       /* values, tags and sets that the policy does not have */
	unsigned unknown_types;                 /* categories of types that we do not know */
	bool is_clearance;
};

/* `values->bits` for the policy, zeroed. 0, TRUNK_ENOMEM. */
int values_init(struct values *values, struct arena *arena, const struct label_policy *policy);

/* The content of SET OF SecurityCategory. 0, TRUNK_EINVAL, TRUNK_ELIMIT. */
int values_read_categories(struct values *values, struct str categories);

/* A label of `policy` without a fault, by what was read. */
void label_set(struct label *label, const struct label_policy *policy, const struct label_class *class,
	       const struct values *values);

/* The text of an element that may have no child elements, with white space collapsed. TRUNK_EINVAL, TRUNK_ENOMEM. */
int node_text(struct arena *arena, const struct xml_node *node, struct str *ret_text);

/* Whether text other than white space stands directly in the element. */
bool node_has_text(const struct xml_node *node);

/* label_parse_node() for STANAG labels; `depth` counts successors. */
int stanag_label_parse(struct arena *arena, const struct xml_node *node, const struct label_options *options, unsigned depth,
		       struct label *ret_label);

/* PolicyIdentifier: finds the policy. *ret_fault: LABEL_GRANTED, LABEL_NO_POLICY, or LABEL_INVALID: name and URI differ. */
int stanag_policy(struct arena *arena, const struct xml_node *node, const struct label_policies *policies, struct str *ret_name,
		  const struct label_policy **ret_policy, struct label_decision *ret_fault);

/* One Category into `values`; for a policy that is not loaded only its form is looked at. */
int stanag_category(struct arena *arena, const struct xml_node *node, struct values *values);

bool conditions_hold(const struct condition *conditions, const struct label_policy *policy, const uint64_t *bits);

/* An immutable clearance; see decide.h. */
struct label_clearance {
	const struct label_policy *policy;
	uint64_t classes[LABEL_CLASSES_MAX / 64];
	unsigned surplus;
	uint64_t values[];                      /* policy->words */
};


#endif
