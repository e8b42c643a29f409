/* SPDX-License-Identifier: Apache-2.0
 * Records on their way to the store's thread, within one process: copied as they are, without a look at them. */
#include "audit/raw_internal.h"

enum { RAW_TEXTS = 13, RAW_ALIGN = 8 };

struct raw {
	uint32_t bytes;                 /* with the texts, and what aligns the next one */
	uint32_t line, uid;
	uint8_t class, kind, decision, monitor_decision, condition, proof_in, proof_out, level;
	uint64_t seq, refers, size_bytes, lost;
	int64_t wall_ms;
	uint32_t len[RAW_TEXTS + 1];    /* plus one; 0: absent. The last is of what gets hashed */
};

static void texts_of(const struct audit_entry *entry, struct str hashed, struct str ret_texts[static RAW_TEXTS + 1])
{
	const struct str texts[RAW_TEXTS + 1] = {
		entry->sender, entry->target, entry->type, entry->rule, entry->label, entry->monitor, entry->id,
		entry->from, entry->to, entry->lang, entry->detail, entry->children, entry->body, hashed};

	memcpy(ret_texts, texts, sizeof(texts));
}

size_t raw_size(const struct audit_entry *entry, struct str hashed)
{
	return sizeof(struct raw) + RAW_ALIGN + entry->sender.len + entry->target.len + entry->type.len + entry->rule.len + entry->label.len +
	       entry->monitor.len + entry->id.len + entry->from.len + entry->to.len + entry->lang.len + entry->detail.len +
	       entry->children.len + entry->body.len + hashed.len;
}

int raw_add(struct buf *out, const struct audit_entry *entry, struct str hashed)
{
	struct str texts[RAW_TEXTS + 1];
	struct raw *raw;
	char *at;
	int err;

	if ((err = buf_reserve(out, raw_size(entry, hashed))) < 0)
		return err;
	raw = (struct raw *)(void *)buf_space(out);
	at = (char *)(raw + 1);
	*raw = (struct raw){
		.line = entry->line, .uid = entry->uid, .class = (uint8_t)entry->class, .kind = (uint8_t)entry->kind,
		.decision = (uint8_t)entry->decision, .monitor_decision = (uint8_t)entry->monitor_decision,
		.condition = (uint8_t)entry->condition, .proof_in = (uint8_t)entry->proof_in, .proof_out = (uint8_t)entry->proof_out,
		.level = (uint8_t)entry->level, .seq = entry->seq, .refers = entry->refers, .size_bytes = entry->size_bytes,
		.lost = entry->lost, .wall_ms = entry->wall_ms,
	};
	texts_of(entry, hashed, texts);
	for (int i = 0; i < RAW_TEXTS + 1; i++) {
		raw->len[i] = texts[i].at ? (uint32_t)texts[i].len + 1 : 0;
		if (texts[i].len) {
			memcpy(at, texts[i].at, texts[i].len);
			at += texts[i].len;
		}
	}
	raw->bytes = (uint32_t)((size_t)(at - (char *)raw + RAW_ALIGN - 1) & ~(size_t)(RAW_ALIGN - 1));
	buf_grew(out, raw->bytes);
	return 0;
}

bool raw_take(struct str *rest, struct audit_entry *ret_entry, struct str *ret_hashed)
{
	const struct raw *raw = (const struct raw *)(const void *)rest->at;
	struct audit_entry *entry = ret_entry;
	struct str *const texts[RAW_TEXTS + 1] = {
		&entry->sender, &entry->target, &entry->type, &entry->rule, &entry->label, &entry->monitor, &entry->id,
		&entry->from, &entry->to, &entry->lang, &entry->detail, &entry->children, &entry->body, ret_hashed};
	const char *at = (const char *)(raw + 1);

	if (rest->len == 0)
		return false;
	*entry = (struct audit_entry){
		.class = raw->class, .seq = raw->seq, .refers = raw->refers, .wall_ms = raw->wall_ms, .kind = raw->kind,
		.decision = raw->decision, .monitor_decision = raw->monitor_decision, .condition = raw->condition, .proof_in = raw->proof_in,
		.proof_out = raw->proof_out, .level = raw->level, .size_bytes = raw->size_bytes, .lost = raw->lost, .line = raw->line,
		.uid = raw->uid,
	};
	for (int i = 0; i < RAW_TEXTS + 1; i++) {
		*texts[i] = raw->len[i] ? str_make(at, raw->len[i] - 1) : STR_NONE;
		at += texts[i]->len;
	}
	*rest = str_make(rest->at + raw->bytes, rest->len - raw->bytes);
	return true;
}
