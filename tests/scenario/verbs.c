/* SPDX-License-Identifier: Apache-2.0
 * Statements by their first word: about the trunk, the network, DNS, time, or a peer. */
#include "verbs.h"

#include "sim_net.h"

#include <stdio.h>

struct peer_stream *peer_link(struct peer *peer)
{
	struct peer_stream *found = NULL;

	LIST_EACH (pos, &peer->streams) {
		struct peer_stream *stream = LIST_OF(pos, struct peer_stream, link);

		if (stream->role == PEER_RECEIVING &&
		    (!found || !list_is_empty(&stream->pairs) || list_is_empty(&found->pairs)))
			found = stream;
	}
	return found;
}

struct peer_stream *step_stream(struct step *step)
{
	const unsigned on = words_find(&step->words, step->from, "on");
	struct peer_stream *stream;

	if (word_is(&step->words, on + 1, "its") && word_is(&step->words, on + 2, "link"))
		stream = peer_link(step->peer);
	else
		stream = peer_stream_find(step->peer, step->stream, PEER_INITIATING);
	if (!stream)
		world_fail(step->world, "%s has no such stream", step->peer->name);
	return stream;
}

/* ---- dns ---- */

/* "TLSA of NAME": usage 3, selector 1, matching type 1 (RFC 7672's "3 1 1") of what a peer shows. */
static int dns_tlsa(struct step *step, const char *name)
{
	struct peer *peer = STEP_IS(step, 3, "of") ? world_peer(step->world, STEP_WORD(step, 4)) : NULL;
	uint8_t pin[TLS_PIN_BYTES];
	char hex[2 * TLS_PIN_BYTES + 1];

	if (!peer || peer_pin(peer, pin) < 0)
		return world_fail(step->world, "dns NAME TLSA of PEER");
	tls_hex(pin, sizeof(pin), hex);
	sim_dns_tlsa(step->world->sim_dns, name, 3, 1, 1, hex);
	return 0;
}

static int dns_records(struct step *step, const char *name, enum dns_type type)
{
	struct sim_dns *sim = step->world->sim_dns;
	char text[DNS_HOST_SIZE];
	uint64_t n[3];

	if (type == DNS_TLSA)
		return dns_tlsa(step, name);
	if (type == DNS_SRV) {
		for (unsigned i = 0; i < 3; i++)
			if (str_number(STEP_WORD(step, 3 + i), UINT16_MAX, &n[i]) < 0)
				return world_fail(step->world, "dns NAME SRV PRIORITY WEIGHT PORT TARGET");
		TEXT_COPY(text, STEP_WORD(step, 6));
		sim_dns_srv(sim, name, (uint16_t)n[0], (uint16_t)n[1], (uint16_t)n[2], text);
		return 0;
	}
	for (unsigned i = 3; STEP_WORD(step, i).len > 0; i++) {
		TEXT_COPY(text, STEP_WORD(step, i));
		sim_dns_address(sim, name, text);
	}
	return 0;
}

static int step_dns(struct step *step)
{
	static const struct {
		const char *text;
		enum dns_type type;
	} types[] = {{"A", DNS_A}, {"AAAA", DNS_AAAA}, {"SRV", DNS_SRV}, {"TLSA", DNS_TLSA}};
	struct sim_dns *sim = step->world->sim_dns;
	char name[DNS_HOST_SIZE];

	TEXT_COPY(name, STEP_WORD(step, 1));
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!STEP_IS(step, 2, types[i].text))
			continue;
		if (STEP_IS(step, 3, "fails"))
			sim_dns_outcome(sim, name, types[i].type, DNS_FAIL, "SERVFAIL");
		else if (STEP_IS(step, 3, "never"))
			sim_dns_delay(sim, name, types[i].type, SIM_DNS_NEVER);
		else if (STEP_IS(step, 3, "secure"))
			sim_dns_secure(sim, name, types[i].type);
		else if (STEP_IS(step, 3, "forgotten"))
			sim_dns_forget(sim, name, types[i].type);
		else
			return dns_records(step, name, types[i].type);
		return 0;
	}
	return world_fail(step->world, "dns NAME A|AAAA|SRV|TLSA …");
}

