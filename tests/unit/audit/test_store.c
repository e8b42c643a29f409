/* SPDX-License-Identifier: Apache-2.0
 * The store: records in a chain, and what becomes of one that somebody or something has harmed. */
#include "world.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- records and their chain ---- */

/* design.md §8: the facts of a verdict. Record 1 says that the store was begun. */
static void what_is_recorded_is_found_with_all_its_facts(void **state)
{
	struct world *world = *state;
	struct audit_record record;
	const struct audit_entry *entry = &world->entries[0];

	world_open(world);
	record = world_message(world, "m1");
	record.decision = DECISION_REJECT;
	record.condition = COND_FORBIDDEN;
	record.rule = "secrets stay";
	record.line = 17;
	record.label = STR("FARM: SEALED");
	record.monitor = "to be";
	record.monitor_decision = DECISION_DROP;
	assert_int_equal(audit_record(world->audit, &record, NULL), 0);
	world_flush(world);
	world_search(world, NULL, QUERY(.limit = 0));
	assert_int_equal(world->count, 1);
	assert_int_equal(entry->class, AUDIT_VERDICT);
	assert_int_equal(entry->number, 2);
	assert_int_equal(entry->wall_ms, WALL_MS);
	assert_true(str_is(entry->sender, "saturn.example.org") && str_is(entry->target, "mercury.example.net"));
	assert_true(str_is(entry->type, "chat") && str_is(entry->id, "m1") && str_is(entry->rule, "secrets stay"));
	assert_true(str_is(entry->label, "FARM: SEALED") && str_is(entry->monitor, "to be"));
	assert_int_equal(entry->kind, STANZA_MESSAGE);
	assert_int_equal(entry->size_bytes, 120);
	assert_int_equal(entry->line, 17);
	assert_int_equal(entry->decision, DECISION_REJECT);
	assert_int_equal(entry->monitor_decision, DECISION_DROP);
	assert_int_equal(entry->condition, COND_FORBIDDEN);
	assert_int_equal(entry->proof_in, PROOF_EXTERNAL);
	assert_int_equal(entry->proof_out, PROOF_DIALBACK);
	assert_false(entry->has_hash);
	assert_true(str_is_absent(entry->from) && str_is_absent(entry->body));
}

static void each_level_keeps_what_it_says(void **state)
{
	static const struct xml_child children[] = {{.ns = {"jabber:server", 13}, .name = {"body", 4}}, {.ns = {"urn:x", 5}, .name = {"y", 1}}};
	const struct xml_element element = {.bytes = STR("<message>abc</message>"), .lang = STR("de"), .children = children, .child_count = 2};
	/* printf '<message>abc</message>' | sha256sum */
	struct world *world = *state;
	struct audit_record record;

	world_open(world);
	record = world_message(world, "m1");
	record.element = &element;
	record.from = STR("ann@saturn.example.org/x");
	record.to = STR("bob@mercury.example.net");
	for (record.level = AUDIT_BRIEF; record.level <= AUDIT_FULL; record.level++)
		assert_int_equal(audit_record(world->audit, &record, NULL), 0);
	world_flush(world);
	world_search(world, NULL, QUERY(.limit = 0));
	assert_int_equal(world->count, 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(world->entries[i].level, AUDIT_BRIEF + i);
		assert_true(world->entries[i].has_hash == (i >= 1));
		assert_true(str_is(world->entries[i].from, "ann@saturn.example.org/x") == (i >= 2));
		assert_true(str_is(world->entries[i].lang, "de") == (i >= 2));
		assert_true(str_is(world->entries[i].children, "{jabber:server}body {urn:x}y") == (i >= 2));
		assert_true(str_eq(world->entries[i].body, element.bytes) == (i == 3));
	}
	assert_memory_equal(world->entries[1].hash, world->entries[3].hash, AUDIT_HASH_BYTES);
}

