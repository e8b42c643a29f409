/* SPDX-License-Identifier: Apache-2.0
 * The filters that are shipped, as they are (examples/filters). */
#include "fixture.h"

#include <stdlib.h>

static char *read_file(const char *path)
{
	char *text = calloc(1, 65536);
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	assert_non_null(text);
	assert_true(fread(text, 1, 65535, file) > 0);
	fclose(file);
	return text;
}

static void load(struct asked *asked, const char *name, const struct filter_setting *settings, unsigned count)
{
	char path[512];
	char *text;

	snprintf(path, sizeof(path), EXAMPLES "/filters/%s", name);
	text = read_file(path);
	asked->source.settings = (struct filter_settings){settings, count};
	asked_load(asked, text);
	free(text);
	if (!asked->set)
		fail_msg("%s", asked->problem);
}

static void answers(struct asked *asked, const char *payloads, enum filter_outcome outcome)
{
	char xml[4096];

	snprintf(xml, sizeof(xml), MESSAGE "%s</message>", payloads);
	asked_about(asked, xml);
	if (asked->answer.outcome != outcome)
		fail_msg("%s: outcome %d, not %d %s", payloads, asked->answer.outcome, outcome, asked->answer.why ? asked->answer.why : "");
}

static void bodies_answer(struct asked *asked, const char *const *bodies, enum filter_outcome outcome)
{
	char xml[2048];

	for (; *bodies; bodies++) {
		snprintf(xml, sizeof(xml), "<body>%s</body>", *bodies);
		answers(asked, xml, outcome);
	}
}

static const struct filter_setting words[] = {{"words", "orchid"}, {"words", "north gate"}, {"anywhere", "tsk-"}, {"disguised", "sabre"}};

static void words_are_found_however_they_are_written(void **state)
{
	static const char *const bad[] = {
		"the orchid leaves", "ORCHID!", "\xd0\xbe" "rchid", "or\xe2\x80\x8b" "chid", "o\xcc\x88rch\xc3\xad" "d", "North\n  Gate", "see TSK-99 and ATSK-1",
		"s.a.b.r.e", "5abr3", "s a b r e", "S-A-B-R-E", "\xef\xbd\x8f\xef\xbd\x92\xef\xbd\x83\xef\xbd\x88\xef\xbd\x89\xef\xbd\x84", "\xe2\x80\x9corchid\xe2\x80\x9d", NULL};
	static const char *const fine[] = {"Crates leave at six.", "orchids", "the northern gate", "tsk", "orc hid", "sable", "", NULL};
	struct asked asked = {0};

	(void)state;
	load(&asked, "words.lua", words, 4);
	bodies_answer(&asked, bad, FILTER_REJECT);
	bodies_answer(&asked, fine, FILTER_PASS);
	asked_fini(&asked);
}

static void words_are_found_wherever_they_stand(void **state)
{
	struct asked asked = {0};

	(void)state;
	load(&asked, "words.lua", words, 4);
	answers(&asked, "<subject>orchid</subject>", FILTER_REJECT);
	answers(&asked, "<body>no</body><body xml:lang='de'>orchid</body>", FILTER_REJECT);
	answers(&asked, "<html xmlns='http://jabber.org/protocol/xhtml-im'><body xmlns='http://www.w3.org/1999/xhtml'><p>or<b>chid</b></p></body></html>",
		FILTER_REJECT);
	answers(&asked, "<html xmlns='http://jabber.org/protocol/xhtml-im'><body xmlns='http://www.w3.org/1999/xhtml'><p>north</p><p>gate</p></body></html>",
		FILTER_REJECT);
	answers(&asked, "<x xmlns='jabber:x:conference' jid='a@b' reason='orchid'/>", FILTER_REJECT);
	answers(&asked, "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'><body>orchid</body></message></forwarded>", FILTER_REJECT);
	answers(&asked, "<body><![CDATA[orc]]>hid</body>", FILTER_REJECT);
	answers(&asked, "<body>&#111;rchid</body>", FILTER_REJECT);
	answers(&asked, "<orchid xmlns='urn:x'/>", FILTER_PASS);
	asked_fini(&asked);
}

static void the_answer_on_a_word_is_set(void **state)
{
	static const struct filter_setting drop[] = {{"words", "orchid"}, {"action", "drop"}};
	static const struct filter_setting told[] = {{"words", "orchid"}, {"condition", "not-allowed"}, {"text", "No flowers."}};
	struct asked asked = {0};

	(void)state;
	load(&asked, "words.lua", drop, 2);
	answers(&asked, "<body>orchid</body>", FILTER_DROP);
	asked_fini(&asked);
	load(&asked, "words.lua", told, 3);
	answers(&asked, "<body>orchid</body>", FILTER_REJECT);
	assert_int_equal(asked.answer.condition, COND_NOT_ALLOWED);
	assert_true(str_is(asked.answer.text, "No flowers."));
	assert_non_null(strstr(asked.lines, "orchid"));
	asked_fini(&asked);
}

