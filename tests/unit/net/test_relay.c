/*
 * The budgets of the data path, counted on a relay of two connections: system calls and heap
 * allocations per statement, and memory while a fast writer feeds a slow reader. The allocator is
 * wrapped by the linker (see meson.build).
 */
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static uint64_t allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *ptr, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *ptr, size_t size);

void *
__wrap_malloc(size_t size)
{
    allocations++;
    return __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
    allocations++;
    return __real_calloc(count, size);
}

void *
__wrap_realloc(void *ptr, size_t size)
{
    allocations++;
    return __real_realloc(ptr, size);
}

/* Two connections; what arrives on one leaves on the other. */
struct relay {
    struct mx_conn *side[2];
    int outside[2]; /* the peers' ends */
    bool is_closed[2];
    size_t most_queued;
    int pieces; /* each arrival is written in so many pieces */
};

static int
side_of(const struct relay *relay, const struct mx_conn *conn)
{
    return conn == relay->side[0] ? 0 : 1;
}

static size_t
relay_data(struct mx_conn *conn, void *owner, uint8_t *data, size_t len)
{
    struct relay *relay = owner;
    struct mx_conn *other = relay->side[1 - side_of(relay, conn)];
    size_t piece = len / (size_t)relay->pieces + 1;
    for (size_t at = 0; at < len; at += piece) {
        mx_conn_write(other, data + at, mx_min_size(piece, len - at));
    }
    if (mx_conn_is_full(other)) {
        mx_conn_pause_reading(conn);
    }
    relay->most_queued = mx_max_size(relay->most_queued, mx_conn_queued(other));
    return len;
}

static void
relay_drained(struct mx_conn *conn, void *owner)
{
    struct relay *relay = owner;
    mx_conn_resume_reading(relay->side[1 - side_of(relay, conn)]);
}

static void
relay_closed(struct mx_conn *conn, void *owner, const struct mx_err *why)
{
    struct relay *relay = owner;
    int side = side_of(relay, conn);
    (void)why;
    relay->is_closed[side] = true;
    relay->side[side] = NULL;
    mx_conn_close(relay->side[1 - side]);
    relay->side[1 - side] = NULL;
}

static const struct mx_conn_ops relay_ops = {
    .data = relay_data, .drained = relay_drained, .closed = relay_closed};

static void
relay_open(struct relay *relay, bool is_tcp)
{
    *relay = (struct relay){.pieces = 1};
    for (int i = 0; i < 2; i++) {
        int fds[2];
        if (is_tcp) {
            net_test_tcp_pair(fds);
        } else {
            net_test_pair(fds);
        }
        relay->outside[i] = fds[1];
        relay->side[i] = mx_conn_adopt(fds[0], NULL, &relay_ops, relay);
    }
}

static void
relay_close(struct relay *relay)
{
    for (int i = 0; i < 2; i++) {
        mx_conn_abort(relay->side[i]);
        if (relay->outside[i] >= 0) {
            (void)close(relay->outside[i]);
        }
    }
    net_worker_turn(0);
}

static void
pass_one(struct relay *relay, int from, const char *text)
{
    size_t len = strlen(text);
    char got[256];
    assert_int_equal(send(relay->outside[from], text, len, 0), (ssize_t)len);
    net_worker_turn(1000);
    assert_int_equal(recv(relay->outside[1 - from], got, sizeof(got), MSG_DONTWAIT), (ssize_t)len);
    assert_memory_equal(got, text, len);
}

static void
statements(bool is_tcp, int pieces)
{
    const struct net_op_counts *counts = net_worker_counts(mx_worker_self());
    struct relay relay;
    relay_open(&relay, is_tcp);
    relay.pieces = pieces;
    pass_one(&relay, 0, "warm up");
    pass_one(&relay, 1, "warm up");
    struct net_op_counts before = *counts;
    uint64_t allocations_before = allocations;
    for (int i = 0; i < 1000; i++) {
        pass_one(&relay, 0, "SELECT 1");
        pass_one(&relay, 1, "a small reply of a few packets");
    }
    assert_int_equal(allocations - allocations_before, 0);
    assert_int_equal(counts->receives - before.receives, 2000);
    assert_int_equal(counts->sends - before.sends, 2000);
    assert_int_equal(counts->waits - before.waits, 2000);
    assert_int_equal(counts->controls - before.controls, 0);
    relay_close(&relay);
}

static void
test_a_statement_costs_four_calls_and_no_allocation(void **state)
{
    (void)state;
    statements(true, 1);
    statements(false, 1);
}

static void
test_reply_written_in_pieces_costs_the_same(void **state)
{
    (void)state;
    statements(true, 5);
}