/* design.md §4: an appended record that refers to the first; `audit` shows one line a stanza, export both. */
static void an_outcome_is_the_final_decision_of_the_stanzas_line(void **state)
{
	struct world *world = *state;
	struct audit_record record;
	uint64_t first;

	world_open(world);
	first = world_record(world, "m1");
	world_record(world, "m2");
	world_flush(world);
	record = world_message(world, "m1");
	record.outcome_of = first;
	record.decision = DECISION_BOUNCE;
	record.condition = COND_REMOTE_SERVER_TIMEOUT;
	record.rule = "undeliverable";
	assert_int_equal(audit_record(world->audit, &record, NULL), 0);
	world_flush(world);
	world_search(world, NULL, QUERY(.limit = 0));
	assert_int_equal(world->count, 2);
	assert_int_equal(world->entries[0].decision, DECISION_BOUNCE);
	assert_int_equal(world->entries[0].condition, COND_REMOTE_SERVER_TIMEOUT);
	assert_true(str_is(world->entries[0].rule, "within-zone") && str_is(world->entries[0].detail, "undeliverable"));
	assert_int_equal(world->entries[1].decision, DECISION_PASS);
	world_search(world, NULL, QUERY(.decisions = 1u << DECISION_BOUNCE));
	assert_int_equal(world->count, 1);
	world_search(world, NULL, QUERY(.decisions = 1u << DECISION_PASS));
	assert_int_equal(world->count, 1);
	assert_true(str_is(world->entries[0].id, "m2"));
	world_search(world, NULL, QUERY(.is_whole = true));
	assert_int_equal(world->count, 4);      /* and the one that says that the store was begun */
	assert_int_equal(world->entries[3].class, AUDIT_OUTCOME);
	assert_int_equal(world->entries[3].refers, first);
	world_is_whole(world);
}

/* Numbers go on over a restart, and so does the chain. */
static void the_chain_goes_on_over_restarts(void **state)
{
	struct world *world = *state;
	uint64_t before, behind;

	world_open(world);
	before = world_record(world, "m1");
	world_close(world);
	world_is_whole(world);
	assert_int_equal(world->chain.records, 3);      /* begun, m1, stopped */
	world_open(world);
	behind = world_record(world, "m2");
	assert_true(behind > before);
	world_close(world);
	world_is_whole(world);
	assert_int_equal(world->chain.records, 6);
	world_search(world, NULL, QUERY(.limit = 0));
	assert_int_equal(world->count, 2);
}

static void many_records_make_many_blocks_and_pairs_are_found_among_them(void **state)
{
	struct world *world = *state;
	struct audit_record record;
	char sender[64], id[16];

	world_open(world);
	for (unsigned i = 0; i < 10000; i++) {
		snprintf(id, sizeof(id), "n%u", i);
		snprintf(sender, sizeof(sender), "s%u.example", i % 1000);
		record = world_message(world, id);
		record.pair.sender = str_of(sender);
		record.decision = i % 100 ? DECISION_PASS : DECISION_REJECT;
		assert_int_equal(audit_record(world->audit, &record, NULL), 0);
	}
	world_flush(world);
	world_search(world, NULL, QUERY(.from = STR("s7.example"), .to = STR("mercury.example.net")));
	assert_int_equal(world->count, 10);
	assert_true(str_is(world->entries[0].id, "n7") && str_is(world->entries[9].id, "n9007"));
	world_search(world, NULL, QUERY(.limit = 3));
	assert_int_equal(world->count, 3);
	assert_true(str_is(world->entries[0].id, "n9997") && str_is(world->entries[2].id, "n9999"));
	world_search(world, NULL, QUERY(.from = STR("*.example"), .decisions = 1u << DECISION_REJECT, .limit = 2));
	assert_int_equal(world->count, 2);
	assert_true(str_is(world->entries[0].id, "n9800") && str_is(world->entries[1].id, "n9900"));
	world_search(world, NULL, QUERY(.from = STR("nobody.example")));
	assert_int_equal(world->count, 0);
	world_search(world, NULL, QUERY(.rule = STR("no such rule")));
	assert_int_equal(world->count, 0);
	world_is_whole(world);
	assert_true(world->chain.blocks >= 3);
}

static void a_search_by_time_takes_both_ends(void **state)
{
	struct world *world = *state;

	world_open(world);
	for (unsigned i = 0; i < 5; i++) {
		world->wall_ms = WALL_MS + i * 600 * 1000LL;
		world_record(world, "x");
	}
	world_flush(world);
	world_search(world, NULL, QUERY(.since_ms = WALL_MS + 600 * 1000, .until_ms = WALL_MS + 1800 * 1000));
	assert_int_equal(world->count, 3);
}

