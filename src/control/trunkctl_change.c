/* SPDX-License-Identifier: Apache-2.0
 * Commands that make the running daemon do something: probe, reload, close, block, unblock, secret. */
#include "control/trunkctl.h"

#include "auth/dialback.h"
#include "config/value.h"
#include "control/foreign.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* {"ok": true, <what the daemon answered>, "reason": "..."} */
static json_t *outcome_json(const struct answer *answer)
{
	json_t *outcome = json_pack("{s:b}", "ok", answer->exit == CTL_YES);

	if (answer->result)
		json_object_update(outcome, answer->result);
	if (answer->reason)
		json_object_set_new(outcome, "reason", foreign_json_c(answer->reason));
	return outcome;
}

/* Asks and prints refusals; `ret_answer` is the caller's. */
static void change_ask(struct ctl *ctl, json_t *request, struct answer *ret_answer)
{
	daemon_ask(ctl, request, NULL, NULL, ret_answer);
	if (ctl->is_json && ret_answer->exit != CTL_UNREACHABLE) {
		json_t *outcome = outcome_json(ret_answer);

		print_json(ctl->out, outcome, false);
		json_decref(outcome);
	} else if (ret_answer->reason) {
		ctl_warn(ctl, "%s", ret_answer->reason);
	}
}

static long long number_of(const struct answer *answer, const char *key)
{
	return (long long)json_integer_value(json_object_get(answer->result, key));
}

static const char *text_of(const struct answer *answer, const char *key)
{
	const char *text = json_string_value(json_object_get(answer->result, key));

	return text ? text : "";
}

