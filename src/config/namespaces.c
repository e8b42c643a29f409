/* SPDX-License-Identifier: Apache-2.0
 * Namespaces that are registered with the XSF, to find slips in those that rules name. */
#include "config/load.h"
#include "config/words.h"

/* Each stands for its versions, too: behind it may follow ":2", "#items" and the like. */
static const char *const KNOWN[] = {
	"eu.siacs.conversations.axolotl", "http://etherx.jabber.org/streams", "http://jabber.org/protocol/activity",
	"http://jabber.org/protocol/address", "http://jabber.org/protocol/amp", "http://jabber.org/protocol/bytestreams",
	"http://jabber.org/protocol/caps", "http://jabber.org/protocol/chatstates", "http://jabber.org/protocol/commands",
	"http://jabber.org/protocol/compress", "http://jabber.org/protocol/disco", "http://jabber.org/protocol/feature-neg",
	"http://jabber.org/protocol/file-transfer", "http://jabber.org/protocol/geoloc", "http://jabber.org/protocol/http-auth",
	"http://jabber.org/protocol/httpbind", "http://jabber.org/protocol/ibb", "http://jabber.org/protocol/mood",
	"http://jabber.org/protocol/muc", "http://jabber.org/protocol/nick", "http://jabber.org/protocol/offline",
	"http://jabber.org/protocol/physloc", "http://jabber.org/protocol/pubsub", "http://jabber.org/protocol/rosterx",
	"http://jabber.org/protocol/rsm", "http://jabber.org/protocol/shim", "http://jabber.org/protocol/si",
	"http://jabber.org/protocol/sipub", "http://jabber.org/protocol/soap", "http://jabber.org/protocol/tune",
	"http://jabber.org/protocol/waitinglist", "http://jabber.org/protocol/xdata", "http://jabber.org/protocol/xhtml-im",
	"jabber:client", "jabber:component", "jabber:iq:auth", "jabber:iq:gateway", "jabber:iq:last", "jabber:iq:oob", "jabber:iq:pass",
	"jabber:iq:privacy", "jabber:iq:private", "jabber:iq:register", "jabber:iq:roster", "jabber:iq:rpc", "jabber:iq:search",
	"jabber:iq:time", "jabber:iq:version", "jabber:server", "jabber:x:conference", "jabber:x:data", "jabber:x:delay",
	"jabber:x:encrypted", "jabber:x:event", "jabber:x:expire", "jabber:x:oob", "jabber:x:roster", "jabber:x:signed",
	"urn:xmpp:archive", "urn:xmpp:attention", "urn:xmpp:avatar:data", "urn:xmpp:avatar:metadata", "urn:xmpp:bidi", "urn:xmpp:blocking",
	"urn:xmpp:bob", "urn:xmpp:bookmarks", "urn:xmpp:captcha", "urn:xmpp:carbons", "urn:xmpp:chat-markers", "urn:xmpp:coin",
	"urn:xmpp:csi", "urn:xmpp:delay", "urn:xmpp:delegation", "urn:xmpp:eme", "urn:xmpp:esfs", "urn:xmpp:fallback",
	"urn:xmpp:features:rosterver", "urn:xmpp:file:metadata", "urn:xmpp:forward", "urn:xmpp:hashes", "urn:xmpp:hats", "urn:xmpp:hints",
	"urn:xmpp:http", "urn:xmpp:idle", "urn:xmpp:iot", "urn:xmpp:jingle", "urn:xmpp:jingle-message", "urn:xmpp:jinglepub",
	"urn:xmpp:json", "urn:xmpp:langtrans", "urn:xmpp:mam", "urn:xmpp:media-element", "urn:xmpp:message-attaching",
	"urn:xmpp:message-correct", "urn:xmpp:message-moderate", "urn:xmpp:message-retract", "urn:xmpp:mix", "urn:xmpp:mmuc",
	"urn:xmpp:occupant-id", "urn:xmpp:omemo", "urn:xmpp:openpgp", "urn:xmpp:order-by", "urn:xmpp:pie", "urn:xmpp:ping",
	"urn:xmpp:privilege", "urn:xmpp:push", "urn:xmpp:reach", "urn:xmpp:reactions", "urn:xmpp:receipts", "urn:xmpp:reference",
	"urn:xmpp:reply", "urn:xmpp:reporting", "urn:xmpp:rtt", "urn:xmpp:sce", "urn:xmpp:sec-label", "urn:xmpp:serverinfo", "urn:xmpp:sfs",
	"urn:xmpp:sid", "urn:xmpp:sims", "urn:xmpp:sm", "urn:xmpp:spam", "urn:xmpp:spoiler", "urn:xmpp:ssn", "urn:xmpp:stickers",
	"urn:xmpp:styling", "urn:xmpp:thumbs", "urn:xmpp:time", "urn:xmpp:tm", "urn:xmpp:tmp:hashes", "urn:xmpp:url-data",
	"urn:xmpp:vcard4", "urn:xmpp:vcard-temp", "urn:xmpp:viewer", "urn:xmpp:xbosh", "urn:xmpp:xdata", "urn:xmpp:xml-element", "urn:xmpp:xhtml",
	"vcard-temp",
};

enum { KNOWN_COUNT = sizeof(KNOWN) / sizeof(KNOWN[0]) };

static bool is_known(struct str ns)
{
	for (size_t i = 0; i < KNOWN_COUNT; i++) {
		const struct str known = str_of(KNOWN[i]);

		if (str_starts(ns, known) && (ns.len == known.len || memchr(":#/+-.", ns.at[known.len], 6)))
			return true;
	}
	return false;
}

/* Names that only the XSF gives. */
static bool is_registered(struct str ns)
{
	return str_starts(ns, STR("urn:xmpp:")) || str_starts(ns, STR("jabber:")) || str_starts(ns, STR("http://jabber.org/"));
}

void namespace_check(struct load *load, const char *path, const struct node *node, struct str ns)
{
	const size_t colon = ns.len > 2 && ns.at[ns.len - 2] == ':' ? ns.len - 2 : ns.len; /* without a version */
	struct nearest nearest = {.word = str_until(ns, colon)};

	if (is_known(ns))
		return;
	for (size_t i = 0; i < KNOWN_COUNT; i++)
		nearest_offer(&nearest, KNOWN[i]);
	if (!is_registered(ns) && (!nearest.best || nearest.distance > 2))
		return;
	problem_warning(&load->problems, node->place, "\"%s\" names \"%.*s\", which is no namespace that we know%s%s%s", path,
			STR_ARG(quote(ns)), nearest.best ? "; did you mean \"" : "", nearest.best ? nearest.best : "",
			nearest.best ? "\"?" : "");
}
