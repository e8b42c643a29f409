/* SPDX-License-Identifier: Apache-2.0
 * A hash of names with their counts. */
#include "site/names.h"

#include "base/table.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct name {
	unsigned count;
	UT_hash_handle hh;
	size_t len;
	char text[];
};

struct names {
	pthread_mutex_t lock;           /* guards table */
	struct name *table;
	_Atomic unsigned total;
};

struct names *names_new(void)
{
	struct names *names = calloc(1, sizeof(*names));

	if (names)
		pthread_mutex_init(&names->lock, NULL);
	return names;
}

void names_free(struct names **names)
{
	struct name *name, *next;

	if (!*names)
		return;
	HASH_ITER(hh, (*names)->table, name, next) {
		HASH_DEL((*names)->table, name);
		free(name);
	}
	pthread_mutex_destroy(&(*names)->lock);
	free(*names);
	*names = NULL;
}

static struct name *name_get(struct names *names, struct str text)
{
	struct name *name;

	HASH_FIND(hh, names->table, text.at, text.len, name);
	if (name || !(name = calloc(1, sizeof(*name) + text.len + 1)))
		return name;
	memcpy(name->text, text.at, text.len);
	name->len = text.len;
	HASH_ADD_KEYPTR(hh, names->table, name->text, name->len, name);
	if (HASH_WAS_ADDED(name))
		return name;
	free(name);
	return NULL;
}

int names_add(struct names *names, struct str text)
{
	struct name *name;

	pthread_mutex_lock(&names->lock);
	if ((name = name_get(names, text))) {
		name->count++;
		atomic_fetch_add(&names->total, 1);
	}
	pthread_mutex_unlock(&names->lock);
	return name ? 0 : TRUNK_ENOMEM;
}

void names_remove(struct names *names, struct str text)
{
	struct name *name;

	pthread_mutex_lock(&names->lock);
	HASH_FIND(hh, names->table, text.at, text.len, name);
	if (name) {
		atomic_fetch_sub(&names->total, 1);
		if (--name->count == 0) {
			HASH_DEL(names->table, name);
			free(name);
		}
	}
	pthread_mutex_unlock(&names->lock);
}

unsigned names_count(struct names *names, struct str text)
{
	const unsigned total = atomic_load(&names->total);
	struct name *name;
	unsigned count;

	if (total == 0 || str_is_absent(text))
		return total;
	pthread_mutex_lock(&names->lock);
	HASH_FIND(hh, names->table, text.at, text.len, name);
	count = name ? name->count : 0;
	pthread_mutex_unlock(&names->lock);
	return count;
}
