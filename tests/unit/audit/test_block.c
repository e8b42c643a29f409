/* SPDX-License-Identifier: Apache-2.0
 * Records on their way through a buffer into a block and out of it: what is said once must be each record's own again. */
#include "audit/block_internal.h"
#include "audit/raw_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { RECORDS = 3000, PAIRS = 1500, FIRST = 77 };      /* more pairs than a buffer remembers */

static struct raw_writer said;
static struct raw_reader heard;

/* Names and words stand where those of other records stood before, as those of lanes that came and went do. */
static struct audit_entry nth(unsigned i, char sender[static 32], char type[static 32], char id[static 32])
{
	snprintf(sender, 32, "s%u.example.org", i % PAIRS);
	snprintf(type, 32, "type %u", i % 300);
	snprintf(id, 32, "m%u", i);
	return (struct audit_entry){
		.class = AUDIT_VERDICT, .seq = 1000 + i, .wall_ms = 5000 + i % 7, .kind = STANZA_MESSAGE, .decision = i % 3 ? DECISION_PASS : DECISION_REJECT,
		.condition = i % 3 ? 0 : COND_FORBIDDEN, .proof_in = PROOF_EXTERNAL, .proof_out = PROOF_DIALBACK, .level = AUDIT_BRIEF, .size_bytes = 200 + i,
		.line = i % 5, .sender = str_of(sender), .target = STR("mercury.example.net"), .type = str_of(type), .rule = i % 2 ? STR("mail out") : STR_NONE,
		.id = i % 11 ? str_of(id) : STR_NONE, .detail = i % 13 ? STR_NONE : STR("why"), .refers = i % 13 ? 0 : i,
	};
}

static void say(struct buf *buffer, const struct audit_entry *entry)
{
	const struct domain_pair pair = {entry->sender, entry->target};
	const struct raw_words words = {
		.kind = {.class = (uint8_t)entry->class, .stanza = (uint8_t)entry->kind, .decision = (uint8_t)entry->decision, .condition = (uint8_t)entry->condition,
			 .proof_in = (uint8_t)entry->proof_in, .proof_out = (uint8_t)entry->proof_out, .level = (uint8_t)entry->level},
		.line = entry->line, .type = entry->type, .rule = entry->rule, .label = entry->label, .monitor = entry->monitor,
	};
	const struct raw_facts facts = {.seq = entry->seq, .wall_ms = entry->wall_ms, .size_bytes = entry->size_bytes, .id = entry->id};
	const struct raw_more more = {.refers = entry->refers, .detail = entry->detail};

	assert_int_equal(raw_add(&said, buffer, &pair, &words, &facts, entry->detail.at ? &more : NULL), 0);
}

static void must_be(const struct audit_entry *entry, const struct audit_entry *wanted)
{
	assert_true(entry->class == wanted->class && entry->seq == wanted->seq && entry->wall_ms == wanted->wall_ms && entry->kind == wanted->kind);
	assert_true(entry->decision == wanted->decision && entry->condition == wanted->condition && entry->proof_in == wanted->proof_in);
	assert_true(entry->proof_out == wanted->proof_out && entry->level == wanted->level && entry->line == wanted->line);
	assert_true(entry->size_bytes == wanted->size_bytes && entry->refers == wanted->refers && !entry->has_hash);
	assert_true(str_eq(entry->sender, wanted->sender) && str_eq(entry->target, wanted->target) && str_eq(entry->type, wanted->type));
	assert_true(str_eq(entry->rule, wanted->rule) && !entry->rule.at == !wanted->rule.at);
	assert_true(str_eq(entry->id, wanted->id) && !entry->id.at == !wanted->id.at);
	assert_true(str_eq(entry->detail, wanted->detail) && !entry->detail.at == !wanted->detail.at);
}

static void must_be_nth(const struct audit_entry *entry, unsigned i)
{
	char sender[32], type[32], id[32];
	const struct audit_entry wanted = nth(i, sender, type, id);

	must_be(entry, &wanted);
}

static void say_all(struct buf *buffer)
{
	char sender[32], type[32], id[32];

	for (unsigned i = 0; i < RECORDS; i++) {
		const struct audit_entry entry = nth(i, sender, type, id);

		say(buffer, &entry);
	}
}

static void what_was_said_once_is_heard_with_each_record(void **state)
{
	struct buf buffer = {0};
	struct audit_entry *entry;
	struct str rest, hashed;

	(void)state;
	raw_writer_reset(&said);
	say_all(&buffer);
	for (int round = 0; round < 2; round++) {       /* a batch that could not be written is read again */
		unsigned count = 0;

		for (rest = buf_str(&buffer); (entry = raw_take(&heard, &rest, &hashed)); count++)
			must_be_nth(entry, count);
		assert_int_equal(count, RECORDS);
	}
	buf_fini(&buffer);
}

