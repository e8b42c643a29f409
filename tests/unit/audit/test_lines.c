/* SPDX-License-Identifier: Apache-2.0
 * Records as lines: of the log, and of JSON in a file; and what a full disk does to them. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* What the disk takes: bytes of all writes together; below zero: all. */
static _Atomic ssize_t disk_room = -1;
static _Atomic unsigned disk_writes;

ssize_t __real_write(int fd, const void *at, size_t len);
ssize_t __wrap_write(int fd, const void *at, size_t len);

ssize_t __wrap_write(int fd, const void *at, size_t len)
{
	ssize_t n;

	if (fd <= STDERR_FILENO || disk_room < 0)
		return __real_write(fd, at, len);
	disk_writes++;
	n = __real_write(fd, at, len < (size_t)disk_room ? len : (size_t)disk_room);
	if (n > 0)
		disk_room -= n;
	return n > 0 ? n : -1;
}

/* The last record that went to the journal, its fields with a line feed behind each. */
static char journal[4096];
static unsigned journal_records;

int __wrap_sd_journal_sendv(const struct iovec *fields, int count);

int __wrap_sd_journal_sendv(const struct iovec *fields, int count)
{
	size_t len = 0;

	journal_records++;
	for (int i = 0; i < count; i++)
		len += (size_t)snprintf(journal + len, sizeof(journal) - len, "%.*s\n", (int)fields[i].iov_len, (const char *)fields[i].iov_base);
	return 0;
}

static int set_up(void **state)
{
	struct world *world;

	if (world_set_up(state) < 0)
		return -1;
	world = *state;
	world->options.folder = NULL;   /* no store: lines alone */
	world->options.lines_file = world->jsonl;
	disk_room = -1;
	disk_writes = 0;
	return 0;
}

static int record(struct world *world, const char *id)
{
	const struct audit_record made = {
		.wall_ms = WALL_MS,
		.pair = {STR("saturn.example.org"), STR("mercury.example.net")},
		.kind = STANZA_MESSAGE,
		.type = STR("chat"),
		.id = str_of(id),
		.size_bytes = 120,
		.decision = DECISION_REJECT,
		.rule = "secrets stay",
		.condition = COND_FORBIDDEN,
		.proof_in = PROOF_EXTERNAL,
		.proof_out = PROOF_NONE,
	};

	return audit_record(world->audit, &made, NULL);
}

