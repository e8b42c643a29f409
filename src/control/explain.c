/* SPDX-License-Identifier: Apache-2.0
 * What would become of a stanza, and why. The same rooms decide as in relay; only the sending is left out. */
#include "control/explain.h"

#include "control/foreign.h"

#include <stdio.h>

#define HEADER "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"

/* One explanation in the making. */
struct work {
	const struct explain *explain;
	struct buf bytes;               /* header and stanza */
	struct xml_reader *reader;
	struct xml_element element;
	struct stanza stanza;
	struct domain sender, target;
	struct domain_pair pair;
	struct arena arena;
	struct judgement judgement;
	json_t *rules, *filters;
};

int explain_message(struct str from, struct str to, struct buf *out)
{
	int err;

	if ((err = buf_add_cstr(out, "<message id='explain' type='chat' from='")) < 0 || (err = xml_escape(out, from)) < 0 ||
	    (err = buf_add_cstr(out, "' to='")) < 0 || (err = xml_escape(out, to)) < 0)
		return err;
	return buf_add_cstr(out, "'><body>explain</body></message>");
}

/* ---- reading ---- */

static int refuse(struct buf *why, const char *text)
{
	buf_add_cstr(why, text);
	return TRUNK_EINVAL;
}

static int read_element(struct work *work, struct buf *why)
{
	size_t consumed = 0;
	uint64_t offset;
	int err;

	if (xml_reader_next(work->reader, buf_str(&work->bytes), &work->element, &consumed) != XML_HEADER)
		return TRUNK_ENOMEM;
	buf_drop(&work->bytes, consumed);
	switch (xml_reader_next(work->reader, buf_str(&work->bytes), &work->element, &consumed)) {
	case XML_ELEMENT: break;
	case XML_ERROR:
		err = xml_reader_error(work->reader, &offset);
		buf_addf(why, "%s (byte %llu)", error_text(err), (unsigned long long)(offset - (strlen(HEADER) < offset ? strlen(HEADER) : offset)));
		return TRUNK_EINVAL;
	default: return refuse(why, "that is no whole element");
	}
	if (str_trim(str_from(buf_str(&work->bytes), consumed)).len > 0)
		return refuse(why, "something stands behind the stanza; explain takes one");
	return 0;
}

static int read_stanza(struct work *work, struct str text, struct buf *why)
{
	const struct limits *limits = &work->explain->config->limits;
	const struct xml_limits xml_limits = {.element_bytes = limits->stanza_bytes, .depth = limits->depth, .attributes = limits->attributes};
	int err;

	if (!(work->reader = xml_reader_new(&xml_limits)))
		return TRUNK_ENOMEM;
	if ((err = buf_add_cstr(&work->bytes, HEADER)) < 0 || (err = buf_add(&work->bytes, str_trim(text))) < 0)
		return err;
	if ((err = read_element(work, why)) < 0)
		return err;
	err = stanza_parse(&work->element, &work->arena, &work->stanza);
	if (err == TRUNK_ENOENT)
		return refuse(why, "that is no message, presence or iq in jabber:server");
	if (err == TRUNK_EADDRESS || domain_normalise(work->stanza.from.domain, &work->sender) < 0 ||
	    domain_normalise(work->stanza.to.domain, &work->target) < 0)
		return err == TRUNK_ENOMEM ? err : refuse(why, "from or to is missing, or is no address");
	work->pair = (struct domain_pair){domain_str(&work->sender), domain_str(&work->target)};
	return err;
}

/* ---- deciding ---- */

static void on_step(void *ctx, const struct policy_step *step)
{
	struct work *work = ctx;
	const struct rule *rule = step->rule;

	if (step->filter)
		json_array_append_new(work->filters, json_pack("{s:o, s:o, s:o}", "filter", foreign_json_c(step->filter), "answer",
							       foreign_json_c(step->answer), "rule", foreign_json_c(rule->name)));
	else
		json_array_append_new(work->rules, json_pack("{s:o, s:i, s:b, s:o, s:b}", "rule", foreign_json_c(rule->name), "line",
							     (int)rule->line, "fits", !step->why_not, "not", foreign_json_c(step->why_not),
							     "monitor", (int)rule->monitor));
}

static struct verdict rejected(const char *rule, enum stanza_condition condition)
{
	return (struct verdict){.decision = DECISION_REJECT, .rule = rule, .condition = condition};
}

/* What relay decides before it asks the policy. */
static bool is_decided_without_policy(struct work *work, struct verdict *ret_verdict)
{
	const struct explain *explain = work->explain;
	const struct str own = str_of(explain->config->trunk);
	const bool is_own = str_eq(work->pair.target, own);

	if (str_eq(work->pair.sender, own))
		*ret_verdict = rejected("own-domain", COND_POLICY_VIOLATION);
	else if (explain->blocks && (is_own || route_find(explain->route, work->pair.target)) &&
		 (blocks_has_domain(explain->blocks, work->pair.sender, explain->wall_ms) ||
		  blocks_has_domain(explain->blocks, work->pair.target, explain->wall_ms)))
		*ret_verdict = rejected("blocked", COND_POLICY_VIOLATION);
	else if (is_own)
		*ret_verdict = route_find(explain->route, work->pair.sender)
				       ? (struct verdict){.decision = DECISION_PASS, .rule = "own-domain"}
				       : rejected("sender-not-served", COND_POLICY_VIOLATION);
	else
		return false;
	return true;
}

