/* SPDX-License-Identifier: Apache-2.0
 * Finds classes, tag sets and values of a policy by hash. */
#include "label/model_internal.h"

#define HASH_PRIME 0x100000001b3u

uint64_t hash_bytes(uint64_t hash, struct str bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		hash = (hash ^ (unsigned char)bytes.at[i]) * HASH_PRIME;
	return hash * HASH_PRIME;       /* so that what follows does not run into it */
}

uint64_t hash_number(uint64_t hash, uint32_t number)
{
	hash = (hash ^ number) * HASH_PRIME;
	return hash ^ hash >> 29;
}

int index_init(struct arena *arena, struct index *index, size_t count)
{
	size_t slots = 4;

	while (slots < 2 * count)
		slots *= 2;
	if (!(index->slots = arena_alloc(arena, slots * sizeof(*index->slots))))
		return TRUNK_ENOMEM;
	for (size_t i = 0; i < slots; i++)
		index->slots[i].item = INDEX_NONE;
	index->mask = (uint32_t)(slots - 1);
	return 0;
}

void index_add(struct index *index, uint64_t hash, uint32_t item)
{
	uint32_t at = (uint32_t)(hash ^ hash >> 32) & index->mask;

	while (index->slots[at].item != INDEX_NONE)
		at = (at + 1) & index->mask;
	index->slots[at] = (struct index_slot){.hash = hash, .item = item};
}

uint32_t index_next(const struct index *index, uint64_t hash, uint32_t *cursor)
{
	const uint32_t start = (uint32_t)(hash ^ hash >> 32) & index->mask;

	for (uint32_t step = *cursor; index->slots && step <= index->mask; step++) {
		const struct index_slot *slot = &index->slots[(start + step) & index->mask];

		if (slot->item == INDEX_NONE)
			break;
		if (slot->hash == hash) {
			*cursor = step + 1;
			return slot->item;
		}
	}
	*cursor = UINT32_MAX;
	return INDEX_NONE;
}

unsigned bits_next(const uint64_t *bits, size_t words, unsigned from)
{
	size_t word = from / 64;
	uint64_t left;

	if (word >= words)
		return BITS_END;
	left = bits[word] >> from % 64 << from % 64;
	while (!left) {
		if (++word >= words)
			return BITS_END;
		left = bits[word];
	}
	return (unsigned)(word * 64) + (unsigned)__builtin_ctzll(left);
}

static uint64_t hash_value(const struct label_tag_set *set, enum label_kind kind, uint32_t lacv)
{
	return hash_number(hash_number(hash_number(HASH_SEED, set->index), (uint32_t)kind), lacv);
}

static uint64_t hash_value_name(const struct label_tag_set *set, struct str name)
{
	return hash_number(hash_bytes(HASH_SEED, name), set->index);
}

uint64_t hash_arriving_class(struct str policy, uint32_t lacv)
{
	return hash_number(hash_bytes(HASH_SEED, policy), lacv);
}

uint64_t hash_arriving_value(struct str policy, struct str set, uint32_t lacv)
{
	return hash_number(hash_bytes(hash_bytes(HASH_SEED, policy), set), lacv);
}

const struct label_class *class_by_lacv(const struct label_policy *policy, uint32_t lacv)
{
	const uint64_t hash = hash_number(HASH_SEED, lacv);
	uint32_t cursor = 0, item;

	while ((item = index_next(&policy->class_by_lacv, hash, &cursor)) != INDEX_NONE)
		if (policy->classes[item].lacv == lacv)
			return &policy->classes[item];
	return NULL;
}

const struct label_class *class_by_name(const struct label_policy *policy, struct str name)
{
	const uint64_t hash = hash_bytes(HASH_SEED, name);
	uint32_t cursor = 0, item;

	while ((item = index_next(&policy->class_by_name, hash, &cursor)) != INDEX_NONE)
		if (str_eq(policy->classes[item].name, name))
			return &policy->classes[item];
	return NULL;
}

const struct label_tag_set *set_by_oid(const struct label_policy *policy, struct str oid)
{
	const uint64_t hash = hash_bytes(HASH_SEED, oid);
	uint32_t cursor = 0, item;

	while ((item = index_next(&policy->set_by_oid, hash, &cursor)) != INDEX_NONE)
		if (str_eq(policy->sets[item].oid, oid))
			return &policy->sets[item];
	return NULL;
}

const struct label_tag_set *set_by_name(const struct label_policy *policy, struct str name)
{
	const uint64_t hash = hash_bytes(HASH_SEED, name);
	uint32_t cursor = 0, item;

	while ((item = index_next(&policy->set_by_name, hash, &cursor)) != INDEX_NONE)
		if (str_eq(policy->sets[item].name, name))
			return &policy->sets[item];
	return NULL;
}

const struct label_value *value_by_lacv(const struct label_policy *policy, const struct label_tag_set *set,
					enum label_kind kind, uint32_t lacv)
{
	const uint64_t hash = hash_value(set, kind, lacv);
	uint32_t cursor = 0, item;

	while ((item = index_next(&policy->value_by_lacv, hash, &cursor)) != INDEX_NONE) {
		const struct label_value *value = &policy->values[item];

		if (value->tag->set == set && value->tag->kind == kind && value->lacv == lacv)
			return value;
	}
	return NULL;
}

const struct label_value *value_by_kinds(const struct label_policy *policy, const struct label_tag_set *set, unsigned kinds,
					 uint32_t lacv)
{
	const struct label_value *found = NULL;

	for (unsigned kind = 1; kind < KIND_COUNT; kind++) {
		const struct label_value *value = kind_is((enum label_kind)kind, kinds & set->kinds) ?
			value_by_lacv(policy, set, (enum label_kind)kind, lacv) : NULL;

		if (value && found)
			return NULL;
		found = value ? value : found;
	}
	return found;
}

