/* SPDX-License-Identifier: Apache-2.0
 * A few lines of text, written beside and renamed. */
#include "audit/seal.h"

#include "tls/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEAL_TITLE "trunkd audit seal 1"

enum { SEAL_BYTES_MAX = 1024, SEAL_PATH_BYTES = 4096 };

static void sync_folder(const char *path)
{
	char folder[SEAL_PATH_BYTES];
	char *slash;
	int fd;

	snprintf(folder, sizeof(folder), "%s", path);
	if (!(slash = strrchr(folder, '/')))
		snprintf(folder, sizeof(folder), ".");
	else
		slash[slash == folder] = '\0';
	if ((fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return;
	fsync(fd);
	close(fd);
}

static int write_file(const char *path, const char *text, size_t len)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	bool is_good;

	if (fd < 0)
		return TRUNK_EIO;
	is_good = write(fd, text, len) == (ssize_t)len && fsync(fd) == 0;
	return close(fd) == 0 && is_good ? 0 : TRUNK_EIO;
}

int seal_write(const char *path, const struct seal *seal)
{
	char text[SEAL_BYTES_MAX], beside[SEAL_PATH_BYTES], hash[2 * AUDIT_HASH_BYTES + 1];
	int len, err;

	tls_hex(seal->hash, AUDIT_HASH_BYTES, hash);
	len = snprintf(text, sizeof(text), SEAL_TITLE "\nblock %" PRIu64 "\nrecord %" PRIu64 "\nhash %s\ntime %" PRId64 "\nstate %s\n",
		       seal->block, seal->record, hash, seal->wall_ms, seal->is_stopped ? "stopped" : "running");
	if (snprintf(beside, sizeof(beside), "%s.new", path) >= (int)sizeof(beside))
		return TRUNK_EIO;
	if ((err = write_file(beside, text, (size_t)len)) < 0 || rename(beside, path) < 0) {
		unlink(beside);
		return TRUNK_EIO;
	}
	sync_folder(path);
	return 0;
}

/* ---- reading ---- */

static int hex_value(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int read_hash(struct str hex, uint8_t ret_hash[static AUDIT_HASH_BYTES])
{
	if (hex.len != 2 * AUDIT_HASH_BYTES)
		return TRUNK_EINVAL;
	for (size_t i = 0; i < AUDIT_HASH_BYTES; i++) {
		const int high = hex_value(hex.at[2 * i]), low = hex_value(hex.at[2 * i + 1]);

		if (high < 0 || low < 0)
			return TRUNK_EINVAL;
		ret_hash[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

/* The value of the next line, which must begin with `key`. */
static bool take_line(struct str *rest, const char *key, struct str *ret_value)
{
	struct str line = str_cut(rest, '\n');
	const struct str word = str_cut(&line, ' ');

	*ret_value = line;
	return str_is(word, key) && line.at;
}

static int parse(struct str text, struct seal *seal)
{
	struct str block, record, hash, time, state;
	uint64_t wall_ms;

	if (!str_is(str_cut(&text, '\n'), SEAL_TITLE) || !take_line(&text, "block", &block) || !take_line(&text, "record", &record) ||
	    !take_line(&text, "hash", &hash) || !take_line(&text, "time", &time) || !take_line(&text, "state", &state) ||
	    str_number(block, INT64_MAX, &seal->block) < 0 || str_number(record, INT64_MAX, &seal->record) < 0 ||
	    str_number(time, INT64_MAX, &wall_ms) < 0 || read_hash(hash, seal->hash) < 0)
		return TRUNK_EINVAL;
	seal->wall_ms = (int64_t)wall_ms;
	seal->is_stopped = str_is(state, "stopped");
	return seal->is_stopped || str_is(state, "running") ? 0 : TRUNK_EINVAL;
}

int seal_read(const char *path, struct seal *ret_seal)
{
	char text[SEAL_BYTES_MAX];
	struct seal seal = {0};
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;
	int err;

	if (fd < 0)
		return errno == ENOENT ? TRUNK_ENOENT : TRUNK_EIO;
	len = read(fd, text, sizeof(text));
	close(fd);
	if (len < 0)
		return TRUNK_EIO;
	if ((err = parse(str_make(text, (size_t)len), &seal)) == 0)
		*ret_seal = seal;
	return err;
}
