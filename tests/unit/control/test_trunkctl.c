/* SPDX-License-Identifier: Apache-2.0
 * trunkctl as people and scripts meet it: words, exit codes, tables, JSON. */
#include "program.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>

static struct folder folder;
static char sock[128];
static struct program program;
static struct daemon_double daemon_double;

static int setup(void **state)
{
	(void)state;
	folder_make(&folder);
	folder_file(&folder, "control.sock", sock, sizeof(sock));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	program_fini(&program);
	folder_remove(&folder);
	return 0;
}

static void assert_says(const char *text, const char *part)
{
	if (!strstr(text, part))
		print_error("said: %s\n", text);
	assert_non_null(strstr(text, part));
}

static void ask(const char *answer, const char *const *words)
{
	program_fini(&program);
	daemon_double_start(&daemon_double, sock, answer);
	program_run(&program, words);
	daemon_double_end(&daemon_double);
}

#define ASK(answer, ...) ask((answer), (const char *const[]){"-s", sock, __VA_ARGS__, NULL})

/* design.md §4: 2 wrong usage */
static void wrong_usage_is_told_with_the_nearest_word(void **state)
{
	(void)state;
	RUN(&program, "statsu");
	assert_int_equal(program.exit, CTL_USAGE);
	assert_says(program.err, "did you mean status?");
	program_fini(&program);
	RUN(&program, "close");
	assert_int_equal(program.exit, CTL_USAGE);
	assert_says(program.err, "usage: trunkctl close DOMAIN|ADDRESS");
	program_fini(&program);
	RUN(&program, "block", "a.example", "--until", "x");
	assert_int_equal(program.exit, CTL_USAGE);
	assert_says(program.err, "unknown option --until");
	program_fini(&program);
	RUN(&program, "block", "a.example", "--for");
	assert_int_equal(program.exit, CTL_USAGE);
	program_fini(&program);
	RUN(&program, "-s", sock, "block", "a.example", "--for", "soon");
	assert_int_equal(program.exit, CTL_USAGE);
	assert_says(program.err, "a time such as");
	program_fini(&program);
	program_run(&program, (const char *const[]){NULL});
	assert_int_equal(program.exit, CTL_USAGE);
}

static void foreign_words_reach_the_terminal_escaped(void **state)
{
	(void)state;
	RUN(&program, "\x1b[2J");
	assert_null(strchr(program.err, '\x1b'));
	assert_says(program.err, "\\x1b[2J");
}

static void help_knows_every_command(void **state)
{
	(void)state;
	RUN(&program, "help");
	assert_int_equal(program.exit, CTL_YES);
	for (const struct ctl_command *command = ctl_commands; command->name; command++)
		assert_says(program.out, command->name);
	program_fini(&program);
	RUN(&program, "probe", "--help");
	assert_says(program.out, "--as DOMAIN");
	program_fini(&program);
	RUN(&program, "help", "dance");
	assert_int_equal(program.exit, CTL_USAGE);
	program_fini(&program);
	RUN(&program, "completion", "bash");
	assert_says(program.out, "complete -F _trunkctl trunkctl");
	for (const struct ctl_command *command = ctl_commands; command->name; command++)
		assert_says(program.out, command->name);
}

/* contrib/completion holds what the program prints. */
static void the_completion_that_is_shipped_is_the_programs_own(void **state)
{
	struct buf shipped = {0};

	(void)state;
	RUN(&program, "completion", "bash");
	assert_int_equal(ctl_read_file(COMPLETION_FILE, 64 * 1024, &shipped), 0);
	assert_true(str_is(buf_str(&shipped), program.out));
	buf_fini(&shipped);
}

/* design.md §4: 3 cannot reach the daemon */
static void a_daemon_that_is_not_there_is_exit_3(void **state)
{
	(void)state;
	RUN(&program, "-s", sock, "status");
	assert_int_equal(program.exit, CTL_UNREACHABLE);
	assert_says(program.err, "is trunkd running?");
	assert_string_equal(program.out, "");
}

