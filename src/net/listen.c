/* Listening sockets of net/listen.h; and the policy that places accepted connections. */
#include "net/listen.h"

#include "mx/log.h"
#include "net/address.h"
#include "net/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Accepted in one go at most; then other events get their turn. */
#define BATCH 32
/* Turns in a row with a client each, after which more than one is accepted in one go. */
#define STREAK 4
/* How long no connection is accepted after the process ran out of descriptors. */
#define BACK_OFF_MS 200

struct net_listener {
    struct net_io io;
    net_accepted_fn accepted;
    void *arg;
    struct mx_timer back_off;
    bool is_started;
    uint32_t streak; /* turns in a row that found a client */
    int64_t turn;    /* the last one that did */
    uint16_t port;
    char *path; /* unix socket; NULL: TCP */
    char *text; /* "[address]:port" or path, for messages */
};

static int
fail(struct mx_err *err, const char *text, uint16_t port, int error)
{
    if (error == EADDRINUSE && port != 0) {
        return mx_err_text(err,
                           "cannot listen on %s: the port is in use; \"ss -ltnp 'sport = :%u'\", "
                           "run as root, shows by which process",
                           text, (unsigned)port);
    }
    if (error == EACCES && port > 0 && port < 1024) {
        return mx_err_text(err,
                           "cannot listen on %s: ports below 1024 need the capability "
                           "CAP_NET_BIND_SERVICE",
                           text);
    }
    if (error == EADDRNOTAVAIL) {
        return mx_err_text(err,
                           "cannot listen on %s: no network interface of this computer has "
                           "that address; 'ip address' lists those there are",
                           text);
    }
    return mx_err_text(err, "cannot listen on %s: %s", text, strerrordesc_np(error));
}

/* Socket options that accepted connections inherit. */
static void
set_options(int fd, sa_family_t family)
{
    int on = 1;
    int off = 0;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (family == AF_INET6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    }
}

/* The descriptor, or -errno. */
static int
listen_at(const struct net_address *address, int backlog)
{
    sa_family_t family = address->storage.ss_family;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    if (family != AF_UNIX) {
        set_options(fd, family);
    }
    if (bind(fd, (const struct sockaddr *)&address->storage, address->len) != 0 ||
        listen(fd, backlog > 0 ? backlog : SOMAXCONN) != 0) {
        int error = errno;
        (void)close(fd);
        return -error;
    }
    return fd;
}

static int
lookup(const char *name, uint16_t port, struct net_address *out, struct mx_err *err)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char service[8];
    (void)snprintf(service, sizeof(service), "%u", (unsigned)port);
    int rc = getaddrinfo(name, service, &hints, &found);
    if (rc != 0) {
        return mx_err_text(err, "cannot listen on '%s': %s; give an address of this computer", name,
                           gai_strerror(rc));
    }
    memset(&out->storage, 0, sizeof(out->storage));
    memcpy(&out->storage, found->ai_addr, found->ai_addrlen);
    out->len = found->ai_addrlen;
    freeaddrinfo(found);
    return 0;
}

static int
open_tcp(struct net_listener *listener, const struct net_listen_config *config, struct mx_err *err)
{
    struct net_address address = {.len = 0};
    listener->text = mx_asprintf("[%s]:%u", config->address, (unsigned)config->port);
    if (!net_address_parse(config->address, config->port, &address) &&
        lookup(config->address, config->port, &address, err) != 0) {
        return -1;
    }
    int fd = listen_at(&address, config->backlog);
    if ((fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL) && strcmp(config->address, "::") == 0 &&
        net_address_parse("0.0.0.0", config->port, &address)) {
        fd = listen_at(&address, config->backlog);
    }
    if (fd < 0) {
        return fail(err, listener->text, config->port, -fd);
    }
    struct sockaddr_storage bound = {0};
    socklen_t len = sizeof(bound);
    struct net_peer peer = {0};
    (void)getsockname(fd, (struct sockaddr *)&bound, &len);
    net_peer_set(&peer, (const struct sockaddr *)&bound);
    listener->port = peer.port;
    listener->io.fd = fd;
    return 0;
}

/* Is it a socket that nobody listens to any more? */
static bool
is_left_behind(const char *path, const struct net_address *address)
{
    struct stat st;
    if (lstat(path, &st) != 0 || !S_ISSOCK(st.st_mode)) {
        return false;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return false;
    }
    bool is_dead = connect(fd, (const struct sockaddr *)&address->storage, address->len) != 0 &&
                   errno == ECONNREFUSED;
    (void)close(fd);
    return is_dead;
}

static int
open_unix(struct net_listener *listener, const struct net_listen_config *config, struct mx_err *err)
{
    struct net_address address = {.len = 0};
    const char *path = config->address;
    listener->text = mx_strdup(path);
    if (!net_address_unix(path, &address)) {
        return mx_err_text(err, "cannot listen on '%s': a socket's path may have 107 bytes at most",
                           path);
    }
    int fd = listen_at(&address, config->backlog);
    if (fd == -EADDRINUSE && is_left_behind(path, &address)) {
        (void)unlink(path);
        fd = listen_at(&address, config->backlog);
    }
    if (fd == -EADDRINUSE) {
        return mx_err_text(err,
                           "cannot listen on '%s': the path is in use; \"ss -lxp src '%s'\", run "
                           "as root, shows by which process (remove it when it is no socket)",
                           path, path);
    }
    if (fd < 0) {
        return fail(err, path, 0, -fd);
    }
    listener->io.fd = fd;
    listener->path = mx_strdup(path);
    if (chmod(path, 0777) != 0) {
        return mx_err_text(err, "cannot set the permissions of socket '%s': %s", path,
                           strerrordesc_np(errno));
    }
    return 0;
}

