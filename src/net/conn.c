/* The life of a connection: adopt, break, close, end; and what may be asked about it. */
#include "net/conn.h"

#include "base/pool.h"
#include "net/loop.h"
#include "net/tls.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define INPUT_LIMIT_DEFAULT ((size_t)64 * 1024 * 1024)
/* Receives after a failed send, to hear why the peer left. */
#define LAST_WORDS 16

struct net_linger {
    struct mx_timer timer;
    struct mx_conn *conn;
};

struct mx_conn *
net_conn_new(const struct mx_conn_ops *ops, void *owner)
{
    struct mx_worker *worker = mx_worker_self();
    MX_ASSERT(worker != NULL);
    size_t capacity = 0;
    struct mx_conn *conn = base_pool_get(sizeof(*conn), &capacity);
    *conn = (struct mx_conn){
        .magic = NET_CONN_MAGIC,
        .io = {.fd = -1, .events = &net_conn_events, .layer = &net_layer_plain, .worker = worker},
        .ops = ops,
        .owner = owner,
        .input_limit = INPUT_LIMIT_DEFAULT,
        .high = 65536,
        .low = 1024,
        .active_ms = mx_now_ms(),
    };
    mx_list_append(&worker->conns, &conn->node);
    return conn;
}

struct mx_conn *
mx_conn_adopt(int fd, const struct sockaddr *peer, const struct mx_conn_ops *ops, void *owner)
{
    struct mx_conn *conn = net_conn_new(ops, owner);
    struct mx_worker *worker = conn->io.worker;
    conn->state = NET_CONN_OPEN;
    conn->io.fd = fd;
    net_peer_set(&conn->peer, peer);
    conn->is_unix = conn->peer.family == AF_UNIX;
    conn->io.is_noisy = conn->is_unix;
    mx_atomic_bump(&worker->stats.descriptors, 1);
    mx_atomic_bump(&worker->stats.descriptors_total, 1);
    int rc = worker->engine->add(&conn->io);
    if (rc != 0) {
        net_conn_break(conn, NET_CODE_LOST, "cannot watch the connection: %s",
                       strerrordesc_np(-rc));
    }
    return conn;
}

static void
break_with(struct mx_conn *conn, struct mx_err *why)
{
    struct mx_worker *worker = conn->io.worker;
    net_conn_send_late(conn);
    if (conn->state == NET_CONN_BROKEN) {
        free(why);
        return;
    }
    if (conn->state == NET_CONN_CONNECTING) {
        net_connect_free(conn);
    }
    conn->state = NET_CONN_BROKEN;
    conn->why = why;
    mx_atomic_bump(why->code == 0 ? &worker->stats.hangups : &worker->stats.errors, 1);
    net_conn_drop_output(conn);
    mx_list_append(&worker->closing, &conn->end);
}

