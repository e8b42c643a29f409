/* SPDX-License-Identifier: Apache-2.0
 * Group commit: what came while the disk was busy is written and synced at once. Also what keeps the files few: the oldest is written anew where
 * little in it is needed still. */
#include "spool/spool_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

int64_t spool_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int batch_begin(struct batch *batch)
{
	static const char head[BATCH_HEAD_BYTES];

	return buf_len(&batch->bytes) > 0 ? 0 : buf_add(&batch->bytes, str_make(head, sizeof(head)));
}

static void batch_clear(struct batch *batch)
{
	buf_clear(&batch->bytes);
	buf_clear(&batch->notes);
	buf_clear(&batch->removals);
	buf_trim(&batch->bytes, SEGMENT_BYTES_MIN);
	buf_trim(&batch->notes, SEGMENT_BYTES_MIN);
	buf_trim(&batch->removals, SEGMENT_BYTES_MIN);
}

int batch_remove(struct batch *batch, uint64_t id)
{
	const struct record record = {.type = RECORD_REMOVAL, .proof_in = PROOF_NONE, .id = id};
	int err;

	if ((err = batch_begin(batch)) < 0 || (err = buf_reserve(&batch->bytes, record_len(&record))) < 0 ||
	    (err = buf_add(&batch->removals, str_make((const char *)&id, sizeof(id)))) < 0)
		return err;
	record_write(&record, buf_space(&batch->bytes));
	buf_grew(&batch->bytes, record_len(&record));
	return 0;
}

/* ---- the result ---- */

/* Gives a note to its handle. Where there is no memory the stanza stays what it is (on disk or not): its sender's server is not told, and asks again. */
static void give(struct note *note)
{
	struct spool *spool = note->spool;

	if (!spool->handler || buf_add(&spool->done, str_make((const char *)note, sizeof(*note))) < 0) {
		free((char *)(uintptr_t)note->body.at);
		note->box->pins--;
		box_release(spool->store, note->box);
	} else if (!spool->is_posted && !spool->store->is_inline) {
		spool->is_posted = loop_post(spool->loop, spool_tell, spool) == 0;
	}
}

static void settle_written(struct spool_store *store, struct note *note, size_t offset)
{
	struct entry *entry = box_entry(note->box, note->id);

	if (!entry)
		return;         /* removed meanwhile; the removal follows in the file */
	box_place(store, entry, store->current, offset + note->offset, box_record_bytes(note->box, entry));
	entry->state = ENTRY_ON_DISK;
}

static void settle_failed(struct spool_store *store, struct note *note, int err)
{
	struct entry *entry = box_entry(note->box, note->id);
	const char *record = store->writing.bytes.at + store->writing.bytes.start + note->offset;
	const size_t head = RECORD_HEAD_BYTES + note->box->sender_len + note->box->target_len;

	note->err = err;
	store->failed++;
	if (!entry)
		return;         /* removed meanwhile: nobody waits for it */
	note->body = str_make(str_dup(str_make(record + head, entry->len)), entry->len);
	box_remove(store, note->box, entry);
}

static void settle(struct spool_store *store, size_t offset, int err)
{
	struct note *notes = (struct note *)(void *)(store->writing.notes.at + store->writing.notes.start);

	for (size_t i = 0; i < buf_len(&store->writing.notes) / sizeof(*notes); i++) {
		if (err < 0)
			settle_failed(store, &notes[i], err);
		else
			settle_written(store, &notes[i], offset);
		give(&notes[i]);
	}
}

/* Removals that did not get to the disk go with the next batch. Without memory for that they may come again after a restart. */
static void repeat_removals(struct spool_store *store)
{
	const struct buf *removals = &store->writing.removals;
	uint64_t id;

	for (size_t at = 0; at < buf_len(removals); at += sizeof(id)) {
		memcpy(&id, removals->at + removals->start + at, sizeof(id));
		if (batch_remove(&store->filling, id) < 0)
			return;
	}
}

