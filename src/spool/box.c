/* SPDX-License-Identifier: Apache-2.0
 * The index: for each pair the entries of what waits, in the order they came. The bodies are on disk alone. */
#include "spool/spool_internal.h"

#include <stdlib.h>

enum { BOX_ENTRIES_MIN = 16 };

struct domain_pair box_pair(const struct box *box)
{
	return (struct domain_pair){.sender = str_make(box->key, box->sender_len), .target = str_make(box->key + box->sender_len + 1, box->target_len)};
}

/* Length of the key; 0: no pair of domains. */
static size_t pair_text(const struct domain_pair *pair, char ret_key[static PAIR_TEXT_SIZE])
{
	const size_t len = pair->sender.len + pair->target.len + 2;

	if (len > PAIR_TEXT_SIZE || pair->sender.len == 0 || pair->target.len == 0)
		return 0;
	memcpy(ret_key, pair->sender.at, pair->sender.len);
	ret_key[pair->sender.len] = '\0';
	memcpy(ret_key + pair->sender.len + 1, pair->target.at, pair->target.len);
	ret_key[len - 1] = '\0';
	return len;
}

struct box *box_find(struct spool_store *store, const struct domain_pair *pair)
{
	char key[PAIR_TEXT_SIZE];
	const size_t len = pair_text(pair, key);
	struct box *box = NULL;

	if (len)
		HASH_FIND(hh, store->boxes, key, len, box);
	return box;
}

struct box *box_get(struct spool_store *store, const struct domain_pair *pair)
{
	struct box *box = box_find(store, pair);
	char key[PAIR_TEXT_SIZE];
	const size_t len = pair_text(pair, key);

	if (box || len == 0 || !(box = calloc(1, sizeof(*box) + len)))
		return box;
	memcpy(box->key, key, len);
	box->sender_len = pair->sender.len;
	box->target_len = pair->target.len;
	HASH_ADD_KEYPTR(hh, store->boxes, box->key, len, box);
	if (HASH_WAS_ADDED(box))
		return box;
	free(box);
	return NULL;
}

void box_release(struct spool_store *store, struct box *box)
{
	if (box->count > 0 || box->pins > 0 || box->is_paused)
		return;
	HASH_DEL(store->boxes, box);
	free(box->at);
	free(box);
}

/* Room for one more: at the front where many have gone, else in more memory. */
static int box_reserve(struct box *box)
{
	const size_t used = box->end - box->start;
	const size_t cap = box->cap ? box->cap * 2 : BOX_ENTRIES_MIN;
	struct entry *at;

	if (box->end < box->cap)
		return 0;
	if (box->start > box->cap / 2) {
		memmove(box->at, box->at + box->start, used * sizeof(*box->at));
	} else {
		if (!(at = malloc(cap * sizeof(*at))))
			return TRUNK_ENOMEM;
		if (used)
			memcpy(at, box->at + box->start, used * sizeof(*at));
		free(box->at);
		box->at = at;
		box->cap = cap;
	}
	box->start = 0;
	box->end = used;
	return 0;
}

int box_add(struct spool_store *store, struct box *box, const struct entry *entry)
{
	const int err = box_reserve(box);

	if (err < 0)
		return err;
	box->at[box->end++] = *entry;
	box->count++;
	box->fleeting += entry->is_fleeting;
	box->bytes += entry->len;
	store->count++;
	return 0;
}

/* The place of the first entry whose id is at least `id`. */
static size_t box_search(const struct box *box, uint64_t id)
{
	size_t low = box->start, high = box->end;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (box->at[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct entry *box_entry(const struct box *box, uint64_t id)
{
	const size_t i = box_search(box, id);

	return i < box->end && box->at[i].id == id && box->at[i].state != ENTRY_GONE ? &box->at[i] : NULL;
}

const struct entry *box_after(const struct box *box, uint64_t id)
{
	size_t i = id == UINT64_MAX ? box->end : box_search(box, id + 1);

	while (i < box->end && box->at[i].state == ENTRY_GONE)
		i++;
	return i < box->end ? &box->at[i] : NULL;
}

const struct entry *box_after_fleeting(const struct box *box, uint64_t id)
{
	if (box->fleeting == 0 || id == UINT64_MAX)
		return NULL;
	for (size_t i = box_search(box, id + 1); i < box->end; i++)
		if (box->at[i].state != ENTRY_GONE && box->at[i].is_fleeting)
			return &box->at[i];
	return NULL;
}

size_t box_record_bytes(const struct box *box, const struct entry *entry)
{
	return RECORD_HEAD_BYTES + box->sender_len + box->target_len + entry->len;
}

void box_place(struct spool_store *store, struct entry *entry, struct segment *segment, size_t offset, size_t bytes)
{
	if (entry->segment) {
		entry->segment->live--;
		entry->segment->live_bytes -= bytes;
		store->live_bytes -= bytes;
	}
	if (segment) {
		segment->live++;
		segment->live_bytes += bytes;
		store->live_bytes += bytes;
	}
	entry->segment = segment;
	entry->offset = (uint32_t)offset;
}

/* Forgets what is gone at both ends; a box that is half holes is closed up, so that holes never outnumber what is there. */
static void box_trim(struct box *box)
{
	size_t kept = 0;

	while (box->start < box->end && box->at[box->start].state == ENTRY_GONE)
		box->start++;
	while (box->start < box->end && box->at[box->end - 1].state == ENTRY_GONE)
		box->end--;
	if (box->end - box->start > 2 * box->count + BOX_ENTRIES_MIN) {
		for (size_t i = box->start; i < box->end; i++)
			if (box->at[i].state != ENTRY_GONE)
				box->at[kept++] = box->at[i];
		box->start = 0;
		box->end = kept;
	}
	if (box->count == 0 && box->cap > BOX_ENTRIES_MIN) {
		free(box->at);
		box->at = NULL;
		box->cap = 0;
	}
	if (box->count == 0)
		box->start = box->end = 0;
}

void box_remove(struct spool_store *store, struct box *box, struct entry *entry)
{
	box_place(store, entry, NULL, 0, box_record_bytes(box, entry));
	entry->state = ENTRY_GONE;
	box->count--;
	box->fleeting -= entry->is_fleeting;
	box->bytes -= entry->len;
	store->count--;
	box_trim(box);
}

static int by_id(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;

	return left->id < right->id ? -1 : left->id > right->id;
}

void box_settle(struct spool_store *store, struct box *box, bool (*is_removed)(void *ctx, uint64_t id), void *ctx)
{
	size_t kept = box->start;

	qsort(box->at + box->start, box->end - box->start, sizeof(*box->at), by_id);
	for (size_t i = box->start; i < box->end; i++) {
		struct entry *entry = &box->at[i];

		if (!is_removed(ctx, entry->id) && (i + 1 == box->end || entry[1].id != entry->id)) {
			box->at[kept++] = *entry;       /* without holes: a search must not meet the one of two that is gone */
			continue;
		}
		box_place(store, entry, NULL, 0, box_record_bytes(box, entry));
		box->count--;
		box->fleeting -= entry->is_fleeting;
		box->bytes -= entry->len;
		store->count--;
	}
	box->end = kept;
	box_trim(box);
}

void boxes_free(struct spool_store *store)
{
	struct box *box, *next;

	HASH_ITER(hh, store->boxes, box, next) {
		HASH_DEL(store->boxes, box);
		free(box->at);
		free(box);
	}
}
