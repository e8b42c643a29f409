/* SPDX-License-Identifier: Apache-2.0
 * `audit`: looks into the store of the state folder, whether a daemon runs or not. */
#include "control/trunkctl.h"

#include "audit/read.h"
#include "config/value.h"
#include "control/audit_time.h"
#include "control/foreign.h"
#include "config/words.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	FOLLOW_MS = 250,                /* between two looks for what is new */
	FOLLOW_FIRST = 10,              /* records that it begins with */
	PATH_BYTES = 4096,
};

struct show {
	struct ctl *ctl;
	struct buf line;
	bool has_title;
	uint64_t last;                  /* number of the last record that was shown */
};

/* ---- where ---- */

/* The store of the state folder, or the file that was named; and the seal that belongs to it. */
static enum ctl_exit find_files(struct ctl *ctl, const char *named, char path[static PATH_BYTES], char head[static PATH_BYTES])
{
	struct config *config;
	size_t len;

	if (!named) {
		if (!(config = ctl_config(ctl)))
			return CTL_NO;
		snprintf(path, PATH_BYTES, "%s/" AUDIT_DB_NAME, config->state);
		config_free(&config);
	} else {
		snprintf(path, PATH_BYTES, "%s", named);
	}
	len = strlen(path);
	if (len >= sizeof(AUDIT_DB_NAME) - 1 && strcmp(path + len - (sizeof(AUDIT_DB_NAME) - 1), AUDIT_DB_NAME) == 0)
		snprintf(head, PATH_BYTES, "%.*s" AUDIT_HEAD_NAME, (int)(len - (sizeof(AUDIT_DB_NAME) - 1)), path);
	else
		snprintf(head, PATH_BYTES, "%.*s.head", PATH_BYTES - 8, path);
	return CTL_YES;
}

static enum ctl_exit say_unreadable(struct ctl *ctl, const char *path, int err, struct str why)
{
	if (err == TRUNK_ENOENT)
		return ctl_no(ctl, "%s: there is no audit store (audit.store: none, another state folder, or nothing was ever recorded)", path);
	if (err == TRUNK_EPERM)
		return ctl_no(ctl, "%s: you may not read it; try as the daemon's user or as root", path);
	return ctl_no(ctl, "%s: %.*s", path, STR_ARG(why.len ? why : str_of(error_text(err))));
}

static enum ctl_exit open_store(struct ctl *ctl, const char *path, struct audit_reader **ret_reader)
{
	struct buf why = {0};
	const int err = audit_reader_open(path, &why, ret_reader);
	const enum ctl_exit exit = err < 0 ? say_unreadable(ctl, path, err, buf_str(&why)) : CTL_YES;

	buf_fini(&why);
	return exit;
}

/* ---- what is asked ---- */

static enum ctl_exit read_time(struct ctl *ctl, const char *option, int64_t *ret_ms)
{
	const char *text = ctl_value(ctl, option);

	if (text && audit_time(str_of(text), ctl->wall_ms, strcmp(option, "--until") == 0, ret_ms) < 0)
		return ctl_usage(ctl, "%s %s: a time such as 2026-11-26T22:30:00Z, a day, or an age such as 30m, 1h or 7d", option, text);
	return CTL_YES;
}

static const struct {
	const char *word;
	enum decision decision;
} DECISIONS[] = {{"pass", DECISION_PASS}, {"reject", DECISION_REJECT}, {"drop", DECISION_DROP}, {"strip", DECISION_STRIP}, {"bounce", DECISION_BOUNCE}};

/* "reject,bounce" */
static enum ctl_exit read_decisions(struct ctl *ctl, unsigned *ret_decisions)
{
	const char *text = ctl_value(ctl, "--decision");
	struct str rest = str_of(text);

	while (rest.at) {
		const struct str word = str_trim(str_cut(&rest, ','));
		unsigned bit = 0;

		for (size_t i = 0; i < sizeof(DECISIONS) / sizeof(DECISIONS[0]); i++)
			if (str_is(word, DECISIONS[i].word))
				bit = 1u << DECISIONS[i].decision;
		if (!bit)
			return ctl_usage(ctl, "--decision %s: pass, reject, drop, strip or bounce, several with commas", text);
		*ret_decisions |= bit;
	}
	return CTL_YES;
}

