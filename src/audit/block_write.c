/* SPDX-License-Identifier: Apache-2.0
 * Packs records into a block. */
#include "audit/block_internal.h"

#include <stdlib.h>

enum {
	TEXT_SLOTS = 4 * BLOCK_TEXTS_MAX,
	PAIR_SLOTS = 4 * BLOCK_RECORDS_MAX,
	WORDS_SLOTS = 4 * BLOCK_RECORDS_MAX,
	MEMO_SLOTS = 1024,              /* entries with other slots are looked up each time */
	RECORD_FIXED_BYTES = 256,
	WORDS_BYTES_MAX = WORDS_ENUM_BYTES + (1 + WORDS_TEXTS) * VARINT_BYTES_MAX,
};

struct packed {
	uint32_t pair;
	uint32_t len;
	size_t at;
};

struct packed_pair {
	uint32_t sender, target;        /* texts, plus one; 0: absent */
	uint32_t count;
	size_t len, at;
};

/* No bytes between the fields: compared and hashed as they lie. */
struct packed_words {
	uint8_t enums[8];               /* the last three are 0 */
	uint32_t line;
	uint32_t texts[WORDS_TEXTS];    /* plus one; 0: absent */
};

/* Which pair or words an entry's memo stands for. */
struct memo {
	uint64_t stamp;
	uint32_t index;
	uint32_t round;                 /* of the writer, when it was remembered: one of another block is forgotten */
};

/* A table from a hash to an index plus one; 0: free. What was used is noted, so that a new block need not clear it all. */
struct slots {
	uint16_t *at;
	uint16_t used[BLOCK_TEXTS_MAX];
	unsigned count;
};

struct block_writer {
	uint64_t id, first;
	int64_t base_ms, first_ms, last_ms;
	uint64_t base_seq;              /* of the first record */
	uint32_t marks;
	struct buf texts;               /* each with its length in front, as the head has them */
	size_t text_at[BLOCK_TEXTS_MAX];
	uint32_t text_len[BLOCK_TEXTS_MAX];
	unsigned text_count;
	uint16_t text_slots[TEXT_SLOTS];
	struct packed records[BLOCK_RECORDS_MAX];
	unsigned count;
	struct packed_pair pairs[BLOCK_RECORDS_MAX];
	unsigned pair_count;
	uint16_t pair_slots[PAIR_SLOTS];
	struct packed_words words[BLOCK_RECORDS_MAX];
	unsigned words_count;
	uint16_t words_slots[WORDS_SLOTS];
	struct slots texts_at, pairs_at, words_at;      /* of the three tables */
	struct memo pair_memos[MEMO_SLOTS], words_memos[MEMO_SLOTS];
	uint32_t round;                 /* counts blocks that were begun */
	struct buf bytes;               /* of the records as they came */
	struct buf head, data;          /* packed */
};

struct block_writer *block_writer_new(void)
{
	struct block_writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return NULL;
	writer->texts_at.at = writer->text_slots;
	writer->pairs_at.at = writer->pair_slots;
	writer->words_at.at = writer->words_slots;
	block_writer_begin(writer, 1, 1);
	return writer;
}

void block_writer_free(struct block_writer **writer)
{
	if (!*writer)
		return;
	buf_fini(&(*writer)->texts);
	buf_fini(&(*writer)->bytes);
	buf_fini(&(*writer)->head);
	buf_fini(&(*writer)->data);
	free(*writer);
	*writer = NULL;
}

static void slots_clear(struct slots *slots)
{
	while (slots->count > 0)
		slots->at[slots->used[--slots->count]] = 0;
}

static void slots_set(struct slots *slots, uint32_t slot, unsigned index_plus_one)
{
	slots->at[slot] = (uint16_t)index_plus_one;
	slots->used[slots->count++] = (uint16_t)slot;
}

void block_writer_begin(struct block_writer *writer, uint64_t id, uint64_t first)
{
	writer->id = id;
	writer->first = first;
	writer->marks = 0;
	writer->text_count = writer->count = writer->pair_count = writer->words_count = 0;
	slots_clear(&writer->texts_at);
	slots_clear(&writer->pairs_at);
	slots_clear(&writer->words_at);
	writer->round++;
	buf_clear(&writer->texts);
	buf_clear(&writer->bytes);
}

uint64_t block_writer_count(const struct block_writer *writer)
{
	return writer->count;
}

/* ---- texts and pairs that are kept once ---- */

static uint32_t text_hash(struct str s)
{
	uint64_t h = 0x9e3779b97f4a7c15u ^ s.len, word;

	for (; s.len >= 8; s = str_from(s, 8)) {
		memcpy(&word, s.at, 8);
		h = (h ^ word) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
	}
	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (uint8_t)s.at[i]) * 0x100000001b3u;
	return (uint32_t)(h ^ h >> 32);
}

