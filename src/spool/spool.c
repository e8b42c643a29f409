/* SPDX-License-Identifier: Apache-2.0
 * What a loop sees of the spool: put, read, remove, and the news of the disk. */
#include "spool/spool_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static void on_commit(void *ctx)
{
	struct spool *spool = ctx;

	writer_commit(spool->store);
	while (writer_compact(spool->store, false))
		;
	spool_tell(spool);
}

struct spool *spool_new(struct spool_store *store, struct loop *loop, const struct spool_handler *handler, void *ctx)
{
	struct spool *spool = calloc(1, sizeof(*spool));

	if (!spool)
		return NULL;
	spool->store = store;
	spool->loop = loop;
	spool->handler = handler;
	spool->ctx = ctx;
	spool->fd = -1;
	defer_init(&spool->commit, on_commit, spool);
	pthread_mutex_lock(&store->lock);
	list_add_tail(&store->handles, &spool->link);
	pthread_mutex_unlock(&store->lock);
	return spool;
}

static struct note *done_notes(const struct buf *done)
{
	return (struct note *)(void *)(done->at + done->start);
}

static void drop_done(struct spool_store *store, struct buf *done)
{
	for (size_t i = 0; i < buf_len(done) / sizeof(struct note); i++) {
		struct note *note = &done_notes(done)[i];

		free((char *)(uintptr_t)note->body.at);
		note->box->pins--;
		box_release(store, note->box);
	}
	buf_fini(done);
}

void spool_free(struct spool **spool)
{
	struct spool *gone = *spool;

	if (!gone)
		return;
	*spool = NULL;
	defer_stop(&gone->commit);
	pthread_mutex_lock(&gone->store->lock);
	gone->handler = NULL;
	drop_done(gone->store, &gone->done);
	pthread_mutex_unlock(&gone->store->lock);
	buf_fini(&gone->reading);
	if (gone->fd >= 0)
		close(gone->fd);
	gone->fd = -1;
}

/* ---- news ---- */

static void tell(const struct spool *spool, const struct note *note)
{
	const struct domain_pair pair = box_pair(note->box);

	if (note->err == 0)
		spool->handler->durable(spool->ctx, &pair, note->id, &note->token);
	else
		spool->handler->failed(spool->ctx, &pair, note->id, &note->token, note->body, note->proof_in, note->err);
}

void spool_tell(void *ctx)
{
	struct spool *spool = ctx;
	struct buf done;

	pthread_mutex_lock(&spool->store->lock);
	done = spool->done;
	spool->done = (struct buf){0};
	spool->is_posted = false;
	pthread_mutex_unlock(&spool->store->lock);
	for (size_t i = 0; spool->handler && i < buf_len(&done) / sizeof(struct note); i++)
		tell(spool, &done_notes(&done)[i]);
	pthread_mutex_lock(&spool->store->lock);
	drop_done(spool->store, &done);
	pthread_mutex_unlock(&spool->store->lock);
}

/* Something waits for the disk now; the lock is held. */
static void wake(struct spool *spool)
{
	if (spool->store->is_inline)
		defer_start(spool->loop, &spool->commit);
	else
		pthread_cond_signal(&spool->store->wake);
}

/* ---- put ---- */

static bool is_full(const struct spool_store *store, size_t len)
{
	const size_t pending = buf_len(&store->filling.bytes) + store->writing_bytes;

	return len > SPOOL_STANZA_BYTES_MAX || store->count >= SPOOL_STANZAS_MAX || (pending > 0 && pending + len > SPOOL_BATCH_BYTES_MAX) ||
	       store->file_bytes - store->room + pending + len > store->size_bytes;
}