static void a_daemon_that_breaks_off_is_exit_3(void **state)
{
	(void)state;
	ASK("{\"row\":{\"what\":\"a\"}}\n", "blocks");
	assert_int_equal(program.exit, CTL_UNREACHABLE);
	assert_says(program.err, "gave no answer");
	ASK("no json\n", "blocks");
	assert_int_equal(program.exit, CTL_UNREACHABLE);
	ASK("", "blocks");
	assert_int_equal(program.exit, CTL_UNREACHABLE);
}

static void the_configuration_tells_where_the_socket_is(void **state)
{
	char config[128];

	(void)state;
	folder_write(&folder, "trunkd.yaml",
		     "trunk: trunk.example.com\ncontrol: control.sock\ngateway-domains: a.example,b.example\n", config,
		     sizeof(config));
	ask("{\"end\":{\"exit\":0}}\n", (const char *const[]){"-c", config, "blocks", NULL});
	assert_int_equal(program.exit, CTL_YES);
	assert_says(program.out, "Nothing is blocked.");
}

static void a_broken_configuration_is_told_and_the_default_tried(void **state)
{
	char config[128];

	(void)state;
	folder_write(&folder, "trunkd.yaml", "trunk: [\n", config, sizeof(config));
	RUN(&program, "-c", config, "status");
	assert_int_equal(program.exit, CTL_UNREACHABLE);
	assert_says(program.err, "has errors, so the daemon is looked for at " CTL_SOCKET_DEFAULT);
}

static void rows_become_a_table_for_people(void **state)
{
	(void)state;
	ASK("{\"row\":{\"what\":\"d\\u00f6t.example\",\"until\":null}}\n{\"row\":{\"what\":\"\\u001b[2Jx\\u202e\",\"until\":"
	    "\"2026-01-01T00:00:00Z\"}}\n"
	    "{\"end\":{\"exit\":0}}\n",
	    "blocks");
	assert_string_equal(program.out, "BLOCKED         UNTIL\n"
			    "d\xc3\xb6t.example     -\n"
			    "\\x1b[2Jx\\u202e  2026-01-01T00:00:00Z\n");
	assert_string_equal(daemon_double.heard, "{\"command\":\"blocks\"}");
}

static void rows_become_one_json_value(void **state)
{
	json_t *value;

	(void)state;
	ASK("{\"row\":{\"sender\":\"\\u001b\\u009b\"}}\n{\"row\":{\"sender\":\"b\"}}\n{\"end\":{\"exit\":0}}\n", "--json",
	    "streams", "a.example");
	value = json_loads(program.out, 0, NULL);
	assert_int_equal(json_array_size(value), 2);
	json_decref(value);
	assert_null(strchr(program.out, '\x1b'));
	assert_null(strchr(program.out, '\x9b'));
	assert_string_equal(daemon_double.heard, "{\"command\":\"streams\",\"domain\":\"a.example\"}");
}

static void failures_are_one_object_a_line(void **state)
{
	(void)state;
	ASK("{\"row\":{\"target\":\"a\"}}\n{\"row\":{\"target\":\"b\"}}\n{\"end\":{\"exit\":0}}\n", "--json", "failures");
	assert_string_equal(program.out, "{\"target\":\"a\"}\n{\"target\":\"b\"}\n");
}

static void a_refusal_is_exit_1_with_its_reason(void **state)
{
	(void)state;
	ASK("{\"end\":{\"exit\":1,\"reason\":\"trunkd.yaml:3:1: unknown option\"}}\n", "reload");
	assert_int_equal(program.exit, CTL_NO);
	assert_says(program.err, "trunkd.yaml:3:1: unknown option");
	assert_string_equal(program.out, "");
	ASK("{\"end\":{\"exit\":1,\"reason\":\"why\"}}\n", "--json", "reload");
	assert_int_equal(program.exit, CTL_NO);
	assert_says(program.out, "\"ok\": false");
	assert_says(program.out, "\"reason\": \"why\"");
}

