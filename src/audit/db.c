/* SPDX-License-Identifier: Apache-2.0
 * SQLite as a file of blocks: opened, written, shortened. Readers are in db_read.c. */
#include "audit/db_internal.h"

#include "tls/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	DB_APPLICATION_ID = 0x74726e6b,         /* "trnk" */
	DB_VERSION = 1,
	DB_BUSY_MS = 5000,              /* that a checkpoint waits for readers */
};

static const char TABLES[] =
	"CREATE TABLE block (id INTEGER PRIMARY KEY, first INTEGER NOT NULL, count INTEGER NOT NULL, first_ms INTEGER NOT NULL,"
	" last_ms INTEGER NOT NULL, marks INTEGER NOT NULL, before BLOB NOT NULL, hash BLOB NOT NULL, head BLOB NOT NULL, data BLOB NOT NULL);"
	"CREATE INDEX block_time ON block (last_ms, first_ms, marks);"
	"CREATE TABLE anchor (one INTEGER PRIMARY KEY CHECK (one = 1), id INTEGER NOT NULL, next INTEGER NOT NULL,"
	" hash BLOB NOT NULL, last_ms INTEGER NOT NULL);";

int db_code(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE: return 0;
	case SQLITE_NOMEM: return TRUNK_ENOMEM;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_SCHEMA:
	case SQLITE_MISMATCH:
	case SQLITE_CONSTRAINT: return TRUNK_EINVAL;
	case SQLITE_BUSY:
	case SQLITE_LOCKED: return TRUNK_EBUSY;
	default: return TRUNK_EIO;
	}
}

static int run(struct db *db, const char *sql)
{
	return db_code(sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL));
}

static int number_of(struct db *db, const char *sql, int64_t *ret_n)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(db->sqlite, sql, -1, &statement, NULL);

	if (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW)
		*ret_n = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return code == SQLITE_ROW ? 0 : code == SQLITE_DONE ? TRUNK_ENOENT : db_code(code);
}

/* ---- opening ---- */

static int prepare(struct db *db, sqlite3_stmt **statement, const char *sql)
{
	const int code = sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);

	return code == SQLITE_ERROR ? TRUNK_EINVAL : db_code(code);     /* a table or column is not there */
}

#define COLUMNS "id, first, count, first_ms, last_ms, before, hash, head, length(data), marks"

static int prepare_all(struct db *db, bool writes)
{
	int err;

	if ((err = prepare(db, &db->get, "SELECT " COLUMNS " FROM block WHERE id = ?1")) < 0 ||
	    (err = prepare(db, &db->last, "SELECT " COLUMNS " FROM block ORDER BY id DESC LIMIT 1")) < 0 ||
	    (err = prepare(db, &db->next, "SELECT id FROM block WHERE id >= ?1 ORDER BY id LIMIT 1")) < 0 ||
	    (err = prepare(db, &db->anchor, "SELECT id, next, hash, last_ms FROM anchor")) < 0 ||
	    (err = prepare(db, &db->find, "SELECT id FROM block INDEXED BY block_time WHERE last_ms BETWEEN ?1 AND ?2 AND first_ms <= ?3"
				  " AND marks & ?4 != 0")) < 0)
		return err;
	if (!writes)
		return 0;
	if ((err = prepare(db, &db->put, "INSERT OR REPLACE INTO block VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")) < 0 ||
	    (err = prepare(db, &db->remove, "DELETE FROM block WHERE id = ?1")) < 0)
		return err;
	return prepare(db, &db->move_anchor, "INSERT OR REPLACE INTO anchor VALUES (1, ?1, ?2, ?3, ?4)");
}

static int set_anchor(struct db *db, const struct db_anchor *anchor)
{
	int code;

	sqlite3_bind_int64(db->move_anchor, 1, (int64_t)anchor->id);
	sqlite3_bind_int64(db->move_anchor, 2, (int64_t)anchor->next);
	sqlite3_bind_blob(db->move_anchor, 3, anchor->hash, AUDIT_HASH_BYTES, SQLITE_TRANSIENT);
	sqlite3_bind_int64(db->move_anchor, 4, anchor->last_ms);
	code = sqlite3_step(db->move_anchor);
	sqlite3_reset(db->move_anchor);
	return db_code(code);
}

