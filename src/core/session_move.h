/*
 * Sessions change their worker between two statements: with all their connections, in one message.
 * Who orders it is placement.h or an operator; when it happens is decided here, on the session's
 * worker: at once when nothing is under way, else after the reply that is due last.
 */
#ifndef CORE_SESSION_MOVE_H
#define CORE_SESSION_MOVE_H

#include "core/session.h"

struct core_move_order {
    int from;
    int to;
    uint32_t share; /* of the sessions that were active in the last second, in 1/256 */
    int64_t count;  /* instead of a share: that many sessions, the busy ones first; 0: share */
};

/* Any thread; returns at once. */
void core_sessions_move(const struct core_move_order *order);

/* A reply has ended and the session is to go: it does so at the end of the loop turn. */
void core_session_move_soon(struct mx_session *session);

/*
 * A session on its way is on no worker's list. A search over all workers that found nothing is to
 * be trusted when core_moves_settled() says so about the stamp taken before it.
 */
int64_t core_moves_stamp(void);
bool core_moves_settled(int64_t stamp);
/* No further session leaves its worker: the end of the program. */
void core_moves_forbid(void);

/* session_list.c */
void core_session_list_leave(struct mx_session *session);
void core_session_list_join(struct mx_session *session);
/* session.c: the time limits, counted on the new worker. */
void core_session_plan_idle(struct mx_session *session);
/* True: nothing of the core's is under way. */
bool core_session_is_quiet(const struct mx_session *session);

#endif
