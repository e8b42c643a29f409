/* SPDX-License-Identifier: Apache-2.0
 * Presence cut down to its type, messages to their text. */
#include "stanzas.h"

static const char *folded(struct fixture *f, enum shape_fold fold, const char *stanza)
{
	const struct shape_order order = {.fold = fold};

	return shaped(f, &order, stanza);
}

#define DETAILS                                                                                                                \
	"<show>away</show><status>at the mill</status><priority>5</priority><c xmlns='http://jabber.org/protocol/caps' "       \
	"ver='x'/>"
#define BARE(attributes) "<presence from='nia@inner.example/desk' to='clerk@west.example'" attributes "/>"

static void presence_becomes_its_type(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(folded(f, SHAPE_FOLD_PRESENCE, PRESENCE("", DETAILS)), BARE(""));
	assert_string_equal(folded(f, SHAPE_FOLD_PRESENCE, PRESENCE(" type='unavailable' id='p1'", "<status>gone</status>")),
			    BARE(" type='unavailable' id='p1'"));
	assert_string_equal(folded(f, SHAPE_FOLD_PRESENCE, PRESENCE(" type='subscribe'", "<status>let me in</status>")),
			    BARE(" type='subscribe'"));
	assert_string_equal(folded(f, SHAPE_FOLD_PRESENCE, PRESENCE(" type='probe' note='x' xml:lang='en'", "")),
			    BARE(" type='probe' xml:lang='en'"));
	assert_string_equal(folded(f, SHAPE_FOLD_PRESENCE, BARE("")), "nothing to change");
	assert_string_equal(folded(f, SHAPE_FOLD_PRESENCE, PRESENCE(" type='subscribed'", "")), "nothing to change");
}

static void an_error_keeps_its_condition(void **state)
{
#define ERROR "<error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
	assert_string_equal(folded(*state, SHAPE_FOLD_PRESENCE, PRESENCE(" type='error'", DETAILS ERROR)),
			    PRESENCE(" type='error'", ERROR));
	assert_string_equal(folded(*state, SHAPE_FOLD_BODY, "<message type='error'>" BODY ERROR "</message>"),
			    "<message type='error'>" ERROR "</message>");
	assert_string_equal(folded(*state, SHAPE_FOLD_BODY, "<message type='error'>" ERROR "</message>"), "nothing to change");
}

static void a_message_becomes_its_text(void **state)
{
#define LABEL "<securitylabel xmlns='urn:xmpp:sec-label:0'><label/></securitylabel>"
	assert_string_equal(
		folded(*state, SHAPE_FOLD_BODY,
		       MESSAGE("\n <thread>t</thread><subject>s</subject><subject xml:lang='de'>b</subject>" LABEL
			       "<body xml:lang='en' x='1'>one<b xmlns='urn:b'>two</b></body><body xml:lang='de'>zwei</body>"
			       "<html xmlns='http://jabber.org/protocol/xhtml-im'/><active "
			       "xmlns='http://jabber.org/protocol/chatstates'/>"
			       "<request xmlns='urn:xmpp:receipts'/>" FORWARDED(BODY) "<body xmlns='urn:x'>y</body>")),
		MESSAGE("<subject>s</subject>" LABEL "<body xml:lang='en'>one</body>"));
	assert_string_equal(folded(*state, SHAPE_FOLD_BODY, MESSAGE(BODY)), "nothing to change");
}

/* Pieces of a text that an element held apart are one for whoever reads them, and so for who looks for links in them. */
static void pieces_of_a_text_become_one(void **state)
{
	const struct shape_order order = {.fold = SHAPE_FOLD_BODY};
	struct fixture *f = *state;
	struct shape_result result;

	shape_apply(&f->arena, tree(f, MESSAGE("<body>http:<x xmlns='urn:x'/>//a.example</body>")), &order, &result);
	assert_int_equal(result.outcome, SHAPE_CHANGED);
	assert_int_equal(shape_opaque(result.shaped), SHAPE_LINK);
}

static void without_a_body_nothing_is_left(void **state)
{
	static const char *const all[] = {
		MESSAGE("<active xmlns='http://jabber.org/protocol/chatstates'/>"),
		MESSAGE("<received xmlns='urn:xmpp:receipts' id='1'/>"),
		MESSAGE("<subject>topic</subject>"),
		MESSAGE("<body/>"),
		MESSAGE("<body> </body>"),
		MESSAGE(""),
		MESSAGE(FORWARDED(BODY)),
		MESSAGE("<body xmlns='urn:x'>x</body>"),
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		assert_string_equal(folded(*state, SHAPE_FOLD_BODY, all[i]), "nothing is left");
}

static void what_is_signed_or_encrypted_is_refused(void **state)
{
	assert_string_equal(folded(*state, SHAPE_FOLD_BODY, MESSAGE("<body>(encrypted)</body>" OMEMO)),
			    shape_outcome_text(SHAPE_SEALED));
	assert_string_equal(folded(*state, SHAPE_FOLD_BODY, MESSAGE(BODY FORWARDED(BODY OMEMO))),
			    shape_outcome_text(SHAPE_SEALED));
	assert_string_equal(folded(*state, SHAPE_FOLD_BODY, MESSAGE("<body>?OTR:AA</body>")), shape_outcome_text(SHAPE_SEALED));
	assert_string_equal(
		folded(*state, SHAPE_FOLD_PRESENCE, PRESENCE("", "<status>s</status><x xmlns='jabber:x:signed'>AA</x>")),
		shape_outcome_text(SHAPE_SEALED));
}

static void other_kinds_are_left_alone(void **state)
{
	assert_string_equal(folded(*state, SHAPE_FOLD_BODY, PRESENCE("", DETAILS)), "nothing to change");
	assert_string_equal(folded(*state, SHAPE_FOLD_PRESENCE, MESSAGE(BODY "<x xmlns='urn:x'/>")), "nothing to change");
	assert_string_equal(folded(*state, SHAPE_FOLD_BODY, IQ("get", "<x xmlns='urn:x'/>")), "nothing to change");
	assert_string_equal(folded(*state, SHAPE_FOLD_NONE, MESSAGE(BODY "<x xmlns='urn:x'/>")), "nothing to change");
}

/* What is encrypted may go first; the rest is plain. */
static void strip_comes_before_fold(void **state)
{
	const struct shape_order order = {.opaque = SHAPE_OMEMO, .fold = SHAPE_FOLD_BODY};

	assert_string_equal(shaped(*state, &order, MESSAGE("<body>(encrypted)</body><x xmlns='urn:x'/>" OMEMO)),
			    MESSAGE("<body>(encrypted)</body>"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(presence_becomes_its_type),
		TEST(an_error_keeps_its_condition),
		TEST(a_message_becomes_its_text),
		TEST(pieces_of_a_text_become_one), TEST(without_a_body_nothing_is_left),
		TEST(what_is_signed_or_encrypted_is_refused),
		TEST(other_kinds_are_left_alone),
		TEST(strip_comes_before_fold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
