/* SPDX-License-Identifier: Apache-2.0
 * Judges stanzas in tests by a configuration as an operator writes it. */
#ifndef TRUNK_TESTS_POLICY_JUDGES_H
#define TRUNK_TESTS_POLICY_JUDGES_H

#include "config/config.h"
#include "../stanza/reads.h"

#include <stdio.h>

struct judges {
	struct config *config;
	struct route *route;
	struct arena arena;             /* of all judgements */
	int64_t now_ms, wall_ms;
	struct filter_set *filters;
	policy_step_fn *step;
	void *ctx;
	bool is_dry;
};

static inline void on_problem(void *ctx, const struct config_problem *problem)
{
	(void)ctx;
	if (!problem->is_warning)
		fail_msg("%s", problem->text);
}

static inline void judges_begin(struct judges *judges, const char *yaml)
{
	*judges = (struct judges){.now_ms = 1000000, .wall_ms = INT64_C(1780272000000)};
	assert_int_equal(config_load_text(str_of(yaml), "trunkd.yaml", on_problem, NULL, &judges->config), 0);
	judges->route = route_new(judges->config->spokes, judges->config->spoke_count, judges->config->zones, judges->config->zone_count);
	assert_non_null(judges->route);
}

static inline void judges_end(struct judges *judges)
{
	route_free(&judges->route);
	config_free(&judges->config);
	arena_fini(&judges->arena);
}

/* The judgement on a stanza, as relay makes it: the pair first, then the stanza where that is not the last word. */
static inline struct judgement judges_judge(struct judges *judges, const char *text)
{
	struct judgement judgement = {0};
	struct policy_pair *pair;
	struct domain_pair domains;
	struct stanza stanza;
	struct reads reads;
	struct policy_case the_case = {
		.stanza = &stanza, .arena = &judges->arena, .now_ms = judges->now_ms, .wall_ms = judges->wall_ms, .filters = judges->filters, .step = judges->step,
		.ctx = judges->ctx, .is_dry = judges->is_dry,
	};

	reads_begin(&reads, text);
	assert_int_equal(stanza_parse(&reads.element, &reads.arena, &stanza), 0);
	the_case.header = xml_reader_header(reads.reader);
	domains = (struct domain_pair){stanza.from.domain, stanza.to.domain};
	pair = policy_pair_new(judges->config->policy, &domains, route_find(judges->route, domains.sender),
			       route_find(judges->route, domains.target));
	assert_non_null(pair);
	judgement.verdict = policy_pair_verdict(pair);
	if (judgement.verdict.decision == DECISION_PASS && !policy_pair_is_final(pair))
		policy_judge(pair, &the_case, &judgement);
	else
		policy_pair_count(pair);
	policy_pair_free(&pair);
	reads_end(&reads);
	return judgement;
}

static inline void decides(struct judges *judges, const char *text, enum decision decision, const char *rule)
{
	const struct judgement judgement = judges_judge(judges, text);

	if (judgement.verdict.decision != decision || strcmp(judgement.verdict.rule, rule) != 0)
		fail_msg("%s by %s (%.*s) instead of %s by %s: %s", decision_text(judgement.verdict.decision), judgement.verdict.rule,
			 STR_ARG(judgement.reason), decision_text(decision), rule, text);
}

/* The stanza leaves as `expected`; NULL: in its own bytes. */
static inline void leaves_as(struct judges *judges, const char *text, const char *expected)
{
	const struct judgement judgement = judges_judge(judges, text);
	struct buf out = {0};

	if (judgement.verdict.decision != DECISION_PASS && judgement.verdict.decision != DECISION_STRIP)
		fail_msg("%s by %s: %s", decision_text(judgement.verdict.decision), judgement.verdict.rule, text);
	if (!expected) {
		assert_null(judgement.shaped);
		return;
	}
	assert_non_null(judgement.shaped);
	assert_int_equal(xml_tree_write(judgement.shaped, NULL, &out), 0);
	wrote(&out, expected);
	buf_fini(&out);
}

#endif
