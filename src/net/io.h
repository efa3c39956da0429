/*
 * The door between what owns a descriptor (connection, watch) and the loop that serves it. It
 * speaks of operations that are complete: bytes have arrived where the owner said, there is room
 * for more, a connection is there. Nothing above this line knows of readiness, so that a loop that
 * submits operations to the kernel can stand beside the epoll one: it implements net_engine.
 */
#ifndef NET_IO_H
#define NET_IO_H

#include "mx/base.h"
#include "mx/list.h"

#include <sys/types.h>
#include <sys/uio.h>

struct mx_worker;
struct net_io;

/* How bytes get into and out of the descriptor: plain, or through TLS. Plain is one of these. */
struct net_transport {
    /*
     * Bytes received, 0 at the end, or -errno. *more: there may be more right now, so come back
     * without waiting for the kernel.
     */
    ssize_t (*receive)(struct net_io *io, void *bytes, size_t len, bool *more);
    /* Bytes taken, or -errno. May change the iov. */
    ssize_t (*send)(struct net_io *io, struct iovec *iov, int count);
    /* Says goodbye where the transport has such a thing; does not wait. NULL: nothing to say. */
    void (*shutdown)(struct net_io *io);
    /* Frees io->transport_state. NULL: there is none. */
    void (*free)(struct net_io *io);
};

extern const struct net_transport net_transport_plain;

struct net_io_events {
    /* An outgoing connection is there (error 0) or failed (errno). */
    void (*connected)(struct net_io *io, int error);
    /* Where the next bytes shall go, and how many at most; 0: nothing is wanted now. */
    size_t (*place)(struct net_io *io, uint8_t **out);
    /* Bytes lie in that place; 0: end of input; negative: -errno. */
    void (*arrived)(struct net_io *io, ssize_t count);
    /* After net_io_want_room: there is room. */
    void (*room)(struct net_io *io);
    /* Input has ended or broken while nothing is wanted. Once. */
    void (*hangup)(struct net_io *io);
    /* After net_io_again: its turn has come. */
    void (*again)(struct net_io *io);
    /* Watches only: EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP as they are. */
    void (*ready)(struct net_io *io, uint32_t bits);
};

struct net_io {
    int fd; /* -1: none, or dropped */
    bool is_connecting : 1;
    bool is_readable : 1; /* there may be something to receive */
    bool has_ended : 1;   /* the peer's end was signalled: receive until it is seen */
    bool has_told : 1;    /* hangup was called */
    bool wants_room : 1;
    bool watches_room : 1; /* the kernel was asked to tell about room */
    bool is_noisy : 1;     /* unix sockets: room is told about whenever the peer reads */
    const struct net_io_events *events;
    const struct net_transport *transport;
    void *transport_state;
    struct mx_worker *worker;
    struct mx_list again; /* linked: waits for its turn */
};

struct net_engine {
    int (*open)(struct mx_worker *worker);
    void (*close)(struct mx_worker *worker);
    /* Waits and serves what has happened. timeout_ms -1: until something does. */
    void (*turn)(struct mx_worker *worker, int timeout_ms);
    /* Wakes the worker's turn; callable from any thread. */
    void (*wake)(struct mx_worker *worker);
    int (*add)(struct net_io *io);
    int (*watch)(struct net_io *io, uint32_t bits);
    void (*drop)(struct net_io *io);
    /* Asks for one receive now; bytes received, 0 when nothing came (end and errors included). */
    size_t (*receive)(struct net_io *io);
    void (*want_room)(struct net_io *io);
};

extern const struct net_engine net_engine_epoll;

#endif
