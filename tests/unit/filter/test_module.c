/* SPDX-License-Identifier: Apache-2.0
 * Modules in C (include/trunk/module.h): what loads, what does not, and what their answers become. */
#include "fixture.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void load(struct asked *asked, const char *path, const char *key, const char *value)
{
	static struct filter_setting setting;

	setting = (struct filter_setting){key, value};
	asked->source.path = path;
	asked->source.settings = (struct filter_settings){&setting, key ? 1 : 0};
	asked_load(asked, NULL);
}

static const struct filter_answer *do_it(struct asked *asked, const char *what)
{
	load(asked, MODULES "/odd.so", "do", what);
	if (!asked->set)
		fail_msg("%s", asked->problem);
	return asked_about(asked, MESSAGE "<body>Crates leave at six.</body></message>");
}

static void answers_become_outcomes(void **state)
{
	static const struct {
		const char *what;
		enum filter_outcome outcome;
		const char *why;
	} rows[] = {
		{"pass", FILTER_PASS, NULL}, {"drop", FILTER_DROP, NULL}, {"reject", FILTER_REJECT, NULL}, {"change", FILTER_CHANGE, NULL},
		{"look", FILTER_PASS, NULL}, {"log", FILTER_PASS, NULL}, {"reject-long", FILTER_REJECT, NULL},
		{"error", FILTER_FAILED, "reports error 5"}, {"nothing", FILTER_FAILED, "outcome 0"}, {"nonsense", FILTER_FAILED, "outcome 99"},
		{"teapot", FILTER_FAILED, "no condition"}, {"change-none", FILTER_FAILED, "without a stanza"},
		{"change-address", FILTER_FAILED, "another from"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct asked asked = {0};

		do_it(&asked, rows[i].what);
		if (asked.answer.outcome != rows[i].outcome)
			fail_msg("%s: outcome %d", rows[i].what, asked.answer.outcome);
		if (rows[i].why)
			assert_true(failed_for(&asked.answer, rows[i].why));
		asked_fini(&asked);
	}
}

static void a_reject_has_condition_and_text(void **state)
{
	struct asked asked = {0};
	const struct filter_answer *answer = do_it(&asked, "reject");

	(void)state;
	assert_int_equal(answer->condition, COND_NOT_ALLOWED);
	assert_true(str_is(answer->text, "No."));
	asked_fini(&asked);
	answer = do_it(&asked, "reject-long");
	assert_int_equal(answer->condition, COND_POLICY_VIOLATION);
	assert_int_equal(answer->text.len, FILTER_TEXT_BYTES_MAX);
	asked_fini(&asked);
}

static void lines_of_a_module_are_limited_and_escaped(void **state)
{
	struct asked asked = {0};
	unsigned lines = 0;

	(void)state;
	do_it(&asked, "log");
	for (const char *at = asked.lines; (at = strstr(at, "filter-says")); at++)
		lines++;
	assert_in_range(lines, 1, 2 * SCRIPT_LOG_LINES);
	assert_non_null(strstr(asked.lines, "filter=test"));
	asked_fini(&asked);
}

static void what_is_no_module_is_refused(void **state)
{
	static const struct {
		const char *path, *what, *why;
	} rows[] = {
		{MODULES "/wrong-abi.so", "", "was built for version 2 of the interface, and this trunkd has 1"},
		{MODULES "/not-filled.so", "", "does not fill its struct trunk_module"},
		{MODULES "/no-symbol.so", "", "has no symbol \"trunk_module\""}, {MODULES "/none.so", "", "cannot be read: No such file"},
		{MODULES, "", "is no regular file"}, {"/etc/passwd", "", "cannot be loaded: "}, {"/dev/zero", "", "is no regular file"},
		{MODULES "/odd.so", "refuse", "does not start: no such luck"}, {MODULES "/odd.so", "refuse-silently", "it does not say why"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct asked asked = {0};

		load(&asked, rows[i].path, "do", rows[i].what);
		assert_null(asked.set);
		if (!strstr(asked.problem, rows[i].why) || !strstr(asked.problem, "trunkd.yaml:7: module \"test\": "))
			fail_msg("%s: %s", rows[i].path, asked.problem);
		asked_fini(&asked);
	}
}

static void copy_file(const char *from, const char *to)
{
	char bytes[65536];
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");
	size_t n;

	assert_non_null(in);
	assert_non_null(out);
	while ((n = fread(bytes, 1, sizeof(bytes), in)) > 0)
		assert_int_equal(fwrite(bytes, 1, n, out), n);
	fclose(in);
	fclose(out);
}

/* Who can write it is the daemon. */
static void a_module_that_others_can_write_is_refused(void **state)
{
	char folder[] = "/tmp/trunkd-module-XXXXXX", path[64];
	struct asked asked = {0};

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/odd.so", folder);
	copy_file(MODULES "/odd.so", path);
	assert_int_equal(chmod(path, 0666), 0);
	load(&asked, path, NULL, NULL);
	assert_null(asked.set);
	assert_non_null(strstr(asked.problem, "can be written by everybody"));
	asked_fini(&asked);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(chmod(folder, 0777), 0);
	load(&asked, path, NULL, NULL);
	assert_null(asked.set);
	assert_non_null(strstr(asked.problem, "a folder that everybody can write"));
	asked_fini(&asked);
	assert_int_equal(chmod(folder, 0755), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 12345, 0), 0);
		load(&asked, path, NULL, NULL);
		assert_null(asked.set);
		assert_non_null(strstr(asked.problem, "belongs neither to root"));
		asked_fini(&asked);
		assert_int_equal(chown(path, 0, 0), 0);
	}
	load(&asked, path, NULL, NULL);
	assert_non_null(asked.set);
	asked_fini(&asked);
	unlink(path);
	rmdir(folder);
}

