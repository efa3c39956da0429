/* Outgoing connections and listening sockets: every way to come to be, or not. */
#include "net/address.h"
#include "net/listen.h"
#include "support.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct accepted {
    struct net_test_end end; /* of the last one */
    int count;
    bool has_one;
    char address[MX_CONN_ADDRESS_MAX];
    bool was_unix;
};

static void
accept_one(void *arg, int fd, const struct sockaddr *peer)
{
    struct accepted *accepted = arg;
    accepted->count++;
    accepted->has_one = true;
    if (accepted->end.conn != NULL) {
        mx_conn_abort(accepted->end.conn);
    }
    accepted->end.conn = mx_conn_adopt(fd, peer, &net_test_ops, &accepted->end);
    (void)mx_conn_peer_address(accepted->end.conn, accepted->address, sizeof(accepted->address));
    accepted->was_unix = mx_conn_is_unix(accepted->end.conn);
}

static struct net_listener *
listen_on(const char *address, uint16_t port, struct accepted *accepted)
{
    const struct net_listen_config config = {.address = address, .port = port};
    struct mx_err err = {0};
    struct net_listener *listener = net_listener_open(&config, &err);
    if (listener == NULL) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(net_listener_start(listener, accept_one, accepted, &err), 0);
    return listener;
}

static void
reach(const char *to, uint16_t port, struct accepted *accepted)
{
    const struct mx_conn_target target = {.address = to, .port = port, .timeout_ms = 5000};
    struct net_test_end end = {.conn = NULL};
    accepted->has_one = false;
    end.conn = mx_conn_open(&target, &net_test_ops, &end);
    mx_conn_write(end.conn, "early", 5); /* leaves once it is connected */
    assert_false(end.is_connected);
    net_test_until(&end.is_connected);
    net_test_until(&accepted->has_one);
    assert_true(mx_conn_is_open(end.conn));
    while (accepted->end.got.len < 5) {
        net_worker_turn(100);
    }
    assert_memory_equal(accepted->end.got.bytes, "early", 5);
    mx_buf_free(&accepted->end.got);
    net_test_end_fini(&end);
}

static void
test_addresses_and_names_of_tcp(void **state)
{
    struct accepted accepted = {.count = 0};
    struct net_listener *listener = listen_on("127.0.0.1", 0, &accepted);
    uint16_t port = net_listener_port(listener);
    (void)state;
    reach("127.0.0.1", port, &accepted);
    assert_string_equal(accepted.address, "127.0.0.1");
    reach("localhost", port, &accepted); /* refused on ::1 where that is first, then 127.0.0.1 */
    net_test_end_fini(&accepted.end);
    net_listener_close(listener);
    net_worker_turn(0);
}

static void
test_each_client_is_accepted_with_one_call(void **state)
{
    struct accepted accepted = {.count = 0};
    struct net_listener *listener = listen_on("127.0.0.1", 0, &accepted);
    (void)state;
    for (int i = 0; i < 20; i++) {
        reach("127.0.0.1", net_listener_port(listener), &accepted);
    }
    assert_int_equal(accepted.count, 20);
    assert_int_equal(net_worker_counts(mx_worker_self())->accepts, 20);
    net_test_end_fini(&accepted.end);
    net_listener_close(listener);
    net_worker_turn(0);
}

static void
test_a_queue_of_clients_is_accepted_in_few_turns(void **state)
{
    enum {
        CLIENTS = 100
    };
    struct accepted accepted = {.count = 0};
    struct net_test_end ends[CLIENTS] = {{.conn = NULL}};
    struct net_listener *listener = listen_on("127.0.0.1", 0, &accepted);
    const struct mx_conn_target target = {.address = "127.0.0.1",
                                          .port = net_listener_port(listener)};
    int turns = 0;
    (void)state;
    for (int i = 0; i < CLIENTS; i++) {
        ends[i].conn = mx_conn_open(&target, &net_test_ops, &ends[i]);
    }
    while (accepted.count < CLIENTS) {
        net_worker_turn(1000);
        turns++;
    }
    assert_true(turns < 20);
    for (int i = 0; i < CLIENTS; i++) {
        net_test_end_fini(&ends[i]);
    }
    net_test_end_fini(&accepted.end);
    net_listener_close(listener);
    net_worker_turn(0);
}

static void
test_addresses_as_text(void **state)
{
    static const char *const texts[] = {"0.0.0.0",       "127.0.0.1",       "10.20.100.9",
                                        "192.168.99.10", "255.255.255.255", "200.101.110.19",
                                        "::1",           "2001:db8::7"};
    (void)state;
    for (size_t i = 0; i < MX_COUNT(texts); i++) {
        struct net_address address;
        struct net_peer peer;
        char text[MX_CONN_ADDRESS_MAX];
        assert_true(net_address_parse(texts[i], 1, &address));
        net_peer_set(&peer, (const struct sockaddr *)&address.storage);
        assert_string_equal(net_peer_text(&peer, text, sizeof(text)), texts[i]);
    }
}

