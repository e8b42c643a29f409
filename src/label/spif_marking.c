/* SPDX-License-Identifier: Apache-2.0
 * The phrases, prefixes and separators that a SPIF gives for markings. */
#include "label/spif_internal.h"

static const struct {
	const char *word;
	unsigned codes;
} codes[] = {
	{"pageTop", MARK_PAGE_TOP},
	{"pageBottom", MARK_PAGE_BOTTOM},
	{"pageTopBottom", MARK_PAGE_TOP | MARK_PAGE_BOTTOM},
	{"documentStart", MARK_DOCUMENT_START},
	{"documentEnd", MARK_DOCUMENT_END},
	{"firstLineOfText", MARK_FIRST_LINE},
	{"lastLineOfText", MARK_LAST_LINE},
	{"subject", MARK_SUBJECT},
	{"xHeader", MARK_X_HEADER},
	{"portionMarking", MARK_PORTION},
	{"inputTitle", MARK_INPUT_TITLE},
	{"waterMark", MARK_WATERMARK},
	{"noNameDisplay", MARK_NO_NAME},
	{"noMarkingDisplay", MARK_NO_MARKING},
	{"suppressClassName", MARK_SUPPRESS_CLASS},
	{"replacePolicy", MARK_REPLACE_POLICY},
};

static unsigned codes_read(struct spif *spif, const struct xml_node *holder, const struct xml_node *node)
{
	unsigned all = 0;

	for (const struct xml_node *child = xml_node_child(node, NS_SPIF, "code"); child;
	     child = xml_node_next(child, NS_SPIF, "code")) {
		const struct str word = str_trim(xml_node_text(&spif->tree, child));
		unsigned i = 0;

		while (i < sizeof(codes) / sizeof(codes[0]) && !str_is(word, codes[i].word))
			i++;
		if (i < sizeof(codes) / sizeof(codes[0]))
			all |= codes[i].codes;
		else
			spif_warn(spif, holder, "marking code \"%.*s\" is not known and has no effect",
				  STR_ARG(str_until(word, LABEL_PHRASE_BYTES_MAX)));
	}
	return all & MARK_PLACES ? all : all | MARK_PAGE_BOTTOM;
}

/* The value of xml:lang; empty: none. */
static int lang_read(struct spif *spif, const struct xml_node *node, struct str *ret_lang)
{
	struct str lang = STR("");

	for (unsigned i = 0; i < node->attr_count; i++)
		if (str_is(node->attrs[i].ns, XML_NS_XML) && str_is(node->attrs[i].name, "lang"))
			lang = node->attrs[i].value;
	if (lang.len > LABEL_PHRASE_BYTES_MAX)
		return spif_fail(spif, node, TRUNK_ELIMIT, "xml:lang is too long");
	*ret_lang = arena_str(&spif->policy->arena, lang);
	return str_is_absent(*ret_lang) ? spif_fail(spif, node, TRUNK_ENOMEM, "no memory") : 0;
}

/* Both lists keep the file's order, for of two phrases for one place the first counts. */
static int data_read(struct spif *spif, const struct xml_node *holder, const struct xml_node *node, struct marking_data ***end)
{
	struct marking_data *data = arena_alloc(&spif->policy->arena, sizeof(*data));
	int err;

	if (!data)
		return spif_fail(spif, holder, TRUNK_ENOMEM, "no memory");
	if ((err = lang_read(spif, node, &data->lang)) < 0 || (err = spif_phrase(spif, node, "phrase", &data->phrase)) < 0)
		return err;
	data->codes = codes_read(spif, holder, node);
	**end = data;
	*end = &data->next;
	return 0;
}

static int qualifier_read(struct spif *spif, const struct xml_node *holder, const struct xml_node *node,
			  struct marking_qualifier ***end)
{
	struct marking_qualifier *q = arena_alloc(&spif->policy->arena, sizeof(*q));
	const struct str part = xml_node_attr(node, "qualifierCode");
	int err;

	if (!q)
		return spif_fail(spif, holder, TRUNK_ENOMEM, "no memory");
	if ((err = lang_read(spif, node, &q->lang)) < 0 || (err = spif_phrase(spif, node, "markingQualifier", &q->text)) < 0)
		return err;
	q->part = str_is(part, "prefix") ? MARKING_PREFIX : str_is(part, "suffix") ? MARKING_SUFFIX :
		str_is(part, "separator") ? MARKING_SEPARATOR : 0;
	if (!q->part || str_is_absent(q->text)) {
		spif_warn(spif, holder,
			  "has a qualifier without text or with a qualifierCode that is not known; it has no effect");
		return 0;
	}
	**end = q;
	*end = &q->next;
	return 0;
}

int spif_marking(struct spif *spif, const struct xml_node *holder, struct marking *ret_marking)
{
	struct marking_data **data_end = &ret_marking->data;
	struct marking_qualifier **end = &ret_marking->qualifiers;
	const struct xml_node *node, *child;
	int err;

	for (node = xml_node_child(holder, NS_SPIF, "markingData"); node; node = xml_node_next(node, NS_SPIF, "markingData"))
		if ((err = data_read(spif, holder, node, &data_end)) < 0)
			return err;
	for (node = xml_node_child(holder, NS_SPIF, "markingQualifier"); node;
	     node = xml_node_next(node, NS_SPIF, "markingQualifier"))
		for (child = xml_node_child(node, NS_SPIF, "qualifier"); child;
		     child = xml_node_next(child, NS_SPIF, "qualifier"))
			if ((err = qualifier_read(spif, holder, child, &end)) < 0)
				return err;
	return 0;
}