static void tell_disk(struct spool_store *store, int err, int error)
{
	store->failing_until_ms = err < 0 ? spool_clock_ms() + SPOOL_RETRY_MS : 0;
	if ((err < 0) == store->is_failing)
		return;
	store->is_failing = err < 0;
	if (err < 0)
		LOG(store->log, LOG_ERROR, "spool-failing", KV_C("folder", store->folder), KV_C("reason", strerror(error)));
	else
		LOG(store->log, LOG_NOTICE, "spool-works-again", KV_C("folder", store->folder));
}

/* Writes store->writing; the lock is not held. Removals alone are not synced: what a power failure loses of them is delivered twice, not lost. */
static int write_batch(struct spool_store *store, size_t *ret_offset)
{
	struct buf *bytes = &store->writing.bytes;
	int err, error;

	if ((err = segment_reserve(store, buf_len(bytes))) == 0 &&
	    (err = segment_append(store, bytes->at + bytes->start, buf_len(bytes), buf_len(&store->writing.notes) > 0, ret_offset)) == 0)
		return 0;
	/* What a failed sync leaves behind is not known: this file ends before it, and the next batch begins another. */
	error = errno;
	segment_cut(store);
	errno = error;
	return err;
}

/* Takes what waits. False: nothing does. */
static bool take(struct spool_store *store)
{
	const struct batch empty = store->writing;

	if (buf_len(&store->filling.bytes) == 0)
		return false;
	store->writing = store->filling;
	store->filling = empty;
	store->writing_bytes = buf_len(&store->writing.bytes);
	return true;
}

static void commit_locked(struct spool_store *store)
{
	size_t offset = 0;
	int err, error;

	pthread_mutex_unlock(&store->lock);
	err = write_batch(store, &offset);
	error = errno;
	pthread_mutex_lock(&store->lock);
	settle(store, offset, err);
	if (err < 0)
		repeat_removals(store);
	store->writing_bytes = 0;
	store->batches++;
	tell_disk(store, err, error);
	batch_clear(&store->writing);
	segments_reclaim(store);
}

void writer_commit(struct spool_store *store)
{
	pthread_mutex_lock(&store->lock);
	if (take(store))
		commit_locked(store);
	pthread_mutex_unlock(&store->lock);
}

/* After a failure there is a pause. */
static bool must_wait(const struct spool_store *store)
{
	if (store->is_ending)
		return false;
	return buf_len(&store->filling.bytes) == 0 || (store->is_failing && spool_clock_ms() < store->failing_until_ms);
}