static void a_probe_ends_with_yes_or_no(void **state)
{
	static const char good[] = "{\"row\":{\"step\":\"dns\",\"ok\":true,\"text\":\"found\"}}\n{\"end\":{\"exit\":0}}\n";
	static const char bad[] = "{\"row\":{\"step\":\"tcp\",\"ok\":false,\"text\":\"refused\"}}\n"
				  "{\"end\":{\"exit\":1,\"reason\":\"stopped at tcp: refused\"}}\n";

	(void)state;
	ASK(good, "probe", "mercury.example.net", "--as", "saturn.example.org");
	assert_int_equal(program.exit, CTL_YES);
	assert_says(program.out, "ok   dns            found\n");
	assert_string_equal(daemon_double.heard,
			    "{\"command\":\"probe\",\"domain\":\"mercury.example.net\",\"as\":\"saturn.example.org\"}");
	ASK(bad, "probe", "mercury.example.net");
	assert_int_equal(program.exit, CTL_NO);
	assert_says(program.out, "no   tcp            refused\n");
	assert_says(program.err, "stopped at tcp");
	ASK(bad, "--json", "probe", "mercury.example.net");
	assert_says(program.out, "\"steps\": [");
	assert_says(program.out, "\"ok\": false");
}

static void block_sends_its_time_in_milliseconds(void **state)
{
	(void)state;
	ASK("{\"end\":{\"exit\":0,\"result\":{\"what\":\"a.example\",\"until\":\"2026-01-01T00:00:00Z\",\"closed\":2}}}\n",
	    "block", "a.example", "--for=2h");
	assert_int_equal(program.exit, CTL_YES);
	assert_string_equal(daemon_double.heard, "{\"command\":\"block\",\"what\":\"a.example\",\"for_ms\":7200000}");
	assert_says(program.out, "a.example is blocked until 2026-01-01T00:00:00Z; closed 2.");
}

/* Peers' text in a trace steers no terminal; with --json one object a line. */
static void a_trace_prints_stanzas_as_they_come(void **state)
{
	static const char answer[] =
		"{\"row\":{\"time\":\"2026-01-31T23:59:59Z\",\"sender\":\"a.example\",\"target\":\"b.example\",\"kind\":\"message\","
		"\"type\":\"chat\",\"id\":\"m\\u001b[2J\",\"decision\":\"reject\",\"rule\":\"secrets stay\",\"line\":7,"
		"\"condition\":\"policy-violation\",\"text\":null,\"label\":null,\"stanza\":\"<body>\\u001b]0;x\\u0007</body>\"}}\n"
		"{\"row\":{\"lost\":3}}\n{\"end\":{\"exit\":0,\"result\":{\"shown\":1,\"lost\":3}}}\n";

	(void)state;
	ASK(answer, "trace", "a.example", "b.example", "--seconds", "5", "--bodies");
	assert_int_equal(program.exit, CTL_YES);
	assert_string_equal(daemon_double.heard, "{\"command\":\"trace\",\"what\":\"a.example\",\"seconds\":5,\"bodies\":1,"
						 "\"with\":\"b.example\"}");
	assert_says(program.out, "23:59:59Z  a.example > b.example  message chat id=m\\x1b[2J  reject by secrets stay, line 7: "
				 "policy-violation\n    <body>\\x1b]0;x\\x07</body>\n");
	assert_says(program.out, "(3 not shown");
	assert_says(program.out, "1 shown, 3 not.");
	assert_null(strchr(program.out, '\x1b'));
	ASK(answer, "--json", "trace", "a.example");
	assert_int_equal(program.exit, CTL_YES);
	assert_string_equal(daemon_double.heard, "{\"command\":\"trace\",\"what\":\"a.example\",\"seconds\":60,\"bodies\":0}");
	assert_says(program.out, "}\n{\"lost\":");
	assert_null(strstr(program.out, "shown, "));
	program_fini(&program);
	RUN(&program, "-s", sock, "trace", "a.example", "--seconds", "0");
	assert_int_equal(program.exit, CTL_USAGE);
}

