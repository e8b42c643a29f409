/* SPDX-License-Identifier: Apache-2.0
 * Both reader backends: what they take, what they refuse, wherever the bytes are cut. */
#include "xml/scan.h"

#include "docs.h"
#include "fuzz/xml_diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static const struct xml_reader_ops *const backends[] = {&xml_scan_ops, &xml_expat_ops};

/* Reads all; returns the error, and 0 where the root ended. */
static int read_doc(struct xml_reader *reader, struct str input, unsigned *ret_elements)
{
	struct xml_element element;
	uint64_t offset;
	unsigned elements = 0;
	enum xml_event event;
	bool has_ended = false;

	do {
		size_t consumed;

		event = xml_reader_next(reader, input, &element, &consumed);
		input = str_from(input, consumed);
		elements += event == XML_ELEMENT;
		has_ended |= event == XML_END;
	} while (event != XML_MORE && event != XML_ERROR);
	*ret_elements = elements;
	if (event == XML_MORE)
		return has_ended ? 0 : TRUNK_ENOENT;
	return xml_reader_error(reader, &offset);
}

static void every_document_gets_what_it_deserves(void **state)
{
	(void)state;
	for (unsigned i = 0; i < DOCS; i++) {
		for (unsigned k = 0; k < 2; k++) {
			struct xml_reader *reader = xml_reader_new_by(backends[k], &doc_limits);
			unsigned elements;
			const int err = read_doc(reader, docs[i].bytes, &elements);

			if (err != docs[i].error || elements != docs[i].elements)
				fail_msg("%s by %s: %s after %u elements", docs[i].title, backends[k]->name, error_text(err),
					 elements);
			xml_reader_free(&reader);
		}
	}
}

static void both_backends_see_the_same(void **state)
{
	(void)state;
	for (unsigned i = 0; i < DOCS; i++) {
		struct buf a = {0}, b = {0};

		if (!xml_logs_agree(&doc_limits, docs[i].bytes, i, &a, &b))
			fail_msg("%s:\n%.*s---\n%.*s", docs[i].title, STR_ARG(buf_str(&a)), STR_ARG(buf_str(&b)));
		buf_fini(&a);
		buf_fini(&b);
	}
}

/* Each of these the backends once read differently; most end in the middle of something. */
static void old_disagreements_are_settled(void **state)
{
	static const struct {
		const char *title;
		struct str bytes;
	} cases[] = {
		{"a declaration whose `?` is not followed by an angle", DOC("<?xml? >version='1.0'?>")},
		{"a character cut short before what looks like CDATA", DOC("<s><a>\xEF<![CDATAm>")},
		{"a character cut short before what looks like a tag's end", DOC("<s></\xF4s> ")},
		{"a character cut short by one that is cut short", DOC("<s><a>&\xF0\xC2<")},
		{"white space before what looks like UTF-16", DOC(" <\0?")},
		{"a character cut short before what looks like a declaration's end", DOC("<?xml F-4\xF0?>\xE4\xCD")},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf a = {0}, b = {0};

		for (size_t len = 1; len <= cases[i].bytes.len; len++) {
			buf_clear(&a);
			if (!xml_logs_agree(&doc_limits, str_until(cases[i].bytes, len), i, &a, &b))
				fail_msg("%s:\n%.*s---\n%.*s", cases[i].title, STR_ARG(buf_str(&a)), STR_ARG(buf_str(&b)));
			buf_clear(&b);
		}
		buf_fini(&a);
		buf_fini(&b);
	}
}

static void every_cut_gives_the_same(void **state)
{
	(void)state;
	for (unsigned i = 0; i < DOCS; i++) {
		struct buf whole = {0}, cut = {0};

		xml_log(&xml_scan_ops, NULL, &doc_limits, docs[i].bytes, (struct cuts){0}, &whole);
		for (size_t at = 1; at < docs[i].bytes.len; at++) {
			for (unsigned k = 0; k < 2; k++) {
				buf_clear(&cut);
				xml_log(backends[k], NULL, &doc_limits, docs[i].bytes, (struct cuts){.first = at}, &cut);
				if (!str_eq(buf_str(&whole), buf_str(&cut)))
					fail_msg("%s cut at %zu by %s", docs[i].title, at, backends[k]->name);
			}
		}
		buf_fini(&whole);
		buf_fini(&cut);
	}
}

