/* SPDX-License-Identifier: Apache-2.0
 * The record of every verdict. In this version: one line for each, in the log or as JSON lines in a file. */
#ifndef TRUNK_AUDIT_AUDIT_H
#define TRUNK_AUDIT_AUDIT_H

#include "stanza/stanza.h"

/* One verdict; everything is borrowed for the call. Keys of the line: time sender target kind type id size label decision
 * rule proof_in proof_out (design.md §4). */
struct audit_record {
	int64_t wall_ms;
	struct domain_pair pair;
	enum stanza_kind kind;
	struct str type, id;            /* as written */
	size_t size_bytes;
	enum decision decision;
	const char *rule;               /* or the reason of a bounce */
	enum stanza_condition condition;
	enum proof proof_in, proof_out;
};

struct audit;

enum audit_mode { AUDIT_OFF = 1, AUDIT_LOG };

/* `lines_file`: JSON lines are appended there; NULL: none. Returns 0, TRUNK_EIO, TRUNK_ENOMEM. */
int audit_new(struct loop *loop, struct log *log, enum audit_mode mode, const char *lines_file, struct audit **ret_audit);
void audit_free(struct audit **audit);          /* writes what waits */

/* Records a verdict; written at the end of this wake-up. What the file does not take waits, 16 MiB of it at most, and is tried
 * again with each record. Returns 0, TRUNK_ELIMIT where as much waits already, or TRUNK_ENOMEM; then the file lacks this record
 * and has no half one. */
int audit_record(struct audit *audit, const struct audit_record *record);

/* Records what an operator changed, with his user id; returns as audit_record() does. */
int audit_operator(struct audit *audit, unsigned uid, const char *command, struct str detail);

#endif
