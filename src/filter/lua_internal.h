/* SPDX-License-Identifier: Apache-2.0
 * What the files that speak Lua's C API share. Errors of Lua jump: nothing is held there that Lua or the script does not own. */
#ifndef TRUNK_FILTER_LUA_INTERNAL_H
#define TRUNK_FILTER_LUA_INTERNAL_H

#include "filter/script.h"

#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>

enum { LUA_BYTES_PER_STEP = 16 };         /* of text that is made for a script */

/* The script that a state belongs to. */
static inline struct script *script_of(lua_State *lua)
{
	return *(struct script **)lua_getextraspace(lua);
}

static inline struct str lua_str(lua_State *lua, int index)
{
	struct str s;

	s.at = luaL_checklstring(lua, index, &s.len);
	return s;
}

/* Text, or nil where it is absent. */
static inline void lua_push_str(lua_State *lua, struct str s)
{
	if (str_is_absent(s))
		lua_pushnil(lua);
	else
		lua_pushlstring(lua, s.at, s.len);
}

/* Counts work before it is done; raises where the run is over. */
void lua_spend(lua_State *lua, uint64_t steps);

/* Ends the run: raised again wherever a script catches it. */
int lua_raise_stop(lua_State *lua, enum limit_stop stop);

/* An empty buffer that outlives errors, until it is asked for again. */
struct buf *lua_out(lua_State *lua);

/* Pushes what a function left there, or ends the run where that had no memory (`err` < 0). Costs a step for LUA_BYTES_PER_STEP. */
int lua_push_out(lua_State *lua, const struct buf *out, int err);

/* Leaves the table of globals that scripts see on the stack. */
void sandbox_push(lua_State *lua);

/* Moves what the table on top holds behind a table that can be read only, which takes its place. */
void sandbox_freeze(lua_State *lua, const char *why);

/* Adds to the table on top. Each is in its file with what it is for. */
void sandbox_add_string(lua_State *lua);        /* `string`; also the methods of strings */
void sandbox_add_table(lua_State *lua);         /* `table` */
void sandbox_add_trunk(lua_State *lua);         /* `trunk` */

/* Takes functions of Lua's own into the table on top, from the library that `open` makes: those that cost little, whatever they are
 * given, and reach nothing; where `is_counted`, those whose work is bounded by the size of their arguments, which is counted first.
 * `names` ends with NULL. */
void sandbox_take(lua_State *lua, lua_CFunction open, const char *const *names, bool is_counted);

/* `tostring` without addresses of memory: pushes a text for the value there. */
void sandbox_push_text(lua_State *lua, int index);

/* Prepares for stanzas; then leaves the one object, which stands for script->view, on the stack. */
void stanza_prepare(lua_State *lua);
void stanza_push(lua_State *lua);

#endif
