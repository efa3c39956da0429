/*
 * Time limit for the login at a server. Without it a server that takes connections and says nothing
 * (its process is stopped, its disk hangs) would hold sessions until a monitor finds it out, and
 * those of servers without a monitor for good.
 */
#include "mariadb.h"

/* How long it may still be silent; a connection that is not there yet has a limit of its own. */
static int64_t
left_ms(const struct mx_conn *conn)
{
    int64_t limit_ms = mx_session_login_limit_ms();
    return mx_conn_is_open(conn) ? mx_conn_last_active_ms(conn) + limit_ms - mx_now_ms() : limit_ms;
}

static void
on_time(struct mx_timer *timer)
{
    struct mariadb_backend *backend = mx_container_of(timer, struct mariadb_backend, watch);
    struct mx_endpoint *endpoint = mx_conn_owner(backend->conn); /* it runs while there is one */
    struct mx_err err;
    if (left_ms(backend->conn) > 0) {
        mx_timer_start(timer, on_time, left_ms(backend->conn));
        return;
    }
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
    mx_timer_start(&backend_of(endpoint)->watch, on_time, mx_session_login_limit_ms());
}

void
backend_watch_end(struct mariadb_backend *backend)
{
    mx_timer_stop(&backend->watch);
}
