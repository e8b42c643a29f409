/* SPDX-License-Identifier: Apache-2.0
 * Records on their way to the store's thread: what many share is said once, the rest is copied as it is. */
#include "audit/raw_internal.h"

enum { RAW_ALIGN = 8, RAW_NUMBERS = 3, RAW_TEXTS = 7, RAW_PAIR_TEXTS = 2, RAW_WORDS_TEXTS = 4 };

enum raw_what { RAW_RECORD = 1, RAW_PAIR, RAW_WORDS };

/* A record; behind it its id, and where `has_more` is set a struct raw_tail with its texts. */
struct raw {
	uint32_t bytes;                 /* with all that belongs to it, and what aligns the next one */
	uint16_t id_len;                /* plus one; 0: absent */
	uint8_t what, has_more;
	uint16_t pair, words;           /* slots */
	uint32_t size_bytes;
	uint64_t seq;
	int64_t wall_ms;
};

struct raw_tail {
	uint64_t numbers[RAW_NUMBERS];
	uint64_t len[RAW_TEXTS];        /* plus one; 0: absent */
};

/* What a slot means from here on; behind it its texts. */
struct raw_definition {
	uint32_t bytes;
	uint16_t slot;
	uint8_t what, unused;
	struct raw_kind kind;
	uint32_t line;
	uint16_t len[RAW_WORDS_TEXTS];  /* plus one; 0: absent */
	uint32_t unused_too;
};

_Static_assert(sizeof(struct raw) % RAW_ALIGN == 0 && sizeof(struct raw_tail) % RAW_ALIGN == 0 && sizeof(struct raw_definition) % RAW_ALIGN == 0,
	       "each begins aligned where the one before ends so");

static size_t aligned(size_t bytes)
{
	return (bytes + RAW_ALIGN - 1) & ~(size_t)(RAW_ALIGN - 1);
}

void raw_writer_reset(struct raw_writer *writer)
{
	memset(writer, 0, sizeof(*writer));
}

static void tail_of(const struct raw_more *more, uint64_t ret_numbers[static RAW_NUMBERS], struct str ret_texts[static RAW_TEXTS])
{
	const struct str texts[RAW_TEXTS] = {more->from, more->to, more->lang, more->detail, more->children, more->body, more->hashed};

	ret_numbers[0] = more->refers;
	ret_numbers[1] = more->lost;
	ret_numbers[2] = more->uid;
	memcpy(ret_texts, texts, sizeof(texts));
}

static size_t tail_size(const struct raw_more *more)
{
	return !more ? 0 :
		       sizeof(struct raw_tail) + more->from.len + more->to.len + more->lang.len + more->detail.len + more->children.len +
			       more->body.len + more->hashed.len;
}

static size_t record_size(const struct raw_facts *facts, const struct raw_more *more)
{
	return aligned(sizeof(struct raw) + aligned(facts->id.len) + tail_size(more));
}

size_t raw_size(const struct domain_pair *pair, const struct raw_words *words, const struct raw_facts *facts, const struct raw_more *more)
{
	return 2 * (sizeof(struct raw_definition) + RAW_ALIGN) + pair->sender.len + pair->target.len + words->type.len + words->rule.len +
	       words->label.len + words->monitor.len + record_size(facts, more);
}

/* ---- what is said once ---- */

static uint16_t len_plus_one(struct str s)
{
	return s.at ? (uint16_t)(s.len + 1) : 0;
}

static bool texts_are(const struct raw_definition *said, const struct str *texts, int count)
{
	const char *at = (const char *)(said + 1);

	for (int i = 0; i < count; i++)
		if (said->len[i] != len_plus_one(texts[i]))
			return false;
	for (int i = 0; i < count; i++) {
		if (texts[i].len && memcmp(at, texts[i].at, texts[i].len) != 0)
			return false;
		at += texts[i].len;
	}
	return true;
}

/* Where `at` (see struct raw_writer) says what `want` and `texts` are. */
static bool is_said(const struct buf *out, uint32_t at, const struct raw_definition *want, const struct str *texts, int count)
{
	const struct raw_definition *said = at ? (const struct raw_definition *)(const void *)(out->at + out->start + at - 1) : NULL;

	return said && memcmp(&said->kind, &want->kind, sizeof(want->kind)) == 0 && said->line == want->line && texts_are(said, texts, count);
}

