/* SPDX-License-Identifier: Apache-2.0
 * Counting on both sides of a managed stream: modulo 2^32 on the wire, by 64 bits inside. */
#include "stream/sm.h"

#include <stdlib.h>

enum { WORD_BITS = 64, SIZE_MIN = 1024 };

enum sm_judgement sm_judge(uint32_t acked, size_t unacked, uint32_t h, size_t *ret_count)
{
	const uint32_t count = h - acked;

	*ret_count = 0;
	if (count <= unacked) {
		*ret_count = count;
		return SM_FITS;
	}
	/* Modulo 2^32 there is no before and behind: the shorter way round says which. */
	return acked - h < UINT32_MAX / 2 ? SM_TOO_LOW : SM_TOO_HIGH;
}

static uint64_t *word_of(const struct sm_handled *h, uint64_t seq, uint64_t *ret_bit)
{
	const uint64_t at = seq & (h->size - 1);

	*ret_bit = 1ull << (at % WORD_BITS);
	return &h->bits[at / WORD_BITS];
}

/* Room for a bit of each number up to `last`. */
static int grow(struct sm_handled *h, uint64_t last)
{
	struct sm_handled larger = *h;
	uint64_t bit;

	if (last - h->handled > SM_HELD_MAX)
		return TRUNK_ELIMIT;
	if (h->size >= last - h->handled)
		return 0;
	for (larger.size = h->size ? h->size : SIZE_MIN; larger.size < last - h->handled; larger.size *= 2)
		;
	if (!(larger.bits = calloc(larger.size / WORD_BITS, sizeof(*larger.bits))))
		return TRUNK_ENOMEM;
	for (uint64_t seq = h->handled + 1; seq <= h->handled + h->size; seq++)
		if (*word_of(h, seq, &bit) & bit) {
			uint64_t *word = word_of(&larger, seq, &bit);

			*word |= bit;
		}
	free(h->bits);
	*h = larger;
	return 0;
}

/* What stood behind and is in a row now counts. */
static void take(struct sm_handled *h)
{
	uint64_t bit, *word;

	while (h->size > 0 && *(word = word_of(h, h->handled + 1, &bit)) & bit) {
		*word &= ~bit;
		h->handled++;
	}
	if (h->handled == h->received && h->size > SM_HELD_KEEP)
		sm_handled_fini(h);
}

/* The next ones in order, the usual case; bits that were set for some of them before are cleared. */
static void advance(struct sm_handled *h, uint64_t last)
{
	uint64_t bit, *word;

	for (uint64_t seq = h->handled + 1; h->size > 0 && seq <= last && seq <= h->handled + h->size; seq++) {
		word = word_of(h, seq, &bit);
		*word &= ~bit;
	}
	h->handled = last;
	take(h);
}

int sm_handled_settle(struct sm_handled *h, uint64_t seq, uint64_t count)
{
	const uint64_t last = seq + count - 1;
	uint64_t bit, *word;
	int err;

	if (seq == 0 || count == 0 || last < seq || last > h->received)
		return TRUNK_EINVAL;
	if (last <= h->handled)
		return 0;
	if (seq <= h->handled + 1) {
		advance(h, last);
		return 0;
	}
	if ((err = grow(h, last)) < 0)
		return err;
	for (; seq <= last; seq++) {
		word = word_of(h, seq, &bit);
		*word |= bit;
	}
	return 0;
}

void sm_handled_fini(struct sm_handled *h)
{
	free(h->bits);
	h->bits = NULL;
	h->size = 0;
}
