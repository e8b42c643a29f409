/* SPDX-License-Identifier: Apache-2.0
 * One command that runs in the daemon: its start, its record, the lines that answer it. */
#include "control/call.h"

#include "control/foreign.h"

#include <stdarg.h>
#include <stdio.h>

static const struct command COMMANDS[] = {
	{"status", command_status, false, {{0}}},
	{"spokes", command_spokes, false, {{0}}},
	{"streams", command_streams, false, {{"domain", REQUEST_TEXT, false}}},
	{"blocks", command_blocks, false, {{0}}},
	{"failures", command_failures, false, {{0}}},
	{"probe", command_probe, false, {{"domain", REQUEST_TEXT, true}, {"as", REQUEST_TEXT, false}}},
	{"trace", command_trace, false,         /* its beginning and its end are recorded where they happen */
	 {{"what", REQUEST_TEXT, true}, {"with", REQUEST_TEXT, false}, {"seconds", REQUEST_NUMBER, false}, {"bodies", REQUEST_NUMBER, false}}},
	{"rules", command_rules, false, {{0}}},
	{"explain", command_explain, false,
	 {{"from", REQUEST_TEXT, false}, {"to", REQUEST_TEXT, false}, {"stanza", REQUEST_TEXT, false}}},
	{"reload", command_reload, true, {{0}}},
	{"close", command_close, true, {{"what", REQUEST_TEXT, true}}},
	{"block", command_block, true, {{"what", REQUEST_TEXT, true}, {"for_ms", REQUEST_NUMBER, false}}},
	{"unblock", command_unblock, true, {{"what", REQUEST_TEXT, true}}},
	{"queue", command_queue, false, {{0}}},
	{"queue-change", command_queue_change, true, {{"verb", REQUEST_TEXT, true}, {"what", REQUEST_TEXT, true}}},
	{"drain", command_drain, true, {{"what", REQUEST_TEXT, true}}},
	{"undrain", command_undrain, true, {{"what", REQUEST_TEXT, true}}},
	{"maintenance", command_maintenance, true, {{"what", REQUEST_TEXT, true}}},
	{"secret-id", command_secret_id, false, {{0}}},
	{"secret", command_secret, true, {{"verb", REQUEST_TEXT, true}, {"secret", REQUEST_TEXT, false}}},
};

const struct command *command_find(struct str name)
{
	for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(COMMANDS[0]); i++)
		if (str_is(name, COMMANDS[i].name))
			return &COMMANDS[i];
	return NULL;
}

void env_each_worker(const struct control_env *env, control_worker_fn *fn, void *ctx)
{
	if (env->each_worker)
		env->each_worker(env->ctx, fn, ctx);
	else
		fn(ctx, env->inbound, env->relay);
}

void call_clear(struct call *call)
{
	trace_cancel(&call->trace);
	if (call->probe)
		probe_cancel(&call->probe);
}

void call_begin(struct call *call, struct str line)
{
	struct buf why = {.limit = REASON_BYTES_MAX};
	int err;

	call_clear(call);
	call->is_ended = call->is_cut = false;
	call->command = NULL;
	call->failed_step = NULL;
	if ((err = request_parse(line, &call->request, &why)) < 0)
		call_endf(call, CALL_USAGE, "%.*s",
			  STR_ARG(err == TRUNK_ELIMIT ? STR("the request is too long") : buf_str(&why)));
	else if (!(call->command = command_find(request_text(call->request, "command"))))
		call_end(call, CALL_USAGE, NULL, "no such command; this daemon may be older than its trunkctl");
	else if (request_check(call->request, call->command->keys, &why) < 0)
		call_endf(call, CALL_USAGE, "%.*s", STR_ARG(buf_str(&why)));
	else
		call->command->run(call);
	buf_fini(&why);
}

void call_cancel(struct call *call)
{
	call_clear(call);
	json_decref(call->request);
	call->request = NULL;
	buf_fini(&call->out);
	call->is_ended = true;
}

static int dump(const char *at, size_t len, void *ctx)
{
	return buf_add(ctx, str_make(at, len)) < 0 ? -1 : 0;
}

/* A whole line, or nothing of it. Takes `line`. */
static int call_line(struct call *call, json_t *line, size_t limit)
{
	const size_t before = buf_len(&call->out);
	int err = 0;

	if (!line || json_dump_callback(line, dump, &call->out, JSON_COMPACT | JSON_ENSURE_ASCII) < 0)
		err = TRUNK_ENOMEM;
	else
		err = buf_add_cstr(&call->out, "\n");
	if (err == 0 && buf_len(&call->out) > limit)
		err = TRUNK_ELIMIT;
	if (err < 0)
		call->out.end = call->out.start + before;
	json_decref(line);
	return err;
}

void call_row(struct call *call, json_t *row)
{
	json_t *line;

	if (call->is_cut || call->is_ended) {
		json_decref(row);
		return;
	}
	line = row ? json_pack("{s:o}", "row", row) : NULL;
	call->is_cut = call_line(call, line, REPLY_BYTES_MAX) < 0;
}

/* Secrets stay out: only what the command was done to is recorded. */
static void call_record(struct call *call, enum call_exit exit, const char *reason)
{
	static const char *const shown[] = {"what", "verb", "for_ms"};
	struct buf detail = {.limit = REASON_BYTES_MAX};

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		const json_t *value = json_object_get(call->request, shown[i]);

		if (json_is_string(value))
			buf_addf(&detail, "%s=%.*s ", shown[i], STR_ARG(str_until(request_text(call->request, shown[i]), 256)));
		else if (json_is_integer(value))
			buf_addf(&detail, "%s=%lld ", shown[i], (long long)json_integer_value(value));
	}
	buf_addf(&detail, "done=%s", exit == CALL_DONE ? "yes" : "no");
	if (exit != CALL_DONE && reason)
		buf_addf(&detail, " reason=%.*s", STR_ARG(str_until(str_of(reason), 512)));
	if (audit_operator(call->env->audit, call->uid, call->command->name, buf_str(&detail)) < 0)
		LOG(call->env->log, LOG_ERROR, "operator-unrecorded", KV_N("uid", call->uid),
		    KV_C("command", call->command->name));
	buf_fini(&detail);
}

void call_end(struct call *call, enum call_exit exit, json_t *result, const char *reason)
{
	json_t *end = json_pack("{s:i}", "exit", (int)exit);

	if (call->command && call->command->is_change && exit != CALL_USAGE)
		call_record(call, exit, reason);
	if (call->is_cut && exit == CALL_DONE) {
		reason = "the answer is too long and was cut; name a domain";
		json_object_set_new(end, "exit", json_integer(CALL_NO));
	}
	if (reason)
		json_object_set_new(end, "reason", foreign_json_c(reason));
	if (result)
		json_object_set_new(end, "result", result);
	call_line(call, end ? json_pack("{s:o}", "end", end) : NULL, SIZE_MAX);
	json_decref(call->request);
	call->request = NULL;
	call->exit = exit;
	call->is_ended = true;
}

void call_endf(struct call *call, enum call_exit exit, const char *format, ...)
{
	char reason[REASON_BYTES_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	call_end(call, exit, NULL, reason);
}
