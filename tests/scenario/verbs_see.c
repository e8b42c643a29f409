/* SPDX-License-Identifier: Apache-2.0
 * What a script expects: XML at peers, the state of streams, lines of log and audit. */
#include "verbs.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- XML ---- */

struct expectation {
	bool only, exactly, bytes;
	unsigned stream;                /* its number; 0: any */
};

static bool is_of(const struct item *item, const struct expectation *expectation)
{
	return expectation->stream == 0 || item->stream == expectation->stream;
}

static void item_free(struct item *item)
{
	list_remove(&item->link);
	arena_fini(&item->arena);
	free(item);
}

static void show_inbox(const struct peer *peer, const struct expectation *expectation, struct buf *out)
{
	LIST_EACH (pos, &peer->inbox) {
		const struct item *item = LIST_OF(pos, struct item, link);

		if (is_of(item, expectation))
			buf_addf(out, "    %.*s\n", STR_ARG(str_until(item->bytes, 600)));
	}
	if (buf_len(out) == 0)
		buf_add_cstr(out, "    (nothing)\n");
}

static int fail_received(struct step *step, const struct expectation *expectation, const char *what, struct str expected)
{
	struct buf text = {0};

	show_inbox(step->peer, expectation, &text);
	world_fail(step->world, "%s\n  expected:\n    %.*s\n  received and not yet expected by an earlier line:\n%.*s", what,
		   STR_ARG(str_until(expected, 2000)), STR_ARG(buf_str(&text)));
	buf_fini(&text);
	return -1;
}

/* Takes the first item at or behind *pos that fits; *pos goes behind it. */
static bool take(struct peer *peer, struct list **pos, const struct expectation *expectation, const struct xml_node *node,
		 struct str bytes)
{
	while (*pos != &peer->inbox) {
		struct item *item = LIST_OF(*pos, struct item, link);

		*pos = (*pos)->next;
		if (!is_of(item, expectation))
			continue;
		if (expectation->bytes ? str_eq(bytes, item->bytes)
				       : item->node && match_node(node, item->node, expectation->exactly)) {
			item_free(item);
			return true;
		}
		if (expectation->only)
			return false;
	}
	return false;
}

static int take_times(struct step *step, const struct expectation *expectation, struct str text, uint64_t count)
{
	struct list *pos = step->peer->inbox.next;
	struct arena arena = {0};
	struct buf expanded = {0};
	int result = 0;

	for (unsigned n = 1; n <= count && result == 0; n++) {
		const struct xml_node *node = NULL;

		arena_clear(&arena);
		buf_clear(&expanded);
		script_expand(text, n, expectation->bytes, &expanded);
		if (!expectation->bytes && match_parse(&arena, buf_str(&expanded), &node) < 0)
			result = world_fail(step->world, "the expected XML is not well-formed: %.*s",
					    STR_ARG(str_until(text, 500)));
		do {
			if (result == 0 && !take(step->peer, &pos, expectation, node, buf_str(&expanded)))
				result = fail_received(step, expectation, "not received", buf_str(&expanded));
		} while (result == 0 && node && (node = xml_node_next(node, NULL, NULL)));
	}
	arena_fini(&arena);
	buf_fini(&expanded);
	return result;
}

static bool is_empty(const struct peer *peer, const struct expectation *expectation)
{
	LIST_EACH (pos, &peer->inbox)
		if (is_of(LIST_OF(pos, struct item, link), expectation))
			return false;
	return true;
}

static bool find_expectation(struct step *step, struct expectation *ret)
{
	const struct words *words = &step->words;
	struct peer_stream *stream = NULL;

	*ret = (struct expectation){
		.only = words_find(words, step->from, "only") < words->count ||
			words_find(words, step->from, "exactly") < words->count,
		.exactly = words_find(words, step->from, "exactly") < words->count,
		.bytes = words_find(words, step->from, "bytes") < words->count,
	};
	if (step->has_stream || words_find(words, step->from, "link") < words->count) {
		if (!(stream = step_stream(step)))
			return false;
		ret->stream = stream->number;
	}
	return true;
}

