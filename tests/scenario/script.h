/* SPDX-License-Identifier: Apache-2.0
 * The language of scenarios as statements and words; README.md describes it. */
#ifndef TRUNK_SCENARIO_SCRIPT_H
#define TRUNK_SCENARIO_SCRIPT_H

#include "base/base.h"

enum { WORDS_MAX = 64 };

/* A line and all that is indented deeper behind it. Borrowed from the script's text. */
struct statement {
	unsigned line;                  /* from 1 */
	struct str head;                /* the line itself, trimmed */
	struct str text;                /* head and body together, as they stand */
	struct str body;                /* the deeper lines; empty where there are none */
};

struct script {
	char *text;
	const char *file;
	struct statement *statements;
	unsigned count;
};

/* Returns 0, TRUNK_EIO or TRUNK_ENOMEM. */
int script_read(const char *file, struct script *ret_script);
int script_parse(struct str text, const char *name, struct script *ret_script); /* `name`: borrowed, for messages */
void script_fini(struct script *script);

/* Words between blanks; "…" is one word, without the quotes. Reads up to the first `<`, and leaves what begins there in `xml`
 * (absent where there is none). */
struct words {
	struct str at[WORDS_MAX];
	bool is_quoted[WORDS_MAX];
	unsigned count;
	struct str xml;
};
void words_split(struct str text, struct words *ret_words);
bool word_is(const struct words *words, unsigned i, const char *text);          /* false beyond the end */
unsigned words_find(const struct words *words, unsigned from, const char *text);        /* count where it isn't there */

/* "250ms", "30s", "5m", "1h" in milliseconds. Returns 0 or TRUNK_EINVAL. */
int script_duration(struct str word, int64_t *ret_ms);
int script_size(struct str word, size_t *ret_bytes);    /* "100", "16KiB", "1MiB" */

/* The id of the last <enabled/>, or request, that a peer received: {sm-id} and {iq-id} in a text. */
enum script_id { SCRIPT_SM_ID, SCRIPT_IQ_ID };
void script_keep_id(enum script_id which, struct str id);

/* A text as it is sent: {n} becomes the number, {pad:SIZE} so many letters x; where `has_escapes`, `\xNN`, `\n`, `\r`, `\t`,
 * `\\` and `\"` their bytes. */
int script_expand(struct str text, unsigned n, bool has_escapes, struct buf *out);

/* ---- lines of key=value: the log, the audit, rows of streams ---- */

/* The value of a key in `EVENT k=v k="quoted v"`, unquoted; false where there is none. */
bool line_value(struct str line, struct str key, struct buf *ret_value);

/* Whether a line fulfils words[from…]: `k=v`, `k!=v`, `k~part`, `k<=number`, `k>=number`. A value in quotes may hold blanks:
 * k="a b". */
bool line_fits(struct str line, const struct words *words, unsigned from);

#endif
