/* SPDX-License-Identifier: Apache-2.0
 * Scripts that want out, or want everything: none gets it, none takes the daemon with it, and the next stanza is judged as ever. */
#include "fixture.h"

#include <time.h>

enum { SLOWEST_MS = 2000 };     /* of one run: sanitizers and busy machines; without them it is a few */

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* Runs `body` inside of filter(); then a second stanza shows that the state still works. */
static void attack_by(int64_t (*clock_ns)(void), const char *head, const char *body, const char *why)
{
	struct asked asked = {0};
	char script[4096];
	double began_ms;

	snprintf(script, sizeof(script), "%s\nlocal is_first = true\nfunction filter(stanza)\nif stanza.id == 'ok' then return 'pass' end\n%s\n"
		 "end", head, body);
	asked_load(&asked, script);
	if (!asked.set)
		fail_msg("%s", asked.problem);
	filter_set_free(&asked.set);
	assert_non_null(asked.set = filter_set_new_timed(asked.filters, asked.log, clock_ns));
	began_ms = now_ms();
	asked_about(&asked, MESSAGE "<body>Crates leave at six.</body></message>");
	if (now_ms() - began_ms > SLOWEST_MS)
		fail_msg("%s: took %.0f ms", body, now_ms() - began_ms);
	if (!failed_for(&asked.answer, why))
		fail_msg("%s", body);
	asked_about(&asked, "<message from='a@b.example' to='c@d.example' id='ok'/>");
	if (asked.answer.outcome != FILTER_PASS)
		fail_msg("after %s: %s", body, asked.answer.why);
	asked_fini(&asked);
}

static void attack(const char *head, const char *body, const char *why)
{
	attack_by(still_ns, head, body, why);
}

static void what_reaches_out_is_not_there(void **state)
{
	static const char *const names[] = {
		"io", "os", "package", "debug", "coroutine", "require", "load", "loadstring", "loadfile", "dofile", "collectgarbage", "print",
		"warn", "setmetatable", "getmetatable", "rawset", "xpcall", "_G", "arg", "newproxy", "module", "setfenv", "unpack",
		"string.dump", "string.pack", "string.unpack", "string.packsize", "math.random", "math.randomseed", "table.getn", "debug_traceback",
		"trunk.__index", "string.__index",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct asked asked = {0};
		char script[256];

		snprintf(script, sizeof(script), "function filter(s) if %s == nil then return 'pass' end return 'drop' end", names[i]);
		if (ask(&asked, script)->outcome != FILTER_PASS)
			fail_msg("%s is there", names[i]);
		asked_fini(&asked);
	}
}

/* All that a script can reach from its globals is on this list. */
static void nothing_else_is_there(void **state)
{
	struct asked asked = {0};

	(void)state;
	ask(&asked,
	    "local known = {}\n"
	    "for name in ([[assert error ipairs next pairs pcall rawequal rawget rawlen select tonumber tostring type _VERSION math string table\n"
	    "utf8 trunk filter]]):gmatch('%S+') do known[name] = true end\n"
	    "local extra = {}\n"
	    "for name in pairs(_ENV) do if not known[name] then extra[#extra + 1] = name end end\n"
	    "function filter(s)\n"
	    "for name in pairs(_ENV) do extra[#extra + 1] = name end\n"        /* frozen: nothing to see any more */
	    "for name in pairs(string) do extra[#extra + 1] = name end\n"
	    "return 'reject', nil, table.concat(extra, ' ') end");
	assert_int_equal(asked.answer.outcome, FILTER_REJECT);
	if (asked.answer.text.len)
		fail_msg("%.*s", STR_ARG(asked.answer.text));
	asked_fini(&asked);
}

static void loops_end(void **state)
{
	static const char *const loops[] = {
		"while true do end", "::again:: goto again", "repeat until false", "for i = 1, math.huge do end", "for i = 1, 1e18 do end",
		"local function f() return f() end f()", "local i = 0 while true do i = i + 1 if i % 2 == 0 then i = i // 3 end end",
		"while true do pcall(error) end", "while true do pcall(pcall, error, {}) end", "pcall(function() while true do end end) return 'pass'",
		"while true do pcall(function() while true do end end) end",
		"pcall(pcall, pcall, pcall, function() while true do end end) return 'pass'",
		"local t = {} while true do t.x = t.y end", "while true do stanza.kind = nil end", "while true do local _ = stanza.body end",
		"while true do local _ = stanza:payloads() end", "while true do local _ = stanza:text() .. stanza:xml() end",
		"while true do pcall(stanza.edit, stanza, {}) end", "while true do trunk.log('x') end", "while true do trunk.fold('xxxx') end",
		"while true do trunk.jid('a@b') trunk.domain('\\u{fc}.example') end", "while true do trunk.links('http://a.example') end",
		"while true do tostring(1) tostring({}) end", "for _ in pairs({1}) do while true do end end",
		"for _ in function() return 1 end do end", "while true do string.format('%d%s', 1, 'x') end", "while true do ('x'):upper() end",
		"while true do utf8.char(65) end", "while true do select('#', 1, 2, 3) end", "while true do math.max(1, 2) end",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(loops) / sizeof(loops[0]); i++)
		attack("", loops[i], loops[i][0] == 'w' && strstr(loops[i], "kind = nil") ? "not changed by setting" : "over ");
}

