/* SPDX-License-Identifier: Apache-2.0
 * Put, read, remove; limits; what the disk refuses; the thread. Sources: design.md §5 `queue`, issue "nothing lost" point 3. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

static void keeps_the_order_of_each_pair(void **state)
{
	struct world *world = *state;

	world_put(world, &WORLD_PAIR, "one");
	world_put(world, &WORLD_OTHER, "eins");
	world_put(world, &WORLD_PAIR, "two");
	assert_string_equal(world_content(world, &WORLD_PAIR), "?,?");          /* not durable: not to be read */
	world_turn(world);
	world_put(world, &WORLD_PAIR, "three");
	world_turn(world);
	assert_string_equal(world_content(world, &WORLD_PAIR), "one,two,three");
	assert_string_equal(world_content(world, &WORLD_OTHER), "eins");
}

static void tells_when_it_is_durable_in_order_and_once(void **state)
{
	struct world *world = *state;
	const uint64_t first = world_put(world, &WORLD_PAIR, "a"), second = world_put(world, &WORLD_PAIR, "b");

	assert_int_equal(world->news_count, 0);
	world_turn(world);
	assert_int_equal(world->news_count, 2);
	assert_true(world->news[0].id == first && world->news[0].token == 'a' && world->news[0].err == 0);
	assert_true(world->news[1].id == second && world->news[1].token == 'b');
	world_turn(world);
	assert_int_equal(world->news_count, 2);
}

static void removed_is_gone_the_rest_stays(void **state)
{
	struct world *world = *state;
	const uint64_t first = world_put(world, &WORLD_PAIR, "one"), second = world_put(world, &WORLD_PAIR, "two");

	world_put(world, &WORLD_PAIR, "three");
	world_turn(world);
	spool_remove(world->spool, &WORLD_PAIR, second);
	assert_string_equal(world_content(world, &WORLD_PAIR), "one,three");
	spool_remove(world->spool, &WORLD_PAIR, first);
	spool_remove(world->spool, &WORLD_PAIR, first);
	spool_remove(world->spool, &WORLD_OTHER, 1);
	assert_string_equal(world_content(world, &WORLD_PAIR), "three");
	assert_int_equal(spool_sum(world->spool, &WORLD_PAIR).count, 1);
	assert_int_equal(spool_sum(world->spool, &WORLD_PAIR).bytes, 5);
}

static void removed_before_it_is_durable_does_not_come_back(void **state)
{
	struct world *world = *state;

	spool_remove(world->spool, &WORLD_PAIR, world_put(world, &WORLD_PAIR, "one"));
	world_turn(world);
	assert_int_equal(world->news_count, 1);
	assert_true(spool_is_empty(world->spool, &WORLD_PAIR));
	world_close(world);
	world_open(world);
	assert_true(spool_is_empty(world->spool, &WORLD_PAIR));
}

static void sums_say_how_many_how_large_how_old(void **state)
{
	struct world *world = *state;
	struct spool_sum sum;

	loop_set_wall_ms(world->loop, 5000);
	world_put(world, &WORLD_PAIR, "one");
	loop_set_wall_ms(world->loop, 9000);
	world_put(world, &WORLD_PAIR, "three");
	sum = spool_sum(world->spool, &WORLD_PAIR);
	assert_true(sum.count == 2 && sum.bytes == 8 && sum.oldest_wall_ms == 5000 && !sum.is_paused);
	assert_int_equal(spool_sum(world->spool, &WORLD_OTHER).count, 0);
}

struct seen {
	unsigned pairs;
	uint64_t count;
	struct world *world;
};

static void see(void *ctx, const struct domain_pair *pair, const struct spool_sum *sum)
{
	struct seen *seen = ctx;
	struct spool_stanza stanza;

	seen->pairs++;
	seen->count += sum->count;
	while (spool_next(seen->world->spool, pair, 0, &stanza))
		spool_remove(seen->world->spool, pair, stanza.id);
}

static void each_pair_is_told_and_may_be_changed_meanwhile(void **state)
{
	struct world *world = *state;
	struct seen seen = {.world = world};

	world_put(world, &WORLD_PAIR, "one");
	world_put(world, &WORLD_OTHER, "two");
	world_put(world, &WORLD_OTHER, "three");
	spool_each(world->spool, see, &seen);
	assert_true(seen.pairs == 2 && seen.count == 3);
	assert_int_equal(spool_use(world->spool).stanzas, 0);
}

