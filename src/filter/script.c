/* SPDX-License-Identifier: Apache-2.0
 * The life of a script's state: made under limits, asked, and made anew after it broke. */
#include "filter/lua_internal.h"
#include "filter/look.h"

#include <stdio.h>
#include <time.h>

enum { SCRIPT_KEEP_BYTES = 64 * 1024 }; /* of a buffer, between runs */

/* Their addresses are keys in the registry. */
static const char FUNCTION_KEY = 'f', STANZA_KEY = 's';

void lua_spend(lua_State *lua, uint64_t steps)
{
	struct limit *limit = &script_of(lua)->limit;

	if (!limit_spend(limit, steps))
		lua_raise_stop(lua, limit->stop);
}

static void on_count(lua_State *lua, lua_Debug *debug)
{
	struct limit *limit = &script_of(lua)->limit;
	const int steps = limit->big_blocks ? LIMIT_HOOK_STEPS_BIG : LIMIT_HOOK_STEPS;

	(void)debug;
	if (lua_gethookcount(lua) != steps)
		lua_sethook(lua, on_count, LUA_MASKCOUNT, steps);
	if (limit->big_blocks)
		limit->clock_at_steps = 0;              /* comparing two long strings is one instruction */
	lua_spend(lua, (uint64_t)steps);
}

int lua_raise_stop(lua_State *lua, enum limit_stop stop)
{
	struct limit *limit = &script_of(lua)->limit;

	if (limit->stop == LIMIT_RUNS)
		limit->stop = stop;
	lua_sethook(lua, on_count, LUA_MASKCOUNT, 1);   /* whoever catches this meets it again at once */
	return luaL_error(lua, "%s", limit_stop_text(limit->stop));
}

struct buf *lua_out(lua_State *lua)
{
	struct buf *out = &script_of(lua)->out;

	buf_clear(out);
	return out;
}

int lua_push_out(lua_State *lua, const struct buf *out, int err)
{
	if (err < 0)
		return lua_raise_stop(lua, LIMIT_STOP_MEMORY);
	lua_spend(lua, buf_len(out) / LUA_BYTES_PER_STEP);
	lua_push_str(lua, buf_str(out));
	return 1;
}

/* ---- life ---- */

void script_begin(struct script *script, const struct filter_source *source, const struct script_text *text, struct log *log,
		 int64_t (*cpu_ns)(void))
{
	*script = (struct script){.source = source, .text = text, .log = log, .cpu_ns = cpu_ns};
}

static void state_free(struct script *script)
{
	if (script->lua)
		lua_close(script->lua);
	script->lua = NULL;
}

void script_end(struct script *script)
{
	state_free(script);
	arena_fini(&script->scratch);
	buf_fini(&script->out);
	buf_fini(&script->folded);
}

/* What a failed call left on top, in words. Objects that are no text have none. */
static void keep_why(struct script *script, lua_State *lua, int status)
{
	if (script->limit.stop != LIMIT_RUNS || status == LUA_ERRMEM)
		snprintf(script->why, sizeof(script->why), "%s",
			 limit_stop_text(status == LUA_ERRMEM ? LIMIT_STOP_MEMORY : script->limit.stop));
	else if (lua_type(lua, -1) == LUA_TSTRING)
		snprintf(script->why, sizeof(script->why), "%s", lua_tostring(lua, -1));
	else
		snprintf(script->why, sizeof(script->why), "an error that is no text but of type %s", luaL_typename(lua, -1));
}

