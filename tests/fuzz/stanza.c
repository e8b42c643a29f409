/* SPDX-License-Identifier: Apache-2.0
 * Any element as a stanza: the error that refuses it at once and the one that bounces its forwarded bytes are the same error,
 * and neither is ever answered. */
#include "stanza/stanza.h"

#include "elements.h"

static void check_error(struct arena *arena, const struct stanza_reply *reply, struct buf *out)
{
	struct stanza_reply error;

	must(stanza_error_write(out, reply, COND_POLICY_VIOLATION, "text", "trunk.example.com") == 0);
	must(stanza_reply_parse(arena, buf_str(out), &error) == 0);
	must(error.kind == reply->kind && !error.is_answerable && same(error.id, reply->id));
	must(same(error.from, reply->to) && same(error.to, reply->from));
}

static void check(struct arena *arena, const struct xml_reader *reader, const struct stanza *stanza)
{
	struct buf forwarded = {0}, refused = {0}, bounced = {0};
	struct stanza_reply now, later;

	must(stanza_reply_of(arena, stanza, &now) == 0);
	must(xml_element_write(reader, stanza->element, arena, &forwarded) == 0);
	must(stanza_reply_parse(arena, buf_str(&forwarded), &later) == 0);
	must(now.is_answerable == later.is_answerable);
	check_error(arena, &now, &refused);
	check_error(arena, &later, &bounced);
	must(str_eq(buf_str(&refused), buf_str(&bounced)));
	buf_fini(&forwarded);
	buf_fini(&refused);
	buf_fini(&bounced);
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
		check(&arena, reader, &stanza);
	xml_reader_free(&reader);
	buf_fini(&input);
	arena_fini(&arena);
	return 0;
}
