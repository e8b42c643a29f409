/* SPDX-License-Identifier: Apache-2.0
 * What a filter costs for one stanza: an empty one, and those that are shipped. Prints ns each. */
#include "filter/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS = 8, RUN_MS = 50 };

static void must(bool is_so)
{
	if (!is_so)
		abort();
}

static void on_problem(void *ctx, const char *text)
{
	(void)ctx;
	fprintf(stderr, "%s\n", text);
}

static const struct xml_node *give_tree(void *ctx)
{
	return ctx;
}

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* The best of a few runs: what else the machine does can only slow us down. */
static void measure(const char *what, size_t bytes, struct filter_set *set, int index, const struct filter_view *view)
{
	struct filter_answer answer;
	double best = 1e9;

	for (unsigned run = 0; run < RUNS; run++) {
		const double begin = now_s();
		double end = begin;
		unsigned long count = 0;

		for (; end - begin < RUN_MS / 1e3; end = now_s())
			for (unsigned i = 0; i < 10; i++, count++) {
				filter_run(set, index, view, &answer);
				if (answer.outcome != FILTER_PASS) {
					fprintf(stderr, "%s: %s\n", what, answer.why ? answer.why : "no pass");
					exit(1);
				}
			}
		best = (end - begin) / (double)count < best ? (end - begin) / (double)count : best;
	}
	printf("%-8s %7zu bytes of body %10.0f ns\n", what, bytes, best * 1e9);
}

static void bench(struct filter_set *set, const char *const *names, size_t bytes)
{
	const struct xml_limits limits = {.element_bytes = 1 << 20, .depth = 64, .attributes = 64};
	struct filter_view view = {.kind = STANZA_MESSAGE, .from = STR("ann@saturn.example.org/desk"), .to = STR("bob@mercury.example.net"),
				   .type = STR("chat"), .id = STR("m1"), .tree = give_tree};
	struct arena arena = {0};
	struct buf text = {0};
	struct xml_node *tree;

	buf_add_cstr(&text, "<message from='ann@saturn.example.org/desk' to='bob@mercury.example.net' type='chat' id='m1'><body>");
	for (size_t i = 0; i < bytes; i += 44)
		buf_add_cstr(&text, "Crates leave at six, the barrels with them. ");
	buf_add_cstr(&text, "</body></message>");
	must(xml_tree_parse(&arena, buf_str(&text), NULL, &limits, &tree) == 0);
	view.ctx = tree;
	view.size_bytes = buf_len(&text);
	for (int i = 0; names[i]; i++)
		measure(names[i], bytes, set, i, &view);
	arena_fini(&arena);
	buf_fini(&text);
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"empty", "fields", "words", "links", NULL};
	static const struct filter_setting words[] = {{"words", "orchid"}, {"words", "north gate"}};
	static const struct filter_setting hosts[] = {{"hosts", "good.example"}};
	struct filter_source sources[] = {
		{.name = "empty", .script = "/tmp/trunkd-bench-empty.lua"}, {.name = "fields", .script = "/tmp/trunkd-bench-fields.lua"},
		{.name = "words", .script = EXAMPLES "/filters/words.lua", .settings = {words, 2}},
		{.name = "links", .script = EXAMPLES "/filters/links.lua", .settings = {hosts, 1}},
	};
	static const char *const scripts[] = {
		"function filter(stanza) return 'pass' end",
		"function filter(stanza) if stanza.kind == 'message' and stanza.type == 'chat' and #stanza.to > 5 then return 'pass' end end"};
	struct filters *filters;
	struct filter_set *set;

	(void)argc;
	(void)argv;
	for (int i = 0; i < 4; i++) {
		sources[i].time_limit_ms = 1000;
		sources[i].memory_limit_bytes = 8 * 1024 * 1024;
		if (i < 2) {
			FILE *file = fopen(sources[i].script, "w");

			must(file && fputs(scripts[i], file) >= 0 && fclose(file) == 0);
		}
	}
	must(filters_load(sources, 4, false, NULL, on_problem, NULL, &filters) == 0);
	set = filter_set_new(filters, NULL);
	must(set != NULL);
	bench(set, names, 44);
	bench(set, names, 4096);
	bench(set, names, 250 * 1024);
	filter_set_free(&set);
	filters_free(&filters);
	remove(sources[0].script);
	remove(sources[1].script);
	return 0;
}
