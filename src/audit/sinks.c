/* SPDX-License-Identifier: Apache-2.0
 * Lines for shippers; on the store's thread, so that no stanza waits for them. */
#include "audit/sinks.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { GATHER_BYTES = 256 * 1024 };

int sinks_init(struct sinks *sinks, struct log *log, const char *lines_file, bool has_journal)
{
	*sinks = (struct sinks){.log = log, .fd = -1, .has_journal = has_journal};
	sinks->lines.limit = AUDIT_LINES_BYTES_MAX;
	if (lines_file && (sinks->fd = open(lines_file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640)) < 0)
		return TRUNK_EIO;
	return 0;
}

void sinks_fini(struct sinks *sinks)
{
	sinks_flush(sinks);
	if (sinks->fd >= 0)
		close(sinks->fd);
	sinks->fd = -1;
	buf_fini(&sinks->lines);
}

/* ---- the file ---- */

static void works_again(struct sinks *sinks)
{
	if (sinks->has_failed)
		LOG(sinks->log, LOG_NOTICE, "audit-lines-writable", KV_N("dropped", sinks->dropped));
	sinks->has_failed = false;
	sinks->dropped = 0;
}

/* Appends what waits; what a full disk does not take stays for the next try as far as the buffer's limit goes. */
void sinks_flush(struct sinks *sinks)
{
	if (sinks->fd < 0 || buf_len(&sinks->lines) == 0)
		return;
	while (buf_len(&sinks->lines) > 0) {
		const struct str lines = buf_str(&sinks->lines);
		const ssize_t n = write(sinks->fd, lines.at, lines.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (!sinks->has_failed)
				LOG(sinks->log, LOG_ERROR, "audit-lines-unwritable", KV_C("reason", "the file of audit.lines takes no more"));
			sinks->has_failed = true;
			return;
		}
		buf_drop(&sinks->lines, (size_t)n);
	}
	works_again(sinks);
	buf_trim(&sinks->lines, GATHER_BYTES * 2);
}

static void add_line(struct sinks *sinks, const struct audit_entry *entry)
{
	const size_t before = buf_len(&sinks->lines);

	if (audit_entry_json(&sinks->lines, entry) == 0 && buf_add_cstr(&sinks->lines, "\n") == 0) {
		if (buf_len(&sinks->lines) > GATHER_BYTES && !sinks->has_failed)
			sinks_flush(sinks);
		return;
	}
	sinks->lines.end = sinks->lines.start + before;         /* no half line */
	sinks->dropped++;
}

void sinks_add(struct sinks *sinks, const struct audit_entry *entry)
{
	if (sinks->fd >= 0)
		add_line(sinks, entry);
	if (sinks->has_journal)
		journal_send(entry);
}
