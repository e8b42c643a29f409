/* SPDX-License-Identifier: Apache-2.0
 * What surely is not in a stanza, by its bytes alone: no tree for the many stanzas that no such rule fits.
 *
 * The reader has found these bytes well-formed and canonical: no CDATA, no comments, no references but the five predefined ones. So
 * each '<' begins a tag, each namespace stands in an xmlns of these bytes or is the header's, and none of the five references
 * can be part of what is looked for. What is found here may be wrong (a namespace nobody uses); what is not found is not there. */
#include "shape/shape_internal.h"

struct quick {
	struct str bytes;
	size_t at;
	const struct shape_name *name; /* looked for; NULL: classes are */
	bool has_ns, has_name;
	bool is_behind_end; /* the last tag ended an element */
	unsigned classes;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool ends_name(char c)
{
	return is_space(c) || c == '=' || c == '/' || c == '>';
}

static void skip_space(struct quick *quick)
{
	while (quick->at < quick->bytes.len && is_space(quick->bytes.at[quick->at]))
		quick->at++;
}

/* A name, up to what may stand behind one. */
static struct str name_read(struct quick *quick)
{
	const size_t begin = quick->at;

	while (quick->at < quick->bytes.len && !ends_name(quick->bytes.at[quick->at]))
		quick->at++;
	return str_make(quick->bytes.at + begin, quick->at - begin);
}

static struct str local_of(struct str name)
{
	return str_from(name, str_find(name, ':') < name.len ? str_find(name, ':') + 1 : 0);
}

static void see_namespace(struct quick *quick, struct str ns)
{
	if (str_find(ns, '&') < ns.len) { /* rare enough for a tree */
		quick->classes = SHAPE_OPAQUE_ALL;
		quick->has_ns = true;
		return;
	}
	if (quick->name) {
		quick->has_ns |= str_eq(ns, quick->name->ns);
		return;
	}
	quick->classes |= ns_classes(ns);
	if (str_is(ns, "urn:xmpp:eme:0"))
		quick->classes |= EME_CLASSES;
}

static void see_attr(struct quick *quick, struct str name, struct str value)
{
	if (str_is(name, "xmlns") || str_starts(name, STR("xmlns:")))
		see_namespace(quick, value);
	else if (!quick->name && str_is(name, "node"))
		quick->classes |= str_find(value, '&') < value.len ? (unsigned)SHAPE_OPAQUE_ALL : ns_classes(value);
	else if (!quick->name && attr_is_link(local_of(name), value))
		quick->classes |= SHAPE_LINK;
}

/* False: these are not the bytes that were promised. */
static bool attr_read(struct quick *quick)
{
	const struct str name = name_read(quick);
	const char *end;
	struct str value;

	skip_space(quick);
	if (name.len == 0 || quick->at >= quick->bytes.len || quick->bytes.at[quick->at++] != '=')
		return false;
	skip_space(quick);
	if (quick->at >= quick->bytes.len || (quick->bytes.at[quick->at] != '\'' && quick->bytes.at[quick->at] != '"'))
		return false;
	value = str_from(quick->bytes, quick->at + 1);
	if (!(end = memchr(value.at, quick->bytes.at[quick->at], value.len)))
		return false;
	value.len = (size_t)(end - value.at);
	quick->at += value.len + 2;
	see_attr(quick, name, value);
	return true;
}

static bool start_tag_read(struct quick *quick)
{
	const struct str name = name_read(quick);

	if (quick->name)
		quick->has_name |= str_is_absent(quick->name->name) || str_eq(local_of(name), quick->name->name);
	for (;;) {
		skip_space(quick);
		if (quick->at >= quick->bytes.len)
			return false;
		if (quick->bytes.at[quick->at] == '>' || quick->bytes.at[quick->at] == '/')
			break;
		if (!attr_read(quick))
			return false;
	}
	quick->is_behind_end = quick->bytes.at[quick->at] == '/';
	quick->at += quick->is_behind_end + 1u;
	return quick->at <= quick->bytes.len;
}

static bool tag_read(struct quick *quick)
{
	const char *end;

	if (quick->at < quick->bytes.len && quick->bytes.at[quick->at] != '/')
		return start_tag_read(quick);
	if (!(end = memchr(quick->bytes.at + quick->at, '>', quick->bytes.len - quick->at)))
		return false;
	quick->at = (size_t)(end - quick->bytes.at) + 1;
	quick->is_behind_end = true;
	return true;
}

/* `is_before_start`: a start tag follows, so that with text before it there is a text that elements cut in pieces. */
static void see_text(struct quick *quick, struct str text, bool is_before_start)
{
	size_t offset, len;

	if (quick->name || text_is_blank(text))
		return;
	if (is_before_start || quick->is_behind_end)
		quick->classes |= TEXT_CLASSES;
	if (text_is_armoured(text))
		quick->classes |= SHAPE_OX;
	if (memmem(text.at, text.len, "?OTR", 4))
		quick->classes |= SHAPE_OTHER_OPAQUE;
	if (!(quick->classes & SHAPE_LINK) && shape_url_find(text, &offset, &len))
		quick->classes |= SHAPE_LINK;
}

/* False: not the bytes that were promised. */
static bool walk(struct quick *quick)
{
	while (quick->at < quick->bytes.len) {
		const struct str rest = str_from(quick->bytes, quick->at);
		const char *open = memchr(rest.at, '<', rest.len);
		const struct str text = open ? str_until(rest, (size_t)(open - rest.at)) : rest;

		quick->at += text.len;
		see_text(quick, text, open && quick->at + 1 < quick->bytes.len && open[1] != '/');
		if (!open)
			return true;
		quick->at++;
		if (!tag_read(quick))
			return false;
	}
	return true;
}

static bool is_readable(const struct xml_element *element)
{
	return element->is_canonical && element->header_prefixes == 0;
}

unsigned shape_may_be_opaque(const struct xml_element *element)
{
	struct quick quick = {.bytes = element->bytes};

	return is_readable(element) && walk(&quick) ? quick.classes : (unsigned)SHAPE_OPAQUE_ALL;
}

bool shape_may_have(const struct xml_element *element, const struct shape_name *name)
{
	struct quick quick = {.bytes = element->bytes, .name = name, .has_ns = is_stanza_ns(name->ns)};

	return !is_readable(element) || !walk(&quick) || (quick.has_ns && quick.has_name);
}
