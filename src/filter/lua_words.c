/* SPDX-License-Identifier: Apache-2.0
 * Lists of words as scripts have them. */
#include "filter/lua_internal.h"
#include "filter/words.h"

enum { SCANS_PER_STEP = 8 };   /* bytes that are looked at */

#define WORDS_TYPE "words"

const struct words *words_check(lua_State *lua, int index)
{
	return luaL_checkudata(lua, index, WORDS_TYPE);
}

static bool has_beyond_ascii(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] >= 0x80)
			return true;
	return false;
}

static uint32_t find_folded(lua_State *lua, const struct words *words, struct str text, unsigned flags)
{
	struct script *script = script_of(lua);
	const uint64_t left = SCANS_PER_STEP * (script->limit.steps_max - script->limit.steps);
	uint64_t steps = 0;
	uint32_t found;

	lua_spend(lua, fold_steps(text));
	buf_clear(&script->folded);
	if (fold_text(text, flags, &script->folded) < 0)
		lua_raise_stop(lua, LIMIT_STOP_MEMORY);
	found = words_scan(words, buf_str(&script->folded), &steps, left);
	lua_spend(lua, steps / SCANS_PER_STEP);
	return found;
}

bool words_find_push(lua_State *lua, const struct words *words, int index, struct str text)
{
	uint32_t found = find_folded(lua, words, text, words->flags);

	if (!found && has_beyond_ascii(text))
		found = find_folded(lua, words, text, words->flags | FOLD_CAPITALS);
	if (!found)
		return false;
	lua_getiuservalue(lua, index, 1);
	lua_rawgeti(lua, -1, found);
	lua_remove(lua, -2);
	return true;
}

static int words_find(lua_State *lua)
{
	if (!words_find_push(lua, words_check(lua, 1), 1, lua_str(lua, 2)))
		lua_pushnil(lua);
	return 1;
}

static bool option(lua_State *lua, const char *name, bool otherwise)
{
	bool is_set = otherwise;

	if (lua_istable(lua, 2)) {
		if (lua_getfield(lua, 2, name) != LUA_TNIL)
			is_set = lua_toboolean(lua, -1);
		lua_pop(lua, 1);
	}
	return is_set;
}

/* Folds the words of list 1 into script->out, a NUL behind each; keeps them as they are spelt in the new table on top. */
static void fold_list(lua_State *lua, unsigned flags)
{
	struct buf *out = &script_of(lua)->out;

	buf_clear(out);
	lua_newtable(lua);
	for (lua_Integer i = 1; lua_rawgeti(lua, 1, i) != LUA_TNIL; i++) {
		const struct str word = lua_str(lua, -1);

		if (i > WORDS_COUNT_MAX || word.len > WORD_BYTES_MAX)
			luaL_error(lua, "word %d: at most %d words of at most %d bytes", (int)i, (int)WORDS_COUNT_MAX, (int)WORD_BYTES_MAX);
		lua_spend(lua, fold_steps(word));
		if (fold_text(str_trim(word), flags, out) < 0 || buf_add(out, str_make("", 1)) < 0)
			lua_raise_stop(lua, LIMIT_STOP_MEMORY);
		lua_rawseti(lua, -2, i);
	}
	lua_pop(lua, 1);
}

int words_new(lua_State *lua)
{
	struct script *script = script_of(lua);
	const bool is_squeezed = option(lua, "squeeze", false);
	const unsigned flags = (option(lua, "leet", false) ? FOLD_LEET : 0u) | (is_squeezed ? FOLD_SQUEEZE : 0u);
	const bool is_whole = !is_squeezed && option(lua, "whole", true);
	struct words *words;
	struct str rest;

	luaL_checktype(lua, 1, LUA_TTABLE);
	fold_list(lua, flags);
	if (!limit_has_block(&script->limit, words_bytes(buf_len(&script->out))))
		return luaL_error(lua, "too many words for this memory-limit: they take %d KiB, and one part of four is the most",
				  (int)(words_bytes(buf_len(&script->out)) / 1024));
	lua_spend(lua, 8 * buf_len(&script->out));
	words = lua_newuserdatauv(lua, words_bytes(buf_len(&script->out)), 1);
	words_init(words, buf_len(&script->out), flags, is_whole);
	rest = buf_str(&script->out);
	for (uint32_t number = 1; rest.len; number++) {
		struct str word = str_cut(&rest, '\0');

		while (word.len && word.at[word.len - 1] == ' ')
			word.len--;
		words_add(words, word, number);
	}
	words_finish(words);
	lua_insert(lua, -2);
	lua_setiuservalue(lua, -2, 1);
	luaL_setmetatable(lua, WORDS_TYPE);
	return 1;
}

void words_prepare(lua_State *lua)
{
	static const luaL_Reg methods[] = {{"find", words_find}, {NULL, NULL}};

	luaL_newmetatable(lua, WORDS_TYPE);
	lua_newtable(lua);
	luaL_setfuncs(lua, methods, 0);
	sandbox_freeze(lua, "cannot be set");
	lua_setfield(lua, -2, "__index");
	lua_pop(lua, 1);
}
