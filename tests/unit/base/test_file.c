/* SPDX-License-Identifier: Apache-2.0
 * Small files that neither a crash nor a full disk spoils. */
#include "base/base.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>

static char folder[] = "/tmp/trunk-file-XXXXXX", path[64];

static unsigned files_in_folder(void)
{
	DIR *dir = opendir(folder);
	unsigned count = 0;

	assert_non_null(dir);
	for (const struct dirent *entry; (entry = readdir(dir));)
		count += entry->d_name[0] != '.' || entry->d_name[1] == 'n';
	closedir(dir);
	return count;
}

static void has(const char *content)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct buf text = {0};
	struct stat stat;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &stat), 0);
	assert_int_equal(stat.st_mode & 0777, 0600);
	assert_int_equal(fd_read_all(fd, &text), 0);
	close(fd);
	assert_true(str_is(buf_str(&text), content));
	buf_fini(&text);
	assert_int_equal(files_in_folder(), 1);
}

static void the_new_content_takes_the_old_ones_place(void **state)
{
	(void)state;
	assert_int_equal(file_replace(folder, path, STR("old")), 0);
	has("old");
	assert_int_equal(file_replace(folder, path, STR("new, and longer")), 0);
	has("new, and longer");
}

static void a_full_disk_leaves_the_old_file_and_nothing_beside_it(void **state)
{
	struct rlimit limit;
	rlim_t was;

	(void)state;
	assert_int_equal(file_replace(folder, path, STR("old")), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	was = limit.rlim_cur;
	limit.rlim_cur = 4;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(file_replace(folder, path, STR("too much")), TRUNK_EIO);
	limit.rlim_cur = was;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	has("old");
	assert_int_equal(file_replace("/proc/self/fdinfo", "/proc/self/fdinfo/x", STR("x")), TRUNK_EIO);
}

static void reading_ends_at_the_buffers_limit(void **state)
{
	struct buf text = {.limit = 8192};
	char much[20000];
	int fd;

	(void)state;
	memset(much, 'x', sizeof(much));
	assert_int_equal(file_replace(folder, path, str_make(much, sizeof(much))), 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(fd_read_all(fd, &text), TRUNK_ELIMIT);
	close(fd);
	buf_fini(&text);
	fd = open(folder, O_RDONLY | O_CLOEXEC);
	assert_int_equal(fd_read_all(fd, &text), TRUNK_EIO);
	close(fd);
	buf_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_new_content_takes_the_old_ones_place),
		cmocka_unit_test(a_full_disk_leaves_the_old_file_and_nothing_beside_it),
		cmocka_unit_test(reading_ends_at_the_buffers_limit),
	};
	int result;

	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof(path), "%s/file", folder);
	result = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	rmdir(folder);
	return result;
}
