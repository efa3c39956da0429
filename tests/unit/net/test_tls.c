/*
 * TLS of connections: both ends are connections of this worker over a socket pair. Bytes cut
 * anywhere, sockets that are full, handshakes that fail, bytes behind the request, resumption.
 */
#include "certs.h"
#include "net/conn.h"
#include "net/tls.h"
#include "support.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static char last_report[1024];
static int errors;
static int warnings;

static void
take_report(void *arg, bool is_error, const char *param, const char *hint, const char *text)
{
    (void)arg;
    (void)snprintf(last_report, sizeof(last_report), "%s: %s %s", param, text,
                   hint != NULL ? hint : "");
    errors += is_error ? 1 : 0;
    warnings += is_error ? 0 : 1;
}

static const struct net_tls_report report = {.fn = take_report};

static struct net_tls_config
server_config(void)
{
    return (struct net_tls_config){.is_server = true,
                                   .cert = certs_path("server.crt"),
                                   .key = certs_path("server.key"),
                                   .verify_depth = 9};
}

static struct net_tls_config
client_config(void)
{
    return (struct net_tls_config){
        .ca = certs_path("ca.crt"), .verify_depth = 9, .verify_peer = true, .verify_host = true};
}

static struct mx_tls *
make(const struct net_tls_config *config)
{
    errors = 0;
    warnings = 0;
    struct mx_tls *tls = net_tls_new(config, &report);
    if (tls == NULL) {
        print_message("%s\n", last_report);
    }
    assert_non_null(tls);
    return tls;
}

static int
setup(void **state)
{
    certs_begin();
    certs_make(&(struct certs_wish){.name = "server", .issuer = "ca", .host = "DNS:db1"});
    certs_make(&(struct certs_wish){.name = "client", .issuer = "ca"});
    certs_make(&(struct certs_wish){.name = "other-ca"});
    certs_make(&(struct certs_wish){.name = "old", .issuer = "ca", .is_expired = true});
    certs_revoke("client");
    return net_test_setup(state);
}

static int
teardown(void **state)
{
    certs_end();
    return net_test_teardown(state);
}

struct pair {
    struct net_test_end server;
    struct net_test_end client;
    struct mx_tls *server_tls;
    struct mx_tls *client_tls;
};

static const struct sockaddr_in peer_in = {.sin_family = AF_INET};
static const struct sockaddr *const peer = (const struct sockaddr *)&peer_in;

static void
begin(struct pair *p, const struct net_tls_config *server, const struct net_tls_config *client)
{
    int fds[2];
    *p = (struct pair){0};
    p->server_tls = make(server);
    p->client_tls = make(client);
    net_test_tcp_pair(fds);
    p->server.conn = mx_conn_adopt(fds[0], peer, &net_test_ops, &p->server);
    p->client.conn = mx_conn_adopt(fds[1], peer, &net_test_ops, &p->client);
    mx_conn_set_tls(p->server.conn, p->server_tls, "127.0.0.1");
    mx_conn_set_tls(p->client.conn, p->client_tls, "db1");
}

static void
begin_usual(struct pair *p)
{
    struct net_tls_config server = server_config();
    struct net_tls_config client = client_config();
    begin(p, &server, &client);
}

static void
start(struct pair *p)
{
    mx_conn_start_tls(p->server.conn);
    mx_conn_start_tls(p->client.conn);
}

static void
end(struct pair *p)
{
    net_worker_set_ops(NULL);
    net_test_end_fini(&p->server);
    net_test_end_fini(&p->client);
    net_worker_turn(0);
    net_tls_unref(p->server_tls);
    net_tls_unref(p->client_tls);
}

static void
until_got(const struct net_test_end *at, size_t len)
{
    int64_t end_ms = mx_clock_us() / 1000 + 20000;
    while (at->got.len < len) {
        assert_false(at->is_closed);
        net_worker_turn(10);
        assert_true(mx_clock_us() / 1000 < end_ms);
    }
    assert_int_equal(at->got.len, len);
}

/* Pseudo-random bytes from one end to the other, in pieces of odd sizes. */
static void
pass(struct net_test_end *from, struct net_test_end *to, size_t len)
{
    uint8_t *bytes = mx_alloc(len);
    size_t before = to->got.len;
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(i * 31 + i / 251);
    }
    for (size_t at = 0, piece = 1; at < len; at += piece, piece = piece * 3 + 1) {
        mx_conn_write(from->conn, bytes + at, mx_min_size(piece, len - at));
    }
    until_got(to, before + len);
    assert_memory_equal(to->got.bytes + before, bytes, len);
    free(bytes);
}

