/*
 * The io_uring loop. Connections begin in the epoll set; logins, TLS and whatever is out of the
 * ordinary stay there. One that has only small plain messages for a while goes over to the ring: a
 * multishot receive puts its bytes into buffers of the worker, where they are presented, and what
 * is written to it leaves with the call that waits: one system call per turn. Reading that is
 * paused, much data, and a socket that takes no more bring it back. The ring watches the epoll set.
 *
 * The kernel reads for the ring only within our own calls (deferred task work), and what it read is
 * served before anything else happens. So bytes stay in order when some are received by readiness,
 * as long as that is not done while completions are served.
 */
#include "net/conn.h"
#include "net/loop.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <linux/time_types.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ENTRIES         256u
#define CQ_ENTRIES      2048u
#define BUFFERS         128u
#define BUFFER_LEN      ((size_t)8 * 1024)
#define BUFFER_STEP     (BUFFER_LEN + 128) /* not all at the same place of the cache */
#define SMALL           ((ssize_t)4096)
#define FEATURES        (IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG | IORING_FEAT_CQE_SKIP)
#define MAX_SLOTS       60000u
#define SQES_LEN        (ENTRIES * sizeof(struct io_uring_sqe))
#define BUFFER_RING_LEN (BUFFERS * sizeof(struct io_uring_buf))

/* A turn that also has to look at the epoll set makes two calls more. So the ring is worth it when
 * it receives several times in each of these. */
#define MIXED_TURNS   64u
#define WORTH         4u
#define LEAVE_AT_ONCE 256u
#define REST_MS       1000
#define REST_MAX_MS   64000

/* Of kernels later than the headers may be. */
#define FEATURE_NO_IOWAIT (1u << 17)
#define ENTER_NO_IOWAIT   (1u << 7)

enum {
    KIND_CANCEL,
    KIND_RECEIVE,
    KIND_SEND,
    KIND_EPOLL
};

struct slot {
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
    uint16_t held[BUFFERS];
    struct slot *slots; /* [0] is not used */
    uint32_t slot_count;
    uint32_t slot_capacity;
    uint16_t free;
};

static uint8_t patience = 8;

static uint64_t
user_data(uint64_t kind, uint32_t index)
{
    return kind << 56 | index;
}

static int
enter(struct net_uring *ring, uint32_t wait, uint32_t flags, int timeout_ms)
{
    struct __kernel_timespec time = {.tv_sec = timeout_ms / 1000,
                                     .tv_nsec = (long long)(timeout_ms % 1000) * 1000000};
    struct io_uring_getevents_arg arg = {.ts = (uint64_t)(uintptr_t)&time};
    bool limited = timeout_ms > 0;
    __atomic_store_n(ring->sq_tail, ring->tail, __ATOMIC_RELEASE);
    long rc = syscall(__NR_io_uring_enter, ring->fd, ring->queued, wait,
                      flags | ring->enter_flags | (limited ? IORING_ENTER_EXT_ARG : 0),
                      limited ? &arg : NULL, limited ? sizeof(arg) : 0);
    if (rc >= 0) {
        ring->queued -= (uint32_t)rc;
        return 0;
    }
    return -errno;
}

/* All of it; only memory can be short for a moment. */
static void
submit(struct net_uring *ring)
{
    while (ring->queued > 0) {
        int rc = enter(ring, 0, 0, 0);
        MX_ASSERT(rc == 0 || rc == -EINTR || rc == -EAGAIN || rc == -EBUSY || rc == -ENOMEM);
    }
}

static struct io_uring_sqe *
next_sqe(struct net_uring *ring)
{
    if (ring->queued == ENTRIES) {
        submit(ring);
    }
    struct io_uring_sqe *sqe = &ring->sqes[ring->tail++ & (ENTRIES - 1)];
    memset(sqe, 0, sizeof(*sqe));
    ring->queued++;
    return sqe;
}

static void
arm(struct net_uring *ring, uint16_t index)
{
    struct slot *slot = &ring->slots[index];
    slot->armed_at = ring->tail;
    struct io_uring_sqe *sqe = next_sqe(ring);
    sqe->opcode = IORING_OP_RECV;
    sqe->fd = slot->io->fd;
    sqe->ioprio = IORING_RECV_MULTISHOT | IORING_RECVSEND_POLL_FIRST;
    sqe->flags = IOSQE_BUFFER_SELECT;
    sqe->user_data = user_data(KIND_RECEIVE, index);
    slot->is_armed = true;
    ring->armed++;
}

