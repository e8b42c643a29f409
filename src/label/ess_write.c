/* SPDX-License-Identifier: Apache-2.0
 * ESS labels as DER. */
#include "label/ber_internal.h"
#include "label/label_internal.h"

#include <stdlib.h>

#define OID_FAMILY_COMMON "\x60\x86\x48\x01\x65\x02\x01\x08\x03"        /* and one more arc */
#define OID_FAMILY_MISSI "\x60\x86\x48\x01\x65\x02\x01\x08\x01"

/* The items of a SET OF while they are collected: where each ends in `bytes`. */
struct items {
	struct buf bytes;
	size_t ends[LABEL_TAGS_MAX];
	unsigned count;
};

static int item_end(struct items *items)
{
	if (items->count == LABEL_TAGS_MAX)
		return TRUNK_ELIMIT;
	items->ends[items->count++] = buf_len(&items->bytes);
	return 0;
}

/* X.690 §11.6: the shorter one goes first where it begins the longer one. */
static int item_compare(const void *a, const void *b)
{
	const struct str *x = a, *y = b;
	const size_t len = x->len < y->len ? x->len : y->len;
	const int order = len ? memcmp(x->at, y->at, len) : 0;

	return order ? order : (x->len > y->len) - (x->len < y->len);
}

/* Adds a SET OF with the items in DER's order. */
static int items_write(struct items *items, struct buf *out)
{
	struct str *sorted = calloc(items->count ? items->count : 1, sizeof(*sorted));
	struct buf content = {0};
	size_t begin = 0;
	int err = sorted ? 0 : TRUNK_ENOMEM;

	for (unsigned i = 0; i < items->count && !err; begin = items->ends[i++])
		sorted[i] = str_until(str_from(buf_str(&items->bytes), begin), items->ends[i] - begin);
	if (!err)
		qsort(sorted, items->count, sizeof(*sorted), item_compare);
	for (unsigned i = 0; i < items->count && !err; i++)
		err = buf_add(&content, sorted[i]);
	if (!err)
		err = der_add(out, BER_SET, buf_str(&content));
	buf_fini(&content);
	free(sorted);
	return err;
}

/* Adds `content` in items of these tags, the innermost first, and empties it. */
static int wrap(struct buf *content, uint8_t inner, uint8_t outer, struct buf *out)
{
	struct buf middle = {0};
	int err = der_add(&middle, inner, buf_str(content));

	if (!err)
		err = outer ? der_add(out, outer, buf_str(&middle)) : buf_add(out, buf_str(&middle));
	buf_fini(&middle);
	buf_clear(content);
	return err;
}

/* Values of one set and kind. */
struct group {
	const struct label_tag_set *set;
	enum label_kind kind;
	const uint32_t *numbers;        /* ascending */
	size_t count;
};

static bool is_numbers(enum label_kind kind)
{
	return kind == KIND_ENUM_RESTRICTIVE || kind == KIND_ENUM_PERMISSIVE || kind == KIND_INFO_NUMBERS;
}

/* BIT STRING, or SET OF INTEGER, whose order by number is DER's own. */
static int group_numbers(const struct group *group, struct buf *out)
{
	struct buf set = {0};
	int err = 0;

	if (!is_numbers(group->kind))
		return der_add_bits(out, group->numbers, group->count);
	for (size_t i = 0; i < group->count && !err; i++)
		err = der_add_integer(&set, group->numbers[i]);
	if (!err)
		err = der_add(out, BER_SET, buf_str(&set));
	buf_fini(&set);
	return err;
}

/* SecurityCategory of type `oid` around `value`. */
static int category_write(struct str oid, struct str value, struct buf *out)
{
	struct buf category = {0};
	int err;

	if (!(err = der_add(&category, BER_CONTEXT, oid)) && !(err = der_add(&category, BER_CONTEXT_CONSTRUCTED | 1, value)))
		err = der_add(out, BER_SEQUENCE, buf_str(&category));
	buf_fini(&category);
	return err;
}

static int common_group(const struct group *group, struct items *items)
{
	static const char arcs[KIND_COUNT] = {[KIND_RESTRICTIVE] = 0, [KIND_ENUM_PERMISSIVE] = 1, [KIND_PERMISSIVE] = 2,
		[KIND_INFO_BITS] = 3, [KIND_INFO_NUMBERS] = 3, [KIND_ENUM_RESTRICTIVE] = 4};
	char oid[sizeof(OID_FAMILY_COMMON)];
	struct buf content = {0}, value = {0};
	int err;

	memcpy(oid, OID_FAMILY_COMMON, sizeof(oid) - 1);
	oid[sizeof(oid) - 1] = arcs[group->kind];
	if (!(err = der_add(&content, BER_OID, group->set->oid)) && !(err = group_numbers(group, &content)) &&
	    !(err = wrap(&content, BER_SEQUENCE, 0, &value)) &&
	    !(err = category_write(str_make(oid, sizeof(oid)), buf_str(&value), &items->bytes)))
		err = item_end(items);
	buf_fini(&content);
	buf_fini(&value);
	return err;
}

