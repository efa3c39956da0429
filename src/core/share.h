/*
 * Server connections shared by running sessions (idle_session_pool_time). Nothing is taken from a
 * session while there are connections enough. When a server has reached max_routing_connections,
 * whoever needs one waits in the queue of its places (core/slots.h), and endpoints that have been
 * idle for long enough give theirs away: they are *parked*, and their next query makes them wait in
 * turn. The protocol knows what a connection cannot be given away for, and brings the session's
 * state to the next one.
 *
 *   CONNECTING -> READY -- core_share_lend --> PARKED -- core_share_attach --> CONNECTING
 *                                                  waiting: CONNECTING with `wait`
 */
#ifndef CORE_SHARE_H
#define CORE_SHARE_H

#include "core/endpoint.h"
#include "core/pool.h"
#include "core/slots.h"

bool core_session_shares(const struct mx_session *session);

/* It has a connection, or has it no more: lists and counts of the worker. */
void core_share_joined(struct mx_endpoint *endpoint);
void core_share_left(struct mx_endpoint *endpoint);

/* A parked endpoint needs a connection. */
void core_share_attach(struct mx_endpoint *endpoint);
/* The same for one that is being opened. -1: refused. It may be parked then. */
int core_share_open(struct mx_endpoint *endpoint, struct mx_err *err);
/* It does not wait any more. */
void core_share_cancel(struct mx_endpoint *endpoint);
/* Nothing waits for a connection there any more: it is parked again. */
void core_share_withdraw(struct mx_endpoint *endpoint);
/* Whoever waits for the server is told why he waits in vain. */
void core_share_fail(struct mx_endpoint *endpoint, const struct mx_err *why);

/* A reply has ended there, or the protocol knows now what it had to ask. */
void core_share_note(struct mx_endpoint *endpoint);
/* There may be something for those who wait; looked at at the end of this loop turn. */
void core_share_serve_soon(struct core_pool *pool);
/* The place is this one's: its worker is told. */
void core_share_grant(struct core_slot_wait *slot);

#endif
