/* SPDX-License-Identifier: Apache-2.0
 * Several workers: who is at home for a domain, mail between them, names that all know, and when all are drained. */
#include "site/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct letter {
	struct mail mail;
	int number;
};

struct desk {
	int numbers[8], count;
};

static struct letter letters[8];
static int dropped;

static void deliver(void *room, struct mail *mail)
{
	struct desk *desk = room;

	desk->numbers[desk->count++] = LIST_OF(mail, struct letter, mail)->number;
}

static void drop(struct mail *mail)
{
	(void)mail;
	dropped++;
}

static struct mail *letter(int number)
{
	letters[number] = (struct letter){.mail = {.deliver = deliver, .drop = drop}, .number = number};
	return &letters[number].mail;
}

static void served_domains_are_spread_in_turn_and_stay(void **state)
{
	struct crew *crew = crew_new(3);
	char name[32];

	(void)state;
	for (unsigned i = 0; i < 9; i++) {
		snprintf(name, sizeof(name), "d%u.example", i);
		assert_int_equal(crew_home(crew, str_of(name), true), i % 3);
	}
	assert_int_equal(crew_home(crew, STR("d4.example"), true), 1);
	assert_int_equal(crew_home(crew, STR("d5.example"), false), 2);         /* also when it is served no longer */
	crew_free(&crew);
}

/* Strangers' names are as many as a peer likes: they cost no memory, and have the same worker each time. */
static void others_go_by_a_hash_and_take_no_place(void **state)
{
	struct crew *crew = crew_new(4);
	unsigned seen[4] = {0};
	char name[32];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		unsigned home;

		snprintf(name, sizeof(name), "s%d.example", i);
		home = crew_home(crew, str_of(name), false);
		seen[home]++;
		assert_int_equal(crew_home(crew, str_of(name), false), home);
	}
	for (int i = 0; i < 4; i++)
		assert_in_range(seen[i], 150, 350);
	assert_int_equal(crew_home(crew, STR("first.example"), true), 0);       /* the turn is where it was */
	crew_free(&crew);
}

static void a_full_table_of_places_goes_on_by_hash(void **state)
{
	struct crew *crew = crew_new(2);
	char name[32];
	unsigned home;

	(void)state;
	for (int i = 0; i < CREW_PLACES_MAX; i++) {
		snprintf(name, sizeof(name), "d%d.example", i);
		assert_int_equal(crew_home(crew, str_of(name), true), (unsigned)i % 2);
	}
	home = crew_home(crew, STR("late.example"), true);
	assert_int_equal(crew_home(crew, STR("late.example"), true), home);
	assert_int_equal(crew_home(crew, STR("late.example"), false), home);
	crew_free(&crew);
}

static void a_single_worker_is_at_home_for_all(void **state)
{
	struct crew *crew = crew_new(1);

	(void)state;
	assert_int_equal(crew_home(crew, STR("a.example"), true), 0);
	assert_int_equal(crew_home(crew, STR("b.example"), false), 0);
	assert_int_equal(crew_home(NULL, STR("b.example"), true), 0);
	assert_int_equal(crew_count(NULL), 1);
	crew_free(&crew);
}

static void mail_comes_in_order_to_the_room_it_is_for(void **state)
{
	struct crew *crew = crew_new(2);
	struct loop *loop = loop_new();
	struct desk in = {0}, out = {0};

	(void)state;
	assert_int_equal(crew_join(crew, 0, loop), 0);
	assert_int_equal(crew_join(crew, 1, loop), 0);
	crew_attend(crew, 1, CREW_INBOUND, &in);
	crew_attend(crew, 1, CREW_OUTBOUND, &out);
	crew_send(crew, 0, 1, CREW_INBOUND, letter(1));
	crew_send(crew, 0, 1, CREW_OUTBOUND, letter(2));
	crew_send(crew, 0, 1, CREW_INBOUND, letter(3));
	assert_int_equal(in.count, 0);
	loop_advance(loop, 0);
	assert_int_equal(in.count, 2);
	assert_int_equal(in.numbers[0], 1);
	assert_int_equal(in.numbers[1], 3);
	assert_int_equal(out.count, 1);
	dropped = 0;
	crew_send(crew, 1, 0, CREW_INBOUND, letter(4));         /* nobody is there */
	loop_advance(loop, 0);
	assert_int_equal(dropped, 1);
	crew_send(crew, 0, 1, CREW_INBOUND, letter(5));         /* and nobody delivers it any more */
	crew_free(&crew);
	assert_int_equal(dropped, 2);
	loop_free(&loop);
}

static void all_are_drained_when_no_mail_is_under_way_either(void **state)
{
	struct crew *crew = crew_new(2);
	struct loop *loop = loop_new();
	struct desk desk = {0};

	(void)state;
	crew_join(crew, 0, loop);
	crew_join(crew, 1, loop);
	crew_attend(crew, 1, CREW_OUTBOUND, &desk);
	assert_false(crew_is_drained(crew));
	crew_set_drained(crew, 0);
	assert_false(crew_is_drained(crew));
	crew_set_drained(crew, 1);
	assert_true(crew_is_drained(crew));
	crew_send(crew, 0, 1, CREW_OUTBOUND, letter(1));
	assert_false(crew_is_drained(crew));
	loop_advance(loop, 0);
	assert_false(crew_is_drained(crew));    /* it came, and what it brought is to be handed over first */
	crew_set_drained(crew, 1);
	assert_true(crew_is_drained(crew));
	crew_free(&crew);
	loop_free(&loop);
}

static void names_are_counted(void **state)
{
	struct crew *crew = crew_new(2);

	(void)state;
	assert_int_equal(crew_name_count(crew, CREW_STRANGERS, STR("x.example")), 0);
	crew_name_add(crew, CREW_STRANGERS, STR("x.example"));
	crew_name_add(crew, CREW_STRANGERS, STR("x.example"));
	crew_name_add(crew, CREW_AUTHORITIES, STR("y.example"));
	assert_int_equal(crew_name_count(crew, CREW_STRANGERS, STR("x.example")), 2);
	assert_int_equal(crew_name_count(crew, CREW_STRANGERS, STR("y.example")), 0);
	assert_int_equal(crew_name_count(crew, CREW_STRANGERS, STR_NONE), 2);
	crew_name_remove(crew, CREW_STRANGERS, STR("x.example"));
	assert_int_equal(crew_name_count(crew, CREW_STRANGERS, STR("x.example")), 1);
	crew_name_remove(crew, CREW_STRANGERS, STR("x.example"));
	crew_name_remove(crew, CREW_STRANGERS, STR("x.example"));
	assert_int_equal(crew_name_count(crew, CREW_STRANGERS, STR("x.example")), 0);
	assert_int_equal(crew_name_count(crew, CREW_AUTHORITIES, STR_NONE), 1);
	crew_free(&crew);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(served_domains_are_spread_in_turn_and_stay),
		cmocka_unit_test(others_go_by_a_hash_and_take_no_place),
		cmocka_unit_test(a_full_table_of_places_goes_on_by_hash),
		cmocka_unit_test(a_single_worker_is_at_home_for_all),
		cmocka_unit_test(mail_comes_in_order_to_the_room_it_is_for),
		cmocka_unit_test(all_are_drained_when_no_mail_is_under_way_either),
		cmocka_unit_test(names_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
