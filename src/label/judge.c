/* SPDX-License-Identifier: Apache-2.0
 * One label with its equivalents before the clearances of both sides: label-policy 1.4, 5.3 and 5.4. */
#include "label/check_internal.h"

/* Whether the label is of a policy or format that we do not have, so that only its equivalents might say something. */
static bool is_foreign(const struct label *label)
{
	return label->fault.why == LABEL_FORMAT || (label->fault.why == LABEL_NO_POLICY && !str_is_absent(label->policy_name));
}

bool equivalent_is_unverified(const struct label_element *element, unsigned index, const struct label_options *options)
{
	const struct label *e = &element->equivalents[index];

	if (options->trusts_equivalents && is_foreign(&element->label))
		return false;
	return e->fault.why == LABEL_NO_POLICY || e->fault.why == LABEL_FORMAT || is_foreign(&element->label) ||
	       element->is_default;
}

/* Each equivalent that can be verified must be what we would make of the label ourselves. */
static struct label_decision equivalents_verify(struct arena *arena, const struct label_element *element,
						const struct label_options *options)
{
	const struct label_decision contradiction = DECISION_ON(LABEL_INVALID, STR("equivalent"));

	for (unsigned i = 0; i < element->equivalent_count; i++) {
		const struct label *e = &element->equivalents[i];
		struct label own;
		struct label_decision made;

		if (equivalent_is_unverified(element, i, options) || is_foreign(&element->label))
			continue;
		if (label_validate(e, options).why != LABEL_GRANTED)
			return contradiction;
		made = label_translate(arena, &element->label, e->policy, options, &own);
		if (made.why == LABEL_NO_MEMORY)
			return made;
		if (made.why != LABEL_GRANTED || !label_same(&own, e))
			return contradiction;
	}
	return DECISION(LABEL_GRANTED);
}

/* By the equivalents that a trusted sender gives for a label whose policy we do not have: all that are of the clearance's
 * policy. */
static struct label_decision trusted_decide(struct arena *arena, const struct label_element *element,
					    const struct label_clearance *clearance, const struct label_options *options)
{
	struct label_decision decision = element->label.fault;

	for (unsigned i = 0; clearance && i < element->equivalent_count; i++) {
		if (element->equivalents[i].policy != clearance->policy)
			continue;
		decision = label_decide(arena, &element->equivalents[i], clearance, options);
		if (decision.why != LABEL_GRANTED)
			break;
	}
	return decision;
}

/* Every equivalent of a trusted sender that we can read must be valid, also where no clearance asks for it. */
static struct label_decision trusted_check(const struct label_element *element, const struct label_options *options)
{
	for (unsigned i = 0; i < element->equivalent_count; i++) {
		const struct label *e = &element->equivalents[i];

		if (e->policy && label_validate(e, options).why != LABEL_GRANTED)
			return DECISION_ON(LABEL_INVALID, STR("equivalent"));
	}
	return DECISION(LABEL_GRANTED);
}

/* `element` NULL: the label is decided by itself. */
static struct label_decision side_decide(struct arena *arena, const struct label *label, const struct label_element *element,
					 const struct label_clearances *side, const struct label_options *options)
{
	if (side->count == 0)
		return DECISION(LABEL_NO_CLEARANCE);
	for (unsigned i = 0; i < side->count; i++) {
		const struct label_decision decision = element ? trusted_decide(arena, element, side->at[i], options) :
			label_decide(arena, label, side->at[i], options);

		if (decision.why != LABEL_GRANTED)
			return decision;
	}
	return DECISION(LABEL_GRANTED);
}

/* Whether the default label stands in for the element's own: none there, or (read literally, XEP-0258 §5) none of use. */
static bool is_by_default(const struct label_element *element, bool is_trusted, const struct label_options *options)
{
	if (!element || element->is_default)
		return true;
	return options->is_lenient && !is_trusted &&
	       (element->label.fault.why == LABEL_FORMAT || element->label.fault.why == LABEL_NO_POLICY);
}

struct label_decision label_judge(struct arena *arena, const struct label_element *element, const struct label_request *request,
				  const struct label **ret_label)
{
	const struct label_options *options = request->options;
	const bool is_trusted = element && !element->is_default && options->trusts_equivalents && is_foreign(&element->label) &&
		element->equivalent_count > 0;
	const bool is_default = is_by_default(element, is_trusted, options);
	const struct label *label = is_default ? request->default_label : &element->label;
	struct label_decision decision;

	if (ret_label)
		*ret_label = label;
	decision = is_trusted ? trusted_check(element, options) : label_validate(label, options);
	if (decision.why == LABEL_GRANTED && !is_default && !is_trusted)
		decision = equivalents_verify(arena, element, options);
	if (decision.why == LABEL_GRANTED)
		decision = side_decide(arena, label, is_trusted ? element : NULL, &request->sender, options);
	if (decision.why == LABEL_GRANTED)
		decision = side_decide(arena, label, is_trusted ? element : NULL, &request->recipient, options);
	return decision;
}
