/* SPDX-License-Identifier: Apache-2.0
 * Patterns give what Lua's own give, and end where those do not (Lua 5.4 reference manual §6.4.1). */
#include "filter/pattern.h"
#include "../../fuzz/pattern_diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const subjects[] = {"", "a", "hello world", "aaab", "f(a(b)c)d", "key = value", "  x  ", "THE (quick) fox", "a.b-c", "\xff\x80z",
				       "abcabc", "[[x]]", "%d%%", "1 22 333", "x\ny"};

static const char *const patterns[] = {
	"", "a", ".", ".*", ".-", "a*", "a+", "a-b", "a?b", "^a", "a$", "^$", "$", "^", "%a+", "%A+", "%d+", "%s*", "%w+", "%W", "%p", "%P+", "%l+",
	"%u+", "%x+", "%c", "%g+", "%z", "%%", "%.", "[abc]+", "[^abc]+", "[a-c]+", "[%a_]+", "[]]", "[^]]", "[]-a]", "[a-]", "[-a]", "[%]]", "[a%-z]+",
	"(a)(b)", "(a*(.)%w(%s*))", "()", "()a()", "(.)%1", "(%w+) = (%w+)", "%b()", "%bxy", "%b((", "%f[%w]%w+", "%f[%a]%u+%f[%A]", "%f[", "%f",
	"[", "[a", "[^", "[^]", "[%", "%", "(", ")", "(()", "a)", "%1", "%0", "(a%1)", "%b", "%bx", "*", "+a", "?", "-", "a**", "a+*", "a?*",
	"(.*)%s(.*)", "(a*)*", "[%a-z]+", "[a-%a]", ".-$", "^.-$", "%S+$", "[%d%s]+", "\xff", "[\x80-\xff]+", "[z-a]", "[a-c-e]", "((a)(b))(c)",
};

static void each_pattern_does_what_luas_own_does(void **state)
{
	struct pattern_diff diff;

	(void)state;
	pattern_diff_begin(&diff);
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
		for (size_t j = 0; j < sizeof(patterns) / sizeof(patterns[0]); j++)
			if (!pattern_diff_same(&diff, str_of(subjects[i]), str_of(patterns[j])))
				fail_msg("\"%s\" in \"%s\": %s", patterns[j], subjects[i], diff.why);
	pattern_diff_end(&diff);
}

static void a_pattern_ends_when_its_steps_do(void **state)
{
	char subject[64], text[256] = "";
	struct pattern pattern = {.steps_max = 100 * 1000};
	size_t end;

	(void)state;
	memset(subject, 'a', 26);
	for (int i = 0; i < 26; i++)
		strcat(text, "a?");
	memcpy(text + strlen(text), subject, 26);
	pattern.subject = str_make(subject, 26);
	pattern.pattern = str_of(text);
	assert_false(pattern_at(&pattern, 0, &end));
	assert_true(pattern.is_over);
	assert_in_range(pattern.steps, 100 * 1000, 100 * 1000 + 1000);
	assert_false(pattern_at(&pattern, 0, &end));
}

static void texts_without_signs_are_plain(void **state)
{
	(void)state;
	assert_true(pattern_is_plain(STR("abc def")));
	assert_true(pattern_is_plain(STR("")));
	assert_true(pattern_is_plain(STR("]){}")));
	for (const char *sign = "^$*+?.([%-"; *sign; sign++)
		assert_false(pattern_is_plain(str_make(sign, 1)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_pattern_does_what_luas_own_does),
		cmocka_unit_test(a_pattern_ends_when_its_steps_do),
		cmocka_unit_test(texts_without_signs_are_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
