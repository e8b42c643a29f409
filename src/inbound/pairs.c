/* SPDX-License-Identifier: Apache-2.0
 * The domain pairs of one stream. */
#include "inbound/receiver.h"

#include <stdlib.h>

static size_t key_of(const struct domain_pair *pair, char *ret_key)
{
	memcpy(ret_key, pair->sender.at, pair->sender.len);
	ret_key[pair->sender.len] = '\0';
	memcpy(ret_key + pair->sender.len + 1, pair->target.at, pair->target.len);
	return pair->sender.len + 1 + pair->target.len;
}

struct receiver_pair *receiver_pair_find(struct receiver *r, const struct domain_pair *pair)
{
	char key[2 * DOMAIN_SIZE];
	const size_t len = key_of(pair, key);
	struct receiver_pair *found;

	HASH_FIND(hh, r->pairs, key, len, found);
	return found;
}

struct receiver_pair *receiver_pair_add(struct receiver *r, const struct domain_pair *pair, enum proof proof)
{
	struct receiver_pair *added;

	if (HASH_COUNT(r->pairs) >= RECEIVER_PAIRS_MAX)
		return NULL;
	if (!(added = calloc(1, sizeof(*added) + pair->sender.len + 1 + pair->target.len)))
		return NULL;
	if (relay_lane_init(&added->lane, r->relay, pair, proof) < 0) {
		free(added);
		return NULL;
	}
	added->receiver = r;
	added->lane.pressure = receiver_pressure;
	added->lane.ctx = added;
	added->key_len = key_of(pair, added->key);
	HASH_ADD_KEYPTR(hh, r->pairs, added->key, added->key_len, added);
	if (HASH_WAS_ADDED(added))
		return added;
	relay_lane_fini(&added->lane);
	free(added);
	return NULL;
}

void receiver_pair_remove(struct receiver_pair **pair)
{
	struct receiver_pair *gone = *pair;

	*pair = NULL;
	if (gone->receiver->last == gone)
		gone->receiver->last = NULL;
	if (gone->verify)
		gone->receiver->questions--;
	verify_cancel(&gone->verify);
	outbound_uncarry(&gone->carrier);
	HASH_DEL(gone->receiver->pairs, gone);
	relay_lane_fini(&gone->lane);
	free((char *)(uintptr_t)gone->raw_sender.at);
	free((char *)(uintptr_t)gone->raw_target.at);
	free(gone);
}
