/* SPDX-License-Identifier: Apache-2.0
 * `string` as scripts see it: patterns with a bound on their work, nothing that packs, dumps or shows addresses. */
#include "filter/lua_internal.h"
#include "filter/pattern.h"

enum { PLAIN_BYTES_PER_STEP = 16, FORMAT_ITEM_STEPS = 30 };

/* ---- patterns ---- */

/* A pattern on the stack's argument `index`; '^' in front is cut off. */
static bool pattern_begin(lua_State *lua, struct str subject, int index, struct pattern *pattern)
{
	const struct limit *limit = &script_of(lua)->limit;
	struct str text = lua_str(lua, index);
	const bool is_anchored = text.len && *text.at == '^';

	*pattern = (struct pattern){.subject = subject, .pattern = is_anchored ? str_from(text, 1) : text,
				    .steps_max = limit->steps_max - limit->steps};
	return is_anchored;
}

/* One match, charged for. False: none. Raises what is wrong. */
static bool pattern_try(lua_State *lua, struct pattern *pattern, size_t offset, size_t *ret_end)
{
	const uint64_t before = pattern->steps;
	const bool is_found = pattern_at(pattern, offset, ret_end);

	lua_spend(lua, pattern->is_over ? UINT64_MAX : pattern->steps - before);
	if (*pattern->error)
		luaL_error(lua, "%s", pattern->error);
	return is_found;
}

/* Pushes capture `i`, or for the first where there are none the whole match. */
static void push_capture(lua_State *lua, const struct pattern *pattern, unsigned i, size_t begin, size_t end)
{
	const struct pattern_capture *capture = &pattern->captures[i];

	if (i >= pattern->capture_count) {
		if (i != 0)
			luaL_error(lua, "invalid capture index %%%d", (int)i + 1);
		lua_pushlstring(lua, pattern->subject.at + begin, end - begin);
	} else if (capture->len == PATTERN_POSITION) {
		lua_pushinteger(lua, capture->at - pattern->subject.at + 1);
	} else if (capture->len == PATTERN_OPEN) {
		luaL_error(lua, "unfinished capture");
	} else {
		lua_pushlstring(lua, capture->at, (size_t)capture->len);
	}
}

/* All captures; where there are none and `or_whole`, the match. */
static int push_captures(lua_State *lua, const struct pattern *pattern, bool or_whole, size_t begin, size_t end)
{
	const unsigned count = pattern->capture_count == 0 && or_whole ? 1 : pattern->capture_count;

	luaL_checkstack(lua, (int)count, "too many captures");
	for (unsigned i = 0; i < count; i++)
		push_capture(lua, pattern, i, begin, end);
	return (int)count;
}

/* Argument `index` as where a search begins, from 0; over the end: false. */
static bool start_of(lua_State *lua, int index, size_t len, size_t *ret_start)
{
	const lua_Integer at = luaL_optinteger(lua, index, 1);

	if (at > 0)
		*ret_start = (size_t)at - 1;
	else if (at == 0 || (lua_Unsigned)-at > len)
		*ret_start = 0;
	else
		*ret_start = len - (size_t)-at;
	return *ret_start <= len;
}

static int find_plain(lua_State *lua, struct str subject, struct str text, size_t start)
{
	const struct str rest = str_from(subject, start);
	const char *found;

	lua_spend(lua, 1 + rest.len / PLAIN_BYTES_PER_STEP);
	if (!(found = text.len ? memmem(rest.at, rest.len, text.at, text.len) : rest.at)) {
		lua_pushnil(lua);
		return 1;
	}
	lua_pushinteger(lua, found - subject.at + 1);
	lua_pushinteger(lua, found - subject.at + (lua_Integer)text.len);
	return 2;
}

static int find_pattern(lua_State *lua, struct str subject, size_t start, bool is_find)
{
	struct pattern pattern;
	const bool is_anchored = pattern_begin(lua, subject, 2, &pattern);
	size_t end;

	for (; start <= subject.len; start++) {
		if (pattern_try(lua, &pattern, start, &end)) {
			if (!is_find)
				return push_captures(lua, &pattern, true, start, end);
			lua_pushinteger(lua, (lua_Integer)start + 1);
			lua_pushinteger(lua, (lua_Integer)end);
			return 2 + push_captures(lua, &pattern, false, start, end);
		}
		if (is_anchored)
			break;
	}
	lua_pushnil(lua);
	return 1;
}

