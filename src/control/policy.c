/* SPDX-License-Identifier: Apache-2.0
 * The commands `rules` and `explain`: what the policy in force counts, and what it would decide. */
#include "control/call.h"

#include "control/explain.h"
#include "control/foreign.h"

static const char *action_text(enum rule_action action)
{
	static const char *const texts[] = {
		[RULE_NEXT] = "-", [RULE_PASS] = "pass", [RULE_REJECT] = "reject", [RULE_DROP] = "drop", [RULE_STRIP] = "strip", [RULE_FOLD] = "fold"};

	return action >= RULE_NEXT && action <= RULE_FOLD ? texts[action] : "-";
}

static void rule_row(void *ctx, const struct rule_info *info)
{
	const struct rule *rule = info->rule;

	call_row(ctx, json_pack("{s:o, s:o, s:i, s:s, s:b, s:I}", "rule", foreign_json_c(rule->name), "file", foreign_json_c(rule->file), "line",
				(int)rule->line, "action", action_text(rule->action), "monitor", (int)rule->monitor, "fits",
				(json_int_t)info->fits));
}

void command_rules(struct call *call)
{
	policy_each_rule(call->env->config(call->env->ctx)->policy, rule_row, call);
	call_end(call, CALL_DONE, NULL, NULL);
}

/* The stanza of the request, or a message for its two addresses. Returns 0 or TRUNK_EINVAL. */
static int stanza_of(const struct call *call, struct buf *text)
{
	const struct str from = request_text(call->request, "from"), to = request_text(call->request, "to");
	const struct str stanza = request_text(call->request, "stanza");

	if (!str_is_absent(stanza))
		return str_is_absent(from) && str_is_absent(to) ? buf_add(text, stanza) : TRUNK_EINVAL;
	return str_is_absent(from) || str_is_absent(to) ? TRUNK_EINVAL : explain_message(from, to, text);
}

void command_explain(struct call *call)
{
	const struct control_env *env = call->env;
	const struct explain explain = {
		.config = env->config(env->ctx), .route = env->site->route, .blocks = env->blocks, .filters = env->site->filters, .now_ms = loop_now_ms(env->loop),
		.wall_ms = loop_wall_ms(env->loop), .by = "the running daemon",
	};
	struct buf text = {0}, why = {.limit = REASON_BYTES_MAX};
	bool passes = false;
	json_t *result = NULL;
	int err = stanza_of(call, &text);

	if (err == TRUNK_EINVAL)
		call_end(call, CALL_USAGE, NULL, "this command takes \"from\" and \"to\", or \"stanza\"");
	else if (err < 0 || (err = explain_stanza(&explain, buf_str(&text), &result, &passes, &why)) == TRUNK_ENOMEM)
		call_end(call, CALL_NO, NULL, error_text(TRUNK_ENOMEM));
	else if (err < 0)
		call_endf(call, CALL_USAGE, "%.*s", STR_ARG(buf_str(&why)));
	else
		call_end(call, passes ? CALL_DONE : CALL_NO, result, NULL);
	buf_fini(&text);
	buf_fini(&why);
}
