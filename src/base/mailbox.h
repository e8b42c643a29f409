/* SPDX-License-Identifier: Apache-2.0
 * What one thread's loop sends to another's: things change hands in batches, in order, one wake-up each. */
#ifndef TRUNK_BASE_MAILBOX_H
#define TRUNK_BASE_MAILBOX_H

#include "base/loop.h"

/* Lives inside of what is sent. Whoever puts it into a box has given it away. */
struct mail {
	struct list link;               /* in an outbox, then in a mailbox */
	int room;                       /* for whom it is there, in the receiver's own numbering */
	void (*deliver)(void *room, struct mail *mail); /* takes it; on the receiver's thread */
	void (*drop)(struct mail *mail);        /* takes it, where nobody is there to deliver it to any more */
};

struct mailbox;
typedef void mailbox_fn(void *ctx, struct mail *mail);  /* takes the mail */

/* The box of a loop: `fn` gets each mail on the loop's thread, in the order in which each sender put it. NULL: no memory. */
struct mailbox *mailbox_new(struct loop *loop, mailbox_fn *fn, void *ctx);
void mailbox_clear(struct mailbox *box);        /* drops what is in it */
void mailbox_free(struct mailbox **box);        /* drops what is in it; when no other thread puts anything into it any more */

/* Moves all of the list of struct mail into the box; the list is empty then. Any thread. */
void mailbox_put(struct mailbox *box, struct list *mails);

/* Drops all of a list of struct mail. */
void mails_drop(struct list *mails);

#endif