struct net_listener *
net_listener_open(const struct net_listen_config *config, struct mx_err *err)
{
    struct net_listener *listener = mx_calloc(1, sizeof(*listener));
    listener->io.fd = -1;
    int rc = config->address[0] == '/' ? open_unix(listener, config, err)
                                       : open_tcp(listener, config, err);
    if (rc != 0) {
        net_listener_close(listener);
        return NULL;
    }
    return listener;
}

uint16_t
net_listener_port(const struct net_listener *listener)
{
    return listener->port;
}

static void
accept_again(struct mx_timer *timer)
{
    struct net_listener *listener = mx_container_of(timer, struct net_listener, back_off);
    (void)listener->io.worker->engine->watch(&listener->io, EPOLLIN);
}

static bool
is_of_one_connection(int error)
{
    return error == ECONNABORTED || error == EINTR || error == EPROTO || error == ENETDOWN ||
           error == EHOSTDOWN || error == EHOSTUNREACH || error == ENETUNREACH ||
           error == ENOPROTOOPT || error == ENONET || error == EOPNOTSUPP;
}

static void
accept_failed(struct net_listener *listener, int error)
{
    mx_log_error(NULL,
                 "Accepting connections on %s failed: %s. Trying again in %d ms; clients wait "
                 "meanwhile.%s",
                 listener->text, strerrordesc_np(error), BACK_OFF_MS,
                 error == EMFILE ? " Raise the limit on open files (LimitNOFILE of the service, "
                                   "or ulimit -n)."
                                 : "");
    (void)listener->io.worker->engine->watch(&listener->io, 0);
    mx_timer_start(&listener->back_off, accept_again, BACK_OFF_MS);
}

/*
 * How many to accept now. One by one, no call is made that only learns that nobody is there: who is
 * left is told about in the next turn. When each turn has a client there may be a queue, and the
 * turns are shared by ever more.
 */
static uint32_t
batch_of(struct net_listener *listener)
{
    int64_t turn = mx_atomic_get(&listener->io.worker->stats.turns);
    listener->streak = turn == listener->turn + 1 ? listener->streak + 1 : 0;
    listener->turn = turn;
    uint32_t doublings = listener->streak < STREAK ? 0 : listener->streak - STREAK + 1;
    return doublings >= 5 ? BATCH : 1u << doublings;
}

static void
ready(struct net_io *io, uint32_t bits)
{
    struct net_listener *listener = mx_container_of(io, struct net_listener, io);
    struct mx_worker *worker = io->worker;
    (void)bits;
    for (uint32_t left = batch_of(listener); left > 0 && io->fd >= 0 && listener->is_started;
         left--) {
        struct sockaddr_storage peer = {0};
        socklen_t len = sizeof(peer);
        worker->counts.accepts++;
        int fd = worker->ops->accept(io->fd, (struct sockaddr *)&peer, &len);
        if (fd == -EAGAIN) {
            listener->streak = 0;
            return;
        }
        if (fd >= 0) {
            mx_atomic_bump(&worker->stats.accepts, 1);
            listener->accepted(listener->arg, fd, (const struct sockaddr *)&peer);
        } else if (!is_of_one_connection(-fd)) {
            accept_failed(listener, -fd);
            return;
        }
    }
}

static const struct net_io_events listener_events = {.ready = ready};

int
net_listener_start(struct net_listener *listener, net_accepted_fn accepted, void *arg,
                   struct mx_err *err)
{
    listener->accepted = accepted;
    listener->arg = arg;
    listener->io.worker = mx_worker_self();
    listener->io.events = &listener_events;
    int rc = listener->io.worker->engine->watch(&listener->io, EPOLLIN);
    if (rc != 0) {
        return mx_err_text(err, "cannot watch the socket of %s: %s", listener->text,
                           strerrordesc_np(-rc));
    }
    listener->is_started = true;
    return 0;
}

void
net_listener_stop(struct net_listener *listener)
{
    if (listener->is_started) {
        MX_ASSERT(listener->io.worker == mx_worker_self());
        listener->is_started = false;
        mx_timer_stop(&listener->back_off);
        listener->io.worker->engine->drop(&listener->io);
    }
}

static void
free_listener(void *arg)
{
    struct net_listener *listener = arg;
    free(listener->path);
    free(listener->text);
    free(listener);
}

void
net_listener_close(struct net_listener *listener)
{
    if (listener == NULL) {
        return;
    }
    net_listener_stop(listener);
    if (listener->io.fd >= 0) {
        (void)close(listener->io.fd);
        listener->io.fd = -1;
    }
    if (listener->path != NULL) {
        (void)unlink(listener->path);
    }
    if (listener->io.worker != NULL && listener->io.worker == mx_worker_self()) {
        mx_worker_defer(free_listener, listener); /* an event of it may be in this turn's batch */
    } else {
        free_listener(listener);
    }
}

struct mx_worker *
net_place_fewest(int count)
{
    struct mx_worker *best = mx_worker_self();
    if (best != NULL && (mx_worker_index(best) < 0 || mx_worker_index(best) >= count)) {
        best = NULL;
    }
    for (int i = 0; i < count; i++) {
        struct mx_worker *other = mx_worker_get(i);
        if (best == NULL || mx_atomic_get(&mx_worker_stats(other)->sessions) <
                                mx_atomic_get(&mx_worker_stats(best)->sessions)) {
            best = other;
        }
    }
    return best;
}