static bool text_is(const struct block_writer *writer, unsigned i, struct str s)
{
	return writer->text_len[i] == s.len && memcmp(writer->texts.at + writer->text_at[i], s.at, s.len) == 0;
}

static int text_add(struct block_writer *writer, struct str s)
{
	uint8_t *end;
	int err;

	if (writer->text_count == BLOCK_TEXTS_MAX)
		return TRUNK_ELIMIT;
	if ((err = buf_reserve(&writer->texts, VARINT_BYTES_MAX + s.len)) < 0)
		return err;
	end = varint_put((uint8_t *)buf_space(&writer->texts), s.len);
	buf_grew(&writer->texts, (size_t)(end - (uint8_t *)buf_space(&writer->texts)));
	writer->text_at[writer->text_count] = writer->texts.end;
	writer->text_len[writer->text_count++] = (uint32_t)s.len;
	return buf_add(&writer->texts, s);
}

/* The text's index plus one; 0 where it is absent. */
static int text_index(struct block_writer *writer, struct str s, uint32_t *ret_index)
{
	uint32_t slot;
	int err;

	*ret_index = 0;
	if (str_is_absent(s))
		return 0;
	for (slot = text_hash(s) % TEXT_SLOTS; writer->text_slots[slot]; slot = (slot + 1) % TEXT_SLOTS)
		if (text_is(writer, writer->text_slots[slot] - 1u, s)) {
			*ret_index = writer->text_slots[slot];
			return 0;
		}
	if ((err = text_add(writer, s)) < 0)
		return err;
	slots_set(&writer->texts_at, slot, writer->text_count);
	*ret_index = writer->text_count;
	return 0;
}

static bool is_remembered(const struct block_writer *writer, const struct memo *memos, const struct audit_memo *memo, uint32_t *ret_index)
{
	if (memo->stamp == 0 || memo->slot >= MEMO_SLOTS || memos[memo->slot].stamp != memo->stamp || memos[memo->slot].round != writer->round)
		return false;
	*ret_index = memos[memo->slot].index;
	return true;
}

static void remember(const struct block_writer *writer, struct memo *memos, const struct audit_memo *memo, uint32_t index)
{
	if (memo->stamp && memo->slot < MEMO_SLOTS)
		memos[memo->slot] = (struct memo){.stamp = memo->stamp, .index = index, .round = writer->round};
}

/* There are as many pairs and words as records at most, so there is room for each. */
static uint32_t pair_place(struct block_writer *writer, uint32_t sender, uint32_t target)
{
	uint32_t slot = (sender * 0x9e3779b1u ^ target * 0x85ebca6bu) % PAIR_SLOTS;

	for (; writer->pair_slots[slot]; slot = (slot + 1) % PAIR_SLOTS) {
		const struct packed_pair *pair = &writer->pairs[writer->pair_slots[slot] - 1];

		if (pair->sender == sender && pair->target == target)
			return writer->pair_slots[slot] - 1u;
	}
	writer->pairs[writer->pair_count] = (struct packed_pair){.sender = sender, .target = target};
	slots_set(&writer->pairs_at, slot, ++writer->pair_count);
	return writer->pair_count - 1;
}

static int pair_index(struct block_writer *writer, const struct audit_entry *entry, uint32_t *ret_index)
{
	uint32_t sender, target;
	int err;

	if (is_remembered(writer, writer->pair_memos, &entry->pair_memo, ret_index))
		return 0;
	if ((err = text_index(writer, entry->sender, &sender)) < 0 || (err = text_index(writer, entry->target, &target)) < 0)
		return err;
	*ret_index = pair_place(writer, sender, target);
	remember(writer, writer->pair_memos, &entry->pair_memo, *ret_index);
	return 0;
}

static uint32_t words_place(struct block_writer *writer, const struct packed_words *words)
{
	uint32_t slot = text_hash(str_make((const char *)words, sizeof(*words))) % WORDS_SLOTS;

	for (; writer->words_slots[slot]; slot = (slot + 1) % WORDS_SLOTS)
		if (memcmp(&writer->words[writer->words_slots[slot] - 1], words, sizeof(*words)) == 0)
			return writer->words_slots[slot] - 1u;
	writer->words[writer->words_count] = *words;
	slots_set(&writer->words_at, slot, ++writer->words_count);
	return writer->words_count - 1;
}