static bool
is_owner(const struct net_uring *ring)
{
    return pthread_equal(ring->owner, pthread_self()) != 0;
}

static void
cancel(struct net_uring *ring, uint16_t index)
{
    if (!is_owner(ring)) {
        return; /* at the end of the process: it goes with the ring */
    }
    struct io_uring_sqe *sqe = next_sqe(ring);
    sqe->opcode = IORING_OP_ASYNC_CANCEL;
    sqe->fd = -1;
    sqe->addr = user_data(KIND_RECEIVE, index);
    sqe->user_data = user_data(KIND_CANCEL, index);
    sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
}

static void
poll_epoll(struct mx_worker *worker)
{
    struct io_uring_sqe *sqe = next_sqe(worker->ring);
    sqe->opcode = IORING_OP_POLL_ADD;
    sqe->fd = worker->epoll_fd;
    sqe->poll32_events = EPOLLIN;
    sqe->user_data = user_data(KIND_EPOLL, 0);
    worker->ring->is_polling = true;
}

static void
give_buffer(struct net_uring *ring, uint16_t id)
{
    struct io_uring_buf *buf = &ring->buffer_ring->bufs[ring->buffer_tail & (BUFFERS - 1)];
    buf->addr = (uint64_t)(uintptr_t)(ring->buffers + id * BUFFER_STEP);
    buf->len = BUFFER_LEN;
    buf->bid = id;
    ring->buffer_tail++;
}

static void
publish_buffers(struct net_uring *ring)
{
    __atomic_store_n(&ring->buffer_ring->tail, ring->buffer_tail, __ATOMIC_RELEASE);
}

/* Slots. */

static uint16_t
take_slot(struct net_uring *ring, struct net_io *io)
{
    uint16_t index = ring->free;
    if (index != 0) {
        ring->free = ring->slots[index].next;
    } else {
        if (ring->slot_count == MAX_SLOTS) {
            return 0;
        }
        if (ring->slot_count == ring->slot_capacity) {
            ring->slot_capacity *= 2;
            ring->slots = mx_realloc(ring->slots, ring->slot_capacity * sizeof(*ring->slots));
        }
        index = (uint16_t)ring->slot_count++;
    }
    struct slot *slot = &ring->slots[index];
    slot->io = io;
    slot->is_armed = false;
    slot->is_leaving = false;
    return index;
}

static void
free_slot(struct net_uring *ring, uint16_t index)
{
    ring->slots[index].io = NULL;
    ring->slots[index].next = ring->free;
    ring->free = index;
}

/* Back into the epoll set: what lies in the socket by now is told about there. */
static void
leave(struct net_io *io)
{
    struct mx_worker *worker = io->worker;
    net_conn_send_late(net_conn_of(io));
    free_slot(worker->ring, io->ring);
    io->ring = 0;
    io->streak = 0;
    io->watches_room = io->wants_room;
    uint32_t bits = EPOLLIN | EPOLLRDHUP | EPOLLET | (io->wants_room ? (uint32_t)EPOLLOUT : 0);
    struct epoll_event event = {.events = bits, .data.ptr = io};
    worker->counts.controls++;
    int rc = worker->ops->control(worker->epoll_fd, EPOLL_CTL_ADD, io->fd, &event);
    if (rc != 0) {
        net_conn_break_io(net_conn_of(io), "receiving", -rc);
    }
}

void
net_uring_leave(struct net_io *io)
{
    struct net_uring *ring = io->worker->ring;
    struct slot *slot = &ring->slots[io->ring];
    if (!slot->is_leaving) {
        slot->is_leaving = true;
        if (slot->is_armed) {
            cancel(ring, io->ring);
        }
    }
}

/* All leave, some in each turn. */
static void
go_on_retreating(struct net_uring *ring)
{
    uint32_t count = 0;
    for (; ring->leave_next < ring->slot_count && count < LEAVE_AT_ONCE; ring->leave_next++) {
        struct net_io *io = ring->slots[ring->leave_next].io;
        if (io != NULL) {
            net_uring_leave(io);
            count++;
        }
    }
    if (ring->leave_next >= ring->slot_count) {
        ring->leave_next = 0;
    }
}

