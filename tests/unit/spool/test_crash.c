/* SPDX-License-Identifier: Apache-2.0
 * What a crash or a bad disk leaves, read at the next start. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char *read_file(const char *path, size_t *ret_len)
{
	FILE *file = fopen(path, "r");
	char *at = malloc(1024 * 1024);

	assert_non_null(file);
	*ret_len = fread(at, 1, 1024 * 1024, file);
	fclose(file);
	return at;
}

static void write_file(const char *path, const char *at, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(at, 1, len, file), len);
	fclose(file);
}

static void flip(const char *path, size_t offset)
{
	size_t len;
	char *at = read_file(path, &len);

	assert_true(offset < len);
	at[offset] ^= 0x40;
	write_file(path, at, len);
	free(at);
}

static void what_was_durable_is_there_after_a_crash_and_goes_on(void **state)
{
	struct world *world = *state;
	uint64_t last;

	loop_set_wall_ms(world->loop, 4000);
	world_put(world, &WORLD_PAIR, "one");
	last = world_put(world, &WORLD_PAIR, "two");
	world_turn(world);
	world_put(world, &WORLD_PAIR, "never told");
	world_kill(world);
	world_open(world);
	assert_string_equal(world_content(world, &WORLD_PAIR), "one,two");
	assert_int_equal(spool_sum(world->spool, &WORLD_PAIR).oldest_wall_ms, 4000);
	assert_non_null(strstr(world->lines, "spool-read"));
	assert_true(world_put(world, &WORLD_PAIR, "three") > last);
	world_turn(world);
	assert_string_equal(world_content(world, &WORLD_PAIR), "one,two,three");
	assert_null(strstr(world->lines, "spool-unreadable"));
}

static void removed_stays_removed_after_a_crash(void **state)
{
	struct world *world = *state;
	const uint64_t first = world_put(world, &WORLD_PAIR, "one");

	world_put(world, &WORLD_PAIR, "two");
	world_turn(world);
	spool_remove(world->spool, &WORLD_PAIR, first);
	world_turn(world);
	world_kill(world);
	world_open(world);
	assert_string_equal(world_content(world, &WORLD_PAIR), "two");
	world_kill(world);
	world_open(world);
	assert_string_equal(world_content(world, &WORLD_PAIR), "two");
}

/* The last batch, cut at each of its bytes: what was durable before it stays, and nothing half is believed. */
static void a_torn_end_is_cut_wherever_it_tore(void **state)
{
	struct world *world = *state;
	size_t len, before, after;
	char path[512], *whole;

	world_put(world, &WORLD_PAIR, "one");
	world_turn(world);
	before = world->store->current->used;
	world_put(world, &WORLD_PAIR, "two");
	world_put(world, &WORLD_PAIR, "three");
	world_turn(world);
	after = world->store->current->used;
	world_kill(world);
	snprintf(path, sizeof(path), "%s", world_file(world, ".spool", true));
	whole = read_file(path, &len);
	for (size_t cut = before + BATCH_HEAD_BYTES; cut < after; cut++) {
		memset(world->lines, 0, sizeof(world->lines));
		write_file(path, whole, cut);
		world_open(world);
		assert_string_equal(world_content(world, &WORLD_PAIR), "one");
		assert_non_null(strstr(world->lines, "spool-tail-cut"));
		assert_null(strstr(world->lines, "spool-unreadable"));
		world_kill(world);
	}
	free(whole);
	world_open(world);
}

static void damage_in_the_midst_costs_its_own_record_and_the_file_is_set_aside(void **state)
{
	struct world *world = *state;
	size_t second;
	char path[512];

	world_put(world, &WORLD_PAIR, "one");
	world_turn(world);
	second = world->store->current->used;
	world_put(world, &WORLD_PAIR, "two");
	world_turn(world);
	world_put(world, &WORLD_PAIR, "three");
	world_turn(world);
	world_kill(world);
	snprintf(path, sizeof(path), "%s", world_file(world, ".spool", true));
	flip(path, second + BATCH_HEAD_BYTES + RECORD_HEAD_BYTES + 3);
	world_open(world);
	assert_string_equal(world_content(world, &WORLD_PAIR), "one,three");
	assert_non_null(strstr(world->lines, "spool-damaged"));
	assert_int_equal(world_files(world, ".damaged"), 1);
	assert_int_equal(spool_use(world->spool).damaged, 1);
	/* The rest was written anew and is whole. */
	world_kill(world);
	memset(world->lines, 0, sizeof(world->lines));
	world_open(world);
	assert_string_equal(world_content(world, &WORLD_PAIR), "one,three");
	assert_null(strstr(world->lines, "spool-damaged"));
}