/* An address is compared only where there is one; what has none is counted, not passed over in silence. */
static void addresses_are_found_where_the_level_keeps_them(void **state)
{
	struct world *world = *state;
	struct audit_record record;

	world_open(world);
	record = world_message(world, "m1");
	record.from = STR("ann@saturn.example.org/x");
	assert_int_equal(audit_record(world->audit, &record, NULL), 0);
	record.level = AUDIT_HEADERS;
	assert_int_equal(audit_record(world->audit, &record, NULL), 0);
	world_flush(world);
	world_search(world, NULL, QUERY(.from = STR("ann@saturn.example.org")));
	assert_int_equal(world->count, 1);
	assert_int_equal(world->found.without_addresses, 1);
	world_search(world, NULL, QUERY(.from = STR("ann@saturn.example.org/y")));
	assert_int_equal(world->count, 0);
	world_search(world, NULL, QUERY(.from = STR("saturn.example.org")));
	assert_int_equal(world->count, 2);
}

/* design.md §4: what an operator changes is a record with his uid. */
static void what_operators_change_is_in_the_chain(void **state)
{
	struct world *world = *state;

	world_open(world);
	world_record(world, "m1");
	assert_int_equal(audit_operator(world->audit, 1000, "block", STR("bad.example")), 0);
	world_flush(world);
	world_search(world, NULL, QUERY(.limit = 0));
	assert_int_equal(world->count, 2);
	assert_int_equal(world->entries[1].class, AUDIT_OPERATOR);
	assert_int_equal(world->entries[1].uid, 1000);
	assert_true(str_is(world->entries[1].type, "block") && str_is(world->entries[1].detail, "bad.example"));
	world_search(world, NULL, QUERY(.from = STR("saturn.example.org")));
	assert_int_equal(world->count, 1);
	assert_int_equal(world_log_has(world, "operator"), 1);
}

static void the_files_are_not_for_everybody_to_read(void **state)
{
	struct world *world = *state;
	struct stat stat_now;

	world_open(world);
	world_close(world);
	assert_int_equal(stat(world->db, &stat_now), 0);
	assert_int_equal(stat_now.st_mode & S_IRWXO, 0);
	assert_int_equal(stat(world->head, &stat_now), 0);
	assert_int_equal(stat_now.st_mode & S_IRWXO, 0);
}

static void two_daemons_do_not_write_to_one_store(void **state)
{
	struct world *world = *state;
	struct audit_store *mine;
	struct buf why = {0};

	world_open(world);
	mine = world->store;
	assert_int_equal(world_try_open(world, &why), TRUNK_EBUSY);
	assert_true(world->store == mine);
	assert_true(str_ends(buf_str(&why), STR("another trunkd writes to this audit store")));
	buf_fini(&why);
}

/* One front-end for each worker's loop, and one store. */
enum { WORKERS = 4, EACH = 3000 };

static void *work(void *ctx)
{
	struct world *world = ctx;
	struct loop *loop = loop_new();
	struct audit *audit = audit_new(loop, world->log, world->store, false);
	struct audit_record record = world_message(world, "x");
	uint64_t before = 0, seq;

	for (unsigned i = 0; audit && i < EACH; i++) {
		if (audit_record(audit, &record, &seq) < 0 || seq <= before)
			return NULL;
		before = seq;
		loop_advance(loop, loop_now_ms(loop));
	}
	while (audit && audit_durable(audit) < before)
		usleep(1000);
	audit_free(&audit);
	loop_free(&loop);
	return world;
}

static void several_workers_write_to_one_chain(void **state)
{
	struct world *world = *state;
	pthread_t threads[WORKERS];

	for (int strict = 0; strict < 2; strict++) {
		world->options.is_strict = strict;
		world_open(world);
		for (unsigned i = 0; i < WORKERS; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, work, world), 0);
		for (unsigned i = 0; i < WORKERS; i++) {
			void *result = NULL;

			assert_int_equal(pthread_join(threads[i], &result), 0);
			assert_ptr_equal(result, world);
		}
		world_close(world);
		world_is_whole(world);
		world_search(world, NULL, QUERY(.from = STR("saturn.example.org")));
		assert_int_equal(world->found.entries, (strict + 1) * WORKERS * EACH);
	}
}

