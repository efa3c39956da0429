/*
 * The two loops behind net/io.h, for each other and for the rest of src/net. The io_uring loop
 * leaves to the epoll loop whatever is out of the ordinary, so it calls its functions.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "net/worker.h"

int net_epoll_open(struct mx_worker *worker);
void net_epoll_close(struct mx_worker *worker);
void net_epoll_turn(struct mx_worker *worker, int timeout_ms);
void net_epoll_wake(struct mx_worker *worker);
int net_epoll_add(struct net_io *io);
int net_epoll_watch(struct net_io *io, uint32_t bits);
void net_epoll_drop(struct net_io *io);
void net_epoll_want_room(struct net_io *io);
size_t net_epoll_receive(struct net_io *io);

/* After `got` bytes were received by readiness: is it time that the ring serves this one? */
void net_uring_consider(struct net_io *io, ssize_t got, bool more);
/* Back to readiness, soon; until then its bytes go on arriving. */
void net_uring_leave(struct net_io *io);
/* From 6.15 on the kernel can be told that a thread that waits for its ring is idle; before, each
 * such thread looks in its figures as if it waited for a disk. */
bool net_uring_waits_as_idle(const struct mx_worker *worker);
/* So many small receives in a row make a connection one for the ring; tests want few. */
void net_uring_set_patience(uint8_t receives);

#endif
