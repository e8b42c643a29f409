/* SPDX-License-Identifier: Apache-2.0
 * Any stanza for the trunk's own domain: what it answers is one stanza, goes back to whom it came from, and is never answered
 * itself. */
#include "relay/own.h"

#include "elements.h"

static void check(struct arena *arena, const struct stanza *stanza, const struct xml_header *header)
{
	static const struct own_contact contact = {"abuse", "mailto:a&b@example.com"};
	static const struct own_facts facts = {
		.wall_ms = 1790000000000, .uptime_seconds = 1, .contacts = &contact, .contact_count = 1};
	struct stanza_reply asked, answer;
	struct buf out = {0};

	must(own_answer(&out, arena, stanza, header, &facts) == 0);
	must(stanza_reply_of(arena, stanza, &asked) == 0);
	must((buf_len(&out) > 0) == asked.is_answerable);
	if (buf_len(&out) > 0) {
		must(stanza_reply_parse(arena, buf_str(&out), &answer) == 0);
		must(!answer.is_answerable && answer.kind == asked.kind && same(answer.id, asked.id));
		must(same(answer.from, asked.to) && same(answer.to, asked.from));
	}
	buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xml_element element;
	struct xml_reader *reader;
	struct arena arena = {0};
	struct stanza stanza;
	struct buf input = {0};

	if (fuzz_element(str_make((const char *)data, size), &reader, &input, &element) &&
	    stanza_parse(&element, &arena, &stanza) == 0)
		check(&arena, &stanza, xml_reader_header(reader));
	xml_reader_free(&reader);
	buf_fini(&input);
	arena_fini(&arena);
	return 0;
}
