/* SPDX-License-Identifier: Apache-2.0
 * ESS labels (RFC 2634 §3.2, X.841) from DER and BER. */
#include "label/ber_internal.h"
#include "label/label_internal.h"

/* The elements of the SET as they came; absent where they are. */
struct ess {
	struct str policy, class, mark, categories;
	uint8_t mark_tag;
};

static int ess_element(struct ess *ess, const struct ber_item *item)
{
	struct str *at = item->tag == BER_OID                                  ? &ess->policy
			 : item->tag == BER_INTEGER                            ? &ess->class
			 : item->tag == BER_UTF8 || item->tag == BER_PRINTABLE ? &ess->mark
			 : item->tag == BER_SET                                ? &ess->categories
									       : NULL;

	if (!at || !str_is_absent(*at))
		return TRUNK_EINVAL;
	*at = item->value;
	if (at == &ess->mark)
		ess->mark_tag = item->tag;
	return 0;
}

static int ess_cut(struct str der, struct ess *ret_ess)
{
	struct ber_item item;
	struct str set;

	if (der.len > LABEL_BYTES_MAX)
		return TRUNK_ELIMIT;
	if (ber_only(der, BER_SET, &set) < 0)
		return TRUNK_EINVAL;
	*ret_ess = (struct ess){0};
	while (set.len > 0)
		if (ber_next(&set, &item) < 0 || ess_element(ret_ess, &item) < 0)
			return TRUNK_EINVAL;
	return 0;
}

static bool is_printable(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr(" '()+,-./:=?", c));
}

/* Length of the character at `at`, of well-formed UTF-8 without control characters; 0: it is not. */
static size_t utf8_len(const unsigned char *at, size_t avail)
{
	const size_t len = at[0] < 0x80 ? 1 : at[0] < 0xC2 ? 0 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : at[0] < 0xF5 ? 4 : 0;

	if (len == 0 || len > avail || at[0] < 0x20 || at[0] == 0x7F)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((at[i] & 0xC0) != 0x80)
			return 0;
	if ((at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] >= 0xA0) || (at[0] == 0xF0 && at[1] < 0x90) ||
	    (at[0] == 0xF4 && at[1] >= 0x90))
		return 0;
	return len;
}

static int mark_check(struct str mark, uint8_t tag)
{
	size_t characters = 0;

	for (size_t i = 0, len; i < mark.len; i += len) {
		len = tag == BER_PRINTABLE ? is_printable(mark.at[i])
					   : utf8_len((const unsigned char *)mark.at + i, mark.len - i);
		if (len == 0)
			return TRUNK_EINVAL;
		if (++characters > LABEL_PRIVACY_MARK_MAX)
			return TRUNK_ELIMIT;
	}
	return 0;
}

void label_set(struct label *label, const struct label_policy *policy, const struct label_class *class,
	       const struct values *values)
{
	label->policy = policy;
	label->class = class;
	label->values = values->bits;
	if (!policy)
		label->fault = DECISION(LABEL_NO_POLICY);
	else if (!class)
		label->fault = DECISION_ON(LABEL_INVALID, STR("class"));
	else if (values->unknown_types)
		label->fault = DECISION_ON(LABEL_INVALID, STR("category"));
	else if (values->unknown)
		label->fault = DECISION_ON(LABEL_INVALID, STR("value"));
	else
		label->fault = DECISION(LABEL_GRANTED);
}

/* What the label calls its policy, for people; absent where it has no name that can be written. 0, TRUNK_ENOMEM. */
static int policy_name(struct arena *arena, struct str oid, struct str *ret_name)
{
	const int err = str_is_absent(oid) ? TRUNK_EINVAL : oid_to_text(arena, oid, ret_name);

	if (err)
		*ret_name = STR_NONE;
	return err == TRUNK_EINVAL ? 0 : err;
}

static int ess_label(struct arena *arena, const struct ess *ess, const struct label_options *options, struct label *label)
{
	const struct label_policy *policy = options->default_policy;
	const struct label_class *class = NULL;
	struct values values = {0};
	uint32_t lacv;
	int err;

	if (!str_is_absent(ess->policy))
		policy = options->policies ? policies_by_oid(options->policies, ess->policy) : NULL;
	if (!str_is_absent(ess->class)) {
		if (ber_integer(ess->class, &lacv) < 0)
			return TRUNK_EINVAL;
		class = policy ? class_by_lacv(policy, lacv) : NULL;
	}
	if ((err = values_init(&values, arena, policy)) < 0 || (err = values_read_categories(&values, ess->categories)) < 0)
		return err;
	label_set(label, policy, class, &values);
	return policy_name(arena, ess->policy, &label->policy_name);
}

int label_parse_der(struct arena *arena, struct str der, const struct label_options *options, struct label *ret_label)
{
	struct label label = {.form = LABEL_FORM_ESS};
	struct ess ess;
	int err;

	if ((err = ess_cut(der, &ess)) < 0)
		return err;
	if (!str_is_absent(ess.policy) && !ber_is_oid(ess.policy))
		return TRUNK_EINVAL;
	if (!str_is_absent(ess.mark)) {
		if ((err = mark_check(ess.mark, ess.mark_tag)) < 0)
			return err;
		if (str_is_absent(label.privacy_mark = arena_str(arena, ess.mark)))
			return TRUNK_ENOMEM;
	}
	if ((err = ess_label(arena, &ess, options, &label)) < 0)
		return err;
	*ret_label = label;
	return 0;
}

int label_parse_base64(struct arena *arena, struct str text, const struct label_options *options, struct label *ret_label)
{
	struct buf der = {0};
	int err;

	if (text.len > 4 * (size_t)LABEL_BYTES_MAX)
		return TRUNK_ELIMIT;
	if ((err = base64_decode(text, options->takes_unpadded_base64, &der)) == 0)
		err = label_parse_der(arena, buf_str(&der), options, ret_label);
	buf_fini(&der);
	return err;
}
