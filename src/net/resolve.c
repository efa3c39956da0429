/*
 * A worker's c-ares channel, made when the first name is asked for: its sockets are watched by the
 * loop, its timeouts are a timer. The library is told to use threads of nobody. Names of addresses
 * are in resolve_name.c.
 */
#include "net/resolve.h"

#include "mx/log.h"
#include "net/resolver.h"
#include "net/watch.h"
#include "net/worker.h"

#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

struct net_watched {
    struct net_watch watch;
    struct net_resolver *resolver;
    struct net_watched *next;
};

struct net_query {
    struct net_resolver *resolver;
    net_resolve_fn fn; /* NULL: cancelled */
    void *arg;
    uint16_t port;
    bool is_calling; /* inside net_resolve: the answer waits for the end of the turn */
    bool is_done;
    int status;
    size_t count;
    struct net_address list[NET_RESOLVE_MAX];
    char name[256];
};

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static void
library_init(void)
{
    (void)ares_library_init(ARES_LIB_INIT_ALL);
}

void
net_resolver_set_timer(struct net_resolver *resolver)
{
    struct timeval limit = {.tv_sec = 3600};
    struct timeval left = {0};
    struct timeval *next = ares_timeout(resolver->channel, &limit, &left);
    mx_timer_restart(&resolver->timer, (int64_t)next->tv_sec * 1000 + next->tv_usec / 1000 + 1);
}

static void
timed_out(struct mx_timer *timer)
{
    struct net_resolver *resolver = mx_container_of(timer, struct net_resolver, timer);
    if (resolver->channel_error != ARES_SUCCESS) {
        return;
    }
    ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    net_resolver_set_timer(resolver);
}

