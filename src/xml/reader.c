/* SPDX-License-Identifier: Apache-2.0
 * The reader's door, and what its two backends have in common. */
#include "xml/reader_impl.h"

#include "xml/chars.h"

enum { HEADER_BLOCK_BYTES = 640 };      /* of an ordinary header: it lives as long as its stream */

static size_t clamp(size_t n, size_t max)
{
	return n < 1 ? 1 : n > max ? max : n;
}

struct xml_reader *xml_reader_new_by(const struct xml_reader_ops *ops, const struct xml_limits *limits)
{
	const struct xml_limits within = {
		.element_bytes = clamp(limits->element_bytes, XML_ELEMENT_BYTES_MAX),
		.depth = (unsigned)clamp(limits->depth, XML_DEPTH_MAX),
		.attributes = (unsigned)clamp(limits->attributes, XML_ATTRIBUTES_MAX),
	};
	struct xml_reader *reader = ops->create(&within);

	if (!reader)
		return NULL;
	reader->ops = ops;
	reader->limits = within;
	reader->arena.block_bytes = HEADER_BLOCK_BYTES;
	return reader;
}

void xml_reader_set_size(struct xml_reader *reader, size_t element_bytes)
{
	reader->limits.element_bytes = clamp(element_bytes, XML_ELEMENT_BYTES_MAX);
}

struct xml_reader *xml_reader_new(const struct xml_limits *limits)
{
#ifdef TRUNK_XML_EXPAT
	return xml_reader_new_by(&xml_expat_ops, limits);
#else
	return xml_reader_new_by(&xml_scan_ops, limits);
#endif
}

void xml_reader_free(struct xml_reader **reader)
{
	if (!*reader)
		return;
	arena_fini(&(*reader)->arena);
	(*reader)->ops->destroy(*reader);
	*reader = NULL;
}

void xml_reader_reset(struct xml_reader *reader)
{
	arena_clear(&reader->arena);
	reader->error = 0;
	reader->offset = 0;
	reader->header = (struct xml_header){0};
	reader->header_lang = STR_NONE;
	reader->is_server_default = false;
	reader->ops->reset(reader);
}

enum xml_event xml_reader_next(struct xml_reader *reader, struct str input, struct xml_element *ret_element,
			       size_t *ret_consumed)
{
	return reader->ops->next(reader, input, ret_element, ret_consumed);
}

int xml_reader_error(const struct xml_reader *reader, uint64_t *ret_offset)
{
	*ret_offset = reader->offset;
	return reader->error;
}

const struct xml_header *xml_reader_header(const struct xml_reader *reader)
{
	return &reader->header;
}

void xml_reader_has_header(struct xml_reader *reader)
{
	const struct xml_header *header = &reader->header;

	for (unsigned i = 0; i < header->attr_count; i++) {
		if (str_is(header->attrs[i].prefix, "xml") && str_is(header->attrs[i].name, "lang"))
			reader->header_lang = header->attrs[i].value;
	}
	for (unsigned i = 0; i < header->decl_count; i++) {
		if (header->decls[i].prefix.len == 0)
			reader->is_server_default = str_is(header->decls[i].uri, XML_NS_SERVER);
	}
}

int xml_stray_error(const unsigned char *at, size_t avail)
{
	uint32_t c;
	int len;

	if (at[0] < 0x80)
		return char_is_legal(at[0]) ? TRUNK_EXML_FORMAT : TRUNK_EXML;
	len = utf8_decode(at, avail, &c);
	return len > 0 ? TRUNK_EXML_FORMAT : len < 0 ? TRUNK_EXML : 0;
}

enum xml_bang xml_bang_kind(const unsigned char *at, size_t avail)
{
	const size_t len = avail < XML_CDATA_OPEN_LEN ? avail : XML_CDATA_OPEN_LEN;

	if (memcmp(at, "<![CDATA[", len) != 0)
		return XML_BANG_RESTRICTED;
	return len < XML_CDATA_OPEN_LEN ? XML_BANG_MORE : XML_BANG_CDATA;
}

bool xml_encoding_is_utf8(struct str name)
{
	return str_eq_nocase(name, STR("UTF-8"));
}

bool xml_decl_is_legal(struct str prefix, struct str uri)
{
	bool is_xml_uri;

	if (prefix.len == 0 && uri.len != sizeof(XML_NS_XML) - 1 && uri.len != sizeof(XML_NS_XMLNS) - 1)
		return true;            /* nearly all */
	is_xml_uri = str_eq(uri, STR(XML_NS_XML));
	if (prefix.len > 0 && uri.len == 0)
		return false;
	if (str_is(prefix, "xmlns") || str_eq(uri, STR(XML_NS_XMLNS)))
		return false;
	return str_is(prefix, "xml") == is_xml_uri;
}
