/* SPDX-License-Identifier: Apache-2.0
 * What YAML may say, and what it may not: design.md §5. */
#include "loads.h"

#include "config/tree.h"

static void a_key_twice_names_both_places(void **state)
{
	(void)state;
	refuses(TRUNK TWO "log: {level: info}\nlog:\n  level: debug\n",
		"trunkd.yaml:4:1: \"log\" is given twice (first: line 3); remove one of the two\n");
	refuses(TRUNK TWO "log: {level: info, format: text, level: debug}\n",
		"trunkd.yaml:3:34: \"level\" is given twice (first: line 3); remove one of the two\n");
}

static void anchors_aliases_tags_and_merge_keys_are_refused(void **state)
{
	(void)state;
	refuses(TRUNK TWO "state: &here /srv\n",
		"trunkd.yaml:3:8: anchor \"&here\" is not allowed; write the value out where it is needed\n");
	refuses(TRUNK TWO "log: &here {level: info}\n",
		"trunkd.yaml:3:6: anchor \"&here\" is not allowed; write the value out where it is needed\n");
	refuses(TRUNK TWO "listen: &here [\"127.0.0.1:5269\"]\n",
		"trunkd.yaml:3:9: anchor \"&here\" is not allowed; write the value out where it is needed\n");
	refuses(TRUNK TWO "&here state: /srv\n",
		"trunkd.yaml:3:1: anchor \"&here\" is not allowed; write the value out where it is needed\n");
	refuses(TRUNK TWO "state: *here\n",
		"trunkd.yaml:3:8: alias \"*here\" is not allowed; write the value out, or put it in "
		"quotes where a pattern is meant\n");
	refuses(TRUNK TWO "state: !!str /srv\n",
		"trunkd.yaml:3:8: tag \"tag:yaml.org,2002:str\" is not allowed; remove it, for each "
		"option knows its own type\n");
	refuses(TRUNK TWO "log: {<<: {level: info}}\n",
		"trunkd.yaml:3:7: merge key \"<<\" is not allowed; write the values out where they are needed\n"
		"trunkd.yaml:3:7: unknown option \"log.<<\"; \"trunkctl show options\" lists those that are known\n");
}

static void one_file_is_one_document(void **state)
{
	(void)state;
	refuses(TRUNK TWO "---\nstate: /srv\n", "trunkd.yaml:3:1: a second document begins here; one file holds one\n");
}

static void a_cut_file_is_told_where_it_ends(void **state)
{
	(void)state;
	refuses(TRUNK "gateway-domains: [saturn.example.org,\n",
		"trunkd.yaml:3:1: did not find expected node content while parsing a flow node\n");
	refuses(TRUNK "gateway-domains: [saturn.example.org\n",
		"trunkd.yaml:3:1: did not find expected ',' or ']' while parsing a flow sequence (it began on line 2)\n");
	refuses(TRUNK TWO "state: \"/var\n",
		"trunkd.yaml:4:1: found unexpected end of stream while scanning a quoted scalar (it began on line 3)\n");
	refuses(TRUNK TWO "sta",
		"trunkd.yaml:4:1: could not find expected ':' while scanning a simple key (it began on line 3)\n");
	refuses(TRUNK TWO "rules:", "trunkd.yaml:3:7: \"rules\" has no value; give it one or remove it\n");
	refuses("trunk",
		"trunkd.yaml:1:1: a map of options is expected here, such as \"trunk: trunk.example.com\", not a single "
		"value\n");
	refuses("- trunk",
		"trunkd.yaml:1:1: a map of options is expected here, such as \"trunk: trunk.example.com\", not a list\n");
}

static void bytes_that_are_no_text_are_told_with_their_place(void **state)
{
	static const char nul[] = TRUNK "state: a\0b\n";
	struct config *config = NULL;
	struct buf out = {0};

	(void)state;
	refuses(TRUNK TWO "state: caf\xe9\n", "trunkd.yaml:3:11: incomplete UTF-8 octet sequence\n");
	refuses(TRUNK TWO "state: \xc3\xa9\x01\n", "trunkd.yaml:3:9: control characters are not allowed\n");
	refuses("\xff\xfet\n", "trunkd.yaml:1:1: invalid leading UTF-8 octet\n"); /* UTF-16 */
	refuses("\ttrunk: a\n",
		"trunkd.yaml:1:1: found character that cannot start any token while scanning for the next token\n");
	refuses(TRUNK "tls:\n\tpolicy: required\n",
		"trunkd.yaml:3:1: found character that cannot start any token while scanning for the next token\n");
	refuses(TRUNK TWO "state: \"a\\0b\"\n", "trunkd.yaml:3:8: control characters are not allowed, also not as escapes\n");
	refuses(TRUNK TWO "\"sta\\nte\": a\n", "trunkd.yaml:3:1: a key is one line of text and not empty\n");
	assert_int_equal(config_load_text(str_make(nul, sizeof(nul) - 1), "t", keep_message, &out, &config), TRUNK_EINVAL);
	assert_int_equal(buf_add(&out, str_make("", 1)), 0);
	assert_string_equal(buf_str(&out).at, "t:2:9: control characters are not allowed\n");
	buf_fini(&out);
}

