/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as the beginning of a stream: a header that is accepted, written anew, says the same. */
#include "stream/stream.h"

#include "elements.h"

/* Reads a header; false: `input` does not begin with one that is accepted. */
static bool read_header(struct str input, struct xml_reader *reader, struct stream_header *ret_header)
{
	struct xml_element element;
	size_t consumed;

	return xml_reader_next(reader, input, &element, &consumed) == XML_HEADER &&
	       stream_header_parse(xml_reader_header(reader), ret_header) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct xml_limits limits = {.element_bytes = 65536, .depth = 64, .attributes = 64};
	struct xml_reader *first = xml_reader_new(&limits), *second = xml_reader_new(&limits);
	struct stream_header header, again;
	struct buf out = {0};

	if (read_header(str_make((const char *)data, size), first, &header)) {
		must(stream_header_write(&out, &header) == 0);
		/* what grew by escapes beyond a header's limit need not be read again */
		if (buf_len(&out) <= XML_HEADER_BYTES_MAX) {
			must(read_header(buf_str(&out), second, &again));
			must(same(header.from, again.from) && same(header.to, again.to) && same(header.id, again.id));
			must(same(header.lang, again.lang) && header.has_version == again.has_version);
		}
	}
	buf_fini(&out);
	xml_reader_free(&first);
	xml_reader_free(&second);
	return 0;
}
