/* SPDX-License-Identifier: Apache-2.0
 * Security categories of ESS labels and clearances: the common family of ACP 145 and the older one of SDN.801. */
#include "label/ber_internal.h"
#include "label/label_internal.h"

#define OID_CATEGORIES "\x60\x86\x48\x01\x65\x02\x01\x08"       /* 2.16.840.1.101.2.1.8 */

int values_init(struct values *values, struct arena *arena, const struct label_policy *policy)
{
	values->policy = policy;
	values->bits = arena_alloc(arena, (policy && policy->words ? policy->words : 1) * sizeof(*values->bits));
	return values->bits ? 0 : TRUNK_ENOMEM;
}

/* A tag while it is read: which set, and what kinds it may be of. */
struct tag {
	const struct label_tag_set *set;        /* NULL: the policy has none */
	unsigned kinds;
	bool is_empty;
};

static void tag_value(struct values *values, struct tag *tag, uint32_t lacv)
{
	const struct label_value *value = tag->set ? value_by_kinds(values->policy, tag->set, tag->kinds, lacv) : NULL;

	tag->is_empty = false;
	if (value)
		bits_set(values->bits, value->index);
	else
		values->unknown++;
}

static int tag_bits(struct values *values, struct tag *tag, struct str content)
{
	struct ber_bits bits;

	if (ber_bit_string(content, &bits) < 0)
		return TRUNK_EINVAL;
	if (bits.count > LABEL_VALUES_MAX - values->read)
		return TRUNK_ELIMIT;
	values->read += bits.count;
	for (size_t i = 0; i < bits.count; i++) {
		if (i % 8 == 0 && bits.at[i / 8] == 0)
			i += 7;
		else if (ber_bit(&bits, i))
			tag_value(values, tag, (uint32_t)i);
	}
	return 0;
}

static int tag_numbers(struct values *values, struct tag *tag, struct str content)
{
	struct ber_item item;
	uint32_t number;

	while (content.len > 0) {
		if (ber_next(&content, &item) < 0 || item.tag != BER_INTEGER || ber_integer(item.value, &number) < 0)
			return TRUNK_EINVAL;
		if (values->read++ >= LABEL_VALUES_MAX)
			return TRUNK_ELIMIT;
		tag_value(values, tag, number);
	}
	return 0;
}

/* Two tags of one kind in one set: joining permissive ones would let in who may see either, so nobody guesses what is meant. */
static bool tag_is_seen(const struct values *values, struct str set, unsigned kinds)
{
	for (unsigned i = 0; i < values->tag_count; i++)
		if ((values->tags[i].kinds & kinds) && str_eq(values->tags[i].set, set))
			return true;
	return false;
}

/* One tag: bits or numbers of `kinds` in the set. A tag that is there but empty still has to be one that the policy knows, and
 * a permissive one would let nobody in. */
static int tag_read(struct values *values, struct str set, unsigned kinds, uint8_t type, struct str content)
{
	struct tag tag = {.kinds = kinds, .is_empty = true};
	int err;

	if (!ber_is_oid(set) || tag_is_seen(values, set, kinds))
		return TRUNK_EINVAL;
	if (values->tag_count == LABEL_CATEGORIES_MAX)
		return TRUNK_ELIMIT;
	values->tags[values->tag_count++] = (struct values_tag){.set = set, .kinds = kinds};
	tag.set = values->policy ? set_by_oid(values->policy, set) : NULL;
	if (tag.set && !(tag.set->kinds & kinds))
		tag.set = NULL;
	if ((err = type == BER_BIT_STRING ? tag_bits(values, &tag, content) : tag_numbers(values, &tag, content)) < 0)
		return err;
	if (tag.is_empty && (!tag.set || (kinds & KINDS_PERMISSIVE)))
		values->unknown++;
	return 0;
}

/* The common family: SEQUENCE { tag set, bits or numbers }, by the last arc of the type. */
static int common_read(struct values *values, unsigned type, struct str value)
{
	static const unsigned kinds[] = {1u << KIND_RESTRICTIVE, 1u << KIND_ENUM_PERMISSIVE, 1u << KIND_PERMISSIVE, KINDS_INFO,
		1u << KIND_ENUM_RESTRICTIVE};
	static const uint8_t types[] = {BER_BIT_STRING, BER_SET, BER_BIT_STRING, 0, BER_SET};
	struct ber_item set, content;
	unsigned meant = kinds[type];

	if (ber_only(value, BER_SEQUENCE, &value) < 0 || ber_next(&value, &set) < 0 || ber_next(&value, &content) < 0 ||
	    value.len > 0 || set.tag != BER_OID)
		return TRUNK_EINVAL;
	if (types[type] ? content.tag != types[type] : content.tag != BER_BIT_STRING && content.tag != BER_SET)
		return TRUNK_EINVAL;
	if (!types[type])
		meant = content.tag == BER_BIT_STRING ? 1u << KIND_INFO_BITS : 1u << KIND_INFO_NUMBERS;
	return tag_read(values, set.value, meant, content.tag, content.value);
}

