/* SPDX-License-Identifier: Apache-2.0
 * Records of verdicts: in the log, as JSON lines in a file, and what a full disk does to them. */
#include "audit/audit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define WALL_MS 1790000000123LL

struct world {
	struct loop *loop;
	struct log *log;
	struct audit *audit;
	struct buf lines;               /* of the log, each with a line feed behind it */
	unsigned errors;
	char file[64];
};

/* What the disk takes: bytes of all writes together; below zero: all. */
static ssize_t disk_room = -1;
static unsigned disk_writes;

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

static void on_line(void *ctx, enum log_level level, struct str line)
{
	struct world *world = ctx;

	buf_add(&world->lines, line);
	buf_add_cstr(&world->lines, "\n");
	world->errors += level == LOG_ERROR;
}

static int set_up(void **state)
{
	static struct world world;
	int fd;

	world = (struct world){
		.loop = loop_new(), .log = log_new(LOG_INFO, LOG_TEXT, false), .file = "/tmp/trunk-audit-XXXXXX"};
	log_set_sink(world.log, on_line, &world);
	loop_set_wall_ms(world.loop, WALL_MS);
	if ((fd = mkstemp(world.file)) < 0)
		return -1;
	close(fd);
	disk_room = -1;
	disk_writes = 0;
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	audit_free(&world->audit);
	log_free(&world->log);
	loop_free(&world->loop);
	buf_fini(&world->lines);
	unlink(world->file);
	return 0;
}

static void begin(struct world *world, enum audit_mode mode, const char *file)
{
	assert_int_equal(audit_new(world->loop, world->log, mode, file, &world->audit), 0);
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

	return audit_record(world->audit, &made);
}

static void end_of_wake_up(struct world *world)
{
	loop_advance(world->loop, loop_now_ms(world->loop));
}

/* The content of the file, with a NUL; owned by the caller. */
static char *content(struct world *world)
{
	FILE *file = fopen(world->file, "re");
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
	"\"rule\":\"secrets stay\",\"proof_in\":\"external\",\"proof_out\":\"none\"}\n"

static void file_is(struct world *world, const char *expected)
{
	char *text = content(world);

	assert_string_equal(text, expected);
	free(text);
}

/* design.md §4: the keys of `trunkctl audit`. */
static void a_record_is_a_line_of_json_with_the_promised_keys(void **state)
{
	struct world *world = *state;

	begin(world, AUDIT_OFF, world->file);
	assert_int_equal(record(world, "m1"), 0);
	assert_int_equal(record(world, "é\"\x1b\xff"), 0);
	file_is(world, "");             /* those of one wake-up are written together */
	end_of_wake_up(world);
	file_is(world, LINE("m1") LINE("é\\\"\\u001b\\ufffd"));
	assert_int_equal(buf_len(&world->lines), 0);    /* and the log has none of them */
}

static void a_record_is_a_line_of_the_log(void **state)
{
	struct world *world = *state;

	begin(world, AUDIT_LOG, NULL);
	assert_int_equal(record(world, "m1"), 0);
	end_of_wake_up(world);
	assert_true(str_is(
		buf_str(&world->lines),
		"info verdict sender=saturn.example.org target=mercury.example.net kind=message type=chat id=m1 "
		"size=120 decision=reject rule=\"secrets stay\" condition=forbidden proof_in=external proof_out=none\n"));
}

static void a_quiet_log_has_no_records_and_off_writes_none(void **state)
{
	struct world *world = *state;

	begin(world, AUDIT_LOG, NULL);
	log_set_level(world->log, LOG_NOTICE, LOG_TEXT);
	assert_int_equal(record(world, "m1"), 0);
	end_of_wake_up(world);
	assert_int_equal(buf_len(&world->lines), 0);
	audit_free(&world->audit);
	log_set_level(world->log, LOG_DEBUG, LOG_TEXT);
	begin(world, AUDIT_OFF, NULL);
	assert_int_equal(record(world, "m1"), 0);
	end_of_wake_up(world);
	assert_int_equal(buf_len(&world->lines), 0);
}

static void a_file_is_appended_to_and_not_for_everybody_to_read(void **state)
{
	struct world *world = *state;
	struct stat stat_now;

	unlink(world->file);
	begin(world, AUDIT_OFF, world->file);
	record(world, "1");
	audit_free(&world->audit);      /* writes what waits */
	begin(world, AUDIT_OFF, world->file);
	record(world, "2");
	audit_free(&world->audit);
	file_is(world, LINE("1") LINE("2"));
	assert_int_equal(stat(world->file, &stat_now), 0);
	assert_int_equal(stat_now.st_mode & S_IRWXO, 0);
}

static void a_file_that_cannot_be_opened_is_refused(void **state)
{
	struct world *world = *state;

	assert_int_equal(audit_new(world->loop, world->log, AUDIT_OFF, "/nowhere/at/all", &world->audit), TRUNK_EIO);
	assert_null(world->audit);
}

static void much_at_once_is_written_before_the_wake_up_ends(void **state)
{
	struct world *world = *state;
	char *text;

	begin(world, AUDIT_OFF, world->file);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(record(world, "x"), 0);
	text = content(world);
	assert_true(count_lines(text) > 300);
	free(text);
}

static void a_full_disk_is_told_once_and_what_waited_is_written_later(void **state)
{
	struct world *world = *state;
	char *text;

	begin(world, AUDIT_OFF, world->file);
	disk_room = 100;                /* half a line */
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(record(world, "x"), 0);
		end_of_wake_up(world);
	}
	assert_int_equal(world->errors, 1);
	assert_true(disk_writes > 5);
	disk_room = -1;
	record(world, "last");
	end_of_wake_up(world);
	text = content(world);
	assert_int_equal(count_lines(text), 6);
	assert_memory_equal(text, LINE("x") LINE("x"), 2 * (sizeof(LINE("x")) - 1));    /* and no line is torn */
	assert_true(str_ends(str_of(text), STR(LINE("last"))));
	free(text);
	disk_room = 0;
	record(world, "x");
	end_of_wake_up(world);
	assert_int_equal(world->errors, 2);     /* full again: told again */
	disk_room = -1;
}

