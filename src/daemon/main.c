/* SPDX-License-Identifier: Apache-2.0
 * trunkd: arguments, signals, and the exit codes of design.md §4. */
#include "daemon/daemon.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <uv.h>

enum { EXIT_REFUSED = 1, EXIT_USAGE = 2 };

struct arguments {
	const char *file;
	bool only_check;
};

static void usage(FILE *to)
{
	fprintf(to, "usage: trunkd -c FILE [-n]\n"
		    "  -c FILE    the configuration, trunkd.yaml(5)\n"
		    "  -n         check it and exit\n"
		    "  --version  print the version and exit\n"
		    "  --help     print this and exit\n");
}

/* Returns -1 to go on, else the code to exit with. */
static int parse(int argc, char **argv, struct arguments *ret_arguments)
{
	static const struct option options[] = {{"version", no_argument, NULL, 'v'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct arguments arguments = {0};
	int option;

	while ((option = getopt_long(argc, argv, "c:nh", options, NULL)) != -1) {
		switch (option) {
		case 'c': arguments.file = optarg; break;
		case 'n': arguments.only_check = true; break;
		case 'v': puts("trunkd " TRUNK_VERSION); return 0;
		case 'h': usage(stdout); return 0;
		default: usage(stderr); return EXIT_USAGE;
		}
	}
	if (!arguments.file || optind < argc) {
		usage(stderr);
		return EXIT_USAGE;
	}
	*ret_arguments = arguments;
	return -1;
}

static void on_hangup(uv_signal_t *handle, int number)
{
	struct daemon *daemon = handle->data;
	struct buf why = {0};

	(void)number;
	if (!daemon->is_stopping)
		daemon_reload(daemon, &why);
	buf_fini(&why);
}

/* Told again and again while nothing is left here: others may still send something, until none has anything left. */
static void on_drained(void *ctx)
{
	struct daemon *daemon = ctx;
	struct crew *crew = trunk_crew(daemon->shared);

	crew_set_drained(crew, 0);
	if (crew_is_drained(crew) || loop_now_ms(daemon->loop) >= daemon->drain_until_ms)
		loop_stop(daemon->loop);
}

static void on_worker_drained(void *ctx)
{
	struct worker *worker = ctx;
	const struct site *site = trunk_site(worker->trunk);

	crew_set_drained(site->crew, site->worker);
}

static void drain_worker(void *ctx, struct worker *worker)
{
	(void)ctx;
	trunk_drain(worker->trunk, on_worker_drained, worker);
}

static void on_stop(uv_signal_t *handle, int number)
{
	struct daemon *daemon = handle->data;

	if (daemon->is_stopping) {
		loop_stop(daemon->loop);        /* asked twice: at once */
		return;
	}
	daemon->is_stopping = true;
	sd_notify(0, "STOPPING=1");
	LOG(daemon->log, LOG_NOTICE, "stopping", KV_C("signal", number == SIGTERM ? "SIGTERM" : "SIGINT"));
	daemon_unlisten(daemon);
	daemon->drain_until_ms = loop_now_ms(daemon->loop) + trunk_site(daemon->trunk)->limits->drain_timeout_ms;
	trunk_drain(daemon->trunk, on_drained, daemon);
	workers_all(daemon->workers, drain_worker, NULL);
}

static void watch_signals(struct daemon *daemon, uv_signal_t handles[3])
{
	static const int numbers[3] = {SIGTERM, SIGINT, SIGHUP};

	for (int i = 0; i < 3; i++) {
		uv_signal_init(loop_uv(daemon->loop), &handles[i]);
		handles[i].data = daemon;
		uv_signal_start(&handles[i], numbers[i] == SIGHUP ? on_hangup : on_stop, numbers[i]);
	}
}

static int run(struct daemon *daemon, struct config *config, struct tls_store *store)
{
	uv_signal_t handles[3];
	int err;

	if (!(daemon->loop = loop_new_uv()))
		return TRUNK_ENOMEM;
	watch_signals(daemon, handles);
	if ((err = daemon_start(daemon, config, store)) == 0) {
		LOG(daemon->log, LOG_NOTICE, "ready", KV_C("trunk", config->trunk), KV_C("version", TRUNK_VERSION),
		    KV_N("spokes", config->spoke_count), KV_N("workers", crew_count(trunk_crew(daemon->shared))));
		sd_notify(0, "READY=1");
		err = loop_run(daemon->loop);
		LOG(daemon->log, LOG_NOTICE, "stopped", KV_C("trunk", config->trunk));
	}
	workers_stop(daemon->workers);
	daemon_end(daemon);
	loop_free(&daemon->loop);
	return err;
}

static int load(struct daemon *daemon, const struct arguments *arguments, struct config **ret_config, struct tls_store **ret_store)
{
	struct timespec now;
	struct buf why = {0};
	int err;

	clock_gettime(CLOCK_REALTIME, &now);
	if ((err = config_load(arguments->file, daemon_log_problem, daemon->log, ret_config)) < 0)
		return err;
	log_set_level(daemon->log, (*ret_config)->log_level, (*ret_config)->log_format);
	if ((err = config_load_filters(*ret_config, false, daemon->log, daemon_log_problem, daemon->log)) < 0)
		return err;
	if (!arguments->only_check && (err = daemon_prepare_state(*ret_config, &why)) < 0)
		LOG(daemon->log, LOG_ERROR, "cannot-start", KV("reason", buf_str(&why)));
	if (err == 0)
		err = daemon_load_store(daemon->log, *ret_config, (int64_t)now.tv_sec * 1000, ret_store);
	buf_fini(&why);
	return err;
}

int main(int argc, char **argv)
{
	struct daemon daemon = {0};
	struct arguments arguments;
	struct config *config = NULL;
	struct tls_store *store = NULL;
	const int exit_code = parse(argc, argv, &arguments);
	int err;

	if (exit_code >= 0)
		return exit_code;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);       /* a file at its limit is a failed write like any other */
	daemon_set_heap();
	daemon.file = arguments.file;
	if (!(daemon.log = log_new(LOG_INFO, LOG_TEXT, getenv("JOURNAL_STREAM") != NULL)))
		return EXIT_REFUSED;
	daemon_raise_files(daemon.log);
	err = load(&daemon, &arguments, &config, &store);
	if (err == 0 && arguments.only_check)
		LOG(daemon.log, LOG_NOTICE, "configuration-good", KV_C("file", arguments.file));
	else if (err == 0)
		err = run(&daemon, config, store);
	tls_store_free(&store);
	config_free(&config);
	log_free(&daemon.log);
	return err < 0 ? EXIT_REFUSED : 0;
}