void
net_conn_break(struct mx_conn *conn, uint16_t code, const char *format, ...)
{
    if (conn->state == NET_CONN_LINGERING) {
        net_conn_die(conn);
        return;
    }
    if (conn->state != NET_CONN_CONNECTING && conn->state != NET_CONN_OPEN) {
        return;
    }
    struct mx_err *why = mx_calloc(1, sizeof(*why));
    char text[MX_ERR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    (void)mx_err_set(why, code, "HY000", "%s", text);
    break_with(conn, why);
}

void
net_conn_break_io(struct mx_conn *conn, const char *doing, int error)
{
    const struct net_layer *layer = conn->io.layer;
    while (layer->below != NULL && layer->ops->problem == NULL) {
        layer = layer->below;
    }
    if (error == EPROTO && layer->ops->problem != NULL) {
        net_conn_break(conn, NET_CODE_TLS, "%s", layer->ops->problem(layer));
    } else {
        net_conn_break(conn, NET_CODE_LOST, "%s failed: %s", doing, strerrordesc_np(error));
    }
}

void
mx_conn_fail(struct mx_conn *conn, const struct mx_err *why)
{
    if (conn->state == NET_CONN_CONNECTING || conn->state == NET_CONN_OPEN) {
        struct mx_err *copy = mx_alloc(sizeof(*copy));
        *copy = *why;
        break_with(conn, copy);
    }
}

static void
free_linger(struct mx_conn *conn)
{
    struct net_linger *linger = mx_container_of(conn->linger, struct net_linger, timer);
    mx_timer_stop(&linger->timer);
    free(linger);
}

void
net_conn_die(struct mx_conn *conn)
{
    struct mx_worker *worker = conn->io.worker;
    net_conn_send_late(conn);
    if (conn->state == NET_CONN_CONNECTING) {
        net_connect_free(conn);
        conn->why = NULL;
    } else if (conn->state == NET_CONN_LINGERING) {
        free_linger(conn);
        conn->why = NULL;
    } else if (conn->state == NET_CONN_OPEN) {
        conn->why = NULL;
    }
    conn->state = NET_CONN_DEAD;
    net_conn_drop_output(conn);
    for (struct net_layer *layer = conn->io.layer; layer != NULL; layer = layer->below) {
        if (layer->ops->shutdown != NULL) {
            layer->ops->shutdown(&conn->io, layer);
        }
    }
    worker->engine->drop(&conn->io);
    if (conn->io.fd >= 0) {
        (void)close(conn->io.fd);
        conn->io.fd = -1;
        mx_atomic_bump(&worker->stats.descriptors, -1);
    }
    mx_list_remove(&conn->node);
    mx_list_remove(&conn->end);
    mx_list_append(&worker->dead, &conn->end);
}

void
mx_conn_abort(struct mx_conn *conn)
{
    if (conn != NULL && conn->state != NET_CONN_DEAD && conn->state != NET_CONN_LINGERING) {
        MX_CHECK_MAGIC(conn, NET_CONN_MAGIC);
        net_conn_die(conn);
    }
}

static void
linger_ended(struct mx_timer *timer)
{
    struct net_linger *linger = mx_container_of(timer, struct net_linger, timer);
    net_conn_die(linger->conn);
}

/*
 * Closing a socket with unread bytes makes the kernel reset the connection, and the peer may lose
 * what we sent last: usually the very error that explains the end.
 */
static void
discard_input(struct mx_conn *conn)
{
    if (conn->io.is_readable && !conn->io.is_drained && conn->bytes_out > 0) {
        ssize_t got = recv(conn->io.fd, conn->io.worker->scratch, NET_SCRATCH_LEN, MSG_DONTWAIT);
        (void)got;
    }
}

void
mx_conn_close(struct mx_conn *conn)
{
    if (conn == NULL || conn->state != NET_CONN_OPEN) {
        mx_conn_abort(conn);
        return;
    }
    mx_conn_flush(conn);
    if (conn->state == NET_CONN_OPEN && conn->out_len > 0) {
        struct net_linger *linger = mx_calloc(1, sizeof(*linger));
        linger->conn = conn;
        conn->state = NET_CONN_LINGERING;
        conn->linger = &linger->timer;
        mx_timer_start(&linger->timer, linger_ended, NET_CONN_LINGER_MS);
        return;
    }
    if (conn->state == NET_CONN_OPEN) {
        discard_input(conn);
    }
    if (conn->state != NET_CONN_DEAD) {
        net_conn_die(conn);
    }
}

/* What the peer sent before it stopped taking bytes tells more than "broken pipe". */
static void
hear_last_words(struct mx_conn *conn)
{
    conn->want = 0;
    for (int i = 0; i < LAST_WORDS && conn->state == NET_CONN_BROKEN && !conn->is_paused; i++) {
        if (conn->io.worker->engine->receive(&conn->io) == 0) {
            break;
        }
        net_worker_flush(conn->io.worker);
    }
}

void
net_conns_end(struct mx_worker *worker)
{
    while (!mx_list_is_empty(&worker->closing)) {
        struct mx_conn *conn = mx_container_of(worker->closing.next, struct mx_conn, end);
        mx_list_remove(&conn->end);
        if (conn->failed_sending && conn->io.fd >= 0) {
            hear_last_words(conn);
        }
        if (conn->state != NET_CONN_BROKEN) {
            continue; /* its owner closed it while listening */
        }
        net_conn_die(conn); /* first, so that calls made by `closed` find it so */
        conn->ops->closed(conn, conn->owner, conn->why);
        net_worker_flush(worker);
    }
}

static void
free_layers(struct mx_conn *conn)
{
    net_tls_drop_prepared(conn);
    while (conn->io.layer->below != NULL) {
        struct net_layer *layer = conn->io.layer;
        conn->io.layer = layer->below;
        layer->ops->free(layer);
    }
}

void
net_conn_add_layer(struct mx_conn *conn, struct net_layer *layer)
{
    mx_conn_flush(conn);
    if (conn->state != NET_CONN_OPEN) {
        layer->ops->free(layer);
        return;
    }
    layer->below = conn->io.layer;
    conn->io.layer = layer;
    if (conn->io.ring != 0) {
        net_uring_leave(&conn->io);
    }
    conn->below_len = conn->out_len;
    conn->io.is_clearing = conn->below_len > 0;
    conn->is_switching = conn->is_presenting;
    if (!conn->is_presenting) {
        net_conn_feed_kept(conn);
    }
}

static void
free_conn(struct mx_conn *conn)
{
    free_layers(conn);
    net_conn_forget_kept(conn);
    free(conn->why);
    conn->magic = 0;
    base_pool_put(conn, NET_CONN_POOL_SIZE);
}

void
net_conns_free_dead(struct mx_worker *worker)
{
    while (!mx_list_is_empty(&worker->dead)) {
        struct mx_conn *conn = mx_container_of(worker->dead.next, struct mx_conn, end);
        mx_list_remove(&conn->end);
        free_conn(conn);
    }
}

void
net_conns_drop(struct mx_worker *worker)
{
    while (!mx_list_is_empty(&worker->conns)) {
        net_conn_die(mx_container_of(worker->conns.next, struct mx_conn, node));
    }
    net_conns_free_dead(worker);
}

static void
told_again(struct net_io *io)
{
    struct mx_conn *conn = net_conn_of(io);
    if (io->send_has_turn) {
        io->send_has_turn = false;
        net_conn_room(io);
    }
    if (conn->owes_drained) {
        net_conn_tell_drained(conn);
    }
    if (conn->owes_input && !conn->is_paused && conn->state == NET_CONN_OPEN) {
        net_conn_present_kept(conn);
        net_worker_flush(io->worker);
    }
    if (conn->state == NET_CONN_OPEN && io->is_readable && (!conn->is_paused || io->has_ended)) {
        (void)io->worker->engine->receive(io);
    }
}

static void
told_hangup(struct net_io *io)
{
    struct mx_conn *conn = net_conn_of(io);
    if (conn->state == NET_CONN_OPEN && conn->ops->hangup != NULL) {
        conn->ops->hangup(conn, conn->owner);
    }
}

const struct net_io_events net_conn_events = {
    .connected = net_connect_done,
    .place = net_conn_place,
    .arrived = net_conn_arrived,
    .room = net_conn_room,
    .hangup = told_hangup,
    .again = told_again,
};

void
mx_conn_set_ops(struct mx_conn *conn, const struct mx_conn_ops *ops, void *owner)
{
    conn->ops = ops;
    conn->owner = owner;
}

void
mx_conn_set_owner(struct mx_conn *conn, void *owner)
{
    conn->owner = owner;
}

void *
mx_conn_owner(const struct mx_conn *conn)
{
    return conn->owner;
}

bool
mx_conn_is_open(const struct mx_conn *conn)
{
    return conn->state == NET_CONN_OPEN;
}

bool
mx_conn_is_alive(struct mx_conn *conn)
{
    uint8_t byte = 0;
    if (conn->state != NET_CONN_OPEN || conn->io.has_ended || conn->kept_len > 0) {
        return false;
    }
    ssize_t got = recv(conn->io.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EINTR);
}

void
net_conn_set_peer(struct mx_conn *conn, const struct net_peer *peer)
{
    conn->peer = *peer;
}

const struct net_peer *
net_conn_peer(const struct mx_conn *conn)
{
    return &conn->peer;
}

const char *
mx_conn_peer_address(const struct mx_conn *conn, char *out, size_t size)
{
    return net_peer_text(&conn->peer, out, size);
}

uint16_t
mx_conn_peer_port(const struct mx_conn *conn)
{
    return conn->peer.port;
}

bool
mx_conn_is_unix(const struct mx_conn *conn)
{
    return conn->is_unix;
}

int
mx_conn_fd(const struct mx_conn *conn)
{
    return conn->io.fd;
}

uint64_t
mx_conn_bytes_in(const struct mx_conn *conn)
{
    return conn->bytes_in;
}

uint64_t
mx_conn_bytes_out(const struct mx_conn *conn)
{
    return conn->bytes_out;
}

int64_t
mx_conn_last_active_ms(const struct mx_conn *conn)
{
    return conn->active_ms;
}