static void
talk(struct pair *p, size_t len)
{
    pass(&p->client, &p->server, 10);
    pass(&p->server, &p->client, len);
    pass(&p->client, &p->server, len);
    assert_true(mx_conn_is_private(p->client.conn));
    assert_true(mx_conn_is_private(p->server.conn));
}

static void
test_bytes_of_all_sizes_arrive(void **state)
{
    struct pair p;
    (void)state;
    begin_usual(&p);
    assert_false(mx_conn_is_private(p.client.conn));
    start(&p);
    assert_false(mx_conn_is_private(p.client.conn));
    talk(&p, 3 * 1024 * 1024);
    assert_string_equal(mx_conn_tls_version(p.client.conn), "TLSv1.3");
    assert_string_equal(mx_conn_tls_cipher(p.client.conn), mx_conn_tls_cipher(p.server.conn));
    end(&p);
}

static void
test_cut_anywhere_and_full_sockets(void **state)
{
    static struct net_test_faults faults[] = {
        {.receive_max = 1},
        {.receive_max = 7, .send_max = 5},
        {.send_max = 1, .send_again = -1},
        {.receive_max = 16384, .send_max = 16000, .send_again = -1},
        {.send_again = 20},
    };
    struct net_tls_config server = server_config();
    struct net_tls_config client = client_config();
    (void)state;
    for (size_t i = 0; i < MX_COUNT(faults) * 2; i++) {
        struct pair p;
        server.versions = i % 2 == 0 ? NET_TLS_V13 : NET_TLS_V12;
        begin(&p, &server, &client);
        net_test_faulty(&faults[i / 2]);
        start(&p);
        talk(&p, 40000);
        end(&p);
    }
}

/* Whatever call fails, both ends are told, and nothing is leaked or touched twice. */
static void
test_every_call_may_fail(void **state)
{
    struct net_tls_config server = server_config();
    struct net_tls_config client = client_config();
    (void)state;
    for (int at = 1; at < 30; at++) {
        struct pair p;
        struct net_test_faults faults = {.receive_max = 300, .fail_at = at};
        begin(&p, &server, &client);
        net_test_faulty(&faults);
        start(&p);
        mx_conn_write(p.client.conn, "hello", 5);
        for (int i = 0; i < 100 && p.server.got.len < 5 && !p.server.is_closed; i++) {
            net_worker_turn(0);
        }
        net_test_settle();
        end(&p);
    }
}

static void
test_reading_stops_while_paused(void **state)
{
    struct pair p;
    (void)state;
    begin_usual(&p);
    start(&p);
    talk(&p, 100);
    size_t before = p.server.got.len;
    uint8_t *bytes = mx_calloc(1, 200000);
    mx_conn_pause_reading(p.server.conn);
    mx_conn_write(p.client.conn, bytes, 200000);
    net_test_settle();
    assert_int_equal(p.server.got.len, before);
    mx_conn_resume_reading(p.server.conn);
    until_got(&p.server, before + 200000);
    free(bytes);
    end(&p);
}

/* ------------------------------------------------------------ the request and what follows it */

static size_t
request_data(struct mx_conn *conn, void *owner, uint8_t *data, size_t len)
{
    struct net_test_end *at = owner;
    if (len < 7) {
        return 0;
    }
    assert_memory_equal(data, "request", 7);
    mx_conn_set_ops(conn, &net_test_ops, owner);
    mx_conn_write(conn, "clear", 5);
    mx_conn_start_tls(conn);
    assert_true(mx_conn_is_switching(conn));
    at->is_connected = true;
    return 7;
}

static const struct mx_conn_ops request_ops = {.data = request_data};

static void
test_hello_behind_the_request_is_used(void **state)
{
    struct net_tls_config server = server_config();
    struct net_tls_config client = client_config();
    (void)state;
    for (int is_cut = 0; is_cut < 2; is_cut++) {
        struct pair p;
        struct net_test_faults faults = {.receive_max = 9};
        begin(&p, &server, &client);
        if (is_cut != 0) {
            net_test_faulty(&faults);
        }
        mx_conn_set_ops(p.server.conn, &request_ops, &p.server);
        mx_conn_write(p.client.conn, "request", 7);
        mx_conn_flush(p.client.conn);
        p.client.take_at_most = 5;
        /* The client says hello at once; the server's clear answer is in front of its own. */
        uint8_t answer[5];
        mx_conn_start_tls(p.client.conn);
        while (recv(mx_conn_fd(p.client.conn), answer, 5, MSG_PEEK | MSG_DONTWAIT) != 5) {
            net_worker_turn(1);
        }
        assert_memory_equal(answer, "clear", 5);
        assert_true(p.server.is_connected);
        end(&p);
    }
}

