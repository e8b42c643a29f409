/* SPDX-License-Identifier: Apache-2.0
 * Commands that only look: status, streams, blocks, failures. */
#include "control/call.h"

#include "control/foreign.h"

#include <stdlib.h>

/* Open streams and what passed on them so far. */
struct tally {
	json_int_t inbound, outbound, verify;
	json_int_t stanzas_in, stanzas_out;
};

static void tally_stream(void *ctx, const struct stream_info *info)
{
	struct tally *tally = ctx;
	const bool is_up = strcmp(info->state, "up") == 0;

	if (strcmp(info->leg, "inbound") == 0)
		tally->inbound++;
	else if (strcmp(info->leg, "verify") == 0)
		tally->verify++;
	else if (is_up)
		tally->outbound++;
	tally->stanzas_in += (json_int_t)info->stanzas_in;
	tally->stanzas_out += (json_int_t)info->stanzas_out;
}

static void tally_worker(void *ctx, struct inbound *inbound, struct relay *relay)
{
	inbound_each(inbound, tally_stream, ctx);
	outbound_each(relay_outbound(relay), tally_stream, ctx);
}

static json_t *listen_json(const struct config *config)
{
	json_t *list = json_array();
	char text[ENDPOINT_TEXT_SIZE];

	for (unsigned i = 0; i < config->listen_count; i++) {
		endpoint_text(&config->listen[i], text);
		json_array_append_new(list, json_string(text));
	}
	for (unsigned i = 0; i < config->listen_tls_count; i++) {
		endpoint_text(&config->listen_tls[i], text);
		json_array_append_new(list, json_sprintf("%s tls", text));
	}
	return list;
}

static int64_t loaded_ms(const struct control_env *env)
{
	return env->loaded_ms ? env->loaded_ms(env->ctx) : 0;
}

static json_t *configuration_json(const struct control_env *env, const struct config *config)
{
	return json_pack("{s:o, s:i, s:o}", "file", foreign_json_c(config->file), "generation", (int)config->generation,
			 "loaded", wall_json(loaded_ms(env)));
}

static json_t *pair_json(const char *a, json_int_t number_a, const char *b, json_int_t number_b)
{
	return json_pack("{s:I, s:I}", a, number_a, b, number_b);
}

static json_t *streams_json(const struct tally *tally, const struct inbound_counters *counters)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "inbound", tally->inbound, "outbound", tally->outbound, "verify",
			 tally->verify, "unproved", (json_int_t)counters->unproved);
}

/* null where nothing is recorded. */
static json_t *audit_json(const struct control_env *env)
{
	struct audit_state now;

	if (!audit_state(env->audit, &now))
		return json_null();
	return json_pack("{s:s, s:b, s:s, s:I, s:I, s:I, s:o}", "store", now.has_store ? "sqlite" : "none", "strict", now.is_strict, "state",
			 now.is_failing ? "failing" : "good", "records", (json_int_t)now.records, "lost", (json_int_t)now.lost, "waiting",
			 (json_int_t)now.waiting_bytes, "sealed", wall_json(now.sealed_ms));
}

static json_t *drained_json(struct rest *rest)
{
	json_t *list = json_array();
	char *name;

	if (rest_is_unknown(rest))
		json_array_append_new(list, json_string("*"));
	for (unsigned i = 0; (name = rest_name(rest, i)); i++) {
		json_array_append_new(list, foreign_json_c(name));
		free(name);
	}
	return list;
}

void command_status(struct call *call)
{
	const struct control_env *env = call->env;
	const struct config *config = env->config(env->ctx);
	const struct memory *memory = env->site->memory;
	const struct inbound_counters counters = inbound_count(env->inbound);
	const json_int_t uptime = (json_int_t)((loop_wall_ms(env->loop) - env->site->started_ms) / 1000);
	const bool is_crew = crew_count(env->site->crew) > 1;
	const json_int_t used = is_crew ? (json_int_t)crew_memory_used(env->site->crew) : memory ? (json_int_t)memory->used_bytes : 0;
	struct tally tally = {0};
	json_t *result = json_object();

	env_each_worker(env, tally_worker, &tally);
	json_object_set_new(result, "version", json_string(TRUNK_VERSION));
	json_object_set_new(result, "started", wall_json(env->site->started_ms));
	json_object_set_new(result, "uptime", json_integer(uptime));
	json_object_set_new(result, "trunk", foreign_json_c(config->trunk));
	json_object_set_new(result, "listen", listen_json(config));
	json_object_set_new(result, "workers", json_integer(crew_count(env->site->crew)));
	json_object_set_new(result, "spokes", json_integer(config->spoke_count));
	json_object_set_new(result, "streams", streams_json(&tally, &counters));
	json_object_set_new(result, "connections",
			    pair_json("accepted", (json_int_t)counters.accepted, "refused", (json_int_t)counters.refused));
	json_object_set_new(result, "stanzas", pair_json("in", tally.stanzas_in, "out", tally.stanzas_out));
	json_object_set_new(result, "memory", pair_json("used", used, "limit",
							memory ? (json_int_t)memory->limit_bytes : 0));
	json_object_set_new(result, "audit", audit_json(env));
	json_object_set_new(result, "maintenance", json_boolean(rest_is_maintenance(env->site->rest)));
	json_object_set_new(result, "drained", drained_json(env->site->rest));
	json_object_set_new(result, "configuration", configuration_json(env, config));
	call_end(call, result ? CALL_DONE : CALL_NO, result, result ? NULL : error_text(TRUNK_ENOMEM));
}

