/* SPDX-License-Identifier: Apache-2.0
 * `trunk`: what scripts have from us beside the stanza. docs/filters.md describes each function. */
#include "filter/fold.h"
#include "filter/links.h"
#include "filter/lua_internal.h"
#include "filter/words.h"

#include "name/name.h"

enum { LINK_STEPS = 500 };

static int trunk_fold(lua_State *lua)
{
	const struct str text = lua_str(lua, 1);
	struct buf *out = lua_out(lua);

	lua_spend(lua, fold_steps(text));
	return lua_push_out(lua, out, fold_text(text, 0, out));
}

static int trunk_escape(lua_State *lua)
{
	const struct str text = lua_str(lua, 1);
	struct buf *out = lua_out(lua);

	lua_spend(lua, 4 + text.len / 4);
	return lua_push_out(lua, out, xml_escape(out, text));
}

/* Whether both, folded, are one in the other. */
static int trunk_contains(lua_State *lua)
{
	const struct str text = lua_str(lua, 1), part = lua_str(lua, 2);
	struct script *script = script_of(lua);
	struct buf *out = lua_out(lua);

	lua_spend(lua, fold_steps(text) + fold_steps(part));
	buf_clear(&script->folded);
	if (fold_text(text, 0, out) < 0 || fold_text(part, 0, &script->folded) < 0)
		return lua_raise_stop(lua, LIMIT_STOP_MEMORY);
	lua_pushboolean(lua, buf_len(&script->folded) == 0 || memmem(buf_str(out).at, buf_len(out), buf_str(&script->folded).at,
								       buf_len(&script->folded)) != NULL);
	return 1;
}

/* ---- addresses ---- */

static int trunk_jid(lua_State *lua)
{
	struct jid jid;

	if (jid_parse(lua_str(lua, 1), &jid) < 0) {
		lua_pushnil(lua);
		return 1;
	}
	lua_push_str(lua, jid.local);
	lua_push_str(lua, jid.domain);
	lua_push_str(lua, jid.resource);
	return 3;
}

static int trunk_domain(lua_State *lua)
{
	struct domain domain;

	lua_spend(lua, LINK_STEPS);
	if (domain_normalise(lua_str(lua, 1), &domain) < 0)
		lua_pushnil(lua);
	else
		lua_push_str(lua, domain_str(&domain));
	return 1;
}

static int trunk_fits(lua_State *lua)
{
	lua_pushboolean(lua, domain_fits(lua_str(lua, 1), lua_str(lua, 2)));
	return 1;
}

/* ---- links ---- */

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

/* A host as it is compared: percent-encoding undone, normalised where it is a domain, else in lower case. */
static void push_host(lua_State *lua, struct str host)
{
	char plain[256];
	size_t len = 0;
	struct domain domain;

	for (size_t i = 0; i < host.len && len < sizeof(plain); i++) {
		if (host.at[i] == '%' && i + 2 < host.len && hex(host.at[i + 1]) >= 0 && hex(host.at[i + 2]) >= 0) {
			plain[len++] = (char)(hex(host.at[i + 1]) * 16 + hex(host.at[i + 2]));
			i += 2;
		} else {
			plain[len++] = host.at[i] >= 'A' && host.at[i] <= 'Z' ? (char)(host.at[i] | 0x20) : host.at[i];
		}
	}
	if (domain_normalise(str_make(plain, len), &domain) == 0)
		lua_push_str(lua, domain_str(&domain));
	else
		lua_pushlstring(lua, plain, len);
}

static void push_link(lua_State *lua, const struct link_found *link)
{
	lua_createtable(lua, 0, 4);
	lua_push_str(lua, str_until(link->text, 2048));
	lua_setfield(lua, -2, "text");
	lua_push_str(lua, link->scheme);
	lua_setfield(lua, -2, "scheme");
	if (str_is_absent(link->host))
		lua_pushnil(lua);
	else
		push_host(lua, link->host);
	lua_setfield(lua, -2, "host");
	lua_pushboolean(lua, link->is_address);
	lua_setfield(lua, -2, "is_address");
}

static int trunk_links(lua_State *lua)
{
	const struct str text = lua_str(lua, 1);
	const struct limit *limit = &script_of(lua)->limit;
	struct buf *out = lua_out(lua);
	struct link_found link;
	uint64_t steps = 0;
	size_t offset = 0;

	lua_spend(lua, 4 + text.len / 2);
	if (links_refang(text, out) < 0)
		return lua_raise_stop(lua, LIMIT_STOP_MEMORY);
	lua_newtable(lua);
	for (lua_Integer i = 1; steps <= limit->steps_max && links_next(buf_str(out), &offset, &steps, &link); i++) {
		lua_spend(lua, LINK_STEPS + steps / 2);
		steps = 0;
		push_link(lua, &link);
		lua_rawseti(lua, -2, i);
	}
	lua_spend(lua, steps / 2);
	return 1;
}

/* ---- log ---- */

static int trunk_log(lua_State *lua)
{
	struct script *script = script_of(lua);
	const struct str text = lua_str(lua, 1);
	unsigned withheld;

	lua_spend(lua, 100);
	if (script->log && log_allowance_take(&script->says, &withheld))
		LOG(script->log, LOG_NOTICE, "filter-says", KV_C("filter", script->source->name), KV("text", text), KV_N("withheld", withheld));
	return 0;
}

/* ---- settings ---- */

/* Each key with the list of its values, in their order: one where it stands once. */
static void push_settings(lua_State *lua, const struct filter_source *source)
{
	lua_newtable(lua);
	for (unsigned i = 0; i < source->settings.count; i++) {
		const struct filter_setting *setting = &source->settings.list[i];
		const int type = lua_getfield(lua, -1, setting->key);

		if (type == LUA_TTABLE) {
			lua_pushstring(lua, setting->value);
			lua_rawseti(lua, -2, (lua_Integer)lua_rawlen(lua, -2) + 1);
			lua_pop(lua, 1);
			continue;
		}
		lua_pop(lua, 1);
		lua_createtable(lua, 1, 0);
		lua_pushstring(lua, setting->value);
		lua_rawseti(lua, -2, 1);
		lua_setfield(lua, -2, setting->key);
	}
}

void sandbox_add_trunk(lua_State *lua)
{
	static const luaL_Reg functions[] = {{"fold", trunk_fold}, {"escape", trunk_escape}, {"contains", trunk_contains}, {"jid", trunk_jid},
					     {"domain", trunk_domain}, {"fits", trunk_fits}, {"links", trunk_links}, {"log", trunk_log},
					     {"words", words_new}, {NULL, NULL}};
	const struct filter_source *source = script_of(lua)->source;

	words_prepare(lua);
	lua_newtable(lua);
	luaL_setfuncs(lua, functions, 0);
	lua_pushstring(lua, source->name);
	lua_setfield(lua, -2, "name");
	push_settings(lua, source);
	lua_setfield(lua, -2, "settings");
	sandbox_freeze(lua, "cannot be set in trunk");
	lua_setfield(lua, -2, "trunk");
}
