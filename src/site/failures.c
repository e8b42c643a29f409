/* SPDX-License-Identifier: Apache-2.0
 * A ring of failed attempts. */
#include "site/failures.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct kept {
	struct failure failure;
	char sender[256], target[256], address[64], reason[512];
};

struct failures {
	pthread_mutex_t lock;           /* guards all below */
	struct kept *ring[FAILURES_MAX];        /* allocated as they come */
	unsigned next, count;
};

struct failures *failures_new(void)
{
	struct failures *failures = calloc(1, sizeof(*failures));

	if (failures)
		pthread_mutex_init(&failures->lock, NULL);
	return failures;
}

void failures_free(struct failures **failures)
{
	if (!*failures)
		return;
	for (unsigned i = 0; i < FAILURES_MAX; i++)
		free((*failures)->ring[i]);
	pthread_mutex_destroy(&(*failures)->lock);
	free(*failures);
	*failures = NULL;
}

static struct str keep(char *to, size_t size, struct str text)
{
	const size_t len = text.len < size - 1 ? text.len : size - 1;

	if (str_is_absent(text))
		return STR_NONE;
	memcpy(to, text.at, len);
	to[len] = '\0';
	return str_make(to, len);
}

static void add(struct failures *failures, const struct failure *failure)
{
	struct kept **place = &failures->ring[failures->next];
	struct kept *kept = *place ? *place : calloc(1, sizeof(*kept));

	if (!kept)
		return;         /* the log has it */
	*place = kept;
	kept->failure = *failure;
	kept->failure.pair.sender = keep(kept->sender, sizeof(kept->sender), failure->pair.sender);
	kept->failure.pair.target = keep(kept->target, sizeof(kept->target), failure->pair.target);
	snprintf(kept->address, sizeof(kept->address), "%s", failure->address);
	snprintf(kept->reason, sizeof(kept->reason), "%s", failure->reason);
	kept->failure.address = kept->address;
	kept->failure.reason = kept->reason;
	failures->next = (failures->next + 1) % FAILURES_MAX;
	if (failures->count < FAILURES_MAX)
		failures->count++;
}

void failures_add(struct failures *failures, const struct failure *failure)
{
	pthread_mutex_lock(&failures->lock);
	add(failures, failure);
	pthread_mutex_unlock(&failures->lock);
}

void failures_each(const struct failures *failures, failure_fn *fn, void *ctx)
{
	pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&failures->lock;
	unsigned first;

	pthread_mutex_lock(lock);
	first = (failures->next + FAILURES_MAX - failures->count) % FAILURES_MAX;
	for (unsigned i = 0; i < failures->count; i++)
		fn(ctx, &failures->ring[(first + i) % FAILURES_MAX]->failure);
	pthread_mutex_unlock(lock);
}
