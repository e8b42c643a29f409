/* SPDX-License-Identifier: Apache-2.0
 * Streams that the trunk opens towards us: we are the receiving server of a target, or the authoritative one of a sender. */
#include "load.h"

#include "die.h"
#include "sniff.h"
#include "wire_tls.h"

static bool has_peer_certificate(const struct session *session)
{
	return session->wire->ssl && SSL_get0_peer_certificate(session->wire->ssl);
}

#define SM_FEATURE "<sm xmlns='urn:xmpp:sm:3'/>"

static void header(struct session *session)
{
	static const char external[] =
		"<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms>";

	session_header(session, session->from, session->to, true);
	if (!session->wire->ssl && !session->load->options.is_plain)
		session_say(session, "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
			    "</stream:features>");
	else if (session->is_authenticated)
		session_say(session, "<stream:features>%s</stream:features>", session->load->options.is_managed ? SM_FEATURE : "");
	else
		session_say(session, "<stream:features>%s<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>%s"
			    "</stream:features>", has_peer_certificate(session) ? external : "", session->load->options.is_managed ? SM_FEATURE : "");
}

/* We are the receiving server. */
static void dialback_result(struct session *session, struct str element)
{
	const struct str from = sniff_attr(element, "from"), to = sniff_attr(element, "to");
	const struct str key = str_trim(sniff_text(element));
	struct session *asker;

	snprintf(session->from, sizeof(session->from), "%.*s", STR_ARG(from));
	snprintf(session->to, sizeof(session->to), "%.*s", STR_ARG(to));
	if (!session->load->options.is_verifying) {
		session_say(session, "<db:result from='%s' to='%s' type='valid'/>", session->to, session->from);
		session_proved(session);
		return;
	}
	asker = session_connect(session->load, ROLE_ASKER, NULL, session->to, session->from);
	asker->asks_for = session;
	snprintf(asker->key, sizeof(asker->key), "%.*s", STR_ARG(key));
}

/* We are the authoritative server: is the key one that our sender gave? */
static void dialback_verify(struct session *session, struct str element)
{
	const struct str from = sniff_attr(element, "from"), to = sniff_attr(element, "to"), id = sniff_attr(element, "id");
	char receiving[DOMAIN_SIZE], originating[DOMAIN_SIZE], stream_id[STREAM_ID_SIZE], key[65];

	snprintf(receiving, sizeof(receiving), "%.*s", STR_ARG(from));
	snprintf(originating, sizeof(originating), "%.*s", STR_ARG(to));
	snprintf(stream_id, sizeof(stream_id), "%.*s", STR_ARG(id));
	session_key(key, receiving, originating, stream_id);
	session_say(session, "<db:verify from='%s' to='%s' id='%s' type='%s'/>", originating, receiving, stream_id,
		    str_is(str_trim(sniff_text(element)), key) ? "valid" : "invalid");
}

void session_server_element(struct session *session, struct str element)
{
	const struct str name = sniff_name(element);

	if (str_is(name, "stream:stream")) {
		header(session);
	} else if (str_is(name, "starttls")) {
		session_say(session, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
		buf_clear(&session->wire->in);
		wire_secure(session->wire, session->load->server_tls, NULL);
	} else if (str_is(name, "auth") && has_peer_certificate(session)) {
		session_say(session, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
		session->is_authenticated = true;
		session_proved(session);
	} else if (str_is(name, "db:result")) {
		dialback_result(session, element);
	} else if (str_is(name, "db:verify")) {
		dialback_verify(session, element);
	} else if (str_is(name, "enable")) {
		session->handled = 0;
		session_say(session, "<enabled xmlns='urn:xmpp:sm:3'/>");
	} else if (str_is(name, "r")) {
		session_say(session, "<a xmlns='urn:xmpp:sm:3' h='%u'/>", session->handled);
	} else if (str_is(name, "message") || str_is(name, "presence") || str_is(name, "iq")) {
		session->handled++;
		tally_take_other(session, element);
	} else {
		session_fail(session, "unexpected", element);
	}
}