/* After a turn that looked at the epoll set as well. A mix that does not change is tried again ever
 * more seldom. */
static void
judge(struct net_uring *ring)
{
    if (++ring->mixed < MIXED_TURNS) {
        return;
    }
    if (ring->received >= MIXED_TURNS * WORTH) {
        ring->rest_ms = 0;
    } else if (mx_now_ms() >= ring->rest_until_ms) {
        uint32_t longer = ring->rest_ms * 2 < REST_MAX_MS ? ring->rest_ms * 2 : REST_MAX_MS;
        ring->rest_ms = longer > 0 ? longer : REST_MS;
        ring->rest_until_ms = mx_now_ms() + ring->rest_ms;
        ring->leave_next = 1;
    }
    ring->mixed = 0;
    ring->received = 0;
}

/* By the worker's own thread, which is the only issuer from now on. */
static void
enable(struct net_uring *ring)
{
    long rc = syscall(__NR_io_uring_register, ring->fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
    MX_ASSERT(rc == 0);
    ring->owner = pthread_self();
    ring->is_enabled = true;
}

static bool
suits_ring(const struct net_io *io, ssize_t got, bool more)
{
    return got > 0 && got <= SMALL && !more && io->ring == 0 && io->fd >= 0 &&
           io->layer == &net_layer_plain && !io->is_readable && !io->has_ended && !io->wants_room &&
           io->worker->ops == &net_ops_real;
}

void
net_uring_consider(struct net_io *io, ssize_t got, bool more)
{
    struct mx_worker *worker = io->worker;
    if (!suits_ring(io, got, more) || mx_now_ms() < worker->ring->rest_until_ms) {
        io->streak = 0;
        return;
    }
    if (io->streak < patience) {
        io->streak++;
        return;
    }
    uint16_t index = take_slot(worker->ring, io);
    if (index == 0) {
        return;
    }
    if (!worker->ring->is_enabled) {
        enable(worker->ring);
    }
    worker->counts.controls++;
    (void)worker->ops->control(worker->epoll_fd, EPOLL_CTL_DEL, io->fd, NULL);
    io->watches_room = false;
    io->ring = index;
    arm(worker->ring, index);
}

void
net_uring_set_patience(uint8_t receives)
{
    patience = receives;
}

/* Life. */

static void *
map(int fd, size_t len, off_t offset)
{
    int flags = fd >= 0 ? MAP_SHARED | MAP_POPULATE : MAP_PRIVATE | MAP_ANONYMOUS;
    // cppcheck-suppress invalidFunctionArg ; anonymous memory has descriptor -1
    void *at = mmap(NULL, len, PROT_READ | PROT_WRITE, flags, fd, offset);
    if (at == MAP_FAILED) {
        return NULL;
    }
    return at;
}

static void
unmap(void *at, size_t len)
{
    if (at != NULL) {
        (void)munmap(at, len);
    }
}

static int
map_rings(struct net_uring *ring, const struct io_uring_params *p)
{
    size_t sq_len = p->sq_off.array + p->sq_entries * sizeof(uint32_t);
    size_t cq_len = p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe);
    ring->rings_len = mx_max_size(sq_len, cq_len);
    ring->rings = map(ring->fd, ring->rings_len, IORING_OFF_SQ_RING);
    ring->sqes = map(ring->fd, SQES_LEN, IORING_OFF_SQES);
    ring->buffer_ring = map(-1, BUFFER_RING_LEN, 0);
    if (ring->rings == NULL || ring->sqes == NULL || ring->buffer_ring == NULL) {
        return -ENOMEM;
    }
    uint8_t *at = ring->rings;
    ring->sq_tail = (uint32_t *)(void *)(at + p->sq_off.tail);
    ring->tail = *ring->sq_tail;
    uint32_t *array = (uint32_t *)(void *)(at + p->sq_off.array);
    for (uint32_t i = 0; i < p->sq_entries; i++) {
        array[i] = i;
    }
    ring->cq_head = (uint32_t *)(void *)(at + p->cq_off.head);
    ring->cq_tail = (uint32_t *)(void *)(at + p->cq_off.tail);
    ring->cq_mask = p->cq_entries - 1;
    ring->cqes = (struct io_uring_cqe *)(void *)(at + p->cq_off.cqes);
    return 0;
}