static void a_byte_order_mark_is_passed_over(void **state)
{
	struct config *config = takes("\xef\xbb\xbf" TRUNK TWO);

	(void)state;
	assert_string_equal(config->trunk, "trunk.example.com");
	config_free(&config);
}

static void keys_are_single_lines_of_text(void **state)
{
	(void)state;
	refuses("[a]: b\n",
		"trunkd.yaml:1:1: a key is one line of text, not a list or map; put it in quotes where it is meant as text\n");
	refuses("? {a: b}\n: c\n",
		"trunkd.yaml:1:3: a key is one line of text, not a list or map; put it in quotes where it is meant as text\n");
	refuses("\"\": b\n", "trunkd.yaml:1:1: a key is one line of text and not empty\n");
}

static void an_empty_text_lacks_the_trunk(void **state)
{
	(void)state;
	refuses("", "trunkd.yaml: \"trunk\" is missing; set it to a domain such as trunk.example.com\n"
		    "warning: trunkd.yaml: no spoke is named, so nothing is trunked; add \"gateway-domains\" or \"spokes\"\n");
	refuses(TWO, "trunkd.yaml: \"trunk\" is missing; set it to a domain such as trunk.example.com\n");
}

/* `no` is the domain of Norway, and stays a word. */
static void scalars_are_text_whatever_they_look_like(void **state)
{
	struct config *config = takes("trunk: no\n" TWO "user: 1e3\n");

	(void)state;
	assert_string_equal(config->trunk, "no");
	assert_string_equal(config->user, "1e3");
	config_free(&config);
}

static struct node *read_into(struct tree *tree, struct problems *problems, const char *text)
{
	tree->problems = problems;
	return tree_read_text(tree, str_of(text), "t");
}

static void depth_has_a_limit(void **state)
{
	char text[TREE_DEPTH_MAX + 2];
	struct problems problems = {0};
	struct tree tree = {0};

	(void)state;
	memset(text, '[', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_null(read_into(&tree, &problems, text));
	assert_string_equal(problems.found[0].text, "t:1:33: more than 32 lists and maps in each other");
	problems_tell(&problems, "t", NULL, NULL);
	arena_fini(&tree.arena);
}

static void the_number_of_values_has_a_limit(void **state)
{
	struct problems problems = {0};
	struct tree tree = {.nodes = TREE_NODES_MAX - 2};

	(void)state;
	assert_non_null(read_into(&tree, &problems, "[a]"));
	assert_null(read_into(&tree, &problems, "[a]"));
	assert_string_equal(problems.found[0].text, "t:1:1: more than 200000 values; split the work between several trunks");
	problems_tell(&problems, "t", NULL, NULL);
	arena_fini(&tree.arena);
}

static void places_inside_of_a_text_are_exact_where_that_is_possible(void **state)
{
	struct problems problems = {0};
	struct tree tree = {0};
	const struct node *plain = read_into(&tree, &problems, "a\xc3\xa9z"), *quoted = read_into(&tree, &problems, " 'abc'"),
			  *escaped = read_into(&tree, &problems, "\"a\\tb\"");

	(void)state;
	assert_int_equal(node_place_at(plain, 3).column, 3);
	assert_int_equal(node_place_at(quoted, 1).column, 4);
	assert_int_equal(node_place_at(escaped, 2).column, 1);
	arena_fini(&tree.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_twice_names_both_places),
		cmocka_unit_test(anchors_aliases_tags_and_merge_keys_are_refused),
		cmocka_unit_test(one_file_is_one_document),
		cmocka_unit_test(a_cut_file_is_told_where_it_ends),
		cmocka_unit_test(bytes_that_are_no_text_are_told_with_their_place),
		cmocka_unit_test(a_byte_order_mark_is_passed_over),
		cmocka_unit_test(keys_are_single_lines_of_text),
		cmocka_unit_test(an_empty_text_lacks_the_trunk),
		cmocka_unit_test(scalars_are_text_whatever_they_look_like),
		cmocka_unit_test(depth_has_a_limit),
		cmocka_unit_test(the_number_of_values_has_a_limit),
		cmocka_unit_test(places_inside_of_a_text_are_exact_where_that_is_possible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
