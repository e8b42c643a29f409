/* SPDX-License-Identifier: Apache-2.0
 * What a SPIF becomes: classes, tag sets, tags and values in arrays, with tables to find them by. Of this room only. */
#ifndef TRUNK_LABEL_MODEL_INTERNAL_H
#define TRUNK_LABEL_MODEL_INTERNAL_H

#include "label/policies.h"

/* How a value stands in a label. Bitmaps and numbers of one tag set are told apart, for their `lacv` are unrelated. */
enum label_kind {
	KIND_RESTRICTIVE = 1, KIND_PERMISSIVE,          /* bits */
	KIND_ENUM_RESTRICTIVE, KIND_ENUM_PERMISSIVE,    /* numbers */
	KIND_INFO_BITS, KIND_INFO_NUMBERS,
	KIND_COUNT,
};

/* Sets of kinds, as bits. */
enum {
	KINDS_RESTRICTIVE = 1u << KIND_RESTRICTIVE | 1u << KIND_ENUM_RESTRICTIVE,
	KINDS_PERMISSIVE = 1u << KIND_PERMISSIVE | 1u << KIND_ENUM_PERMISSIVE,
	KINDS_INFO = 1u << KIND_INFO_BITS | 1u << KIND_INFO_NUMBERS,
};

static inline bool kind_is(enum label_kind kind, unsigned kinds)
{
	return (kinds >> kind & 1) != 0;
}

/* ---- tables ---- */

#define INDEX_NONE UINT32_MAX

struct index_slot {
	uint64_t hash;
	uint32_t item;                  /* INDEX_NONE: free */
};

/* Numbers by the hash of their keys; the caller compares the keys. At most half full. */
struct index {
	struct index_slot *slots;
	uint32_t mask;
};

#define HASH_SEED 0xcbf29ce484222325u

uint64_t hash_bytes(uint64_t hash, struct str bytes);
uint64_t hash_number(uint64_t hash, uint32_t number);

int index_init(struct arena *arena, struct index *index, size_t count);         /* 0, TRUNK_ENOMEM */
void index_add(struct index *index, uint64_t hash, uint32_t item);

/* The next item with that hash; `*cursor` is 0 for the first. INDEX_NONE: no more. */
uint32_t index_next(const struct index *index, uint64_t hash, uint32_t *cursor);

/* ---- markings ---- */

enum {
	MARK_PAGE_TOP = 1 << 0, MARK_PAGE_BOTTOM = 1 << 1, MARK_DOCUMENT_START = 1 << 2, MARK_DOCUMENT_END = 1 << 3,
	MARK_FIRST_LINE = 1 << 4, MARK_LAST_LINE = 1 << 5, MARK_SUBJECT = 1 << 6, MARK_X_HEADER = 1 << 7, MARK_PORTION = 1 << 8,
	MARK_INPUT_TITLE = 1 << 9, MARK_WATERMARK = 1 << 10,
	MARK_PLACES = (1 << 11) - 1,
	MARK_NO_NAME = 1 << 11, MARK_NO_MARKING = 1 << 12, MARK_SUPPRESS_CLASS = 1 << 13, MARK_REPLACE_POLICY = 1 << 14,
};

struct marking_data {
	struct str lang, phrase;        /* lang empty: for any language; phrase absent: none given */
	unsigned codes;                 /* MARK_…; always with a place */
	struct marking_data *next;
};

enum marking_part { MARKING_PREFIX = 1, MARKING_SUFFIX, MARKING_SEPARATOR };

struct marking_qualifier {
	struct str lang, text;
	enum marking_part part;
	struct marking_qualifier *next;
};

struct marking {
	struct marking_data *data;
	struct marking_qualifier *qualifiers;
};

/* ---- conditions ---- */

/* Names one value, or all values of some kinds in a set (categoryGroup, excludedCategory). */
struct category_ref {
	const struct label_value *value;        /* NULL: all of `kinds` in `set` */
	const struct label_tag_set *set;
	unsigned kinds;
	struct category_ref *next;
};

enum condition_operation { CONDITION_ONLY_ONE = 1, CONDITION_ONE_OR_MORE, CONDITION_ALL };

/* requiredCategory: how many of the values that `refs` name a label has to carry. A void one names what the policy does not
 * have: no label meets it. */
struct condition {
	enum condition_operation operation;
	bool is_void;
	struct category_ref *refs;
	struct condition *next;
};

/* ---- equivalents ---- */

enum { APPLIED_ENCRYPT = 1, APPLIED_DECRYPT = 2 };

/* equivalentClassification, and equivalentSecCategoryTag (with set, kinds and is_discard). */
struct equivalent {
	struct str policy;              /* the other's id in DER */
	struct str set;                 /* the other's tag set, in DER */
	unsigned kinds;                 /* one, or both informative ones, since the element does not tell them apart */
	uint32_t lacv;
	unsigned applied;
	bool is_discard;
	const struct condition *conditions;
	struct equivalent *next;
};

/* equivalentPolicy. */
struct other_policy {
	struct str name, id;            /* id in DER */
	struct condition *conditions;
	struct other_policy *next;
};

