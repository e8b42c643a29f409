/* SPDX-License-Identifier: Apache-2.0
 * The layout of a record in a block, for its writer and its reader alone. */
#ifndef TRUNK_AUDIT_BLOCK_INTERNAL_H
#define TRUNK_AUDIT_BLOCK_INTERNAL_H

#include "audit/block.h"
#include "audit/varint.h"

/* What the head says of words, of which records have one of few:
 *   class, kind | decision << 4, condition, proof_in | proof_out << 4, level | monitor_decision << 4 (a byte each),
 *   line, type, rule, label, monitor (varints; of the texts their index plus one, 0: absent). */
enum { WORDS_ENUM_BYTES = 5, WORDS_TEXTS = 4 };

/* A record: length of what follows up to the check sum (varint), then
 *   fields that are there (varint of bits), index of its words, index in the block, seq - (the first one's + index) (zigzag), time - base
 *   (zigzag),
 *   and of the fields that are there, in the order of their bits, a varint, or text with its length, or the hash;
 * and behind it the check sum of all this (4 bytes, least first). */
enum record_field {
	FIELD_SIZE = 1 << 0,
	FIELD_LOST = 1 << 1,
	FIELD_UID = 1 << 2,
	FIELD_REFERS = 1 << 3,
	FIELD_ID = 1 << 4,
	FIELD_DETAIL = 1 << 5,
	FIELD_FROM = 1 << 6,
	FIELD_TO = 1 << 7,
	FIELD_LANG = 1 << 8,
	FIELD_CHILDREN = 1 << 9,
	FIELD_BODY = 1 << 10,
	FIELD_HASH = 1 << 11,
	FIELDS_ALL = (1 << 12) - 1,
};

enum { RECORD_SUM_BYTES = 4 };

/* Finds the record that somebody changed, within a block whose hash tells that somebody did: no proof by itself. */
uint32_t record_sum(uint64_t number, struct str bytes);

#endif
