/* SPDX-License-Identifier: Apache-2.0
 * Several files that together make one configuration. */
#include "folder.h"

#include "config/tree.h"

#include <errno.h>

static void maps_and_lists_of_included_files_add_up(void **state)
{
	struct folder folder = folder_new();
	struct config *config;

	(void)state;
	folder_mkdir(&folder, "conf.d");
	folder_write(&folder, "trunkd.yaml",
		     TRUNK "include: conf.d/*.yaml\n"
			   "spokes: {a: {domains: a.example}}\n"
			   "zones: {in: {spokes: [a, b]}, out: {domains: \"*\"}}\n"
			   "rules: [{name: first, kind: iq, action: pass}]\n");
	folder_write(&folder, "conf.d/20.yaml", "rules: [{from: out, to: in, action: reject}]\ntls: {trust: ca.pem}\n");
	folder_write(&folder, "conf.d/10.yaml",
		     "spokes: {b: {domains: b.example}}\nrules: [{name: second, from: in, action: pass}]\n");
	folder_write(&folder, "conf.d/not-this.txt", "nonsense");
	config = folder_load(&folder, "trunkd.yaml", "", 0);
	assert_int_equal(config->spoke_count, 2);
	assert_string_equal(config->spokes[1].zone->name, "in");
	assert_int_equal(config->rule_count, 3);
	assert_string_equal(config->rules[0].name, "first");
	assert_string_equal(config->rules[1].name, "second");
	assert_string_equal(config->rules[2].name, "rule-20.yaml-1");
	assert_non_null(strstr(config->rules[2].file, "/conf.d/20.yaml"));
	assert_non_null(strstr(config->tls.trust[0], "/conf.d/ca.pem")); /* relative to the file that names it */
	config_free(&config);
	folder_free(&folder);
}

static void a_key_of_two_files_names_both(void **state)
{
	struct folder folder = folder_new();

	(void)state;
	folder_write(&folder, "trunkd.yaml", TRUNK "include: [b.yaml]\nspokes: {a: {domains: a.example}}\nstate: /srv\n");
	folder_write(&folder, "b.yaml", "state: /srv\nspokes:\n  a: {domains: b.example}\n");
	folder_load(&folder, "trunkd.yaml",
		    "b.yaml:1:1: \"state\" is given twice (first: trunkd.yaml:4); remove one of the two\n"
		    "b.yaml:3:3: \"a\" is given twice (first: trunkd.yaml:3); remove one of the "
		    "two\n",
		    TRUNK_EINVAL);
	folder_free(&folder);
}

static void a_domain_of_two_files_names_both(void **state)
{
	struct folder folder = folder_new();

	(void)state;
	folder_write(&folder, "trunkd.yaml", TRUNK "include: b.yaml\nspokes: {a: {domains: a.example}}\n");
	folder_write(&folder, "b.yaml", "spokes: {b: {domains: a.example}}\n");
	folder_load(&folder, "trunkd.yaml",
		    "b.yaml:1:23: domain \"a.example\" already belongs to spoke \"a\" (trunkd.yaml:3); remove one of the "
		    "two\n",
		    TRUNK_EINVAL);
	folder_free(&folder);
}

static void files_that_are_missing_are_told(void **state)
{
	struct folder folder = folder_new();
	struct config *config;

	(void)state;
	folder_load(&folder, "trunkd.yaml", "trunkd.yaml: cannot be read: No such file or directory\n", TRUNK_ENOENT);
	folder_write(&folder, "trunkd.yaml", TRUNK TWO "include: [b.yaml]\n");
	folder_load(&folder, "trunkd.yaml", "trunkd.yaml:3:11: \"b.yaml\" cannot be read: No such file or directory\n",
		    TRUNK_EINVAL);
	folder_write(&folder, "trunkd.yaml", TRUNK TWO "include: conf.d/*.yaml\n");
	config = folder_load(&folder, "trunkd.yaml", "warning: trunkd.yaml:3:10: no file fits \"conf.d/*.yaml\"\n", 0);
	config_free(&config);
	folder_mkdir(&folder, "conf.d");
	folder_load(&folder, "conf.d", "conf.d: cannot be read: Is a directory\n", TRUNK_EIO);
	folder_write(&folder, "trunkd.yaml", TRUNK TWO "include: conf.d\n");
	folder_load(&folder, "trunkd.yaml", "trunkd.yaml:3:10: \"conf.d\" cannot be read: Is a directory\n", TRUNK_EINVAL);
	folder_free(&folder);
}

static void a_file_is_read_once(void **state)
{
	struct folder folder = folder_new();

	(void)state;
	folder_write(&folder, "trunkd.yaml", TRUNK TWO "include: [b.yaml, \"?.yaml\"]\n");
	folder_write(&folder, "b.yaml", "rules: [{action: pass}]\n");
	folder_load(&folder, "trunkd.yaml",
		    "trunkd.yaml:3:19: \"b.yaml\" is included twice (first: line 3); remove one of the two\n", TRUNK_EINVAL);
	folder_write(&folder, "b.yaml", "include: [trunkd.yaml]\n");
	folder_write(&folder, "trunkd.yaml", TRUNK TWO "include: b.yaml\n");
	folder_load(&folder, "trunkd.yaml", "b.yaml:1:11: \"trunkd.yaml\" is the first file itself; a file cannot include it\n",
		    TRUNK_EINVAL);
	folder_free(&folder);
}

