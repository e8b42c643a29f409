/* SPDX-License-Identifier: Apache-2.0
 * See fixture.h. */
#include "fixture.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const struct domain_pair WORLD_PAIR = {.sender = TEXT("saturn.example.org"), .target = TEXT("mercury.example.net")};
const struct domain_pair WORLD_OTHER = {.sender = TEXT("saturn.example.org"), .target = TEXT("venus.example.edu")};

static void on_durable(void *ctx, const struct domain_pair *pair, uint64_t id, const struct spool_token *token)
{
	struct world *world = ctx;

	(void)pair;
	if (world->news_count < WORLD_NEWS_MAX)
		world->news[world->news_count++] = (struct news){.id = id, .token = token->word[0]};
}

static void on_failed(void *ctx, const struct domain_pair *pair, uint64_t id, const struct spool_token *token, struct str bytes, enum proof proof_in,
		      int err)
{
	struct world *world = ctx;

	(void)pair;
	assert_int_equal(proof_in, PROOF_DIALBACK);
	if (world->news_count < WORLD_NEWS_MAX)
		world->news[world->news_count++] = (struct news){.id = id, .token = token->word[0], .err = err, .len = bytes.len};
}

static const struct spool_handler handler = {.durable = on_durable, .failed = on_failed};

static void on_line(void *ctx, enum log_level level, struct str line)
{
	struct world *world = ctx;
	const size_t used = strlen(world->lines);

	(void)level;
	snprintf(world->lines + used, sizeof(world->lines) - used, "%.*s\n", STR_ARG(line));
}

static int world_write(void *ctx, int fd, const void *at, size_t len, off_t offset)
{
	struct world *world = ctx;

	if (world->writes_left == 0) {
		spool_io_system.write(NULL, fd, at, len < world->torn_bytes ? len : world->torn_bytes, offset);
		errno = ENOSPC;
		return -1;
	}
	world->writes_left -= world->writes_left > 0;
	return spool_io_system.write(NULL, fd, at, len, offset);
}

static int world_sync(void *ctx, int fd)
{
	struct world *world = ctx;

	(void)fd;
	if (world->syncs_left == 0) {
		errno = EIO;
		return -1;
	}
	world->syncs_left -= world->syncs_left > 0;
	return 0;
}

static int world_reserve(void *ctx, int fd, off_t len)
{
	(void)ctx;
	return ftruncate(fd, len);
}

void world_open(struct world *world)
{
	const struct spool_options options = {
		.folder = world->folder, .size_bytes = world->size_bytes, .log = world->log, .is_inline = true, .io = &world->io,
	};

	assert_int_equal(spool_store_open(&options, &world->store), 0);
	world->spool = spool_new(world->store, world->loop, &handler, world);
	assert_non_null(world->spool);
}

void world_close(struct world *world)
{
	spool_free(&world->spool);
	spool_store_free(&world->store);
}

void world_kill(struct world *world)
{
	defer_stop(&world->spool->commit);
	spool_free(&world->spool);
	world->store->filling.bytes.end = world->store->filling.bytes.start;
	world->store->filling.notes.end = world->store->filling.notes.start;
	if (world->store->current) {
		close(world->store->current_fd);
		world->store->current = NULL;
	}
	spool_store_free(&world->store);
}

int world_setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	snprintf(world->folder, sizeof(world->folder), "/tmp/trunk-spool-XXXXXX");
	assert_non_null(mkdtemp(world->folder));
	world->size_bytes = 16 * 1024 * 1024;
	world->loop = loop_new();
	loop_set_wall_ms(world->loop, 1000);
	world->log = log_new(LOG_DEBUG, LOG_TEXT, false);
	log_set_sink(world->log, on_line, world);
	world->io = (struct spool_io){.write = world_write, .sync = world_sync, .reserve = world_reserve, .ctx = world};
	world->writes_left = world->syncs_left = -1;
	world_open(world);
	*state = world;
	return 0;
}

static void remove_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *item;
	char path[512];

	while (dir && (item = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", folder, item->d_name);
		unlink(path);
	}
	if (dir)
		closedir(dir);
	rmdir(folder);
}

int world_teardown(void **state)
{
	struct world *world = *state;

	world_close(world);
	loop_free(&world->loop);
	log_free(&world->log);
	remove_folder(world->folder);
	free(world);
	return 0;
}

uint64_t world_put(struct world *world, const struct domain_pair *pair, const char *text)
{
	const struct spool_token token = {.word = {(uint64_t)text[0]}};
	uint64_t id = 0;

	assert_int_equal(spool_put(world->spool, pair, str_of(text), PROOF_DIALBACK, &token, &id), 0);
	assert_true(id > 0);
	return id;
}

void world_turn(struct world *world)
{
	loop_advance(world->loop, loop_now_ms(world->loop) + 1);
}

const char *world_content(struct world *world, const struct domain_pair *pair)
{
	static char text[8192];
	struct spool_stanza stanza = {0};
	struct buf out = {0};

	while (spool_next(world->spool, pair, stanza.id, &stanza)) {
		if (buf_len(&out))
			buf_add_cstr(&out, ",");
		if (!stanza.is_durable)
			buf_add_cstr(&out, "?");
		else if (spool_read(world->spool, pair, stanza.id, &out) < 0)
			buf_add_cstr(&out, "!");
	}
	snprintf(text, sizeof(text), "%.*s", STR_ARG(buf_str(&out)));
	buf_fini(&out);
	return text;
}

static bool ends(const char *name, const char *suffix)
{
	return str_ends(str_of(name), str_of(suffix));
}

const char *world_file(struct world *world, const char *suffix, bool last)
{
	static char path[512];
	char best[256] = "";
	DIR *dir = opendir(world->folder);
	const struct dirent *item;

	while (dir && (item = readdir(dir)))
		if (ends(item->d_name, suffix) && (!best[0] || (strcmp(item->d_name, best) > 0) == last))
			snprintf(best, sizeof(best), "%s", item->d_name);
	if (dir)
		closedir(dir);
	snprintf(path, sizeof(path), "%s/%s", world->folder, best);
	return path;
}

unsigned world_files(struct world *world, const char *suffix)
{
	DIR *dir = opendir(world->folder);
	const struct dirent *item;
	unsigned count = 0;

	while (dir && (item = readdir(dir)))
		count += ends(item->d_name, suffix);
	if (dir)
		closedir(dir);
	return count;
}
