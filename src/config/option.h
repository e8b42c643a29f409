/* SPDX-License-Identifier: Apache-2.0
 * The tables of options, from which the parser, `show options`, the JSON schema and the man page come. */
#ifndef TRUNK_CONFIG_OPTION_H
#define TRUNK_CONFIG_OPTION_H

#include "config/tree.h"

struct load;
struct option;

/* An option as it is met: the table's row, and the path that messages show ("spokes.mercury.tls.policy"). */
struct field {
	const struct option *option;
	const char *path;
	bool is_checked_only;           /* below an option that is refused because it is not built yet: nothing is kept */
};

/* Reads a value into `at`, which has room for what the type's size says. False: refused and told. */
typedef bool option_read_fn(struct load *load, const struct field *field, const struct node *node, void *at);

struct option_type {
	const char *name;               /* for tables: "duration" */
	const char *form;               /* what it must be, for messages: "a time such as 30s"; NULL: a word */
	size_t size;                    /* bytes of one value */
	bool takes_node;                /* reads a list or map itself */
	option_read_fn *read;           /* is given scalars alone, unless takes_node */
	const char *schema;             /* JSON schema of the written value, without the braces; NULL: a word */
	const char *unit;               /* what may stand behind a number; NULL: it is no such type */
};

/* Types whose value is one scalar, and what they become. */
extern const struct option_type
	TYPE_BOOL,                      /* bool */
	TYPE_NUMBER,                    /* unsigned */
	TYPE_DURATION,                  /* int64_t, milliseconds */
	TYPE_SIZE,                      /* size_t */
	TYPE_RATE, TYPE_BYTE_RATE,      /* double, per second; 0: no limit */
	TYPE_RULE_RATE,                 /* struct rule_rate */
	TYPE_WORD,                      /* int: the word's value */
	TYPE_WORD_TEXT,                 /* const char *: the word itself */
	TYPE_TEXT,                      /* const char * */
	TYPE_NAME,                      /* const char *: one line */
	TYPE_NAMESPACE,                 /* const char * */
	TYPE_PATH,                      /* const char *: resolved */
	TYPE_TRUST_PATH,                /* const char *: "system", or resolved */
	TYPE_DOMAIN,                    /* const char *: normalised */
	TYPE_PATTERN,                   /* const char *: normalised, or "*.suffix" */
	TYPE_ZONE_PATTERN,              /* the same, or "*" */
	TYPE_SIDE,                      /* const char *: of a rule, as it stands */
	TYPE_CLEARANCE,                 /* const char *: as it stands */
	TYPE_ENDPOINT,                  /* struct endpoint; the option's `port` counts where there is none */
	TYPE_SOURCE,                    /* struct endpoint with port 0 */
	TYPE_SPOKE_ADDRESS,             /* struct spoke_address; port 0 where there is none */
	TYPE_DNS_SERVER;                /* const char *: ADDRESS or ADDRESS@PORT */

/* Types that take lists or maps themselves, or do more than keep a value. */
extern const struct option_type
	TYPE_AUTH,                      /* struct trust_policy: external, dialback */
	TYPE_PINS,                      /* struct trust_policy: pins, pin_count */
	TYPE_OVERRIDES,                 /* config->overrides_text and config->overrides */
	TYPE_GATEWAYS,                  /* load->gateways */
	TYPE_CONTACTS,                  /* config->contacts and contact_count */
	TYPE_SETTINGS;                  /* struct filter_settings: any map */

/* A word of TYPE_WORD or TYPE_WORD_TEXT. Arrays end with one whose text is NULL. */
struct word {
	const char *text;
	int value;
	bool is_later;                  /* known, but refused: not built yet */
};

enum option_shape {
	OPTION_VALUE = 1,
	OPTION_LIST,                    /* of values; one alone may stand for a list of one */
	OPTION_SECTION,                 /* a map of options */
	OPTION_MAP,                     /* names that the operator chooses, each with a section */
	OPTION_ROWS,                    /* a list of sections */
};