/* Called protected, with the script as its argument. Leaves stanza object and function in the registry. */
static int build(lua_State *lua)
{
	const struct script *script = lua_touserdata(lua, 1);
	const struct script_text *text = script->text;

	sandbox_push(lua);
	stanza_prepare(lua);
	if (luaL_loadbufferx(lua, text->bytes.at, text->bytes.len, text->chunk, "t") != LUA_OK)
		return lua_error(lua);
	lua_pushvalue(lua, 2);
	lua_setupvalue(lua, -2, 1);
	lua_call(lua, 0, 0);
	if (lua_getfield(lua, 2, "filter") != LUA_TFUNCTION)
		return luaL_error(lua, "%s: does not define the function filter(stanza)", text->chunk + 1);
	lua_rawsetp(lua, LUA_REGISTRYINDEX, &FUNCTION_KEY);
	stanza_push(lua);
	lua_rawsetp(lua, LUA_REGISTRYINDEX, &STANZA_KEY);
	lua_pushvalue(lua, 2);
	sandbox_freeze(lua, "is not there, or is global: variables that change have to be local");
	lua_pop(lua, 1);
	return 0;
}

static int on_panic(lua_State *lua)
{
	(void)lua;
	return 0;               /* nothing is called unprotected */
}

static bool state_new(struct script *script)
{
	lua_State *lua;

	limit_init(&script->limit, script->source->memory_limit_bytes, script->cpu_ns);
	limit_begin(&script->limit, SCRIPT_LOAD_MS);
	if (!(lua = script->lua = lua_newstate(limit_alloc, &script->limit))) {
		snprintf(script->why, sizeof(script->why), "%s", limit_stop_text(LIMIT_STOP_MEMORY));
		return false;
	}
	lua_atpanic(lua, on_panic);
	*(struct script **)lua_getextraspace(lua) = script;
	lua_gc(lua, LUA_GCINC, 150, 200, 0);
	lua_sethook(lua, on_count, LUA_MASKCOUNT, LIMIT_HOOK_STEPS);
	return true;
}

static bool call_build(struct script *script)
{
	int status;

	script->is_loading = true;
	lua_pushcfunction(script->lua, build);
	lua_pushlightuserdata(script->lua, script);
	status = lua_pcall(script->lua, 1, 0, 0);
	script->is_loading = false;
	if (status == LUA_OK && script->limit.stop == LIMIT_RUNS)
		return true;
	keep_why(script, script->lua, status);
	return false;
}

bool script_build(struct script *script)
{
	int64_t begin_ns;
	bool is_good;

	state_free(script);
	script->is_broken = false;
	script->run++;
	is_good = state_new(script);
	begin_ns = script->limit.cpu_ns();
	is_good = is_good && call_build(script);
	arena_clear(&script->scratch);
	if (!is_good)
		state_free(script);
	script->built_ns = script->limit.cpu_ns();
	script->build_ns = script->built_ns - begin_ns;
	return is_good;
}

/* ---- what it may say ---- */

bool log_allowance_take(struct log_allowance *allowance, unsigned *ret_withheld)
{
	struct timespec ts;
	int64_t minute;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	minute = ts.tv_sec / 60 + 1;
	if (minute != allowance->minute) {
		*ret_withheld = allowance->withheld;
		*allowance = (struct log_allowance){.minute = minute, .lines = 1};
		return true;
	}
	*ret_withheld = 0;
	if (allowance->lines >= SCRIPT_LOG_LINES) {
		allowance->withheld++;
		return false;
	}
	allowance->lines++;
	return true;
}

/* ---- one stanza ---- */

/* A state that a stanza can break costs no more than a part of the time to make again; until then it is used as it is, which Lua
 * allows: after an error its state is whole, though the script's own variables may be halfway. */
static bool is_rebuild_due(const struct script *script)
{
	if (!script->limit.cpu_ns)
		return true;                    /* never built */
	return script->limit.cpu_ns() - script->built_ns >= SCRIPT_REBUILD_SHARE * script->build_ns;
}

static bool is_ready(struct script *script)
{
	if (script->lua && !script->is_broken)
		return true;
	return is_rebuild_due(script) ? script_build(script) : script->lua != NULL;
}

/* Calls the function; its three results stay on the stack until the next run. Only what allocates nothing may be called outside
 * of a protected call. */