/* Clear text behind the request must never be taken for what the peer says inside of TLS. */
static void
test_clear_text_behind_the_request_ends_the_connection(void **state)
{
    struct pair p;
    (void)state;
    begin_usual(&p);
    mx_conn_set_ops(p.server.conn, &request_ops, &p.server);
    mx_conn_write(p.client.conn, "requestDROP DATABASE d", 22);
    net_test_until(&p.server.is_closed);
    assert_int_equal(p.server.got.len, 0);
    assert_int_equal(p.server.why.code, MX_CONN_TLS_FAILED);
    end(&p);
}

/* ------------------------------------------------------------ failures */

static void
expect_failure(const struct net_tls_config *server, const struct net_tls_config *client,
               const char *server_says, const char *client_says)
{
    struct pair p;
    begin(&p, server, client);
    start(&p);
    mx_conn_write(p.client.conn, "secret", 6);
    if (server_says != NULL) {
        net_test_until(&p.server.is_closed);
    }
    if (client_says != NULL) {
        net_test_until(&p.client.is_closed);
    }
    assert_int_equal(p.server.got.len, 0);
    const struct net_test_end *ends[] = {&p.server, &p.client};
    const char *texts[] = {server_says, client_says};
    for (size_t i = 0; i < 2; i++) {
        if (texts[i] != NULL && strstr(ends[i]->why.text, texts[i]) == NULL) {
            fail_msg("'%s' does not say '%s'", ends[i]->why.text, texts[i]);
        }
        assert_true(texts[i] == NULL || ends[i]->why.code == MX_CONN_TLS_FAILED);
    }
    end(&p);
}

static void
test_failed_handshakes_say_why(void **state)
{
    struct net_tls_config server = server_config();
    struct net_tls_config client = client_config();
    (void)state;
    client.ca = certs_path("other-ca.crt");
    expect_failure(&server, &client, "does not accept our certificate", "ssl_ca");

    client = client_config();
    server.versions = NET_TLS_V12;
    client.versions = NET_TLS_V13;
    expect_failure(&server, &client, "no TLS version in common", "no TLS version in common");

    server = server_config();
    server.versions = NET_TLS_V12;
    client.versions = NET_TLS_V12;
    server.cipher = "ECDHE-ECDSA-AES128-GCM-SHA256";
    client.cipher = "ECDHE-ECDSA-AES256-GCM-SHA384";
    expect_failure(&server, &client, "no cipher in common", "accepts none");

    server = server_config();
    client = client_config();
    server.ca = certs_path("ca.crt");
    server.verify_peer = true;
    expect_failure(&server, &client, "shows no certificate", "ssl_cert and ssl_key");

    client.cert = certs_path("client.crt");
    client.key = certs_path("client.key");
    server.crl = certs_path("client.crl");
    expect_failure(&server, &client, "revoked", "does not accept our certificate");

    server = server_config();
    server.cert = certs_path("old.crt");
    server.key = certs_path("old.key");
    client = client_config();
    expect_failure(&server, &client, NULL, "expired");
}

static void
test_certificate_for_another_host_gets_no_byte(void **state)
{
    struct net_tls_config server = server_config();
    struct net_tls_config client = client_config();
    (void)state;
    certs_make(&(struct certs_wish){.name = "server", .issuer = "ca", .host = "DNS:db2"});
    expect_failure(&server, &client, NULL, "not made out to 'db1'");
    client.verify_peer = false;
    expect_failure(&server, &client, NULL, "not made out to 'db1'");
    client.verify_host = false;
    struct pair p;
    begin(&p, &server, &client);
    start(&p);
    talk(&p, 100);
    end(&p);
    certs_make(&(struct certs_wish){.name = "server", .issuer = "ca", .host = "DNS:db1"});
}

static void
test_peer_that_leaves_in_the_handshake(void **state)
{
    struct pair p;
    (void)state;
    begin_usual(&p);
    mx_conn_start_tls(p.server.conn);
    (void)shutdown(mx_conn_fd(p.client.conn), SHUT_WR);
    net_test_until(&p.server.is_closed);
    assert_int_equal(p.server.why.code, MX_CONN_TLS_FAILED);
    end(&p);
}

/* A client that has sent its last byte still gets the answer. */
static void
test_half_close(void **state)
{
    struct pair p;
    (void)state;
    begin_usual(&p);
    start(&p);
    talk(&p, 100);
    size_t before = p.client.got.len;
    mx_conn_write(p.server.conn, "last words", 10);
    mx_conn_close(p.server.conn);
    p.server.conn = NULL;
    net_test_until(&p.client.is_closed);
    assert_int_equal(p.client.got.len, before + 10);
    assert_int_equal(p.client.why.code, 0);
    end(&p);
}

