/* SPDX-License-Identifier: Apache-2.0
 * Log lines: levels, escaping in both formats, and what standard error gets. */
#include "base/log.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct seen {
	struct log *log;
	struct buf line;                /* the last one */
	enum log_level level;
	unsigned count;
};

static void sink(void *ctx, enum log_level level, struct str line)
{
	struct seen *seen = ctx;

	seen->level = level;
	seen->count++;
	buf_clear(&seen->line);
	buf_add(&seen->line, line);
}

static int set_up(void **state)
{
	static struct seen seen;

	seen = (struct seen){.log = log_new(LOG_DEBUG, LOG_TEXT, false)};
	log_set_sink(seen.log, sink, &seen);
	*state = &seen;
	return 0;
}

static int tear_down(void **state)
{
	struct seen *seen = *state;

	log_free(&seen->log);
	buf_fini(&seen->line);
	return 0;
}

static void line_is(struct seen *seen, const char *expected)
{
	if (!str_is(buf_str(&seen->line), expected))
		fail_msg("%.*s instead of %s", (int)buf_len(&seen->line), buf_str(&seen->line).at, expected);
}

/* The value of `key` in the last line of JSON is `expected`, as it is written there. */
static void json_has(struct seen *seen, const char *expected)
{
	const struct str line = buf_str(&seen->line);

	if (!memmem(line.at, line.len, expected, strlen(expected)))
		fail_msg("%.*s lacks %s", (int)line.len, line.at, expected);
}

static void a_line_has_level_event_and_pairs(void **state)
{
	struct seen *seen = *state;

	LOG(seen->log, LOG_WARNING, "dialback-refused", KV_N("link", 3), KV_C("role", "receiving"),
	    KV("pair", STR("saturn.example.org>mercury.example.net")), KV_ERR(TRUNK_ETIMEOUT));
	line_is(seen, "warning dialback-refused link=3 role=receiving pair=saturn.example.org>mercury.example.net "
		      "reason=\"timed out\"");
	assert_int_equal(seen->level, LOG_WARNING);
	LOG(seen->log, LOG_ERROR, "numbers", KV_N("zero", 0), KV_N("low", INT64_MIN), KV_N("high", INT64_MAX));
	line_is(seen, "error numbers zero=0 low=-9223372036854775808 high=9223372036854775807");
}

static void a_pair_without_a_key_or_of_no_kind_is_left_out(void **state)
{
	struct seen *seen = *state;
	const struct log_kv none = {.key = "gone", .kind = LOG_KV_NONE};

	LOG(seen->log, LOG_INFO, "e", none, KV_C(NULL, "x"), KV_C("kept", "y"), KV("absent", STR_NONE));
	line_is(seen, "info e kept=y absent=\"\"");
}

static void lines_below_the_level_are_not_written(void **state)
{
	struct seen *seen = *state;

	log_set_level(seen->log, LOG_NOTICE, LOG_TEXT);
	LOG(seen->log, LOG_INFO, "quiet", KV_N("n", 1));
	assert_int_equal(seen->count, 0);
	assert_false(log_has(seen->log, LOG_INFO));
	LOG(seen->log, LOG_NOTICE, "heard", KV_N("n", 1));
	assert_int_equal(seen->count, 1);
	LOG(NULL, LOG_ERROR, "no log at all", KV_N("n", 1));
}

/* Peer's text never reaches a log or terminal unescaped (design.md §3). */
static void text_shows_a_peers_bytes_as_ascii_escapes(void **state)
{
	struct seen *seen = *state;

	LOG(seen->log, LOG_INFO, "e", KV("v", STR("a b")));
	line_is(seen, "info e v=\"a b\"");
	LOG(seen->log, LOG_INFO, "e", KV("v", STR("x\" forged=\"yes\\")));
	line_is(seen, "info e v=\"x\\\" forged=\\\"yes\\\\\"");
	LOG(seen->log, LOG_INFO, "e", KV("v", STR("one\nerror forged")));
	line_is(seen, "info e v=\"one\\u000aerror forged\"");
	LOG(seen->log, LOG_INFO, "e", KV("v", STR("\x1b[2J\0\x7f\x9b")));
	line_is(seen, "info e v=\"\\u001b[2J\\u0000\\u007f\\u009b\"");
	LOG(seen->log, LOG_INFO, "e", KV("v", STR("é")));
	line_is(seen, "info e v=\"\\u00c3\\u00a9\"");
	LOG(seen->log, LOG_INFO, "e", KV("v", STR("a=b")));
	line_is(seen, "info e v=\"a=b\"");
}

static void json_keeps_utf8_and_replaces_what_is_none(void **state)
{
	struct seen *seen = *state;

	log_set_level(seen->log, LOG_INFO, LOG_JSON);
	LOG(seen->log, LOG_INFO, "e", KV("v", STR("fußball ♚")), KV_N("n", -5), KV("none", STR_NONE));
	json_has(seen, ",\"level\":\"info\",\"event\":\"e\",\"v\":\"fußball ♚\",\"n\":-5,\"none\":\"\"}");
	LOG(seen->log, LOG_INFO, "e", KV("v", STR("\xe9\x1b\"\\\n")));
	json_has(seen, "\"v\":\"\\ufffd\\u001b\\\"\\\\\\u000a\"}");
	LOG(seen->log, LOG_INFO, "e", KV("v", STR("\xc2\x9b\xe2\x80\xae")));
	json_has(seen, "\"v\":\"\\u009b\\u202e\"}");
}

