/* SPDX-License-Identifier: Apache-2.0
 * The command `ca`: the authority that issues certificates for the trunked domains, kept in the file that `tls.issuer`
 * names. */
#include "control/trunkctl.h"

#include "control/foreign.h"

#include <stdlib.h>

enum { ISSUE_DAYS = 7 };

/* A domain in the form that certificates have; a leading "*." is dropped, since a permitted domain permits all below it. */
static char *domain_ascii(struct ctl *ctl, const char *word)
{
	char ascii[DNS_HOST_SIZE];
	struct str text = str_of(word);
	struct domain domain;

	if (str_starts(text, STR("*.")))
		text = str_from(text, 2);
	if (domain_normalise(text, &domain) < 0 || domain_to_ascii(domain_str(&domain), ascii, sizeof(ascii)) < 0) {
		ctl_warn(ctl, "%s is no domain", word);
		return NULL;
	}
	return str_dup(str_of(ascii));
}

/* Why a file can't be used, in words about this file. */
static const char *ca_error(int err)
{
	switch (err) {
	case TRUNK_EEXIST: return "it is there already; remove it first if the spokes shall trust a new one";
	case TRUNK_ENOENT: return "there is no such file; `trunkctl ca init` makes one";
	}
	return error_text(err);
}

static enum ctl_exit ca_init(struct ctl *ctl, const struct config *config)
{
	const char *permit[CTL_ARGS_MAX + 1] = {0};
	const int count = ctl->count - 1;
	const bool is_any = ctl_value(ctl, "--any");
	enum ctl_exit exit = CTL_YES;
	int err;

	if (is_any ? count > 0 : !ctl_value(ctl, "--permit") || count == 0)
		return ctl_usage(ctl, "ca init --permit DOMAIN... (what it may issue for), or ca init --any");
	for (int i = 0; i < count && exit == CTL_YES; i++)
		if (!(permit[i] = domain_ascii(ctl, ctl->args[i + 1])))
			exit = CTL_USAGE;
	if (exit == CTL_YES) {
		err = tls_ca_init(config->tls.issuer_file, config->trunk, is_any ? NULL : permit, ctl->wall_ms);
		if (err < 0)
			exit = ctl_no(ctl, "%s: %s", config->tls.issuer_file, ca_error(err));
		else if (!ctl->is_json)
			fprintf(ctl->out,
				"%s is made; give the output of `trunkctl ca export` to the spokes as an authority to trust.\n",
				config->tls.issuer_file);
	}
	for (int i = 0; i < count; i++)
		free((char *)(uintptr_t)permit[i]);
	return exit;
}

static enum ctl_exit ca_print(struct ctl *ctl, const struct config *config, int err, const struct buf *text)
{
	json_t *json;

	if (err < 0)
		return ctl_no(ctl, "%s: %s", config->tls.issuer_file, ca_error(err));
	if (ctl->is_json) {
		json = json_pack("{s:s, s:o}", "file", config->tls.issuer_file, "text", foreign_json(buf_str(text)));
		print_json(ctl->out, json, false);
		json_decref(json);
	} else {
		ctl_write(ctl->out, buf_str(text));
	}
	return CTL_YES;
}

static enum ctl_exit ca_issue(struct ctl *ctl, const struct config *config, struct buf *text)
{
	enum ctl_exit exit;
	char *domain;

	if (ctl->count != 2)
		return ctl_usage(ctl, "ca issue DOMAIN");
	if (!(domain = domain_ascii(ctl, ctl->args[1])))
		return CTL_USAGE;
	exit = ca_print(ctl, config, tls_ca_issue(config->tls.issuer_file, domain, ISSUE_DAYS, ctl->wall_ms, text), text);
	free(domain);
	return exit;
}

static enum ctl_exit ca_run(struct ctl *ctl, const struct config *config)
{
	const struct str verb = str_of(ctl->args[0]);
	struct buf text = {0};
	enum ctl_exit exit;

	if (str_is(verb, "init"))
		exit = ca_init(ctl, config);
	else if (str_is(verb, "issue"))
		exit = ca_issue(ctl, config, &text);
	else if (str_is(verb, "show") && ctl->count == 1)
		exit = ca_print(ctl, config, tls_ca_show(config->tls.issuer_file, &text), &text);
	else if (str_is(verb, "export") && ctl->count == 1)
		exit = ca_print(ctl, config, tls_ca_export(config->tls.issuer_file, &text), &text);
	else
		exit = ctl_usage(ctl, "ca %s: one of init, show, issue, export", ctl->args[0]);
	buf_fini(&text);
	return exit;
}

enum ctl_exit ctl_ca(struct ctl *ctl)
{
	struct config *config = ctl_config(ctl);
	enum ctl_exit exit = CTL_NO;

	if (!config)
		return CTL_NO;
	if (!config->tls.issuer_file)
		ctl_warn(ctl, "%s names no issuer; set tls: {issuer: issuer.pem}", ctl->config);
	else
		exit = ca_run(ctl, config);
	config_free(&config);
	return exit;
}
