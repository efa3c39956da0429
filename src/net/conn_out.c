/*
 * What leaves a connection. Writes of one callback are gathered in a slot of the worker (parts of
 * the presented input by reference, others copied) and leave in one send when it returns; only
 * what the socket did not take goes to chunks from the pool.
 */
#include "net/conn.h"

#include "base/pool.h"

#include <errno.h>
#include <string.h>

#define PUSH_IOVS  32
#define CHUNK_LEN  ((size_t)16 * 1024)
#define CORK_LIMIT ((size_t)64 * 1024)

struct net_chunk {
    struct net_chunk *next;
    uint32_t capacity; /* of the whole chunk, this head included */
    uint32_t start;
    uint32_t end;
    uint32_t is_secret;
    uint8_t bytes[];
};

static size_t
chunk_room(const struct net_chunk *chunk)
{
    return chunk->capacity - sizeof(*chunk) - chunk->end;
}

static void
note_full(struct mx_conn *conn)
{
    if (conn->high > 0 && conn->out_len >= conn->high) {
        conn->is_full = true;
    }
}

static void
append(struct mx_conn *conn, const uint8_t *bytes, size_t len)
{
    conn->out_len += len;
    while (len > 0) {
        struct net_chunk *last = conn->out_last;
        if (last == NULL || chunk_room(last) == 0) {
            size_t capacity = 0;
            size_t need = mx_min_size(len + sizeof(*last), CHUNK_LEN);
            last = base_pool_get(need, &capacity);
            *last = (struct net_chunk){.capacity = (uint32_t)capacity};
            if (conn->out_last != NULL) {
                conn->out_last->next = last;
            } else {
                conn->out_first = last;
            }
            conn->out_last = last;
        }
        size_t part = mx_min_size(len, chunk_room(last));
        last->is_secret |= conn->secret_write;
        memcpy(last->bytes + last->end, bytes, part);
        last->end += (uint32_t)part;
        bytes += part;
        len -= part;
    }
}

static void
drop_first(struct mx_conn *conn)
{
    struct net_chunk *chunk = conn->out_first;
    conn->out_first = chunk->next;
    if (conn->out_first == NULL) {
        conn->out_last = NULL;
    }
    if (chunk->is_secret != 0) {
        explicit_bzero(chunk->bytes, chunk->end);
    }
    base_pool_put(chunk, chunk->capacity);
}

static void
release_gather(struct mx_conn *conn)
{
    if (conn->gather != 0) {
        struct net_gather *slot = &conn->io.worker->gather[conn->gather - 1];
        if (slot->is_secret) {
            explicit_bzero(slot->copy, slot->copied);
            slot->is_secret = false;
        }
        slot->conn = NULL;
        conn->gather = 0;
        conn->io.worker->gather_count--;
        conn->io.worker->gather_now -= !slot->is_late;
    }
}

void
net_conn_drop_output(struct mx_conn *conn)
{
    release_gather(conn);
    while (conn->out_first != NULL) {
        drop_first(conn);
    }
    conn->out_len = 0;
    conn->below_len = 0;
    conn->io.is_clearing = false;
}

/* Bytes that the socket took; 0 when it takes nothing now; -1: the connection is broken. */
static ssize_t
offer(struct mx_conn *conn, struct net_layer *layer, struct iovec *iov, int count)
{
    conn->io.worker->counts.sends++;
    ssize_t taken = 0;
    do {
        taken = layer->ops->send(&conn->io, layer, iov, count);
    } while (taken == -EINTR);
    if (taken == -EAGAIN) {
        return 0;
    }
    if (taken < 0) {
        conn->failed_sending = true;
        net_conn_break_io(conn, "sending", (int)-taken);
        return -1;
    }
    conn->bytes_out += (uint64_t)taken;
    conn->active_ms = mx_now_ms();
    return taken;
}

