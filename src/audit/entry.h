/* SPDX-License-Identifier: Apache-2.0
 * A record as it is read: what blocks, JSON lines and the journal are made from, and what is found in a block. */
#ifndef TRUNK_AUDIT_ENTRY_H
#define TRUNK_AUDIT_ENTRY_H

#include "audit/store.h"
#include "stanza/stanza.h"

enum { AUDIT_HASH_BYTES = 32 };

enum audit_class {
	AUDIT_VERDICT = 1,
	AUDIT_OUTCOME,                  /* what became of a stanza later: refers to its first record */
	AUDIT_OPERATOR,                 /* what somebody changed through the control socket */
	AUDIT_GAP,                      /* `lost` verdicts could not be recorded */
	AUDIT_STORE,                    /* of the store itself: `type` says what ("begun", "retained", …), `detail` in words */
};

/* Where somebody remembers what is the same in many entries: equal memos, equal content. `stamp` 0: nobody does. */
struct audit_memo {
	uint32_t slot;                  /* a small number, for whoever remembers, too */
	uint64_t stamp;
};

/* Strings are borrowed, and absent where the record has none. */
struct audit_entry {
	enum audit_class class;
	uint64_t number;                /* its place in the chain, from 1 */
	uint64_t seq;                   /* what audit_record() gave out; 0: nobody asked */
	uint64_t refers;                /* `seq` of the first record, of an outcome; 0: unknown */
	int64_t wall_ms;
	enum stanza_kind kind;          /* 0: none; so the four behind it */
	enum decision decision, monitor_decision;
	enum stanza_condition condition;
	enum proof proof_in, proof_out;
	enum audit_level level;
	uint64_t size_bytes, lost;
	unsigned line, uid;
	struct str sender, target, type, rule, label, monitor;  /* one of few: kept once in a block */
	struct audit_memo pair_memo;    /* of sender and target */
	struct audit_memo words_memo;   /* of class to level, line, and type to monitor */
	struct str id, from, to, lang, detail;
	struct str children;            /* "{ns}name" with a blank between them */
	struct str body;                /* the stanza */
	bool has_hash;
	uint8_t hash[AUDIT_HASH_BYTES]; /* of the stanza */
};

/* Adds the record as one JSON object with the keys of design.md §4 and, where there is more, what it holds beyond them; no line feed.
 * Returns 0, TRUNK_ENOMEM, TRUNK_ELIMIT; then nothing was added. */
int audit_entry_json(struct buf *out, const struct audit_entry *entry);

const char *audit_class_text(enum audit_class class);   /* "verdict", … */
const char *audit_level_text(enum audit_level level);   /* "brief", … */

#endif