static bool call_filter(struct script *script)
{
	lua_State *lua = script->lua;
	int status;

	lua_settop(lua, 0);
	limit_begin(&script->limit, script->source->time_limit_ms);
	lua_sethook(lua, on_count, LUA_MASKCOUNT, script->limit.big_blocks ? LIMIT_HOOK_STEPS_BIG : LIMIT_HOOK_STEPS);
	lua_rawgetp(lua, LUA_REGISTRYINDEX, &FUNCTION_KEY);
	lua_rawgetp(lua, LUA_REGISTRYINDEX, &STANZA_KEY);
	status = lua_pcall(lua, 1, 3, 0);
	if (status == LUA_OK && script->limit.stop == LIMIT_RUNS)
		return true;
	script->is_broken = status != LUA_ERRRUN || script->limit.stop != LIMIT_RUNS;
	keep_why(script, lua, status);
	return false;
}

/* A result that has to be text, or may be absent. False: it is something else. */
static bool result_text(lua_State *lua, int index, bool may_be_absent, struct str *ret_text)
{
	*ret_text = STR_NONE;
	if (lua_isnil(lua, index))
		return may_be_absent;
	if (lua_type(lua, index) != LUA_TSTRING)
		return false;
	ret_text->at = lua_tolstring(lua, index, &ret_text->len);
	return true;
}

static bool read_reject(struct script *script, struct filter_answer *answer)
{
	struct str condition;

	if (!result_text(script->lua, 2, true, &condition) || !result_text(script->lua, 3, true, &answer->text)) {
		snprintf(script->why, sizeof(script->why), "condition and text of \"reject\" have to be text");
		return false;
	}
	answer->condition = str_is_absent(condition) ? COND_POLICY_VIOLATION : stanza_condition_of(condition);
	if (answer->condition == STANZA_CONDITION_NONE) {
		snprintf(script->why, sizeof(script->why), "\"%.64s\" is no condition of a stanza error", condition.at);
		return false;
	}
	if (!str_is_absent(answer->text))
		answer->text = text_for_xml(&script->scratch, answer->text, FILTER_TEXT_BYTES_MAX);
	answer->outcome = FILTER_REJECT;
	return true;
}

static bool read_change(struct script *script, struct filter_answer *answer)
{
	struct str text;

	if (!result_text(script->lua, 2, false, &text)) {
		snprintf(script->why, sizeof(script->why), "\"change\" needs the text of the stanza");
		return false;
	}
	if (!change_read(script->view, text, &script->scratch, &script->out, script->why, sizeof(script->why)))
		return false;
	answer->outcome = FILTER_CHANGE;
	answer->stanza = buf_str(&script->out);
	return true;
}

static bool read_answer(struct script *script, struct filter_answer *answer)
{
	struct str word;

	if (!result_text(script->lua, 1, false, &word))
		word = STR_NONE;
	if (str_is(word, "pass"))
		answer->outcome = FILTER_PASS;
	else if (str_is(word, "drop"))
		answer->outcome = FILTER_DROP;
	else if (str_is(word, "reject"))
		return read_reject(script, answer);
	else if (str_is(word, "change"))
		return read_change(script, answer);
	else
		snprintf(script->why, sizeof(script->why), "returned neither \"pass\", \"reject\", \"drop\" nor \"change\"");
	return answer->outcome != 0;
}

void script_run(struct script *script, const struct filter_view *view, struct filter_answer *ret_answer)
{
	struct filter_answer answer = {0};

	arena_clear(&script->scratch);
	buf_clear(&script->out);
	script->scratch.limit = script->source->memory_limit_bytes;
	script->out.limit = script->folded.limit = script->source->memory_limit_bytes;
	script->view = view;
	script->run++;
	if (!is_ready(script) || !call_filter(script) || !read_answer(script, &answer))
		answer = (struct filter_answer){.outcome = FILTER_FAILED, .why = script->why};
	script->view = NULL;
	buf_clear(&script->folded);
	buf_trim(&script->folded, SCRIPT_KEEP_BYTES);
	buf_trim(&script->out, SCRIPT_KEEP_BYTES);
	*ret_answer = answer;
}
