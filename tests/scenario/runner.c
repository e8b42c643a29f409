/* SPDX-License-Identifier: Apache-2.0
 * Runs the scenarios of the files named as arguments, each in a world of its own, and tells of them in TAP. */
#include "verbs.h"

#include <stdio.h>
#include <stdlib.h>

/* Where a run stands. */
struct run {
	struct certificates *certificates;
	const char *only;               /* part of a title; NULL: all */
	bool traces;                    /* show the trace of all, not of failed ones alone */
	unsigned count, failed;
};

static void print_comment(struct str text)
{
	while (text.at) {
		const struct str line = str_cut(&text, '\n');

		if (line.len > 0 || text.at)
			printf("#   %.*s\n", STR_ARG(line));
	}
}

static struct str title_of(const struct statement *statement)
{
	struct words words;

	words_split(statement->text, &words);
	return words.count > 1 ? words.at[1] : STR("(no title)");
}

static bool is_scenario(const struct statement *statement)
{
	return str_starts(statement->head, STR("scenario "));
}

static bool is_told(const struct statement *statement)
{
	return str_starts(statement->head, STR("source ")) || is_scenario(statement);
}

/* Runs statements[from..to); returns that which failed, or `to`. */
static unsigned run_statements(struct world *world, const struct script *script, unsigned from, unsigned to)
{
	for (; from < to; from++) {
		const struct statement *statement = &script->statements[from];

		if (is_told(statement))
			continue;
		buf_addf(&world->trace, "%s:%u: %.*s\n", script->file, statement->line,
			 STR_ARG(str_until(statement->head, 200)));
		if (step_run(world, statement) < 0)
			return from;
		if (buf_len(&world->complaints) > 0) {
			world_fail(world, "%.*s", STR_ARG(buf_str(&world->complaints)));
			return from;
		}
	}
	return to;
}

static void run_scenario(struct run *run, const struct script *script, unsigned from, unsigned to)
{
	const struct str title = title_of(&script->statements[from]);
	struct world *world;
	unsigned stopped;

	if (run->only && !memmem(title.at, title.len, run->only, strlen(run->only)))
		return;
	if (!(world = world_new(run->certificates)))
		abort();
	stopped = run_statements(world, script, from, to);
	run->count++;
	run->failed += stopped < to;
	printf("%sok %u - %.*s\n", stopped < to ? "not " : "", run->count, STR_ARG(title));
	if (stopped < to) {
		printf("# %s:%u: %.*s\n", script->file, script->statements[stopped].line,
		       STR_ARG(script->statements[stopped].head));
		print_comment(str_of(world->failure));
	}
	if (stopped < to || run->traces)
		print_comment(buf_str(&world->trace));
	world_free(&world);
}

static void run_file(struct run *run, const char *file)
{
	struct script script;
	unsigned from, to;

	if (script_read(file, &script) < 0) {
		printf("not ok %u - %s can't be read\n", ++run->count, file);
		run->failed++;
		return;
	}
	for (from = 0; from < script.count && !is_scenario(&script.statements[from]); from++)
		;
	for (; from < script.count; from = to) {
		for (to = from + 1; to < script.count && !is_scenario(&script.statements[to]); to++)
			;
		run_scenario(run, &script, from, to);
	}
	script_fini(&script);
}

int main(int argc, char **argv)
{
	struct run run = {.only = getenv("SCENARIO"), .traces = getenv("SCENARIO_TRACE") != NULL};

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!(run.certificates = certificates_new(WORLD_WALL_MS))) {
		printf("Bail out! no certificates can be made\n");
		return 1;
	}
	for (int i = 1; i < argc; i++)
		run_file(&run, argv[i]);
	printf("1..%u\n", run.count);
	certificates_free(&run.certificates);
	return run.failed > 0;
}