/* Prints one line for people, escaped, where the command was done. */
static void say_done(struct ctl *ctl, const struct answer *answer, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void say_done(struct ctl *ctl, const struct answer *answer, const char *format, ...)
{
	struct buf line = {0};
	char *text = NULL;
	va_list args;

	if (answer->exit != CTL_YES || ctl->is_json)
		return;
	va_start(args, format);
	if (vasprintf(&text, format, args) >= 0) {
		foreign_escape(&line, str_of(text));
		fprintf(ctl->out, "%.*s\n", STR_ARG(buf_str(&line)));
		free(text);
	}
	va_end(args);
	buf_fini(&line);
}

static enum ctl_exit answer_end(struct answer *answer)
{
	const enum ctl_exit exit = answer->exit;

	answer_fini(answer);
	return exit;
}

enum ctl_exit ctl_reload(struct ctl *ctl)
{
	struct answer answer;

	change_ask(ctl, json_pack("{s:s}", "command", "reload"), &answer);
	if (!ctl->is_json && text_of(&answer, "warnings")[0])
		ctl_warn(ctl, "%s", text_of(&answer, "warnings"));
	say_done(ctl, &answer, "The configuration is in force (generation %lld).", number_of(&answer, "generation"));
	return answer_end(&answer);
}

enum ctl_exit ctl_close(struct ctl *ctl)
{
	struct answer answer;

	change_ask(ctl, json_pack("{s:s, s:o}", "command", "close", "what", foreign_json_c(ctl->args[0])), &answer);
	say_done(ctl, &answer, "Closed %lld of %s.", number_of(&answer, "closed"), text_of(&answer, "what"));
	return answer_end(&answer);
}

enum ctl_exit ctl_block(struct ctl *ctl)
{
	const char *duration = ctl_value(ctl, "--for");
	json_t *request = json_pack("{s:s, s:o}", "command", "block", "what", foreign_json_c(ctl->args[0]));
	struct answer answer;
	uint64_t for_ms = 0;

	if (duration && (value_duration(str_of(duration), &for_ms) < 0 || for_ms == 0)) {
		json_decref(request);
		return ctl_usage(ctl, "--for %s: a time such as 30s, 10m, 12h or 7d", duration);
	}
	if (duration)
		json_object_set_new(request, "for_ms", json_integer((json_int_t)for_ms));
	change_ask(ctl, request, &answer);
	say_done(ctl, &answer, "%s is blocked until %s; closed %lld.", text_of(&answer, "what"),
		 duration ? text_of(&answer, "until") : "it is unblocked or the daemon stops", number_of(&answer, "closed"));
	return answer_end(&answer);
}

enum ctl_exit ctl_unblock(struct ctl *ctl)
{
	struct answer answer;

	change_ask(ctl, json_pack("{s:s, s:o}", "command", "unblock", "what", foreign_json_c(ctl->args[0])), &answer);
	say_done(ctl, &answer, "%s is no longer blocked.", text_of(&answer, "what"));
	return answer_end(&answer);
}

/* ---- secret ---- */

/* One line, not from the command line, which every user of the machine can read. One byte more than fits, so that too long
 * ones show. */
static json_t *secret_read(void)
{
	char secret[DIALBACK_SECRET_BYTES_MAX + 2];
	size_t len = 0;
	json_t *json;

	while (len < sizeof(secret) && read(STDIN_FILENO, secret + len, 1) == 1 && secret[len] != '\n')
		len++;
	json = foreign_json(str_trim(str_make(secret, len)));
	explicit_bzero(secret, sizeof(secret));
	return json;
}

static json_t *secret_request(const char *verb)
{
	json_t *request = json_pack("{s:s, s:s}", "command", "secret", "verb", verb);

	if (strcmp(verb, "import") == 0)
		json_object_set_new(request, "secret", secret_read());
	return request;
}

enum ctl_exit ctl_secret(struct ctl *ctl)
{
	const char *verb = ctl->args[0];
	const bool is_look = strcmp(verb, "show-id") == 0, is_export = strcmp(verb, "export") == 0;
	struct answer answer;

	if (!is_look && !is_export && strcmp(verb, "rotate") != 0 && strcmp(verb, "import") != 0)
		return ctl_usage(ctl, "secret %s: one of show-id, rotate, export, import", verb);
	change_ask(ctl, is_look ? json_pack("{s:s}", "command", "secret-id") : secret_request(verb), &answer);
	if (is_export)
		say_done(ctl, &answer, "%s", text_of(&answer, "secret"));
	else
		say_done(ctl, &answer, "%s", text_of(&answer, "id"));
	if (text_of(&answer, "previous_id")[0])
		say_done(ctl, &answer, "%s is still valid until %s", text_of(&answer, "previous_id"),
			 text_of(&answer, "previous_until"));
	return answer_end(&answer);
}

/* ---- probe ---- */

struct steps {
	struct ctl *ctl;
	json_t *kept;                   /* for --json; NULL: printed as they come */
};

static void print_step(void *ctx, json_t *row)
{
	struct steps *steps = ctx;
	struct buf text = {0};
	const char *step = json_string_value(json_object_get(row, "step"));

	if (steps->kept) {
		json_array_append(steps->kept, row);
		return;
	}
	foreign_escape(&text, str_of(step ? step : "?"));
	while (buf_len(&text) < 15 && buf_add_cstr(&text, " ") == 0)
		;
	print_value(&text, json_object_get(row, "text"));
	fprintf(steps->ctl->out, "%s %.*s\n", json_is_true(json_object_get(row, "ok")) ? "ok  " : "no  ",
		STR_ARG(buf_str(&text)));
	fflush(steps->ctl->out);
	buf_fini(&text);
}

static json_t *probe_request(struct ctl *ctl)
{
	json_t *request = json_pack("{s:s, s:o}", "command", "probe", "domain", foreign_json_c(ctl->args[0]));

	if (ctl_value(ctl, "--as"))
		json_object_set_new(request, "as", foreign_json_c(ctl_value(ctl, "--as")));
	return request;
}

enum ctl_exit ctl_probe(struct ctl *ctl)
{
	struct steps steps = {.ctl = ctl, .kept = ctl->is_json ? json_array() : NULL};
	struct answer answer;

	daemon_ask(ctl, probe_request(ctl), print_step, &steps, &answer);
	if (ctl->is_json && answer.exit != CTL_UNREACHABLE) {
		json_t *outcome = outcome_json(&answer);

		json_object_set(outcome, "steps", steps.kept);
		print_json(ctl->out, outcome, false);
		json_decref(outcome);
	} else if (answer.reason) {
		ctl_warn(ctl, "%s", answer.reason);
	}
	say_done(ctl, &answer, "%s is reached.", ctl->args[0]);
	json_decref(steps.kept);
	return answer_end(&answer);
}