static void
took_from_queue(struct mx_conn *conn, size_t taken)
{
    conn->out_len -= taken;
    while (taken > 0) {
        struct net_chunk *chunk = conn->out_first;
        size_t part = mx_min_size(taken, chunk->end - chunk->start);
        chunk->start += (uint32_t)part;
        taken -= part;
        if (chunk->start == chunk->end) {
            drop_first(conn);
        }
    }
}

/* Offers the head of the queue, `limit` bytes at most. False: the socket takes no more. */
static bool
push_part(struct mx_conn *conn, struct net_layer *layer, size_t limit)
{
    struct iovec iov[PUSH_IOVS] MX_UNINITIALIZED;
    int count = 0;
    size_t len = 0;
    bool is_secret = false;
    for (struct net_chunk *c = conn->out_first; c != NULL && count < PUSH_IOVS && len < limit;
         c = c->next) {
        is_secret = is_secret || c->is_secret != 0;
        iov[count].iov_base = c->bytes + c->start;
        iov[count].iov_len = mx_min_size(c->end - c->start, limit - len);
        len += iov[count++].iov_len;
    }
    conn->io.sends_secret = is_secret;
    ssize_t taken = offer(conn, layer, iov, count);
    if (taken < 0) {
        return false;
    }
    took_from_queue(conn, (size_t)taken);
    return (size_t)taken == len;
}

static bool
is_over(const struct mx_conn *conn)
{
    return conn->state == NET_CONN_BROKEN || conn->state == NET_CONN_DEAD;
}

/* What was written before the top layer was put on goes around it. */
static bool
push_below(struct mx_conn *conn)
{
    while (conn->below_len > 0) {
        size_t before = conn->out_len;
        bool goes_on = push_part(conn, conn->io.layer->below, conn->below_len);
        if (is_over(conn)) {
            return false;
        }
        conn->below_len -= before - conn->out_len;
        conn->io.is_clearing = conn->below_len > 0;
        if (!goes_on) {
            return false;
        }
    }
    return true;
}

void
net_conn_push(struct mx_conn *conn)
{
    bool goes_on = push_below(conn);
    while (goes_on && conn->out_len > 0) {
        goes_on = push_part(conn, conn->io.layer, conn->out_len);
    }
    if (is_over(conn)) {
        return;
    }
    if (conn->out_len > 0) {
        conn->io.worker->engine->want_room(&conn->io);
    }
    note_full(conn);
}

void
net_conn_tell_drained(struct mx_conn *conn)
{
    conn->owes_drained = false;
    if (conn->is_full && conn->out_len <= conn->low && conn->state == NET_CONN_OPEN) {
        conn->is_full = false;
        if (conn->ops->drained != NULL) {
            conn->ops->drained(conn, conn->owner);
        }
    }
}

void
net_conn_room(struct net_io *io)
{
    struct mx_conn *conn = net_conn_of(io);
    if (io->receive_waits_room) {
        io->receive_waits_room = false;
        io->is_readable = true;
        net_io_again(io);
    }
    net_conn_push(conn);
    if (conn->state == NET_CONN_LINGERING && conn->out_len == 0) {
        net_conn_die(conn);
        return;
    }
    net_conn_tell_drained(conn);
}

/* What the socket did not take is kept. */
static void
end_gather(struct mx_conn *conn, size_t skip)
{
    struct net_gather *slot = &conn->io.worker->gather[conn->gather - 1];
    if (skip < slot->len) {
        conn->secret_write = slot->is_secret;
        for (int i = 0; i < slot->count; i++) {
            size_t part = mx_min_size(skip, slot->iov[i].iov_len);
            skip -= part;
            append(conn, (const uint8_t *)slot->iov[i].iov_base + part,
                   slot->iov[i].iov_len - part);
        }
        conn->secret_write = false;
        conn->io.worker->engine->want_room(&conn->io);
        note_full(conn);
    }
    release_gather(conn);
}

