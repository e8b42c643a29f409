/* SPDX-License-Identifier: Apache-2.0
 * The commands about what waits: queue, and what is done to it. */
#include "control/call.h"

#include "control/foreign.h"

/* Why it waits, in words. */
static const char *reason_of(const struct queue_info *info)
{
	if (info->is_paused)
		return "paused by an operator";
	if (info->reason[0])
		return info->reason;
	return info->is_up ? "on its way" : "the link is not up yet";
}

static void queue_row(void *ctx, const struct queue_info *info)
{
	struct call *call = ctx;
	const int64_t now_ms = loop_wall_ms(call->env->loop);
	const int64_t age_ms = info->oldest_wall_ms && now_ms > info->oldest_wall_ms ? now_ms - info->oldest_wall_ms : 0;

	call_row(call, json_pack("{s:o, s:o, s:I, s:I, s:I, s:I, s:o, s:I, s:o, s:b}", "sender", foreign_json(info->pair.sender), "target",
				 foreign_json(info->pair.target), "memory_stanzas", (json_int_t)info->memory_stanzas, "memory_bytes",
				 (json_int_t)info->memory_bytes, "disk_stanzas", (json_int_t)info->disk_stanzas, "disk_bytes",
				 (json_int_t)info->disk_bytes, "oldest", wall_json(info->oldest_wall_ms), "age", (json_int_t)(age_ms / 1000), "reason",
				 foreign_json_c(reason_of(info)), "paused", info->is_paused));
}

static void queue_rows(void *ctx, struct inbound *inbound, struct relay *relay)
{
	(void)inbound;
	outbound_queues(relay_outbound(relay), queue_row, ctx);
}

void command_queue(struct call *call)
{
	env_each_worker(call->env, queue_rows, call);
	call_end(call, CALL_DONE, NULL, NULL);
}

static enum queue_action action_of(struct str verb)
{
	static const struct {
		const char *verb;
		enum queue_action action;
	} actions[] = {
		{"pause", QUEUE_PAUSE}, {"resume", QUEUE_RESUME}, {"release", QUEUE_RELEASE}, {"drop", QUEUE_DROP}, {"bounce", QUEUE_BOUNCE},
	};

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (str_is(verb, actions[i].verb))
			return actions[i].action;
	return 0;
}

/* "SENDER>TARGET" or "TARGET". Returns 0 or TRUNK_EADDRESS. */
static int read_pair(struct str what, struct domain *ret_sender, struct domain *ret_target)
{
	struct str rest = what;
	const struct str first = str_cut(&rest, '>');

	ret_sender->len = 0;
	if (str_is_absent(rest))
		return domain_normalise(first, ret_target);
	if (domain_normalise(first, ret_sender) < 0)
		return TRUNK_EADDRESS;
	return domain_normalise(rest, ret_target);
}

struct change {
	enum queue_action action;
	struct str sender, target;
	unsigned pairs;
	size_t stanzas;
};

static void change_worker(void *ctx, struct inbound *inbound, struct relay *relay)
{
	struct change *change = ctx;
	size_t stanzas;

	(void)inbound;
	change->pairs += outbound_queue(relay_outbound(relay), change->action, change->sender, change->target, &stanzas);
	change->stanzas += stanzas;
}

void command_queue_change(struct call *call)
{
	const struct str what = request_text(call->request, "what");
	struct change change = {.action = action_of(request_text(call->request, "verb"))};
	struct domain sender, target;

	if (!change.action || read_pair(what, &sender, &target) < 0) {
		call_end(call, CALL_USAGE, NULL, "pause, resume, release, drop or bounce, and SENDER>TARGET or TARGET");
		return;
	}
	change.sender = sender.len ? domain_str(&sender) : STR_NONE;
	change.target = domain_str(&target);
	env_each_worker(call->env, change_worker, &change);
	call_end(call, change.pairs > 0 ? CALL_DONE : CALL_NO,
		 json_pack("{s:o, s:i, s:I}", "what", foreign_json(what), "pairs", (int)change.pairs, "stanzas", (json_int_t)change.stanzas),
		 change.pairs > 0 ? NULL : "no stanza went that way since the start, and none waits");
}
