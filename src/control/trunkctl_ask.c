/* SPDX-License-Identifier: Apache-2.0
 * Commands that look at the running daemon: status, spokes, streams, blocks, failures. */
#include "control/trunkctl.h"

#include "control/foreign.h"

static const struct column SPOKES[] = {
	{"NAME", "name", false},  {"ZONE", "zone", false},      {"DOMAINS", "domains", false},     {"ROUTE", "route", false},
	{"UP", "links_up", true}, {"DOWN", "links_down", true}, {"LAST FAILURE", "reason", false}, {0}};
static const struct column STREAMS[] = {{"SENDER", "sender", false},    {"TARGET", "target", false},
					{"LEG", "leg", false},          {"ROLE", "role", false},
					{"STATE", "state", false},      {"ADDRESS", "address", false},
					{"TLS", "tls", false},          {"CIPHER", "cipher", false},
					{"PROOF", "proof", false},      {"SINCE", "since", false},
					{"IN", "stanzas_in", true},     {"OUT", "stanzas_out", true},
					{"QUEUE", "queue_bytes", true}, {"ACKS", "acks", false},
					{"UNACKED", "unacknowledged", true}, {0}};
static const struct column BLOCKS[] = {{"BLOCKED", "what", false}, {"UNTIL", "until", false}, {0}};
static const struct column FAILURES[] = {
	{"TIME", "time", false},       {"SENDER", "sender", false}, {"TARGET", "target", false}, {"LEG", "leg", false},
	{"ADDRESS", "address", false}, {"STEP", "step", false},     {"REASON", "reason", false}, {0}};

#define NO_STREAM "No stream is open."

static void row_keep(void *ctx, json_t *row)
{
	json_array_append(ctx, row);
}

/* The rows of an answer; owned by the caller. What was refused is printed. */
static json_t *rows_ask(struct ctl *ctl, json_t *request, enum ctl_exit *ret_exit)
{
	json_t *rows = json_array();
	struct answer answer;

	daemon_ask(ctl, request, row_keep, rows, &answer);
	*ret_exit = answer.exit;
	if (answer.reason)
		ctl_warn(ctl, "%s", answer.reason);
	answer_fini(&answer);
	return rows;
}

static enum ctl_exit list(struct ctl *ctl, json_t *request, const struct column *columns, const char *nothing)
{
	enum ctl_exit exit;
	json_t *rows = rows_ask(ctl, request, &exit);

	if (exit != CTL_YES && json_array_size(rows) == 0)
		;
	else if (ctl->is_json)
		print_json(ctl->out, rows, false);
	else if (json_array_size(rows) == 0)
		fprintf(ctl->out, "%s\n", nothing);
	else
		print_table(ctl->out, rows, columns);
	json_decref(rows);
	return exit;
}

enum ctl_exit ctl_spokes(struct ctl *ctl)
{
	return list(ctl, json_pack("{s:s}", "command", "spokes"), SPOKES, "No spoke is configured.");
}

enum ctl_exit ctl_blocks(struct ctl *ctl)
{
	return list(ctl, json_pack("{s:s}", "command", "blocks"), BLOCKS, "Nothing is blocked.");
}

static void print_long(FILE *out, json_t *rows)
{
	size_t i;
	json_t *row;

	json_array_foreach (rows, i, row) {
		if (i > 0)
			fputc('\n', out);
		print_object(out, row);
	}
}

enum ctl_exit ctl_streams(struct ctl *ctl)
{
	json_t *request = json_pack("{s:s}", "command", "streams");
	enum ctl_exit exit;
	json_t *rows;

	if (ctl->count > 0)
		json_object_set_new(request, "domain", foreign_json_c(ctl->args[0]));
	if (ctl->is_json || !ctl_value(ctl, "--long"))
		return list(ctl, request, STREAMS, NO_STREAM);
	rows = rows_ask(ctl, request, &exit);
	print_long(ctl->out, rows);
	if (exit == CTL_YES && json_array_size(rows) == 0)
		fprintf(ctl->out, NO_STREAM "\n");
	json_decref(rows);
	return exit;
}

/* ---- status ---- */

static long long number_at(const json_t *status, const char *group, const char *key)
{
	return (long long)json_integer_value(json_object_get(json_object_get(status, group), key));
}

static void print_field(struct ctl *ctl, const char *title, const json_t *value)
{
	struct buf text = {0};

	print_value(&text, value);
	fprintf(ctl->out, "%-14s %.*s\n", title, STR_ARG(buf_str(&text)));
	buf_fini(&text);
}

static void print_uptime(struct ctl *ctl, const json_t *status)
{
	const long long s = (long long)json_integer_value(json_object_get(status, "uptime"));

	fprintf(ctl->out, "%-14s %lld d %lld h %lld min %lld s\n", "uptime", s / 86400, s / 3600 % 24, s / 60 % 60, s % 60);
}

static void print_memory(struct ctl *ctl, const json_t *status)
{
	const long long limit = number_at(status, "memory", "limit");

	fprintf(ctl->out, "%-14s %lld KiB in queues and buffers", "memory",
		(number_at(status, "memory", "used") + 1023) / 1024);
	if (limit > 0)
		fprintf(ctl->out, ", of %lld KiB at most", limit / 1024);
	fputc('\n', ctl->out);
}

