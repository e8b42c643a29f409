/* SPDX-License-Identifier: Apache-2.0
 * The tree of words and the walk through it. */
#include "filter/words.h"

size_t words_bytes(size_t folded_bytes)
{
	return sizeof(struct words) + (folded_bytes + 1) * sizeof(struct words_node);
}

void words_init(struct words *words, size_t folded_bytes, unsigned flags, bool is_whole)
{
	memset(words, 0, words_bytes(folded_bytes));
	words->flags = flags;
	words->is_whole = is_whole;
	words->max = (uint32_t)folded_bytes + 1;
	words->count = 1;
}

/* The child of a node by its byte; 0: none. */
static uint32_t child_of(const struct words *words, uint32_t at, char c, uint64_t *steps)
{
	if (at == 0)
		return words->root[(unsigned char)c];
	for (at = words->nodes[at].child; at && words->nodes[at].c != c; at = words->nodes[at].next)
		++*steps;
	return at;
}

void words_add(struct words *words, struct str folded, uint32_t number)
{
	uint32_t at = 0;
	uint64_t steps = 0;

	for (size_t i = 0; i < folded.len; i++) {
		uint32_t next = child_of(words, at, folded.at[i], &steps);

		if (next == 0 && words->count < words->max) {
			next = words->count++;
			words->nodes[next] = (struct words_node){.c = folded.at[i], .depth = (uint16_t)(i + 1), .next = words->nodes[at].child};
			words->nodes[at].child = next;
			if (at == 0)
				words->root[(unsigned char)folded.at[i]] = next;
		}
		at = next;
	}
	if (at && words->nodes[at].word == 0)
		words->nodes[at].word = number;
}

/* Where a child's failures lead: the longest suffix that is in the tree, from its parent's. */
static uint32_t fail_of(const struct words *words, uint32_t parent, char c)
{
	uint64_t steps = 0;
	uint32_t found;

	while (parent) {
		parent = words->nodes[parent].fail;
		if ((found = child_of(words, parent, c, &steps)))
			return found;
	}
	return 0;
}

void words_finish(struct words *words)
{
	struct words_node *nodes = words->nodes;
	uint32_t tail = 0;

	for (uint32_t head = 0;; head = nodes[head].queue) {    /* shorter ones first; queue 0 ends it */
		for (uint32_t child = nodes[head].child; child; child = nodes[child].next) {
			const uint32_t fail = fail_of(words, head, nodes[child].c);

			nodes[child].fail = fail;
			nodes[child].shorter = nodes[fail].word ? fail : nodes[fail].shorter;
			nodes[tail].queue = child;
			tail = child;
		}
		if (nodes[head].queue == 0)
			return;
	}
}

/* `end`: offset behind a word of `len` bytes. */
static bool is_whole(struct str folded, size_t end, size_t len)
{
	const size_t begin = end - len;

	return (begin == 0 || !fold_is_word(folded.at[begin - 1]) || !fold_is_word(folded.at[begin])) &&
	       (end == folded.len || !fold_is_word(folded.at[end]) || !fold_is_word(folded.at[end - 1]));
}

uint32_t words_scan(const struct words *words, struct str folded, uint64_t *steps, uint64_t steps_max)
{
	const struct words_node *nodes = words->nodes;
	uint32_t at = 0, next;

	for (size_t i = 0; i < folded.len && *steps <= steps_max; i++, ++*steps) {
		while (at == 0 && i + 1 < folded.len && words->root[(unsigned char)folded.at[i]] == 0) {
			i++;                    /* nothing begins here */
			++*steps;
		}
		while ((next = child_of(words, at, folded.at[i], steps)) == 0 && at) {
			at = nodes[at].fail;
			++*steps;
		}
		at = next;
		for (uint32_t end = nodes[at].word ? at : nodes[at].shorter; end; end = nodes[end].shorter, ++*steps)
			if (!words->is_whole || is_whole(folded, i + 1, nodes[end].depth))
				return nodes[end].word;
	}
	return 0;
}
