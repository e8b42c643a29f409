/* SPDX-License-Identifier: Apache-2.0
 * The dialback secret on disk: made once, replaced whole or not at all, never read from a file that others may read. */
#include "daemon/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { WALL_MS = 1000000 };

/* ---- a disk that fails: the linker puts these in front of the system's calls ---- */

static int steps_until_failure = -1;    /* calls that still work; below zero: all */
static ssize_t room = -1;               /* bytes that the disk still takes; below zero: all */

static bool fails(int error)
{
	if (steps_until_failure < 0 || steps_until_failure-- > 0)
		return false;
	errno = error;
	return true;
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
ssize_t __real_write(int fd, const void *at, size_t len);
ssize_t __wrap_write(int fd, const void *at, size_t len);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_close(int fd);
int __wrap_close(int fd);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

int __wrap_open(const char *path, int flags, ...)
{
	return __wrap_open64(path, flags, 0600);
}

int __wrap_open64(const char *path, int flags, ...)
{
	return fails(EMFILE) ? -1 : __real_open64(path, flags, 0600);
}

ssize_t __wrap_write(int fd, const void *at, size_t len)
{
	ssize_t n;

	if (fails(EIO))
		return -1;
	if (room < 0 || fd <= STDERR_FILENO)
		return __real_write(fd, at, len);
	if (room == 0 && len > 0) {
		errno = ENOSPC;
		return -1;
	}
	n = __real_write(fd, at, len < (size_t)room ? len : (size_t)room);
	if (n > 0)
		room -= n;
	return n;
}

int __wrap_fsync(int fd)
{
	return fails(EIO) ? -1 : __real_fsync(fd);
}

int __wrap_close(int fd)
{
	const int err = __real_close(fd);

	return fails(EDQUOT) ? -1 : err;        /* some file systems tell of a full disk only here */
}

int __wrap_rename(const char *from, const char *to)
{
	return fails(EIO) ? -1 : __real_rename(from, to);
}

/* ---- a state folder ---- */

struct state {
	char folder[64], file[96], fresh[96];
	struct buf why;
};

static int set_up(void **state)
{
	static struct state s;

	s = (struct state){.folder = "/tmp/trunk-secret-XXXXXX"};
	if (!mkdtemp(s.folder))
		return -1;
	snprintf(s.file, sizeof(s.file), "%s/dialback.secret", s.folder);
	snprintf(s.fresh, sizeof(s.fresh), "%s/dialback.secret.new", s.folder);
	steps_until_failure = -1;
	room = -1;
	*state = &s;
	return 0;
}

static int tear_down(void **state)
{
	struct state *s = *state;

	unlink(s->file);
	unlink(s->fresh);
	rmdir(s->folder);
	buf_fini(&s->why);
	return 0;
}

static int load(struct state *s, struct dialback_secrets *ret_secrets)
{
	buf_clear(&s->why);
	return secret_load(s->folder, WALL_MS, ret_secrets, &s->why);
}

static void put(const struct state *s, const char *text, mode_t mode)
{
	FILE *file = fopen(s->file, "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(s->file, mode), 0);
}

static void content(const struct state *s, char ret_text[static 8192])
{
	FILE *file = fopen(s->file, "re");

	assert_non_null(file);
	ret_text[fread(ret_text, 1, 8191, file)] = '\0';
	fclose(file);
}

static bool why_names(const struct state *s, const char *word)
{
	return memmem(buf_str(&s->why).at, buf_len(&s->why), word, strlen(word)) != NULL;
}

/* ---- making and reading ---- */

static void a_secret_is_made_once_private_and_read_again(void **state)
{
	struct dialback_secrets first, second;
	struct state *s = *state;
	struct stat stat_now;

	assert_int_equal(load(s, &first), 0);
	assert_int_equal(strlen(first.current), 64);
	assert_int_equal(strspn(first.current, "0123456789abcdef"), 64);
	assert_string_equal(first.previous, "");
	assert_int_equal(stat(s->file, &stat_now), 0);
	assert_int_equal(stat_now.st_mode & 07777, 0600);
	assert_int_equal(access(s->fresh, F_OK), -1);
	assert_int_equal(load(s, &second), 0);
	assert_string_equal(second.current, first.current);
}

static void two_states_have_two_secrets(void **state)
{
	struct dialback_secrets first, second;
	struct state *s = *state;

	assert_int_equal(load(s, &first), 0);
	assert_int_equal(unlink(s->file), 0);
	assert_int_equal(load(s, &second), 0);
	assert_string_not_equal(first.current, second.current);
}

static void a_file_with_a_previous_secret_is_read(void **state)
{
	struct dialback_secrets secrets;
	struct state *s = *state;

	put(s, "current 0123456789abcdef\nprevious fedcba9876543210 5000\n", 0600);
	assert_int_equal(load(s, &secrets), 0);
	assert_string_equal(secrets.current, "0123456789abcdef");
	assert_string_equal(secrets.previous, "fedcba9876543210");
	assert_int_equal(secrets.previous_until_ms, 5000);
}

static void a_missing_folder_is_named(void **state)
{
	struct dialback_secrets secrets = {.current = "untouched"};
	struct state *s = *state;

	assert_int_equal(secret_load("/nowhere/at/all", WALL_MS, &secrets, &s->why), TRUNK_EIO);
	assert_true(why_names(s, "/nowhere/at/all"));
	assert_string_equal(secrets.current, "untouched");
	assert_int_equal(secret_load("/nowhere/at/all", WALL_MS, &secrets, NULL), TRUNK_EIO);
}

static void a_file_that_others_may_read_is_refused(void **state)
{
	static const mode_t modes[] = {0640, 0604, 0660, 0644, 0601, 0777};
	struct dialback_secrets secrets = {.current = "untouched"};
	struct state *s = *state;

	put(s, "current 0123456789abcdef\n", 0400);
	assert_int_equal(load(s, &secrets), 0);
	secrets = (struct dialback_secrets){.current = "untouched"};
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		put(s, "current 0123456789abcdef\n", modes[i]);
		assert_int_equal(load(s, &secrets), TRUNK_EPERM);
		assert_true(why_names(s, s->file) && why_names(s, "chmod 600"));
	}
	assert_string_equal(secrets.current, "untouched");
}

/* An unreadable or damaged file is an error, never overwritten: with a new secret peers would refuse us, and nobody would know
 * why. */
static void a_damaged_file_is_refused_and_left_alone(void **state)
{
	static const char *const damaged[] = {
		"",
		"\n",
		"current\n",
		"current \n",
		"current short\n",
		"current 0123456789 abcdef\n",
		"0123456789abcdef\n",
		"previous 0123456789abcdef 5\n",
		"current 0123456789abcdef\nprevious 0123456789abcdef\n",
		"current 0123456789abcdef\r\n",
		"current 0123456789abcdef\nprevious 0123456789abcdef -5\n",
		"current 0123456789abcdef\nextra 1\n",
		"current 0123456789abcde\x01\n",
	};
	struct dialback_secrets secrets = {.current = "untouched"};
	struct state *s = *state;
	char text[8192];

	for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		put(s, damaged[i], 0600);
		if (load(s, &secrets) != TRUNK_EINVAL)
			fail_msg("'%s' was taken", damaged[i]);
		assert_true(why_names(s, s->file) && why_names(s, "move it away"));
		content(s, text);
		assert_string_equal(text, damaged[i]);
	}
	assert_string_equal(secrets.current, "untouched");
}