static unsigned count_lines(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

#define LINE(id)                                                                                                               \
	"{\"time\":\"2026-09-21T14:13:20.123Z\",\"sender\":\"saturn.example.org\",\"target\":\"mercury.example.net\","         \
	"\"kind\":\"message\",\"type\":\"chat\",\"id\":\"" id "\",\"size\":120,\"label\":null,\"decision\":\"reject\","        \
	"\"rule\":\"secrets stay\",\"proof_in\":\"external\",\"proof_out\":\"none\",\"condition\":\"forbidden\",\"seq\":"

/* Each line begins so; its number stands behind. */
static void file_has(struct world *world, const char *const *lines, size_t count)
{
	char *text = world_file(world->jsonl);
	struct str rest = str_of(text);

	for (size_t i = 0; i < count; i++)
		assert_true(str_starts(str_cut(&rest, '\n'), str_of(lines[i])));
	assert_int_equal(rest.len, 0);
	free(text);
}

#define FILE_HAS(world, ...) \
	file_has((world), (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* design.md §4: the keys of `trunkctl audit`. */
static void a_record_is_a_line_of_json_with_the_promised_keys(void **state)
{
	struct world *world = *state;

	world_open(world);
	assert_int_equal(record(world, "m1"), 0);
	assert_int_equal(record(world, "é\"\x1b\xff"), 0);
	world_flush(world);
	FILE_HAS(world, LINE("m1"), LINE("é\\\"\\u001b\\ufffd"));
	assert_int_equal(buf_len(&world->lines), 0);    /* and the log has none of them */
}

static void a_record_is_a_line_of_the_log_where_scripts_want_it(void **state)
{
	struct world *world = *state;

	assert_non_null(world->audit = audit_new(world->loop, world->log, NULL, true));
	assert_int_equal(record(world, "m1"), 0);
	loop_advance(world->loop, loop_now_ms(world->loop));
	assert_true(str_is(
		buf_str(&world->lines),
		"info verdict sender=saturn.example.org target=mercury.example.net kind=message type=chat id=m1 "
		"size=120 decision=reject rule=\"secrets stay\" condition=forbidden proof_in=external proof_out=none\n"));
}

static void a_quiet_log_has_no_records(void **state)
{
	struct world *world = *state;

	assert_non_null(world->audit = audit_new(world->loop, world->log, NULL, true));
	log_set_level(world->log, LOG_NOTICE, LOG_TEXT);
	assert_int_equal(record(world, "m1"), 0);
	loop_advance(world->loop, loop_now_ms(world->loop));
	assert_int_equal(buf_len(&world->lines), 0);
}

static void a_file_is_appended_to_and_not_for_everybody_to_read(void **state)
{
	struct world *world = *state;
	struct stat stat_now;

	world_open(world);
	record(world, "1");
	world_close(world);             /* writes what waits */
	world_open(world);
	record(world, "2");
	world_close(world);
	FILE_HAS(world, LINE("1"), LINE("2"));
	assert_int_equal(stat(world->jsonl, &stat_now), 0);
	assert_int_equal(stat_now.st_mode & S_IRWXO, 0);
}

static void a_file_that_cannot_be_opened_is_refused(void **state)
{
	struct world *world = *state;
	struct buf why = {0};

	world->options.lines_file = "/nowhere/at/all";
	assert_int_equal(world_try_open(world, &why), TRUNK_EIO);
	assert_null(world->store);
	assert_true(str_is(buf_str(&why), "audit.lines /nowhere/at/all: cannot be written"));
	buf_fini(&why);
}

static void a_full_disk_is_told_once_and_what_waited_is_written_later(void **state)
{
	struct world *world = *state;
	char *text;

	world_open(world);
	disk_room = 100;                /* half a line */
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(record(world, "x"), 0);
		world_flush(world);
	}
	assert_int_equal(world_log_has(world, "audit-lines-unwritable"), 1);
	assert_true(disk_writes > 5);
	disk_room = -1;
	record(world, "last");
	world_flush(world);
	text = world_file(world->jsonl);
	assert_int_equal(count_lines(text), 6);
	free(text);
	FILE_HAS(world, LINE("x"), LINE("x"), LINE("x"), LINE("x"), LINE("x"), LINE("last"));      /* and no line is torn */
	disk_room = 0;
	record(world, "x");
	world_flush(world);
	assert_int_equal(world_log_has(world, "audit-lines-unwritable"), 2);    /* full again: told again */
	disk_room = -1;
}

static void a_disk_that_stays_full_costs_a_bounded_memory(void **state)
{
	struct world *world = *state;
	unsigned lines;
	char *text;

	world_open(world);
	disk_room = 0;
	for (unsigned i = 0; i < 80000; i++)
		assert_int_equal(record(world, "y"), 0);
	world_flush(world);
	disk_room = -1;
	world_close(world);
	text = world_file(world->jsonl);
	lines = count_lines(text);
	assert_true(strlen(text) <= AUDIT_LINES_BYTES_MAX);
	assert_true(lines < 80000 && lines > 50000);    /* whole lines, nothing of those that found no room */
	assert_int_equal(text[strlen(text) - 2], '}');
	free(text);
	assert_int_equal(world_log_has(world, "audit-lines-writable"), 1);
}

/* design.md §4: what an operator changes is a record with his uid. */
static void what_an_operator_changes_is_in_the_log_and_in_the_file(void **state)
{
	struct world *world = *state;

	world_open(world);
	assert_int_equal(audit_operator(world->audit, 1000, "block", STR("bad.example \"x\"")), 0);
	world_flush(world);
	assert_true(
		str_is(buf_str(&world->lines), "notice operator uid=1000 command=block detail=\"bad.example \\\"x\\\"\"\n"));
	FILE_HAS(world, "{\"time\":\"2026-09-21T14:13:20.123Z\",\"sender\":null,\"target\":null,\"kind\":\"operator\",\"type\":\"block\","
			"\"id\":null,\"size\":null,\"label\":null,\"decision\":null,\"rule\":null,\"proof_in\":null,\"proof_out\":null,"
			"\"detail\":\"bad.example \\\"x\\\"\",\"uid\":1000,");
}

/* journald's structured fields: what an administrator asks for by journalctl TRUNK_TARGET=… */
static void a_record_goes_to_the_journal_with_fields_of_its_own(void **state)
{
	struct world *world = *state;

	world->options.lines_file = NULL;
	world->options.has_journal = true;
	world_open(world);
	assert_int_equal(record(world, "m1"), 0);
	world_flush(world);
	assert_int_equal(journal_records, 1);
	assert_non_null(strstr(journal, "MESSAGE=reject message from saturn.example.org to mercury.example.net\n"));
	assert_non_null(strstr(journal, "\nTRUNK_SENDER=saturn.example.org\n"));
	assert_non_null(strstr(journal, "\nTRUNK_DECISION=reject\n"));
	assert_non_null(strstr(journal, "\nTRUNK_RULE=secrets stay\n"));
	assert_non_null(strstr(journal, "\nTRUNK_CONDITION=forbidden\n"));
	assert_int_equal(audit_operator(world->audit, 1000, "block", STR("bad.example")), 0);
	world_flush(world);
	assert_non_null(strstr(journal, "\nTRUNK_UID=1000\n"));
	assert_non_null(strstr(journal, "\nTRUNK_DETAIL=bad.example\n"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_record_is_a_line_of_json_with_the_promised_keys),
		TEST(a_record_is_a_line_of_the_log_where_scripts_want_it),
		TEST(a_quiet_log_has_no_records),
		TEST(a_file_is_appended_to_and_not_for_everybody_to_read),
		TEST(a_file_that_cannot_be_opened_is_refused),
		TEST(a_full_disk_is_told_once_and_what_waited_is_written_later),
		TEST(a_disk_that_stays_full_costs_a_bounded_memory),
		TEST(a_record_goes_to_the_journal_with_fields_of_its_own),
		TEST(what_an_operator_changes_is_in_the_log_and_in_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