static void say(struct buf *out, uint32_t *at, const struct raw_definition *want, const struct str *texts, int count)
{
	struct raw_definition *said = (struct raw_definition *)(void *)buf_space(out);
	char *text = (char *)(said + 1);

	*said = *want;
	for (int i = 0; i < count; i++) {
		said->len[i] = len_plus_one(texts[i]);
		if (texts[i].len)
			memcpy(text, texts[i].at, texts[i].len);
		text += texts[i].len;
	}
	said->bytes = (uint32_t)aligned((size_t)(text - (char *)said));
	*at = (uint32_t)buf_len(out) + 1;
	buf_grew(out, said->bytes);
}

static uint32_t mixed(uint64_t n)
{
	return (uint32_t)((n * 0x9e3779b97f4a7c15u) >> 32);
}

/* By where its names are: mostly a lane's, which stay there as long as it lives. What another pair says there later is compared. */
static uint16_t say_pair(struct raw_writer *writer, struct buf *out, const struct domain_pair *pair)
{
	const struct str texts[RAW_PAIR_TEXTS] = {pair->sender, pair->target};
	const uint16_t slot = mixed((uintptr_t)pair->sender.at ^ (uint64_t)(uintptr_t)pair->target.at << 1) % RAW_PAIR_SLOTS;
	const struct raw_definition want = {.what = RAW_PAIR, .slot = slot};

	if (!is_said(out, writer->pair_at[slot], &want, texts, RAW_PAIR_TEXTS))
		say(out, &writer->pair_at[slot], &want, texts, RAW_PAIR_TEXTS);
	return slot;
}

static uint16_t say_words(struct raw_writer *writer, struct buf *out, const struct raw_words *words)
{
	const struct str texts[RAW_WORDS_TEXTS] = {words->type, words->rule, words->label, words->monitor};
	struct raw_definition want = {.what = RAW_WORDS, .kind = words->kind, .line = words->line};
	uint64_t key;

	memcpy(&key, &want.kind, sizeof(key));
	key ^= (uint64_t)words->type.len << 57 ^ (words->type.len ? (uint64_t)(uint8_t)words->type.at[0] << 40 : 0) ^ (uint64_t)words->line << 20 ^
	       (uint64_t)words->label.len << 33 ^ (uintptr_t)words->rule.at;
	want.slot = mixed(key) % RAW_WORDS_SLOTS;
	if (!is_said(out, writer->words_at[want.slot], &want, texts, RAW_WORDS_TEXTS))
		say(out, &writer->words_at[want.slot], &want, texts, RAW_WORDS_TEXTS);
	return want.slot;
}

/* ---- a record ---- */

static void add_tail(char *at, const struct raw_more *more)
{
	struct raw_tail *tail = (struct raw_tail *)(void *)at;
	struct str texts[RAW_TEXTS];

	tail_of(more, tail->numbers, texts);
	at = (char *)(tail + 1);
	for (int i = 0; i < RAW_TEXTS; i++) {
		tail->len[i] = texts[i].at ? texts[i].len + 1 : 0;
		if (texts[i].len)
			memcpy(at, texts[i].at, texts[i].len);
		at += texts[i].len;
	}
}

int raw_add(struct raw_writer *writer, struct buf *out, const struct domain_pair *pair, const struct raw_words *words,
	    const struct raw_facts *facts, const struct raw_more *more)
{
	uint16_t pair_slot, words_slot;
	struct raw *raw;
	int err;

	if ((err = buf_reserve(out, raw_size(pair, words, facts, more))) < 0)
		return err;
	pair_slot = say_pair(writer, out, pair);
	words_slot = say_words(writer, out, words);
	raw = (struct raw *)(void *)buf_space(out);
	*raw = (struct raw){
		.bytes = (uint32_t)record_size(facts, more), .id_len = len_plus_one(facts->id), .what = RAW_RECORD, .has_more = more != NULL,
		.pair = pair_slot, .words = words_slot, .seq = facts->seq, .wall_ms = facts->wall_ms,
		.size_bytes = facts->size_bytes < UINT32_MAX ? (uint32_t)facts->size_bytes : UINT32_MAX,
	};
	if (facts->id.len)
		memcpy(raw + 1, facts->id.at, facts->id.len);
	if (more)
		add_tail((char *)(raw + 1) + aligned(facts->id.len), more);
	buf_grew(out, raw->bytes);
	return 0;
}