/* Adds record and note to the batch, and the entry to the index; all or nothing. */
static int add(struct spool *spool, struct box *box, const struct record *record, const struct spool_token *token)
{
	struct batch *batch = &spool->store->filling;
	const struct entry entry = {.id = record->id, .wall_ms = record->wall_ms, .len = (uint32_t)record->body.len,
				    .proof_in = (uint8_t)record->proof_in, .state = ENTRY_PENDING, .is_fleeting = stanza_is_fleeting(record->body)};
	struct note note = {.spool = spool, .box = box, .id = record->id, .proof_in = record->proof_in};
	int err;

	if (token)
		note.token = *token;
	if ((err = batch_begin(batch)) < 0 || (err = buf_reserve(&batch->bytes, record_len(record))) < 0 ||
	    (err = buf_reserve(&batch->notes, sizeof(note))) < 0 || (err = box_add(spool->store, box, &entry)) < 0)
		return err;
	note.offset = buf_len(&batch->bytes);
	record_write(record, buf_space(&batch->bytes));
	buf_grew(&batch->bytes, record_len(record));
	buf_add(&batch->notes, str_make((const char *)&note, sizeof(note)));
	box->pins++;
	return 0;
}

static int put_locked(struct spool *spool, struct record *record, const struct spool_token *token)
{
	struct spool_store *store = spool->store;
	struct box *box;
	int err;

	if (is_full(store, record_len(record)))
		return TRUNK_ELIMIT;
	if (store->is_failing && spool_clock_ms() < store->failing_until_ms)
		return TRUNK_EIO;
	if (!(box = box_get(store, &record->pair)))
		return TRUNK_ENOMEM;
	record->id = store->next_id;
	if ((err = add(spool, box, record, token)) < 0) {
		box_release(store, box);
		return err;
	}
	store->next_id++;
	store->puts++;
	wake(spool);
	return 0;
}

int spool_put(struct spool *spool, const struct domain_pair *pair, struct str bytes, enum proof proof_in, const struct spool_token *token,
	      uint64_t *ret_id)
{
	struct record record = {
		.type = RECORD_STANZA, .proof_in = proof_in, .wall_ms = loop_wall_ms(spool->loop), .pair = *pair, .body = bytes,
	};
	int err;

	pthread_mutex_lock(&spool->store->lock);
	err = put_locked(spool, &record, token);
	pthread_mutex_unlock(&spool->store->lock);
	if (err == 0)
		*ret_id = record.id;
	return err;
}

/* ---- read and remove ---- */

static bool find_next(struct spool *spool, const struct domain_pair *pair, uint64_t after, bool is_fleeting, struct spool_stanza *ret_stanza)
{
	const struct entry *entry;
	const struct box *box;

	if (spool->store->count == 0)
		return false;
	pthread_mutex_lock(&spool->store->lock);
	box = box_find(spool->store, pair);
	entry = !box ? NULL : is_fleeting ? box_after_fleeting(box, after) : box_after(box, after);
	if (entry)
		*ret_stanza = (struct spool_stanza){.id = entry->id, .wall_ms = entry->wall_ms, .len = entry->len,
						    .proof_in = (enum proof)entry->proof_in, .is_durable = entry->state == ENTRY_ON_DISK,
						    .is_fleeting = entry->is_fleeting};
	pthread_mutex_unlock(&spool->store->lock);
	return entry != NULL;
}

bool spool_next(struct spool *spool, const struct domain_pair *pair, uint64_t after, struct spool_stanza *ret_stanza)
{
	return find_next(spool, pair, after, false, ret_stanza);
}

bool spool_next_fleeting(struct spool *spool, const struct domain_pair *pair, uint64_t after, struct spool_stanza *ret_stanza)
{
	return find_next(spool, pair, after, true, ret_stanza);
}

/* Where a record lies; the file may be gone by the time it is opened, when it was written anew elsewhere. */
struct place {
	uint64_t number;
	uint32_t salt;
	size_t offset, len;
};

