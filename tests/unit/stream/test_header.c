/* SPDX-License-Identifier: Apache-2.0
 * Stream headers: what is accepted of a peer's and what ours look like (RFC 6120 §4.7, §4.8). */
#include "stream/stream.h"

#include "../stanza/reads.h"

#include <stdio.h>

/* Parses the header `text` and gives what stream_header_parse() says. `ret_reads` is the caller's to end. */
static int parse(const char *text, struct reads *ret_reads, struct stream_header *ret_header)
{
	static const struct xml_limits limits = {.element_bytes = 10000, .depth = 4, .attributes = 32};
	size_t consumed;

	*ret_reads = (struct reads){.reader = xml_reader_new(&limits)};
	buf_add_cstr(&ret_reads->bytes, text);
	if (xml_reader_next(ret_reads->reader, buf_str(&ret_reads->bytes), &ret_reads->element, &consumed) != XML_HEADER)
		fail_msg("no header: %s", text);
	return stream_header_parse(xml_reader_header(ret_reads->reader), ret_header);
}

static int parse_only(const char *text)
{
	struct stream_header header;
	struct reads reads;
	const int err = parse(text, &reads, &header);

	reads_end(&reads);
	return err;
}

#define OPEN "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "

static void a_header_is_read(void **state)
{
	struct stream_header header;
	struct reads reads;

	(void)state;
	assert_int_equal(parse("<?xml version='1.0'?>" OPEN
			       "from='a.example' to='&#98;.example' id='x&amp;y' xml:lang='de' version='1.0'>",
			       &reads, &header),
			 0);
	assert_true(str_is(header.from, "a.example"));
	assert_true(str_is(header.to, "b.example"));
	assert_true(str_is(header.id, "x&y"));
	assert_true(str_is(header.lang, "de"));
	assert_true(header.has_version);
	reads_end(&reads);
}

static void absent_fields_are_absent(void **state)
{
	struct stream_header header;
	struct reads reads;

	(void)state;
	assert_int_equal(parse(OPEN ">", &reads, &header), 0);
	assert_true(str_is_absent(header.from) && str_is_absent(header.to) && str_is_absent(header.id) &&
		    str_is_absent(header.lang));
	assert_false(header.has_version);       /* RFC 3920: no features */
	reads_end(&reads);
}

static void attributes_of_other_namespaces_do_not_count(void **state)
{
	struct stream_header header;
	struct reads reads;

	(void)state;
	assert_int_equal(parse(OPEN "xmlns:x='urn:x' x:from='evil.example' x:version='9' from='a.example' x:to='evil.example'>",
			       &reads, &header),
			 0);
	assert_true(str_is(header.from, "a.example"));
	assert_true(str_is_absent(header.to));
	assert_false(header.has_version);
	reads_end(&reads);
}

/* RFC 6120 §4.8.1, §4.8.2. */
static void wrong_namespaces_and_names_are_refused(void **state)
{
	(void)state;
	assert_int_equal(
		parse_only(
			"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"),
		TRUNK_EXML_NAMESPACE);
	assert_int_equal(parse_only("<stream:stream xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"),
			 TRUNK_EXML_NAMESPACE);
	assert_int_equal(
		parse_only(
			"<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/stream' version='1.0'>"),
		TRUNK_EXML_NAMESPACE);
	assert_int_equal(parse_only("<stream:features xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
				    "version='1.0'>"),
			 TRUNK_EXML_NAMESPACE);
	assert_int_equal(parse_only("<stream xmlns='jabber:server' version='1.0'>"), TRUNK_EXML_NAMESPACE);
}

static void another_prefix_for_the_stream_is_accepted(void **state)
{
	(void)state;
	assert_int_equal(
		parse_only("<s:stream xmlns='jabber:server' xmlns:s='http://etherx.jabber.org/streams' version='1.0'>"), 0);
}

/* RFC 6120 §4.7.5; design.md §3: 1.0 or higher is answered by 1.0, all else is unsupported-version. */
static void versions_are_two_numbers_of_at_least_1_0(void **state)
{
	static const char *const good[] = {"1.0", "1.1", "2.0", "10.17", "01.00"};
	static const char *const bad[] = {"",    "1",   "1.",   ".0",   "0.9",  "0.0",          "1.0.0",
					  "a.b", "1,0", " 1.0", "1.0 ", "-1.0", "4294967296.0", "1.99999999999999999999"};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(text, sizeof(text), OPEN "version='%s'>", good[i]);
		if (parse_only(text) != 0)
			fail_msg("%s was refused", good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), OPEN "version='%s'>", bad[i]);
		if (parse_only(text) != TRUNK_EVERSION)
			fail_msg("%s was accepted", bad[i]);
	}
}

static void our_header_declares_dialback_and_says_what_it_was_given(void **state)
{
	const struct stream_header header = {
		.from = STR("a'.example"), .to = STR("b.example"), .id = STR("<1>"), .lang = STR("en"), .has_version = true,
	};
	const struct stream_header bare = {0};
	struct buf out = {0};

	(void)state;
	assert_int_equal(stream_header_write(&out, &header), 0);
	wrote(&out, "<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
		    "xmlns:db='jabber:server:dialback' from='a&apos;.example' to='b.example' id='&lt;1&gt;' xml:lang='en' "
		    "version='1.0'>");
	buf_clear(&out);
	assert_int_equal(stream_header_write(&out, &bare), 0);
	wrote(&out, "<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
		    "xmlns:db='jabber:server:dialback'>");
	buf_fini(&out);
}

static void what_we_write_we_read(void **state)
{
	const struct stream_header header = {
		.from = STR("ä.example"), .to = STR("b&c\t\n"), .id = STR("\"'<>"), .has_version = true};
	struct stream_header again;
	struct buf out = {0};
	struct reads reads;

	(void)state;
	assert_int_equal(stream_header_write(&out, &header), 0);
	assert_int_equal(buf_add(&out, STR("\0")), 0);
	assert_int_equal(parse(buf_str(&out).at, &reads, &again), 0);
	assert_true(str_eq(again.from, header.from) && str_eq(again.to, header.to) && str_eq(again.id, header.id));
	assert_true(str_is_absent(again.lang) && again.has_version);
	reads_end(&reads);
	buf_fini(&out);
}

/* RFC 6120 §4.7.3: unique and unguessable. */
static void ids_are_128_random_bits(void **state)
{
	enum { IDS = 200 };
	char ids[IDS][STREAM_ID_SIZE];

	(void)state;
	for (unsigned i = 0; i < IDS; i++) {
		assert_int_equal(stream_id_make(ids[i]), 0);
		assert_int_equal(strspn(ids[i], "0123456789abcdef"), STREAM_ID_SIZE - 1);
		assert_int_equal(ids[i][STREAM_ID_SIZE - 1], '\0');
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(ids[i], ids[k]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_is_read),
		cmocka_unit_test(absent_fields_are_absent),
		cmocka_unit_test(attributes_of_other_namespaces_do_not_count),
		cmocka_unit_test(wrong_namespaces_and_names_are_refused),
		cmocka_unit_test(another_prefix_for_the_stream_is_accepted),
		cmocka_unit_test(versions_are_two_numbers_of_at_least_1_0),
		cmocka_unit_test(our_header_declares_dialback_and_says_what_it_was_given),
		cmocka_unit_test(what_we_write_we_read),
		cmocka_unit_test(ids_are_128_random_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
