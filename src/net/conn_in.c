/*
 * What arrives on a connection. Bytes are received into the worker's scratch buffer and presented
 * there; what had been kept is put in front of them. Only when much is kept or wanted do they go
 * straight behind the kept bytes, so that a large packet is copied at most when its buffer grows.
 */
#include "net/conn.h"

#include "base/pool.h"
#include "net/tls.h"

#include <string.h>

/* Up to here kept and new bytes are put together in the scratch buffer. */
#define SMALL_KEPT ((size_t)64 * 1024)
#define STEP       ((size_t)64 * 1024)

static bool
is_receiving(const struct mx_conn *conn)
{
    return !conn->is_paused && (conn->state == NET_CONN_OPEN ||
                                (conn->state == NET_CONN_BROKEN && conn->failed_sending));
}

/* What is kept is to be presented before more is received: what nobody has looked at would pile up.
 */
static bool
owes_first(const struct mx_conn *conn)
{
    return conn->owes_input && conn->kept_len > 0 && conn->state == NET_CONN_OPEN;
}

static bool
goes_direct(const struct mx_conn *conn)
{
    return conn->kept_len > 0 && mx_max_size(conn->want, conn->kept_len) > SMALL_KEPT;
}

/* The chunk of the kept bytes goes back to the pool. */
static void
put_kept(struct mx_conn *conn)
{
    if (conn->secret_input && conn->kept != NULL) {
        explicit_bzero(conn->kept, conn->kept_capacity);
    }
    base_pool_put(conn->kept, conn->kept_capacity);
}

/* Bytes that `data` did not take go to a chunk of their own; they may lie in the old one. */
static void
keep(struct mx_conn *conn, const uint8_t *bytes, size_t len)
{
    size_t capacity = 0;
    uint8_t *chunk = base_pool_get(len, &capacity);
    memcpy(chunk, bytes, len);
    put_kept(conn);
    conn->kept = chunk;
    conn->kept_len = len;
    conn->kept_capacity = capacity;
}

/* What was kept for later need not stay there as well. */
static void
clear_scratch(struct mx_conn *conn, uint8_t *bytes, size_t len)
{
    if (conn->secret_input) {
        explicit_bzero(bytes, len);
    }
}

void
net_conn_forget_kept(struct mx_conn *conn)
{
    put_kept(conn);
    conn->kept = NULL;
    conn->kept_len = 0;
    conn->kept_capacity = 0;
}

/* Room behind the kept bytes; doubles, so that a claimed length costs memory only as it comes. */
static size_t
place_direct(struct mx_conn *conn, uint8_t **out)
{
    bool is_known = conn->want > conn->kept_len;
    size_t need = is_known ? conn->want - conn->kept_len : STEP;
    if (conn->kept_capacity - conn->kept_len < mx_min_size(need, 4096)) {
        size_t target = mx_max_size(conn->kept_len * 2, conn->kept_len + STEP);
        if (is_known) {
            target = mx_min_size(target, conn->want);
        }
        size_t capacity = 0;
        uint8_t *bigger = base_pool_get(target, &capacity);
        memcpy(bigger, conn->kept, conn->kept_len);
        put_kept(conn);
        conn->kept = bigger;
        conn->kept_capacity = capacity;
    }
    *out = conn->kept + conn->kept_len;
    return conn->kept_capacity - conn->kept_len;
}

size_t
net_conn_place(struct net_io *io, uint8_t **out)
{
    struct mx_conn *conn = net_conn_of(io);
    if (!is_receiving(conn) || owes_first(conn)) {
        return 0;
    }
    if (goes_direct(conn)) {
        return place_direct(conn, out);
    }
    /* The kept bytes are put in front when something has arrived behind their place. */
    *out = io->worker->scratch + conn->kept_len;
    return NET_SCRATCH_LEN - conn->kept_len;
}

/* The top layer looks at them in its turn. */
void
net_conn_feed(struct mx_conn *conn, const uint8_t *bytes, size_t len)
{
    if (len > 0) {
        conn->io.layer->ops->feed(conn->io.layer, bytes, len);
        conn->io.is_readable = true;
        net_io_again(&conn->io);
    }
}

void
net_conn_feed_kept(struct mx_conn *conn)
{
    net_conn_feed(conn, conn->kept, conn->kept_len);
    net_conn_forget_kept(conn);
    conn->owes_input = false;
}

