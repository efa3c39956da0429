/*
 * All sessions: each worker keeps the list of its own and finds them by their ids, and whoever
 * wants to see or end one that is elsewhere posts a message there (session_find.c). Ids are unique
 * in the process and never used again.
 */
#include "core/admission.h"
#include "core/endpoint.h"
#include "core/history.h"
#include "core/pool.h"
#include "core/session_ids.h"
#include "core/session_move.h"
#include "core/share.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The sessions' part of the process object. A list is touched by its worker only. */
static struct {
    struct mx_atomic last_id;
    struct mx_atomic count;
    struct sessions {
        struct mx_list list;
        struct core_session_ids ids;
    } __attribute__((aligned(64))) mine[CORE_WORKERS_MAX]; /* a cache line for each worker */
} all;

static struct sessions *
mine(void)
{
    int index = mx_worker_index(mx_worker_self());
    MX_ASSERT(index >= 0 && index < CORE_WORKERS_MAX);
    struct sessions *sessions = &all.mine[index];
    if (sessions->list.next == NULL) {
        mx_list_init(&sessions->list);
    }
    return sessions;
}

uint64_t
core_session_id(uint64_t number)
{
    uint64_t round = (UINT64_C(1) << 32) - CORE_SESSION_ID_FIRST;
    return ((number - 1) / round) << 32 | (CORE_SESSION_ID_FIRST + (number - 1) % round);
}

void
core_session_list_add(struct mx_session *session)
{
    session->id = core_session_id((uint64_t)mx_atomic_add(&all.last_id, 1));
    (void)mx_atomic_add(&all.count, 1);
    core_session_list_join(session);
}

void
core_session_list_remove(struct mx_session *session)
{
    (void)mx_atomic_add(&all.count, -1);
    core_session_list_leave(session);
}

void
core_session_list_leave(struct mx_session *session)
{
    mx_list_remove(&session->node);
    core_session_ids_remove(&mine()->ids, session);
}

void
core_session_list_join(struct mx_session *session)
{
    struct sessions *sessions = mine();
    mx_list_append(&sessions->list, &session->node);
    core_session_ids_add(&sessions->ids, session);
}

int64_t
core_sessions_count(void)
{
    return mx_atomic_get(&all.count);
}

struct mx_session *
core_session_next(const struct mx_session *session)
{
    struct mx_list *list = &mine()->list;
    struct mx_list *node = session == NULL ? list->next : session->node.next;
    return node == list ? NULL : mx_container_of(node, struct mx_session, node);
}

struct mx_session *
core_session_find(uint64_t id)
{
    return core_session_ids_find(&mine()->ids, id);
}

/* ------------------------------------------------------------ KILL */

/* The query waits for a connection, a place or a server. */
static bool
interrupt(struct mx_session *session)
{
    const struct mx_router_ops *router = session->service->router->router;
    if (session->state != CORE_SESSION_STARTED) {
        return false;
    }
    if (!session->protocol->client_interrupt(session)) {
        return router->interrupt != NULL && router->interrupt(session->rs);
    }
    mx_list_each (node, &session->endpoints) {
        core_share_withdraw(mx_container_of(node, struct mx_endpoint, node));
    }
    return true;
}

void
mx_session_kill_at_once(struct mx_session *session, bool query_only, bool hard)
{
    if (query_only && interrupt(session)) {
        return;
    }
    mx_list_each (node, &session->endpoints) {
        struct mx_endpoint *endpoint = mx_container_of(node, struct mx_endpoint, node);
        if (endpoint->pending > 0) {
            session->protocol->backend_kill(endpoint, query_only, hard);
        }
    }
    if (!query_only) {
        struct mx_err err;
        (void)mx_err_set(&err, 1927, "70100", "Connection was killed");
        core_session_kill(session, &err);
    }
}

/* ------------------------------------------------------------ asked by operators */

struct operator_kill {
    uint64_t id;
    bool found;
};

static void
operator_kill_one(struct mx_session *session, bool ends_well)
{
    if (mx_session_is_open(session)) {
        session->ends_well = ends_well;
        mx_session_kill_at_once(session, false, true);
    }
}

static void
operator_kill_here(void *arg)
{
    struct operator_kill *order = arg;
    struct mx_session *session = core_session_find(order->id);
    order->found = session != NULL && mx_session_is_open(session);
    if (order->found) {
        operator_kill_one(session, false);
    }
}

static void
operator_kill_all_here(void *arg MX_UNUSED)
{
    struct mx_session *next = NULL;
    core_waiting_end(); /* they would come in where the others leave */
    for (struct mx_session *session = core_session_next(NULL); session != NULL; session = next) {
        next = core_session_next(session);
        operator_kill_one(session, true);
    }
}

bool
core_sessions_kill(uint64_t id)
{
    struct operator_kill order = {.id = id};
    int64_t stamp = 0;
    do {
        stamp = core_moves_stamp();
        for (int i = 0; i < mx_worker_count() && !order.found; i++) {
            mx_worker_call(mx_worker_get(i), operator_kill_here, &order);
        }
    } while (!order.found && !core_moves_settled(stamp));
    return order.found;
}

void
core_sessions_kill_all(void)
{
    for (int i = 0; i < mx_worker_count(); i++) {
        mx_worker_call(mx_worker_get(i), operator_kill_all_here, NULL);
    }
}

/* ------------------------------------------------------------ server changes */

static void
tell_routers(void *arg)
{
    char *name = arg;
    struct mx_session *next = NULL;
    for (struct mx_session *session = core_session_next(NULL); session != NULL; session = next) {
        next = core_session_next(session);
        const struct mx_service *service = session->service;
        if (service->router->router->server_changed == NULL) {
            continue;
        }
        for (size_t i = 0; i < service->server_count && session->state == CORE_SESSION_STARTED;
             i++) {
            if (strcmp(service->servers[i]->name, name) == 0) {
                service->router->router->server_changed(session->rs, service->servers[i]);
            }
        }
    }
    free(name);
}

void
core_sessions_server_changed(const char *server_name)
{
    for (int i = 0; i < mx_worker_count(); i++) {
        mx_worker_post(mx_worker_get(i), tell_routers, mx_strdup(server_name));
    }
}

/* Connections to a server that cannot be used any more are broken: their sessions hear of it now,
 * not when a time limit of the network has passed. */
static void
hang_up(void *arg)
{
    char *name = arg;
    struct mx_session *next = NULL;
    struct mx_err err;
    (void)mx_err_set(&err, 2013, "HY000", "the monitor found the server to be out of use");
    core_pool_close(name);
    for (struct mx_session *session = core_session_next(NULL); session != NULL; session = next) {
        next = core_session_next(session);
        struct mx_endpoint *other = NULL;
        for (struct mx_endpoint *endpoint = mx_endpoint_next(session, NULL); endpoint != NULL;
             endpoint = other) {
            other = mx_endpoint_next(session, endpoint);
            if (strcmp(endpoint->server->name, name) == 0) {
                core_share_fail(endpoint, &err);
                session->protocol->backend_fail(endpoint, &err, false);
            }
        }
    }
    free(name);
}

void
core_sessions_server_hangup(const char *server_name)
{
    for (int i = 0; i < mx_worker_count(); i++) {
        mx_worker_post(mx_worker_get(i), hang_up, mx_strdup(server_name));
    }
}
