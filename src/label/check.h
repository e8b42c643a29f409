/* SPDX-License-Identifier: Apache-2.0
 * Whole stanzas under XEP-0258: which label counts, whether everybody may see it, and what goes out. Pure. */
#ifndef TRUNK_LABEL_CHECK_H
#define TRUNK_LABEL_CHECK_H

#include "label/decide.h"

/* ---- <securitylabel/> ---- */

/* One element as it was read. Lives in the arena; `node` and `marking` are borrowed from the tree. */
struct label_element {
	const struct xml_node *node;
	const struct xml_node *marking;         /* <displaymarking/>; NULL: none. The sender's word: nothing is decided by it */
	bool is_default;                        /* <label/> is empty: the default label is meant, and `label` is not written */
	struct label label;
	struct label *equivalents;
	unsigned equivalent_count;              /* at most LABEL_EQUIVALENTS_MAX */
};

/* Reads <securitylabel xmlns='urn:xmpp:sec-label:0'/>, its children in any order: one <label/>, any <equivalentlabel/>, at most
 * one <displaymarking/>. Returns 0, also for labels with a fault; TRUNK_EINVAL: malformed (XEP-0258 §3), other children or
 * text, or a label or equivalent that is; TRUNK_ELIMIT; TRUNK_ENOMEM. */
int label_element_parse(struct arena *arena, const struct xml_node *node, const struct label_options *options,
			struct label_element *ret_element);

/* Makes the element in schema order: marking (by the policy, unless it is empty), label. TRUNK_EINVAL as label_node(). */
int label_element_make(struct arena *arena, const struct label *label, enum label_form form, struct str lang,
		       const struct label_options *options, struct xml_node **ret_node);

/* ---- the request ---- */

/* The clearances that are configured for one side: of zone, spoke and address. All must grant; none at all denies. */
struct label_clearances {
	const struct label_clearance *const *at;
	unsigned count;
};

/* What the recipient's peer gets (`labels` of its spoke). */
enum label_treatment {
	LABEL_KEEP = 1,                 /* the label as it is */
	LABEL_ADD_EQUIVALENT,           /* with an equivalent in the policy of each of the recipient's clearances */
	LABEL_TRANSLATE,                /* in the policy of the recipient's first clearance, in place of the original */
	LABEL_FIRST_LINE,               /* no label, but its marking as the first line of each body: the peer knows no labels */
};

struct label_request {
	const struct label_options *options;
	struct label_clearances sender, recipient;
	const struct label *default_label;      /* of the sender's side; NULL: none, and messages without a label are denied */
	enum label_treatment treatment;         /* unset: as LABEL_KEEP */
	bool stamps_default;            /* a message without a label leaves with the default label that it passed by */
	bool adds_marking;              /* to labels that have none; one that is there is always made anew by the policy */
	bool demands_label;             /* the recipient of a catalog may not send without a label */
	struct str lang;                /* of markings; absent or empty: none */
};

/* ---- decisions ---- */

/* Judges one label with its equivalents (label-policy 5.3, 5.4): validity, every equivalent against what it should be, every
 * clearance of both sides. `element` NULL: no label. An explicit label that cannot be used is denied; with options->is_lenient
 * the default label takes its place where its format or policy is unknown and no equivalent can be used.
 *   ret_label   the effective label, also of a denial; NULL: there is none. May be NULL */
struct label_decision label_judge(struct arena *arena, const struct label_element *element, const struct label_request *request,
				  const struct label **ret_label);

enum label_outcome {
	LABEL_PASS = 1,                 /* forward `shaped`, or the stanza as it is where that is NULL */
	LABEL_DENY,                     /* refuse with `condition`; whether the sender is told is the caller's matter */
	LABEL_DROP,                     /* an error that carries a label: discard it in silence (XEP-0258 §5) */
};

struct label_result {
	enum label_outcome outcome;
	struct label_decision decision;         /* of a pass: LABEL_GRANTED */
	enum stanza_condition condition;        /* of a denial */
	const struct label *label;              /* effective label of the outer message; NULL: none */
	bool has_own_label;                     /* it stood in the stanza (for `unlabelled`) */
	bool is_catalog;                        /* an answer with a catalog, filtered to what both sides may carry */
	struct xml_node *shaped;                /* another tree, in the arena; NULL: nothing changes */
};

/* The whole procedure (label-policy 5.6) for a message, presence or iq in jabber:server or jabber:client:
 *   errors         are not judged; with a label anywhere they are dropped; else they are cut down (label_error_strip())
 *   presence, iq   may carry no label but in the items of a catalog that answers; what is forwarded inside is judged
 *   messages       the one label or the default; then each message inside (forwarded or not) as a message of its own, to
 *                  LABEL_NESTED_DEPTH_MAX; then items of pubsub. One denial is final
 * A message that changes a room's subject is judged as any other; with options->is_lenient it needs no label. A label bound by
 * STANAG 4778 is a format that we do not know.
 * What leaves is shaped as request->treatment says, nested messages too; markings are made anew, equivalents that nobody could
 * verify are removed. A stanza that is signed as a whole is never altered, a body that is encrypted or signed never gets a
 * first line: LABEL_SEALED.
 * `stanza` and what the request holds outlive the result. Always writes *ret_result; without memory it denies. */
void label_check(struct arena *arena, const struct xml_node *stanza, const struct label_request *request,
		 struct label_result *ret_result);

/* ---- parts of it, for rules that shape ---- */

/* Cuts an error stanza down to its condition: id, addresses and type stay, and of <error/> its attributes, its conditions
 * without their children, and at most LABEL_ERROR_TEXT_MAX bytes of text; content that was echoed goes. True: something was
 * cut. */
enum { LABEL_ERROR_TEXT_MAX = 256 };
bool label_error_strip(struct xml_node *stanza);

/* Sets `marking` as the first line of every <body/> that does not begin with it, and drops the XHTML copy. A message without
 * body gets none. TRUNK_EPOLICY: the message is signed or encrypted; nothing was changed. TRUNK_ENOMEM. */
int label_first_line(struct arena *arena, struct xml_node *message, struct str marking);

/* Whether the message holds what is encrypted or signed; label_is_signed_whole(): whether altering anything would break it. */
bool label_is_sealed(const struct xml_node *message);
bool label_is_signed_whole(const struct xml_node *message);

/* Removes from <catalog/> the items whose label is not granted by all clearances of the request, or is obsolete, and all that
 * is no item; where request->demands_label, empty items too, and the catalog becomes restrictive. Corrects `size`, gives
 * another `id` where something went, writes attributes without prefix. *ret_is_changed: whether anything was done. 0,
 * TRUNK_ENOMEM. */
int label_catalog_filter(struct arena *arena, struct xml_node *catalog, const struct label_request *request,
			 bool *ret_is_changed);

#endif