const struct label_value *value_by_name(const struct label_policy *policy, const struct label_tag_set *set,
					const struct label_tag *tag, unsigned kinds, struct str name, unsigned *ret_count)
{
	const uint64_t hash = hash_value_name(set, name);
	const struct label_value *found = NULL;
	uint32_t cursor = 0, item;
	unsigned count = 0;

	while ((item = index_next(&policy->value_by_name, hash, &cursor)) != INDEX_NONE) {
		const struct label_value *value = &policy->values[item];

		if (value->tag->set != set || (tag && value->tag != tag) || !kind_is(value->tag->kind, kinds) ||
		    !str_eq(value->name, name))
			continue;
		found = value;
		count++;
	}
	*ret_count = count;
	return count == 1 ? found : NULL;
}

int policy_index_names(struct label_policy *policy)
{
	int err;

	if ((err = index_init(&policy->arena, &policy->class_by_lacv, policy->class_count)) < 0 ||
	    (err = index_init(&policy->arena, &policy->class_by_name, policy->class_count)) < 0 ||
	    (err = index_init(&policy->arena, &policy->set_by_oid, policy->set_count)) < 0 ||
	    (err = index_init(&policy->arena, &policy->set_by_name, policy->set_count)) < 0)
		return err;
	for (unsigned i = 0; i < policy->class_count; i++) {
		index_add(&policy->class_by_lacv, hash_number(HASH_SEED, policy->classes[i].lacv), i);
		index_add(&policy->class_by_name, hash_bytes(HASH_SEED, policy->classes[i].name), i);
	}
	for (unsigned i = 0; i < policy->set_count; i++) {
		index_add(&policy->set_by_oid, hash_bytes(HASH_SEED, policy->sets[i].oid), i);
		index_add(&policy->set_by_name, hash_bytes(HASH_SEED, policy->sets[i].name), i);
	}
	return 0;
}

int policy_index_values(struct label_policy *policy)
{
	int err;

	if ((err = index_init(&policy->arena, &policy->value_by_lacv, policy->value_count)) < 0 ||
	    (err = index_init(&policy->arena, &policy->value_by_name, policy->value_count)) < 0)
		return err;
	for (unsigned i = 0; i < policy->value_count; i++) {
		const struct label_value *value = &policy->values[i];

		index_add(&policy->value_by_lacv, hash_value(value->tag->set, value->tag->kind, value->lacv), i);
		index_add(&policy->value_by_name, hash_value_name(value->tag->set, value->name), i);
	}
	return 0;
}

/* Whether the equivalent says what the other policy's thing is called when it comes to us. */
static bool is_arriving(const struct equivalent *e)
{
	return (e->applied & APPLIED_DECRYPT) != 0 && !e->is_discard;
}

static size_t arriving_count(const struct equivalent *e)
{
	size_t count = 0;

	for (; e; e = e->next)
		count += is_arriving(e);
	return count;
}

int policy_index_arriving(struct label_policy *policy)
{
	size_t classes = 0, values = 0;
	int err;

	for (unsigned i = 0; i < policy->class_count; i++)
		classes += arriving_count(policy->classes[i].equivalents);
	for (unsigned i = 0; i < policy->value_count; i++)
		values += arriving_count(policy->values[i].equivalents);
	if ((err = index_init(&policy->arena, &policy->class_arriving, classes)) < 0 ||
	    (err = index_init(&policy->arena, &policy->value_arriving, values)) < 0)
		return err;
	for (unsigned i = 0; i < policy->class_count; i++)
		for (const struct equivalent *e = policy->classes[i].equivalents; e; e = e->next)
			if (is_arriving(e))
				index_add(&policy->class_arriving, hash_arriving_class(e->policy, e->lacv), i);
	for (unsigned i = 0; i < policy->value_count; i++)
		for (const struct equivalent *e = policy->values[i].equivalents; e; e = e->next)
			if (is_arriving(e))
				index_add(&policy->value_arriving, hash_arriving_value(e->policy, e->set, e->lacv), i);
	return 0;
}

/* ---- the set ---- */

/* NATO and PUBLIC compare without case: STANAG 4774. */
static bool policy_name_eq(struct str a, struct str b)
{
	return str_eq(a, b) || ((str_eq_nocase(a, STR("NATO")) || str_eq_nocase(a, STR("PUBLIC"))) && str_eq_nocase(a, b));
}

const struct label_policy *label_policies_by_name(const struct label_policies *policies, struct str name)
{
	for (unsigned i = 0; i < policies->count; i++)
		if (policy_name_eq(policies->policies[i]->name, name))
			return policies->policies[i];
	return NULL;
}

const struct label_policy *label_policies_by_id(const struct label_policies *policies, struct str id)
{
	for (unsigned i = 0; i < policies->count; i++)
		if (str_eq(policies->policies[i]->id, id))
			return policies->policies[i];
	return NULL;
}

const struct label_policy *policies_by_oid(const struct label_policies *policies, struct str oid)
{
	for (unsigned i = 0; i < policies->count; i++)
		if (str_eq(policies->policies[i]->oid, oid))
			return policies->policies[i];
	return NULL;
}

const struct label_policy *label_policies_at(const struct label_policies *policies, unsigned index)
{
	return index < policies->count ? policies->policies[index] : NULL;
}

struct str label_policy_name(const struct label_policy *policy)
{
	return policy->name;
}

struct str label_policy_id(const struct label_policy *policy)
{
	return policy->id;
}

struct str label_policy_default_id(const struct label_policy *policy)
{
	return policy->default_id;
}

bool label_policy_has_class(const struct label_policy *policy, struct str class_name)
{
	return class_by_name(policy, class_name) != NULL;
}
