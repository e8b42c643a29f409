/* SPDX-License-Identifier: Apache-2.0
 * The store on disks that fail, are full or slow. */
#include "world.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static void set_file_limit(rlim_t bytes)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes == RLIM_INFINITY ? limit.rlim_max : bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static struct audit_state after_the_disk_is_back(struct world *world)
{
	struct audit_state now;

	set_file_limit(RLIM_INFINITY);
	world_flush(world);
	world_flush(world);
	audit_store_state(world->store, &now);
	assert_false(now.is_failing);
	assert_int_equal(world_log_has(world, "audit-writable"), 1);
	return now;
}

/* Without strict: an alarm, stanzas go on, what is in memory comes later, and what found no room there is a gap on record. */
static void a_full_disk_is_an_alarm_and_the_gap_becomes_a_record(void **state)
{
	struct world *world = *state;
	struct audit_state now;
	struct audit_record record;
	char *body = calloc(1, 1024 * 1024);
	const struct xml_element element = {.bytes = {body, 1024 * 1024}};

	world_open(world);
	world_record(world, "before");
	world_flush(world);
	set_file_limit(8192);
	world_record(world, "while full");
	world_flush(world);
	audit_store_state(world->store, &now);
	assert_true(now.is_failing);
	assert_int_equal(world_log_has(world, "audit-unwritable"), 1);
	record = world_message(world, "large");
	record.level = AUDIT_FULL;
	record.element = &element;
	for (unsigned i = 0; i < 40; i++)       /* 32 MiB have room */
		assert_int_equal(audit_record(world->audit, &record, NULL), 0);
	audit_store_state(world->store, &now);
	assert_in_range(now.lost, 8, 10);
	now = after_the_disk_is_back(world);
	world_search(world, NULL, QUERY(.limit = 0));
	assert_int_equal(world->entries[world->count - 1].class, AUDIT_GAP);
	assert_int_equal(world->entries[world->count - 1].lost, now.lost);
	assert_int_equal(world->count, 2 + 40 - now.lost + 1);
	world_is_whole(world);
	free(body);
}

/* At a start, too: not strict, the trunk goes on and records when it can; strict, it is refused. */
static void a_disk_that_is_full_at_the_start_is_waited_for_unless_strict(void **state)
{
	const bool is_strict[] = {false, true};
	struct world *world = *state;
	struct audit_state now;
	struct buf why = {0};

	world_open(world);
	world_record(world, "before");
	world_close(world);
	set_file_limit(4096);
	for (unsigned i = 0; i < 2; i++) {
		const struct audit_store_options options = {.folder = world->folder, .is_strict = is_strict[i], .level = AUDIT_BRIEF};
		struct audit_store *store = NULL;

		assert_int_equal(audit_store_new(&options, world->log, &why, &store), is_strict[i] ? TRUNK_EIO : 0);
		if (is_strict[i]) {
			assert_true(buf_len(&why) > 0);
			assert_null(store);
			continue;
		}
		audit_store_state(store, &now);
		assert_true(now.is_failing && now.has_store);
		assert_int_equal(world_log_has(world, "audit-unwritable"), 1);
		audit_store_free(&store);
	}
	buf_fini(&why);
	world_open(world);
	world_record(world, "while full");
	world_flush(world);
	audit_store_state(world->store, &now);
	assert_true(now.is_failing);
	now = after_the_disk_is_back(world);
	world_search(world, NULL, QUERY(.limit = 0));
	assert_true(world->count > 0 && str_is(world->entries[world->count - 1].id, "while full"));
	world_is_whole(world);
}

/* A disk that is slow, and says nothing of it: here somebody else holds the store. */
static void a_full_window_refuses_and_what_it_refused_is_a_gap(void **state)
{
	struct world *world = *state;
	struct audit_record record;
	char *body = calloc(1, 1024 * 1024);
	const struct xml_element element = {.bytes = {body, 1024 * 1024}};
	unsigned taken = 0, refused = 0;
	sqlite3 *other;

	world_open(world);
	world_flush(world);
	assert_int_equal(sqlite3_open(world->db, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	record = world_message(world, "large");
	record.level = AUDIT_FULL;
	record.element = &element;
	for (unsigned i = 0; i < 40; i++) {
		const int err = audit_record(world->audit, &record, NULL);

		assert_true(err == 0 || err == TRUNK_ELIMIT);
		*(err ? &refused : &taken) += 1;
	}
	assert_in_range(taken, 30, 32);
	assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	world_flush(world);
	world_search(world, NULL, QUERY(.limit = 0));
	assert_int_equal(world->count, taken + 1);
	assert_int_equal(world->entries[taken].lost, refused);
	world_is_whole(world);
	free(body);
}

static void strict_refuses_while_the_disk_takes_nothing(void **state)
{
	struct world *world = *state;
	struct audit_record record;
	uint64_t seq;

	world->options.is_strict = true;
	world_open(world);
	assert_true(audit_is_strict(world->audit));
	seq = world_record(world, "before");
	assert_true(audit_durable(world->audit) < seq);
	world_flush(world);
	assert_true(audit_durable(world->audit) >= seq);
	set_file_limit(8192);
	seq = world_record(world, "in doubt");
	world_flush(world);
	assert_true(audit_durable(world->audit) < seq);
	record = world_message(world, "refused");
	assert_int_equal(audit_record(world->audit, &record, NULL), TRUNK_EIO);
	set_file_limit(RLIM_INFINITY);
	world_flush(world);
	assert_true(audit_durable(world->audit) >= seq);
	world_record(world, "after");
	world_flush(world);
	world_search(world, NULL, QUERY(.limit = 0));
	assert_int_equal(world->count, 4);
	assert_int_equal(world->entries[3].class, AUDIT_GAP);
	assert_int_equal(world->entries[3].lost, 1);
	world_is_whole(world);
}

static void without_strict_nothing_waits_for_the_disk(void **state)
{
	struct world *world = *state;

	world_open(world);
	assert_false(audit_is_strict(world->audit));
	assert_true(audit_durable(world->audit) == UINT64_MAX);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_disk_that_is_full_at_the_start_is_waited_for_unless_strict),
		TEST(a_full_disk_is_an_alarm_and_the_gap_becomes_a_record),
		TEST(a_full_window_refuses_and_what_it_refused_is_a_gap),
		TEST(strict_refuses_while_the_disk_takes_nothing),
		TEST(without_strict_nothing_waits_for_the_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
