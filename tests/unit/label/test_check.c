/* SPDX-License-Identifier: Apache-2.0
 * Whole stanzas: where a label may stand, which one counts, and whether everybody may see it (label-policy 1.3, 5.3 to 5.6). */
#include "stanzas.h"

static void both_sides_must_grant(void **state)
{
	struct fixture *f = *state;
	struct label_request request = request_of(f, K1, K2);

	assert_string_equal(outcome(f, &request, MESSAGE(BODY LABELLED(OCT2))), "pass");
	assert_string_equal(outcome(f, &request, MESSAGE(BODY LABELLED(OCT3))), "class");
	request = request_of(f, K2, K1);
	assert_string_equal(outcome(f, &request, MESSAGE(BODY LABELLED(OCT3))), "class");
	request = request_of(f, K1, K1);
	assert_string_equal(outcome(f, &request, MESSAGE(BODY LABELLED(OCT3))), "pass");
}

/* Of zone, spoke and address: one that denies is final. */
static void all_clearances_of_a_side_must_grant(void **state)
{
	struct fixture *f = *state;
	const struct label_clearance *all[] = {f->clearances[K1], f->clearances[K6], f->clearances[K3]};
	struct label_request request = request_of(f, K1, K1);

	request.recipient = (struct label_clearances){.at = all, .count = 2};
	assert_string_equal(outcome(f, &request, MESSAGE(BODY LABELLED(OCT2))), "pass");
	request.recipient.count = 3;
	assert_string_equal(outcome(f, &request, MESSAGE(BODY LABELLED(OCT2))), "class");
	request.recipient.count = 0;
	assert_string_equal(outcome(f, &request, MESSAGE(BODY LABELLED(OCT1))), "no-clearance");
	request = request_of(f, K1, K1);
	request.sender.count = 0;
	assert_string_equal(outcome(f, &request, MESSAGE(BODY LABELLED(OCT1))), "no-clearance");
}

static void a_message_without_a_label_has_the_default(void **state)
{
	struct fixture *f = *state;
	struct label_request request = request_of(f, K1, K3);
	struct label_result result;

	assert_string_equal(outcome(f, &request, MESSAGE(BODY)), "no-label");
	assert_string_equal(outcome(f, &request, MESSAGE(BODY SECURITYLABEL("<label/>"))), "no-label");
	request.default_label = words_of(f, "FARM: OPEN");
	assert_string_equal(outcome(f, &request, MESSAGE(BODY)), "pass");
	assert_string_equal(outcome(f, &request, MESSAGE(BODY SECURITYLABEL("<label/>"))), "pass");
	result = check(f, &request, MESSAGE(BODY));
	assert_ptr_equal(result.label, request.default_label);
	assert_false(result.has_own_label);
	result = check(f, &request, MESSAGE(BODY LABELLED(OCT3)));
	assert_string_equal(in_words(f, result.label), "FARM: SEALED; Compartment=ORCHID; Releasable To=XAA");
	assert_true(result.has_own_label);
	request.default_label = words_of(f, "FARM: GUARDED");
	assert_string_equal(outcome(f, &request, MESSAGE(BODY)), "class");
}

/* An explicit label that cannot be used is a denial, whatever the default says; the literal reading is behind a switch. */
static void an_unusable_label_is_not_the_default(void **state)
{
	struct fixture *f = *state;
	struct label_options lenient = f->options;
	struct label_request request = request_of(f, K1, K3);
	const char *foreign = MESSAGE(BODY SECURITYLABEL("<label><icismlabel xmlns='http://example.gov/IC-ISM/0'/></label>"));

	lenient.is_lenient = true;
	request.default_label = words_of(f, "FARM: OPEN");
	assert_string_equal(outcome(f, &request, MESSAGE(BODY LABELLED(OCT_BARN))), "no-policy");
	assert_string_equal(outcome(f, &request, MESSAGE(BODY LABELLED(OCT6))), "no-policy");
	assert_string_equal(outcome(f, &request, foreign), "format:icismlabel");
	request.options = &lenient;
	assert_string_equal(outcome(f, &request, MESSAGE(BODY LABELLED(OCT_BARN))), "pass");
	assert_string_equal(outcome(f, &request, MESSAGE(BODY LABELLED(OCT6))), "pass");
	assert_string_equal(outcome(f, &request, foreign), "pass");
	assert_string_equal(outcome(f, &request, MESSAGE(BODY LABELLED(OCT8))),
			    "invalid:class"); /* a known policy's, and wrong */
	assert_string_equal(outcome(f, &request, MESSAGE(BODY LABELLED("AAAA"))), "malformed");
	assert_string_equal(outcome(f, &request, MESSAGE(BODY LABELLED(OCT2))), "class");
}

