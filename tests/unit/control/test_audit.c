/* SPDX-License-Identifier: Apache-2.0
 * `trunkctl audit` as operators and scripts meet it: a store that a daemon has left, and one that somebody has altered. */
#include "program.h"

#include "audit/audit.h"
#include "control/audit_time.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define WALL_MS 1790000000123LL         /* 2026-09-21T14:13:20.123Z */

static struct folder folder;
static char config[128], db[128];
static struct program program;

/* Three messages: one passes, one is rejected by a rule, one passes and is bounced later; and what an operator did. */
static void fill(void)
{
	struct loop *loop = loop_new();
	struct log *log = log_new(LOG_ERROR, LOG_TEXT, false);
	const struct audit_store_options options = {.folder = folder.path, .level = AUDIT_HEADERS, .wall_ms = WALL_MS};
	struct audit_record record = {
		.wall_ms = WALL_MS, .pair = {STR("saturn.example.org"), STR("mercury.example.net")}, .kind = STANZA_MESSAGE, .type = STR("chat"),
		.id = STR("m1"), .size_bytes = 120, .decision = DECISION_PASS, .rule = "mail out", .proof_in = PROOF_EXTERNAL,
		.proof_out = PROOF_DIALBACK, .from = STR("ann@saturn.example.org/x"), .to = STR("bob@mercury.example.net"),
	};
	struct audit_store *store;
	struct audit *audit;
	struct buf why = {0};
	uint64_t seq = 0;

	loop_set_wall_ms(loop, WALL_MS);
	assert_int_equal(audit_store_new(&options, log, &why, &store), 0);
	assert_non_null(audit = audit_new(loop, log, store, false));
	audit_record(audit, &record, NULL);
	record.id = STR("m2\x1b[2J");
	record.decision = DECISION_REJECT;
	record.rule = "secrets stay";
	record.label = STR("FARM: SEALED");
	audit_record(audit, &record, NULL);
	record.id = STR("m3");
	record.label = STR_NONE;
	record.decision = DECISION_PASS;
	record.rule = "mail out";
	audit_record(audit, &record, &seq);
	record.decision = DECISION_BOUNCE;
	record.outcome_of = seq;
	record.rule = "undeliverable";
	audit_record(audit, &record, NULL);
	audit_operator(audit, 1000, "block", STR("bad.example"));
	audit_free(&audit);
	audit_store_free(&store);
	log_free(&log);
	loop_free(&loop);
}

static int setup(void **state)
{
	char text[256];

	(void)state;
	folder_make(&folder);
	snprintf(text, sizeof(text), "trunk: trunk.example.com\nstate: %s\ngateway-domains: saturn.example.org\n", folder.path);
	folder_write(&folder, "trunkd.yaml", text, config, sizeof(config));
	folder_file(&folder, AUDIT_DB_NAME, db, sizeof(db));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	program_fini(&program);
	folder_remove(&folder);
	return 0;
}

static void run(const char *const *words)
{
	program_fini(&program);
	program_run(&program, words);
}

#define AUDIT(...) run((const char *const[]){"-c", config, "audit", __VA_ARGS__, NULL})

