/* SPDX-License-Identifier: Apache-2.0
 * A new configuration: all of it or nothing, and certificates that change on disk. */
#include "daemon/daemon.h"

#include <stdio.h>
#include <systemd/sd-daemon.h>
#include <time.h>

enum {
	WATCH_MS = 60 * 1000,           /* between looks at the certificate files */
	EXPIRY_WARN_MS = 14 * 24 * 3600 * 1000LL,
	EXPIRY_EVERY = 24 * 60,         /* looks between two warnings of the same end */
};

void daemon_log_problem(void *log, const struct config_problem *problem)
{
	LOG(log, problem->is_warning ? LOG_WARNING : LOG_ERROR, "configuration", KV_C("problem", problem->text));
}

static void log_tls_problem(void *log, bool is_fatal, const char *text)
{
	LOG(log, is_fatal ? LOG_ERROR : LOG_WARNING, "certificate", KV_C("problem", text));
}

int daemon_load_store(struct log *log, const struct config *config, int64_t wall_ms, struct tls_store **ret_store)
{
	return tls_store_new(&config->tls, wall_ms, log_tls_problem, log, ret_store);
}

int daemon_new_dns(struct loop *loop, const struct config *config, struct dns **ret_dns, struct buf *why)
{
	const struct dns_resolver_ops *ops;
	const char *reason = "";
	void *resolver;
	int err;

	if ((err = dns_unbound_new(loop, &config->dns, &ops, &resolver, &reason)) < 0) {
		buf_addf(why, "dns: %s", reason ? reason : error_text(err));
		return err;
	}
	*ret_dns = dns_new(loop, ops, resolver, config->dns.timeout_ms);
	return *ret_dns ? 0 : TRUNK_ENOMEM;
}

static bool same(const char *a, const char *b)
{
	return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

static bool same_list(const char *const *a, const char *const *b)
{
	if (!a || !b)
		return a == b;
	for (; *a && *b; a++, b++)
		if (strcmp(*a, *b) != 0)
			return false;
	return !*a && !*b;
}

static bool same_dns(const struct dns_options *a, const struct dns_options *b)
{
	return same_list(a->servers, b->servers) && same(a->trust_anchor, b->trust_anchor) && a->timeout_ms == b->timeout_ms;
}

/* What only a restart can change; refused in words, so that nobody believes it in force. */
static int check_fixed(const struct config *now, const struct config *next, struct buf *why)
{
	const struct {
		const char *name;
		bool is_same;
	} fixed[] = {
		{"trunk", same(now->trunk, next->trunk)}, {"state", same(now->state, next->state)},
		{"control", same(now->control, next->control)}, {"control-group", same(now->control_group, next->control_group)},
		{"user", same(now->user, next->user)}, {"sandbox", now->is_sandboxed == next->is_sandboxed}, {"workers", now->workers == next->workers},
		{"audit.store", now->audit_store == next->audit_store}, {"audit.lines", same(now->audit_lines, next->audit_lines)},
		{"audit.strict", now->audit_strict == next->audit_strict}, {"audit.journal", now->audit_journal == next->audit_journal},
	};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		if (fixed[i].is_same)
			continue;
		buf_addf(why, "%s: \"%s\" can only change with a restart; put it back, or restart trunkd", next->file, fixed[i].name);
		return TRUNK_EINVAL;
	}
	return 0;
}


/* ---- the other workers: each makes its resolver on its own loop, and then all take what is new, or none ---- */

struct preparation {
	const struct config *config;
	struct buf *why;
	int err;
};

static void prepare_dns(void *ctx, struct worker *worker)
{
	struct preparation *preparation = ctx;

	if (preparation->err == 0)
		preparation->err = daemon_new_dns(worker->loop, preparation->config, &worker->next_dns, preparation->why);
}

static void forget_dns(void *ctx, struct worker *worker)
{
	(void)ctx;
	dns_free(&worker->next_dns);
}

/* A reload ends or begins anew every look-up, so nobody asks the old resolver any more behind it. */
static void take(void *ctx, struct worker *worker)
{
	struct dns *before = worker->dns;

	if (worker->next_dns)
		trunk_set_dns(worker->trunk, worker->next_dns);
	trunk_take(worker->trunk, ctx);
	if (!worker->next_dns)
		return;
	worker->dns = worker->next_dns;
	worker->next_dns = NULL;
	dns_free(&before);
}

static void put_in_force(struct daemon *daemon, struct in_force *in_force, struct dns **dns)
{
	struct dns *before = daemon->dns;

	if (*dns)
		trunk_set_dns(daemon->trunk, *dns);
	trunk_take(daemon->trunk, in_force);
	workers_all(daemon->workers, take, in_force);
	if (!*dns)
		return;
	daemon->dns = *dns;
	*dns = NULL;
	dns_free(&before);
}

