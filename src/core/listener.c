/* Listening sockets of the configured listeners, and where each client goes; see listener.h. */
#include "core/listener.h"

#include "core/placement.h"
#include "core/runtime.h"
#include "core/session.h"
#include "mx/log.h"
#include "net/listen.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One open socket. Made and freed on the main thread, read by the worker that serves it. */
struct serving {
    struct serving *next;
    char *name; /* of the listener */
    struct core_listener_runtime *rt;
    struct mx_worker *worker;
    bool is_started;
    int result; /* of the last start */
    struct mx_err err;
};

/* The listeners' part of the process object. */
static struct {
    struct serving *first;
} all;

static struct serving *
serving_of(const struct core_listener *listener)
{
    struct serving *s = all.first;
    while (s != NULL && s->rt != listener->rt) {
        s = s->next;
    }
    return s;
}

/* ------------------------------------------------------------ on the serving worker */

static void
session_here(void *arg)
{
    struct core_accepted *accepted = arg;
    core_registry_catch_up();
    core_session_new(accepted);
    free(accepted);
}

/* The versions of listener and service that are in force when the client comes are his. */
static void
on_accepted(void *arg, int fd, const struct sockaddr *peer)
{
    const struct serving *s = arg;
    core_registry_catch_up();
    const struct core_registry *registry = core_registry_mine();
    struct core_listener *listener = core_registry_listener(registry, s->name);
    struct mx_service *service =
        listener == NULL ? NULL : core_registry_service(registry, listener->config.service);
    if (service == NULL) {
        (void)close(fd);
        return;
    }
    struct core_accepted accepted = {.fd = fd, .listener = listener, .service = service};
    if (peer != NULL && peer->sa_family != AF_UNIX) {
        accepted.has_peer = true;
        memcpy(&accepted.peer, peer,
               peer->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                           : sizeof(struct sockaddr_in));
    }
    core_listener_ref(listener);
    core_service_ref(service);
    struct mx_worker *worker = core_placement_choose();
    mx_worker_sessions_add(worker, 1);
    if (worker == mx_worker_self()) {
        core_session_new(&accepted);
    } else {
        struct core_accepted *sent = mx_alloc(sizeof(*sent));
        *sent = accepted;
        mx_worker_post(worker, session_here, sent);
    }
}

static void
start_here(void *arg)
{
    struct serving *s = arg;
    s->result = net_listener_start(s->rt->socket, on_accepted, s, &s->err);
}

static void
stop_here(void *arg)
{
    struct serving *s = arg;
    net_listener_stop(s->rt->socket);
}

/* ------------------------------------------------------------ on the main thread */

static struct serving *
open_socket(struct core_listener *listener, struct mx_err *err)
{
    struct net_listen_config config = {
        .address =
            listener->config.socket != NULL ? listener->config.socket : listener->config.address,
        .port = (uint16_t)listener->config.port,
    };
    struct net_listener *socket = net_listener_open(&config, err);
    if (socket == NULL) {
        return NULL;
    }
    listener->rt->socket = socket;
    struct serving *s = mx_calloc(1, sizeof(*s));
    s->name = mx_strdup(listener->name);
    s->rt = listener->rt;
    mx_ref_get(&s->rt->ref);
    s->worker = core_placement_listening();
    s->next = all.first;
    all.first = s;
    return s;
}

int
core_listener_open(struct core_listener *listener, struct mx_err *err)
{
    return serving_of(listener) != NULL || open_socket(listener, err) != NULL ? 0 : -1;
}

int
core_listener_start(struct core_listener *listener, struct mx_err *err)
{
    struct serving *s = serving_of(listener);
    if (s == NULL) {
        s = open_socket(listener, err);
    }
    if (s != NULL && !s->is_started) {
        mx_worker_call(s->worker, start_here, s);
        s->is_started = s->result == 0;
        if (!s->is_started) {
            *err = s->err;
        }
    }
    bool runs = s != NULL && s->is_started;
    mx_atomic_set(&listener->rt->state, runs ? CORE_STATE_STARTED : CORE_STATE_FAILED);
    return runs ? 0 : -1;
}

void
core_listener_stop(struct core_listener *listener)
{
    struct serving *s = serving_of(listener);
    if (s != NULL && s->is_started) {
        mx_worker_call(s->worker, stop_here, s);
        s->is_started = false;
        mx_atomic_set(&listener->rt->state, CORE_STATE_STOPPED);
    }
}

void
core_listener_close(struct core_listener *listener)
{
    core_listener_stop(listener);
    struct serving **at = &all.first;
    while (*at != NULL && (*at)->rt != listener->rt) {
        at = &(*at)->next;
    }
    struct serving *s = *at;
    if (s == NULL) {
        return;
    }
    *at = s->next;
    net_listener_close(s->rt->socket);
    s->rt->socket = NULL;
    core_listener_runtime_unref(s->rt);
    free(s->name);
    free(s);
}

size_t
core_listener_start_all(const struct core_registry *registry)
{
    size_t failed = 0;
    for (size_t i = 0; i < registry->listener_count; i++) {
        struct core_listener *listener = registry->listeners[i];
        struct mx_err err;
        if (core_listener_start(listener, &err) != 0) {
            failed++;
            mx_log_error(NULL, "Listener '%s' cannot take clients: %s", listener->name, err.text);
        }
    }
    return failed;
}

void
core_listener_close_all(const struct core_registry *registry)
{
    for (size_t i = 0; i < registry->listener_count; i++) {
        core_listener_close(registry->listeners[i]);
    }
}
