/* SPDX-License-Identifier: Apache-2.0
 * As much of BER and base64 as labels and clearances need. Of this room only. */
#ifndef TRUNK_LABEL_BER_INTERNAL_H
#define TRUNK_LABEL_BER_INTERNAL_H

#include "base/base.h"

enum {
	BER_INTEGER = 0x02, BER_BIT_STRING = 0x03, BER_OID = 0x06, BER_UTF8 = 0x0C, BER_PRINTABLE = 0x13, BER_SEQUENCE = 0x30,
	BER_SET = 0x31,
	BER_CONTEXT = 0x80,             /* primitive; the number in the low bits */
	BER_CONTEXT_CONSTRUCTED = 0xA0,
	BER_OID_BYTES_MAX = 64,         /* content of one object identifier */
};

struct ber_item {
	uint8_t tag;
	struct str value;               /* borrowed from the input */
};

/* Cuts the first item off `*in`. Lengths need not be minimal; indefinite ones, tag numbers above 30 and what is cut short are
 * TRUNK_EINVAL. */
int ber_next(struct str *in, struct ber_item *ret_item);

/* The one item that `in` is; TRUNK_EINVAL where it is none, has another tag, or something follows. */
int ber_only(struct str in, uint8_t tag, struct str *ret_value);

/* All of an item's value. Not negative, at most 32 bits, as short as X.690 §8.3.2 demands. */
int ber_integer(struct str value, uint32_t *ret_number);

/* Whether the value is an object identifier that has but this one form (X.690 §8.19.2), at most BER_OID_BYTES_MAX long. */
bool ber_is_oid(struct str value);

/* The bits of a value: bit i is the i-th from the most significant bit of the first octet. */
struct ber_bits {
	const unsigned char *at;
	size_t count;
};

int ber_bit_string(struct str value, struct ber_bits *ret_bits);

static inline bool ber_bit(const struct ber_bits *bits, size_t i)
{
	return i < bits->count && (bits->at[i / 8] >> (7 - i % 8) & 1) != 0;
}

/* Dotted form to DER, and back. TRUNK_EINVAL: not an object identifier, or an arc over 63 bits. */
int oid_of_text(struct arena *arena, struct str text, struct str *ret_oid);
int oid_to_text(struct arena *arena, struct str oid, struct str *ret_text);

/* Each adds one item. 0, TRUNK_ENOMEM, TRUNK_ELIMIT. */
int der_add(struct buf *out, uint8_t tag, struct str value);
int der_add_integer(struct buf *out, uint32_t number);

/* Named bits: the last one is set (X.690 §11.2.2). `numbers` ascending. */
int der_add_bits(struct buf *out, const uint32_t *numbers, size_t count);

/* ---- base64, RFC 4648 §4, with blanks, tabs, CR and LF anywhere ---- */

/* Decodes into `out`. Missing padding is TRUNK_EINVAL unless `is_lenient`; so is any other character, padding in the middle,
 * and bits that encode nothing. TRUNK_ELIMIT, TRUNK_ENOMEM: of `out`. On failure nothing was added. */
int base64_decode(struct str text, bool is_lenient, struct buf *out);
int base64_encode(struct str bytes, struct buf *out);

#endif
