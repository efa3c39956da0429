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

struct net_transport;

/*
 * One way for bytes through a descriptor, on top of another: the lowest is plain, TLS or a
 * compression lie above it. A transport with state embeds this as its first member. Nothing in it
 * may point to the worker: a connection can move to another one.
 */
struct net_layer {
    const struct net_transport *ops;
    struct net_layer *below; /* NULL: the descriptor */
};

/* What a layer does. Errors are -errno; -EPROTO has a text of its own, see `problem`. */
struct net_transport {
    /*
     * Bytes received, 0 at the end, or -errno. *more: there may be more right now, so come back
     * without waiting for the kernel.
     */
    ssize_t (*receive)(struct net_io *io, struct net_layer *layer, void *bytes, size_t len,
                       bool *more);
    /* Bytes taken, or -errno. May change the iov. What was not taken is offered again. */
    ssize_t (*send)(struct net_io *io, struct net_layer *layer, struct iovec *iov, int count);
    /* Bytes that came in behind the request for this layer, before it was there. */
    void (*feed)(struct net_layer *layer, const uint8_t *bytes, size_t len);
    /* Says goodbye where the transport has such a thing; does not wait. NULL: nothing to say. */
    void (*shutdown)(struct net_io *io, struct net_layer *layer);
    /* Frees the layer. NULL: it has no state. */
    void (*free)(struct net_layer *layer);
    /* What the last -EPROTO meant, for the reason of the end. NULL: it never says that. */
    const char *(*problem)(const struct net_layer *layer);
};

/* Of every connection at first; shared, it has no state. */
extern struct net_layer net_layer_plain;

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
    bool is_drained : 1;  /* nothing but the end is left to receive */
    bool wants_room : 1;
    bool watches_room : 1;       /* the kernel was asked to tell about room */
    bool is_noisy : 1;           /* unix sockets: room is told about whenever the peer reads */
    bool is_clearing : 1;        /* bytes for the layer below the top one are still queued */
    bool receive_waits_room : 1; /* a layer has to send before it can receive */
    bool send_has_turn : 1;      /* a layer takes bytes again: `again` offers them */
    bool sends_secret : 1;       /* what is offered is to leave no copy behind */
    uint8_t streak : 4;          /* small receives in a row, for the io_uring loop */
    uint16_t ring;               /* its place in the io_uring loop; 0: it is in the epoll set */
    const struct net_io_events *events;
    struct net_layer *layer; /* the top one */
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
extern const struct net_engine net_engine_uring;

#endif