static void chains_of_files_have_a_limit(void **state)
{
	struct folder folder = folder_new();
	char name[32], content[64], message[128];

	(void)state;
	folder_write(&folder, "trunkd.yaml", TRUNK TWO "include: 1.yaml\n");
	for (int i = 1; i <= TREE_INCLUDE_DEPTH_MAX + 1; i++) {
		snprintf(name, sizeof(name), "%d.yaml", i);
		snprintf(content, sizeof(content), "include: %d.yaml\n", i + 1);
		folder_write(&folder, name, content);
	}
	snprintf(message, sizeof(message), "%d.yaml:1:1: files include each other more than %d deep\n", TREE_INCLUDE_DEPTH_MAX,
		 TREE_INCLUDE_DEPTH_MAX);
	folder_load(&folder, "trunkd.yaml", message, TRUNK_EINVAL);
	folder_free(&folder);
}

static void what_is_no_pattern_is_refused(void **state)
{
	struct folder folder = folder_new();

	(void)state;
	folder_write(&folder, "trunkd.yaml", TRUNK TWO "include: {a: b}\n");
	folder_load(&folder, "trunkd.yaml",
		    "trunkd.yaml:3:10: \"include\" must be a list of paths such as conf.d/*.yaml, not a map\n", TRUNK_EINVAL);
	folder_write(&folder, "trunkd.yaml", TRUNK TWO "include:\n");
	folder_load(&folder, "trunkd.yaml",
		    "trunkd.yaml:3:9: \"include\" must be a list of paths such as conf.d/*.yaml, not an empty one or "
		    "several lines\n",
		    TRUNK_EINVAL);
	folder_free(&folder);
	refuses(TRUNK TWO "include: b.yaml\n", "trunkd.yaml:3:1: \"include\" is for files; this text comes from none\n");
}

static void an_included_file_is_a_map_without_slips(void **state)
{
	struct folder folder = folder_new();

	(void)state;
	folder_write(&folder, "trunkd.yaml", TRUNK TWO "include: b.yaml\n");
	folder_write(&folder, "b.yaml", "- a\n");
	folder_load(&folder, "trunkd.yaml",
		    "b.yaml:1:1: a map of options is expected here, such as \"trunk: trunk.example.com\", not a "
		    "list\n",
		    TRUNK_EINVAL);
	folder_write(&folder, "b.yaml", "state: [a\n");
	folder_load(&folder, "trunkd.yaml",
		    "b.yaml:2:1: did not find expected ',' or ']' while parsing a flow sequence (it began on line "
		    "1)\n",
		    TRUNK_EINVAL);
	folder_write(&folder, "b.yaml", "stat: a\n");
	folder_load(&folder, "trunkd.yaml", "b.yaml:1:1: unknown option \"stat\"; did you mean \"state\"?\n", TRUNK_EINVAL);
	folder_free(&folder);
}

static void a_file_over_the_limit_is_refused(void **state)
{
	struct folder folder = folder_new();
	char path[256];

	(void)state;
	folder_write(&folder, "trunkd.yaml", "");
	assert_int_equal(truncate(folder_file(&folder, "trunkd.yaml", path), TREE_FILE_BYTES_MAX + 1), 0);
	folder_load(&folder, "trunkd.yaml", "trunkd.yaml: larger than 8 MiB; split it and use \"include\"\n", TRUNK_EINVAL);
	folder_free(&folder);
}

/* A pipe that nobody writes must not hang the start. */
static void an_included_pipe_is_empty(void **state)
{
	struct folder folder = folder_new();
	struct config *config;
	char path[256];

	(void)state;
	assert_int_equal(mkfifo(folder_file(&folder, "b.yaml", path), 0600), 0);
	folder_write(&folder, "trunkd.yaml", TRUNK TWO "include: b.yaml\n");
	config = folder_load(&folder, "trunkd.yaml", "", 0);
	config_free(&config);
	folder_free(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_and_lists_of_included_files_add_up),
		cmocka_unit_test(a_key_of_two_files_names_both),
		cmocka_unit_test(a_domain_of_two_files_names_both),
		cmocka_unit_test(files_that_are_missing_are_told),
		cmocka_unit_test(a_file_is_read_once),
		cmocka_unit_test(chains_of_files_have_a_limit),
		cmocka_unit_test(what_is_no_pattern_is_refused),
		cmocka_unit_test(an_included_file_is_a_map_without_slips),
		cmocka_unit_test(a_file_over_the_limit_is_refused),
		cmocka_unit_test(an_included_pipe_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
