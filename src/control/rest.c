/* SPDX-License-Identifier: Apache-2.0
 * The commands drain, undrain and maintenance. */
#include "control/call.h"

#include "control/foreign.h"

#include <stdlib.h>

enum { DOMAINS_MAX = 4096 };

static const struct spoke *spoke_of(const struct config *config, struct str name)
{
	for (unsigned i = 0; i < config->spoke_count; i++)
		if (str_is(name, config->spokes[i].name))
			return &config->spokes[i];
	return NULL;
}

/* The domains of a spoke that streams and links carry now, each once. */
struct carried {
	const struct route *route;
	const struct spoke *spoke;
	struct arena arena;
	struct str domains[DOMAINS_MAX];
	size_t count;
	unsigned closed;
};

static void add(struct carried *carried, struct str domain)
{
	if (str_is_absent(domain) || route_find(carried->route, domain) != carried->spoke || carried->count == DOMAINS_MAX)
		return;
	for (size_t i = 0; i < carried->count; i++)
		if (str_eq(carried->domains[i], domain))
			return;
	carried->domains[carried->count++] = arena_str(&carried->arena, domain);
}

static void see(void *ctx, const struct stream_info *info)
{
	add(ctx, info->sender);
	add(ctx, info->target);
}

static void see_worker(void *ctx, struct inbound *inbound, struct relay *relay)
{
	inbound_each(inbound, see, ctx);
	outbound_each(relay_outbound(relay), see, ctx);
}

static void close_worker(void *ctx, struct inbound *inbound, struct relay *relay)
{
	struct carried *carried = ctx;

	for (size_t i = 0; i < carried->count; i++) {
		carried->closed += inbound_close(inbound, carried->domains[i], NULL, "system-shutdown");
		carried->closed += outbound_close(relay_outbound(relay), carried->domains[i], "system-shutdown", false);
	}
}

static unsigned close_all(const struct control_env *env, const struct spoke *spoke)
{
	struct carried *carried = calloc(1, sizeof(*carried));
	unsigned closed;

	if (!carried)
		return 0;
	carried->route = env->site->route;
	carried->spoke = spoke;
	env_each_worker(env, see_worker, carried);
	env_each_worker(env, close_worker, carried);
	closed = carried->closed;
	arena_fini(&carried->arena);
	free(carried);
	return closed;
}

void command_drain(struct call *call)
{
	const struct control_env *env = call->env;
	const struct spoke *spoke = spoke_of(env->config(env->ctx), request_text(call->request, "what"));
	int err;

	if (!spoke || !env->site->rest) {
		call_end(call, CALL_NO, NULL, "there is no spoke of that name; `trunkctl spokes` lists them");
		return;
	}
	err = rest_drain(env->site->rest, spoke->name);
	if (err < 0 && err != TRUNK_EIO) {
		call_end(call, CALL_NO, NULL, err == TRUNK_EEXIST ? "it is drained already" : error_text(err));
		return;
	}
	call_end(call, CALL_DONE, json_pack("{s:o, s:i, s:b}", "what", foreign_json_c(spoke->name), "closed", (int)close_all(env, spoke), "kept", err == 0),
		 NULL);
}

static void wake_worker(void *ctx, struct inbound *inbound, struct relay *relay)
{
	(void)inbound;
	outbound_wake(relay_outbound(relay), ctx);
}

void command_undrain(struct call *call)
{
	const struct control_env *env = call->env;
	const struct str what = request_text(call->request, "what");
	const struct spoke *spoke = spoke_of(env->config(env->ctx), what);
	char *name = str_dup(what);
	const int err = name && env->site->rest ? rest_undrain(env->site->rest, name) : TRUNK_ENOENT;

	if (err == TRUNK_EBUSY) {
		call_end(call, CALL_NO, NULL, "who was drained before the restart could not be read, so all are; `trunkctl maintenance off` ends that");
	} else if (err < 0 && err != TRUNK_EIO) {
		call_end(call, CALL_NO, NULL, "it is not drained; `trunkctl status` lists what is");
	} else {
		if (spoke)      /* a reload may have taken it away meanwhile */
			env_each_worker(env, wake_worker, (struct spoke *)(uintptr_t)spoke);
		call_end(call, CALL_DONE, json_pack("{s:o, s:b}", "what", foreign_json(what), "kept", err == 0), NULL);
	}
	free(name);
}

/* All but those who are drained by name. */
static void wake_all(const struct control_env *env)
{
	const struct config *config = env->config(env->ctx);

	for (unsigned i = 0; i < config->spoke_count; i++)
		if (!rest_has(env->site->rest, config->spokes[i].name))
			env_each_worker(env, wake_worker, (struct spoke *)(uintptr_t)&config->spokes[i]);
}

void command_maintenance(struct call *call)
{
	const struct control_env *env = call->env;
	const struct str what = request_text(call->request, "what");
	const bool is_on = str_is(what, "on"), was_unknown = rest_is_unknown(env->site->rest);
	int err;

	if ((!is_on && !str_is(what, "off")) || !env->site->rest) {
		call_end(call, CALL_USAGE, NULL, "on or off");
		return;
	}
	err = rest_set_maintenance(env->site->rest, is_on);
	if (was_unknown && !is_on)
		wake_all(env);
	call_end(call, CALL_DONE, json_pack("{s:b, s:b}", "maintenance", is_on, "kept", err == 0), NULL);
}