static void paused_outlives_a_restart_and_resumed_does_too(void **state)
{
	struct world *world = *state;

	assert_int_equal(spool_pause(world->spool, &WORLD_PAIR, true), 0);
	world_close(world);
	world_open(world);
	assert_true(spool_sum(world->spool, &WORLD_PAIR).is_paused);
	assert_false(spool_sum(world->spool, &WORLD_OTHER).is_paused);
	assert_int_equal(spool_pause(world->spool, &WORLD_PAIR, false), 0);
	world_close(world);
	world_open(world);
	assert_false(spool_sum(world->spool, &WORLD_PAIR).is_paused);
}

/* ---- limits ---- */

static int put_large(struct world *world, size_t len)
{
	static char text[300 * 1024];
	uint64_t id;

	memset(text, 'x', sizeof(text));
	return spool_put(world->spool, &WORLD_PAIR, str_make(text, len), PROOF_DIALBACK, NULL, &id);
}

static void a_full_spool_refuses_the_newest_and_keeps_the_rest(void **state)
{
	struct world *world = *state;
	struct spool_stanza stanza;
	unsigned kept = 0;

	world->size_bytes = 1024 * 1024;
	spool_store_set_size(world->store, world->size_bytes);
	while (put_large(world, 10000) == 0) {
		kept++;
		world_turn(world);
	}
	assert_int_equal(put_large(world, 10000), TRUNK_ELIMIT);
	assert_in_range(kept, 90, 105);
	assert_int_equal(spool_sum(world->spool, &WORLD_PAIR).count, kept);
	assert_true(spool_use(world->spool).file_bytes <= world->size_bytes);
	/* Room comes back with what is handed over. */
	for (unsigned i = 0; i < 20 && spool_next(world->spool, &WORLD_PAIR, 0, &stanza); i++)
		spool_remove(world->spool, &WORLD_PAIR, stanza.id);
	world_turn(world);
	assert_int_equal(put_large(world, 10000), 0);
}

static void one_that_stays_does_not_keep_the_files_of_those_that_went(void **state)
{
	struct world *world = *state;

	spool_store_set_size(world->store, 1024 * 1024);
	world_put(world, &WORLD_OTHER, "stays");
	for (unsigned i = 0; i < 1000; i++) {
		struct spool_stanza stanza;

		assert_int_equal(put_large(world, 10000), 0);
		world_turn(world);
		assert_true(spool_next(world->spool, &WORLD_PAIR, 0, &stanza));
		spool_remove(world->spool, &WORLD_PAIR, stanza.id);
		world_turn(world);
	}
	assert_string_equal(world_content(world, &WORLD_OTHER), "stays");
	assert_true(spool_use(world->spool).file_bytes <= 4 * 64 * 1024);
	world_close(world);
	world_open(world);
	assert_string_equal(world_content(world, &WORLD_OTHER), "stays");
	assert_true(spool_is_empty(world->spool, &WORLD_PAIR));
}

static void what_waits_for_the_disk_is_bounded(void **state)
{
	struct world *world = *state;
	unsigned count = 0;

	spool_store_set_size(world->store, UINT64_MAX / 2);
	while (put_large(world, 300 * 1024) == 0)
		count++;
	assert_in_range(count, SPOOL_BATCH_BYTES_MAX / (301 * 1024), SPOOL_BATCH_BYTES_MAX / (300 * 1024) + 1);
	world_turn(world);
	assert_int_equal(put_large(world, 300 * 1024), 0);
}

static void holes_in_the_middle_cost_no_memory(void **state)
{
	struct world *world = *state;
	uint64_t first = world_put(world, &WORLD_PAIR, "first");

	for (unsigned i = 0; i < 10000; i++)
		spool_remove(world->spool, &WORLD_PAIR, world_put(world, &WORLD_PAIR, "x"));
	world_put(world, &WORLD_PAIR, "last");
	world_turn(world);
	assert_string_equal(world_content(world, &WORLD_PAIR), "first,last");
	assert_true(box_find(world->store, &WORLD_PAIR)->cap <= 64);
	spool_remove(world->spool, &WORLD_PAIR, first);
	assert_string_equal(world_content(world, &WORLD_PAIR), "last");
}

/* ---- the disk refuses ---- */

