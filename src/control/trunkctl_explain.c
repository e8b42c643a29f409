/* SPDX-License-Identifier: Apache-2.0
 * Commands about the policy: explain, rules. */
#include "control/trunkctl.h"

#include "control/explain.h"
#include "control/foreign.h"

#include <time.h>

static const struct column RULES[] = {{"RULE", "rule", false},   {"LINE", "line", true}, {"ACTION", "action", false},
				      {"MONITOR", "monitor", false}, {"FITS", "fits", true}, {0}};
static const struct column TRIED[] = {{"RULE", "rule", false}, {"LINE", "line", true}, {"FITS", "fits", false}, {"NOT BECAUSE OF", "not", false},
				      {"MONITOR", "monitor", false}, {0}};
static const struct column FILTERS[] = {{"FILTER", "filter", false}, {"ANSWER", "answer", false}, {"RULE", "rule", false}, {0}};

static void row_keep(void *ctx, json_t *row)
{
	json_array_append(ctx, row);
}

enum ctl_exit ctl_rules(struct ctl *ctl)
{
	json_t *rows = json_array();
	struct answer answer;
	enum ctl_exit exit;

	daemon_ask(ctl, json_pack("{s:s}", "command", "rules"), row_keep, rows, &answer);
	exit = answer.exit;
	if (answer.reason)
		ctl_warn(ctl, "%s", answer.reason);
	if (exit == CTL_YES && ctl->is_json)
		print_json(ctl->out, rows, false);
	else if (exit == CTL_YES && json_array_size(rows) == 0)
		fprintf(ctl->out, "There are no rules.\n");
	else if (exit == CTL_YES)
		print_table(ctl->out, rows, RULES);
	answer_fini(&answer);
	json_decref(rows);
	return exit;
}

/* ---- explain ---- */

static int read_all(FILE *in, size_t limit, struct buf *out)
{
	char piece[16 * 1024];
	size_t len;

	while ((len = fread(piece, 1, sizeof(piece), in)) > 0) {
		if (buf_len(out) + len > limit)
			return TRUNK_ELIMIT;
		if (buf_add(out, str_make(piece, len)) < 0)
			return TRUNK_ENOMEM;
	}
	return ferror(in) ? TRUNK_EIO : 0;
}

/* What is to be explained; other than CTL_YES: told. */
static enum ctl_exit stanza_read(struct ctl *ctl, struct buf *text)
{
	const char *from = ctl_value(ctl, "--from"), *to = ctl_value(ctl, "--to"), *file = ctl_value(ctl, "--stanza");
	int err;

	if ((file && (from || to)) || (!file && (!from || !to)))
		return ctl_usage(ctl, "explain: give --from and --to, or --stanza");
	if (!file)
		err = explain_message(str_of(from), str_of(to), text);
	else if (strcmp(file, "-") == 0)
		err = read_all(stdin, EXPLAIN_STANZA_BYTES_MAX, text);
	else
		err = ctl_read_file(file, EXPLAIN_STANZA_BYTES_MAX, text);
	return err == 0 ? CTL_YES : ctl_usage(ctl, "explain: %s: %s", file ? file : "", error_text(err));
}

static int64_t clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void on_filter_problem(void *ctx, const struct config_problem *problem)
{
	ctl_warn(ctx, "%s", problem->text);
}

/* Filters that do not load are named, and rules that ask them reject. Owned by the caller, as the log is. */
static struct filter_set *filters_load_all(struct ctl *ctl, struct config *config, struct log *log)
{
	if (!log || config_load_filters(config, false, log, on_filter_problem, ctl) < 0 || !config->filters)
		return NULL;
	return filter_set_new(config->filters, log);
}

/* By the file, where no daemon answers. */
static enum ctl_exit explain_offline(struct ctl *ctl, struct str text, json_t **ret_result)
{
	struct config *config = ctl_config(ctl);
	struct log *log = log_new(LOG_WARNING, LOG_TEXT, false);
	struct filter_set *filters = config ? filters_load_all(ctl, config, log) : NULL;
	struct route *route = config ? route_new(config->spokes, config->spoke_count, config->zones, config->zone_count) : NULL;
	struct buf why = {0};
	enum ctl_exit exit = CTL_NO;
	bool passes = false;
	int err;

	if (config && route) {
		const struct explain explain = {
			.config = config, .route = route, .filters = filters, .now_ms = clock_ms(CLOCK_MONOTONIC), .wall_ms = clock_ms(CLOCK_REALTIME), .by = ctl->config};

		err = explain_stanza(&explain, text, ret_result, &passes, &why);
		if (err == TRUNK_EINVAL)
			exit = ctl_usage(ctl, "explain: %.*s", STR_ARG(buf_str(&why)));
		else
			exit = err < 0 ? ctl_no(ctl, "%s", error_text(err)) : passes ? CTL_YES : CTL_NO;
	}
	buf_fini(&why);
	filter_set_free(&filters);
	route_free(&route);
	config_free(&config);
	log_free(&log);
	return exit;
}

static void print_line(struct ctl *ctl, const char *title, const json_t *value)
{
	struct buf text = {0};

	print_value(&text, value);
	fprintf(ctl->out, "%-10s ", title);
	ctl_write(ctl->out, buf_str(&text));
	fputc('\n', ctl->out);
	buf_fini(&text);
}

static void print_explanation(struct ctl *ctl, const json_t *result)
{
	static const char *const keys[] = {"verdict", "rule", "line", "reason", "label", "route", "monitors", "error", "shaped", "by"};
	const json_t *pair = json_object_get(result, "pair");

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (i < 2 || !json_is_null(json_object_get(result, keys[i])))
			print_line(ctl, keys[i], json_object_get(result, keys[i]));
	print_line(ctl, "pair", json_object_get(pair, "verdict"));
	if (json_array_size(json_object_get(result, "rules")) > 0) {
		fputc('\n', ctl->out);
		print_table(ctl->out, json_object_get(result, "rules"), TRIED);
	}
	if (json_array_size(json_object_get(result, "filters")) > 0) {
		fputc('\n', ctl->out);
		print_table(ctl->out, json_object_get(result, "filters"), FILTERS);
	}
}

enum ctl_exit ctl_explain(struct ctl *ctl)
{
	struct buf text = {0};
	struct answer answer = {.exit = CTL_UNREACHABLE};
	enum ctl_exit exit = stanza_read(ctl, &text);

	if (exit == CTL_YES && !ctl_value(ctl, "--offline"))
		daemon_ask(ctl, json_pack("{s:s, s:o}", "command", "explain", "stanza", foreign_json(buf_str(&text))), NULL, NULL, &answer);
	if (exit == CTL_YES && answer.exit == CTL_UNREACHABLE)
		answer.exit = explain_offline(ctl, buf_str(&text), &answer.result);
	if (exit == CTL_YES)
		exit = answer.exit;
	answer_print(ctl, &answer, print_explanation);
	answer_fini(&answer);
	buf_fini(&text);
	return exit;
}
