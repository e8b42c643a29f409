/* SPDX-License-Identifier: Apache-2.0
 * Markings for peers that know no labels: the first line of the text (label-policy 5.7). */
#include "label/check_internal.h"

#define NS_XHTML_IM "http://jabber.org/protocol/xhtml-im"

/* What encrypts or signs a body or more of a message. */
static const char *const sealed_namespaces[] = {
	"jabber:x:encrypted", "jabber:x:signed",                        /* XEP-0027 */
	"urn:ietf:params:xml:ns:xmpp-e2e",                              /* RFC 3923 */
	"urn:xmpp:openpgp:0", "urn:xmpp:ox:0",                          /* XEP-0373 */
	"eu.siacs.conversations.axolotl", "urn:xmpp:omemo:0", "urn:xmpp:omemo:1", "urn:xmpp:omemo:2",   /* XEP-0384 */
	"urn:xmpp:sce:0", "urn:xmpp:sce:1",                             /* XEP-0420 */
	"urn:xmpp:encryption:stub:0", "http://www.w3.org/2001/04/xmlenc#",
};

/* What signs the stanza itself, so that nothing of it may change. */
static const char *const signed_namespaces[] = {
	"http://www.w3.org/2000/09/xmldsig#", "http://www.w3.org/2009/xmldsig11#", NS_STANAG_BINDING, "urn:xmpp:dsig:0",
};

static bool has_child_of(const struct xml_node *node, const char *const *namespaces, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (xml_node_child(node, namespaces[i], NULL))
			return true;
	return false;
}

bool label_is_signed_whole(const struct xml_node *message)
{
	return has_child_of(message, signed_namespaces, sizeof(signed_namespaces) / sizeof(signed_namespaces[0]));
}

/* OTR has no element of its own. */
static bool is_otr(const struct xml_node *message)
{
	for (const struct xml_node *body = xml_node_child(message, NULL, "body"); body;
	     body = xml_node_next(body, NULL, "body"))
		for (const struct xml_node *text = body->children; text; text = text->next)
			if (text->kind == XML_NODE_TEXT && str_starts(str_trim(text->text), STR("?OTR")))
				return true;
	return false;
}

bool label_is_sealed(const struct xml_node *message)
{
	return label_is_signed_whole(message) || is_otr(message) ||
	       has_child_of(message, sealed_namespaces, sizeof(sealed_namespaces) / sizeof(sealed_namespaces[0]));
}

static bool begins_with_line(struct str text, struct str line)
{
	return str_starts(text, line) && (text.len == line.len || text.at[line.len] == '\n' || text.at[line.len] == '\r');
}

static int body_mark(struct arena *arena, struct xml_node *body, struct str marking)
{
	const struct str text = xml_node_text(arena, body);
	struct buf all = {0};
	int err;

	if (str_is_absent(text))
		return TRUNK_ENOMEM;
	if (begins_with_line(text, marking))
		return 0;
	if ((err = buf_add(&all, marking)) == 0 && (err = buf_add(&all, STR("\n"))) == 0 && (err = buf_add(&all, text)) == 0) {
		body->children = NULL;
		err = xml_node_add_text(arena, body, buf_str(&all));
	}
	buf_fini(&all);
	return err;
}

int label_first_line(struct arena *arena, struct xml_node *message, struct str marking)
{
	int err = 0;

	if (label_is_sealed(message))
		return TRUNK_EPOLICY;
	for (struct xml_node **at = &message->children; *at && !err;) {
		struct xml_node *child = *at;

		if (child->kind == XML_NODE_ELEMENT && str_is(child->ns, NS_XHTML_IM)) {
			*at = child->next;
			continue;
		}
		if (is_in_stanza_ns(child) && str_is(child->name, "body") && marking.len > 0)
			err = body_mark(arena, child, marking);
		at = &child->next;
	}
	return err;
}
