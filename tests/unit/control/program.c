/* SPDX-License-Identifier: Apache-2.0
 * Runs trunkctl inside of a test. */
#include "program.h"

#include <assert.h>
#include <dirent.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void program_run(struct program *program, const char *const *words)
{
	const char *argv[32] = {"trunkctl"};
	size_t out_len, err_len;
	FILE *out = open_memstream(&program->out, &out_len), *err = open_memstream(&program->err, &err_len);
	int argc = 1;

	while (*words)
		argv[argc++] = *words++;
	program->exit = ctl_main(argc, argv, out, err);
	fclose(out);
	fclose(err);
}

void program_fini(struct program *program)
{
	free(program->out);
	free(program->err);
	*program = (struct program){0};
}

void folder_make(struct folder *folder)
{
	strcpy(folder->path, "/tmp/trunk-program-XXXXXX");
	assert(mkdtemp(folder->path));
}

void folder_file(const struct folder *folder, const char *name, char *ret_path, size_t size)
{
	snprintf(ret_path, size, "%s/%s", folder->path, name);
}

void folder_remove(struct folder *folder)
{
	DIR *dir = opendir(folder->path);
	struct dirent *entry;
	char path[512];

	while ((entry = readdir(dir))) {
		folder_file(folder, entry->d_name, path, sizeof(path));
		unlink(path);
	}
	closedir(dir);
	rmdir(folder->path);
}

void folder_write(const struct folder *folder, const char *name, const char *text, char *ret_path, size_t size)
{
	FILE *file;

	folder_file(folder, name, ret_path, size);
	file = fopen(ret_path, "w");
	assert(file);
	fputs(text, file);
	fclose(file);
}

static void *answer_one(void *ctx)
{
	struct daemon_double *daemon = ctx;
	const int fd = accept(daemon->listener, NULL, NULL);
	size_t len = 0;

	while (len < sizeof(daemon->heard) - 1 && recv(fd, daemon->heard + len, 1, 0) == 1 && daemon->heard[len] != '\n')
		len++;
	daemon->heard[len] = '\0';
	send(fd, daemon->answer, strlen(daemon->answer), MSG_NOSIGNAL);
	close(fd);
	return NULL;
}

void daemon_double_start(struct daemon_double *daemon, const char *path, const char *answer)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	*daemon = (struct daemon_double){.answer = answer, .listener = socket(AF_UNIX, SOCK_STREAM, 0)};
	strcpy(at.sun_path, path);
	unlink(path);
	assert(bind(daemon->listener, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(daemon->listener, 1) == 0);
	pthread_create(&daemon->thread, NULL, answer_one, daemon);
}

void daemon_double_end(struct daemon_double *daemon)
{
	pthread_join(daemon->thread, NULL);
	close(daemon->listener);
}
