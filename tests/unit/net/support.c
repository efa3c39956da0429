/* Shared by the tests of src/net; see support.h. */
#include "support.h"

#include "net/loop.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct net_test_faults *faults;
static int sends;
static int calls; /* sends and receives */

int
net_test_setup(void **state)
{
    struct mx_err err;
    const char *loop = getenv("MX_TEST_LOOP");
    (void)state;
    if (loop != NULL && strcmp(loop, "uring") == 0) {
        net_workers_use(&net_engine_uring);
        net_uring_set_patience(0);
        if (net_workers_init(0, &err) != 0) {
            exit(77); /* this kernel does not let us: meson counts the test as skipped */
        }
        return 0;
    }
    return net_workers_init(0, &err);
}

int
net_test_teardown(void **state)
{
    (void)state;
    net_workers_fini();
    return 0;
}

void
net_test_until(const bool *flag)
{
    int64_t end_ms = mx_clock_us() / 1000 + 10000;
    while (!*flag) {
        net_worker_turn(10);
        assert_true(mx_clock_us() / 1000 < end_ms);
    }
}

void
net_test_settle(void)
{
    const struct mx_worker *worker = mx_worker_self();
    int quiet = 0;
    while (quiet < 3) {
        const struct net_op_counts before = worker->counts;
        net_worker_turn(0);
        bool is_quiet =
            before.receives == worker->counts.receives && before.sends == worker->counts.sends;
        quiet = is_quiet ? quiet + 1 : 0;
    }
}

void
net_test_pair(int out[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, out), 0);
}

void
net_test_tcp_pair(int out[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    out[0] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    (void)connect(out[0], (struct sockaddr *)&address, len);
    out[1] = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(out[1] >= 0);
    (void)close(listener);
}

static ssize_t
faulty_receive(int fd, void *bytes, size_t len)
{
    if (++calls == faults->fail_at) {
        return -ECONNRESET;
    }
    if (faults->receive_error != 0) {
        return -faults->receive_error;
    }
    if (faults->receive_max > 0) {
        len = mx_min_size(len, faults->receive_max);
    }
    return net_ops_real.receive(fd, bytes, len);
}

static ssize_t
faulty_send(int fd, struct iovec *iov, int count)
{
    sends++;
    if (++calls == faults->fail_at) {
        return -ECONNRESET;
    }
    if (faults->send_error != 0) {
        return -faults->send_error;
    }
    if (faults->send_again > 0 || (faults->send_again < 0 && sends % 2 == 0)) {
        faults->send_again -= faults->send_again > 0 ? 1 : 0;
        return -EAGAIN;
    }
    if (faults->send_max > 0) {
        struct iovec part = {.iov_base = iov->iov_base,
                             .iov_len = mx_min_size(iov->iov_len, faults->send_max)};
        return net_ops_real.send(fd, &part, 1);
    }
    return net_ops_real.send(fd, iov, count);
}

static int
faulty_accept(int fd, struct sockaddr *address, socklen_t *len)
{
    if (faults->accept_errors > 0) {
        faults->accept_errors--;
        return -EMFILE;
    }
    return net_ops_real.accept(fd, address, len);
}

void
net_test_faulty(struct net_test_faults *wanted)
{
    static struct net_ops ops;
    ops = net_ops_real;
    ops.receive = faulty_receive;
    ops.send = faulty_send;
    ops.accept = faulty_accept;
    ops.short_means_empty = false;
    faults = wanted;
    sends = 0;
    calls = 0;
    net_worker_set_ops(&ops);
}

static void
end_connected(struct mx_conn *conn, void *owner)
{
    struct net_test_end *end = owner;
    assert_ptr_equal(conn, end->conn);
    end->is_connected = true;
}

static size_t
end_data(struct mx_conn *conn, void *owner, uint8_t *data, size_t len)
{
    struct net_test_end *end = owner;
    assert_ptr_equal(conn, end->conn);
    end->data_calls++;
    if (end->take_at_most > 0) {
        len = mx_min_size(len, end->take_at_most);
    }
    assert_int_equal(mx_buf_append(&end->got, data, len), 0);
    return len;
}

static void
end_drained(struct mx_conn *conn, void *owner)
{
    struct net_test_end *end = owner;
    (void)conn;
    end->drained_calls++;
}

static void
end_hangup(struct mx_conn *conn, void *owner)
{
    struct net_test_end *end = owner;
    (void)conn;
    assert_false(end->was_hung_up);
    end->was_hung_up = true;
}

static void
end_closed(struct mx_conn *conn, void *owner, const struct mx_err *why)
{
    struct net_test_end *end = owner;
    (void)conn;
    assert_false(end->is_closed);
    end->is_closed = true;
    end->conn = NULL;
    end->why = *why;
}

const struct mx_conn_ops net_test_ops = {
    .connected = end_connected,
    .data = end_data,
    .drained = end_drained,
    .hangup = end_hangup,
    .closed = end_closed,
};

int
net_test_adopt(struct net_test_end *end)
{
    int fds[2];
    net_test_pair(fds);
    end->conn = mx_conn_adopt(fds[0], NULL, &net_test_ops, end);
    return fds[1];
}

void
net_test_end_fini(struct net_test_end *end)
{
    mx_conn_abort(end->conn);
    end->conn = NULL;
    mx_buf_free(&end->got);
}