static void a_file_longer_than_any_of_ours_is_refused(void **state)
{
	struct dialback_secrets secrets = {.current = "untouched"};
	struct state *s = *state;
	char text[6000];

	memset(text, '\n', sizeof(text));
	memcpy(text, "current 0123456789abcdef", 24);
	text[sizeof(text) - 1] = '\0';
	put(s, text, 0600);
	assert_int_equal(load(s, &secrets), TRUNK_EINVAL);
	text[1000] = '\0';
	put(s, text, 0600);
	assert_int_equal(load(s, &secrets), 0);
}

static void a_link_in_place_of_the_file_is_not_followed(void **state)
{
	struct dialback_secrets secrets;
	struct state *s = *state;

	put(s, "current 0123456789abcdef\n", 0600);
	assert_int_equal(rename(s->file, s->fresh), 0);
	assert_int_equal(symlink(s->fresh, s->file), 0);
	assert_int_equal(load(s, &secrets), TRUNK_EIO);
	assert_true(why_names(s, s->file));
}

static void a_folder_in_place_of_the_file_is_refused(void **state)
{
	struct dialback_secrets secrets;
	struct state *s = *state;

	assert_int_equal(mkdir(s->file, 0700), 0);
	assert_int_equal(load(s, &secrets), TRUNK_EIO);
	assert_int_equal(rmdir(s->file), 0);
}

/* ---- rotation ---- */

