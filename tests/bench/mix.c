/* SPDX-License-Identifier: Apache-2.0
 * Makes the stanzas of a load from a seed. */
#include "mix.h"

#include "die.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROOM_MEMBERS = 40 };

struct maker {
	const char *from, *to;
	uint32_t flow;
	size_t size_bytes;
	uint64_t random;
	struct buf out;
	uint32_t lane, index;
};

static uint32_t maker_random(struct maker *m, uint32_t below)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return (uint32_t)(m->random >> 20) % below;
}

/* What people write, in the scripts they write it in. */
static const char *const phrases[] = {
	"the 14:30 transport is delayed by ten minutes, ", "please confirm the order for ward 7 & theatre 2; ", "ok, ",
	"see \"annex B\" <draft 3> before you sign. ", "who is on call tonight? ", "it's done. ",
	"Die Übergabe ist um halb acht; ", "där är han, på väg hem. ",
	"ça marche très bien. ", "Встреча перенесена на четверг, ",
	"Η αναφορά είναι έτοιμη. ", "שלום, הכול בסדר. ",
	"التقرير جاهز للمراجعة، ", "会議は三時に始まります。", "报告已经发送，请查收。", "보고서를 보냈습니다. ",
	"नमस्ते, सब ठीक है। ", "สวัสดีครับ ", "👍🏽 ", "🚑 ➜ 🏥 ", "e\u0301te\u0301 ",
};

static void add_escaped(struct maker *m, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			must(buf_add(&m->out, STR("&amp;")));
			break;
		case '<':
			must(buf_add(&m->out, STR("&lt;")));
			break;
		case '>':
			must(buf_add(&m->out, STR("&gt;")));
			break;
		default:
			must(buf_add(&m->out, str_make(text, 1)));
		}
	}
}

static void add_words(struct maker *m, size_t about_bytes)
{
	const size_t until = buf_len(&m->out) + about_bytes;

	while (buf_len(&m->out) < until)
		add_escaped(m, phrases[maker_random(m, sizeof(phrases) / sizeof(*phrases))]);
}

static void add_base64(struct maker *m, size_t bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < bytes; i++)
		must(buf_add(&m->out, str_make(&digits[maker_random(m, 64)], 1)));
}

/* Adds a start tag up to its '>', the id being the stamp. `type` may be NULL. */
static void open_stanza(struct maker *m, const char *name, const char *type, const char *from_part, const char *to_part)
{
	must(buf_addf(&m->out, "<%s from='%s%u@%s/%s' to='%s%u@%s' id='tb-%04x-%04x-00000000-000000000000'", name,
		      from_part, m->lane, m->from, "bench", to_part, m->lane, m->to, m->flow, m->index));
	if (type)
		must(buf_addf(&m->out, " type='%s'", type));
}

static void make_chat(struct maker *m)
{
	open_stanza(m, "message", "chat", "ann", "bob");
	must(buf_add(&m->out, STR("><body>")));
	add_words(m, 30 + maker_random(m, 535));
	must(buf_add(&m->out, STR("</body><active xmlns='http://jabber.org/protocol/chatstates'/>"
				  "<request xmlns='urn:xmpp:receipts'/><origin-id xmlns='urn:xmpp:sid:0' id='")));
	add_base64(m, 22);
	must(buf_add(&m->out, STR("'/></message>")));
}

static void make_state(struct maker *m)
{
	static const char *const states[] = {"composing", "paused", "active", "inactive", "gone"};

	open_stanza(m, "message", "chat", "ann", "bob");
	must(buf_addf(&m->out, "><%s xmlns='http://jabber.org/protocol/chatstates'/><no-store xmlns='urn:xmpp:hints'/>"
		      "</message>", states[maker_random(m, 5)]));
}

static void make_receipt(struct maker *m)
{
	open_stanza(m, "message", "chat", "ann", "bob");
	must(buf_add(&m->out, STR("><received xmlns='urn:xmpp:receipts' id='")));
	add_base64(m, 16);
	must(buf_add(&m->out, STR("'/><received xmlns='urn:xmpp:chat-markers:0' id='")));
	add_base64(m, 16);
	must(buf_add(&m->out, STR("'/></message>")));
}

static void make_encrypted(struct maker *m)
{
	open_stanza(m, "message", "chat", "ann", "bob");
	must(buf_addf(&m->out, "><encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='%u'>"
		      "<key rid='%u' prekey='true'>", maker_random(m, 1u << 31), maker_random(m, 1u << 31)));
	add_base64(m, 88);
	must(buf_add(&m->out, STR("</key><iv>")));
	add_base64(m, 16);
	must(buf_add(&m->out, STR("</iv></header><payload>")));
	add_base64(m, 2048);
	must(buf_add(&m->out, STR("</payload></encrypted><store xmlns='urn:xmpp:hints'/><encryption xmlns='urn:xmpp:eme:0' "
				  "namespace='eu.siacs.conversations.axolotl' name='OMEMO'/></message>")));
}