/* A domain is compared as the daemon normalises it; an address by its domain and as it stands. Owned by the caller. */
static enum ctl_exit read_side(struct ctl *ctl, const char *option, char **ret_text)
{
	const char *text = ctl_value(ctl, option);
	const size_t skip = text && strncmp(text, "*.", 2) == 0 ? 2 : 0;
	struct domain domain;
	struct buf made = {0};
	struct jid jid;

	if (!text)
		return CTL_YES;
	if (jid_parse(str_from(str_of(text), skip), &jid) < 0 || domain_normalise(jid.domain, &domain) < 0)
		return ctl_usage(ctl, "%s %s: a domain, \"*.suffix\" or an address", option, text);
	if (buf_add(&made, str_until(str_of(text), skip)) == 0 && (!jid.local.len || (buf_add(&made, jid.local) == 0 && buf_add_cstr(&made, "@") == 0)) &&
	    buf_add(&made, domain_str(&domain)) == 0 && (!jid.resource.len || (buf_add_cstr(&made, "/") == 0 && buf_add(&made, jid.resource) == 0)))
		*ret_text = str_dup(buf_str(&made));
	buf_fini(&made);
	return *ret_text ? CTL_YES : ctl_no(ctl, "%s", error_text(TRUNK_ENOMEM));
}

static enum ctl_exit read_limit(struct ctl *ctl, uint64_t *ret_limit)
{
	const char *text = ctl_value(ctl, "--limit");

	if (text && (str_number(str_of(text), UINT32_MAX, ret_limit) < 0 || *ret_limit == 0))
		return ctl_usage(ctl, "--limit %s: a number from 1 on", text);
	return CTL_YES;
}

static enum ctl_exit read_query(struct ctl *ctl, struct audit_query *query, char *texts[static 2])
{
	enum ctl_exit exit;

	if ((exit = read_time(ctl, "--since", &query->since_ms)) != CTL_YES || (exit = read_time(ctl, "--until", &query->until_ms)) != CTL_YES ||
	    (exit = read_decisions(ctl, &query->decisions)) != CTL_YES || (exit = read_side(ctl, "--from", &texts[0])) != CTL_YES ||
	    (exit = read_side(ctl, "--to", &texts[1])) != CTL_YES || (exit = read_limit(ctl, &query->limit)) != CTL_YES)
		return exit;
	query->from = str_of(texts[0]);
	query->to = str_of(texts[1]);
	query->rule = str_of(ctl_value(ctl, "--rule"));
	return CTL_YES;
}

/* ---- how it is shown ---- */

struct audit_column {
	const char *title;
	size_t width;                   /* at least; the last has none */
};

static const struct audit_column COLUMNS[] = {
	{"TIME", 24}, {"SENDER", 22}, {"TARGET", 22}, {"KIND", 8}, {"TYPE", 9}, {"ID", 12}, {"SIZE", 6}, {"LABEL", 12}, {"DECISION", 8},
	{"RULE", 14}, {"IN", 8}, {"OUT", 8}, {"", 0}};

static void cell(struct show *show, unsigned column, struct str text)
{
	const size_t before = buf_len(&show->line);
	size_t columns;

	if (text.len > 0)
		foreign_escape(&show->line, text);
	else
		buf_add_cstr(&show->line, "-");
	columns = foreign_columns(str_from(buf_str(&show->line), before));
	for (buf_add_cstr(&show->line, "  "); columns < COLUMNS[column].width; columns++)
		buf_add_cstr(&show->line, " ");
}

static void end_line(struct show *show)
{
	struct str line = buf_str(&show->line);

	while (line.len > 0 && line.at[line.len - 1] == ' ')
		line.len--;
	ctl_write(show->ctl->out, line);
	fputc('\n', show->ctl->out);
	buf_clear(&show->line);
}

static void print_title(struct show *show)
{
	for (unsigned i = 0; COLUMNS[i].width; i++)
		cell(show, i, str_of(COLUMNS[i].title));
	end_line(show);
	show->has_title = true;
}

