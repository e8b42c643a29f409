/* SPDX-License-Identifier: Apache-2.0
 * Addresses and rates, in tables under one lock; a bucket has its own. */
#include "inbound/admission.h"

#include "base/table.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { IPV6_NETWORK_BYTES = 8 };        /* an IPv6 peer counts by its /64, of which it has all addresses */

/* One peer address; forgotten by admission_sweep(). */
struct address_entry {
	char text[ENDPOINT_TEXT_SIZE];  /* without port */
	unsigned streams;
	double tokens;                  /* connections it may make now */
	int64_t tokens_ms;
	UT_hash_handle hh;
};

struct rate_bucket {
	pthread_mutex_t lock;           /* guards the tokens */
	double stanza_tokens, byte_tokens;
	int64_t filled_ms;
	UT_hash_handle hh;
	char spoke[];
};

struct admission {
	pthread_mutex_t lock;           /* guards both tables and all address entries */
	struct address_entry *addresses;
	struct rate_bucket *buckets;    /* by spoke */
	struct admission_counts counts;
};

struct admission *admission_new(void)
{
	struct admission *admission = calloc(1, sizeof(*admission));

	if (admission)
		pthread_mutex_init(&admission->lock, NULL);
	return admission;
}

void admission_free(struct admission **admission)
{
	struct admission *gone = *admission;
	struct address_entry *address, *next;
	struct rate_bucket *bucket, *next_bucket;

	if (!gone)
		return;
	*admission = NULL;
	HASH_ITER(hh, gone->buckets, bucket, next_bucket) {
		HASH_DEL(gone->buckets, bucket);
		pthread_mutex_destroy(&bucket->lock);
		free(bucket);
	}
	HASH_ITER(hh, gone->addresses, address, next) {
		HASH_DEL(gone->addresses, address);
		free(address);
	}
	pthread_mutex_destroy(&gone->lock);
	free(gone);
}

struct admission_counts *admission_counts(struct admission *admission)
{
	return &admission->counts;
}

/* ---- addresses ---- */

static void address_text(const struct endpoint *peer, char ret_text[static ENDPOINT_TEXT_SIZE])
{
	struct endpoint bare = *peer;

	if (bare.sa.sa_family == AF_INET6) {
		bare.in6.sin6_port = 0;
		memset(&bare.in6.sin6_addr.s6_addr[IPV6_NETWORK_BYTES], 0, 16 - IPV6_NETWORK_BYTES);
	} else {
		bare.in4.sin_port = 0;
	}
	endpoint_text(&bare, ret_text);
}

static struct address_entry *address_get(struct admission *admission, const struct endpoint *peer, const struct limits *limits, int64_t now_ms)
{
	char text[ENDPOINT_TEXT_SIZE];
	struct address_entry *entry;

	address_text(peer, text);
	HASH_FIND_STR(admission->addresses, text, entry);
	if (entry || !(entry = calloc(1, sizeof(*entry))))
		return entry;
	snprintf(entry->text, sizeof(entry->text), "%s", text);
	entry->tokens = limits->connections_per_second;
	entry->tokens_ms = now_ms;
	HASH_ADD_STR(admission->addresses, text, entry);
	if (HASH_WAS_ADDED(entry))
		return entry;
	free(entry);
	return NULL;
}

static void address_fill(struct address_entry *entry, double rate, int64_t now_ms)
{
	entry->tokens += rate * (double)(now_ms - entry->tokens_ms) / 1000;
	if (entry->tokens > rate)
		entry->tokens = rate;
	entry->tokens_ms = now_ms;
}

/* Milliseconds that a new connection has to wait; its token is taken. */
static int64_t address_charge(struct address_entry *entry, double rate, int64_t now_ms)
{
	if (rate <= 0)
		return 0;
	address_fill(entry, rate, now_ms);
	entry->tokens -= 1;
	return entry->tokens >= 0 ? 0 : (int64_t)(-entry->tokens / rate * 1000) + 1;
}

