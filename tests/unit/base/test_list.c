/* SPDX-License-Identifier: Apache-2.0
 * Lists: order, removal while walking, and members that are in none. */
#include "base/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct item {
	int number;
	struct list link;
};

static int number_of(const struct list *link)
{
	return LIST_OF(link, struct item, link)->number;
}

static void fill(struct list *head, struct item *items, int count)
{
	list_init(head);
	for (int i = 0; i < count; i++) {
		items[i].number = i;
		list_add_tail(head, &items[i].link);
	}
}

static void members_are_walked_in_the_order_they_came(void **state)
{
	struct item items[4];
	struct list head;
	int next = 0;

	(void)state;
	list_init(&head);
	assert_true(list_is_empty(&head));
	fill(&head, items, 4);
	assert_false(list_is_empty(&head));
	LIST_EACH (pos, &head)
		assert_int_equal(number_of(pos), next++);
	assert_int_equal(next, 4);
}

static void the_current_member_may_be_removed(void **state)
{
	struct item items[5];
	struct list head;
	int seen = 0, left = 0;

	(void)state;
	fill(&head, items, 5);
	LIST_EACH (pos, &head) {
		seen++;
		if (number_of(pos) % 2 == 0)
			list_remove(pos);
	}
	assert_int_equal(seen, 5);
	LIST_EACH (pos, &head) {
		assert_int_equal(number_of(pos) % 2, 1);
		left++;
	}
	assert_int_equal(left, 2);
}

static void a_removed_member_may_be_removed_again_and_added_again(void **state)
{
	struct item items[2];
	struct list head;

	(void)state;
	fill(&head, items, 2);
	list_remove(&items[0].link);
	list_remove(&items[0].link);
	assert_true(list_is_empty(&items[0].link));
	assert_int_equal(number_of(head.next), 1);
	list_add_tail(&head, &items[0].link);
	assert_int_equal(number_of(head.prev), 0);
	assert_ptr_equal(head.next->next, &items[0].link);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_walked_in_the_order_they_came),
		cmocka_unit_test(the_current_member_may_be_removed),
		cmocka_unit_test(a_removed_member_may_be_removed_again_and_added_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