static void print_stanza(struct show *show, const struct audit_entry *entry)
{
	char size[24];

	snprintf(size, sizeof(size), "%llu", (unsigned long long)entry->size_bytes);
	cell(show, 1, entry->sender);
	cell(show, 2, entry->target);
	cell(show, 3, str_of(stanza_kind_text(entry->kind)));
	cell(show, 4, entry->type);
	cell(show, 5, entry->id);
	cell(show, 6, str_of(size));
	cell(show, 7, entry->label);
	cell(show, 8, str_of(decision_text(entry->decision)));
	cell(show, 9, entry->rule);
	cell(show, 10, str_of(proof_text(entry->proof_in)));
	cell(show, 11, str_of(proof_text(entry->proof_out)));
}

/* What is no stanza has words instead of columns. */
static void print_other(struct show *show, const struct audit_entry *entry)
{
	if (entry->class == AUDIT_OPERATOR)
		buf_addf(&show->line, "operator %u: ", entry->uid);
	else if (entry->class == AUDIT_GAP)
		buf_addf(&show->line, "GAP of %llu verdicts: ", (unsigned long long)entry->lost);
	else
		buf_addf(&show->line, "audit store: ");
	foreign_escape(&show->line, entry->type.at ? entry->type : STR(""));
	buf_add_cstr(&show->line, entry->type.len ? " " : "");
	foreign_escape(&show->line, entry->detail.at ? entry->detail : STR(""));
}

static void print_entry(struct show *show, const struct audit_entry *entry)
{
	char time[AUDIT_TIME_SIZE];

	if (!show->has_title)
		print_title(show);
	audit_time_text(entry->wall_ms, time);
	cell(show, 0, str_of(time));
	if (entry->class == AUDIT_VERDICT || entry->class == AUDIT_OUTCOME)
		print_stanza(show, entry);
	else
		print_other(show, entry);
	end_line(show);
}

static bool show_entry(void *ctx, const struct audit_entry *entry)
{
	struct show *show = ctx;

	show->last = entry->number;
	if (!show->ctl->is_json) {
		print_entry(show, entry);
	} else if (audit_entry_json(&show->line, entry) == 0) {
		ctl_write(show->ctl->out, buf_str(&show->line));
		fputc('\n', show->ctl->out);
		buf_clear(&show->line);
	}
	return !ferror(show->ctl->out);
}

/* ---- search, follow, export ---- */

static void say_found(struct ctl *ctl, const struct show *show, const struct audit_query *query, const struct audit_found *found)
{
	if (!ctl->is_json && found->entries == 0 && !query->after)
		fprintf(ctl->out, "No record fits.\n");
	if (found->without_addresses > 0)
		ctl_warn(ctl, "%llu more records of this domain hold no addresses to compare (audit.body is brief or hash); ask for the domain alone",
			 (unsigned long long)found->without_addresses);
	(void)show;
}

/* Ends when the terminal or the reader behind the pipe goes away. */
static enum ctl_exit follow(struct ctl *ctl, struct show *show, struct audit_query *query, const char *path)
{
	const struct timespec rest = {.tv_nsec = FOLLOW_MS * 1000000L};
	struct audit_reader *reader = NULL;
	struct audit_found found = {0};
	struct buf why = {0};
	int err = 0;

	query->limit = 0;
	query->has_outcomes = true;
	while (fflush(ctl->out) == 0 && !ferror(ctl->out) && err == 0) {
		nanosleep(&rest, NULL);
		/* Opened each time: the daemon may set the store aside, or stop and start. */
		if (audit_reader_open(path, &why, &reader) == 0) {
			err = audit_reader_search(reader, query, show_entry, show, &found);
			if (show->last > query->after)
				query->after = show->last;
		}
		audit_reader_close(&reader);
		buf_clear(&why);
	}
	buf_fini(&why);
	return CTL_YES;
}

static enum ctl_exit search(struct ctl *ctl, struct audit_query *query, const char *path)
{
	const bool follows = ctl_value(ctl, "--follow") != NULL;
	struct show show = {.ctl = ctl};
	struct audit_reader *reader;
	struct audit_found found;
	enum ctl_exit exit;
	int err;

