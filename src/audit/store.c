/* SPDX-License-Identifier: Apache-2.0
 * The store's thread: gathers what the front-ends packed, writes it, seals. And what other threads ask of it. */
#include "audit/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

static int64_t clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t store_wall_ms(const struct audit_store *store)
{
	return store->fixed_wall_ms ? store->fixed_wall_ms : clock_ms(CLOCK_REALTIME);
}

static struct timespec at_ms(int64_t due_ms)
{
	return (struct timespec){.tv_sec = due_ms / 1000, .tv_nsec = due_ms % 1000 * 1000000};
}

/* ---- what front-ends call ---- */

void store_wake(struct audit_store *store, bool is_hurried)
{
	pthread_mutex_lock(&store->lock);
	if (!store->is_awake || (is_hurried && !store->is_hurried)) {
		store->is_awake = true;
		store->is_hurried |= is_hurried;
		pthread_cond_signal(&store->wake);
	}
	pthread_mutex_unlock(&store->lock);
}

static bool has_room(struct audit_store *store, size_t size)
{
	return atomic_load_explicit(&store->waiting_bytes, memory_order_relaxed) + size <= AUDIT_WINDOW_BYTES;
}

/* A writer that is merely busy makes room soon; one that waits for its disk does not, and the loop must go on. */
bool store_wait_for_room(struct audit_store *store, size_t size, int64_t *patience_ms)
{
	const int64_t begun_ms = clock_ms(CLOCK_MONOTONIC), until_ms = begun_ms + *patience_ms;
	const struct timespec until = at_ms(until_ms);

	if (size > AUDIT_WINDOW_BYTES)
		return has_room(store, 0) && atomic_load_explicit(&store->waiting_bytes, memory_order_relaxed) == 0;
	store_wake(store, true);
	pthread_mutex_lock(&store->lock);
	while (!has_room(store, size) && !atomic_load(&store->is_failing) && clock_ms(CLOCK_MONOTONIC) < until_ms)
		pthread_cond_timedwait(&store->done, &store->lock, &until);
	pthread_mutex_unlock(&store->lock);
	*patience_ms -= clock_ms(CLOCK_MONOTONIC) - begun_ms;
	if (*patience_ms < 0)
		*patience_ms = 0;
	return has_room(store, size);
}

int store_join(struct audit_store *store, struct audit *front)
{
	int err = 0;

	pthread_mutex_lock(&store->lock);
	if (store->front_count == AUDIT_FRONTS_MAX)
		err = TRUNK_ELIMIT;
	else
		store->fronts[store->front_count++] = front;
	pthread_mutex_unlock(&store->lock);
	return err;
}

void store_leave(struct audit_store *store, struct audit *front)
{
	pthread_mutex_lock(&store->lock);
	for (unsigned i = 0; i < store->front_count; i++)
		if (store->fronts[i] == front) {
			store->fronts[i] = store->fronts[--store->front_count];
			break;
		}
	if (buf_add(&store->orphans, buf_str(&front->filling)) < 0)
		atomic_fetch_add(&store->lost, 1);
	store->is_awake = true;
	pthread_cond_signal(&store->wake);
	pthread_mutex_unlock(&store->lock);
}

void audit_store_set(struct audit_store *store, enum audit_level level, int64_t retention_ms)
{
	atomic_store(&store->level, level);
	atomic_store(&store->retention_ms, retention_ms);
}

void audit_store_flush(struct audit_store *store)
{
	uint64_t mine;

	pthread_mutex_lock(&store->lock);
	mine = ++store->flush_wanted;
	pthread_cond_signal(&store->wake);
	while (store->flush_done < mine)
		pthread_cond_wait(&store->done, &store->lock);
	pthread_mutex_unlock(&store->lock);
}

void audit_store_state(struct audit_store *store, struct audit_state *ret_state)
{
	*ret_state = (struct audit_state){
		.has_store = store->has_db, .is_strict = store->is_strict, .is_failing = atomic_load(&store->is_failing),
		.records = atomic_load(&store->records), .lost = atomic_load(&store->lost_all), .sealed_ms = atomic_load(&store->sealed_ms),
		.waiting_bytes = atomic_load(&store->waiting_bytes),
	};
}

