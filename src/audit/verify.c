/* SPDX-License-Identifier: Apache-2.0
 * The whole chain, from its beginning to the seal. */
#include "audit/block_internal.h"
#include "audit/read_internal.h"
#include "audit/seal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

struct check {
	struct audit_reader *reader;
	struct audit_verdict_of_chain *ret;
	struct db_anchor anchor;
	struct block_numbers expected;  /* id and first of the next block */
	uint8_t before[AUDIT_HASH_BYTES];       /* of the last block that fitted */
	struct seal seal;
	int seal_err;
	bool is_sealed;                 /* the block that the seal names was found, and fits */
	bool is_retained;               /* a record says why the chain begins where it does */
	char retained[256];
};

static int bad(struct check *check, uint64_t record, uint64_t block, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Remembers the first thing that does not fit; the search for more ends. */
static int bad(struct check *check, uint64_t record, uint64_t block, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(check->ret->text, sizeof(check->ret->text), format, args);
	va_end(args);
	check->ret->bad_record = record;
	check->ret->bad_block = block;
	return TRUNK_EINVAL;
}

/* ---- one block ---- */

static int check_records(struct check *check, const struct block_view *view, const struct db_block *block, uint64_t *ret_first_bad)
{
	const struct buf *data = &check->reader->data;
	uint64_t records = 0;
	uint8_t *seen = arena_alloc(&check->reader->arena, BLOCK_RECORDS_MAX);

	*ret_first_bad = UINT64_MAX;
	if (!seen)
		return TRUNK_ENOMEM;
	for (unsigned i = 0; i < view->pair_count; i++) {
		struct str rest = str_make(data->at + data->start + view->pairs[i].at, view->pairs[i].len);
		struct audit_entry entry = {0};
		int err;

		while ((err = block_read_record(view, &view->pairs[i], block->numbers.first, &rest, &entry)) == 0 || err == TRUNK_ECRYPTO) {
			const uint64_t index = entry.number - block->numbers.first;

			if ((err == TRUNK_ECRYPTO || seen[index] || entry.wall_ms < block->numbers.first_ms || entry.wall_ms > block->numbers.last_ms) &&
			    entry.number < *ret_first_bad)
				*ret_first_bad = entry.number;
			seen[index] = 1;
			records++;
			if (entry.class == AUDIT_STORE && str_is(entry.type, "retained") && str_is(entry.detail, check->retained))
				check->is_retained = true;
		}
		if (err != TRUNK_ENOENT)
			break;
	}
	if (records == view->count)
		return 0;
	/* The first that is not among those that could be read. */
	for (uint64_t i = 0; i < view->count; i++)
		if (!seen[i] && block->numbers.first + i < *ret_first_bad)
			*ret_first_bad = block->numbers.first + i;
	return 0;
}

/* Its hash does not fit: which of its records was it? */
static int name_bad(struct check *check, const struct block_view *view, const struct db_block *block)
{
	const uint64_t first = block->numbers.first, last = first + block->numbers.count - 1;
	uint64_t record = UINT64_MAX;
	const int err = check_records(check, view, block, &record);

	if (err < 0)
		return err;
	if (record != UINT64_MAX)
		return bad(check, record, block->numbers.id, "record %" PRIu64 " (block %" PRIu64 ") is not what was written", record, block->numbers.id);
	return bad(check, first, block->numbers.id,
		   "block %" PRIu64 " is not what was written: records %" PRIu64 " to %" PRIu64
		   ", or their times or names; each fits by itself, so somebody took care",
		   block->numbers.id, first, last);
}

static int check_place(struct check *check, uint64_t id, const struct db_block *block)
{
	const struct block_numbers *expected = &check->expected;

	if (id != expected->id)
		return bad(check, expected->first, expected->id, "record %" PRIu64 " and those behind it are gone: block %" PRIu64 " is missing",
			   expected->first, expected->id);
	if (block->numbers.first != expected->first || block->numbers.count == 0 || block->numbers.count > BLOCK_RECORDS_MAX ||
	    block->numbers.first_ms > block->numbers.last_ms)
		return bad(check, expected->first, id, "record %" PRIu64 " should begin block %" PRIu64 ", which says otherwise", expected->first, id);
	if (memcmp(block->before, check->before, sizeof(check->before)) != 0)
		return bad(check, expected->first, id, "record %" PRIu64 " (block %" PRIu64 ") does not follow on the one before it", expected->first, id);
	return 0;
}

static int check_content(struct check *check, const struct db_block *block, struct str head, size_t data_len)
{
	struct audit_reader *reader = check->reader;
	uint8_t hash[AUDIT_HASH_BYTES];
	struct block_view view;
	uint64_t record;
	int err;

	arena_clear(&reader->arena);
	buf_clear(&reader->data);
	if ((err = db_read_data(reader->db, block->numbers.id, 0, data_len, &reader->data)) < 0 ||
	    (err = block_hash(check->before, &block->numbers, head, buf_str(&reader->data), hash)) < 0)
		return err;
	if ((err = block_read_head(&reader->arena, head, data_len, &view)) == TRUNK_ENOMEM)
		return err;
	if (err < 0 || view.count != block->numbers.count || view.marks != block->numbers.marks)
		return bad(check, block->numbers.first, block->numbers.id, "record %" PRIu64 " and those behind it in block %" PRIu64 " cannot be read",
			   block->numbers.first, block->numbers.id);
	if (memcmp(hash, block->hash, sizeof(hash)) != 0)
		return name_bad(check, &view, block);
	if ((err = check_records(check, &view, block, &record)) < 0)
		return err;
	return record == UINT64_MAX ? 0 : bad(check, record, block->numbers.id, "record %" PRIu64 " (block %" PRIu64 ") cannot be", record, block->numbers.id);
}

static int check_sealed(struct check *check, const struct db_block *block)
{
	if (check->seal_err < 0 || check->seal.block != block->numbers.id)
		return 0;
	if (memcmp(check->seal.hash, block->hash, sizeof(block->hash)) != 0)
		return bad(check, block->numbers.first, block->numbers.id, "record %" PRIu64 " (block %" PRIu64 ") is not the one that was sealed",
			   block->numbers.first, block->numbers.id);
	check->is_sealed = true;
	return 0;
}

static int check_block(struct check *check, uint64_t id)
{
	struct db_block block;
	struct str head;
	size_t data_len;
	int err;

	if ((err = db_get(check->reader->db, id, &block, &head, &data_len)) == TRUNK_EINVAL)
		return bad(check, check->expected.first, id, "record %" PRIu64 " and those behind it in block %" PRIu64 " cannot be read", check->expected.first, id);
	if (err < 0 || (err = check_place(check, id, &block)) < 0)
		return err;
	if ((err = check_content(check, &block, head, data_len)) == TRUNK_ENOENT)       /* less is there than its own length says */
		return bad(check, block.numbers.first, id, "record %" PRIu64 " and those behind it in block %" PRIu64 " cannot be read",
			   block.numbers.first, id);
	if (err < 0 || (err = check_sealed(check, &block)) < 0)
		return err;
	memcpy(check->before, block.hash, sizeof(block.hash));
	check->expected = (struct block_numbers){.id = id + 1, .first = block.numbers.first + block.numbers.count};
	check->ret->blocks++;
	check->ret->records += block.numbers.count;
	return 0;
}

/* ---- both ends ---- */

static int check_end(struct check *check)
{
	const struct seal *seal = &check->seal;

	if (check->seal_err < 0)
		return bad(check, 0, 0, "%s", check->seal_err == TRUNK_ENOENT ? "the seal of the head is missing, so what is gone at the end would not show"
								     : "the seal of the head cannot be read");
	if (seal->block >= check->expected.id)
		return bad(check, check->expected.first, check->expected.id,
			   "record %" PRIu64 " and those behind it are gone: block %" PRIu64 " with record %" PRIu64 " was sealed as the last", check->expected.first,
			   seal->block, seal->record);
	if (seal->is_stopped && seal->block + 1 < check->expected.id)
		return bad(check, seal->record + 1, seal->block + 1, "record %" PRIu64 " was written behind the end that was sealed at a clean stop", seal->record + 1);
	if (!check->is_sealed && seal->block > check->anchor.id)
		return bad(check, 0, 0, "the seal names block %" PRIu64 ", which is not there", seal->block);
	return 0;
}

static int check_beginning(struct check *check)
{
	if (check->anchor.id == 0 || check->is_retained)
		return 0;
	return bad(check, check->anchor.next, check->anchor.id + 1,
		   "the records before %" PRIu64 " are gone, and no record says that they were kept as long as retention says", check->anchor.next);
}

static int check_all(struct check *check)
{
	struct db *db = check->reader->db;
	uint64_t id;
	int err;

	if ((err = db_get_anchor(db, &check->anchor)) < 0)
		return err == TRUNK_EINVAL ? bad(check, 0, 0, "the chain's beginning is not there") : err;
	audit_retained_text(&check->anchor, check->retained, sizeof(check->retained));
	check->expected = (struct block_numbers){.id = check->anchor.id + 1, .first = check->anchor.next};
	memcpy(check->before, check->anchor.hash, sizeof(check->before));
	check->ret->first = check->anchor.next;
	while ((err = db_next(db, check->ret->blocks == 0 ? 0 : check->expected.id, &id)) == 0) {
		err = check_block(check, id);
		db_rest(db);
		if (err < 0)
			return err;
	}
	if (err != TRUNK_ENOENT)
		return err;
	return (err = check_beginning(check)) < 0 ? err : check_end(check);
}

int audit_reader_verify(struct audit_reader *reader, const char *head_path, struct audit_verdict_of_chain *ret)
{
	struct check check = {.reader = reader, .ret = ret};
	int err;

	*ret = (struct audit_verdict_of_chain){0};
	check.seal_err = seal_read(head_path, &check.seal);     /* first: what is written meanwhile stands behind it */
	ret->sealed_ms = check.seal.wall_ms;
	err = check_all(&check);
	ret->is_whole = err == 0;
	if (err == TRUNK_EINVAL && !ret->text[0])
		bad(&check, check.expected.first, check.expected.id, "record %" PRIu64 " and those behind it cannot be read: %s", check.expected.first,
		    db_error(reader->db));
	return err == TRUNK_EINVAL ? 0 : err;
}
