/* SPDX-License-Identifier: Apache-2.0
 * Copies for who watches: which, how many, and from several threads at once. */
#include "relay/tap.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>

static struct tap_seen seen(const char *sender, const char *target, struct str bytes)
{
	return (struct tap_seen){
		.pair = {str_of(sender), str_of(target)},
		.sender_spoke = STR("saturn"),
		.kind = STANZA_MESSAGE,
		.bytes = bytes,
		.size_bytes = bytes.len,
		.decision = DECISION_PASS,
		.rule = STR("zone"),
		.proof_in = PROOF_DIALBACK,
	};
}

static struct tap_watch *watch(struct tap *tap, const char *one, const char *other, bool is_one_way)
{
	const struct tap_filter filter = {.one = str_of(one), .other = str_of(other), .is_one_way = is_one_way};
	struct tap_watch *watch;

	assert_int_equal(tap_watch_new(tap, &filter, &watch), 0);
	return watch;
}

static bool sees(struct tap *tap, struct tap_watch *watch, const char *sender, const char *target)
{
	const struct tap_seen one = seen(sender, target, STR("<message/>"));
	bool has;

	tap_see(tap, &one);
	has = tap_watch_next(watch) != NULL;
	assert_null(tap_watch_next(watch));
	return has;
}

static void a_spoke_is_seen_by_name_and_by_domain(void **state)
{
	struct tap *tap = tap_new();
	struct tap_watch *by_name = watch(tap, "saturn", NULL, false),
			 *by_domain = watch(tap, "saturn.example.org", NULL, false);

	(void)state;
	assert_true(sees(tap, by_name, "anything.example", "b.example"));
	assert_non_null(tap);
	assert_null(tap_watch_next(by_domain));
	assert_true(sees(tap, by_domain, "saturn.example.org", "b.example"));
	assert_true(sees(tap, by_domain, "b.example", "chat.saturn.example.org"));
	assert_false(sees(tap, by_domain, "xsaturn.example.org", "b.example"));
	tap_watch_free(&by_name);
	tap_watch_free(&by_domain);
	tap_free(&tap);
}

static void a_pair_is_seen_both_ways_or_one_way(void **state)
{
	struct tap *tap = tap_new();
	struct tap_watch *both = watch(tap, "a.example", "b.example", false);

	(void)state;
	assert_true(sees(tap, both, "a.example", "b.example"));
	assert_true(sees(tap, both, "b.example", "a.example"));
	assert_false(sees(tap, both, "a.example", "c.example"));
	tap_watch_free(&both);
	both = watch(tap, "a.example", "b.example", true);
	assert_true(sees(tap, both, "a.example", "b.example"));
	assert_false(sees(tap, both, "b.example", "a.example"));
	tap_watch_free(&both);
	tap_free(&tap);
}

static void nobody_pays_while_nobody_watches(void **state)
{
	struct tap *tap = tap_new();
	struct tap_watch *one;

	(void)state;
	assert_false(tap_is_on(NULL));
	assert_false(tap_is_on(tap));
	one = watch(tap, "a.example", NULL, false);
	assert_true(tap_is_on(tap));
	tap_watch_free(&one);
	assert_false(tap_is_on(tap));
	tap_free(&tap);
}

static void only_so_many_may_watch(void **state)
{
	const struct tap_filter filter = {.one = STR("a.example")};
	struct tap_watch *all[TAP_WATCHES_MAX], *more;
	struct tap *tap = tap_new();

	(void)state;
	for (unsigned i = 0; i < TAP_WATCHES_MAX; i++)
		all[i] = watch(tap, "a.example", NULL, false);
	assert_int_equal(tap_watch_new(tap, &filter, &more), TRUNK_ELIMIT);
	tap_watch_free(&all[0]);
	assert_int_equal(tap_watch_new(tap, &filter, &more), 0);
	all[0] = more;
	for (unsigned i = 0; i < TAP_WATCHES_MAX; i++)
		tap_watch_free(&all[i]);
	tap_free(&tap);
}

/* What comes faster than it is read is dropped and counted; a stanza that is too large leaves its facts. */
static void memory_is_bounded(void **state)
{
	char *large = calloc(1, TAP_STANZA_BYTES_MAX + 1);
	struct tap *tap = tap_new();
	struct tap_watch *one = watch(tap, "a.example", NULL, false);
	struct tap_seen stanza = seen("a.example", "b.example", str_make(large, TAP_STANZA_BYTES_MAX + 1));
	const struct tap_seen *copy;
	unsigned kept = 0, count = TAP_QUEUE_BYTES_MAX / TAP_STANZA_BYTES_MAX + 10;

	(void)state;
	tap_see(tap, &stanza);
	assert_non_null(copy = tap_watch_next(one));
	assert_true(str_is_absent(copy->bytes) && copy->size_bytes == TAP_STANZA_BYTES_MAX + 1 && str_is(copy->rule, "zone"));
	stanza.bytes.len = TAP_STANZA_BYTES_MAX;
	for (unsigned i = 0; i < count; i++)
		tap_see(tap, &stanza);
	while ((copy = tap_watch_next(one)))
		kept += copy->bytes.len == TAP_STANZA_BYTES_MAX;
	assert_true(kept > 0 && kept < TAP_QUEUE_BYTES_MAX / TAP_STANZA_BYTES_MAX);
	assert_int_equal(tap_watch_lost(one), count - kept);
	assert_int_equal(tap_watch_lost(one), 0);
	tap_see(tap, &stanza); /* and goes with the watch */
	tap_watch_free(&one);
	tap_free(&tap);
	free(large);
}

enum { STANZAS = 2000, THREADS = 3 };

static void *work(void *ctx)
{
	const struct tap_seen one = seen("a.example", "b.example", STR("<message/>"));

	for (unsigned i = 0; i < STANZAS; i++)
		if (tap_is_on(ctx))
			tap_see(ctx, &one);
	return NULL;
}

static void workers_may_all_see_at_once(void **state)
{
	struct tap *tap = tap_new();
	struct tap_watch *one = watch(tap, "a.example", NULL, false);
	pthread_t threads[THREADS];
	unsigned count = 0;

	(void)state;
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, tap), 0);
	for (unsigned i = 0; i < 100; i++)
		count += tap_watch_next(one) != NULL;
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	while (tap_watch_next(one))
		count++;
	assert_int_equal(count + tap_watch_lost(one), THREADS * STANZAS);
	tap_watch_free(&one);
	tap_free(&tap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_spoke_is_seen_by_name_and_by_domain),
		cmocka_unit_test(a_pair_is_seen_both_ways_or_one_way),
		cmocka_unit_test(nobody_pays_while_nobody_watches),
		cmocka_unit_test(only_so_many_may_watch),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(workers_may_all_see_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