static unsigned lines_of(const char *text)
{
	unsigned count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

/* The value of a key in the given line of what was printed; owned by the caller. */
static json_t *line_json(unsigned line)
{
	struct str rest = str_of(program.out), text = {0};

	for (unsigned i = 0; i <= line; i++)
		text = str_cut(&rest, '\n');
	return json_loadb(text.at, text.len, 0, NULL);
}

/* design.md §4: keys and values, one line a stanza, a bounce being the final decision of its own line. */
static void each_stanza_is_one_object_with_the_promised_keys(void **state)
{
	static const char *const keys[] = {"time", "sender", "target", "kind", "type", "id", "size", "label", "decision", "rule", "proof_in", "proof_out"};
	json_t *row;

	(void)state;
	fill();
	AUDIT("--json");
	assert_int_equal(program.exit, CTL_YES);
	assert_int_equal(lines_of(program.out), 4);
	assert_non_null(row = line_json(2));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_non_null(json_object_get(row, keys[i]));
	assert_string_equal(json_string_value(json_object_get(row, "time")), "2026-09-21T14:13:20.123Z");
	assert_string_equal(json_string_value(json_object_get(row, "decision")), "bounce");
	assert_string_equal(json_string_value(json_object_get(row, "rule")), "mail out");
	assert_string_equal(json_string_value(json_object_get(row, "detail")), "undeliverable");
	assert_true(json_is_null(json_object_get(row, "label")));
	json_decref(row);
	assert_non_null(row = line_json(3));
	assert_string_equal(json_string_value(json_object_get(row, "kind")), "operator");
	assert_int_equal(json_integer_value(json_object_get(row, "uid")), 1000);
	json_decref(row);
}

static void filters_say_which(void **state)
{
	(void)state;
	fill();
	AUDIT("--json", "--decision", "reject");
	assert_int_equal(lines_of(program.out), 1);
	assert_non_null(strstr(program.out, "\"label\":\"FARM: SEALED\""));
	AUDIT("--json", "--decision", "reject,bounce");
	assert_int_equal(lines_of(program.out), 2);
	AUDIT("--json", "--rule", "mail out");
	assert_int_equal(lines_of(program.out), 2);
	AUDIT("--json", "--from", "Saturn.Example.ORG", "--limit", "1");
	assert_int_equal(lines_of(program.out), 1);
	assert_non_null(strstr(program.out, "\"m3\""));
	AUDIT("--json", "--from", "ann@saturn.example.org", "--to", "*.mercury.example.net");
	assert_int_equal(lines_of(program.out), 0);     /* below it, not itself */
	AUDIT("--json", "--from", "ann@saturn.example.org", "--to", "*.example.net");
	assert_int_equal(lines_of(program.out), 3);
	AUDIT("--json", "--from", "ann@saturn.example.org", "--to", "bob@mercury.example.net");
	assert_int_equal(lines_of(program.out), 3);
	AUDIT("--json", "--from", "eve@saturn.example.org");
	assert_int_equal(lines_of(program.out), 0);
	AUDIT("--json", "--since", "2026-09-21T14:13:20Z", "--until", "2026-09-21T14:13:20Z");
	assert_int_equal(lines_of(program.out), 4);
	AUDIT("--json", "--until", "2026-09-20");
	assert_int_equal(lines_of(program.out), 0);
	assert_int_equal(program.exit, CTL_YES);
}

static void people_get_a_table_that_steers_no_terminal(void **state)
{
	(void)state;
	fill();
	AUDIT("--from", "saturn.example.org");
	assert_int_equal(program.exit, CTL_YES);
	assert_int_equal(lines_of(program.out), 4);
	assert_int_equal(strncmp(program.out, "TIME", 4), 0);
	assert_null(strchr(program.out, '\x1b'));
	assert_non_null(strstr(program.out, "\\x1b[2J"));
	AUDIT("--from", "nobody.example");
	assert_string_equal(program.out, "No record fits.\n");
}

static void wrong_words_are_told(void **state)
{
	(void)state;
	AUDIT("--since", "yesterday");
	assert_int_equal(program.exit, CTL_USAGE);
	assert_non_null(strstr(program.err, "a time such as"));
	AUDIT("--decision", "passed");
	assert_int_equal(program.exit, CTL_USAGE);
	AUDIT("--from", "not a domain");
	assert_int_equal(program.exit, CTL_USAGE);
	AUDIT("--limit", "0");
	assert_int_equal(program.exit, CTL_USAGE);
	AUDIT("look");
	assert_int_equal(program.exit, CTL_USAGE);
	AUDIT("--json");
	assert_int_equal(program.exit, CTL_NO);
	assert_non_null(strstr(program.err, "there is no audit store"));
}

static void alter(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = fopen(db, "r+be");
	char *at;

	assert_non_null(file);
	fseek(file, 0, SEEK_END);
	size = (size_t)ftell(file);
	assert_non_null(text = malloc(size));
	rewind(file);
	assert_int_equal(fread(text, 1, size, file), size);
	/* the id of the second message */
	assert_non_null(at = memmem(text, size, "m2\x1b[2J", 6));
	fseek(file, at - text + 1, SEEK_SET);
	fputc('9', file);
	fclose(file);
	free(text);
}

/* design.md §4: exit 0 whole, 1 with the first record that does not fit. */
static void verify_says_whole_or_names_the_record(void **state)
{
	json_t *row;

	(void)state;
	fill();
	AUDIT("verify");
	assert_int_equal(program.exit, CTL_YES);
	assert_int_equal(strncmp(program.out, "whole: 7 records", 16), 0);      /* begun and stopped are records, too */
	alter();
	AUDIT("verify");
	assert_int_equal(program.exit, CTL_NO);
	assert_non_null(strstr(program.out, "NOT WHOLE: record 3 "));
	AUDIT("verify", "--json");
	assert_int_equal(program.exit, CTL_NO);
	assert_non_null(row = json_loads(program.out, 0, NULL));
	assert_true(json_is_false(json_object_get(row, "whole")));
	assert_int_equal(json_integer_value(json_object_get(row, "bad_record")), 3);
	json_decref(row);
	unlink(db);
	AUDIT("verify");
	assert_int_equal(program.exit, CTL_NO);
	assert_non_null(strstr(program.err, "the store is gone"));
}

static void export_has_all_records_as_they_stand(void **state)
{
	json_t *row;

	(void)state;
	fill();
	AUDIT("export");
	assert_int_equal(program.exit, CTL_YES);
	assert_int_equal(lines_of(program.out), 7);
	assert_non_null(row = line_json(4));
	assert_string_equal(json_string_value(json_object_get(row, "decision")), "bounce");
	assert_non_null(json_object_get(row, "refers_to"));
	json_decref(row);
	program_fini(&program);
	RUN(&program, "audit", "export", db);   /* needs no configuration where the file is named */
	assert_int_equal(lines_of(program.out), 7);
}

static void times_are_read_as_written(void **state)
{
	static const struct {
		const char *text;
		bool is_end;
		int64_t ms;             /* -1: refused */
	} cases[] = {
		{"2026-09-21", false, 1789948800000}, {"2026-09-21", true, 1790035199999}, {"2026-09-21T14:13Z", false, 1789999980000},
		{"2026-09-21T14:13:20Z", false, 1790000000000}, {"2026-09-21T14:13:20", true, 1790000000999},
		{"2026-09-21T14:13:20.5Z", false, 1790000000500}, {"1h", false, WALL_MS - 3600000}, {"90d", true, WALL_MS - 90 * 86400000LL},
		{"2026-06-31", false, -1}, {"2026-13-01", false, -1}, {"2026-09-21T24:00", false, -1}, {"2026-09-21T", false, -1},
		{"2026-09-21T14:13:20+02:00", false, -1}, {"", false, -1}, {"1", false, -1}, {"-1h", false, -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t ms = -1;

		assert_int_equal(audit_time(str_of(cases[i].text), WALL_MS, cases[i].is_end, &ms), cases[i].ms < 0 ? TRUNK_EINVAL : 0);
		assert_true(ms == cases[i].ms);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(each_stanza_is_one_object_with_the_promised_keys),
		TEST(filters_say_which),
		TEST(people_get_a_table_that_steers_no_terminal),
		TEST(wrong_words_are_told),
		TEST(verify_says_whole_or_names_the_record),
		TEST(export_has_all_records_as_they_stand),
		TEST(times_are_read_as_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
