/* SPDX-License-Identifier: Apache-2.0
 * What peers do: send, close, vanish, stop reading, change. */
#include "verbs.h"

#include "sim_net.h"

#include <stdio.h>

/* "sends [on its link] [at once] [N times] <xml>", "sends raw "…"". */
static int sends(struct step *step)
{
	const unsigned raw = words_find(&step->words, step->from, "raw"), times = words_find(&step->words, step->from, "times");
	const bool is_raw = raw + 1 < step->words.count, is_at_once = words_find(&step->words, step->from, "once") < step->words.count;
	const struct str text = is_raw ? step->words.at[raw + 1] : step->words.xml;
	struct peer_stream *stream = step_stream(step);
	struct buf out = {0};
	uint64_t count = 1;

	if (!stream)
		return -1;
	if (!text.at)
		return world_fail(step->world, "sends what?");
	if (times < step->words.count && str_number(step->words.at[times - 1], 1000000, &count) < 0)
		return world_fail(step->world, "how many times?");
	if (!stream->conn || stream->is_closed)
		return world_fail(step->world, "%s can't send: its stream is closed (%s)", step->peer->name,
				  stream->condition[0] ? stream->condition : "no error");
	for (unsigned n = 1; n <= count; n++) {
		script_expand(is_raw ? text : str_trim(text), n, is_raw, &out);
		if ((buf_len(&out) > 16384 && !is_at_once) || n == count) {
			peer_stream_send(stream, buf_str(&out));
			buf_clear(&out);
		}
	}
	buf_fini(&out);
	world_settle(step->world);
	return 0;
}

/* "has tls required, certificate expired": up to each comma, one option. */
static int has(struct step *step)
{
	const struct str verb = STEP_WORD(step, 0), end = step->statement->text;
	struct str rest = str_make(verb.at + verb.len, (size_t)(end.at + end.len - verb.at) - verb.len);

	while (rest.at) {
		const struct str option = str_trim(str_cut(&rest, ','));

		if (peer_set(step->peer, option) < 0)
			return world_fail(step->world, "peers have no such option: %.*s", STR_ARG(option));
	}
	return 0;
}

static int closes(struct step *step)
{
	const unsigned with = words_find(&step->words, step->from, "with");
	struct peer_stream *stream;
	char condition[PEER_WORD_SIZE] = "";

	if (STEP_IS(step, 1, "its") && STEP_IS(step, 2, "link")) {
		if (!(stream = peer_link(step->peer)))
			return world_fail(step->world, "%s has no link", step->peer->name);
	} else if (!(stream = step_stream(step))) {
		return -1;
	}
	if (with + 1 < step->words.count)
		TEXT_COPY(condition, step->words.at[with + 1]);
	if (!stream->conn)
		return world_fail(step->world, "it is closed already");
	if (STEP_IS(step, 0, "resets"))
		peer_stream_reset(stream);
	else if (STEP_IS(step, 0, "hangs"))
		conn_shutdown(stream->conn);
	else
		peer_stream_end(stream, condition[0] ? condition : NULL);
	world_settle(step->world);
	return 0;
}

/* Away: the machine says that nobody listens, and its connections are reset. Vanished: it says nothing at all any more. */
static int goes(struct step *step)
{
	struct peer *peer = step->peer;
	struct net *net = step->world->net;
	const bool is_silent = STEP_IS(step, 0, "vanishes");

	if (STEP_IS(step, 0, "comes")) {
		sim_net_set_fate(net, &peer->at, SIM_REACHABLE);
		return peer_listen(peer, true);
	}
	if (is_silent) {
		sim_net_cut(net, &peer->at);
		return sim_net_set_fate(net, &peer->at, SIM_SILENT);
	}
	LIST_EACH (pos, &peer->streams)
		peer_stream_reset(LIST_OF(pos, struct peer_stream, link));
	return peer_listen(peer, false);
}

static int negotiates(struct step *step)
{
	struct peer_stream *stream = step_stream(step);

	if (!stream)
		return -1;
	peer_stream_start_tls(stream);
	world_settle(step->world);
	return stream->is_tls_up ? 0 : world_fail(step->world, "TLS failed");
}

/* "is dialled N times": attempts of anybody since the beginning. */
static int is_dialled(struct step *step)
{
	const unsigned attempts = sim_net_attempts(step->world->net, &step->peer->at);
	uint64_t want;

	world_settle(step->world);
	if (str_number(STEP_WORD(step, 2), 1000000, &want) < 0)
		return world_fail(step->world, "how many times?");
	return attempts == want ? 0 : world_fail(step->world, "%s was dialled %u times", step->peer->name, attempts);
}

/* "restarts its xml": what the trunk sends next begins a new stream; for streams that the script itself negotiates. */
static int restarts(struct step *step)
{
	struct peer_stream *stream = step_stream(step);

	if (!stream)
		return -1;
	xml_reader_reset(stream->reader);
	stream->has_header = false;
	return 0;
}

static int stalls(struct step *step)
{
	peer_stall(step->peer, STEP_IS(step, 0, "stalls"));
	world_settle(step->world);
	return 0;
}

/* "connects": TCP alone; nothing is sent or answered by itself. */
static int connects(struct step *step)
{
	struct peer_stream *stream = peer_stream_new(step->peer, PEER_INITIATING, step->stream);

	if (!stream)
		return world_fail(step->world, "no memory");
	stream->is_manual = true;
	stream->is_direct = STEP_IS(step, 1, "directly");
	if (peer_stream_dial(stream, peer_trunk(step->peer, stream->is_direct)) < 0)
		return world_fail(step->world, "can't connect");
	world_settle(step->world);
	return 0;
}

static const struct {
	const char *verb;
	int (*fn)(struct step *step);
} verbs[] = {
	{"opens", step_opens}, {"tries", step_opens}, {"proves", step_proves}, {"fails", step_proves}, {"connects", connects},
	{"sends", sends}, {"receives", step_receives}, {"closes", closes}, {"resets", closes}, {"hangs", closes},
	{"negotiates", negotiates}, {"has", has}, {"goes", goes}, {"comes", goes}, {"vanishes", goes}, {"stalls", stalls},
	{"resumes", stalls}, {"is", is_dialled}, {"restarts", restarts}, {"does", step_does_its_best},
};

int step_peer_does(struct step *step)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (STEP_IS(step, 0, verbs[i].verb))
			return verbs[i].fn(step);
	return world_fail(step->world, "peers can't do this: %.*s", STR_ARG(STEP_WORD(step, 0)));
}