static void a_label_may_stand_in_messages_alone(void **state)
{
	struct fixture *f = *state;
	const struct label_request request = request_of(f, K1, K1);

	assert_string_equal(outcome(f, &request, MESSAGE_OF("type='chat' ", BODY LABELLED(OCT1))), "pass");
	assert_string_equal(outcome(f, &request, MESSAGE_OF("type='groupchat' ", BODY LABELLED(OCT1))), "pass");
	assert_string_equal(outcome(f, &request, MESSAGE_OF("type='headline' ", BODY LABELLED(OCT1))), "pass");
	assert_string_equal(outcome(f, &request, "<presence from='a@b' to='c@d'/>"), "pass");
	assert_string_equal(outcome(f, &request, "<presence from='a@b' to='c@d'>" LABELLED(OCT1) "</presence>"),
			    "misplaced:presence");
	assert_string_equal(outcome(f, &request, "<iq type='set' id='1'><query xmlns='jabber:iq:roster'/></iq>"), "pass");
	assert_string_equal(outcome(f, &request, "<iq type='set' id='1'>" LABELLED(OCT1) "</iq>"), "misplaced:iq");
	assert_string_equal(
		outcome(f, &request, "<iq type='result' id='1'><query xmlns='urn:x'>" LABELLED(OCT1) "</query></iq>"),
		"misplaced:iq");
	assert_string_equal(
		outcome(f, &request, "<iq type='get' id='1'><catalog xmlns='urn:xmpp:sec-label:catalog:2' to='a@b'/></iq>"),
		"pass");
	assert_string_equal(outcome(f, &request,
				    "<iq type='set' id='1'><catalog xmlns='urn:xmpp:sec-label:catalog:2'><item>" LABELLED(
					    OCT1) "</item></catalog></iq>"),
			    "misplaced:iq");
	assert_string_equal(outcome(f, &request, "<other xmlns='jabber:server'/>"), "misplaced:stanza");
}

static void two_labels_are_a_violation(void **state)
{
	struct fixture *f = *state;
	const struct label_request request = request_of(f, K1, K1);

	assert_string_equal(outcome(f, &request, MESSAGE(LABELLED(OCT1) BODY LABELLED(OCT1))), "many-labels");
	assert_true(check(f, &request, MESSAGE(LABELLED(OCT1) BODY LABELLED(OCT1))).has_own_label);
	assert_string_equal(outcome(f, &request, MESSAGE(BODY LABELLED(OCT1) "<x xmlns='urn:x'>" LABELLED(OCT1) "</x>")),
			    "misplaced:element");
	assert_string_equal(outcome(f, &request, MESSAGE(BODY LABELLED(OCT1) "<label " NS_SL "/>")), "misplaced:element");
	assert_string_equal(outcome(f, &request,
				    MESSAGE(BODY "<s:securitylabel xmlns:s='urn:xmpp:sec-label:0'><s:label>" ESS(
					    OCT1) "</s:label></s:securitylabel>")),
			    "pass");
	assert_string_equal(outcome(f, &request, MESSAGE(BODY LABELLED("A"))), "malformed");
}

