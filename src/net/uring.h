/*
 * A worker's io_uring: the ring itself (uring.c), which connections it serves (uring_slots.c) and
 * the loop over it (loop_uring.c); nobody else looks in. What the rest of src/net may ask for is in
 * loop.h. Shapes and flags: io_uring(7), io_uring_enter(2).
 */
#ifndef NET_URING_H
#define NET_URING_H

#include "net/loop.h"

#include <linux/io_uring.h>
#include <pthread.h>

#define NET_URING_BUFFERS    128u
#define NET_URING_BUFFER_LEN ((size_t)8 * 1024)

/* What a result is of: the uppermost byte of its user_data. Below is a slot's index. */
enum {
    NET_URING_CANCEL,
    NET_URING_RECEIVE,
    NET_URING_SEND,
    NET_URING_EPOLL
};

/* A connection that the ring serves; io->ring is its index. */
struct net_uring_slot {
    struct net_io *io; /* NULL: free, or dropped and not told its end yet */
    uint32_t armed_at; /* the receive's place among all that was submitted */
    uint16_t next;     /* of the free ones */
    bool is_armed;
    bool is_leaving;
};

struct net_uring {
    int fd;
    uint32_t enter_flags;
    bool is_enabled;
    bool is_polling;       /* the epoll set */
    pthread_t owner;       /* a ring has one issuer */
    uint32_t mixed;        /* turns that also looked at the epoll set, of the last MIXED_TURNS */
    uint32_t received;     /* ... and what the ring received meanwhile */
    uint32_t rest_ms;      /* after the last retreat; 0: it was worth it since */
    uint32_t leave_next;   /* place of the next one that leaves; 0: no retreat */
    int64_t rest_until_ms; /* nobody goes over before */
    uint32_t armed;        /* receives that have not told their end */
    uint32_t *sq_tail;
    uint32_t tail;
    uint32_t queued;
    struct io_uring_sqe *sqes;
    uint32_t *cq_head;
    uint32_t *cq_tail;
    uint32_t cq_mask;
    struct io_uring_cqe *cqes;
    void *rings;
    size_t rings_len;
    struct io_uring_buf_ring *buffer_ring;
    uint16_t buffer_tail;
    uint8_t *buffers;
    uint32_t held_count;
    uint16_t held[NET_URING_BUFFERS];
    struct net_uring_slot *slots; /* [0] is not used */
    uint32_t slot_count;
    uint32_t slot_capacity;
    uint16_t free;
};

static inline uint64_t
net_uring_data(uint64_t kind, uint32_t index)
{
    return kind << 56 | index;
}

/* The worker's, not enabled yet. -errno: the kernel is too old for it, or does not let us; then
 * there is something to be closed all the same. */
int net_uring_open(struct net_uring *ring);
/* Frees it. NULL is no ring. */
void net_uring_close(struct net_uring *ring);
/* By the worker's own thread, which is the only issuer from now on. */
void net_uring_enable(struct net_uring *ring);
bool net_uring_is_owner(const struct net_uring *ring);

/* The next entry to fill, cleared; it goes to the kernel with the next call. */
struct io_uring_sqe *net_uring_next(struct net_uring *ring);
/* What is queued goes to the kernel, and with IORING_ENTER_GETEVENTS `wait` results are waited for;
 * timeout_ms <= 0: no limit. 0 or -errno; ring->queued is what is left. */
int net_uring_enter(struct net_uring *ring, uint32_t wait, uint32_t flags, int timeout_ms);
/* All of it; only memory can be short for a moment. */
void net_uring_submit(struct net_uring *ring);

/* The bytes of a receive's result, in a buffer that is held until what it may be sent from has
 * left. NULL: the result has none. */
uint8_t *net_uring_hold_buffer(struct net_uring *ring, const struct io_uring_cqe *cqe);
/* All that are held can be received into again. */
void net_uring_release_buffers(struct net_uring *ring);

/* A receive of this slot has told something. `more`: and goes on. NULL: its connection is gone. */
struct net_io *net_uring_told(struct net_uring *ring, uint16_t index, bool more);
/* After what was told has been served: receives again, or goes back to readiness when that is due
 * or `is_over`. */
void net_uring_go_on(struct net_io *io, uint16_t index, bool is_over);
/* A cancel's result. */
void net_uring_cancelled(struct net_uring *ring, const struct io_uring_cqe *cqe);
void net_uring_drop(struct net_io *io);
/* A turn has looked at the epoll set as well. Decides whether all leave, which net_uring_retreat()
 * does, some in each turn, while ring->leave_next is set. */
void net_uring_judge(struct net_uring *ring);
void net_uring_retreat(struct net_uring *ring);

#endif
