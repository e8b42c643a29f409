/* SPDX-License-Identifier: Apache-2.0
 * Security labels: read from ESS, STANAG 4774 and words, judged valid, compared, marked, written. Pure. Start here; policies
 * come from policies.h, clearances and decisions stand in decide.h, whole stanzas in check.h.
 *
 * What cannot be understood is never passed over: it is an error of the parser (the label is malformed), or it stays in the
 * label as its `fault`, and every decision about such a label denies. */
#ifndef TRUNK_LABEL_LABEL_H
#define TRUNK_LABEL_LABEL_H

#include "label/policies.h"
#include "stanza/stanza.h"

#define NS_LABEL "urn:xmpp:sec-label:0"                 /* also the disco feature */
#define NS_LABEL_CATALOG "urn:xmpp:sec-label:catalog:2" /* also the disco feature */
#define NS_LABEL_ESS "urn:xmpp:sec-label:ess:0"
#define NS_STANAG_LABEL "urn:nato:stanag:4774:confidentialitymetadatalabel:1:0"
#define NS_STANAG_CLEARANCE "urn:nato:stanag:4774:confidentialityclearance:1:0"
#define NS_STANAG_BINDING "urn:nato:stanag:4778:bindinginformation:1:0"

enum {
	LABEL_BYTES_MAX = 16 << 10,             /* one label or clearance in DER; its text is at most four times that */
	LABEL_CATEGORIES_MAX = 64,              /* of one label: tags, each with any number of values */
	LABEL_VALUES_MAX = 16384,               /* of one label: bits (set or not) and numbers together */
	LABEL_PRIVACY_MARK_MAX = 128,           /* characters */
	LABEL_EQUIVALENTS_MAX = 16,             /* in one <securitylabel/> */
	LABEL_SUCCESSORS_MAX = 4,               /* STANAG 4774 SuccessionHandling inside each other */
	LABEL_NESTED_DEPTH_MAX = 4,             /* <forwarded/> inside each other */
	LABEL_NESTED_MAX = 256,                 /* messages and labels inside one stanza */
	LABEL_MARKING_BYTES_MAX = 16 << 10,
	LABEL_WORDS_MAX = 16 << 10,             /* bytes of a label or clearance in words */
	LABEL_WHY_SIZE = 256,                   /* of a text that says what is wrong with words */
};

/* Why a label is granted or denied; the words are those of reasons in audit and `explain`. */
#define LABEL_WHYS(X) \
	X(GRANTED, "granted") \
	X(NO_LABEL, "no-label")                 /* there is none, and no default */ \
	X(NO_CLEARANCE, "no-clearance")         /* none is configured for a side */ \
	X(NO_POLICY, "no-policy")               /* the label names none, or one that is not loaded */ \
	X(INVALID, "invalid")                   /* under its own policy; what: class, value, category, excluded, … */ \
	X(CLASS, "class")                       /* not among those of the clearance */ \
	X(RESTRICTIVE, "restrictive")           /* a value of the tag set `what` is not held */ \
	X(PERMISSIVE, "permissive")             /* no value of the tag set `what` is held */ \
	X(NO_EQUIVALENT, "no-equivalent")       /* in the clearance's policy, of `what` */ \
	X(MALFORMED, "malformed")               /* base64, BER or XML */ \
	X(FORMAT, "format")                     /* a kind of label that we do not know; what: its element */ \
	X(MISPLACED, "misplaced")               /* a label where none may stand; what: presence, iq, … */ \
	X(MANY, "many-labels")                  /* two in one stanza */ \
	X(DEPTH, "depth")                       /* forwarded inside of forwarded too often, or too many messages */ \
	X(SEALED, "sealed")                     /* signed or encrypted, and would have to be altered */ \
	X(NO_MEMORY, "no-memory")

enum label_why {
	LABEL_WHY_UNSET = 0,                    /* of zeroed memory: denies */
#define LABEL_WHY_NAME(name, text) LABEL_##name,
	LABEL_WHYS(LABEL_WHY_NAME)
#undef LABEL_WHY_NAME
};

/* Anything but LABEL_GRANTED denies. */
struct label_decision {
	enum label_why why;
	struct str what; /* absent: nothing to add. Static, of a policy, or of the arena that was given */
};

/* Adds the reason as it stands in audit and `explain`: "class", "restrictive:Compartment", "no-equivalent:TULIP". 0,
 * TRUNK_ENOMEM, TRUNK_ELIMIT. `what` may hold text of a peer (FORMAT alone): escape it. */
int label_decision_write(const struct label_decision *decision, struct buf *out);

/* What the sender is told of a denial (label-policy 1.5); STANZA_CONDITION_NONE for a grant. */
enum stanza_condition label_condition(const struct label_decision *decision);

/* How labels are read and judged. A zeroed struct is the strictest: no policies, no clock, no switch. Borrowed per call. */
struct label_options {
	const struct label_policies *policies;  /* NULL: none, so that every label is of an unknown policy */
	const struct label_policy *default_policy;      /* of labels that name none; NULL: such a label is denied */
	bool has_clock;                         /* wall_ms is true; otherwise times are judged the stricter way */
	int64_t wall_ms;                        /* now, since 1970 UTC */
	bool is_lenient;                        /* not `strict`: see check.h, and STANAG labels without CreationDateTime */
	bool takes_unpadded_base64;
	bool takes_obsolete;                    /* obsolete classes and values are valid */
	bool takes_discards;                    /* translation may drop a restriction where the SPIF says `discard` */
	bool trusts_equivalents;                /* this sender may assert equivalents of labels whose policy is not loaded */
};

enum label_form { LABEL_FORM_ESS = 1, LABEL_FORM_STANAG, LABEL_FORM_WORDS, LABEL_FORM_UNKNOWN };

