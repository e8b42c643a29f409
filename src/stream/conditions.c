/* SPDX-License-Identifier: Apache-2.0
 * Stream errors: their words, and which one tells a peer of an error of ours. */
#include "stream/stream.h"

static const char *const conditions[] = {
	[STREAM_CONDITION_NONE] = "",
#define STREAM_CONDITION_TEXT(name, text) [STREAM_##name] = text,
	STREAM_CONDITIONS(STREAM_CONDITION_TEXT)
#undef STREAM_CONDITION_TEXT
};

const char *stream_condition_text(enum stream_condition condition)
{
	return conditions[condition];
}

enum stream_condition stream_condition_of(int err)
{
	switch (err) {
	case 0: return STREAM_CONDITION_NONE;
	case TRUNK_EXML: return STREAM_NOT_WELL_FORMED;
	case TRUNK_EXML_RESTRICTED: return STREAM_RESTRICTED_XML;
	case TRUNK_EXML_ENCODING: return STREAM_UNSUPPORTED_ENCODING;
	case TRUNK_EXML_NAMESPACE: return STREAM_INVALID_NAMESPACE;
	case TRUNK_EXML_PREFIX: return STREAM_BAD_NAMESPACE_PREFIX;
	case TRUNK_EXML_FORMAT: return STREAM_BAD_FORMAT;
	case TRUNK_EXML_LIMIT: return STREAM_POLICY_VIOLATION;
	case TRUNK_EADDRESS: return STREAM_IMPROPER_ADDRESSING;
	case TRUNK_EVERSION: return STREAM_UNSUPPORTED_VERSION;
	case TRUNK_EPOLICY: return STREAM_POLICY_VIOLATION;
	case TRUNK_EPERM: return STREAM_NOT_AUTHORIZED;
	case TRUNK_ETIMEOUT: return STREAM_CONNECTION_TIMEOUT;
	case TRUNK_ENOMEM: case TRUNK_ELIMIT: return STREAM_RESOURCE_CONSTRAINT;
	default: return STREAM_INTERNAL_SERVER_ERROR;
	}
}

int stream_error_write(struct buf *out, enum stream_condition condition, const char *text)
{
	int err;

	if (condition == STREAM_CONDITION_NONE)
		return buf_add_cstr(out, "</stream:stream>");
	if ((err = buf_addf(out, "<stream:error><%s xmlns='" NS_STREAMS_ERRORS "'/>", conditions[condition])) < 0)
		return err;
	if (text && ((err = buf_add_cstr(out, "<text xmlns='" NS_STREAMS_ERRORS "' xml:lang='en'>")) < 0 ||
		     (err = xml_escape(out, str_of(text))) < 0 || (err = buf_add_cstr(out, "</text>")) < 0))
		return err;
	return buf_add_cstr(out, "</stream:error></stream:stream>");
}

void stream_error_parse(struct arena *arena, const struct xml_node *node, struct str *ret_condition, struct str *ret_text)
{
	*ret_condition = STR("undefined-condition");
	*ret_text = STR("");
	for (const struct xml_node *child = xml_node_child(node, NS_STREAMS_ERRORS, NULL); child;
	     child = xml_node_next(child, NS_STREAMS_ERRORS, NULL)) {
		if (str_eq(child->name, STR("text")))
			*ret_text = xml_node_text(arena, child);
		else
			*ret_condition = child->name;
	}
}