/* One NamedTagSet for each group: SEQUENCE { set, SEQUENCE { [n] { bits or numbers } } }. */
static int missi_group(const struct group *group, struct items *items)
{
	static const uint8_t numbers[KIND_COUNT] = {[KIND_RESTRICTIVE] = 1, [KIND_ENUM_PERMISSIVE] = 2, [KIND_PERMISSIVE] = 6,
		[KIND_INFO_BITS] = 7, [KIND_INFO_NUMBERS] = 7, [KIND_ENUM_RESTRICTIVE] = 2};
	struct buf content = {0}, named = {0};
	int err;

	if (!(err = group_numbers(group, &content)) && !(err = der_add(&named, BER_OID, group->set->oid)) &&
	    !(err = wrap(&content, BER_CONTEXT_CONSTRUCTED | numbers[group->kind], BER_SEQUENCE, &named)) &&
	    !(err = der_add(&items->bytes, BER_SEQUENCE, buf_str(&named))))
		err = item_end(items);
	buf_fini(&content);
	buf_fini(&named);
	return err;
}

static int value_compare(const void *a, const void *b)
{
	const struct label_value *x = *(const struct label_value *const *)a, *y = *(const struct label_value *const *)b;

	if (x->tag->set != y->tag->set)
		return x->tag->set->index < y->tag->set->index ? -1 : 1;
	if (x->tag->kind != y->tag->kind)
		return x->tag->kind < y->tag->kind ? -1 : 1;
	return (x->lacv > y->lacv) - (x->lacv < y->lacv);
}

/* All groups of the sorted values. `numbers` has room for all. */
static int groups_write(const struct label_value **values, size_t count, uint32_t *numbers, enum label_family family,
			struct items *items)
{
	int err = 0;

	for (size_t i = 0, n; i < count && !err; i += n) {
		struct group group = {.set = values[i]->tag->set, .kind = values[i]->tag->kind, .numbers = numbers};

		for (n = 0; i + n < count && values[i + n]->tag->set == group.set && values[i + n]->tag->kind == group.kind;
		     n++)
			numbers[n] = values[i + n]->lacv;
		group.count = n;
		err = family == FAMILY_MISSI ? missi_group(&group, items) : common_group(&group, items);
	}
	return err;
}

static int categories_collect(const struct label *label, struct items *items)
{
	const struct label_policy *policy = label->policy;
	const size_t max = policy->value_count ? policy->value_count : 1;
	const struct label_value **values = calloc(max, sizeof(struct label_value *));
	uint32_t *numbers = calloc(max, sizeof(*numbers));
	size_t count = 0;
	int err = values && numbers ? 0 : TRUNK_ENOMEM;

	if (!err) {
		BITS_EACH(i, label->values, policy->words)
			values[count++] = &policy->values[i];
		qsort(values, count, sizeof(struct label_value *), value_compare);
		err = groups_write(values, count, numbers, policy->family, items);
	}
	free(values);
	free(numbers);
	return err;
}

/* The older family has one category that holds all sets. */
static int categories_join(struct items *items)
{
	struct buf sets = {0};
	int err = items_write(items, &sets);

	buf_clear(&items->bytes);
	items->count = 0;
	if (!err && !(err = category_write(STR(OID_FAMILY_MISSI), buf_str(&sets), &items->bytes)))
		err = item_end(items);
	buf_fini(&sets);
	return err;
}

static int categories_write(const struct label *label, struct buf *out)
{
	struct items *items = calloc(1, sizeof(*items));
	int err;

	if (!items)
		return TRUNK_ENOMEM;
	err = categories_collect(label, items);
	if (!err && items->count && label->policy->family == FAMILY_MISSI)
		err = categories_join(items);
	if (!err && items->count)
		err = items_write(items, out);
	buf_fini(&items->bytes);
	free(items);
	return err;
}

int label_write_der(const struct label *label, struct buf *out)
{
	struct buf set = {0};
	int err;

	if (label->fault.why != LABEL_GRANTED)
		return TRUNK_EINVAL;
	if (!(err = der_add_integer(&set, label->class->lacv)) && !(err = der_add(&set, BER_OID, label->policy->oid)) &&
	    !(err = str_is_absent(label->privacy_mark) ? 0 : der_add(&set, BER_UTF8, label->privacy_mark)) &&
	    !(err = categories_write(label, &set)))
		err = buf_len(&set) > LABEL_BYTES_MAX ? TRUNK_ELIMIT : der_add(out, BER_SET, buf_str(&set));
	buf_fini(&set);
	return err;
}

int label_write_base64(const struct label *label, struct buf *out)
{
	struct buf der = {0};
	int err;

	if (!(err = label_write_der(label, &der)))
		err = base64_encode(buf_str(&der), out);
	buf_fini(&der);
	return err;
}