/* Three pages, of which only the middle one can be touched. */
static char *guarded_page(size_t page)
{
	char *at = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(at, MAP_FAILED);
	assert_int_equal(mprotect(at + page, page, PROT_READ | PROT_WRITE), 0);
	return at;
}

/* Reads a prefix of a document that lies against either end of the page: a read beside it would end the test. */
static void read_beside_guard(const struct scan_loops *loops, struct str doc, char *at)
{
	struct xml_reader *reader = xml_reader_new_by(&xml_scan_ops, &doc_limits);
	unsigned elements;

	((struct scan *)(void *)reader)->loops = loops;
	memcpy(at, doc.at, doc.len);
	read_doc(reader, str_make(at, doc.len), &elements);
	xml_reader_free(&reader);
}

static void nothing_is_read_beside_the_input(void **state)
{
	static const enum scan_level levels[] = {SCAN_PLAIN, SCAN_SSE2, SCAN_AVX2, SCAN_NEON};
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *pages = guarded_page(page);

	(void)state;
	for (unsigned i = 0; i < DOCS; i++) {
		for (unsigned k = 0; k < 4; k++) {
			if (!scan_loops_of(levels[k]))
				continue;
			for (size_t len = 1; len <= docs[i].bytes.len; len++) {
				read_beside_guard(scan_loops_of(levels[k]), str_until(docs[i].bytes, len), pages + page);
				read_beside_guard(scan_loops_of(levels[k]), str_until(docs[i].bytes, len),
						  pages + 2 * page - len);
			}
		}
	}
	munmap(pages, 3 * page);
}

static void an_element_of_exactly_the_limit_passes_and_one_byte_more_does_not(void **state)
{
	static const char h[] = "<s xmlns='jabber:server'>";
	const size_t limit = doc_limits.element_bytes;
	struct buf doc = {0};

	(void)state;
	for (unsigned more = 0; more < 2; more++) {
		buf_clear(&doc);
		buf_add_cstr(&doc, h);
		buf_add_cstr(&doc, "<a>");
		while (buf_len(&doc) < sizeof(h) - 1 + limit - 4 + more)
			buf_add_cstr(&doc, "x");
		buf_add_cstr(&doc, "</a></s>");
		for (unsigned k = 0; k < 2; k++) {
			struct xml_reader *reader = xml_reader_new_by(backends[k], &doc_limits);
			unsigned elements;

			assert_int_equal(read_doc(reader, buf_str(&doc), &elements), more ? TRUNK_EXML_LIMIT : 0);
			assert_int_equal(elements, 1 - more);
			xml_reader_free(&reader);
		}
	}
	buf_fini(&doc);
}

/* Whatever stanzas may have: what a header declares is said again on each stanza that uses it. */
static void a_header_is_no_larger_than_headers_are(void **state)
{
	const struct xml_limits limits = {.element_bytes = 1 << 18, .depth = 4, .attributes = 4};
	struct buf doc = {0};

	(void)state;
	for (unsigned more = 0; more < 2; more++) {
		buf_clear(&doc);
		buf_addf(&doc, "<s xmlns:p='%0*u'></s>", (int)(XML_HEADER_BYTES_MAX - strlen("<s xmlns:p=''>") + more), 1u);
		for (unsigned k = 0; k < 2; k++) {
			struct xml_reader *reader = xml_reader_new_by(backends[k], &limits);
			unsigned elements;

			assert_int_equal(read_doc(reader, buf_str(&doc), &elements), more ? TRUNK_EXML_LIMIT : 0);
			xml_reader_free(&reader);
		}
	}
	buf_fini(&doc);
}