/* "receives [only|exactly] [N times] <xml>", "receives bytes "…"", "receives nothing". */
int step_receives(struct step *step)
{
	const unsigned times = words_find(&step->words, step->from, "times"),
		       bytes = words_find(&step->words, step->from, "bytes");
	const bool is_quoted = bytes + 1 < step->words.count;
	struct expectation expectation;
	uint64_t count = 1;

	world_settle(step->world);
	if (!find_expectation(step, &expectation))
		return -1;
	if (STEP_IS(step, 1, "nothing"))
		return is_empty(step->peer, &expectation)
			       ? 0
			       : fail_received(step, &expectation, "something was received", STR("(nothing)"));
	if (times < step->words.count && str_number(step->words.at[times - 1], 1000000, &count) < 0)
		return world_fail(step->world, "how many times?");
	if (!step->words.xml.at && !is_quoted)
		return world_fail(step->world, "receives what?");
	if (take_times(step, &expectation, is_quoted ? step->words.at[bytes + 1] : str_trim(step->words.xml), count) < 0)
		return -1;
	if (expectation.only && !is_empty(step->peer, &expectation))
		return fail_received(step, &expectation, "more was received", STR("(nothing more)"));
	return 0;
}

/* ---- streams ---- */

static int closed_with(struct step *step, const struct peer_stream *stream, unsigned with)
{
	const struct words *words = &step->words;
	const struct str want = with + 1 < words->count ? words->at[with + 1] : STR("");

	if (!stream->has_ended && !stream->is_closed)
		return world_fail(step->world, "the stream is open");
	if (with < words->count && !str_is(want, stream->condition))
		return world_fail(step->world, "the stream was closed with \"%s\" (%s) instead of \"%.*s\"", stream->condition,
				  stream->condition_text, STR_ARG(want));
	if (with == words->count && stream->condition[0])
		return world_fail(step->world, "the stream was closed with an error: %s (%s)", stream->condition,
				  stream->condition_text);
	return 0;
}

/* The words of the outcome matrix. */
static const char *outcome(const struct peer_stream *stream)
{
	if (!stream->has_external && !stream->has_dialback && list_is_empty(&stream->pairs))
		return "none";
	return stream->has_external ? "tls+external" : stream->is_tls_up ? "tls+dialback" : "plain+dialback";
}

static int expect(struct step *step, bool is_so, const char *otherwise)
{
	return is_so ? 0 : world_fail(step->world, "%s", otherwise);
}

/* "offers external|nothing", "shows DOMAIN": what the trunk does on a stream. */
static int trunk_does(struct step *step, struct peer_stream *stream)
{
	char domain[PEER_DOMAIN_SIZE];

	if (STEP_IS(step, 1, "offers"))
		return expect(step, stream->offers_external == STEP_IS(step, 2, "external"), "EXTERNAL is offered otherwise");
	TEXT_COPY(domain, STEP_WORD(step, 2));
	return expect(step, peer_stream_is_certified(stream, domain), "the trunk shows no certificate of that domain");
}

/* "NAME's stream|link is open | closed [with CONDITION] | under tls | plain | proved by external|dialback", "reached OUTCOME",
 * "offers …", "shows …". */
int step_stream_is(struct step *step)
{
	const bool is_link = STEP_IS(step, 0, "link");
	struct peer_stream *stream =
		is_link ? peer_link(step->peer) : peer_stream_find(step->peer, step->stream, PEER_INITIATING);
	const char *reached;

	world_settle(step->world);
	reached = stream ? outcome(stream) : "none";
	if (STEP_IS(step, 1, "reached"))
		return expect(step, STEP_IS(step, 2, reached), reached);
	if (!stream)
		return world_fail(step->world, "%s has no %s", step->peer->name, is_link ? "link" : "such stream");
	if (STEP_IS(step, 1, "offers") || STEP_IS(step, 1, "shows"))
		return trunk_does(step, stream);
	if (STEP_IS(step, 2, "closed"))
		return closed_with(step, stream, words_find(&step->words, step->from, "with"));
	if (STEP_IS(step, 2, "open"))
		return expect(step, peer_stream_is_open(stream),
			      stream->condition[0] ? stream->condition : "the stream is closed");
	if (STEP_IS(step, 2, "under"))
		return expect(step, stream->is_tls_up, "the stream is not under TLS");
	if (STEP_IS(step, 2, "plain"))
		return expect(step, !stream->is_tls_up, "the stream is under TLS");
	if (STEP_IS(step, 2, "proved"))
		return expect(step, str_ends(str_of(outcome(stream)), STEP_WORD(step, 4)), outcome(stream));
	return world_fail(step->world, "is open | closed [with CONDITION] | under tls | plain | proved by external|dialback");
}

