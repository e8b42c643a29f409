/* SPDX-License-Identifier: Apache-2.0
 * Reader backend B: Expat alone, behind a small finder of tag ends. The fallback build, and the scanner's oracle. */
#include "xml/reader_expat.h"

#include "xml/chars.h"

#include <stdlib.h>

/* LEX_ON goes on; the others are the last word on what is there. Below zero: the error, once Expat has found nothing before. */
enum { LEX_ON, LEX_MORE, LEX_WHOLE };

/* A token that Expat could not finish is offered again when it is whole, or has doubled: each offer begins it anew, so
 * offering every byte would take quadratic time. Small ones are offered always, to tell errors early. */
enum { TOKEN_EAGER_BYTES = 4096 };

/* Expat never forgets a name; a parser that has read this much is begun anew. */
enum { PARSER_BYTES_MAX = 4 << 20 };

/* Markup may seem to begin within a character that was cut short; Expat sees that only when the character's last byte should
 * be in. Says LEX_MORE until then, for ASCII at `p` that comes too early. */
static int lex_cut_short(const unsigned char *at, size_t p, size_t len)
{
	for (size_t back = p < 3 ? p : 3; back > 0; back--) {
		const unsigned size = utf8_len(at[p - back]);

		if (size > back)
			return len - (p - back) < size ? LEX_MORE : TRUNK_EXML;
	}
	return LEX_ON;
}

static int lex_open(struct lex *lex, const struct xml_limits *limits, const unsigned char *at, size_t len)
{
	lex->is_close = false;
	lex->values = 0;
	switch (at[lex->pos]) {
	case '/':
		lex->is_close = true;
		break;
	case '?':
		return TRUNK_EXML_RESTRICTED;
	case '!':
		switch (lex->is_header ? XML_BANG_RESTRICTED : xml_bang_kind(at + lex->token, len - lex->token)) {
		case XML_BANG_MORE:
			return LEX_MORE;
		case XML_BANG_RESTRICTED:
			return TRUNK_EXML_RESTRICTED;
		default:
			break;
		}
		if (lex->depth == 0)
			return TRUNK_EXML_FORMAT;
		lex->pos = lex->token + XML_CDATA_OPEN_LEN;
		lex->state = LEX_CDATA;
		return LEX_ON;
	default:
		if (!lex->is_header && lex->depth >= limits->depth)
			return TRUNK_EXML_LIMIT;
	}
	lex->state = LEX_TAG;
	return LEX_ON;
}

static int lex_tag_end(struct lex *lex, const unsigned char *at)
{
	const bool is_empty = at[lex->pos - 2] == '/';

	lex->state = LEX_TEXT;
	if (lex->is_header || (lex->is_close && lex->depth == 0))
		return LEX_WHOLE;
	if (lex->is_close)
		lex->depth--;
	else if (!is_empty)
		lex->depth++;
	return lex->depth == 0 ? LEX_WHOLE : LEX_ON;
}

static int lex_tag(struct lex *lex, const struct xml_limits *limits, const unsigned char *at, size_t len)
{
	int step;

	while (lex->pos < len) {
		const unsigned char c = at[lex->pos];

		if ((c == '>' || c == '\'' || c == '"') && (step = lex_cut_short(at, lex->pos, len)) != LEX_ON)
			return step;
		if (c == '>') {
			lex->pos++;
			return lex_tag_end(lex, at);
		}
		if (c == '\'' || c == '"') {
			lex->pos++;
			if (lex->values++ >= limits->attributes)
				return TRUNK_EXML_LIMIT;        /* Expat gets the quote, to say first if it is amiss */
			lex->quote = c;
			lex->state = LEX_QUOTED;
			return LEX_ON;
		}
		lex->pos++;
	}
	return LEX_MORE;
}

/* Behind the next `c`; false: none is there. */
static bool lex_pass(struct lex *lex, unsigned char c, const unsigned char *at, size_t len)
{
	const unsigned char *found = memchr(at + lex->pos, c, len - lex->pos);

	lex->pos = found ? (size_t)(found - at) + 1 : len;
	return found != NULL;
}