/* Buffers of several front-ends are put behind one another, each with slots of its own. */
static void a_buffer_stands_for_itself(void **state)
{
	struct buf first = {0}, second = {0};
	struct audit_entry a = {.class = AUDIT_VERDICT, .sender = STR("a.example"), .target = STR("t.example"), .type = STR("chat"), .seq = 1}, b = a;
	struct audit_entry *entry;
	struct str rest, hashed;

	(void)state;
	raw_writer_reset(&said);
	say(&first, &a);
	raw_writer_reset(&said);
	b.type = STR("normal");
	b.seq = 2;
	say(&second, &b);
	assert_int_equal(buf_add(&first, buf_str(&second)), 0);
	memset(second.at, 'x', second.cap);
	rest = buf_str(&first);
	assert_non_null(entry = raw_take(&heard, &rest, &hashed));
	must_be(entry, &a);
	assert_non_null(entry = raw_take(&heard, &rest, &hashed));
	must_be(entry, &b);
	assert_null(raw_take(&heard, &rest, &hashed));
	buf_fini(&first);
	buf_fini(&second);
}

static unsigned read_block(struct str head, struct str data, bool *ret_has_refused)
{
	struct arena arena = {0};
	struct block_view view;
	struct audit_entry entry;
	unsigned count = 0;
	int err;

	*ret_has_refused = false;
	assert_int_equal(block_read_head(&arena, head, data.len, &view), 0);
	for (unsigned i = 0; i < view.pair_count; i++) {
		struct str rest = str_make(data.at + view.pairs[i].at, view.pairs[i].len);

		while ((err = block_read_record(&view, &view.pairs[i], FIRST, &rest, &entry)) == 0) {
			must_be_nth(&entry, (unsigned)(entry.number - FIRST));
			count++;
		}
		if (err != TRUNK_ENOENT)
			*ret_has_refused = true;
	}
	arena_fini(&arena);
	return count;
}

static void write_block(struct block_writer *writer, const struct buf *buffer, struct str *ret_head, struct str *ret_data)
{
	struct str rest = buf_str(buffer), hashed;
	struct block_numbers numbers;
	struct audit_entry *entry;

	block_writer_begin(writer, 1, FIRST);
	while ((entry = raw_take(&heard, &rest, &hashed)))
		assert_int_equal(block_writer_add(writer, entry), 0);
	assert_int_equal(block_writer_pack(writer, &numbers, ret_head, ret_data), 0);
	assert_int_equal(numbers.count, RECORDS);
}

/* The second time the writer has forgotten what the first block had; and a byte that changes is found. */
static void a_block_gives_back_each_record(void **state)
{
	struct block_writer *writer = block_writer_new();
	struct buf buffer = {0};
	struct str head, data;
	bool has_refused;

	(void)state;
	raw_writer_reset(&said);
	say_all(&buffer);
	for (int round = 0; round < 2; round++) {
		write_block(writer, &buffer, &head, &data);
		assert_int_equal(read_block(head, data, &has_refused), RECORDS);
		assert_false(has_refused);
	}
	((char *)(uintptr_t)data.at)[data.len - 1] ^= 1;        /* of the last record's check sum */
	assert_int_equal(read_block(head, data, &has_refused), RECORDS - 1);
	assert_true(has_refused);
	block_writer_free(&writer);
	buf_fini(&buffer);
}

/* Records that name other words than the head has, and heads whose words name other texts, are refused. */
static void words_that_are_not_there_are_refused(void **state)
{
	static const char head_of_one[] = {BLOCK_VERSION, 1, 0, 0, 0, /* texts: */ 1, 1, 'a', /* words: */ 1, AUDIT_VERDICT, 1, 0, 0, 1, 0, 1, 0, 0, 0,
					   /* pairs: */ 1, 0, 0, 1, 10};
	static const char data_of_one[] = {5, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	struct arena arena = {0};
	struct audit_entry entry;
	struct block_view view;
	char head[sizeof(head_of_one)], data[sizeof(data_of_one)];
	struct str rest = str_make(data, sizeof(data));

	(void)state;
	memcpy(head, head_of_one, sizeof(head));
	memcpy(data, data_of_one, sizeof(data));
	assert_int_equal(block_read_head(&arena, str_make(head, sizeof(head)), sizeof(data), &view), 0);
	assert_int_equal(block_read_record(&view, view.pairs, 1, &rest, &entry), TRUNK_ECRYPTO);        /* but for its check sum it is one */
	assert_true(str_is(entry.type, "a"));
	data[2] = 1;
	rest = str_make(data, sizeof(data));
	assert_int_equal(block_read_record(&view, view.pairs, 1, &rest, &entry), TRUNK_EINVAL);
	head[15] = 2;
	assert_int_equal(block_read_head(&arena, str_make(head, sizeof(head)), sizeof(data), &view), TRUNK_EINVAL);
	head[15] = 1;
	head[9] = AUDIT_STORE + 1;
	assert_int_equal(block_read_head(&arena, str_make(head, sizeof(head)), sizeof(data), &view), TRUNK_EINVAL);
	head[9] = AUDIT_VERDICT;
	head[0] = BLOCK_VERSION - 1;
	assert_int_equal(block_read_head(&arena, str_make(head, sizeof(head)), sizeof(data), &view), TRUNK_EINVAL);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_said_once_is_heard_with_each_record),
		cmocka_unit_test(a_buffer_stands_for_itself),
		cmocka_unit_test(a_block_gives_back_each_record),
		cmocka_unit_test(words_that_are_not_there_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
