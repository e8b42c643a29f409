/* SPDX-License-Identifier: Apache-2.0
 * Security policies as Open XML SPIF: read once, then immutable, so that any number of threads may ask them. Pure. */
#ifndef TRUNK_LABEL_POLICIES_H
#define TRUNK_LABEL_POLICIES_H

#include "base/base.h"

/* What is over one of these is refused when it is loaded, by TRUNK_ELIMIT. */
enum {
	LABEL_SPIF_BYTES_MAX = 4 << 20,         /* one file */
	LABEL_SPIF_DEPTH_MAX = 32,              /* elements inside each other */
	LABEL_SPIF_MEMORY_MAX = 64 << 20,       /* for its elements while it is read, and for what it becomes */
	LABEL_POLICIES_MAX = 64,
	LABEL_CLASSES_MAX = 256,                /* of one policy, as all below */
	LABEL_TAG_SETS_MAX = 256,
	LABEL_TAGS_MAX = 1024,
	LABEL_CATEGORY_VALUES_MAX = 16384,
	LABEL_PHRASE_BYTES_MAX = 256,           /* one name, phrase, prefix, separator or suffix */
};

struct label_policies;
struct label_policy;

/* Something in a SPIF that an operator should see. Borrowed for the call. The strings come from the file: escape them. */
struct label_problem {
	bool is_error;                  /* the policy was not loaded; else a warning */
	const char *file;
	const char *element;            /* such as `tagCategory "ORCHID"`; "" where none can be named */
	const char *text;               /* what is wrong, and the way out */
};

typedef void label_problem_fn(void *ctx, const struct label_problem *problem);

/* An empty set; NULL: no memory. Labels and clearances borrow from it: it ends after them. */
struct label_policies *label_policies_new(void);
void label_policies_free(struct label_policies **policies);

/* Reads one SPIF of schema version 2.0 or 2.1 into the set (label-policy: Open XML SPIF, namespace
 * http://www.xmlspif.org/spif). A byte order mark, an XML declaration of UTF-8 and comments are permitted; a DTD, other
 * entities than the five and processing instructions are refused. Before the set is shared, not after.
 *   file       names it in problems; borrowed for the call
 *   problem    called for each warning and for the one error; may be NULL
 * Returns 0; TRUNK_EXML…: not well-formed, or XML that we refuse; TRUNK_EINVAL: no policy that can be understood;
 * TRUNK_EEXIST: its name or id is in the set already; TRUNK_ELIMIT; TRUNK_ENOMEM. On failure the set is as it was. */
int label_policies_add(struct label_policies *policies, const char *file, struct str text, label_problem_fn *problem,
		       void *ctx);

/* NULL: there is none. Names compare exactly, but for NATO and PUBLIC, which compare without case (STANAG 4774). The id is in
 * dotted form, "1.3.6.1.4.1.32473.77.1". Index from 0 in the order in which they were added. */
const struct label_policy *label_policies_by_name(const struct label_policies *policies, struct str name);
const struct label_policy *label_policies_by_id(const struct label_policies *policies, struct str id);
const struct label_policy *label_policies_at(const struct label_policies *policies, unsigned index);

/* Borrowed from the policy. */
struct str label_policy_name(const struct label_policy *policy);
struct str label_policy_id(const struct label_policy *policy);

/* The policy that the SPIF names for labels that name none (`defaultSecurityPolicyId`, dotted); absent: none. It has no effect
 * unless the caller puts it into label_options.default_policy. */
struct str label_policy_default_id(const struct label_policy *policy);

bool label_policy_has_class(const struct label_policy *policy, struct str class_name);

#endif
