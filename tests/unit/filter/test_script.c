/* SPDX-License-Identifier: Apache-2.0
 * What scripts see and answer (design.md §7, docs/filters.md). */
#include "fixture.h"

/* A script whose last expression is true for the message of ask(). */
static void holds(const char *head, const char *expression)
{
	struct asked asked = {0};
	char script[4096];
	const struct filter_answer *answer;

	snprintf(script, sizeof(script), "%s\nfunction filter(stanza)\nif %s then return 'pass' end\nreturn 'drop'\nend", head, expression);
	answer = ask(&asked, script);
	if (answer->outcome != FILTER_PASS)
		fail_msg("%s: outcome %d %s", expression, answer->outcome, answer->why ? answer->why : "");
	asked_fini(&asked);
}

static void a_script_passes_rejects_and_drops(void **state)
{
	struct asked asked = {0};
	const struct filter_answer *answer;

	(void)state;
	assert_int_equal(ask(&asked, "function filter(s) return 'pass' end")->outcome, FILTER_PASS);
	assert_int_equal(filter_counts(asked.set, 0).passed, 1);
	asked_fini(&asked);
	assert_int_equal(ask(&asked, "function filter(s) return 'drop' end")->outcome, FILTER_DROP);
	asked_fini(&asked);
	answer = ask(&asked, "function filter(s) return 'reject', 'not-acceptable', 'No crates.' end");
	assert_int_equal(answer->outcome, FILTER_REJECT);
	assert_int_equal(answer->condition, COND_NOT_ACCEPTABLE);
	assert_true(str_is(answer->text, "No crates."));
	asked_fini(&asked);
	answer = ask(&asked, "function filter(s) return 'reject' end");
	assert_int_equal(answer->outcome, FILTER_REJECT);
	assert_int_equal(answer->condition, COND_POLICY_VIOLATION);
	assert_true(str_is_absent(answer->text));
	asked_fini(&asked);
}