static void
send_gather(struct mx_conn *conn)
{
    struct net_gather *slot = &conn->io.worker->gather[conn->gather - 1];
    struct iovec iov[NET_GATHER_IOVS] MX_UNINITIALIZED;
    memcpy(iov, slot->iov, sizeof(iov[0]) * (size_t)slot->count);
    conn->io.sends_secret = slot->is_secret;
    ssize_t taken = offer(conn, conn->io.layer, iov, slot->count);
    if (taken < 0) {
        return; /* the slot went with the rest of the output */
    }
    end_gather(conn, (size_t)taken);
}

void
net_worker_flush(struct mx_worker *worker)
{
    for (size_t i = 0; i < NET_GATHER_SLOTS && worker->gather_now > 0; i++) {
        if (worker->gather[i].conn != NULL && !worker->gather[i].is_late) {
            send_gather(worker->gather[i].conn);
        }
    }
}

void
net_worker_flush_all(struct mx_worker *worker)
{
    for (size_t i = 0; i < NET_GATHER_SLOTS && worker->gather_count > 0; i++) {
        if (worker->gather[i].conn != NULL) {
            send_gather(worker->gather[i].conn);
        }
    }
}

static void
not_late(struct mx_worker *worker, struct net_gather *slot)
{
    if (slot->is_late) {
        slot->is_late = false;
        worker->gather_now++;
    }
}

void
net_conn_send_late(struct mx_conn *conn)
{
    struct mx_worker *worker = conn->io.worker;
    if (worker != NULL && conn->gather != 0 && worker->gather[conn->gather - 1].is_late) {
        not_late(worker, &worker->gather[conn->gather - 1]);
        send_gather(conn);
    }
}

void
net_conn_sent(struct mx_conn *conn)
{
    struct net_gather *slot = &conn->io.worker->gather[conn->gather - 1];
    ssize_t result = slot->result;
    if (result < 0 && result != -EAGAIN && result != -EINTR) {
        not_late(conn->io.worker, slot);
        conn->failed_sending = true;
        net_conn_break_io(conn, "sending", (int)-result);
        return;
    }
    size_t taken = result > 0 ? (size_t)result : 0;
    conn->bytes_out += taken;
    conn->active_ms = mx_now_ms();
    end_gather(conn, taken);
}

static struct net_gather *
gather_for(struct mx_conn *conn)
{
    struct mx_worker *worker = conn->io.worker;
    if (conn->gather != 0) {
        return &worker->gather[conn->gather - 1];
    }
    if (worker->gather_count == NET_GATHER_SLOTS) {
        send_gather(worker->gather[0].conn);
    }
    uint32_t i = worker->gather_count; /* free as a rule */
    while (worker->gather[i].conn != NULL) {
        i = (i + 1) % NET_GATHER_SLOTS;
    }
    struct net_gather *slot = &worker->gather[i];
    slot->conn = conn;
    slot->count = 0;
    slot->len = 0;
    slot->copied = 0;
    slot->is_late = conn->io.ring != 0 && conn->io.layer == &net_layer_plain;
    worker->gather_now += !slot->is_late;
    conn->gather = (uint8_t)(i + 1);
    worker->gather_count++;
    return slot;
}

static bool
is_input(const struct mx_worker *worker, const uint8_t *bytes, size_t len)
{
    uintptr_t start = (uintptr_t)worker->input;
    uintptr_t at = (uintptr_t)bytes;
    return worker->input != NULL && at >= start && at - start <= worker->input_len &&
           len <= worker->input_len - (at - start);
}

/* Adds a part, to the one before when it lies behind it in memory. */
static void
add_part(struct net_gather *slot, const void *bytes, size_t len)
{
    if (slot->count > 0) {
        struct iovec *last = &slot->iov[slot->count - 1];
        if ((const uint8_t *)last->iov_base + last->iov_len == bytes) {
            last->iov_len += len;
            slot->len += len;
            return;
        }
    }
    struct iovec *part = &slot->iov[slot->count++];
    memcpy(&part->iov_base, &bytes, sizeof(bytes)); /* only ever read; iovec knows no const */
    part->iov_len = len;
    slot->len += len;
}

