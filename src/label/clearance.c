/* SPDX-License-Identifier: Apache-2.0
 * Clearances from DER (RFC 5755 §4.4.6, X.501, SDN.801) and from files. */
#include "label/ber_internal.h"
#include "label/clearance_internal.h"
#include "label/xml_file_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { CLEARANCE_DEFAULT_LACV = 1 };    /* `unclassified`: RFC 5755, where there is no class list */

void why(char *ret_why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ret_why, LABEL_WHY_SIZE, format, args);
	va_end(args);
}

struct label_clearance *clearance_new(const struct label_policy *policy)
{
	struct label_clearance *clearance = calloc(1, sizeof(*clearance) + policy->words * sizeof(clearance->values[0]));

	if (clearance)
		clearance->policy = policy;
	return clearance;
}

void label_clearance_free(struct label_clearance **clearance)
{
	free(*clearance);
	*clearance = NULL;
}

void clearance_take(struct label_clearance *clearance, const struct values *values)
{
	memcpy(clearance->values, values->bits, clearance->policy->words * sizeof(clearance->values[0]));
	clearance->surplus += values->unknown + values->unknown_types;
}

/* The three fields, by either way of tagging. */
struct fields {
	struct str policy, classes, categories;         /* classes and categories absent where they are */
};

static int fields_cut(struct str der, struct fields *ret)
{
	static const uint8_t plain[] = {BER_OID, BER_BIT_STRING, BER_SET},
		tagged[] = {BER_CONTEXT, BER_CONTEXT | 1, BER_CONTEXT_CONSTRUCTED | 2};
	struct str sequence, *const fields[] = {&ret->policy, &ret->classes, &ret->categories};
	const uint8_t *tags;
	unsigned next = 0;

	if (der.len > LABEL_BYTES_MAX)
		return TRUNK_ELIMIT;
	if (ber_only(der, BER_SEQUENCE, &sequence) < 0 || sequence.len == 0)
		return TRUNK_EINVAL;
	*ret = (struct fields){0};
	tags = (uint8_t)sequence.at[0] == BER_CONTEXT ? tagged : plain;
	while (sequence.len > 0) {
		struct ber_item item;

		if (ber_next(&sequence, &item) < 0)
			return TRUNK_EINVAL;
		while (next < 3 && tags[next] != item.tag)
			next++;
		if (next == 3)
			return TRUNK_EINVAL;
		*fields[next++] = item.value;
	}
	return ber_is_oid(ret->policy) ? 0 : TRUNK_EINVAL;
}

static int classes_read(struct label_clearance *clearance, struct str classes)
{
	const struct label_class *class;
	struct ber_bits bits;

	if (str_is_absent(classes)) {
		if ((class = class_by_lacv(clearance->policy, CLEARANCE_DEFAULT_LACV)))
			bits_set(clearance->classes, class->index);
		return 0;
	}
	if (ber_bit_string(classes, &bits) < 0)
		return TRUNK_EINVAL;
	if (bits.count > LABEL_VALUES_MAX)
		return TRUNK_ELIMIT;
	for (size_t i = 0; i < bits.count; i++) {
		if (!ber_bit(&bits, i))
			continue;
		if ((class = class_by_lacv(clearance->policy, (uint32_t)i)))
			bits_set(clearance->classes, class->index);
		else
			clearance->surplus++;
	}
	return 0;
}

static int fields_read(const struct fields *fields, struct arena *arena, struct label_clearance *clearance)
{
	struct values values = {.is_clearance = true};
	int err;

	if ((err = values_init(&values, arena, clearance->policy)) < 0 ||
	    (err = classes_read(clearance, fields->classes)) < 0 ||
	    (err = values_read_categories(&values, fields->categories)) < 0)
		return err;
	clearance_take(clearance, &values);
	return 0;
}

int label_clearance_parse_der(const struct label_policies *policies, struct str der, struct label_clearance **ret_clearance)
{
	struct label_clearance *clearance;
	const struct label_policy *policy;
	struct arena arena = {0};
	struct fields fields;
	int err;

	if ((err = fields_cut(der, &fields)) < 0)
		return err;
	if (!(policy = policies_by_oid(policies, fields.policy)))
		return TRUNK_ENOENT;
	if (!(clearance = clearance_new(policy)))
		return TRUNK_ENOMEM;
	err = fields_read(&fields, &arena, clearance);
	arena_fini(&arena);
	if (err < 0)
		label_clearance_free(&clearance);
	else
		*ret_clearance = clearance;
	return err;
}

