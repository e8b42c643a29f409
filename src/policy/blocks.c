/* SPDX-License-Identifier: Apache-2.0
 * Domains and addresses that the operator shut at run time. */
#include "policy/policy.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { BLOCKS_MAX = 1024 };

struct block {
	char *what;                     /* a normalised domain, or an address without port */
	bool is_address;
	int64_t until_ms;
};

/* All workers read; one of them, whose control socket it is, writes. */
struct blocks {
	pthread_rwlock_t lock;          /* guards `at`, and makes `count` fit it */
	struct block at[BLOCKS_MAX];
	_Atomic unsigned count, changes;
};

struct blocks *blocks_new(void)
{
	struct blocks *blocks = calloc(1, sizeof(*blocks));

	if (blocks)
		pthread_rwlock_init(&blocks->lock, NULL);
	return blocks;
}

void blocks_free(struct blocks **blocks)
{
	if (!*blocks)
		return;
	for (unsigned i = 0; i < (*blocks)->count; i++)
		free((*blocks)->at[i].what);
	pthread_rwlock_destroy(&(*blocks)->lock);
	free(*blocks);
	*blocks = NULL;
}

static void address_text(const struct endpoint *endpoint, char ret_text[static ENDPOINT_TEXT_SIZE])
{
	struct endpoint bare = *endpoint;

	if (bare.sa.sa_family == AF_INET6)
		bare.in6.sin6_port = 0;
	else
		bare.in4.sin_port = 0;
	endpoint_text(&bare, ret_text);
}

/* The form that blocks are kept and compared in. */
static int block_form(struct str what, struct block *ret_block)
{
	struct endpoint endpoint;
	char text[ENDPOINT_TEXT_SIZE];
	struct domain domain;

	if (endpoint_parse(what, 1, &endpoint) == 0) {
		address_text(&endpoint, text);
		*ret_block = (struct block){.what = str_dup(str_of(text)), .is_address = true};
	} else if (domain_normalise(what, &domain) == 0) {
		*ret_block = (struct block){.what = str_dup(domain_str(&domain))};
	} else {
		return TRUNK_EINVAL;
	}
	return ret_block->what ? 0 : TRUNK_ENOMEM;
}

static struct block *block_find(struct blocks *blocks, const struct block *like)
{
	for (unsigned i = 0; i < blocks->count; i++)
		if (blocks->at[i].is_address == like->is_address && strcmp(blocks->at[i].what, like->what) == 0)
			return &blocks->at[i];
	return NULL;
}

/* Takes `block`. */
static int put(struct blocks *blocks, const struct block *block)
{
	struct block *old = block_find(blocks, block);

	if (!old && blocks->count == BLOCKS_MAX) {
		free(block->what);
		return TRUNK_ELIMIT;
	}
	if (old)
		free(old->what);
	else
		old = &blocks->at[blocks->count++];
	*old = *block;
	return 0;
}

int blocks_add(struct blocks *blocks, struct str what, int64_t until_ms)
{
	struct block block;
	int err;

	if ((err = block_form(what, &block)) < 0)
		return err;
	block.until_ms = until_ms;
	pthread_rwlock_wrlock(&blocks->lock);
	err = put(blocks, &block);
	blocks->changes++;
	pthread_rwlock_unlock(&blocks->lock);
	return err;
}

int blocks_remove(struct blocks *blocks, struct str what)
{
	struct block block, *old;
	int err;

	if ((err = block_form(what, &block)) < 0)
		return err;
	pthread_rwlock_wrlock(&blocks->lock);
	if ((old = block_find(blocks, &block))) {
		free(old->what);
		*old = blocks->at[blocks->count - 1];
		blocks->count--;
		blocks->changes++;
	}
	pthread_rwlock_unlock(&blocks->lock);
	free(block.what);
	return old ? 0 : TRUNK_ENOENT;
}

static bool in_force(const struct block *block, int64_t wall_ms)
{
	return block->until_ms == 0 || wall_ms < block->until_ms;
}

void blocks_forget(struct blocks *blocks, int64_t wall_ms)
{
	pthread_rwlock_wrlock(&blocks->lock);
	for (unsigned i = blocks->count; i-- > 0;) {
		if (in_force(&blocks->at[i], wall_ms))
			continue;
		free(blocks->at[i].what);
		blocks->at[i] = blocks->at[blocks->count - 1];
		blocks->count--;
	}
	pthread_rwlock_unlock(&blocks->lock);
}

static bool has_domain(const struct blocks *blocks, struct str domain, int64_t wall_ms)
{
	for (unsigned i = 0; i < blocks->count; i++) {
		const struct block *block = &blocks->at[i];
		const struct str what = str_of(block->what);

		if (block->is_address || !in_force(block, wall_ms))
			continue;
		if (str_eq(domain, what) || (str_ends(domain, what) && domain.at[domain.len - what.len - 1] == '.'))
			return true;
	}
	return false;
}

bool blocks_has_domain(struct blocks *blocks, struct str domain, int64_t wall_ms)
{
	bool has;

	if (blocks->count == 0)
		return false;
	pthread_rwlock_rdlock(&blocks->lock);
	has = has_domain(blocks, domain, wall_ms);
	pthread_rwlock_unlock(&blocks->lock);
	return has;
}

bool blocks_has_address(struct blocks *blocks, const struct endpoint *address, int64_t wall_ms)
{
	char text[ENDPOINT_TEXT_SIZE];
	bool has = false;

	if (blocks->count == 0)
		return false;
	address_text(address, text);
	pthread_rwlock_rdlock(&blocks->lock);
	for (unsigned i = 0; i < blocks->count && !has; i++)
		has = blocks->at[i].is_address && in_force(&blocks->at[i], wall_ms) && strcmp(blocks->at[i].what, text) == 0;
	pthread_rwlock_unlock(&blocks->lock);
	return has;
}

unsigned blocks_changes(const struct blocks *blocks)
{
	return atomic_load_explicit(&blocks->changes, memory_order_acquire);
}

unsigned blocks_list(const struct blocks *blocks, struct block_info *ret_list, unsigned max)
{
	unsigned i = 0;

	for (; i < blocks->count && i < max; i++)
		ret_list[i] = (struct block_info){.what = blocks->at[i].what, .until_ms = blocks->at[i].until_ms};
	return i;
}
