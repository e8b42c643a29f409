/* SPDX-License-Identifier: Apache-2.0
 * What the tests of this room share. */
#include "world.h"

#include <dirent.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void on_line(void *ctx, enum log_level level, struct str line)
{
	struct world *world = ctx;

	(void)level;
	pthread_mutex_lock(&world->lock);
	buf_add(&world->lines, line);
	buf_add_cstr(&world->lines, "\n");
	pthread_mutex_unlock(&world->lock);
}

int world_set_up(void **state)
{
	static struct world world;

	world = (struct world){.loop = loop_new(), .log = log_new(LOG_INFO, LOG_TEXT, false), .folder = "/tmp/trunk-audit-XXXXXX",
			       .wall_ms = WALL_MS};
	pthread_mutex_init(&world.lock, NULL);
	log_set_sink(world.log, on_line, &world);
	loop_set_wall_ms(world.loop, WALL_MS);
	if (!mkdtemp(world.folder))
		return -1;
	snprintf(world.db, sizeof(world.db), "%s/%s", world.folder, AUDIT_DB_NAME);
	snprintf(world.head, sizeof(world.head), "%s/%s", world.folder, AUDIT_HEAD_NAME);
	snprintf(world.jsonl, sizeof(world.jsonl), "%s/audit.jsonl", world.folder);
	world.options = (struct audit_store_options){.folder = world.folder, .level = AUDIT_BRIEF, .wall_ms = WALL_MS};
	*state = &world;
	return 0;
}

static void remove_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[512];

	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		unlink(path);
	}
	if (dir)
		closedir(dir);
	rmdir(folder);
}

int world_tear_down(void **state)
{
	struct world *world = *state;

	world_close(world);
	remove_folder(world->folder);
	arena_fini(&world->arena);
	log_free(&world->log);
	loop_free(&world->loop);
	buf_fini(&world->lines);
	return 0;
}

int world_try_open(struct world *world, struct buf *why)
{
	world->options.wall_ms = world->wall_ms;
	return audit_store_new(&world->options, world->log, why, &world->store);
}

void world_open(struct world *world)
{
	struct buf why = {0};
	const int err = world_try_open(world, &why);

	if (err < 0)
		fail_msg("%.*s", STR_ARG(buf_str(&why)));
	buf_fini(&why);
	assert_non_null(world->audit = audit_new(world->loop, world->log, world->store, false));
}

void world_close(struct world *world)
{
	audit_free(&world->audit);
	audit_store_free(&world->store);
}

struct audit_record world_message(struct world *world, const char *id)
{
	return (struct audit_record){
		.wall_ms = world->wall_ms, .pair = {STR("saturn.example.org"), STR("mercury.example.net")}, .kind = STANZA_MESSAGE,
		.type = STR("chat"), .id = str_of(id), .size_bytes = 120, .decision = DECISION_PASS, .rule = "within-zone",
		.proof_in = PROOF_EXTERNAL, .proof_out = PROOF_DIALBACK,
	};
}

uint64_t world_record(struct world *world, const char *id)
{
	const struct audit_record record = world_message(world, id);
	uint64_t seq = 0;

	assert_int_equal(audit_record(world->audit, &record, &seq), 0);
	assert_true(seq > 0);
	return seq;
}

void world_record_many(struct world *world, unsigned count)
{
	char id[16];

	for (unsigned i = 0; i < count; i++) {
		snprintf(id, sizeof(id), "m%u", i);
		world_record(world, id);
	}
}

void world_flush(struct world *world)
{
	loop_advance(world->loop, loop_now_ms(world->loop));
	audit_store_flush(world->store);
}

/* ---- looking ---- */

static struct str keep(struct world *world, struct str s)
{
	return s.at ? arena_str(&world->arena, s) : STR_NONE;
}

