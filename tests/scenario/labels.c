/* SPDX-License-Identifier: Apache-2.0
 * Security labels in scripts, by the policies in examples/. */
#include "labels.h"

#include "label/label.h"

#include <stdio.h>
#include <stdlib.h>

int scenario_policy_path(struct str name, struct buf *out)
{
	return buf_addf(out, "%s/%.*s", EXAMPLES_DIR, STR_ARG(name));
}

static void add_policy(struct label_policies *policies, const char *name)
{
	struct buf path = {0}, text = {0};
	char piece[4096];
	FILE *file;
	size_t len;

	scenario_policy_path(str_of(name), &path);
	buf_add(&path, str_make("", 1));
	if ((file = fopen(buf_str(&path).at, "re"))) {
		while ((len = fread(piece, 1, sizeof(piece), file)) > 0)
			buf_add(&text, str_make(piece, len));
		fclose(file);
		label_policies_add(policies, name, buf_str(&text), NULL, NULL);
	}
	buf_fini(&path);
	buf_fini(&text);
}

bool scenario_label_add(struct str words, struct buf *out)
{
	struct label_policies *policies = label_policies_new();
	const struct label_options options = {.policies = policies};
	char why[LABEL_WHY_SIZE];
	struct arena arena = {0};
	struct buf base64 = {0};
	struct label label;
	bool is_label;

	add_policy(policies, "farm.spif.xml");
	add_policy(policies, "mill.spif.xml");
	is_label = label_parse_words(&arena, words, &options, &label, why) == 0 && label_write_base64(&label, &base64) == 0 &&
		   buf_addf(out, "<esssecuritylabel xmlns='" NS_LABEL_ESS "'>%.*s</esssecuritylabel>", STR_ARG(buf_str(&base64))) == 0;
	buf_fini(&base64);
	arena_fini(&arena);
	label_policies_free(&policies);
	return is_label;
}