static int words_index(struct block_writer *writer, const struct audit_entry *entry, uint32_t *ret_index)
{
	const struct str texts[WORDS_TEXTS] = {entry->type, entry->rule, entry->label, entry->monitor};
	struct packed_words words = {
		.enums = {(uint8_t)entry->class, (uint8_t)(entry->kind | entry->decision << 4), (uint8_t)entry->condition,
			  (uint8_t)(entry->proof_in | entry->proof_out << 4), (uint8_t)(entry->level | entry->monitor_decision << 4)},
		.line = entry->line,
	};
	int err;

	if (is_remembered(writer, writer->words_memos, &entry->words_memo, ret_index))
		return 0;
	for (int i = 0; i < WORDS_TEXTS; i++)
		if ((err = text_index(writer, texts[i], &words.texts[i])) < 0)
			return err;
	*ret_index = words_place(writer, &words);
	remember(writer, writer->words_memos, &entry->words_memo, *ret_index);
	return 0;
}

/* ---- one record ---- */

static unsigned fields_of(const struct audit_entry *entry)
{
	return (entry->size_bytes ? FIELD_SIZE : 0) | (entry->lost ? FIELD_LOST : 0) | (entry->class == AUDIT_OPERATOR ? FIELD_UID : 0) |
	       (entry->refers ? FIELD_REFERS : 0) | (entry->id.at ? FIELD_ID : 0) | (entry->from.at ? FIELD_FROM : 0) |
	       (entry->to.at ? FIELD_TO : 0) | (entry->lang.at ? FIELD_LANG : 0) | (entry->detail.at ? FIELD_DETAIL : 0) |
	       (entry->children.at ? FIELD_CHILDREN : 0) | (entry->body.at ? FIELD_BODY : 0) | (entry->has_hash ? FIELD_HASH : 0);
}

static uint8_t *put_text(uint8_t *at, struct str s)
{
	if (!s.at)
		return at;
	at = varint_put(at, s.len);
	if (s.len)
		memcpy(at, s.at, s.len);
	return at + s.len;
}

static uint8_t *put_number_if(uint8_t *at, unsigned fields, enum record_field field, uint64_t n)
{
	return fields & field ? varint_put(at, n) : at;
}

static uint8_t *put_record(uint8_t *at, const struct block_writer *writer, const struct audit_entry *entry, uint32_t words)
{
	const unsigned fields = fields_of(entry);

	at = varint_put(varint_put(at, fields), words);
	at = varint_put(at, writer->count);
	at = varint_put(at, varint_of_signed((int64_t)(entry->seq - (writer->base_seq + writer->count))));
	at = varint_put(at, varint_of_signed(entry->wall_ms - writer->base_ms));
	at = put_number_if(at, fields, FIELD_SIZE, entry->size_bytes);
	at = put_number_if(at, fields, FIELD_LOST, entry->lost);
	at = put_number_if(at, fields, FIELD_UID, entry->uid);
	at = put_number_if(at, fields, FIELD_REFERS, entry->refers);
	at = put_text(put_text(at, entry->id), entry->detail);
	at = put_text(put_text(at, entry->from), entry->to);
	at = put_text(put_text(put_text(at, entry->lang), entry->children), entry->body);
	if (entry->has_hash) {
		memcpy(at, entry->hash, AUDIT_HASH_BYTES);
		at += AUDIT_HASH_BYTES;
	}
	return at;
}

static size_t room_for(const struct audit_entry *entry)
{
	return RECORD_FIXED_BYTES + entry->id.len + entry->from.len + entry->to.len + entry->lang.len + entry->detail.len +
	       entry->children.len + entry->body.len;
}

/* Puts the record behind its length, which is known afterwards: one of more than a byte moves it. */
static int add_bytes(struct block_writer *writer, const struct audit_entry *entry, uint32_t words, struct packed *ret)
{
	const size_t at = buf_len(&writer->bytes);
	uint8_t length[VARINT_BYTES_MAX], *start, *end;
	size_t len, length_len;
	uint32_t sum;
	int err;

	if ((err = buf_reserve(&writer->bytes, room_for(entry))) < 0)
		return err;
	start = (uint8_t *)buf_space(&writer->bytes);
	len = (size_t)(put_record(start + 1, writer, entry, words) - (start + 1));
	length_len = (size_t)(varint_put(length, len) - length);
	if (length_len > 1)
		memmove(start + length_len, start + 1, len);
	memcpy(start, length, length_len);
	sum = record_sum(writer->first + writer->count, str_make((const char *)start + length_len, len));
	end = start + length_len + len;
	for (int i = 0; i < RECORD_SUM_BYTES; i++)
		*end++ = (uint8_t)(sum >> (8 * i));
	buf_grew(&writer->bytes, (size_t)(end - start));
	*ret = (struct packed){.at = at, .len = (uint32_t)(end - start)};
	return 0;
}

static bool fits(const struct block_writer *writer, const struct audit_entry *entry)
{
	const int64_t first = entry->wall_ms < writer->first_ms ? entry->wall_ms : writer->first_ms,
		      last = entry->wall_ms > writer->last_ms ? entry->wall_ms : writer->last_ms;

	return writer->count < BLOCK_RECORDS_MAX && buf_len(&writer->bytes) < BLOCK_DATA_BYTES && last - first <= BLOCK_SPAN_MS &&
	       buf_len(&writer->texts) < BLOCK_DATA_BYTES;
}

