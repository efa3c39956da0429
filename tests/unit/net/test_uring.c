/*
 * What only the io_uring loop does: writes that leave with the next wait, sends that the kernel
 * took in part, connections that end while the ring serves them. The other tests of src/net run
 * over this loop as well (MX_TEST_LOOP=uring).
 */
#include "support.h"

#include "net/conn.h"
#include "net/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* What arrives at `from` is written to `to`. */
struct way {
    struct mx_conn *from;
    struct mx_conn *to;
    int source; /* the peer's end of `from` */
    int target; /* ... and of `to` */
    bool aborts;
    bool is_closed;
};

static size_t
pass_on(struct mx_conn *conn, void *owner, uint8_t *data, size_t len)
{
    struct way *way = owner;
    struct mx_conn *other = conn == way->from ? way->to : way->from;
    if (way->aborts) {
        mx_conn_abort(conn);
        way->from = NULL;
        return len;
    }
    mx_conn_write(other, data, len);
    if (mx_conn_is_full(other)) {
        mx_conn_pause_reading(conn);
    }
    return len;
}

static void
drained(struct mx_conn *conn, void *owner)
{
    struct way *way = owner;
    mx_conn_resume_reading(conn == way->to ? way->from : way->to);
}

static void
closed(struct mx_conn *conn, void *owner, const struct mx_err *why MX_UNUSED)
{
    struct way *way = owner;
    way->is_closed = true;
    if (conn == way->from) {
        way->from = NULL;
    } else {
        way->to = NULL;
    }
}

static const struct mx_conn_ops ops = {.data = pass_on, .drained = drained, .closed = closed};

static void
nothing(void *arg MX_UNUSED)
{
}

/* A turn of a worker that does nothing else between two of them. */
static void
turn(void)
{
    mx_worker_post(mx_worker_self(), nothing, NULL);
    net_worker_turn(-1);
}

/* Such turns until the ring has brought something; the kernel may take its time. */
static void
turn_until_received(void)
{
    const struct net_op_counts *counts = net_worker_counts(mx_worker_self());
    uint64_t before = counts->receives;
    while (counts->receives == before) {
        net_worker_turn(-1);
    }
}

