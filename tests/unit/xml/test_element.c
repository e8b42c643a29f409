/* SPDX-License-Identifier: Apache-2.0
 * The facts of an element, by both backends, and the bytes it is forwarded by (design.md §2). */
#include "xml/reader_impl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define HEADER "<stream:stream xmlns='jabber:server' xmlns:stream='urn:streams' xmlns:db='urn:db' to='b&amp;c' xml:lang='en'>"
#define HEADER_PLAIN "<stream:stream xmlns='jabber:server' xmlns:stream='urn:streams' xmlns:db='urn:db'>"

static const struct xml_limits limits = {.element_bytes = 10000, .depth = 16, .attributes = 16};
static const struct xml_reader_ops *const backends[] = {&xml_scan_ops, &xml_expat_ops};

#define EACH_BACKEND(k) for (unsigned k = 0; k < 2; k++)

#define assert_str(s, expected) \
	do { \
		const struct str got_ = (s); \
		assert_false(str_is_absent(got_)); \
		if (!str_is(got_, (expected))) \
			fail_msg("%.*s instead of %s", STR_ARG(got_), (expected)); \
	} while (0)

static struct xml_reader *begin(unsigned backend, struct str header)
{
	struct xml_reader *reader = xml_reader_new_by(backends[backend], &limits);
	struct xml_element element;
	size_t consumed;

	assert_non_null(reader);
	assert_int_equal(xml_reader_next(reader, header, &element, &consumed), XML_HEADER);
	assert_int_equal(consumed, header.len);
	return reader;
}

static struct xml_element next(struct xml_reader *reader, struct str bytes)
{
	struct xml_element element;
	size_t consumed;

	assert_int_equal(xml_reader_next(reader, bytes, &element, &consumed), XML_ELEMENT);
	assert_int_equal(consumed, bytes.len);
	assert_true(str_eq(element.bytes, bytes));
	return element;
}

static void a_header_gives_its_names_attributes_and_declarations(void **state)
{
	(void)state;
	EACH_BACKEND(k) {
		struct xml_reader *reader = begin(k, STR(HEADER));
		const struct xml_header *h = xml_reader_header(reader);

		assert_str(h->prefix, "stream");
		assert_str(h->ns, "urn:streams");
		assert_str(h->name, "stream");
		assert_int_equal(h->attr_count, 2);
		assert_str(h->attrs[0].name, "to");
		assert_str(h->attrs[0].value, "b&c");
		assert_true(str_is_absent(h->attrs[0].prefix));
		assert_str(h->attrs[1].prefix, "xml");
		assert_str(h->attrs[1].ns, XML_NS_XML);
		assert_int_equal(h->decl_count, 3);
		assert_str(h->decls[0].prefix, "");
		assert_str(h->decls[0].uri, "jabber:server");
		assert_str(h->decls[2].prefix, "db");
		xml_reader_free(&reader);
	}
}

static void a_header_outlives_its_bytes(void **state)
{
	(void)state;
	EACH_BACKEND(k) {
		struct xml_reader *reader = xml_reader_new_by(backends[k], &limits);
		struct xml_element element;
		char *bytes = str_dup(STR(HEADER));
		size_t consumed;

		assert_int_equal(xml_reader_next(reader, str_of(bytes), &element, &consumed), XML_HEADER);
		memset(bytes, 'x', strlen(bytes));
		free(bytes);
		element = next(reader, STR("<db:a xmlns:p='urn:p'/>"));
		assert_str(element.ns, "urn:db");
		assert_str(xml_reader_header(reader)->attrs[0].value, "b&c");
		xml_reader_free(&reader);
	}
}

static void an_element_gives_its_five_values_raw(void **state)
{
	(void)state;
	EACH_BACKEND(k) {
		struct xml_reader *reader = begin(k, STR(HEADER));
		struct xml_element e =
			next(reader, STR("<message to=\"b@x\" from='a&amp;@x' type='chat' id='' xml:lang='de' db:to='no'/>"));
		struct arena arena = {0};

		assert_str(e.name, "message");
		assert_str(e.ns, "jabber:server");
		assert_int_equal(e.name_end, 8);
		assert_str(e.to, "b@x");
		assert_str(e.from, "a&amp;@x");
		assert_str(e.type, "chat");
		assert_str(e.id, "");
		assert_str(e.lang, "de");
		assert_true(e.has_escapes);
		assert_str(xml_decode(&arena, e.from), "a&@x");
		e = next(reader, STR("<message body='&lt;'><to from='x'/></message>"));
		assert_true(str_is_absent(e.to) && str_is_absent(e.from) && str_is_absent(e.type) && str_is_absent(e.id));
		assert_true(str_is_absent(e.lang));
		assert_false(e.has_escapes);            /* of the five alone */
		arena_fini(&arena);
		xml_reader_free(&reader);
	}
}

