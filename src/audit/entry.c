/* SPDX-License-Identifier: Apache-2.0
 * A record as JSON: the keys of design.md §4 first, then what it holds beyond them. */
#include "audit/entry.h"

#include "tls/tls.h"

#include <inttypes.h>
#include <time.h>

const char *audit_class_text(enum audit_class class)
{
	static const char *const texts[] = {"", "verdict", "outcome", "operator", "gap", "store"};

	return texts[class];
}

const char *audit_level_text(enum audit_level level)
{
	static const char *const texts[] = {"", "brief", "hash", "headers", "full"};

	return texts[level];
}

static int add_text(struct buf *out, const char *key, struct str value)
{
	int err;

	if (str_is_absent(value))
		return buf_addf(out, ",\"%s\":null", key);
	if ((err = buf_addf(out, ",\"%s\":\"", key)) < 0 || (err = buf_add_json(out, value)) < 0)
		return err;
	return buf_add_cstr(out, "\"");
}

static int add_text_if(struct buf *out, const char *key, struct str value)
{
	return str_is_absent(value) ? 0 : add_text(out, key, value);
}

static int add_word(struct buf *out, const char *key, const char *word)
{
	return add_text(out, key, word[0] ? str_of(word) : STR_NONE);
}

static int add_word_if(struct buf *out, const char *key, const char *word)
{
	return word[0] ? add_text(out, key, str_of(word)) : 0;
}

static int add_number_if(struct buf *out, const char *key, uint64_t n)
{
	return n ? buf_addf(out, ",\"%s\":%" PRIu64, key, n) : 0;
}

static int add_time(struct buf *out, int64_t wall_ms)
{
	const time_t second = (time_t)(wall_ms / 1000 - (wall_ms % 1000 < 0));
	char text[40] = "";
	struct tm tm;

	if (gmtime_r(&second, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	return buf_addf(out, "{\"time\":\"%s.%03dZ\"", text, (int)(wall_ms - (int64_t)second * 1000));
}

static bool is_of_stanza(const struct audit_entry *entry)
{
	return entry->class == AUDIT_VERDICT || entry->class == AUDIT_OUTCOME;
}

/* The twelve keys, whatever the class: what it has not is null. */
static int add_keys(struct buf *out, const struct audit_entry *entry)
{
	const bool is_stanza = is_of_stanza(entry);
	int err;

	if ((err = add_time(out, entry->wall_ms)) < 0 || (err = add_text(out, "sender", entry->sender)) < 0 ||
	    (err = add_text(out, "target", entry->target)) < 0 ||
	    (err = add_word(out, "kind", is_stanza ? stanza_kind_text(entry->kind) : audit_class_text(entry->class))) < 0 ||
	    (err = add_text(out, "type", entry->type)) < 0 || (err = add_text(out, "id", entry->id)) < 0)
		return err;
	err = is_stanza ? buf_addf(out, ",\"size\":%" PRIu64, entry->size_bytes) : buf_add_cstr(out, ",\"size\":null");
	if (err < 0 || (err = add_text(out, "label", entry->label)) < 0 ||
	    (err = add_word(out, "decision", is_stanza ? decision_text(entry->decision) : "")) < 0 ||
	    (err = add_text(out, "rule", entry->rule)) < 0 ||
	    (err = add_word(out, "proof_in", is_stanza ? proof_text(entry->proof_in) : "")) < 0)
		return err;
	return add_word(out, "proof_out", is_stanza ? proof_text(entry->proof_out) : "");
}

static int add_content(struct buf *out, const struct audit_entry *entry)
{
	char hash[2 * AUDIT_HASH_BYTES + 1] = "";
	int err;

	if (entry->has_hash)
		tls_hex(entry->hash, AUDIT_HASH_BYTES, hash);
	if ((err = add_word_if(out, "hash", hash)) < 0 || (err = add_text_if(out, "from", entry->from)) < 0 ||
	    (err = add_text_if(out, "to", entry->to)) < 0 || (err = add_text_if(out, "lang", entry->lang)) < 0 ||
	    (err = add_text_if(out, "children", entry->children)) < 0)
		return err;
	return add_text_if(out, "stanza", entry->body);
}

static int add_more(struct buf *out, const struct audit_entry *entry)
{
	int err;

	if ((err = add_word_if(out, "condition", stanza_condition_text(entry->condition))) < 0 ||
	    (err = add_number_if(out, "line", entry->line)) < 0 || (err = add_text_if(out, "monitor", entry->monitor)) < 0 ||
	    (err = add_word_if(out, "monitor_decision", decision_text(entry->monitor_decision))) < 0 ||
	    (err = add_content(out, entry)) < 0 || (err = add_text_if(out, "detail", entry->detail)) < 0)
		return err;
	if (entry->class == AUDIT_OPERATOR && (err = buf_addf(out, ",\"uid\":%u", entry->uid)) < 0)
		return err;
	if ((err = add_number_if(out, "lost", entry->lost)) < 0 || (err = add_number_if(out, "record", entry->number)) < 0 ||
	    (err = add_number_if(out, "seq", entry->seq)) < 0 || (err = add_number_if(out, "refers_to", entry->refers)) < 0)
		return err;
	return buf_add_cstr(out, "}");
}

int audit_entry_json(struct buf *out, const struct audit_entry *entry)
{
	const size_t before = buf_len(out);
	int err;

	if ((err = add_keys(out, entry)) < 0 || (err = add_more(out, entry)) < 0)
		out->end = out->start + before;
	return err;
}