struct label_class;

/* One label. Lives in the arena that was given when it was made, and borrows from the policies. Fields are read by callers and
 * written in this room alone. */
struct label {
	struct label_decision fault;            /* LABEL_GRANTED: understood; else why no decision can grant it */
	enum label_form form;
	const struct label_policy *policy;      /* NULL: not loaded */
	const struct label_class *class;        /* NULL: none, or unknown */
	const uint64_t *values;                 /* bits in the policy's order */
	struct str policy_name; /* what the label itself calls its policy: id or name. A peer's text; may be absent */
	struct str privacy_mark;                /* a peer's text; absent: none */
	const struct label *also; /* must be granted too: the successor, where no clock says whether its time has come */
};

/* Each reads one label into *ret_label, which borrows from the arena, not from the input. All return 0, also for labels with a
 * fault, or
 *   TRUNK_EINVAL   malformed: base64, BER, or elements and text where they may not stand
 *   TRUNK_ELIMIT   over one of the limits above
 *   TRUNK_ENOMEM */
int label_parse_der(struct arena *arena, struct str der, const struct label_options *options, struct label *ret_label);
int label_parse_base64(struct arena *arena, struct str text, const struct label_options *options, struct label *ret_label);

/* The child of <label/> or <equivalentlabel/>: ESS or a label of STANAG 4774. Any other element: LABEL_FORMAT. */
int label_parse_node(struct arena *arena, const struct xml_node *node, const struct label_options *options,
		     struct label *ret_label);

/* Words in the policy's names: "FARM: GUARDED; Compartment=ORCHID; Releasable To=XAA,XBB", one class. A tag set's or a tag's
 * name stands before the `=`. For configuration: unlike the others it refuses what the policy does not know (TRUNK_EINVAL), and
 * writes what is wrong and what there is instead to `ret_why`. Blanks around words do not count; names that hold , ; = or :
 * cannot be said in words (nor a policy's with a colon). */
int label_parse_words(struct arena *arena, struct str text, const struct label_options *options, struct label *ret_label,
		      char ret_why[static LABEL_WHY_SIZE]);

/* Each adds the label; for one with a fault TRUNK_EINVAL. 0, TRUNK_ENOMEM, TRUNK_ELIMIT; then nothing was added.
 * In words, values of kinds that cannot be told apart by name are written all the same. DER has the categories of the family
 * that the policy's rbacId names; the privacy mark is written as UTF8String. */
int label_write_der(const struct label *label, struct buf *out);
int label_write_base64(const struct label *label, struct buf *out);
int label_write_words(const struct label *label, struct buf *out);

/* The label as an element, in ESS or STANAG 4774: <esssecuritylabel/>, <originatorConfidentialityLabel/>, or where
 * `is_equivalent` <alternativeConfidentialityLabel/>. `form` other than those two writes ESS. STANAG demands options->has_clock
 * for its CreationDateTime: TRUNK_EINVAL without. */
int label_node(struct arena *arena, const struct label *label, enum label_form form, bool is_equivalent,
	       const struct label_options *options, struct xml_node **ret_node);

/* Whether the label is valid under its own policy (label-policy 5.1): LABEL_GRANTED, or its fault, or LABEL_INVALID with what:
 *   class, value, category   missing or unknown
 *   excluded, required       a class or category that may not, or must, stand beside another
 *   selection                too few or too many values of a tag
 *   obsolete, period         no longer, or not yet, in use (without a clock: in use only for a time)
 *   policy                   its name and id are of two policies
 *   succession               the successor is invalid */
struct label_decision label_validate(const struct label *label, const struct label_options *options);

/* Same policy, class and values: labels compare by meaning. Privacy marks do not count. False where either has a fault. */
bool label_same(const struct label *a, const struct label *b);

/* `label-above` of rules: whether the label stands above class `class_name` in its own policy's hierarchy. What cannot be
 * compared does: NULL, a label with a fault, one whose policy has no such class. */
bool label_is_above(const struct label *label, struct str class_name);

/* The label that stands over two of one policy (label-policy 5.5): the higher class, all restrictive and informative values,
 * and of permissive tags what both have; a tag that only one has stays. TRUNK_EPOLICY: nobody may see both (a tag has nothing
 * left), or they cannot be joined (a fault, two policies). TRUNK_ENOMEM. */
int label_join(struct arena *arena, const struct label *a, const struct label *b, struct label *ret_label);

/* ---- markings ---- */

enum label_place {
	LABEL_PLACE_PAGE_BOTTOM = 1,
	LABEL_PLACE_PAGE_TOP,
	LABEL_PLACE_DOCUMENT_START,
	LABEL_PLACE_DOCUMENT_END,
	LABEL_PLACE_FIRST_LINE,
	LABEL_PLACE_LAST_LINE,
	LABEL_PLACE_SUBJECT,
};

/* Adds the text that the policy gives for people (label-policy 4.1): "FARM GUARDED REL XAA/XBB". XMPP shows what is meant for
 * the bottom of the page.
 *   lang   such as "fr-CA"; its primary part, then what has no language, are taken where that is missing; empty: none
 * 0; TRUNK_EINVAL: the label has a fault; TRUNK_ELIMIT: over LABEL_MARKING_BYTES_MAX or the buffer's limit; TRUNK_ENOMEM. */
int label_marking_write(const struct label *label, struct str lang, enum label_place place, struct buf *out);

/* Colours of the marking as XEP-0258 writes them; fgcolor is chosen so that it can be read on bgcolor. Absent: the class has
 * none that XMPP knows. */
void label_marking_colors(const struct label *label, struct str *ret_fgcolor, struct str *ret_bgcolor);

#endif
