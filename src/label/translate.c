/* SPDX-License-Identifier: Apache-2.0
 * A label in another policy: label-policy 6. Nothing that restricts may be lost on the way. */
#include "label/label_internal.h"

struct translation {
	const struct label *from;
	const struct label_policy *to;
	const struct label_options *options;
	const struct label_class *class;
	struct values values;
	/* Which tag of ours, counted from 1, filled each tag of the other policy. Two that fill one permissive tag would let in
	 * who may see either, where each of them demanded its own. */
	uint16_t *owners;
};

/* What one value became. */
struct becomes {
	unsigned restrictive, permissive, discards;
	bool is_merged;                 /* with another tag's values, in a permissive tag */
};

static void value_add(struct translation *t, const struct label_value *from, const struct label_value *to,
		      struct becomes *becomes)
{
	const uint16_t owner = (uint16_t)(from->tag->index + 1);
	uint16_t *owned = &t->owners[to->tag->index];

	if (kind_is(to->tag->kind, KINDS_PERMISSIVE)) {
		/* Restrictive values must all be held, so two of them may not become a choice even within one tag. */
		becomes->is_merged |= *owned && (*owned != owner || kind_is(from->tag->kind, KINDS_RESTRICTIVE));
		*owned = owner;
		becomes->permissive++;
	}
	becomes->restrictive += kind_is(to->tag->kind, KINDS_RESTRICTIVE);
	bits_set(t->values.bits, to->index);
}

/* By our SPIF: what it says of leaving. */
static struct becomes value_leaves(struct translation *t, const struct label_value *from)
{
	struct becomes becomes = {0};

	for (const struct equivalent *e = from->equivalents; e; e = e->next) {
		const struct label_tag_set *set;
		const struct label_value *to;

		if (!(e->applied & APPLIED_ENCRYPT) || !str_eq(e->policy, t->to->oid) ||
		    !conditions_hold(e->conditions, t->from->policy, t->from->values))
			continue;
		becomes.discards += e->is_discard;
		set = e->is_discard ? NULL : set_by_oid(t->to, e->set);
		if (set && (to = value_by_kinds(t->to, set, e->kinds, e->lacv)))
			value_add(t, from, to, &becomes);
	}
	return becomes;
}

/* Whether one of the value's equivalents is what `from` is in its policy. */
static bool is_arrival(const struct label_value *to, const struct label_value *from, struct str policy)
{
	for (const struct equivalent *e = to->equivalents; e; e = e->next)
		if ((e->applied & APPLIED_DECRYPT) && !e->is_discard && str_eq(e->policy, policy) &&
		    str_eq(e->set, from->tag->set->oid) && e->lacv == from->lacv && kind_is(from->tag->kind, e->kinds))
			return true;
	return false;
}

/* By the other's SPIF: what it says of arriving. */
static struct becomes value_arrives(struct translation *t, const struct label_value *from)
{
	const struct str policy = t->from->policy->oid;
	const uint64_t hash = hash_arriving_value(policy, from->tag->set->oid, from->lacv);
	struct becomes becomes = {0};
	uint32_t cursor = 0, item, last = INDEX_NONE;

	while ((item = index_next(&t->to->value_arriving, hash, &cursor)) != INDEX_NONE) {
		if (item != last && is_arrival(&t->to->values[item], from, policy))
			value_add(t, from, &t->to->values[item], &becomes);
		last = item;
	}
	return becomes;
}

typedef struct becomes value_fn(struct translation *t, const struct label_value *from);

/* All values of one tag of the label, which begin with `first`. A restrictive one must go on to restrict; of a permissive tag
 * something must stay, or whom it kept out would be let in. */
static struct label_decision tag_translate(struct translation *t, unsigned first, value_fn *translate)
{
	const struct label_policy *policy = t->from->policy;
	const struct label_tag *tag = policy->values[first].tag;
	const unsigned end = tag->first_value + tag->value_count;
	unsigned stays = 0, discards = 0, count = 0;

	for (unsigned i = first; i < end; i = bits_next(t->from->values, policy->words, i + 1), count++) {
		const struct label_value *value = &policy->values[i];
		const struct becomes becomes = translate(t, value);

		if (becomes.is_merged)
			return DECISION_ON(LABEL_NO_EQUIVALENT, STR("permissive"));
		if (kind_is(tag->kind, KINDS_RESTRICTIVE) && !becomes.restrictive &&
		    !(becomes.discards && !becomes.permissive && t->options->takes_discards))
			return DECISION_ON(LABEL_NO_EQUIVALENT, value->name);
		stays += becomes.restrictive + becomes.permissive > 0;
		discards += becomes.discards > 0;
	}
	if (kind_is(tag->kind, KINDS_PERMISSIVE) && stays == 0 && !(t->options->takes_discards && discards == count))
		return DECISION_ON(LABEL_NO_EQUIVALENT, STR("permissive"));
	return DECISION(LABEL_GRANTED);
}

