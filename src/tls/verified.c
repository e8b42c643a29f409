/* SPDX-License-Identifier: Apache-2.0
 * Chains that were good a moment ago. The store's trust and revocation lists never change, so only time can spoil them. */
#include "tls/internal.h"

#include <stdlib.h>

enum { SLOTS = 512 };
static const int64_t REMEMBER_MS = 60LL * 60 * 1000; /* a revocation list may end meanwhile */

/* A leaf has one slot, and the newest one there stays. */
struct slot {
	uint8_t leaf[TLS_SHA256_BYTES]; /* hash of the whole certificate */
	STACK_OF(X509) *path;           /* owned; NULL: empty */
	int64_t since_ms, until_ms;     /* wall clock: when it was verified, when the first of the path ends */
};

struct verified {
	pthread_mutex_t lock;
	struct slot slots[SLOTS];
};

struct verified *verified_new(void)
{
	struct verified *verified = calloc(1, sizeof(*verified));

	if (verified)
		pthread_mutex_init(&verified->lock, NULL);
	return verified;
}

void verified_free(struct verified **verified)
{
	if (!*verified)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		sk_X509_pop_free((*verified)->slots[i].path, X509_free);
	pthread_mutex_destroy(&(*verified)->lock);
	free(*verified);
	*verified = NULL;
}

static struct slot *slot_of(struct verified *verified, const uint8_t hash[static TLS_SHA256_BYTES])
{
	return &verified->slots[(hash[0] | (size_t)hash[1] << 8) % SLOTS];
}

static bool hash_of(X509 *leaf, uint8_t ret_hash[static TLS_SHA256_BYTES])
{
	return X509_digest(leaf, EVP_sha256(), ret_hash, NULL) == 1;
}

STACK_OF(X509) *verified_get(struct verified *verified, X509 *leaf, int64_t wall_ms, int64_t *ret_until_ms)
{
	uint8_t hash[TLS_SHA256_BYTES];
	STACK_OF(X509) *path = NULL;
	const struct slot *slot;

	if (!hash_of(leaf, hash))
		return NULL;
	pthread_mutex_lock(&verified->lock);
	slot = slot_of(verified, hash);
	if (slot->path && memcmp(slot->leaf, hash, sizeof(hash)) == 0 && wall_ms >= slot->since_ms &&
	    wall_ms < slot->since_ms + REMEMBER_MS && wall_ms < slot->until_ms) {
		path = X509_chain_up_ref(slot->path);
		*ret_until_ms = slot->until_ms;
	}
	pthread_mutex_unlock(&verified->lock);
	return path;
}

void verified_put(struct verified *verified, X509 *leaf, STACK_OF(X509) *path, int64_t wall_ms, int64_t until_ms)
{
	struct slot slot = {.since_ms = wall_ms, .until_ms = until_ms}, old;

	if (!hash_of(leaf, slot.leaf) || !(slot.path = X509_chain_up_ref(path)))
		return;
	pthread_mutex_lock(&verified->lock);
	old = *slot_of(verified, slot.leaf);
	*slot_of(verified, slot.leaf) = slot;
	pthread_mutex_unlock(&verified->lock);
	sk_X509_pop_free(old.path, X509_free);
}
