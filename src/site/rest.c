/* SPDX-License-Identifier: Apache-2.0
 * Names under a lock; nobody takes it while nobody rests. */
#include "site/rest.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct rest {
	pthread_mutex_t lock;           /* guards names */
	char *names[REST_SPOKES_MAX];
	_Atomic unsigned count;
	_Atomic bool is_maintenance;
};

struct rest *rest_new(void)
{
	struct rest *rest = calloc(1, sizeof(*rest));

	if (rest)
		pthread_mutex_init(&rest->lock, NULL);
	return rest;
}

void rest_free(struct rest **rest)
{
	if (!*rest)
		return;
	for (unsigned i = 0; i < (*rest)->count; i++)
		free((*rest)->names[i]);
	pthread_mutex_destroy(&(*rest)->lock);
	free(*rest);
	*rest = NULL;
}

void rest_set_maintenance(struct rest *rest, bool is_on)
{
	rest->is_maintenance = is_on;
}

bool rest_is_maintenance(struct rest *rest)
{
	return rest && rest->is_maintenance;
}

/* The lock is held. */
static unsigned find(const struct rest *rest, const char *spoke)
{
	unsigned i = 0;

	while (i < rest->count && strcmp(rest->names[i], spoke) != 0)
		i++;
	return i;
}

static int add(struct rest *rest, const char *spoke)
{
	const unsigned i = find(rest, spoke);

	if (i < rest->count)
		return TRUNK_EEXIST;
	if (i == REST_SPOKES_MAX)
		return TRUNK_ELIMIT;
	if (!(rest->names[i] = str_dup(str_of(spoke))))
		return TRUNK_ENOMEM;
	rest->count++;
	return 0;
}

int rest_drain(struct rest *rest, const char *spoke)
{
	int err;

	pthread_mutex_lock(&rest->lock);
	err = add(rest, spoke);
	pthread_mutex_unlock(&rest->lock);
	return err;
}

int rest_undrain(struct rest *rest, const char *spoke)
{
	int err = TRUNK_ENOENT;
	unsigned i;

	pthread_mutex_lock(&rest->lock);
	if ((i = find(rest, spoke)) < rest->count) {
		free(rest->names[i]);
		rest->names[i] = rest->names[--rest->count];
		err = 0;
	}
	pthread_mutex_unlock(&rest->lock);
	return err;
}

bool rest_has(struct rest *rest, const char *spoke)
{
	bool has;

	if (!rest || rest->count == 0 || !spoke)
		return false;
	pthread_mutex_lock(&rest->lock);
	has = find(rest, spoke) < rest->count;
	pthread_mutex_unlock(&rest->lock);
	return has;
}

char *rest_name(struct rest *rest, unsigned n)
{
	char *copy = NULL;

	if (!rest)
		return NULL;
	pthread_mutex_lock(&rest->lock);
	if (n < rest->count)
		copy = str_dup(str_of(rest->names[n]));
	pthread_mutex_unlock(&rest->lock);
	return copy;
}
