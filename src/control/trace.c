/* SPDX-License-Identifier: Apache-2.0
 * The command `trace`: shows stanzas of a spoke or a pair as they are judged, for a while.
 *
 * The relays put copies into a queue (relay/tap.h); here they are taken out, written in words and handed to the reader as fast as he
 * reads. What he does not take in time is dropped there and counted. */
#include "control/call.h"

#include "control/foreign.h"
#include "control/redact.h"
#include "relay/tap.h"

#include <stdlib.h>

enum {
	TRACE_SECONDS = 60, /* unless he says otherwise */
	TRACE_SECONDS_MAX = 3600,
	TRACE_LOOK_MS = 100,              /* between looks into the queue */
	TRACE_OUT_BYTES_MAX = 256 * 1024, /* that wait for the reader; the rest waits in the queue, which is bounded */
};

struct trace {
	struct call *call;
	struct tap_watch *watch;
	struct timer timer;
	int64_t until_ms; /* monotonic */
	bool has_bodies;
	uint64_t shown, lost;
	struct arena scratch;
};

static const struct xml_limits limits = {
	.element_bytes = TAP_STANZA_BYTES_MAX + 1, .depth = XML_DEPTH_MAX, .attributes = XML_ATTRIBUTES_MAX};

/* ---- one stanza in words ---- */

static json_t *text_of(const struct xml_node *node, const char *name)
{
	return foreign_json(xml_node_attr(node, name));
}

static json_t *rule_of(const struct tap_seen *seen)
{
	return seen->rule.len ? foreign_json(seen->rule) : json_null();
}

static json_t *facts(const struct tap_seen *seen)
{
	json_t *row = json_pack("{s:o, s:o, s:o, s:s, s:I}", "time", wall_json(seen->wall_ms), "sender",
				foreign_json(seen->pair.sender), "target", foreign_json(seen->pair.target), "kind",
				stanza_kind_text(seen->kind), "size", (json_int_t)seen->size_bytes);

	if (!row)
		return NULL;
	json_object_set_new(row, "decision", foreign_json_c(decision_text(seen->decision)));
	json_object_set_new(row, "rule", rule_of(seen));
	json_object_set_new(row, "line", seen->line ? json_integer((json_int_t)seen->line) : json_null());
	json_object_set_new(row, "condition",
			    seen->condition ? foreign_json_c(stanza_condition_text(seen->condition)) : json_null());
	json_object_set_new(row, "text", foreign_json(seen->text));
	json_object_set_new(row, "label", foreign_json(seen->label));
	json_object_set_new(row, "proof_in", foreign_json_c(proof_text(seen->proof_in)));
	json_object_set_new(row, "proof_out", foreign_json_c(proof_text(seen->proof_out)));
	return row;
}

/* The stanza in canonical form; null where it is too large to be kept, or does not stand alone. */
static json_t *stanza_text(struct trace *trace, struct xml_node *node)
{
	struct buf out = {0};
	json_t *text;

	if (!node || (!trace->has_bodies && redact(&trace->scratch, node) < 0))
		return json_null();
	text = xml_tree_write(node, NULL, &out) < 0 ? json_null() : foreign_json(buf_str(&out));
	buf_fini(&out);
	return text;
}

static json_t *row_of(struct trace *trace, const struct tap_seen *seen)
{
	struct xml_node *node = NULL;
	json_t *row = facts(seen);

	if (row) {
		if (str_is_absent(seen->bytes) || xml_tree_parse(&trace->scratch, seen->bytes, NULL, &limits, &node) < 0)
			node = NULL;
		json_object_set_new(row, "from", text_of(node, "from"));
		json_object_set_new(row, "to", text_of(node, "to"));
		json_object_set_new(row, "type", text_of(node, "type"));
		json_object_set_new(row, "id", text_of(node, "id"));
		json_object_set_new(row, "stanza", stanza_text(trace, node));
	}
	arena_clear(&trace->scratch);
	return row;
}

/* ---- showing ---- */

static void tell_lost(struct trace *trace)
{
	const uint64_t lost = tap_watch_lost(trace->watch);

	trace->lost += lost;
	if (lost)
		call_row(trace->call, json_pack("{s:I}", "lost", (json_int_t)lost));
}

/* As much as the reader has room for. */
static void show(struct trace *trace)
{
	const struct tap_seen *seen;

	while (buf_len(&trace->call->out) < TRACE_OUT_BYTES_MAX && (seen = tap_watch_next(trace->watch))) {
		call_row(trace->call, row_of(trace, seen));
		trace->shown++;
	}
	if (buf_len(&trace->call->out) < TRACE_OUT_BYTES_MAX)
		tell_lost(trace);
}

