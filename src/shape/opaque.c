/* SPDX-License-Identifier: Apache-2.0
 * Classes of opaque content in a tree. */
#include "shape/shape_internal.h"

#define NS_EME "urn:xmpp:eme:0"
#define NS_PUBSUB "http://jabber.org/protocol/pubsub"
#define NS_FORWARD "urn:xmpp:forward:0"
#define NS_FORM "jabber:x:data"
#define NS_XHTML "http://www.w3.org/1999/xhtml"

struct marker {
	unsigned classes;
	const char *prefix; /* what the namespace begins with: versions and parts come behind */
	size_t len;
};

#define MARKER(of, text)                                                                                                       \
	{                                                                                                                      \
		.classes = (of), .prefix = text, .len = sizeof(text) - 1                                                       \
	}

static const struct marker markers[] = {
	MARKER(SHAPE_OMEMO, "eu.siacs.conversations.axolotl"),
	MARKER(SHAPE_OMEMO, "urn:xmpp:omemo:"),
	MARKER(SHAPE_OX, "urn:xmpp:openpgp:"),
	MARKER(SHAPE_OX, "urn:xmpp:ox:"),
	MARKER(SHAPE_OX, "jabber:x:encrypted"),
	MARKER(SHAPE_OX, "jabber:x:signed"),
	MARKER(SHAPE_JINGLE | SHAPE_IBB, "urn:xmpp:jingle:transports:ibb"),
	MARKER(SHAPE_JINGLE, "urn:xmpp:jingle"), /* also jingle-message (0353) and jinglepub (0358) */
	MARKER(SHAPE_JINGLE, "urn:xmpp:tmp:jingle"),
	MARKER(SHAPE_JINGLE, "http://jabber.org/protocol/jingle"),
	MARKER(SHAPE_JINGLE, "http://www.google.com/session"),
	MARKER(SHAPE_JINGLE, "http://www.google.com/transport/"),
	MARKER(SHAPE_JINGLE, "urn:xmpp:call-invites:"),                 /* 0482 */
	MARKER(SHAPE_JINGLE, "urn:xmpp:coin:"),                         /* 0298 */
	MARKER(SHAPE_JINGLE, "http://jabber.org/protocol/si"),          /* 0095, 0096, and sipub (0137) */
	MARKER(SHAPE_JINGLE, "http://jabber.org/protocol/bytestreams"), /* 0065 */
	MARKER(SHAPE_LINK, "jabber:x:oob"),
	MARKER(SHAPE_LINK, "jabber:iq:oob"),
	MARKER(SHAPE_LINK, "http://jabber.org/protocol/url-data"),  /* 0103 */
	MARKER(SHAPE_LINK, "http://jabber.org/protocol/http-auth"), /* 0070 */
	MARKER(SHAPE_LINK, "urn:xmpp:http:upload"),
	MARKER(SHAPE_LINK, "eu:siacs:conversations:http:upload"),
	MARKER(SHAPE_LINK, "urn:xmpp:sfs:"),
	MARKER(SHAPE_LINK, "urn:xmpp:esfs:"),
	MARKER(SHAPE_LINK, "urn:xmpp:sims:"),
	MARKER(SHAPE_LINK, "urn:xmpp:media-element"),        /* 0221 */
	MARKER(SHAPE_LINK, "urn:xmpp:pubsub-file-sharing:"), /* 0498 */
	MARKER(SHAPE_IBB, "http://jabber.org/protocol/ibb"),
	MARKER(SHAPE_IBB, "urn:xmpp:bob"),
	MARKER(SHAPE_OTHER_OPAQUE, "urn:xmpp:sce:"),
	MARKER(SHAPE_OTHER_OPAQUE, "urn:xmpp:encryption:"),
	MARKER(SHAPE_OTHER_OPAQUE, "urn:xmpp:otr:"),
	MARKER(SHAPE_OTHER_OPAQUE, "urn:xmpp:ssn"),                    /* 0116 */
	MARKER(SHAPE_OTHER_OPAQUE, "urn:ietf:params:xml:ns:xmpp-e2e"), /* RFC 3923 */
	MARKER(SHAPE_OTHER_OPAQUE, "http://www.w3.org/2001/04/xmlenc#"),
	MARKER(SHAPE_OTHER_OPAQUE, "http://www.xmpp.org/extensions/xep-0116.html#ns"),
	MARKER(SHAPE_OTHER_OPAQUE, "http://www.xmpp.org/extensions/xep-0200.html#ns"),
};

unsigned ns_classes(struct str ns)
{
	for (size_t i = 0; i < sizeof(markers) / sizeof(markers[0]); i++)
		if (ns.len >= markers[i].len && ns.at[markers[i].len - 1] == markers[i].prefix[markers[i].len - 1] &&
		    memcmp(ns.at, markers[i].prefix, markers[i].len) == 0)
			return markers[i].classes;
	return 0;
}

