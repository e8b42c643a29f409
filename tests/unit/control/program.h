/* SPDX-License-Identifier: Apache-2.0
 * Runs trunkctl inside of a test, and plays the daemon that it talks to. */
#ifndef TRUNK_TEST_CONTROL_PROGRAM_H
#define TRUNK_TEST_CONTROL_PROGRAM_H

#include "control/trunkctl.h"

#include <pthread.h>

struct program {
	enum ctl_exit exit;
	char *out, *err;
};

/* Words end with NULL; the program's own name is put before them. */
void program_run(struct program *program, const char *const *words);
void program_fini(struct program *program);

#define RUN(program, ...) program_run((program), (const char *const[]){__VA_ARGS__, NULL})

/* A folder of its own with files in it. */
struct folder {
	char path[64];
};

void folder_make(struct folder *folder);
void folder_remove(struct folder *folder);                              /* with its files */
void folder_file(const struct folder *folder, const char *name, char *ret_path, size_t size);
void folder_write(const struct folder *folder, const char *name, const char *text, char *ret_path, size_t size);

/* Answers one connection with `answer` after it has read one line, which it keeps. */
struct daemon_double {
	int listener;
	const char *answer;
	char heard[4096];
	pthread_t thread;
};

void daemon_double_start(struct daemon_double *daemon, const char *path, const char *answer);
void daemon_double_end(struct daemon_double *daemon);

#endif
