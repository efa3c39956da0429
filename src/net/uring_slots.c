/* Which connections the ring serves: they come, are received from, are cancelled, leave. */
#include "net/conn.h"
#include "net/uring.h"

#define SMALL     ((ssize_t)4096)
#define MAX_SLOTS 60000u

/* A turn that also has to look at the epoll set makes two calls more. So the ring is worth it when
 * it receives several times in each of these. */
#define MIXED_TURNS   64u
#define WORTH         4u
#define LEAVE_AT_ONCE 256u
#define REST_MS       1000
#define REST_MAX_MS   64000

static uint8_t patience = 8;

/* ------------------------------------------------------------ receives */

static void
arm(struct net_uring *ring, uint16_t index)
{
    struct net_uring_slot *slot = &ring->slots[index];
    slot->armed_at = ring->tail;
    struct io_uring_sqe *sqe = net_uring_next(ring);
    sqe->opcode = IORING_OP_RECV;
    sqe->fd = slot->io->fd;
    sqe->ioprio = IORING_RECV_MULTISHOT | IORING_RECVSEND_POLL_FIRST;
    sqe->flags = IOSQE_BUFFER_SELECT;
    sqe->user_data = net_uring_data(NET_URING_RECEIVE, index);
    slot->is_armed = true;
    ring->armed++;
}

static void
cancel(struct net_uring *ring, uint16_t index)
{
    if (!net_uring_is_owner(ring)) {
        return; /* at the end of the process: it goes with the ring */
    }
    struct io_uring_sqe *sqe = net_uring_next(ring);
    sqe->opcode = IORING_OP_ASYNC_CANCEL;
    sqe->fd = -1;
    sqe->addr = net_uring_data(NET_URING_RECEIVE, index);
    sqe->user_data = net_uring_data(NET_URING_CANCEL, index);
    sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
}

/* A receive that was about to be looked at could not be found: again, after that. */
void
net_uring_cancelled(struct net_uring *ring, const struct io_uring_cqe *cqe)
{
    uint16_t index = (uint16_t)cqe->user_data;
    if (cqe->res < 0 && ring->slots[index].is_armed) {
        cancel(ring, index);
    }
}

/* ------------------------------------------------------------ slots */

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
    struct net_uring_slot *slot = &ring->slots[index];
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
    struct net_uring_slot *slot = &ring->slots[io->ring];
    if (!slot->is_leaving) {
        slot->is_leaving = true;
        if (slot->is_armed) {
            cancel(ring, io->ring);
        }
    }
}

struct net_io *
net_uring_told(struct net_uring *ring, uint16_t index, bool more)
{
    struct net_uring_slot *slot = &ring->slots[index];
    if (!more) {
        slot->is_armed = false;
        ring->armed--;
    }
    if (slot->io == NULL && !slot->is_armed) {
        free_slot(ring, index);
        return NULL;
    }
    return slot->io;
}

void
net_uring_go_on(struct net_io *io, uint16_t index, bool is_over)
{
    struct net_uring *ring = io->worker->ring;
    if (io->fd < 0 || io->ring != index || ring->slots[index].is_armed) {
        return;
    }
    if (is_over || ring->slots[index].is_leaving) {
        leave(io);
    } else {
        arm(ring, index);
    }
}

void
net_uring_drop(struct net_io *io)
{
    if (io->ring == 0) {
        net_epoll_drop(io);
        return;
    }
    struct net_uring *ring = io->worker->ring;
    struct net_uring_slot *slot = &ring->slots[io->ring];
    mx_list_remove(&io->again);
    if (!slot->is_armed) {
        free_slot(ring, io->ring);
    } else {
        slot->io = NULL;
        cancel(ring, io->ring);
        if (ring->tail - slot->armed_at <= ring->queued && net_uring_is_owner(ring)) {
            net_uring_submit(ring); /* before its descriptor can become another one's */
        }
    }
    io->ring = 0;
}

/* ------------------------------------------------------------ who comes, when all leave */

void
net_uring_retreat(struct net_uring *ring)
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

/* A mix that does not change is tried again ever more seldom. */
void
net_uring_judge(struct net_uring *ring)
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
        net_uring_enable(worker->ring);
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