/* ---- log, audit, rows of streams ---- */

static struct str without_level(struct str line)
{
	str_cut(&line, ' ');
	return line.at ? line : STR("");
}

static unsigned count_lines(const struct world *world, const struct words *words, unsigned from, bool verdicts_alone,
			    struct buf *seen)
{
	unsigned count = 0;

	LIST_EACH (pos, &world->lines) {
		const struct line *line = LIST_OF(pos, struct line, link);
		struct str rest = without_level(line->text);
		const struct str event = str_cut(&rest, ' ');

		if (verdicts_alone ? !line->is_verdict : !str_eq(event, words->at[from - 1]))
			continue;
		buf_addf(seen, "    %.*s\n", STR_ARG(str_until(line->text, 400)));
		count += rest.at && line_fits(rest, words, from);
	}
	return count;
}

/* "audit has [N] k=v…", "audit lacks k=v…", "log has EVENT k=v…", "log lacks EVENT …". */
int step_log(struct step *step, bool verdicts_alone)
{
	const bool lacks = STEP_IS(step, 1, "lacks");
	unsigned from = step->from + 2, count;
	struct buf seen = {0};
	uint64_t want = 0;
	const bool has_number = str_number(STEP_WORD(step, 2), 1000000, &want) == 0;
	int result = 0;

	world_settle(step->world);
	from += has_number;
	from += !verdicts_alone;
	count = count_lines(step->world, &step->words, from, verdicts_alone, &seen);
	if (lacks ? count > 0 : has_number ? count != want : count == 0)
		result = world_fail(step->world, "%u such lines among\n%.*s", count, STR_ARG(str_until(buf_str(&seen), 6000)));
	buf_fini(&seen);
	return result;
}

struct rows {
	const struct step *step;
	unsigned from, fitting;
	struct buf seen;
};

static void on_row(void *ctx, const struct stream_info *info)
{
	struct rows *rows = ctx;
	const size_t begin = rows->seen.end;

	buf_addf(&rows->seen,
		 "leg=%s role=%s sender=%.*s target=%.*s state=%s address=%s tls=%s proof=%s stanzas_in=%llu stanzas_out=%llu"
		 " bytes_in=%llu queue_bytes=%zu queue_stanzas=%zu acks=%s unacknowledged=%llu reason=\"%s\"",
		 info->leg, info->role, STR_ARG(info->sender), STR_ARG(info->target), info->state, info->address, info->tls,
		 proof_text(info->proof), (unsigned long long)info->stanzas_in, (unsigned long long)info->stanzas_out,
		 (unsigned long long)info->bytes_in, info->queue_bytes, info->queue_stanzas, info->acks ? info->acks : "none",
		 (unsigned long long)info->unacknowledged, info->reason ? info->reason : "");
	rows->fitting += line_fits(str_make(rows->seen.at + begin, rows->seen.end - begin), &rows->step->words, rows->from);
	buf_add_cstr(&rows->seen, "\n    ");
}

/* "streams have [N] k=v…", "streams lack k=v…": rows of `trunkctl streams`. */
int step_streams(struct step *step)
{
	const struct world *world = step->world;
	struct rows rows = {.step = step, .from = step->from + 2};
	uint64_t want = 0;
	const bool has_number = str_number(STEP_WORD(step, 2), 1000000, &want) == 0;
	int result = 0;

	rows.from += has_number;
	world_settle(step->world);
	for (unsigned i = 0; i < world->workers; i++) {
		inbound_each(trunk_inbound(world->trunks[i]), on_row, &rows);
		outbound_each(relay_outbound(trunk_relay(world->trunks[i])), on_row, &rows);
	}
	if (STEP_IS(step, 1, "lack") ? rows.fitting > 0 : has_number ? rows.fitting != want : rows.fitting == 0)
		result = world_fail(step->world, "%u such rows among\n    %.*s", rows.fitting,
				    STR_ARG(str_until(buf_str(&rows.seen), 6000)));
	buf_fini(&rows.seen);
	return result;
}
