/* SPDX-License-Identifier: Apache-2.0
 * The layout of a record in a block, for its writer and its reader alone. */
#ifndef TRUNK_AUDIT_BLOCK_INTERNAL_H
#define TRUNK_AUDIT_BLOCK_INTERNAL_H

#include "audit/block.h"
#include "audit/varint.h"

/* A record: length of what follows up to the check sum (varint), then
 *   class, fields that are there (varint of bits), index in the block, seq - (the first one's + index) (zigzag), time - base (zigzag),
 *   kind | decision << 4, condition, proof_in | proof_out << 4, level | monitor_decision << 4
 *   and of the fields that are there, in the order of their bits, a varint, or text with its length, or the hash;
 * and behind it the check sum of all this (4 bytes, least first). */
enum record_field {
	FIELD_SIZE = 1 << 0,
	FIELD_LINE = 1 << 1,
	FIELD_LOST = 1 << 2,
	FIELD_UID = 1 << 3,
	FIELD_REFERS = 1 << 4,
	FIELD_TYPE = 1 << 5,            /* texts of the head, by their index */
	FIELD_RULE = 1 << 6,
	FIELD_LABEL = 1 << 7,
	FIELD_MONITOR = 1 << 8,
	FIELD_ID = 1 << 9,              /* texts in place */
	FIELD_FROM = 1 << 10,
	FIELD_TO = 1 << 11,
	FIELD_LANG = 1 << 12,
	FIELD_DETAIL = 1 << 13,
	FIELD_CHILDREN = 1 << 14,
	FIELD_BODY = 1 << 15,
	FIELD_HASH = 1 << 16,
	FIELDS_ALL = (1 << 17) - 1,
};

enum { RECORD_SUM_BYTES = 4 };

/* Finds the record that somebody changed, within a block whose hash tells that somebody did: no proof by itself. */
uint32_t record_sum(uint64_t number, struct str bytes);

#endif