/* RFC 3339, so that every reader of JSON logs finds the time. */
static void json_begins_with_the_time(void **state)
{
	struct seen *seen = *state;
	int year, month, day, hour, minute, second, ms, end = 0;

	log_set_level(seen->log, LOG_INFO, LOG_JSON);
	LOG(seen->log, LOG_INFO, "e", KV_N("n", 1));
	buf_add(&seen->line, STR("\0"));
	assert_int_equal(sscanf(buf_str(&seen->line).at, "{\"time\":\"%4d-%2d-%2dT%2d:%2d:%2d.%3dZ\",%n", &year, &month, &day,
				&hour, &minute, &second, &ms, &end),
			 7);
	assert_true(end > 0 && year >= 2024);
}

static void a_long_value_is_cut_and_marked(void **state)
{
	struct seen *seen = *state;
	char value[3000];

	memset(value, 'x', sizeof(value));
	LOG(seen->log, LOG_INFO, "e", KV("v", str_make(value, 2048)));
	assert_int_equal(buf_len(&seen->line), sizeof("info e v=") - 1 + 2048);
	LOG(seen->log, LOG_INFO, "e", KV("v", str_make(value, sizeof(value))));
	assert_int_equal(buf_len(&seen->line), sizeof("info e v=") - 1 + 2048 + 3);
	assert_true(str_ends(buf_str(&seen->line), STR("x...")));
}

static void a_cut_value_ends_with_a_whole_character(void **state)
{
	struct seen *seen = *state;
	char value[3000];

	log_set_level(seen->log, LOG_INFO, LOG_JSON);
	for (size_t lead = 0; lead < 4; lead++) {
		memset(value, 'x', sizeof(value));
		for (size_t i = lead; i + 4 <= sizeof(value); i += 4)
			memcpy(value + i, "\xf0\x9f\x98\x80", 4);
		LOG(seen->log, LOG_INFO, "e", KV("v", str_make(value, sizeof(value))));
		json_has(seen, "\xf0\x9f\x98\x80...\"}");
		assert_null(memmem(buf_str(&seen->line).at, buf_len(&seen->line), "\\ufffd", 6));
	}
	memset(value, '\x80', sizeof(value));   /* nothing but inside bytes: cut all the same */
	LOG(seen->log, LOG_INFO, "e", KV("v", str_make(value, sizeof(value))));
	json_has(seen, "\\ufffd...\"}");
}

/* Runs `write` with standard error in a pipe and gives what came out. */
static void capture(struct log *log, void (*write_lines)(struct log *log), char *ret_text, size_t size)
{
	const int old = dup(STDERR_FILENO);
	int ends[2];
	ssize_t len;

	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	write_lines(log);
	dup2(old, STDERR_FILENO);
	close(old);
	len = read(ends[0], ret_text, size - 1);
	close(ends[0]);
	assert_true(len >= 0);
	ret_text[len] = '\0';
}

static void write_two(struct log *log)
{
	LOG(log, LOG_ERROR, "first", KV_N("n", 1));
	LOG(log, LOG_DEBUG, "second", KV_N("n", 2));
}

/* sd-daemon(3): the level stands before the line, and the journal has the time itself. */
static void the_journal_gets_its_level_prefixes(void **state)
{
	struct log *log = log_new(LOG_DEBUG, LOG_TEXT, true);
	char text[512];

	(void)state;
	capture(log, write_two, text, sizeof(text));
	assert_string_equal(text, "<3>error first n=1\n<7>debug second n=2\n");
	log_free(&log);
	assert_null(log);
	log_free(&log);
}

static void standard_error_gets_the_time_and_whole_lines(void **state)
{
	struct log *log = log_new(LOG_INFO, LOG_TEXT, false);
	char text[512];

	(void)state;
	capture(log, write_two, text, sizeof(text));
	assert_true(str_ends(str_of(text), STR("Z error first n=1\n")));
	assert_int_equal(strlen(text), strlen("2026-01-01T00:00:00.000Z error first n=1\n"));
	log_free(&log);
}

static void write_gathered(struct log *log)
{
	const struct log_kv kv = KV_N("n", 1);
	struct buf lines = {0};

	log_add(log, &lines, LOG_INFO, "one", &kv, 1);
	log_add(log, &lines, LOG_INFO, "two", &kv, 1);
	assert_true(buf_len(&lines) > 0);
	log_flush(log, &lines);
	assert_int_equal(buf_len(&lines), 0);
	log_flush(log, &lines);         /* nothing waits: nothing is written */
	buf_fini(&lines);
}

static void gathered_lines_are_written_together(void **state)
{
	struct log *log = log_new(LOG_INFO, LOG_TEXT, true);
	char text[512];

	(void)state;
	capture(log, write_gathered, text, sizeof(text));
	assert_string_equal(text, "<6>info one n=1\n<6>info two n=1\n");
	log_free(&log);
}

static void a_sink_gets_gathered_lines_at_once(void **state)
{
	struct seen *seen = *state;
	const struct log_kv kv = KV_N("n", 1);
	struct buf lines = {0};

	log_add(seen->log, &lines, LOG_INFO, "one", &kv, 1);
	assert_int_equal(seen->count, 1);
	assert_int_equal(buf_len(&lines), 0);
	line_is(seen, "info one n=1");
	buf_fini(&lines);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_line_has_level_event_and_pairs),
		TEST(a_pair_without_a_key_or_of_no_kind_is_left_out),
		TEST(lines_below_the_level_are_not_written),
		TEST(text_shows_a_peers_bytes_as_ascii_escapes),
		TEST(json_keeps_utf8_and_replaces_what_is_none),
		TEST(json_begins_with_the_time),
		TEST(a_long_value_is_cut_and_marked),
		TEST(a_cut_value_ends_with_a_whole_character),
		TEST(the_journal_gets_its_level_prefixes),
		TEST(standard_error_gets_the_time_and_whole_lines),
		TEST(gathered_lines_are_written_together),
		TEST(a_sink_gets_gathered_lines_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