static void children_are_told_with_namespace_name_and_place(void **state)
{
	static const char bytes[] = "<iq>t<q xmlns='urn:q'><i/></q><db:r\n/><r xmlns=''>x</r></iq>";

	(void)state;
	EACH_BACKEND(k) {
		struct xml_reader *reader = begin(k, STR(HEADER));
		const struct xml_element e = next(reader, str_of(bytes));

		assert_int_equal(e.child_count, 3);
		assert_str(e.children[0].name, "q");
		assert_str(e.children[0].ns, "urn:q");
		assert_str(str_make(bytes + e.children[0].begin, e.children[0].end - e.children[0].begin),
			   "<q xmlns='urn:q'><i/></q>");
		assert_str(e.children[1].name, "r");
		assert_str(e.children[1].ns, "urn:db");
		assert_str(str_make(bytes + e.children[1].begin, e.children[1].end - e.children[1].begin), "<db:r\n/>");
		assert_str(e.children[2].ns, "");
		xml_reader_free(&reader);
	}
}

static void children_beyond_those_kept_are_counted(void **state)
{
	struct buf doc = {0};

	(void)state;
	buf_add_cstr(&doc, "<iq>");
	for (unsigned i = 0; i < XML_CHILDREN_MAX + 5; i++)
		buf_addf(&doc, "<c%u>x</c%u>", i, i);
	buf_add_cstr(&doc, "</iq>");
	EACH_BACKEND(k) {
		struct xml_reader *reader = begin(k, STR(HEADER));
		const struct xml_element e = next(reader, buf_str(&doc));

		assert_int_equal(e.child_count, XML_CHILDREN_MAX + 5);
		assert_str(e.children[XML_CHILDREN_MAX - 1].name, "c31");
		xml_reader_free(&reader);
	}
	buf_fini(&doc);
}

static void only_what_no_two_parsers_read_differently_is_canonical(void **state)
{
	static const struct {
		const char *bytes;
		bool is_canonical;
	} cases[] = {
		{"<message/>", true},
		{"<message a=\"it's\" >\t\n&lt;&amp;]]</message >", true},
		{"<message><x xmlns='urn:x' xmlns:y='urn:y' y:z='&quot;'/></message>", true},
		{"<message xmlns='jabber:server'/>", true},
		{"<message><x xmlns=''/>\xC3\xA9</message>", true},
		{"<message><![CDATA[x]]></message>", false},
		{"<message>&#65;</message>", false},
		{"<message a='&#x41;'/>", false},
		{"<message>\r\n</message>", false},
		{"<message a='x\ty'/>", false},
		{"<message><b c='x\ny'/></message>", false},
		{"<message\r/>", false},
		{"<db:message/>", false},
		{"<message xmlns='urn:x'/>", false},
		{"<message xmlns=''/>", false},
		{"<p:message xmlns:p='jabber:server'/>", false},
	};

	(void)state;
	EACH_BACKEND(k) {
		struct xml_reader *reader = begin(k, STR(HEADER));

		for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			if (next(reader, str_of(cases[i].bytes)).is_canonical != cases[i].is_canonical)
				fail_msg("%s by %s", cases[i].bytes, backends[k]->name);
		}
		xml_reader_free(&reader);
	}
}

static void prefixes_of_the_header_that_are_used_are_told(void **state)
{
	(void)state;
	EACH_BACKEND(k) {
		struct xml_reader *reader = begin(k, STR(HEADER));

		assert_int_equal(next(reader, STR("<a/>")).header_prefixes, 0);
		assert_int_equal(next(reader, STR("<a><db:b/></a>")).header_prefixes, 4);
		assert_int_equal(next(reader, STR("<a stream:b='' xml:c=''/>")).header_prefixes, 2);
		assert_int_equal(next(reader, STR("<a db:b='' xmlns:db='urn:own'/>")).header_prefixes, 0);
		assert_int_equal(next(reader, STR("<a><b xmlns:db='urn:own'><db:c/></b><db:c/></a>")).header_prefixes, 4);
		xml_reader_free(&reader);
	}
}

