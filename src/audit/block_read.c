/* SPDX-License-Identifier: Apache-2.0
 * Reads a block that may be anybody's; and its hash. */
#include "audit/block_internal.h"

#include "tls/tls.h"

/* ---- hash ---- */

static void put_le64(uint8_t *at, uint64_t n)
{
	for (int i = 0; i < 8; i++)
		at[i] = (uint8_t)(n >> (8 * i));
}

int block_hash(const uint8_t before[static AUDIT_HASH_BYTES], const struct block_numbers *numbers, struct str head, struct str data,
	       uint8_t ret_hash[static AUDIT_HASH_BYTES])
{
	const uint64_t fixed[] = {
		numbers->id, numbers->first, numbers->count, (uint64_t)numbers->first_ms, (uint64_t)numbers->last_ms,
		numbers->marks, head.len, data.len};
	enum { COUNT = sizeof(fixed) / sizeof(fixed[0]) };
	uint8_t bytes[AUDIT_HASH_BYTES + 8 * COUNT];
	const struct str parts[] = {str_make((const char *)bytes, sizeof(bytes)), head, data};

	memcpy(bytes, before, AUDIT_HASH_BYTES);
	for (int i = 0; i < COUNT; i++)
		put_le64(bytes + AUDIT_HASH_BYTES + 8 * i, fixed[i]);
	return tls_sha256_of(parts, sizeof(parts) / sizeof(parts[0]), ret_hash);
}

uint32_t record_sum(uint64_t number, struct str bytes)
{
	uint64_t sum = number * 0x9e3779b97f4a7c15u ^ bytes.len, word;

	for (; bytes.len >= 8; bytes = str_make(bytes.at + 8, bytes.len - 8)) {
		memcpy(&word, bytes.at, 8);
		sum = (sum ^ word) * 0xff51afd7ed558ccdu;
		sum ^= sum >> 29;
	}
	word = 0;
	if (bytes.len)
		memcpy(&word, bytes.at, bytes.len);
	sum = (sum ^ word) * 0xff51afd7ed558ccdu;
	return (uint32_t)(sum ^ sum >> 32);
}

/* ---- head ---- */

static bool take_text(struct str *rest, struct str *ret_text)
{
	uint64_t len;

	return varint_take(rest, &len) && bytes_take(rest, len, ret_text);
}

static int read_texts(struct arena *arena, struct str *rest, struct block_view *view)
{
	uint64_t count;

	if (!varint_take(rest, &count) || count > BLOCK_TEXTS_MAX || count > rest->len)
		return TRUNK_EINVAL;
	if (!(view->texts = arena_alloc(arena, (size_t)(count ? count : 1) * sizeof(*view->texts))))
		return TRUNK_ENOMEM;
	view->text_count = (unsigned)count;
	for (uint64_t i = 0; i < count; i++)
		if (!take_text(rest, &view->texts[i]))
			return TRUNK_EINVAL;
	return 0;
}

static bool text_at(const struct block_view *view, uint64_t index_plus_one, struct str *ret_text)
{
	if (index_plus_one > view->text_count)
		return false;
	*ret_text = index_plus_one ? view->texts[index_plus_one - 1] : STR_NONE;
	return true;
}

static bool read_enums(struct str *rest, struct audit_entry *entry)
{
	struct str enums;
	const uint8_t *at;

	if (!bytes_take(rest, WORDS_ENUM_BYTES, &enums))
		return false;
	at = (const uint8_t *)enums.at;
	entry->class = at[0];
	entry->kind = at[1] & 15;
	entry->decision = at[1] >> 4;
	entry->condition = at[2];
	entry->proof_in = at[3] & 15;
	entry->proof_out = at[3] >> 4;
	entry->level = at[4] & 15;
	entry->monitor_decision = at[4] >> 4;
	return entry->class >= AUDIT_VERDICT && entry->class <= AUDIT_STORE && entry->kind <= STANZA_IQ && entry->decision <= DECISION_BOUNCE &&
	       entry->monitor_decision <= DECISION_BOUNCE && entry->condition <= COND_UNEXPECTED_REQUEST &&
	       entry->proof_in <= PROOF_DIALBACK_CERTIFICATE && entry->proof_out <= PROOF_DIALBACK_CERTIFICATE && entry->level <= AUDIT_FULL;
}

