/*
 * Descriptors that are no connections (signals, sockets of a library): the loop tells when they are
 * ready, level-triggered. Embedded in what it belongs to, used on one worker. Its memory must stay
 * until the end of the loop turn in which it is stopped: free it with mx_worker_defer.
 */
#ifndef NET_WATCH_H
#define NET_WATCH_H

#include "mx/err.h"
#include "net/io.h"

#include <sys/epoll.h>

struct net_watch;

/* bits: EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP. */
typedef void (*net_watch_fn)(struct net_watch *watch, uint32_t bits);

struct net_watch {
    struct net_io io;
    net_watch_fn fn;
};

/* On the calling worker. The descriptor stays the caller's. Again with other bits: changes them. */
MX_MUST_USE int net_watch_start(struct net_watch *watch, int fd, uint32_t bits, net_watch_fn fn,
                                struct mx_err *err);
/* Before the descriptor is closed. Fine on one that is not started. */
void net_watch_stop(struct net_watch *watch);

#endif