/* design.md §6: the old one is valid for 24 h. */
static void a_rotation_keeps_the_old_secret_for_a_day(void **state)
{
	struct dialback_secrets secrets, again, before;
	struct state *s = *state;

	assert_int_equal(load(s, &secrets), 0);
	before = secrets;
	assert_int_equal(secret_replace(s->folder, STR_NONE, WALL_MS, &secrets, &s->why), 0);
	assert_string_not_equal(secrets.current, before.current);
	assert_int_equal(strlen(secrets.current), 64);
	assert_string_equal(secrets.previous, before.current);
	assert_int_equal(secrets.previous_until_ms, WALL_MS + 24LL * 3600 * 1000);
	assert_int_equal(load(s, &again), 0);
	assert_string_equal(again.current, secrets.current);
	assert_string_equal(again.previous, secrets.previous);
	assert_int_equal(again.previous_until_ms, secrets.previous_until_ms);
}

static void a_key_made_before_the_rotation_is_ours_until_the_day_is_over(void **state)
{
	const struct domain_pair pair = {STR("a.example"), STR("b.example")};
	struct dialback_secrets secrets;
	char key[DIALBACK_KEY_SIZE];
	struct state *s = *state;

	assert_int_equal(load(s, &secrets), 0);
	assert_int_equal(dialback_key(str_of(secrets.current), &pair, STR("1"), key), 0);
	assert_int_equal(secret_replace(s->folder, STR_NONE, WALL_MS, &secrets, &s->why), 0);
	assert_int_equal(load(s, &secrets), 0);         /* a restart does not shorten it */
	assert_true(dialback_key_is_ours(&secrets, WALL_MS + SECRET_KEEP_MS - 1, &pair, STR("1"), str_of(key)));
	assert_false(dialback_key_is_ours(&secrets, WALL_MS + SECRET_KEEP_MS, &pair, STR("1"), str_of(key)));
}

static void a_given_secret_is_taken_without_the_white_space_around_it(void **state)
{
	struct dialback_secrets secrets;
	struct state *s = *state;

	assert_int_equal(load(s, &secrets), 0);
	assert_int_equal(secret_replace(s->folder, STR(" shared-by-two-nodes\n"), WALL_MS, &secrets, &s->why), 0);
	assert_string_equal(secrets.current, "shared-by-two-nodes");
	assert_int_equal(load(s, &secrets), 0);
	assert_string_equal(secrets.current, "shared-by-two-nodes");
}

static void the_longest_secret_is_kept_whole_and_a_longer_one_refused(void **state)
{
	struct dialback_secrets secrets, again;
	struct state *s = *state;
	char text[300];

	memset(text, 'x', sizeof(text));
	assert_int_equal(load(s, &secrets), 0);
	assert_int_equal(secret_replace(s->folder, str_make(text, 256), WALL_MS, &secrets, &s->why), 0);
	assert_int_equal(secret_replace(s->folder, str_make(text, 255), WALL_MS, &secrets, &s->why), 0);
	assert_int_equal(load(s, &again), 0);
	assert_int_equal(strlen(again.current), 255);
	assert_int_equal(strlen(again.previous), 256);
	assert_int_equal(secret_replace(s->folder, str_make(text, 257), WALL_MS, &secrets, &s->why), TRUNK_EINVAL);
}

static void a_secret_that_is_weak_or_unprintable_is_refused(void **state)
{
	static const char *const refused[] = {
		"", "too-short", "with blanks inside it", "with\ttab-inside-it", "ünicode-secret-text", "a\nb-line-feed-text"};
	struct dialback_secrets secrets, before;
	struct state *s = *state;
	char text[8192], now[8192];

	assert_int_equal(load(s, &secrets), 0);
	before = secrets;
	content(s, text);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		buf_clear(&s->why);
		assert_int_equal(secret_replace(s->folder, str_of(refused[i]), WALL_MS, &secrets, &s->why), TRUNK_EINVAL);
		assert_true(why_names(s, "16 to 256"));
		content(s, now);
		assert_string_equal(now, text);
		assert_memory_equal(&secrets, &before, sizeof(before));
	}
}

/* ---- what can go wrong on the way to the disk ---- */

static void the_old_secret_survives_a_failure_at_every_step(void **state)
{
	struct dialback_secrets secrets, before, loaded;
	struct state *s = *state;
	int failed = 0, err = -1;

	assert_int_equal(load(s, &before), 0);
	for (int step = 0; step < 50 && err < 0; step++) {
		secrets = before;
		buf_clear(&s->why);
		steps_until_failure = step;
		err = secret_replace(s->folder, STR("a-new-shared-secret"), WALL_MS, &secrets, &s->why);
		steps_until_failure = -1;
		if (err == 0)
			break;
		failed++;
		assert_int_equal(err, TRUNK_EIO);
		assert_true(why_names(s, s->folder));
		assert_memory_equal(&secrets, &before, sizeof(before));
		assert_int_equal(access(s->fresh, F_OK), -1);
		assert_int_equal(load(s, &loaded), 0);
		assert_string_equal(loaded.current, before.current);
	}
	assert_int_equal(failed, 5);    /* open, write, fsync, close, rename; what comes behind them can no longer undo it */
	assert_int_equal(load(s, &loaded), 0);
	assert_string_equal(loaded.current, "a-new-shared-secret");
	assert_string_equal(loaded.previous, before.current);
}

