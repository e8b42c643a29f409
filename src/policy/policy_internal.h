/* SPDX-License-Identifier: Apache-2.0
 * What the files of this room share. Of this room only. */
#ifndef TRUNK_POLICY_POLICY_INTERNAL_H
#define TRUNK_POLICY_POLICY_INTERNAL_H

#include "policy/policy.h"

/* ---- what outlives a reload (state.c) ---- */

struct rule_state;
struct policy_memory;

/* NULL: no memory. */
struct policy_memory *policy_memory_new(void);
struct policy_memory *policy_memory_ref(struct policy_memory *memory);
void policy_memory_free(struct policy_memory **memory);

/* The counters of a rule: those that are kept for the same name and content, else new ones. NULL: no memory. */
struct rule_state *policy_memory_rule(struct policy_memory *memory, const struct rule *rule);
void policy_memory_leave(struct policy_memory *memory, struct rule_state *state);

void rule_state_count(struct rule_state *state);
uint64_t rule_state_counted(const struct rule_state *state);

/* Whether one more stanza of the pair exceeds the rate. It is counted unless `is_dry`. Without memory it does. */
bool rate_exceeded(struct policy_memory *memory, struct rule_state *state, const struct rule_rate *rate,
		   const struct domain_pair *pair, int64_t now_ms, bool is_dry);

/* ---- compiled rules (policy.c) ---- */

struct compiled {
	const struct rule *rule;
	struct rule_state *state;
	const char *text;               /* for the sender: with the rule's reference */
	enum stanza_condition condition;
	bool is_by_pair;                /* whether it fits is known by the pair alone */
	bool has_from_address, has_to_address;
};

struct policy_index;

struct policy {
	struct arena arena;
	struct compiled *rules;
	unsigned count;
	struct policy_index *from, *to;
	struct policy_memory *memory;
	bool is_adopted;
	const struct policy_labels *labels;
};

struct verdict compiled_verdict(const struct compiled *compiled);

/* "TEXT (rule NAME)", or "Not passed by policy (rule NAME)." where there is no text. NULL: no memory. */
const char *reference_text(struct arena *arena, const char *text, const char *name);

/* ---- which rules may fit a domain (index.c) ---- */

/* NULL: no memory. `is_to`: of the rules' `to`. */
struct policy_index *policy_index_new(const struct rule *rules, unsigned count, bool is_to);
void policy_index_free(struct policy_index **index);

/* Sets the bit of each rule whose side may fit the domain and its zone. An address fits by its domain. */
void policy_index_mark(const struct policy_index *index, struct str domain, const char *zone, uint64_t *bits);

/* ---- the pair (pair.c) ---- */

/* The clearances of one side: those of zone and spoke, and address patterns of its domain. */
struct pair_side {
	const struct label_clearance *fixed[2];
	unsigned fixed_count;
	const struct address_clearance *const *patterns;
	unsigned pattern_count;
};

struct policy_pair {
	const struct policy *policy;
	struct domain_pair pair;        /* borrowed from who keeps the pair */
	const struct spoke *sender, *target;
	struct verdict verdict;
	struct rule_state *state;       /* of the rule that decided the pair; NULL: none */
	bool is_final;
	struct pair_side from, to;      /* their patterns are owned */
	const uint32_t *rules;          /* in order, owned; the last may be one that needs no look */
	unsigned count;
};

/* Whether an address is meant: `local` as rules and clearances write it. 1, 0, TRUNK_ENOMEM. */
int address_fits(const char *local, struct str stanza_local);

/* ---- the stanza under judgement (judge.c, conditions.c, labels.c) ---- */

/* What a rule's rate said of this stanza. */
struct rate_seen {
	const struct compiled *rule;
	bool is_exceeded;
	struct rate_seen *next;
};

struct judge {
	const struct policy_pair *pair;
	const struct policy *policy;
	const struct policy_case *c;
	struct judgement *out;
	const struct compiled *decided; /* the rule; NULL: the last word of the zones, or none yet */
	struct xml_node *tree;          /* NULL: not made yet */
	bool is_changed;                /* the tree is the stanza, its element no longer */
	bool is_failed;                 /* no tree could be made: no memory, or it cannot be read */
	size_t size_bytes;
	bool wants_round;               /* a filter has just changed it */
	unsigned round;                 /* how often filters changed it */
	struct rate_seen *rates;        /* of rules that were asked for one; in the case's arena */
	struct str changed;             /* where round > 0: what the last one made of it, in canonical form */
	bool has_opaque, has_label_facts;
	unsigned opaque;                /* where has_opaque */
	/* where has_label_facts */
	bool is_labelled;               /* has a label of its own */
	const struct label *label;      /* that counts; NULL: none, or one that cannot be read */
	const struct label **nested;    /* of messages inside, as above */
	unsigned nested_count;          /* at most LABEL_NESTED_MAX */
	bool has_too_many;
};

/* The stanza's tree; NULL: none can be made, and j->is_failed says so. */
const struct xml_node *judge_tree(struct judge *j);

/* NULL: the rule fits, but for filters; else the condition that does not. Where j->is_failed then, nothing is known. */
const char *rule_why_not(struct judge *j, const struct compiled *compiled);

unsigned judge_type(struct judge *j);   /* enum rule_type; 0: none of them */
unsigned judge_opaque(struct judge *j);
void judge_label_facts(struct judge *j);
struct str judge_label_words(struct judge *j, const struct label *label);      /* absent: none */
bool judge_label_is_above(struct judge *j, struct str class_name);     /* its own, or one inside */

/* The label decision on what would pass: writes a denial, or what is to be forwarded, to j->out. */
void judge_labels(struct judge *j);

/* What the filters of a rule say, once its other conditions fit (filters.c). */
enum asked {
	ASKED_PASS = 1,                 /* all pass: the rule's own action decides */
	ASKED_DECIDED,                  /* one decided: the verdict is written */
	ASKED_CHANGED,                  /* the stanza is another one now: judge it from the first rule on */
};
enum asked judge_ask_filters(struct judge *j, const struct compiled *compiled);

void judge_reject(struct judge *j, const char *rule, enum stanza_condition condition, const char *text);

#endif