/* design.md §3: nothing is buffered past the limit, whatever it is that does not end. */
static void what_never_ends_is_refused_at_the_limit(void **state)
{
	static const char *const begins[] = {
		"<s><a>",    "<s><a",           "<s><a ",    "<s><a b='",  "<s><a b", "<s><a b=",
		"<s><a>&",   "<s><a>&#",        "<s><a>&#x", "<s><a b='&", "<s></",   "<s></s",
		"<s><a></a", "<s><a><![CDATA[", "<s",        "<s a='",     "<s ",     "<?xml version='1.0' ",
	};
	static const char fills[] = "a0 ";

	(void)state;
	for (unsigned i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		for (unsigned f = 0; f < 3; f++) {
			struct buf doc = {0}, a = {0}, b = {0};

			buf_add_cstr(&doc, begins[i]);
			while (buf_len(&doc) < 1100)
				buf_add(&doc, str_make(&fills[f], 1));
			if (!xml_logs_agree(&doc_limits, buf_str(&doc), i, &a, &b))
				fail_msg("%s%c…: %.*s---\n%.*s", begins[i], fills[f], STR_ARG(buf_str(&a)),
					 STR_ARG(buf_str(&b)));
			assert_non_null(memmem(a.at, buf_len(&a), "error", 5));
			buf_fini(&doc);
			buf_fini(&a);
			buf_fini(&b);
		}
	}
}

static void more_namespaces_than_can_be_in_force_are_refused(void **state)
{
	const struct xml_limits limits = {.element_bytes = 100000, .depth = 4, .attributes = 100};
	struct buf doc = {0}, a = {0}, b = {0};

	(void)state;
	for (unsigned count = XML_BINDINGS_MAX - 1; count <= XML_BINDINGS_MAX; count++) {
		struct xml_reader *reader = xml_reader_new_by(&xml_scan_ops, &limits);
		unsigned elements;

		buf_clear(&doc);
		buf_clear(&a);
		buf_add_cstr(&doc, "<s xmlns='jabber:server'>");
		for (unsigned i = 0; i < count; i++)
			buf_addf(&doc, "%s xmlns:p%u='urn:%u'", i % 90 ? "" : i ? "><a" : "<a", i, i);
		buf_add_cstr(&doc, "></a></a></a></s>");
		assert_int_equal(read_doc(reader, buf_str(&doc), &elements), count < XML_BINDINGS_MAX ? 0 : TRUNK_EXML_LIMIT);
		assert_true(xml_logs_agree(&limits, buf_str(&doc), count, &a, &b));
		xml_reader_free(&reader);
	}
	buf_fini(&doc);
	buf_fini(&a);
	buf_fini(&b);
}

static void a_header_with_more_declarations_than_bits_is_refused(void **state)
{
	const struct xml_limits limits = {.element_bytes = 100000, .depth = 4, .attributes = 100};
	struct buf doc = {0};

	(void)state;
	for (unsigned count = XML_DECLS_MAX; count <= XML_DECLS_MAX + 1; count++) {
		buf_clear(&doc);
		buf_add_cstr(&doc, "<s");
		for (unsigned i = 0; i < count; i++)
			buf_addf(&doc, " xmlns:p%u='urn:%u'", i, i);
		buf_addf(&doc, "><p%u:a/></s>", count - 1);
		for (unsigned k = 0; k < 2; k++) {
			struct xml_reader *reader = xml_reader_new_by(backends[k], &limits);
			unsigned elements;

			assert_int_equal(read_doc(reader, buf_str(&doc), &elements),
					 count > XML_DECLS_MAX ? TRUNK_EXML_LIMIT : 0);
			xml_reader_free(&reader);
		}
	}
	buf_fini(&doc);
}

static void add_long(struct buf *doc, const char *begin, const char *fill, size_t len, const char *end)
{
	buf_add_cstr(doc, begin);
	for (const size_t until = buf_len(doc) + len; buf_len(doc) < until; )
		buf_add_cstr(doc, fill);
	buf_add_cstr(doc, end);
}