static void
test_any_address_takes_ipv4_too(void **state)
{
    struct accepted accepted = {.count = 0};
    struct net_listener *listener = listen_on("::", 0, &accepted);
    (void)state;
    reach("127.0.0.1", net_listener_port(listener), &accepted);
    assert_string_equal(accepted.address, "127.0.0.1"); /* not ::ffff:127.0.0.1 */
    net_test_end_fini(&accepted.end);
    net_listener_close(listener);
    net_worker_turn(0);
}

static void
test_unix_socket_is_open_to_all_and_gone_after_close(void **state)
{
    char folder[] = "/tmp/mx-test-net-XXXXXX";
    char path[64];
    struct accepted accepted = {.count = 0};
    struct stat st;
    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/s.sock", folder);
    struct net_listener *listener = listen_on(path, 0, &accepted);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0777);
    reach(path, 0, &accepted);
    assert_string_equal(accepted.address, "localhost");
    assert_true(accepted.was_unix);
    net_test_end_fini(&accepted.end);
    net_listener_close(listener);
    net_worker_turn(0);
    assert_int_equal(stat(path, &st), -1);
    assert_int_equal(rmdir(folder), 0);
}

static void
test_unix_socket_left_behind_is_replaced_and_one_in_use_is_not(void **state)
{
    char folder[] = "/tmp/mx-test-net-XXXXXX";
    char path[64];
    struct accepted accepted = {.count = 0};
    struct mx_err err = {0};
    struct net_address address;
    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/s.sock", folder);
    assert_true(net_address_unix(path, &address));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address.storage, address.len), 0);
    (void)close(fd);
    struct net_listener *listener = listen_on(path, 0, &accepted);
    const struct net_listen_config config = {.address = path};
    assert_null(net_listener_open(&config, &err));
    assert_non_null(strstr(err.text, "in use"));
    assert_non_null(strstr(err.text, path));
    reach(path, 0, &accepted); /* the first one still listens */
    net_test_end_fini(&accepted.end);
    net_listener_close(listener);
    net_worker_turn(0);
    assert_int_equal(rmdir(folder), 0);
}

static void
test_port_in_use_is_named_with_the_way_to_its_holder(void **state)
{
    struct accepted accepted = {.count = 0};
    struct net_listener *listener = listen_on("127.0.0.1", 0, &accepted);
    const struct net_listen_config config = {.address = "127.0.0.1",
                                             .port = net_listener_port(listener)};
    struct mx_err err = {0};
    char port[8];
    (void)state;
    (void)snprintf(port, sizeof(port), "%u", (unsigned)config.port);
    assert_null(net_listener_open(&config, &err));
    assert_non_null(strstr(err.text, port));
    assert_non_null(strstr(err.text, "ss -ltnp"));
    net_listener_close(listener);
    net_worker_turn(0);
}

static void
test_address_of_another_computer_is_refused_with_a_hint(void **state)
{
    const struct net_listen_config config = {.address = "192.0.2.1", .port = 4006};
    struct mx_err err = {0};
    (void)state;
    assert_null(net_listener_open(&config, &err));
    assert_non_null(strstr(err.text, "192.0.2.1"));
    assert_non_null(strstr(err.text, "ip address"));
}

static void
test_stopped_listener_keeps_clients_waiting_until_started(void **state)
{
    struct accepted accepted = {.count = 0};
    struct net_listener *listener = listen_on("127.0.0.1", 0, &accepted);
    const struct mx_conn_target target = {.address = "127.0.0.1",
                                          .port = net_listener_port(listener)};
    struct net_test_end end = {.conn = NULL};
    (void)state;
    net_listener_stop(listener);
    end.conn = mx_conn_open(&target, &net_test_ops, &end);
    net_test_until(&end.is_connected); /* the kernel answers */
    net_test_settle();
    assert_int_equal(accepted.count, 0);
    assert_int_equal(net_listener_start(listener, accept_one, &accepted, NULL), 0);
    net_test_until(&accepted.has_one);
    net_test_end_fini(&end);
    net_test_end_fini(&accepted.end);
    net_listener_close(listener);
    net_worker_turn(0);
}

static void
test_accepting_goes_on_after_running_out_of_descriptors(void **state)
{
    struct net_test_faults faults = {.accept_errors = 1};
    struct accepted accepted = {.count = 0};
    struct net_listener *listener = listen_on("127.0.0.1", 0, &accepted);
    const struct mx_conn_target target = {.address = "127.0.0.1",
                                          .port = net_listener_port(listener)};
    struct net_test_end end = {.conn = NULL};
    (void)state;
    net_test_faulty(&faults);
    end.conn = mx_conn_open(&target, &net_test_ops, &end);
    while (faults.accept_errors > 0) {
        net_worker_turn(100);
    }
    uint64_t tries = mx_worker_self()->counts.accepts;
    net_test_settle();
    assert_int_equal(mx_worker_self()->counts.accepts, tries); /* no hot loop meanwhile */
    assert_int_equal(accepted.count, 0);
    net_test_until(&accepted.has_one);
    net_test_end_fini(&end);
    net_test_end_fini(&accepted.end);
    net_listener_close(listener);
    net_worker_turn(0);
}

