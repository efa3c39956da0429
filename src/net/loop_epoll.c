/*
 * The epoll engine. Descriptors of connections are added once, edge-triggered, and never changed
 * again while they do not block: a statement costs no epoll_ctl. After a receive that did not fill
 * its place the socket is known to be empty, so there is no second one that only learns that.
 */
#include "net/loop.h"
#include "net/worker.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define BATCH 128

static int
control(struct net_io *io, int what, uint32_t bits)
{
    struct epoll_event event = {.events = bits, .data.ptr = io};
    io->worker->counts.controls++;
    return io->worker->ops->control(io->worker->epoll_fd, what, io->fd, &event);
}

int
net_epoll_open(struct mx_worker *worker)
{
    worker->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    worker->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (worker->epoll_fd < 0 || worker->wake_fd < 0) {
        return -errno;
    }
    /* Edge-triggered: every write is an event, and the counter need not be read. */
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
    if (epoll_ctl(worker->epoll_fd, EPOLL_CTL_ADD, worker->wake_fd, &event) != 0) {
        return -errno;
    }
    return 0;
}

void
net_epoll_close(struct mx_worker *worker)
{
    if (worker->epoll_fd >= 0) {
        (void)close(worker->epoll_fd);
    }
    if (worker->wake_fd >= 0) {
        (void)close(worker->wake_fd);
    }
    worker->epoll_fd = -1;
    worker->wake_fd = -1;
}

void
net_epoll_wake(struct mx_worker *worker)
{
    uint64_t one = 1;
    /* Fails only when 2^64 wake-ups are unread, and then the event is there anyway. */
    ssize_t rc = write(worker->wake_fd, &one, sizeof(one));
    (void)rc;
}

int
net_epoll_add(struct net_io *io)
{
    uint32_t bits = EPOLLIN | EPOLLRDHUP | EPOLLET;
    if (io->is_connecting) {
        bits |= EPOLLOUT;
        io->watches_room = true;
    }
    return control(io, EPOLL_CTL_ADD, bits);
}

int
net_epoll_watch(struct net_io *io, uint32_t bits)
{
    int rc = control(io, EPOLL_CTL_MOD, bits);
    return rc == -ENOENT ? control(io, EPOLL_CTL_ADD, bits) : rc;
}

void
net_epoll_drop(struct net_io *io)
{
    mx_list_remove(&io->again);
    if (io->fd >= 0) {
        /* Closing alone would not do while a child has a copy of the descriptor. */
        (void)control(io, EPOLL_CTL_DEL, 0);
    }
}

void
net_epoll_want_room(struct net_io *io)
{
    io->wants_room = true;
    /* The kernel tells by itself once it refused bytes, as long as it was asked to tell at all. */
    if (!io->watches_room || !io->worker->ops->short_means_empty) {
        io->watches_room = true;
        (void)control(io, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
    }
}

size_t
net_epoll_receive(struct net_io *io)
{
    uint8_t *place = NULL;
    size_t len = io->events->place(io, &place);
    if (len == 0) {
        if (io->has_ended && !io->has_told) {
            io->has_told = true;
            io->events->hangup(io);
        }
        return 0;
    }
    bool more = false;
    io->worker->counts.receives++;
    ssize_t got = io->layer->ops->receive(io, io->layer, place, len, &more);
    if (got == -EAGAIN) {
        io->is_readable = false;
        return 0;
    }
    if (got == -EINTR) {
        net_io_again(io);
        return 0;
    }
    io->is_readable = got > 0 && (more || io->has_ended);
    io->is_drained = got > 0 && !more;
    if (io->is_readable) {
        net_io_again(io);
    }
    struct mx_worker *worker = io->worker;
    io->events->arrived(io, got);
    if (worker->ring != NULL && io->worker == worker) {
        net_uring_consider(io, got, more);
    }
    return got > 0 ? (size_t)got : 0;
}

/* Tells no more about room; only where being told when nothing waits for it costs wake-ups. */
static void
quieten(struct net_io *io)
{
    if (io->is_noisy && io->watches_room && !io->wants_room && io->fd >= 0) {
        io->watches_room = false;
        (void)control(io, EPOLL_CTL_MOD, EPOLLIN | EPOLLRDHUP | EPOLLET);
    }
}

static void
serve_connecting(struct net_io *io)
{
    int error = 0;
    socklen_t len = sizeof(error);
    if (getsockopt(io->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) {
        error = errno;
    }
    io->is_connecting = false;
    io->events->connected(io, error);
}

static void
serve(struct net_io *io, uint32_t bits)
{
    struct mx_worker *worker = io->worker;
    if (io->events->ready != NULL) {
        io->events->ready(io, bits);
        return;
    }
    if (io->is_connecting) {
        if ((bits & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0) {
            return;
        }
        serve_connecting(io);
        net_worker_flush(worker);
        quieten(io);
    }
    if (io->wants_room && io->fd >= 0 && (bits & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) {
        mx_atomic_bump(&worker->stats.writes, 1);
        io->wants_room = false;
        io->events->room(io);
        net_worker_flush(worker);
        quieten(io);
    }
    if (io->fd >= 0 && !io->is_connecting &&
        (bits & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) != 0) {
        mx_atomic_bump(&worker->stats.reads, 1);
        io->is_readable = true;
        io->is_drained = false;
        io->has_ended = io->has_ended || (bits & (EPOLLRDHUP | EPOLLERR | EPOLLHUP)) != 0;
        (void)net_epoll_receive(io);
    }
}

void
net_epoll_turn(struct mx_worker *worker, int timeout_ms)
{
    struct epoll_event events[BATCH] MX_UNINITIALIZED;
    worker->counts.waits++;
    int count = worker->ops->wait(worker->epoll_fd, events, BATCH, timeout_ms);
    MX_ASSERT(count >= 0 || count == -EINTR);
    net_worker_awake(worker, count > 0 ? count : 0);
    for (int i = 0; i < count; i++) {
        struct net_io *io = events[i].data.ptr;
        if (io != NULL && io->fd >= 0) { /* NULL: only woken; -1: closed by one served before */
            serve(io, events[i].events);
            net_worker_flush(worker);
        }
    }
}

const struct net_engine net_engine_epoll = {
    .open = net_epoll_open,
    .close = net_epoll_close,
    .turn = net_epoll_turn,
    .wake = net_epoll_wake,
    .add = net_epoll_add,
    .watch = net_epoll_watch,
    .drop = net_epoll_drop,
    .receive = net_epoll_receive,
    .want_room = net_epoll_want_room,
};
