/* SPDX-License-Identifier: Apache-2.0
 * Text in a form in which tricks of writing are gone, for comparing. Pure. */
#ifndef TRUNK_FILTER_FOLD_H
#define TRUNK_FILTER_FOLD_H

#include "base/base.h"

enum fold_flags {
	FOLD_LEET = 1,                  /* digits and signs that stand for letters become letters: 4 @ a, 3 e, 0 o, 5 $ s, 7 t, and 1 ! | l i */
	FOLD_SQUEEZE = 2,               /* only letters and digits stay: "s.e c-r_e.t" becomes "secret" */
	FOLD_CAPITALS = 4,              /* capitals of other scripts by what they look like, not by their lower case: Greek N for n, not v */
};

/* Adds `text` with each character taken apart (NFKD), without marks (diacritics) and without what nobody sees (zero-width characters,
 * soft hyphens, variation selectors, tags), in lower case, letters of other scripts that look like Latin ones as those; other signs and
 * blanks beyond ASCII, controls, and bytes that are no UTF-8 become blanks, and of blanks one stays. What folds alike compares alike;
 * nothing more is meant: not for showing. Linear; at most 18 bytes for one.
 * Returns 0, TRUNK_ENOMEM, TRUNK_ELIMIT. */
int fold_text(struct str text, unsigned flags, struct buf *out);

/* What folding costs, in steps of limit.h. */
uint64_t fold_steps(struct str text);

/* Whether a character is one that nobody sees. */
bool fold_is_unseen(uint32_t c);

/* Whether a byte of folded text belongs to a word. */
static inline bool fold_is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

#endif
