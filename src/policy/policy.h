/* SPDX-License-Identifier: Apache-2.0
 * Verdict on a domain pair, and later on a stanza. */
#ifndef TRUNK_POLICY_POLICY_H
#define TRUNK_POLICY_POLICY_H

#include "route/route.h"
#include "stanza/stanza.h"

/* `action` of a rule, as far as this version judges: pass or reject by from and to. Strings borrowed from the configuration. */
struct rule {
	const char *name;               /* given, or "rule-LINE" */
	unsigned line;
	const char *file;
	bool is_pass;
	const char *const *from, *const *to;    /* zone names, domains, "*.suffix"; NULL-terminated; NULL: any */
	const char *condition, *text;   /* of a reject; NULL: policy-violation, none */
};

struct policy;

/* Rules are borrowed for the policy's life. NULL: no memory. */
struct policy *policy_new(const struct rule *rules, unsigned count);
void policy_free(struct policy **policy);

/* Whether stanzas of this pair may pass (design.md §5): both domains served, the first rule that fits, else the last word of
 * the zones. `sender` and `target` are what route_find() said of the pair's domains; a NULL one is never permitted.
 * The trunk's own domain is judged by the caller. */
struct verdict policy_judge(const struct policy *policy, const struct domain_pair *pair, const struct spoke *sender,
			    const struct spoke *target);

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
