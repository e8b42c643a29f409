/* SPDX-License-Identifier: Apache-2.0
 * Filters that rules ask: Lua scripts in a sandbox, and C modules (include/trunk/module.h). What fails refuses the stanza. */
#ifndef TRUNK_FILTER_FILTER_H
#define TRUNK_FILTER_FILTER_H

#include "stanza/stanza.h"

enum {
	FILTER_COUNT_MAX = 256,                         /* filters and modules together */
	FILTER_SCRIPT_BYTES_MAX = 4 * 1024 * 1024,
	FILTER_TEXT_BYTES_MAX = 1000,                   /* of a reject, for the sender; longer ones are cut between characters */
	FILTER_CHANGE_GROWTH_BYTES_MAX = 64 * 1024,     /* a changed stanza may be that much longer than the one that came */
};

/* ---- what the configuration says ---- */

struct filter_setting {
	const char *key, *value;        /* nested maps: "outer.inner"; items of a list: the list's key again for each */
};

struct filter_settings {
	const struct filter_setting *list;
	unsigned count;
};

/* A row of `filters` (script set) or of `modules` (path set). Strings are borrowed as long as the `struct filters`. */
struct filter_source {
	const char *name;               /* as rules name it; filters and modules share their names */
	const char *script;             /* file of Lua; NULL: a module */
	const char *path;               /* shared object; NULL: a script */
	const char *file;               /* of the configuration, and the line, for messages */
	unsigned line;
	int64_t time_limit_ms;          /* of a script, for one stanza */
	size_t memory_limit_bytes;      /* of a script, for each worker */
	struct filter_settings settings;        /* what it is told */
};

/* ---- loaded filters: shared by all workers, immutable, counted ---- */

struct filters;

typedef void filters_problem_fn(void *ctx, const char *text);  /* one message without line feed, ready to be shown */

/* Reads and compiles each script, runs it once to see that it defines `filter`, and loads and starts each module. A file that is
 * no regular file, or that others than root and the daemon's user could write, is refused. All problems are told, each with file
 * and line where it has them. `sources` and its strings have to outlive the result.
 *   is_check_only   modules are looked at but not loaded: nothing of theirs runs, and nothing can be asked
 * Returns 0 (also without any source), TRUNK_EINVAL: told; TRUNK_ENOMEM. Blocks on disk: start and reload only. */
int filters_load(const struct filter_source *sources, unsigned count, bool is_check_only, struct log *log,
		 filters_problem_fn *problem, void *ctx, struct filters **ret_filters);
struct filters *filters_ref(struct filters *filters);
void filters_free(struct filters **filters);            /* the last one stops the modules */

/* What filter_run() takes for a name: its index in `sources`; -1: no such filter. */
int filters_find(const struct filters *filters, const char *name);
const char *filters_name(const struct filters *filters, int index);

/* ---- one worker's ---- */

/* The states that scripts run in. Belongs to one thread; keeps a reference to `filters`. */
struct filter_set;

/* `log` is borrowed. NULL: no memory. States are made when they are first needed. */
struct filter_set *filter_set_new(struct filters *filters, struct log *log);
void filter_set_free(struct filter_set **set);
struct filters *filter_set_filters(const struct filter_set *set);       /* borrowed; names are found there */

/* ---- one stanza ---- */

/* The label that counts for the stanza: its own, or where it has none the default. Absent strings: unknown. */
struct filter_label {
	struct str words;               /* "FARM: GUARDED; Releasable To=XAA" */
	struct str marking;             /* for people */
	struct str policy, class_name;  /* "FARM", "GUARDED" */
	bool is_default;                /* not the stanza's own */
};

/* What a filter can see. Strings are decoded, borrowed for the call, absent where there is none. */
struct filter_view {
	enum stanza_kind kind;
	struct str from, to;            /* whole addresses, as written */
	struct str type, id, lang;      /* lang: xml:lang in force for the stanza */
	size_t size_bytes;              /* as it came */

	/* The stanza's tree, asked for only when the filter looks inside (may be asked again: return the same). NULL: no memory;
	 * the filter then fails. */
	const struct xml_node *(*tree)(void *ctx);
	/* Its label; false: it has none, or labels are off. NULL: labels are off. */
	bool (*label)(void *ctx, struct filter_label *ret_label);
	void *ctx;
};

enum filter_outcome {
	FILTER_PASS = 1,
	FILTER_REJECT,
	FILTER_DROP,
	FILTER_CHANGE,          /* `stanza` takes the place of the one that came, and is judged once more from the first rule on */
	FILTER_FAILED,          /* an error, a limit, no sense in the answer: to be rejected with `condition` and `text` */
};

/* Strings live in the set until its next filter_run(). */
struct filter_answer {
	enum filter_outcome outcome;
	enum stanza_condition condition;        /* REJECT, FAILED: never NONE */
	struct str text;                        /* REJECT, FAILED: for the sender, valid UTF-8 that XML can carry; absent: none */
	struct str stanza;                      /* CHANGE: one element in canonical form under xmlns='jabber:server'; kind, from, to, type,
						 * id and, with labels on, the labels of its own are those that came; nothing
						 * signed or encrypted is in it */
	const char *why;                        /* FAILED: what happened, for operators; may hold a peer's text: escape it */
};

/* Asks one filter. Never fails to answer; a failure is named in the log (limited to some lines a minute for each filter).
 *   set     NULL: FILTER_FAILED
 *   index   of filters_find(); anything out of range is FILTER_FAILED */
void filter_run(struct filter_set *set, int index, const struct filter_view *view, struct filter_answer *ret_answer);

/* How often each filter of this set answered what, for reports. */
struct filter_counts {
	uint64_t passed, rejected, dropped, changed, failed;
};
struct filter_counts filter_counts(const struct filter_set *set, int index);

#endif
