/* SPDX-License-Identifier: Apache-2.0
 * One YAML text into a tree, by libyaml's events, with everything refused that could hide a meaning. */
#include "config/tree.h"

#include <yaml.h>

struct reader {
	yaml_parser_t parser;
	struct tree *tree;
	struct str text;
	const char *file;
	struct node *open[TREE_DEPTH_MAX]; /* lists and maps that have begun */
	struct str keys[TREE_DEPTH_MAX];   /* of each open map: the key whose value comes next; absent: a key comes next */
	struct place key_places[TREE_DEPTH_MAX];
	unsigned depth, documents;
	struct node *root;
};

static struct place place_of(const struct reader *reader, yaml_mark_t mark)
{
	return (struct place){reader->file, (unsigned)mark.line + 1, (unsigned)mark.column + 1};
}

/* Line and column of a byte: libyaml gives only an offset for what it cannot read as characters. */
static struct place place_of_byte(const struct reader *reader, size_t offset)
{
	struct place place = {reader->file, 1, 1};

	for (size_t i = 0; i < offset && i < reader->text.len; i++) {
		if (reader->text.at[i] == '\n') {
			place.line++;
			place.column = 1;
		} else {
			place.column += ((unsigned char)reader->text.at[i] & 0xc0) != 0x80;
		}
	}
	return place;
}

static void tell_syntax(struct reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	const char *problem = parser->problem ? parser->problem : "this cannot be read as YAML";

	if (parser->error == YAML_MEMORY_ERROR)
		reader->tree->problems->is_out_of_memory = true;
	else if (parser->error == YAML_READER_ERROR)
		problem_error(reader->tree->problems, place_of_byte(reader, parser->problem_offset), "%s", problem);
	else if (parser->context && parser->context_mark.line != parser->problem_mark.line)
		problem_error(reader->tree->problems, place_of(reader, parser->problem_mark), "%s %s (it began on line %zu)",
			      problem, parser->context, parser->context_mark.line + 1);
	else
		problem_error(reader->tree->problems, place_of(reader, parser->problem_mark), "%s%s%s", problem,
			      parser->context ? " " : "", parser->context ? parser->context : "");
}

static bool has_control(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		const unsigned char c = (unsigned char)text.at[i];

		if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
			return true;
	}
	return false;
}

static struct node *node_new(struct reader *reader, enum node_kind kind, yaml_mark_t mark)
{
	struct tree *tree = reader->tree;
	struct node *node;

	if (tree->nodes >= TREE_NODES_MAX) {
		problem_error(tree->problems, place_of(reader, mark),
			      "more than %d values; split the work between several trunks", TREE_NODES_MAX);
		return NULL;
	}
	if (!(node = arena_alloc(&tree->arena, sizeof(*node)))) {
		tree->problems->is_out_of_memory = true;
		return NULL;
	}
	node->kind = kind;
	node->place = place_of(reader, mark);
	node->order = tree->nodes++;
	return node;
}

/* Hangs a node below the innermost open list or map. */
static void attach(struct reader *reader, struct node *node)
{
	struct node *parent = reader->depth ? reader->open[reader->depth - 1] : NULL;

	if (!parent) {
		reader->root = node;
		return;
	}
	if (parent->kind == NODE_MAP) {
		node->key = reader->keys[reader->depth - 1];
		node->key_place = reader->key_places[reader->depth - 1];
		reader->keys[reader->depth - 1] = STR_NONE;
	}
	node_append(parent, node);
}

static bool is_key_next(const struct reader *reader)
{
	return reader->depth && reader->open[reader->depth - 1]->kind == NODE_MAP &&
	       str_is_absent(reader->keys[reader->depth - 1]);
}

static struct str shown(const yaml_char_t *name)
{
	return quote(str_of((const char *)name));
}

static void refuse_names(struct reader *reader, const yaml_event_t *event, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	const struct place place = place_of(reader, event->start_mark);
	struct problems *problems = reader->tree->problems;

	if (anchor)
		problem_error(problems, place, "anchor \"&%.*s\" is not allowed; write the value out where it is needed",
			      STR_ARG(shown(anchor)));
	if (tag)
		problem_error(problems, place, "tag \"%.*s\" is not allowed; remove it, for each option knows its own type",
			      STR_ARG(shown(tag)));
}

static struct str copy(struct reader *reader, const yaml_event_t *event)
{
	const struct str text =
		arena_str(&reader->tree->arena, str_make((const char *)event->data.scalar.value, event->data.scalar.length));

	if (str_is_absent(text))
		reader->tree->problems->is_out_of_memory = true;
	return text;
}

