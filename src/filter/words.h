/* SPDX-License-Identifier: Apache-2.0
 * Many words looked for at once in folded text (Aho and Corasick). The first part is pure; the second belongs to Lua. */
#ifndef TRUNK_FILTER_WORDS_H
#define TRUNK_FILTER_WORDS_H

#include "filter/fold.h"

struct lua_State;

enum { WORDS_COUNT_MAX = 100 * 1000, WORD_BYTES_MAX = 256 };

struct words_node {
	uint32_t child, next;           /* index of the first child, and of the next of the same parent; 0: none */
	uint32_t fail;                  /* where to go on when no child fits */
	uint32_t shorter;               /* the next shorter suffix that is a word; 0: none */
	uint32_t word;                  /* number of the word that ends here, from 1; 0: none */
	uint32_t queue;                 /* while it is made */
	uint16_t depth;
	char c;
};

/* One run of memory. Node 0 is the root. */
struct words {
	unsigned flags;                 /* enum fold_flags, that words were folded by and text is */
	bool is_whole;                  /* only whole words count */
	uint32_t count, max;            /* nodes */
	uint32_t root[256];             /* its children by their byte */
	struct words_node nodes[];
};

/* Bytes of memory for words of that many folded bytes together. */
size_t words_bytes(size_t folded_bytes);
void words_init(struct words *words, size_t folded_bytes, unsigned flags, bool is_whole);
void words_add(struct words *words, struct str folded, uint32_t number);       /* empty ones are passed over */
void words_finish(struct words *words);

/* The number of the first word that ends in `folded`; 0: none. Adds its work to `*steps`, and gives up over `steps_max`. */
uint32_t words_scan(const struct words *words, struct str folded, uint64_t *steps, uint64_t steps_max);

/* ---- in Lua ---- */

/* The object at `index`; raises where there is another. */
const struct words *words_check(struct lua_State *lua, int index);

/* Looks for the words of the object at `index` in `text` and pushes the one that was found, as the script spelt it. False: none, and
 * nothing is pushed. `text` may stand in script->out. */
bool words_find_push(struct lua_State *lua, const struct words *words, int index, struct str text);

/* trunk.words(LIST, OPTIONS). */
int words_new(struct lua_State *lua);
void words_prepare(struct lua_State *lua);

#endif
