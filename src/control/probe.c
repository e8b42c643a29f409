/* SPDX-License-Identifier: Apache-2.0
 * The command `probe`: walks all steps to one peer and tells each as it is done. */
#include "control/call.h"

#include "control/foreign.h"

#include <stdio.h>

/* The end may tell once more, with the same words, what the step before it has told: then it stopped at that one. */
static bool is_told(struct call *call, bool is_ok, const char *text)
{
	const bool is_same =
		!is_ok && call->failed_step && strncmp(call->failed_text, text, sizeof(call->failed_text) - 1) == 0;

	if (is_same)
		return true;
	call->failed_step = NULL;
	return false;
}

static void step_keep(struct call *call, const char *step, const char *text)
{
	call->failed_step = step;
	snprintf(call->failed_text, sizeof(call->failed_text), "%s", text);
}

/* A step that is not good need not be the end: a certificate that does not verify may be made good by dialback. The last one
 * counts. */
static void on_step(void *ctx, enum probe_step step, bool is_ok, const char *text, bool is_last)
{
	struct call *call = ctx;
	const char *words = text ? text : "";

	if (call->is_ended)
		return;
	if (!is_told(call, is_ok, words)) {
		call_row(call, json_pack("{s:s, s:b, s:o}", "step", probe_step_text(step), "ok", (int)is_ok, "text",
					 foreign_json_c(words)));
		if (!is_ok)
			step_keep(call, probe_step_text(step), words);
	}
	if (is_last && is_ok)
		call_end(call, CALL_DONE, NULL, NULL);
	else if (is_last)
		call_endf(call, CALL_NO, "stopped at %s: %s", call->failed_step, words);
	if (call->flush)
		call->flush(call);
}

/* The gate is the one of design.md §2: nothing is dialled for a pair that is not permitted. */
static bool is_permitted(struct call *call, const struct domain_pair *pair)
{
	const struct site *site = call->env->site;
	struct verdict verdict;

	if (!route_find(site->route, pair->target)) {
		call_endf(call, CALL_NO, "%.*s is not trunked: no spoke and no zone of the configuration serves it",
			  STR_ARG(pair->target));
		return false;
	}
	if (str_is(pair->sender, site->trunk))
		return true;
	if (!route_find(site->route, pair->sender)) {
		call_endf(call, CALL_NO, "%.*s is not trunked, so the trunk can't speak for it", STR_ARG(pair->sender));
		return false;
	}
	verdict = relay_judge_pair(call->env->relay, pair);
	if (verdict.decision == DECISION_PASS)
		return true;
	call_endf(call, CALL_NO, "%.*s may not write to %.*s (%s)", STR_ARG(pair->sender), STR_ARG(pair->target),
		  verdict.rule ? verdict.rule : "not permitted");
	return false;
}

void command_probe(struct call *call)
{
	const struct str as = request_text(call->request, "as");
	struct domain target, sender;
	struct domain_pair pair;

	if (domain_normalise(request_text(call->request, "domain"), &target) < 0 ||
	    domain_normalise(str_is_absent(as) ? str_of(call->env->site->trunk) : as, &sender) < 0) {
		call_end(call, CALL_USAGE, NULL, "not a domain");
		return;
	}
	pair = (struct domain_pair){.sender = domain_str(&sender), .target = domain_str(&target)};
	if (!is_permitted(call, &pair))
		return;
	call->probe = outbound_probe(relay_outbound(call->env->relay), &pair, on_step, call);
	if (call->is_ended)             /* all steps were told before it returned */
		call_clear(call);
	else if (!call->probe)
		call_end(call, CALL_NO, NULL, error_text(TRUNK_ENOMEM));
}