/* A filter may let rings be made and not be used: one that is not enabled yet has an error of its
 * own. */
static int
try_enter(struct net_uring *ring)
{
    int rc = enter(ring, 0, 0, 0);
    return rc == -EBADFD ? 0 : rc;
}

static int
register_buffers(struct net_uring *ring)
{
    struct io_uring_buf_reg reg = {.ring_addr = (uint64_t)(uintptr_t)ring->buffer_ring,
                                   .ring_entries = BUFFERS};
    if (syscall(__NR_io_uring_register, ring->fd, IORING_REGISTER_PBUF_RING, &reg, 1) != 0) {
        return -errno;
    }
    ring->buffers = mx_alloc(BUFFERS * BUFFER_STEP);
    for (uint16_t i = 0; i < BUFFERS; i++) {
        give_buffer(ring, i);
    }
    publish_buffers(ring);
    return 0;
}

/* 0, or -errno: the kernel is too old for it, or does not let us. */
static int
open_ring(struct net_uring *ring)
{
    struct io_uring_params p = {.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                                         IORING_SETUP_R_DISABLED | IORING_SETUP_CQSIZE |
                                         IORING_SETUP_SUBMIT_ALL,
                                .cq_entries = CQ_ENTRIES};
    ring->fd = (int)syscall(__NR_io_uring_setup, ENTRIES, &p);
    if (ring->fd < 0) {
        return -errno;
    }
    if ((p.features & FEATURES) != FEATURES || p.sq_entries != ENTRIES) {
        return -ENOSYS;
    }
    int rc = map_rings(ring, &p);
    if (rc != 0) {
        return rc;
    }
    ring->enter_flags = (p.features & FEATURE_NO_IOWAIT) != 0 ? ENTER_NO_IOWAIT : 0;
    rc = try_enter(ring);
    if (rc != 0) {
        return rc;
    }
    rc = register_buffers(ring);
    if (rc != 0) {
        return rc;
    }
    ring->slot_capacity = 64;
    ring->slot_count = 1;
    ring->slots = mx_calloc(ring->slot_capacity, sizeof(*ring->slots));
    return 0;
}

bool
net_uring_waits_as_idle(const struct mx_worker *worker)
{
    return worker->ring->enter_flags != 0;
}

static void
uring_close(struct mx_worker *worker)
{
    struct net_uring *ring = worker->ring;
    if (ring != NULL) {
        if (ring->fd >= 0) {
            (void)close(ring->fd);
        }
        unmap(ring->rings, ring->rings_len);
        unmap(ring->sqes, SQES_LEN);
        unmap(ring->buffer_ring, BUFFER_RING_LEN);
        free(ring->buffers);
        free(ring->slots);
        free(ring);
        worker->ring = NULL;
    }
    net_epoll_close(worker);
}

static int
uring_open(struct mx_worker *worker)
{
    worker->ring = mx_calloc(1, sizeof(*worker->ring));
    int rc = open_ring(worker->ring);
    if (rc == 0) {
        rc = net_epoll_open(worker);
    }
    if (rc != 0) {
        uring_close(worker);
    }
    return rc;
}

/* A turn. */

static uint32_t
queue_sends(struct mx_worker *worker)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < NET_GATHER_SLOTS && worker->gather_count > count; i++) {
        struct net_gather *slot = &worker->gather[i];
        if (slot->conn == NULL) {
            continue;
        }
        MX_ASSERT(slot->is_late);
        count++;
        struct io_uring_sqe *sqe = next_sqe(worker->ring);
        sqe->fd = slot->conn->io.fd;
        sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
        sqe->msg_flags = MSG_NOSIGNAL | MSG_DONTWAIT | MSG_WAITALL;
        sqe->user_data = user_data(KIND_SEND, i);
        if (slot->count == 1) {
            sqe->opcode = IORING_OP_SEND;
            sqe->addr = (uint64_t)(uintptr_t)slot->iov[0].iov_base;
            sqe->len = (uint32_t)slot->iov[0].iov_len;
        } else {
            slot->message =
                (struct msghdr){.msg_iov = slot->iov, .msg_iovlen = (size_t)slot->count};
            sqe->opcode = IORING_OP_SENDMSG;
            sqe->addr = (uint64_t)(uintptr_t)&slot->message;
            sqe->len = 1;
        }
        slot->result = (ssize_t)slot->len;
        worker->counts.sends++;
    }
    return count;
}