/* Longer than what the Expat backend tells Expat of at once. */
static void long_parts_in_pieces_are_read_alike(void **state)
{
	const struct xml_limits limits = {.element_bytes = 1 << 20, .depth = 4, .attributes = 4};
	struct buf doc = {0}, whole = {0}, cut = {0};

	(void)state;
	buf_add_cstr(&doc, "<s>");
	add_long(&doc, "<a b='", "x>y", 20000, "'/>");
	add_long(&doc, "<a>", "\xE4\xB8\xAD &lt; ", 20000, "</a>");
	add_long(&doc, "<a><![CDATA[", "]]x", 20000, "]]></a>");
	add_long(&doc, "<a", "a", 20000, " c=''/>");
	add_long(&doc, "<a", " ", 20000, "/>");
	buf_add_cstr(&doc, "</s>");
	xml_log(&xml_scan_ops, NULL, &limits, buf_str(&doc), (struct cuts){0}, &whole);
	for (unsigned k = 0; k < 2; k++) {
		for (size_t most = 100; most <= 10000; most *= 10) {
			buf_clear(&cut);
			xml_log(backends[k], NULL, &limits, buf_str(&doc), (struct cuts){.seed = 1, .most = most}, &cut);
			assert_true(str_eq(buf_str(&whole), buf_str(&cut)));
		}
	}
	assert_non_null(memmem(whole.at, buf_len(&whole), "\nend\n", 5));
	buf_fini(&doc);
	buf_fini(&whole);
	buf_fini(&cut);
}

/* The Expat backend begins its parser anew now and then, for Expat never forgets a name; nobody is to notice. */
static void a_long_stream_stays_one_stream(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		struct xml_reader *reader = xml_reader_new_by(backends[k], &doc_limits);
		struct xml_element element;
		struct buf doc = {0};
		size_t consumed;

		assert_int_equal(xml_reader_next(reader, STR(H), &element, &consumed), XML_HEADER);
		for (unsigned i = 0; i < 6000; i++) {
			buf_clear(&doc);
			buf_addf(&doc, "<name%u><db:b xmlns='urn:b'/>", i);
			add_long(&doc, "", "xxxxxxxxxxxxxxxx", 900, "");
			buf_addf(&doc, "</name%u>", i);
			assert_int_equal(xml_reader_next(reader, buf_str(&doc), &element, &consumed), XML_ELEMENT);
			assert_int_equal(element.header_prefixes, 4);
			assert_true(str_is(element.ns, "jabber:server") && str_is(element.children[0].ns, "urn:db"));
		}
		assert_int_equal(xml_reader_next(reader, STR("</stream:stream>"), &element, &consumed), XML_END);
		buf_fini(&doc);
		xml_reader_free(&reader);
	}
}

static void white_space_is_consumed_and_an_element_that_has_begun_is_not(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		struct xml_reader *reader = xml_reader_new_by(backends[k], &doc_limits);
		struct xml_element element;
		size_t consumed;

		assert_int_equal(xml_reader_next(reader, STR("<s>"), &element, &consumed), XML_HEADER);
		assert_int_equal(consumed, 3);
		assert_int_equal(xml_reader_next(reader, STR("\n \n"), &element, &consumed), XML_MORE);
		assert_int_equal(consumed, 3);
		assert_int_equal(xml_reader_next(reader, STR(" <a><b>"), &element, &consumed), XML_MORE);
		assert_int_equal(consumed, 1);
		assert_int_equal(xml_reader_next(reader, STR("<a><b></b></a>\n"), &element, &consumed), XML_ELEMENT);
		assert_int_equal(consumed, 14);
		assert_int_equal(xml_reader_next(reader, STR("\n</s>"), &element, &consumed), XML_END);
		assert_int_equal(consumed, 5);
		assert_int_equal(xml_reader_next(reader, STR(""), &element, &consumed), XML_MORE);
		xml_reader_free(&reader);
	}
}

static void an_error_stays_and_says_where(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		struct xml_reader *reader = xml_reader_new_by(backends[k], &doc_limits);
		struct xml_element element;
		uint64_t offset = 0;
		size_t consumed;

		assert_int_equal(xml_reader_next(reader, STR("<s>"), &element, &consumed), XML_HEADER);
		assert_int_equal(xml_reader_next(reader, STR("<a>x</b>"), &element, &consumed), XML_ERROR);
		assert_int_equal(xml_reader_error(reader, &offset), TRUNK_EXML);
		assert_in_range(offset, 3 + 3, 3 + 8);
		assert_int_equal(xml_reader_next(reader, STR("<a/>"), &element, &consumed), XML_ERROR);
		xml_reader_free(&reader);
	}
}