static void
begin(struct way *way)
{
    int fds[2];
    *way = (struct way){0};
    net_test_tcp_pair(fds);
    way->from = mx_conn_adopt(fds[0], NULL, &ops, way);
    way->source = fds[1];
    net_test_tcp_pair(fds);
    way->to = mx_conn_adopt(fds[0], NULL, &ops, way);
    way->target = fds[1];
    for (int i = 0; i < 2; i++) { /* what we read here may need a moment to come */
        int fd = i == 0 ? way->source : way->target;
        (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    }
}

static void
end(struct way *way)
{
    mx_conn_abort(way->from);
    mx_conn_abort(way->to);
    (void)close(way->source);
    (void)close(way->target);
    net_worker_turn(0);
    net_worker_turn(0);
}

/* One message each way; then the ring serves both. */
static void
promote(struct way *way)
{
    char got[8];
    for (int i = 0; i < 2; i++) {
        int out = i == 0 ? way->source : way->target;
        int in = i == 0 ? way->target : way->source;
        assert_int_equal(send(out, "hello", 5, 0), 5);
        net_worker_turn(1000);
        assert_int_equal(recv(in, got, sizeof(got), 0), 5);
    }
    assert_int_not_equal(way->from->io.ring, 0);
    assert_int_not_equal(way->to->io.ring, 0);
    turn(); /* the receives are there */
}

static void
test_what_is_written_leaves_with_the_next_wait(void **state MX_UNUSED)
{
    const struct net_op_counts *counts = net_worker_counts(mx_worker_self());
    struct way way;
    char got[16];
    begin(&way);
    promote(&way);
    for (int i = 0; i < 1000; i++) {
        struct net_op_counts before = *counts;
        assert_int_equal(send(way.source, "statement", 9, 0), 9);
        turn_until_received();
        assert_int_equal(recv(way.target, got, sizeof(got), MSG_DONTWAIT), -1);
        turn();
        assert_int_equal(recv(way.target, got, sizeof(got), 0), 9);
        assert_memory_equal(got, "statement", 9);
        assert_int_equal(counts->receives - before.receives, 1);
        assert_int_equal(counts->sends - before.sends, 1);
        assert_int_equal(counts->controls - before.controls, 0);
    }
    end(&way);
}

static uint8_t
byte_at(size_t i)
{
    return (uint8_t)(i % 251);
}

static void
check(const uint8_t *bytes, ssize_t len, size_t *received)
{
    for (ssize_t i = 0; i < len; i++) {
        assert_int_equal(bytes[i], byte_at((*received)++));
    }
}

/* The peer does not read until the socket takes no more: nothing is lost, nothing comes twice. */
static void
test_a_send_that_is_taken_in_part_is_continued(void **state MX_UNUSED)
{
    static uint8_t block[4000];
    struct way way;
    size_t sent = 0;
    size_t received = 0;
    begin(&way);
    promote(&way);
    while (mx_conn_queued(way.to) == 0 || way.to->io.ring != 0) {
        for (size_t i = 0; i < sizeof(block); i++) {
            block[i] = byte_at(sent + i);
        }
        ssize_t put = send(way.source, block, sizeof(block), MSG_DONTWAIT);
        sent += put > 0 ? (size_t)put : 0;
        turn();
        assert_true(sent < ((size_t)1 << 28));
    }
    while (received < sent) {
        ssize_t got = recv(way.target, block, sizeof(block), MSG_DONTWAIT);
        check(block, got, &received);
        turn();
    }
    assert_int_equal(mx_conn_queued(way.to), 0);
    end(&way);
}

/* What arrives while reading is paused waits; the end is told when reading goes on. */
static void
test_bytes_for_a_paused_connection_wait(void **state MX_UNUSED)
{
    struct way way;
    char got[16];
    begin(&way);
    promote(&way);
    mx_conn_pause_reading(way.from);
    assert_int_equal(send(way.source, "first", 5, 0), 5);
    turn_until_received();
    turn();
    assert_int_equal(send(way.source, "second", 6, 0), 6);
    assert_int_equal(shutdown(way.source, SHUT_WR), 0);
    turn();
    turn();
    assert_false(way.is_closed);
    assert_int_equal(way.from->io.ring, 0);
    assert_int_equal(recv(way.target, got, sizeof(got), MSG_DONTWAIT), -1);
    mx_conn_resume_reading(way.from);
    net_test_until(&way.is_closed);
    for (size_t len = 0; len < 11;) { /* they may come in two parts */
        ssize_t part = recv(way.target, got + len, sizeof(got) - len, 0);
        assert_true(part > 0);
        len += (size_t)part;
    }
    assert_memory_equal(got, "firstsecond", 11);
    end(&way);
}

static void
test_who_ends_within_a_message_is_gone_for_its_peer(void **state MX_UNUSED)
{
    struct way way;
    char got[16];
    begin(&way);
    promote(&way);
    way.aborts = true;
    assert_int_equal(send(way.source, "last", 4, 0), 4);
    turn_until_received();
    assert_null(way.from);
    turn();
    assert_int_equal(recv(way.source, got, sizeof(got), 0), 0);
    end(&way);
}

/* In the turn in which it went over to the ring: the receive is not even submitted. */
static void
test_who_ends_before_its_receive_is_submitted_is_gone_too(void **state MX_UNUSED)
{
    struct way way;
    char got[16];
    for (int i = 0; i < 100; i++) {
        begin(&way);
        assert_int_equal(send(way.source, "hello", 5, 0), 5);
        net_worker_turn(1000);
        assert_int_not_equal(way.from->io.ring, 0);
        assert_int_equal(send(way.source, "more", 4, 0), 4);
        mx_conn_abort(way.from);
        way.from = NULL;
        net_worker_turn(0);
        net_worker_turn(0);
        ssize_t rest = recv(way.source, got, sizeof(got), 0);
        assert_true(rest == 0 || (rest < 0 && errno == ECONNRESET));
        end(&way);
    }
}

/* As many bytes as keep it in the epoll set, and so many small messages by the ring. */
static void
mixed_turns(struct way *big, struct way *small, int small_messages)
{
    static uint8_t block[5000];
    char got[8];
    for (int i = 0; i < 200; i++) {
        assert_int_equal(send(big->source, block, sizeof(block), 0), sizeof(block));
        turn_until_received();
        turn();
        assert_int_equal(recv(big->target, block, sizeof(block), MSG_WAITALL), sizeof(block));
        for (int j = 0; j < small_messages; j++) {
            assert_int_equal(send(small->source, "hello", 5, 0), 5);
            turn_until_received();
            turn();
            assert_int_equal(recv(small->target, got, sizeof(got), 0), 5);
        }
    }
}

/* Two calls more in each turn are not worth it for few messages. */
static void
test_the_ring_is_left_when_most_is_done_by_readiness(void **state MX_UNUSED)
{
    struct way small;
    struct way big;
    begin(&small);
    promote(&small);
    net_uring_set_patience(8);
    begin(&big);
    mixed_turns(&big, &small, 1);
    assert_int_equal(small.from->io.ring, 0);
    assert_int_equal(small.to->io.ring, 0);
    assert_int_equal(big.from->io.ring, 0);
    end(&small);
    end(&big);
}

static void
test_the_ring_is_kept_when_it_does_most(void **state MX_UNUSED)
{
    struct way small;
    struct way big;
    begin(&small);
    promote(&small);
    net_uring_set_patience(8);
    begin(&big);
    mixed_turns(&big, &small, 8);
    assert_int_not_equal(small.from->io.ring, 0);
    end(&small);
    end(&big);
}

#define net_test(f) cmocka_unit_test_setup_teardown(f, net_test_setup, net_test_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        net_test(test_what_is_written_leaves_with_the_next_wait),
        net_test(test_a_send_that_is_taken_in_part_is_continued),
        net_test(test_bytes_for_a_paused_connection_wait),
        net_test(test_who_ends_within_a_message_is_gone_for_its_peer),
        net_test(test_who_ends_before_its_receive_is_submitted_is_gone_too),
        net_test(test_the_ring_is_left_when_most_is_done_by_readiness),
        net_test(test_the_ring_is_kept_when_it_does_most),
    };
    (void)setenv("MX_TEST_LOOP", "uring", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