static int lex_step(struct lex *lex, const struct xml_limits *limits, const unsigned char *at, size_t len)
{
	int step;

	if (lex->pos == len)
		return LEX_MORE;
	switch (lex->state) {
	case LEX_TEXT:
		if (!lex_pass(lex, '<', at, len))
			return LEX_MORE;
		lex->token = lex->pos - 1;
		step = lex_cut_short(at, lex->token, len);
		if (step == LEX_MORE)
			lex->pos = lex->token;
		else
			lex->state = LEX_OPEN;
		return step;
	case LEX_OPEN:
		return lex_open(lex, limits, at, len);
	case LEX_TAG:
		return lex_tag(lex, limits, at, len);
	case LEX_QUOTED:
		if (lex_pass(lex, lex->quote, at, len))
			lex->state = LEX_TAG;
		return LEX_ON;
	case LEX_CDATA:
		if (!lex_pass(lex, '>', at, len))
			return LEX_MORE;
		if (lex->pos >= lex->token + XML_CDATA_OPEN_LEN + 3 && memcmp(at + lex->pos - 3, "]]>", 3) == 0)
			lex->state = LEX_TEXT;
		return LEX_ON;
	}
	return TRUNK_EXML;
}

static void reader_clear(struct expat_reader *reader)
{
	reader->phase = EXPAT_AT_START;
	reader->is_empty_root = reader->is_begun = false;
	reader->total = reader->begin = 0;
	reader->fed = 0;
	reader->error = 0;
	reader->depth = 0;
	reader->binding_count = reader->header_bindings = 0;
	reader->header_bytes = STR_NONE;
	reader->header_prefixes = 0;
}

static void expat_reader_reset(struct xml_reader *base)
{
	struct expat_reader *reader = (struct expat_reader *)base;

	XML_ParserReset(reader->parser, "UTF-8");
	expat_prepare(reader->parser);
	expat_reader_listen(reader);
	reader_clear(reader);
}

static void expat_reader_free(struct xml_reader *base)
{
	struct expat_reader *reader = (struct expat_reader *)base;

	XML_ParserFree(reader->parser);
	arena_fini(&reader->arena);
	free(reader);
}

static struct xml_reader *expat_reader_new(const struct xml_limits *limits)
{
	struct expat_reader *reader = calloc(1, sizeof(*reader));

	(void)limits;
	if (!reader)
		return NULL;
	if (!(reader->parser = expat_new())) {
		free(reader);
		return NULL;
	}
	expat_reader_listen(reader);
	reader_clear(reader);
	return &reader->base;
}

/* Gives Expat the current bytes up to offset `end`. Returns 0 or the error. */
static int feed(struct expat_reader *reader, struct str bytes, size_t end)
{
	const size_t from = reader->fed;

	if (end <= from)
		return 0;
	reader->at = bytes.at;
	reader->fed = end;
	reader->total += end - from;
	if (XML_Parse(reader->parser, bytes.at + from, (int)(end - from), 0) == XML_STATUS_OK)
		return reader->error;
	return reader->error ? reader->error : expat_error(XML_GetErrorCode(reader->parser));
}

/* The input ends inside the element: tell Expat what is worth telling. */
static int feed_part(struct expat_reader *reader, struct str bytes)
{
	const size_t token = reader->lex.token;
	int err;

	if (reader->lex.state == LEX_TEXT || reader->lex.state == LEX_CDATA)
		return feed(reader, bytes, bytes.len);
	if ((err = feed(reader, bytes, token)) < 0)
		return err;
	if (bytes.len - token > TOKEN_EAGER_BYTES && (bytes.len - token) / 2 < reader->fed - token)
		return 0;
	return feed(reader, bytes, bytes.len);
}

static void element_begin(struct expat_reader *reader)
{
	/* Where Expat gets a '<' first, it takes a NUL behind it for UTF-16; but here white space may have come before. */
	if (reader->total == 0) {
		reader->fed = 0;
		feed(reader, STR("\n"), 1);     /* can't fail; if it does, so does what follows */
	}
	reader->is_begun = true;
	reader->lex = (struct lex){.state = LEX_OPEN, .pos = 1, .is_header = reader->phase == EXPAT_AT_HEADER};
	reader->begin = reader->total;
	reader->fed = 0;
	reader->has_cdata = false;
	reader->header_prefixes = 0;
	reader->child_count = 0;
	reader->tag_end = 0;
	arena_clear(&reader->arena);
}

