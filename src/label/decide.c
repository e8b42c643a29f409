/* SPDX-License-Identifier: Apache-2.0
 * The access decision function: label-policy 5.2. */
#include "label/label_internal.h"

static const char *const whys[] = {
	[LABEL_WHY_UNSET] = "unset",
#define LABEL_WHY_TEXT(name, text) [LABEL_##name] = text,
	LABEL_WHYS(LABEL_WHY_TEXT)
#undef LABEL_WHY_TEXT
};

int label_decision_write(const struct label_decision *decision, struct buf *out)
{
	const size_t before = buf_len(out);
	int err = buf_add_cstr(out, whys[decision->why]);

	if (!err && !str_is_absent(decision->what) && (err = buf_add(out, STR(":"))) == 0)
		err = buf_add(out, decision->what);
	if (err)
		out->end = out->start + before;
	return err;
}

enum stanza_condition label_condition(const struct label_decision *decision)
{
	switch (decision->why) {
	case LABEL_GRANTED:
		return STANZA_CONDITION_NONE;
	case LABEL_MALFORMED:
	case LABEL_MISPLACED:
	case LABEL_MANY:
		return COND_BAD_REQUEST;
	case LABEL_NO_POLICY:
	case LABEL_NO_EQUIVALENT:
	case LABEL_FORMAT:
		return COND_NOT_ACCEPTABLE;
	case LABEL_NO_MEMORY:
		return COND_RESOURCE_CONSTRAINT;
	default:
		return COND_POLICY_VIOLATION;
	}
}

/* Rule 4: where the label has values of a permissive tag, one of them must be held. */
static bool permissive_holds(const struct label *label, const struct label_clearance *clearance, const struct label_tag *tag)
{
	const unsigned end = tag->first_value + tag->value_count;

	for (unsigned i = bits_next(label->values, label->policy->words, tag->first_value); i < end;
	     i = bits_next(label->values, label->policy->words, i + 1))
		if (bits_has(clearance->values, i))
			return true;
	return false;
}

static struct label_decision values_decide(const struct label *label, const struct label_clearance *clearance)
{
	const struct label_policy *policy = label->policy;
	const struct label_tag *done = NULL;
	struct label_decision permissive = DECISION(LABEL_GRANTED);

	BITS_EACH(i, label->values, policy->words) {
		const struct label_tag *tag = policy->values[i].tag;

		if (kind_is(tag->kind, KINDS_RESTRICTIVE) && !bits_has(clearance->values, i))
			return DECISION_ON(LABEL_RESTRICTIVE, tag->set->name);
		if (!kind_is(tag->kind, KINDS_PERMISSIVE) || tag == done)
			continue;
		done = tag;
		if (permissive.why == LABEL_GRANTED && !permissive_holds(label, clearance, tag))
			permissive = DECISION_ON(LABEL_PERMISSIVE, tag->set->name);
	}
	return permissive;
}

/* For a valid label of the clearance's own policy. */
static struct label_decision policy_decide(const struct label *label, const struct label_clearance *clearance)
{
	if (!bits_has(clearance->classes, label->class->index))
		return DECISION(LABEL_CLASS);
	return values_decide(label, clearance);
}

struct label_decision label_decide(struct arena *scratch, const struct label *label, const struct label_clearance *clearance,
				   const struct label_options *options)
{
	struct label_decision decision = label_validate(label, options);
	struct label translated;

	if (decision.why != LABEL_GRANTED)
		return decision;
	if (!clearance)
		return DECISION(LABEL_NO_CLEARANCE);
	if (label->policy == clearance->policy) {
		decision = policy_decide(label, clearance);
	} else {
		struct label alone = *label;

		alone.also = NULL;              /* has its own turn below */
		decision = label_translate(scratch, &alone, clearance->policy, options, &translated);
		if (decision.why == LABEL_GRANTED)
			decision = policy_decide(&translated, clearance);
	}
	if (decision.why != LABEL_GRANTED || !label->also)
		return decision;
	return label_decide(scratch, label->also, clearance, options);
}
