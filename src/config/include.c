/* SPDX-License-Identifier: Apache-2.0
 * The files that together make one tree. */
#include "config/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* What tells one file from another, whatever its names. */
struct file_id {
	dev_t device;
	ino_t inode;
	const char *file;
	struct place place; /* of the pattern that named it; file NULL: the first file */
};

struct including {
	struct tree *tree;
	tree_is_merged_fn *is_merged;
	struct file_id ids[TREE_FILES_MAX];
	unsigned depth;
};

const char *path_resolve(struct arena *arena, const char *file, struct str path)
{
	const char *slash = file ? strrchr(file, '/') : NULL;
	const size_t folder = slash ? (size_t)(slash - file) + 1 : 0;
	char *at;

	if (folder == 0 || (path.len && path.at[0] == '/'))
		return arena_str(arena, path).at;
	if (!(at = arena_alloc(arena, folder + path.len + 1)))
		return NULL;
	memcpy(at, file, folder);
	memcpy(at + folder, path.at, path.len);
	return at;
}

static void tell_unreadable(struct including *inc, const char *file, struct place named, int error)
{
	char words[128];
	const char *reason = strerror_r(error, words, sizeof(words));

	if (named.file)
		problem_error(inc->tree->problems, named, "\"%.*s\" cannot be read: %s", STR_ARG(quote(str_of(file))), reason);
	else
		problem_error(inc->tree->problems, (struct place){.file = file}, "cannot be read: %s", reason);
}

static void tell_too_large(struct including *inc, const char *file)
{
	problem_error(inc->tree->problems, (struct place){.file = file}, "larger than %d MiB; split it and use \"include\"",
		      TREE_FILE_BYTES_MAX / 1024 / 1024);
}

/* Reads to the end or the limit. Returns 0, an errno, or EFBIG. */
static int read_bytes(int fd, struct buf *out)
{
	ssize_t got;

	out->limit = TREE_FILE_BYTES_MAX + 1;
	do {
		if (buf_len(out) > TREE_FILE_BYTES_MAX)
			return EFBIG;
		if (buf_reserve(out, buf_len(out) < 65536 ? 4096 : 1) < 0)
			return ENOMEM;
		got = read(fd, buf_space(out), out->cap - out->end);
		if (got > 0)
			buf_grew(out, (size_t)got);
	} while (got > 0 || (got < 0 && errno == EINTR));
	return got < 0 ? errno : 0;
}

/* A file that two patterns name would bring its rules twice, and one that names itself would never end. */
static bool is_new_file(struct including *inc, const struct stat *stat, const char *file, struct place named)
{
	struct tree *tree = inc->tree;

	for (unsigned i = 0; i < tree->files; i++) {
		const struct file_id *id = &inc->ids[i];

		if (id->device != stat->st_dev || id->inode != stat->st_ino)
			continue;
		if (id->place.file)
			problem_error(tree->problems, named, "\"%.*s\" is included twice (first: %s); remove one of the two",
				      STR_ARG(quote(str_of(file))), place_other(named, id->place).at);
		else
			problem_error(tree->problems, named, "\"%.*s\" is the first file itself; a file cannot include it",
				      STR_ARG(quote(str_of(file))));
		return false;
	}
	if (tree->files == TREE_FILES_MAX) {
		problem_error(tree->problems, named, "more than %d files", TREE_FILES_MAX);
		return false;
	}
	inc->ids[tree->files++] = (struct file_id){stat->st_dev, stat->st_ino, file, named};
	return true;
}

/* Returns 0 with the content, or TRUNK_ENOENT, TRUNK_EIO, TRUNK_EINVAL, TRUNK_ENOMEM; told. */
static int read_content(struct including *inc, const char *file, struct place named, struct buf *out)
{
	/* an included pipe must not hang us */
	const int fd = open(file, O_RDONLY | O_CLOEXEC | (named.file ? O_NONBLOCK : 0));
	struct stat stat = {0};
	int error;

	if (fd < 0 || fstat(fd, &stat) < 0)
		error = errno;
	else if (!is_new_file(inc, &stat, file, named))
		error = EEXIST;
	else
		error = read_bytes(fd, out);
	if (fd >= 0)
		close(fd);
	if (error == ENOMEM)
		inc->tree->problems->is_out_of_memory = true;
	else if (error == EFBIG)
		tell_too_large(inc, file);
	else if (error && error != EEXIST)
		tell_unreadable(inc, file, named, error);
	switch (error) {
	case 0:
		return 0;
	case ENOMEM:
		return TRUNK_ENOMEM;
	case ENOENT:
		return TRUNK_ENOENT;
	case EEXIST:
	case EFBIG:
		return TRUNK_EINVAL;
	default:
		return TRUNK_EIO;
	}
}

static int read_one(struct including *inc, const char *file, struct place named, struct node **ret_root);

