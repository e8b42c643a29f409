/* SPDX-License-Identifier: Apache-2.0
 * Commands that change what runs: reload, close, block, unblock. */
#include "control/call.h"

#include "control/foreign.h"

#include <stdlib.h>

enum { DOMAINS_MAX = 4096 };            /* closed by one command */

/* Who is meant: an address, or a domain and (where a block asks for it) all below it. */
struct selection {
	bool is_address, has_subdomains;
	struct endpoint address;
	struct domain domain;
	struct arena arena;
	struct str *found;              /* domains of streams that are meant, each once */
	size_t count;
	const char *condition;          /* to close them with, and whether for good */
	bool is_final;
	unsigned closed;
};

static int selection_init(struct selection *selection, struct str what)
{
	*selection = (struct selection){0};
	if (endpoint_parse(what, 1, &selection->address) == 0) {
		selection->is_address = true;
		return 0;
	}
	return domain_normalise(what, &selection->domain) < 0 ? TRUNK_EINVAL : 0;
}

static bool domain_is_below(struct str domain, struct str top)
{
	return domain.len > top.len && str_ends(domain, top) && domain.at[domain.len - top.len - 1] == '.';
}

static void selection_add(struct selection *selection, struct str domain)
{
	for (size_t i = 0; i < selection->count; i++)
		if (str_eq(selection->found[i], domain))
			return;
	if (selection->count < DOMAINS_MAX && selection->found)
		selection->found[selection->count++] = arena_str(&selection->arena, domain);
}

static void selection_see(struct selection *selection, struct str domain)
{
	const struct str top = domain_str(&selection->domain);

	if (!str_is_absent(domain) && (str_eq(domain, top) || (selection->has_subdomains && domain_is_below(domain, top))))
		selection_add(selection, domain);
}

static void selection_see_stream(void *ctx, const struct stream_info *info)
{
	struct selection *selection = ctx;
	struct endpoint peer;

	if (!selection->is_address) {
		selection_see(selection, info->sender);
		selection_see(selection, info->target);
	} else if (strcmp(info->leg, "outbound") == 0 && endpoint_parse(str_of(info->address), 1, &peer) == 0 &&
		   endpoint_eq_address(&peer, &selection->address)) {
		selection_add(selection, info->target);
	}
}

static void see_worker(void *ctx, struct inbound *inbound, struct relay *relay)
{
	inbound_each(inbound, selection_see_stream, ctx);
	outbound_each(relay_outbound(relay), selection_see_stream, ctx);
}

static void close_worker(void *ctx, struct inbound *inbound, struct relay *relay)
{
	struct selection *selection = ctx;

	if (selection->is_address)
		selection->closed += inbound_close(inbound, STR_NONE, &selection->address, selection->condition);
	for (size_t i = 0; i < selection->count; i++) {
		if (!selection->is_address)
			selection->closed += inbound_close(inbound, selection->found[i], NULL, selection->condition);
		selection->closed += outbound_close(relay_outbound(relay), selection->found[i], selection->condition, selection->is_final);
	}
}

/* Links are known by domain alone: those to an address are closed with all links of the domains behind it. */
static unsigned selection_close(struct selection *selection, const struct control_env *env, const char *condition,
				bool is_final)
{
	selection->condition = condition;
	selection->is_final = is_final;
	selection->found = calloc(DOMAINS_MAX, sizeof(*selection->found));
	env_each_worker(env, see_worker, selection);
	env_each_worker(env, close_worker, selection);
	free(selection->found);
	arena_fini(&selection->arena);
	return selection->closed;
}

void command_reload(struct call *call)
{
	const struct control_env *env = call->env;
	struct buf why = {.limit = 64 * 1024};
	const int err = env->reload(env->ctx, &why);
	const struct config *config = env->config(env->ctx);
	const struct str reason = str_trim(buf_str(&why));
	char *text = reason.len > 0 ? str_dup(reason) : NULL;

	if (err < 0)
		call_end(call, CALL_NO, NULL, text ? text : error_text(err));
	else
		call_end(call, CALL_DONE,
			 json_pack("{s:i, s:o}", "generation", (int)config->generation, "warnings", foreign_json_c(text)),
			 NULL);
	free(text);
	buf_fini(&why);
}

void command_close(struct call *call)
{
	const struct str what = request_text(call->request, "what");
	struct selection selection;
	unsigned closed;

	if (selection_init(&selection, what) < 0) {
		call_end(call, CALL_USAGE, NULL, "neither a domain nor an address");
		return;
	}
	closed = selection_close(&selection, call->env, "reset", false);
	call_end(call, closed > 0 ? CALL_DONE : CALL_NO,
		 json_pack("{s:o, s:i}", "what", foreign_json(what), "closed", (int)closed),
		 closed > 0 ? NULL : "no stream is open to or from it");
}

void command_block(struct call *call)
{
	const struct control_env *env = call->env;
	const struct str what = request_text(call->request, "what");
	const int64_t for_ms = request_number(call->request, "for_ms"), wall_ms = loop_wall_ms(env->loop);
	const int64_t until_ms = for_ms == 0 ? 0 : for_ms < INT64_MAX - wall_ms ? wall_ms + for_ms : INT64_MAX;
	struct selection selection;
	unsigned closed;
	int err;

	if (selection_init(&selection, what) < 0) {
		call_end(call, CALL_USAGE, NULL, "neither a domain nor an address");
		return;
	}
	if (!selection.is_address && str_is(domain_str(&selection.domain), env->site->trunk)) {
		call_end(call, CALL_USAGE, NULL, "this is the trunk's own domain");
		return;
	}
	blocks_forget(env->blocks, wall_ms);
	if ((err = blocks_add(env->blocks, what, until_ms)) < 0) {
		call_end(call, CALL_NO, NULL,
			 err == TRUNK_ELIMIT ? "too many blocks; take some away by `unblock`" : error_text(err));
		return;
	}
	selection.has_subdomains = true;
	closed = selection_close(&selection, env, "policy-violation", true);
	call_end(call, CALL_DONE,
		 json_pack("{s:o, s:o, s:i}", "what", foreign_json(what), "until", wall_json(until_ms), "closed", (int)closed),
		 NULL);
}

void command_unblock(struct call *call)
{
	const struct str what = request_text(call->request, "what");
	const int err = blocks_remove(call->env->blocks, what);

	if (err == TRUNK_EINVAL)
		call_end(call, CALL_USAGE, NULL, "neither a domain nor an address");
	else if (err < 0)
		call_end(call, CALL_NO, NULL,
			 err == TRUNK_ENOENT ? "it is not blocked; `trunkctl blocks` lists what is" : error_text(err));
	else
		call_end(call, CALL_DONE, json_pack("{s:o}", "what", foreign_json(what)), NULL);
}