/* A receive that was about to be looked at could not be found: again, after that. */
static void
serve_cancel(struct net_uring *ring, const struct io_uring_cqe *cqe)
{
    uint16_t index = (uint16_t)cqe->user_data;
    if (cqe->res < 0 && ring->slots[index].is_armed) {
        cancel(ring, index);
    }
}

/* Results that are not received bytes come first: they were made while submitting. */
static uint32_t
serve_sent(struct mx_worker *worker, uint32_t head, uint32_t tail, bool *has_epoll)
{
    struct net_uring *ring = worker->ring;
    for (; head != tail; head++) {
        const struct io_uring_cqe *cqe = &ring->cqes[head & ring->cq_mask];
        uint64_t kind = cqe->user_data >> 56;
        if (kind == KIND_RECEIVE) {
            break;
        }
        if (kind == KIND_SEND) {
            worker->gather[cqe->user_data & 0xff].result = cqe->res;
        } else if (kind == KIND_EPOLL) {
            *has_epoll = true;
        } else if (kind == KIND_CANCEL) {
            serve_cancel(ring, cqe);
        }
    }
    return head;
}

static void
end_sends(struct mx_worker *worker, uint32_t count)
{
    struct net_uring *ring = worker->ring;
    for (uint32_t i = 0; i < NET_GATHER_SLOTS && count > 0; i++) {
        if (worker->gather[i].conn != NULL) {
            count--;
            net_conn_sent(worker->gather[i].conn);
        }
    }
    if (ring->held_count > 0) {
        for (uint32_t i = 0; i < ring->held_count; i++) {
            give_buffer(ring, ring->held[i]);
        }
        ring->held_count = 0;
        publish_buffers(ring);
    }
}

/* Where they were copied to they are cleared by whom they are for. */
static void
clear_secret(struct net_io *io, uint8_t *bytes, size_t len)
{
    if (net_conn_of(io)->secret_input) {
        explicit_bzero(bytes, len);
    }
}

static void
deliver(struct net_io *io, uint8_t *bytes, size_t len)
{
    struct mx_worker *worker = io->worker;
    if (len == BUFFER_LEN) {
        net_uring_leave(io);
    }
    while (len > 0 && io->fd >= 0) {
        uint8_t *place = NULL;
        size_t room = io->events->place(io, &place);
        if (io->layer != &net_layer_plain) {
            net_conn_feed(net_conn_of(io), bytes, len); /* put on while these were on their way */
            return;
        }
        if (room == 0) {
            net_conn_stash(net_conn_of(io), bytes, len);
            clear_secret(io, bytes, len);
            if (io->ring != 0) {
                net_uring_leave(io);
            }
            return;
        }
        if (place == worker->scratch) {
            worker->arrival = bytes;
            io->events->arrived(io, (ssize_t)len);
            worker->arrival = NULL;
            return;
        }
        size_t part = mx_min_size(room, len);
        memcpy(place, bytes, part);
        clear_secret(io, bytes, part);
        io->events->arrived(io, (ssize_t)part);
        net_worker_flush(worker);
        bytes += part;
        len -= part;
    }
}

/* The bytes of a receive's result, in a buffer that is held until what it may be sent from has
 * left. */
static uint8_t *
hold_buffer(struct net_uring *ring, const struct io_uring_cqe *cqe)
{
    if ((cqe->flags & IORING_CQE_F_BUFFER) == 0) {
        return NULL;
    }
    uint16_t id = (uint16_t)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
    ring->held[ring->held_count++] = id;
    return ring->buffers + id * BUFFER_STEP;
}

/* Bytes, the end, or only that this receive is over. True: the end. */
static bool
serve_result(struct net_io *io, uint8_t *bytes, int result)
{
    struct mx_worker *worker = io->worker;
    if (result > 0) {
        mx_atomic_bump(&worker->stats.reads, 1);
        worker->counts.receives++;
        worker->ring->received++;
        deliver(io, bytes, (size_t)result);
    } else if (result != -ENOBUFS && result != -ECANCELED) {
        uint8_t *place = NULL;
        if (io->events->place(io, &place) > 0) {
            io->events->arrived(io, result);
        }
        return true; /* who does not want to know it now is told by the epoll set */
    }
    return false;
}