struct stream_filter {
	struct call *call;
	struct str domain;              /* absent: all */
};

/* The keys that design.md §4 fixes come first. */
static json_t *stream_json(const struct stream_info *info)
{
	json_t *row = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I}", "sender", foreign_json(info->sender),
				"target", foreign_json(info->target), "role", foreign_json_c(info->role), "address",
				foreign_json_c(info->address), "tls", foreign_json_c(info->tls), "cipher",
				foreign_json_c(info->cipher), "proof", foreign_json_c(proof_text(info->proof)), "since",
				wall_json(info->since_ms), "stanzas_in", (json_int_t)info->stanzas_in, "stanzas_out",
				(json_int_t)info->stanzas_out, "queue_bytes", (json_int_t)info->queue_bytes);
	json_t *more =
		json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:o, s:o, s:I}", "id", (json_int_t)info->id, "leg",
			  foreign_json_c(info->leg), "state", foreign_json_c(info->state), "alpn", foreign_json_c(info->alpn),
			  "peer_names", foreign_json_c(info->peer_names), "peer_not_after", wall_json(info->peer_not_after_ms),
			  "queue_stanzas", (json_int_t)info->queue_stanzas, "bytes_in", (json_int_t)info->bytes_in, "bytes_out",
			  (json_int_t)info->bytes_out, "reason", foreign_json_c(info->reason), "acks", foreign_json_c(info->acks ? info->acks : "none"),
			  "unacknowledged", (json_int_t)info->unacknowledged);

	if (row && more)
		json_object_update(row, more);
	json_decref(more);
	return row;
}

static void stream_row(void *ctx, const struct stream_info *info)
{
	const struct stream_filter *filter = ctx;

	if (str_is_absent(filter->domain) || str_eq(info->sender, filter->domain) || str_eq(info->target, filter->domain))
		call_row(filter->call, stream_json(info));
}

static void stream_rows(void *ctx, struct inbound *inbound, struct relay *relay)
{
	inbound_each(inbound, stream_row, ctx);
	outbound_each(relay_outbound(relay), stream_row, ctx);
}

void command_streams(struct call *call)
{
	struct stream_filter filter = {.call = call, .domain = request_text(call->request, "domain")};
	struct domain domain;

	if (!str_is_absent(filter.domain)) {
		if (domain_normalise(filter.domain, &domain) < 0) {
			call_end(call, CALL_USAGE, NULL, "not a domain");
			return;
		}
		filter.domain = domain_str(&domain);
	}
	env_each_worker(call->env, stream_rows, &filter);
	call_end(call, CALL_DONE, NULL, NULL);
}

void command_blocks(struct call *call)
{
	enum { SHOWN_MAX = 1024 };
	struct block_info *list = calloc(SHOWN_MAX, sizeof(*list));
	unsigned count;

	blocks_forget(call->env->blocks, loop_wall_ms(call->env->loop));
	count = list ? blocks_list(call->env->blocks, list, SHOWN_MAX) : 0;
	for (unsigned i = 0; i < count && i < SHOWN_MAX; i++) {
		struct str what = str_of(list[i].what);

		if (str_ends(what, STR(":0")))  /* an address is kept without its port */
			what.len -= 2;
		call_row(call, json_pack("{s:o, s:o}", "what", foreign_json(what), "until", wall_json(list[i].until_ms)));
	}
	call_end(call, list ? CALL_DONE : CALL_NO, NULL, list ? NULL : error_text(TRUNK_ENOMEM));
	free(list);
}

static void failure_row(void *ctx, const struct control_failure *failure)
{
	call_row(ctx, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "time", wall_json(failure->wall_ms), "sender",
				foreign_json(failure->sender), "target", foreign_json(failure->target), "leg",
				foreign_json_c(failure->leg), "role", foreign_json_c(failure->role), "address",
				foreign_json_c(failure->address), "step", foreign_json_c(failure->step), "reason",
				foreign_json_c(failure->reason)));
}

void command_failures(struct call *call)
{
	if (!call->env->failures_each) {
		call_end(call, CALL_NO, NULL,
			 "this daemon keeps no list of failed attempts; `trunkctl spokes` shows the last reason of each");
		return;
	}
	call->env->failures_each(call->env->ctx, failure_row, call);
	call_end(call, CALL_DONE, NULL, NULL);
}
