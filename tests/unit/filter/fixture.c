/* SPDX-License-Identifier: Apache-2.0
 * Scripts in a folder of their own, and stanzas from texts. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int64_t still_ns(void)
{
	return 1;
}

static void on_problem(void *ctx, const char *text)
{
	struct asked *asked = ctx;

	snprintf(asked->problem, sizeof(asked->problem), "%s", text);
}

static void on_line(void *ctx, enum log_level level, struct str line)
{
	struct asked *asked = ctx;
	const size_t used = strlen(asked->lines);

	(void)level;
	snprintf(asked->lines + used, sizeof(asked->lines) - used, "%.*s\n", STR_ARG(line));
}

static void write_script(struct asked *asked, const char *script)
{
	FILE *file;

	strcpy(asked->folder, "/tmp/trunkd-filter-XXXXXX");
	assert_non_null(mkdtemp(asked->folder));
	snprintf(asked->file, sizeof(asked->file), "%s/test.lua", asked->folder);
	assert_non_null(file = fopen(asked->file, "w"));
	fputs(script, file);
	fclose(file);
	chmod(asked->file, 0644);
	asked->source.script = asked->file;
}

void asked_load(struct asked *asked, const char *script)
{
	if (script)
		write_script(asked, script);
	asked->source.name = "test";
	asked->source.file = "trunkd.yaml";
	asked->source.line = 7;
	if (!asked->source.time_limit_ms)
		asked->source.time_limit_ms = 5;
	if (!asked->source.memory_limit_bytes)
		asked->source.memory_limit_bytes = 8 * 1024 * 1024;
	if (!asked->log) {
		assert_non_null(asked->log = log_new(LOG_DEBUG, LOG_TEXT, false));
		log_set_sink(asked->log, on_line, asked);
	}
	if (filters_load(&asked->source, 1, false, asked->log, on_problem, asked, &asked->filters) == 0)
		assert_non_null(asked->set = filter_set_new_timed(asked->filters, asked->log, still_ns));
}

static const struct xml_node *give_tree(void *ctx)
{
	return ((struct asked *)ctx)->tree;
}

const struct filter_answer *asked_about(struct asked *asked, const char *xml)
{
	const struct xml_limits limits = {.element_bytes = 1 << 20, .depth = 64, .attributes = 64};

	arena_clear(&asked->arena);
	assert_int_equal(xml_tree_parse(&asked->arena, str_of(xml), NULL, &limits, &asked->tree), 0);
	asked->view.kind = str_is(asked->tree->name, "message") ? STANZA_MESSAGE : str_is(asked->tree->name, "iq") ? STANZA_IQ : STANZA_PRESENCE;
	asked->view.from = xml_node_attr(asked->tree, "from");
	asked->view.to = xml_node_attr(asked->tree, "to");
	asked->view.type = xml_node_attr(asked->tree, "type");
	asked->view.id = xml_node_attr(asked->tree, "id");
	asked->view.lang = STR("en");
	asked->view.size_bytes = strlen(xml);
	asked->view.tree = give_tree;
	asked->view.ctx = asked;
	filter_run(asked->set, 0, &asked->view, &asked->answer);
	return &asked->answer;
}

const struct filter_answer *ask(struct asked *asked, const char *script)
{
	asked_load(asked, script);
	if (!asked->set)
		fail_msg("%s", asked->problem);
	return asked_about(asked, MESSAGE "<body>Crates leave at six.</body></message>");
}

void asked_fini(struct asked *asked)
{
	filter_set_free(&asked->set);
	filters_free(&asked->filters);
	log_free(&asked->log);
	arena_fini(&asked->arena);
	if (*asked->folder) {
		unlink(asked->file);
		rmdir(asked->folder);
	}
	*asked = (struct asked){0};
}

bool failed_for(const struct filter_answer *answer, const char *part)
{
	if (answer->outcome != FILTER_FAILED) {
		print_error("outcome %d instead of a failure for %s\n", answer->outcome, part);
		return false;
	}
	if (strstr(answer->why, part))
		return true;
	print_error("failed for \"%s\", not for \"%s\"\n", answer->why, part);
	return false;
}
