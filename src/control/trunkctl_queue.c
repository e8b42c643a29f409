/* SPDX-License-Identifier: Apache-2.0
 * trunkctl queue: what waits, and what is done to it. */
#include "control/trunkctl.h"

#include "control/foreign.h"

static const struct column QUEUES[] = {
	{"SENDER", "sender", false},         {"TARGET", "target", false},     {"MEMORY", "memory_stanzas", true}, {"BYTES", "memory_bytes", true},
	{"DISK", "disk_stanzas", true},      {"BYTES", "disk_bytes", true},   {"AGE", "age", true},               {"PAUSED", "paused", false},
	{"REASON", "reason", false},         {0}};

static void row_keep(void *ctx, json_t *row)
{
	json_array_append(ctx, row);
}

static enum ctl_exit show(struct ctl *ctl)
{
	json_t *rows = json_array();
	struct answer answer;
	enum ctl_exit exit;
	size_t i;
	json_t *row;

	daemon_ask(ctl, json_pack("{s:s}", "command", "queue"), row_keep, rows, &answer);
	exit = answer.exit;
	if (answer.reason)
		ctl_warn(ctl, "%s", answer.reason);
	if (ctl->is_json)
		json_array_foreach (rows, i, row)
			print_json(ctl->out, row, true);
	else if (json_array_size(rows) > 0)
		print_table(ctl->out, rows, QUEUES);
	else if (exit == CTL_YES)
		fprintf(ctl->out, "Nothing waits.\n");
	answer_fini(&answer);
	json_decref(rows);
	return exit;
}

static long long number_of(const struct answer *answer, const char *key)
{
	return (long long)json_integer_value(json_object_get(answer->result, key));
}

/* Asks for something to be done. Says why it was not, and the result as JSON; true: it was done, and is told people by the caller. */
static bool is_done(struct ctl *ctl, json_t *request, struct answer *ret_answer)
{
	daemon_ask(ctl, request, NULL, NULL, ret_answer);
	if (ret_answer->reason)
		ctl_warn(ctl, "%s", ret_answer->reason);
	if (!ret_answer->result || !ctl->is_json)
		return ret_answer->exit == CTL_YES;
	print_json(ctl->out, ret_answer->result, false);
	return false;
}

static enum ctl_exit change(struct ctl *ctl)
{
	struct answer answer;
	enum ctl_exit exit;

	if (is_done(ctl, json_pack("{s:s, s:s, s:o}", "command", "queue-change", "verb", ctl->args[0], "what", foreign_json_c(ctl->args[1])), &answer))
		fprintf(ctl->out, "%s: %lld pairs, %lld stanzas dropped or given back.\n", ctl->args[0], number_of(&answer, "pairs"),
			number_of(&answer, "stanzas"));
	exit = answer.exit;
	answer_fini(&answer);
	return exit;
}

enum ctl_exit ctl_queue(struct ctl *ctl)
{
	if (ctl->count == 0)
		return show(ctl);
	if (ctl->count != 2)
		return ctl_usage(ctl, "queue %s: which pair? SENDER>TARGET, or TARGET for all that goes there", ctl->args[0]);
	return change(ctl);
}

/* ---- rest: a spoke drained, the trunk in maintenance ---- */

static enum ctl_exit ask_rest(struct ctl *ctl, const char *command, const char *what, const char *said)
{
	struct answer answer;
	enum ctl_exit exit;

	if (is_done(ctl, json_pack("{s:s, s:o}", "command", command, "what", foreign_json_c(what)), &answer))
		fprintf(ctl->out, "%s\n", said);
	exit = answer.exit;
	if (json_is_false(json_object_get(answer.result, "kept")))
		ctl_warn(ctl, "it is so until a restart only: the state folder takes nothing");
	answer_fini(&answer);
	return exit;
}

enum ctl_exit ctl_drain(struct ctl *ctl)
{
	return ask_rest(ctl, "drain", ctl->args[0],
			"Its streams end when what came is handed over; new ones are refused until `undrain`, and what is sent to it waits or comes back.");
}

enum ctl_exit ctl_undrain(struct ctl *ctl)
{
	return ask_rest(ctl, "undrain", ctl->args[0], "It may connect again, and is dialled when there is something to send.");
}

enum ctl_exit ctl_maintenance(struct ctl *ctl)
{
	const bool is_on = strcmp(ctl->args[0], "on") == 0;

	if (!is_on && strcmp(ctl->args[0], "off") != 0)
		return ctl_usage(ctl, "maintenance %s: on or off", ctl->args[0]);
	return ask_rest(ctl, "maintenance", ctl->args[0],
			is_on ? "New streams are refused; those that are up go on." : "New streams are taken again.");
}