/* ---- the thread ---- */

static int64_t next_due(const struct audit_store *store)
{
	if (atomic_load(&store->is_failing))
		return clock_ms(CLOCK_MONOTONIC) + AUDIT_RETRY_MS;
	return store->seal_due_ms < store->retain_due_ms ? store->seal_due_ms : store->retain_due_ms;
}

/* Sleeps until there is something to do, and then a little, so that much is written at once. Returns the flushes that the coming round
 * answers. Called and returns with the lock. */
static uint64_t wait_for_work(struct audit_store *store)
{
	struct timespec until = at_ms(next_due(store));

	while ((!store->is_awake || atomic_load(&store->is_failing)) && !store->is_stopping && store->flush_done == store->flush_wanted)
		if (pthread_cond_timedwait(&store->wake, &store->lock, &until) == ETIMEDOUT)
			break;
	until = at_ms(clock_ms(CLOCK_MONOTONIC) + AUDIT_WINDOW_MS);
	while (store->is_awake && !store->is_strict && !store->is_hurried && !store->is_stopping && store->flush_done == store->flush_wanted &&
	       !atomic_load(&store->is_failing))
		if (pthread_cond_timedwait(&store->wake, &store->lock, &until) == ETIMEDOUT)
			break;
	store->is_awake = store->is_hurried = false;
	return store->flush_wanted;
}

/* The whole of `from` behind `to`: nearly always an exchange of two buffers. */
static void take_over(struct buf *to, struct buf *from)
{
	const struct buf swapped = *to;

	if (buf_len(from) == 0)
		return;
	if (buf_len(to) == 0) {
		*to = *from;
		*from = swapped;
		buf_clear(from);
	} else if (buf_add(to, buf_str(from)) == 0) {
		buf_clear(from);
	}
}

/* Memory that a busy time needs again stays; what was used for a small part only goes. */
static void trim(struct buf *buf, size_t used)
{
	if (used < buf->cap / 8)
		buf_trim(buf, STORE_KEEP_BYTES);
}

/* Takes what there is, unless the last batch still has to be written. With the lock. */
static void collect(struct audit_store *store)
{
	const uint64_t seq = atomic_load(&store->seq);  /* before any buffer is taken: what has a lower number is in one of them */
	bool is_all = true;

	if (buf_len(&store->taken) > 0)
		return;
	for (unsigned i = 0; i < store->front_count; i++) {
		struct audit *front = store->fronts[i];

		pthread_mutex_lock(&front->lock);
		take_over(&store->taken, &front->filling);
		if (buf_len(&front->filling) == 0)
			raw_writer_reset(&front->writer);
		trim(&front->filling, buf_len(&store->taken));
		is_all &= buf_len(&front->filling) == 0;
		pthread_mutex_unlock(&front->lock);
	}
	take_over(&store->taken, &store->orphans);
	store->taken_lost += atomic_exchange(&store->lost, 0);
	if (is_all && buf_len(&store->orphans) == 0)
		store->taken_seq = seq;
}

static void post_durable(void *ctx)
{
	struct audit *front = ctx;
	timer_fn *fn;

	atomic_store(&front->is_posted, false);
	pthread_mutex_lock(&front->lock);
	fn = front->on_durable;
	pthread_mutex_unlock(&front->lock);
	if (fn)
		fn(front->on_durable_ctx);
}

static void tell_durable(struct audit_store *store)
{
	pthread_mutex_lock(&store->lock);
	for (unsigned i = 0; i < store->front_count; i++) {
		struct audit *front = store->fronts[i];
		bool wants;

		pthread_mutex_lock(&front->lock);
		wants = front->on_durable != NULL;
		pthread_mutex_unlock(&front->lock);
		if (wants && !atomic_exchange(&front->is_posted, true) && loop_post(front->loop, post_durable, front) < 0)
			atomic_store(&front->is_posted, false);
	}
	pthread_mutex_unlock(&store->lock);
}