/* A new parser that stands where the old one did: behind the header. */
static int parser_renew(struct expat_reader *reader)
{
	XML_ParserReset(reader->parser, "UTF-8");
	expat_prepare(reader->parser);
	reader->total = reader->header_bytes.len;
	if (XML_Parse(reader->parser, reader->header_bytes.at, (int)reader->header_bytes.len, 0) != XML_STATUS_OK)
		return expat_error(XML_GetErrorCode(reader->parser));
	expat_reader_listen(reader);
	return 0;
}

static int header_end(struct expat_reader *reader, struct str bytes)
{
	if (str_is_absent(reader->base.header.name))
		return TRUNK_EXML;              /* it was no start tag to Expat: not reached */
	reader->header_bytes = arena_str(&reader->base.arena, bytes);
	if (str_is_absent(reader->header_bytes))
		return TRUNK_ENOMEM;
	reader->is_empty_root = bytes.at[bytes.len - 2] == '/';
	reader->phase = EXPAT_IN_STREAM;
	xml_reader_has_header(&reader->base);
	return 0;
}

/* LEX_WHOLE: *ret_end bytes of a byte order mark are read. */
static int bom(struct expat_reader *reader, struct str input, size_t *ret_end)
{
	const unsigned char *at = (const unsigned char *)input.at;
	int err;

	if (input.len == 0)
		return LEX_MORE;
	if (at[0] == 0 || at[0] >= 0xFE || (input.len > 1 && at[1] == 0))
		return TRUNK_EXML_ENCODING;
	if (input.len < (at[0] == 0xEF ? 3 : 2))
		return LEX_MORE;
	reader->phase = EXPAT_AT_DECL;
	if (at[0] != 0xEF)
		return LEX_WHOLE;
	if ((err = feed(reader, input, 3)) < 0)
		return err;
	reader->fed = 0;
	*ret_end = 3;
	return memcmp(at, "\xEF\xBB\xBF", 3) == 0 ? LEX_WHOLE : TRUNK_EXML;
}

/* Moves `*end` to the `?>`, or to the end of the input. Expat would take its bytes for the rest of a character that a byte before them begins, and say
 * nothing before it has all of that. */
static int declaration_end(struct str within, size_t *end)
{
	uint32_t c;

	while (*end < within.len && (within.len - *end < 2 || memcmp(within.at + *end, "?>", 2) != 0)) {
		const int size = utf8_decode((const unsigned char *)within.at + *end, within.len - *end, &c);

		if (size < 0)
			return TRUNK_EXML;
		*end = size > 0 ? *end + (size_t)size : within.len;
	}
	return 0;
}

/* The same for an XML declaration. */
static int declaration(struct expat_reader *reader, struct str input, size_t *ret_end)
{
	const struct str within = str_until(input, XML_DECLARATION_MAX);
	const struct str open = STR("<?xml");
	size_t end = open.len;
	int err;

	if (within.len == 0)
		return LEX_MORE;
	if (memcmp(within.at, open.at, within.len < open.len ? within.len : open.len) != 0) {
		reader->phase = EXPAT_AT_HEADER;
		return LEX_WHOLE;
	}
	if (within.len <= open.len)
		return LEX_MORE;
	if (within.at[end] != '?' && !char_is((unsigned char)within.at[end], CHAR_SPACE))
		return TRUNK_EXML_RESTRICTED;
	if ((err = declaration_end(within, &end)) < 0)
		return err;
	end += 2;
	if ((err = feed(reader, within, end < within.len ? end : within.len)) < 0)
		return err;
	if (end > within.len)
		return within.len == XML_DECLARATION_MAX ? TRUNK_EXML_LIMIT : LEX_MORE;
	reader->phase = EXPAT_AT_HEADER;
	*ret_end = end;
	return LEX_WHOLE;
}

/* White space before what comes next, which Expat need not see. LEX_WHOLE: a '<' stands at *begin. */
static int between(const struct expat_reader *reader, const unsigned char *at, size_t len, size_t *begin)
{
	int err;

	while (*begin < len && char_is(at[*begin], CHAR_SPACE))
		++*begin;
	if (*begin == len)
		return LEX_MORE;
	if (reader->phase == EXPAT_AT_END)
		return TRUNK_EXML;
	if (at[*begin] == '<')
		return LEX_WHOLE;
	if ((err = xml_stray_error(at + *begin, len - *begin)) == 0)
		return LEX_MORE;
	return reader->phase == EXPAT_IN_STREAM ? err : TRUNK_EXML;
}

