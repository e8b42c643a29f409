/* SPDX-License-Identifier: Apache-2.0
 * Stands in for libFuzzer in ordinary builds: runs a target over the files and folders that are named. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int runs;

static void run_file(const char *path, size_t size)
{
	uint8_t *data = malloc(size ? size : 1);
	FILE *file = fopen(path, "rb");

	if (!data || !file || fread(data, 1, size, file) != size) {
		perror(path);
		exit(1);
	}
	fclose(file);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	runs++;
}

static void run_path(const char *path)
{
	struct stat st;
	struct dirent *entry;
	char inside[4096];
	DIR *dir;

	if (stat(path, &st) < 0) {
		perror(path);
		exit(1);
	}
	if (!S_ISDIR(st.st_mode)) {
		run_file(path, (size_t)st.st_size);
		return;
	}
	if (!(dir = opendir(path))) {
		perror(path);
		exit(1);
	}
	while ((entry = readdir(dir))) {
		snprintf(inside, sizeof(inside), "%s/%s", path, entry->d_name);
		if (entry->d_name[0] != '.')
			run_path(inside);
	}
	closedir(dir);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		run_path(argv[i]);
	printf("%d inputs\n", runs);
	return runs > 0 ? 0 : 1;
}
