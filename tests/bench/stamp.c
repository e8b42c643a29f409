/* SPDX-License-Identifier: Apache-2.0
 * The numbers in a stanza's id. */
#include "mix.h"

static void hex_write(char *at, uint64_t value, int digits)
{
	for (int i = digits - 1; i >= 0; i--, value >>= 4)
		at[i] = "0123456789abcdef"[value & 15];
}

void stamp_write(char *id, uint32_t seq, uint64_t time_ns)
{
	hex_write(id + STAMP_SEQ, seq, 8);
	if (time_ns)
		hex_write(id + STAMP_TIME, time_ns, 12);
}

/* Sets `*bad` where a digit is none. */
static uint64_t hex_read(const char *at, int digits, unsigned *bad)
{
	uint64_t value = 0;

	for (int i = 0; i < digits; i++) {
		const unsigned c = (unsigned char)at[i];
		const unsigned digit = c - '0' < 10 ? c - '0' : c - 'a' < 6 ? c - 'a' + 10 : 16;

		*bad |= digit & 16;
		value = value << 4 | (digit & 15);
	}
	return value;
}

bool stamp_read(struct str id, struct stamp *ret_stamp)
{
	unsigned bad = 0;
	struct stamp stamp;

	if (id.len < STAMP_LEN || memcmp(id.at, "tb-", 3) != 0 || id.at[STAMP_TEMPLATE - 1] != '-' ||
	    id.at[STAMP_SEQ - 1] != '-' || id.at[STAMP_TIME - 1] != '-')
		return false;
	stamp.flow = (uint32_t)hex_read(id.at + STAMP_FLOW, 4, &bad);
	stamp.template_index = (uint32_t)hex_read(id.at + STAMP_TEMPLATE, 4, &bad);
	stamp.seq = (uint32_t)hex_read(id.at + STAMP_SEQ, 8, &bad);
	stamp.time_ns = hex_read(id.at + STAMP_TIME, 12, &bad);
	if (bad)
		return false;
	*ret_stamp = stamp;
	return true;
}
