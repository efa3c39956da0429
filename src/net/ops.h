/*
 * The only door of src/net to the system calls that move bytes and events. Tests put a faulty or
 * counting table in its place. All return what the call returned, or -errno.
 */
#ifndef NET_OPS_H
#define NET_OPS_H

#include "mx/base.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

struct net_ops {
    ssize_t (*receive)(int fd, void *bytes, size_t len);
    ssize_t (*send)(int fd, struct iovec *iov, int count);
    int (*connect)(int fd, const struct sockaddr *address, socklen_t len);
    int (*accept)(int fd, struct sockaddr *address, socklen_t *len);
    int (*wait)(int epoll_fd, struct epoll_event *events, int count, int timeout_ms);
    int (*control)(int epoll_fd, int what, int fd, struct epoll_event *event);
    /*
     * A receive that returned less than was asked for has emptied the socket. True for the
     * kernel; a table that cuts reads short says false.
     */
    bool short_means_empty;
};

extern const struct net_ops net_ops_real;

/* How often a worker went through the door. Only its own thread adds; read there or at rest. */
struct net_op_counts {
    uint64_t receives;
    uint64_t sends;
    uint64_t waits;
    uint64_t controls;
    uint64_t connects;
    uint64_t accepts;
};

#endif
