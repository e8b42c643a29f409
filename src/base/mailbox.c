/* SPDX-License-Identifier: Apache-2.0
 * A list under a lock, and a nudge for the thread that empties it. */
#include "base/mailbox.h"

#include <pthread.h>
#include <stdlib.h>

struct mailbox {
	pthread_mutex_t lock;           /* guards mails */
	struct list mails;
	struct nudge nudge;
	mailbox_fn *fn;
	void *ctx;
};

/* Moves all of `from` behind what is in `to`. */
static void list_move(struct list *to, struct list *from)
{
	if (list_is_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

/* What comes in meanwhile is for the next turn, so that a busy sender does not keep the loop from its other work. */
static void on_nudge(void *ctx)
{
	struct mailbox *box = ctx;
	struct list mails;

	list_init(&mails);
	pthread_mutex_lock(&box->lock);
	list_move(&mails, &box->mails);
	pthread_mutex_unlock(&box->lock);
	while (!list_is_empty(&mails)) {
		struct mail *mail = LIST_OF(mails.next, struct mail, link);

		list_remove(&mail->link);
		box->fn(box->ctx, mail);
	}
}

struct mailbox *mailbox_new(struct loop *loop, mailbox_fn *fn, void *ctx)
{
	struct mailbox *box = calloc(1, sizeof(*box));

	if (!box)
		return NULL;
	pthread_mutex_init(&box->lock, NULL);
	list_init(&box->mails);
	nudge_init(&box->nudge, loop, on_nudge, box);
	box->fn = fn;
	box->ctx = ctx;
	return box;
}

void mails_drop(struct list *mails)
{
	while (!list_is_empty(mails)) {
		struct mail *mail = LIST_OF(mails->next, struct mail, link);

		list_remove(&mail->link);
		mail->drop(mail);
	}
}

void mailbox_clear(struct mailbox *box)
{
	struct list mails;

	list_init(&mails);
	pthread_mutex_lock(&box->lock);
	list_move(&mails, &box->mails);
	pthread_mutex_unlock(&box->lock);
	mails_drop(&mails);
}

void mailbox_free(struct mailbox **box)
{
	if (!*box)
		return;
	nudge_stop(&(*box)->nudge);
	mailbox_clear(*box);
	pthread_mutex_destroy(&(*box)->lock);
	free(*box);
	*box = NULL;
}

void mailbox_put(struct mailbox *box, struct list *mails)
{
	bool was_empty;

	pthread_mutex_lock(&box->lock);
	was_empty = list_is_empty(&box->mails);
	list_move(&box->mails, mails);
	pthread_mutex_unlock(&box->lock);
	if (was_empty)
		nudge_start(&box->nudge);
}
