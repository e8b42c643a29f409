/* SPDX-License-Identifier: Apache-2.0
 * One certificate with key that we can show, and the bounded cache of those in use by domain. */
#include "tls/internal.h"

#include <stdlib.h>

enum { BUCKETS = 1024, ENTRIES_MAX = 4096 };

static bool chain_copy(struct identity *identity, const STACK_OF(X509) *chain, int first)
{
	if (!(identity->chain = sk_X509_new_null()))
		return false;
	for (int i = first; chain && i < sk_X509_num(chain); i++) {
		X509 *cert = sk_X509_value(chain, i);

		if (!sk_X509_push(identity->chain, cert))
			return false;
		X509_up_ref(cert);
	}
	return true;
}

struct identity *identity_new(enum tls_identity_kind kind, const char *file, X509 *cert, EVP_PKEY *key,
			      const STACK_OF(X509) *chain, int first)
{
	struct identity *identity = calloc(1, sizeof(*identity));

	if (!identity)
		return NULL;
	atomic_init(&identity->refs, 1);
	identity->kind = kind;
	identity->not_before_ms = ms_of_time(X509_get0_notBefore(cert));
	identity->not_after_ms = ms_of_time(X509_get0_notAfter(cert));
	X509_up_ref(cert);
	identity->cert = cert;
	EVP_PKEY_up_ref(key);
	identity->key = key;
	if ((file && !(identity->file = str_dup(str_of(file)))) || !chain_copy(identity, chain, first) ||
	    cert_names_read(cert, &identity->names) < 0)
		identity_free(&identity);
	return identity;
}

struct identity *identity_ref(struct identity *identity)
{
	atomic_fetch_add(&identity->refs, 1);
	return identity;
}

void identity_free(struct identity **identity)
{
	struct identity *it = *identity;

	*identity = NULL;
	if (!it || atomic_fetch_sub(&it->refs, 1) > 1)
		return;
	X509_free(it->cert);
	EVP_PKEY_free(it->key);
	sk_X509_pop_free(it->chain, X509_free);
	cert_names_fini(&it->names);
	OPENSSL_free(it->ocsp);
	free(it->file);
	free(it);
}

struct entry {
	struct list in_bucket, in_use_order;
	struct identity *identity; /* counted */
	int64_t until_ms;          /* wall clock: from then on it is looked for again */
	char domain[];
};

/* Invariant: count is the number of entries, each in its bucket and in `used`, which has the least used first. */
struct cache {
	pthread_mutex_t lock, make_lock;
	struct list used;
	size_t count;
	struct list buckets[BUCKETS];
};

struct cache *cache_new(void)
{
	struct cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return NULL;
	pthread_mutex_init(&cache->lock, NULL);
	pthread_mutex_init(&cache->make_lock, NULL);
	list_init(&cache->used);
	for (size_t i = 0; i < BUCKETS; i++)
		list_init(&cache->buckets[i]);
	return cache;
}

static void entry_free(struct cache *cache, struct entry *entry)
{
	list_remove(&entry->in_bucket);
	list_remove(&entry->in_use_order);
	identity_free(&entry->identity);
	free(entry);
	cache->count--;
}

void cache_free(struct cache **cache)
{
	if (!*cache)
		return;
	LIST_EACH (pos, &(*cache)->used)
		entry_free(*cache, LIST_OF(pos, struct entry, in_use_order));
	pthread_mutex_destroy(&(*cache)->lock);
	pthread_mutex_destroy(&(*cache)->make_lock);
	free(*cache);
	*cache = NULL;
}

/* FNV-1a. Domains that get here are served by us or were proved, and the number of entries is bounded. */
static struct list *bucket_of(struct cache *cache, const char *domain)
{
	uint32_t hash = 2166136261u;

	for (; *domain; domain++)
		hash = (hash ^ (unsigned char)*domain) * 16777619u;
	return &cache->buckets[hash % BUCKETS];
}

static struct entry *cache_find(struct cache *cache, const char *domain)
{
	LIST_EACH (pos, bucket_of(cache, domain)) {
		struct entry *entry = LIST_OF(pos, struct entry, in_bucket);

		if (strcmp(entry->domain, domain) == 0)
			return entry;
	}
	return NULL;
}

struct identity *cache_get(struct cache *cache, const char *domain, int64_t wall_ms)
{
	struct identity *identity = NULL;
	struct entry *entry;

	pthread_mutex_lock(&cache->lock);
	if ((entry = cache_find(cache, domain)) && wall_ms < entry->until_ms) {
		list_remove(&entry->in_use_order);
		list_add_tail(&cache->used, &entry->in_use_order);
		identity = identity_ref(entry->identity);
	}
	pthread_mutex_unlock(&cache->lock);
	return identity;
}

int cache_put(struct cache *cache, const char *domain, struct identity *identity, int64_t until_ms)
{
	const size_t len = strlen(domain);
	struct entry *entry = calloc(1, sizeof(*entry) + len + 1), *old;

	if (!entry)
		return TRUNK_ENOMEM;
	memcpy(entry->domain, domain, len);
	entry->identity = identity_ref(identity);
	entry->until_ms = until_ms;

	pthread_mutex_lock(&cache->lock);
	if ((old = cache_find(cache, domain)))
		entry_free(cache, old);
	else if (cache->count == ENTRIES_MAX)
		entry_free(cache, LIST_OF(cache->used.next, struct entry, in_use_order));
	list_add_tail(bucket_of(cache, domain), &entry->in_bucket);
	list_add_tail(&cache->used, &entry->in_use_order);
	cache->count++;
	pthread_mutex_unlock(&cache->lock);
	return 0;
}

void cache_make_lock(struct cache *cache)
{
	pthread_mutex_lock(&cache->make_lock);
}

void cache_make_unlock(struct cache *cache)
{
	pthread_mutex_unlock(&cache->make_lock);
}
