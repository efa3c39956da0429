/* Connections that change their worker; see move.h. */
#include "net/move.h"

#include "net/conn.h"
#include "net/loop.h"

#include <string.h>

bool
net_conn_may_move(struct mx_conn *conn)
{
    if (conn->io.ring != 0) {
        net_uring_leave(&conn->io);
        return false;
    }
    return conn->state == NET_CONN_OPEN && conn->kept_len == 0 && conn->out_len == 0 &&
           conn->gather == 0 && !conn->is_paused && !conn->is_corked && !conn->owes_drained &&
           !conn->owes_input && !conn->io.has_ended && !conn->io.is_clearing &&
           !conn->io.receive_waits_room && !conn->io.send_has_turn;
}

void
net_conn_leave(struct mx_conn *conn)
{
    struct mx_worker *worker = conn->io.worker;
    MX_ASSERT(worker == mx_worker_self() && net_conn_may_move(conn));
    worker->engine->drop(&conn->io);
    mx_list_remove(&conn->node);
    worker->pool.bytes_out -= NET_CONN_POOL_SIZE;
    mx_atomic_bump(&worker->stats.descriptors, -1);
    conn->io.worker = NULL;
    conn->io.wants_room = false;
    conn->io.watches_room = false;
}

void
net_conn_join(struct mx_conn *conn)
{
    struct mx_worker *worker = mx_worker_self();
    MX_ASSERT(conn->io.worker == NULL);
    conn->io.worker = worker;
    mx_list_append(&worker->conns, &conn->node);
    worker->pool.bytes_out += NET_CONN_POOL_SIZE;
    mx_atomic_bump(&worker->stats.descriptors, 1);
    int rc = worker->engine->add(&conn->io);
    if (rc != 0) {
        net_conn_break(conn, NET_CODE_LOST, "cannot watch the connection: %s",
                       strerrordesc_np(-rc));
        return;
    }
    /* The loop tells what lies in the socket; what lies in a layer it cannot know. */
    if (conn->io.layer != &net_layer_plain) {
        conn->io.is_readable = true;
        net_io_again(&conn->io);
    }
}
