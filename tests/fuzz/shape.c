/* SPDX-License-Identifier: Apache-2.0
 * Any element as a stanza, shaped as the first two bytes say: the bytes alone never deny what the tree has; what was stripped is
 * gone, what leaves can be read, and shaping it again changes nothing; nothing is written to what came. */
#include "shape/shape.h"

#include "elements.h"
#include "label/check.h"

/* Names that the seeds have: two namespaces and one element. */
static unsigned choose(unsigned choice, struct shape_name ret_names[3])
{
	unsigned count = 0;

	if (choice & 1)
		ret_names[count++] = (struct shape_name){.ns = STR("urn:x"), .name = STR_NONE};
	if (choice & 2)
		ret_names[count++] = (struct shape_name){.ns = STR("http://jabber.org/protocol/chatstates"), .name = STR_NONE};
	if (choice & 4)
		ret_names[count++] = (struct shape_name){.ns = STR("jabber:server"), .name = STR("subject")};
	return count;
}

static struct str written(struct arena *arena, const struct xml_node *node)
{
	struct buf out = {0};
	struct str copy;

	must(xml_tree_write(node, NULL, &out) == 0);
	copy = arena_str(arena, buf_str(&out));
	buf_fini(&out);
	return copy;
}

static bool has_attribute_of(const struct xml_node *node, struct str ns)
{
	bool has = false;

	for (unsigned i = 0; i < node->attr_count; i++)
		has |= node->attrs[i].prefix.len && str_eq(node->attrs[i].ns, ns);
	for (unsigned i = 0; i < node->decl_count; i++)
		has |= str_eq(node->decls[i].uri, ns);
	for (const struct xml_node *child = node->children; child; child = child->next)
		has |= child->kind == XML_NODE_ELEMENT && has_attribute_of(child, ns);
	return has;
}

/* Nothing of what had to go is in what a reader makes of the bytes that leave. */
static void check_gone(const struct xml_node *stanza, const struct shape_order *order)
{
	for (unsigned i = 0; i < order->strip_count; i++) {
		must(!shape_has(stanza, &order->strip[i]));
		must(!str_is_absent(order->strip[i].name) || !has_attribute_of(stanza, order->strip[i].ns));
	}
	must((shape_opaque(stanza) & order->opaque) == 0);
}

static void check_shape(struct arena *arena, const struct xml_node *stanza, const struct shape_order *order)
{
	static const struct xml_limits limits = {.element_bytes = 1 << 20, .depth = 256, .attributes = 256};
	const struct str before = written(arena, stanza);
	struct shape_result result, again;
	struct xml_node *node;

	shape_apply(arena, stanza, order, &result);
	must(str_eq(before, written(arena, stanza)));
	must(result.outcome >= SHAPE_SAME && result.outcome < SHAPE_NO_MEMORY);
	must((result.shaped != NULL) == (result.outcome == SHAPE_CHANGED));
	if (result.outcome == SHAPE_SAME)
		check_gone(stanza, order);
	if (!result.shaped)
		return;
	must(xml_tree_parse(arena, written(arena, result.shaped), NULL, &limits, &node) == 0);
	check_gone(node, order);
	must(str_is(xml_node_attr(node, "type"), "error") || !label_is_sealed(node));
	must(same(xml_node_attr(node, "to"), xml_node_attr(stanza, "to")));
	shape_apply(arena, node, order, &again);
	must(again.outcome == SHAPE_SAME);
}

static void check_quick(const struct xml_reader *reader, const struct xml_element *element, struct arena *arena,
			unsigned choice)
{
	static const struct xml_limits limits = {.element_bytes = 65536, .depth = 64, .attributes = 64};
	struct shape_name name[3];
	struct xml_node *node;

	if (xml_tree_parse(arena, element->bytes, xml_reader_header(reader), &limits, &node) < 0)
		return;
	must((shape_opaque(node) & ~shape_may_be_opaque(element)) == 0);
	for (unsigned i = 0, count = choose(choice, name); i < count; i++)
		must(!shape_has(node, &name[i]) || shape_may_have(element, &name[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct shape_name names[3];
	struct shape_order order = {.strip = names};
	struct xml_reader *reader;
	struct xml_element element;
	struct arena arena = {0};
	struct buf input = {0};
	struct xml_node *node;
	struct stanza stanza;
	struct str bytes;

	if (size < 2)
		return 0;
	bytes = str_make((const char *)data + 2, size - 2);
	order.strip_count = choose(data[0], names);
	order.fold = (enum shape_fold)((data[0] >> 3) % 3);
	order.opaque = data[1] & SHAPE_OPAQUE_ALL;
	if (fuzz_element(bytes, &reader, &input, &element)) {
		check_quick(reader, &element, &arena, data[0]);
		if (stanza_parse(&element, &arena, &stanza) == 0 && (node = fuzz_tree(&arena, element.bytes)))
			check_shape(&arena, node, &order);
	}
	xml_reader_free(&reader);
	buf_fini(&input);
	arena_fini(&arena);
	return 0;
}