static void library_functions_end(void **state)
{
	static const char *const calls[] = {
		"string.find(('a'):rep(26), ('a?'):rep(26) .. ('a'):rep(26))",
		"string.match(('a'):rep(26), ('a?'):rep(26) .. ('a'):rep(26))",
		"for _ in string.gmatch(('a'):rep(26), ('a?'):rep(26) .. ('a'):rep(26)) do end",
		"string.gsub(('a'):rep(26), ('a?'):rep(26) .. ('a'):rep(26), '')",
		"string.find(('a'):rep(200000), ('.-'):rep(20) .. 'b')", "string.find(('a'):rep(200000), '.*.*.*.*b')",
		"string.find(('a'):rep(200000), '(a*)(a*)(a*)%1b')", "string.find(('('):rep(200000), '%b()')",
		"string.find(('x'):rep(200000), '%f[y]y')", "string.gsub(('a'):rep(100000), 'a', ('b'):rep(100))",
		"string.gsub(('a'):rep(200000), '', function() return 'xxxxxxxx' end)",
		"local s = ('a'):rep(200000) while true do s:find(('a'):rep(100000) .. 'b', 1, true) end",
		"string.rep('', 1e18)\nwhile true do string.rep('', 1e18) end", "while true do ('x'):rep(100000) end",
		"local t = {} for i = 1, 62 do t[1 << i] = 1 end t[1] = 1 table.insert(t, 1, 1) table.insert(t, 1, 1)",
		"table.move({}, 1, math.maxinteger - 1, 1)",
		"table.move({}, 1, math.maxinteger - 1, 2, {})", "local t = {} for i = 1, 20000 do t[i] = -i end table.sort(t)",
		"table.sort({3, 2, 1, 5, 4, 7, 6, 9, 8}, function() while true do end end)",
		"local t = {} for i = 1, 10000 do t[i] = i % 7 end table.sort(t, function(a, b) return true end)",
		"table.unpack({}, 1, 1e7)", "table.unpack({}, math.mininteger, math.maxinteger)",
		"local t = {} for i = 1, 30000 do t[i] = 'x' end while true do table.concat(t) end",
		"string.format(('%d'):rep(100000), 1)", "while true do string.format('%99.99f', 1e308) end",
		"local s = ('x'):rep(1000000) while true do s:lower() end", "local s = ('x'):rep(1000000) while true do utf8.len(s) end",
		"local s = ('x'):rep(1000000) while true do s:reverse() end", "local s = ('0'):rep(1000000) while true do tonumber(s) end",
		"local s = ('\\u{1d504}'):rep(50000) while true do trunk.fold(s) end",
		"local s = ('a.bc,'):rep(50000) trunk.links(s)", "local s = ('a:'):rep(100000) while true do trunk.links(s) end",
		"local w = trunk.words({('a'):rep(200) .. 'b'}) while true do w:find(('a'):rep(100000)) end",
		"local t = {} for i = 1, 15000 do t['k' .. i] = 1 end for k in pairs(t) do t[k] = nil end while true do local _ = next(t) end",
		"local function f(...) while true do local t = {...} end end f(table.unpack({}, 1, 20000))",
		"local s = '' while true do s = s .. 'xxxxxxxxxxxxxxxx' if #s > 100000 then s = '' end end",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		attack("", calls[i], "over time-limit");
}

/* Where one instruction costs much the clock ends it. */
static void long_instructions_end(void **state)
{
	(void)state;
	attack_by(NULL, "", "local a, b = ('x'):rep(1000000), ('x'):rep(1000000) while true do local _ = a < b end", "over time-limit");
	attack_by(NULL, "", "local a, b = ('x'):rep(1000000), ('x'):rep(999999) .. 'x' while true do local _ = a == b end", "over time-limit");
	attack_by(NULL, "local function f(...) while true do local a = select('#', ...) end end", "f(table.unpack({}, 1, 20000))", "over ");
	attack_by(NULL, "local s = ('x'):rep(1000000)", "local t = {} while true do t[s .. 'x'] = 1 end", "over ");
}

static void memory_ends(void **state)
{
	static const char *const hogs[] = {
		"local s = 'x' while true do s = s .. s end", "local t = {} while true do t[#t + 1] = {} end",
		"local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end", "local t = {} while true do t = {t, {}, {}, {}} end",
		"local t = {} pcall(function() while true do t[#t + 1] = {1, 2, 3} end end) return 'pass'",
		"local t = {} while true do pcall(function() while true do t[#t + 1] = {1, 2, 3} end end) end",
		"local function f() return f() + 1 end f()", "local function f(n) local a, b, c, d = {}, {}, {}, {} return 1 + f(n + 1) end f(1)",
		"local f f = function() local ok = pcall(f) return f() end while true do f() end",
		"local s = ('x'):rep(1000000) local t = {} for i = 1, 100 do t[i] = s .. i end",
		"local t = {} for i = 1, 1000 do t[i] = function() return t end end local u = {} while true do u[#u + 1] = {t, u} end",
		"return 'reject', nil, ('x'):rep(2000000) .. ('x'):rep(2000000)",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(hogs) / sizeof(hogs[0]); i++)
		attack("", hogs[i], "over ");
	attack("", "return ('x'):rep(3000000)", "resulting string too large");
	attack("", "return ('x'):rep(math.maxinteger, 'y')", "resulting string too large");
}

static void what_a_script_can_break_is_refused(void **state)
{
	static const struct {
		const char *body, *why;
	} rows[] = {
		{"error()", "an error that is no text"}, {"error({})", "an error that is no text"}, {"error(function() end)", "no text"},
		{"error(5)", "an error that is no text"}, {"error(stanza)", "no text"}, {"error(nil)", "no text"},
		{"error(('x'):rep(100000))", "xxxx"}, {"error('a\\0b')", "a"}, {"nothing()", "attempt to call a nil value"},
		{"local a = nil .. 'x'", "attempt to concatenate"}, {"local a = 'x' + 1", "attempt to perform arithmetic on a string"},
		{"x = 1", "variables that change have to be local"}, {"filter = nil", "have to be local"}, {"string.find = nil", "cannot be set in string"},
		{"trunk.log = nil", "cannot be set in trunk"}, {"math.pi = 3", "cannot be set in math"}, {"string[{}] = 1", "cannot be set in string"},
		{"stanza.body = 'x'", "not changed by setting"}, {"stanza.__index = 'x'", "not changed by setting"},
		{"stanza.payloads()", "stanza expected"}, {"stanza.payloads({})", "stanza expected"}, {"stanza.find(stanza, stanza)", "words expected"},
		{"stanza.text(stanza:payloads()[1])", "stanza expected"}, {"stanza:payloads()[1].text(stanza)", "element expected"},
		{"local x <close> = {}", "non-closable"}, {"string.format('%p', {})", "invalid conversion"}, {"string.format('%q', 'x')", "invalid conversion"},
		{"string.format('%', 1)", "invalid conversion"}, {"string.format('%200d', 1)", "invalid"},
		{"('x'):find('[')", "malformed pattern"}, {"('x'):find('%')", "malformed pattern"}, {"('x'):find('(')", "unfinished capture"},
		{"('x'):find(('('):rep(40) .. (')'):rep(40))", "too many captures"}, {"('x'):find('%1')", "invalid capture index"},
		{"('x'):rep(1000):find(('x?'):rep(1000))", "pattern too complex"}, {"('x'):gsub('x', '%9')", "invalid capture index"},
		{"('x'):gsub('x', function() return {} end)", "invalid replacement value"}, {"utf8.char(-1)", "out of range"},
		{"utf8.codepoint('\\xff')", "invalid UTF-8"}, {"table.concat({{}})", "invalid value"}, {"table.sort({1, 'x'})", "attempt to compare"},
		{"assert(false)", "assertion failed"}, {"pcall()", "value expected"}, {"select(-1)", "index out of range"},
		{"trunk.words(5)", "table expected"}, {"trunk.words({{}})", "string expected"}, {"trunk.words({('x'):rep(300)})", "at most"},
		{"trunk.fold(nil)", "string expected"}, {"stanza:edit()", "table expected"}, {"stanza:edit{remove = 5}", "table expected"},
		{"local t = {} for i = 1, 100 do t[i] = 'x' end stanza:edit{remove = t}", "names more than"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		attack("", rows[i].body, rows[i].why);
}

/* An address would tell where the daemon's memory lies. */
static void no_address_of_memory_is_shown(void **state)
{
	struct asked asked = {0};

	(void)state;
	ask(&asked, "function filter(s)\nlocal shown = tostring({}) .. tostring(print) .. tostring(s) .. tostring(s:payloads()[1]) ..\n"
		    "tostring(string.find) .. string.format('%s%s', {}, s)\n"
		    "local ok, e = pcall(function() return {} .. 'x' end)\nlocal ok2, e2 = pcall(function() return s < s end)\n"
		    "return 'reject', nil, shown .. e .. e2 end");
	if (asked.answer.outcome != FILTER_REJECT)
		fail_msg("%s", asked.answer.why);
	assert_null(strstr(asked.answer.text.at, "0x"));
	asked_fini(&asked);
}

static void what_a_script_kept_of_a_stanza_is_of_no_use_later(void **state)
{
	struct asked asked = {0};

	(void)state;
	ask(&asked, "local kept, element\nfunction filter(s)\nif kept then\nassert(kept.id == s.id)\nreturn element:text()\nend\n"
		    "kept, element = s, s:payloads()[1]\nreturn 'pass' end");
	assert_int_equal(asked.answer.outcome, FILTER_PASS);
	assert_true(failed_for(asked_about(&asked, MESSAGE "<body>two</body></message>"), "was judged before"));
	asked_fini(&asked);
}

static void a_variable_of_the_script_lives_until_the_state_breaks(void **state)
{
	struct asked asked = {0};

	(void)state;
	ask(&asked, "local n = 0\nfunction filter(s)\nn = n + 1\nif n == 3 then while true do end end\nreturn 'reject', nil, tostring(n) end");
	assert_true(str_is(asked.answer.text, "1"));
	assert_true(str_is(asked_about(&asked, MESSAGE "</message>")->text, "2"));
	assert_true(failed_for(asked_about(&asked, MESSAGE "</message>"), "over time-limit"));
	assert_true(str_is(asked_about(&asked, MESSAGE "</message>")->text, "1"));
	asked_fini(&asked);
}

static void a_script_that_leaks_is_made_anew(void **state)
{
	struct asked asked = {.source = {.memory_limit_bytes = 256 * 1024}};
	unsigned failed = 0;

	(void)state;
	ask(&asked, "local kept = {}\nfunction filter(s)\nkept[#kept + 1] = ('x'):rep(1000) .. #kept\nreturn 'pass' end");
	for (int i = 0; i < 2000; i++)
		failed += asked_about(&asked, MESSAGE "</message>")->outcome == FILTER_FAILED;
	assert_in_range(failed, 1, 40);
	assert_int_equal(asked.answer.outcome, FILTER_PASS);
	asked_fini(&asked);
}

static void failures_are_named_in_the_log_but_not_each(void **state)
{
	struct asked asked = {0};
	unsigned lines = 0;

	(void)state;
	ask(&asked, "function filter(s) error('no luck\\n') end");
	for (int i = 0; i < 100; i++)
		asked_about(&asked, MESSAGE "</message>");
	for (const char *at = asked.lines; (at = strstr(at, "filter-failed")); at++)
		lines++;
	assert_in_range(lines, 1, 2 * SCRIPT_LOG_LINES);
	assert_int_equal(filter_counts(asked.set, 0).failed, 101);
	asked_fini(&asked);
}

/* Small limits, of memory for the state itself too, end in refusals. */
static void every_limit_of_memory_ends_well(void **state)
{
	static const char script[] = "local t = {}\nfunction filter(s)\nfor i = 1, 20 do t[i] = s:xml() .. trunk.fold(s:text()) end\n"
				     "local links = trunk.links('http://a.example http://b.example')\n"
				     "return 'reject', nil, trunk.words({'crates'}):find(s.body) .. #links .. #t end";
	unsigned loaded = 0;

	(void)state;
	for (size_t bytes = 1024; bytes < 96 * 1024; bytes += 731) {
		struct asked asked = {.source = {.memory_limit_bytes = bytes}};

		asked_load(&asked, script);
		if (asked.set) {
			loaded++;
			asked_about(&asked, MESSAGE "<body>The crates leave at six.</body></message>");
			assert_true(asked.answer.outcome == FILTER_REJECT || failed_for(&asked.answer, "over memory-limit"));
		}
		asked_fini(&asked);
	}
	assert_true(loaded > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_reaches_out_is_not_there),
		cmocka_unit_test(nothing_else_is_there),
		cmocka_unit_test(loops_end),
		cmocka_unit_test(library_functions_end),
		cmocka_unit_test(long_instructions_end),
		cmocka_unit_test(memory_ends),
		cmocka_unit_test(what_a_script_can_break_is_refused),
		cmocka_unit_test(no_address_of_memory_is_shown),
		cmocka_unit_test(what_a_script_kept_of_a_stanza_is_of_no_use_later),
		cmocka_unit_test(a_variable_of_the_script_lives_until_the_state_breaks),
		cmocka_unit_test(a_script_that_leaks_is_made_anew),
		cmocka_unit_test(failures_are_named_in_the_log_but_not_each),
		cmocka_unit_test(every_limit_of_memory_ends_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