static int string_find(lua_State *lua)
{
	const struct str subject = lua_str(lua, 1), text = lua_str(lua, 2);
	size_t start;

	if (!start_of(lua, 3, subject.len, &start)) {
		lua_pushnil(lua);
		return 1;
	}
	if (lua_toboolean(lua, 4) || pattern_is_plain(text))
		return find_plain(lua, subject, text, start);
	return find_pattern(lua, subject, start, true);
}

static int string_match(lua_State *lua)
{
	const struct str subject = lua_str(lua, 1);
	size_t start;

	luaL_checkstring(lua, 2);
	if (!start_of(lua, 3, subject.len, &start)) {
		lua_pushnil(lua);
		return 1;
	}
	return find_pattern(lua, subject, start, false);
}

/* Upvalues: subject, pattern, where to go on, where the last match ended (-1: none). */
static int next_match(lua_State *lua)
{
	struct str subject, text;
	struct pattern pattern;
	size_t at = (size_t)lua_tointeger(lua, lua_upvalueindex(3)), end;
	const lua_Integer last = lua_tointeger(lua, lua_upvalueindex(4));

	subject.at = lua_tolstring(lua, lua_upvalueindex(1), &subject.len);
	text.at = lua_tolstring(lua, lua_upvalueindex(2), &text.len);
	pattern = (struct pattern){.subject = subject, .pattern = text,
				   .steps_max = script_of(lua)->limit.steps_max - script_of(lua)->limit.steps};
	for (; at <= subject.len; at++) {
		if (!pattern_try(lua, &pattern, at, &end) || (lua_Integer)end == last)
			continue;
		lua_pushinteger(lua, (lua_Integer)end);
		lua_copy(lua, -1, lua_upvalueindex(3));
		lua_copy(lua, -1, lua_upvalueindex(4));
		return push_captures(lua, &pattern, true, at, end);
	}
	return 0;
}

static int string_gmatch(lua_State *lua)
{
	const struct str subject = lua_str(lua, 1);
	size_t start;

	luaL_checkstring(lua, 2);
	if (!start_of(lua, 3, subject.len, &start))
		start = subject.len + 1;
	lua_settop(lua, 2);
	lua_pushinteger(lua, (lua_Integer)start);
	lua_pushinteger(lua, -1);
	lua_pushcclosure(lua, next_match, 4);
	return 1;
}

/* "%1" and the like in a replacement. */
static void add_template(lua_State *lua, luaL_Buffer *out, const struct pattern *pattern, size_t begin, size_t end)
{
	const struct str text = lua_str(lua, 3);

	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] != '%') {
			luaL_addchar(out, text.at[i]);
			continue;
		}
		if (++i == text.len || (text.at[i] != '%' && (text.at[i] < '0' || text.at[i] > '9')))
			luaL_error(lua, "invalid use of '%%' in replacement string");
		if (text.at[i] == '%') {
			luaL_addchar(out, '%');
		} else if (text.at[i] == '0') {
			luaL_addlstring(out, pattern->subject.at + begin, end - begin);
		} else {
			push_capture(lua, pattern, (unsigned)(text.at[i] - '1'), begin, end);
			luaL_tolstring(lua, -1, NULL);
			lua_remove(lua, -2);
			luaL_addvalue(out);
		}
	}
}

/* Adds what takes the place of one match. */
static void add_replacement(lua_State *lua, luaL_Buffer *out, const struct pattern *pattern, size_t begin, size_t end, int type)
{
	int count;

	if (type == LUA_TFUNCTION) {
		lua_pushvalue(lua, 3);
		count = push_captures(lua, pattern, true, begin, end);
		lua_call(lua, count, 1);
	} else if (type == LUA_TTABLE) {
		push_capture(lua, pattern, 0, begin, end);
		lua_gettable(lua, 3);
	} else {
		add_template(lua, out, pattern, begin, end);
		return;
	}
	if (!lua_toboolean(lua, -1)) {
		lua_pop(lua, 1);
		luaL_addlstring(out, pattern->subject.at + begin, end - begin);
	} else if (!lua_isstring(lua, -1)) {
		luaL_error(lua, "invalid replacement value (a %s)", luaL_typename(lua, -1));
	} else {
		luaL_addvalue(out);
	}
}

