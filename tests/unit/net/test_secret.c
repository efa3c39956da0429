/*
 * Passwords on their way through connections leave no copy behind: the memory of the process is
 * searched for them, what was freed and what lies idle included.
 */
#include "certs.h"
#include "net/conn.h"
#include "net/tls.h"
#include "secrets.h"
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct pair {
    struct net_test_end end;
    int peer;
};

static void
begin(struct pair *p)
{
    int fds[2];
    *p = (struct pair){0};
    net_test_pair(fds);
    p->end.conn = mx_conn_adopt(fds[0], NULL, &net_test_ops, &p->end);
    p->peer = fds[1];
}

static void
end(struct pair *p)
{
    net_worker_set_ops(NULL);
    mx_buf_wipe(&p->end.got);
    net_test_end_fini(&p->end);
    (void)close(p->peer);
    net_worker_turn(0);
}

/* The secret to the peer's end, in two parts; nothing of it stays here. */
static void
say(const struct pair *p, size_t first)
{
    uint8_t secret[SECRET_LEN];
    secret_make(secret);
    for (size_t at = 0, len = first; at < SECRET_LEN; at += len, len = SECRET_LEN - first) {
        assert_int_equal(write(p->peer, secret + at, len), (ssize_t)len);
        net_worker_turn(0);
        net_test_settle();
        if (len == SECRET_LEN) {
            break;
        }
    }
    explicit_bzero(secret, sizeof(secret));
}

/* Takes nothing before all is there. */
static size_t
take_whole(struct mx_conn *conn MX_UNUSED, void *owner MX_UNUSED, uint8_t *data MX_UNUSED,
           size_t len)
{
    return len < SECRET_LEN ? 0 : len;
}

static const struct mx_conn_ops whole_ops = {.data = take_whole};

static size_t
copies_after_input(size_t first, bool is_secret)
{
    struct pair p;
    begin(&p);
    mx_conn_set_ops(p.end.conn, &whole_ops, &p.end);
    mx_conn_set_secret_input(p.end.conn, is_secret);
    say(&p, first);
    mx_conn_set_secret_input(p.end.conn, false);
    size_t copies = secret_copies();
    end(&p);
    return copies;
}

static void
test_input_is_cleared(void **state MX_UNUSED)
{
    static const size_t firsts[] = {SECRET_LEN, 10, 40};
    assert_int_equal(secret_copies(), 0);
    for (size_t i = 0; i < MX_COUNT(firsts); i++) {
        assert_int_equal(copies_after_input(firsts[i], true), 0);
    }
    /* What would be found otherwise. */
    assert_true(copies_after_input(SECRET_LEN, false) > 0);
    assert_int_equal(copies_after_input(SECRET_LEN, true), 0);
}

/* Ended before it is whole. */
static void
test_kept_input_is_cleared_at_the_end(void **state MX_UNUSED)
{
    struct pair p;
    uint8_t secret[SECRET_LEN];
    begin(&p);
    mx_conn_set_ops(p.end.conn, &whole_ops, &p.end);
    mx_conn_set_secret_input(p.end.conn, true);
    secret_make(secret);
    assert_int_equal(write(p.peer, secret, 40), 40);
    explicit_bzero(secret, sizeof(secret));
    net_worker_turn(0);
    assert_int_equal(mx_conn_kept(p.end.conn), 40);
    assert_true(secret_copies() > 0);
    end(&p);
    assert_int_equal(secret_copies(), 0);
}

static void
write_secret(struct mx_conn *conn, bool is_secret)
{
    uint8_t secret[SECRET_LEN];
    secret_make(secret);
    if (is_secret) {
        mx_conn_write_secret(conn, secret, sizeof(secret));
    } else {
        mx_conn_write(conn, secret, sizeof(secret));
    }
    explicit_bzero(secret, sizeof(secret));
}

enum way {
    WAY_GATHERED,
    WAY_QUEUED, /* the socket takes a byte at a time */
    WAY_CORKED,
    WAY_DROPPED, /* closed before anything leaves */
    WAYS,
};