static void alarm_of(struct audit_store *store, int err)
{
	if (!atomic_exchange(&store->is_failing, true))
		LOG(store->log, LOG_ERROR, "audit-unwritable", KV_C("store", store->db_path),
		    KV_C("reason", store->db ? db_error(store->db) : error_text(err)),
		    KV_C("consequence", store->is_strict ? "strict: no stanza passes until it can be written" :
							   "stanzas pass; what finds no room in memory is missing, and the gap becomes a record"));
}

static void all_clear(struct audit_store *store)
{
	if (atomic_exchange(&store->is_failing, false))
		LOG(store->log, LOG_NOTICE, "audit-writable", KV_C("store", store->db_path), KV_N("lost", atomic_load(&store->lost) + store->taken_lost));
}

static int open_late(struct audit_store *store)
{
	struct buf why = {0};
	const int err = store_open(store, &why);

	if (err < 0)
		db_close(&store->db);
	buf_fini(&why);
	return err;
}

static void write_round(struct audit_store *store)
{
	int err = store->has_db && !store->db ? open_late(store) : 0;
	size_t used;

	if (err == 0)
		err = store_write(store);

	if (err == TRUNK_EINVAL) {      /* broken beneath us: a new store takes what waits */
		struct buf why = {0};

		if ((err = store_set_aside(store, "it broke while it was written", &why)) == 0)
			err = store_write(store);
		buf_fini(&why);
	}
	if (err < 0) {
		alarm_of(store, err);
		return;
	}
	all_clear(store);
	atomic_fetch_sub(&store->waiting_bytes, buf_len(&store->taken));
	used = buf_len(&store->taken);
	buf_clear(&store->taken);
	trim(&store->taken, used);
	store->told = 0;
	if (atomic_exchange(&store->durable, store->taken_seq) != store->taken_seq)
		tell_durable(store);
}

static void keep_house(struct audit_store *store, bool is_stopping)
{
	const int64_t now_ms = clock_ms(CLOCK_MONOTONIC);

	if (!store->has_db || atomic_load(&store->is_failing))
		return;
	if (now_ms >= store->retain_due_ms) {
		const int err = store_retain(store);

		store->retain_due_ms = err == TRUNK_EBUSY ? now_ms + AUDIT_RETRY_MS : now_ms + STORE_RETAIN_MS;
	}
	if (now_ms >= store->seal_due_ms && !is_stopping) {
		store_seal(store, false);
		store->seal_due_ms = now_ms + AUDIT_SEAL_MS;
	}
}

static void *run(void *ctx)
{
	struct audit_store *store = ctx;
	bool is_stopping;

	do {
		uint64_t flush;

		pthread_mutex_lock(&store->lock);
		flush = wait_for_work(store);
		is_stopping = store->is_stopping;
		collect(store);
		pthread_mutex_unlock(&store->lock);
		write_round(store);
		keep_house(store, is_stopping);
		pthread_mutex_lock(&store->lock);
		store->flush_done = flush;
		pthread_cond_broadcast(&store->done);
		pthread_mutex_unlock(&store->lock);
	} while (!is_stopping);
	return NULL;
}

/* ---- life ---- */

static void init_locks(struct audit_store *store)
{
	pthread_condattr_t attributes;

	pthread_mutex_init(&store->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&store->wake, &attributes);
	pthread_cond_init(&store->done, &attributes);
	pthread_condattr_destroy(&attributes);
}