/* ------------------------------------------------------------ peers, sessions, calls */

static void
test_certificate_of_the_peer(void **state)
{
    struct net_tls_config server = server_config();
    struct net_tls_config client = client_config();
    char *subject = NULL;
    char *issuer = NULL;
    struct pair p;
    (void)state;
    server.ca = certs_path("ca.crt");
    begin(&p, &server, &client);
    start(&p);
    talk(&p, 10);
    assert_false(mx_conn_tls_peer(p.server.conn, &subject, &issuer));
    end(&p);

    client.cert = certs_path("client.crt");
    client.key = certs_path("client.key");
    begin(&p, &server, &client);
    start(&p);
    talk(&p, 10);
    assert_true(mx_conn_tls_peer(p.server.conn, &subject, &issuer));
    assert_string_equal(subject, "/C=FI/CN=client");
    assert_string_equal(issuer, "/C=FI/CN=ca");
    free(subject);
    free(issuer);
    end(&p);

    /* One that nobody vouches for is as good as none. */
    client.cert = certs_path("other-ca.crt");
    client.key = certs_path("other-ca.key");
    begin(&p, &server, &client);
    start(&p);
    talk(&p, 10);
    assert_false(mx_conn_tls_peer(p.server.conn, &subject, &issuer));
    end(&p);
}

static bool
is_resumed(const struct pair *p)
{
    struct net_tls *t = p->client.conn->tls;
    return SSL_session_reused(net_tls_ssl(t)) == 1;
}

static void
reconnect(struct pair *p)
{
    int fds[2];
    mx_conn_abort(p->server.conn);
    mx_conn_abort(p->client.conn);
    net_worker_turn(0);
    net_test_tcp_pair(fds);
    p->server.conn = mx_conn_adopt(fds[0], peer, &net_test_ops, &p->server);
    p->client.conn = mx_conn_adopt(fds[1], peer, &net_test_ops, &p->client);
    mx_conn_set_tls(p->server.conn, p->server_tls, "127.0.0.1");
    mx_conn_set_tls(p->client.conn, p->client_tls, "db1");
    start(p);
    talk(p, 100);
}

static void
test_sessions_are_resumed(void **state)
{
    static const uint32_t versions[] = {NET_TLS_V12, NET_TLS_V13};
    struct net_tls_config server = server_config();
    struct net_tls_config client = client_config();
    (void)state;
    for (size_t i = 0; i < MX_COUNT(versions); i++) {
        struct pair p;
        client.versions = versions[i];
        begin(&p, &server, &client);
        start(&p);
        talk(&p, 100);
        assert_false(is_resumed(&p));
        reconnect(&p);
        assert_true(is_resumed(&p));
        struct net_tickets *tickets = &net_tls_mine(p.server_tls)->tickets;
        net_tickets_advance(tickets, tickets->epoch + 1);
        reconnect(&p);
        assert_true(is_resumed(&p));
        net_tickets_advance(tickets, tickets->epoch + 2);
        reconnect(&p);
        assert_false(is_resumed(&p));
        end(&p);
    }
}

static void
test_tickets_of_one_worker_are_good_on_another(void **state)
{
    struct net_tls_config config = server_config();
    (void)state;
    config.worker_count = 2;
    struct mx_tls *tls = make(&config);
    net_tickets_advance(&tls->slots[0].tickets, tls->slots[0].tickets.epoch + 3);
    assert_memory_not_equal(tls->slots[0].tickets.secret, tls->slots[1].tickets.secret,
                            NET_TICKET_SECRET);
    net_tickets_advance(&tls->slots[1].tickets, tls->slots[0].tickets.epoch);
    assert_memory_equal(tls->slots[0].tickets.secret, tls->slots[1].tickets.secret,
                        NET_TICKET_SECRET);
    net_tls_unref(tls);
}

/* The same four calls as in clear: the parts of a write become one record. */
static void
test_a_small_statement_costs_four_calls(void **state)
{
    const struct mx_worker *worker = mx_worker_self();
    struct net_tls_config server = server_config();
    struct net_tls_config client = client_config();
    struct pair p;
    (void)state;
    begin(&p, &server, &client);
    start(&p);
    talk(&p, 100);
    net_test_settle();
    struct net_op_counts before = worker->counts;
    for (int i = 0; i < 100; i++) {
        struct net_test_end *from = i % 2 == 0 ? &p.client : &p.server;
        struct net_test_end *to = i % 2 == 0 ? &p.server : &p.client;
        size_t len = to->got.len;
        mx_conn_write(from->conn, "head", 4);
        mx_conn_write(from->conn, "SELECT 1", 8);
        until_got(to, len + 12);
    }
    /* This worker is both ends: each message is one send and one receive. */
    assert_int_equal(worker->counts.sends - before.sends, 100);
    assert_int_equal(worker->counts.receives - before.receives, 100);
    assert_int_equal(worker->counts.controls - before.controls, 0);
    end(&p);
}

