/* SPDX-License-Identifier: Apache-2.0
 * The stanza as scripts see it: one object that stands for the stanza that is judged, and one for each element that they ask for.
 * Nothing is made before it is asked for. */
#include "filter/look.h"
#include "filter/lua_internal.h"
#include "filter/words.h"

enum { EDIT_REMOVE_MAX = 64, NODE_STEPS = 2 };

#define STANZA_TYPE "stanza"
#define ELEMENT_TYPE "element"

/* Of no more use once the run is over. */
struct element {
	const struct xml_node *node;
	unsigned run;
};

static const struct filter_view *view_of(lua_State *lua)
{
	const struct filter_view *view = script_of(lua)->view;

	if (!view)
		luaL_error(lua, "there is no stanza");
	return view;
}

static const struct xml_node *tree_of(lua_State *lua)
{
	const struct filter_view *view = view_of(lua);
	const struct xml_node *tree;

	lua_spend(lua, NODE_STEPS);
	if (!(tree = view->tree(view->ctx)))
		luaL_error(lua, "no memory for the stanza's tree");
	return tree;
}

/* ---- elements ---- */

static void element_push(lua_State *lua, const struct xml_node *node)
{
	struct element *element = lua_newuserdatauv(lua, sizeof(*element), 0);

	*element = (struct element){.node = node, .run = script_of(lua)->run};
	luaL_setmetatable(lua, ELEMENT_TYPE);
}

static const struct xml_node *element_at(lua_State *lua, int index)
{
	const struct element *element = luaL_checkudata(lua, index, ELEMENT_TYPE);

	if (element->run != script_of(lua)->run || !script_of(lua)->view)
		luaL_error(lua, "this element belongs to a stanza that was judged before");
	return element->node;
}

/* Arguments 2 and 3 of a method: namespace and name, nil for any. */
static bool node_fits(lua_State *lua, const struct xml_node *node)
{
	lua_spend(lua, NODE_STEPS);
	return node->kind == XML_NODE_ELEMENT && (lua_isnoneornil(lua, 2) || str_eq(node->ns, lua_str(lua, 2))) &&
	       (lua_isnoneornil(lua, 3) || str_eq(node->name, lua_str(lua, 3)));
}

static int push_children(lua_State *lua, const struct xml_node *parent)
{
	lua_Integer count = 0;

	lua_settop(lua, 3);
	lua_newtable(lua);
	for (const struct xml_node *node = parent->children; node; node = node->next)
		if (node_fits(lua, node)) {
			element_push(lua, node);
			lua_rawseti(lua, -2, ++count);
		}
	return 1;
}

static int push_child(lua_State *lua, const struct xml_node *parent)
{
	lua_settop(lua, 3);
	for (const struct xml_node *node = parent->children; node; node = node->next)
		if (node_fits(lua, node)) {
			element_push(lua, node);
			return 1;
		}
	lua_pushnil(lua);
	return 1;
}

static int element_children(lua_State *lua)
{
	return push_children(lua, element_at(lua, 1));
}

static int element_child(lua_State *lua)
{
	return push_child(lua, element_at(lua, 1));
}

static int element_attr(lua_State *lua)
{
	const struct xml_node *node = element_at(lua, 1);
	const struct str name = lua_str(lua, 2);

	for (unsigned i = 0; i < node->attr_count; i++)
		if (str_eq(node->attrs[i].name, name) &&
		    (lua_isnoneornil(lua, 3) ? str_is_absent(node->attrs[i].prefix) || node->attrs[i].prefix.len == 0
					     : str_eq(node->attrs[i].ns, lua_str(lua, 3)))) {
			lua_push_str(lua, node->attrs[i].value);
			return 1;
		}
	lua_pushnil(lua);
	return 1;
}

static int element_text(lua_State *lua)
{
	const struct xml_node *node = element_at(lua, 1);
	const struct str between = lua_isnoneornil(lua, 2) ? STR("") : lua_str(lua, 2);
	struct buf *out = lua_out(lua);

	return lua_push_out(lua, out, look_node_text(node, between, out));
}

static int element_values(lua_State *lua)
{
	const struct xml_node *node = element_at(lua, 1);
	struct buf *out = lua_out(lua);

	return lua_push_out(lua, out, look_node_values(node, out));
}