static bool on_entry(void *ctx, const struct audit_entry *entry)
{
	struct world *world = ctx;
	struct audit_entry *copy = &world->entries[world->count];

	if (world->count == WORLD_ENTRIES_MAX)
		return true;
	*copy = *entry;
	copy->sender = keep(world, entry->sender);
	copy->target = keep(world, entry->target);
	copy->type = keep(world, entry->type);
	copy->rule = keep(world, entry->rule);
	copy->label = keep(world, entry->label);
	copy->monitor = keep(world, entry->monitor);
	copy->id = keep(world, entry->id);
	copy->from = keep(world, entry->from);
	copy->to = keep(world, entry->to);
	copy->lang = keep(world, entry->lang);
	copy->detail = keep(world, entry->detail);
	copy->children = keep(world, entry->children);
	copy->body = keep(world, entry->body);
	world->count++;
	return true;
}

static struct audit_reader *reader_of(const char *path)
{
	struct audit_reader *reader = NULL;
	struct buf why = {0};

	if (audit_reader_open(path, &why, &reader) < 0)
		fail_msg("%s: %.*s", path, STR_ARG(buf_str(&why)));
	buf_fini(&why);
	return reader;
}

void world_search(struct world *world, const char *path, const struct audit_query *query)
{
	struct audit_reader *reader = reader_of(path ? path : world->db);

	world->count = 0;
	arena_clear(&world->arena);
	assert_int_equal(audit_reader_search(reader, query, on_entry, world, &world->found), 0);
	audit_reader_close(&reader);
}

static void look_at_chain(struct world *world)
{
	struct audit_reader *reader = reader_of(world->db);

	assert_int_equal(audit_reader_verify(reader, world->head, &world->chain), 0);
	audit_reader_close(&reader);
}

void world_is_whole(struct world *world)
{
	look_at_chain(world);
	if (!world->chain.is_whole)
		fail_msg("%s", world->chain.text);
}

void world_is_bad_at(struct world *world, uint64_t record)
{
	look_at_chain(world);
	assert_false(world->chain.is_whole);
	if (world->chain.bad_record != record)
		fail_msg("record %llu, not %llu: %s", (unsigned long long)world->chain.bad_record, (unsigned long long)record, world->chain.text);
}

void world_sql(struct world *world, const char *sql)
{
	sqlite3 *db;
	char *why = NULL;

	assert_int_equal(sqlite3_open(world->db, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
	sqlite3_close(db);
}

unsigned world_log_has(struct world *world, const char *event)
{
	unsigned count = 0;
	struct str rest;

	pthread_mutex_lock(&world->lock);
	for (rest = buf_str(&world->lines); rest.len > 0;) {
		struct str line = str_cut(&rest, '\n');

		str_cut(&line, ' ');
		count += str_is(str_cut(&line, ' '), event);
	}
	pthread_mutex_unlock(&world->lock);
	return count;
}

char *world_find_aside(struct world *world)
{
	DIR *dir = opendir(world->folder);
	struct dirent *entry;
	char *found = NULL;

	assert_non_null(dir);
	while (!found && (entry = readdir(dir)))
		if (strncmp(entry->d_name, AUDIT_DB_NAME ".bad-", sizeof(AUDIT_DB_NAME ".bad-") - 1) == 0 && !strstr(entry->d_name, ".head") &&
		    !strstr(entry->d_name, "-wal") && !strstr(entry->d_name, "-shm"))
			assert_true(asprintf(&found, "%s/%s", world->folder, entry->d_name) > 0);
	closedir(dir);
	return found;
}

char *world_file(const char *path)
{
	FILE *file = fopen(path, "re");
	struct buf all = {0};
	char *text;
	size_t n;

	assert_non_null(file);
	do {
		assert_int_equal(buf_reserve(&all, 65536), 0);
		n = fread(buf_space(&all), 1, 65536, file);
		buf_grew(&all, n);
	} while (n > 0);
	fclose(file);
	text = str_dup(buf_str(&all));
	buf_fini(&all);
	return text;
}