static const struct filter_setting hosts[] = {{"hosts", "good.example"}, {"hosts", "*.good.example"}, {"schemes", "https"}, {"schemes", "xmpp"}};

static void links_lead_where_they_may(void **state)
{
	static const char *const fine[] = {"no link", "https://good.example/x?y", "https://a.good.example", "www.good.example/x", "https://GOOD.example.:443/",
					   "xmpp:room@good.example", "bob@anywhere.example", "Eat e.g. 3.5 apples.", NULL};
	static const char *const bad[] = {
		"https://evil.example", "http://good.example", "https://good.example.evil.example", "https://good.example@evil.example", "hxxps://evil[.]example",
		"evil.example", "www.evil.example", "https://evilgood.example", "javascript:alert(1)", "https://good.example,https://evil.example",
		"ht\xe2\x80\x8btps://evil.example", "https:\\\\evil.example", "//evil.example/x", "https://3232235777/", "https://\xd0\xb3ood.example",
		"ftp://good.example", "https://good%2eexample.evil.example", NULL};
	struct asked asked = {0};

	(void)state;
	load(&asked, "links.lua", hosts, 4);
	bodies_answer(&asked, fine, FILTER_PASS);
	bodies_answer(&asked, bad, FILTER_REJECT);
	answers(&asked, "<x xmlns='jabber:x:oob'><url>https://evil.example/f.png</url></x>", FILTER_REJECT);
	answers(&asked, "<body>ok</body><reference xmlns='urn:xmpp:reference:0' uri='https://evil.example'/>", FILTER_REJECT);
	asked_fini(&asked);
}

static void links_are_taken_out(void **state)
{
	static const struct filter_setting strip[] = {{"hosts", "good.example"}, {"action", "strip"}};
	struct asked asked = {0};

	(void)state;
	load(&asked, "links.lua", strip, 2);
	answers(&asked, "<body>see https://evil.example/x and https://good.example/y</body><x xmlns='jabber:x:oob'><url>https://evil.example/x</url></x>",
		FILTER_CHANGE);
	assert_true(str_is(asked.answer.stanza, MESSAGE "<body>see [link removed] and https://good.example/y</body></message>"));
	answers(&asked, "<x xmlns='jabber:x:oob'><url>https://evil.example/x</url></x>", FILTER_REJECT);
	answers(&asked, "<body>https://evil.example</body><active xmlns='http://jabber.org/protocol/chatstates'/>", FILTER_CHANGE);
	assert_non_null(strstr(asked.answer.stanza.at, "<active "));
	asked_fini(&asked);
}

static void settings_without_sense_do_not_load(void **state)
{
	static const struct filter_setting nonsense[] = {{"words", "x"}, {"action", "explode"}};
	struct asked asked = {0};
	char *text = read_file(EXAMPLES "/filters/words.lua");

	(void)state;
	asked_load(&asked, text);
	assert_null(asked.set);
	assert_non_null(strstr(asked.problem, "give words, anywhere or disguised a list"));
	asked_fini(&asked);
	asked.source.settings = (struct filter_settings){nonsense, 2};
	asked_load(&asked, text);
	assert_null(asked.set);
	assert_non_null(strstr(asked.problem, "action is reject or drop"));
	asked_fini(&asked);
	free(text);
}

/* A stanza as large as stanza-size allows is judged within the limits that are the default. */
static void the_largest_stanza_is_judged(void **state)
{
	static const char *const names[] = {"words.lua", "links.lua"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct asked asked = {0};
		const size_t size = 255 * 1024;
		char *xml = calloc(1, size + 512);

		assert_non_null(xml);
		load(&asked, names[i], i == 0 ? words : hosts, 4);
		strcpy(xml, MESSAGE "<body>");
		for (char *end = xml + strlen(xml); end < xml + size;)
			end = stpcpy(end, "Crates leave at six, and the barrels with them; ");
		strcat(xml, "</body></message>");
		if (asked_about(&asked, xml)->outcome != FILTER_PASS)
			fail_msg("%s: %s", names[i], asked.answer.why);
		asked_fini(&asked);
		free(xml);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_found_however_they_are_written),
		cmocka_unit_test(words_are_found_wherever_they_stand),
		cmocka_unit_test(the_answer_on_a_word_is_set),
		cmocka_unit_test(links_lead_where_they_may),
		cmocka_unit_test(links_are_taken_out),
		cmocka_unit_test(settings_without_sense_do_not_load),
		cmocka_unit_test(the_largest_stanza_is_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
