/* Intrusive doubly linked list. A zeroed node is "not in a list"; a list head must be inited. */
#ifndef MX_LIST_H
#define MX_LIST_H

#include "mx/base.h"

struct mx_list {
    struct mx_list *next;
    struct mx_list *prev;
};

static inline void
mx_list_init(struct mx_list *head)
{
    head->next = head;
    head->prev = head;
}

static inline bool
mx_list_is_empty(const struct mx_list *head)
{
    return head->next == head;
}

static inline bool
mx_list_is_linked(const struct mx_list *node)
{
    return node->next != NULL;
}

static inline void
mx_list_append(struct mx_list *head, struct mx_list *node)
{
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

static inline void
mx_list_remove(struct mx_list *node)
{
    if (node->next != NULL) {
        node->next->prev = node->prev;
        node->prev->next = node->next;
        node->next = NULL;
        node->prev = NULL;
    }
}

/* NOLINTBEGIN(bugprone-macro-parentheses): `node` is declared here, a name and no expression. */
#define mx_list_each(node, head) \
    for (struct mx_list *node = (head)->next; node != (head); node = node->next)
/* The body may remove `node`. */
#define mx_list_each_safe(node, head)                                                    \
    for (struct mx_list *node = (head)->next, *node##_next = node->next; node != (head); \
         node = node##_next, node##_next = node->next)
/* NOLINTEND(bugprone-macro-parentheses) */

#endif
