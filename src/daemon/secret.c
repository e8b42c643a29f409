/* SPDX-License-Identifier: Apache-2.0
 * Reads, makes and replaces the dialback secret. */
#include "daemon/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_RANDOM_BYTES = 32, SECRET_FILE_BYTES_MAX = 4096, SECRET_LENGTH_MIN = 16 };

static void say(struct buf *why, const char *file, const char *what)
{
	if (why)
		buf_addf(why, "%s: %s", file, what);
}

static bool is_secret(struct str s)
{
	if (s.len < SECRET_LENGTH_MIN || s.len > DIALBACK_SECRET_BYTES_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] <= 0x20 || (unsigned char)s.at[i] >= 0x7f)
			return false;
	return true;
}

static void copy(char *to, struct str s)
{
	memcpy(to, s.at, s.len);
	to[s.len] = '\0';
}

/* "current SECRET" and, after a rotation, "previous SECRET UNTIL", UNTIL in milliseconds since 1970. */
static int parse(struct str text, struct dialback_secrets *ret_secrets)
{
	struct dialback_secrets secrets = {0};

	while (text.len > 0) {
		struct str line = str_cut(&text, '\n');
		const struct str word = str_cut(&line, ' ');

		if (word.len == 0)
			continue;
		if (str_eq(word, STR("current")) && is_secret(line)) {
			copy(secrets.current, line);
		} else if (str_eq(word, STR("previous"))) {
			const struct str secret = str_cut(&line, ' ');
			uint64_t until;

			if (!is_secret(secret) || str_number(line, INT64_MAX, &until) < 0)
				return TRUNK_EINVAL;
			copy(secrets.previous, secret);
			secrets.previous_until_ms = (int64_t)until;
		} else {
			return TRUNK_EINVAL;
		}
	}
	if (secrets.current[0] == '\0')
		return TRUNK_EINVAL;
	*ret_secrets = secrets;
	return 0;
}

/* Beside the old file first, durable, then in its place: a full disk leaves the old one whole. */
static int store(const char *state, const struct dialback_secrets *secrets, struct buf *why)
{
	char file[4096], fresh[4096];
	struct buf text = {0};
	int fd, err;

	snprintf(file, sizeof(file), "%s/dialback.secret", state);
	snprintf(fresh, sizeof(fresh), "%s/dialback.secret.new", state);
	buf_addf(&text, "current %s\n", secrets->current);
	if (secrets->previous[0])
		buf_addf(&text, "previous %s %lld\n", secrets->previous, (long long)secrets->previous_until_ms);
	unlink(fresh);
	if ((fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)) < 0) {
		say(why, fresh, strerror(errno));
		buf_fini(&text);
		return TRUNK_EIO;
	}
	err = fd_write_all(fd, buf_str(&text));
	if (close(fd) < 0 && err == 0)
		err = TRUNK_EIO;
	if (err == 0 && rename(fresh, file) < 0)
		err = TRUNK_EIO;
	if (err < 0) {
		say(why, fresh, strerror(errno));
		unlink(fresh);
	} else {
		folder_sync(state);
	}
	buf_fini(&text);
	return err;
}

static int make(char *ret_secret)
{
	uint8_t bytes[SECRET_RANDOM_BYTES];
	int err;

	if ((err = tls_random(bytes, sizeof(bytes))) == 0)
		tls_hex(bytes, sizeof(bytes), ret_secret);
	return err;
}

static int read_file(const char *file, int fd, struct dialback_secrets *ret_secrets, struct buf *why)
{
	char text[SECRET_FILE_BYTES_MAX];
	struct stat stat;
	ssize_t len;

	if (fstat(fd, &stat) < 0 || (len = read(fd, text, sizeof(text))) < 0) {
		say(why, file, strerror(errno));
		return TRUNK_EIO;
	}
	if (stat.st_mode & (S_IRWXG | S_IRWXO)) {
		say(why, file, "others may read the dialback secret; chmod 600 it, and rotate it if they did");
		return TRUNK_EPERM;
	}
	if ((size_t)len == sizeof(text) || parse(str_make(text, (size_t)len), ret_secrets) < 0) {
		say(why, file, "this is no dialback secret of trunkd; move it away to have a new one made");
		return TRUNK_EINVAL;
	}
	return 0;
}

int secret_load(const char *state, int64_t wall_ms, struct dialback_secrets *ret_secrets, struct buf *why)
{
	struct dialback_secrets secrets = {0};
	char file[4096];
	int fd, err;

	(void)wall_ms;
	snprintf(file, sizeof(file), "%s/dialback.secret", state);
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0) {
		err = read_file(file, fd, ret_secrets, why);
		close(fd);
		return err;
	}
	if (errno != ENOENT) {
		say(why, file, strerror(errno));
		return TRUNK_EIO;
	}
	if ((err = make(secrets.current)) < 0 || (err = store(state, &secrets, why)) < 0)
		return err;
	*ret_secrets = secrets;
	return 0;
}

int secret_replace(const char *state, struct str secret, int64_t wall_ms, struct dialback_secrets *secrets, struct buf *why)
{
	struct dialback_secrets next = {.previous_until_ms = wall_ms + SECRET_KEEP_MS};
	int err;

	memcpy(next.previous, secrets->current, sizeof(next.previous));
	if (str_is_absent(secret)) {
		if ((err = make(next.current)) < 0)
			return err;
	} else if (is_secret(str_trim(secret))) {
		copy(next.current, str_trim(secret));
	} else {
		say(why, "secret", "16 to 256 printable characters without blanks are expected");
		return TRUNK_EINVAL;
	}
	if ((err = store(state, &next, why)) < 0)
		return err;
	*secrets = next;
	return 0;
}