/* A hint (XEP-0380) names the encryption by its namespace; one that we do not know is encryption all the same. */
static unsigned hint_classes(const struct xml_node *node)
{
	const unsigned classes = ns_classes(xml_node_attr(node, "namespace")) & EME_CLASSES;

	return classes ? classes : SHAPE_OTHER_OPAQUE;
}

bool text_is_blank(struct str text)
{
	return str_trim(text).len == 0;
}

/* A text of the stanza that has elements in it: whoever puts the pieces together reads what no piece says. */
static bool is_cut_text(const struct xml_node *node)
{
	bool has_element = false, has_text = false;

	if (!is_stanza_ns(node->ns) || is_stanza_name(node->name) || str_is(node->name, "error"))
		return false;
	for (const struct xml_node *child = node->children; child; child = child->next) {
		has_element |= child->kind == XML_NODE_ELEMENT;
		has_text |= child->kind == XML_NODE_TEXT && !text_is_blank(child->text);
	}
	return has_element && has_text;
}

static bool is_link_name(struct str name)
{
	switch (name.len) {     /* asked of every attribute of every stanza */
	case 3:
		return str_is(name, "src") || str_is(name, "uri") || str_is(name, "url");
	case 4:
		return str_is(name, "href");
	case 5:
		return str_is(name, "about");
	case 6:
		return str_is(name, "target");
	default:
		return false;
	}
}

bool attr_is_link(struct str name, struct str value)
{
	size_t offset, len;

	return is_link_name(name) && shape_url_find(value, &offset, &len);
}

unsigned element_classes(const struct xml_node *node)
{
	unsigned classes = ns_classes(node->ns);

	if (str_is(node->ns, NS_EME))
		classes |= hint_classes(node);
	for (unsigned i = 0; i < node->attr_count; i++)
		if (attr_is_link(node->attrs[i].name, node->attrs[i].value))
			classes |= SHAPE_LINK;
	if (str_starts(node->ns, STR(NS_PUBSUB)))
		classes |= ns_classes(xml_node_attr(node, "node"));
	if (is_cut_text(node))
		classes |= TEXT_CLASSES;
	return classes;
}

bool text_is_armoured(struct str text)
{
	return memmem(text.at, text.len, "-----BEGIN PGP ", 15) != NULL;
}

/* Whether a URL in this text is one that people get to see. All are but the names of forms (XEP-0068), and in an iq what stands
 * elsewhere than in messages, texts of the stanza, XHTML and items of pubsub: forms and vCards there are full of addresses. */
static bool text_may_link(const struct xml_node *root, const struct xml_node *text)
{
	const bool is_iq = str_is(root->name, "iq");

	for (const struct xml_node *node = text->parent; node && node != root; node = node->parent) {
		if (str_is(node->ns, NS_FORM) && str_is(node->name, "field") && str_is(xml_node_attr(node, "var"), "FORM_TYPE"))
			return false;
		if (is_iq && (is_stanza_ns(node->ns) || str_is(node->ns, NS_FORWARD) || str_is(node->ns, NS_XHTML) ||
			      (str_starts(node->ns, STR(NS_PUBSUB)) && str_is(node->name, "item"))))
			return true;
	}
	return !is_iq;
}

unsigned text_classes(const struct xml_node *root, const struct xml_node *node)
{
	const struct str text = node->text;
	unsigned classes = 0;
	size_t offset, len;

	if (text_is_armoured(text))
		classes |= SHAPE_OX;
	if (node->parent && str_is(node->parent->name, "body") && str_starts(str_trim(text), STR("?OTR")))
		classes |= SHAPE_OTHER_OPAQUE;
	if (shape_url_find(text, &offset, &len) && text_may_link(root, node))
		classes |= SHAPE_LINK;
	return classes;
}

unsigned shape_opaque(const struct xml_node *stanza)
{
	unsigned classes = 0;

	for (unsigned i = 0; i < stanza->attr_count; i++)
		if (attr_is_link(stanza->attrs[i].name, stanza->attrs[i].value))
			classes |= SHAPE_LINK;
	for (const struct xml_node *node = node_after(stanza, stanza); node; node = node_after(stanza, node))
		classes |= node->kind == XML_NODE_TEXT ? text_classes(stanza, node) : element_classes(node);
	return classes;
}

static const struct {
	unsigned class;
	const char *word;
} words[] = {
	{SHAPE_OMEMO, "omemo"}, {SHAPE_OX, "ox"}, {SHAPE_JINGLE, "jingle"}, {SHAPE_LINK, "link"}, {SHAPE_IBB, "ibb"},
};

unsigned shape_class_of(struct str word)
{
	if (str_is(word, "*"))
		return SHAPE_OPAQUE_ALL;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_is(word, words[i].word))
			return words[i].class;
	return 0;
}

const char *shape_class_text(unsigned classes)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (classes & words[i].class)
			return words[i].word;
	return classes & SHAPE_OTHER_OPAQUE ? "other" : NULL;
}