static size_t
copies_after_output(enum way way, bool is_secret)
{
    struct net_test_faults faults = {.send_max = way == WAY_QUEUED ? 1 : 0};
    struct pair p;
    uint8_t got[SECRET_LEN];
    begin(&p);
    net_test_faulty(&faults);
    if (way == WAY_CORKED || way == WAY_DROPPED) {
        mx_conn_cork(p.end.conn);
    }
    write_secret(p.end.conn, is_secret);
    if (way == WAY_CORKED) {
        mx_conn_uncork(p.end.conn);
    }
    if (way == WAY_DROPPED) {
        mx_conn_abort(p.end.conn);
        p.end.conn = NULL;
        net_worker_turn(0);
    } else {
        mx_conn_flush(p.end.conn);
        while (mx_conn_queued(p.end.conn) > 0) {
            net_worker_turn(10);
        }
        assert_int_equal(recv(p.peer, got, sizeof(got), MSG_WAITALL), sizeof(got));
        explicit_bzero(got, sizeof(got));
    }
    size_t copies = secret_copies();
    end(&p);
    return copies;
}

static void
test_output_is_cleared(void **state MX_UNUSED)
{
    assert_int_equal(secret_copies(), 0);
    for (int way = 0; way < WAYS; way++) {
        assert_int_equal(copies_after_output((enum way)way, true), 0);
    }
    /* What would be found otherwise; the next one of the same kind takes the same place. */
    assert_true(copies_after_output(WAY_GATHERED, false) > 0);
    assert_int_equal(copies_after_output(WAY_GATHERED, true), 0);
}

/* ------------------------------------------------------------ TLS */

static void
ignore(void *arg MX_UNUSED, bool is_error MX_UNUSED, const char *param MX_UNUSED,
       const char *hint MX_UNUSED, const char *text MX_UNUSED)
{
}

/* Both ends are here: one writes, the other reads. */
static size_t
copies_after_tls(struct mx_tls *server_tls, struct mx_tls *client_tls, bool is_secret)
{
    struct net_test_end server = {0};
    struct net_test_end client = {0};
    int fds[2];
    net_test_tcp_pair(fds);
    server.conn = mx_conn_adopt(fds[0], NULL, &net_test_ops, &server);
    client.conn = mx_conn_adopt(fds[1], NULL, &net_test_ops, &client);
    mx_conn_set_secret_input(server.conn, is_secret);
    mx_conn_set_tls(server.conn, server_tls, "localhost");
    mx_conn_set_tls(client.conn, client_tls, "db1");
    mx_conn_start_tls(server.conn);
    mx_conn_start_tls(client.conn);
    write_secret(client.conn, is_secret); /* waits for the handshake */
    while (server.got.len < SECRET_LEN) {
        assert_false(server.is_closed || client.is_closed);
        net_worker_turn(10);
    }
    write_secret(client.conn, is_secret);
    while (server.got.len < 2 * (size_t)SECRET_LEN) {
        net_worker_turn(10);
    }
    mx_buf_wipe(&server.got);
    size_t copies = secret_copies();
    net_test_end_fini(&server);
    net_test_end_fini(&client);
    net_worker_turn(0);
    return copies;
}

static void
test_tls_leaves_nothing_either(void **state MX_UNUSED)
{
    const struct net_tls_report report = {.fn = ignore};
    const struct net_tls_config server_config = {.is_server = true,
                                                 .cert = certs_path("server.crt"),
                                                 .key = certs_path("server.key"),
                                                 .verify_depth = 9};
    const struct net_tls_config client_config = {.verify_depth = 9};
    struct mx_tls *server = net_tls_new(&server_config, &report);
    struct mx_tls *client = net_tls_new(&client_config, &report);
    assert_non_null(server);
    assert_non_null(client);
    assert_int_equal(copies_after_tls(server, client, true), 0);
    assert_true(copies_after_tls(server, client, false) > 0);
    net_tls_unref(server);
    net_tls_unref(client);
}

static int
setup(void **state)
{
    certs_begin();
    certs_make(&(struct certs_wish){.name = "server", .issuer = "ca", .host = "DNS:db1"});
    return net_test_setup(state);
}

static int
teardown(void **state)
{
    certs_end();
    return net_test_teardown(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_input_is_cleared),
        cmocka_unit_test(test_kept_input_is_cleared_at_the_end),
        cmocka_unit_test(test_output_is_cleared),
        cmocka_unit_test(test_tls_leaves_nothing_either),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