/* Once the file is in its place the change is in force: a folder that cannot be synced is no reason to say otherwise. */
static void disk_and_memory_agree_whatever_fails_behind_the_change(void **state)
{
	struct dialback_secrets secrets, loaded;
	struct state *s = *state;

	for (int step = 5; step < 9; step++) {
		assert_int_equal(load(s, &secrets), 0);
		steps_until_failure = step;
		assert_int_equal(secret_replace(s->folder, STR_NONE, WALL_MS, &secrets, &s->why), 0);
		steps_until_failure = -1;
		assert_int_equal(load(s, &loaded), 0);
		assert_memory_equal(&secrets, &loaded, sizeof(loaded));
	}
}

static void the_old_secret_survives_a_disk_that_is_full_at_any_byte(void **state)
{
	struct dialback_secrets secrets, before, loaded;
	struct state *s = *state;
	int err = -1;

	assert_int_equal(load(s, &before), 0);
	for (ssize_t bytes = 0; bytes < 1000 && err < 0; bytes += 7) {
		secrets = before;
		buf_clear(&s->why);
		room = bytes;
		err = secret_replace(s->folder, STR_NONE, WALL_MS, &secrets, &s->why);
		room = -1;
		if (err == 0)
			break;
		assert_int_equal(err, TRUNK_EIO);
		assert_true(why_names(s, "No space left"));
		assert_memory_equal(&secrets, &before, sizeof(before));
		assert_int_equal(access(s->fresh, F_OK), -1);
		assert_int_equal(load(s, &loaded), 0);
		assert_string_equal(loaded.current, before.current);
	}
	assert_int_equal(err, 0);
}

static void a_first_secret_that_cannot_be_written_is_no_secret(void **state)
{
	struct dialback_secrets secrets = {.current = "untouched"};
	struct state *s = *state;

	room = 10;
	assert_int_equal(load(s, &secrets), TRUNK_EIO);
	room = -1;
	assert_string_equal(secrets.current, "untouched");
	assert_int_equal(access(s->file, F_OK), -1);
	assert_int_equal(load(s, &secrets), 0);
}

static void what_a_crash_left_beside_the_file_is_in_nobodys_way(void **state)
{
	struct dialback_secrets secrets, again;
	struct state *s = *state;
	FILE *file = fopen(s->fresh, "we");

	assert_non_null(file);
	fputs("half a li", file);
	fclose(file);
	assert_int_equal(load(s, &secrets), 0);
	assert_int_equal(secret_replace(s->folder, STR_NONE, WALL_MS, &secrets, &s->why), 0);
	assert_int_equal(load(s, &again), 0);
	assert_string_equal(again.current, secrets.current);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_secret_is_made_once_private_and_read_again),
		TEST(two_states_have_two_secrets),
		TEST(a_file_with_a_previous_secret_is_read),
		TEST(a_missing_folder_is_named),
		TEST(a_file_that_others_may_read_is_refused),
		TEST(a_damaged_file_is_refused_and_left_alone),
		TEST(a_file_longer_than_any_of_ours_is_refused),
		TEST(a_link_in_place_of_the_file_is_not_followed),
		TEST(a_folder_in_place_of_the_file_is_refused),
		TEST(a_rotation_keeps_the_old_secret_for_a_day),
		TEST(a_key_made_before_the_rotation_is_ours_until_the_day_is_over),
		TEST(a_given_secret_is_taken_without_the_white_space_around_it),
		TEST(the_longest_secret_is_kept_whole_and_a_longer_one_refused),
		TEST(a_secret_that_is_weak_or_unprintable_is_refused),
		TEST(the_old_secret_survives_a_failure_at_every_step),
		TEST(disk_and_memory_agree_whatever_fails_behind_the_change),
		TEST(the_old_secret_survives_a_disk_that_is_full_at_any_byte),
		TEST(a_first_secret_that_cannot_be_written_is_no_secret),
		TEST(what_a_crash_left_beside_the_file_is_in_nobodys_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
