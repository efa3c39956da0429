/*
 * A connection goes from one worker's loop to another's: `leave` on the one, a message, `join` on
 * the other. In between nobody may touch it. Only a quiet connection can go: everything that came
 * was consumed, everything written has left.
 */
#ifndef NET_MOVE_H
#define NET_MOVE_H

#include "mx/conn.h"

bool net_conn_may_move(struct mx_conn *conn);
void net_conn_leave(struct mx_conn *conn);
/* Bytes that came in the meantime are presented in one of the next turns. */
void net_conn_join(struct mx_conn *conn);

#endif