static void make_presence(struct maker *m)
{
	open_stanza(m, "presence", NULL, "ann", "bob");
	must(buf_addf(&m->out, "><show>%s</show><status xml:lang='de'>", maker_random(m, 2) ? "away" : "dnd"));
	add_words(m, 20);
	must(buf_add(&m->out, STR("</status><priority>5</priority><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' "
				  "node='https://client.example/caps?a=1&amp;b=2' ver='")));
	add_base64(m, 27);
	must(buf_add(&m->out, STR("='/><x xmlns='vcard-temp:x:update'><photo>")));
	add_base64(m, 40);
	must(buf_add(&m->out, STR("</photo></x></presence>")));
}

static void make_iq_get(struct maker *m)
{
	open_stanza(m, "iq", "get", "ann", "bob");
	must(buf_add(&m->out, STR("><query xmlns='http://jabber.org/protocol/disco#info' node='https://client.example/caps#")));
	add_base64(m, 27);
	must(buf_add(&m->out, STR("='/></iq>")));
}

static void make_iq_result(struct maker *m)
{
	open_stanza(m, "iq", "result", "ann", "bob");
	must(buf_add(&m->out, STR("><query xmlns='http://jabber.org/protocol/disco#info'>"
				  "<identity category='client' type='phone' name='Client &amp; Söhne'/>")));
	for (unsigned i = 0; i < 16; i++)
		must(buf_addf(&m->out, "<feature var='urn:xmpp:feature-%u:%u'/>", maker_random(m, 900), i));
	must(buf_add(&m->out, STR("<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'>"
				  "<value>urn:xmpp:dataforms:softwareinfo</value></field></x></query></iq>")));
}

static void make_room(struct maker *m)
{
	must(buf_addf(&m->out, "<message xml:lang='en' type='groupchat' to='bob%u@%s/phone' "
		      "from='room%u@%s/member %u' id='tb-%04x-%04x-00000000-000000000000'><body>", m->lane, m->to, m->lane,
		      m->from, maker_random(m, ROOM_MEMBERS), m->flow, m->index));
	add_words(m, 30 + maker_random(m, 420));
	must(buf_add(&m->out, STR("</body><html xmlns='http://jabber.org/protocol/xhtml-im'>"
				  "<body xmlns='http://www.w3.org/1999/xhtml'><p style='color:#203040'>")));
	add_words(m, 120);
	must(buf_add(&m->out, STR("</p></body></html><stanza-id xmlns='urn:xmpp:sid:0' id='")));
	add_base64(m, 18);
	must(buf_addf(&m->out, "' by='room%u@%s'/></message>", m->lane, m->from));
}

/* The shares of an ordinary evening between two servers; chat and 2 KiB payloads set the mean (792 bytes). */
static void make_mixed(struct maker *m)
{
	const uint32_t share = maker_random(m, 100);

	if (share < 30)
		make_chat(m);
	else if (share < 40)
		make_state(m);
	else if (share < 48)
		make_receipt(m);
	else if (share < 59)
		make_encrypted(m);
	else if (share < 72)
		make_presence(m);
	else if (share < 77)
		make_iq_get(m);
	else if (share < 82)
		make_iq_result(m);
	else
		make_room(m);
}

static void make_sized(struct maker *m)
{
	const struct str tail = STR("</body></message>");

	open_stanza(m, "message", "chat", "ann", "bob");
	must(buf_add(&m->out, STR("><body>")));
	do {
		const char c = (char)(maker_random(m, 6) == 0 ? ' ' : 'a' + (char)maker_random(m, 26));

		must(buf_add(&m->out, str_make(&c, 1)));
	} while (buf_len(&m->out) + tail.len < m->size_bytes);
	must(buf_add(&m->out, tail));
}

static void make_template(struct maker *m, struct template *ret_template)
{
	char *bytes;
	const char *id;

	buf_clear(&m->out);
	if (m->size_bytes == MIX_REAL)
		make_mixed(m);
	else
		make_sized(m);
	bytes = must_ptr(str_dup(buf_str(&m->out)));
	id = strstr(bytes, "'tb-");
	ret_template->bytes = str_make(bytes, buf_len(&m->out));
	ret_template->id_at = (size_t)(id + 1 - bytes);
	ret_template->lane = m->lane;
	ret_template->has_lang = strncmp(bytes, "<message xml:lang=", 18) == 0;
}

struct mix *mix_new(const char *from, const char *to, uint32_t flow, size_t count, size_t lane_count, size_t size_bytes,
		    uint64_t seed)
{
	struct maker m = {.from = from, .to = to, .flow = flow, .size_bytes = size_bytes,
		.random = (seed + flow + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1};
	struct mix *mix = must_ptr(calloc(1, sizeof(*mix)));

	mix->templates = must_ptr(calloc(count, sizeof(*mix->templates)));
	mix->count = count;
	mix->lane_count = lane_count;
	for (size_t i = 0; i < count; i++) {
		m.index = (uint32_t)i;
		m.lane = (uint32_t)(i % lane_count);
		make_template(&m, &mix->templates[i]);
		mix->bytes_total += mix->templates[i].bytes.len;
	}
	buf_fini(&m.out);
	return mix;
}

void mix_free(struct mix **mix)
{
	if (!*mix)
		return;
	for (size_t i = 0; i < (*mix)->count; i++) {
		free((void *)(uintptr_t)(*mix)->templates[i].bytes.at);
		buf_fini(&(*mix)->templates[i].canon);
	}
	free((*mix)->templates);
	free(*mix);
	*mix = NULL;
}
