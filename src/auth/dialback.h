/* SPDX-License-Identifier: Apache-2.0
 * Server dialback (XEP-0220): keys (XEP-0185) and the elements db:result and db:verify. Pure. */
#ifndef TRUNK_AUTH_DIALBACK_H
#define TRUNK_AUTH_DIALBACK_H

#include "stanza/stanza.h"
#include "tls/tls.h"

enum {
	DIALBACK_KEY_SIZE = 64 + 1,     /* lower-case hex of SHA-256, and a NUL */
	DIALBACK_SECRET_BYTES_MAX = 256,
};

/* Computes the key that proves `pair` on one stream (XEP-0185 §2).
 *   secret     what all servers of our network share; borrowed
 *   pair       sender and target domain, normalised; borrowed
 *   stream_id  the id that the receiving server chose, as parsed; borrowed
 * Returns 0, or TRUNK_ECRYPTO where the library refused. The key proves an identity: it goes to the wire, not to logs. */
int dialback_key(struct str secret, const struct domain_pair *pair, struct str stream_id, char ret_key[static DIALBACK_KEY_SIZE]);

/* The secrets that are valid now: the current one makes keys, both are accepted (design.md §6). */
struct dialback_secrets {
	char current[DIALBACK_SECRET_BYTES_MAX + 1];
	char previous[DIALBACK_SECRET_BYTES_MAX + 1];   /* empty: none */
	int64_t previous_until_ms;      /* wall clock */
};

/* Whether `key` is one that we made; compared in constant time. */
bool dialback_key_is_ours(const struct dialback_secrets *secrets, int64_t wall_ms, const struct domain_pair *pair, struct str stream_id,
			  struct str key);

enum dialback_kind { DIALBACK_RESULT = 1, DIALBACK_VERIFY };
enum dialback_type { DIALBACK_REQUEST = 1, DIALBACK_VALID, DIALBACK_INVALID, DIALBACK_ERROR };

/* One db:result or db:verify. Strings are borrowed from the tree's arena. */
struct dialback {
	enum dialback_kind kind;
	enum dialback_type type;
	struct str from, to, id;        /* as written; absent where they are */
	struct str key;                 /* of a request; trimmed */
	enum stanza_condition condition;        /* of an error; STANZA_CONDITION_NONE: not said or unknown */
};

/* Returns 0; TRUNK_ENOENT: an element of the dialback namespace that is neither; TRUNK_EINVAL: unknown type. */
int dialback_parse(struct arena *arena, const struct xml_node *node, struct dialback *ret_dialback);

/* Adds the element; all strings are escaped. An error without a condition is written as undefined-condition. */
int dialback_write(struct buf *out, const struct dialback *dialback);

#endif
