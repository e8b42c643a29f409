/* SPDX-License-Identifier: Apache-2.0
 * The elements of XEP-0198. */
#include "stream/sm.h"

static const struct {
	const char *name;
	bool needs_h, needs_previd;
} forms[] = {
	[SM_ENABLE] = {"enable", false, false}, [SM_ENABLED] = {"enabled", false, false}, [SM_RESUME] = {"resume", true, true},
	[SM_RESUMED] = {"resumed", true, true}, [SM_FAILED] = {"failed", false, false}, [SM_REQUEST] = {"r", false, false},
	[SM_ANSWER] = {"a", true, false},
};

/* xs:boolean. */
static bool is_true(struct str value)
{
	return str_eq(value, STR("true")) || str_eq(value, STR("1"));
}

static int read_h(const struct xml_node *node, struct sm *sm)
{
	const struct str h = xml_node_attr(node, "h");
	uint64_t number;

	if (str_is_absent(h))
		return forms[sm->kind].needs_h ? TRUNK_EINVAL : 0;
	if (str_number(h, UINT32_MAX, &number) < 0)
		return TRUNK_EINVAL;
	sm->has_h = true;
	sm->h = (uint32_t)number;
	return 0;
}

static int read_id(const struct xml_node *node, struct sm *sm)
{
	sm->id = sm->kind == SM_ENABLED ? xml_node_attr(node, "id")
		 : sm->kind == SM_RESUME || sm->kind == SM_RESUMED ? xml_node_attr(node, "previd")
		 : STR_NONE;
	if (forms[sm->kind].needs_previd && sm->id.len == 0)
		return TRUNK_EINVAL;
	return sm->id.len > SM_ID_BYTES_MAX ? TRUNK_EINVAL : 0;
}

static enum stanza_condition read_condition(const struct xml_node *node)
{
	const struct xml_node *child = xml_node_child(node, NS_STANZAS, NULL);
	const enum stanza_condition condition = child ? stanza_condition_of(child->name) : STANZA_CONDITION_NONE;

	return condition ? condition : COND_UNDEFINED_CONDITION;
}

int sm_parse(const struct xml_node *node, struct sm *ret_sm)
{
	struct sm sm = {.id = STR_NONE};
	int err;

	if (!str_eq(node->ns, STR(NS_SM)))
		return TRUNK_ENOENT;
	for (int kind = SM_ENABLE; kind <= SM_ANSWER; kind++)
		if (str_is(node->name, forms[kind].name))
			sm.kind = (enum sm_kind)kind;
	if (!sm.kind)
		return TRUNK_ENOENT;
	if ((err = read_h(node, &sm)) < 0 || (err = read_id(node, &sm)) < 0)
		return err;
	if (sm.kind == SM_ENABLE || sm.kind == SM_ENABLED) {
		sm.may_resume = is_true(xml_node_attr(node, "resume"));
		if (str_number(xml_node_attr(node, "max"), UINT32_MAX, &sm.max_seconds) < 0)
			sm.max_seconds = 0;     /* a wish, or a promise of the peer's: without it the default counts */
	}
	if (sm.kind == SM_FAILED)
		sm.condition = read_condition(node);
	*ret_sm = sm;
	return 0;
}

/* Takes ` name='value'` off the front; either quote. */
static bool take_attr(struct str *rest, struct str *ret_name, struct str *ret_value)
{
	size_t equals;

	if (rest->len < 2 || rest->at[0] != ' ')
		return false;
	*rest = str_from(*rest, 1);
	equals = str_find(*rest, '=');
	*ret_name = str_until(*rest, equals);
	*rest = str_from(*rest, equals + 1);
	if (rest->len == 0 || (rest->at[0] != '\'' && rest->at[0] != '"'))
		return false;
	*ret_value = str_from(*rest, 1);
	*ret_value = str_until(*ret_value, str_find(*ret_value, rest->at[0]));
	if (ret_value->len + 2 > rest->len)
		return false;
	*rest = str_from(*rest, ret_value->len + 2);
	return true;
}

bool sm_answer_read(struct str element, uint32_t *ret_h)
{
	struct str name, value, rest = str_from(element, 2);
	bool has_h = false;
	uint64_t number;

	if (!str_starts(element, STR("<a")))
		return false;
	while (take_attr(&rest, &name, &value)) {
		if (str_is(name, "h") && !has_h && str_number(value, UINT32_MAX, &number) == 0)
			has_h = true;
		else if (!str_is(name, "xmlns"))
			return false;
	}
	if (has_h)
		*ret_h = (uint32_t)number;
	return has_h && str_is(rest, "/>");
}

static int add_id(struct buf *out, const struct sm *sm)
{
	int err;

	if (str_is_absent(sm->id))
		return 0;
	if ((err = buf_add_cstr(out, sm->kind == SM_ENABLED ? " id='" : " previd='")) < 0 || (err = xml_escape(out, sm->id)) < 0)
		return err;
	return buf_add_cstr(out, "'");
}

int sm_write(struct buf *out, const struct sm *sm)
{
	int err;

	if ((err = buf_addf(out, "<%s xmlns='" NS_SM "'", forms[sm->kind].name)) < 0 || (err = add_id(out, sm)) < 0)
		return err;
	if (sm->may_resume && (err = buf_add_cstr(out, " resume='true'")) < 0)
		return err;
	if (sm->max_seconds && (err = buf_addf(out, " max='%llu'", (unsigned long long)sm->max_seconds)) < 0)
		return err;
	if (sm->has_h && (err = buf_addf(out, " h='%lu'", (unsigned long)sm->h)) < 0)
		return err;
	if (sm->kind != SM_FAILED)
		return buf_add_cstr(out, "/>");
	return buf_addf(out, "><%s xmlns='" NS_STANZAS "'/></failed>", stanza_condition_text(sm->condition));
}

int sm_too_high_write(struct buf *out, uint32_t h, uint32_t sent)
{
	return buf_addf(out,
			"<stream:error><undefined-condition xmlns='" NS_STREAMS_ERRORS "'/><handled-count-too-high xmlns='" NS_SM
			"' h='%lu' send-count='%lu'/></stream:error></stream:stream>",
			(unsigned long)h, (unsigned long)sent);
}