static void print_configuration(struct ctl *ctl, const json_t *configuration)
{
	struct buf text = {0};

	print_value(&text, json_object_get(configuration, "file"));
	buf_addf(&text, ", generation ");
	print_value(&text, json_object_get(configuration, "generation"));
	if (json_is_string(json_object_get(configuration, "loaded"))) {
		buf_addf(&text, ", loaded ");
		print_value(&text, json_object_get(configuration, "loaded"));
	}
	fprintf(ctl->out, "%-14s %.*s\n", "configuration", STR_ARG(buf_str(&text)));
	buf_fini(&text);
}

static void print_audit(struct ctl *ctl, const json_t *audit)
{
	const char *state = json_string_value(json_object_get(audit, "state"));
	const long long lost = (long long)json_integer_value(json_object_get(audit, "lost"));

	if (!state)
		return;
	fprintf(ctl->out, "%-14s %lld records%s%s", "audit", (long long)json_integer_value(json_object_get(audit, "records")),
		json_is_true(json_object_get(audit, "strict")) ? ", strict" : "",
		strcmp(state, "failing") == 0 ? ", FAILING: the disk takes nothing" : "");
	if (lost > 0)
		fprintf(ctl->out, ", %lld verdicts could not be recorded", lost);
	fputc('\n', ctl->out);
}

static void print_status(struct ctl *ctl, const json_t *status)
{
	print_field(ctl, "trunk", json_object_get(status, "trunk"));
	print_field(ctl, "version", json_object_get(status, "version"));
	print_uptime(ctl, status);
	print_field(ctl, "listen", json_object_get(status, "listen"));
	print_configuration(ctl, json_object_get(status, "configuration"));
	print_field(ctl, "spokes", json_object_get(status, "spokes"));
	fprintf(ctl->out, "%-14s %lld inbound (%lld of them not proved yet), %lld outbound, %lld that verify\n", "streams",
		number_at(status, "streams", "inbound"), number_at(status, "streams", "unproved"),
		number_at(status, "streams", "outbound"), number_at(status, "streams", "verify"));
	fprintf(ctl->out, "%-14s %lld accepted, %lld refused\n", "connections", number_at(status, "connections", "accepted"),
		number_at(status, "connections", "refused"));
	fprintf(ctl->out, "%-14s %lld in, %lld out on the streams that are open\n", "stanzas",
		number_at(status, "stanzas", "in"), number_at(status, "stanzas", "out"));
	print_memory(ctl, status);
	print_audit(ctl, json_object_get(status, "audit"));
	if (json_is_true(json_object_get(status, "maintenance")))
		fprintf(ctl->out, "%-14s on: new streams are refused\n", "maintenance");
	if (json_string_value(json_array_get(json_object_get(status, "drained"), 0)) &&
	    strcmp(json_string_value(json_array_get(json_object_get(status, "drained"), 0)), "*") == 0)
		fprintf(ctl->out, "%-14s every spoke, for who was before the restart CANNOT BE READ; `trunkctl maintenance off` ends that\n", "drained");
	else if (json_array_size(json_object_get(status, "drained")) > 0)
		print_field(ctl, "drained", json_object_get(status, "drained"));
}

enum ctl_exit ctl_status(struct ctl *ctl)
{
	struct answer answer;
	enum ctl_exit exit;

	daemon_ask(ctl, json_pack("{s:s}", "command", "status"), NULL, NULL, &answer);
	exit = answer.exit;
	answer_print(ctl, &answer, print_status);
	answer_fini(&answer);
	return exit;
}

/* ---- failures ---- */

static bool is_same(const json_t *a, const json_t *b, const char *key)
{
	return json_equal(json_object_get(a, key), json_object_get(b, key)) != 0;
}

static bool is_seen(const json_t *rows, size_t before, const json_t *row)
{
	for (size_t i = 0; i < before; i++)
		if (is_same(json_array_get(rows, i), row, "sender") && is_same(json_array_get(rows, i), row, "target"))
			return true;
	return false;
}

/* Probes each pair of the list once, as the command line would. */
static enum ctl_exit retry(struct ctl *ctl, json_t *rows)
{
	enum ctl_exit exit = CTL_YES;
	size_t i;
	json_t *row;

	json_array_foreach (rows, i, row) {
		const char *sender = json_string_value(json_object_get(row, "sender")),
			   *target = json_string_value(json_object_get(row, "target"));
		struct ctl probe = {.config = ctl->config,
				    .socket = ctl->socket,
				    .is_json = ctl->is_json,
				    .out = ctl->out,
				    .err = ctl->err,
				    .command = ctl_command_find("probe"),
				    .count = 1,
				    .args = {target},
				    .values = {sender}};

		if (!target || is_seen(rows, i, row))
			continue;
		if (ctl_probe(&probe) != CTL_YES)
			exit = CTL_NO;
	}
	return exit;
}

enum ctl_exit ctl_failures(struct ctl *ctl)
{
	enum ctl_exit exit;
	json_t *rows = rows_ask(ctl, json_pack("{s:s}", "command", "failures"), &exit);
	size_t i;
	json_t *row;

	if (ctl_value(ctl, "--retry") && json_array_size(rows) > 0)
		exit = retry(ctl, rows);
	else if (ctl->is_json)
		json_array_foreach (rows, i, row)
			print_json(ctl->out, row, true);
	else if (json_array_size(rows) > 0)
		print_table(ctl->out, rows, FAILURES);
	else if (exit == CTL_YES)
		fprintf(ctl->out, "No attempt failed lately.\n");
	json_decref(rows);
	return exit;
}