static void what_the_disk_refuses_comes_back_and_is_in_the_spool_no_more(void **state)
{
	struct world *world = *state;
	uint64_t id;

	world_put(world, &WORLD_PAIR, "kept");
	world_turn(world);
	world->writes_left = 0;
	world->torn_bytes = 40;
	world_put(world, &WORLD_PAIR, "refused");
	world_turn(world);
	assert_int_equal(world->news_count, 2);
	assert_true(world->news[1].err == TRUNK_EIO && world->news[1].len == strlen("refused"));
	assert_string_equal(world_content(world, &WORLD_PAIR), "kept");
	assert_non_null(strstr(world->lines, "spool-failing"));
	/* For a second all is refused at once. */
	assert_int_equal(spool_put(world->spool, &WORLD_PAIR, STR("x"), PROOF_DIALBACK, NULL, &id), TRUNK_EIO);
	world->store->failing_until_ms = 1;
	world->writes_left = -1;
	world_put(world, &WORLD_PAIR, "again");
	world_turn(world);
	assert_non_null(strstr(world->lines, "spool-works-again"));
	world_close(world);
	world_open(world);
	assert_string_equal(world_content(world, &WORLD_PAIR), "kept,again");
	assert_null(strstr(world->lines, "spool-unreadable"));
}

static void a_failed_sync_is_a_refusal(void **state)
{
	struct world *world = *state;

	world->syncs_left = 0;
	world_put(world, &WORLD_PAIR, "refused");
	world_turn(world);
	assert_true(world->news_count == 1 && world->news[0].err == TRUNK_EIO);
	world->syncs_left = -1;
	world_close(world);
	world_open(world);
	assert_string_equal(world_content(world, &WORLD_PAIR), "");
}

/* Its owner counts what the disk has not answered for, and what it has removed was told of already. */
static void what_was_removed_before_the_disk_refused_it_is_told_without_its_bytes(void **state)
{
	struct world *world = *state;
	uint64_t id;

	world->writes_left = 0;
	id = world_put(world, &WORLD_PAIR, "removed at once");
	spool_remove(world->spool, &WORLD_PAIR, id);
	world_turn(world);
	assert_true(world->news_count == 1 && world->news[0].err == TRUNK_EIO && world->news[0].len == 0);
	world->store->failing_until_ms = 1;
	id = world_put(world, &WORLD_PAIR, "removed while the news are under way");
	writer_commit(world->store);
	spool_remove(world->spool, &WORLD_PAIR, id);
	world_turn(world);
	assert_true(world->news_count == 2 && world->news[1].err == TRUNK_EIO && world->news[1].len == 0);
}

static void a_removal_that_was_not_written_is_repeated(void **state)
{
	struct world *world = *state;
	const uint64_t id = world_put(world, &WORLD_PAIR, "one");

	world_put(world, &WORLD_PAIR, "two");
	world_turn(world);
	world->writes_left = 0;
	spool_remove(world->spool, &WORLD_PAIR, id);
	world_turn(world);
	world->writes_left = -1;
	world_close(world);
	world_open(world);
	assert_string_equal(world_content(world, &WORLD_PAIR), "two");
}

/* ---- the thread ---- */

enum { MANY = 20000 };

static void count_news(void *ctx, const struct domain_pair *pair, uint64_t id, const struct spool_token *token)
{
	struct world *world = ctx;

	(void)pair;
	(void)id;
	assert_int_equal(token->word[0], world->news_count);
	if (++world->news_count == MANY)
		loop_stop(world->loop);
}

static void no_failure(void *ctx, const struct domain_pair *pair, uint64_t id, const struct spool_token *token, struct str bytes, enum proof proof_in,
		       int err)
{
	(void)ctx;
	(void)pair;
	(void)id;
	(void)token;
	(void)bytes;
	(void)proof_in;
	fail_msg("the disk refused: %d", err);
}

/* Puts again where the batch was full. */
static void put_many(void *ctx)
{
	struct world *world = ctx;
	struct timer *timer = (struct timer *)(void *)world->lines;
	static unsigned next;
	static char text[1024];
	uint64_t id;

	memset(text, 'y', sizeof(text));
	if (world->news_count == 0 && next >= MANY)
		next = 0;
	for (; next < MANY; next++) {
		const struct spool_token token = {.word = {next}};

		if (spool_put(world->spool, next % 2 ? &WORLD_PAIR : &WORLD_OTHER, str_make(text, sizeof(text)), PROOF_DIALBACK, &token, &id) < 0)
			break;
	}
	if (next < MANY)
		timer_start(world->loop, timer, 1, put_many, world);
}

