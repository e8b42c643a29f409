/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as the files of a spool from before a crash: four bytes say what a file is, then its own. Whatever they are, the spool opens, what it
 * shows can be read, a second start finds the same, what is removed stays away, and new stanzas go in behind. */
#include "spool/spool_internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FILES_MAX = 4, SALT = 7, CHANGED_HEAD = 0x80, CHANGED_RECORDS = 0x40, IS_LIST = 0x20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[128];
static struct loop *loop;
static struct log *quiet;

static void must(bool is_so)
{
	if (!is_so)
		abort();
}

/* ---- the folder ---- */

static void empty_folder(void)
{
	DIR *dir = opendir(folder);
	const struct dirent *item;
	char path[512];

	must(dir != NULL);
	while ((item = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", folder, item->d_name);
		unlink(path);
	}
	closedir(dir);
}

static void remove_folder(void)
{
	empty_folder();
	rmdir(folder);
}

static void on_line(void *ctx, enum log_level level, struct str line)
{
	(void)ctx;
	(void)level;
	(void)line;
}

static void prepare(void)
{
	if (folder[0])
		return;
	snprintf(folder, sizeof(folder), "%s/fuzz-spool-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	must(mkdtemp(folder) != NULL);
	atexit(remove_folder);
	loop = loop_new();
	quiet = log_new(LOG_ERROR, LOG_TEXT, false);
	must(loop && quiet);
	log_set_sink(quiet, on_line, NULL);
}

/* ---- checksums, which random bytes never have ---- */

/* Seals the records as far as their lengths are true: `at` has `len` bytes. */
static void seal(char *at, size_t len)
{
	for (size_t size; len >= RECORD_HEAD_BYTES; at += size, len -= size) {
		uint32_t body;
		uint16_t sender, target;

		memcpy(&body, at + 4, sizeof(body));
		memcpy(&sender, at + 24, sizeof(sender));
		memcpy(&target, at + 26, sizeof(target));
		size = RECORD_HEAD_BYTES + (size_t)body + sender + target;
		if (size > len)
			return;
		records_seal(SALT, at, size);
	}
}

static void mend(char *at, size_t len, unsigned flags)
{
	uint32_t batch;
	size_t end = SEGMENT_HEAD_BYTES;

	if (len >= end && !(flags & CHANGED_HEAD))
		segment_head_write(SALT, at);
	for (uint32_t number = 0; end + BATCH_HEAD_BYTES <= len; number++, end += batch) {
		memcpy(&batch, at + end + 8, sizeof(batch));
		batch_head_write(SALT, number, batch, at + end);
		end += BATCH_HEAD_BYTES;
		if (batch > len - end)
			return;
		if (!(flags & CHANGED_RECORDS))
			seal(at + end, batch);
	}
}

static void write_file(unsigned flags, struct str bytes)
{
	char path[512], name[SEGMENT_NAME_SIZE], *copy = malloc(bytes.len + 1);
	int fd = -1;

	segment_name(flags & (FILES_MAX - 1), "", name);
	snprintf(path, sizeof(path), "%s/%s", folder, flags & IS_LIST ? "paused" : name);
	must(copy && (fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) >= 0);
	if (bytes.len)
		memcpy(copy, bytes.at, bytes.len);
	if (!(flags & IS_LIST))
		mend(copy, bytes.len, flags);
	must(write(fd, copy, bytes.len) == (ssize_t)bytes.len);
	close(fd);
	free(copy);
}

static void write_files(struct str bytes)
{
	empty_folder();
	for (int i = 0; i < FILES_MAX + 1 && bytes.len >= 4; i++) {
		const size_t said = (uint8_t)bytes.at[1] | (size_t)(uint8_t)bytes.at[2] << 8;
		const size_t len = said < bytes.len - 4 ? said : bytes.len - 4;

		write_file((uint8_t)bytes.at[0], str_make(bytes.at + 4, len));
		bytes = str_from(bytes, 4 + len);
	}
}

/* ---- what a spool shows ---- */

static int sync_nothing(void *ctx, int fd)
{
	(void)ctx;
	(void)fd;
	return 0;
}

static int reserve(void *ctx, int fd, off_t len)
{
	(void)ctx;
	return ftruncate(fd, len);
}

static void on_durable(void *ctx, const struct domain_pair *pair, uint64_t id, const struct spool_token *token)
{
	(void)pair;
	(void)token;
	*(uint64_t *)ctx = id;
}

static void on_failed(void *ctx, const struct domain_pair *pair, uint64_t id, const struct spool_token *token, struct str bytes, enum proof proof_in,
		      int err)
{
	(void)ctx, (void)pair, (void)id, (void)token, (void)bytes, (void)proof_in, (void)err;
	abort();
}

static const struct spool_handler handler = {.durable = on_durable, .failed = on_failed};

struct seen {
	struct spool *spool;
	uint64_t count, bytes, digest, pairs;
	uint64_t durable;               /* the id that was durable last */
	bool is_removing;
};

/* FNV-1a, the order of what is in a pair included. */
static uint64_t digest(uint64_t sum, struct str bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		sum = (sum ^ (uint8_t)bytes.at[i]) * 0x100000001b3u;
	return sum;
}

static void on_pair(void *ctx, const struct domain_pair *pair, const struct spool_sum *sum)
{
	struct seen *seen = ctx;
	uint64_t count = 0, all = digest(digest(0xcbf29ce484222325u, pair->sender), pair->target) + sum->is_paused;
	struct spool_stanza stanza = {0};
	struct buf out = {0};

	for (uint64_t before = 0; spool_next(seen->spool, pair, before, &stanza); before = stanza.id, count++) {
		must(stanza.id > before);
		must(stanza.is_durable);
		buf_clear(&out);
		must(spool_read(seen->spool, pair, stanza.id, &out) == 0 && buf_len(&out) == stanza.len);
		seen->bytes += stanza.len;
		all = digest(digest(all, str_make((const char *)&stanza.id, sizeof(stanza.id))), buf_str(&out));
		if (seen->is_removing)
			spool_remove(seen->spool, pair, stanza.id);
	}
	must(count == sum->count && (count > 0 || sum->is_paused));
	seen->count += count;
	seen->digest += all;            /* pairs come in any order */
	seen->pairs++;
	buf_fini(&out);
}

static void look(const struct spool_io *io, struct spool_store **ret_store, struct seen *seen)
{
	const struct spool_options options = {.folder = folder, .size_bytes = 64u << 20, .log = quiet, .is_inline = true, .io = io};

	must(spool_store_open(&options, ret_store) == 0);
	must((seen->spool = spool_new(*ret_store, loop, &handler, &seen->durable)) != NULL);
	spool_each(seen->spool, on_pair, seen);
	must(spool_use(seen->spool).stanzas == (seen->is_removing ? 0 : seen->count));
}

static void leave(struct spool_store **store, struct seen *seen)
{
	spool_free(&seen->spool);
	spool_store_free(store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct spool_io io = {.write = spool_io_system.write, .sync = sync_nothing, .reserve = reserve};
	const struct domain_pair pair = {STR("saturn.example.org"), STR("mercury.example.net")};
	struct seen first = {0}, second = {.is_removing = true}, third = {0};
	struct spool_store *store;
	uint64_t id;

	prepare();
	write_files(str_make((const char *)data, size));
	look(&io, &store, &first);
	leave(&store, &first);
	look(&io, &store, &second);
	must(first.count == second.count && first.bytes == second.bytes && first.digest == second.digest && first.pairs == second.pairs);
	must(spool_put(second.spool, &pair, STR("<message/>"), PROOF_DIALBACK, NULL, &id) == 0);
	loop_advance(loop, loop_now_ms(loop) + 1);
	must(second.durable == id);
	leave(&store, &second);
	look(&io, &store, &third);
	must(third.count == 1 && third.bytes == strlen("<message/>"));
	leave(&store, &third);
	return 0;
}