/* What one top-level option of a file that was included adds. */
static void merge_option(struct including *inc, struct node *root, struct node *option)
{
	struct node *have = node_find(root, option->key.at);

	if (!have) {
		node_append(root, option);
		return;
	}
	if (option->is_refused)
		return;
	if (!inc->is_merged(option->key.at) || have->kind != option->kind || have->kind == NODE_SCALAR) {
		problem_error(inc->tree->problems, option->key_place,
			      "\"%.*s\" is given twice (first: %s); remove one of the two", STR_ARG(quote(option->key)),
			      place_other(option->key_place, have->key_place).at);
		return;
	}
	for (struct node *child = option->first, *next; child; child = next) {
		next = child->next;
		node_append(have, child);
	}
	if (have->kind == NODE_MAP)
		node_refuse_twice(inc->tree, have);
}

static void merge(struct including *inc, struct node *root, struct node *other)
{
	for (struct node *option = other->first, *next; option; option = next) {
		next = option->next;
		merge_option(inc, root, option);
	}
}

/* A folder that is not there has no files: that is told as such. */
static int is_glob_error(const char *path, int error)
{
	(void)path;
	return error != ENOENT;
}

static void include_glob(struct including *inc, struct node *root, const struct node *pattern)
{
	const char *path = path_resolve(&inc->tree->arena, pattern->place.file, pattern->text);
	glob_t found = {0};
	int err;

	if (!path) {
		inc->tree->problems->is_out_of_memory = true;
		return;
	}
	err = glob(path, 0, is_glob_error, &found);
	if (err == GLOB_NOMATCH && strpbrk(path, "*?["))
		problem_warning(inc->tree->problems, pattern->place, "no file fits \"%.*s\"", STR_ARG(quote(str_of(path))));
	else if (err == GLOB_NOMATCH)
		tell_unreadable(inc, path, pattern->place, ENOENT);
	else if (err == GLOB_NOSPACE)
		inc->tree->problems->is_out_of_memory = true;
	else if (err)
		tell_unreadable(inc, path, pattern->place, errno ? errno : EIO);
	for (size_t i = 0; err == 0 && i < found.gl_pathc; i++) {
		const struct str file = arena_str(&inc->tree->arena, str_of(found.gl_pathv[i]));
		struct node *other;

		if (str_is_absent(file))
			inc->tree->problems->is_out_of_memory = true;
		else if (read_one(inc, file.at, pattern->place, &other) == 0)
			merge(inc, root, other);
	}
	globfree(&found);
}

static bool is_pattern(struct including *inc, const struct node *node)
{
	if (node->is_refused)
		return false;
	if (node->kind == NODE_SCALAR && node->text.len && !memchr(node->text.at, '\n', node->text.len))
		return true;
	problem_error(inc->tree->problems, node->place, "\"include\" must be a list of paths such as conf.d/*.yaml, not %s",
		      node->kind == NODE_SCALAR ? "an empty one or several lines" : node_kind_text(node));
	return false;
}

static void include(struct including *inc, struct node *root)
{
	const struct node *patterns = node_find(root, "include");

	if (!patterns)
		return;
	node_unlink(root, "include");
	if (inc->depth == TREE_INCLUDE_DEPTH_MAX) {
		problem_error(inc->tree->problems, patterns->key_place, "files include each other more than %d deep",
			      TREE_INCLUDE_DEPTH_MAX);
		return;
	}
	inc->depth++;
	if (patterns->kind != NODE_LIST && is_pattern(inc, patterns))
		include_glob(inc, root, patterns);
	if (patterns->kind == NODE_LIST)
		for (const struct node *pattern = patterns->first; pattern; pattern = pattern->next)
			if (is_pattern(inc, pattern))
				include_glob(inc, root, pattern);
	inc->depth--;
}

static int read_one(struct including *inc, const char *file, struct place named, struct node **ret_root)
{
	struct buf content = {0};
	struct node *root = NULL;
	int err;

	err = read_content(inc, file, named, &content);
	if (err == 0 && !(root = tree_read_text(inc->tree, buf_str(&content), file)))
		err = TRUNK_EINVAL;
	buf_fini(&content);
	if (err < 0)
		return err;
	if (root->kind != NODE_MAP)
		return tree_refuse_root(inc->tree, root);
	include(inc, root);
	*ret_root = root;
	return 0;
}

int tree_read_file(struct tree *tree, const char *file, tree_is_merged_fn *is_merged, struct node **ret_root)
{
	struct including *inc = calloc(1, sizeof(*inc));
	int err;

	if (!inc)
		return TRUNK_ENOMEM;
	inc->tree = tree;
	inc->is_merged = is_merged;
	err = read_one(inc, file, (struct place){0}, ret_root);
	free(inc);
	return tree->problems->is_out_of_memory ? TRUNK_ENOMEM : err;
}
