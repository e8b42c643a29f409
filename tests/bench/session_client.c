/* SPDX-License-Identifier: Apache-2.0
 * Streams that we open towards the trunk: a sender domain proves itself, or a receiving server asks about a key. */
#include "load.h"

#include "sniff.h"
#include "wire_tls.h"

static void prove_by_dialback(struct session *session)
{
	char key[65];

	session_key(key, session->to, session->from, session->id);
	session_say(session, "<db:result from='%s' to='%s'>%s</db:result>", session->from, session->to, key);
}

static void features(struct session *session, struct str element)
{
	const struct options *options = &session->load->options;

	if (session->is_features_seen)
		return;
	session->is_features_seen = true;
	if (!session->wire->ssl && !options->is_plain) {
		if (sniff_has(element, "urn:ietf:params:xml:ns:xmpp-tls"))
			session_say(session, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
		else
			session_fail(session, "offers no STARTTLS", element);
	} else if (session->role == ROLE_ASKER) {
		session_say(session, "<db:verify from='%s' to='%s' id='%s'>%s</db:verify>", session->from, session->to,
			    session->asks_for ? session->asks_for->id : "", session->key);
	} else if (session->is_authenticated) {
		session_proved(session);
	} else if (!options->is_external) {
		prove_by_dialback(session);
	} else if (sniff_has(element, ">EXTERNAL<")) {
		session_say(session, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>");
	} else {
		session_fail(session, "offers no EXTERNAL", element);
	}
}

/* The trunk says whether the key is good that its own db:result brought to us. */
static void answer(struct session *session, struct str element)
{
	struct session *const asked = session->asks_for;
	const struct str type = sniff_attr(element, "type");

	if (asked) {
		session_say(asked, "<db:result from='%s' to='%s' type='%.*s'/>", asked->to, session->to, STR_ARG(type));
		if (str_is(type, "valid"))
			session_proved(asked);
		else
			session_fail(asked, "the trunk does not own up to its key", element);
	}
	session_end(&session);
}

void session_client_element(struct session *session, struct str element)
{
	const struct str name = sniff_name(element);

	if (str_is(name, "stream:features") || str_is(name, "features")) {
		features(session, element);
	} else if (str_is(name, "proceed")) {
		wire_secure(session->wire, session->load->client_tls, session->to);
		wire_flush(session->wire);
	} else if (str_is(name, "success")) {
		session->is_authenticated = true;
		session_header(session, session->to, session->from, false);
	} else if (str_is(name, "db:result") && session->role == ROLE_SENDER) {
		if (str_is(sniff_attr(element, "type"), "valid"))
			session_proved(session);
		else
			session_fail(session, "dialback refused", element);
	} else if (str_is(name, "db:verify") && session->role == ROLE_ASKER) {
		answer(session, element);
	} else if (str_is(name, "enabled") || str_is(name, "a")) {
		return;         /* what the trunk acknowledges is sent once all the same */
	} else if (str_is(name, "message") || str_is(name, "presence") || str_is(name, "iq")) {
		tally_take_other(session, element);
	} else {
		session_fail(session, "unexpected", element);
	}
}
