/* SPDX-License-Identifier: Apache-2.0
 * Whether a rule fits a stanza: its conditions, the cheap ones first. */
#include "policy/policy_internal.h"

/* ---- the stanza's type ---- */

struct type_word {
	const char *text;
	unsigned kinds;                 /* bits of enum stanza_kind in which the word says something */
	enum rule_type type;
};

#define OF(kind) (1U << STANZA_##kind)

static const struct type_word TYPE_WORDS[] = {
	{"chat", OF(MESSAGE), RULE_TYPE_CHAT},
	{"groupchat", OF(MESSAGE), RULE_TYPE_GROUPCHAT},
	{"headline", OF(MESSAGE), RULE_TYPE_HEADLINE},
	{"error", OF(MESSAGE) | OF(PRESENCE) | OF(IQ), RULE_TYPE_ERROR},
	{"get", OF(IQ), RULE_TYPE_GET},
	{"set", OF(IQ), RULE_TYPE_SET},
	{"result", OF(IQ), RULE_TYPE_RESULT},
	{"unavailable", OF(PRESENCE), RULE_TYPE_UNAVAILABLE},
	{"subscribe", OF(PRESENCE), RULE_TYPE_SUBSCRIBE},
	{"subscribed", OF(PRESENCE), RULE_TYPE_SUBSCRIBED},
	{"unsubscribe", OF(PRESENCE), RULE_TYPE_UNSUBSCRIBE},
	{"unsubscribed", OF(PRESENCE), RULE_TYPE_UNSUBSCRIBED},
	{"probe", OF(PRESENCE), RULE_TYPE_PROBE},
};

/* A message of another type is a normal one (RFC 6121 §5.2.2), other stanzas of another type are of none. */
unsigned judge_type(struct judge *j)
{
	const struct stanza *stanza = j->c->stanza;
	const struct xml_element *element = stanza->element;
	const struct str type = element->has_escapes ? xml_decode(j->c->arena, element->type) : element->type;

	if (str_is_absent(type) && !str_is_absent(element->type))
		j->is_failed = true;
	for (size_t i = 0; i < sizeof(TYPE_WORDS) / sizeof(TYPE_WORDS[0]); i++)
		if (TYPE_WORDS[i].kinds & 1U << stanza->kind && str_is(type, TYPE_WORDS[i].text))
			return TYPE_WORDS[i].type;
	if (stanza->kind == STANZA_MESSAGE)
		return RULE_TYPE_NORMAL;
	return stanza->kind == STANZA_PRESENCE && str_is_absent(type) ? RULE_TYPE_AVAILABLE : 0;
}

/* ---- addresses ---- */

int address_fits(const char *local, struct str stanza_local)
{
	if (!local)
		return str_is_absent(stanza_local);
	if (str_is_absent(stanza_local))
		return 0;
	return strcmp(local, "*") == 0 ? 1 : jid_local_same(str_of(local), stanza_local);
}

/* A side with addresses among its words: that of the pair was only a beginning. */
static bool side_fits(struct judge *j, const struct rule_side *side, struct str domain, const struct spoke *spoke, struct str local)
{
	for (; side->kind != SIDE_END; side++) {
		int fits = 1;

		if (side->kind == SIDE_ZONE ? !str_is(str_of(spoke->zone->name), side->word) : !domain_fits(domain, str_of(side->word)))
			continue;
		if (side->kind == SIDE_ADDRESS && (fits = address_fits(side->local, local)) < 0)
			j->is_failed = true;
		if (fits)
			return true;
	}
	return false;
}

/* ---- what is inside ---- */

/* A namespace that the bytes do not hold as it is, in a stanza that says nothing in other words, is not in it. */
static bool is_free_of(const struct judge *j, struct str ns)
{
	const struct xml_element *element = j->c->stanza->element;

	return !j->is_changed && element->is_canonical && !element->header_prefixes && !str_eq(ns, STR(NS_SERVER)) &&
	       !str_eq(ns, STR("jabber:client")) && !memchr(ns.at, '&', ns.len) && !memchr(ns.at, '<', ns.len) &&
	       !memchr(ns.at, '>', ns.len) && !memchr(ns.at, '\'', ns.len) && !memchr(ns.at, '"', ns.len) &&
	       !memmem(element->bytes.at, element->bytes.len, ns.at, ns.len);
}

