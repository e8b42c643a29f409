/* SPDX-License-Identifier: Apache-2.0
 * The writer's work: records into blocks, blocks into rows, the head into its seal. */
#include "audit/store_internal.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- blocks ---- */

void store_forget_open(struct audit_store *store)
{
	store->block_id = store->chain.id + 1;
	memcpy(store->before, store->chain.hash, sizeof(store->before));
	block_writer_begin(store->block, store->block_id, store->chain.next);
}

/* Writes the block as it is now, which may be the second time. `next` is what the chain will be once that is committed. */
static int put_block(struct audit_store *store, struct chain *next)
{
	struct db_block row;
	struct str head, data;
	int err;

	if ((err = block_writer_pack(store->block, &row.numbers, &head, &data)) < 0)
		return err;
	memcpy(row.before, store->before, sizeof(row.before));
	if ((err = block_hash(row.before, &row.numbers, head, data, row.hash)) < 0 || (err = db_put(store->db, &row, head, data)) < 0)
		return err;
	*next = (struct chain){.id = row.numbers.id, .next = row.numbers.first + row.numbers.count};
	memcpy(next->hash, row.hash, sizeof(next->hash));
	return 0;
}

static void next_block(struct audit_store *store, const struct chain *next)
{
	store->block_id = next->id + 1;
	memcpy(store->before, next->hash, sizeof(store->before));
	block_writer_begin(store->block, store->block_id, next->next);
}

static int add_entry(struct audit_store *store, struct audit_entry *entry, struct chain *next)
{
	int err = block_writer_add(store->block, entry);

	if (err != TRUNK_ELIMIT)
		return err;
	if ((err = put_block(store, next)) < 0)
		return err;
	next_block(store, next);
	return block_writer_add(store->block, entry);
}

/* ---- a batch ---- */

static int add_taken(struct audit_store *store, struct chain *next)
{
	struct str rest = buf_str(&store->taken), hashed;
	struct audit_entry *entry;
	size_t at = 0;
	int err = 0;

	for (; err == 0 && (entry = raw_take(&store->reader, &rest, &hashed)); at = buf_len(&store->taken) - rest.len) {
		const struct str content = entry->body.at ? entry->body : hashed;

		if (content.at)
			entry->has_hash = tls_hasher_sum(store->hasher, &content, 1, entry->hash) == 0;
		if (at >= store->told)
			sinks_add(&store->sinks, entry);
		if (store->has_db)
			err = add_entry(store, entry, next);
	}
	if (at > store->told)
		store->told = at;
	return err;
}

static int add_gap(struct audit_store *store, uint64_t lost, struct chain *next)
{
	struct audit_entry entry = {
		.class = AUDIT_GAP, .wall_ms = store_wall_ms(store), .lost = lost, .seq = atomic_fetch_add(&store->seq, 1) + 1,
		.detail = STR("so many verdicts before this record could not be recorded: the store took no more"),
	};

	sinks_add(&store->sinks, &entry);
	return store->has_db ? add_entry(store, &entry, next) : 0;
}

/* Commits what add_… put, and takes the chain on. */
static int commit(struct audit_store *store, const struct chain *next)
{
	const int err = db_commit(store->db);

	if (err < 0)
		return err;
	store->chain = *next;
	atomic_store(&store->records, next->next - 1);
	if (block_writer_count(store->block) >= BLOCK_RECORDS_ENOUGH)
		next_block(store, next);
	return 0;
}

static int write_batch(struct audit_store *store, uint64_t lost)
{
	struct chain next = store->chain;
	int err;

	if (!store->has_db) {
		add_taken(store, &next);
		if (lost)
			add_gap(store, lost, &next);
		return 0;
	}
	if (!store->db)
		return TRUNK_EIO;
	if ((err = db_begin(store->db)) < 0)
		return err;
	if ((err = add_taken(store, &next)) < 0 || (lost && (err = add_gap(store, lost, &next)) < 0) || (err = put_block(store, &next)) < 0 ||
	    (err = commit(store, &next)) < 0) {
		db_rollback(store->db);
		store_forget_open(store);
	}
	return err;
}

int store_write(struct audit_store *store)
{
	int err = 0;

	if ((buf_len(&store->taken) > 0 || store->taken_lost > 0) && (err = write_batch(store, store->taken_lost)) == 0)
		store->taken_lost = 0;
	sinks_flush(&store->sinks);
	return err;
}