/* XEP-0258 §5: an error carries none, is not judged, and a border lets no content pass in it. */
static void errors_are_dropped_or_cut_down(void **state)
{
	struct fixture *f = *state;
	const struct label_request request = request_of(f, K1, K3);
	const char *plain = "<message type='error' id='m1'><error type='modify'><policy-violation "
			    "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
			    "</message>";

	assert_string_equal(leaves(f, &request, plain), "unchanged");
	assert_string_equal(
		outcome(f, &request, "<message type='error' id='m1'>" LABELLED(OCT1) "<error type='modify'/></message>"),
		"drop");
	assert_string_equal(
		outcome(f, &request, "<message type='error'><x xmlns='urn:x'><y>" LABELLED(OCT3) "</y></x></message>"), "drop");
	assert_string_equal(
		outcome(f, &request, "<iq type='error' id='1'><error type='cancel'>" LABELLED(OCT1) "</error></iq>"), "drop");
	assert_string_equal(
		leaves(f, &request,
		       "<message from='a@b' to='c@d' type='error' id='m1'><body>secret</body><error type='modify' by='b'>"
		       "<policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'><hidden>text</hidden></policy-violation>"
		       "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>No.</text><app "
		       "xmlns='urn:x'>more</app></error><error/></message>"),
		"<message from='a@b' to='c@d' type='error' id='m1'><error type='modify' by='b'><policy-violation "
		"xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' "
		"xml:lang='en'>No.</text></error></message>");
	assert_string_equal(leaves(f, &request, "<presence type='error' id='p'><status>secret</status></presence>"),
			    "<presence type='error' id='p'/>");
	assert_string_equal(
		leaves(f, &request,
		       "<message type='error'><error><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>a</text><text "
		       "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>b</text></error></message>"),
		"<message type='error'><error><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>a</text></error></message>");
}

static void the_text_of_an_error_has_a_length(void **state)
{
	struct fixture *f = *state;
	struct buf xml = {0};
	struct xml_node *node;
	struct str kept;

	buf_add_cstr(&xml, "<message type='error'><error type='cancel'><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>a");
	for (unsigned i = 0; i < LABEL_ERROR_TEXT_MAX; i++)
		buf_add_cstr(&xml, "\xc3\xa4");
	buf_add_cstr(&xml, "</text></error></message>");
	buf_add(&xml, str_make("", 1));
	node = tree(f, xml.at);
	buf_fini(&xml);
	assert_true(label_error_strip(node));
	kept = node->children->children->children->text;
	assert_int_equal(kept.len, LABEL_ERROR_TEXT_MAX - 1);           /* no half character */
	assert_false(label_error_strip(node));
}

/* The false equivalent of the vectors: LOW alone is granted, as SEALED's it is a lie. */
static void a_false_equivalent_denies_everybody(void **state)
{
	struct fixture *f = *state;
	const char *lie = MESSAGE(BODY WITH_EQUIVALENT(OCT3, OCT_LOW));

	for (unsigned k = 0; k < CLEARANCE_COUNT; k++) {
		const struct label_request request = request_of(f, K1, k);

		assert_string_equal(outcome(f, &request, lie), "invalid:equivalent");
		assert_string_equal(outcome(f, &request, MESSAGE(BODY WITH_EQUIVALENT(OCT2, OCT_LOW))), "invalid:equivalent");
	}
	for (unsigned k = K5; k <= K6; k++) {
		const struct label_request request = request_of(f, k, k);

		assert_string_equal(outcome(f, &request, MESSAGE(BODY LABELLED(OCT_LOW))), "pass");
		assert_string_equal(outcome(f, &request, MESSAGE(BODY LABELLED(OCT3))), "no-equivalent:class");
	}
}

static void a_true_equivalent_passes(void **state)
{
	struct fixture *f = *state;
	const struct label_request request = request_of(f, K1, K5);

	assert_string_equal(leaves(f, &request, MESSAGE(BODY WITH_EQUIVALENT(OCT2, OCT2_MILL))), "unchanged");
	assert_string_equal(outcome(f, &request, MESSAGE(BODY WITH_EQUIVALENT(OCT2, OCT2))),
			    "pass"); /* of its own policy, the same */
	assert_string_equal(outcome(f, &request, MESSAGE(BODY WITH_EQUIVALENT(OCT2, OCT1))), "invalid:equivalent");
	assert_string_equal(outcome(f, &request, MESSAGE(BODY WITH_EQUIVALENT(OCT2, OCT8))), "invalid:equivalent");
}

