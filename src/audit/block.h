/* SPDX-License-Identifier: Apache-2.0
 * A block: some records packed, with the texts that they share kept once, grouped by domain pair, and chained to the block before.
 * Pure: bytes in, bytes out.
 *
 *   head   version, number of records, time and number that all are relative to, which classes and decisions it holds, the texts,
 *          the words (what many records say alike: decision, rule, …), the pairs and where their records lie
 *   data   the records, pair after pair, each with its length in front and a check sum behind it
 *   hash   SHA-256 over the hash of the block before, the numbers of this one, head and data (docs/audit.md has it byte by byte) */
#ifndef TRUNK_AUDIT_BLOCK_H
#define TRUNK_AUDIT_BLOCK_H

#include "audit/entry.h"

enum {
	BLOCK_VERSION = 2,
	BLOCK_RECORDS_MAX = 4096,       /* of one block … */
	BLOCK_DATA_BYTES = 1024 * 1024, /* … which is closed when it has that much … */
	BLOCK_SPAN_MS = 5 * 60 * 1000,  /* … or its records are that far apart; a search by time counts on it */
	BLOCK_RECORDS_ENOUGH = 256,     /* a block with fewer is written again with the next ones, until the head is sealed */
	BLOCK_TEXTS_MAX = 8192,
	BLOCK_BYTES_MAX = 256 * 1024 * 1024,    /* of head or data that is read at all */
};

#define BLOCK_HAS_CLASS(class) (1u << (class))
#define BLOCK_HAS_DECISION(decision) (1u << (8 + (decision)))
#define BLOCK_ANY UINT32_MAX

/* What a row holds beside its bytes. */
struct block_numbers {
	uint64_t id;                    /* 1, 2, 3, … */
	uint64_t first;                 /* number of its first record */
	uint64_t count;
	int64_t first_ms, last_ms;      /* least and greatest time, wall clock */
	uint32_t marks;                 /* BLOCK_HAS_CLASS() and BLOCK_HAS_DECISION() of all that occur in it */
};

int block_hash(const uint8_t before[static AUDIT_HASH_BYTES], const struct block_numbers *numbers, struct str head, struct str data,
	       uint8_t ret_hash[static AUDIT_HASH_BYTES]);

/* ---- writing ---- */

struct block_writer;

struct block_writer *block_writer_new(void);    /* NULL: no memory */
void block_writer_free(struct block_writer **writer);

/* Forgets all; the next record is number `first` of block `id`. */
void block_writer_begin(struct block_writer *writer, uint64_t id, uint64_t first);

/* Adds a record, which gets its number. Returns 0; TRUNK_ELIMIT: this block is full, or the record's time does not fit into it: it belongs
 * into the next one; TRUNK_ENOMEM. On failure nothing was added. */
int block_writer_add(struct block_writer *writer, const struct audit_entry *entry);

/* The block as it is now; it may grow afterwards. Borrowed until the next call. Returns 0 or TRUNK_ENOMEM. */
int block_writer_pack(struct block_writer *writer, struct block_numbers *ret_numbers, struct str *ret_head, struct str *ret_data);

uint64_t block_writer_count(const struct block_writer *writer);

/* ---- reading ---- */

struct block_pair {
	struct str sender, target;      /* absent: records of no stanza */
	size_t at, len;                 /* of its records in data */
	uint64_t count;
};

struct block_view {
	uint64_t count;
	int64_t base_ms;
	uint64_t base_seq;
	uint32_t marks;                 /* as in struct block_numbers */
	struct str *texts;              /* owned by the arena */
	unsigned text_count;
	struct audit_entry *words;      /* what each says of a record; the rest is zeroed */
	unsigned words_count;
	struct block_pair *pairs;
	unsigned pair_count;
};

/* Reads a head. Everything is checked: nothing points outside, the pairs' places add up to `data_len`. Strings are borrowed from `head`.
 * Returns 0, TRUNK_EINVAL, TRUNK_ENOMEM. */
int block_read_head(struct arena *arena, struct str head, size_t data_len, struct block_view *ret_view);

/* Takes the next record off `*rest`, which is what a pair's place holds. `first`: number of the block's first record. Strings are borrowed.
 * Returns 0; TRUNK_ENOENT: no more; TRUNK_EINVAL: what stands there is no record; TRUNK_ECRYPTO: it is one, and its check sum does not fit
 * (ret_entry is filled, as far as it can be). */
int block_read_record(const struct block_view *view, const struct block_pair *pair, uint64_t first, struct str *rest,
		      struct audit_entry *ret_entry);

/* Whether `text` is among the texts of a head: a search skips the block otherwise, without reading more of it. */
bool block_has_text(struct str head, struct str text);

#endif