static void a_disk_that_stays_full_costs_a_bounded_memory_and_then_refuses(void **state)
{
	enum { LIMIT = 16 * 1024 * 1024, LINE_BYTES = sizeof(LINE("x")) - 1 };
	struct world *world = *state;
	char id[LINE_BYTES + 1] = "";
	unsigned taken = 1;
	char *text;
	int err;

	begin(world, AUDIT_OFF, world->file);
	disk_room = 0;
	/* so long that the limit is met in the middle of a line */
	memset(id, 'y', 1 + (LIMIT - LINE_BYTES - LINE_BYTES / 2) % LINE_BYTES);
	assert_int_equal(record(world, id), 0);
	while ((err = record(world, "x")) == 0 && taken < 1000000)
		taken++;
	assert_int_equal(err, TRUNK_ELIMIT);
	assert_in_range(taken, LIMIT / LINE_BYTES - 1, LIMIT / LINE_BYTES);
	disk_room = -1;
	audit_free(&world->audit);
	text = content(world);
	assert_int_equal(count_lines(text), taken);     /* whole lines, nothing of the refused one */
	assert_true(str_ends(str_of(text), STR(LINE("x"))));
	free(text);
}

/* design.md §4: what an operator changes is a record with his uid. */
static void what_an_operator_changes_is_in_the_log_and_in_the_file(void **state)
{
	struct world *world = *state;

	begin(world, AUDIT_OFF, world->file);
	assert_int_equal(audit_operator(world->audit, 1000, "block", STR("bad.example \"x\"")), 0);
	end_of_wake_up(world);
	assert_true(
		str_is(buf_str(&world->lines), "notice operator uid=1000 command=block detail=\"bad.example \\\"x\\\"\"\n"));
	file_is(world, "{\"time\":\"2026-09-21T14:13:20.123Z\",\"operator\":\"block\",\"detail\":\"bad.example "
		       "\\\"x\\\"\",\"uid\":1000}\n");
}

static void an_operators_record_that_finds_no_room_leaves_no_half_line(void **state)
{
	struct world *world = *state;
	char *detail = calloc(1, 17 * 1024 * 1024);

	begin(world, AUDIT_OFF, world->file);
	assert_non_null(detail);
	assert_int_equal(audit_operator(world->audit, 1000, "load", str_make(detail, 17 * 1024 * 1024)), TRUNK_ELIMIT);
	record(world, "x");
	end_of_wake_up(world);
	file_is(world, LINE("x"));
	free(detail);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_record_is_a_line_of_json_with_the_promised_keys),
		TEST(a_record_is_a_line_of_the_log),
		TEST(a_quiet_log_has_no_records_and_off_writes_none),
		TEST(a_file_is_appended_to_and_not_for_everybody_to_read),
		TEST(a_file_that_cannot_be_opened_is_refused),
		TEST(much_at_once_is_written_before_the_wake_up_ends),
		TEST(a_full_disk_is_told_once_and_what_waited_is_written_later),
		TEST(a_disk_that_stays_full_costs_a_bounded_memory_and_then_refuses),
		TEST(what_an_operator_changes_is_in_the_log_and_in_the_file),
		TEST(an_operators_record_that_finds_no_room_leaves_no_half_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
