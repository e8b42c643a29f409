/* SPDX-License-Identifier: Apache-2.0
 * Loads what a configuration names, and finds it again by name. */
#include "filter/filters_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WHY_SIZE = 2 * SCRIPT_WHY_SIZE, MESSAGE_SIZE = 4 * SCRIPT_WHY_SIZE };

struct loading {
	struct filters *filters;
	struct log *log;
	filters_problem_fn *problem;
	void *ctx;
	bool is_check_only;
	unsigned errors;
};

/* ---- files ---- */

static const char *file_of(const struct filter_source *source)
{
	return source->script ? source->script : source->path;
}

/* Whoever can write a script decides what passes; whoever can write a module is the daemon. */
static int check_mode(const struct filter_source *source, const struct stat *st, char *why, size_t why_size)
{
	if (!S_ISREG(st->st_mode))
		snprintf(why, why_size, "is no regular file");
	else if (st->st_mode & S_IWOTH)
		snprintf(why, why_size, "can be written by everybody; take that right away (chmod o-w)");
	else if (source->path && (st->st_mode & S_IWGRP) && st->st_gid != 0 && st->st_gid != getegid())
		snprintf(why, why_size, "can be written by a group; take that right away (chmod g-w)");
	else if (source->path && st->st_uid != 0 && st->st_uid != geteuid())
		snprintf(why, why_size, "belongs neither to root nor to the user that trunkd runs as (chown root)");
	else if (source->script && st->st_size > FILTER_SCRIPT_BYTES_MAX)
		snprintf(why, why_size, "is larger than %d MiB", (int)(FILTER_SCRIPT_BYTES_MAX / 1024 / 1024));
	else
		return 0;
	return TRUNK_EINVAL;
}

/* Who can write the folder can put another module in its place. A sticky one protects what others own. */
static int check_folder(const char *path, char *why, size_t why_size)
{
	char *copy = str_dup(str_of(path));
	struct stat st;
	int err = 0;

	if (!copy)
		return TRUNK_ENOMEM;
	if (stat(dirname(copy), &st) == 0 && (st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX)) {
		snprintf(why, why_size, "lies in a folder that everybody can write; take that right away (chmod o-w)");
		err = TRUNK_EINVAL;
	}
	free(copy);
	return err;
}

static int read_all(int fd, struct script_text *text, size_t size)
{
	char *at = malloc(size + 1);
	size_t len = 0;
	ssize_t n = 1;

	if (!at)
		return TRUNK_ENOMEM;
	while (len < size && (n = read(fd, at + len, size - len)) > 0)
		len += (size_t)n;
	text->bytes = str_make(at, len);
	return n < 0 ? TRUNK_EIO : 0;
}