/* ------------------------------------------------------------ what a configuration may get wrong
 */

static void
refused(const struct net_tls_config *config, int count, const char *says)
{
    errors = 0;
    warnings = 0;
    struct mx_tls *tls = net_tls_new(config, &report);
    if (tls != NULL || errors != count || strstr(last_report, says) == NULL) {
        fail_msg("%d errors, the last: %s; expected '%s'", errors, last_report, says);
    }
}

static void
test_mistakes_are_named(void **state)
{
    struct net_tls_config config = server_config();
    (void)state;
    config.cert = NULL;
    refused(&config, 1, "ssl_cert is missing");
    config = server_config();
    config.key = certs_path("client.key");
    refused(&config, 1, "does not hold the key of the certificate");
    config.key = certs_path("nowhere.key");
    refused(&config, 1, "nowhere.key");
    config.key = certs_path("client.crt");
    refused(&config, 1, "no private key");
    config = server_config();
    config.cert = certs_path("server.key");
    refused(&config, 1, "no certificate in PEM form");
    config = server_config();
    config.cipher = "SO-GOOD";
    refused(&config, 1, "ssl_cipher");
    config = server_config();
    config.ca = certs_path("server.key");
    config.crl = certs_path("ca.crt");
    refused(&config, 2, "no list of revoked certificates");
    certs_make(&(struct certs_wish){.name = "use", .issuer = "ca", .usage = "clientAuth"});
    config = server_config();
    config.cert = certs_path("use.crt");
    config.key = certs_path("use.key");
    refused(&config, 1, "serverAuth");
    config.is_server = false;
    net_tls_unref(make(&config));
    certs_make(&(struct certs_wish){.name = "use", .issuer = "ca", .usage = "serverAuth"});
    refused(&config, 1, "clientAuth");
    config = client_config();
    config.cert = certs_path("client.crt");
    refused(&config, 1, "one half");
}

static void
test_locked_key_and_broken_file(void **state)
{
    struct net_tls_config config = server_config();
    (void)state;
    certs_write("locked.key", "-----BEGIN EC PRIVATE KEY-----\n"
                              "Proc-Type: 4,ENCRYPTED\n"
                              "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
                              "AAAAAAAAAAAAAAAAAAAAAA==\n"
                              "-----END EC PRIVATE KEY-----\n");
    config.key = certs_path("locked.key");
    refused(&config, 1, "passphrase");
    certs_write("broken.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    config = server_config();
    config.cert = certs_path("broken.crt");
    refused(&config, 1, "or a broken one");
}

static void
test_expired_certificate_is_a_warning(void **state)
{
    struct net_tls_config config = server_config();
    (void)state;
    config.cert = certs_path("old.crt");
    config.key = certs_path("old.key");
    struct mx_tls *tls = make(&config);
    assert_int_equal(warnings, 1);
    assert_non_null(strstr(last_report, "has expired"));
    net_tls_unref(tls);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_of_all_sizes_arrive),
        cmocka_unit_test(test_cut_anywhere_and_full_sockets),
        cmocka_unit_test(test_every_call_may_fail),
        cmocka_unit_test(test_reading_stops_while_paused),
        cmocka_unit_test(test_hello_behind_the_request_is_used),
        cmocka_unit_test(test_clear_text_behind_the_request_ends_the_connection),
        cmocka_unit_test(test_failed_handshakes_say_why),
        cmocka_unit_test(test_certificate_for_another_host_gets_no_byte),
        cmocka_unit_test(test_peer_that_leaves_in_the_handshake),
        cmocka_unit_test(test_half_close),
        cmocka_unit_test(test_certificate_of_the_peer),
        cmocka_unit_test(test_sessions_are_resumed),
        cmocka_unit_test(test_tickets_of_one_worker_are_good_on_another),
        cmocka_unit_test(test_a_small_statement_costs_four_calls),
        cmocka_unit_test(test_mistakes_are_named),
        cmocka_unit_test(test_locked_key_and_broken_file),
        cmocka_unit_test(test_expired_certificate_is_a_warning),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
