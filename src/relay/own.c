/* SPDX-License-Identifier: Apache-2.0
 * XEP-0199, 0092, 0202, 0012, 0030 with 0157, for the trunk's own domain alone. */
#include "relay/own.h"

#include <stdio.h>
#include <time.h>

#define NS_DISCO_INFO "http://jabber.org/protocol/disco#info"
#define NS_DISCO_ITEMS "http://jabber.org/protocol/disco#items"
#define NS_PING "urn:xmpp:ping"
#define NS_VERSION "jabber:iq:version"
#define NS_TIME "urn:xmpp:time"
#define NS_LAST "jabber:iq:last"
#define NS_DATA "jabber:x:data"

static int add_text(struct buf *out, const char *before, const char *text, const char *after)
{
	int err;

	if ((err = buf_add_cstr(out, before)) < 0 || (err = xml_escape(out, str_of(text))) < 0)
		return err;
	return buf_add_cstr(out, after);
}

/* The form of XEP-0157 §3: one field of each kind, with all its addresses. */
static int add_contacts(struct buf *out, const struct own_facts *facts)
{
	int err = 0;

	if (facts->contact_count == 0)
		return 0;
	err = buf_add_cstr(out, "<x xmlns='" NS_DATA "' type='result'><field var='FORM_TYPE' type='hidden'>"
				"<value>http://jabber.org/network/serverinfo</value></field>");
	for (unsigned i = 0; i < facts->contact_count && err == 0; i++) {
		const bool is_new = i == 0 || strcmp(facts->contacts[i].kind, facts->contacts[i - 1].kind) != 0;
		const bool is_last = i + 1 == facts->contact_count || strcmp(facts->contacts[i].kind, facts->contacts[i + 1].kind) != 0;

		if (is_new)
			err = add_text(out, "<field var='", facts->contacts[i].kind, "-addresses' type='list-multi'>");
		if (err == 0)
			err = add_text(out, "<value>", facts->contacts[i].uri, "</value>");
		if (err == 0 && is_last)
			err = buf_add_cstr(out, "</field>");
	}
	return err < 0 ? err : buf_add_cstr(out, "</x>");
}

static int add_info(struct buf *out, const struct own_facts *facts)
{
	static const char *const features[] = {NS_DISCO_INFO, NS_DISCO_ITEMS, NS_PING, NS_VERSION, NS_TIME, NS_LAST};
	int err = buf_add_cstr(out, "<query xmlns='" NS_DISCO_INFO "'><identity category='server' type='im' name='trunkd'/>");

	for (unsigned i = 0; i < sizeof(features) / sizeof(features[0]) && err == 0; i++)
		err = buf_addf(out, "<feature var='%s'/>", features[i]);
	if (err == 0)
		err = add_contacts(out, facts);
	return err < 0 ? err : buf_add_cstr(out, "</query>");
}

static int add_time(struct buf *out, const struct own_facts *facts)
{
	const time_t now = (time_t)(facts->wall_ms / 1000);
	struct tm tm;
	char text[32];

	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return buf_addf(out, "<time xmlns='" NS_TIME "'><tzo>+00:00</tzo><utc>%s</utc></time>", text);
}

/* The payload of the result; TRUNK_ENOENT where there is no such service here. */
static int add_result(struct buf *out, const struct xml_node *query, const struct own_facts *facts)
{
	const bool is_node = !str_is_absent(xml_node_attr(query, "node"));

	if (str_eq(query->ns, STR(NS_PING)) && str_eq(query->name, STR("ping")))
		return 0;
	if (str_eq(query->ns, STR(NS_TIME)) && str_eq(query->name, STR("time")))
		return add_time(out, facts);
	if (!str_eq(query->name, STR("query")))
		return TRUNK_ENOENT;
	if (str_eq(query->ns, STR(NS_VERSION)))
		return buf_add_cstr(out, "<query xmlns='" NS_VERSION "'><name>trunkd</name><version>" TRUNK_VERSION "</version></query>");
	if (str_eq(query->ns, STR(NS_LAST)))
		return buf_addf(out, "<query xmlns='" NS_LAST "' seconds='%lld'/>", (long long)facts->uptime_seconds);
	if (str_eq(query->ns, STR(NS_DISCO_INFO)) && !is_node)
		return add_info(out, facts);
	if (str_eq(query->ns, STR(NS_DISCO_ITEMS)) && !is_node)
		return buf_add_cstr(out, "<query xmlns='" NS_DISCO_ITEMS "'/>");
	if (str_eq(query->ns, STR(NS_DISCO_INFO)) || str_eq(query->ns, STR(NS_DISCO_ITEMS)))
		return TRUNK_EINVAL;    /* no such node */
	return TRUNK_ENOENT;
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

static int answer_get(struct buf *out, const struct stanza_reply *reply, const struct xml_node *query, const struct own_facts *facts)
{
	struct buf result = {0};
	int err = add_result(&result, query, facts);

	if (err == TRUNK_ENOENT || err == TRUNK_EINVAL) {
		err = stanza_error_write(out, reply, err == TRUNK_ENOENT ? COND_SERVICE_UNAVAILABLE : COND_ITEM_NOT_FOUND, NULL, NULL);
	} else if (err == 0 && (err = buf_add_cstr(out, "<iq type='result'")) == 0 && (err = add_attr(out, "id", reply->id)) == 0 &&
		   (err = add_attr(out, "from", reply->to)) == 0 && (err = add_attr(out, "to", reply->from)) == 0 &&
		   (err = buf_add_cstr(out, ">")) == 0 && (err = buf_add(out, buf_str(&result))) == 0) {
		err = buf_add_cstr(out, "</iq>");
	}
	buf_fini(&result);
	return err;
}

int own_answer(struct buf *out, struct arena *arena, const struct stanza *stanza, const struct xml_header *header,
	       const struct own_facts *facts)
{
	static const struct xml_limits limits = {.element_bytes = SIZE_MAX, .depth = 256, .attributes = 256};
	struct stanza_reply reply;
	struct xml_node *node;
	const struct xml_node *query;
	int err;

	if ((err = stanza_reply_of(arena, stanza, &reply)) < 0 || !reply.is_answerable)
		return err;
	if (stanza->type != STANZA_TYPE_GET || !str_is_absent(stanza->to.local))
		return stanza_error_write(out, &reply, COND_SERVICE_UNAVAILABLE, NULL, NULL);
	if ((err = xml_tree_parse(arena, stanza->element->bytes, header, &limits, &node)) < 0)
		return err;
	query = xml_node_child(node, NULL, NULL);
	if (!query || xml_node_next(query, NULL, NULL))
		return stanza_error_write(out, &reply, COND_BAD_REQUEST, NULL, NULL);   /* RFC 6120 §8.2.3 */
	return answer_get(out, &reply, query, facts);
}
