/* SPDX-License-Identifier: Apache-2.0
 * Dialback of peers (XEP-0220): keys, questions to authoritative servers, answers. */
#include "peer.h"

#include "name/name.h"
#include "stream/stream.h"

#include <stdlib.h>

/* A peer knows a key again by making it again. */
void peer_key(const struct peer *peer, struct str sender, struct str target, struct str id, char ret_key[static 65])
{
	uint8_t hash[TLS_SHA256_BYTES] = {0};
	struct buf text = {0};

	buf_addf(&text, "the secret of %s|%.*s|%.*s|%.*s", peer->name, STR_ARG(sender), STR_ARG(target), STR_ARG(id));
	tls_sha256(buf_str(&text), hash);
	tls_hex(hash, sizeof(hash), ret_key);
	buf_fini(&text);
}

void peer_send_result(struct peer_stream *stream, const char *sender, const char *target, const char *key)
{
	peer_stream_sendf(stream, "<db:result from='%s' to='%s'>%s</db:result>", sender, target, key);
}

static const char *error_type(const char *condition)
{
	return stanza_condition_type(stanza_condition_of(str_of(condition)));
}

/* A db:result or db:verify as answer. */
static void answer(struct peer_stream *stream, const char *name, const char *from, const char *to, const char *id,
		   const char *word)
{
	struct buf out = {0};
	const bool is_plain = strcmp(word, "valid") == 0 || strcmp(word, "invalid") == 0;

	if (strcmp(word, "nothing") == 0)
		return;
	buf_addf(&out, "<db:%s from='%s' to='%s'", name, from, to);
	if (id)
		buf_addf(&out, " id='%s'", id);
	if (is_plain)
		buf_addf(&out, " type='%s'/>", word);
	else
		buf_addf(&out, " type='error'><error type='%s'><%s xmlns='%s'/></error></db:%s>", error_type(word), word,
			 NS_STANZAS, name);
	peer_stream_send(stream, buf_str(&out));
	buf_fini(&out);
}

void peer_answer_result(struct peer_stream *stream, const char *sender, const char *target, const char *word)
{
	if (strcmp(word, "valid") == 0)
		peer_add_pair(stream, sender, target);
	answer(stream, "result", target, sender, NULL, word);
}

void peer_answer_verify(struct peer_stream *stream, const char *from, const char *to, const char *id, struct str key)
{
	const struct peer *peer = stream->peer;
	const char *word = peer->options.verify;
	char own[65];

	if (strcmp(word, "truthfully") == 0) {
		peer_key(peer, str_of(to), str_of(from), str_of(id), own);
		word = peer_has_domain(peer, str_of(to)) ? str_is(key, own) ? "valid" : "invalid" : "item-not-found";
	}
	answer(stream, "verify", to, from, id, word);
}

/* Where the authoritative server of a domain is: at the trunk, as our DNS override says, or really. */
static const struct endpoint *authoritative(const struct peer *peer, const char *sender)
{
	if (!peer->options.is_deaf_to_override)
		return peer_trunk(peer, false);
	LIST_EACH (pos, peer->env->peers) {
		struct peer *other = LIST_OF(pos, struct peer, link);

		if (peer_has_domain(other, str_of(sender)))
			return &other->at;
	}
	return peer_trunk(peer, false);
}

void peer_ask(struct peer_stream *stream, const char *sender, const char *target, const char *key)
{
	struct peer_stream *asking = peer_stream_new(stream->peer, PEER_ASKING, "");

	if (!asking)
		return;
	asking->question.stream = stream->number;
	TEXT_COPY(asking->from, str_of(target));
	TEXT_COPY(asking->to, str_of(sender));
	TEXT_COPY(asking->question.sender, str_of(sender));
	TEXT_COPY(asking->question.target, str_of(target));
	TEXT_COPY(asking->question.id, str_of(stream->id));
	TEXT_COPY(asking->question.key, str_of(key));
	if (peer_stream_dial(asking, authoritative(stream->peer, sender)) < 0)
		peer_stream_over(asking);
}

void peer_ask_go(struct peer_stream *asking)
{
	const struct peer_question *question = &asking->question;

	if (question->is_sent)
		return;
	asking->question.is_sent = true;
	peer_stream_sendf(asking, "<db:verify from='%s' to='%s' id='%s'>%s</db:verify>", question->target, question->sender,
			  question->id, question->key);
}

void peer_ask_answered(struct peer_stream *asking, const char *word)
{
	struct peer_stream *stream = peer_stream_by_number(asking->peer, asking->question.stream);

	if (asking->question.is_answered)
		return;
	asking->question.is_answered = true;
	if (stream)
		peer_answer_result(stream, asking->question.sender, asking->question.target, word);
	peer_stream_end(asking, NULL);
}

void peer_stream_over(struct peer_stream *stream)
{
	if (stream->role == PEER_ASKING && stream->question.stream)
		peer_ask_answered(stream, "remote-connection-failed");
}

/* ---- what is proved on a stream ---- */

static bool same_domain(const char *a, struct str b)
{
	struct domain x, y;

	return domain_normalise(str_of(a), &x) == 0 && domain_normalise(b, &y) == 0 && str_eq(domain_str(&x), domain_str(&y));
}

bool peer_has_pair(const struct peer_stream *stream, struct str sender, struct str target)
{
	LIST_EACH (pos, &stream->pairs) {
		const struct peer_pair *pair = LIST_OF(pos, struct peer_pair, link);

		if (same_domain(pair->sender, sender) && same_domain(pair->target, target))
			return true;
	}
	return false;
}

void peer_add_pair(struct peer_stream *stream, const char *sender, const char *target)
{
	struct peer_pair *pair = calloc(1, sizeof(*pair));

	if (!pair)
		return;
	TEXT_COPY(pair->sender, str_of(sender));
	TEXT_COPY(pair->target, str_of(target));
	list_add_tail(&stream->pairs, &pair->link);
}
