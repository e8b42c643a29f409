/* SPDX-License-Identifier: Apache-2.0
 * trunkd.yaml: read, checked, and turned into one immutable, counted configuration. The only room that includes libyaml. */
#ifndef TRUNK_CONFIG_CONFIG_H
#define TRUNK_CONFIG_CONFIG_H

#include "audit/store.h"
#include "dns/dns.h"
#include "filter/filter.h"
#include "name/name.h"
#include "policy/policy.h"
#include "route/spoke.h"
#include "stanza/limits.h"
#include "tls/tls.h"

#include <stdatomic.h>

enum config_audit { AUDIT_SQLITE = 1, AUDIT_NONE };

/* All strings and arrays live in `arena`. Defaults are filled in, inheritance is done. */
struct config {
	atomic_uint refs;
	unsigned generation;            /* counts loads in this process; set by the daemon */
	struct arena arena;
	const char *file;               /* that was read */
	const char *trunk;              /* own domain, normalised */
	const struct endpoint *listen, *listen_tls;
	unsigned listen_count, listen_tls_count;
	const struct endpoint *sources; /* outgoing addresses of whom neither spoke nor zone says otherwise; port 0 */
	unsigned source_count;
	const char *state, *control, *control_group, *user;
	bool is_sandboxed;
	const struct endpoint *http;    /* NULL: none */
	unsigned workers;               /* 0: one per core */
	enum log_level log_level;
	enum log_format log_format;
	struct dns_options dns;
	const char *overrides_text;     /* NULL: none */
	struct dns_overrides *overrides;        /* owned; NULL: none */
	struct tls_store_options tls;
	struct trust_policy trust;      /* global */
	const struct spoke *spokes;
	unsigned spoke_count;
	const struct zone *zones;       /* zones[0] is "default" */
	unsigned zone_count;
	const struct rule *rules;
	unsigned rule_count;
	const struct filter_source *filter_sources;     /* `filters`, then `modules` */
	unsigned filter_count;
	struct filters *filters;        /* owned; NULL: none, or not loaded yet */
	const char *const *label_files; /* NULL: labels are off */
	struct policy_labels labels;    /* where they are on */
	struct label_policies *label_policies;          /* owned; NULL: labels are off */
	struct label_clearance **clearances;            /* all that zones, spokes and addresses have; each owned */
	unsigned clearance_count;
	struct policy *policy;          /* made of the rules; owned, shared by all that have the configuration */
	struct limits limits;
	enum config_audit audit_store;
	enum audit_level audit_body;
	bool audit_strict, audit_journal;
	int64_t audit_retention_ms;
	const char *audit_lines;        /* JSON lines to this file; NULL: none */
	const struct config_contact {
		const char *kind, *uri; /* XEP-0157: abuse, admin, …; mailto: or xmpp: */
	} *contacts;
	unsigned contact_count;
};

/* One finding. `file`, `line` (from 1) and `column` (from 1; 0: none) may be unknown (NULL, 0). `text` is the whole message:
 * with the place in front ("trunkd.yaml:14:9: …") it names the other place and the way out. Borrowed for the callback. */
struct config_problem {
	bool is_warning;
	const char *file;
	unsigned line, column;
	const char *text;
};

typedef void config_problem_fn(void *ctx, const struct config_problem *problem);

/* Reads FILE and what it includes. Every problem goes to `problem` (may be NULL) in the order of the text, before the return.
 * Returns 0 where none was an error (one reference is the caller's), else TRUNK_EINVAL, TRUNK_ENOENT or TRUNK_EIO of FILE
 * itself, or TRUNK_ENOMEM, of which no problem tells. Opens no sockets, changes nothing. */
int config_load(const char *file, config_problem_fn *problem, void *ctx, struct config **ret_config);

/* The same of a text that `name` stands for in messages; paths in it are relative to that name, and it cannot include files. */
int config_load_text(struct str text, const char *name, config_problem_fn *problem, void *ctx, struct config **ret_config);

/* Loads the filters and modules that it names; every problem is told. Before the configuration is shared: once. `log` is theirs as long
 * as they live. Returns as filters_load() does, which see. */
int config_load_filters(struct config *config, bool is_check_only, struct log *log, config_problem_fn *problem, void *ctx);
struct config *config_ref(struct config *config);
void config_free(struct config **config);       /* drops one reference */

/* The option tables, for people and machines. Each adds to `out` and returns 0 or TRUNK_ENOMEM. */
int config_show_options(struct buf *out, bool is_json); /* name, type, unit, default, limits, whether it works, sentence */
int config_show_schema(struct buf *out);                        /* JSON schema for editors */
int config_show_man(struct buf *out);                           /* trunkd.yaml(5) as roff */

#endif
