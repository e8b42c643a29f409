/* SPDX-License-Identifier: Apache-2.0
 * The beginning, with what a stop or a crash left, and the end. */
#include "spool/spool_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int failed(const struct spool_store *store, const char *why, int err)
{
	LOG(store->log, LOG_ERROR, "spool-failed", KV_C("folder", store->folder), KV_C("reason", why));
	return err;
}

static int open_folder(struct spool_store *store)
{
	if (mkdir(store->folder, 0700) < 0 && errno != EEXIST)
		return failed(store, strerror(errno), errno == EACCES || errno == EROFS ? TRUNK_EPERM : TRUNK_EIO);
	store->folder_fd = open(store->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (store->folder_fd < 0)
		return failed(store, strerror(errno), TRUNK_EPERM);
	store->lock_fd = openat(store->folder_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (store->lock_fd < 0)
		return failed(store, strerror(errno), TRUNK_EPERM);
	if (flock(store->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return failed(store, "another process has it", TRUNK_EBUSY);
	return 0;
}

/* ---- which files there are ---- */

static int by_number(const void *a, const void *b)
{
	const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

static int list_files(struct spool_store *store, struct buf *ret_numbers)
{
	const int fd = openat(store->folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *item;
	uint64_t number;
	bool is_damaged;
	int err = 0;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return TRUNK_EIO;
	}
	while (err == 0 && (item = readdir(dir))) {
		if (segment_number(item->d_name, &number, &is_damaged) < 0)
			continue;
		if (number >= store->next_number)
			store->next_number = number + 1;
		if (!is_damaged)
			err = buf_add(ret_numbers, str_make((const char *)&number, sizeof(number)));
	}
	closedir(dir);
	if (buf_len(ret_numbers))
		qsort(ret_numbers->at + ret_numbers->start, buf_len(ret_numbers) / sizeof(number), sizeof(number), by_number);
	return err;
}

/* ---- what is in them ---- */

struct loading {
	struct spool_store *store;
	struct buf removals;            /* of uint64_t */
	int err;
};

static void load_stanza(struct spool_store *store, struct segment *segment, const struct record *record, size_t offset, int *ret_err)
{
	const struct entry entry = {.id = record->id, .wall_ms = record->wall_ms, .len = (uint32_t)record->body.len,
				    .proof_in = (uint8_t)record->proof_in, .state = ENTRY_ON_DISK, .is_fleeting = stanza_is_fleeting(record->body)};
	struct box *box = box_get(store, &record->pair);

	if (!box || box_add(store, box, &entry) < 0)
		*ret_err = TRUNK_ENOMEM;
	else
		box_place(store, &box->at[box->end - 1], segment, offset, record->len);
}

static void on_record(void *ctx, struct segment *segment, const struct record *record, size_t offset)
{
	struct loading *loading = ctx;

	if (record->id >= loading->store->next_id)
		loading->store->next_id = record->id + 1;
	if (loading->err < 0)
		return;
	if (record->type == RECORD_STANZA)
		load_stanza(loading->store, segment, record, offset, &loading->err);
	else
		loading->err = buf_add(&loading->removals, str_make((const char *)&record->id, sizeof(record->id)));
}

static int cut_file(const struct spool_store *store, const char *name, size_t size)
{
	const int fd = openat(store->folder_fd, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	const int result = fd < 0 ? -1 : ftruncate(fd, (off_t)size);

	if (fd >= 0)
		close(fd);
	return result;
}

/* Cuts a torn end. One in the midst of the files is damage: each was whole when the next was begun. */
static void mend(struct spool_store *store, struct segment *segment, const struct scan *scan, bool is_last)
{
	char name[SEGMENT_NAME_SIZE];

	segment_name(segment->number, "", name);
	segment->batches = scan->batches;
	segment->used = scan->end;
	segment->is_damaged = scan->is_damaged || scan->err < 0 || (scan->is_torn && !is_last);
	if (segment->is_damaged) {
		LOG(store->log, LOG_ERROR, "spool-unreadable", KV_C("folder", store->folder), KV_C("file", name), KV_N("offset", scan->end),
		    KV_C("reason", scan->err < 0 ? error_text(scan->err) : "bytes that are not ours; what can be read is kept, the file is set aside"));
		return;
	}
	if (scan->is_torn)
		LOG(store->log, LOG_WARNING, "spool-tail-cut", KV_C("folder", store->folder), KV_C("file", name), KV_N("offset", scan->end),
		    KV_C("reason", "the last batch was not whole: nobody had been told that it was kept"));
	if (scan->end < segment->size && cut_file(store, name, scan->end) == 0) {
		store->file_bytes -= segment->size - scan->end;
		segment->size = scan->end;
	}
}

static int load_file(struct loading *loading, uint64_t number, bool is_last)
{
	struct spool_store *store = loading->store;
	struct segment *segment = segment_new(store, number);
	char name[SEGMENT_NAME_SIZE];
	struct scan scan = {.may_tear = is_last};
	struct stat st;

	if (!segment)
		return TRUNK_ENOMEM;
	segment_name(number, "", name);
	if (fstatat(store->folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size > 0)
		segment->size = (size_t)st.st_size;
	store->file_bytes += segment->size;
	segment_scan(store, segment, &scan, SIZE_MAX, on_record, loading);
	if (loading->err == 0 && scan.err == TRUNK_ENOMEM)
		loading->err = TRUNK_ENOMEM;
	mend(store, segment, &scan, is_last);
	return loading->err;
}

static bool is_removed(void *ctx, uint64_t id)
{
	const struct buf *removals = ctx;

	return buf_len(removals) > 0 &&
	       bsearch(&id, removals->at + removals->start, buf_len(removals) / sizeof(id), sizeof(id), by_number) != NULL;
}

static void settle_boxes(struct loading *loading)
{
	struct buf *removals = &loading->removals;
	struct box *box, *next;

	if (buf_len(removals))
		qsort(removals->at + removals->start, buf_len(removals) / sizeof(uint64_t), sizeof(uint64_t), by_number);
	HASH_ITER(hh, loading->store->boxes, box, next) {
		if (box->end > box->start)
			box_settle(loading->store, box, is_removed, removals);
		box_release(loading->store, box);
	}
}

/* What can be read of damaged files is written anew, which lets them be set aside. */
static void rescue(struct spool_store *store)
{
	bool has_damage = false;

	LIST_EACH (pos, &store->segments)
		has_damage |= LIST_OF(pos, struct segment, link)->is_damaged;
	if (!has_damage)
		return;
	for (uint64_t last = store->next_number; !list_is_empty(&store->segments);) {
		const struct segment *oldest = LIST_OF(store->segments.next, struct segment, link);

		if (oldest->number >= last || !writer_compact(store, true))
			break;
	}
}

static int load(struct spool_store *store)
{
	struct loading loading = {.store = store};
	struct buf numbers = {0};
	uint64_t number;
	int err = list_files(store, &numbers);

	for (size_t at = 0; err == 0 && at < buf_len(&numbers); at += sizeof(number)) {
		memcpy(&number, numbers.at + numbers.start + at, sizeof(number));
		err = load_file(&loading, number, at + sizeof(number) == buf_len(&numbers));
	}
	if (err == 0)
		settle_boxes(&loading);
	buf_fini(&loading.removals);
	buf_fini(&numbers);
	if (err == 0)
		err = paused_read(store);
	return err < 0 ? failed(store, error_text(err), err) : 0;
}

static void count_boxes(const struct spool_store *store)
{
	if (store->count == 0)
		return;
	LOG(store->log, LOG_NOTICE, "spool-read", KV_C("folder", store->folder), KV_N("stanzas", store->count), KV_N("pairs", HASH_COUNT(store->boxes)),
	    KV_N("files", store->files));
}

static int start_thread(struct spool_store *store)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&store->wake, &attr);
	pthread_condattr_destroy(&attr);
	if (store->is_inline)
		return 0;
	if (pthread_create(&store->thread, NULL, writer_run, store) != 0)
		return failed(store, "no thread", TRUNK_ENOMEM);
	store->has_thread = true;
	return 0;
}

int spool_store_open(const struct spool_options *options, struct spool_store **ret_store)
{
	struct spool_store *store = calloc(1, sizeof(*store));
	int err = TRUNK_ENOMEM;

	if (!store)
		return TRUNK_ENOMEM;
	store->folder_fd = store->lock_fd = store->current_fd = -1;
	store->log = options->log;
	store->io = options->io ? options->io : &spool_io_system;
	store->is_inline = options->is_inline;
	store->size_bytes = options->size_bytes;
	store->next_id = store->next_number = 1;
	list_init(&store->handles);
	list_init(&store->segments);
	pthread_mutex_init(&store->lock, NULL);
	if (!(store->folder = str_dup(str_of(options->folder))) || (err = open_folder(store)) < 0 || (err = load(store)) < 0)
		goto fail;
	segments_reclaim(store);
	rescue(store);
	count_boxes(store);
	if ((err = start_thread(store)) < 0)
		goto fail;
	*ret_store = store;
	return 0;
fail:
	spool_store_free(&store);
	return err;
}

void spool_store_set_size(struct spool_store *store, uint64_t size_bytes)
{
	pthread_mutex_lock(&store->lock);
	store->size_bytes = size_bytes;
	pthread_mutex_unlock(&store->lock);
}

static void stop_thread(struct spool_store *store)
{
	if (!store->has_thread)
		return;
	pthread_mutex_lock(&store->lock);
	store->is_ending = true;
	pthread_cond_signal(&store->wake);
	pthread_mutex_unlock(&store->lock);
	pthread_join(store->thread, NULL);
}

static void free_handles(struct spool_store *store)
{
	LIST_EACH (pos, &store->handles) {
		struct spool *spool = LIST_OF(pos, struct spool, link);

		list_remove(pos);
		free(spool);
	}
}

static void batch_fini(struct batch *batch)
{
	buf_fini(&batch->bytes);
	buf_fini(&batch->notes);
	buf_fini(&batch->removals);
}

void spool_store_free(struct spool_store **store)
{
	struct spool_store *gone = *store;
	uint64_t failed_before;

	if (!gone)
		return;
	*store = NULL;
	stop_thread(gone);
	failed_before = gone->failed;
	if (gone->folder_fd >= 0 && gone->lock_fd >= 0)
		writer_commit(gone);
	if (gone->failed > failed_before)
		LOG(gone->log, LOG_ERROR, "spool-not-kept", KV_N("stanzas", gone->failed - failed_before),
		    KV_C("reason", "the disk refused them as the trunk stopped; their senders' servers were not told that they were kept"));
	segment_cut(gone);
	free_handles(gone);
	segments_free(gone);
	boxes_free(gone);
	batch_fini(&gone->filling);
	batch_fini(&gone->writing);
	if (gone->lock_fd >= 0)
		close(gone->lock_fd);
	if (gone->folder_fd >= 0)
		close(gone->folder_fd);
	pthread_mutex_destroy(&gone->lock);
	free(gone->folder);
	free(gone);
}
