/* SPDX-License-Identifier: Apache-2.0
 * The known word that is nearest to an unknown one. */
#include "config/words.h"

#include <limits.h>

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned word_distance(struct str a, struct str b)
{
	unsigned rows[3][WORD_BYTES_MAX + 1]; /* the row before the last, the last, and this one */

	if (a.len > WORD_BYTES_MAX || b.len > WORD_BYTES_MAX)
		return UINT_MAX;
	for (size_t j = 0; j <= b.len; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a.len; i++) {
		const unsigned *before = rows[(i + 1) % 3], *last = rows[(i - 1) % 3];
		unsigned *row = rows[i % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b.len; j++) {
			const char x = lower(a.at[i - 1]), y = lower(b.at[j - 1]);

			row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == lower(b.at[j - 2]) && y == lower(a.at[i - 2]))
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return rows[a.len % 3][b.len];
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
	const struct str word = str_of(candidate);
	const size_t longer = word.len > nearest->word.len ? word.len : nearest->word.len;
	const unsigned distance = word_distance(nearest->word, word);

	if (distance > (longer + 2) / 3 || distance >= longer)
		return;
	if (nearest->best && distance >= nearest->distance)
		return;
	nearest->best = candidate;
	nearest->distance = distance;
}