/* What `bytes` is forwarded as, behind `header`. */
static void assert_forwarded(struct str header, struct str bytes, const char *expected)
{
	EACH_BACKEND(k) {
		struct xml_reader *reader = begin(k, header);
		const struct xml_element e = next(reader, bytes);
		struct arena scratch = {0};
		struct buf out = {0};

		assert_int_equal(xml_element_write(reader, &e, &scratch, &out), 0);
		assert_str(buf_str(&out), expected);
		buf_fini(&out);
		arena_fini(&scratch);
		xml_reader_free(&reader);
	}
}

static void a_canonical_stanza_is_forwarded_byte_by_byte(void **state)
{
	(void)state;
	assert_forwarded(STR(HEADER_PLAIN), STR("<message  to=\"b\" ><body>&gt;'\"></body></message>"),
			 "<message  to=\"b\" ><body>&gt;'\"></body></message>");
	assert_forwarded(STR(HEADER), STR("<message xml:lang=''/>"), "<message xml:lang=''/>");
}

static void what_the_header_said_is_said_again(void **state)
{
	(void)state;
	assert_forwarded(STR(HEADER), STR("<message/>"), "<message xml:lang='en'/>");
	assert_forwarded(STR(HEADER_PLAIN), STR("<message\n><db:x/></message>"),
			 "<message xmlns:db='urn:db'\n><db:x/></message>");
	assert_forwarded(STR(HEADER), STR("<message db:x='1'/>"), "<message xmlns:db='urn:db' xml:lang='en' db:x='1'/>");
	assert_forwarded(STR("<s xmlns='jabber:server' xmlns:p='urn:&apos;&lt;p' xml:lang=\"'\">"), STR("<a p:b=''/>"),
			 "<a xmlns:p='urn:&apos;&lt;p' xml:lang='&apos;' p:b=''/>");
}

static void what_is_not_canonical_is_written_anew(void **state)
{
	(void)state;
	assert_forwarded(STR(HEADER_PLAIN), STR("<message  to=\"b\"\r\n><![CDATA[<]]>&#65;&#13;</message >"),
			 "<message to='b'>&lt;A&#13;</message>");
	assert_forwarded(STR(HEADER), STR("<message><![CDATA[]]><db:x a='&#10;'/></message>"),
			 "<message xmlns:db='urn:db' xml:lang='en'><db:x a='&#10;'/></message>");
	assert_forwarded(STR(HEADER_PLAIN), STR("<p:message xmlns:p='jabber:server'/>"),
			 "<p:message xmlns:p='jabber:server'/>");
}

/* The stream that it goes out on has jabber:server as default, whatever the one was that it came on. */
static void a_namespace_that_only_the_header_made_default_is_declared(void **state)
{
	(void)state;
	assert_forwarded(STR("<s xmlns='jabber:client'>"), STR("<message><a/></message>"),
			 "<message xmlns='jabber:client'><a/></message>");
	assert_forwarded(STR("<s>"), STR("<message/>"), "<message xmlns=''/>");
}

static void a_full_buffer_gets_nothing(void **state)
{
	static const char *const stanzas[] = {"<message/>", "<message><![CDATA[xxxxxxxxxx]]></message>"};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct xml_reader *reader = begin(0, STR(HEADER));
		const struct xml_element e = next(reader, str_of(stanzas[i]));
		struct arena scratch = {0};
		struct buf out = {.limit = 20};

		buf_add_cstr(&out, "before");
		assert_int_equal(xml_element_write(reader, &e, &scratch, &out), TRUNK_ELIMIT);
		assert_str(buf_str(&out), "before");
		buf_fini(&out);
		arena_fini(&scratch);
		xml_reader_free(&reader);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_gives_its_names_attributes_and_declarations),
		cmocka_unit_test(a_header_outlives_its_bytes),
		cmocka_unit_test(an_element_gives_its_five_values_raw),
		cmocka_unit_test(children_are_told_with_namespace_name_and_place),
		cmocka_unit_test(children_beyond_those_kept_are_counted),
		cmocka_unit_test(only_what_no_two_parsers_read_differently_is_canonical),
		cmocka_unit_test(prefixes_of_the_header_that_are_used_are_told),
		cmocka_unit_test(a_canonical_stanza_is_forwarded_byte_by_byte),
		cmocka_unit_test(what_the_header_said_is_said_again),
		cmocka_unit_test(what_is_not_canonical_is_written_anew),
		cmocka_unit_test(a_namespace_that_only_the_header_made_default_is_declared),
		cmocka_unit_test(a_full_buffer_gets_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
