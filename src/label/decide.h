/* SPDX-License-Identifier: Apache-2.0
 * Clearances, the access decision function, and translation between policies. Pure. */
#ifndef TRUNK_LABEL_DECIDE_H
#define TRUNK_LABEL_DECIDE_H

#include "label/label.h"

/* What somebody may see, under one policy. Immutable; borrows from the policies, which outlive it. */
struct label_clearance;

/* Reads a clearance from configuration: "ess:BASE64", or words ("FARM: OPEN,GUARDED; Compartment=ORCHID; Releasable
 * To=XAA,XBB"). `file:PATH` is for the caller, who gives the file's bytes to label_clearance_read(). Words that the policy does
 * not know are refused.
 *   ret_clearance   owned by the caller
 *   ret_why         written on failure: what is wrong, for the operator
 * 0; TRUNK_EINVAL; TRUNK_ELIMIT; TRUNK_ENOENT: its policy is not loaded; TRUNK_ENOMEM. */
int label_clearance_parse(const struct label_policies *policies, struct str text, struct label_clearance **ret_clearance,
			  char ret_why[static LABEL_WHY_SIZE]);

/* The same from the bytes of a file: DER, base64 of DER, or ConfidentialityClearance of STANAG 4774. */
int label_clearance_read(const struct label_policies *policies, struct str bytes, struct label_clearance **ret_clearance,
			 char ret_why[static LABEL_WHY_SIZE]);

/* Clearance of RFC 5755 in DER or BER, also with the context tags of X.501:2000; categories also in the form of SSLPrivileges.
 * Classes and values that the policy does not have give nothing and are counted; an absent class list means the class with lacv
 * 1. */
int label_clearance_parse_der(const struct label_policies *policies, struct str der, struct label_clearance **ret_clearance);

/* An element of STANAG 4774. Its values must all be known: TRUNK_EINVAL. */
int label_clearance_parse_node(const struct label_policies *policies, const struct xml_node *node,
			       struct label_clearance **ret_clearance);

void label_clearance_free(struct label_clearance **clearance);

const struct label_policy *label_clearance_policy(const struct label_clearance *clearance);

/* How many classes and values the policy does not have: worth a warning. */
unsigned label_clearance_surplus(const struct label_clearance *clearance);

/* Holds no class, so that it grants nothing: worth a warning. */
bool label_clearance_is_void(const struct label_clearance *clearance);

/* Gives all classes at or below the highest one that is held. Before the clearance is shared: at load, never at a decision. */
void label_clearance_expand(struct label_clearance *clearance);

/* Adds the clearance in the words that label_clearance_parse() reads. 0, TRUNK_ENOMEM, TRUNK_ELIMIT. */
int label_clearance_write_words(const struct label_clearance *clearance, struct buf *out);

/* The access decision function (label-policy 5.2), with validity (5.1) before it and translation (6) where the policies differ.
 * A NULL clearance is nil, a NULL label too. `scratch` holds what is translated. */
struct label_decision label_decide(struct arena *scratch, const struct label *label, const struct label_clearance *clearance,
				   const struct label_options *options);

/* The label's equivalent in another policy: by what its own SPIF says of leaving (applied encrypt), and by what the other's
 * says of arriving (decrypt); where both say something they must mean the same. The result is valid in `to`, carries no privacy
 * mark, and has the form of the label. LABEL_GRANTED, or why there is none; *ret_label is written for LABEL_GRANTED alone. */
struct label_decision label_translate(struct arena *arena, const struct label *label, const struct label_policy *to,
				      const struct label_options *options, struct label *ret_label);

#endif