struct section {
	const char *path;               /* for people: "spokes.NAME.tls"; "" for the whole file */
	const struct option *options;
	unsigned count;
};

struct option {
	const char *name;
	enum option_shape shape;
	const struct option_type *type;         /* of OPTION_VALUE, OPTION_LIST */
	const struct section *section;          /* of the other shapes */
	const struct word *words;
	const char *fallback;                   /* the default, as it would be written; NULL: none */
	const char *otherwise;                  /* what holds where nothing is set, in words; NULL: nothing to say */
	bool is_kept;                           /* the value goes to `offset`; else the type keeps it elsewhere, or nobody */
	size_t offset;                          /* in the outermost section's struct: config, spoke, zone_source, rule_source */
	size_t count_offset;                    /* of a list's length (unsigned) there; 0: none, it ends with a zeroed one */
	uint64_t min, max;                      /* in ms, bytes, or as they stand; of texts: bytes. max 0: none */
	uint16_t port;                          /* of TYPE_ENDPOINT */
	bool has_none;                          /* 0 is allowed below min, and means no limit (of workers: one per core) */
	bool is_required, is_nonempty;
	bool is_later;                          /* known and checked, but refused when it is set: not built yet */
	const char *sentence;
};

extern const struct section CONFIG_SECTION, SPOKE_SECTION, ZONE_SECTION, RULE_SECTION, FILTER_SECTION, MODULE_SECTION,
	CLEARANCE_SECTION;

/* What a row of `zones` and of `rules` becomes at first. */
struct zone_source {
	struct zone zone;
	const char *const *spokes;
	unsigned spoke_count;
};

struct rule_source {
	struct rule rule;
	int action;                     /* enum rule_action; 0: not set */
	const char **from, **to;        /* as they stand */
	const int *kinds, *types, *opaque;      /* values of their words */
	unsigned kind_count, type_count, opaque_count;
	const char *const *payloads, *const *strip, *const *filters;
	int fold, record;
};

struct clearance_source {
	const char *who, *clearance;    /* as they stand */
};

/* Sets every option that has a default. */
void section_defaults(struct load *load, const struct section *section, void *base);

/* Reads the members of `map` into the struct at `base`: unknown ones, wrong values and missing ones are told. OPTION_MAP and
 * OPTION_ROWS are checked as far as their kind goes; who knows their struct reads them, unless they are not built yet. */
void section_fill(struct load *load, const struct section *section, const char *path, const struct node *map, void *base);

/* One value or list into base + offset. */
bool option_read(struct load *load, const struct field *field, const struct node *node, void *base);

/* Whether a top-level option may stand in several files. */
tree_is_merged_fn option_is_merged;

/* Tells that a value is not what its type demands. Always false. */
bool option_refuse(struct load *load, const struct field *field, const struct node *node, const char *form);

/* What a value must be, in words: the type's form, or the words that may be written. */
void option_form_text(const struct option *option, char *ret_text, size_t size_bytes);

/* Tells that something is known, but not built into this version. `way_out` follows behind "; ". */
void later_refuse(struct load *load, struct place place, const char *what, const char *way_out);

/* Reads a list, or one value that stands for a list of one, as `type` says. Returns the items, a zeroed one behind the last, in
 * the configuration's arena; NULL: refused and told, or no memory. */
void *items_read(struct load *load, const struct field *field, const struct option_type *type, const struct node *node,
		 unsigned *ret_count);

/* Walks all options with their paths ("spokes.NAME.tls.policy", "rules[].name"), outer ones first. `is_later` holds also below
 * an option that is not built yet. Stops where `fn` returns other than 0, and returns that. */
typedef int option_visit_fn(void *ctx, const char *path, const struct option *option, bool is_later);
int options_visit(option_visit_fn *fn, void *ctx);

#endif