static int lock_folder(struct audit_store *store, struct buf *why)
{
	if ((store->lock_fd = open(store->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0640)) < 0) {
		buf_addf(why, "%s: %s", store->lock_path, strerror(errno));
		return TRUNK_EIO;
	}
	if (flock(store->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	buf_addf(why, "%s: another trunkd writes to this audit store", store->db_path);
	return TRUNK_EBUSY;
}

/* A disk that is full or fails: unless strict, what comes is kept in memory as far as the window goes, and the writer opens the store as soon as it
 * can. */
static int open_or_wait(struct audit_store *store, struct buf *why)
{
	const int err = store_open(store, why);

	if (err != TRUNK_EIO || store->is_strict)
		return err;
	db_close(&store->db);
	atomic_store(&store->is_failing, true);
	LOG(store->log, LOG_ERROR, "audit-unwritable", KV_C("store", store->db_path), KV("reason", buf_str(why)),
	    KV_C("consequence", "the trunk starts without its store of records: stanzas pass, what finds no room in memory is missing, and recording begins "
				"when the disk takes it"));
	buf_clear(why);
	return 0;
}

static int prepare(struct audit_store *store, const struct audit_store_options *options, struct buf *why)
{
	int err;

	if ((err = sinks_init(&store->sinks, store->log, options->lines_file, options->has_journal)) < 0) {
		buf_addf(why, "audit.lines %s: cannot be written", options->lines_file);
		return err;
	}
	if (!(store->block = block_writer_new()) || !(store->hasher = tls_hasher_new()))
		return TRUNK_ENOMEM;
	atomic_store(&store->seq, (uint64_t)store_wall_ms(store) * 1000);       /* rises faster than records come, so over restarts, too */
	if (store->has_db && ((err = lock_folder(store, why)) < 0 || (err = open_or_wait(store, why)) < 0))
		return err;
	atomic_store(&store->durable, atomic_load(&store->seq));
	store->taken_seq = atomic_load(&store->seq);
	store->seal_due_ms = clock_ms(CLOCK_MONOTONIC) + AUDIT_SEAL_MS;
	store->retain_due_ms = clock_ms(CLOCK_MONOTONIC);
	return 0;
}

static bool set_paths(struct audit_store *store, const char *folder)
{
	snprintf(store->lock_path, sizeof(store->lock_path), "%s/" AUDIT_LOCK_NAME, folder);
	return snprintf(store->db_path, sizeof(store->db_path), "%s/" AUDIT_DB_NAME, folder) < (int)sizeof(store->db_path) - 64 &&
	       snprintf(store->head_path, sizeof(store->head_path), "%s/" AUDIT_HEAD_NAME, folder) < (int)sizeof(store->head_path) - 64;
}

int audit_store_new(const struct audit_store_options *options, struct log *log, struct buf *why, struct audit_store **ret_store)
{
	struct audit_store *store = calloc(1, sizeof(*store));
	int err;

	if (!store)
		return TRUNK_ENOMEM;
	store->log = log;
	store->has_db = options->folder != NULL;
	store->is_strict = options->is_strict && store->has_db;
	store->fixed_wall_ms = options->wall_ms;
	store->sinks.fd = store->lock_fd = -1;
	init_locks(store);
	audit_store_set(store, options->level ? options->level : AUDIT_BRIEF, options->retention_ms);
	err = options->folder && !set_paths(store, options->folder) ? TRUNK_EINVAL : prepare(store, options, why);
	if (err == 0 && pthread_create(&store->thread, NULL, run, store) != 0)
		err = TRUNK_ENOMEM;
	if (err < 0) {
		audit_store_free(&store);
		return err;
	}
	store->has_thread = true;
	*ret_store = store;
	return 0;
}

static void stop_thread(struct audit_store *store)
{
	pthread_mutex_lock(&store->lock);
	store->is_stopping = true;
	pthread_cond_signal(&store->wake);
	pthread_mutex_unlock(&store->lock);
	pthread_join(store->thread, NULL);
	if (store->has_db && !atomic_load(&store->is_failing) && store_event(store, "stopped", STR_NONE) == 0)
		store_seal(store, true);
	else if (buf_len(&store->taken) > 0)
		LOG(store->log, LOG_ERROR, "audit-lost", KV_C("store", store->db_path), KV_N("bytes", buf_len(&store->taken)),
		    KV_C("reason", "the disk took nothing until the end"));
}

void audit_store_free(struct audit_store **store)
{
	struct audit_store *gone = *store;

	if (!gone)
		return;
	*store = NULL;
	if (gone->has_thread)
		stop_thread(gone);
	sinks_fini(&gone->sinks);
	db_close(&gone->db);
	block_writer_free(&gone->block);
	tls_hasher_free(&gone->hasher);
	if (gone->lock_fd >= 0)
		close(gone->lock_fd);
	buf_fini(&gone->taken);
	buf_fini(&gone->orphans);
	pthread_cond_destroy(&gone->wake);
	pthread_cond_destroy(&gone->done);
	pthread_mutex_destroy(&gone->lock);
	free(gone);
}