static void wait_for_work(struct spool_store *store)
{
	struct timespec until;

	if (!store->is_failing || buf_len(&store->filling.bytes) == 0) {
		pthread_cond_wait(&store->wake, &store->lock);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += SPOOL_RETRY_MS / 1000;
	pthread_cond_timedwait(&store->wake, &store->lock, &until);
}

void *writer_run(void *ctx)
{
	struct spool_store *store = ctx;
	bool is_ending = false, is_idle = false;

	while (!is_ending) {
		pthread_mutex_lock(&store->lock);
		while (is_idle && must_wait(store))
			wait_for_work(store);
		is_ending = store->is_ending;
		pthread_mutex_unlock(&store->lock);
		writer_commit(store);
		is_idle = !writer_compact(store, false);
	}
	return NULL;
}

/* ---- writing the oldest file anew ---- */

struct moving {
	struct spool_store *store;
	struct batch batch;             /* records, and notes with the pair's place in `pairs` instead of a box */
	int err;
};

/* Where in the copy a record stands. */
struct moved {
	size_t offset, len;
	const struct segment *from;
	size_t from_offset;
};

static bool is_here(struct spool_store *store, const struct record *record, const struct segment *segment, size_t offset)
{
	const struct box *box = box_find(store, &record->pair);
	const struct entry *entry = box ? box_entry(box, record->id) : NULL;

	return entry && entry->segment == segment && entry->offset == offset;
}

static void on_record(void *ctx, struct segment *segment, const struct record *record, size_t offset)
{
	struct moving *moving = ctx;
	struct buf *bytes = &moving->batch.bytes;
	struct moved moved = {.len = record->len, .from = segment, .from_offset = offset};
	bool is_needed;

	if (record->type != RECORD_STANZA || moving->err < 0)
		return;
	pthread_mutex_lock(&moving->store->lock);
	is_needed = is_here(moving->store, record, segment, offset);
	pthread_mutex_unlock(&moving->store->lock);
	if (!is_needed)
		return;
	if ((moving->err = batch_begin(&moving->batch)) < 0 || (moving->err = buf_reserve(bytes, record->len)) < 0)
		return;
	moved.offset = buf_len(bytes);
	record_write(record, buf_space(bytes));
	if ((moving->err = buf_add(&moving->batch.notes, str_make((const char *)&moved, sizeof(moved)))) == 0)
		buf_grew(bytes, record->len);
}

/* The entries of what was copied lead to the copy now, where nobody removed them meanwhile. */
static void place_moved(struct spool_store *store, const struct moving *moving, size_t offset)
{
	const struct buf *notes = &moving->batch.notes;
	const struct moved *moved = (const struct moved *)(const void *)(notes->at + notes->start);
	struct record record;

	for (size_t i = 0; i < buf_len(notes) / sizeof(*moved); i++) {
		if (record_read(store->current->salt, str_from(buf_str(&moving->batch.bytes), moved[i].offset), &record) < 0 ||
		    !is_here(store, &record, moved[i].from, moved[i].from_offset))
			continue;
		box_place(store, box_entry(box_find(store, &record.pair), record.id), store->current, offset + moved[i].offset, record.len);
	}
}

static int write_moved(struct spool_store *store, struct moving *moving)
{
	struct buf *bytes = &moving->batch.bytes;
	size_t offset;
	int err;

	if (buf_len(&moving->batch.notes) == 0)
		return 0;
	if ((err = segment_reserve(store, buf_len(bytes))) < 0 ||
	    (err = segment_append(store, bytes->at + bytes->start, buf_len(bytes), true, &offset)) < 0) {
		segment_cut(store);
		return err;
	}
	pthread_mutex_lock(&store->lock);
	place_moved(store, moving, offset);
	segments_reclaim(store);
	pthread_mutex_unlock(&store->lock);
	return 0;
}

/* The file to write anew; NULL: none is worth it. */
static struct segment *oldest_to_move(struct spool_store *store, bool is_forced)
{
	struct segment *oldest = NULL;
	uint64_t enough;

	pthread_mutex_lock(&store->lock);
	if (!list_is_empty(&store->segments))
		oldest = LIST_OF(store->segments.next, struct segment, link);
	enough = store->live_bytes + store->live_bytes / 2 + 2 * segment_bytes(store->size_bytes);
	if (oldest && (oldest == store->current || oldest->is_stuck || store->is_failing || (!is_forced && store->file_bytes < enough)))
		oldest = NULL;
	pthread_mutex_unlock(&store->lock);
	return oldest;
}

/* Runs on the writer's thread, which alone ends segments. */
bool writer_compact(struct spool_store *store, bool is_forced)
{
	struct moving moving = {.store = store};
	struct segment *oldest = oldest_to_move(store, is_forced);
	const uint64_t number = oldest ? oldest->number : 0;
	int err;

	if (!oldest)
		return false;
	if (store->compact_number != number)
		store->compact = (struct scan){0};
	store->compact_number = number;
	segment_scan(store, oldest, &store->compact, COMPACT_STEP_BYTES, on_record, &moving);
	if ((err = moving.err) == 0)
		err = write_moved(store, &moving);
	if (err < 0 || store->compact.is_ended) {
		store->compact_number = 0;
		pthread_mutex_lock(&store->lock);
		oldest = list_is_empty(&store->segments) ? NULL : LIST_OF(store->segments.next, struct segment, link);
		if (oldest && oldest->number == number)
			oldest->is_stuck = true;        /* until the next start */
		pthread_mutex_unlock(&store->lock);
	}
	buf_fini(&moving.batch.bytes);
	buf_fini(&moving.batch.notes);
	return err == 0;
}