static int prepare(struct daemon *daemon, const struct config *config, struct dns **ret_dns, struct buf *why)
{
	struct preparation preparation = {.config = config, .why = why};

	if (same_dns(&trunk_config(daemon->trunk)->dns, &config->dns))
		return 0;
	if ((preparation.err = daemon_new_dns(daemon->loop, config, ret_dns, why)) == 0)
		workers_each(daemon->workers, prepare_dns, &preparation);
	return preparation.err;
}

static struct in_force *next_in_force(struct daemon *daemon, struct config *config, struct tls_store *store)
{
	return in_force_new(config, store, trunk_site(daemon->trunk)->generation + 1);
}

/* Everything that can fail comes first; the swap itself only at the end. */
static int take_config(struct daemon *daemon, struct config *config, struct buf *why)
{
	struct tls_store *store = NULL;
	struct in_force *next = NULL;
	struct dns *dns = NULL;
	int err;

	if ((err = check_fixed(trunk_config(daemon->trunk), config, why)) < 0)
		return err;
	if ((err = daemon_load_store(daemon->log, config, loop_wall_ms(daemon->loop), &store)) < 0) {
		buf_addf(why, "certificates: %s; the log has the details", error_text(err));
		return err;
	}
	if ((err = prepare(daemon, config, &dns, why)) < 0)
		goto done;
	if (!(next = next_in_force(daemon, config, store))) {
		err = TRUNK_ENOMEM;
		goto done;
	}
	if ((err = daemon_reload_spool(daemon, config, why)) < 0 || (err = daemon_listen(daemon, config, why)) < 0)
		goto done;
	put_in_force(daemon, next, &dns);
	log_set_level(daemon->log, config->log_level, config->log_format);
	if (daemon->audit_store)
		audit_store_set(daemon->audit_store, config->audit_body, config->audit_retention_ms);
done:
	if (err < 0)
		workers_all(daemon->workers, forget_dns, NULL);
	in_force_free(&next);
	dns_free(&dns);
	tls_store_free(&store);
	return err;
}

struct first_problem {
	struct log *log;
	struct buf *why;
};

static void on_problem(void *ctx, const struct config_problem *problem)
{
	struct first_problem *first = ctx;

	daemon_log_problem(first->log, problem);
	if (!problem->is_warning && buf_len(first->why) < 4096)
		buf_addf(first->why, "%s%s", buf_len(first->why) ? "\n" : "", problem->text);
}

int daemon_reload(void *ctx, struct buf *why)
{
	struct daemon *daemon = ctx;
	struct first_problem first = {.log = daemon->log, .why = why};
	struct config *config = NULL;
	struct timespec now;
	int err;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	if ((err = config_load(daemon->file, on_problem, &first, &config)) < 0) {
		if (buf_len(why) == 0)
			buf_addf(why, "%s: %s", daemon->file, error_text(err));
	} else if ((err = config_load_filters(config, false, daemon->log, on_problem, &first)) == 0) {
		err = take_config(daemon, config, why);
	}
	config_free(&config);
	if (err < 0) {
		LOG(daemon->log, LOG_ERROR, "reload-refused", KV("reason", buf_str(why)), KV_C("in-force", "the configuration from before"));
	} else {
		daemon->loaded_wall_ms = loop_wall_ms(daemon->loop);
		LOG(daemon->log, LOG_NOTICE, "reloaded", KV_C("file", daemon->file), KV_N("generation", trunk_site(daemon->trunk)->generation));
	}
	sd_notify(0, "READY=1");
	return err;
}

static void warn_expiry(void *ctx, const char *what, int64_t not_after_ms)
{
	struct daemon *daemon = ctx;
	const time_t second = (time_t)(not_after_ms / 1000);
	struct tm tm;
	char text[32];

	gmtime_r(&second, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d", &tm);
	LOG(daemon->log, LOG_WARNING, "certificate-ends", KV_C("certificate", what), KV_C("date", text));
}

static void on_watch(void *ctx)
{
	struct daemon *daemon = ctx;
	const struct site *site = trunk_site(daemon->trunk);
	struct tls_store *store = NULL;
	struct in_force *next = NULL;
	struct dns *none = NULL;
	struct config *config = config_ref((struct config *)(uintptr_t)trunk_config(daemon->trunk));

	if (tls_store_is_stale(site->store) && daemon_load_store(daemon->log, config, loop_wall_ms(daemon->loop), &store) == 0 &&
	    (next = next_in_force(daemon, config, store))) {
		put_in_force(daemon, next, &none);
		LOG(daemon->log, LOG_NOTICE, "certificates-reloaded", KV_N("generation", site->generation));
	}
	in_force_free(&next);
	tls_store_free(&store);
	config_free(&config);
	daemon_watch(daemon);
}

void daemon_watch(struct daemon *daemon)
{
	static _Thread_local unsigned looks;

	if (looks++ % EXPIRY_EVERY == 0)
		tls_store_expiring(trunk_site(daemon->trunk)->store, loop_wall_ms(daemon->loop), EXPIRY_WARN_MS, warn_expiry, daemon);
	timer_start(daemon->loop, &daemon->watch, WATCH_MS, on_watch, daemon);
}
