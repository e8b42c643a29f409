/* SPDX-License-Identifier: Apache-2.0
 * Openfire's settings from its XML configuration. */
#include "control/openfire.h"

#include "xml/xml.h"

#include <stdlib.h>

int openfire_init(struct openfire *openfire)
{
	*openfire = (struct openfire){0};
	openfire->properties = calloc(OPENFIRE_PROPERTIES_MAX, sizeof(*openfire->properties));
	openfire->servers = calloc(OPENFIRE_SERVERS_MAX, sizeof(*openfire->servers));
	return openfire->properties && openfire->servers ? 0 : TRUNK_ENOMEM;
}

void openfire_fini(struct openfire *openfire)
{
	free(openfire->properties);
	free(openfire->servers);
	arena_fini(&openfire->arena);
	*openfire = (struct openfire){0};
}

static struct openfire_property *property_find(struct openfire *openfire, struct str name)
{
	for (size_t i = 0; i < openfire->property_count; i++)
		if (str_eq(openfire->properties[i].name, name))
			return &openfire->properties[i];
	return NULL;
}

int openfire_set(struct openfire *openfire, struct str name, struct str value, bool is_encrypted)
{
	struct openfire_property *property = property_find(openfire, name);

	if (!property) {
		if (openfire->property_count == OPENFIRE_PROPERTIES_MAX)
			return TRUNK_ELIMIT;
		property = &openfire->properties[openfire->property_count];
		*property = (struct openfire_property){.name = arena_str(&openfire->arena, name)};
		if (str_is_absent(property->name))
			return TRUNK_ENOMEM;
		openfire->property_count++;
	}
	property->is_encrypted = is_encrypted;
	property->value = arena_str(&openfire->arena, value);
	return str_is_absent(property->value) ? TRUNK_ENOMEM : 0;
}

/* The reader of streams refuses comments, declarations and doctypes, as XMPP does; files have the first two. */
static int strip(struct str text, struct buf *out)
{
	const struct {
		struct str begin, end;
	} marks[] = {{STR("<!--"), STR("-->")}, {STR("<?"), STR("?>")}};
	int err = 0;

	while (text.len > 0 && err == 0) {
		const size_t next = str_find(text, '<');
		struct str rest = str_from(text, next);
		size_t i = 0;

		while (i < 2 && !str_starts(rest, marks[i].begin))
			i++;
		if (i == 2) {
			err = buf_add(out, str_until(text, next + 1));
			text = str_from(text, next + 1);
			continue;
		}
		err = buf_add(out, str_until(text, next));
		for (rest = str_from(rest, marks[i].begin.len); rest.len > 0 && !str_starts(rest, marks[i].end);)
			rest = str_from(rest, 1);
		text = str_from(rest, marks[i].end.len);
	}
	return err;
}

/* Walks down: the names of the elements, joined by dots, are the property's name; the root's is left out. */
static int walk(struct openfire *openfire, const struct xml_node *node, struct buf *name)
{
	const size_t before = buf_len(name);
	bool is_leaf = true;
	int err = 0;

	for (const struct xml_node *child = xml_node_child(node, NULL, NULL); child && err == 0;
	     child = xml_node_next(child, NULL, NULL)) {
		is_leaf = false;
		if (before > 0)
			err = buf_add_cstr(name, ".");
		if (err == 0)
			err = buf_add(name, child->name);
		if (err == 0)
			err = walk(openfire, child, name);
		name->end = name->start + before;
	}
	if (err == 0 && is_leaf && before > 0)
		err = openfire_set(openfire, buf_str(name), str_trim(xml_node_text(&openfire->arena, node)),
				   str_is(xml_node_attr(node, "encrypted"), "true"));
	return err;
}

int openfire_read_xml(struct openfire *openfire, struct str text)
{
	const struct xml_limits limits = {.element_bytes = OPENFIRE_XML_BYTES_MAX, .depth = 64, .attributes = 64};
	struct buf stripped = {.limit = OPENFIRE_XML_BYTES_MAX}, name = {.limit = OPENFIRE_NAME_BYTES_MAX};
	struct xml_node *root = NULL;
	struct arena arena = {.limit = 16 * OPENFIRE_XML_BYTES_MAX};
	int err;

	if ((err = strip(text, &stripped)) == 0)
		err = xml_tree_parse(&arena, str_trim(buf_str(&stripped)), NULL, &limits, &root);
	if (err == 0)
		err = walk(openfire, root, &name);
	buf_fini(&stripped);
	buf_fini(&name);
	arena_fini(&arena);
	return err;
}

int openfire_read(struct openfire *openfire, struct str text)
{
	if (str_starts(text, STR("\xef\xbb\xbf")))
		text = str_from(text, 3);
	return str_starts(str_trim(text), STR("<")) ? openfire_read_xml(openfire, text) : openfire_read_script(openfire, text);
}
