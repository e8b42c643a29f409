/* SPDX-License-Identifier: Apache-2.0
 * Whether a label is valid under its own policy; comparing and joining labels. */
#include "label/label_internal.h"

/* How many of the values that `ref` names are in the set, and how many there are. `self`: does not count. */
static unsigned ref_count(const struct category_ref *ref, const struct label_policy *policy, const uint64_t *bits,
			  const struct label_value *self, unsigned *ret_all)
{
	unsigned count = 0;

	if (ref->value) {
		*ret_all = 1;
		return ref->value != self && bits_has(bits, ref->value->index);
	}
	*ret_all = 0;
	for (unsigned i = ref->set->first_value; i < ref->set->first_value + ref->set->value_count; i++) {
		const struct label_value *value = &policy->values[i];

		if (!kind_is(value->tag->kind, ref->kinds))
			continue;
		++*ret_all;
		count += value != self && bits_has(bits, i);
	}
	return count;
}

static bool condition_holds(const struct condition *condition, const struct label_policy *policy, const uint64_t *bits)
{
	unsigned there = 0, all = 0;

	for (const struct category_ref *ref = condition->refs; ref; ref = ref->next) {
		unsigned of_ref;

		there += ref_count(ref, policy, bits, NULL, &of_ref);
		all += of_ref;
	}
	if (condition->is_void)
		return false;
	switch (condition->operation) {
	case CONDITION_ONLY_ONE:
		return there == 1;
	case CONDITION_ONE_OR_MORE:
		return there > 0;
	case CONDITION_ALL:
		return there == all && all > 0;
	}
	return false;
}

bool conditions_hold(const struct condition *conditions, const struct label_policy *policy, const uint64_t *bits)
{
	for (; conditions; conditions = conditions->next)
		if (!condition_holds(conditions, policy, bits))
			return false;
	return true;
}

static bool excludes(const struct category_ref *refs, const struct label *label, const struct label_value *self)
{
	unsigned all;

	for (; refs; refs = refs->next)
		if (ref_count(refs, label->policy, label->values, self, &all) > 0)
			return true;
	return false;
}

static bool excludes_class(const struct label_value *value, const struct label_class *class)
{
	for (unsigned i = 0; i < value->excluded_class_count; i++)
		if (value->excluded_classes[i] == class)
			return true;
	return value->required_class && value->required_class != class;
}

static bool is_in_period(const struct label_value *value, const struct label_options *options)
{
	if (!value->has_not_before && !value->has_not_after)
		return true;
	if (!options->has_clock)
		return false;
	return (!value->has_not_before || options->wall_ms >= value->not_before_ms) &&
	       (!value->has_not_after || options->wall_ms <= value->not_after_ms);
}

/* NULL: valid. */
static const char *value_fault(const struct label *label, const struct label_value *value, const struct label_options *options)
{
	if (value->is_obsolete && !options->takes_obsolete)
		return "obsolete";
	if (!is_in_period(value, options))
		return "period";
	if (excludes_class(value, label->class) || excludes(value->excluded, label, value))
		return "excluded";
	return conditions_hold(value->required, label->policy, label->values) ? NULL : "required";
}

static bool selection_fits(const struct label_tag *tag, unsigned count)
{
	return count >= tag->min_selection && (tag->max_selection == 0 || count <= tag->max_selection);
}

static const char *values_fault(const struct label *label, const struct label_options *options)
{
	const struct label_tag *tag = NULL;
	const char *fault;
	unsigned count = 0;

	BITS_EACH(i, label->values, label->policy->words) {
		const struct label_value *value = &label->policy->values[i];

		if (value->tag != tag) {
			if (tag && !selection_fits(tag, count))
				return "selection";
			tag = value->tag;
			count = 0;
		}
		count++;
		if ((fault = value_fault(label, value, options)))
			return fault;
	}
	return tag && !selection_fits(tag, count) ? "selection" : NULL;
}

struct label_decision label_validate(const struct label *label, const struct label_options *options)
{
	const char *fault = NULL;

	if (!label)
		return DECISION(LABEL_NO_LABEL);
	if (label->fault.why != LABEL_GRANTED)
		return label->fault;
	if (label->class->is_obsolete && !options->takes_obsolete)
		fault = "obsolete";
	else if (excludes(label->class->excluded, label, NULL))
		fault = "excluded";
	else if (!conditions_hold(label->class->required, label->policy, label->values))
		fault = "required";
	else
		fault = values_fault(label, options);
	if (fault)
		return DECISION_ON(LABEL_INVALID, str_of(fault));
	return label->also && label_validate(label->also, options).why != LABEL_GRANTED ?
		DECISION_ON(LABEL_INVALID, STR("succession")) : DECISION(LABEL_GRANTED);
}

static bool is_whole(const struct label *label)
{
	return label && label->fault.why == LABEL_GRANTED;
}

bool label_same(const struct label *a, const struct label *b)
{
	if (!is_whole(a) || !is_whole(b) || a->policy != b->policy || a->class != b->class ||
	    memcmp(a->values, b->values, a->policy->words * sizeof(*a->values)) != 0)
		return false;
	return a->also || b->also ? label_same(a->also, b->also) : true;
}

bool label_is_above(const struct label *label, struct str class_name)
{
	const struct label_class *class = is_whole(label) ? class_by_name(label->policy, class_name) : NULL;

	if (!class || label->class->hierarchy > class->hierarchy)
		return true;
	return label->also && label_is_above(label->also, class_name);
}

/* Whether `bits` has a value of the tag. */
static bool has_tag(const uint64_t *bits, size_t words, const struct label_tag *tag)
{
	return tag->value_count > 0 && bits_next(bits, words, tag->first_value) < tag->first_value + tag->value_count;
}

/* TRUNK_EPOLICY: a permissive tag that was there has nothing left. */
static int tag_join(const struct label_tag *tag, const uint64_t *a, const uint64_t *b, size_t words, uint64_t *out)
{
	const bool is_both = kind_is(tag->kind, KINDS_PERMISSIVE) && has_tag(a, words, tag) && has_tag(b, words, tag);
	bool is_empty = true;

	for (unsigned i = tag->first_value; i < tag->first_value + tag->value_count; i++) {
		if (is_both ? bits_has(a, i) && bits_has(b, i) : bits_has(a, i) || bits_has(b, i)) {
			bits_set(out, i);
			is_empty = false;
		}
	}
	return is_both && is_empty ? TRUNK_EPOLICY : 0;
}

int label_join(struct arena *arena, const struct label *a, const struct label *b, struct label *ret_label)
{
	struct label label = {.fault = DECISION(LABEL_GRANTED)};
	struct values values = {0};
	int err;

	if (!is_whole(a) || !is_whole(b) || a->policy != b->policy || a->also || b->also)
		return TRUNK_EPOLICY;
	if (a->class != b->class && a->class->hierarchy == b->class->hierarchy)
		return TRUNK_EPOLICY;
	if ((err = values_init(&values, arena, a->policy)) < 0)
		return err;
	for (unsigned i = 0; i < a->policy->tag_count; i++)
		if ((err = tag_join(&a->policy->tags[i], a->values, b->values, a->policy->words, values.bits)) < 0)
			return err;
	label.form = a->form;
	label.policy_name = a->policy_name;
	label_set(&label, a->policy, a->class->hierarchy >= b->class->hierarchy ? a->class : b->class, &values);
	*ret_label = label;
	return 0;
}
