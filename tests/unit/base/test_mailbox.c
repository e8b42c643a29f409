/* SPDX-License-Identifier: Apache-2.0
 * Mail between loops: nothing lost, nothing twice, each sender's order kept, whatever the threads do; and a box that ends full. */
#include "base/mailbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>

enum { SENDERS = 3, LETTERS = 2000, BATCH = 7 };

struct letter {
	struct mail mail;
	unsigned sender, number;
};

struct world {
	struct loop *loop;
	struct mailbox *box;
	unsigned next[SENDERS];         /* number that is expected of each */
	unsigned came, dropped, disordered;
};

static struct world world;

static void drop(struct mail *mail)
{
	free(LIST_OF(mail, struct letter, mail));
	world.dropped++;
}

static void letter_add(struct list *list, unsigned sender, unsigned number)
{
	struct letter *letter = calloc(1, sizeof(*letter));

	*letter = (struct letter){.mail = {.drop = drop}, .sender = sender, .number = number};
	list_init(&letter->mail.link);
	list_add_tail(list, &letter->mail.link);
}

static void on_mail(void *ctx, struct mail *mail)
{
	struct letter *letter = LIST_OF(mail, struct letter, mail);
	struct world *w = ctx;

	w->disordered += letter->number != w->next[letter->sender]++;
	free(letter);
	if (++w->came == SENDERS * LETTERS)
		loop_stop(w->loop);
}

static void *send_all(void *ctx)
{
	const unsigned sender = (unsigned)(uintptr_t)ctx;
	struct list list;

	list_init(&list);
	for (unsigned i = 0; i < LETTERS; i++) {
		letter_add(&list, sender, i);
		if (i % BATCH == 0 || i == LETTERS - 1)
			mailbox_put(world.box, &list);
	}
	return NULL;
}

static void what_threads_send_comes_once_and_in_order(void **state)
{
	pthread_t threads[SENDERS];

	(void)state;
	world = (struct world){.loop = loop_new_uv()};
	world.box = mailbox_new(world.loop, on_mail, &world);
	for (uintptr_t i = 0; i < SENDERS; i++)
		pthread_create(&threads[i], NULL, send_all, (void *)i);
	assert_int_equal(loop_run(world.loop), 0);
	for (int i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(world.came, SENDERS * LETTERS);
	assert_int_equal(world.disordered, 0);
	assert_int_equal(world.dropped, 0);
	mailbox_free(&world.box);
	loop_free(&world.loop);
}

/* In scenarios one thread drives everything. */
static void without_libuv_it_comes_at_the_end_of_the_wake_up(void **state)
{
	struct list list;

	(void)state;
	world = (struct world){.loop = loop_new()};
	world.box = mailbox_new(world.loop, on_mail, &world);
	list_init(&list);
	letter_add(&list, 0, 0);
	letter_add(&list, 0, 1);
	mailbox_put(world.box, &list);
	assert_true(list_is_empty(&list));
	assert_int_equal(world.came, 0);
	loop_advance(world.loop, 0);
	assert_int_equal(world.came, 2);
	assert_int_equal(world.disordered, 0);
	mailbox_free(&world.box);
	loop_free(&world.loop);
}

static void what_nobody_took_is_dropped_at_the_end(void **state)
{
	struct list list;

	(void)state;
	world = (struct world){.loop = loop_new_uv()};
	world.box = mailbox_new(world.loop, on_mail, &world);
	list_init(&list);
	for (unsigned i = 0; i < 5; i++)
		letter_add(&list, 0, i);
	mailbox_put(world.box, &list);
	mailbox_clear(world.box);
	assert_int_equal(world.dropped, 5);
	letter_add(&list, 0, 5);
	mailbox_put(world.box, &list);
	mailbox_free(&world.box);
	assert_int_equal(world.dropped, 6);
	assert_int_equal(world.came, 0);
	loop_free(&world.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_threads_send_comes_once_and_in_order),
		cmocka_unit_test(without_libuv_it_comes_at_the_end_of_the_wake_up),
		cmocka_unit_test(what_nobody_took_is_dropped_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