static void a_reset_forgets_the_stream(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		struct xml_reader *reader = xml_reader_new_by(backends[k], &doc_limits);
		unsigned elements;

		assert_int_equal(read_doc(reader, STR("<s xmlns:p='urn:p' xml:lang='de'><p:a/><a>&"), &elements), TRUNK_ENOENT);
		xml_reader_reset(reader);
		assert_int_equal(read_doc(reader, STR("<s><p:a/></s>"), &elements), TRUNK_EXML_PREFIX);
		xml_reader_reset(reader);
		assert_int_equal(read_doc(reader, STR("<?xml version='1.0'?><s><a/></s>"), &elements), 0);
		assert_int_equal(elements, 1);
		xml_reader_free(&reader);
	}
}

static size_t passed_bytes;

static size_t count_text(const unsigned char *at, size_t p, size_t len)
{
	const size_t end = scan_text_plain(at, p, len);

	passed_bytes += end - p + 1;
	return end;
}

static size_t count_value(const unsigned char *at, size_t p, size_t len, unsigned char quote)
{
	const size_t end = scan_value_plain(at, p, len, quote);

	passed_bytes += end - p + 1;
	return end;
}

static size_t count_wide(const unsigned char *at, size_t p, size_t len)
{
	const size_t end = scan_wide_plain(at, p, len);

	passed_bytes += end - p + 1;
	return end;
}

/* Each byte is looked at once or twice, though every call offers all of them again. */
static void work_is_linear_when_bytes_come_one_by_one(void **state)
{
	static const struct scan_loops counting = {.name = "counting", .text = count_text, .value = count_value, .wide = count_wide};
	static const char *const pieces[] = {"<a>text", "<a b='value", "<a>\xC3\xA9\xC3\xA9", "<a><![CDATA[x",
					     "<a b='\xE2\x82\xAC"};
	const struct xml_limits limits = {.element_bytes = 1 << 20, .depth = 4, .attributes = 4};

	(void)state;
	for (unsigned i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct xml_reader *reader = xml_reader_new_by(&xml_scan_ops, &limits);
		const char *last = pieces[i] + strlen(pieces[i]) - 1;
		struct xml_element element;
		struct buf doc = {0};
		size_t consumed;

		((struct scan *)(void *)reader)->loops = &counting;
		assert_int_equal(xml_reader_next(reader, STR("<s>"), &element, &consumed), XML_HEADER);
		buf_add_cstr(&doc, pieces[i]);
		while ((unsigned char)*last >= 0x80 && ((unsigned char)*last & 0xC0) == 0x80)
			last--;
		passed_bytes = 0;
		while (buf_len(&doc) < 8192) {
			buf_add_cstr(&doc, last);
			assert_int_equal(xml_reader_next(reader, buf_str(&doc), &element, &consumed), XML_MORE);
		}
		assert_in_range(passed_bytes, 8192 / 2, 3 * 8192);
		buf_fini(&doc);
		xml_reader_free(&reader);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_document_gets_what_it_deserves),
		cmocka_unit_test(both_backends_see_the_same),
		cmocka_unit_test(old_disagreements_are_settled),
		cmocka_unit_test(every_cut_gives_the_same),
		cmocka_unit_test(nothing_is_read_beside_the_input),
		cmocka_unit_test(an_element_of_exactly_the_limit_passes_and_one_byte_more_does_not),
		cmocka_unit_test(a_header_is_no_larger_than_headers_are),
		cmocka_unit_test(what_never_ends_is_refused_at_the_limit),
		cmocka_unit_test(more_namespaces_than_can_be_in_force_are_refused),
		cmocka_unit_test(a_header_with_more_declarations_than_bits_is_refused),
		cmocka_unit_test(long_parts_in_pieces_are_read_alike),
		cmocka_unit_test(a_long_stream_stays_one_stream),
		cmocka_unit_test(white_space_is_consumed_and_an_element_that_has_begun_is_not),
		cmocka_unit_test(an_error_stays_and_says_where),
		cmocka_unit_test(a_reset_forgets_the_stream),
		cmocka_unit_test(work_is_linear_when_bytes_come_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