static bool read_one_words(struct str *rest, const struct block_view *view, struct audit_entry *entry)
{
	struct str *const texts[WORDS_TEXTS] = {&entry->type, &entry->rule, &entry->label, &entry->monitor};
	uint64_t line, index;

	if (!read_enums(rest, entry) || !varint_take(rest, &line) || line > UINT32_MAX)
		return false;
	entry->line = (unsigned)line;
	for (int i = 0; i < WORDS_TEXTS; i++)
		if (!varint_take(rest, &index) || !text_at(view, index, texts[i]))
			return false;
	return true;
}

static int read_words(struct arena *arena, struct str *rest, struct block_view *view)
{
	uint64_t count;

	if (!varint_take(rest, &count) || count > BLOCK_RECORDS_MAX || count > rest->len)
		return TRUNK_EINVAL;
	if (!(view->words = arena_alloc(arena, (size_t)(count ? count : 1) * sizeof(*view->words))))
		return TRUNK_ENOMEM;
	view->words_count = (unsigned)count;
	for (uint64_t i = 0; i < count; i++) {
		view->words[i] = (struct audit_entry){0};
		if (!read_one_words(rest, view, &view->words[i]))
			return TRUNK_EINVAL;
	}
	return 0;
}

static bool read_pair(struct str *rest, const struct block_view *view, size_t at, size_t data_len, struct block_pair *ret_pair)
{
	uint64_t sender, target, count, len;

	if (!varint_take(rest, &sender) || !varint_take(rest, &target) || !varint_take(rest, &count) || !varint_take(rest, &len) ||
	    !text_at(view, sender, &ret_pair->sender) || !text_at(view, target, &ret_pair->target) || count > view->count || len > data_len - at)
		return false;
	ret_pair->at = at;
	ret_pair->len = (size_t)len;
	ret_pair->count = count;
	return true;
}

static int read_pairs(struct arena *arena, struct str *rest, size_t data_len, struct block_view *view)
{
	uint64_t count, records = 0;
	size_t at = 0;

	if (!varint_take(rest, &count) || count > BLOCK_RECORDS_MAX || count > rest->len)
		return TRUNK_EINVAL;
	if (!(view->pairs = arena_alloc(arena, (size_t)(count ? count : 1) * sizeof(*view->pairs))))
		return TRUNK_ENOMEM;
	view->pair_count = (unsigned)count;
	for (uint64_t i = 0; i < count; i++) {
		if (!read_pair(rest, view, at, data_len, &view->pairs[i]))
			return TRUNK_EINVAL;
		at += view->pairs[i].len;
		records += view->pairs[i].count;
	}
	return at == data_len && records == view->count && rest->len == 0 ? 0 : TRUNK_EINVAL;
}

/* What stands before the texts. */
static bool read_numbers(struct str *rest, struct block_view *view)
{
	uint64_t base_ms, marks;
	struct str version;

	if (!bytes_take(rest, 1, &version) || version.at[0] != BLOCK_VERSION || !varint_take(rest, &view->count) || view->count > BLOCK_RECORDS_MAX ||
	    !varint_take(rest, &base_ms) || !varint_take(rest, &view->base_seq) || !varint_take(rest, &marks) || marks > UINT32_MAX)
		return false;
	view->base_ms = varint_to_signed(base_ms);
	view->marks = (uint32_t)marks;
	return true;
}

int block_read_head(struct arena *arena, struct str head, size_t data_len, struct block_view *ret_view)
{
	struct block_view view = {0};
	struct str rest = head;
	int err;

	if (!read_numbers(&rest, &view))
		return TRUNK_EINVAL;
	if ((err = read_texts(arena, &rest, &view)) < 0 || (err = read_words(arena, &rest, &view)) < 0 ||
	    (err = read_pairs(arena, &rest, data_len, &view)) < 0)
		return err;
	*ret_view = view;
	return 0;
}

