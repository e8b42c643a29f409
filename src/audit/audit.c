/* SPDX-License-Identifier: Apache-2.0
 * One line for each verdict, gathered and written at the end of a wake-up. */
#include "audit/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { AUDIT_GATHER_BYTES = 64 * 1024 };        /* written at once when there is that much, even within a wake-up */

struct audit {
	struct loop *loop;
	struct log *log;
	enum audit_mode mode;
	int fd;                         /* of the file of JSON lines; -1: none */
	struct buf log_lines, file_lines;
	struct defer flush;
	bool has_failed;                /* the file could not be written: said once, until it works again */
};

/* Appends what waits; what a full disk does not take stays for the next try as far as the buffer's limit goes. */
static void write_file(struct audit *audit)
{
	while (buf_len(&audit->file_lines) > 0) {
		const struct str lines = buf_str(&audit->file_lines);
		const ssize_t n = write(audit->fd, lines.at, lines.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (!audit->has_failed)
				LOG(audit->log, LOG_ERROR, "audit-unwritable", KV_C("reason", "the file of audit lines takes no more"));
			audit->has_failed = true;
			return;
		}
		buf_drop(&audit->file_lines, (size_t)n);
	}
	audit->has_failed = false;
}

static void audit_flush(void *ctx)
{
	struct audit *audit = ctx;

	log_flush(audit->log, &audit->log_lines);
	if (audit->fd >= 0)
		write_file(audit);
}

int audit_new(struct loop *loop, struct log *log, enum audit_mode mode, const char *lines_file, struct audit **ret_audit)
{
	struct audit *audit = calloc(1, sizeof(*audit));

	if (!audit)
		return TRUNK_ENOMEM;
	*audit = (struct audit){.loop = loop, .log = log, .mode = mode, .fd = -1};
	audit->file_lines.limit = 16 * 1024 * 1024;
	defer_init(&audit->flush, audit_flush, audit);
	if (lines_file && (audit->fd = open(lines_file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640)) < 0) {
		free(audit);
		return TRUNK_EIO;
	}
	*ret_audit = audit;
	return 0;
}

void audit_free(struct audit **audit)
{
	if (!*audit)
		return;
	defer_stop(&(*audit)->flush);
	audit_flush(*audit);
	if ((*audit)->fd >= 0)
		close((*audit)->fd);
	buf_fini(&(*audit)->log_lines);
	buf_fini(&(*audit)->file_lines);
	free(*audit);
	*audit = NULL;
}

static int add_json(struct buf *out, const char *key, struct str value)
{
	int err;

	if ((err = buf_addf(out, ",\"%s\":\"", key)) < 0 || (err = buf_add_json(out, value)) < 0)
		return err;
	return buf_add_cstr(out, "\"");
}

static int add_file_time(struct buf *out, int64_t wall_ms)
{
	const time_t second = (time_t)(wall_ms / 1000);
	struct tm tm;
	char text[32];

	gmtime_r(&second, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	return buf_addf(out, "{\"time\":\"%s.%03dZ\"", text, (int)(wall_ms % 1000));
}

static int add_file_line(struct audit *audit, const struct audit_record *record)
{
	struct buf *out = &audit->file_lines;
	const size_t before = buf_len(out);
	int err;

	if ((err = add_file_time(out, record->wall_ms)) < 0 || (err = add_json(out, "sender", record->pair.sender)) < 0 ||
	    (err = add_json(out, "target", record->pair.target)) < 0 ||
	    (err = add_json(out, "kind", str_of(stanza_kind_text(record->kind)))) < 0 ||
	    (err = add_json(out, "type", record->type)) < 0 || (err = add_json(out, "id", record->id)) < 0 ||
	    (err = buf_addf(out, ",\"size\":%zu,\"label\":null", record->size_bytes)) < 0 ||
	    (err = add_json(out, "decision", str_of(decision_text(record->decision)))) < 0 ||
	    (err = add_json(out, "rule", str_of(record->rule))) < 0 ||
	    (err = add_json(out, "proof_in", str_of(proof_text(record->proof_in)))) < 0 ||
	    (err = add_json(out, "proof_out", str_of(proof_text(record->proof_out)))) < 0 || (err = buf_add_cstr(out, "}\n")) < 0)
		out->end = out->start + before;         /* no half line */
	return err;
}

static void add_log_line(struct audit *audit, const struct audit_record *record)
{
	const struct log_kv kv[] = {
		KV("sender", record->pair.sender), KV("target", record->pair.target), KV_C("kind", stanza_kind_text(record->kind)),
		KV("type", record->type), KV("id", record->id), KV_N("size", record->size_bytes),
		KV_C("decision", decision_text(record->decision)), KV_C("rule", record->rule),
		KV_C("condition", stanza_condition_text(record->condition)), KV_C("proof_in", proof_text(record->proof_in)),
		KV_C("proof_out", proof_text(record->proof_out)),
	};

	log_add(audit->log, &audit->log_lines, LOG_INFO, "verdict", kv, sizeof(kv) / sizeof(kv[0]));
}

int audit_record(struct audit *audit, const struct audit_record *record)
{
	int err = 0;

	if (audit->mode == AUDIT_LOG && log_has(audit->log, LOG_INFO))
		add_log_line(audit, record);
	if (audit->fd >= 0)
		err = add_file_line(audit, record);
	if (buf_len(&audit->log_lines) + buf_len(&audit->file_lines) > AUDIT_GATHER_BYTES)
		audit_flush(audit);
	else if (buf_len(&audit->log_lines) + buf_len(&audit->file_lines) > 0)
		defer_start(audit->loop, &audit->flush);
	return err;
}

int audit_operator(struct audit *audit, unsigned uid, const char *command, struct str detail)
{
	struct buf *out = &audit->file_lines;
	const size_t before = buf_len(out);
	int err;

	LOG(audit->log, LOG_NOTICE, "operator", KV_N("uid", uid), KV_C("command", command), KV("detail", detail));
	if (audit->fd < 0)
		return 0;
	if ((err = add_file_time(out, loop_wall_ms(audit->loop))) < 0 || (err = add_json(out, "operator", str_of(command))) < 0 ||
	    (err = add_json(out, "detail", detail)) < 0 || (err = buf_addf(out, ",\"uid\":%u}\n", uid)) < 0)
		out->end = out->start + before;         /* no half line */
	defer_start(audit->loop, &audit->flush);
	return err;
}
