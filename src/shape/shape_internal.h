/* SPDX-License-Identifier: Apache-2.0
 * What the files of this room share. Of this room only. */
#ifndef TRUNK_SHAPE_SHAPE_INTERNAL_H
#define TRUNK_SHAPE_SHAPE_INTERNAL_H

#include "label/check.h"
#include "shape/shape.h"

#define NS_CLIENT "jabber:client"

static inline bool is_stanza_ns(struct str ns)
{
	return str_is(ns, NS_SERVER) || str_is(ns, NS_CLIENT);
}

/* An element of the stanzas' own namespace that is no stanza: body, subject, status, error … */
static inline bool is_stanza_name(struct str name)
{
	return str_is(name, "message") || str_is(name, "presence") || str_is(name, "iq");
}

/* The node that stands next in the document, inside of `root`: into `node` first. NULL: that was all. Depth costs no stack. */
static inline struct xml_node *node_after(const struct xml_node *root, const struct xml_node *node)
{
	if (node->children)
		return node->children;
	while (node != root && !node->next)
		node = node->parent;
	return node == root ? NULL : node->next;
}

bool name_fits(const struct shape_name *name, struct str ns, struct str local);

/* By the namespace alone; also of a node of pubsub, which is called like one. */
unsigned ns_classes(struct str ns);

/* Of the element itself: namespace, hint, node, attributes that hold a URL, text that elements cut in pieces. */
unsigned element_classes(const struct xml_node *node);

/* Of one text inside of the stanza `root`. */
unsigned text_classes(const struct xml_node *root, const struct xml_node *text);

bool attr_is_link(struct str name, struct str value);
bool text_is_armoured(struct str text);
bool text_is_blank(struct str text);

enum { EME_CLASSES = SHAPE_OMEMO | SHAPE_OX | SHAPE_OTHER_OPAQUE, TEXT_CLASSES = SHAPE_LINK | SHAPE_OX | SHAPE_OTHER_OPAQUE };

/* Makes texts that stand side by side one, as whoever reads them will see. 0, TRUNK_ENOMEM. */
int texts_join(struct arena *arena, struct xml_node *node);

/* Each shapes `stanza` itself and sets *ret_is_changed where it did something. TRUNK_EPOLICY: sealed; TRUNK_ENOMEM. */
int strip(struct arena *arena, struct xml_node *stanza, const struct shape_order *order, bool *ret_is_changed);
int fold(struct arena *arena, struct xml_node *stanza, enum shape_fold fold, bool *ret_is_changed);

#endif