/* ---- network ---- */

static int step_network(struct step *step)
{
	struct net *net = step->world->net;
	struct endpoint at;
	int64_t ms;
	size_t bytes;

	if (STEP_IS(step, 1, "latency") && script_duration(STEP_WORD(step, 2), &ms) == 0)
		sim_net_set_latency(net, ms);
	else if (STEP_IS(step, 1, "window") && script_size(STEP_WORD(step, 2), &bytes) == 0)
		sim_net_set_window(net, bytes);
	else if (STEP_IS(step, 1, "pieces") && script_size(STEP_WORD(step, 2), &bytes) == 0)
		sim_net_set_piece(net, bytes);
	else if (STEP_IS(step, 1, "to") && endpoint_parse(STEP_WORD(step, 2), 5269, &at) == 0)
		return sim_net_set_fate(net, &at, STEP_IS(step, 4, "silent") ? SIM_SILENT
					: STEP_IS(step, 4, "unreachable") ? SIM_UNREACHABLE : SIM_REACHABLE);
	else
		return world_fail(step->world,
				  "network latency T | window SIZE | pieces SIZE | to ADDRESS is silent|unreachable|well");
	return 0;
}

/* ---- the trunk ---- */

/* As src/daemon/main.c has it: all workers at once. */
static void on_drained(void *ctx)
{
	const struct site *site = trunk_site(ctx);

	crew_set_drained(site->crew, site->worker);
}

static void on_first_drained(void *ctx)
{
	struct world *world = ctx;

	on_drained(world->trunk);
	world->drained += world->drained == 0 || world->workers == 1 ? crew_is_drained(trunk_crew(world->shared)) : 0;
}

static void close_all(struct world *world, struct str what, const struct endpoint *address, const char *condition, bool is_final)
{
	for (unsigned i = 0; i < world->workers; i++) {
		inbound_close(trunk_inbound(world->trunks[i]), address ? STR_NONE : what, address, condition);
		if (!address)
			outbound_close(relay_outbound(trunk_relay(world->trunks[i])), what, condition, is_final);
	}
}

static int block(struct step *step)
{
	struct world *world = step->world;
	const struct str what = STEP_WORD(step, 2);
	struct endpoint address;
	const bool is_address = endpoint_parse(what, 1, &address) == 0;
	int64_t ms = 0;
	int err;

	if (STEP_IS(step, 3, "for") && script_duration(STEP_WORD(step, 4), &ms) < 0)
		return world_fail(world, "for how long?");
	if ((err = blocks_add(world->blocks, what, ms ? loop_wall_ms(world->loop) + ms : 0)) < 0)
		return world_fail(world, "%s", error_text(err));
	close_all(world, what, is_address ? &address : NULL, "policy-violation", true);
	return 0;
}

/* As the operator's commands do it: src/control/change.c. */
static int operate(struct step *step)
{
	struct world *world = step->world;
	const struct str what = STEP_WORD(step, 2);

	if (STEP_IS(step, 1, "blocks"))
		return block(step);
	if (STEP_IS(step, 1, "unblocks"))
		return blocks_remove(world->blocks, what) < 0 ? world_fail(world, "it is not blocked") : 0;
	if (STEP_IS(step, 1, "closes")) {
		close_all(world, what, NULL, "reset", false);
		return 0;
	}
	if (STEP_IS(step, 1, "drains")) {
		trunk_drain(world->trunk, on_first_drained, world);
		for (unsigned i = 1; i < world->workers; i++)
			trunk_drain(world->trunks[i], on_drained, world->trunks[i]);
		return 0;
	}
	if (STEP_IS(step, 1, "crashes"))
		return world_crash(world);
	if (step_queue(step) <= 0)
		return world->failure[0] ? -1 : 0;
	if (STEP_IS(step, 1, "is") && STEP_IS(step, 2, "drained")) {
		world_settle(world);
		return world->drained == 1 ? 0
					   : world_fail(world, "the trunk said %u times that it is drained", world->drained);
	}
	return 1;
}

