/* SPDX-License-Identifier: Apache-2.0
 * Finds out whether the chain on disk can go on; what cannot is set aside, never overwritten. */
#include "audit/store_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { STORE_ASIDE_TRIES = 100, STORE_NAME_BYTES = STORE_PATH_BYTES + 64 };

/* ---- setting aside ---- */

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* A name that nobody has: audit.db.bad-20261126T231500Z, or with -2, -3, … behind it. */
static int name_aside(const struct audit_store *store, char ret_name[static STORE_NAME_BYTES])
{
	const time_t second = (time_t)(store_wall_ms(store) / 1000);
	char stamp[32], more[16] = "";
	struct tm tm;

	gmtime_r(&second, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	for (int i = 2; i < STORE_ASIDE_TRIES; i++) {
		snprintf(ret_name, STORE_NAME_BYTES, "%s.bad-%s%s", store->db_path, stamp, more);
		if (!exists(ret_name))
			return 0;
		snprintf(more, sizeof(more), "-%d", i);
	}
	return TRUNK_EEXIST;
}

static int move(const char *from, const char *from_end, const char *to, const char *to_end)
{
	char source[STORE_NAME_BYTES + 16], target[STORE_NAME_BYTES + 16];

	snprintf(source, sizeof(source), "%s%s", from, from_end);
	snprintf(target, sizeof(target), "%s%s", to, to_end);
	return !exists(source) || rename(source, target) == 0 ? 0 : TRUNK_EIO;
}

static int begin_new(struct audit_store *store, struct str detail, struct buf *why);

int store_set_aside(struct audit_store *store, const char *reason, struct buf *why)
{
	char aside[STORE_NAME_BYTES];
	struct buf detail = {0};
	int err;

	db_close(&store->db);
	if ((err = name_aside(store, aside)) < 0 || (err = move(store->db_path, "", aside, "")) < 0 ||
	    (err = move(store->db_path, "-wal", aside, "-wal")) < 0 || (err = move(store->db_path, "-shm", aside, "-shm")) < 0 ||
	    (err = move(store->head_path, "", aside, ".head")) < 0) {
		buf_addf(why, "%s: %s, and it cannot be renamed; move it away", store->db_path, reason);
		return TRUNK_EIO;
	}
	LOG(store->log, LOG_ERROR, "audit-set-aside", KV_C("store", store->db_path), KV_C("reason", reason), KV_C("renamed", aside),
	    KV_C("consequence", "a new store is begun; `trunkctl audit verify FILE` looks into the old one"));
	buf_addf(&detail, "%s was set aside as %s: %s", AUDIT_DB_NAME, aside, reason);
	err = begin_new(store, buf_str(&detail), why);
	buf_fini(&detail);
	return err;
}

/* ---- the end of the chain ---- */

static uint64_t highest_seq(struct audit_store *store, const struct db_block *block, struct str head, size_t data_len, struct buf *data, int *err)
{
	struct arena arena = {0};
	struct block_view view;
	struct audit_entry entry;
	uint64_t seq = 0;

	if ((*err = block_read_head(&arena, head, data_len, &view)) == 0 && (*err = db_read_data(store->db, block->numbers.id, 0, data_len, data)) == 0)
		for (unsigned i = 0; *err == 0 && i < view.pair_count; i++) {
			struct str rest = str_make(data->at + data->start + view.pairs[i].at, view.pairs[i].len);

			while ((*err = block_read_record(&view, &view.pairs[i], block->numbers.first, &rest, &entry)) == 0)
				if (entry.seq > seq)
					seq = entry.seq;
			*err = *err == TRUNK_ENOENT ? 0 : *err;
		}
	arena_fini(&arena);
	return seq;
}

/* The last block must be what its own hash says; from its records the count of numbers goes on. */
static int read_last(struct audit_store *store, uint64_t id)
{
	uint8_t hash[AUDIT_HASH_BYTES];
	struct buf data = {0};
	struct db_block block;
	struct str head;
	size_t data_len;
	uint64_t seq;
	int err;

	if ((err = db_get(store->db, id, &block, &head, &data_len)) < 0)
		return err;
	seq = highest_seq(store, &block, head, data_len, &data, &err);
	if (err == 0 && (err = block_hash(block.before, &block.numbers, head, buf_str(&data), hash)) == 0)
		err = memcmp(hash, block.hash, sizeof(hash)) == 0 ? 0 : TRUNK_EINVAL;
	if (err == 0 && seq > atomic_load(&store->seq))
		atomic_store(&store->seq, seq);
	buf_fini(&data);
	db_rest(store->db);
	return err == TRUNK_ECRYPTO ? TRUNK_EINVAL : err;
}

static int find_end(struct audit_store *store)
{
	struct db_anchor anchor;
	struct db_block last;
	int err;

	if ((err = db_get_anchor(store->db, &anchor)) < 0)
		return err;
	if ((err = db_last(store->db, &last)) == TRUNK_ENOENT) {
		store->chain = (struct chain){.id = anchor.id, .next = anchor.next};
		memcpy(store->chain.hash, anchor.hash, sizeof(anchor.hash));
		return 0;
	}
	if (err < 0 || (err = read_last(store, last.numbers.id)) < 0)
		return err;
	store->chain = (struct chain){.id = last.numbers.id, .next = last.numbers.first + last.numbers.count};
	memcpy(store->chain.hash, last.hash, sizeof(last.hash));
	return 0;
}

/* Whether the store holds what was sealed. NULL: it does; else why not. */
static const char *check_seal(struct audit_store *store, const struct seal *seal)
{
	struct db_block block;
	struct str head;
	size_t len;
	int err;

	if (seal->block > store->chain.id)
		return "its last records are gone: a later end was sealed";
	if (seal->block < store->chain.id && seal->is_stopped)
		return "somebody wrote behind the end that was sealed at a clean stop";
	if (seal->block == store->chain.id)
		return memcmp(seal->hash, store->chain.hash, sizeof(seal->hash)) == 0 ? NULL : "its end is not the one that was sealed";
	err = db_get(store->db, seal->block, &block, &head, &len);
	db_rest(store->db);
	if (err == TRUNK_ENOENT)        /* deleted by retention, or sealed before the first record */
		return NULL;
	return err == 0 && memcmp(seal->hash, block.hash, sizeof(seal->hash)) == 0 ? NULL : "a block is not the one that was sealed";
}

/* ---- opening ---- */

static int open_file(struct audit_store *store, struct buf *why)
{
	struct buf reason = {0};
	const int err = db_open(store->db_path, &reason, &store->db);

	if (err < 0)
		buf_addf(why, "%s: %.*s", store->db_path, STR_ARG(buf_str(&reason)));
	buf_fini(&reason);
	return err;
}

static int begin_new(struct audit_store *store, struct str detail, struct buf *why)
{
	int err;

	if ((err = open_file(store, why)) < 0)
		return err;
	if ((err = find_end(store)) < 0) {
		buf_addf(why, "%s: %s", store->db_path, error_text(err));
		return err;
	}
	store->seal = (struct seal){0};
	store_forget_open(store);
	if ((err = store_event(store, "begun", detail)) < 0)
		buf_addf(why, "%s: %s", store->db_path, db_error(store->db));
	else
		store_seal(store, false);
	return err;
}

/* Goes on with the chain that is there. */
static int go_on(struct audit_store *store, int seal_err, struct buf *why)
{
	int err;

	store_forget_open(store);
	if (seal_err < 0)
		LOG(store->log, LOG_WARNING, "audit-seal-missing", KV_C("file", store->head_path),
		    KV_C("reason", seal_err == TRUNK_ENOENT ? "it is not there, so removal at the end would not have shown" : "it cannot be read as a seal"));
	err = seal_err < 0 ? store_event(store, "seal-missing", str_of(store->head_path)) : store_event(store, "opened", STR_NONE);
	if (err < 0)
		buf_addf(why, "%s: %s", store->db_path, db_error(store->db));
	else
		store_seal(store, false);
	return err;
}

int store_open(struct audit_store *store, struct buf *why)
{
	const bool is_new = !exists(store->db_path);
	const char *reason = NULL;
	struct seal seal = {0};
	const int seal_err = seal_read(store->head_path, &seal);
	int err;

	if (is_new && seal_err == TRUNK_ENOENT)
		return begin_new(store, STR("a new store"), why);
	if (is_new)
		return store_set_aside(store, "it is gone, though its end was sealed", why);
	if ((err = open_file(store, why)) == 0)
		err = find_end(store);
	if (err == TRUNK_EINVAL)
		reason = "it cannot be read as an audit store";
	else if (err < 0)
		return err;
	else if (seal_err == 0)
		reason = check_seal(store, &seal);
	if (!reason)
		return go_on(store, seal_err, why);
	buf_clear(why);
	return store_set_aside(store, reason, why);
}
