/* SPDX-License-Identifier: Apache-2.0
 * What outlives a reload: counters of rules, and the rates that they count. Shared by all workers. */
#include "policy/policy_internal.h"

#include "base/table.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct rule_state {
	_Atomic uint64_t counted;
	uint64_t id;                    /* never used twice, so that rates of a rule that went are nobody's */
	unsigned users;                 /* policies that have the rule; under the lock */
	UT_hash_handle hh;
	size_t key_len;
	char key[];                     /* name, and all that the rule says */
};

/* What a rule has counted of one pair. */
struct rate_tokens {
	struct list by_use;             /* the one that was used longest ago first */
	double tokens;
	int64_t filled_ms;
	UT_hash_handle hh;
	char key[];                     /* id of the rule's state, sender, NUL, target */
};

struct policy_memory {
	atomic_uint refs;
	pthread_mutex_t lock;
	struct rule_state *states;
	struct rate_tokens *rates;
	struct list rates_by_use;
	uint64_t last_id;
};

struct policy_memory *policy_memory_new(void)
{
	struct policy_memory *memory = calloc(1, sizeof(*memory));

	if (!memory)
		return NULL;
	atomic_init(&memory->refs, 1);
	pthread_mutex_init(&memory->lock, NULL);
	list_init(&memory->rates_by_use);
	return memory;
}

struct policy_memory *policy_memory_ref(struct policy_memory *memory)
{
	atomic_fetch_add_explicit(&memory->refs, 1, memory_order_relaxed);
	return memory;
}

static void rate_forget(struct policy_memory *memory, struct rate_tokens *rate)
{
	list_remove(&rate->by_use);
	HASH_DEL(memory->rates, rate);
	free(rate);
}

void policy_memory_free(struct policy_memory **memory)
{
	struct policy_memory *last = *memory;
	struct rule_state *state, *next;

	*memory = NULL;
	if (!last || atomic_fetch_sub_explicit(&last->refs, 1, memory_order_acq_rel) != 1)
		return;
	LIST_EACH (pos, &last->rates_by_use)
		rate_forget(last, LIST_OF(pos, struct rate_tokens, by_use));
	HASH_ITER(hh, last->states, state, next) {
		HASH_DEL(last->states, state);
		free(state);
	}
	pthread_mutex_destroy(&last->lock);
	free(last);
}

/* ---- rules ---- */

/* Each part ends in NUL and none holds one, so that no two rules have the same key by chance. */
static int add_part(struct buf *key, const char *part)
{
	return buf_add(key, str_make(part ? part : "", (part ? strlen(part) : 0) + 1));
}

static int add_side(struct buf *key, const struct rule_side *side)
{
	int err = buf_addf(key, "%s", side ? "|" : "-");

	for (; err == 0 && side && side->kind != SIDE_END; side++)
		if ((err = buf_addf(key, "%d%s@", (int)side->kind, side->local ? side->local : "")) == 0)
			err = add_part(key, side->word);
	return err;
}

static int add_words(struct buf *key, const char *const *words)
{
	int err = buf_addf(key, "%s", words ? "|" : "-");

	for (; err == 0 && words && *words; words++)
		err = add_part(key, *words);
	return err;
}

static int add_filters(struct buf *key, const struct rule *rule)
{
	int err = buf_addf(key, "|%u", rule->filter_count);

	for (unsigned i = 0; i < rule->filter_count && err == 0; i++)
		err = add_part(key, rule->filters[i].name);
	return err;
}

static int add_names(struct buf *key, const struct shape_name *names, unsigned count)
{
	int err = buf_addf(key, "|%u", count);

	for (unsigned i = 0; i < count && err == 0; i++)
		if ((err = buf_add_cstr(key, "{")) == 0 && (err = buf_add(key, names[i].ns)) == 0 &&
		    (err = buf_add_cstr(key, "}")) == 0 && (err = buf_add(key, names[i].name)) == 0)
			err = add_part(key, "");
	return err;
}

/* Everything but the line: a rule that only moved keeps its counters. */
static int rule_key(const struct rule *rule, struct buf *key)
{
	int err = add_part(key, rule->name);

	if (err == 0)
		err = buf_addf(key, "%d %u %u %zu %d %u %d %d %d %d %.17g %.17g", (int)rule->action, rule->kinds, rule->types,
			       rule->size_above, (int)rule->unlabelled, rule->opaque, (int)rule->fold, (int)rule->monitor,
			       (int)rule->record, (int)rule->custody, rule->rate.per_second, rule->rate.burst);
	if (err == 0 && (err = add_side(key, rule->from)) == 0)
		err = add_side(key, rule->to);
	if (err == 0 && (err = add_words(key, rule->label_policies)) == 0)
		err = add_filters(key, rule);
	if (err == 0 && (err = add_names(key, rule->payloads, rule->payload_count)) == 0)
		err = add_names(key, rule->strip, rule->strip_count);
	if (err == 0 && (err = add_part(key, rule->label_above)) == 0 && (err = add_part(key, rule->condition)) == 0)
		err = add_part(key, rule->text);
	return err;
}