static int step_trunk(struct step *step)
{
	struct world *world = step->world;
	const bool is_reload = STEP_IS(step, 1, "reloads"), is_refused = STEP_IS(step, 1, "reload") && STEP_IS(step, 2, "is");
	int result;

	if (!world->trunk && (is_reload || is_refused))
		return world_fail(world, "there is no trunk yet");
	if (world->trunk && (result = operate(step)) <= 0)
		return result;
	if (world->trunk && !is_reload && !is_refused)
		return world_fail(world,
				  "trunk reloads | reload is refused | blocks | unblocks | closes | drains | is drained | crashes | "
				  "pauses | resumes | releases | drops | returns | holds");
	return world_trunk(world, step->statement, is_reload || is_refused, is_refused);
}

/* ---- who is it about ---- */

/* "saturn", "saturn's", "saturn:b", "saturn:b's". */
static bool find_peer(struct step *step, char *name, size_t size, bool *ret_possessive)
{
	struct str word = STEP_WORD(step, 0), stream;

	*ret_possessive = str_ends(word, STR("'s"));
	if (*ret_possessive)
		word = str_until(word, word.len - 2);
	stream = word;
	word = str_cut(&stream, ':');
	step->has_stream = stream.at != NULL;
	text_copy(name, size, stream.at ? stream : STR(""));
	step->stream = name;
	return (step->peer = world_peer(step->world, word)) != NULL;
}

/* "clock jumps [back] T": the wall clock alone. */
static int step_clock(struct step *step)
{
	struct world *world = step->world;
	const bool is_back = STEP_IS(step, 2, "back");
	int64_t ms;

	if (!STEP_IS(step, 1, "jumps") || script_duration(STEP_WORD(step, is_back ? 3 : 2), &ms) < 0)
		return world_fail(world, "clock jumps [back] T");
	loop_set_wall_ms(world->loop, loop_wall_ms(world->loop) + (is_back ? -ms : ms));
	return 0;
}

static int run(struct step *step)
{
	char name[PEER_WORD_SIZE];
	bool is_possessive;

	if (STEP_IS(step, 0, "trunk"))
		return step_trunk(step);
	if (!step->world->trunk)
		return world_fail(step->world, "a scenario begins with its trunk");
	if (STEP_IS(step, 0, "dns"))
		return step_dns(step);
	if (STEP_IS(step, 0, "network"))
		return step_network(step);
	if (STEP_IS(step, 0, "clock"))
		return step_clock(step);
	if (STEP_IS(step, 0, "log") || STEP_IS(step, 0, "audit"))
		return step_log(step, STEP_IS(step, 0, "audit"));
	if (STEP_IS(step, 0, "streams"))
		return step_streams(step);
	if (!find_peer(step, name, sizeof(name), &is_possessive))
		return world_fail(step->world, "no peer and no verb of that name: %.*s", STR_ARG(STEP_WORD(step, 0)));
	step->from++;
	return is_possessive ? step_stream_is(step) : step_peer_does(step);
}

int step_run(struct world *world, const struct statement *statement)
{
	struct step step = {.world = world, .statement = statement};
	int64_t ms;

	words_split(statement->text, &step.words);
	while (STEP_IS(&step, 0, "after")) {
		if (script_duration(STEP_WORD(&step, 1), &ms) < 0)
			return world_fail(world, "after how long?");
		world_settle(world);
		world_pass(world, ms);
		step.from += 2;
		if (step.from >= step.words.count)
			return 0;
	}
	return run(&step);
}
