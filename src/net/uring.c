/* The ring of a worker: made, entered, and its buffers. */
#include "net/uring.h"

#include <errno.h>
#include <linux/time_types.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ENTRIES         256u
#define CQ_ENTRIES      2048u
#define BUFFER_STEP     (NET_URING_BUFFER_LEN + 128) /* not all at the same place of the cache */
#define FEATURES        (IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG | IORING_FEAT_CQE_SKIP)
#define SQES_LEN        (ENTRIES * sizeof(struct io_uring_sqe))
#define BUFFER_RING_LEN (NET_URING_BUFFERS * sizeof(struct io_uring_buf))
#define FIRST_SLOTS     64u

/* Of kernels later than the headers may be. */
#define FEATURE_NO_IOWAIT (1u << 17)
#define ENTER_NO_IOWAIT   (1u << 7)

int
net_uring_enter(struct net_uring *ring, uint32_t wait, uint32_t flags, int timeout_ms)
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

void
net_uring_submit(struct net_uring *ring)
{
    while (ring->queued > 0) {
        int rc = net_uring_enter(ring, 0, 0, 0);
        MX_ASSERT(rc == 0 || rc == -EINTR || rc == -EAGAIN || rc == -EBUSY || rc == -ENOMEM);
    }
}

struct io_uring_sqe *
net_uring_next(struct net_uring *ring)
{
    if (ring->queued == ENTRIES) {
        net_uring_submit(ring);
    }
    struct io_uring_sqe *sqe = &ring->sqes[ring->tail++ & (ENTRIES - 1)];
    memset(sqe, 0, sizeof(*sqe));
    ring->queued++;
    return sqe;
}

bool
net_uring_is_owner(const struct net_uring *ring)
{
    return pthread_equal(ring->owner, pthread_self()) != 0;
}

void
net_uring_enable(struct net_uring *ring)
{
    long rc = syscall(__NR_io_uring_register, ring->fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
    MX_ASSERT(rc == 0);
    ring->owner = pthread_self();
    ring->is_enabled = true;
}

/* ------------------------------------------------------------ buffers */

static void
give_buffer(struct net_uring *ring, uint16_t id)
{
    struct io_uring_buf *buf =
        &ring->buffer_ring->bufs[ring->buffer_tail & (NET_URING_BUFFERS - 1)];
    buf->addr = (uint64_t)(uintptr_t)(ring->buffers + id * BUFFER_STEP);
    buf->len = NET_URING_BUFFER_LEN;
    buf->bid = id;
    ring->buffer_tail++;
}

static void
publish_buffers(struct net_uring *ring)
{
    __atomic_store_n(&ring->buffer_ring->tail, ring->buffer_tail, __ATOMIC_RELEASE);
}

uint8_t *
net_uring_hold_buffer(struct net_uring *ring, const struct io_uring_cqe *cqe)
{
    if ((cqe->flags & IORING_CQE_F_BUFFER) == 0) {
        return NULL;
    }
    uint16_t id = (uint16_t)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
    ring->held[ring->held_count++] = id;
    return ring->buffers + id * BUFFER_STEP;
}

void
net_uring_release_buffers(struct net_uring *ring)
{
    if (ring->held_count > 0) {
        for (uint32_t i = 0; i < ring->held_count; i++) {
            give_buffer(ring, ring->held[i]);
        }
        ring->held_count = 0;
        publish_buffers(ring);
    }
}

/* ------------------------------------------------------------ life */

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
    int rc = net_uring_enter(ring, 0, 0, 0);
    return rc == -EBADFD ? 0 : rc;
}

static int
register_buffers(struct net_uring *ring)
{
    struct io_uring_buf_reg reg = {.ring_addr = (uint64_t)(uintptr_t)ring->buffer_ring,
                                   .ring_entries = NET_URING_BUFFERS};
    if (syscall(__NR_io_uring_register, ring->fd, IORING_REGISTER_PBUF_RING, &reg, 1) != 0) {
        return -errno;
    }
    ring->buffers = mx_alloc(NET_URING_BUFFERS * BUFFER_STEP);
    for (uint16_t i = 0; i < NET_URING_BUFFERS; i++) {
        give_buffer(ring, i);
    }
    publish_buffers(ring);
    return 0;
}

int
net_uring_open(struct net_uring *ring)
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
    ring->slot_capacity = FIRST_SLOTS;
    ring->slot_count = 1;
    ring->slots = mx_calloc(ring->slot_capacity, sizeof(*ring->slots));
    return 0;
}

void
net_uring_close(struct net_uring *ring)
{
    if (ring == NULL) {
        return;
    }
    if (ring->fd >= 0) {
        (void)close(ring->fd);
    }
    unmap(ring->rings, ring->rings_len);
    unmap(ring->sqes, SQES_LEN);
    unmap(ring->buffer_ring, BUFFER_RING_LEN);
    free(ring->buffers);
    free(ring->slots);
    free(ring);
}
