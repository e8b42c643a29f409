/* SPDX-License-Identifier: Apache-2.0
 * Rows as they are read: nothing in them is believed. */
#include "audit/db_internal.h"

#include <stdlib.h>

static int get_hash(sqlite3_stmt *row, int column, uint8_t ret_hash[static AUDIT_HASH_BYTES])
{
	if (sqlite3_column_type(row, column) != SQLITE_BLOB || sqlite3_column_bytes(row, column) != AUDIT_HASH_BYTES)
		return TRUNK_EINVAL;
	memcpy(ret_hash, sqlite3_column_blob(row, column), AUDIT_HASH_BYTES);
	return 0;
}

int db_get_anchor(struct db *db, struct db_anchor *ret_anchor)
{
	sqlite3_stmt *row = db->anchor;
	const int code = sqlite3_step(row);
	int err = code == SQLITE_DONE ? TRUNK_EINVAL : db_code(code);

	if (err == 0) {
		*ret_anchor = (struct db_anchor){.id = (uint64_t)sqlite3_column_int64(row, 0), .next = (uint64_t)sqlite3_column_int64(row, 1),
						 .last_ms = sqlite3_column_int64(row, 3)};
		err = get_hash(row, 2, ret_anchor->hash);
	}
	sqlite3_reset(row);
	return err;
}

/* The columns of "get" and "last". `head` is borrowed until the statement is reset. */
static int read_row(sqlite3_stmt *row, struct db_block *block, struct str *ret_head, size_t *ret_data_len)
{
	const int64_t len = sqlite3_column_int64(row, 8);
	int err;

	block->numbers = (struct block_numbers){
		.id = (uint64_t)sqlite3_column_int64(row, 0), .first = (uint64_t)sqlite3_column_int64(row, 1),
		.count = (uint64_t)sqlite3_column_int64(row, 2), .first_ms = sqlite3_column_int64(row, 3), .last_ms = sqlite3_column_int64(row, 4), .marks = (uint32_t)sqlite3_column_int64(row, 9),
	};
	if ((err = get_hash(row, 5, block->before)) < 0 || (err = get_hash(row, 6, block->hash)) < 0)
		return err;
	if (sqlite3_column_type(row, 7) != SQLITE_BLOB || len < 0 || len > BLOCK_BYTES_MAX || sqlite3_column_bytes(row, 7) > BLOCK_BYTES_MAX)
		return TRUNK_EINVAL;
	*ret_head = str_make(sqlite3_column_blob(row, 7), (size_t)sqlite3_column_bytes(row, 7));
	*ret_data_len = (size_t)len;
	return 0;
}

static int step_row(sqlite3_stmt *row, struct db_block *ret_block, struct str *ret_head, size_t *ret_data_len)
{
	const int code = sqlite3_step(row);

	if (code == SQLITE_DONE)
		return TRUNK_ENOENT;
	return code == SQLITE_ROW ? read_row(row, ret_block, ret_head, ret_data_len) : db_code(code);
}

int db_last(struct db *db, struct db_block *ret_block)
{
	struct str head;
	size_t len;
	const int err = step_row(db->last, ret_block, &head, &len);

	sqlite3_reset(db->last);
	return err;
}

int db_get(struct db *db, uint64_t id, struct db_block *ret_block, struct str *ret_head, size_t *ret_data_len)
{
	sqlite3_reset(db->get);
	if (id > INT64_MAX)
		return TRUNK_ENOENT;
	sqlite3_bind_int64(db->get, 1, (int64_t)id);
	return step_row(db->get, ret_block, ret_head, ret_data_len);
}

int db_next(struct db *db, uint64_t id, uint64_t *ret_id)
{
	int code;

	sqlite3_reset(db->get);         /* so that what others wrote meanwhile is seen */
	if (id > INT64_MAX)
		return TRUNK_ENOENT;
	sqlite3_bind_int64(db->next, 1, (int64_t)id);
	if ((code = sqlite3_step(db->next)) == SQLITE_ROW)
		*ret_id = (uint64_t)sqlite3_column_int64(db->next, 0);
	sqlite3_reset(db->next);
	return code == SQLITE_DONE ? TRUNK_ENOENT : db_code(code);
}

int db_read_data(struct db *db, uint64_t id, size_t at, size_t len, struct buf *out)
{
	int code = SQLITE_OK, err;

	if ((err = buf_reserve(out, len + 1)) < 0)
		return err;
	if (!db->blob || (code = sqlite3_blob_reopen(db->blob, (int64_t)id)) != SQLITE_OK) {
		sqlite3_blob_close(db->blob);
		db->blob = NULL;
		code = sqlite3_blob_open(db->sqlite, "main", "block", "data", (int64_t)id, 0, &db->blob);
	}
	if (code == SQLITE_OK)
		code = sqlite3_blob_read(db->blob, buf_space(out), (int)len, (int)at);
	if (code == SQLITE_OK)
		buf_grew(out, len);
	return code == SQLITE_ERROR ? TRUNK_ENOENT : db_code(code);
}

void db_rest(struct db *db)
{
	sqlite3_reset(db->get);
	sqlite3_blob_close(db->blob);
	db->blob = NULL;
}

/* ---- by time ---- */

static int compare_ids(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int collect_ids(struct db *db, struct buf *ids)
{
	int code, err;

	while ((code = sqlite3_step(db->find)) == SQLITE_ROW) {
		const uint64_t id = (uint64_t)sqlite3_column_int64(db->find, 0);

		if ((err = buf_add(ids, str_make((const char *)&id, sizeof(id)))) < 0)
			return err;
	}
	return db_code(code);
}

int db_find(struct db *db, int64_t since_ms, int64_t until_ms, uint32_t marks, uint64_t **ret_ids, size_t *ret_count)
{
	struct buf ids = {0};
	int err;

	sqlite3_bind_int64(db->find, 1, since_ms);
	sqlite3_bind_int64(db->find, 2, until_ms > INT64_MAX - BLOCK_SPAN_MS ? INT64_MAX : until_ms + BLOCK_SPAN_MS);
	sqlite3_bind_int64(db->find, 3, until_ms);
	sqlite3_bind_int64(db->find, 4, marks);
	err = collect_ids(db, &ids);
	sqlite3_reset(db->find);
	if (err < 0) {
		buf_fini(&ids);
		return err;
	}
	*ret_count = buf_len(&ids) / sizeof(uint64_t);
	*ret_ids = (uint64_t *)(void *)ids.at;  /* never dropped from its beginning */
	if (*ret_count > 1)
		qsort(*ret_ids, *ret_count, sizeof(uint64_t), compare_ids);
	return 0;
}
