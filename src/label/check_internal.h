/* SPDX-License-Identifier: Apache-2.0
 * What the files that look at whole stanzas share. Of this room only. */
#ifndef TRUNK_LABEL_CHECK_INTERNAL_H
#define TRUNK_LABEL_CHECK_INTERNAL_H

#include "label/check.h"
#include "label/label_internal.h"

#define NS_CLIENT "jabber:client"
#define NS_FORWARD "urn:xmpp:forward:0"
#define NS_PUBSUB "http://jabber.org/protocol/pubsub"
#define NS_PUBSUB_EVENT "http://jabber.org/protocol/pubsub#event"

static inline bool is_in_stanza_ns(const struct xml_node *node)
{
	return node->kind == XML_NODE_ELEMENT && (str_is(node->ns, NS_SERVER) || str_is(node->ns, NS_CLIENT));
}

static inline bool is_message(const struct xml_node *node)
{
	return is_in_stanza_ns(node) && str_is(node->name, "message");
}

void node_put_last(struct xml_node *parent, struct xml_node *child);

/* Adds <label/> or <equivalentlabel/> with the label inside. As label_node(). */
int label_payload_add(struct arena *arena, struct xml_node *element, const char *name, const struct label *label,
		      enum label_form form, const struct label_options *options);

/* Makes text and colours of <displaymarking/> anew; without text where the policy shows nothing. As label_marking_write(). */
int marking_fill(struct arena *arena, struct xml_node *marking, const struct label *label, struct str lang);
int marking_compare(struct arena *arena, const struct xml_node *marking, const struct label *label, struct str lang,
		    bool *ret_is_same);

/* Whether nobody could say that the equivalent is one of the label: it may not leave under our name. */
bool equivalent_is_unverified(const struct label_element *element, unsigned index, const struct label_options *options);

/* Whether the message only changes a room's subject. */
bool is_subject_change(const struct xml_node *message);

/* Shapes a granted stanza, a copy of what came, as request->treatment says. *ret_is_changed: it is no longer what came. 0;
 * TRUNK_EPOLICY: it is sealed and would have to change; other errors: it cannot be made. */
int label_shape(struct arena *arena, struct xml_node *stanza, const struct label_request *request, bool *ret_is_changed);

#endif