static void
socket_ready(struct net_watch *watch, uint32_t bits)
{
    struct net_watched *watched = mx_container_of(watch, struct net_watched, watch);
    struct net_resolver *resolver = watched->resolver;
    int fd = watch->io.fd;
    bool reads = (bits & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0;
    bool writes = (bits & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0;
    ares_process_fd(resolver->channel, reads ? fd : ARES_SOCKET_BAD, writes ? fd : ARES_SOCKET_BAD);
    net_resolver_set_timer(resolver);
}

static void
free_watched(void *arg)
{
    free(arg);
}

static struct net_watched **
find_watched(struct net_resolver *resolver, int fd)
{
    struct net_watched **at = &resolver->watched;
    while (*at != NULL && (*at)->watch.io.fd != fd) {
        at = &(*at)->next;
    }
    return at;
}

/* c-ares tells what it waits for on a socket; nothing at all means that it closes it. */
static void
socket_state(void *arg, ares_socket_t fd, int reads, int writes)
{
    struct net_resolver *resolver = arg;
    struct net_watched **at = find_watched(resolver, fd);
    struct net_watched *watched = *at;
    if (!reads && !writes) {
        if (watched != NULL) {
            *at = watched->next;
            net_watch_stop(&watched->watch);
            mx_worker_defer(free_watched, watched);
        }
        return;
    }
    if (watched == NULL) {
        watched = mx_calloc(1, sizeof(*watched));
        watched->resolver = resolver;
        watched->next = resolver->watched;
        resolver->watched = watched;
    }
    uint32_t bits = (reads ? (uint32_t)EPOLLIN : 0) | (writes ? (uint32_t)EPOLLOUT : 0);
    struct mx_err err = {0};
    if (net_watch_start(&watched->watch, fd, bits, socket_ready, &err) != 0) {
        mx_log_error(NULL, "Looking up host names will time out: %s", err.text);
    }
}

static struct timespec
settings_time(void)
{
    struct stat st = {.st_size = 0};
    (void)stat("/etc/resolv.conf", &st);
    return st.st_mtim;
}

static void
open_channel(struct net_resolver *resolver)
{
    struct ares_options options = {
        .sock_state_cb = socket_state, .sock_state_cb_data = resolver, .timeout = 2000, .tries = 3};
    resolver->settings_time = settings_time();
    resolver->channel_error = ares_init_options(
        &resolver->channel, &options, ARES_OPT_SOCK_STATE_CB | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
}

static void
close_channel(struct net_resolver *resolver)
{
    if (resolver->channel_error == ARES_SUCCESS) {
        ares_destroy(resolver->channel); /* answers what is open with "destroyed" */
    }
}

/* The channel reads its settings once; a change of name servers must not need a restart. */
static void
reopen_when_changed(struct net_resolver *resolver)
{
    struct timespec now = settings_time();
    bool is_same = now.tv_sec == resolver->settings_time.tv_sec &&
                   now.tv_nsec == resolver->settings_time.tv_nsec;
    if (resolver->open_queries == 0 && (!is_same || resolver->channel_error != ARES_SUCCESS)) {
        close_channel(resolver);
        open_channel(resolver);
    }
}

struct net_resolver *
net_resolver_mine(void)
{
    struct mx_worker *worker = mx_worker_self();
    if (worker->resolver == NULL) {
        (void)pthread_once(&library_once, library_init);
        struct net_resolver *resolver = mx_calloc(1, sizeof(*resolver));
        resolver->worker = worker;
        resolver->timer.fn = timed_out;
        open_channel(resolver);
        worker->resolver = resolver;
    }
    reopen_when_changed(worker->resolver);
    return worker->resolver;
}

static void
tell(void *arg)
{
    struct net_query *query = arg;
    if (query->fn != NULL) {
        struct mx_err err = {0};
        if (query->count == 0) {
            (void)mx_err_text(&err, "cannot find the address of host '%s': %s", query->name,
                              query->status == ARES_SUCCESS ? "it has none"
                                                            : ares_strerror(query->status));
        }
        query->fn(query->arg, query->count > 0 ? query->list : NULL, query->count,
                  query->count > 0 ? NULL : &err);
    }
    free(query);
}

static void
add_address(struct net_query *query, const struct sockaddr *address, socklen_t len)
{
    if (query->count == NET_RESOLVE_MAX || len > sizeof(query->list[0].storage) ||
        (address->sa_family != AF_INET && address->sa_family != AF_INET6)) {
        return;
    }
    struct net_address *out = &query->list[query->count++];
    memset(out, 0, sizeof(*out));
    memcpy(&out->storage, address, len);
    out->len = len;
    uint16_t port = htons(query->port);
    size_t at = address->sa_family == AF_INET ? offsetof(struct sockaddr_in, sin_port)
                                              : offsetof(struct sockaddr_in6, sin6_port);
    memcpy((uint8_t *)&out->storage + at, &port, sizeof(port));
}

static void
answered(void *arg, int status, int timeouts, struct ares_addrinfo *result)
{
    struct net_query *query = arg;
    (void)timeouts;
    query->status = status;
    query->is_done = true;
    query->resolver->open_queries--;
    if (status == ARES_SUCCESS && result != NULL) {
        for (struct ares_addrinfo_node *n = result->nodes; n != NULL; n = n->ai_next) {
            add_address(query, n->ai_addr, n->ai_addrlen);
        }
    }
    if (result != NULL) {
        ares_freeaddrinfo(result);
    }
    if (status == ARES_EDESTRUCTION) {
        free(query); /* the worker ends; its connections are dropped without a word */
    } else if (!query->is_calling) {
        tell(query);
    }
}

struct net_query *
net_resolve(const char *name, uint16_t port, net_resolve_fn fn, void *arg)
{
    struct net_resolver *resolver = net_resolver_mine();
    struct net_query *query = mx_calloc(1, sizeof(*query));
    query->resolver = resolver;
    query->fn = fn;
    query->arg = arg;
    query->port = port;
    (void)snprintf(query->name, sizeof(query->name), "%s", name);
    if (resolver->channel_error != ARES_SUCCESS) {
        query->status = resolver->channel_error;
        mx_worker_defer(tell, query);
        return query;
    }
    struct ares_addrinfo_hints hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    query->is_calling = true;
    resolver->open_queries++;
    ares_getaddrinfo(resolver->channel, name, NULL, &hints, answered, query);
    query->is_calling = false;
    if (query->is_done) {
        mx_worker_defer(tell, query);
    }
    net_resolver_set_timer(resolver);
    return query;
}

void
net_resolve_cancel(struct net_query *query)
{
    query->fn = NULL;
}

void
net_resolver_free(struct mx_worker *worker)
{
    struct net_resolver *resolver = worker->resolver;
    if (resolver != NULL) {
        close_channel(resolver);
        mx_timer_stop(&resolver->timer);
        for (size_t i = 0; i < worker->defer_count; i++) {
            mx_worker_fn fn = worker->defers[i].fn;
            if (fn == free_watched || fn == tell || fn == net_name_tell) {
                free(worker->defers[i].arg);
            }
        }
        worker->defer_count = 0;
        free(resolver);
        worker->resolver = NULL;
    }
}