static void
must_fail(const struct mx_conn_target *target, uint16_t code, const char *text)
{
    struct net_test_end end = {.conn = NULL};
    end.conn = mx_conn_open(target, &net_test_ops, &end);
    assert_false(end.is_closed); /* never before the call has returned */
    net_test_until(&end.is_closed);
    assert_false(end.is_connected);
    assert_int_equal(end.why.code, code);
    if (strstr(end.why.text, text) == NULL) {
        fail_msg("'%s' does not say '%s'", end.why.text, text);
    }
}

static void
test_connect_that_fails_says_where_and_why(void **state)
{
    int fds[2];
    struct sockaddr_in address;
    socklen_t len = sizeof(address);
    (void)state;
    net_test_tcp_pair(fds); /* its port: nobody listens there any more */
    assert_int_equal(getsockname(fds[0], (struct sockaddr *)&address, &len), 0);
    (void)close(fds[0]);
    (void)close(fds[1]);
    must_fail(&(struct mx_conn_target){.address = "127.0.0.1", .port = ntohs(address.sin_port)},
              2003, "refused");
    must_fail(&(struct mx_conn_target){.address = "/nonexistent/socket"}, 2003,
              "'/nonexistent/socket': No such file");
    must_fail(&(struct mx_conn_target){.address = "127.0.0.1",
                                       .port = 1,
                                       .local_address = "not-an-address"},
              2003, "not-an-address");
    must_fail(
        &(struct mx_conn_target){.address = "127.0.0.1", .port = 1, .local_address = "192.0.2.7"},
        2003, "assign requested address");
    char path[200] = "/";
    memset(path + 1, 'x', 150);
    must_fail(&(struct mx_conn_target){.address = path}, 2003, "107");
    must_fail(&(struct mx_conn_target){.address = "no..such..name", .port = 1}, 2005,
              "no..such..name");
}

static void
test_connect_without_an_answer_ends_at_its_deadline(void **state)
{
    const struct sockaddr_in any = {.sin_family = AF_INET,
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in address = {0};
    socklen_t len = sizeof(address);
    struct net_test_end fill[4] = {{.conn = NULL}};
    (void)state;
    /* A full backlog: the kernel lets further ones wait without an answer. */
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&any, sizeof(any)), 0);
    assert_int_equal(listen(fd, 0), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    struct mx_conn_target target = {
        .address = "127.0.0.1", .port = ntohs(address.sin_port), .timeout_ms = 30000};
    for (size_t i = 0; i < MX_COUNT(fill); i++) {
        fill[i].conn = mx_conn_open(&target, &net_test_ops, &fill[i]);
    }
    net_test_settle();
    target.timeout_ms = 50;
    must_fail(&target, 2003, "no answer in 50 ms");
    for (size_t i = 0; i < MX_COUNT(fill); i++) {
        net_test_end_fini(&fill[i]);
    }
    (void)close(fd);
}

static void
test_closing_while_connecting_is_silent(void **state)
{
    struct accepted accepted = {.count = 0};
    struct net_listener *listener = listen_on("127.0.0.1", 0, &accepted);
    struct mx_conn_target target = {.address = "127.0.0.1", .port = net_listener_port(listener)};
    struct net_test_end end = {.conn = NULL};
    (void)state;
    mx_conn_close(mx_conn_open(&target, &net_test_ops, &end));
    target.address = "localhost";
    mx_conn_abort(mx_conn_open(&target, &net_test_ops, &end));
    net_test_settle();
    assert_false(end.is_closed);
    assert_false(end.is_connected);
    net_test_end_fini(&accepted.end);
    net_listener_close(listener);
    net_worker_turn(0);
}

#define net_test(f) cmocka_unit_test_setup_teardown(f, net_test_setup, net_test_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        net_test(test_addresses_and_names_of_tcp),
        net_test(test_each_client_is_accepted_with_one_call),
        net_test(test_a_queue_of_clients_is_accepted_in_few_turns),
        net_test(test_addresses_as_text),
        net_test(test_any_address_takes_ipv4_too),
        net_test(test_unix_socket_is_open_to_all_and_gone_after_close),
        net_test(test_unix_socket_left_behind_is_replaced_and_one_in_use_is_not),
        net_test(test_port_in_use_is_named_with_the_way_to_its_holder),
        net_test(test_address_of_another_computer_is_refused_with_a_hint),
        net_test(test_stopped_listener_keeps_clients_waiting_until_started),
        net_test(test_accepting_goes_on_after_running_out_of_descriptors),
        net_test(test_connect_that_fails_says_where_and_why),
        net_test(test_connect_without_an_answer_ends_at_its_deadline),
        net_test(test_closing_while_connecting_is_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
