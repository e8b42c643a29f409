/* SPDX-License-Identifier: Apache-2.0
 * Streams opened and domain pairs proved as steps of a script. */
#include "verbs.h"

#include "stream/stream.h"

#include <stdlib.h>

/* What came of a db:result that was sent: "valid", "invalid", the condition of an error, "" for no answer. */
static void take_result(struct peer *peer, const struct peer_stream *stream, struct str sender, struct str target,
			char ret_word[static PEER_WORD_SIZE])
{
	ret_word[0] = 0;
	LIST_EACH (pos, &peer->inbox) {
		struct item *item = LIST_OF(pos, struct item, link);
		const struct xml_node *node = item->node, *condition;
		const struct str type = xml_node_attr(node, "type");

		if (item->stream != stream->number || !str_is(node->ns, NS_DIALBACK) || !str_is(node->name, "result") ||
		    str_is_absent(type) || !str_eq(xml_node_attr(node, "from"), target) ||
		    !str_eq(xml_node_attr(node, "to"), sender))
			continue;
		condition = xml_node_child(xml_node_child(node, NULL, "error"), NS_STANZAS, NULL);
		text_copy(ret_word, PEER_WORD_SIZE, str_is(type, "error") && condition ? condition->name : type);
		list_remove(pos);
		arena_fini(&item->arena);
		free(item);
		return;
	}
}

static void prove_by_dialback(struct step *step, struct peer_stream *stream, struct str sender, struct str target,
			      char ret_word[static PEER_WORD_SIZE])
{
	char from[PEER_DOMAIN_SIZE], to[PEER_DOMAIN_SIZE], key[65];

	TEXT_COPY(from, sender);
	TEXT_COPY(to, target);
	peer_key(step->peer, sender, target, str_of(stream->id), key);
	peer_send_result(stream, from, to, key);
	world_settle(step->world);
	take_result(step->peer, stream, sender, target, ret_word);
	if (strcmp(ret_word, "valid") != 0)
		return;
	stream->has_dialback = true;
	peer_add_pair(stream, from, to);
}

/* "external", "external as AUTHZID": the word is "valid", or the condition of the failure. */
static void prove_by_external(struct step *step, struct peer_stream *stream, struct str authzid,
			      char ret_word[static PEER_WORD_SIZE])
{
	struct buf text = {0};

	if (authzid.len > 0)
		tls_base64_encode(authzid, &text);
	else
		buf_add_cstr(&text, "=");
	stream->wants_external = true;
	stream->sasl_failure[0] = 0;
	peer_stream_sendf(stream, "<auth xmlns='%s' mechanism='EXTERNAL'>%.*s</auth>", NS_SASL, STR_ARG(buf_str(&text)));
	buf_fini(&text);
	world_settle(step->world);
	text_copy(ret_word, PEER_WORD_SIZE,
		  stream->has_external && stream->has_features ? STR("valid") : str_of(stream->sasl_failure));
}

/* From word `at`: "DOMAIN [to TARGET] by dialback|external [as AUTHZID] [with OUTCOME]". */
static int prove(struct step *step, struct peer_stream *stream, unsigned at, bool must_fail)
{
	const struct words *words = &step->words;
	const unsigned to = words_find(words, at, "to"), by = words_find(words, at, "by"), with = words_find(words, at, "with");
	const unsigned as = words_find(words, at, "as");
	const struct str target = to + 1 < words->count && to < by ? words->at[to + 1] : str_of(stream->to);
	const struct str want = must_fail ? with + 1 < words->count ? words->at[with + 1] : STR("invalid") : STR("valid");
	char word[PEER_WORD_SIZE];

	if (at >= words->count || by + 1 >= words->count)
		return world_fail(step->world, "proves DOMAIN [to TARGET] by dialback|external");
	if (word_is(words, by + 1, "dialback"))
		prove_by_dialback(step, stream, words->at[at], target, word);
	else if (!stream->offers_external && !must_fail)
		return world_fail(step->world, "the trunk does not offer EXTERNAL");
	else
		prove_by_external(step, stream, as + 1 < words->count ? words->at[as + 1] : STR(""), word);
	if (str_is(want, word) || (str_is(want, "nothing") && !word[0]))
		return 0;
	return world_fail(step->world, "the proof of %.*s to %.*s ended with \"%s\" instead of \"%.*s\"%s%s",
			  STR_ARG(words->at[at]), STR_ARG(target), word, STR_ARG(want),
			  stream->condition[0] ? "; the stream was closed with " : "", stream->condition);
}