static int string_gsub(lua_State *lua)
{
	const struct str subject = lua_str(lua, 1);
	const int type = lua_type(lua, 3);
	const lua_Integer most = luaL_optinteger(lua, 4, (lua_Integer)subject.len + 1);
	struct pattern pattern;
	const bool is_anchored = pattern_begin(lua, subject, 2, &pattern);
	size_t at = 0, end, last = SIZE_MAX;
	lua_Integer count = 0;
	luaL_Buffer out;

	luaL_argexpected(lua, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE, 3,
			 "string/function/table");
	lua_spend(lua, 4 + subject.len / PLAIN_BYTES_PER_STEP);
	luaL_buffinit(lua, &out);
	while (count < most) {
		if (pattern_try(lua, &pattern, at, &end) && end != last) {
			count++;
			lua_spend(lua, 4 + (type == LUA_TSTRING ? lua_rawlen(lua, 3) / 4 : 0));
			add_replacement(lua, &out, &pattern, at, end, type);
			at = last = end;
		} else if (at < subject.len) {
			luaL_addchar(&out, subject.at[at++]);
		} else {
			break;
		}
		if (is_anchored)
			break;
	}
	if (at < subject.len)
		luaL_addlstring(&out, subject.at + at, subject.len - at);
	luaL_pushresult(&out);
	lua_pushinteger(lua, count);
	return 2;
}

/* ---- what grows ---- */

static int string_rep(lua_State *lua)
{
	const struct str text = lua_str(lua, 1);
	const lua_Integer count = luaL_checkinteger(lua, 2);
	struct str between = STR("");
	size_t each;
	luaL_Buffer out;

	if (!lua_isnoneornil(lua, 3))
		between = lua_str(lua, 3);
	each = text.len + between.len;
	if (count <= 0 || each == 0) {
		lua_pushliteral(lua, "");
		return 1;
	}
	if ((lua_Unsigned)count > script_of(lua)->limit.memory_max / each || !limit_has_block(&script_of(lua)->limit, each * (size_t)count))
		return luaL_error(lua, "resulting string too large");
	lua_spend(lua, 4 + each * (size_t)count / 8);
	luaL_buffinitsize(lua, &out, each * (size_t)count);
	for (lua_Integer i = 0; i < count; i++) {
		luaL_addlstring(&out, text.at, text.len);
		if (i + 1 < count)
			luaL_addlstring(&out, between.at, between.len);
	}
	luaL_pushresult(&out);
	return 1;
}

/* Upvalue: Lua's own. Tables and the like are shown without their address, which "%p" asks for. */
static int string_format(lua_State *lua)
{
	const struct str format = lua_str(lua, 1);
	const int count = lua_gettop(lua);
	uint64_t cost = 4;

	for (size_t i = 0; i < format.len; i++) {
		if (format.at[i] != '%')
			continue;
		cost += FORMAT_ITEM_STEPS;
		for (i++; i < format.len && memchr("-+ #0123456789.", format.at[i], 15); i++)
			;
		if (i < format.len && (format.at[i] == 'p' || format.at[i] == 'q'))
			return luaL_error(lua, "invalid conversion '%%%c' to 'format'", format.at[i]);
	}
	for (int i = 2; i <= count; i++) {
		const int type = lua_type(lua, i);

		if (type == LUA_TSTRING) {
			cost += lua_rawlen(lua, i) / 8;
		} else if (type != LUA_TNUMBER && type != LUA_TBOOLEAN && type != LUA_TNIL) {
			sandbox_push_text(lua, i);
			lua_replace(lua, i);
		}
	}
	lua_spend(lua, cost + format.len / 4);
	lua_pushvalue(lua, lua_upvalueindex(1));
	lua_insert(lua, 1);
	lua_call(lua, count, 1);
	return 1;
}

/* ---- the table ---- */

void sandbox_add_string(lua_State *lua)
{
	static const char *const cheap[] = {"len", NULL};
	static const char *const counted[] = {"byte", "char", "lower", "reverse", "sub", "upper", NULL};
	static const char *const format[] = {"format", NULL};
	static const luaL_Reg own[] = {{"find", string_find}, {"match", string_match}, {"gmatch", string_gmatch}, {"gsub", string_gsub},
				       {"rep", string_rep}, {NULL, NULL}};

	lua_newtable(lua);
	sandbox_take(lua, luaopen_string, cheap, false);
	sandbox_take(lua, luaopen_string, counted, true);
	sandbox_take(lua, luaopen_string, format, false);
	lua_getfield(lua, -1, "format");
	lua_pushcclosure(lua, string_format, 1);
	lua_setfield(lua, -2, "format");
	luaL_setfuncs(lua, own, 0);
	sandbox_freeze(lua, "cannot be set in string");
	lua_pushliteral(lua, "");               /* methods of strings: luaopen_string() made Lua's own */
	lua_createtable(lua, 0, 1);
	lua_pushvalue(lua, -3);
	lua_setfield(lua, -2, "__index");
	lua_setmetatable(lua, -2);
	lua_pop(lua, 1);
	lua_setfield(lua, -2, "string");
}