/* Hands `len` bytes at `bytes` (scratch, or the kept chunk itself) to the owner. */
static void
present(struct mx_conn *conn, uint8_t *bytes, size_t len)
{
    struct mx_worker *worker = conn->io.worker;
    bool is_kept = bytes == conn->kept;
    bool was_secret = conn->secret_input;
    conn->want = 0;
    conn->owes_input = false;
    worker->input = bytes;
    worker->input_len = len;
    conn->is_presenting = true;
    size_t used = conn->ops->data(conn, conn->owner, bytes, len);
    conn->is_presenting = false;
    MX_ASSERT(used <= len);
    net_worker_flush(worker); /* what it wrote may lie in these bytes */
    worker->input = NULL;
    worker->input_len = 0;
    if (was_secret || conn->secret_input) {
        net_worker_flush_all(worker);
        explicit_bzero(bytes, used);
    }
    if (conn->state == NET_CONN_DEAD || conn->state == NET_CONN_LINGERING) {
        return; /* the chunk goes with the connection */
    }
    size_t rest = len - used;
    if (conn->is_switching) {
        conn->is_switching = false;
        net_conn_feed(conn, bytes + used, rest);
        rest = 0;
    }
    if (rest == 0) {
        net_conn_forget_kept(conn);
    } else if (!is_kept || (used > 0 && rest <= conn->kept_capacity / 4)) {
        keep(conn, bytes + used, rest);
        clear_scratch(conn, bytes, len);
    } else {
        memmove(conn->kept, conn->kept + used, rest);
        conn->kept_len = rest;
    }
    if (conn->want > 0 && conn->want <= rest && !conn->owes_input) {
        conn->owes_input = true; /* what it asked for is there already */
        net_io_again(&conn->io);
    }
}

void
net_conn_present_kept(struct mx_conn *conn)
{
    conn->owes_input = false;
    if (conn->kept_len > 0 && conn->kept_len >= conn->want) {
        present(conn, conn->kept, conn->kept_len);
    }
}

void
net_conn_stash(struct mx_conn *conn, const uint8_t *bytes, size_t len)
{
    if (conn->state != NET_CONN_OPEN) {
        return;
    }
    size_t capacity = 0;
    uint8_t *chunk = base_pool_get(conn->kept_len + len, &capacity);
    if (conn->kept_len > 0) {
        memcpy(chunk, conn->kept, conn->kept_len);
    }
    memcpy(chunk + conn->kept_len, bytes, len);
    put_kept(conn);
    conn->kept = chunk;
    conn->kept_len += len;
    conn->kept_capacity = capacity;
    conn->bytes_in += len;
}

static void
took_in(struct mx_conn *conn, size_t count)
{
    struct mx_worker *worker = conn->io.worker;
    bool is_direct = goes_direct(conn);
    size_t len = conn->kept_len + count;
    conn->bytes_in += count;
    conn->active_ms = mx_now_ms();
    if (is_direct) {
        conn->kept_len = len;
    } else if (conn->kept_len > 0) {
        memcpy(worker->scratch, conn->kept, conn->kept_len);
        net_conn_forget_kept(conn);
    }
    uint8_t *place = worker->arrival != NULL ? worker->arrival : worker->scratch;
    if (len >= conn->want) {
        present(conn, is_direct ? conn->kept : place, len);
    } else if (!is_direct) {
        keep(conn, place, len);
        clear_scratch(conn, place, len);
    }
    if (conn->kept_len >= conn->input_limit) {
        net_conn_break(conn, NET_CODE_LOST,
                       "the other side sent %zu bytes that could not be used; the limit is %zu",
                       conn->kept_len, conn->input_limit);
    }
}

void
net_conn_arrived(struct net_io *io, ssize_t count)
{
    struct mx_conn *conn = net_conn_of(io);
    if (count > 0) {
        took_in(conn, (size_t)count);
    } else if (count == 0) {
        net_conn_break(conn, 0, "the other side closed the connection");
    } else {
        net_conn_break_io(conn, "receiving", (int)-count);
    }
}

void
mx_conn_want(struct mx_conn *conn, size_t total)
{
    conn->want = total;
    if (total > conn->input_limit) {
        net_conn_break(conn, NET_CODE_LOST,
                       "the other side announced %zu bytes in one piece; the limit is %zu", total,
                       conn->input_limit);
    }
}

void
mx_conn_set_secret_input(struct mx_conn *conn, bool is_secret)
{
    conn->secret_input = is_secret;
    if (conn->tls != NULL) {
        net_tls_cleanse(conn->tls, is_secret);
    }
}

void
mx_conn_set_input_limit(struct mx_conn *conn, size_t limit_bytes)
{
    conn->input_limit = limit_bytes;
}

void
mx_conn_pause_reading(struct mx_conn *conn)
{
    conn->is_paused = true;
}

void
mx_conn_resume_reading(struct mx_conn *conn)
{
    if (!conn->is_paused) {
        return;
    }
    conn->is_paused = false;
    if (conn->state != NET_CONN_OPEN) {
        return;
    }
    conn->owes_input = conn->kept_len > 0 || conn->io.worker->input != NULL;
    if (conn->owes_input || conn->io.is_readable) {
        net_io_again(&conn->io);
    }
}

bool
mx_conn_is_paused(const struct mx_conn *conn)
{
    return conn->is_paused;
}

size_t
mx_conn_kept(const struct mx_conn *conn)
{
    return conn->kept_len;
}