static bool has_payload(struct judge *j, const struct rule *rule)
{
	for (unsigned i = 0; i < rule->payload_count; i++) {
		const struct shape_name *name = &rule->payloads[i];

		if (is_free_of(j, name->ns) || (!j->is_changed && !shape_may_have(j->c->stanza->element, name)))
			continue;
		if (judge_tree(j) && shape_has(j->tree, name))
			return true;
	}
	return false;
}

unsigned judge_opaque(struct judge *j)
{
	if (j->has_opaque)
		return j->opaque;
	if (!j->is_changed && shape_may_be_opaque(j->c->stanza->element) == 0)
		j->opaque = 0;
	else
		j->opaque = judge_tree(j) ? shape_opaque(j->tree) : 0;
	j->has_opaque = true;
	return j->opaque;
}

/* ---- labels ---- */

static bool is_labelled_policy(const struct judge *j, const char *const *names)
{
	if (!j->label || !j->label->policy)
		return false;
	for (; *names; names++)
		if (str_is(label_policy_name(j->label->policy), *names))
			return true;
	return false;
}

/* Errors carry no label and are not judged by it (XEP-0258 §5). */
static const char *label_why_not(struct judge *j, const struct rule *rule)
{
	if (!rule->unlabelled && !rule->label_above && !rule->label_policies)
		return NULL;
	if (j->c->stanza->kind != STANZA_MESSAGE || j->c->stanza->type == STANZA_TYPE_ERROR)
		return "label";
	judge_label_facts(j);
	if (rule->unlabelled && j->is_labelled)
		return "unlabelled";
	if (rule->label_above && !judge_label_is_above(j, str_of(rule->label_above)))
		return "label-above";
	if (rule->label_policies && !is_labelled_policy(j, rule->label_policies))
		return "label-policy";
	return NULL;
}

/* ---- all ---- */

static const char *pair_why_not(struct judge *j, const struct compiled *compiled)
{
	const struct stanza *stanza = j->c->stanza;
	const struct policy_pair *pair = j->pair;

	if (compiled->has_from_address && !side_fits(j, compiled->rule->from, pair->pair.sender, pair->sender, stanza->from.local))
		return "from";
	if (compiled->has_to_address && !side_fits(j, compiled->rule->to, pair->pair.target, pair->target, stanza->to.local))
		return "to";
	return NULL;
}

/* Counted once by each rule, however often filters change the stanza and it is judged again. */
static bool exceeds_rate(struct judge *j, const struct compiled *compiled)
{
	struct rate_seen *seen;

	for (seen = j->rates; seen; seen = seen->next)
		if (seen->rule == compiled)
			return seen->is_exceeded;
	if (!(seen = arena_alloc(j->c->arena, sizeof(*seen)))) {
		j->is_failed = true;
		return true;
	}
	*seen = (struct rate_seen){.rule = compiled, .next = j->rates};
	seen->is_exceeded = rate_exceeded(j->policy->memory, compiled->state, &compiled->rule->rate, &j->pair->pair, j->c->now_ms, j->c->is_dry);
	j->rates = seen;
	return seen->is_exceeded;
}

const char *rule_why_not(struct judge *j, const struct compiled *compiled)
{
	const struct rule *rule = compiled->rule;
	const char *why_not;

	if (rule->kinds && !(rule->kinds & 1U << j->c->stanza->kind))
		return "kind";
	if (rule->types && !(rule->types & 1U << judge_type(j)))
		return "type";
	if (rule->size_above && j->size_bytes <= rule->size_above)
		return "size-above";
	if ((why_not = pair_why_not(j, compiled)))
		return why_not;
	if (rule->payload_count && !has_payload(j, rule))
		return "payload";
	if (rule->opaque && !(judge_opaque(j) & rule->opaque))
		return "opaque";
	if ((why_not = label_why_not(j, rule)))
		return why_not;
	if (rule->rate.per_second > 0 && !j->is_failed && !exceeds_rate(j, compiled))
		return "rate";
	return NULL;
}
