/* SPDX-License-Identifier: Apache-2.0
 * What both reader backends have in common. Of this room, its tests and its bench only. */
#ifndef TRUNK_XML_READER_IMPL_H
#define TRUNK_XML_READER_IMPL_H

#include "xml/xml.h"

enum {
	XML_DECLARATION_MAX = 1024,     /* bytes of `<?xml … ?>` */
};

#define XML_ELEMENT_BYTES_MAX ((size_t)1 << 30)

#define XML_NS_SERVER "jabber:server"
#define XML_NS_XMLNS "http://www.w3.org/2000/xmlns/"

/* One way to read. The functions get the whole of their backend's struct, which begins with struct xml_reader. */
struct xml_reader_ops {
	const char *name;
	struct xml_reader *(*create)(const struct xml_limits *limits);
	void (*destroy)(struct xml_reader *reader);
	void (*reset)(struct xml_reader *reader);
	enum xml_event (*next)(struct xml_reader *reader, struct str input, struct xml_element *ret_element,
			       size_t *ret_consumed);
};

extern const struct xml_reader_ops xml_scan_ops, xml_expat_ops;

struct xml_reader {
	const struct xml_reader_ops *ops;
	struct xml_limits limits;       /* each within its maximum above */
	int error;                      /* 0, or why XML_ERROR was the last word */
	uint64_t offset;                /* where the stream's next input begins; behind an error: where that stands */
	struct xml_header header;
	struct str header_lang;         /* decoded xml:lang; absent where the header has none */
	bool is_server_default;         /* the header's default namespace is jabber:server */
	struct arena arena;             /* of the header */
};

/* A reader of the backend that `ops` is; xml_reader_new() takes the one chosen when this was built. */
struct xml_reader *xml_reader_new_by(const struct xml_reader_ops *ops, const struct xml_limits *limits);

/* How many bytes the element that is read may have. */
static inline size_t xml_reader_max(const struct xml_reader *reader, bool is_header)
{
	const size_t max = reader->limits.element_bytes;

	return is_header && max > XML_HEADER_BYTES_MAX ? XML_HEADER_BYTES_MAX : max;
}

/* Fills in header_lang and is_server_default from reader->header. */
void xml_reader_has_header(struct xml_reader *reader);

/* What a byte other than white space and `<` means between first-level elements: TRUNK_EXML_FORMAT where it begins a legal
 * character, TRUNK_EXML where it does not, 0 where that can't be said yet. */
int xml_stray_error(const unsigned char *at, size_t avail);

/* What `<!` and `<?` mean inside the stream. Both backends refuse all that is no CDATA section, by its first bytes. */
enum xml_bang { XML_BANG_MORE = 1, XML_BANG_CDATA, XML_BANG_RESTRICTED };

/* `at` stands on '<', with '!' behind it where avail > 1. */
enum xml_bang xml_bang_kind(const unsigned char *at, size_t avail);

enum { XML_CDATA_OPEN_LEN = sizeof("<![CDATA[") - 1 };

/* Is the name of an XML declaration's encoding one that we read? */
bool xml_encoding_is_utf8(struct str name);

/* Is a namespace declaration allowed (Namespaces in XML §3)? */
bool xml_decl_is_legal(struct str prefix, struct str uri);

#endif