static int element_xml(lua_State *lua)
{
	const struct xml_node *node = element_at(lua, 1);
	struct buf *out = lua_out(lua);

	return lua_push_out(lua, out, xml_tree_write(node, NULL, out));
}

static int element_index(lua_State *lua)
{
	const struct xml_node *node = element_at(lua, 1);
	const struct str key = lua_str(lua, 2);

	if (str_is(key, "ns"))
		lua_push_str(lua, node->ns);
	else if (str_is(key, "name"))
		lua_push_str(lua, node->name);
	else
		lua_getfield(lua, lua_upvalueindex(1), key.at);
	return 1;
}

/* ---- the stanza ---- */

static int stanza_payloads(lua_State *lua)
{
	luaL_checkudata(lua, 1, STANZA_TYPE);
	return push_children(lua, tree_of(lua));
}

static int stanza_payload(lua_State *lua)
{
	luaL_checkudata(lua, 1, STANZA_TYPE);
	return push_child(lua, tree_of(lua));
}

static int stanza_text(lua_State *lua)
{
	const struct str between = lua_isnoneornil(lua, 2) ? STR("") : lua_str(lua, 2);
	struct buf *out = lua_out(lua);

	luaL_checkudata(lua, 1, STANZA_TYPE);
	return lua_push_out(lua, out, look_text(view_of(lua), tree_of(lua), between, out));
}

static int stanza_values(lua_State *lua)
{
	struct buf *out = lua_out(lua);

	luaL_checkudata(lua, 1, STANZA_TYPE);
	return lua_push_out(lua, out, look_values(view_of(lua), tree_of(lua), out));
}

static int stanza_xml(lua_State *lua)
{
	struct buf *out = lua_out(lua);

	luaL_checkudata(lua, 1, STANZA_TYPE);
	return lua_push_out(lua, out, xml_tree_write(tree_of(lua), NULL, out));
}

/* `remove` of argument 2: a text or a list of them. They stay on the stack. */
static unsigned read_remove(lua_State *lua, struct str *ret_remove)
{
	unsigned count = 0;

	if (lua_getfield(lua, 2, "remove") == LUA_TSTRING) {
		ret_remove[0] = lua_str(lua, -1);
		return 1;
	}
	if (lua_isnil(lua, -1))
		return 0;
	luaL_checktype(lua, -1, LUA_TTABLE);
	luaL_checkstack(lua, EDIT_REMOVE_MAX + 8, NULL);
	for (const int list = lua_gettop(lua); lua_rawgeti(lua, list, (lua_Integer)count + 1) != LUA_TNIL; count++) {
		if (count == EDIT_REMOVE_MAX)
			luaL_error(lua, "\"remove\" names more than %d", (int)EDIT_REMOVE_MAX);
		ret_remove[count] = lua_str(lua, -1);
	}
	return count;
}

static int stanza_edit(lua_State *lua)
{
	struct script *script = script_of(lua);
	struct str remove[EDIT_REMOVE_MAX], body = STR_NONE;
	struct xml_node *copy;
	struct buf *out;
	unsigned count;

	luaL_checkudata(lua, 1, STANZA_TYPE);
	luaL_checktype(lua, 2, LUA_TTABLE);
	count = read_remove(lua, remove);
	if (lua_getfield(lua, 2, "body") != LUA_TNIL)
		body = lua_str(lua, -1);
	lua_spend(lua, view_of(lua)->size_bytes / 4 + body.len / 4);
	copy = xml_tree_copy(&script->scratch, tree_of(lua));
	if (!copy || look_edit(&script->scratch, copy, remove, count, body) < 0)
		return lua_raise_stop(lua, LIMIT_STOP_MEMORY);
	out = lua_out(lua);
	return lua_push_out(lua, out, xml_tree_write(copy, NULL, out));
}

