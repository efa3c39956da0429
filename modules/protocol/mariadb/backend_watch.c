/*
 * Time limit for the login at a server. Without it a server that takes connections and says nothing
 * (its process is stopped, its disk hangs) would hold sessions until a monitor finds it out, and
 * those of servers without a monitor for good. Held only while it is needed.
 */
#include "mariadb.h"
#include "mx/timer.h"

#include <stdlib.h>

struct backend_watch {
    struct mx_timer timer;
    struct mx_endpoint *endpoint;
};

static void on_time(struct mx_timer *timer);

/* True: something has come or gone since, or the connection is not there yet, which has a limit of
 * its own; it is looked at again. */
static bool
goes_on(struct backend_watch *watch)
{
    const struct mx_conn *conn = backend_of(watch->endpoint)->conn;
    int64_t limit_ms = mx_session_login_limit_ms();
    if (conn == NULL || !mx_conn_is_open(conn)) {
        mx_timer_start(&watch->timer, on_time, limit_ms);
        return true;
    }
    int64_t left_ms = mx_conn_last_active_ms(conn) + limit_ms - mx_now_ms();
    if (left_ms > 0) {
        mx_timer_start(&watch->timer, on_time, left_ms);
    }
    return left_ms > 0;
}

static void
on_time(struct mx_timer *timer)
{
    struct backend_watch *watch = mx_container_of(timer, struct backend_watch, timer);
    struct mx_endpoint *endpoint = watch->endpoint;
    struct mariadb_backend *backend = backend_of(endpoint);
    struct mx_err err;
    if (goes_on(watch)) {
        return;
    }
    backend_watch_end(backend);
    if (backend->recycled) {
        backend_reconnect(endpoint); /* it may be the old connection that is stuck */
        return;
    }
    (void)mx_err_set(
        &err, WIRE_ER_SERVER_LOST, "08S01",
        "server '%s' took the connection and has not gone on with the login for %lld ms "
        "(auth_connect_timeout)",
        mx_server_name(mx_endpoint_server(endpoint)), (long long)mx_session_login_limit_ms());
    backend_login_failed(endpoint, &err, false);
}

void
backend_watch_begin(struct mx_endpoint *endpoint)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    if (backend->watch == NULL) {
        backend->watch = mx_calloc(1, sizeof(*backend->watch));
        backend->watch->endpoint = endpoint;
    }
    mx_timer_start(&backend->watch->timer, on_time, mx_session_login_limit_ms());
}

void
backend_watch_end(struct mariadb_backend *backend)
{
    if (backend->watch != NULL) {
        mx_timer_stop(&backend->watch->timer);
        free(backend->watch);
        backend->watch = NULL;
    }
}
