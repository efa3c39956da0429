/*
 * May a client have a session: blocked addresses, max_connections, and the queue of those that wait
 * for a place (max_connections_wait). Places are counted per service, all workers together. The
 * queue is one per service, first come first served, behind a lock that is taken when a client
 * comes to a service with a limit and when a session ends while somebody waits.
 */
#ifndef CORE_ADMISSION_H
#define CORE_ADMISSION_H

#include "core/session.h"

struct core_queue *core_queue_new(void);
void core_queue_free(struct core_queue *queue);

/* A session has ended, on any worker: its place is the next one's. */
void core_place_free(struct core_service_runtime *rt);

/* The end of the program: the clients that wait on the calling worker are sent away. */
void core_waiting_end(void);

/* session.c: the session of a client that has a place; consumes the references of `accepted`. */
void core_session_begin(const struct core_accepted *accepted, struct mx_conn *conn);

#endif
