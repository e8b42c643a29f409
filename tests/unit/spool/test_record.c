/* SPDX-License-Identifier: Apache-2.0
 * Records as they stand on disk: what is believed of them when they are read back. */
#include "fixture.h"

static const struct record STANZA = {
	.type = RECORD_STANZA, .proof_in = PROOF_EXTERNAL, .id = 7, .wall_ms = 1234,
	.pair = {.sender = TEXT("a.example"), .target = TEXT("b.example")}, .body = TEXT("<message/>"),
};

static struct str sealed(char *at, uint32_t salt)
{
	const size_t len = record_len(&STANZA);

	batch_head_write(salt, 0, 0, at);       /* the tables of the checksum */
	record_write(&STANZA, at);
	records_seal(salt, at, len);
	return str_make(at, len);
}

static void comes_back_as_it_was(void **state)
{
	char at[256];
	struct record record;

	(void)state;
	assert_int_equal(record_read(5, sealed(at, 5), &record), 0);
	assert_int_equal(record.id, 7);
	assert_int_equal(record.wall_ms, 1234);
	assert_int_equal(record.proof_in, PROOF_EXTERNAL);
	assert_true(str_is(record.pair.sender, "a.example") && str_is(record.pair.target, "b.example"));
	assert_true(str_is(record.body, "<message/>"));
	assert_int_equal(record.len, record_len(&STANZA));
}

static void any_changed_bit_shows(void **state)
{
	char at[256];
	struct str in = sealed(at, 5);
	struct record record;

	(void)state;
	for (size_t bit = 0; bit < in.len * 8; bit++) {
		at[bit / 8] ^= (char)(1 << bit % 8);
		assert_int_equal(record_read(5, in, &record), TRUNK_EINVAL);
		at[bit / 8] ^= (char)(1 << bit % 8);
	}
}

static void cut_anywhere_is_none(void **state)
{
	char at[256];
	const struct str in = sealed(at, 5);
	struct record record;

	(void)state;
	for (size_t len = 0; len < in.len; len++)
		assert_int_equal(record_read(5, str_until(in, len), &record), TRUNK_EINVAL);
}

/* A stanza's content cannot pass for a record: whoever wrote it does not know the file's salt. */
static void with_another_salt_is_none(void **state)
{
	char at[256];
	const struct str in = sealed(at, 6);
	struct record record;
	uint32_t len;

	(void)state;
	assert_int_equal(record_read(5, in, &record), TRUNK_EINVAL);
	batch_head_write(6, 3, 100, at);
	assert_int_equal(batch_head_read(6, str_make(at, BATCH_HEAD_BYTES), 3, &len), 0);
	assert_int_equal(len, 100);
	assert_int_equal(batch_head_read(5, str_make(at, BATCH_HEAD_BYTES), 3, &len), TRUNK_EINVAL);
	assert_int_equal(batch_head_read(6, str_make(at, BATCH_HEAD_BYTES), 4, &len), TRUNK_EINVAL);
}

static void names_of_files_are_read_back(void **state)
{
	char name[SEGMENT_NAME_SIZE];
	uint64_t number;
	bool is_damaged;

	(void)state;
	segment_name(0xabc, "", name);
	assert_string_equal(name, "0000000000000abc.spool");
	assert_int_equal(segment_number(name, &number, &is_damaged), 0);
	assert_true(number == 0xabc && !is_damaged);
	assert_int_equal(segment_number("0000000000000abc.spool.damaged", &number, &is_damaged), 0);
	assert_true(is_damaged);
	assert_int_equal(segment_number("abc.spool", &number, &is_damaged), TRUNK_EINVAL);
	assert_int_equal(segment_number("lock", &number, &is_damaged), TRUNK_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_as_it_was),     cmocka_unit_test(any_changed_bit_shows),  cmocka_unit_test(cut_anywhere_is_none),
		cmocka_unit_test(with_another_salt_is_none), cmocka_unit_test(names_of_files_are_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