static struct label_decision values_translate(struct translation *t, value_fn *translate)
{
	const struct label_policy *policy = t->from->policy;
	const struct label_tag *done = NULL;

	BITS_EACH(i, t->from->values, policy->words) {
		struct label_decision decision;

		if (policy->values[i].tag == done)
			continue;
		done = policy->values[i].tag;
		decision = tag_translate(t, i, translate);
		if (decision.why != LABEL_GRANTED)
			return decision;
	}
	return DECISION(LABEL_GRANTED);
}

/* Takes the class; a second one, unless it is the same, makes it doubtful which is meant. */
static bool class_take(struct translation *t, const struct label_class *class)
{
	if (!class || (t->class && t->class != class))
		return false;
	t->class = class;
	return true;
}

static bool class_leaves(struct translation *t)
{
	for (const struct equivalent *e = t->from->class->equivalents; e; e = e->next)
		if ((e->applied & APPLIED_ENCRYPT) && str_eq(e->policy, t->to->oid) &&
		    conditions_hold(e->conditions, t->from->policy, t->from->values) &&
		    !class_take(t, class_by_lacv(t->to, e->lacv)))
			return false;
	return t->class != NULL;
}

static bool class_arrives(struct translation *t)
{
	const struct str policy = t->from->policy->oid;
	const uint32_t lacv = t->from->class->lacv;
	const uint64_t hash = hash_arriving_class(policy, lacv);
	uint32_t cursor = 0, item;

	while ((item = index_next(&t->to->class_arriving, hash, &cursor)) != INDEX_NONE)
		for (const struct equivalent *e = t->to->classes[item].equivalents; e; e = e->next)
			if ((e->applied & APPLIED_DECRYPT) && str_eq(e->policy, policy) && e->lacv == lacv &&
			    !class_take(t, &t->to->classes[item]))
				return false;
	return t->class != NULL;
}

/* One way of the two. */
static struct label_decision translate_by(struct arena *arena, const struct label *from, const struct label_policy *to,
					  const struct label_options *options, bool is_leaving, struct label *ret_label)
{
	struct translation t = {.from = from, .to = to, .options = options};
	struct label_decision decision;

	if (values_init(&t.values, arena, to) < 0 || !(t.owners = arena_alloc(arena, (to->tag_count + 1) * sizeof(*t.owners))))
		return DECISION(LABEL_NO_MEMORY);
	if (!(is_leaving ? class_leaves(&t) : class_arrives(&t)))
		return DECISION_ON(LABEL_NO_EQUIVALENT, STR("class"));
	decision = values_translate(&t, is_leaving ? value_leaves : value_arrives);
	if (decision.why != LABEL_GRANTED)
		return decision;
	*ret_label = (struct label){.form = from->form, .policy_name = to->id};
	label_set(ret_label, to, t.class, &t.values);
	return decision;
}

/* The result has to stand by itself. */
static struct label_decision result_check(const struct label *label, const struct label_options *options)
{
	const struct label_decision decision = label_validate(label, options);

	return decision.why == LABEL_GRANTED ? decision : DECISION_ON(LABEL_NO_EQUIVALENT, decision.what);
}

struct label_decision label_translate(struct arena *arena, const struct label *label, const struct label_policy *to,
				      const struct label_options *options, struct label *ret_label)
{
	struct label leaving = {0}, arriving = {0};
	struct label_decision decision = label_validate(label, options), other;

	if (decision.why != LABEL_GRANTED)
		return decision;
	if (label->policy == to) {
		*ret_label = *label;
		return decision;
	}
	if (label->also)
		return DECISION_ON(LABEL_NO_EQUIVALENT, STR("succession"));
	decision = translate_by(arena, label, to, options, true, &leaving);
	other = translate_by(arena, label, to, options, false, &arriving);
	if (decision.why == LABEL_NO_MEMORY || other.why == LABEL_NO_MEMORY)
		return DECISION(LABEL_NO_MEMORY);
	if (decision.why == LABEL_GRANTED && other.why == LABEL_GRANTED && !label_same(&leaving, &arriving))
		return DECISION_ON(LABEL_NO_EQUIVALENT, STR("agreement"));
	if (decision.why != LABEL_GRANTED && other.why != LABEL_GRANTED)
		return decision;
	if (decision.why != LABEL_GRANTED)
		leaving = arriving;
	decision = result_check(&leaving, options);
	if (decision.why == LABEL_GRANTED)
		*ret_label = leaving;
	return decision;
}