static void a_check_does_not_run_it(void **state)
{
	const struct filter_source source = {.name = "odd", .path = MODULES "/wrong-abi.so", .file = "trunkd.yaml", .line = 1};
	struct filters *filters = NULL;
	struct filter_set *set;
	struct filter_answer answer;
	const struct filter_view view = {.kind = STANZA_IQ};

	(void)state;
	assert_int_equal(filters_load(&source, 1, true, NULL, NULL, NULL, &filters), 0);
	assert_non_null(set = filter_set_new(filters, NULL));
	filter_run(set, 0, &view, &answer);
	assert_true(failed_for(&answer, "not loaded"));
	filter_run(set, 1, &view, &answer);
	assert_true(failed_for(&answer, "no such filter"));
	filter_run(NULL, 0, &view, &answer);
	assert_true(failed_for(&answer, "no such filter"));
	filter_set_free(&set);
	filters_free(&filters);
}

static void *judge_often(void *ctx)
{
	struct asked *asked = ctx;

	for (int i = 0; i < 2000; i++) {
		filter_run(asked->set, 0, &asked->view, &asked->answer);
		assert_int_equal(asked->answer.outcome, FILTER_PASS);
	}
	return NULL;
}

static void all_workers_ask_at_once(void **state)
{
	struct asked first = {0}, others[3] = {{{0}}};
	pthread_t threads[3];

	(void)state;
	do_it(&first, "look");
	for (int i = 0; i < 3; i++) {
		others[i].set = filter_set_new(first.filters, NULL);
		others[i].view = first.view;
		pthread_create(&threads[i], NULL, judge_often, &others[i]);
	}
	for (int i = 0; i < 3; i++) {
		pthread_join(threads[i], NULL);
		filter_set_free(&others[i].set);
	}
	asked_fini(&first);
}

static void the_example_holds_cards_back(void **state)
{
	static const struct {
		const char *body;
		enum filter_outcome outcome;
	} rows[] = {
		{"Crates leave at six.", FILTER_PASS}, {"4111 1111 1111 1111", FILTER_REJECT}, {"card 4111-1111-1111-1111!", FILTER_REJECT},
		{"4111 1111 1111 1112", FILTER_PASS}, {"41111111111111114111111111111111", FILTER_PASS}, {"call 0123456789", FILTER_PASS},
		{"4111 1111<x xmlns='urn:x'/>1111 1111", FILTER_REJECT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct asked asked = {0};
		char xml[512];

		load(&asked, MODULES "/../../../examples/modules/dlp.so", "cards", "yes");
		if (!asked.set)
			fail_msg("%s", asked.problem);
		snprintf(xml, sizeof(xml), MESSAGE "<body>%s</body></message>", rows[i].body);
		if (asked_about(&asked, xml)->outcome != rows[i].outcome)
			fail_msg("%s: %d", rows[i].body, asked.answer.outcome);
		asked_fini(&asked);
	}
}

static void the_example_names_settings_that_it_does_not_know(void **state)
{
	struct asked asked = {0};

	(void)state;
	load(&asked, MODULES "/../../../examples/modules/dlp.so", "card", "yes");
	assert_null(asked.set);
	assert_non_null(strstr(asked.problem, "setting \"card: yes\" is none of"));
	asked_fini(&asked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_become_outcomes),
		cmocka_unit_test(a_reject_has_condition_and_text),
		cmocka_unit_test(lines_of_a_module_are_limited_and_escaped),
		cmocka_unit_test(what_is_no_module_is_refused),
		cmocka_unit_test(a_module_that_others_can_write_is_refused),
		cmocka_unit_test(a_check_does_not_run_it),
		cmocka_unit_test(all_workers_ask_at_once),
		cmocka_unit_test(the_example_holds_cards_back),
		cmocka_unit_test(the_example_names_settings_that_it_does_not_know),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
