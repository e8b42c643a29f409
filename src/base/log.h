/* SPDX-License-Identifier: Apache-2.0
 * The operator's log: one line per outcome, an event and key=value pairs; what a peer sent is escaped. */
#ifndef TRUNK_BASE_LOG_H
#define TRUNK_BASE_LOG_H

#include "base/buf.h"
#include "base/str.h"

enum log_level {
	LOG_ERROR = 1,          /* a person must act */
	LOG_WARNING,            /* it may come to that */
	LOG_NOTICE,             /* rare and normal */
	LOG_INFO,               /* each link */
	LOG_DEBUG,              /* each element, never its content or keys */
};

/* In LOG_TEXT a value's bytes other than printable ASCII are escaped one by one; in LOG_JSON see buf_add_json(). A value is cut,
 * and marked by "...", after 2048 bytes. */
enum log_format { LOG_TEXT = 1, LOG_JSON };

struct log_kv {
	const char *key;
	enum log_kind { LOG_KV_STR = 1, LOG_KV_INT, LOG_KV_NONE } kind;
	struct str str;
	int64_t number;
};

#define KV(key, value) ((struct log_kv){(key), LOG_KV_STR, (value), 0})
#define KV_C(key, cstr) ((struct log_kv){(key), LOG_KV_STR, str_of(cstr), 0})
#define KV_N(key, n) ((struct log_kv){(key), LOG_KV_INT, STR_NONE, (int64_t)(n)})
#define KV_ERR(err) KV_C("reason", error_text(err))

struct log;
typedef void log_sink_fn(void *ctx, enum log_level level, struct str line);

/* A log to standard error, with journald's level prefixes where `is_journal`. NULL: no memory. */
struct log *log_new(enum log_level level, enum log_format format, bool is_journal);
void log_free(struct log **log);

/* Lines go to `sink` instead of standard error (scenarios, tests). */
void log_set_sink(struct log *log, log_sink_fn *sink, void *ctx);
void log_set_level(struct log *log, enum log_level level, enum log_format format);
bool log_has(const struct log *log, enum log_level level);

/* Writes one line. Any thread. */
void log_write(struct log *log, enum log_level level, const char *event, const struct log_kv *kv, size_t count);

/* The same in two steps, for many lines at once: log_add() adds a line (with its end) to `lines`, log_flush() writes and clears them.
 * With a sink each line goes there at once. */
void log_add(struct log *log, struct buf *lines, enum log_level level, const char *event, const struct log_kv *kv, size_t count);
void log_flush(struct log *log, struct buf *lines);

#define LOG(log, level, event, ...) \
	log_write((log), (level), (event), (const struct log_kv[]){__VA_ARGS__}, \
		  sizeof((const struct log_kv[]){__VA_ARGS__}) / sizeof(struct log_kv))

#endif
