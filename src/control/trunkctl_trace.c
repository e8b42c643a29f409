/* SPDX-License-Identifier: Apache-2.0
 * The command `trace`: stanzas as they pass. */
#include "control/trunkctl.h"

#include "control/foreign.h"

enum { TRACE_SECONDS = 60, TRACE_SECONDS_MAX = 3600 };

static void add(struct buf *line, const char *before, const json_t *value)
{
	if (!value || json_is_null(value))
		return;
	buf_addf(line, "%s", before);
	print_value(line, value);
}

/* "12:00:00Z  saturn.example.org > mercury.example.net  message chat id=m1  215 bytes  pass by zone", and the stanza below. */
static void print_stanza(FILE *out, const json_t *row)
{
	const char *time = json_string_value(json_object_get(row, "time"));
	struct buf line = {0};

	foreign_escape(&line, str_of(time && strlen(time) > 11 ? time + 11 : "-"));
	add(&line, "  ", json_object_get(row, "sender"));
	add(&line, " > ", json_object_get(row, "target"));
	add(&line, "  ", json_object_get(row, "kind"));
	add(&line, " ", json_object_get(row, "type"));
	add(&line, " id=", json_object_get(row, "id"));
	add(&line, "  ", json_object_get(row, "decision"));
	add(&line, " by ", json_object_get(row, "rule"));
	add(&line, ", line ", json_object_get(row, "line"));
	add(&line, ": ", json_object_get(row, "condition"));
	add(&line, " ", json_object_get(row, "text"));
	add(&line, "  label ", json_object_get(row, "label"));
	buf_addf(&line, "\n    ");
	if (json_is_string(json_object_get(row, "stanza")))
		add(&line, "", json_object_get(row, "stanza"));
	else
		buf_addf(&line, "(not shown: too large, or it does not stand alone)");
	buf_addf(&line, "\n");
	ctl_write(out, buf_str(&line));
	buf_fini(&line);
}

static void on_row(void *ctx, json_t *row)
{
	struct ctl *ctl = ctx;
	const json_t *lost = json_object_get(row, "lost");

	if (ctl->is_json)
		print_json(ctl->out, row, true);
	else if (lost)
		fprintf(ctl->out, "(%lld not shown: they come faster than they are read)\n",
			(long long)json_integer_value(lost));
	else
		print_stanza(ctl->out, row);
	fflush(ctl->out);
}

static int seconds_read(const char *text, uint64_t *ret_seconds)
{
	if (!text)
		return 0;
	return str_number(str_of(text), TRACE_SECONDS_MAX, ret_seconds) < 0 || *ret_seconds == 0 ? TRUNK_EINVAL : 0;
}

static json_t *request_of(struct ctl *ctl, uint64_t seconds)
{
	json_t *request = json_pack("{s:s, s:o, s:I, s:i}", "command", "trace", "what", foreign_json_c(ctl->args[0]), "seconds",
				    (json_int_t)seconds, "bodies", ctl_value(ctl, "--bodies") ? 1 : 0);

	if (request && ctl->count > 1)
		json_object_set_new(request, "with", foreign_json_c(ctl->args[1]));
	return request;
}

enum ctl_exit ctl_trace(struct ctl *ctl)
{
	uint64_t seconds = TRACE_SECONDS;
	struct answer answer;
	enum ctl_exit exit;

	if (seconds_read(ctl_value(ctl, "--seconds"), &seconds) < 0)
		return ctl_usage(ctl, "--seconds %s: a number from 1 to %d", ctl_value(ctl, "--seconds"), TRACE_SECONDS_MAX);
	ctl->answer_ms = (int)seconds * 1000 + CTL_ANSWER_MS;
	daemon_ask(ctl, request_of(ctl, seconds), on_row, ctl, &answer);
	exit = answer.exit;
	if (answer.reason)
		ctl_warn(ctl, "%s", answer.reason);
	if (answer.result && !ctl->is_json)
		fprintf(ctl->out, "%lld shown, %lld not.\n",
			(long long)json_integer_value(json_object_get(answer.result, "shown")),
			(long long)json_integer_value(json_object_get(answer.result, "lost")));
	answer_fini(&answer);
	return exit;
}