static void a_file_of_strangers_is_set_aside(void **state)
{
	struct world *world = *state;
	char path[512];

	world_put(world, &WORLD_PAIR, "one");
	world_turn(world);
	world_close(world);
	snprintf(path, sizeof(path), "%s/00000000000000ff.spool", world->folder);
	write_file(path, "something else entirely, long enough for a head", 47);
	world_open(world);
	assert_string_equal(world_content(world, &WORLD_PAIR), "one");
	assert_int_equal(world_files(world, ".damaged"), 1);
	world_put(world, &WORLD_PAIR, "two");
	world_turn(world);
	assert_string_equal(world_content(world, &WORLD_PAIR), "one,two");
}

static void a_file_that_was_only_made_is_nothing(void **state)
{
	struct world *world = *state;
	char path[512];

	world_close(world);
	snprintf(path, sizeof(path), "%s/00000000000000ff.spool", world->folder);
	write_file(path, "", 0);
	world_open(world);
	assert_int_equal(world_files(world, ".spool"), 0);
	assert_int_equal(world_files(world, ".damaged"), 0);
	assert_null(strstr(world->lines, "spool-unreadable"));
}

static void found_unreadable_later_is_told_and_the_rest_is_read(void **state)
{
	struct world *world = *state;
	size_t first;

	world_put(world, &WORLD_PAIR, "one");
	first = SEGMENT_HEAD_BYTES;
	world_put(world, &WORLD_PAIR, "two");
	world_turn(world);
	flip(world_file(world, ".spool", true), first + BATCH_HEAD_BYTES + RECORD_HEAD_BYTES + 40);
	assert_non_null(strchr(world_content(world, &WORLD_PAIR), '!'));
	assert_non_null(strstr(world->lines, "spool-unreadable"));
}

/* A crash between a file's being written anew and its removal. */
static void what_stands_in_two_files_is_there_once_and_can_be_removed(void **state)
{
	struct world *world = *state;
	uint64_t second;
	size_t len;
	char path[512], *bytes;

	world_put(world, &WORLD_PAIR, "one");
	second = world_put(world, &WORLD_PAIR, "two");
	world_put(world, &WORLD_PAIR, "three");
	world_turn(world);
	world_kill(world);
	bytes = read_file(world_file(world, ".spool", true), &len);
	snprintf(path, sizeof(path), "%s/00000000000000ff.spool", world->folder);
	write_file(path, bytes, len);
	free(bytes);
	world_open(world);
	assert_string_equal(world_content(world, &WORLD_PAIR), "one,two,three");
	spool_remove(world->spool, &WORLD_PAIR, second);
	assert_string_equal(world_content(world, &WORLD_PAIR), "one,three");
}

/* Over many files, with removals and compaction between, each crash finds what was durable, in order, each once. */
static void many_crashes_lose_and_double_nothing(void **state)
{
	struct world *world = *state;
	uint64_t expected_first = 0, next = 0;
	struct spool_stanza stanza = {0};
	struct buf out = {0};

	world->size_bytes = 1024 * 1024;
	world_close(world);
	world_open(world);
	for (unsigned round = 0; round < 30; round++) {
		for (unsigned i = 0; i < 40; i++) {
			static char text[4096];

			memset(text, 'z', sizeof(text));
			snprintf(text, sizeof(text), "%08llu", (unsigned long long)next++);
			text[8] = 'z';
			text[sizeof(text) - 1] = '\0';
			world_put(world, &WORLD_PAIR, text);
			if (i % 7 == 0)
				world_turn(world);
		}
		world_turn(world);
		for (unsigned i = 0; i < 36 && spool_next(world->spool, &WORLD_PAIR, 0, &stanza); i++, expected_first++)
			spool_remove(world->spool, &WORLD_PAIR, stanza.id);
		world_turn(world);
		world_kill(world);
		world_open(world);
		stanza.id = 0;
		for (uint64_t number = expected_first; number < next; number++) {
			assert_true(spool_next(world->spool, &WORLD_PAIR, stanza.id, &stanza));
			buf_clear(&out);
			assert_int_equal(spool_read(world->spool, &WORLD_PAIR, stanza.id, &out), 0);
			assert_int_equal(strtoull(out.at + out.start, NULL, 10), number);
		}
		assert_false(spool_next(world->spool, &WORLD_PAIR, stanza.id, &stanza));
	}
	buf_fini(&out);
	assert_null(strstr(world->lines, "spool-unreadable"));
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(what_was_durable_is_there_after_a_crash_and_goes_on),
		IN_WORLD(removed_stays_removed_after_a_crash),
		IN_WORLD(a_torn_end_is_cut_wherever_it_tore),
		IN_WORLD(damage_in_the_midst_costs_its_own_record_and_the_file_is_set_aside),
		IN_WORLD(a_file_of_strangers_is_set_aside),
		IN_WORLD(a_file_that_was_only_made_is_nothing),
		IN_WORLD(found_unreadable_later_is_told_and_the_rest_is_read),
		IN_WORLD(what_stands_in_two_files_is_there_once_and_can_be_removed), IN_WORLD(many_crashes_lose_and_double_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