static int find_place(struct spool *spool, const struct domain_pair *pair, uint64_t id, struct place *ret_place)
{
	const struct box *box;
	const struct entry *entry;
	int err = TRUNK_ENOENT;

	pthread_mutex_lock(&spool->store->lock);
	box = box_find(spool->store, pair);
	entry = box ? box_entry(box, id) : NULL;
	if (entry && entry->state == ENTRY_PENDING)
		err = TRUNK_EBUSY;
	if (entry && entry->state == ENTRY_ON_DISK) {
		*ret_place = (struct place){.number = entry->segment->number, .salt = entry->segment->salt, .offset = entry->offset,
					    .len = RECORD_HEAD_BYTES + box->sender_len + box->target_len + entry->len};
		err = 0;
	}
	pthread_mutex_unlock(&spool->store->lock);
	return err;
}

static int open_file(struct spool *spool, uint64_t number)
{
	char name[SEGMENT_NAME_SIZE];

	if (spool->fd >= 0 && spool->fd_number == number)
		return 0;
	if (spool->fd >= 0)
		close(spool->fd);
	segment_name(number, "", name);
	spool->fd = openat(spool->store->folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	spool->fd_number = number;
	return spool->fd < 0 ? TRUNK_EIO : 0;
}

static int read_record(struct spool *spool, const struct place *place, uint64_t id, struct buf *out)
{
	struct record record;
	ssize_t got;
	int err;

	if ((err = open_file(spool, place->number)) < 0)
		return err;
	buf_clear(&spool->reading);
	if ((err = buf_reserve(&spool->reading, place->len)) < 0)
		return err;
	while ((got = pread(spool->fd, buf_space(&spool->reading), place->len, (off_t)place->offset)) < 0 && errno == EINTR)
		;
	if (got != (ssize_t)place->len)
		return TRUNK_EIO;
	buf_grew(&spool->reading, place->len);
	if (record_read(place->salt, buf_str(&spool->reading), &record) < 0 || record.id != id)
		return TRUNK_EIO;
	return buf_add(out, record.body);
}

/* What cannot be read is said once for each file, which is set aside when it is not needed any more. */
static void found_damage(struct spool *spool, const struct place *place)
{
	struct spool_store *store = spool->store;
	char name[SEGMENT_NAME_SIZE];

	segment_name(place->number, "", name);
	pthread_mutex_lock(&store->lock);
	LIST_EACH (pos, &store->segments) {
		struct segment *segment = LIST_OF(pos, struct segment, link);

		if (segment->number != place->number || segment->is_damaged)
			continue;
		segment->is_damaged = true;
		LOG(store->log, LOG_ERROR, "spool-unreadable", KV_C("folder", store->folder), KV_C("file", name), KV_N("offset", place->offset));
	}
	pthread_mutex_unlock(&store->lock);
}

int spool_read(struct spool *spool, const struct domain_pair *pair, uint64_t id, struct buf *out)
{
	struct place place, again;
	int err;

	if ((err = find_place(spool, pair, id, &place)) < 0)
		return err;
	err = read_record(spool, &place, id, out);
	if (err == TRUNK_EIO && find_place(spool, pair, id, &again) == 0 && again.number != place.number) {
		place = again;
		err = read_record(spool, &place, id, out);
	}
	if (err == TRUNK_EIO)
		found_damage(spool, &place);
	buf_trim(&spool->reading, SEGMENT_BYTES_MIN);
	return err;
}

/* The disk refused it, and the news of that are under way. */
static void forget_refused(struct spool *spool, uint64_t id)
{
	for (size_t i = 0; i < buf_len(&spool->done) / sizeof(struct note); i++) {
		struct note *note = &done_notes(&spool->done)[i];

		if (note->id != id || note->err == 0)
			continue;
		free((char *)(uintptr_t)note->body.at);
		note->body = STR_NONE;
	}
}

void spool_remove(struct spool *spool, const struct domain_pair *pair, uint64_t id)
{
	struct spool_store *store = spool->store;
	struct entry *entry;
	struct box *box;

	pthread_mutex_lock(&store->lock);
	box = box_find(store, pair);
	if (box && (entry = box_entry(box, id))) {
		box_remove(store, box, entry);
		box_release(store, box);
		batch_remove(&store->filling, id);      /* without memory: it comes again after a restart */
		wake(spool);
	} else {
		forget_refused(spool, id);
	}
	pthread_mutex_unlock(&store->lock);
}

/* ---- what waits ---- */

static struct spool_sum sum_of(const struct box *box)
{
	const struct entry *first = box_after(box, 0);

	return (struct spool_sum){.count = box->count, .bytes = box->bytes, .oldest_wall_ms = first ? first->wall_ms : 0, .is_paused = box->is_paused};
}

struct spool_sum spool_sum(struct spool *spool, const struct domain_pair *pair)
{
	struct spool_sum sum = {0};
	const struct box *box;

	pthread_mutex_lock(&spool->store->lock);
	if ((box = box_find(spool->store, pair)))
		sum = sum_of(box);
	pthread_mutex_unlock(&spool->store->lock);
	return sum;
}

bool spool_is_empty(struct spool *spool, const struct domain_pair *pair)
{
	return spool->store->count == 0 || spool_sum(spool, pair).count == 0;
}

bool spool_is_paused(struct spool *spool, const struct domain_pair *pair)
{
	return spool->store->paused > 0 && spool_sum(spool, pair).is_paused;
}

/* A row of what is told of all pairs, followed by the key. */
struct row {
	struct spool_sum sum;
	size_t sender_len, target_len;
};

static void copy_rows(struct spool_store *store, struct buf *rows)
{
	struct box *box, *next;

	HASH_ITER(hh, store->boxes, box, next) {
		const struct row row = {.sum = sum_of(box), .sender_len = box->sender_len, .target_len = box->target_len};

		if (box->count == 0 && !box->is_paused)
			continue;
		if (buf_add(rows, str_make((const char *)&row, sizeof(row))) < 0 || buf_add(rows, box_pair(box).sender) < 0 ||
		    buf_add(rows, box_pair(box).target) < 0)
			return;
	}
}

void spool_each(struct spool *spool, spool_each_fn *fn, void *ctx)
{
	struct buf rows = {0};
	struct row row;

	pthread_mutex_lock(&spool->store->lock);
	copy_rows(spool->store, &rows);
	pthread_mutex_unlock(&spool->store->lock);
	for (struct str rest = buf_str(&rows); rest.len > sizeof(row); rest = str_from(rest, sizeof(row) + row.sender_len + row.target_len)) {
		struct domain_pair pair;

		memcpy(&row, rest.at, sizeof(row));
		if (rest.len < sizeof(row) + row.sender_len + row.target_len)
			break;          /* there was no memory for the last one */
		pair = (struct domain_pair){str_make(rest.at + sizeof(row), row.sender_len),
					    str_make(rest.at + sizeof(row) + row.sender_len, row.target_len)};
		fn(ctx, &pair, &row.sum);
	}
	buf_fini(&rows);
}

int spool_pause(struct spool *spool, const struct domain_pair *pair, bool is_paused)
{
	struct spool_store *store = spool->store;
	struct box *box;
	int err = 0;

	pthread_mutex_lock(&store->lock);
	box = is_paused ? box_get(store, pair) : box_find(store, pair);
	if (!box && is_paused)
		err = TRUNK_ENOMEM;
	if (box && box->is_paused != is_paused) {
		box->is_paused = is_paused;
		store->paused += is_paused ? 1 : -1u;
		err = paused_write(store);
		box_release(store, box);
	}
	pthread_mutex_unlock(&store->lock);
	return err;
}

struct spool_use spool_use(struct spool *spool)
{
	struct spool_store *store = spool->store;
	struct spool_use use;

	pthread_mutex_lock(&store->lock);
	use = (struct spool_use){
		.stanzas = store->count, .bytes = store->live_bytes, .file_bytes = store->file_bytes, .size_bytes = store->size_bytes,
		.files = store->files, .damaged = store->damaged, .is_failing = store->is_failing, .batches = store->batches, .puts = store->puts,
		.failed = store->failed,
	};
	pthread_mutex_unlock(&store->lock);
	return use;
}