static bool read_key(struct reader *reader, const yaml_event_t *event)
{
	const struct place place = place_of(reader, event->start_mark);
	const struct str key = copy(reader, event);

	if (str_is_absent(key))
		return false;
	refuse_names(reader, event, event->data.scalar.anchor, event->data.scalar.tag);
	if (key.len == 0 || has_control(key) || memchr(key.at, '\n', key.len)) {
		problem_error(reader->tree->problems, place, "a key is one line of text and not empty");
		return false;
	}
	if (str_is(key, "<<") && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		problem_error(reader->tree->problems, place,
			      "merge key \"<<\" is not allowed; write the values out where they are needed");
	reader->keys[reader->depth - 1] = key;
	reader->key_places[reader->depth - 1] = place;
	return true;
}

/* Where each character of a scalar stands for itself, its column is that of the text; a quote in front takes one. */
static unsigned column_of_text(const yaml_event_t *event, struct str text)
{
	const bool is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	const size_t marks = event->end_mark.index - event->start_mark.index;

	if (event->start_mark.line != event->end_mark.line || marks != text_characters(text) + (is_plain ? 0U : 2U))
		return 0;
	return (unsigned)event->start_mark.column + (is_plain ? 1 : 2);
}

static bool read_scalar(struct reader *reader, const yaml_event_t *event)
{
	struct node *node;

	if (is_key_next(reader))
		return read_key(reader, event);
	if (!(node = node_new(reader, NODE_SCALAR, event->start_mark)))
		return false;
	node->text = copy(reader, event);
	if (str_is_absent(node->text))
		return false;
	refuse_names(reader, event, event->data.scalar.anchor, event->data.scalar.tag);
	if (has_control(node->text)) {
		problem_error(reader->tree->problems, node->place, "control characters are not allowed, also not as escapes");
		node->is_refused = true;
	}
	node->is_empty = node->text.len == 0 && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->text_column = column_of_text(event, node->text);
	attach(reader, node);
	return true;
}

/* The value itself is missing, so what would complain about that is spared. */
static bool read_alias(struct reader *reader, const yaml_event_t *event)
{
	struct node *node;

	problem_error(reader->tree->problems, place_of(reader, event->start_mark),
		      "alias \"*%.*s\" is not allowed; write the value out, or put it in quotes where a pattern is meant",
		      STR_ARG(shown(event->data.alias.anchor)));
	if (is_key_next(reader))
		return false;
	if (!(node = node_new(reader, NODE_SCALAR, event->start_mark)))
		return false;
	node->text = STR("");
	node->is_refused = true;
	attach(reader, node);
	return true;
}

static bool read_open(struct reader *reader, const yaml_event_t *event, enum node_kind kind)
{
	const struct place place = place_of(reader, event->start_mark);
	struct node *node;

	if (is_key_next(reader)) {
		problem_error(reader->tree->problems, place,
			      "a key is one line of text, not a list or map; put it in quotes where it is meant as text");
		return false;
	}
	if (reader->depth == TREE_DEPTH_MAX) {
		problem_error(reader->tree->problems, place, "more than %d lists and maps in each other", TREE_DEPTH_MAX);
		return false;
	}
	if (!(node = node_new(reader, kind, event->start_mark)))
		return false;
	if (kind == NODE_MAP)
		refuse_names(reader, event, event->data.mapping_start.anchor, event->data.mapping_start.tag);
	else
		refuse_names(reader, event, event->data.sequence_start.anchor, event->data.sequence_start.tag);
	attach(reader, node);
	reader->keys[reader->depth] = STR_NONE;
	reader->open[reader->depth++] = node;
	return true;
}

static bool read_document(struct reader *reader, const yaml_event_t *event)
{
	if (++reader->documents == 1)
		return true;
	problem_error(reader->tree->problems, place_of(reader, event->start_mark),
		      "a second document begins here; one file holds one");
	return false;
}

static bool read_event(struct reader *reader, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return read_document(reader, event);
	case YAML_ALIAS_EVENT:
		return read_alias(reader, event);
	case YAML_SCALAR_EVENT:
		return read_scalar(reader, event);
	case YAML_SEQUENCE_START_EVENT:
		return read_open(reader, event, NODE_LIST);
	case YAML_MAPPING_START_EVENT:
		return read_open(reader, event, NODE_MAP);
	case YAML_SEQUENCE_END_EVENT:
		reader->depth--;
		return true;
	case YAML_MAPPING_END_EVENT:
		node_refuse_twice(reader->tree, reader->open[--reader->depth]);
		return true;
	default:
		return true;
	}
}

static bool read_all(struct reader *reader)
{
	yaml_event_t event;
	bool is_going, is_end = false;

	do {
		if (!yaml_parser_parse(&reader->parser, &event)) {
			tell_syntax(reader);
			return false;
		}
		is_end = event.type == YAML_STREAM_END_EVENT;
		is_going = read_event(reader, &event);
		yaml_event_delete(&event);
	} while (is_going && !is_end);
	return is_going;
}

static struct node *empty_map(struct reader *reader)
{
	return node_new(reader, NODE_MAP, (yaml_mark_t){0});
}

struct node *tree_read_text(struct tree *tree, struct str text, const char *file)
{
	struct reader reader = {.tree = tree, .text = text, .file = file};
	bool is_whole;

	if (str_starts(text, STR("\xef\xbb\xbf")))
		reader.text = text = str_from(text, 3); /* a byte order mark that editors leave */
	if (!yaml_parser_initialize(&reader.parser)) {
		tree->problems->is_out_of_memory = true;
		return NULL;
	}
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text.at, text.len);
	is_whole = read_all(&reader);
	yaml_parser_delete(&reader.parser);
	if (!is_whole)
		return NULL;
	return reader.root ? reader.root : empty_map(&reader);
}
