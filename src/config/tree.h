/* SPDX-License-Identifier: Apache-2.0
 * YAML as a small tree in which each node knows its place, and the files that together make one. */
#ifndef TRUNK_CONFIG_TREE_H
#define TRUNK_CONFIG_TREE_H

#include "config/problem.h"

enum {
	TREE_DEPTH_MAX = 32,            /* lists and maps in each other */
	TREE_NODES_MAX = 200 * 1000,    /* of all files together */
	TREE_FILES_MAX = 1000,
	TREE_FILE_BYTES_MAX = 8 * 1024 * 1024,
	TREE_INCLUDE_DEPTH_MAX = 8,     /* files that include each other in a chain */
	TREE_ARENA_BYTES_MAX = 128 * 1024 * 1024,
};

enum node_kind { NODE_SCALAR = 1, NODE_LIST, NODE_MAP };

struct node {
	enum node_kind kind;
	bool is_empty;                  /* scalar that was left out: "key:" */
	bool is_refused;                /* what stands here was refused already and told: to be passed over */
	struct place place;
	struct str text;                /* scalar; ends in NUL, holds none; no control characters but tab and line feed */
	unsigned text_column;           /* of its first character, where it is one line without escapes; else 0 */
	struct node *first, *last;      /* children of a list or map */
	unsigned count;
	struct node *next;
	struct str key;                 /* member of a map: its key; ends in NUL, holds none */
	struct place key_place;
	unsigned order;                 /* in which the nodes were read */
};

/* Where nodes come from and go to. */
struct tree {
	struct arena arena;             /* holds all nodes and texts */
	struct problems *problems;
	unsigned nodes, files;          /* read so far */
};

/* The member of a map with that key, or NULL (also where `map` is no map). */
struct node *node_find(const struct node *map, const char *key);
void node_append(struct node *parent, struct node *child);
void node_unlink(struct node *parent, const char *key);

/* How many characters the bytes of a UTF-8 text are. */
unsigned text_characters(struct str text);

/* The place of a character inside of a scalar's text: exact where the text stands for itself, else that of the scalar. */
struct place node_place_at(const struct node *node, size_t offset);

/* Tells of every key that stands twice in a map, naming both places, and marks all but the first as refused. */
void node_refuse_twice(struct tree *tree, struct node *map);

/* "a list", "a map", … for messages. */
const char *node_kind_text(const struct node *node);

/* Reads one document. Anchors, aliases, tags, merge keys, further documents and keys that stand twice are told as errors; the
 * tree is then still returned, so that more can be told. NULL: nothing can be made of it, or no memory; that was told too.
 * `file` names it in places; kept, not copied. A text without a document gives an empty map. */
struct node *tree_read_text(struct tree *tree, struct str text, const char *file);

/* Tells that a document is no map. Always TRUNK_EINVAL. */
int tree_refuse_root(struct tree *tree, const struct node *root);

/* Which options grow when several files have them; all others may stand in one file only. */
typedef bool tree_is_merged_fn(const char *key);

/* Reads a file and what its `include` names, and makes one map of them. The naming file comes first, then the included ones in
 * the order of the globs and, within a glob, sorted by name. Returns 0 with the tree, or TRUNK_ENOENT, TRUNK_EIO (the file
 * itself), TRUNK_EINVAL (nothing can be made of the content), TRUNK_ENOMEM. Errors that leave a tree are only told. */
int tree_read_file(struct tree *tree, const char *file, tree_is_merged_fn *is_merged, struct node **ret_root);

/* `path` as seen from the folder of `file`: kept where it is absolute or `file` has no folder. NULL: no memory. */
const char *path_resolve(struct arena *arena, const char *file, struct str path);

#endif