	if ((exit = open_store(ctl, path, &reader)) != CTL_YES)
		return exit;
	if (follows && !query->limit && !query->since_ms)
		query->limit = FOLLOW_FIRST;
	err = audit_reader_search(reader, query, show_entry, &show, &found);
	audit_reader_close(&reader);
	if (err < 0)
		exit = ctl_no(ctl, "%s: %s behind record %llu; `trunkctl audit verify` says more", path,
			      err == TRUNK_EINVAL ? "cannot be read" : error_text(err), (unsigned long long)found.last);
	else if (!follows)
		say_found(ctl, &show, query, &found);
	if (err == 0 && follows) {
		query->after = found.last;
		exit = follow(ctl, &show, query, path);
	}
	buf_fini(&show.line);
	return exit;
}

static enum ctl_exit export(struct ctl *ctl, struct audit_query *query, const char *path)
{
	query->is_whole = true;
	ctl->is_json = true;            /* lines of JSON are what it is for */
	return search(ctl, query, path);
}

/* ---- verify ---- */

static json_t *verdict_json(const struct audit_verdict_of_chain *verdict)
{
	return json_pack("{s:b, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "whole", verdict->is_whole, "first", (json_int_t)verdict->first, "records",
			 (json_int_t)verdict->records, "blocks", (json_int_t)verdict->blocks, "bad_record",
			 verdict->bad_record ? json_integer((json_int_t)verdict->bad_record) : json_null(), "bad_block",
			 verdict->bad_block ? json_integer((json_int_t)verdict->bad_block) : json_null(), "reason",
			 verdict->is_whole ? json_null() : foreign_json_c(verdict->text), "sealed", wall_json(verdict->sealed_ms));
}

static enum ctl_exit say_verdict(struct ctl *ctl, const struct audit_verdict_of_chain *verdict)
{
	char sealed[WALL_TEXT_SIZE];
	json_t *json;

	if (ctl->is_json) {
		json = verdict_json(verdict);
		print_json(ctl->out, json, false);
		json_decref(json);
	} else if (verdict->is_whole) {
		wall_text(verdict->sealed_ms, sealed);
		fprintf(ctl->out, "whole: %llu records in %llu blocks, from record %llu on; sealed %s\n", (unsigned long long)verdict->records,
			(unsigned long long)verdict->blocks, (unsigned long long)verdict->first, sealed);
	} else {
		fprintf(ctl->out, "NOT WHOLE: %s\n", verdict->text);
		fprintf(ctl->out, "%llu records in the blocks before it fit\n", (unsigned long long)verdict->records);
	}
	return verdict->is_whole ? CTL_YES : CTL_NO;
}

static enum ctl_exit verify(struct ctl *ctl, const char *path, const char *head)
{
	struct audit_verdict_of_chain verdict;
	struct audit_reader *reader = NULL;
	enum ctl_exit exit;
	int err;

	if (access(path, F_OK) < 0 && access(head, F_OK) == 0)
		return ctl_no(ctl, "%s: the store is gone, though its end was sealed in %s", path, head);
	if ((exit = open_store(ctl, path, &reader)) != CTL_YES)
		return exit;
	err = audit_reader_verify(reader, head, &verdict);
	audit_reader_close(&reader);
	return err < 0 ? ctl_no(ctl, "%s: %s", path, error_text(err)) : say_verdict(ctl, &verdict);
}

/* ---- the command ---- */

enum ctl_exit ctl_audit(struct ctl *ctl)
{
	const char *what = ctl->count > 0 ? ctl->args[0] : "";
	struct audit_query query = {0};
	char path[PATH_BYTES], head[PATH_BYTES], *texts[2] = {NULL, NULL};
	enum ctl_exit exit;

	if (what[0] && strcmp(what, "verify") != 0 && strcmp(what, "export") != 0)
		return ctl_usage(ctl, "audit %s: verify or export, or nothing for a search", what);
	if ((exit = read_query(ctl, &query, texts)) == CTL_YES &&
	    (exit = find_files(ctl, ctl->count > 1 ? ctl->args[1] : NULL, path, head)) == CTL_YES)
		exit = strcmp(what, "verify") == 0 ? verify(ctl, path, head) : strcmp(what, "export") == 0 ? export(ctl, &query, path) : search(ctl, &query, path);
	free(texts[0]);
	free(texts[1]);
	return exit;
}