static struct rule_state *state_make(struct policy_memory *memory, struct str key)
{
	struct rule_state *state;

	HASH_FIND(hh, memory->states, key.at, key.len, state);
	if (state || !(state = calloc(1, sizeof(*state) + key.len)))
		return state;
	memcpy(state->key, key.at, key.len);
	state->key_len = key.len;
	state->id = ++memory->last_id;
	HASH_ADD_KEYPTR(hh, memory->states, state->key, key.len, state);
	if (!state->hh.tbl) {
		free(state);
		return NULL;
	}
	return state;
}

struct rule_state *policy_memory_rule(struct policy_memory *memory, const struct rule *rule)
{
	struct rule_state *state = NULL;
	struct buf key = {0};

	if (rule_key(rule, &key) == 0) {
		pthread_mutex_lock(&memory->lock);
		if ((state = state_make(memory, buf_str(&key))))
			state->users++;
		pthread_mutex_unlock(&memory->lock);
	}
	buf_fini(&key);
	return state;
}

void policy_memory_leave(struct policy_memory *memory, struct rule_state *state)
{
	if (!state)
		return;
	pthread_mutex_lock(&memory->lock);
	if (--state->users == 0) {
		HASH_DEL(memory->states, state);
		free(state);
	}
	pthread_mutex_unlock(&memory->lock);
}

void rule_state_count(struct rule_state *state)
{
	atomic_fetch_add_explicit(&state->counted, 1, memory_order_relaxed);
}

uint64_t rule_state_counted(const struct rule_state *state)
{
	return atomic_load_explicit(&state->counted, memory_order_relaxed);
}

/* ---- rates ---- */

enum { RATE_KEY_BYTES_MAX = sizeof(uint64_t) + 2 * DOMAIN_SIZE };

static size_t rate_key(const struct rule_state *state, const struct domain_pair *pair, char key[static RATE_KEY_BYTES_MAX])
{
	size_t len = sizeof(state->id);

	if (pair->sender.len >= DOMAIN_SIZE || pair->target.len >= DOMAIN_SIZE)
		return 0;
	memcpy(key, &state->id, len);
	memcpy(key + len, pair->sender.at, pair->sender.len);
	len += pair->sender.len;
	key[len++] = '\0';
	memcpy(key + len, pair->target.at, pair->target.len);
	return len + pair->target.len;
}

static struct rate_tokens *rate_make(struct policy_memory *memory, struct str key, const struct rule_rate *rate, int64_t now_ms)
{
	struct rate_tokens *made = calloc(1, sizeof(*made) + key.len);

	if (!made)
		return NULL;
	if (HASH_COUNT(memory->rates) >= POLICY_RATES_MAX)
		rate_forget(memory, LIST_OF(memory->rates_by_use.next, struct rate_tokens, by_use));
	memcpy(made->key, key.at, key.len);
	made->tokens = rate->burst;
	made->filled_ms = now_ms;
	HASH_ADD_KEYPTR(hh, memory->rates, made->key, key.len, made);
	if (!made->hh.tbl) {
		free(made);
		return NULL;
	}
	list_add_tail(&memory->rates_by_use, &made->by_use);
	return made;
}

/* The clocks of two workers may differ by a loop's turn. */
static double tokens_now(const struct rate_tokens *tokens, const struct rule_rate *rate, int64_t now_ms)
{
	const double elapsed_s = now_ms > tokens->filled_ms ? (double)(now_ms - tokens->filled_ms) / 1000 : 0;
	const double filled = tokens->tokens + rate->per_second * elapsed_s;

	return filled > rate->burst ? rate->burst : filled;
}

static bool take(struct policy_memory *memory, struct rate_tokens *tokens, const struct rule_rate *rate, int64_t now_ms)
{
	list_remove(&tokens->by_use);
	list_add_tail(&memory->rates_by_use, &tokens->by_use);
	tokens->tokens = tokens_now(tokens, rate, now_ms);
	if (now_ms > tokens->filled_ms)
		tokens->filled_ms = now_ms;
	if (tokens->tokens < 1)
		return false;
	tokens->tokens -= 1;
	return true;
}

bool rate_exceeded(struct policy_memory *memory, struct rule_state *state, const struct rule_rate *rate,
		   const struct domain_pair *pair, int64_t now_ms, bool is_dry)
{
	char key[RATE_KEY_BYTES_MAX];
	const size_t len = rate_key(state, pair, key);
	struct rate_tokens *tokens;
	bool is_exceeded;

	if (len == 0)
		return true;
	pthread_mutex_lock(&memory->lock);
	HASH_FIND(hh, memory->rates, key, len, tokens);
	if (is_dry)
		is_exceeded = tokens && tokens_now(tokens, rate, now_ms) < 1;
	else if (!tokens && !(tokens = rate_make(memory, str_make(key, len), rate, now_ms)))
		is_exceeded = true;
	else
		is_exceeded = !take(memory, tokens, rate, now_ms);
	pthread_mutex_unlock(&memory->lock);
	return is_exceeded;
}