/* Nobody can say whether it is true, so it does not leave under our name. */
static void an_equivalent_that_nobody_can_verify_is_removed(void **state)
{
	struct fixture *f = *state;
	struct label_request request = request_of(f, K1, K1);

	assert_string_equal(leaves(f, &request, MESSAGE(BODY WITH_EQUIVALENT(OCT2, OCT_BARN))), MESSAGE(BODY LABELLED(OCT2)));
	assert_string_equal(leaves(f, &request,
				   MESSAGE(BODY SECURITYLABEL(
					   "<label>" ESS(OCT2) "</label><equivalentlabel><x xmlns='urn:x'/></equivalentlabel>"
							       "<equivalentlabel>" ESS(OCT2_MILL) "</equivalentlabel>"))),
			    MESSAGE(BODY WITH_EQUIVALENT(OCT2, OCT2_MILL)));
	request.default_label = words_of(f, "FARM: OPEN");
	assert_string_equal(
		leaves(f, &request, MESSAGE(BODY SECURITYLABEL("<label/><equivalentlabel>" ESS(OCT_LOW) "</equivalentlabel>"))),
		MESSAGE(BODY SECURITYLABEL("<label/>")));
}

/* Where the label's policy is not loaded, some senders are believed; the others are not. */
static void trusted_senders_assert_equivalents(void **state)
{
	struct fixture *f = *state;
	struct label_options trusts = f->options;
	struct label_request request = request_of(f, K1, K2);
	const char *message = MESSAGE(BODY WITH_EQUIVALENT(OCT_BARN, OCT1));

	trusts.trusts_equivalents = true;
	assert_string_equal(outcome(f, &request, message), "no-policy");
	request.options = &trusts;
	assert_string_equal(leaves(f, &request, message), "unchanged");
	assert_string_equal(outcome(f, &request, MESSAGE(BODY WITH_EQUIVALENT(OCT_BARN, OCT3))), "class");
	assert_string_equal(outcome(f, &request, MESSAGE(BODY WITH_EQUIVALENT(OCT_BARN, OCT8))), "invalid:equivalent");
	assert_string_equal(outcome(f, &request, MESSAGE(BODY LABELLED(OCT_BARN))), "no-policy");
	assert_string_equal(outcome(f, &request, MESSAGE(BODY WITH_EQUIVALENT(OCT6, OCT1))),
			    "no-policy"); /* names none at all */
	assert_string_equal(outcome(f, &request, MESSAGE(BODY WITH_EQUIVALENT(OCT_BARN, OCT_LOW))),
			    "no-policy"); /* not FARM's */
	assert_string_equal(outcome(f, &request, MESSAGE(BODY WITH_EQUIVALENT(OCT3, OCT1))),
			    "invalid:equivalent"); /* FARM is loaded: no trust */
	assert_string_equal(outcome(f, &request,
				    MESSAGE(BODY SECURITYLABEL("<label>" ESS(OCT_BARN) "</label><equivalentlabel>" ESS(
					    OCT1) "</equivalentlabel><equivalentlabel>" ESS(OCT3) "</equivalentlabel>"))),
			    "class"); /* all of them must be granted */
	request = request_of(f, K1, K5);
	request.options = &trusts;
	assert_string_equal(outcome(f, &request, message), "no-policy");        /* nothing for MILL */
}

