/* See session_ids.h. */
#include "core/session_ids.h"

#include <stdlib.h>

#define FIRST_CAPACITY 64

/* Ids are counted up, and a worker may have each fourth: a product with the golden ratio spreads
 * both evenly over its first bits. */
static struct mx_session **
head_of(struct mx_session **heads, size_t capacity, uint64_t id)
{
    uint64_t mixed = id * UINT64_C(0x9e3779b97f4a7c15);
    return &heads[mixed >> (64 - __builtin_ctzll(capacity))];
}

static void
push(struct mx_session **head, struct mx_session *session)
{
    session->same_bucket = *head;
    *head = session;
}

/* There is a bucket for each session. The table does not shrink: those who came once come again. */
static void
grow(struct core_session_ids *ids)
{
    size_t capacity = ids->capacity > 0 ? ids->capacity * 2 : FIRST_CAPACITY;
    struct mx_session **heads = mx_calloc(capacity, sizeof(struct mx_session *));
    for (size_t i = 0; i < ids->capacity; i++) {
        struct mx_session *next = NULL;
        for (struct mx_session *session = ids->heads[i]; session != NULL; session = next) {
            next = session->same_bucket;
            push(head_of(heads, capacity, session->id), session);
        }
    }
    free(ids->heads);
    ids->heads = heads;
    ids->capacity = capacity;
}

void
core_session_ids_add(struct core_session_ids *ids, struct mx_session *session)
{
    if (ids->count == ids->capacity) {
        grow(ids);
    }
    push(head_of(ids->heads, ids->capacity, session->id), session);
    ids->count++;
}

void
core_session_ids_remove(struct core_session_ids *ids, struct mx_session *session)
{
    MX_ASSERT(ids->count > 0);
    struct mx_session **at = head_of(ids->heads, ids->capacity, session->id);
    while (*at != session) {
        MX_ASSERT(*at != NULL);
        at = &(*at)->same_bucket;
    }
    *at = session->same_bucket;
    session->same_bucket = NULL;
    ids->count--;
}

struct mx_session *
core_session_ids_find(const struct core_session_ids *ids, uint64_t id)
{
    if (ids->count == 0) {
        return NULL;
    }
    struct mx_session *session = *head_of(ids->heads, ids->capacity, id);
    while (session != NULL && session->id != id) {
        session = session->same_bucket;
    }
    return session;
}
