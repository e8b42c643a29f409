/* SPDX-License-Identifier: Apache-2.0
 * What rules look for inside of stanzas (`payload`, `opaque`) and take out of them (`strip`, `fold`). Pure.
 *
 * Everything here looks at the whole stanza: what is forwarded inside (XEP-0297, archives, carbons), items of pubsub, and what
 * somebody put into an element where no standard has it. jabber:server and jabber:client count as one namespace. */
#ifndef TRUNK_SHAPE_SHAPE_H
#define TRUNK_SHAPE_SHAPE_H

#include "stanza/stanza.h"

/* ---- names: `payload` and `strip` ---- */

/* A namespace, or one element of it. */
struct shape_name {
	struct str ns;
	struct str name; /* absent: any */
};

enum { SHAPE_NAME_BYTES_MAX = 512, SHAPE_WHY_SIZE = 160 };

/* Reads "NS" or "{NS}name" as it stands in trunkd.yaml. ret_name borrows from `text`. Returns 0, TRUNK_EINVAL (neither form),
 * TRUNK_ELIMIT (longer than SHAPE_NAME_BYTES_MAX). */
int shape_name_parse(struct str text, struct shape_name *ret_name);

/* Whether a `strip` may have this name: not a stanza, nor all of the stanzas' own namespace ("{jabber:server}subject" is
 * good), nor security labels, which are the decision's. Writes why not. */
bool shape_name_may_strip(const struct shape_name *name, char ret_why[static SHAPE_WHY_SIZE]);

/* Whether an element of that name is anywhere inside of the stanza; its own name does not count. */
bool shape_has(const struct xml_node *stanza, const struct shape_name *name);

/* The same without a tree: false is sure. True: perhaps; ask shape_has(). Linear in the stanza's bytes, with no allocation. */
bool shape_may_have(const struct xml_element *element, const struct shape_name *name);

/* ---- opaque content: what a border cannot look into, or what leads around it ---- */

enum shape_class {
	SHAPE_OMEMO = 1 << 0,  /* XEP-0384 in every version, its keys and device lists, and hints of it (0380) */
	SHAPE_OX = 1 << 1,     /* XEP-0373 and 0374, the old 0027, and armoured PGP in a text */
	SHAPE_JINGLE = 1 << 2, /* sessions: XEP-0166 and all that builds on it, 0353, 0482, 0272, 0298, 0358; before it
					 * 0095, 0096, 0065; Google's */
	SHAPE_LINK = 1 << 3,   /* what is fetched past the border: XEP-0066, 0103, 0363, 0385, 0447, 0448, and URLs, see
					 * shape_url_find() */
	SHAPE_IBB = 1 << 4,    /* data in the stream: XEP-0047, 0261, 0231 */
	SHAPE_OTHER_OPAQUE =
		1 << 5, /* encrypted by anything else (0420, OTR, 0116, 0200, RFC 3923, XML Encryption): only `*` */
	SHAPE_OPAQUE_ALL = (1 << 6) - 1,
};

/* One word of `opaque`: omemo, ox, jingle, link, ibb or "*". Returns the classes it means, 0: no such word. */
unsigned shape_class_of(struct str word);

/* The word of the lowest class in `classes` ("other" for SHAPE_OTHER_OPAQUE); NULL for none. */
const char *shape_class_text(unsigned classes);

/* All classes that the stanza holds, anywhere inside. */
unsigned shape_opaque(const struct xml_node *stanza);

/* The same without a tree: what is not in the result is surely not in the stanza; what is, may be: ask shape_opaque(). 0 for
 * nearly every stanza, so that a tree is made for those alone that a rule on `opaque` may fit. A stanza that is not canonical,
 * or that uses prefixes of the stream header, may be anything: SHAPE_OPAQUE_ALL. Linear in the bytes, no allocation. */
unsigned shape_may_be_opaque(const struct xml_element *element);

/* The first URL in a text: offset and length. A URL is a scheme with "://" behind it (any scheme: http, ftp, aesgcm …), "www."
 * with a name behind it, "magnet:?", or "data:" with a comma before the next blank. No URL is xmpp:, since what it leads to comes
 * through the border and is judged there, nor mailto:, tel:, geo: and urn:, which fetch nothing. Letters in either case. */
bool shape_url_find(struct str text, size_t *ret_offset, size_t *ret_len);

/* ---- shaping ---- */

enum shape_fold {
	SHAPE_FOLD_NONE = 0,
	/* Presence becomes its type: available and unavailable lose show, status, priority, capabilities and everything else;
	 * subscription requests and answers and probes too, so that no text rides on them. An error keeps its condition and at
	 * most 256 bytes of text. Joining rooms needs a payload, so it does not work through this. */
	SHAPE_FOLD_PRESENCE,
	/* A message becomes its text: the first <body/> and the first <subject/>, and the security label, for the decision on it.
	 * The HTML copy, chat states, receipts, markers, threads, attachments, forwarded messages and all else go. Without a
	 * body nothing is left (a room's subject too). An error keeps its condition, as above. */
	SHAPE_FOLD_BODY,
};

/* What a rule with `action: strip` or `fold` does. Zeroed: nothing. */
struct shape_order {
	const struct shape_name *strip; /* elements of these names go, wherever they stand, with all that is in them */
	unsigned strip_count;
	unsigned opaque;      /* content of these classes goes; a URL in a text becomes SHAPE_LINK_REMOVED */
	enum shape_fold fold; /* after the others; touches its own kind of stanza alone */
};

#define SHAPE_LINK_REMOVED "[link removed]"

enum shape_outcome {
	SHAPE_SAME = 1,   /* nothing to do: forward the stanza as it is */
	SHAPE_CHANGED,    /* forward `shaped` */
	SHAPE_EMPTY,      /* a message of which nothing is left: drop it, with a verdict */
	SHAPE_SEALED,     /* it would have to change and is signed or encrypted: refuse it */
	SHAPE_NO_REQUEST, /* an iq whose request or error would go, so that it would no longer be one: refuse it */
	SHAPE_NO_MEMORY,  /* refuse it */
};

struct shape_result {
	enum shape_outcome outcome;
	struct xml_node *shaped; /* another tree, in the arena; NULL but for SHAPE_CHANGED */
};

/* Shapes a copy of a stanza in jabber:server or jabber:client.
 *
 * What is signed as a whole (label_is_signed_whole()) never changes, nor does anything around or inside of it. Where something
 * encrypted or signed (label_is_sealed()) would be left in a stanza that changed, or would be folded away, the stanza is refused;
 * only `strip` and `opaque` may take encrypted content out, wholly. Nothing of what was stripped is left, not even as the prefix
 * of an attribute. What comes out is shaped no further by the same order.
 *
 * Decide on security labels by the stanza as it came: no order takes a label away, but what is forwarded inside and folded away may
 * have had one that denies. */
void shape_apply(struct arena *arena, const struct xml_node *stanza, const struct shape_order *order,
		 struct shape_result *ret_result);

/* "signed or encrypted content would have to change", …: for the error and the audit. */
const char *shape_outcome_text(enum shape_outcome outcome);

/* Of SHAPE_SEALED, SHAPE_NO_REQUEST: policy-violation; of SHAPE_NO_MEMORY: resource-constraint; else none. */
enum stanza_condition shape_outcome_condition(enum shape_outcome outcome);

#endif
