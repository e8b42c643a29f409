/* SPDX-License-Identifier: Apache-2.0
 * What scripts see: a list of what is there, so that what nobody thought of is not. No metatables (thus no finalizers, weak tables,
 * or code run behind an operator), no coroutines, no way to load code, files or libraries. */
#include "filter/lua_internal.h"

/* ---- functions that replace those of Lua ---- */

/* An error that ends the run is none that a script can catch; nor is a want of memory, for the collector would be run for it again
 * and again. */
static int safe_pcall(lua_State *lua)
{
	int status;

	luaL_checkany(lua, 1);
	lua_pushboolean(lua, 1);
	lua_insert(lua, 1);
	status = lua_pcall(lua, lua_gettop(lua) - 2, LUA_MULTRET, 0);
	if (script_of(lua)->limit.stop != LIMIT_RUNS || (status != LUA_OK && status != LUA_ERRRUN))
		return lua_raise_stop(lua, status == LUA_ERRMEM ? LIMIT_STOP_MEMORY : LIMIT_STOP_TIME);
	if (status == LUA_OK)
		return lua_gettop(lua);
	lua_pushboolean(lua, 0);
	lua_insert(lua, -2);
	return 2;
}

void sandbox_push_text(lua_State *lua, int index)
{
	const int type = lua_type(lua, index);

	if (type == LUA_TTABLE || type == LUA_TFUNCTION || type == LUA_TUSERDATA || type == LUA_TLIGHTUSERDATA || type == LUA_TTHREAD)
		lua_pushstring(lua, lua_typename(lua, type));
	else
		luaL_tolstring(lua, index, NULL);
}

static int safe_tostring(lua_State *lua)
{
	luaL_checkany(lua, 1);
	sandbox_push_text(lua, 1);
	return 1;
}

static uint64_t cost_of(lua_State *lua, int index)
{
	switch (lua_type(lua, index)) {
	case LUA_TSTRING:
		return lua_rawlen(lua, index) / 4;
	case LUA_TTABLE:
		return lua_rawlen(lua, index);
	default:
		return 0;
	}
}

/* In front of a function of Lua's own (an upvalue) whose work grows with its arguments. */
static int counted(lua_State *lua)
{
	const int count = lua_gettop(lua);
	uint64_t cost = 4;

	for (int i = 1; i <= count; i++) {
		const uint64_t more = cost_of(lua, i);

		cost = more > UINT64_MAX - cost ? UINT64_MAX : cost + more;
	}
	lua_spend(lua, cost);
	lua_pushvalue(lua, lua_upvalueindex(1));
	lua_insert(lua, 1);
	lua_call(lua, count, LUA_MULTRET);
	return lua_gettop(lua);
}

/* ---- tables that can be read only ---- */

static int refuse_change(lua_State *lua)
{
	return luaL_error(lua, "\"%s\" %s", lua_type(lua, 2) == LUA_TSTRING ? lua_tostring(lua, 2) : luaL_typename(lua, 2),
			  lua_tostring(lua, lua_upvalueindex(1)));
}

void sandbox_freeze(lua_State *lua, const char *why)
{
	lua_newtable(lua);
	lua_pushnil(lua);
	while (lua_next(lua, -3)) {
		lua_pushvalue(lua, -2);
		lua_insert(lua, -2);            /* table, shadow, key, key, value */
		lua_rawset(lua, -4);
		lua_pushvalue(lua, -1);
		lua_pushnil(lua);
		lua_rawset(lua, -5);
	}
	lua_createtable(lua, 0, 2);
	lua_insert(lua, -2);
	lua_setfield(lua, -2, "__index");
	lua_pushstring(lua, why);
	lua_pushcclosure(lua, refuse_change, 1);
	lua_setfield(lua, -2, "__newindex");
	lua_setmetatable(lua, -2);
}

/* ---- the list ---- */

void sandbox_take(lua_State *lua, lua_CFunction open, const char *const *names, bool is_counted)
{
	const int to = lua_gettop(lua);

	lua_pushcfunction(lua, open);
	lua_call(lua, 0, 1);
	for (; *names; names++) {
		lua_getfield(lua, -1, *names);
		if (is_counted)
			lua_pushcclosure(lua, counted, 1);
		lua_setfield(lua, to, *names);
	}
	lua_settop(lua, to);
}

/* luaopen_base() writes into the registry's table of globals; the registry then gets another one, so nothing reaches it. */
static void add_base(lua_State *lua)
{
	static const char *const names[] = {"assert", "error", "ipairs", "next", "pairs", "rawequal", "rawget", "rawlen", "select", "type",
					    "_VERSION", NULL};
	static const char *const counted_names[] = {"tonumber", NULL};

	sandbox_take(lua, luaopen_base, names, false);
	sandbox_take(lua, luaopen_base, counted_names, true);
	lua_pushcfunction(lua, safe_pcall);
	lua_setfield(lua, -2, "pcall");
	lua_pushcfunction(lua, safe_tostring);
	lua_setfield(lua, -2, "tostring");
	lua_newtable(lua);
	lua_rawseti(lua, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
}

static void add_math(lua_State *lua)
{
	static const char *const names[] = {"abs", "ceil", "floor", "fmod", "huge", "max", "maxinteger", "min", "mininteger", "modf", "pi",
					    "sqrt", "tointeger", "type", "ult", NULL};

	lua_newtable(lua);
	sandbox_take(lua, luaopen_math, names, false);
	sandbox_freeze(lua, "cannot be set in math");
	lua_setfield(lua, -2, "math");
}

static void add_utf8(lua_State *lua)
{
	static const char *const names[] = {"charpattern", NULL};
	static const char *const counted_names[] = {"char", "codepoint", "codes", "len", "offset", NULL};

	lua_newtable(lua);
	sandbox_take(lua, luaopen_utf8, names, false);
	sandbox_take(lua, luaopen_utf8, counted_names, true);
	sandbox_freeze(lua, "cannot be set in utf8");
	lua_setfield(lua, -2, "utf8");
}

void sandbox_push(lua_State *lua)
{
	lua_newtable(lua);
	add_base(lua);
	add_math(lua);
	add_utf8(lua);
	sandbox_add_string(lua);
	sandbox_add_table(lua);
	sandbox_add_trunk(lua);
}