/* Carbons, archives and forwards: each message inside is one of its own. */
static void nested_messages_are_judged_by_themselves(void **state)
{
	struct fixture *f = *state;
	struct label_request request = request_of(f, K1, K2);

	assert_string_equal(outcome(f, &request,
				    MESSAGE(LABELLED(OCT1) "<result xmlns='urn:xmpp:mam:2'>" FORWARDED(
					    "<delay xmlns='urn:xmpp:delay'/>" INNER(BODY LABELLED(OCT2))) "</result>")),
			    "pass");
	assert_string_equal(outcome(f, &request,
				    MESSAGE(LABELLED(OCT1) "<result xmlns='urn:xmpp:mam:2'>" FORWARDED(
					    INNER(BODY LABELLED(OCT3))) "</result>")),
			    "class");
	assert_string_equal(outcome(f, &request, MESSAGE(LABELLED(OCT1) FORWARDED(INNER(BODY)))), "no-label");
	assert_string_equal(outcome(f, &request, MESSAGE(LABELLED(OCT1) FORWARDED(INNER(BODY LABELLED(OCT1) LABELLED(OCT1))))),
			    "many-labels");
	assert_string_equal(
		outcome(f, &request,
			MESSAGE(LABELLED(OCT1) FORWARDED("<presence xmlns='jabber:client'>" LABELLED(OCT1) "</presence>"))),
		"misplaced:element");
	assert_string_equal(outcome(f, &request, MESSAGE(LABELLED(OCT1) FORWARDED(LABELLED(OCT1)))), "misplaced:element");
	/* Not forwarded, but inside all the same */
	assert_string_equal(outcome(f, &request, MESSAGE(LABELLED(OCT1) "<x xmlns='urn:x'>" INNER(BODY LABELLED(OCT3)) "</x>")),
			    "class");
	assert_string_equal(outcome(f, &request, MESSAGE(LABELLED(OCT1) INNER(BODY LABELLED(OCT3)))), "class");
	/* Nor does another namespace hide one */
	assert_string_equal(
		outcome(f, &request, MESSAGE(LABELLED(OCT1) FORWARDED("<message>" BODY LABELLED(OCT1) "</message>"))),
		"misplaced:forwarded");
	/* An error inside is no way around */
	assert_string_equal(outcome(f, &request,
				    MESSAGE(LABELLED(OCT1) FORWARDED(
					    "<message xmlns='jabber:client' type='error'><body>x</body></message>"))),
			    "no-label");
	/* In an iq too */
	assert_string_equal(outcome(f, &request, "<iq type='set'>" FORWARDED(INNER(BODY LABELLED(OCT3))) "</iq>"), "class");
	assert_string_equal(outcome(f, &request, "<iq type='set'>" FORWARDED(INNER(BODY LABELLED(OCT1))) "</iq>"), "pass");
	request.default_label = words_of(f, "FARM: OPEN");
	assert_string_equal(outcome(f, &request, MESSAGE(LABELLED(OCT1) FORWARDED(INNER(BODY)))), "pass");
}

/* label-policy 8: the outer message has depth 0, 4 is the deepest that is looked into. */
static void forwarding_has_a_depth(void **state)
{
	struct fixture *f = *state;
	const struct label_request request = request_of(f, K1, K2);

	for (unsigned depth = LABEL_NESTED_DEPTH_MAX; depth <= LABEL_NESTED_DEPTH_MAX + 1; depth++) {
		const bool is_deep = depth > LABEL_NESTED_DEPTH_MAX;
		struct buf forwarded = {0}, plain = {0};

		buf_add_cstr(&forwarded, "<message>" LABELLED(OCT1));
		buf_add_cstr(&plain, "<message>" LABELLED(OCT1));
		for (unsigned i = 0; i < depth; i++) {
			buf_add_cstr(&forwarded,
				     "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'>" LABELLED(OCT1));
			buf_add_cstr(&plain, "<message xmlns='jabber:client'>" LABELLED(OCT1));
		}
		for (unsigned i = 0; i < depth; i++) {
			buf_add_cstr(&forwarded, "</message></forwarded>");
			buf_add_cstr(&plain, "</message>");
		}
		buf_add(&forwarded, STR("</message>\0"));
		buf_add(&plain, STR("</message>\0"));
		assert_string_equal(outcome(f, &request, forwarded.at), is_deep ? "depth" : "pass");
		assert_string_equal(outcome(f, &request, plain.at), is_deep ? "depth" : "pass");
		buf_fini(&forwarded);
		buf_fini(&plain);
	}
}

/* Also where nothing is forwarded in the end. */
static void empty_forwarding_has_the_same_depth(void **state)
{
	struct fixture *f = *state;
	const struct label_request request = request_of(f, K1, K2);

	assert_string_equal(outcome(f, &request, MESSAGE(LABELLED(OCT1) FORWARDED(FORWARDED(FORWARDED(FORWARDED("")))))),
			    "pass");
	assert_string_equal(
		outcome(f, &request, MESSAGE(LABELLED(OCT1) FORWARDED(FORWARDED(FORWARDED(FORWARDED(FORWARDED(""))))))),
		"depth");
}

static void so_many_messages_in_one_stanza(void **state)
{
	struct fixture *f = *state;
	const struct label_request request = request_of(f, K1, K2);

	for (unsigned count = LABEL_NESTED_MAX - 1; count <= LABEL_NESTED_MAX; count++) {
		struct buf xml = {0};

		buf_add_cstr(&xml, "<message>" LABELLED(OCT1) "<forwarded xmlns='urn:xmpp:forward:0'>");
		for (unsigned i = 0; i < count; i++)
			buf_add_cstr(&xml, INNER(LABELLED(OCT1)));
		buf_add(&xml, STR("</forwarded></message>\0"));
		assert_string_equal(outcome(f, &request, xml.at), count < LABEL_NESTED_MAX ? "pass" : "depth");
		buf_fini(&xml);
	}
}