/* Returns the verdict on the pair. */
static int decide(struct work *work, struct verdict *ret_pair)
{
	const struct explain *explain = work->explain;
	const struct policy_case the_case = {
		.stanza = &work->stanza, .header = xml_reader_header(work->reader), .arena = &work->arena, .now_ms = explain->now_ms,
		.wall_ms = explain->wall_ms, .filters = explain->filters, .is_dry = true, .step = on_step, .ctx = work,
	};
	struct policy_pair *pair;

	if (is_decided_without_policy(work, ret_pair)) {
		work->judgement.verdict = *ret_pair;
		return 0;
	}
	pair = policy_pair_new(explain->config->policy, &work->pair, route_find(explain->route, work->pair.sender),
			       route_find(explain->route, work->pair.target));
	if (!pair)
		return TRUNK_ENOMEM;
	*ret_pair = policy_pair_verdict(pair);
	policy_judge(pair, &the_case, &work->judgement);
	if (ret_pair->decision != DECISION_PASS)
		work->judgement = (struct judgement){.verdict = *ret_pair};
	policy_pair_free(&pair);
	return 0;
}

/* ---- telling ---- */

static json_t *text_json(const struct buf *text)
{
	return foreign_json(buf_str(text));
}

static json_t *route_json(struct work *work)
{
	const struct spoke *spoke = route_find(work->explain->route, work->pair.target);
	struct buf text = {0};
	char address[ENDPOINT_TEXT_SIZE];
	json_t *route;

	if (str_is(work->pair.target, work->explain->config->trunk))
		return json_string("the trunk itself");
	if (!spoke)
		return json_null();
	buf_addf(&text, "%s %s", spoke == &spoke->zone->template ? "zone" : "spoke", spoke->name);
	if (spoke != &spoke->zone->template)
		buf_addf(&text, " in zone %s", spoke->zone->name);
	if (spoke->address_count == 0)
		buf_add_cstr(&text, work->explain->config->overrides ? ", by dns-override or DNS" : ", by DNS");
	for (unsigned i = 0; i < spoke->address_count; i++) {
		if (spoke->addresses[i].is_literal)
			endpoint_text(&spoke->addresses[i].endpoint, address);
		buf_addf(&text, "%s%s", i ? " or " : ", at ", spoke->addresses[i].is_literal ? address : spoke->addresses[i].host);
	}
	route = text_json(&text);
	buf_fini(&text);
	return route;
}

/* What the sender would receive, to the byte; null: nothing. */
static json_t *error_json(struct work *work)
{
	const struct verdict *verdict = &work->judgement.verdict;
	struct stanza_reply reply;
	struct buf out = {0};
	json_t *error = json_null();

	if (verdict->decision == DECISION_REJECT && stanza_reply_of(&work->arena, &work->stanza, &reply) == 0 && reply.is_answerable &&
	    stanza_error_write(&out, &reply, verdict->condition, verdict->text, work->explain->config->trunk) == 0)
		error = text_json(&out);
	buf_fini(&out);
	return error;
}

static json_t *shaped_json(struct work *work)
{
	struct buf out = {0};
	json_t *shaped = json_null();

	if (work->judgement.shaped && xml_tree_write(work->judgement.shaped, NULL, &out) == 0)
		shaped = text_json(&out);
	buf_fini(&out);
	return shaped;
}

static json_t *monitors_json(const struct judgement *judgement)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < judgement->monitor_count; i++)
		json_array_append_new(list, foreign_json_c(judgement->monitors[i]->name));
	return list;
}

static json_t *pair_json(const struct verdict *pair)
{
	return json_pack("{s:s, s:o}", "verdict", pair->decision == DECISION_PASS ? "permitted" : decision_text(pair->decision), "rule",
			 foreign_json_c(pair->rule));
}

static json_t *result_json(struct work *work, const struct verdict *pair)
{
	const struct verdict *verdict = &work->judgement.verdict;
	json_t *result = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:O, s:o}", "verdict", decision_text(verdict->decision), "rule",
				   foreign_json_c(verdict->rule), "line", verdict->line ? json_integer(verdict->line) : json_null(), "route",
				   route_json(work), "label", foreign_json(work->judgement.label), "reason",
				   foreign_json(work->judgement.reason), "filters", work->filters, "error", error_json(work));

	if (!result)
		return NULL;
	json_object_set_new(result, "pair", pair_json(pair));
	json_object_set(result, "rules", work->rules);
	json_object_set_new(result, "monitors", monitors_json(&work->judgement));
	json_object_set_new(result, "shaped", shaped_json(work));
	json_object_set_new(result, "by", foreign_json_c(work->explain->by));
	return result;
}

int explain_stanza(const struct explain *explain, struct str text, json_t **ret_result, bool *ret_passes, struct buf *why)
{
	struct work work = {.explain = explain, .rules = json_array(), .filters = json_array()};
	struct verdict pair;
	int err = work.rules && work.filters ? 0 : TRUNK_ENOMEM;

	if (err == 0 && text.len > EXPLAIN_STANZA_BYTES_MAX)
		err = refuse(why, "the stanza is too long");
	if (err == 0 && (err = read_stanza(&work, text, why)) == 0 && (err = decide(&work, &pair)) == 0 &&
	    !(*ret_result = result_json(&work, &pair)))
		err = TRUNK_ENOMEM;
	if (err == 0)
		*ret_passes = work.judgement.verdict.decision == DECISION_PASS || work.judgement.verdict.decision == DECISION_STRIP;
	json_decref(work.rules);
	json_decref(work.filters);
	xml_reader_free(&work.reader);
	buf_fini(&work.bytes);
	arena_fini(&work.arena);
	return err;
}
