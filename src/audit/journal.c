/* SPDX-License-Identifier: Apache-2.0
 * Fields for the system's journal. A file of its own, since its header brings syslog's names of levels, which are not ours. */
#include "audit/sinks.h"

#include "tls/tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#define SD_JOURNAL_SUPPRESS_LOCATION            /* where in our code is nobody's question about a stanza */
#include <systemd/sd-journal.h>

enum { JOURNAL_FIELDS_MAX = 24 };

struct journal {
	struct iovec fields[JOURNAL_FIELDS_MAX];
	char *texts[JOURNAL_FIELDS_MAX];
	int count;
};

static void field(struct journal *journal, const char *name, struct str value)
{
	const size_t name_len = strlen(name);
	char *text;

	if (!value.at || journal->count == JOURNAL_FIELDS_MAX || !(text = malloc(name_len + 1 + value.len)))
		return;
	memcpy(text, name, name_len);
	text[name_len] = '=';
	if (value.len)
		memcpy(text + name_len + 1, value.at, value.len);
	journal->texts[journal->count] = text;
	journal->fields[journal->count++] = (struct iovec){.iov_base = text, .iov_len = name_len + 1 + value.len};
}

static void number(struct journal *journal, const char *name, uint64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
	field(journal, name, str_of(text));
}

static void message(struct journal *journal, const struct audit_entry *entry)
{
	struct buf text = {0};

	if (entry->class == AUDIT_OPERATOR)
		buf_addf(&text, "operator %u: %.*s %.*s", entry->uid, STR_ARG(entry->type), STR_ARG(entry->detail));
	else if (entry->class == AUDIT_GAP)
		buf_addf(&text, "%llu verdicts could not be recorded", (unsigned long long)entry->lost);
	else if (entry->class == AUDIT_STORE)
		buf_addf(&text, "audit store %.*s: %.*s", STR_ARG(entry->type), STR_ARG(entry->detail));
	else
		buf_addf(&text, "%s %s from %.*s to %.*s", decision_text(entry->decision), stanza_kind_text(entry->kind), STR_ARG(entry->sender),
			 STR_ARG(entry->target));
	field(journal, "MESSAGE", buf_str(&text));
	buf_fini(&text);
}

static void stanza_fields(struct journal *journal, const struct audit_entry *entry)
{
	char hash[2 * AUDIT_HASH_BYTES + 1];

	field(journal, "TRUNK_SENDER", entry->sender);
	field(journal, "TRUNK_TARGET", entry->target);
	field(journal, "TRUNK_KIND", str_of(stanza_kind_text(entry->kind)));
	field(journal, "TRUNK_ID", entry->id);
	number(journal, "TRUNK_SIZE", entry->size_bytes);
	field(journal, "TRUNK_LABEL", entry->label);
	field(journal, "TRUNK_DECISION", str_of(decision_text(entry->decision)));
	field(journal, "TRUNK_RULE", entry->rule);
	field(journal, "TRUNK_CONDITION", str_of(stanza_condition_text(entry->condition)));
	field(journal, "TRUNK_PROOF_IN", str_of(proof_text(entry->proof_in)));
	field(journal, "TRUNK_PROOF_OUT", str_of(proof_text(entry->proof_out)));
	field(journal, "TRUNK_FROM", entry->from);
	field(journal, "TRUNK_TO", entry->to);
	if (!entry->has_hash)
		return;
	tls_hex(entry->hash, AUDIT_HASH_BYTES, hash);
	field(journal, "TRUNK_HASH", str_of(hash));
}

void journal_send(const struct audit_entry *entry)
{
	struct journal journal = {0};

	message(&journal, entry);
	field(&journal, "PRIORITY", entry->class == AUDIT_GAP ? STR("3") : STR("6"));
	field(&journal, "TRUNK_RECORD", str_of(audit_class_text(entry->class)));
	field(&journal, "TRUNK_TYPE", entry->type);
	number(&journal, "TRUNK_SEQ", entry->seq);
	if (entry->refers)
		number(&journal, "TRUNK_REFERS_TO", entry->refers);
	if (entry->class <= AUDIT_OUTCOME)
		stanza_fields(&journal, entry);
	if (entry->class == AUDIT_OPERATOR)
		number(&journal, "TRUNK_UID", entry->uid);
	field(&journal, "TRUNK_DETAIL", entry->detail);
	sd_journal_sendv(journal.fields, journal.count);
	for (int i = 0; i < journal.count; i++)
		free(journal.texts[i]);
}