static void with_a_thread_all_is_told_on_the_loop_in_order(void **state)
{
	static const struct spool_handler counting = {.durable = count_news, .failed = no_failure};
	struct world *world = *state;
	const struct spool_options options = {.folder = world->folder, .size_bytes = 64 * 1024 * 1024, .log = world->log};
	struct loop *by_hand = world->loop;
	struct spool_stanza stanza = {0};
	unsigned count = 0;

	world_close(world);
	log_set_sink(world->log, NULL, NULL);
	memset(world->lines, 0, sizeof(world->lines));
	world->loop = loop_new_uv();
	assert_int_equal(spool_store_open(&options, &world->store), 0);
	world->spool = spool_new(world->store, world->loop, &counting, world);
	put_many(world);
	assert_int_equal(loop_run(world->loop), 0);
	assert_int_equal(world->news_count, MANY);
	assert_true(spool_use(world->spool).batches < MANY / 10);       /* group commit */
	while (spool_next(world->spool, &WORLD_PAIR, stanza.id, &stanza)) {
		assert_true(stanza.is_durable);
		spool_remove(world->spool, &WORLD_PAIR, stanza.id);
		count++;
	}
	assert_int_equal(count, MANY / 2);
	world_close(world);
	loop_free(&world->loop);
	world->loop = by_hand;
	world_open(world);
	assert_int_equal(spool_sum(world->spool, &WORLD_OTHER).count, MANY / 2);
	assert_int_equal(spool_sum(world->spool, &WORLD_PAIR).count, 0);
}

/* docs/delivery.md: what is no message is found by itself, behind a restart too, for it must not leave later. */
static void what_is_no_message_is_known_as_such_and_found(void **state)
{
	struct world *world = *state;
	struct spool_stanza stanza = {0};
	uint64_t iq, presence;

	world_put(world, &WORLD_PAIR, "<message>1</message>");
	iq = world_put(world, &WORLD_PAIR, "<iq id='q'/>");
	world_put(world, &WORLD_PAIR, "<iquiet/>");
	presence = world_put(world, &WORLD_PAIR, "<presence/>");
	for (int turn = 0; turn < 2; turn++) {
		assert_true(spool_next_fleeting(world->spool, &WORLD_PAIR, 0, &stanza));
		assert_true(stanza.is_fleeting);
		assert_int_equal(stanza.id, iq);
		assert_true(spool_next_fleeting(world->spool, &WORLD_PAIR, iq, &stanza));
		assert_int_equal(stanza.id, presence);
		assert_false(spool_next_fleeting(world->spool, &WORLD_PAIR, presence, &stanza));
		assert_false(spool_next_fleeting(world->spool, &WORLD_OTHER, 0, &stanza));
		world_turn(world);
		world_close(world);
		world_open(world);
	}
	spool_remove(world->spool, &WORLD_PAIR, iq);
	spool_remove(world->spool, &WORLD_PAIR, presence);
	assert_false(spool_next_fleeting(world->spool, &WORLD_PAIR, 0, &stanza));
	assert_true(spool_next(world->spool, &WORLD_PAIR, 0, &stanza));
	assert_false(stanza.is_fleeting);
	assert_string_equal(world_content(world, &WORLD_PAIR), "<message>1</message>,<iquiet/>");
}

static void a_second_one_in_the_same_folder_is_refused(void **state)
{
	struct world *world = *state;
	const struct spool_options options = {.folder = world->folder, .size_bytes = 1024 * 1024, .log = world->log, .is_inline = true};
	struct spool_store *second = NULL;

	assert_int_equal(spool_store_open(&options, &second), TRUNK_EBUSY);
	assert_null(second);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(keeps_the_order_of_each_pair),
		IN_WORLD(tells_when_it_is_durable_in_order_and_once),
		IN_WORLD(removed_is_gone_the_rest_stays),
		IN_WORLD(removed_before_it_is_durable_does_not_come_back),
		IN_WORLD(sums_say_how_many_how_large_how_old),
		IN_WORLD(each_pair_is_told_and_may_be_changed_meanwhile),
		IN_WORLD(paused_outlives_a_restart_and_resumed_does_too),
		IN_WORLD(a_full_spool_refuses_the_newest_and_keeps_the_rest),
		IN_WORLD(one_that_stays_does_not_keep_the_files_of_those_that_went),
		IN_WORLD(what_waits_for_the_disk_is_bounded),
		IN_WORLD(holes_in_the_middle_cost_no_memory),
		IN_WORLD(what_the_disk_refuses_comes_back_and_is_in_the_spool_no_more),
		IN_WORLD(a_failed_sync_is_a_refusal),
		IN_WORLD(what_was_removed_before_the_disk_refused_it_is_told_without_its_bytes),
		IN_WORLD(a_removal_that_was_not_written_is_repeated),
		IN_WORLD(with_a_thread_all_is_told_on_the_loop_in_order),
		IN_WORLD(what_is_no_message_is_known_as_such_and_found),
		IN_WORLD(a_second_one_in_the_same_folder_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
