/* SPDX-License-Identifier: Apache-2.0
 * Log lines as text or JSON; what could steer a terminal or a parser is escaped. */
#include "base/log.h"

#include "base/buf.h"
#include "base/json.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { LOG_VALUE_BYTES_MAX = 2048 };    /* of one value; the rest is cut and marked by "..." */

struct log {
	_Atomic int level, format;
	bool is_journal;
	log_sink_fn *sink;
	void *ctx;
	pthread_mutex_t lock;           /* one line at a time */
};

static const char *const level_names[] = {"", "error", "warning", "notice", "info", "debug"};
static const int journal_levels[] = {0, 3, 4, 5, 6, 7};

struct log *log_new(enum log_level level, enum log_format format, bool is_journal)
{
	struct log *log = calloc(1, sizeof(*log));

	if (!log)
		return NULL;
	pthread_mutex_init(&log->lock, NULL);
	log->is_journal = is_journal;
	log_set_level(log, level, format);
	return log;
}

void log_free(struct log **log)
{
	if (!*log)
		return;
	pthread_mutex_destroy(&(*log)->lock);
	free(*log);
	*log = NULL;
}

void log_set_sink(struct log *log, log_sink_fn *sink, void *ctx)
{
	log->sink = sink;
	log->ctx = ctx;
}

void log_set_level(struct log *log, enum log_level level, enum log_format format)
{
	atomic_store(&log->level, (int)level);
	atomic_store(&log->format, (int)format);
}

bool log_has(const struct log *log, enum log_level level)
{
	return (int)level <= atomic_load_explicit(&log->level, memory_order_relaxed);
}

static bool is_plain(char c)
{
	return (unsigned char)c > 0x20 && (unsigned char)c < 0x7f && c != '"' && c != '\\' && c != '=';
}

static bool needs_quotes(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_plain(s.at[i]))
			return true;
	return s.len == 0;
}

static size_t plain_span(struct str s)
{
	size_t i = 0;

	while (i < s.len && (unsigned char)s.at[i] >= 0x20 && (unsigned char)s.at[i] < 0x7f && s.at[i] != '"' && s.at[i] != '\\')
		i++;
	return i;
}

/* Printable ASCII stays; the rest becomes an escape byte by byte, so that no terminal or parser is steered by a peer's text. */
static void add_escaped(struct buf *line, struct str s)
{
	while (s.len > 0) {
		const size_t plain = plain_span(s);
		const unsigned char c = plain < s.len ? (unsigned char)s.at[plain] : 0;

		buf_add(line, str_until(s, plain));
		s = str_from(s, plain);
		if (s.len == 0)
			break;
		if (c == '"' || c == '\\')
			buf_addf(line, "\\%c", c);
		else
			buf_addf(line, "\\u%04x", c);
		s = str_from(s, 1);
	}
}

/* At most LOG_VALUE_BYTES_MAX of a value, and no half character at the end. */
static struct str cut_value(struct str s)
{
	size_t end = LOG_VALUE_BYTES_MAX;

	if (s.len <= end)
		return s;
	while (end > LOG_VALUE_BYTES_MAX - 3 && ((unsigned char)s.at[end] & 0xc0) == 0x80)
		end--;
	return str_until(s, end);
}

static void add_text(struct buf *line, struct str s, bool is_json)
{
	const struct str shown = cut_value(s);

	if (is_json)
		buf_add_json(line, shown);
	else
		add_escaped(line, shown);
	if (shown.len < s.len)
		buf_add_cstr(line, "...");
}

static void add_number(struct buf *line, int64_t number)
{
	char digits[24];
	size_t at = sizeof(digits);
	uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;

	do
		digits[--at] = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (number < 0)
		digits[--at] = '-';
	buf_add(line, str_make(digits + at, sizeof(digits) - at));
}

static void add_value(struct buf *line, const struct log_kv *kv, bool is_json)
{
	const bool quoted = kv->kind == LOG_KV_STR && (is_json || needs_quotes(kv->str));

	if (kv->kind == LOG_KV_INT) {
		add_number(line, kv->number);
		return;
	}
	if (quoted)
		buf_add_cstr(line, "\"");
	if (kv->str.at)
		add_text(line, kv->str, is_json);
	if (quoted)
		buf_add_cstr(line, "\"");
}

/* The text of a second is made once and kept: a busy trunk writes many lines in each. */
static void add_time(struct buf *line)
{
	static _Thread_local time_t second;
	static _Thread_local char text[32];
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec != second) {
		gmtime_r(&now.tv_sec, &tm);
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S.", &tm);
		second = now.tv_sec;
	}
	buf_add_cstr(line, text);
	buf_addf(line, "%03ldZ", now.tv_nsec / 1000000);
}

static void format_text(struct buf *line, enum log_level level, const char *event, const struct log_kv *kv, size_t count)
{
	buf_add_cstr(line, level_names[level]);
	buf_add_cstr(line, " ");
	buf_add_cstr(line, event);
	for (size_t i = 0; i < count; i++) {
		if (!kv[i].key || kv[i].kind == LOG_KV_NONE)
			continue;
		buf_add_cstr(line, " ");
		buf_add_cstr(line, kv[i].key);
		buf_add_cstr(line, "=");
		add_value(line, &kv[i], false);
	}
}

static void format_json(struct buf *line, enum log_level level, const char *event, const struct log_kv *kv, size_t count)
{
	buf_add_cstr(line, "{\"time\":\"");
	add_time(line);
	buf_addf(line, "\",\"level\":\"%s\",\"event\":\"%s\"", level_names[level], event);
	for (size_t i = 0; i < count; i++) {
		if (!kv[i].key || kv[i].kind == LOG_KV_NONE)
			continue;
		buf_addf(line, ",\"%s\":", kv[i].key);
		add_value(line, &kv[i], true);
	}
	buf_add_cstr(line, "}");
}

static void write_all(struct str line)
{
	while (line.len > 0) {
		const ssize_t n = write(STDERR_FILENO, line.at, line.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;         /* nobody is left to tell */
		line = str_from(line, (size_t)n);
	}
}

void log_add(struct log *log, struct buf *lines, enum log_level level, const char *event, const struct log_kv *kv, size_t count)
{
	struct buf line = {0};
	struct buf *out = log->sink ? &line : lines;

	if (log->is_journal && !log->sink)
		buf_addf(out, "<%d>", journal_levels[level]);
	if (atomic_load_explicit(&log->format, memory_order_relaxed) == LOG_JSON) {
		format_json(out, level, event, kv, count);
	} else {
		if (!log->is_journal && !log->sink) {
			add_time(out);
			buf_add_cstr(out, " ");
		}
		format_text(out, level, event, kv, count);
	}
	if (log->sink) {
		pthread_mutex_lock(&log->lock);
		log->sink(log->ctx, level, buf_str(&line));
		pthread_mutex_unlock(&log->lock);
		buf_fini(&line);
	} else {
		buf_add_cstr(out, "\n");
	}
}

void log_flush(struct log *log, struct buf *lines)
{
	if (buf_len(lines) == 0)
		return;
	pthread_mutex_lock(&log->lock);
	write_all(buf_str(lines));
	pthread_mutex_unlock(&log->lock);
	buf_clear(lines);
}

void log_write(struct log *log, enum log_level level, const char *event, const struct log_kv *kv, size_t count)
{
	struct buf line = {0};

	if (!log || !log_has(log, level))
		return;
	log_add(log, &line, level, event, kv, count);
	log_flush(log, &line);
	buf_fini(&line);
}