int admission_enter(struct admission *admission, const struct endpoint *peer, const struct limits *limits, int64_t now_ms,
		    struct address_entry **ret_entry, int64_t *ret_wait_ms)
{
	struct address_entry *entry;
	int err = 0;

	pthread_mutex_lock(&admission->lock);
	if (!(entry = address_get(admission, peer, limits, now_ms))) {
		err = TRUNK_ENOMEM;
	} else if (limits->streams_per_address && entry->streams >= limits->streams_per_address) {
		err = TRUNK_ELIMIT;
	} else {
		entry->streams++;
		*ret_wait_ms = address_charge(entry, limits->connections_per_second, now_ms);
		*ret_entry = entry;
	}
	pthread_mutex_unlock(&admission->lock);
	return err;
}

void admission_leave(struct admission *admission, struct address_entry *entry)
{
	pthread_mutex_lock(&admission->lock);
	entry->streams--;
	pthread_mutex_unlock(&admission->lock);
}

void admission_sweep(struct admission *admission, const struct limits *limits, int64_t now_ms)
{
	struct address_entry *entry, *next;

	pthread_mutex_lock(&admission->lock);
	HASH_ITER(hh, admission->addresses, entry, next) {
		address_fill(entry, limits->connections_per_second, now_ms);
		if (entry->streams > 0 || entry->tokens < limits->connections_per_second)
			continue;
		HASH_DEL(admission->addresses, entry);
		free(entry);
	}
	pthread_mutex_unlock(&admission->lock);
}

/* ---- spokes ---- */

static struct rate_bucket *bucket_get(struct admission *admission, const char *spoke)
{
	struct rate_bucket *bucket;

	HASH_FIND_STR(admission->buckets, spoke, bucket);
	if (bucket || !(bucket = calloc(1, sizeof(*bucket) + strlen(spoke) + 1)))
		return bucket;
	memcpy(bucket->spoke, spoke, strlen(spoke));
	pthread_mutex_init(&bucket->lock, NULL);
	HASH_ADD_KEYPTR(hh, admission->buckets, bucket->spoke, strlen(spoke), bucket);
	if (HASH_WAS_ADDED(bucket))
		return bucket;
	free(bucket);
	return NULL;
}

struct rate_bucket *admission_bucket(struct admission *admission, const char *spoke)
{
	struct rate_bucket *bucket;

	pthread_mutex_lock(&admission->lock);
	bucket = bucket_get(admission, spoke);
	pthread_mutex_unlock(&admission->lock);
	return bucket;
}

static double fill(double tokens, double rate, int64_t elapsed_ms)
{
	tokens += rate * (double)elapsed_ms / 1000;
	return tokens > rate ? rate : tokens;   /* a burst of one second's worth */
}

/* Takes `cost` tokens; returns the seconds until the debt is paid. */
static double take(double *tokens, double rate, double cost, int64_t elapsed_ms)
{
	if (rate <= 0)
		return 0;
	*tokens = fill(*tokens, rate, elapsed_ms) - cost;
	return *tokens < 0 ? -*tokens / rate : 0;
}

int64_t bucket_charge(struct rate_bucket *bucket, double stanzas_per_second, double bytes_per_second, size_t size_bytes, int64_t now_ms)
{
	double wait_s, bytes_wait_s;
	int64_t elapsed_ms;

	pthread_mutex_lock(&bucket->lock);
	elapsed_ms = now_ms > bucket->filled_ms ? now_ms - bucket->filled_ms : 0;       /* another worker's clock may be a turn ahead */
	wait_s = take(&bucket->stanza_tokens, stanzas_per_second, 1, elapsed_ms);
	bytes_wait_s = take(&bucket->byte_tokens, bytes_per_second, (double)size_bytes, elapsed_ms);
	bucket->filled_ms += elapsed_ms;
	pthread_mutex_unlock(&bucket->lock);
	if (bytes_wait_s > wait_s)
		wait_s = bytes_wait_s;
	return wait_s > 0 ? (int64_t)(wait_s * 1000) + 1 : 0;
}