static int parse_base64(const struct label_policies *policies, struct str text, struct label_clearance **ret_clearance,
			char *ret_why)
{
	struct buf der = {0};
	int err = text.len > 4 * (size_t)LABEL_BYTES_MAX ? TRUNK_ELIMIT : base64_decode(text, false, &der);

	if (err < 0)
		why(ret_why, "is no base64; copy it whole, with the = at its end");
	else if ((err = label_clearance_parse_der(policies, buf_str(&der), ret_clearance)) == TRUNK_ENOENT)
		why(ret_why, "is of a policy that is not loaded; name its SPIF in labels.policy");
	else if (err < 0)
		why(ret_why, "is no clearance in DER: %s", error_text(err));
	buf_fini(&der);
	return err;
}

static int read_xml(const struct label_policies *policies, struct str bytes, struct label_clearance **ret_clearance,
		    char *ret_why)
{
	struct arena arena = {.limit = 64 * (size_t)LABEL_BYTES_MAX};
	struct xml_node *node;
	int err;

	if ((err = xml_file_parse(&arena, bytes, 4 * LABEL_BYTES_MAX, LABEL_SPIF_DEPTH_MAX, &node)) < 0)
		why(ret_why, "is no XML that can be read: %s", error_text(err));
	else if ((err = label_clearance_parse_node(policies, node, ret_clearance)) == TRUNK_ENOENT)
		why(ret_why, "is of a policy that is not loaded; name its SPIF in labels.policy");
	else if (err < 0)
		why(ret_why, "is no ConfidentialityClearance of STANAG 4774 in the names of its policy");
	arena_fini(&arena);
	return err;
}

int label_clearance_read(const struct label_policies *policies, struct str bytes, struct label_clearance **ret_clearance,
			 char ret_why[static LABEL_WHY_SIZE])
{
	struct str text = str_starts(bytes, STR("\xef\xbb\xbf")) ? str_from(bytes, 3) : bytes;
	int err;

	text = str_trim(text);
	if (str_starts(text, STR("<")))
		return read_xml(policies, text, ret_clearance, ret_why);
	/* 0x30 is also the digit 0, with which no base64 of a SEQUENCE begins: that is M. */
	if (bytes.len == 0 || bytes.at[0] != BER_SEQUENCE)
		return parse_base64(policies, text, ret_clearance, ret_why);
	if ((err = label_clearance_parse_der(policies, bytes, ret_clearance)) == TRUNK_ENOENT)
		why(ret_why, "is of a policy that is not loaded; name its SPIF in labels.policy");
	else if (err < 0)
		why(ret_why, "is no clearance in DER: %s", error_text(err));
	return err;
}

int label_clearance_parse(const struct label_policies *policies, struct str text, struct label_clearance **ret_clearance,
			  char ret_why[static LABEL_WHY_SIZE])
{
	text = str_trim(text);
	if (str_starts(text, STR("ess:")))
		return parse_base64(policies, str_from(text, 4), ret_clearance, ret_why);
	return clearance_parse_words(policies, text, ret_clearance, ret_why);
}

const struct label_policy *label_clearance_policy(const struct label_clearance *clearance)
{
	return clearance->policy;
}

unsigned label_clearance_surplus(const struct label_clearance *clearance)
{
	return clearance->surplus;
}

bool label_clearance_is_void(const struct label_clearance *clearance)
{
	return bits_next(clearance->classes, LABEL_CLASSES_MAX / 64, 0) == BITS_END;
}

void label_clearance_expand(struct label_clearance *clearance)
{
	const struct label_policy *policy = clearance->policy;
	uint32_t highest = 0;

	if (label_clearance_is_void(clearance))
		return;
	BITS_EACH(i, clearance->classes, LABEL_CLASSES_MAX / 64)
		highest = policy->classes[i].hierarchy > highest ? policy->classes[i].hierarchy : highest;
	for (unsigned i = 0; i < policy->class_count; i++)
		if (policy->classes[i].hierarchy <= highest)
			bits_set(clearance->classes, i);
}
