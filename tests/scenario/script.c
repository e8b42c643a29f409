/* SPDX-License-Identifier: Apache-2.0
 * Scripts cut into statements by their indentation, and statements into words. */
#include "script.h"

#include <stdio.h>
#include <stdlib.h>

static int read_all(const char *file, char **ret_text)
{
	struct buf buf = {0};
	char piece[4096];
	FILE *in = fopen(file, "r");
	size_t len;

	if (!in)
		return TRUNK_EIO;
	while ((len = fread(piece, 1, sizeof(piece), in)) > 0)
		buf_add(&buf, str_make(piece, len));
	fclose(in);
	*ret_text = str_dup(buf_str(&buf));
	buf_fini(&buf);
	return *ret_text ? 0 : TRUNK_ENOMEM;
}

static size_t indent_of(struct str line)
{
	size_t i = 0, column = 0;

	for (; i < line.len && (line.at[i] == ' ' || line.at[i] == '\t'); i++)
		column += line.at[i] == '\t' ? 8 - column % 8 : 1;
	return column;
}

static int add_statement(struct script *script, struct statement statement)
{
	struct statement *more = realloc(script->statements, (script->count + 1) * sizeof(*more));

	if (!more)
		return TRUNK_ENOMEM;
	script->statements = more;
	script->statements[script->count++] = statement;
	return 0;
}

static int parse(struct script *script)
{
	struct str rest = str_of(script->text);
	struct statement *last = NULL;
	size_t indent = 0;
	unsigned number = 0;
	int err;

	while (rest.at) {
		const struct str line = str_cut(&rest, '\n'), head = str_trim(line);

		number++;
		if (head.len == 0)
			continue;
		if (last && indent_of(line) > indent) {
			const size_t end = (size_t)(line.at + line.len - last->text.at);

			if (last->body.len == 0)
				last->body.at = line.at;
			last->body.len = (size_t)(line.at + line.len - last->body.at);
			last->text.len = end;
			continue;
		}
		if (head.at[0] == '#')
			continue;
		if ((err = add_statement(script,
					 (struct statement){.line = number, .head = head, .text = head, .body = STR("")})) < 0)
			return err;
		last = &script->statements[script->count - 1];
		indent = indent_of(line);
	}
	return 0;
}

int script_read(const char *file, struct script *ret_script)
{
	int err;

	*ret_script = (struct script){.file = file};
	if ((err = read_all(file, &ret_script->text)) < 0)
		return err;
	return parse(ret_script);
}

int script_parse(struct str text, const char *name, struct script *ret_script)
{
	*ret_script = (struct script){.file = name, .text = str_dup(text)};
	return ret_script->text ? parse(ret_script) : TRUNK_ENOMEM;
}

void script_fini(struct script *script)
{
	free(script->statements);
	free(script->text);
	*script = (struct script){0};
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The end of a word; quotes inside of it (k="a b") keep blanks in. A backslash keeps the quote behind it. */
static size_t word_end(struct str text)
{
	bool in_quotes = false;
	size_t i = 0;

	for (; i < text.len && (in_quotes || (!is_blank(text.at[i]) && text.at[i] != '<')); i++) {
		if (text.at[i] == '\\' && i + 1 < text.len)
			i++;
		else if (text.at[i] == '"')
			in_quotes = !in_quotes;
		if (i + 1 < text.len && text.at[i + 1] == '<' && i + 2 < text.len && text.at[i + 2] == '=')
			i++;    /* k<=v */
	}
	return i;
}

void words_split(struct str text, struct words *ret_words)
{
	*ret_words = (struct words){.xml = STR_NONE};
	while (ret_words->count < WORDS_MAX) {
		struct str word;

		while (text.len > 0 && is_blank(text.at[0]))
			text = str_from(text, 1);
		if (text.len == 0)
			return;
		if (text.at[0] == '<') {
			ret_words->xml = text;
			return;
		}
		word = str_until(text, word_end(text));
		text = str_from(text, word.len);
		if (word.len >= 2 && word.at[0] == '"' && word.at[word.len - 1] == '"') {
			word = str_make(word.at + 1, word.len - 2);
			ret_words->is_quoted[ret_words->count] = true;
		}
		ret_words->at[ret_words->count++] = word;
	}
}

bool word_is(const struct words *words, unsigned i, const char *text)
{
	return i < words->count && str_is(words->at[i], text);
}

unsigned words_find(const struct words *words, unsigned from, const char *text)
{
	while (from < words->count && !str_is(words->at[from], text))
		from++;
	return from;
}

static size_t digits(struct str word)
{
	size_t i = 0;

	while (i < word.len && word.at[i] >= '0' && word.at[i] <= '9')
		i++;
	return i;
}

static int scaled(struct str word, const char *const *units, const uint64_t *factors, uint64_t *ret_number)
{
	const struct str unit = str_from(word, digits(word));
	int err;

	if ((err = str_number(str_until(word, digits(word)), UINT32_MAX, ret_number)) < 0)
		return err;
	for (; *units; units++, factors++)
		if (str_is(unit, *units)) {
			*ret_number *= *factors;
			return 0;
		}
	return TRUNK_EINVAL;
}

int script_duration(struct str word, int64_t *ret_ms)
{
	static const char *const units[] = {"ms", "s", "m", "h", "d", NULL};
	static const uint64_t factors[] = {1, 1000, 60000, 3600000, 86400000};
	uint64_t number;
	int err;

	if ((err = scaled(word, units, factors, &number)) == 0)
		*ret_ms = (int64_t)number;
	return err;
}

int script_size(struct str word, size_t *ret_bytes)
{
	static const char *const units[] = {"", "KiB", "MiB", NULL};
	static const uint64_t factors[] = {1, 1024, 1024 * 1024};
	uint64_t number;
	int err;

	if ((err = scaled(word, units, factors, &number)) == 0)
		*ret_bytes = (size_t)number;
	return err;
}
