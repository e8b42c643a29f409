/* SPDX-License-Identifier: Apache-2.0
 * A doubly linked list whose links live in its members. */
#ifndef TRUNK_BASE_LIST_H
#define TRUNK_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* Head and member alike. A head, and a member that is in no list, points at itself. */
struct list {
	struct list *prev, *next;
};

#define LIST_OF(link, type, member) ((type *)(void *)((char *)(link) - offsetof(type, member)))

/* Walks; the current member may be removed. */
#define LIST_EACH(pos, head) \
	for (struct list *pos = (head)->next, *pos##_next = pos->next; pos != (head); pos = pos##_next, pos##_next = pos->next)

static inline void list_init(struct list *list)
{
	list->prev = list->next = list;
}

static inline bool list_is_empty(const struct list *head)
{
	return head->next == head;
}

static inline void list_add_tail(struct list *head, struct list *item)
{
	item->prev = head->prev;
	item->next = head;
	head->prev->next = item;
	head->prev = item;
}

static inline void list_remove(struct list *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	list_init(item);
}

#endif