/* A new file: tables and a beginning that no other store has. */
static int make(struct db *db)
{
	struct db_anchor anchor = {.next = 1};
	char sql[128];
	int err;

	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d", DB_APPLICATION_ID, DB_VERSION);
	if ((err = tls_random(anchor.hash, sizeof(anchor.hash))) < 0 || (err = run(db, "BEGIN IMMEDIATE")) < 0)
		return err;
	if ((err = run(db, TABLES)) < 0 || (err = run(db, sql)) < 0 || (err = prepare_all(db, true)) < 0 || (err = set_anchor(db, &anchor)) < 0) {
		run(db, "ROLLBACK");
		return err;
	}
	return run(db, "COMMIT");
}

static int check_kind(struct db *db)
{
	int64_t id = 0, version = 0;
	int err;

	if ((err = number_of(db, "PRAGMA application_id", &id)) < 0 || (err = number_of(db, "PRAGMA user_version", &version)) < 0)
		return err;
	return id == DB_APPLICATION_ID && version == DB_VERSION ? 0 : TRUNK_EINVAL;
}

static int set_up(struct db *db)
{
	int64_t tables = 0;
	int err;

	/* A page as large as most blocks' parts; the write-ahead log is one sync a commit, and readers do not stop the writer. What
	 * retention deletes is overwritten. */
	if ((err = run(db, "PRAGMA page_size = 16384")) < 0 || (err = number_of(db, "SELECT count(*) FROM sqlite_schema", &tables)) < 0)
		return err;
	if (tables > 0 && (err = check_kind(db)) < 0)
		return err;
	if ((err = run(db, "PRAGMA journal_mode = WAL")) < 0 || (err = run(db, "PRAGMA synchronous = FULL")) < 0 ||
	    (err = run(db, "PRAGMA wal_autocheckpoint = 2048")) < 0 || (err = run(db, "PRAGMA journal_size_limit = 67108864")) < 0 ||
	    (err = run(db, "PRAGMA secure_delete = ON")) < 0)
		return err;
	return tables > 0 ? prepare_all(db, true) : make(db);
}

/* So that nobody else can read it, whatever the umask is. */
static int make_file(const char *path)
{
	const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);

	if (fd < 0)
		return errno == ENOENT ? TRUNK_ENOENT : errno == EACCES ? TRUNK_EPERM : TRUNK_EIO;
	close(fd);
	return 0;
}

static int open_flags(const char *path, int flags, struct buf *why, struct db **ret_db)
{
	struct db *db = calloc(1, sizeof(*db));
	int err;

	if (!db)
		return TRUNK_ENOMEM;
	err = db_code(sqlite3_open_v2(path, &db->sqlite, flags | SQLITE_OPEN_NOMUTEX, NULL));
	if (err == 0) {
		sqlite3_extended_result_codes(db->sqlite, 1);
		sqlite3_busy_timeout(db->sqlite, DB_BUSY_MS);
		sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
		sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
		if (flags & SQLITE_OPEN_READONLY)
			err = (err = check_kind(db)) < 0 ? err : prepare_all(db, false);
		else
			err = set_up(db);
	}
	if (err < 0) {
		buf_addf(why, "%s", db->sqlite ? sqlite3_errmsg(db->sqlite) : error_text(err));
		db_close(&db);
		return err;
	}
	*ret_db = db;
	return 0;
}

int db_open(const char *path, struct buf *why, struct db **ret_db)
{
	const int err = make_file(path);

	if (err < 0) {
		buf_addf(why, "%s", strerror(errno));
		return err == TRUNK_ENOENT ? TRUNK_EIO : err;
	}
	return open_flags(path, SQLITE_OPEN_READWRITE, why, ret_db);
}

/* A file that no daemon has open, in a folder that we may not write to, has no shared memory to be found, and needs none. */
static int open_unshared(const char *path, struct buf *why, struct db **ret_db)
{
	char uri[4096 + 64];
	char *at = uri + snprintf(uri, sizeof(uri), "file:");

	for (const char *c = path; *c && at < uri + sizeof(uri) - 32; c++)
		at += strchr("?#%", *c) ? sprintf(at, "%%%02x", (unsigned)(unsigned char)*c) : sprintf(at, "%c", *c);
	strcpy(at, "?immutable=1");
	return open_flags(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, why, ret_db);
}