static bool
must_queue(const struct mx_conn *conn)
{
    return conn->state != NET_CONN_OPEN || conn->is_corked || conn->out_len > 0;
}

static void
enqueue(struct mx_conn *conn, const uint8_t *bytes, size_t len)
{
    append(conn, bytes, len);
    if (conn->is_corked && conn->state == NET_CONN_OPEN && !conn->io.wants_room &&
        conn->out_len >= CORK_LIMIT) {
        net_conn_push(conn);
    }
    note_full(conn);
}

void
mx_conn_write(struct mx_conn *conn, const void *bytes, size_t len)
{
    if ((conn->state != NET_CONN_OPEN && conn->state != NET_CONN_CONNECTING) || len == 0) {
        return;
    }
    if (must_queue(conn)) {
        enqueue(conn, bytes, len);
        return;
    }
    struct net_gather *slot = gather_for(conn);
    slot->is_secret = slot->is_secret || conn->secret_write;
    if (conn->secret_write) {
        not_late(conn->io.worker, slot);
    }
    if (is_input(conn->io.worker, bytes, len)) {
        if (conn->io.worker->arrival == NULL) {
            not_late(conn->io.worker, slot);
        }
        add_part(slot, bytes, len);
    } else if (len <= NET_GATHER_COPIED - slot->copied) {
        uint8_t *copy = slot->copy + slot->copied;
        memcpy(copy, bytes, len);
        slot->copied += len;
        add_part(slot, copy, len);
    } else {
        /* The caller's memory is his again after this call: out it goes. */
        add_part(slot, bytes, len);
        send_gather(conn);
        return;
    }
    if (slot->count == NET_GATHER_IOVS) {
        send_gather(conn);
    }
}

void
mx_conn_write_secret(struct mx_conn *conn, const void *bytes, size_t len)
{
    conn->secret_write = true;
    mx_conn_write(conn, bytes, len);
    conn->secret_write = false;
}

void
mx_conn_writev(struct mx_conn *conn, const struct iovec *iov, int count)
{
    for (int i = 0; i < count; i++) {
        mx_conn_write(conn, iov[i].iov_base, iov[i].iov_len);
    }
}

void
mx_conn_flush(struct mx_conn *conn)
{
    if (conn->gather != 0) {
        send_gather(conn);
    } else if (conn->state == NET_CONN_OPEN && conn->out_len > 0 && !conn->io.wants_room) {
        net_conn_push(conn);
    }
    if (conn->is_full && conn->out_len <= conn->low && conn->state == NET_CONN_OPEN) {
        conn->owes_drained = true;
        net_io_again(&conn->io);
    }
}

void
mx_conn_cork(struct mx_conn *conn)
{
    if (conn->gather != 0) {
        send_gather(conn);
    }
    conn->is_corked = true;
}

void
mx_conn_uncork(struct mx_conn *conn)
{
    if (conn->is_corked) {
        conn->is_corked = false;
        mx_conn_flush(conn);
    }
}

static size_t
gathered(const struct mx_conn *conn)
{
    return conn->gather != 0 ? conn->io.worker->gather[conn->gather - 1].len : 0;
}

size_t
mx_conn_queued(const struct mx_conn *conn)
{
    return conn->out_len + gathered(conn);
}

void
mx_conn_set_water(struct mx_conn *conn, size_t high_bytes, size_t low_bytes)
{
    conn->high = (uint32_t)mx_min_size(high_bytes, UINT32_MAX);
    conn->low = (uint32_t)mx_min_size(low_bytes, high_bytes > 0 ? conn->high - 1 : 0);
    note_full(conn);
    if (conn->is_full && (conn->high == 0 || conn->out_len <= conn->low)) {
        conn->owes_drained = true;
        net_io_again(&conn->io);
    }
}

bool
mx_conn_is_full(struct mx_conn *conn)
{
    if (conn->high > 0 && !conn->is_full && mx_conn_queued(conn) >= conn->high) {
        mx_conn_flush(conn);
    }
    return conn->is_full;
}
