/* SPDX-License-Identifier: Apache-2.0
 * trunkd.yaml(5), from the tables of options. */
#include "config/show.h"

#include <stdio.h>

static const char *const HEAD =
	".TH trunkd.yaml 5 \"\" \"trunkd " TRUNK_VERSION "\" \"File formats\"\n"
	".SH NAME\n"
	"trunkd.yaml \\- configuration of the XMPP trunk trunkd\n"
	".SH DESCRIPTION\n"
	"The file is YAML. The smallest useful one names the trunk and the domains that it trunks:\n"
	".PP\n.nf\n.RS\n"
	"trunk: trunk.example.com\n"
	"listen: [\\(dq198.51.100.4:5269\\(dq]\n"
	"gateway\\-domains: saturn.example.org,mercury.example.net\n"
	".RE\n.fi\n.PP\n"
	"Values are read as the option's own type, so quotes are needed only where YAML itself wants them: around\n"
	"\\(dq*.example.net\\(dq, and around what begins with a bracket. A list of one may be written as a single value.\n"
	"Paths and the patterns of\n"
	".B include\n"
	"are relative to the file that names them. A key that is not known, a key that stands twice, anchors, aliases, tags\n"
	"and merge keys are errors. An option whose capability is not built yet is refused when it is set, and never ignored.\n"
	".PP\n"
	"The units are: of times ms, s, m, h, d; of sizes none (bytes), KiB, MiB, GiB, TiB; of rates /s, /m, /h.\n"
	".PP\n"
	".B trunkctl check\n"
	"and\n"
	".B trunkd \\-c FILE \\-n\n"
	"check a file without starting anything.\n"
	".SH OPTIONS\n";

static const char *const TAIL =
	".SH ZONES AND RULES\n"
	"A spoke that no zone names is in the zone\n"
	".BR default .\n"
	"Within a zone the last word is pass, between zones it is reject. Rules are read in order and the first that fits\n"
	"decides: both its sides have to fit, and a side that is not given fits everything.\n"
	".SH FILES\n"
	".I /etc/trunkd/trunkd.yaml\n"
	".SH SEE ALSO\n"
	".BR trunkd (8),\n"
	".BR trunkctl (1)\n";

/* Texts of the tables are plain: dashes, backslashes and quotes are what roff would misread, and a dot where a line begins. */
static int add_text(struct buf *out, const char *text)
{
	int err = *text == '.' || *text == '\'' ? buf_add_cstr(out, "\\&") : 0;

	for (; *text && err == 0; text++) {
		if (*text == '-')
			err = buf_add_cstr(out, "\\-");
		else if (*text == '\\')
			err = buf_add_cstr(out, "\\e");
		else if (*text == '"')
			err = buf_add_cstr(out, "\\(dq");
		else
			err = buf_add(out, str_make(text, 1));
	}
	return err;
}

/* A line, or where `text` is empty nothing. */
static int add_line(struct buf *out, const char *label, const char *text)
{
	int err;

	if (!*text)
		return 0;
	if ((err = buf_add_cstr(out, label)) < 0 || (err = add_text(out, text)) < 0)
		return err;
	return buf_add_cstr(out, ".\n.br\n");
}

static void words_text(const struct word *words, char *ret_text, size_t size_bytes)
{
	size_t used = 0;

	ret_text[0] = '\0';
	for (const struct word *word = words; word && word->text && used < size_bytes; word++)
		used += (size_t)snprintf(ret_text + used, size_bytes - used, "%s%s%s", word == words ? "" : ", ", word->text,
					 word->is_later ? " (not built yet)" : "");
}

static int man_option(void *ctx, const char *path, const struct option *option, bool is_later)
{
	char type[SHOW_TEXT_SIZE], limits[SHOW_TEXT_SIZE], standard[SHOW_TEXT_SIZE], words[1024];
	struct buf *out = ctx;
	int err;

	option_type_text(option, type);
	option_limits_text(option, limits);
	option_default_text(option, standard);
	words_text(option->words, words, sizeof(words));
	if ((err = buf_add_cstr(out, ".TP\n.B ")) < 0 || (err = add_text(out, path)) < 0 || (err = buf_add_cstr(out, "\n")) < 0)
		return err;
	if (is_later && (err = buf_add_cstr(out, "(Not built yet.)\n")) < 0)
		return err;
	if ((err = add_text(out, option->sentence)) < 0 || (err = buf_add_cstr(out, "\n.br\n")) < 0)
		return err;
	if ((err = add_line(out, "Type: ", type)) < 0 || (err = add_line(out, "Words: ", words)) < 0)
		return err;
	return (err = add_line(out, "Limits: ", limits)) < 0 ? err : add_line(out, "Default: ", standard);
}

int config_show_man(struct buf *out)
{
	int err;

	if ((err = buf_add_cstr(out, HEAD)) < 0 || (err = options_visit(man_option, out)) < 0)
		return err;
	return buf_add_cstr(out, TAIL);
}
