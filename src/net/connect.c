/* How an outgoing connection comes to be: name, addresses one after the other, one deadline. */
#include "net/conn.h"
#include "net/proxy.h"
#include "net/resolve.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_DEFAULT_MS 10000

struct net_connect {
    struct mx_conn *conn;
    struct mx_timer timer;
    struct net_query *query; /* while the name is looked up */
    int64_t timeout_ms;
    struct net_address local;
    struct net_peer client; /* of the PROXY header to send; family 0: none */
    size_t count;
    size_t next;
    struct net_address list[NET_RESOLVE_MAX];
    char text[300]; /* "'name' port 3306" or "'/path'": for messages */
};

void
net_connect_free(struct mx_conn *conn)
{
    struct net_connect *connect = conn->connect;
    if (connect->query != NULL) {
        net_resolve_cancel(connect->query);
    }
    mx_timer_stop(&connect->timer);
    free(connect);
    conn->connect = NULL;
}

static void
close_socket(struct mx_conn *conn)
{
    struct mx_worker *worker = conn->io.worker;
    if (conn->io.fd >= 0) {
        worker->engine->drop(&conn->io);
        (void)close(conn->io.fd);
        conn->io.fd = -1;
        conn->io.is_connecting = false;
        conn->io.watches_room = false;
        mx_atomic_bump(&worker->stats.descriptors, -1);
    }
}

static void
set_options(int fd, sa_family_t family)
{
    int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    if (family != AF_UNIX) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
}

/* 0: under way; otherwise errno. */
static int
start_socket(struct mx_conn *conn, const struct net_address *to)
{
    struct mx_worker *worker = conn->io.worker;
    struct net_connect *connect = conn->connect;
    sa_family_t family = to->storage.ss_family;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return errno;
    }
    conn->io.fd = fd;
    conn->io.is_noisy = family == AF_UNIX;
    mx_atomic_bump(&worker->stats.descriptors, 1);
    mx_atomic_bump(&worker->stats.descriptors_total, 1);
    set_options(fd, family);
    if (connect->local.len > 0 && connect->local.storage.ss_family == family &&
        bind(fd, (const struct sockaddr *)&connect->local.storage, connect->local.len) != 0) {
        return errno;
    }
    worker->counts.connects++;
    int rc = worker->ops->connect(fd, (const struct sockaddr *)&to->storage, to->len);
    if (rc != 0 && rc != -EINPROGRESS && rc != -EINTR) {
        return -rc;
    }
    net_peer_set(&conn->peer, (const struct sockaddr *)&to->storage);
    conn->is_unix = family == AF_UNIX;
    conn->io.is_connecting = true;
    rc = worker->engine->add(&conn->io);
    return rc != 0 ? -rc : 0;
}

/* Goes on with the next address; when there is none left the connection breaks. */
static void
try_next(struct mx_conn *conn, int error)
{
    struct net_connect *connect = conn->connect;
    while (connect->next < connect->count) {
        error = start_socket(conn, &connect->list[connect->next++]);
        if (error == 0) {
            return;
        }
        close_socket(conn);
    }
    char text[sizeof(connect->text)];
    memcpy(text, connect->text, sizeof(text));
    net_conn_break(conn, NET_CODE_CONNECT, "cannot connect to %s: %s", text,
                   strerrordesc_np(error));
}

static void
timed_out(struct mx_timer *timer)
{
    struct net_connect *connect = mx_container_of(timer, struct net_connect, timer);
    char text[sizeof(connect->text)];
    memcpy(text, connect->text, sizeof(text));
    net_conn_break(connect->conn, NET_CODE_CONNECT, "cannot connect to %s: no answer in %lld ms%s",
                   text, (long long)connect->timeout_ms,
                   connect->query != NULL ? " from the name servers" : "");
}

static void
resolved(void *arg, const struct net_address *list, size_t count, const struct mx_err *err)
{
    struct net_connect *connect = arg;
    connect->query = NULL;
    if (err != NULL) {
        net_conn_break(connect->conn, NET_CODE_HOST, "%s", err->text);
        return;
    }
    memcpy(connect->list, list, count * sizeof(list[0]));
    connect->count = count;
    try_next(connect->conn, 0);
}

void
net_connect_done(struct net_io *io, int error)
{
    struct mx_conn *conn = net_conn_of(io);
    if (error != 0) {
        close_socket(conn);
        try_next(conn, error);
        return;
    }
    char header[NET_PROXY_TEXT_MAX + 1];
    size_t header_len = net_proxy_encode(&conn->connect->client, &conn->peer, header);
    net_connect_free(conn);
    conn->state = NET_CONN_OPEN;
    conn->active_ms = mx_now_ms();
    if (header_len > 0) {
        MX_ASSERT(conn->out_len == 0);
        mx_conn_write(conn, header, header_len);
    }
    if (conn->ops->connected != NULL) {
        conn->ops->connected(conn, conn->owner);
    }
    if (conn->state == NET_CONN_OPEN) {
        net_conn_push(conn);
        net_conn_tell_drained(conn);
    }
}

/* Fills the list when no lookup is needed; false: the address is a name. */
static bool
fill_list(struct net_connect *connect, const struct mx_conn_target *target, const char **problem)
{
    *problem = NULL;
    if (target->address[0] == '/') {
        if (!net_address_unix(target->address, &connect->list[0])) {
            *problem = "the path is longer than the 107 bytes a socket address holds";
        }
    } else if (!net_address_parse(target->address, target->port, &connect->list[0])) {
        return false;
    }
    connect->count = 1;
    return true;
}

struct mx_conn *
mx_conn_open(const struct mx_conn_target *target, const struct mx_conn_ops *ops, void *owner)
{
    struct mx_conn *conn = net_conn_new(ops, owner);
    struct net_connect *connect = mx_calloc(1, sizeof(*connect));
    const char *problem = NULL;
    conn->connect = connect;
    connect->conn = conn;
    if (target->on_behalf_of != NULL) {
        connect->client = target->on_behalf_of->peer;
    }
    connect->timeout_ms = target->timeout_ms > 0 ? target->timeout_ms : TIMEOUT_DEFAULT_MS;
    if (target->address[0] == '/') {
        (void)snprintf(connect->text, sizeof(connect->text), "'%s'", target->address);
    } else {
        (void)snprintf(connect->text, sizeof(connect->text), "'%s' port %u", target->address,
                       (unsigned)target->port);
    }
    if (target->local_address != NULL && target->local_address[0] != '\0' &&
        !net_address_parse(target->local_address, 0, &connect->local)) {
        net_conn_break(conn, NET_CODE_CONNECT, "the local address '%s' is no IP address",
                       target->local_address);
        return conn;
    }
    mx_timer_start(&connect->timer, timed_out, connect->timeout_ms);
    if (!fill_list(connect, target, &problem)) {
        connect->query = net_resolve(target->address, target->port, resolved, connect);
    } else if (problem != NULL) {
        net_conn_break(conn, NET_CODE_CONNECT, "cannot connect to '%s': %s", target->address,
                       problem);
    } else {
        try_next(conn, 0);
    }
    return conn;
}
