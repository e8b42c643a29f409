/* SPDX-License-Identifier: Apache-2.0
 * Rules by the words of one side: which of them may fit a domain, without looking at all of them. */
#include "policy/policy_internal.h"

#include "base/table.h"

#include <stdlib.h>

/* The rules that have a word. */
struct posting {
	uint32_t *rules;
	unsigned count, room;
	UT_hash_handle hh;              /* by kind and word: "zinternal", "dsaturn.example.org", "d*.lab.example" */
	char key[];
};

struct policy_index {
	struct posting *postings;
	uint32_t *any;                  /* rules that have no such side */
	unsigned any_count;
};

/* Zones and domains are told apart: a peer's domain may have a zone's name. */
static char kind_sign(enum rule_side_kind kind)
{
	return kind == SIDE_ZONE ? 'z' : 'd';
}

static struct posting *posting_find(const struct policy_index *index, char sign, struct str prefix, struct str word)
{
	char key[DOMAIN_SIZE + 4];
	struct posting *posting;
	size_t len = 1;

	if (prefix.len + word.len >= DOMAIN_SIZE + 2)
		return NULL;
	key[0] = sign;
	if (prefix.len)
		memcpy(key + len, prefix.at, prefix.len);
	len += prefix.len;
	memcpy(key + len, word.at, word.len);
	len += word.len;
	HASH_FIND(hh, index->postings, key, len, posting);
	return posting;
}

static struct posting *posting_make(struct policy_index *index, char sign, struct str word)
{
	struct posting *posting = posting_find(index, sign, STR(""), word);

	if (posting || !(posting = calloc(1, sizeof(*posting) + word.len + 2)))
		return posting;
	posting->key[0] = sign;
	memcpy(posting->key + 1, word.at, word.len);
	HASH_ADD_KEYPTR(hh, index->postings, posting->key, word.len + 1, posting);
	if (!posting->hh.tbl) {
		free(posting);
		return NULL;
	}
	return posting;
}

static int posting_add(struct posting *posting, uint32_t rule)
{
	if (posting->count && posting->rules[posting->count - 1] == rule)
		return 0;
	if (posting->count == posting->room) {
		const unsigned room = posting->room ? 2 * posting->room : 4;
		uint32_t *rules = realloc(posting->rules, room * sizeof(*rules));

		if (!rules)
			return TRUNK_ENOMEM;
		posting->rules = rules;
		posting->room = room;
	}
	posting->rules[posting->count++] = rule;
	return 0;
}

static int add_rule(struct policy_index *index, const struct rule_side *side, uint32_t rule)
{
	struct posting *posting;
	int err = 0;

	if (!side) {
		index->any[index->any_count++] = rule;
		return 0;
	}
	for (; side->kind != SIDE_END && err == 0; side++) {
		posting = posting_make(index, kind_sign(side->kind), str_of(side->word));
		err = posting ? posting_add(posting, rule) : TRUNK_ENOMEM;
	}
	return err;
}

struct policy_index *policy_index_new(const struct rule *rules, unsigned count, bool is_to)
{
	struct policy_index *index = calloc(1, sizeof(*index));
	int err = 0;

	if (!index || !(index->any = calloc(count + 1, sizeof(*index->any)))) {
		policy_index_free(&index);
		return NULL;
	}
	for (uint32_t i = 0; i < count && err == 0; i++)
		err = add_rule(index, is_to ? rules[i].to : rules[i].from, i);
	if (err < 0)
		policy_index_free(&index);
	return index;
}

void policy_index_free(struct policy_index **index)
{
	struct posting *posting, *next;

	if (!*index)
		return;
	HASH_ITER(hh, (*index)->postings, posting, next) {
		HASH_DEL((*index)->postings, posting);
		free(posting->rules);
		free(posting);
	}
	free((*index)->any);
	free(*index);
	*index = NULL;
}

static void mark(const uint32_t *rules, unsigned count, uint64_t *bits)
{
	for (unsigned i = 0; i < count; i++)
		bits[rules[i] / 64] |= UINT64_C(1) << rules[i] % 64;
}

static void mark_word(const struct policy_index *index, char sign, struct str prefix, struct str word, uint64_t *bits)
{
	const struct posting *posting = posting_find(index, sign, prefix, word);

	if (posting)
		mark(posting->rules, posting->count, bits);
}

void policy_index_mark(const struct policy_index *index, struct str domain, const char *zone, uint64_t *bits)
{
	mark(index->any, index->any_count, bits);
	if (!index->postings)
		return;
	mark_word(index, 'z', STR(""), str_of(zone), bits);
	mark_word(index, 'd', STR(""), domain, bits);
	mark_word(index, 'd', STR(""), STR("*"), bits);
	for (size_t dot; (dot = str_find(domain, '.')) < domain.len;) {
		domain = str_from(domain, dot + 1);
		mark_word(index, 'd', STR("*."), domain, bits);
	}
}
