/* SPDX-License-Identifier: Apache-2.0
 * Where else records go: JSON lines in a file for shippers, and the system's journal. */
#ifndef TRUNK_AUDIT_SINKS_H
#define TRUNK_AUDIT_SINKS_H

#include "audit/entry.h"

struct sinks {
	struct log *log;
	int fd;                         /* of the file of JSON lines; -1: none */
	bool has_journal;
	struct buf lines;
	bool has_failed;                /* the file takes no more: said once, until it works again */
	uint64_t dropped;               /* lines that found no room since then */
};

/* Returns 0 or TRUNK_EIO. */
int sinks_init(struct sinks *sinks, struct log *log, const char *lines_file, bool has_journal);
void sinks_fini(struct sinks *sinks);           /* writes what waits */

void sinks_add(struct sinks *sinks, const struct audit_entry *entry);
void sinks_flush(struct sinks *sinks);

void journal_send(const struct audit_entry *entry);     /* journal.c */

#endif
