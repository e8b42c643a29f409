/* SPDX-License-Identifier: Apache-2.0
 * Reads the facts of a stanza and writes the error that answers it. */
#include "stanza/stanza.h"

static int kind_of(const struct xml_element *element, enum stanza_kind *ret_kind)
{
	if (!str_eq(element->ns, STR(NS_SERVER)))
		return TRUNK_ENOENT;
	if (str_eq(element->name, STR("message")))
		*ret_kind = STANZA_MESSAGE;
	else if (str_eq(element->name, STR("presence")))
		*ret_kind = STANZA_PRESENCE;
	else if (str_eq(element->name, STR("iq")))
		*ret_kind = STANZA_IQ;
	else
		return TRUNK_ENOENT;
	return 0;
}

static enum stanza_type type_of(enum stanza_kind kind, struct str type)
{
	if (str_eq(type, STR("error")))
		return STANZA_TYPE_ERROR;
	if (kind != STANZA_IQ)
		return STANZA_TYPE_OTHER;
	if (str_eq(type, STR("get")))
		return STANZA_TYPE_GET;
	if (str_eq(type, STR("set")))
		return STANZA_TYPE_SET;
	if (str_eq(type, STR("result")))
		return STANZA_TYPE_RESULT;
	return STANZA_TYPE_OTHER;
}

static int decode(struct str raw, bool has_escapes, struct arena *scratch, struct str *ret_value)
{
	const struct str value = has_escapes ? xml_decode(scratch, raw) : raw;

	if (str_is_absent(value) && !str_is_absent(raw))
		return TRUNK_ENOMEM;
	*ret_value = value;
	return 0;
}

static int parse_address(struct str raw, bool has_escapes, struct arena *scratch, struct jid *ret_jid)
{
	struct str value;
	int err;

	if (str_is_absent(raw))
		return TRUNK_EADDRESS;
	if ((err = decode(raw, has_escapes, scratch, &value)) < 0)
		return err;
	return jid_parse(value, ret_jid);
}

int stanza_parse(const struct xml_element *element, struct arena *scratch, struct stanza *ret_stanza)
{
	struct stanza stanza = {.element = element};
	struct str type;
	int err;

	if ((err = kind_of(element, &stanza.kind)) < 0)
		return err;
	if ((err = decode(element->type, element->has_escapes, scratch, &type)) < 0)
		return err;
	stanza.type = type_of(stanza.kind, type);
	if ((err = parse_address(element->from, element->has_escapes, scratch, &stanza.from)) < 0)
		return err;
	if ((err = parse_address(element->to, element->has_escapes, scratch, &stanza.to)) < 0)
		return err;
	*ret_stanza = stanza;
	return 0;
}

bool stanza_is_answerable(const struct stanza *stanza)
{
	switch (stanza->kind) {
	case STANZA_MESSAGE: return stanza->type != STANZA_TYPE_ERROR;
	case STANZA_IQ: return stanza->type == STANZA_TYPE_GET || stanza->type == STANZA_TYPE_SET;
	case STANZA_PRESENCE: return false;
	}
	return false;
}

static bool is_element(struct str bytes, struct str begin)
{
	return str_starts(bytes, begin) && bytes.len > begin.len && strchr(" \t\r\n/>", bytes.at[begin.len]) != NULL;
}

bool stanza_is_fleeting(struct str bytes)
{
	return is_element(bytes, STR("<iq")) || is_element(bytes, STR("<presence"));
}

static bool is_answerable(enum stanza_kind kind, enum stanza_type type)
{
	const struct stanza stanza = {.kind = kind, .type = type};

	return stanza_is_answerable(&stanza);
}

int stanza_reply_of(struct arena *arena, const struct stanza *stanza, struct stanza_reply *ret_reply)
{
	const struct xml_element *element = stanza->element;
	const struct stanza_reply reply = {
		.kind = stanza->kind, .is_answerable = stanza_is_answerable(stanza), .id = xml_decode(arena, element->id),
		.from = xml_decode(arena, element->from), .to = xml_decode(arena, element->to),
	};

	if (str_is_absent(reply.from) || str_is_absent(reply.to) || (str_is_absent(reply.id) && !str_is_absent(element->id)))
		return TRUNK_ENOMEM;
	*ret_reply = reply;
	return 0;
}

int stanza_reply_parse(struct arena *arena, struct str bytes, struct stanza_reply *ret_reply)
{
	static const struct xml_limits limits = {.element_bytes = SIZE_MAX, .depth = 256, .attributes = 256};
	struct xml_element element = {0};
	struct stanza_reply reply;
	struct xml_node *node;
	int err;

	if ((err = xml_tree_parse(arena, bytes, NULL, &limits, &node)) < 0)
		return err;
	element.ns = node->ns;
	element.name = node->name;
	if ((err = kind_of(&element, &reply.kind)) < 0)
		return err;
	reply.is_answerable = is_answerable(reply.kind, type_of(reply.kind, xml_node_attr(node, "type")));
	reply.id = xml_node_attr(node, "id");
	reply.from = xml_node_attr(node, "from");
	reply.to = xml_node_attr(node, "to");
	*ret_reply = reply;
	return 0;
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

static int add_error(struct buf *out, enum stanza_condition condition, const char *text, const char *by)
{
	int err;

	if (condition == STANZA_CONDITION_NONE)         /* an element without a name would end the stream that it goes on */
		condition = COND_UNDEFINED_CONDITION;
	if ((err = buf_addf(out, "<error type='%s'", stanza_condition_type(condition))) < 0)
		return err;
	if (by && ((err = buf_add_cstr(out, " by='")) < 0 || (err = xml_escape(out, str_of(by))) < 0 || (err = buf_add_cstr(out, "'")) < 0))
		return err;
	if ((err = buf_addf(out, "><%s xmlns='" NS_STANZAS "'/>", stanza_condition_text(condition))) < 0)
		return err;
	if (text && ((err = buf_add_cstr(out, "<text xmlns='" NS_STANZAS "' xml:lang='en'>")) < 0 ||
		     (err = xml_escape(out, str_of(text))) < 0 || (err = buf_add_cstr(out, "</text>")) < 0))
		return err;
	return buf_add_cstr(out, "</error>");
}

int stanza_error_write(struct buf *out, const struct stanza_reply *reply, enum stanza_condition condition, const char *text, const char *by)
{
	const char *name = stanza_kind_text(reply->kind);
	int err;

	if ((err = buf_addf(out, "<%s", name)) < 0 || (err = add_attr(out, "id", reply->id)) < 0 ||
	    (err = add_attr(out, "from", reply->to)) < 0 || (err = add_attr(out, "to", reply->from)) < 0)
		return err;
	if ((err = buf_add_cstr(out, " type='error'>")) < 0 || (err = add_error(out, condition, text, by)) < 0)
		return err;
	return buf_addf(out, "</%s>", name);
}