/* ---- what verify finds ---- */

/* Block 1 holds record 1 (begun), block 2 records 2 to 401, block 3 those to 601 and the clean stop. */
static void fill(struct world *world)
{
	world_open(world);
	world_record_many(world, 400);
	world_flush(world);
	world_record_many(world, 200);
	world_close(world);
	world_is_whole(world);
	assert_int_equal(world->chain.blocks, 3);
}

static void a_record_that_was_altered_is_named(void **state)
{
	struct world *world = *state;

	fill(world);
	/* m150 is record 152: its id becomes another */
	world_sql(world, "UPDATE block SET data = CAST(replace(CAST(data AS BLOB), x'6d313530', x'6d393939') AS BLOB) WHERE id = 2");
	world_is_bad_at(world, 152);
}

static void a_record_that_was_cut_out_is_named(void **state)
{
	struct world *world = *state;

	fill(world);
	world_sql(world, "UPDATE block SET data = CAST(substr(data, 1, length(data) / 2) AS BLOB) WHERE id = 2");
	world_is_bad_at(world, 2);      /* the places of all of the block's records fit no more */
}

static void a_name_that_was_altered_is_told_with_its_block(void **state)
{
	struct world *world = *state;

	fill(world);
	world_sql(world, "UPDATE block SET head = CAST(replace(head, x'73617475726e', x'736174757272') AS BLOB) WHERE id = 2");
	world_is_bad_at(world, 2);
	assert_int_equal(world->chain.bad_block, 2);
}

static void a_time_or_a_number_that_was_altered_shows(void **state)
{
	struct world *world = *state;

	fill(world);
	world_sql(world, "UPDATE block SET last_ms = last_ms + 1 WHERE id = 3");
	world_is_bad_at(world, 402);
	assert_int_equal(world->chain.bad_block, 3);
}

static void a_block_that_was_removed_shows(void **state)
{
	struct world *world = *state;

	fill(world);
	world_sql(world, "DELETE FROM block WHERE id = 2");
	world_is_bad_at(world, 2);
}

/* The store alone looks whole then: only the seal outside of it tells. */
static void removal_at_the_end_shows(void **state)
{
	struct world *world = *state;

	fill(world);
	world_sql(world, "DELETE FROM block WHERE id > 2");
	world_is_bad_at(world, 402);
	assert_non_null(strstr(world->chain.text, "was sealed as the last"));
}

static void a_beginning_that_was_removed_with_its_anchor_moved_shows(void **state)
{
	struct world *world = *state;

	fill(world);
	world_sql(world, "UPDATE anchor SET id = 2, next = 402, hash = (SELECT hash FROM block WHERE id = 2);"
			 "DELETE FROM block WHERE id <= 2");
	world_is_bad_at(world, 402);
	assert_non_null(strstr(world->chain.text, "no record says"));
}

static bool ignore_entry(void *ctx, const struct audit_entry *entry)
{
	(void)ctx;
	(void)entry;
	return true;
}

