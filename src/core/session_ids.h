/*
 * The sessions of one worker by their ids. Buckets of chains that go through the sessions: finding
 * one costs the same with ten sessions as with ten thousand. All-zero is valid and empty.
 */
#ifndef CORE_SESSION_IDS_H
#define CORE_SESSION_IDS_H

#include "core/session.h"

struct core_session_ids {
    struct mx_session **heads; /* NULL: there has been no session yet */
    size_t capacity;           /* power of two, or 0 */
    size_t count;
};

/* The session is in no table. */
void core_session_ids_add(struct core_session_ids *ids, struct mx_session *session);
/* The session is in this one. */
void core_session_ids_remove(struct core_session_ids *ids, struct mx_session *session);
/* NULL: none has this id. */
struct mx_session *core_session_ids_find(const struct core_session_ids *ids, uint64_t id);

#endif