int db_open_read(const char *path, struct buf *why, struct db **ret_db)
{
	char log[4096];
	int err;

	if (access(path, R_OK) < 0)
		return errno == ENOENT ? TRUNK_ENOENT : errno == EACCES ? TRUNK_EPERM : TRUNK_EIO;
	err = open_flags(path, SQLITE_OPEN_READONLY, why, ret_db);
	snprintf(log, sizeof(log), "%s-wal", path);
	if (err == 0 || access(log, F_OK) == 0)
		return err;
	buf_clear(why);
	return open_unshared(path, why, ret_db);
}

void db_close(struct db **db)
{
	struct db *gone = *db;

	if (!gone)
		return;
	*db = NULL;
	sqlite3_finalize(gone->get);
	sqlite3_finalize(gone->last);
	sqlite3_finalize(gone->next);
	sqlite3_finalize(gone->anchor);
	sqlite3_finalize(gone->find);
	sqlite3_finalize(gone->put);
	sqlite3_finalize(gone->remove);
	sqlite3_finalize(gone->move_anchor);
	sqlite3_blob_close(gone->blob);
	sqlite3_close(gone->sqlite);
	free(gone);
}

const char *db_error(struct db *db)
{
	return sqlite3_errmsg(db->sqlite);
}

/* ---- writing ---- */

int db_begin(struct db *db)
{
	return run(db, "BEGIN IMMEDIATE");
}

int db_commit(struct db *db)
{
	return run(db, "COMMIT");
}

void db_rollback(struct db *db)
{
	if (!sqlite3_get_autocommit(db->sqlite))
		run(db, "ROLLBACK");
}

int db_put(struct db *db, const struct db_block *block, struct str head, struct str data)
{
	sqlite3_stmt *put = db->put;
	int code;

	sqlite3_bind_int64(put, 1, (int64_t)block->numbers.id);
	sqlite3_bind_int64(put, 2, (int64_t)block->numbers.first);
	sqlite3_bind_int64(put, 3, (int64_t)block->numbers.count);
	sqlite3_bind_int64(put, 4, block->numbers.first_ms);
	sqlite3_bind_int64(put, 5, block->numbers.last_ms);
	sqlite3_bind_int64(put, 6, block->numbers.marks);
	sqlite3_bind_blob(put, 7, block->before, AUDIT_HASH_BYTES, SQLITE_STATIC);
	sqlite3_bind_blob(put, 8, block->hash, AUDIT_HASH_BYTES, SQLITE_STATIC);
	sqlite3_bind_blob64(put, 9, head.at, head.len, SQLITE_STATIC);
	sqlite3_bind_blob64(put, 10, data.at, data.len, SQLITE_STATIC);
	code = sqlite3_step(put);
	sqlite3_reset(put);
	sqlite3_clear_bindings(put);
	return db_code(code);
}

static int remove_block(struct db *db, uint64_t id)
{
	int code;

	sqlite3_bind_int64(db->remove, 1, (int64_t)id);
	code = sqlite3_step(db->remove);
	sqlite3_reset(db->remove);
	return db_code(code);
}

int db_retain(struct db *db, int64_t before_ms, unsigned most, struct db_anchor *ret_anchor)
{
	struct db_anchor anchor;
	struct db_block last, block;
	unsigned removed = 0;
	struct str head;
	size_t len;
	int err;

	if ((err = db_get_anchor(db, &anchor)) < 0 || (err = db_last(db, &last)) < 0)
		return err;
	for (; removed < most && anchor.id + 1 < last.numbers.id; removed++) {
		if ((err = db_get(db, anchor.id + 1, &block, &head, &len)) < 0)
			return err == TRUNK_ENOENT ? TRUNK_EINVAL : err;
		if (block.numbers.last_ms >= before_ms)
			break;
		if ((err = remove_block(db, block.numbers.id)) < 0)
			return err;
		anchor = (struct db_anchor){
			.id = block.numbers.id, .next = block.numbers.first + block.numbers.count, .last_ms = block.numbers.last_ms};
		memcpy(anchor.hash, block.hash, sizeof(anchor.hash));
	}
	db_rest(db);
	if (removed == 0)
		return TRUNK_ENOENT;
	if ((err = set_anchor(db, &anchor)) == 0)
		*ret_anchor = anchor;
	return err;
}
