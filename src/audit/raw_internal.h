/* SPDX-License-Identifier: Apache-2.0
 * Records on their way from a loop's thread to the store's, within one process.
 *
 * What a record has in common with many others (its pair, and its words) is said once in a buffer and then referred to by the number of a
 * slot; a record itself is 32 bytes and its id. A buffer stands for itself: whoever empties it calls raw_writer_reset(). */
#ifndef TRUNK_AUDIT_RAW_INTERNAL_H
#define TRUNK_AUDIT_RAW_INTERNAL_H

#include "audit/entry.h"

enum {
	RAW_PAIR_SLOTS = 1024,          /* pairs and … */
	RAW_WORDS_SLOTS = 256,          /* … words that a buffer remembers; others are said again */
};

/* Enums of struct audit_entry. */
struct raw_kind {
	uint8_t class, stanza, decision, monitor_decision, condition, proof_in, proof_out, level;
};

/* What is the same in most records of a pair. Strings are at most AUDIT_TEXT_BYTES_MAX long. */
struct raw_words {
	struct raw_kind kind;
	uint32_t line;
	struct str type, rule, label, monitor;
};

/* What is its own. */
struct raw_facts {
	uint64_t seq;
	int64_t wall_ms;
	uint64_t size_bytes;
	struct str id;                  /* at most AUDIT_TEXT_BYTES_MAX */
};

/* What few have; absent and 0 where it is not. */
struct raw_more {
	uint64_t refers, lost, uid;
	struct str from, to, lang, detail, children, body, hashed;      /* hashed: bytes whose hash the record gets */
};

/* Where the newest of each slot was said: place in the buffer, plus one; 0: not yet. */
struct raw_writer {
	uint32_t pair_at[RAW_PAIR_SLOTS], words_at[RAW_WORDS_SLOTS];
};

void raw_writer_reset(struct raw_writer *writer);

/* Adds a record to `out`; `more` may be NULL. Returns 0, TRUNK_ENOMEM or TRUNK_ELIMIT; then nothing was added. */
int raw_add(struct raw_writer *writer, struct buf *out, const struct domain_pair *pair, const struct raw_words *words,
	    const struct raw_facts *facts, const struct raw_more *more);

/* The most bytes that raw_add() takes. */
size_t raw_size(const struct domain_pair *pair, const struct raw_words *words, const struct raw_facts *facts, const struct raw_more *more);

/* What was said, on the reading side. `stamp` counts what was ever said, so that equal stamps mean equal content. */
struct raw_reader {
	struct raw_said {
		const struct raw_definition *at;
		uint64_t stamp;
	} pairs[RAW_PAIR_SLOTS], words[RAW_WORDS_SLOTS];
	uint64_t stamp;
	struct audit_entry entry;       /* the last one: mostly the next differs little */
	bool had_more;
};

/* Takes the first record off `*rest`, with `pair_memo` and `words_memo` filled. It is the caller's until the next call, to be added to as
 * well; its strings are borrowed from `*rest`. NULL at the end. `ret_hashed`: whose hash it shall get; absent: none. */
struct audit_entry *raw_take(struct raw_reader *reader, struct str *rest, struct str *ret_hashed);

#endif
