/* SPDX-License-Identifier: Apache-2.0
 * The files: made with room ahead, written batch after batch, read back, and let go of oldest first. */
#include "spool/spool_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the system's own calls ---- */

static int system_write(void *ctx, int fd, const void *at, size_t len, off_t offset)
{
	(void)ctx;
	while (len > 0) {
		const ssize_t wrote = pwrite(fd, at, len, offset);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return -1;
		at = (const char *)at + wrote;
		offset += wrote;
		len -= (size_t)wrote;
	}
	return 0;
}

static int system_sync(void *ctx, int fd)
{
	(void)ctx;
	return fdatasync(fd);
}

static int system_reserve(void *ctx, int fd, off_t len)
{
	(void)ctx;
	return fallocate(fd, 0, 0, len);
}

const struct spool_io spool_io_system = {.write = system_write, .sync = system_sync, .reserve = system_reserve};

/* ---- names ---- */

void segment_name(uint64_t number, const char *suffix, char ret_name[static SEGMENT_NAME_SIZE])
{
	snprintf(ret_name, SEGMENT_NAME_SIZE, "%016" PRIx64 ".spool%s", number, suffix);
}

int segment_number(const char *name, uint64_t *ret_number, bool *ret_is_damaged)
{
	char *end, ours[SEGMENT_NAME_SIZE];
	const uint64_t number = strtoull(name, &end, 16);

	if (end != name + 16 || (strcmp(end, ".spool") != 0 && strcmp(end, ".spool.damaged") != 0))
		return TRUNK_EINVAL;
	segment_name(number, end + strlen(".spool"), ours);
	if (strcmp(name, ours) != 0 || number == UINT64_MAX)    /* written otherwise, or with no number left behind it */
		return TRUNK_EINVAL;
	*ret_number = number;
	*ret_is_damaged = strcmp(end, ".spool") != 0;
	return 0;
}

struct segment *segment_new(struct spool_store *store, uint64_t number)
{
	struct segment *segment = calloc(1, sizeof(*segment));

	if (!segment)
		return NULL;
	segment->number = number;
	list_add_tail(&store->segments, &segment->link);
	store->files++;
	return segment;
}

static void segment_free(struct spool_store *store, struct segment *segment)
{
	store->file_bytes -= segment->size;
	store->files--;
	list_remove(&segment->link);
	free(segment);
}

void segments_free(struct spool_store *store)
{
	LIST_EACH (pos, &store->segments)
		segment_free(store, LIST_OF(pos, struct segment, link));
}

/* ---- writing ---- */

/* The current file's. */
static void set_size(struct spool_store *store, struct segment *segment, size_t size)
{
	pthread_mutex_lock(&store->lock);
	store->file_bytes = store->file_bytes - segment->size + size;
	segment->size = size;
	store->room = size - segment->used;
	pthread_mutex_unlock(&store->lock);
}

void segment_cut(struct spool_store *store)
{
	struct segment *segment = store->current;

	if (!segment)
		return;
	if (ftruncate(store->current_fd, (off_t)segment->used) == 0)
		set_size(store, segment, segment->used);
	close(store->current_fd);
	store->current_fd = -1;
	store->current = NULL;
	pthread_mutex_lock(&store->lock);
	store->room = 0;
	pthread_mutex_unlock(&store->lock);
}

size_t segment_bytes(uint64_t size_bytes)
{
	const uint64_t part = size_bytes / SEGMENT_PART;

	return part < SEGMENT_BYTES_MIN ? SEGMENT_BYTES_MIN : part > SEGMENT_BYTES_MAX ? SEGMENT_BYTES_MAX : (size_t)part;
}

/* Room for all of it, or where the disk has not that much, for this batch; a file system that cannot reserve has it grow. */
static int reserve(struct spool_store *store, int fd, size_t need, size_t *ret_size)
{
	size_t usual;

	pthread_mutex_lock(&store->lock);
	usual = store->file_bytes + segment_bytes(store->size_bytes) > store->size_bytes ? need : segment_bytes(store->size_bytes);
	pthread_mutex_unlock(&store->lock);
	*ret_size = usual > need ? usual : need;
	if (store->io->reserve(store->io->ctx, fd, (off_t)*ret_size) == 0)
		return 0;
	if (errno == EOPNOTSUPP)
		return ftruncate(fd, (off_t)*ret_size);
	*ret_size = need;
	return store->io->reserve(store->io->ctx, fd, (off_t)need);
}

