/* SPDX-License-Identifier: Apache-2.0
 * Holds our patterns against those of Lua: same match, same captures, or both an error. */
#ifndef TRUNK_TESTS_PATTERN_DIFF_H
#define TRUNK_TESTS_PATTERN_DIFF_H

#include "filter/pattern.h"

#include <lauxlib.h>
#include <lualib.h>

#include <stdio.h>

enum { PATTERN_DIFF_STEPS = 200 * 1000 };

struct pattern_diff {
	lua_State *lua;
	char why[256];
};

static inline void pattern_diff_begin(struct pattern_diff *diff)
{
	diff->lua = luaL_newstate();
	luaL_requiref(diff->lua, "string", luaopen_string, 1);
	lua_settop(diff->lua, 0);
}

static inline void pattern_diff_end(struct pattern_diff *diff)
{
	lua_close(diff->lua);
}

static inline bool pattern_diff_fail(struct pattern_diff *diff, const char *what, const char *theirs, const char *ours)
{
	snprintf(diff->why, sizeof(diff->why), "%s: Lua %s, we %s", what, theirs ? theirs : "-", ours ? ours : "-");
	return false;
}

/* string.find of both. Ours first: where it needs too many steps, Lua is not asked, since it might not end. */
static inline bool pattern_diff_same(struct pattern_diff *diff, struct str subject, struct str text)
{
	const bool is_anchored = text.len && *text.at == '^';
	struct pattern ours = {.subject = subject, .pattern = is_anchored ? str_from(text, 1) : text, .steps_max = PATTERN_DIFF_STEPS};
	lua_State *lua = diff->lua;
	size_t begin = 0, end = 0;
	bool is_found = false;
	int status;

	if (pattern_is_plain(text))
		return true;                    /* Lua then does not look for a pattern */
	for (; begin <= subject.len && !is_found && !*ours.error && !ours.is_over; begin++)
		if ((is_found = pattern_at(&ours, begin, &end)) || is_anchored)
			break;
	if (ours.is_over)
		return true;
	lua_settop(lua, 0);
	lua_getglobal(lua, "string");
	lua_getfield(lua, -1, "find");
	lua_pushlstring(lua, subject.at, subject.len);
	lua_pushlstring(lua, text.at, text.len);
	status = lua_pcall(lua, 2, LUA_MULTRET, 0);
	if (status == LUA_OK && !*ours.error && is_found)       /* captures are looked at when they are pushed */
		for (unsigned i = 0; i < ours.capture_count; i++)
			if (ours.captures[i].len == PATTERN_OPEN)
				snprintf(ours.error, sizeof(ours.error), "unfinished capture");
	if (status != LUA_OK) {
		const bool is_open = is_found && strstr(lua_tostring(lua, -1), "unfinished capture");

		return *ours.error || is_open ? true : pattern_diff_fail(diff, "error", lua_tostring(lua, -1), "none");
	}
	if (*ours.error)
		return pattern_diff_fail(diff, "error", "none", ours.error);
	if (lua_isnil(lua, 2) != !is_found)
		return pattern_diff_fail(diff, "found", lua_isnil(lua, 2) ? "no" : "yes", is_found ? "yes" : "no");
	if (!is_found)
		return true;
	if (lua_tointeger(lua, 2) != (lua_Integer)begin + 1 || lua_tointeger(lua, 3) != (lua_Integer)end)
		return pattern_diff_fail(diff, "place", lua_tostring(lua, 3), "another");
	if (lua_gettop(lua) - 3 != (int)ours.capture_count)
		return pattern_diff_fail(diff, "captures", "another number", "");
	for (unsigned i = 0; i < ours.capture_count; i++) {
		const struct pattern_capture *capture = &ours.captures[i];
		size_t len;
		const char *theirs;

		if (capture->len == PATTERN_POSITION) {
			if (lua_tointeger(lua, 4 + (int)i) != capture->at - subject.at + 1)
				return pattern_diff_fail(diff, "position", "another", "");
			continue;
		}
		theirs = lua_tolstring(lua, 4 + (int)i, &len);
		if (!theirs || !str_eq(str_make(theirs, len), str_make(capture->at, (size_t)capture->len)))
			return pattern_diff_fail(diff, "capture", theirs, "another");
	}
	return true;
}

#endif
