/* SPDX-License-Identifier: Apache-2.0
 * The verdict: on a domain pair, and on each stanza of it. Rules in order, then the last word of the zones, then the labels.
 *
 * A policy is made once for a configuration and shared by all workers: it never changes but for counters (atomic) and a table of
 * rates (locked), which a reload hands on. */
#ifndef TRUNK_POLICY_POLICY_H
#define TRUNK_POLICY_POLICY_H

#include "filter/filter.h"
#include "label/check.h"
#include "policy/rule.h"
#include "route/route.h"

enum {
	POLICY_RULES_MAX = 65536,
	POLICY_RATES_MAX = 65536,       /* rules and pairs that are counted; the one that was counted longest ago is forgotten */
	POLICY_ROUNDS_MAX = 8,          /* how often filters may change one stanza */
	POLICY_MONITORS_MAX = 8,        /* monitoring rules that one record names */
};

/* `clearances`: what addresses may send and receive. */
struct address_clearance {
	const char *domain;             /* a domain, or "*.suffix"; normalised */
	const char *local;              /* localpart, "*" for any that is there; NULL: the domain itself */
	const struct label_clearance *clearance;
};

/* Labels are on. */
struct policy_labels {
	const struct label_policies *policies;
	bool is_strict;                 /* what cannot be understood is a denial; else the default label may stand in (check.h) */
	bool is_revealing;              /* a denial is told to the sender; else it is only recorded */
	const struct address_clearance *addresses;
	unsigned address_count;
};

/* Everything is borrowed for the policy's life. */
struct policy_options {
	const struct rule *rules;
	unsigned rule_count;
	const struct policy_labels *labels;     /* NULL: off, labels are not looked at */
};

struct policy;

/* NULL: no memory, or more than POLICY_RULES_MAX. */
struct policy *policy_new(const struct policy_options *options);
void policy_free(struct policy **policy);

/* Takes over counters and rates of the policy that was in force: of each rule that has the same name and says the same. Once,
 * before the policy judges; further calls do nothing. Both live on. Any thread. */
void policy_adopt(struct policy *policy, struct policy *before);

/* ---- the pair ---- */

/* The rules that may fit stanzas of one pair, in order. Made when a pair is first used, kept by who uses it. */
struct policy_pair;

/* `sender` and `target` are what route_find() said of the pair's domains; a NULL one is never permitted. The trunk's own domain is
 * judged by the caller. All are borrowed, domains and policy too: it is of no use when they have gone, and may be freed then. NULL:
 * no memory. */
struct policy_pair *policy_pair_new(const struct policy *policy, const struct domain_pair *pair, const struct spoke *sender,
				    const struct spoke *target);
void policy_pair_free(struct policy_pair **pair);

/* Whether stanzas of this pair may pass at all: a reject holds for each of them. A pass is the last word only where
 * policy_pair_is_final(). */
struct verdict policy_pair_verdict(const struct policy_pair *pair);

/* No stanza of the pair has to be looked into: count it by policy_pair_count() and do what the verdict says. */
bool policy_pair_is_final(const struct policy_pair *pair);
void policy_pair_count(const struct policy_pair *pair);

/* The verdict on a pair alone, for who has no use for the rest. Without memory it rejects. */
struct verdict policy_judge_pair(const struct policy *policy, const struct domain_pair *pair, const struct spoke *sender,
				 const struct spoke *target);

/* ---- the stanza ---- */

/* What a rule did with a stanza: for explanations. `why_not` NULL: it fits; else the condition that does not. */
struct policy_step {
	const struct rule *rule;
	const char *why_not;            /* static: "from", "kind", …, or "pair" */
	const char *filter, *answer;    /* a filter of the rule was asked and answered "pass", "reject", …; else NULL */
};

typedef void policy_step_fn(void *ctx, const struct policy_step *step);

/* One stanza, and all that judging it needs. Borrowed for the call; the result lives in `arena`. */
struct policy_case {
	const struct stanza *stanza;
	const struct xml_header *header;        /* of its stream; NULL: none */
	struct arena *arena;
	struct filter_set *filters;     /* this worker's; NULL: none, and what a rule would ask them is refused */
	int64_t now_ms, wall_ms;        /* monotonic, for rates; and true, for labels */
	bool is_dry;                    /* nothing is counted */
	policy_step_fn *step;           /* told of all rules in order; NULL: none */
	void *ctx;
};

struct judgement {
	struct verdict verdict;         /* DECISION_STRIP: passes in another shape than it came in, by a rule or a filter */
	struct xml_node *shaped;        /* of a pass: to be forwarded in place of the stanza's own bytes; NULL: those */
	struct str label;               /* effective label in words; absent: none */
	struct str reason;              /* of a denial by label: "class", "restrictive:Compartment"; absent: none */
	enum rule_record record;        /* 0: as configured */
	unsigned monitor_count;
	const struct rule *monitors[POLICY_MONITORS_MAX];       /* that fit, and would have decided */
};

/* Never passes what it could not look into. */
void policy_judge(const struct policy_pair *pair, const struct policy_case *the_case, struct judgement *ret_judgement);

/* ---- reports ---- */

struct rule_info {
	const struct rule *rule;
	uint64_t fits;                  /* stanzas that it decided, or, monitoring, would have decided */
};

typedef void rule_info_fn(void *ctx, const struct rule_info *info);
void policy_each_rule(const struct policy *policy, rule_info_fn *fn, void *ctx);

/* ---- blocks: what the operator shut at run time; they outlive a reload. Asked by any thread, changed and listed by one ---- */

struct blocks;

struct block_info {
	const char *what;               /* domain (its subdomains are meant too) or address */
	int64_t until_ms;               /* wall clock; 0: until unblocked */
};

struct blocks *blocks_new(void);
void blocks_free(struct blocks **blocks);
int blocks_add(struct blocks *blocks, struct str what, int64_t until_ms);       /* TRUNK_EINVAL, TRUNK_ENOMEM, TRUNK_ELIMIT */
int blocks_remove(struct blocks *blocks, struct str what);                      /* TRUNK_ENOENT */
void blocks_forget(struct blocks *blocks, int64_t wall_ms);                     /* those that have ended make room */
bool blocks_has_domain(struct blocks *blocks, struct str domain, int64_t wall_ms);
bool blocks_has_address(struct blocks *blocks, const struct endpoint *address, int64_t wall_ms);
unsigned blocks_changes(const struct blocks *blocks);    /* counts adds and removes */
unsigned blocks_list(const struct blocks *blocks, struct block_info *ret_list, unsigned max);

#endif
