/* SPDX-License-Identifier: Apache-2.0
 * What the operator shut at run time: domains with their subdomains, and addresses whatever their port. */
#include "policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static int set_up(void **state)
{
	*state = blocks_new();
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	struct blocks *blocks = *state;

	blocks_free(&blocks);
	blocks_free(&blocks);
	return 0;
}

static bool has_address(struct blocks *blocks, const char *text, int64_t wall_ms)
{
	struct endpoint endpoint;

	assert_int_equal(endpoint_parse(str_of(text), 5269, &endpoint), 0);
	return blocks_has_address(blocks, &endpoint, wall_ms);
}

static void a_domain_is_blocked_with_its_subdomains_alone(void **state)
{
	struct blocks *blocks = *state;

	assert_false(blocks_has_domain(blocks, STR("bad.example"), 0));
	assert_int_equal(blocks_add(blocks, STR("Bad.Example."), 0), 0);        /* normalised at the door */
	assert_true(blocks_has_domain(blocks, STR("bad.example"), 0));
	assert_true(blocks_has_domain(blocks, STR("a.b.bad.example"), 0));
	assert_false(blocks_has_domain(blocks, STR("notbad.example"), 0));
	assert_false(blocks_has_domain(blocks, STR("example"), 0));
	assert_false(blocks_has_domain(blocks, STR(""), 0));
}

static void an_address_is_blocked_whatever_its_port(void **state)
{
	struct blocks *blocks = *state;

	assert_int_equal(blocks_add(blocks, STR("192.0.2.7"), 0), 0);
	assert_true(has_address(blocks, "192.0.2.7:5269", 0));
	assert_true(has_address(blocks, "192.0.2.7:40000", 0));
	assert_false(has_address(blocks, "192.0.2.8:5269", 0));
	assert_int_equal(blocks_add(blocks, STR("[2001:DB8:0::1]:99"), 0), 0);
	assert_true(has_address(blocks, "[2001:db8::1]:5269", 0));
	assert_false(has_address(blocks, "[2001:db8::2]:5269", 0));
	assert_false(blocks_has_domain(blocks, STR("192.0.2.7"), 0));
}

static void a_block_ends_at_its_time_and_one_without_end_does_not(void **state)
{
	struct blocks *blocks = *state;

	assert_int_equal(blocks_add(blocks, STR("bad.example"), 1000), 0);
	assert_int_equal(blocks_add(blocks, STR("192.0.2.7"), 1000), 0);
	assert_true(blocks_has_domain(blocks, STR("bad.example"), 999));
	assert_true(has_address(blocks, "192.0.2.7", 999));
	assert_false(blocks_has_domain(blocks, STR("bad.example"), 1000));
	assert_false(has_address(blocks, "192.0.2.7", 1000));
	assert_int_equal(blocks_add(blocks, STR("bad.example"), 0), 0);         /* prolonged, not doubled */
	assert_true(blocks_has_domain(blocks, STR("bad.example"), INT64_MAX));
	assert_int_equal(blocks_remove(blocks, STR("BAD.example")), 0);
	assert_false(blocks_has_domain(blocks, STR("bad.example"), 0));
}

static void what_is_not_blocked_cannot_be_unblocked(void **state)
{
	struct blocks *blocks = *state;

	assert_int_equal(blocks_add(blocks, STR("bad.example"), 0), 0);
	assert_int_equal(blocks_remove(blocks, STR("a.bad.example")), TRUNK_ENOENT);
	assert_int_equal(blocks_remove(blocks, STR("192.0.2.7")), TRUNK_ENOENT);
	assert_int_equal(blocks_remove(blocks, STR("")), TRUNK_EINVAL);
	assert_true(blocks_has_domain(blocks, STR("bad.example"), 0));
}

static void what_is_neither_domain_nor_address_is_refused(void **state)
{
	struct blocks *blocks = *state;
	const unsigned before = blocks_changes(blocks);

	assert_int_equal(blocks_add(blocks, STR(""), 0), TRUNK_EINVAL);
	assert_int_equal(blocks_add(blocks, STR("a b"), 0), TRUNK_EINVAL);
	assert_int_equal(blocks_add(blocks, STR("ann@bad.example"), 0), TRUNK_EINVAL);
	assert_int_equal(blocks_changes(blocks), before);
}

/* Verdicts are kept until this count moves: an addition or removal that it missed would not take effect. */
static void each_addition_and_removal_is_counted(void **state)
{
	struct blocks *blocks = *state;
	const unsigned before = blocks_changes(blocks);

	blocks_add(blocks, STR("bad.example"), 0);
	assert_int_equal(blocks_changes(blocks), before + 1);
	blocks_add(blocks, STR("bad.example"), 5);
	assert_int_equal(blocks_changes(blocks), before + 2);
	blocks_remove(blocks, STR("bad.example"));
	assert_int_equal(blocks_changes(blocks), before + 3);
	blocks_remove(blocks, STR("bad.example"));
	assert_int_equal(blocks_changes(blocks), before + 3);
}

static void the_list_shows_them_up_to_what_is_asked(void **state)
{
	struct blocks *blocks = *state;
	struct block_info list[3] = {0};

	assert_int_equal(blocks_list(blocks, list, 3), 0);
	blocks_add(blocks, STR("a.example"), 7);
	blocks_add(blocks, STR("b.example"), 0);
	assert_int_equal(blocks_list(blocks, list, 1), 1);
	assert_int_equal(blocks_list(blocks, list, 3), 2);
	assert_string_equal(list[0].what, "a.example");
	assert_int_equal(list[0].until_ms, 7);
	assert_string_equal(list[1].what, "b.example");
}

static void there_is_room_for_1024_and_a_full_list_still_removes(void **state)
{
	struct blocks *blocks = *state;
	char name[32];

	for (int i = 0; i < 1024; i++) {
		snprintf(name, sizeof(name), "d%d.example", i);
		assert_int_equal(blocks_add(blocks, str_of(name), 0), 0);
	}
	assert_int_equal(blocks_add(blocks, STR("one-more.example"), 0), TRUNK_ELIMIT);
	assert_int_equal(blocks_add(blocks, STR("d5.example"), 9), 0);  /* that is there already */
	assert_false(blocks_has_domain(blocks, STR("one-more.example"), 0));
	assert_int_equal(blocks_remove(blocks, STR("d7.example")), 0);
	assert_int_equal(blocks_add(blocks, STR("one-more.example"), 0), 0);
	assert_true(blocks_has_domain(blocks, STR("one-more.example"), 0));
	assert_true(blocks_has_domain(blocks, STR("d1023.example"), 0));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_domain_is_blocked_with_its_subdomains_alone),
		TEST(an_address_is_blocked_whatever_its_port),
		TEST(a_block_ends_at_its_time_and_one_without_end_does_not),
		TEST(what_is_not_blocked_cannot_be_unblocked),
		TEST(what_is_neither_domain_nor_address_is_refused),
		TEST(each_addition_and_removal_is_counted),
		TEST(the_list_shows_them_up_to_what_is_asked),
		TEST(there_is_room_for_1024_and_a_full_list_still_removes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
