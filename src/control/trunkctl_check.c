/* SPDX-License-Identifier: Apache-2.0
 * Commands about the configuration as a file: check, show. */
#include "control/trunkctl.h"

#include "control/foreign.h"

/* What was found, in the order it was found in. */
struct findings {
	json_t *list;
	unsigned errors, warnings;
};

static void finding_add(struct findings *findings, const char *kind, const char *file, unsigned line, unsigned column,
			const char *text)
{
	findings->errors += strcmp(kind, "error") == 0;
	findings->warnings += strcmp(kind, "warning") == 0;
	json_array_append_new(findings->list,
			      json_pack("{s:s, s:o, s:i, s:i, s:o}", "kind", kind, "file", foreign_json_c(file), "line",
					(int)line, "column", (int)column, "text", foreign_json_c(text)));
}

static void on_problem(void *ctx, const struct config_problem *problem)
{
	finding_add(ctx, problem->is_warning ? "warning" : "error", problem->file, problem->line, problem->column,
		    problem->text);
}

static void on_tls_problem(void *ctx, bool is_fatal, const char *text)
{
	finding_add(ctx, is_fatal ? "error" : "warning", NULL, 0, 0, text);
}

static void note(struct findings *findings, const struct config *config, const struct spoke *spoke, const char *text)
{
	struct buf line = {0};

	buf_addf(&line, "%s:%u: spoke \"%s\": %s", config->file ? config->file : "", spoke->line, spoke->name, text);
	buf_add(&line, str_make("", 1));
	finding_add(findings, "note", config->file, spoke->line, 0, buf_str(&line).at);
	buf_fini(&line);
}

/* What is right but surprises people later. */
static void check_spoke(struct findings *findings, const struct config *config, const struct spoke *spoke)
{
	const struct trust_policy *trust = &spoke->trust;
	const bool has_identity =
		config->tls.issuer_file || (config->tls.certificate_folders && config->tls.certificate_folders[0]);

	if (trust->dialback && !trust->external && trust->pin_count == 0)
		note(findings, config, spoke,
		     "only dialback is allowed, so it has to be reachable from here: a peer that only dials out "
		     "(XEP-0288) can't be proved; allow `external` or set a pin for that");
	if (!trust->dialback && !has_identity)
		note(findings, config, spoke,
		     "dialback is off, and the trunk has neither `certificates` nor an `issuer`: it can prove itself to this "
		     "spoke only where that trusts a self-signed certificate");
	if (trust->tls == TLS_POLICY_DISABLED)
		note(findings, config, spoke, "TLS is disabled: everything to and from it can be read and changed on the way");
}

static void check_keys(struct findings *findings, const struct config *config, int64_t wall_ms)
{
	struct tls_store_options options = config->tls;
	struct tls_store *store = NULL;
	int err;

	options.state_folder = NULL;    /* a check makes no files */
	err = tls_store_new(&options, wall_ms, on_tls_problem, findings, &store);
	if (err < 0 && findings->errors == 0)
		on_tls_problem(findings, true, error_text(err));
	if (store)
		tls_store_free(&store);
}

static void check_file(struct ctl *ctl, const char *file, struct findings *findings, struct config **ret_config)
{
	struct config *config = NULL;
	const int err = config_load(file, on_problem, findings, &config);

	if (err < 0 && findings->errors == 0)
		finding_add(findings, "error", file, 0, 0, error_text(err));
	if (err == 0) {
		for (unsigned i = 0; i < config->spoke_count; i++)
			check_spoke(findings, config, &config->spokes[i]);
		check_keys(findings, config, ctl->wall_ms);
		config_load_filters(config, true, NULL, on_problem, findings);
	}
	*ret_config = config;
}

static void print_findings(struct ctl *ctl, const char *file, const struct findings *findings, const struct config *config)
{
	struct buf line = {0};
	size_t i;
	json_t *one;

	json_array_foreach (findings->list, i, one) {
		print_value(&line, json_object_get(one, "kind"));
		buf_add_cstr(&line, ": ");
		print_value(&line, json_object_get(one, "text"));
		buf_add_cstr(&line, "\n");
	}
	if (findings->errors > 0)
		buf_addf(&line, "%u error%s\n", findings->errors, findings->errors == 1 ? "" : "s");
	else if (config) {
		foreign_escape(&line, str_of(file));
		buf_addf(&line, ": good, %u spokes in %u zones\n", config->spoke_count, config->zone_count);
	}
	ctl_write(ctl->out, buf_str(&line));
	buf_fini(&line);
}

enum ctl_exit ctl_check(struct ctl *ctl)
{
	const char *file = ctl->count > 0 ? ctl->args[0] : ctl->config;
	struct findings findings = {.list = json_array()};
	struct config *config = NULL;
	json_t *outcome;

	check_file(ctl, file, &findings, &config);
	if (ctl->is_json) {
		outcome = json_pack("{s:b, s:o, s:i, s:i, s:O}", "ok", findings.errors == 0, "file", foreign_json_c(file),
				    "errors", (int)findings.errors, "warnings", (int)findings.warnings, "problems",
				    findings.list);
		print_json(ctl->out, outcome, false);
		json_decref(outcome);
	} else {
		print_findings(ctl, file, &findings, config);
	}
	json_decref(findings.list);
	if (config)
		config_free(&config);
	return findings.errors == 0 ? CTL_YES : CTL_NO;
}

enum ctl_exit ctl_show(struct ctl *ctl)
{
	const struct str what = str_of(ctl->args[0]);
	struct buf out = {0};
	int err;

	if (str_is(what, "options"))
		err = config_show_options(&out, ctl->is_json);
	else if (str_is(what, "schema"))
		err = config_show_schema(&out);
	else if (str_is(what, "man"))
		err = config_show_man(&out);
	else
		return ctl_usage(ctl, "show %s: one of options, schema, man", ctl->args[0]);
	if (err == 0)
		ctl_write(ctl->out, buf_str(&out));
	buf_fini(&out);
	return err == 0 ? CTL_YES : ctl_no(ctl, "%s", error_text(err));
}