static void
serve_receive(struct mx_worker *worker, const struct io_uring_cqe *cqe)
{
    struct net_uring *ring = worker->ring;
    uint16_t index = (uint16_t)cqe->user_data;
    struct net_io *io = ring->slots[index].io;
    uint8_t *bytes = hold_buffer(ring, cqe);
    if ((cqe->flags & IORING_CQE_F_MORE) == 0) {
        ring->slots[index].is_armed = false;
        ring->armed--;
    }
    if (io == NULL) { /* dropped */
        if (!ring->slots[index].is_armed) {
            free_slot(ring, index);
        }
        return;
    }
    bool is_over = serve_result(io, bytes, cqe->res);
    net_worker_flush(worker);
    if (io->fd < 0 || io->ring != index || ring->slots[index].is_armed) {
        return;
    }
    if (is_over || ring->slots[index].is_leaving) {
        leave(io);
    } else {
        arm(ring, index);
    }
}

static void
uring_turn(struct mx_worker *worker, int timeout_ms)
{
    struct net_uring *ring = worker->ring;
    if (ring->armed == 0 && ring->queued == 0 && worker->gather_count == 0) {
        net_epoll_turn(worker, timeout_ms); /* nobody is served by the ring */
        return;
    }
    if (!ring->is_polling) {
        poll_epoll(worker);
    }
    if (ring->leave_next > 0) {
        go_on_retreating(ring);
    }
    net_worker_flush(worker);
    uint32_t sends = queue_sends(worker);
    worker->counts.waits++;
    int rc = enter(ring, timeout_ms == 0 ? 0 : 1, IORING_ENTER_GETEVENTS, timeout_ms);
    MX_ASSERT(rc == 0 || rc == -EINTR || rc == -ETIME || rc == -EAGAIN || rc == -EBUSY ||
              rc == -ENOMEM);
    submit(ring); /* as a rule nothing is left */
    uint32_t head = *ring->cq_head;
    uint32_t tail = __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE);
    bool has_epoll = false;
    net_worker_awake(worker, (int)(tail - head));
    head = serve_sent(worker, head, tail, &has_epoll);
    end_sends(worker, sends);
    for (; head != tail; head++) {
        const struct io_uring_cqe *cqe = &ring->cqes[head & ring->cq_mask];
        uint64_t kind = cqe->user_data >> 56;
        if (kind == KIND_RECEIVE) {
            serve_receive(worker, cqe);
        } else if (kind == KIND_EPOLL) {
            has_epoll = true;
        } else if (kind == KIND_CANCEL) {
            serve_cancel(ring, cqe);
        }
    }
    __atomic_store_n(ring->cq_head, head, __ATOMIC_RELEASE);
    if (has_epoll) {
        ring->is_polling = false;
        net_epoll_turn(worker, 0);
        judge(ring);
    }
}

/* What owners ask for. */

static void
uring_drop(struct net_io *io)
{
    if (io->ring == 0) {
        net_epoll_drop(io);
        return;
    }
    struct net_uring *ring = io->worker->ring;
    struct slot *slot = &ring->slots[io->ring];
    mx_list_remove(&io->again);
    if (!slot->is_armed) {
        free_slot(ring, io->ring);
    } else {
        slot->io = NULL;
        cancel(ring, io->ring);
        if (ring->tail - slot->armed_at <= ring->queued && is_owner(ring)) {
            submit(ring); /* before its descriptor can become another one's */
        }
    }
    io->ring = 0;
}

static void
uring_want_room(struct net_io *io)
{
    if (io->ring == 0) {
        net_epoll_want_room(io);
        return;
    }
    io->wants_room = true;
    net_uring_leave(io);
}

const struct net_engine net_engine_uring = {
    .open = uring_open,
    .close = uring_close,
    .turn = uring_turn,
    .wake = net_epoll_wake,
    .add = net_epoll_add,
    .watch = net_epoll_watch,
    .drop = uring_drop,
    .receive = net_epoll_receive,
    .want_room = uring_want_room,
};