static void check_needs_no_daemon(void **state)
{
	char config[128];

	(void)state;
	folder_write(
		&folder, "good.yaml",
		"trunk: trunk.example.com\nspokes:\n  a: {domains: a.example, auth: [dialback]}\n  b: {domains: b.example}\n",
		config, sizeof(config));
	RUN(&program, "check", config);
	assert_int_equal(program.exit, CTL_YES);
	assert_says(program.out, "spoke \"a\": only dialback is allowed");
	assert_says(program.out, "good, 2 spokes");
	program_fini(&program);
	folder_write(&folder, "bad.yaml", "trunk: trunk.example.com\nlisen: 1\n", config, sizeof(config));
	RUN(&program, "check", config);
	assert_int_equal(program.exit, CTL_NO);
	assert_says(program.out, "bad.yaml:2:");
	assert_says(program.out, "listen");
	program_fini(&program);
	RUN(&program, "check", config, "--json");
	assert_int_equal(program.exit, CTL_NO);
	assert_says(program.out, "\"ok\": false");
	program_fini(&program);
	RUN(&program, "check", "/nonexistent.yaml");
	assert_int_equal(program.exit, CTL_NO);
}

static void check_reads_the_keys(void **state)
{
	char config[128], key[128];

	(void)state;
	folder_write(&folder, "issuer.pem", "no certificate\n", key, sizeof(key));
	folder_write(&folder, "trunkd.yaml",
		     "trunk: trunk.example.com\ntls: {issuer: issuer.pem}\ngateway-domains: a.example,b.example\n", config,
		     sizeof(config));
	RUN(&program, "check", config);
	assert_int_equal(program.exit, CTL_NO);
	assert_says(program.out, "issuer.pem");
}

static void an_authority_is_made_once(void **state)
{
	char config[128];

	(void)state;
	folder_write(&folder, "trunkd.yaml",
		     "trunk: trunk.example.com\ntls: {issuer: issuer.pem}\ngateway-domains: a.example,b.example\n", config,
		     sizeof(config));
	RUN(&program, "-c", config, "ca", "init");
	assert_int_equal(program.exit, CTL_USAGE);      /* what it may issue for is never guessed */
	program_fini(&program);
	RUN(&program, "-c", config, "ca", "init", "--permit", "a.example", "*.B.example");
	assert_int_equal(program.exit, CTL_YES);
	program_fini(&program);
	RUN(&program, "-c", config, "ca", "show");
	assert_says(program.out, "b.example");
	program_fini(&program);
	RUN(&program, "-c", config, "ca", "export");
	assert_says(program.out, "BEGIN CERTIFICATE");
	assert_null(strstr(program.out, "PRIVATE KEY"));
	program_fini(&program);
	RUN(&program, "-c", config, "ca", "issue", "a.example");
	assert_says(program.out, "PRIVATE KEY");
	program_fini(&program);
	RUN(&program, "-c", config, "ca", "init", "--permit", "a.example");
	assert_int_equal(program.exit, CTL_NO);
	assert_says(program.err, "already");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(wrong_usage_is_told_with_the_nearest_word),
		TEST(foreign_words_reach_the_terminal_escaped),
		TEST(help_knows_every_command),
		TEST(the_completion_that_is_shipped_is_the_programs_own),
		TEST(a_daemon_that_is_not_there_is_exit_3),
		TEST(a_daemon_that_breaks_off_is_exit_3),
		TEST(the_configuration_tells_where_the_socket_is),
		TEST(a_broken_configuration_is_told_and_the_default_tried),
		TEST(rows_become_a_table_for_people),
		TEST(rows_become_one_json_value),
		TEST(failures_are_one_object_a_line),
		TEST(a_refusal_is_exit_1_with_its_reason),
		TEST(a_probe_ends_with_yes_or_no),
		TEST(block_sends_its_time_in_milliseconds),
		TEST(a_trace_prints_stanzas_as_they_come),
		TEST(check_needs_no_daemon),
		TEST(check_reads_the_keys),
		TEST(an_authority_is_made_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