/* Reads on in the element that has begun. */
static int element_read(struct expat_reader *reader, struct str bytes)
{
	const size_t max = xml_reader_max(&reader->base, reader->phase == EXPAT_AT_HEADER);
	struct lex *lex = &reader->lex;
	int step, err;

	bytes = str_until(bytes, max);
	if (bytes.len < lex->pos || bytes.len < reader->fed)
		return LEX_MORE;        /* the caller broke its promise to bring the same bytes again */
	do
		step = lex_step(lex, &reader->base.limits, (const unsigned char *)bytes.at, bytes.len);
	while (step == LEX_ON);
	if (step == LEX_MORE && bytes.len < max)
		return (err = feed_part(reader, bytes)) < 0 ? err : LEX_MORE;
	if (step == LEX_MORE) {
		err = feed(reader, bytes, max);
		step = TRUNK_EXML_LIMIT;
	} else {
		err = feed(reader, bytes, lex->pos);
	}
	return err < 0 ? err : step;
}

static enum xml_event fail(struct expat_reader *reader, int err)
{
	reader->base.error = err;
	return XML_ERROR;
}

static enum xml_event event(struct expat_reader *reader, enum xml_event what, size_t consumed, size_t *ret_consumed)
{
	reader->base.offset += consumed;
	*ret_consumed = consumed;
	return what;
}

static enum xml_event element_end(struct expat_reader *reader, struct str bytes, size_t begin, struct xml_element *ret_element,
				  size_t *ret_consumed)
{
	const bool is_header = reader->phase == EXPAT_AT_HEADER;
	enum xml_event what = is_header ? XML_HEADER : XML_ELEMENT;
	int err;

	bytes = str_until(bytes, reader->lex.pos);
	reader->is_begun = false;
	if (is_header && (err = header_end(reader, bytes)) < 0)
		return fail(reader, err);
	if (!is_header && reader->depth == 0) {
		reader->phase = EXPAT_AT_END;
		what = XML_END;
	} else if (!is_header && (reader->depth != 1 || !reader->tag_end)) {
		return fail(reader, TRUNK_EXML);        /* Expat and we see different elements: never pass such a thing */
	} else if (!is_header) {
		expat_reader_give(reader, bytes, ret_element);
		if (reader->total > PARSER_BYTES_MAX && (err = parser_renew(reader)) < 0)
			return fail(reader, err);
	}
	return event(reader, what, begin + bytes.len, ret_consumed);
}

static enum xml_event expat_reader_next(struct xml_reader *base, struct str input, struct xml_element *ret_element,
					size_t *ret_consumed)
{
	struct expat_reader *reader = (struct expat_reader *)base;
	size_t begin = 0;
	int step = LEX_WHOLE;

	*ret_consumed = 0;
	if (base->error)
		return XML_ERROR;
	if (reader->is_empty_root) {
		reader->is_empty_root = false;
		reader->phase = EXPAT_AT_END;
		return XML_END;
	}
	while (reader->phase < EXPAT_AT_HEADER && step == LEX_WHOLE) {
		size_t end = 0;

		step = (reader->phase == EXPAT_AT_START ? bom : declaration)(reader, str_from(input, begin), &end);
		begin += end;
	}
	if (step == LEX_WHOLE && !reader->is_begun &&
	    (step = between(reader, (const unsigned char *)input.at, input.len, &begin)) == LEX_WHOLE)
		element_begin(reader);
	if (step == LEX_WHOLE)
		step = element_read(reader, str_from(input, begin));
	if (step < 0) {
		base->offset += begin + reader->lex.pos;
		return fail(reader, step);
	}
	if (step == LEX_MORE)
		return event(reader, XML_MORE, begin, ret_consumed);
	return element_end(reader, str_from(input, begin), begin, ret_element, ret_consumed);
}

const struct xml_reader_ops xml_expat_ops = {
	.name = "expat",
	.create = expat_reader_new,
	.destroy = expat_reader_free,
	.reset = expat_reader_reset,
	.next = expat_reader_next,
};