bool block_has_text(struct str head, struct str text)
{
	struct block_view view;
	struct str rest = head, one;
	uint64_t count;

	if (!read_numbers(&rest, &view) || !varint_take(&rest, &count))
		return false;
	for (; count > 0 && take_text(&rest, &one); count--)
		if (str_eq(one, text))
			return true;
	return false;
}

/* ---- a record ---- */

/* A number where the field is there; 0 where it is not. */
static bool take_number(struct str *rest, uint64_t fields, enum record_field field, uint64_t max, uint64_t *ret_n)
{
	*ret_n = 0;
	return !(fields & field) || (varint_take(rest, ret_n) && *ret_n <= max);
}

static bool take_text_if(struct str *rest, uint64_t fields, enum record_field field, struct str *ret_text)
{
	*ret_text = STR_NONE;
	return !(fields & field) || take_text(rest, ret_text);
}

static bool read_fields(struct str *rest, uint64_t fields, struct audit_entry *entry)
{
	uint64_t uid;
	struct str hash;

	if (!take_number(rest, fields, FIELD_SIZE, UINT64_MAX, &entry->size_bytes) || !take_number(rest, fields, FIELD_LOST, UINT64_MAX, &entry->lost) ||
	    !take_number(rest, fields, FIELD_UID, UINT32_MAX, &uid) || !take_number(rest, fields, FIELD_REFERS, UINT64_MAX, &entry->refers) ||
	    !take_text_if(rest, fields, FIELD_ID, &entry->id) || !take_text_if(rest, fields, FIELD_DETAIL, &entry->detail) ||
	    !take_text_if(rest, fields, FIELD_FROM, &entry->from) || !take_text_if(rest, fields, FIELD_TO, &entry->to) ||
	    !take_text_if(rest, fields, FIELD_LANG, &entry->lang) || !take_text_if(rest, fields, FIELD_CHILDREN, &entry->children) ||
	    !take_text_if(rest, fields, FIELD_BODY, &entry->body))
		return false;
	entry->uid = (unsigned)uid;
	if ((entry->has_hash = fields & FIELD_HASH)) {
		if (!bytes_take(rest, AUDIT_HASH_BYTES, &hash))
			return false;
		memcpy(entry->hash, hash.at, AUDIT_HASH_BYTES);
	}
	return rest->len == 0;
}

static bool read_body(struct str rest, const struct block_view *view, const struct block_pair *pair, uint64_t first, struct audit_entry *entry)
{
	uint64_t fields, words, index, seq, time;

	if (!varint_take(&rest, &fields) || fields & ~(uint64_t)FIELDS_ALL || !varint_take(&rest, &words) || words >= view->words_count ||
	    !varint_take(&rest, &index) || index >= view->count || !varint_take(&rest, &seq) || !varint_take(&rest, &time))
		return false;
	*entry = view->words[words];
	entry->sender = pair->sender;
	entry->target = pair->target;
	entry->number = first + index;
	entry->seq = view->base_seq + index + (uint64_t)varint_to_signed(seq);
	entry->wall_ms = (int64_t)((uint64_t)view->base_ms + (uint64_t)varint_to_signed(time));
	return read_fields(&rest, fields, entry);
}

int block_read_record(const struct block_view *view, const struct block_pair *pair, uint64_t first, struct str *rest,
		      struct audit_entry *ret_entry)
{
	struct audit_entry entry;
	struct str body, sum;
	uint64_t len;
	uint32_t found = 0;

	if (rest->len == 0)
		return TRUNK_ENOENT;
	if (!varint_take(rest, &len) || !bytes_take(rest, len, &body) || !bytes_take(rest, RECORD_SUM_BYTES, &sum) ||
	    !read_body(body, view, pair, first, &entry))
		return TRUNK_EINVAL;
	for (int i = 0; i < RECORD_SUM_BYTES; i++)
		found |= (uint32_t)(uint8_t)sum.at[i] << (8 * i);
	*ret_entry = entry;
	return found == record_sum(entry.number, body) ? 0 : TRUNK_ECRYPTO;
}
