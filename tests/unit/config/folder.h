/* SPDX-License-Identifier: Apache-2.0
 * A folder of files for one test. */
#ifndef TRUNK_TEST_CONFIG_FOLDER_H
#define TRUNK_TEST_CONFIG_FOLDER_H

#include "loads.h"

#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder {
	char path[64];
};

static inline struct folder folder_new(void)
{
	struct folder folder = {"/tmp/trunk-config-XXXXXX"};

	assert_non_null(mkdtemp(folder.path));
	return folder;
}

static inline const char *folder_file(const struct folder *folder, const char *name, char ret_path[static 256])
{
	snprintf(ret_path, 256, "%s/%s", folder->path, name);
	return ret_path;
}

static inline void folder_write(const struct folder *folder, const char *name, const char *content)
{
	char path[256];
	FILE *file = fopen(folder_file(folder, name, path), "w");

	assert_non_null(file);
	assert_true(fputs(content, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static inline void folder_mkdir(const struct folder *folder, const char *name)
{
	char path[256];

	assert_int_equal(mkdir(folder_file(folder, name, path), 0700), 0);
}

static inline int folder_remove_one(const char *path, const struct stat *stat, int kind, struct FTW *walk)
{
	(void)stat;
	(void)kind;
	(void)walk;
	return remove(path);
}

static inline void folder_free(const struct folder *folder)
{
	assert_int_equal(nftw(folder->path, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* Loads a file of the folder and expects these messages, in which the folder's own path is left out. */
static inline struct config *folder_load(const struct folder *folder, const char *name, const char *messages, int expected)
{
	struct config *config = NULL;
	struct buf out = {0}, shown = {0};
	const size_t len = strlen(folder->path);
	char path[256];

	assert_int_equal(config_load(folder_file(folder, name, path), keep_message, &out, &config), expected);
	assert_int_equal(buf_add(&out, str_make("", 1)), 0);
	for (const char *at = buf_str(&out).at; *at;) {
		if (strncmp(at, folder->path, len) == 0 && at[len] == '/') {
			at += len + 1;
			continue;
		}
		assert_int_equal(buf_add(&shown, str_make(at++, 1)), 0);
	}
	assert_int_equal(buf_add(&shown, str_make("", 1)), 0);
	assert_string_equal(buf_str(&shown).at, messages);
	buf_fini(&shown);
	buf_fini(&out);
	return config;
}

#endif
