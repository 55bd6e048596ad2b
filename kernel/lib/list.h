/*
 * Intrusive doubly linked lists with a head. A node is on one list at most; one that is on none
 * points to itself once list_init or list_remove has seen it.
 */
#pragma once

#include "lib/types.h"

struct list {
	struct list *next;
	struct list *previous;
};

#define LIST_INIT(name)                                                                            \
	(struct list) { &(name), &(name) }

static inline void list_init(struct list *list)
{
	list->next = list;
	list->previous = list;
}

static inline bool list_is_empty(const struct list *list) { return list->next == list; }

/* Inserts node in front of `before`. With the head as `before` that is the end of the list. */
static inline void list_insert(struct list *before, struct list *node)
{
	node->next = before;
	node->previous = before->previous;
	before->previous->next = node;
	before->previous = node;
}

static inline void list_push_back(struct list *head, struct list *node) { list_insert(head, node); }

static inline void list_push_front(struct list *head, struct list *node)
{
	list_insert(head->next, node);
}

static inline void list_remove(struct list *node)
{
	node->previous->next = node->next;
	node->next->previous = node->previous;
	list_init(node);
}

/* NULL when the list is empty. */
static inline struct list *list_pop_front(struct list *head)
{
	struct list *node = head->next;

	if (node == head) {
		return NULL;
	}
	list_remove(node);
	return node;
}

/* The structure of `type` whose field `member` is the node. */
#define LIST_ENTRY(node, type, member) CONTAINER_OF(node, type, member)

/* Visits every node of the list; the body may remove the node it is given. */
#define LIST_FOR_EACH(node, head)                                                                  \
	for (struct list *node = (head)->next, *node##_next = node->next; node != (head);          \
	     node = node##_next, node##_next = node->next)