/* A writer that never stops and a reader that does not read, then reads in small sips. */
static void
test_fast_writer_and_slow_reader_never_make_memory_grow(void **state)
{
    enum {
        BLOCK = 65536
    };
    const size_t total = (size_t)24 * 1024 * 1024;
    static uint8_t block[BLOCK];
    static uint8_t got[BLOCK];
    struct relay relay;
    size_t sent = 0;
    size_t received = 0;
    size_t most_memory = 0;
    (void)state;
    relay_open(&relay, true);
    while (received < total) {
        if (sent < total) {
            for (size_t i = 0; i < BLOCK; i++) {
                block[i] = (uint8_t)((sent + i) % 253);
            }
            ssize_t put = send(relay.outside[0], block, BLOCK, MSG_DONTWAIT);
            sent += put > 0 ? (size_t)put : 0;
        }
        net_worker_turn(0);
        most_memory = mx_max_size(most_memory, mx_worker_self()->pool.bytes_out);
        if (sent < (size_t)16 * 1024 * 1024 && mx_conn_is_paused(relay.side[0]) == false) {
            continue; /* the reader has not begun */
        }
        ssize_t sip = recv(relay.outside[1], got, BLOCK, MSG_DONTWAIT);
        for (ssize_t i = 0; i < sip; i++) {
            if (got[i] != (uint8_t)((received + (size_t)i) % 253)) {
                fail_msg("byte %zu differs", received + (size_t)i);
            }
        }
        received += sip > 0 ? (size_t)sip : 0;
    }
    assert_true(relay.most_queued <= 65536 + NET_SCRATCH_LEN);
    assert_true(most_memory <= 65536 + NET_SCRATCH_LEN + 65536);
    assert_int_equal(mx_conn_queued(relay.side[1]), 0);
    assert_false(mx_conn_is_paused(relay.side[0]));
    relay_close(&relay);
    assert_int_equal(mx_worker_self()->pool.bytes_out, 0);
}

static void
test_every_fault_of_the_door_leaves_the_bytes_the_same(void **state)
{
    const struct net_test_faults kinds[] = {
        {.receive_max = 1},
        {.send_max = 1},
        {.receive_max = 3, .send_max = 2},
        {.receive_max = 1000, .send_max = 7, .send_again = -1},
        {.send_again = -1},
    };
    const size_t total = 20000;
    (void)state;
    for (size_t kind = 0; kind < MX_COUNT(kinds); kind++) {
        struct net_test_faults faults = kinds[kind];
        struct relay relay;
        net_test_faulty(&faults);
        relay_open(&relay, kind % 2 == 0);
        mx_conn_set_water(relay.side[1], 500, 100);
        relay.pieces = 3;
        size_t sent = 0;
        size_t received = 0;
        while (received < total) {
            uint8_t block[777];
            size_t len = mx_min_size(sizeof(block), total - sent);
            for (size_t i = 0; i < len; i++) {
                block[i] = (uint8_t)((sent + i) % 251);
            }
            ssize_t put = len > 0 ? send(relay.outside[0], block, len, MSG_DONTWAIT) : 0;
            sent += put > 0 ? (size_t)put : 0;
            net_worker_turn(0);
            ssize_t got = recv(relay.outside[1], block, sizeof(block), MSG_DONTWAIT);
            for (ssize_t i = 0; i < got; i++) {
                assert_int_equal(block[i], (received + (size_t)i) % 251);
            }
            received += got > 0 ? (size_t)got : 0;
        }
        relay_close(&relay);
        net_worker_set_ops(NULL);
        assert_int_equal(mx_worker_self()->pool.bytes_out, 0);
    }
}

/* The N-th call fails, for every N: both sides end, nothing is lost or left. */
static void
test_each_call_may_fail_and_both_sides_end(void **state)
{
    bool has_ended = true;
    (void)state;
    for (int n = 1; has_ended; n++) {
        struct net_test_faults faults = {.send_max = 100, .fail_at = n};
        struct relay relay;
        uint8_t block[1000] = {0};
        net_test_faulty(&faults);
        relay_open(&relay, true);
        assert_int_equal(send(relay.outside[0], block, sizeof(block), 0), 1000);
        assert_int_equal(send(relay.outside[1], block, sizeof(block), 0), 1000);
        net_test_settle();
        has_ended = relay.is_closed[0] || relay.is_closed[1];
        assert_int_equal(has_ended, relay.side[0] == NULL && relay.side[1] == NULL);
        relay_close(&relay);
        net_worker_set_ops(NULL);
        assert_int_equal(mx_worker_self()->pool.bytes_out, 0);
        assert_true(n < 200);
    }
}

static void
test_end_of_one_side_reaches_the_other_behind_the_bytes(void **state)
{
    struct relay relay;
    char got[64];
    (void)state;
    relay_open(&relay, true);
    assert_int_equal(send(relay.outside[0], "last words", 10, 0), 10);
    (void)close(relay.outside[0]);
    relay.outside[0] = -1;
    net_test_until(&relay.is_closed[0]);
    assert_int_equal(recv(relay.outside[1], got, sizeof(got), 0), 10);
    assert_int_equal(recv(relay.outside[1], got, sizeof(got), 0), 0);
    relay_close(&relay);
}

/* Idle pairs that were busy once: what one connection costs in memory of ours. */
static void
test_idle_connections_cost_256_bytes_each(void **state)
{
    enum {
        PAIRS = 400
    };
    static struct relay relays[PAIRS];
    (void)state;
    for (size_t i = 0; i < PAIRS; i++) {
        relay_open(&relays[i], false);
        pass_one(&relays[i], 0, "SELECT 1");
        pass_one(&relays[i], 1, "reply");
    }
    net_test_settle();
    assert_int_equal(mx_worker_self()->pool.bytes_out, (size_t)PAIRS * 2 * 256);
    for (size_t i = 0; i < PAIRS; i++) {
        relay_close(&relays[i]);
    }
}

#define net_test(f) cmocka_unit_test_setup_teardown(f, net_test_setup, net_test_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        net_test(test_a_statement_costs_four_calls_and_no_allocation),
        net_test(test_reply_written_in_pieces_costs_the_same),
        net_test(test_fast_writer_and_slow_reader_never_make_memory_grow),
        net_test(test_every_fault_of_the_door_leaves_the_bytes_the_same),
        net_test(test_each_call_may_fail_and_both_sides_end),
        net_test(test_end_of_one_side_reaches_the_other_behind_the_bytes),
        net_test(test_idle_connections_cost_256_bytes_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
