/* SPDX-License-Identifier: Apache-2.0
 * The nodes of a tree. */
#include "config/tree.h"

#include <stdlib.h>

struct node *node_find(const struct node *map, const char *key)
{
	if (!map || map->kind != NODE_MAP)
		return NULL;
	for (struct node *child = map->first; child; child = child->next)
		if (str_is(child->key, key))
			return child;
	return NULL;
}

void node_append(struct node *parent, struct node *child)
{
	child->next = NULL;
	if (parent->last)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
	parent->count++;
}

void node_unlink(struct node *parent, const char *key)
{
	struct node *child = parent->first;

	parent->first = parent->last = NULL;
	parent->count = 0;
	while (child) {
		struct node *next = child->next;

		if (!str_is(child->key, key))
			node_append(parent, child);
		child = next;
	}
}

unsigned text_characters(struct str text)
{
	unsigned count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += ((unsigned char)text.at[i] & 0xc0) != 0x80;
	return count;
}

struct place node_place_at(const struct node *node, size_t offset)
{
	struct place place = node->place;

	if (node->text_column)
		place.column = node->text_column + text_characters(str_until(node->text, offset));
	return place;
}

const char *node_kind_text(const struct node *node)
{
	switch (node->kind) {
	case NODE_LIST:
		return "a list";
	case NODE_MAP:
		return "a map";
	case NODE_SCALAR:
		break;
	}
	return node->is_empty ? "nothing" : "a single value";
}

static int by_key_and_order(const void *a, const void *b)
{
	const struct node *x = *(const struct node *const *)a, *y = *(const struct node *const *)b;
	const size_t len = x->key.len < y->key.len ? x->key.len : y->key.len;
	const int order = len ? memcmp(x->key.at, y->key.at, len) : 0;

	if (order)
		return order;
	if (x->key.len != y->key.len)
		return x->key.len < y->key.len ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void tell_twice(struct tree *tree, const struct node *first, const struct node *again)
{
	problem_error(tree->problems, again->key_place, "\"%.*s\" is given twice (first: %s); remove one of the two",
		      STR_ARG(quote(again->key)), place_other(again->key_place, first->key_place).at);
}

void node_refuse_twice(struct tree *tree, struct node *map)
{
	const unsigned count = map->count;
	struct node **sorted, *kept = NULL;
	unsigned n = 0;

	if (count < 2)
		return;
	if (!(sorted = calloc(count, sizeof(struct node *)))) {
		tree->problems->is_out_of_memory = true;
		return;
	}
	for (struct node *child = map->first; child; child = child->next)
		sorted[n++] = child;
	qsort(sorted, count, sizeof(struct node *), by_key_and_order);
	for (unsigned i = 0; i < count; i++) {
		if (!kept || !str_eq(kept->key, sorted[i]->key)) {
			kept = sorted[i];
		} else if (!sorted[i]->is_refused) {
			tell_twice(tree, kept, sorted[i]);
			sorted[i]->is_refused = true;
		}
	}
	free(sorted);
}

int tree_refuse_root(struct tree *tree, const struct node *root)
{
	if (!root->is_refused)
		problem_error(tree->problems, root->place,
			      "a map of options is expected here, such as \"trunk: trunk.example.com\", not %s",
			      node_kind_text(root));
	return TRUNK_EINVAL;
}