int step_proves(struct step *step)
{
	struct peer_stream *stream = step_stream(step);
	const bool must_fail = STEP_IS(step, 0, "fails");

	return stream ? prove(step, stream, step->from + (must_fail ? 3 : 1), must_fail) : -1;
}

/* "does its best for DOMAIN": the strongest proof that its options and what the trunk offers allow; EXTERNAL only where the
 * trunk's certificate verifies, as the trunk does it itself (design.md §6). */
int step_does_its_best(struct step *step)
{
	const struct peer_options *options = &step->peer->options;
	struct peer_stream *stream = step_stream(step);
	char word[PEER_WORD_SIZE];

	if (!stream)
		return -1;
	if (!peer_stream_is_open(stream) || !stream->has_features)
		return 0;
	if (options->external && stream->offers_external && peer_stream_is_certified(stream, stream->to))
		prove_by_external(step, stream, STR(""), word);
	else if (options->dialback && (stream->offers_dialback || !stream->has_version))
		prove_by_dialback(step, stream, STEP_WORD(step, 4), str_of(stream->to), word);
	else
		peer_stream_end(stream, "policy-violation");
	return 0;
}

static void set_options(struct step *step, struct peer_stream *stream, unsigned end)
{
	const struct words *words = &step->words;
	const unsigned to = words_find(words, step->from, "to"), from = words_find(words, step->from, "from");

	TEXT_COPY(stream->to, to + 1 < words->count ? words->at[to + 1] : STR(""));
	TEXT_COPY(stream->from, from + 1 < end ? words->at[from + 1] : str_of(step->peer->domains[0]));
	for (unsigned i = step->from; i + 1 < end; i++) {
		if (!word_is(words, i, "without"))
			continue;
		stream->omits_from |= word_is(words, i + 1, "from");
		stream->omits_version |= word_is(words, i + 1, "version");
		stream->stays_plain |= word_is(words, i + 1, "tls");
		if (word_is(words, i + 1, "to"))
			stream->to[0] = 0;
	}
	stream->is_direct = words_find(words, step->from, "directly") < end;
}

/* "opens a stream to D [from D] [without from|to|version|tls] [directly] [and proves …|and fails to prove …]"; "tries a
 * stream …" leaves open what comes of it. */
int step_opens(struct step *step)
{
	const unsigned end = words_find(&step->words, step->from, "and");
	const bool must_fail = word_is(&step->words, end + 1, "fails");
	struct peer_stream *stream = peer_stream_new(step->peer, PEER_INITIATING, step->stream);

	if (!stream)
		return world_fail(step->world, "no memory");
	set_options(step, stream, end);
	if (end + 2 < step->words.count && words_find(&step->words, step->from, "from") > end)
		TEXT_COPY(stream->from, step->words.at[end + (must_fail ? 4 : 2)]);
	if (peer_stream_dial(stream, peer_trunk(step->peer, stream->is_direct)) < 0)
		return world_fail(step->world, "can't connect");
	world_settle(step->world);
	if (STEP_IS(step, 0, "tries"))
		return 0;
	if (!stream->has_features || !peer_stream_is_open(stream))
		return world_fail(step->world, "the stream does not come up%s%s", stream->condition[0] ? ": " : "",
				  stream->condition);
	return end < step->words.count ? prove(step, stream, end + (must_fail ? 4 : 2), must_fail) : 0;
}
