/* SPDX-License-Identifier: Apache-2.0
 * The command `policy diff`: which recorded stanzas would get another verdict under another file. */
#include "control/trunkctl.h"

#include "audit/read.h"
#include "config/value.h"
#include "control/explain.h"
#include "control/foreign.h"

#include <stdlib.h>

enum { RECORDS_DEFAULT = 10000, PAD_BYTES_MAX = 256 * 1024 };

/* One configuration to judge by. */
struct side {
	struct config *config;
	struct route *route;
	struct log *log;
	struct filter_set *filters;
};

struct diff {
	struct ctl *ctl;
	struct side now, then;          /* of -c, and the other file */
	json_t *rows;
	uint64_t looked, different, whole, unlike;      /* unlike: no stanza could be made of the record */
};

/* ---- the stanza of a record ---- */

/* Whether the verdict was one that policy has no part in. */
static bool is_of_policy(const struct audit_entry *entry)
{
	static const char *const others[] = {"pair-not-proved", "own-domain", "blocked", "unrecorded"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (str_is(entry->rule, others[i]))
			return false;
	return entry->class == AUDIT_VERDICT && entry->kind && entry->sender.len && entry->target.len;
}

static int add_attr(struct buf *out, const char *name, struct str value)
{
	int err;

	if (value.len == 0)
		return 0;
	if ((err = buf_addf(out, " %s='", name)) < 0 || (err = xml_escape(out, value)) < 0)
		return err;
	return buf_add_cstr(out, "'");
}

/* "{ns}name {ns}name", as records keep the children at the level `headers`. */
static int add_children(struct buf *out, struct str children)
{
	int err = 0;

	while (err == 0 && !str_is_absent(children) && children.len) {
		struct str name = str_cut(&children, ' '), ns;

		if (!str_starts(name, STR("{")))
			continue;
		name = str_from(name, 1);
		ns = str_cut(&name, '}');
		if (str_is_absent(name) || name.len == 0 || str_is(name, "securitylabel"))
			continue;
		if ((err = buf_addf(out, "<%.*s xmlns='", STR_ARG(name))) == 0 && (err = xml_escape(out, ns)) == 0)
			err = buf_add_cstr(out, "'/>");
	}
	return err;
}

/* The label that counted, as if it were the stanza's own. */
static int add_label(struct buf *out, const struct config *config, struct str words)
{
	const struct label_options options = {.policies = config->label_policies};
	struct arena arena = {0};
	struct buf base64 = {0};
	char why[LABEL_WHY_SIZE];
	struct label label;
	int err = 0;

	if (words.len && config->label_policies && label_parse_words(&arena, words, &options, &label, why) == 0 &&
	    label_write_base64(&label, &base64) == 0)
		err = buf_addf(out, "<securitylabel xmlns='" NS_LABEL "'><label><esssecuritylabel xmlns='" NS_LABEL_ESS "'>%.*s"
				    "</esssecuritylabel></label></securitylabel>",
			       STR_ARG(buf_str(&base64)));
	buf_fini(&base64);
	arena_fini(&arena);
	return err;
}

/* What is known of it, as long as it was. */
static int add_rest(struct buf *out, const struct audit_entry *entry, const char *kind)
{
	const size_t end = strlen(kind) + 3, wanted = entry->size_bytes < PAD_BYTES_MAX ? (size_t)entry->size_bytes : PAD_BYTES_MAX;
	size_t pad = buf_len(out) + end < wanted ? wanted - buf_len(out) - end : 0;
	int err = buf_reserve(out, pad + end + 1);

	for (; err == 0 && pad > 0; pad--)
		err = buf_add(out, STR(" "));
	return err < 0 ? err : buf_addf(out, "</%s>", kind);
}

/* *ret_is_whole: it is the stanza itself, and not what a record without content lets us know of it. */
static int stanza_of(const struct audit_entry *entry, const struct config *config, struct buf *out, bool *ret_is_whole)
{
	const char *kind = stanza_kind_text(entry->kind);
	int err;

	*ret_is_whole = entry->body.len > 0;
	if (*ret_is_whole)
		return buf_add(out, entry->body);
	if ((err = buf_addf(out, "<%s", kind)) < 0 || (err = add_attr(out, "from", entry->from.len ? entry->from : entry->sender)) < 0 ||
	    (err = add_attr(out, "to", entry->to.len ? entry->to : entry->target)) < 0 || (err = add_attr(out, "type", entry->type)) < 0 ||
	    (err = add_attr(out, "id", entry->id)) < 0 || (err = buf_add_cstr(out, ">")) < 0 || (err = add_children(out, entry->children)) < 0)
		return err;
	if (entry->kind == STANZA_MESSAGE && (err = add_label(out, config, entry->label)) < 0)
		return err;
	return add_rest(out, entry, kind);
}

/* ---- both verdicts ---- */

struct opinion {
	const char *verdict;            /* static word */
	json_t *result;                 /* owned */
};

static bool judge(const struct side *side, const struct audit_entry *entry, bool *ret_is_whole, struct opinion *ret_opinion)
{
	const struct explain explain = {.config = side->config, .route = side->route, .filters = side->filters, .wall_ms = entry->wall_ms, .by = ""};
	struct buf text = {0}, why = {0};
	bool passes, is_good;

	*ret_opinion = (struct opinion){0};
	is_good = stanza_of(entry, side->config, &text, ret_is_whole) == 0 &&
		  explain_stanza(&explain, buf_str(&text), &ret_opinion->result, &passes, &why) == 0;
	if (is_good)
		ret_opinion->verdict = json_string_value(json_object_get(ret_opinion->result, "verdict"));
	buf_fini(&text);
	buf_fini(&why);
	return is_good;
}

/* A stanza that was bounced had passed. */
static const char *recorded(const struct audit_entry *entry)
{
	return decision_text(entry->decision == DECISION_BOUNCE ? DECISION_PASS : entry->decision);
}

static json_t *row_of(const struct audit_entry *entry, const char *was, struct str was_rule, const struct opinion *then, bool is_whole)
{
	return json_pack("{s:o, s:o, s:o, s:s, s:o, s:s, s:o, s:s, s:O, s:O, s:s}", "time", wall_json(entry->wall_ms), "sender",
			 foreign_json(entry->sender), "target", foreign_json(entry->target), "kind", stanza_kind_text(entry->kind), "id",
			 foreign_json(entry->id), "was", was, "was_rule", foreign_json(was_rule), "would", then->verdict, "would_rule",
			 json_object_get(then->result, "rule"), "would_reason", json_object_get(then->result, "reason"), "by",
			 is_whole ? "stanza" : entry->from.len ? "headers" : "record");
}

/* Where the stanza was kept, its recorded verdict is compared; else the verdicts of both files on what is known of it, for rules may have asked
 * what the record does not hold. */
static bool on_entry(void *ctx, const struct audit_entry *entry)
{
	struct diff *diff = ctx;
	struct opinion now = {0}, then = {0};
	const char *was = recorded(entry);
	struct str was_rule = entry->rule;
	bool is_whole = false;

	if (!is_of_policy(entry))
		return true;
	diff->looked++;
	if (!judge(&diff->then, entry, &is_whole, &then) || (!is_whole && !judge(&diff->now, entry, &is_whole, &now))) {
		diff->unlike++;
	} else {
		diff->whole += is_whole;
		if (!is_whole) {
			was = now.verdict;
			was_rule = str_of(json_string_value(json_object_get(now.result, "rule")));
		}
		if (strcmp(was, then.verdict) != 0) {
			diff->different++;
			json_array_append_new(diff->rows, row_of(entry, was, was_rule, &then, is_whole));
		}
	}
	json_decref(now.result);
	json_decref(then.result);
	return true;
}

/* ---- the command ---- */

static void on_problem(void *ctx, const struct config_problem *problem)
{
	ctl_warn(ctx, "%s", problem->text);
}

static bool side_load(struct ctl *ctl, const char *file, struct side *side)
{
	if (config_load(file, on_problem, ctl, &side->config) < 0 || !(side->log = log_new(LOG_ERROR, LOG_TEXT, false)))
		return false;
	if (config_load_filters(side->config, false, side->log, on_problem, ctl) < 0)
		return false;
	if (side->config->filters)
		side->filters = filter_set_new(side->config->filters, side->log);
	side->route = route_new(side->config->spokes, side->config->spoke_count, side->config->zones, side->config->zone_count);
	return side->route != NULL;
}

static void side_end(struct side *side)
{
	filter_set_free(&side->filters);
	route_free(&side->route);
	config_free(&side->config);
	log_free(&side->log);
}

static const struct column COLUMNS[] = {{"TIME", "time", false},     {"SENDER", "sender", false}, {"TARGET", "target", false},
					{"KIND", "kind", false},     {"ID", "id", false},         {"WAS", "was", false},
					{"BY RULE", "was_rule", false}, {"WOULD BE", "would", false}, {"BY RULE", "would_rule", false},
					{"REASON", "would_reason", false}, {"KNOWN BY", "by", false}, {0}};

static void print_rows(struct diff *diff)
{
	struct ctl *ctl = diff->ctl;
	size_t i;
	json_t *row;

	if (ctl->is_json)
		json_array_foreach (diff->rows, i, row)
			print_json(ctl->out, row, true);
	else if (diff->different > 0)
		print_table(ctl->out, diff->rows, COLUMNS);
	fprintf(ctl->is_json ? ctl->err : ctl->out,
		"%llu of %llu recorded stanzas would get another verdict; %llu were kept whole, of the others the files are compared by what the record "
		"holds%s\n",
		(unsigned long long)diff->different, (unsigned long long)diff->looked, (unsigned long long)diff->whole,
		diff->unlike ? "; some could not be judged" : "");
}

static enum ctl_exit search(struct diff *diff, uint64_t limit)
{
	const struct audit_query query = {.limit = limit};
	struct buf path = {0}, why = {0};
	struct audit_reader *reader = NULL;
	struct audit_found found = {0};
	enum ctl_exit exit = CTL_YES;

	buf_addf(&path, "%s/" AUDIT_DB_NAME, diff->now.config->state);
	buf_add(&path, str_make("", 1));
	if (audit_reader_open(buf_str(&path).at, &why, &reader) < 0)
		exit = ctl_no(diff->ctl, "%s: %.*s", buf_str(&path).at, STR_ARG(buf_len(&why) ? buf_str(&why) : STR("there is no audit store")));
	else if (audit_reader_search(reader, &query, on_entry, diff, &found) < 0)
		exit = ctl_no(diff->ctl, "%s: the store is broken; `trunkctl audit verify` says where", buf_str(&path).at);
	audit_reader_close(&reader);
	buf_fini(&path);
	buf_fini(&why);
	return exit;
}

enum ctl_exit ctl_policy(struct ctl *ctl)
{
	struct diff diff = {.ctl = ctl, .rows = json_array()};
	const char *limit = ctl_value(ctl, "--limit");
	uint64_t most = RECORDS_DEFAULT;
	enum ctl_exit exit = CTL_NO;

	if (strcmp(ctl->args[0], "diff") != 0)
		exit = ctl_usage(ctl, "policy %s: it is policy diff FILE", ctl->args[0]);
	else if (limit && (str_number(str_of(limit), UINT64_MAX, &most) < 0 || most == 0))
		exit = ctl_usage(ctl, "policy diff: --limit takes a number");
	else if (side_load(ctl, ctl->config, &diff.now) && side_load(ctl, ctl->args[1], &diff.then) &&
		 (exit = search(&diff, most)) == CTL_YES)
		print_rows(&diff);
	side_end(&diff.now);
	side_end(&diff.then);
	json_decref(diff.rows);
	return exit;
}
