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

static void copy_secrets(void *ctx, struct worker *worker)
{
	const struct daemon *daemon = ctx;

	worker->secrets = daemon->secrets;
}

static int change_secret(void *ctx, const char *verb, struct str secret, struct buf *why)
{
	struct daemon *daemon = ctx;
	int err;

	err = secret_replace(trunk_config(daemon->trunk)->state, strcmp(verb, "rotate") == 0 ? STR_NONE : secret, loop_wall_ms(daemon->loop),
			     &daemon->secrets, why);
	if (err == 0)
		workers_all(daemon->workers, copy_secrets, daemon);
	return err;
}

struct visit {
	control_worker_fn *fn;
	void *ctx;
};

static void visit(void *ctx, struct worker *worker)
{
	const struct visit *visit = ctx;

	visit->fn(visit->ctx, trunk_inbound(worker->trunk), trunk_relay(worker->trunk));
}

static void each_worker(void *ctx, control_worker_fn *fn, void *fn_ctx)
{
	struct daemon *daemon = ctx;

	fn(fn_ctx, trunk_inbound(daemon->trunk), trunk_relay(daemon->trunk));
	workers_each(daemon->workers, visit, &(struct visit){.fn = fn, .ctx = fn_ctx});
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
		.config = current_config, .reload = daemon_reload, .secret = change_secret, .loaded_ms = loaded_ms, .failures_each = each_failure,
		.each_worker = each_worker, .ctx = daemon,
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
	return 0;
}

static int build_workers(struct daemon *daemon, const struct config *config, struct in_force *in_force, unsigned count, struct buf *why)
{
	if (!in_force || !(daemon->shared = trunk_shared_new(count)))
		return TRUNK_ENOMEM;
	daemon->trunk = trunk_new(&(struct trunk_options){
		.shared = daemon->shared, .in_force = in_force, .loop = daemon->loop, .net = daemon->net, .dns = daemon->dns, .log = daemon->log,
		.audit = daemon->audit, .blocks = daemon->blocks, .tap = daemon->tap, .spool = daemon->spool, .rest = daemon->rest, .secrets = &daemon->secrets,
	});
	if (!daemon->trunk)
		return TRUNK_ENOMEM;
	return count > 1 ? workers_new(daemon, in_force, config, count, why, &daemon->workers) : 0;
}

static int build(struct daemon *daemon, struct config *config, struct tls_store *store, struct buf *why)
{
	struct in_force *in_force;
	int err;

	if ((err = secret_load(config->state, loop_wall_ms(daemon->loop), &daemon->secrets, why)) < 0)
		return err;
	if (!(daemon->net = net_uv_new(daemon->loop)) || !(daemon->blocks = blocks_new()) || !(daemon->tap = tap_new()))
		return TRUNK_ENOMEM;
	if ((err = daemon_new_dns(daemon->loop, config, &daemon->dns, why)) < 0 || (err = open_audit(daemon, config, why)) < 0)
		return err;
	if (!(daemon->audit = audit_new(daemon->loop, daemon->log, daemon->audit_store, false)))
		return TRUNK_ENOMEM;
	if (!(daemon->rest = rest_new()))
		return TRUNK_ENOMEM;
	if ((err = rest_load(daemon->rest, config->state)) < 0)
		LOG(daemon->log, LOG_ERROR, "resting-unreadable", KV_C("folder", config->state), KV_C("file", REST_FILE_NAME), KV_C("reason", error_text(err)),
		    KV_C("effect", "maintenance is on and every spoke drained, for nobody knows who was; trunkctl maintenance off ends that"));
	if ((err = daemon_open_spool(daemon, config, why)) < 0)
		return err;
	in_force = in_force_new(config, store, 1);
	err = build_workers(daemon, config, in_force, workers_wanted(config->workers), why);
	in_force_free(&in_force);
	return err;
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
	/* Threads have the rights that the one had which made them, and the sandbox: so they come last. */
	if ((err = workers_start(daemon->workers)) < 0) {
		buf_addf(&why, "workers: the system gives no more threads");
		goto done;
	}
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
	if (daemon->shared)
		crew_clear(trunk_crew(daemon->shared));
	workers_end(daemon->workers);
	trunk_free(&daemon->trunk);
	trunk_shared_free(&daemon->shared);
	workers_free(&daemon->workers);
	spool_store_free(&daemon->spool);
	rest_free(&daemon->rest);
	audit_free(&daemon->audit);
	audit_store_free(&daemon->audit_store);
	blocks_free(&daemon->blocks);
	tap_free(&daemon->tap);
	dns_free(&daemon->dns);
	net_free(&daemon->net);
}
