/* SPDX-License-Identifier: Apache-2.0
 * The world of a scenario: made, moved on, ended. */
#include "world.h"

#include "sim_net.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void on_log(void *ctx, enum log_level level, struct str text)
{
	struct world *world = ctx;
	struct line *line = calloc(1, sizeof(*line));
	struct str rest = text, first = str_cut(&rest, ' ');

	(void)level;
	(void)first;
	if (!line)
		return;
	line->text = arena_str(&line->arena, text);
	line->is_verdict = rest.at && str_starts(rest, STR("verdict "));
	list_add_tail(&world->lines, &line->link);
	buf_addf(&world->trace, "%8lld ms  log: %.*s\n", (long long)loop_now_ms(world->loop), STR_ARG(str_until(text, 600)));
}

static int disk_write(void *ctx, int fd, const void *at, size_t len, off_t offset)
{
	const struct world *world = ctx;

	errno = ENOSPC;
	return world->disk_fails ? -1 : spool_io_system.write(NULL, fd, at, len, offset);
}

/* The folder is gone with the machine's memory: nothing has to be synced. */
static int disk_sync(void *ctx, int fd)
{
	(void)ctx;
	(void)fd;
	return 0;
}

static int disk_reserve(void *ctx, int fd, off_t len)
{
	const struct world *world = ctx;

	errno = ENOSPC;
	return world->disk_fails ? -1 : ftruncate(fd, len);
}

int world_open_spool(struct world *world)
{
	const struct spool_options options = {
		.folder = world->spool_folder, .size_bytes = world->config ? world->config->limits.spool_bytes : 1024 * 1024 * 1024, .log = world->log,
		.is_inline = true, .io = &world->disk,
	};

	world->disk = (struct spool_io){.write = disk_write, .sync = disk_sync, .reserve = disk_reserve, .ctx = world};
	if (!world->spool_folder[0]) {
		snprintf(world->spool_folder, sizeof(world->spool_folder), "/tmp/trunk-scenario-XXXXXX");
		if (!mkdtemp(world->spool_folder))
			return TRUNK_EIO;
	}
	return spool_store_open(&options, &world->spool);
}

static void remove_spool(const struct world *world)
{
	DIR *dir = world->spool_folder[0] ? opendir(world->spool_folder) : NULL;
	const struct dirent *item;

	while (dir && (item = readdir(dir)))
		unlinkat(dirfd(dir), item->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(world->spool_folder);
}

static int make_rooms(struct world *world)
{
	const char secret[] = "the secret of the trunk in scenarios";

	if (!(world->loop = loop_new()) || !(world->net = sim_net_new(world->loop)))
		return TRUNK_ENOMEM;
	loop_set_wall_ms(world->loop, WORLD_WALL_MS);
	world->sim_dns = sim_dns_new(world->loop);
	if (!(world->dns = dns_new(world->loop, &sim_dns_ops, world->sim_dns, 5000)))
		return TRUNK_ENOMEM;
	if (!(world->log = log_new(LOG_DEBUG, LOG_TEXT, false)) || !(world->blocks = blocks_new()))
		return TRUNK_ENOMEM;
	log_set_sink(world->log, on_log, world);
	memcpy(world->secrets.current, secret, sizeof(secret));
	if (world_open_spool(world) < 0)
		return TRUNK_EIO;
	if (!(world->rest = rest_new()) || rest_load(world->rest, world->spool_folder) < 0)
		return TRUNK_ENOMEM;
	world->audit = audit_new(world->loop, world->log, NULL, true);
	return world->audit ? 0 : TRUNK_ENOMEM;
}

static unsigned workers_wanted(void)
{
	const char *text = getenv("SCENARIO_WORKERS");
	uint64_t count = 1;

	return text && str_number(str_of(text), WORLD_WORKERS_MAX, &count) == 0 && count > 0 ? (unsigned)count : 1;
}

struct world *world_new(struct certificates *certificates)
{
	struct world *world = calloc(1, sizeof(*world));

	if (!world)
		return NULL;
	list_init(&world->peers);
	list_init(&world->lines);
	list_init(&world->pings);
	world->certificates = certificates;
	world->shows = CERTIFICATE_SELF_SIGNED;
	if (make_rooms(world) < 0) {
		world_free(&world);
		return NULL;
	}
	world->workers = workers_wanted();
	world->env = (struct peer_env){
		.loop = world->loop,
		.net = world->net,
		.certificates = certificates,
		.peers = &world->peers,
		.trace = &world->trace,
		.complaints = &world->complaints,
		.pinged = world_pinged,
		.ctx = world,
	};
	endpoint_parse(STR(WORLD_TRUNK_ADDRESS), 5269, &world->env.trunk);
	endpoint_parse(STR(WORLD_TRUNK_ADDRESS6), 5269, &world->env.trunk6);
	endpoint_parse(STR(WORLD_TRUNK_ADDRESS), 5270, &world->env.trunk_direct);
	sim_net_set_source(world->net, &world->env.trunk);
	return world;
}

static void free_lines(struct world *world)
{
	LIST_EACH (pos, &world->lines) {
		struct line *line = LIST_OF(pos, struct line, link);

		list_remove(pos);
		arena_fini(&line->arena);
		free(line);
	}
}

void world_free(struct world **ret_world)
{
	struct world *world = *ret_world;

	if (!world)
		return;
	LIST_EACH (pos, &world->peers) {
		struct peer *peer = LIST_OF(pos, struct peer, link);

		peer_free(&peer);
	}
	world_forget_pings(world);
	world_kill_trunk(world);
	remove_spool(world);
	config_free(&world->config);
	tls_store_free(&world->store);
	audit_free(&world->audit);
	blocks_free(&world->blocks);
	if (world->dns)
		dns_free(&world->dns);
	if (world->net)
		net_free(&world->net);
	log_free(&world->log);
	loop_free(&world->loop);
	free_lines(world);
	buf_fini(&world->trace);
	buf_fini(&world->complaints);
	free(world);
	*ret_world = NULL;
}

int world_fail(struct world *world, const char *format, ...)
{
	va_list args;

	if (world->failure[0])
		return -1;
	va_start(args, format);
	vsnprintf(world->failure, sizeof(world->failure), format, args);
	va_end(args);
	return -1;
}

/* Timers in between fire at their own time, as they would on a clock that runs. */
static void run_until(struct world *world, int64_t end_ms)
{
	int64_t next_ms;

	loop_advance(world->loop, loop_now_ms(world->loop));
	while ((next_ms = loop_next_ms(world->loop)) >= 0 && next_ms <= end_ms)
		loop_advance(world->loop, next_ms);
	if (end_ms > loop_now_ms(world->loop))
		loop_advance(world->loop, end_ms);
}

void world_settle(struct world *world)
{
	int64_t next_ms;

	run_until(world, loop_now_ms(world->loop));
	while ((next_ms = sim_net_next_ms(world->net)) >= 0)
		run_until(world, next_ms);
}

void world_pass(struct world *world, int64_t ms)
{
	run_until(world, loop_now_ms(world->loop) + ms);
}

struct peer *world_peer(struct world *world, struct str name)
{
	LIST_EACH (pos, &world->peers) {
		struct peer *peer = LIST_OF(pos, struct peer, link);

		if (str_is(name, peer->name))
			return peer;
	}
	return NULL;
}
