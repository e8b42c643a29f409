/* SPDX-License-Identifier: Apache-2.0
 * `table` as scripts see it. What goes over a range that its arguments name, rather than over what is there, is ours. */
#include "filter/lua_internal.h"

enum { SORT_STEPS = 16 };

static uint64_t range_length(lua_Integer first, lua_Integer last)
{
	return last < first ? 0 : (lua_Unsigned)last - (lua_Unsigned)first;
}

static int table_unpack(lua_State *lua)
{
	const lua_Integer first = luaL_optinteger(lua, 2, 1);
	lua_Integer last;

	luaL_checktype(lua, 1, LUA_TTABLE);
	last = lua_isnoneornil(lua, 3) ? (lua_Integer)lua_rawlen(lua, 1) : luaL_checkinteger(lua, 3);
	if (first > last)
		return 0;
	lua_spend(lua, range_length(first, last));
	if (range_length(first, last) >= INT32_MAX || !lua_checkstack(lua, (int)range_length(first, last) + 1))
		return luaL_error(lua, "too many results to unpack");
	for (lua_Integer i = first; i < last; i++)
		lua_rawgeti(lua, 1, i);
	lua_rawgeti(lua, 1, last);
	return (int)range_length(first, last) + 1;
}

static int table_move(lua_State *lua)
{
	const lua_Integer first = luaL_checkinteger(lua, 2), last = luaL_checkinteger(lua, 3), to = luaL_checkinteger(lua, 4);
	const int target = lua_isnoneornil(lua, 5) ? 1 : 5;

	luaL_checktype(lua, 1, LUA_TTABLE);
	luaL_checktype(lua, target, LUA_TTABLE);
	if (last >= first) {
		luaL_argcheck(lua, first > 0 || last < LUA_MAXINTEGER + first, 3, "too many elements to move");
		luaL_argcheck(lua, to <= LUA_MAXINTEGER - (last - first), 4, "destination wrap around");
		lua_spend(lua, 4 * (range_length(first, last) < UINT64_MAX / 8 ? range_length(first, last) : UINT64_MAX / 8));
		if (to > last || to <= first || target != 1)
			for (lua_Integer i = 0; i <= last - first; i++) {
				lua_rawgeti(lua, 1, first + i);
				lua_rawseti(lua, target, to + i);
			}
		else
			for (lua_Integer i = last - first; i >= 0; i--) {
				lua_rawgeti(lua, 1, first + i);
				lua_rawseti(lua, target, to + i);
			}
	}
	lua_pushvalue(lua, target);
	return 1;
}

/* Whether item a stands before item b, which are on top in this order. Pops both. */
static bool is_before(lua_State *lua)
{
	bool is_so;

	lua_spend(lua, SORT_STEPS);
	if (lua_isnil(lua, 2)) {
		is_so = lua_compare(lua, -2, -1, LUA_OPLT);
		lua_pop(lua, 2);
		return is_so;
	}
	lua_pushvalue(lua, 2);
	lua_insert(lua, -3);
	lua_call(lua, 2, 1);
	is_so = lua_toboolean(lua, -1);
	lua_pop(lua, 1);
	return is_so;
}

static bool items_are_before(lua_State *lua, lua_Integer a, lua_Integer b)
{
	lua_rawgeti(lua, 1, a);
	lua_rawgeti(lua, 1, b);
	return is_before(lua);
}

static void items_swap(lua_State *lua, lua_Integer a, lua_Integer b)
{
	lua_rawgeti(lua, 1, a);
	lua_rawgeti(lua, 1, b);
	lua_rawseti(lua, 1, a);
	lua_rawseti(lua, 1, b);
}

/* Lets the item at `at` sink in the heap of items 1 to `count`. */
static void sift(lua_State *lua, lua_Integer at, lua_Integer count)
{
	while (2 * at <= count) {
		lua_Integer child = 2 * at;

		if (child < count && items_are_before(lua, child, child + 1))
			child++;
		if (!items_are_before(lua, at, child))
			return;
		items_swap(lua, at, child);
		at = child;
	}
}

/* Heap sort: n log n comparisons, whatever order the comparing function makes up. */
static int table_sort(lua_State *lua)
{
	lua_Integer count;

	luaL_checktype(lua, 1, LUA_TTABLE);
	if (!lua_isnoneornil(lua, 2))
		luaL_checktype(lua, 2, LUA_TFUNCTION);
	lua_settop(lua, 2);
	lua_spend(lua, lua_rawlen(lua, 1));
	count = (lua_Integer)lua_rawlen(lua, 1);
	for (lua_Integer at = count / 2; at >= 1; at--)
		sift(lua, at, count);
	for (lua_Integer last = count; last > 1; last--) {
		items_swap(lua, 1, last);
		sift(lua, 1, last - 1);
	}
	return 0;
}

void sandbox_add_table(lua_State *lua)
{
	static const char *const counted[] = {"concat", "insert", "pack", "remove", NULL};
	static const luaL_Reg own[] = {{"unpack", table_unpack}, {"move", table_move}, {"sort", table_sort}, {NULL, NULL}};

	lua_newtable(lua);
	sandbox_take(lua, luaopen_table, counted, true);
	luaL_setfuncs(lua, own, 0);
	sandbox_freeze(lua, "cannot be set in table");
	lua_setfield(lua, -2, "table");
}