/* Beyond what the stream's own limit lets through. */
static void elements_inside_each_other_end_somewhere(void **state)
{
	struct fixture *f = *state;
	const struct label_request request = request_of(f, K1, K2);
	struct xml_node *root = tree(f, "<message>" LABELLED(OCT1) "</message>"), *at = root;
	struct label_result result;

	for (unsigned i = 0; i < 300; i++)
		assert_non_null(at = xml_node_add(&f->arena, at, "urn:x", "x"));
	label_check(&f->arena, root, &request, &result);
	assert_int_equal(result.outcome, LABEL_DENY);
	assert_int_equal(result.decision.why, LABEL_DEPTH);
}

static void labels_of_pubsub_items_are_judged_too(void **state)
{
	struct fixture *f = *state;
	const struct label_request request = request_of(f, K1, K2);
#define EVENT(item)                                                                                                            \
	"<event xmlns='http://jabber.org/protocol/pubsub#event'><items node='n'><item>" item "</item></items></event>"

	assert_string_equal(outcome(f, &request, MESSAGE(LABELLED(OCT1) EVENT("<entry xmlns='urn:x'/>" LABELLED(OCT2)))),
			    "pass");
	assert_string_equal(outcome(f, &request, MESSAGE(LABELLED(OCT1) EVENT("<entry xmlns='urn:x'/>" LABELLED(OCT3)))),
			    "class");
	assert_string_equal(
		outcome(f, &request, MESSAGE(LABELLED(OCT1) EVENT("<entry xmlns='urn:x'>" LABELLED(OCT1) "</entry>"))),
		"misplaced:element");
	assert_string_equal(
		outcome(f, &request,
			"<iq type='set'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='n'><item>" LABELLED(
				OCT1) "</item></publish></pubsub></iq>"),
		"misplaced:iq");
	assert_string_equal(outcome(f, &request, MESSAGE(LABELLED(OCT1) FORWARDED("<iq xmlns='jabber:client' type='set'>"
		EVENT(LABELLED(OCT1)) "</iq>"))), "misplaced:element");
}

/* Binding by STANAG 4778 is a seam: recognised, not understood. */
static void bound_labels_are_a_format_that_we_do_not_know(void **state)
{
	struct fixture *f = *state;
	const struct label_request request = request_of(f, K1, K1);

	assert_string_equal(
		outcome(f, &request, MESSAGE(BODY LABELLED(OCT1) "<BindingInformation xmlns='" NS_STANAG_BINDING "'/>")),
		"format:BindingInformation");
	assert_string_equal(outcome(f, &request,
				    MESSAGE(BODY LABELLED(OCT1) "<x xmlns='urn:x'><BindingInformation xmlns='" NS_STANAG_BINDING
								"'/></x>")),
			    "format:BindingInformation");
}

/* XEP-0258 §5.2 advises against; a subject is a message and can carry content. */
static void a_subject_change_is_judged_unless_lenient(void **state)
{
	struct fixture *f = *state;
	struct label_options lenient = f->options;
	struct label_request request = request_of(f, K1, K1);

	lenient.is_lenient = true;
	assert_string_equal(outcome(f, &request, MESSAGE_OF("type='groupchat' ", "<subject>x</subject>")), "no-label");
	request.options = &lenient;
	request.treatment = LABEL_FIRST_LINE;
	assert_string_equal(leaves(f, &request, MESSAGE_OF("type='groupchat' ", "<subject>x</subject>")), "unchanged");
	assert_string_equal(outcome(f, &request, MESSAGE_OF("type='groupchat' ", "<subject>x</subject>" BODY)), "no-label");
	assert_string_equal(outcome(f, &request, MESSAGE_OF("type='groupchat' ", "<subject>x</subject><x xmlns='urn:x'/>")),
			    "no-label");
	assert_string_equal(outcome(f, &request, MESSAGE_OF("type='groupchat' ", "<subject>x</subject>" LABELLED(OCT8))),
			    "invalid:class");
	assert_string_equal(outcome(f, &request, MESSAGE_OF("type='chat' ", "<subject>x</subject>")), "no-label");
	assert_string_equal(outcome(f, &request, MESSAGE_OF("type='groupchat' ", "")), "no-label");
}

