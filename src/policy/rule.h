/* SPDX-License-Identifier: Apache-2.0
 * A rule as the configuration gives it (design.md §5). Borrowed by the policy that is made of it. */
#ifndef TRUNK_POLICY_RULE_H
#define TRUNK_POLICY_RULE_H

#include "shape/shape.h"
#include "stanza/stanza.h"

enum rule_action {
	RULE_NEXT = 1,                  /* none: filters were asked and pass; the next rule decides */
	RULE_PASS, RULE_REJECT, RULE_DROP, RULE_STRIP, RULE_FOLD,
};

/* One word of `from` or `to`. A list of them ends with SIDE_END. */
enum rule_side_kind { SIDE_END = 0, SIDE_ZONE, SIDE_DOMAIN, SIDE_ADDRESS };

struct rule_side {
	enum rule_side_kind kind;
	const char *word;               /* the zone's name; or a domain, "*.suffix" or "*", normalised */
	const char *local;              /* SIDE_ADDRESS: its localpart, or "*" for any that is there */
};

/* Bits of rule.types: types of stanza as rules name them. */
enum rule_type {
	RULE_TYPE_NORMAL = 1, RULE_TYPE_CHAT, RULE_TYPE_GROUPCHAT, RULE_TYPE_HEADLINE, RULE_TYPE_ERROR, RULE_TYPE_GET, RULE_TYPE_SET,
	RULE_TYPE_RESULT, RULE_TYPE_AVAILABLE, RULE_TYPE_UNAVAILABLE, RULE_TYPE_SUBSCRIBE, RULE_TYPE_SUBSCRIBED,
	RULE_TYPE_UNSUBSCRIBE, RULE_TYPE_UNSUBSCRIBED, RULE_TYPE_PROBE,
};

/* Tokens come back at `per_second` up to `burst`, what the written unit gives ("10/m": ten). per_second 0: no such condition. */
struct rule_rate {
	double per_second, burst;
};

/* A filter that is asked: its name, and its index among the configuration's sources (filter.h). */
struct rule_filter {
	const char *name;
	int index;
};

enum rule_record { RULE_RECORD_BRIEF = 1, RULE_RECORD_HASH, RULE_RECORD_HEADERS, RULE_RECORD_FULL };

struct rule {
	const char *name;               /* given, or "rule-LINE" */
	unsigned line;
	const char *file;
	enum rule_action action;
	const struct rule_side *from, *to;      /* NULL: any */
	unsigned kinds;                 /* bit 1 << STANZA_MESSAGE, …; 0: any */
	unsigned types;                 /* bit 1 << RULE_TYPE_CHAT, …; 0: any */
	const struct shape_name *payloads;      /* any of them, anywhere inside */
	unsigned payload_count;
	size_t size_above;              /* bytes; 0: any */
	const char *label_above;        /* a classification; NULL: any */
	const char *const *label_policies;      /* names; NULL: any */
	bool unlabelled;
	unsigned opaque;                /* of enum shape_class; 0: any */
	const struct rule_filter *filters;      /* asked in order */
	unsigned filter_count;
	struct rule_rate rate;
	const struct shape_name *strip;
	unsigned strip_count;
	enum shape_fold fold;
	const char *condition, *text;   /* of a reject; NULL: policy-violation, none */
	bool monitor;                   /* counts and records, and does nothing */
	enum custody custody;           /* 0: as of the target's spoke */
	enum rule_record record;        /* `audit`; 0: as the audit is configured */
};

#endif