/* Opens and checks; of a script also reads. The checks and the text are of the same file. */
static int read_file(const struct filter_source *source, struct script_text *text, char *why, size_t why_size)
{
	const int fd = open(file_of(source), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int err;

	if (fd < 0 || fstat(fd, &st) < 0) {
		snprintf(why, why_size, "cannot be read: %s", strerror(errno));
		err = TRUNK_EINVAL;
	} else if ((err = check_mode(source, &st, why, why_size)) == 0 && source->script) {
		if ((err = read_all(fd, text, (size_t)st.st_size)) == TRUNK_EIO)
			snprintf(why, why_size, "cannot be read: %s", strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	return err;
}

/* ---- one filter ---- */

static void tell(struct loading *loading, const struct filter_source *source, const char *why)
{
	char message[MESSAGE_SIZE];

	snprintf(message, sizeof(message), "%s:%u: %s \"%s\": %s", source->file, source->line, source->script ? "filter" : "module", source->name,
		 why);
	for (char *c = message; *c; c++)
		if (*c == '\n')
			*c = ' ';
	loading->errors++;
	loading->problem(loading->ctx, message);
}

static void name_chunk(const struct filter_source *source, struct script_text *text)
{
	const char *slash = strrchr(source->script, '/'), *name = slash ? slash + 1 : source->script;

	snprintf(text->chunk, sizeof(text->chunk), "@%.40s", name);
}

/* The message of a script with the whole path instead of the chunk's name: "/etc/trunkd/words.lua:3: …". */
static void name_place(const struct filter_source *source, const struct script_text *text, const char *said, char *why, size_t why_size)
{
	const size_t len = strlen(text->chunk + 1);

	if (strncmp(said, text->chunk + 1, len) == 0 && said[len] == ':')
		snprintf(why, why_size, "%s%s", source->script, said + len);
	else
		snprintf(why, why_size, "%s: %s", source->script, said);
}

static int load_script(struct loading *loading, const struct filter_source *source, struct filter *filter, char *why, size_t why_size)
{
	struct script script;
	char said[WHY_SIZE];
	int err;

	if ((err = read_file(source, &filter->text, said, sizeof(said))) < 0) {
		snprintf(why, why_size, "%s %s", source->script, said);
		return err;
	}
	name_chunk(source, &filter->text);
	script_begin(&script, source, &filter->text, loading->log, NULL);
	if (!script_build(&script)) {
		name_place(source, &filter->text, script.why, why, why_size);
		err = TRUNK_EINVAL;
	}
	script_end(&script);
	return err;
}

static int load_module(struct loading *loading, const struct filter_source *source, struct filter *filter, char *why, size_t why_size)
{
	struct script_text none = {0};
	char said[WHY_SIZE];
	int err;

	if ((err = read_file(source, &none, said, sizeof(said))) == 0 && (err = check_folder(source->path, said, sizeof(said))) == 0 &&
	    !loading->is_check_only)
		err = module_load(source, loading->log, said, sizeof(said), &filter->module);
	if (err == TRUNK_EINVAL)
		snprintf(why, why_size, "%s %s", source->path, said);
	return err;
}

static int load_one(struct loading *loading, unsigned i)
{
	const struct filter_source *source = &loading->filters->sources[i];
	struct filter *filter = &loading->filters->filters[i];
	char why[WHY_SIZE] = "";
	int err;

	if (filters_find(loading->filters, source->name) != (int)i) {
		tell(loading, source, "filters and modules share their names, and there is another one of this name; give it another");
		return 0;
	}
	err = source->script ? load_script(loading, source, filter, why, sizeof(why)) : load_module(loading, source, filter, why, sizeof(why));
	if (err < 0 && err != TRUNK_ENOMEM)
		tell(loading, source, why);
	return err == TRUNK_ENOMEM ? err : 0;
}

/* ---- all of them ---- */

int filters_load(const struct filter_source *sources, unsigned count, bool is_check_only, struct log *log,
		 filters_problem_fn *problem, void *ctx, struct filters **ret_filters)
{
	struct filters *filters = calloc(1, sizeof(*filters) + count * sizeof(filters->filters[0]));
	struct loading loading = {.filters = filters, .log = log, .problem = problem, .ctx = ctx, .is_check_only = is_check_only};
	int err = 0;

	if (!filters)
		return TRUNK_ENOMEM;
	atomic_init(&filters->refs, 1);
	filters->sources = sources;
	filters->count = count;
	for (unsigned i = 0; i < count && err == 0; i++)
		err = load_one(&loading, i);
	if (err == 0 && loading.errors)
		err = TRUNK_EINVAL;
	if (err < 0)
		filters_free(&filters);
	else
		*ret_filters = filters;
	return err;
}

struct filters *filters_ref(struct filters *filters)
{
	atomic_fetch_add_explicit(&filters->refs, 1, memory_order_relaxed);
	return filters;
}

void filters_free(struct filters **filters)
{
	struct filters *last = *filters;

	*filters = NULL;
	if (!last || atomic_fetch_sub_explicit(&last->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (unsigned i = 0; i < last->count; i++) {
		module_free(&last->filters[i].module);
		free((char *)(uintptr_t)last->filters[i].text.bytes.at);
	}
	free(last);
}

int filters_find(const struct filters *filters, const char *name)
{
	for (unsigned i = 0; i < filters->count; i++)
		if (strcmp(filters->sources[i].name, name) == 0)
			return (int)i;
	return -1;
}

const char *filters_name(const struct filters *filters, int index)
{
	return index >= 0 && (unsigned)index < filters->count ? filters->sources[index].name : NULL;
}