int block_writer_add(struct block_writer *writer, const struct audit_entry *entry)
{
	struct packed packed;
	uint32_t pair, words;
	int err;

	if (writer->count == 0) {
		writer->base_seq = entry->seq;
		writer->base_ms = writer->first_ms = writer->last_ms = entry->wall_ms;
	} else if (!fits(writer, entry)) {
		return TRUNK_ELIMIT;
	}
	if ((err = pair_index(writer, entry, &pair)) < 0 || (err = words_index(writer, entry, &words)) < 0 ||
	    (err = add_bytes(writer, entry, words, &packed)) < 0)
		return err;
	packed.pair = pair;
	writer->pairs[packed.pair].count++;
	writer->pairs[packed.pair].len += packed.len;
	writer->records[writer->count++] = packed;
	if (entry->wall_ms < writer->first_ms)
		writer->first_ms = entry->wall_ms;
	if (entry->wall_ms > writer->last_ms)
		writer->last_ms = entry->wall_ms;
	writer->marks |= BLOCK_HAS_CLASS(entry->class) | BLOCK_HAS_DECISION(entry->decision);
	return 0;
}

/* ---- the whole ---- */

static uint8_t *put_words(uint8_t *at, const struct packed_words *words)
{
	memcpy(at, words->enums, WORDS_ENUM_BYTES);
	at = varint_put(at + WORDS_ENUM_BYTES, words->line);
	for (int i = 0; i < WORDS_TEXTS; i++)
		at = varint_put(at, words->texts[i]);
	return at;
}

static int pack_head(struct block_writer *writer)
{
	struct buf *head = &writer->head;
	uint8_t *at;
	int err;

	buf_clear(head);
	if ((err = buf_reserve(head, 64 + buf_len(&writer->texts) + writer->words_count * (size_t)WORDS_BYTES_MAX +
					     writer->pair_count * 4 * (size_t)VARINT_BYTES_MAX)) < 0)
		return err;
	at = (uint8_t *)buf_space(head);
	*at++ = BLOCK_VERSION;
	at = varint_put(varint_put(at, writer->count), varint_of_signed(writer->base_ms));
	at = varint_put(varint_put(at, writer->base_seq), writer->marks);
	at = varint_put(at, writer->text_count);
	memcpy(at, writer->texts.at + writer->texts.start, buf_len(&writer->texts));
	at += buf_len(&writer->texts);
	at = varint_put(at, writer->words_count);
	for (unsigned i = 0; i < writer->words_count; i++)
		at = put_words(at, &writer->words[i]);
	at = varint_put(at, writer->pair_count);
	for (unsigned i = 0; i < writer->pair_count; i++) {
		const struct packed_pair *pair = &writer->pairs[i];

		at = varint_put(varint_put(at, pair->sender), pair->target);
		at = varint_put(varint_put(at, pair->count), pair->len);
	}
	buf_grew(head, (size_t)(at - (uint8_t *)buf_space(head)));
	return 0;
}

static int pack_data(struct block_writer *writer)
{
	size_t at = 0;
	int err;

	buf_clear(&writer->data);
	if (writer->pair_count == 1)
		return 0;               /* they lie as they shall already */
	if ((err = buf_reserve(&writer->data, buf_len(&writer->bytes))) < 0)
		return err;
	for (unsigned i = 0; i < writer->pair_count; i++) {
		writer->pairs[i].at = at;
		at += writer->pairs[i].len;
	}
	for (unsigned i = 0; i < writer->count; i++) {
		struct packed_pair *pair = &writer->pairs[writer->records[i].pair];

		memcpy(buf_space(&writer->data) + pair->at, writer->bytes.at + writer->bytes.start + writer->records[i].at, writer->records[i].len);
		pair->at += writer->records[i].len;
	}
	buf_grew(&writer->data, buf_len(&writer->bytes));
	return 0;
}

int block_writer_pack(struct block_writer *writer, struct block_numbers *ret_numbers, struct str *ret_head, struct str *ret_data)
{
	int err;

	if ((err = pack_data(writer)) < 0 || (err = pack_head(writer)) < 0)
		return err;
	*ret_numbers = (struct block_numbers){
		.id = writer->id, .first = writer->first, .count = writer->count, .first_ms = writer->first_ms, .last_ms = writer->last_ms,
		.marks = writer->marks,
	};
	*ret_head = buf_str(&writer->head);
	*ret_data = buf_str(writer->pair_count == 1 ? &writer->bytes : &writer->data);
	return 0;
}