static int begin_file(struct spool_store *store, int fd, size_t len, struct segment *segment, size_t *ret_size)
{
	char head[SEGMENT_HEAD_BYTES];

	if (getrandom(&segment->salt, sizeof(segment->salt), 0) != sizeof(segment->salt))
		return -1;
	segment_head_write(segment->salt, head);
	if (reserve(store, fd, SEGMENT_HEAD_BYTES + len, ret_size) < 0 || store->io->write(store->io->ctx, fd, head, sizeof(head), 0) < 0)
		return -1;
	return fsync(fd) < 0 || fsync(store->folder_fd) < 0 ? -1 : 0;
}

int segment_reserve(struct spool_store *store, size_t len)
{
	char name[SEGMENT_NAME_SIZE];
	struct segment *segment;
	size_t size;
	int fd;

	if (store->current && store->current->used + len <= store->current->size)
		return 0;
	segment_cut(store);
	segment_name(store->next_number, "", name);
	if ((fd = openat(store->folder_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
		return TRUNK_EIO;
	pthread_mutex_lock(&store->lock);
	segment = segment_new(store, store->next_number);
	store->next_number += segment ? 1 : 0;
	pthread_mutex_unlock(&store->lock);
	if (segment && begin_file(store, fd, len, segment, &size) == 0) {
		segment->used = SEGMENT_HEAD_BYTES;
		set_size(store, segment, size);
		store->current = segment;
		store->current_fd = fd;
		return 0;
	}
	close(fd);
	unlinkat(store->folder_fd, name, 0);
	if (segment) {
		pthread_mutex_lock(&store->lock);
		segment_free(store, segment);
		pthread_mutex_unlock(&store->lock);
	}
	return TRUNK_EIO;
}

int segment_append(struct spool_store *store, char *batch, size_t len, bool is_synced, size_t *ret_offset)
{
	struct segment *segment = store->current;

	batch_head_write(segment->salt, segment->batches, (uint32_t)(len - BATCH_HEAD_BYTES), batch);
	records_seal(segment->salt, batch + BATCH_HEAD_BYTES, len - BATCH_HEAD_BYTES);
	if (store->io->write(store->io->ctx, store->current_fd, batch, len, (off_t)segment->used) < 0 ||
	    (is_synced && store->io->sync(store->io->ctx, store->current_fd) < 0))
		return TRUNK_EIO;
	*ret_offset = segment->used;
	segment->used += len;
	segment->batches++;
	set_size(store, segment, segment->size);
	return 0;
}

/* ---- letting go ---- */

static void set_aside(struct spool_store *store, const struct segment *segment, const char *name)
{
	char damaged[SEGMENT_NAME_SIZE];

	segment_name(segment->number, ".damaged", damaged);
	if (renameat(store->folder_fd, name, store->folder_fd, damaged) < 0)
		LOG(store->log, LOG_ERROR, "spool-damaged", KV_C("file", name), KV_C("reason", strerror(errno)));
	else
		LOG(store->log, LOG_ERROR, "spool-damaged", KV_C("folder", store->folder), KV_C("file", name), KV_C("kept-as", damaged));
	store->damaged++;
}

/* Oldest first, and no other way: a removal stands behind what it removes, and must not go before it. */
void segments_reclaim(struct spool_store *store)
{
	char name[SEGMENT_NAME_SIZE];

	while (!list_is_empty(&store->segments)) {
		struct segment *oldest = LIST_OF(store->segments.next, struct segment, link);

		if (oldest->live > 0 || oldest == store->current)
			return;
		segment_name(oldest->number, "", name);
		if (oldest->is_damaged)
			set_aside(store, oldest, name);
		else if (unlinkat(store->folder_fd, name, 0) < 0 && errno != ENOENT)
			return;
		segment_free(store, oldest);
	}
}

/* ---- reading back ---- */

/* Reads `len` bytes at `offset`, or what there is of them. */
static int read_at(int fd, struct buf *buf, size_t len, size_t offset)
{
	buf_clear(buf);
	if (buf_reserve(buf, len) < 0)
		return TRUNK_ENOMEM;
	while (buf_len(buf) < len) {
		const ssize_t got = pread(fd, buf_space(buf), len - buf_len(buf), (off_t)(offset + buf_len(buf)));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return TRUNK_EIO;
		if (got == 0)
			break;
		buf_grew(buf, (size_t)got);
	}
	return 0;
}

/* How many bytes of a batch cannot be read, from its first bad record on. */
static size_t lost_in(uint32_t salt, struct str records)
{
	struct record record;

	while (records.len > 0 && record_read(salt, records, &record) == 0)
		records = str_from(records, record.len);
	return records.len;
}

/* Gives the records of a batch up to the first bad one. */
static void read_batch(struct segment *segment, struct str records, size_t offset, segment_fn *fn, void *ctx)
{
	struct record record;

	while (records.len > 0 && record_read(segment->salt, records, &record) == 0) {
		fn(ctx, segment, &record, offset);
		offset += record.len;
		records = str_from(records, record.len);
	}
}

static bool is_zero(struct str bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		if (bytes.at[i])
			return false;
	return true;
}

/* Whether what is at `offset` was never written: the room ahead. */
static bool is_unwritten(int fd, size_t offset, size_t size, struct buf *buf)
{
	const size_t len = size - offset < 4096 ? size - offset : 4096;

	return read_at(fd, buf, len, offset) == 0 && is_zero(buf_str(buf));
}

/* A batch that cannot be read whole is a torn end where nothing was written behind it: the batch before it was synced first. */
static bool has_next(int fd, const struct segment *segment, size_t offset, uint32_t number, struct buf *buf)
{
	uint32_t len;

	return read_at(fd, buf, BATCH_HEAD_BYTES, offset) == 0 && batch_head_read(segment->salt, buf_str(buf), number, &len) == 0;
}

/* One batch; false: there is none behind it that could be read. */
static bool scan_batch(int fd, struct segment *segment, struct scan *scan, struct buf *buf, segment_fn *fn, void *ctx)
{
	struct buf next = {0};
	size_t lost;
	uint32_t len;

	if ((scan->err = read_at(fd, buf, BATCH_HEAD_BYTES, scan->end)) < 0)
		return false;
	if (batch_head_read(segment->salt, buf_str(buf), scan->batches, &len) < 0) {
		scan->is_damaged |= !is_unwritten(fd, scan->end, segment->size, buf);
		return false;
	}
	if (len > segment->size - scan->end - BATCH_HEAD_BYTES) {
		scan->is_torn = true;
		return false;
	}
	if ((scan->err = read_at(fd, buf, len, scan->end + BATCH_HEAD_BYTES)) < 0)
		return false;
	/* Before any of it counts: what stands in a torn batch goes with it. */
	if ((lost = lost_in(segment->salt, buf_str(buf))) > 0) {
		scan->lost_bytes += lost;
		scan->is_torn = scan->may_tear && !has_next(fd, segment, scan->end + BATCH_HEAD_BYTES + len, scan->batches + 1, &next);
		buf_fini(&next);
		scan->is_damaged |= !scan->is_torn;
		if (scan->is_torn)
			return false;
	}
	read_batch(segment, buf_str(buf), scan->end + BATCH_HEAD_BYTES, fn, ctx);
	scan->end += BATCH_HEAD_BYTES + len;
	scan->batches++;
	return true;
}

static bool scan_head(int fd, struct segment *segment, struct scan *scan, struct buf *buf)
{
	if ((scan->err = read_at(fd, buf, SEGMENT_HEAD_BYTES, 0)) < 0)
		return false;
	scan->end = SEGMENT_HEAD_BYTES;
	if (segment_head_read(buf_str(buf), &segment->salt) == 0)
		return true;
	/* Made, and not yet begun, when the machine stopped. */
	scan->is_damaged = buf_len(buf) == SEGMENT_HEAD_BYTES && !is_zero(buf_str(buf));
	return false;
}

void segment_scan(const struct spool_store *store, struct segment *segment, struct scan *scan, size_t max, segment_fn *fn, void *ctx)
{
	const size_t begin = scan->end;
	char name[SEGMENT_NAME_SIZE];
	struct buf buf = {0};
	int fd;

	segment_name(segment->number, "", name);
	if ((fd = openat(store->folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) < 0) {
		scan->err = TRUNK_EIO;
		scan->is_ended = true;
		return;
	}
	scan->is_ended = scan->end == 0 && !scan_head(fd, segment, scan, &buf);
	while (!scan->is_ended && scan->end - begin < max)
		scan->is_ended = scan->end + BATCH_HEAD_BYTES > segment->size || !scan_batch(fd, segment, scan, &buf, fn, ctx);
	close(fd);
	buf_fini(&buf);
}
