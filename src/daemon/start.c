/* SPDX-License-Identifier: Apache-2.0
 * Puts the daemon together and takes it apart. */
#include "daemon/daemon.h"

#include <unistd.h>

struct failure_passer {
	control_failure_fn *fn;
	void *ctx;
};

static const struct config *current_config(void *ctx)
{
	struct daemon *daemon = ctx;

	return trunk_config(daemon->trunk);
}

static int64_t loaded_ms(void *ctx)
{
	struct daemon *daemon = ctx;

	return daemon->loaded_wall_ms;
}

static int change_secret(void *ctx, const char *verb, struct str secret, struct buf *why)
{
	struct daemon *daemon = ctx;

	return secret_replace(trunk_config(daemon->trunk)->state, strcmp(verb, "rotate") == 0 ? STR_NONE : secret, loop_wall_ms(daemon->loop),
			      &daemon->secrets, why);
}

static void pass_failure(void *ctx, const struct failure *failure)
{
	const struct failure_passer *passer = ctx;
	const struct control_failure row = {
		.wall_ms = failure->wall_ms, .sender = failure->pair.sender, .target = failure->pair.target, .leg = failure->leg,
		.role = failure->role, .address = failure->address, .step = failure->step, .reason = failure->reason,
	};

	passer->fn(passer->ctx, &row);
}

static void each_failure(void *ctx, control_failure_fn *fn, void *fn_ctx)
{
	struct daemon *daemon = ctx;
	struct failure_passer passer = {.fn = fn, .ctx = fn_ctx};

	failures_each(trunk_site(daemon->trunk)->failures, pass_failure, &passer);
}

static int open_control(struct daemon *daemon, const struct config *config)
{
	const struct control_env env = {
		.loop = daemon->loop, .log = daemon->log, .audit = daemon->audit, .blocks = daemon->blocks,
		.site = trunk_site(daemon->trunk), .inbound = trunk_inbound(daemon->trunk), .relay = trunk_relay(daemon->trunk), .tap = daemon->tap,
		.config = current_config, .reload = daemon_reload, .secret = change_secret, .loaded_ms = loaded_ms, .failures_each = each_failure, .ctx = daemon,
	};

	return control_new(&env, config->control, config->control_group, &daemon->control);
}

/* Opened before the daemon becomes another user, who then owns the files (drop.c). */
static int open_audit(struct daemon *daemon, const struct config *config, struct buf *why)
{
	const struct audit_store_options options = {
		.folder = config->audit_store == AUDIT_SQLITE ? config->state : NULL, .lines_file = config->audit_lines,
		.has_journal = config->audit_journal, .is_strict = config->audit_strict, .level = config->audit_body,
		.retention_ms = config->audit_retention_ms,
	};
	const bool has_any = options.folder || options.lines_file || options.has_journal;
	int err;

	if (has_any && (err = audit_store_new(&options, daemon->log, why, &daemon->audit_store)) < 0)
		return err;
	daemon->audit = audit_new(daemon->loop, daemon->log, daemon->audit_store, false);
	return daemon->audit ? 0 : TRUNK_ENOMEM;
}

static int build(struct daemon *daemon, struct config *config, struct tls_store *store, struct buf *why)
{
	int err;

	if ((err = secret_load(config->state, loop_wall_ms(daemon->loop), &daemon->secrets, why)) < 0)
		return err;
	if (!(daemon->net = net_uv_new(daemon->loop)) || !(daemon->blocks = blocks_new()) || !(daemon->tap = tap_new()))
		return TRUNK_ENOMEM;
	if ((err = daemon_new_dns(daemon, config, &daemon->dns, why)) < 0)
		return err;
	if ((err = open_audit(daemon, config, why)) < 0)
		return err;
	daemon->trunk = trunk_new(&(struct trunk_options){
		.loop = daemon->loop, .net = daemon->net, .dns = daemon->dns, .log = daemon->log, .audit = daemon->audit,
		.blocks = daemon->blocks, .tap = daemon->tap, .store = store, .secrets = &daemon->secrets, .config = config,
	});
	return daemon->trunk ? 0 : TRUNK_ENOMEM;
}

int daemon_start(struct daemon *daemon, struct config *config, struct tls_store *store)
{
	struct buf why = {0};
	int err;

	if ((err = build(daemon, config, store, &why)) < 0 || (err = daemon_adopt(daemon, config)) < 0 ||
	    (err = daemon_listen(daemon, config, &why)) < 0)
		goto done;
	if ((err = open_control(daemon, config)) < 0) {
		buf_addf(&why, "control %s: %s", config->control, err == TRUNK_EBUSY ? "another trunkd answers there" : error_text(err));
		goto done;
	}
	if ((err = daemon_drop(config, daemon->log, &why)) < 0)
		goto done;
	daemon->loaded_wall_ms = loop_wall_ms(daemon->loop);
	daemon_watch(daemon);
	daemon_enter_sandbox(config, daemon->log);
	daemon_trim(daemon);
done:
	if (err < 0)
		LOG(daemon->log, LOG_ERROR, "cannot-start", KV("reason", buf_len(&why) ? buf_str(&why) : str_of(error_text(err))));
	buf_fini(&why);
	return err;
}

void daemon_end(struct daemon *daemon)
{
	timer_stop(&daemon->watch);
	timer_stop(&daemon->trim);
	daemon_unlisten(daemon);
	control_free(&daemon->control);
	trunk_free(&daemon->trunk);
	audit_free(&daemon->audit);
	audit_store_free(&daemon->audit_store);
	blocks_free(&daemon->blocks);
	tap_free(&daemon->tap);
	dns_free(&daemon->dns);
	net_free(&daemon->net);
}