/* ---- the policy ---- */

struct label_class {
	struct str name, color;         /* color absent: none */
	uint32_t lacv, hierarchy;
	unsigned index;
	bool is_obsolete;
	struct condition *required;
	struct category_ref *excluded;
	struct equivalent *equivalents;
	struct marking marking;
};

struct label_tag_set {
	struct str name, id, oid;       /* id dotted, oid in DER */
	unsigned index;
	unsigned kinds;                 /* of its tags */
	unsigned first_value, value_count;
	struct marking marking;
};

struct label_tag {
	struct str name;
	const struct label_tag_set *set;
	enum label_kind kind;
	unsigned index, first_value, value_count;
	uint32_t min_selection, max_selection;  /* of a label in which the tag is present; max 0: any number */
	struct marking marking;
};

struct label_value {
	struct str name;
	const struct label_tag *tag;
	uint32_t lacv;
	unsigned index;                 /* in the policy's order, which keeps the values of one tag together */
	bool is_obsolete;
	bool has_not_before, has_not_after;
	int64_t not_before_ms, not_after_ms;    /* wall clock, since 1970 UTC */
	const struct label_class *required_class;       /* NULL: any */
	const struct label_class **excluded_classes;
	unsigned excluded_class_count;
	struct condition *required;
	struct category_ref *excluded;
	struct equivalent *equivalents;
	struct marking marking;
};

/* The family of categories that the policy's labels are written in (rbacId). */
enum label_family { FAMILY_COMMON = 1 /* 2.16.840.1.101.2.1.8.3.x */, FAMILY_MISSI /* 2.16.840.1.101.2.1.8.1 */ };

/* Immutable once it is in a set. All memory is in the arena, which holds the struct's members but not the struct. */
struct label_policy {
	struct arena arena;
	struct str name, id, oid;       /* id dotted, oid in DER */
	struct str default_id;
	enum label_family family;
	struct label_class *classes;
	struct label_tag_set *sets;
	struct label_tag *tags;
	struct label_value *values;
	unsigned class_count, set_count, tag_count, value_count;
	size_t words;                   /* of a set of values as bits: 64 to a word */
	struct other_policy *others;
	struct marking marking, name_marking;   /* name_marking: of securityPolicyId */
	struct index class_by_lacv, class_by_name, set_by_oid, set_by_name, value_by_lacv, value_by_name;
	struct index class_arriving, value_arriving;    /* by what the other policy calls them, where decrypt applies */
};

struct label_policies {
	struct label_policy *policies[LABEL_POLICIES_MAX];
	unsigned count;
};

const struct label_policy *policies_by_oid(const struct label_policies *policies, struct str oid);

/* ---- finding; NULL: there is none ---- */

const struct label_class *class_by_lacv(const struct label_policy *policy, uint32_t lacv);
const struct label_class *class_by_name(const struct label_policy *policy, struct str name);
const struct label_tag_set *set_by_oid(const struct label_policy *policy, struct str oid);
const struct label_tag_set *set_by_name(const struct label_policy *policy, struct str name);
const struct label_value *value_by_lacv(const struct label_policy *policy, const struct label_tag_set *set,
					enum label_kind kind, uint32_t lacv);

/* The one value of one of `kinds`; none where two kinds have that lacv, for then nobody can say which is meant. */
const struct label_value *value_by_kinds(const struct label_policy *policy, const struct label_tag_set *set, unsigned kinds,
					 uint32_t lacv);

/* The one value of that name among `kinds` of the set, and of `tag` unless that is NULL. `ret_count` says how many there are:
 * NULL is returned unless it is 1. */
const struct label_value *value_by_name(const struct label_policy *policy, const struct label_tag_set *set,
					const struct label_tag *tag, unsigned kinds, struct str name, unsigned *ret_count);

/* Fills the tables: of classes and sets once those are there, of values once these are, of equivalents at last. */
int policy_index_names(struct label_policy *policy);            /* each: 0, TRUNK_ENOMEM */
int policy_index_values(struct label_policy *policy);
int policy_index_arriving(struct label_policy *policy);

/* The keys of what class_arriving and value_arriving hold: a class or value by what the other policy calls it. */
uint64_t hash_arriving_class(struct str policy, uint32_t lacv);
uint64_t hash_arriving_value(struct str policy, struct str set, uint32_t lacv);

/* ---- sets of values as bits ---- */

static inline bool bits_has(const uint64_t *bits, unsigned index)
{
	return (bits[index / 64] >> index % 64 & 1) != 0;
}

static inline void bits_set(uint64_t *bits, unsigned index)
{
	bits[index / 64] |= (uint64_t)1 << index % 64;
}

#define BITS_END UINT32_MAX

/* The first member from `from` on; BITS_END: none. */
unsigned bits_next(const uint64_t *bits, size_t words, unsigned from);

/* Walks the members of a set of values in the policy's order. */
#define BITS_EACH(var, bits, words) \
	for (unsigned var = bits_next(bits, words, 0); var != BITS_END; var = bits_next(bits, words, var + 1))

#endif