/* ---- reading ---- */

static void take_tail(const char *at, struct audit_entry *entry, struct str *ret_hashed)
{
	const struct raw_tail *tail = (const struct raw_tail *)(const void *)at;
	struct str *const texts[RAW_TEXTS] = {&entry->from, &entry->to, &entry->lang, &entry->detail, &entry->children, &entry->body, ret_hashed};

	entry->refers = tail->numbers[0];
	entry->lost = tail->numbers[1];
	entry->uid = (unsigned)tail->numbers[2];
	at = (const char *)(tail + 1);
	for (int i = 0; i < RAW_TEXTS; i++) {
		*texts[i] = tail->len[i] ? str_make(at, (size_t)tail->len[i] - 1) : STR_NONE;
		at += texts[i]->len;
	}
}

static void take_texts(const struct raw_definition *said, struct str *const *texts, int count)
{
	const char *at = (const char *)(said + 1);

	for (int i = 0; i < count; i++) {
		*texts[i] = said->len[i] ? str_make(at, said->len[i] - 1u) : STR_NONE;
		at += texts[i]->len;
	}
}

static void take_words(const struct raw_definition *said, struct audit_entry *entry)
{
	struct str *const texts[RAW_WORDS_TEXTS] = {&entry->type, &entry->rule, &entry->label, &entry->monitor};

	entry->class = said->kind.class;
	entry->kind = said->kind.stanza;
	entry->decision = said->kind.decision;
	entry->monitor_decision = said->kind.monitor_decision;
	entry->condition = said->kind.condition;
	entry->proof_in = said->kind.proof_in;
	entry->proof_out = said->kind.proof_out;
	entry->level = said->kind.level;
	entry->line = said->line;
	take_texts(said, texts, RAW_WORDS_TEXTS);
}

/* What few have: back to what it is in all others. */
static void forget_more(struct audit_entry *entry)
{
	entry->refers = entry->lost = entry->uid = 0;
	entry->from = entry->to = entry->lang = entry->detail = entry->children = entry->body = STR_NONE;
	entry->has_hash = false;
}

static void take_record(struct raw_reader *reader, const struct raw *raw, struct str *ret_hashed)
{
	const struct raw_said *pair = &reader->pairs[raw->pair], *words = &reader->words[raw->words];
	struct audit_entry *entry = &reader->entry;
	struct str *const names[RAW_PAIR_TEXTS] = {&entry->sender, &entry->target};

	if (entry->pair_memo.stamp != pair->stamp)
		take_texts(pair->at, names, RAW_PAIR_TEXTS);
	if (entry->words_memo.stamp != words->stamp)
		take_words(words->at, entry);
	entry->pair_memo = (struct audit_memo){raw->pair, pair->stamp};
	entry->words_memo = (struct audit_memo){raw->words, words->stamp};
	entry->seq = raw->seq;
	entry->wall_ms = raw->wall_ms;
	entry->size_bytes = raw->size_bytes;
	entry->id = raw->id_len ? str_make((const char *)(raw + 1), raw->id_len - 1u) : STR_NONE;
	*ret_hashed = STR_NONE;
	if (reader->had_more)
		forget_more(entry);
	if ((reader->had_more = raw->has_more))
		take_tail((const char *)(raw + 1) + aligned(entry->id.len), entry, ret_hashed);
}

struct audit_entry *raw_take(struct raw_reader *reader, struct str *rest, struct str *ret_hashed)
{
	while (rest->len > 0) {
		const struct raw_definition *next = (const struct raw_definition *)(const void *)rest->at;
		const struct raw *raw = (const struct raw *)(const void *)rest->at;

		*rest = str_make(rest->at + raw->bytes, rest->len - raw->bytes);
		if (raw->what == RAW_RECORD) {
			take_record(reader, raw, ret_hashed);
			return &reader->entry;
		}
		(next->what == RAW_PAIR ? reader->pairs : reader->words)[next->slot] = (struct raw_said){next, ++reader->stamp};
	}
	return NULL;
}