int store_event(struct audit_store *store, const char *what, struct str detail)
{
	struct audit_entry entry = {.class = AUDIT_STORE, .wall_ms = store_wall_ms(store), .type = str_of(what), .detail = detail,
				    .seq = atomic_fetch_add(&store->seq, 1) + 1};
	struct chain next = store->chain;
	int err;

	if (!store->db)
		return TRUNK_EIO;
	if ((err = db_begin(store->db)) < 0)
		return err;
	if ((err = add_entry(store, &entry, &next)) < 0 || (err = put_block(store, &next)) < 0 || (err = commit(store, &next)) < 0) {
		db_rollback(store->db);
		store_forget_open(store);
		return err;
	}
	sinks_add(&store->sinks, &entry);
	return 0;
}

/* ---- retention ---- */

void audit_retained_text(const struct db_anchor *anchor, char *ret_text, size_t size_bytes)
{
	char hash[2 * AUDIT_HASH_BYTES + 1];

	tls_hex(anchor->hash, AUDIT_HASH_BYTES, hash);
	snprintf(ret_text, size_bytes, "records before %" PRIu64 " were kept as long as retention says; block %" PRIu64 " hash %s", anchor->next,
		 anchor->id, hash);
}

/* One transaction: rows out, the anchor behind them, and the record that says so, without which they would look stolen. */
static int retain_some(struct audit_store *store, int64_t before_ms)
{
	struct audit_entry entry = {.class = AUDIT_STORE, .wall_ms = store_wall_ms(store), .type = STR("retained"),
				    .seq = atomic_fetch_add(&store->seq, 1) + 1};
	struct chain next = store->chain;
	struct db_anchor anchor;
	char text[256];
	int err;

	if ((err = db_begin(store->db)) < 0)
		return err;
	if ((err = db_retain(store->db, before_ms, STORE_RETAIN_BLOCKS, &anchor)) < 0)
		goto undo;
	audit_retained_text(&anchor, text, sizeof(text));
	entry.detail = str_of(text);
	if ((err = add_entry(store, &entry, &next)) < 0 || (err = put_block(store, &next)) < 0 || (err = commit(store, &next)) < 0)
		goto undo;
	LOG(store->log, LOG_INFO, "audit-retained", KV_N("first", anchor.next));
	return 0;
undo:
	db_rollback(store->db);
	store_forget_open(store);
	return err;
}

int store_retain(struct audit_store *store)
{
	const int64_t retention_ms = atomic_load(&store->retention_ms);
	bool has_removed = false;
	int err = 0;

	if (retention_ms <= 0 || !store->db)
		return 0;
	while ((err = retain_some(store, store_wall_ms(store) - retention_ms)) == 0)
		has_removed = true;
	if (has_removed)
		store_seal(store, false);
	return err == TRUNK_ENOENT ? 0 : err;
}

/* ---- the seal ---- */

void store_seal(struct audit_store *store, bool is_stopped)
{
	struct seal seal = {.block = store->chain.id, .record = store->chain.next - 1, .wall_ms = store_wall_ms(store), .is_stopped = is_stopped};
	char hash[2 * AUDIT_HASH_BYTES + 1];

	memcpy(seal.hash, store->chain.hash, sizeof(seal.hash));
	if (seal.block == store->seal.block && seal.is_stopped == store->seal.is_stopped && memcmp(seal.hash, store->seal.hash, sizeof(seal.hash)) == 0)
		return;
	if (block_writer_count(store->block) > 0)
		store_forget_open(store);       /* what is sealed changes no more */
	if (seal_write(store->head_path, &seal) < 0) {
		if (!store->seal_failed)
			LOG(store->log, LOG_ERROR, "audit-unsealed", KV_C("file", store->head_path), KV_C("reason", "it cannot be written"));
		store->seal_failed = true;
		return;
	}
	store->seal_failed = false;
	store->seal = seal;
	atomic_store(&store->sealed_ms, seal.wall_ms);
	tls_hex(seal.hash, AUDIT_HASH_BYTES, hash);
	LOG(store->log, is_stopped ? LOG_NOTICE : LOG_DEBUG, "audit-sealed", KV_N("block", seal.block), KV_N("record", seal.record), KV_C("hash", hash));
}
