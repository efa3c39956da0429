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
#include "net/uring.h"

#include <errno.h>
#include <string.h>

bool
net_uring_waits_as_idle(const struct mx_worker *worker)
{
    return worker->ring->enter_flags != 0;
}

static void
uring_close(struct mx_worker *worker)
{
    net_uring_close(worker->ring);
    worker->ring = NULL;
    net_epoll_close(worker);
}

static int
uring_open(struct mx_worker *worker)
{
    worker->ring = mx_calloc(1, sizeof(*worker->ring));
    int rc = net_uring_open(worker->ring);
    if (rc == 0) {
        rc = net_epoll_open(worker);
    }
    if (rc != 0) {
        uring_close(worker);
    }
    return rc;
}

/* ------------------------------------------------------------ sending */

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
        struct io_uring_sqe *sqe = net_uring_next(worker->ring);
        sqe->fd = slot->conn->io.fd;
        sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
        sqe->msg_flags = MSG_NOSIGNAL | MSG_DONTWAIT | MSG_WAITALL;
        sqe->user_data = net_uring_data(NET_URING_SEND, i);
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

/* Results that are not received bytes come first: they were made while submitting. */
static uint32_t
serve_sent(struct mx_worker *worker, uint32_t head, uint32_t tail, bool *has_epoll)
{
    struct net_uring *ring = worker->ring;
    for (; head != tail; head++) {
        const struct io_uring_cqe *cqe = &ring->cqes[head & ring->cq_mask];
        uint64_t kind = cqe->user_data >> 56;
        if (kind == NET_URING_RECEIVE) {
            break;
        }
        if (kind == NET_URING_SEND) {
            worker->gather[cqe->user_data & 0xff].result = cqe->res;
        } else if (kind == NET_URING_EPOLL) {
            *has_epoll = true;
        } else if (kind == NET_URING_CANCEL) {
            net_uring_cancelled(ring, cqe);
        }
    }
    return head;
}

static void
end_sends(struct mx_worker *worker, uint32_t count)
{
    for (uint32_t i = 0; i < NET_GATHER_SLOTS && count > 0; i++) {
        if (worker->gather[i].conn != NULL) {
            count--;
            net_conn_sent(worker->gather[i].conn);
        }
    }
    net_uring_release_buffers(worker->ring);
}

/* ------------------------------------------------------------ receiving */

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
    if (len == NET_URING_BUFFER_LEN) {
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
    uint8_t *bytes = net_uring_hold_buffer(ring, cqe);
    struct net_io *io = net_uring_told(ring, index, (cqe->flags & IORING_CQE_F_MORE) != 0);
    if (io == NULL) {
        return;
    }
    bool is_over = serve_result(io, bytes, cqe->res);
    net_worker_flush(worker);
    net_uring_go_on(io, index, is_over);
}

/* ------------------------------------------------------------ a turn */

static void
poll_epoll(struct mx_worker *worker)
{
    struct io_uring_sqe *sqe = net_uring_next(worker->ring);
    sqe->opcode = IORING_OP_POLL_ADD;
    sqe->fd = worker->epoll_fd;
    sqe->poll32_events = EPOLLIN;
    sqe->user_data = net_uring_data(NET_URING_EPOLL, 0);
    worker->ring->is_polling = true;
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
        net_uring_retreat(ring);
    }
    net_worker_flush(worker);
    uint32_t sends = queue_sends(worker);
    worker->counts.waits++;
    int rc = net_uring_enter(ring, timeout_ms == 0 ? 0 : 1, IORING_ENTER_GETEVENTS, timeout_ms);
    MX_ASSERT(rc == 0 || rc == -EINTR || rc == -ETIME || rc == -EAGAIN || rc == -EBUSY ||
              rc == -ENOMEM);
    net_uring_submit(ring); /* as a rule nothing is left */
    uint32_t head = *ring->cq_head;
    uint32_t tail = __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE);
    bool has_epoll = false;
    net_worker_awake(worker, (int)(tail - head));
    head = serve_sent(worker, head, tail, &has_epoll);
    end_sends(worker, sends);
    for (; head != tail; head++) {
        const struct io_uring_cqe *cqe = &ring->cqes[head & ring->cq_mask];
        uint64_t kind = cqe->user_data >> 56;
        if (kind == NET_URING_RECEIVE) {
            serve_receive(worker, cqe);
        } else if (kind == NET_URING_EPOLL) {
            has_epoll = true;
        } else if (kind == NET_URING_CANCEL) {
            net_uring_cancelled(ring, cqe);
        }
    }
    __atomic_store_n(ring->cq_head, head, __ATOMIC_RELEASE);
    if (has_epoll) {
        ring->is_polling = false;
        net_epoll_turn(worker, 0);
        net_uring_judge(ring);
    }
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
    .drop = net_uring_drop,
    .receive = net_epoll_receive,
    .want_room = uring_want_room,
};