static void an_answer_without_sense_is_a_failure(void **state)
{
	static const struct {
		const char *answer, *why;
	} rows[] = {
		{"", "returned neither"}, {"nil", "returned neither"}, {"true", "returned neither"}, {"'PASS'", "returned neither"},
		{"'pass '", "returned neither"}, {"'pass\\0'", "returned neither"}, {"{}", "returned neither"}, {"s", "returned neither"},
		{"'reject', 'teapot'", "\"teapot\" is no condition"}, {"'reject', {}", "have to be text"},
		{"'reject', 'forbidden', 5", "have to be text"}, {"'change'", "needs the text"}, {"'change', s", "needs the text"},
		{"'change', '<message'", "changed stanza: XML is not well-formed"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct asked asked = {0};
		char script[256];

		snprintf(script, sizeof(script), "function filter(s) return %s end", rows[i].answer);
		assert_true(failed_for(ask(&asked, script), rows[i].why));
		assert_int_equal(asked.answer.condition, COND_INTERNAL_SERVER_ERROR);
		assert_true(asked.answer.text.len > 0);
		assert_non_null(strstr(asked.lines, "filter-failed"));
		assert_non_null(strstr(asked.lines, "filter=test"));
		asked_fini(&asked);
	}
}

static void text_for_the_sender_is_cut_and_cleaned(void **state)
{
	struct asked asked = {0};
	const struct filter_answer *answer = ask(&asked, "function filter(s) return 'reject', nil, 'a\\0b\\27c\\xff' .. ('\\u{e9}'):rep(2000) end");

	(void)state;
	assert_int_equal(answer->outcome, FILTER_REJECT);
	assert_true(str_starts(answer->text, STR("a\xef\xbf\xbd" "b\xef\xbf\xbd" "c\xef\xbf\xbd\xc3\xa9")));
	assert_in_range(answer->text.len, FILTER_TEXT_BYTES_MAX - 3, FILTER_TEXT_BYTES_MAX);
	assert_int_equal(answer->text.at[answer->text.len], '\0');
	asked_fini(&asked);
}

static void a_script_sees_the_stanza(void **state)
{
	(void)state;
	holds("", "stanza.kind == 'message' and stanza.type == 'chat' and stanza.id == 'm1' and stanza.lang == 'en'");
	holds("", "stanza.from == 'ann@saturn.example.org/desk' and stanza.to == 'bob@mercury.example.net'");
	holds("", "stanza.size > 100 and stanza.size < 250");
	holds("", "stanza.body == 'Crates leave at six.' and stanza.subject == nil and stanza.label == nil and stanza.nonsense == nil");
	holds("", "stanza:text() == 'Crates leave at six.\\n'");
	holds("", "#stanza:payloads() == 1 and stanza:payloads()[1].name == 'body' and stanza:payloads()[1].ns == 'jabber:server'");
	holds("", "stanza:payload('jabber:server', 'body'):text() == 'Crates leave at six.' and stanza:payload('urn:x') == nil");
	holds("", "stanza:xml():find('<body>Crates leave at six.</body>', 1, true)");
	holds("", "select('#', trunk.jid(stanza.from)) == 3 and select(2, trunk.jid(stanza.from)) == 'saturn.example.org'");
	holds("", "trunk.jid('@') == nil and trunk.domain('EXAMPLE.org.') == 'example.org' and trunk.domain('..') == nil");
	holds("", "trunk.fits('a.example.org', '*.example.org') and not trunk.fits('example.org', '*.example.org')");
	holds("", "trunk.name == 'test' and trunk.escape('<&') == '&lt;&amp;'");
	holds("", "trunk.contains('The CRA\\u{200b}TES', 'crates')");
}

static void elements_are_walked(void **state)
{
	struct asked asked = {0};

	(void)state;
	asked_load(&asked, "function filter(s)\n"
			   "local x = s:payload('urn:x', 'x')\n"
			   "assert(x:attr('a') == '1' and x:attr('b') == nil and x:attr('lang', 'http://www.w3.org/XML/1998/namespace') == 'de')\n"
			   "assert(#x:children() == 2 and #x:children(nil, 'y') == 1 and x:child('urn:z').name == 'z')\n"
			   "assert(x:text() == 'topsecret' and x:text(' '):find('top  secret'))\n"
			   "assert(s:values() == '1\\nde\\nv\\n', s:values())\n"
			   "assert(x:xml():find('^<x '))\n"
			   "return 'pass' end");
	asked_about(&asked, MESSAGE "<x xmlns='urn:x' a='1' xml:lang='de'><y>top</y><z xmlns='urn:z' k='v'>secret</z></x></message>");
	if (asked.answer.outcome != FILTER_PASS)
		fail_msg("%s", asked.answer.why);
	asked_fini(&asked);
}

static bool give_label(void *ctx, struct filter_label *ret_label)
{
	(void)ctx;
	*ret_label = (struct filter_label){.words = STR("FARM: OPEN"), .marking = STR("FARM OPEN"), .policy = STR("FARM"), .class_name = STR("OPEN")};
	return true;
}

static void labels_are_seen_and_their_markings_are_no_text(void **state)
{
	struct asked asked = {0};

	(void)state;
	asked.view.label = give_label;
	asked_load(&asked, "function filter(s)\n"
			   "assert(s.label.words == 'FARM: OPEN' and s.label.class == 'OPEN' and s.label.policy == 'FARM')\n"
			   "assert(s.label.marking == 'FARM OPEN' and not s.label.is_default)\n"
			   "assert(s:text() == 'hi\\n', s:text())\n"
			   "return 'pass' end");
	asked_about(&asked, MESSAGE "<body>hi</body><securitylabel xmlns='urn:xmpp:sec-label:0'><displaymarking>SECRET</displaymarking>"
				    "</securitylabel></message>");
	if (asked.answer.outcome != FILTER_PASS)
		fail_msg("%s", asked.answer.why);
	asked_fini(&asked);
}

static void a_change_is_made_and_checked(void **state)
{
	static const char stanza[] = MESSAGE "<body>one</body><body xml:lang='de'>eins</body><html xmlns='http://jabber.org/protocol/xhtml-im'/>"
					     "<x xmlns='urn:x'/><active xmlns='urn:y'/></message>";
	struct asked asked = {0};

	(void)state;
	asked_load(&asked, "function filter(s) return 'change', s:edit{body = 'a < b', remove = {'urn:x', '{urn:y}other'}} end");
	asked_about(&asked, stanza);
	assert_int_equal(asked.answer.outcome, FILTER_CHANGE);
	assert_true(str_is(asked.answer.stanza, MESSAGE "<active xmlns='urn:y'/><body>a &lt; b</body></message>"));
	asked_fini(&asked);
}

static void a_change_keeps_who_says_it_to_whom(void **state)
{
	static const struct {
		const char *from, *to, *why;
	} rows[] = {
		{"saturn", "pluto", "another from"}, {"bob", "eve", "another to"}, {"chat", "error", "another type"}, {"m1", "m2", "another id"},
		{"message", "iq", "another kind"}, {"<message", "<message xmlns=\"urn:x\"", "another namespace"}, {" id=.m1.", "", "another id"},
		{"</message>", "</message><message/>", "not well-formed"}, {"</body>", "</body><!-- -->", "XMPP forbids"},
		{"</body>", "</body>&x;", "XMPP forbids"}, {"</body>", "\\1</body>", "well-formed"},
		{"</body>", "' .. ('x'):rep(70000) .. '</body>", "over a limit"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct asked asked = {0};
		char script[512];

		snprintf(script, sizeof(script), "function filter(s) return 'change', (s:xml():gsub('%s', '%s')) end", rows[i].from, rows[i].to);
		assert_true(failed_for(ask(&asked, script), rows[i].why));
		asked_fini(&asked);
	}
}

static void a_change_keeps_labels_and_what_is_sealed(void **state)
{
	static const char label[] = "<securitylabel xmlns='urn:xmpp:sec-label:0'><label><x xmlns='urn:l' a='1'/></label></securitylabel>";
	static const struct {
		const char *payload, *edit, *why;
		bool has_labels;
	} rows[] = {
		{label, "s:edit{body = 'x'}", NULL, true}, {label, "s:edit{remove = 'urn:xmpp:sec-label:0'}", "another security label", true},
		{label, "s:edit{remove = 'urn:xmpp:sec-label:0'}", NULL, false}, {label, "(s:xml():gsub(\"a='1'\", \"a='2'\"))", "another security label", true},
		{label, "(s:xml():gsub('(<securitylabel.*</securitylabel>)', '%1%1'))", "another security label", true},
		{"<body/>", "(s:xml():gsub('<body/>', '<securitylabel xmlns=\"urn:xmpp:sec-label:0\"/>'))", NULL, true},
		{"<encrypted xmlns='eu.siacs.conversations.axolotl'/>", "s:edit{body = 'x'}", "signed or encrypted", false},
		{"<encrypted xmlns='eu.siacs.conversations.axolotl'/>", "s:edit{body = 'x', remove = 'eu.siacs.conversations.axolotl'}", NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct asked asked = {.view = {.label = rows[i].has_labels ? give_label : NULL}};
		char script[512], xml[512];

		snprintf(script, sizeof(script), "function filter(s) return 'change', %s end", rows[i].edit);
		snprintf(xml, sizeof(xml), MESSAGE "%s</message>", rows[i].payload);
		asked_load(&asked, script);
		asked_about(&asked, xml);
		if (rows[i].why)
			assert_true(failed_for(&asked.answer, rows[i].why));
		else if (asked.answer.outcome != FILTER_CHANGE)
			fail_msg("%s: %s", rows[i].edit, asked.answer.why);
		asked_fini(&asked);
	}
}

static void what_does_not_load_is_told_with_its_place(void **state)
{
	static const struct {
		const char *script, *why;
	} rows[] = {
		{"function filter(s)\n\nreturn 'pass' en", "/test.lua:3: "}, {"x = 1", "/test.lua: does not define the function filter(stanza)"},
		{"filter = 5", "does not define"}, {"\n\nerror('no ' .. 'luck')", "/test.lua:3: no luck"}, {"error({})", "an error that is no text"},
		{"while true do end", "over time-limit"}, {"local t = {} for i = 1, 1e9 do t[i] = i end", "over memory-limit"},
		{"\x1bLua", "attempt to load a binary chunk"}, {"local io = io.open('/etc/passwd')", ":1: attempt to index a nil value"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct asked asked = {0};

		asked_load(&asked, rows[i].script);
		assert_null(asked.set);
		if (!strstr(asked.problem, rows[i].why) || !str_starts(str_of(asked.problem), STR("trunkd.yaml:7: filter \"test\": /tmp/")))
			fail_msg("%s: %s", rows[i].script, asked.problem);
		asked_fini(&asked);
	}
}

static void settings_are_lists(void **state)
{
	static const struct filter_setting settings[] = {{"word", "a"}, {"host.allowed", "x"}, {"word", "b"}};
	struct asked asked = {.source = {.settings = {settings, 3}}};
	const struct filter_answer *answer = ask(&asked, "local w = trunk.settings.word\nfunction filter(s)\n"
							 "assert(#w == 2 and w[2] == 'b' and trunk.settings['host.allowed'][1] == 'x')\n"
							 "assert(trunk.settings.none == nil)\nreturn 'pass' end");

	(void)state;
	if (answer->outcome != FILTER_PASS)
		fail_msg("%s", answer->why);
	asked_fini(&asked);
}

static void a_script_may_log_some_lines(void **state)
{
	struct asked asked = {0};
	unsigned lines = 0;

	(void)state;
	ask(&asked, "function filter(s) for i = 1, 100 do trunk.log('line\\n' .. i) end return 'pass' end");
	for (const char *at = asked.lines; (at = strstr(at, "filter-says")); at++)
		lines++;
	assert_int_equal(lines, SCRIPT_LOG_LINES);
	assert_non_null(strstr(asked.lines, "text=\"line\\"));
	asked_fini(&asked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_script_passes_rejects_and_drops),
		cmocka_unit_test(an_answer_without_sense_is_a_failure),
		cmocka_unit_test(text_for_the_sender_is_cut_and_cleaned),
		cmocka_unit_test(a_script_sees_the_stanza),
		cmocka_unit_test(elements_are_walked),
		cmocka_unit_test(labels_are_seen_and_their_markings_are_no_text),
		cmocka_unit_test(a_change_is_made_and_checked),
		cmocka_unit_test(a_change_keeps_who_says_it_to_whom),
		cmocka_unit_test(a_change_keeps_labels_and_what_is_sealed),
		cmocka_unit_test(what_does_not_load_is_told_with_its_place),
		cmocka_unit_test(settings_are_lists),
		cmocka_unit_test(a_script_may_log_some_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