static void mediated_invitations_may_be_labelled(void **state)
{
	struct fixture *f = *state;
	const struct label_request request = request_of(f, K1, K1);

	assert_string_equal(
		outcome(f, &request,
			MESSAGE("<x xmlns='http://jabber.org/protocol/muc#user'><invite to='a@b'/></x>" LABELLED(OCT1))),
		"pass");
}

static void stanag_labels_are_judged_alike(void **state)
{
	struct fixture *f = *state;
	struct label_request request = request_of(f, K1, K2);
#define STANAG(class) SECURITYLABEL("<label><originatorConfidentialityLabel xmlns='" NS_STANAG_LABEL \
	"'><ConfidentialityInformation>" \
	"<PolicyIdentifier>FARM</PolicyIdentifier><Classification>" class "</Classification></ConfidentialityInformation>" \
	"<CreationDateTime>2026-03-01T09:00:00Z</CreationDateTime></originatorConfidentialityLabel></label>")

	assert_string_equal(outcome(f, &request, MESSAGE(BODY STANAG("GUARDED"))), "pass");
	assert_string_equal(outcome(f, &request, MESSAGE(BODY STANAG("SEALED"))), "class");
	assert_string_equal(outcome(f, &request, MESSAGE(BODY STANAG("NONE"))), "invalid:class");
}

static void without_memory_nothing_passes(void **state)
{
	struct fixture *f = *state;
	const struct xml_node *message = tree(f, MESSAGE(BODY LABELLED(OCT1))), *error = tree(f, "<message type='error'/>");
	const struct label_request request = request_of(f, K1, K1);
	struct arena none = {.limit = 1};
	struct label_result result;

	label_check(&none, message, &request, &result);
	assert_int_equal(result.outcome, LABEL_DENY);
	assert_int_equal(result.condition, COND_RESOURCE_CONSTRAINT);
	label_check(&none, error, &request, &result);
	assert_int_equal(result.outcome, LABEL_DENY);
	arena_fini(&none);
}

/* Every limit of memory on the way ends in a denial or in the right answer, never in another one. */
static void memory_may_end_anywhere(void **state)
{
	struct fixture *f = *state;
	const struct xml_node *message = tree(f, MESSAGE(BODY MARKED_AS("<displaymarking>x</displaymarking>", OCT2)
							  FORWARDED(INNER(BODY LABELLED(OCT3)))));
	struct label_request request = request_of(f, K1, K5);

	request.treatment = LABEL_TRANSLATE;
	for (size_t limit = 16; limit < 20000; limit += 16) {
		struct arena arena = {.limit = limit};
		struct label_result result;

		label_check(&arena, message, &request, &result);
		assert_int_equal(result.outcome, LABEL_DENY);
		assert_true(result.decision.why == LABEL_NO_EQUIVALENT || result.decision.why == LABEL_NO_MEMORY);
		arena_fini(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_sides_must_grant),
		TEST(all_clearances_of_a_side_must_grant),
		TEST(a_message_without_a_label_has_the_default),
		TEST(an_unusable_label_is_not_the_default),
		TEST(a_label_may_stand_in_messages_alone),
		TEST(two_labels_are_a_violation),
		TEST(errors_are_dropped_or_cut_down),
		TEST(the_text_of_an_error_has_a_length),
		TEST(a_false_equivalent_denies_everybody),
		TEST(a_true_equivalent_passes),
		TEST(an_equivalent_that_nobody_can_verify_is_removed),
		TEST(trusted_senders_assert_equivalents),
		TEST(nested_messages_are_judged_by_themselves),
		TEST(forwarding_has_a_depth),
		TEST(empty_forwarding_has_the_same_depth),
		TEST(so_many_messages_in_one_stanza),
		TEST(elements_inside_each_other_end_somewhere),
		TEST(labels_of_pubsub_items_are_judged_too),
		TEST(bound_labels_are_a_format_that_we_do_not_know),
		TEST(a_subject_change_is_judged_unless_lenient),
		TEST(mediated_invitations_may_be_labelled),
		TEST(stanag_labels_are_judged_alike),
		TEST(without_memory_nothing_passes),
		TEST(memory_may_end_anywhere),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
