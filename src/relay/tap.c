/* SPDX-License-Identifier: Apache-2.0
 * Copies of judged stanzas, in one queue for each watch. */
#include "relay/tap.h"

#include <pthread.h>
#include <stdlib.h>

/* The strings of `seen` lie behind it. */
struct copy {
	struct list link;
	size_t bytes; /* all of it */
	struct tap_seen seen;
};

/* Invariant, under the lock: queued_bytes is the sum over `copies`, at most TAP_QUEUE_BYTES_MAX. */
struct tap_watch {
	struct list link; /* in the tap */
	struct tap *tap;
	struct str one, other; /* owned */
	bool is_one_way;
	struct list copies;
	size_t queued_bytes;
	uint64_t lost;
	struct copy *taken; /* the reader's */
};

struct tap_state {
	pthread_mutex_t lock;
	struct list watches;
	unsigned count;
};

struct tap *tap_new(void)
{
	struct tap *tap = calloc(1, sizeof(*tap));

	if (!tap || !(tap->state = calloc(1, sizeof(*tap->state)))) {
		free(tap);
		return NULL;
	}
	pthread_mutex_init(&tap->state->lock, NULL);
	list_init(&tap->state->watches);
	return tap;
}

void tap_free(struct tap **tap)
{
	if (!*tap)
		return;
	pthread_mutex_destroy(&(*tap)->state->lock);
	free((*tap)->state);
	free(*tap);
	*tap = NULL;
}

/* ---- which ---- */

static bool is_below(struct str domain, struct str top)
{
	return domain.len > top.len && str_ends(domain, top) && domain.at[domain.len - top.len - 1] == '.';
}

static bool is_side(struct str who, struct str domain, struct str spoke)
{
	return str_eq(domain, who) || is_below(domain, who) || (!str_is_absent(spoke) && str_eq(spoke, who));
}

static bool fits(const struct tap_watch *watch, const struct tap_seen *seen)
{
	const bool is_from_one = is_side(watch->one, seen->pair.sender, seen->sender_spoke),
		   is_to_one = is_side(watch->one, seen->pair.target, seen->target_spoke);

	if (str_is_absent(watch->other))
		return is_from_one || is_to_one;
	return (is_from_one && is_side(watch->other, seen->pair.target, seen->target_spoke)) ||
	       (!watch->is_one_way && is_to_one && is_side(watch->other, seen->pair.sender, seen->sender_spoke));
}

/* ---- copies ---- */

static struct str put(char **at, struct str s)
{
	const struct str copy = str_is_absent(s) ? s : str_make(*at, s.len);

	if (s.len)
		memcpy(*at, s.at, s.len);
	*at += s.len;
	return copy;
}

static struct copy *copy_new(const struct tap_seen *seen)
{
	const struct str bytes = seen->bytes.len > TAP_STANZA_BYTES_MAX ? STR_NONE : seen->bytes;
	const size_t size = sizeof(struct copy) + seen->pair.sender.len + seen->pair.target.len + seen->sender_spoke.len +
			    seen->target_spoke.len + bytes.len + seen->rule.len + seen->text.len + seen->label.len;
	struct copy *copy = malloc(size);
	char *at = (char *)(copy + 1);

	if (!copy)
		return NULL;
	copy->bytes = size;
	copy->seen = *seen;
	copy->seen.pair.sender = put(&at, seen->pair.sender);
	copy->seen.pair.target = put(&at, seen->pair.target);
	copy->seen.sender_spoke = put(&at, seen->sender_spoke);
	copy->seen.target_spoke = put(&at, seen->target_spoke);
	copy->seen.bytes = put(&at, bytes);
	copy->seen.rule = put(&at, seen->rule);
	copy->seen.text = put(&at, seen->text);
	copy->seen.label = put(&at, seen->label);
	return copy;
}

static void watch_add(struct tap_watch *watch, const struct tap_seen *seen)
{
	struct copy *copy = watch->queued_bytes < TAP_QUEUE_BYTES_MAX ? copy_new(seen) : NULL;

	if (!copy || copy->bytes > TAP_QUEUE_BYTES_MAX - watch->queued_bytes) {
		free(copy);
		watch->lost++;
		return;
	}
	watch->queued_bytes += copy->bytes;
	list_add_tail(&watch->copies, &copy->link);
}

void tap_see(struct tap *tap, const struct tap_seen *seen)
{
	pthread_mutex_lock(&tap->state->lock);
	LIST_EACH (pos, &tap->state->watches) {
		struct tap_watch *watch = LIST_OF(pos, struct tap_watch, link);

		if (fits(watch, seen))
			watch_add(watch, seen);
	}
	pthread_mutex_unlock(&tap->state->lock);
}

/* ---- who watches ---- */

static struct copy *copy_take(struct tap_watch *watch)
{
	struct copy *copy;

	if (list_is_empty(&watch->copies))
		return NULL;
	copy = LIST_OF(watch->copies.next, struct copy, link);
	list_remove(&copy->link);
	watch->queued_bytes -= copy->bytes;
	return copy;
}

static void watch_end(struct tap_watch *watch)
{
	struct copy *copy;

	while ((copy = copy_take(watch)))
		free(copy);
	free(watch->taken);
	free((char *)(uintptr_t)watch->one.at);
	free((char *)(uintptr_t)watch->other.at);
	free(watch);
}

int tap_watch_new(struct tap *tap, const struct tap_filter *filter, struct tap_watch **ret_watch)
{
	struct tap_watch *watch = calloc(1, sizeof(*watch));
	int err = 0;

	if (!watch)
		return TRUNK_ENOMEM;
	watch->tap = tap;
	watch->is_one_way = filter->is_one_way;
	list_init(&watch->copies);
	list_init(&watch->link);
	watch->one = (struct str){str_dup(filter->one), filter->one.len};
	if (!str_is_absent(filter->other))
		watch->other = (struct str){str_dup(filter->other), filter->other.len};
	if (!watch->one.at || str_is_absent(watch->other) != str_is_absent(filter->other)) {
		watch_end(watch);
		return TRUNK_ENOMEM;
	}
	pthread_mutex_lock(&tap->state->lock);
	if (tap->state->count >= TAP_WATCHES_MAX) {
		err = TRUNK_ELIMIT;
	} else {
		list_add_tail(&tap->state->watches, &watch->link);
		tap->state->count++;
		atomic_store(&tap->is_on, true);
	}
	pthread_mutex_unlock(&tap->state->lock);
	if (err < 0)
		watch_end(watch);
	else
		*ret_watch = watch;
	return err;
}

void tap_watch_free(struct tap_watch **watch)
{
	struct tap *tap;

	if (!*watch)
		return;
	tap = (*watch)->tap;
	pthread_mutex_lock(&tap->state->lock);
	list_remove(&(*watch)->link);
	tap->state->count--;
	atomic_store(&tap->is_on, tap->state->count > 0);
	pthread_mutex_unlock(&tap->state->lock);
	watch_end(*watch);
	*watch = NULL;
}

const struct tap_seen *tap_watch_next(struct tap_watch *watch)
{
	free(watch->taken);
	pthread_mutex_lock(&watch->tap->state->lock);
	watch->taken = copy_take(watch);
	pthread_mutex_unlock(&watch->tap->state->lock);
	return watch->taken ? &watch->taken->seen : NULL;
}

uint64_t tap_watch_lost(struct tap_watch *watch)
{
	uint64_t lost;

	pthread_mutex_lock(&watch->tap->state->lock);
	lost = watch->lost;
	watch->lost = 0;
	pthread_mutex_unlock(&watch->tap->state->lock);
	return lost;
}