static int record(struct trace *trace, const char *verb)
{
	const struct call *call = trace->call;
	struct buf detail = {.limit = REASON_BYTES_MAX};
	int err;

	buf_addf(&detail, "%s what=%.*s ", verb, STR_ARG(str_until(request_text(call->request, "what"), 256)));
	if (!str_is_absent(request_text(call->request, "with")))
		buf_addf(&detail, "with=%.*s ", STR_ARG(str_until(request_text(call->request, "with"), 256)));
	buf_addf(&detail, "bodies=%s", trace->has_bodies ? "yes" : "no");
	if (trace->until_ms == 0)
		buf_addf(&detail, " shown=%llu lost=%llu", (unsigned long long)trace->shown, (unsigned long long)trace->lost);
	if ((err = audit_operator(call->env->audit, call->uid, "trace", buf_str(&detail))) < 0)
		LOG(call->env->log, LOG_ERROR, "operator-unrecorded", KV_N("uid", call->uid), KV_C("command", "trace"));
	buf_fini(&detail);
	return err;
}

void trace_cancel(struct trace **trace)
{
	struct trace *gone = *trace;

	if (!gone)
		return;
	timer_stop(&gone->timer);
	if (gone->watch) {
		gone->lost += tap_watch_lost(gone->watch);
		while (tap_watch_next(gone->watch))
			gone->lost++;
		gone->until_ms = 0;
		record(gone, "end");
	}
	tap_watch_free(&gone->watch);
	arena_fini(&gone->scratch);
	free(gone);
	*trace = NULL;
}

static void on_look(void *ctx)
{
	struct trace *trace = ctx;
	struct call *call = trace->call;
	const bool is_over = loop_now_ms(call->env->loop) >= trace->until_ms;

	show(trace);
	if (!is_over) {
		timer_start(call->env->loop, &trace->timer, TRACE_LOOK_MS, on_look, trace);
	} else {
		const uint64_t shown = trace->shown, lost = trace->lost;

		trace_cancel(&call->trace);
		call_end(call, CALL_DONE, json_pack("{s:I, s:I}", "shown", (json_int_t)shown, "lost", (json_int_t)lost), NULL);
	}
	if (call->flush)
		call->flush(call);
}

/* ---- the request ---- */

/* A spoke's name, or a domain, which is written to `ret_domain`. */
static bool side_read(const struct call *call, struct str text, struct domain *ret_domain, struct str *ret_side)
{
	const struct config *config = call->env->config(call->env->ctx);

	for (unsigned i = 0; i < config->spoke_count; i++)
		if (str_is(text, config->spokes[i].name)) {
			*ret_side = text;
			return true;
		}
	if (domain_normalise(text, ret_domain) < 0)
		return false;
	*ret_side = domain_str(ret_domain);
	return true;
}

static bool filter_read(struct call *call, struct domain domains[2], struct tap_filter *ret_filter)
{
	struct str one = request_text(call->request, "what"), other = request_text(call->request, "with"), rest = one;

	if (str_is_absent(other) && str_find(one, '>') < one.len) {
		one = str_cut(&rest, '>');
		other = rest;
		ret_filter->is_one_way = true;
	}
	if (side_read(call, one, &domains[0], &ret_filter->one) &&
	    (str_is_absent(other) || side_read(call, other, &domains[1], &ret_filter->other)))
		return true;
	call_end(call, CALL_USAGE, NULL, "neither a spoke nor a domain; `trunkctl spokes` lists the spokes");
	return false;
}

static int trace_begin(struct call *call, const struct tap_filter *filter, int64_t seconds)
{
	struct trace *trace = calloc(1, sizeof(*trace));
	int err;

	if (!trace)
		return TRUNK_ENOMEM;
	call->trace = trace;
	trace->call = call;
	trace->has_bodies = request_number(call->request, "bodies") > 0;
	trace->until_ms = loop_now_ms(call->env->loop) + seconds * 1000;
	if ((err = tap_watch_new(call->env->tap, filter, &trace->watch)) < 0)
		return err;
	if ((err = record(trace, "begin")) < 0) { /* nobody looks unseen */
		tap_watch_free(&trace->watch);
		return TRUNK_EPERM;
	}
	timer_start(call->env->loop, &trace->timer, TRACE_LOOK_MS, on_look, trace);
	return 0;
}

void command_trace(struct call *call)
{
	const int64_t asked = request_number(call->request, "seconds"), seconds = asked ? asked : TRACE_SECONDS;
	struct tap_filter filter = {0};
	struct domain domains[2];
	int err;

	if (seconds > TRACE_SECONDS_MAX) {
		call_endf(call, CALL_USAGE, "at most %d seconds", TRACE_SECONDS_MAX);
		return;
	}
	if (!call->env->tap) {
		call_end(call, CALL_NO, NULL, "this daemon can't show stanzas");
		return;
	}
	if (!filter_read(call, domains, &filter))
		return;
	if ((err = trace_begin(call, &filter, seconds)) < 0) {
		trace_cancel(&call->trace);
		call_end(call, CALL_NO, NULL,
			 err == TRUNK_ELIMIT  ? "too many traces run; try again later"
			 : err == TRUNK_EPERM ? "the audit can't record it, so nothing is shown"
					      : error_text(err));
	}
}
