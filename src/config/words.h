/* SPDX-License-Identifier: Apache-2.0
 * The known word that is nearest to an unknown one. Pure. */
#ifndef TRUNK_CONFIG_WORDS_H
#define TRUNK_CONFIG_WORDS_H

#include "base/base.h"

enum { WORD_BYTES_MAX = 64 };           /* longer words are near to nothing */

/* A search that is fed one candidate after the other. Zeroed but for `word`. */
struct nearest {
	struct str word;                /* as it was written */
	const char *best;               /* NULL: none is near */
	unsigned distance;              /* of `best` */
};

/* Edits that lead from one word to the other: a letter more, less, another one, or two neighbours exchanged (optimal string
 * alignment); case does not count. UINT_MAX where one of them is too long. */
unsigned word_distance(struct str a, struct str b);

/* Keeps `candidate` (borrowed) where it is nearer than those before and near at all: at most a third of the letters differ. */
void nearest_offer(struct nearest *nearest, const char *candidate);

#endif