static void write_head(struct world *world, const char *text)
{
	FILE *file = fopen(world->head, "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static void a_seal_that_was_removed_or_altered_shows(void **state)
{
	struct world *world = *state;

	fill(world);
	write_head(world, "trunkd audit seal 1\nblock 3\nrecord 602\nhash " ZEROS "\ntime 1790000000123\nstate stopped\n");
	world_is_bad_at(world, 402);
	write_head(world, "trunkd audit seal 1\nblock 3\nrecord 602\nhash " ZEROS);
	world_is_bad_at(world, 0);
	assert_non_null(strstr(world->chain.text, "cannot be read"));
	unlink(world->head);
	world_is_bad_at(world, 0);
	assert_non_null(strstr(world->chain.text, "is missing"));
}

/* Bytes that are no block at all must not be more than that. */
static void a_block_of_rubbish_is_named_and_does_not_stop_a_search(void **state)
{
	static const char *const harms[] = {
		"UPDATE block SET head = randomblob(length(head)) WHERE id = 2", "UPDATE block SET head = x'' WHERE id = 2", "UPDATE block SET data = x'' WHERE id = 2",
		"UPDATE block SET data = 'text' WHERE id = 2", "UPDATE block SET head = 7 WHERE id = 2", "UPDATE block SET hash = 'x' WHERE id = 2"};
	struct world *world = *state;
	struct audit_reader *reader = NULL;
	struct audit_found found;
	struct buf why = {0};

	fill(world);
	for (size_t i = 0; i < sizeof(harms) / sizeof(harms[0]); i++) {
		world_sql(world, harms[i]);
		world_is_bad_at(world, 2);
		assert_int_equal(audit_reader_open(world->db, &why, &reader), 0);
		assert_int_equal(audit_reader_search(reader, QUERY(.limit = 0), ignore_entry, NULL, &found), TRUNK_EINVAL);
		audit_reader_close(&reader);
	}
	buf_fini(&why);
}

/* ---- what the daemon does about it ---- */

static void is_set_aside(struct world *world)
{
	char *aside = world_find_aside(world);

	assert_non_null(aside);
	assert_int_equal(world_log_has(world, "audit-set-aside"), 1);
	world_search(world, NULL, QUERY(.is_whole = true));
	assert_true(str_is(world->entries[0].type, "begun"));
	assert_non_null(memmem(world->entries[0].detail.at, world->entries[0].detail.len, aside, strlen(aside)));
	free(aside);
}

/* Issue: a corrupted audit store is set aside, never overwritten, and the daemon says what it did. */
static void a_store_that_is_no_database_is_set_aside_as_it_was(void **state)
{
	struct world *world = *state;
	char *aside, *text;
	FILE *file = fopen(world->db, "we");

	assert_non_null(file);
	fputs("this was an audit once, and it must not be lost", file);
	fclose(file);
	world_open(world);
	world_record(world, "m1");
	world_flush(world);
	is_set_aside(world);
	aside = world_find_aside(world);
	text = world_file(aside);
	assert_string_equal(text, "this was an audit once, and it must not be lost");
	free(text);
	free(aside);
	world_is_whole(world);
}

static void a_store_whose_end_was_removed_is_set_aside_with_its_seal(void **state)
{
	struct world *world = *state;
	char *aside, head[256];

	fill(world);
	world_sql(world, "DELETE FROM block WHERE id > 2");
	world_open(world);
	world_flush(world);
	is_set_aside(world);
	aside = world_find_aside(world);
	world_search(world, aside, QUERY(.from = STR("saturn.example.org")));
	assert_int_equal(world->found.entries, 400);
	snprintf(head, sizeof(head), "%s.head", aside);
	assert_int_equal(access(head, F_OK), 0);
	free(aside);
}

static void a_store_that_is_gone_is_told(void **state)
{
	struct world *world = *state;

	fill(world);
	unlink(world->db);
	world_open(world);
	assert_int_equal(world_log_has(world, "audit-set-aside"), 1);
	world_search(world, NULL, QUERY(.is_whole = true));
	assert_non_null(memmem(world->entries[0].detail.at, world->entries[0].detail.len, "it is gone", 10));
}

static void a_last_block_that_was_altered_is_set_aside(void **state)
{
	struct world *world = *state;

	fill(world);
	world_sql(world, "UPDATE block SET data = CAST(replace(data, x'6d313530', x'6d393939') AS BLOB)");
	world_sql(world, "UPDATE block SET last_ms = last_ms + 1 WHERE id = (SELECT max(id) FROM block)");
	world_open(world);
	is_set_aside(world);
}

static void a_seal_that_is_gone_is_told_and_recorded(void **state)
{
	struct world *world = *state;

	fill(world);
	unlink(world->head);
	world_open(world);
	assert_int_equal(world_log_has(world, "audit-seal-missing"), 1);
	world_search(world, NULL, QUERY(.is_whole = true, .limit = 1));
	assert_true(str_is(world->entries[0].type, "seal-missing"));
	world_is_whole(world);
}

static void a_daemon_that_was_killed_goes_on_behind_its_last_commit(void **state)
{
	struct world *world = *state;
	char copy[256], sql[512];

	world_open(world);
	world_record_many(world, 10);
	world_flush(world);
	/* What a kill leaves is what another process sees now. */
	snprintf(copy, sizeof(copy), "%s/copy.db", world->folder);
	snprintf(sql, sizeof(sql), "VACUUM INTO '%s'", copy);
	world_sql(world, sql);
	world_record_many(world, 5);
	world_close(world);
	assert_int_equal(rename(copy, world->db), 0);
	/* the seal is that of the clean stop: as after a kill it would be older */
	unlink(world->head);
	world_open(world);
	world_record(world, "behind");
	world_close(world);
	world_is_whole(world);
	world_search(world, NULL, QUERY(.limit = 0));
	assert_int_equal(world->count, 11);
}

/* ---- retention ---- */

static void what_is_too_old_goes_and_the_chain_still_verifies(void **state)
{
	struct world *world = *state;

	world->options.retention_ms = 90 * DAY_MS;
	fill(world);
	world->wall_ms = WALL_MS + 50 * DAY_MS;
	world_open(world);
	world_record(world, "in between");
	world_close(world);
	world_search(world, NULL, QUERY(.limit = 0));
	assert_int_equal(world->found.entries, 601);
	world->wall_ms = WALL_MS + 100 * DAY_MS;
	world_open(world);
	world_record(world, "new");
	world_close(world);
	world_search(world, NULL, QUERY(.limit = 0));
	assert_int_equal(world->count, 2);
	world_is_whole(world);
	assert_int_equal(world->chain.first, 603);
	world_sql(world, "UPDATE anchor SET next = next + 1");
	world_is_bad_at(world, 604);
}

/* Records stand in the order in which they came, whatever the clock says; each is found by the time that it has. */
static void a_clock_that_jumps_breaks_no_chain_and_hides_no_record(void **state)
{
	static const int64_t jumps[] = {0, 3600 * 1000, -7200 * 1000, 400 * DAY_MS, -DAY_MS};
	struct world *world = *state;
	char id[] = "j0";

	for (unsigned i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		world->wall_ms = WALL_MS + jumps[i];
		world_open(world);
		id[1] = (char)('0' + i);
		world_record(world, id);
		world_close(world);
		world_is_whole(world);
	}
	for (unsigned i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		world_search(world, NULL, QUERY(.since_ms = WALL_MS + jumps[i], .until_ms = WALL_MS + jumps[i], .from = STR("saturn.example.org")));
		assert_int_equal(world->count, 1);
		assert_true(world->entries[0].id.len == 2 && world->entries[0].id.at[1] == (char)('0' + i));
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_is_recorded_is_found_with_all_its_facts),
		TEST(each_level_keeps_what_it_says),
		TEST(an_outcome_is_the_final_decision_of_the_stanzas_line),
		TEST(the_chain_goes_on_over_restarts),
		TEST(many_records_make_many_blocks_and_pairs_are_found_among_them),
		TEST(a_search_by_time_takes_both_ends),
		TEST(addresses_are_found_where_the_level_keeps_them),
		TEST(what_operators_change_is_in_the_chain),
		TEST(the_files_are_not_for_everybody_to_read),
		TEST(two_daemons_do_not_write_to_one_store),
		TEST(several_workers_write_to_one_chain),
		TEST(a_record_that_was_altered_is_named),
		TEST(a_record_that_was_cut_out_is_named),
		TEST(a_name_that_was_altered_is_told_with_its_block),
		TEST(a_time_or_a_number_that_was_altered_shows),
		TEST(a_block_that_was_removed_shows),
		TEST(removal_at_the_end_shows),
		TEST(a_beginning_that_was_removed_with_its_anchor_moved_shows),
		TEST(a_seal_that_was_removed_or_altered_shows),
		TEST(a_block_of_rubbish_is_named_and_does_not_stop_a_search),
		TEST(a_store_that_is_no_database_is_set_aside_as_it_was),
		TEST(a_store_whose_end_was_removed_is_set_aside_with_its_seal),
		TEST(a_store_that_is_gone_is_told),
		TEST(a_last_block_that_was_altered_is_set_aside),
		TEST(a_seal_that_is_gone_is_told_and_recorded),
		TEST(a_daemon_that_was_killed_goes_on_behind_its_last_commit),
		TEST(what_is_too_old_goes_and_the_chain_still_verifies),
		TEST(a_clock_that_jumps_breaks_no_chain_and_hides_no_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