/* All that a person might read: twice, since words may be cut by elements, and elements may be all that stands between words. */
static int stanza_find(lua_State *lua)
{
	const struct words *words = words_check(lua, 2);
	const struct filter_view *view = view_of(lua);
	const struct xml_node *tree = tree_of(lua);
	size_t together = 0;

	luaL_checkudata(lua, 1, STANZA_TYPE);
	for (int pass = 0; pass < 3; pass++) {
		struct buf *out = lua_out(lua);

		if ((pass == 2 ? look_values(view, tree, out) : look_text(view, tree, pass == 0 ? STR("") : STR(" "), out)) < 0)
			return lua_raise_stop(lua, LIMIT_STOP_MEMORY);
		lua_spend(lua, 1 + buf_len(out) / LUA_BYTES_PER_STEP);
		if (pass == 1 && buf_len(out) == together)
			continue;               /* no elements in elements: the same text */
		together = buf_len(out);
		if (words_find_push(lua, words, 2, buf_str(out)))
			return 1;
	}
	lua_pushnil(lua);
	return 1;
}

static int push_joined(lua_State *lua, const char *name)
{
	struct buf *out = lua_out(lua);
	unsigned count;
	const int err = look_children(tree_of(lua), name, out, &count);

	if (err == 0 && count == 0) {
		lua_pushnil(lua);
		return 1;
	}
	return lua_push_out(lua, out, err);
}

static void set_field(lua_State *lua, const char *name, struct str value)
{
	lua_push_str(lua, value);
	lua_setfield(lua, -2, name);
}

static int push_label(lua_State *lua)
{
	const struct filter_view *view = view_of(lua);
	struct filter_label label = {.words = STR_NONE};

	if (!view->label || !view->label(view->ctx, &label)) {
		lua_pushnil(lua);
		return 1;
	}
	lua_createtable(lua, 0, 5);
	set_field(lua, "words", label.words);
	set_field(lua, "marking", label.marking);
	set_field(lua, "policy", label.policy);
	set_field(lua, "class", label.class_name);
	lua_pushboolean(lua, label.is_default);
	lua_setfield(lua, -2, "is_default");
	return 1;
}

static int stanza_index(lua_State *lua)
{
	const struct filter_view *view = view_of(lua);
	const struct str key = lua_str(lua, 2);

	if (str_is(key, "kind"))
		lua_pushstring(lua, stanza_kind_text(view->kind));
	else if (str_is(key, "from"))
		lua_push_str(lua, view->from);
	else if (str_is(key, "to"))
		lua_push_str(lua, view->to);
	else if (str_is(key, "type"))
		lua_push_str(lua, view->type);
	else if (str_is(key, "id"))
		lua_push_str(lua, view->id);
	else if (str_is(key, "lang"))
		lua_push_str(lua, view->lang);
	else if (str_is(key, "size"))
		lua_pushinteger(lua, (lua_Integer)view->size_bytes);
	else if (str_is(key, "body") || str_is(key, "subject"))
		return push_joined(lua, key.at);
	else if (str_is(key, "label"))
		return push_label(lua);
	else
		lua_getfield(lua, lua_upvalueindex(1), key.at);
	return 1;
}

/* ---- types ---- */

static int refuse_set(lua_State *lua)
{
	return luaL_error(lua, "a stanza is not changed by setting fields; return \"change\" and stanza:edit{…}");
}

static void add_type(lua_State *lua, const char *type, const luaL_Reg *methods, lua_CFunction index)
{
	luaL_newmetatable(lua, type);
	lua_newtable(lua);
	luaL_setfuncs(lua, methods, 0);
	lua_pushcclosure(lua, index, 1);
	lua_setfield(lua, -2, "__index");
	lua_pushcfunction(lua, refuse_set);
	lua_setfield(lua, -2, "__newindex");
	lua_pop(lua, 1);
}

void stanza_prepare(lua_State *lua)
{
	static const luaL_Reg element_methods[] = {{"attr", element_attr}, {"text", element_text}, {"values", element_values}, {"xml", element_xml},
						   {"child", element_child}, {"children", element_children}, {NULL, NULL}};
	static const luaL_Reg stanza_methods[] = {{"payloads", stanza_payloads}, {"payload", stanza_payload}, {"text", stanza_text},
						  {"values", stanza_values}, {"xml", stanza_xml}, {"edit", stanza_edit},
						  {"find", stanza_find}, {NULL, NULL}};

	add_type(lua, ELEMENT_TYPE, element_methods, element_index);
	add_type(lua, STANZA_TYPE, stanza_methods, stanza_index);
}

void stanza_push(lua_State *lua)
{
	lua_newuserdatauv(lua, 1, 0);
	luaL_setmetatable(lua, STANZA_TYPE);
}