/* A SecurityTag of the older family, or of SSLPrivileges, where bits and numbers stand without a SEQUENCE around them. A level
 * inside of a tag says something that no SPIF explains. */
static int missi_tag(struct values *values, struct str set, const struct ber_item *tag, bool is_privilege)
{
	const unsigned number = tag->tag & 0x1F;
	struct str content = tag->value;
	struct ber_item inner = {.tag = number == 2 ? BER_SET : BER_BIT_STRING, .value = content};

	if (number != 1 && number != 2 && number != 6 && (number != 7 || is_privilege))
		return TRUNK_EINVAL;
	if ((tag->tag & 0xE0) != (is_privilege && number != 2 ? BER_CONTEXT : BER_CONTEXT_CONSTRUCTED))
		return TRUNK_EINVAL;
	if (!is_privilege && (ber_next(&content, &inner) < 0))
		return TRUNK_EINVAL;
	if (!is_privilege && number != 7 && inner.tag == BER_INTEGER) {
		values->unknown++;
		return ber_next(&content, &inner) < 0 || content.len > 0 ? TRUNK_EINVAL : 0;
	}
	if (!is_privilege && (content.len > 0 || (number == 2 ? inner.tag != BER_SET : inner.tag != BER_BIT_STRING &&
						  (number != 7 || inner.tag != BER_SET))))
		return TRUNK_EINVAL;
	if (number == 7)
		return tag_read(values, set, inner.tag == BER_SET ? 1u << KIND_INFO_NUMBERS : 1u << KIND_INFO_BITS, inner.tag,
				inner.value);
	return tag_read(values, set, number == 1 ? 1u << KIND_RESTRICTIVE : number == 6 ? 1u << KIND_PERMISSIVE :
			1u << KIND_ENUM_RESTRICTIVE | 1u << KIND_ENUM_PERMISSIVE, inner.tag, inner.value);
}

/* SET OF SEQUENCE { tag set, SEQUENCE OF tag }. */
static int missi_read(struct values *values, struct str value, bool is_privilege)
{
	struct ber_item set, name, tags, tag;

	while (value.len > 0) {
		if (ber_next(&value, &set) < 0 || set.tag != BER_SEQUENCE || ber_next(&set.value, &name) < 0 ||
		    name.tag != BER_OID || ber_next(&set.value, &tags) < 0 || tags.tag != BER_SEQUENCE || set.value.len > 0)
			return TRUNK_EINVAL;
		while (tags.value.len > 0) {
			int err = ber_next(&tags.value, &tag);

			if (err < 0 || (err = missi_tag(values, name.value, &tag, is_privilege)) < 0)
				return err;
		}
	}
	return 0;
}

/* By the type's last arcs: `rest` stands behind 2.16.840.1.101.2.1.8. */
static int category_of_type(struct values *values, struct str rest, struct str value)
{
	struct str content;

	if (rest.len == 2 && rest.at[0] == 3 && (unsigned char)rest.at[1] <= 4)
		return common_read(values, (unsigned)rest.at[1], value);
	if (rest.len == 1 && (rest.at[0] == 1 || (rest.at[0] == 2 && values->is_clearance)))
		return ber_only(value, BER_SET, &content) < 0 ? TRUNK_EINVAL : missi_read(values, content, rest.at[0] == 2);
	values->unknown_types++;
	return 0;
}

static int category_read(struct values *values, struct str category)
{
	const struct str prefix = STR(OID_CATEGORIES);
	struct ber_item type, value;

	if (ber_next(&category, &type) < 0 || type.tag != BER_CONTEXT || !ber_is_oid(type.value) ||
	    ber_next(&category, &value) < 0 || value.tag != (BER_CONTEXT_CONSTRUCTED | 1) || category.len > 0)
		return TRUNK_EINVAL;
	if (str_starts(type.value, prefix))
		return category_of_type(values, str_from(type.value, prefix.len), value.value);
	values->unknown_types++;
	return 0;
}

int values_read_categories(struct values *values, struct str categories)
{
	struct ber_item item;
	unsigned count = 0;
	int err;

	while (categories.len > 0) {
		if (ber_next(&categories, &item) < 0 || item.tag != BER_SEQUENCE)
			return TRUNK_EINVAL;
		if (count++ == LABEL_CATEGORIES_MAX)
			return TRUNK_ELIMIT;
		if ((err = category_read(values, item.value)) < 0)
			return err;
	}
	return 0;
}
