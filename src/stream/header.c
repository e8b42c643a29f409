/* SPDX-License-Identifier: Apache-2.0
 * Stream headers of RFC 6120 §4.7. */
#include "stream/stream.h"

#include "tls/tls.h"

static bool declares_default(const struct xml_header *xml, struct str uri)
{
	for (unsigned i = 0; i < xml->decl_count; i++)
		if (xml->decls[i].prefix.len == 0)
			return str_eq(xml->decls[i].uri, uri);
	return false;
}

/* "1.0" and anything newer is answered by 1.0; what is no pair of numbers is not understood (RFC 6120 §4.7.5). */
static int check_version(struct str version)
{
	struct str minor = version;
	const struct str major = str_cut(&minor, '.');
	uint64_t number;

	if (str_is_absent(minor) || str_number(major, UINT32_MAX, &number) < 0 || number == 0)
		return TRUNK_EVERSION;
	return str_number(minor, UINT32_MAX, &number) < 0 ? TRUNK_EVERSION : 0;
}

int stream_header_parse(const struct xml_header *xml, struct stream_header *ret_header)
{
	struct stream_header header = {0};
	struct str version = STR_NONE;

	if (!str_eq(xml->ns, STR(NS_STREAM)) || !str_eq(xml->name, STR("stream")) || !declares_default(xml, STR(NS_SERVER)))
		return TRUNK_EXML_NAMESPACE;
	for (unsigned i = 0; i < xml->attr_count; i++) {
		const struct xml_attr *attr = &xml->attrs[i];

		if (str_eq(attr->ns, STR(XML_NS_XML)) && str_eq(attr->name, STR("lang")))
			header.lang = attr->value;
		if (attr->ns.len > 0)
			continue;
		if (str_eq(attr->name, STR("from")))
			header.from = attr->value;
		else if (str_eq(attr->name, STR("to")))
			header.to = attr->value;
		else if (str_eq(attr->name, STR("id")))
			header.id = attr->value;
		else if (str_eq(attr->name, STR("version")))
			version = attr->value;
	}
	header.has_version = !str_is_absent(version);
	*ret_header = header;
	return header.has_version ? check_version(version) : 0;
}

static int add_attr(struct buf *out, const char *name, struct str value)
{
	int err;

	if (str_is_absent(value))
		return 0;
	if ((err = buf_addf(out, " %s='", name)) < 0 || (err = xml_escape(out, value)) < 0)
		return err;
	return buf_add_cstr(out, "'");
}

int stream_header_write(struct buf *out, const struct stream_header *header)
{
	int err;

	if ((err = buf_add_cstr(out, "<?xml version='1.0'?><stream:stream xmlns='" NS_SERVER "' xmlns:stream='" NS_STREAM
				     "' xmlns:db='" NS_DIALBACK "'")) < 0)
		return err;
	if ((err = add_attr(out, "from", header->from)) < 0 || (err = add_attr(out, "to", header->to)) < 0 ||
	    (err = add_attr(out, "id", header->id)) < 0 || (err = add_attr(out, "xml:lang", header->lang)) < 0)
		return err;
	return buf_add_cstr(out, header->has_version ? " version='1.0'>" : ">");
}

int stream_id_make(char ret_id[static STREAM_ID_SIZE])
{
	uint8_t bytes[(STREAM_ID_SIZE - 1) / 2];
	int err;

	if ((err = tls_random(bytes, sizeof(bytes))) < 0)
		return err;
	tls_hex(bytes, sizeof(bytes), ret_id);
	return 0;
}
