/* Connections: bytes in any cut, what is kept, what is gathered, high water, and every end. */
#include "support.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* Messages of one length byte and that many bytes, as a protocol would cut them. */
struct framed {
    struct mx_conn *conn;
    struct mx_buf bodies; /* all bodies joined */
    int count;
    bool uses_want;
    bool is_closed;
};

static size_t
framed_data(struct mx_conn *conn, void *owner, uint8_t *data, size_t len)
{
    struct framed *f = owner;
    size_t at = 0;
    while (at < len) {
        size_t whole = 1 + (size_t)data[at];
        if (len - at < whole) {
            if (f->uses_want) {
                mx_conn_want(conn, whole);
            }
            break;
        }
        assert_int_equal(mx_buf_append(&f->bodies, data + at + 1, whole - 1), 0);
        f->count++;
        at += whole;
    }
    return at;
}

static void
framed_closed(struct mx_conn *conn, void *owner, const struct mx_err *why)
{
    struct framed *f = owner;
    (void)conn;
    (void)why;
    f->is_closed = true;
    f->conn = NULL;
}

static const struct mx_conn_ops framed_ops = {.data = framed_data, .closed = framed_closed};

static void
put(int fd, const void *bytes, size_t len)
{
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
}

static void
test_messages_are_the_same_for_every_pair_of_cuts(void **state)
{
    static const uint8_t stream[] = "\x03"
                                    "abc\x00\x05"
                                    "defgh\x01"
                                    "i\x04"
                                    "jklm";
    const size_t len = sizeof(stream) - 1;
    (void)state;
    for (int uses_want = 0; uses_want < 2; uses_want++) {
        for (size_t first = 0; first <= len; first++) {
            for (size_t second = first; second <= len; second++) {
                struct framed f = {.uses_want = uses_want != 0};
                int fds[2];
                net_test_pair(fds);
                f.conn = mx_conn_adopt(fds[0], NULL, &framed_ops, &f);
                const size_t cuts[] = {0, first, second, len};
                for (size_t i = 0; i < 3; i++) {
                    if (cuts[i + 1] > cuts[i]) {
                        put(fds[1], stream + cuts[i], cuts[i + 1] - cuts[i]);
                        net_worker_turn(0);
                    }
                }
                assert_int_equal(f.count, 5);
                assert_int_equal(f.bodies.len, 13);
                assert_memory_equal(f.bodies.bytes, "abcdefghijklm", 13);
                assert_int_equal(mx_conn_kept(f.conn), 0);
                mx_conn_abort(f.conn);
                (void)close(fds[1]);
                mx_buf_free(&f.bodies);
            }
        }
        net_worker_turn(0);
    }
}

static void
test_large_message_wanted_whole_arrives_whole(void **state)
{
    const size_t total = (size_t)5 * 1024 * 1024;
    struct net_test_end end = {0};
    int fds[2];
    uint8_t *sent = mx_alloc(total);
    (void)state;
    for (size_t i = 0; i < total; i++) {
        sent[i] = (uint8_t)(i * 31 + i / 251);
    }
    net_test_pair(fds);
    end.conn = mx_conn_adopt(fds[0], NULL, &net_test_ops, &end);
    mx_conn_want(end.conn, total);
    for (size_t at = 0; at < total;) {
        ssize_t put_now = write(fds[1], sent + at, mx_min_size(total - at, 70001));
        if (put_now > 0) {
            at += (size_t)put_now;
        }
        assert_int_equal(end.data_calls, 0);
        net_worker_turn(0);
        assert_true(mx_worker_self()->pool.bytes_out < 2 * mx_max_size(at, 131072) + 65536);
    }
    net_test_settle();
    assert_int_equal(end.data_calls, 1);
    assert_int_equal(end.got.len, total);
    assert_memory_equal(end.got.bytes, sent, total);
    assert_int_equal(mx_conn_kept(end.conn), 0);
    free(sent);
    net_test_end_fini(&end);
    (void)close(fds[1]);
}

static void
test_more_than_the_limit_wanted_breaks_the_connection(void **state)
{
    struct net_test_end end = {0};
    int fd = net_test_adopt(&end);
    (void)state;
    mx_conn_set_input_limit(end.conn, 1000);
    mx_conn_want(end.conn, 1001);
    assert_false(end.is_closed);
    net_worker_turn(0);
    assert_true(end.is_closed);
    assert_int_equal(end.why.code, 2013);
    assert_non_null(strstr(end.why.text, "1001"));
    (void)close(fd);
}

static size_t
never_takes(struct mx_conn *conn, void *owner, uint8_t *data, size_t len)
{
    (void)conn;
    (void)owner;
    (void)data;
    (void)len;
    return 0;
}

static void
test_input_that_nobody_consumes_ends_at_the_limit(void **state)
{
    struct framed f = {0};
    const struct mx_conn_ops ops = {.data = never_takes, .closed = framed_closed};
    uint8_t block[4096] = {0};
    int fds[2];
    (void)state;
    net_test_pair(fds);
    f.conn = mx_conn_adopt(fds[0], NULL, &ops, &f);
    mx_conn_set_input_limit(f.conn, 100000);
    for (int i = 0; i < 100 && !f.is_closed; i++) {
        (void)send(fds[1], block, sizeof(block), MSG_NOSIGNAL);
        net_worker_turn(0);
    }
    assert_true(f.is_closed);
    assert_int_equal(mx_worker_self()->pool.bytes_out, 0);
    (void)close(fds[1]);
}

static void
test_rest_is_presented_again_with_what_follows(void **state)
{
    struct net_test_end end = {.take_at_most = 3};
    int fd = net_test_adopt(&end);
    (void)state;
    put(fd, "abcde", 5);
    net_worker_turn(0);
    assert_int_equal(end.data_calls, 1);
    assert_int_equal(mx_conn_kept(end.conn), 2);
    put(fd, "fgh", 3);
    net_worker_turn(0);
    assert_int_equal(end.got.len, 6);
    assert_memory_equal(end.got.bytes, "abcdef", 6);
    assert_int_equal(mx_conn_kept(end.conn), 2);
    net_test_end_fini(&end);
    (void)close(fd);
}

static size_t
wants_what_is_there(struct mx_conn *conn, void *owner, uint8_t *data, size_t len)
{
    struct framed *f = owner;
    (void)data;
    if (f->count++ == 0) {
        mx_conn_want(conn, len);
        return 0;
    }
    return len;
}

static void
test_wanted_bytes_that_are_there_already_are_presented_again(void **state)
{
    const struct mx_conn_ops ops = {.data = wants_what_is_there, .closed = framed_closed};
    struct framed f = {.count = 0};
    int fds[2];
    (void)state;
    net_test_pair(fds);
    f.conn = mx_conn_adopt(fds[0], NULL, &ops, &f);
    put(fds[1], "abc", 3);
    net_test_settle();
    assert_int_equal(f.count, 2);
    assert_int_equal(mx_conn_kept(f.conn), 0);
    mx_conn_abort(f.conn);
    (void)close(fds[1]);
}

static size_t
closes_itself(struct mx_conn *conn, void *owner, uint8_t *data, size_t len)
{
    struct framed *f = owner;
    f->count++;
    mx_conn_write(conn, data, len);
    mx_conn_close(conn);
    data[len - 1] = 'x'; /* the bytes stay until the call returns */
    return f->uses_want ? len : 0;
}

static void
test_connection_may_be_closed_from_its_own_data(void **state)
{
    const struct mx_conn_ops ops = {.data = closes_itself, .closed = framed_closed};
    const size_t sizes[] = {10, 150000};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct framed f = {.uses_want = i % 2 == 0};
        size_t len = sizes[i / 2];
        uint8_t *bytes = mx_calloc(1, len);
        int fds[2];
        net_test_pair(fds);
        f.conn = mx_conn_adopt(fds[0], NULL, &ops, &f);
        mx_conn_want(f.conn, len);
        for (size_t at = 0; at < len;) {
            ssize_t put_now = send(fds[1], bytes + at, len - at, MSG_DONTWAIT);
            at += put_now > 0 ? (size_t)put_now : 0;
            net_worker_turn(0);
        }
        net_test_settle();
        assert_int_equal(f.count, 1);
        assert_false(f.is_closed);
        size_t got = 0;
        ssize_t part = 0;
        while ((part = recv(fds[1], bytes, len, MSG_DONTWAIT)) > 0) {
            got += (size_t)part;
            net_worker_turn(0);
        }
        assert_int_equal(part, 0);
        assert_int_equal(got, len);
        assert_int_equal(mx_worker_self()->pool.bytes_out, 0);
        free(bytes);
        (void)close(fds[1]);
    }
}

static void
test_paused_connection_is_silent_and_resumed_one_gets_everything(void **state)
{
    struct net_test_end end = {.take_at_most = 1};
    int fd = net_test_adopt(&end);
    (void)state;
    put(fd, "xy", 2);
    net_worker_turn(0);
    mx_conn_pause_reading(end.conn);
    put(fd, "z", 1);
    net_test_settle();
    assert_int_equal(end.data_calls, 1);
    end.take_at_most = 0;
    mx_conn_resume_reading(end.conn);
    assert_int_equal(end.data_calls, 1);
    net_test_settle();
    assert_int_equal(end.got.len, 3);
    assert_memory_equal(end.got.bytes, "xyz", 3);
    net_test_end_fini(&end);
    (void)close(fd);
}

/* Takes a little at a time, and the rest in its next turn. */
struct sipper {
    size_t taken;
    size_t in_turn;
};

#define SIP 1000u

static size_t
sip_data(struct mx_conn *conn, void *owner, uint8_t *data, size_t len)
{
    struct sipper *sipper = owner;
    size_t part = mx_min_size(len, SIP);
    for (size_t i = 0; i < part; i++) {
        assert_int_equal(data[i], (uint8_t)((sipper->taken + i) % 251));
    }
    sipper->taken += part;
    sipper->in_turn += part;
    if (part < len) {
        mx_conn_pause_reading(conn);
        mx_conn_resume_reading(conn);
    }
    return part;
}

static void
sip_closed(struct mx_conn *conn MX_UNUSED, void *owner MX_UNUSED, const struct mx_err *why)
{
    fail_msg("%s", why->text);
}

static void
test_what_the_owner_leaves_for_its_next_turn_does_not_pile_up(void **state MX_UNUSED)
{
    static const struct mx_conn_ops ops = {.data = sip_data, .closed = sip_closed};
    const size_t total = 1000000;
    struct sipper sipper = {0};
    uint8_t bytes[4096];
    size_t sent = 0;
    int fds[2];
    net_test_pair(fds);
    struct mx_conn *conn = mx_conn_adopt(fds[0], NULL, &ops, &sipper);
    while (sipper.taken < total) {
        for (ssize_t put = 1; put > 0 && sent < total;) {
            size_t len = mx_min_size(sizeof(bytes), total - sent);
            for (size_t i = 0; i < len; i++) {
                bytes[i] = (uint8_t)((sent + i) % 251);
            }
            put = send(fds[1], bytes, len, MSG_DONTWAIT);
            sent += put > 0 ? (size_t)put : 0;
        }
        sipper.in_turn = 0;
        net_worker_turn(0);
        assert_true(sipper.in_turn <= 2 * SIP); /* what came in, and what was owed */
        assert_true(mx_conn_kept(conn) <= NET_SCRATCH_LEN);
    }
    assert_int_equal(mx_conn_kept(conn), 0);
    mx_conn_abort(conn);
    (void)close(fds[1]);
}

static void
test_paused_owner_hears_of_a_hangup_once_and_then_reads_the_rest(void **state)
{
    struct net_test_end end = {0};
    int fd = net_test_adopt(&end);
    (void)state;
    mx_conn_pause_reading(end.conn);
    put(fd, "last", 4);
    (void)close(fd);
    net_test_settle();
    assert_true(end.was_hung_up);
    assert_false(end.is_closed);
    mx_conn_resume_reading(end.conn);
    net_test_until(&end.is_closed);
    assert_int_equal(end.got.len, 4);
    assert_int_equal(end.why.code, 0);
    net_test_end_fini(&end);
}

static void
test_end_of_the_peer_is_told_after_its_last_bytes(void **state)
{
    struct net_test_end end = {0};
    int fds[2];
    (void)state;
    net_test_tcp_pair(fds);
    end.conn = mx_conn_adopt(fds[0], NULL, &net_test_ops, &end);
    put(fds[1], "bye", 3);
    (void)close(fds[1]);
    net_test_until(&end.is_closed);
    assert_int_equal(end.got.len, 3);
    assert_int_equal(end.why.code, 0);
    assert_true(strlen(end.why.text) > 0);
    assert_int_equal(mx_atomic_get(&mx_worker_self()->stats.hangups), 1);
    net_test_end_fini(&end);
}

static void
test_error_of_receive_is_told_with_its_reason(void **state)
{
    struct net_test_end end = {0};
    struct net_test_faults faults = {.receive_error = ECONNRESET};
    int fds[2];
    (void)state;
    net_test_pair(fds);
    net_test_faulty(&faults);
    end.conn = mx_conn_adopt(fds[0], NULL, &net_test_ops, &end);
    put(fds[1], "x", 1);
    net_test_until(&end.is_closed);
    assert_int_equal(end.why.code, 2013);
    assert_non_null(strstr(end.why.text, "reset"));
    assert_int_equal(mx_atomic_get(&mx_worker_self()->stats.errors), 1);
    net_test_end_fini(&end);
    (void)close(fds[1]);
}

static void
test_failed_send_still_hears_what_the_peer_said_before(void **state)
{
    struct net_test_end end = {0};
    struct net_test_faults faults = {.send_error = EPIPE};
    int fds[2];
    (void)state;
    net_test_pair(fds);
    net_test_faulty(&faults);
    end.conn = mx_conn_adopt(fds[0], NULL, &net_test_ops, &end);
    put(fds[1], "server is going down", 20);
    mx_conn_write(end.conn, "query", 5);
    assert_false(end.is_closed);
    net_worker_turn(0);
    assert_true(end.is_closed);
    assert_int_equal(end.got.len, 20);
    assert_non_null(strstr(end.why.text, "sending failed"));
    net_test_end_fini(&end);
    (void)close(fds[1]);
}

struct late {
    struct mx_conn *conn;
    int fd;
};

static void
speak_and_write(void *arg)
{
    const struct late *late = arg;
    put(late->fd, "too many connections", 20);
    mx_conn_write(late->conn, "query", 5);
}

static void
test_last_words_are_heard_even_when_the_loop_has_not_seen_them(void **state)
{
    struct net_test_end end = {0};
    struct net_test_faults faults = {.send_error = ECONNRESET};
    int fds[2];
    (void)state;
    net_test_pair(fds);
    net_test_faulty(&faults);
    end.conn = mx_conn_adopt(fds[0], NULL, &net_test_ops, &end);
    struct late late = {.conn = end.conn, .fd = fds[1]};
    net_test_settle();
    mx_worker_defer(speak_and_write, &late);
    net_worker_turn(0);
    assert_true(end.is_closed);
    assert_int_equal(end.got.len, 20);
    net_test_end_fini(&end);
    (void)close(fds[1]);
}

static size_t
take(int fd, struct mx_buf *into)
{
    uint8_t block[65536];
    ssize_t got = recv(fd, block, sizeof(block), MSG_DONTWAIT);
    if (got <= 0) {
        return 0;
    }
    assert_int_equal(mx_buf_append(into, block, (size_t)got), 0);
    return (size_t)got;
}

static void
test_written_bytes_arrive_in_order_whatever_the_socket_takes(void **state)
{
    const struct net_test_faults kinds[] = {
        {0},
        {.send_max = 1},
        {.send_max = 7},
        {.send_again = 3},
        {.send_again = -1},
        {.send_max = 5, .send_again = -1},
    };
    (void)state;
    for (size_t kind = 0; kind < MX_COUNT(kinds); kind++) {
        struct net_test_faults faults = kinds[kind];
        struct net_test_end end = {0};
        struct mx_buf sent = {0};
        struct mx_buf got = {0};
        int fds[2];
        net_test_pair(fds);
        net_test_faulty(&faults);
        end.conn = mx_conn_adopt(fds[0], NULL, &net_test_ops, &end);
        for (size_t i = 0; i < 400; i++) {
            uint8_t piece[37];
            size_t len = i % sizeof(piece) + 1;
            memset(piece, (int)('a' + i % 26), len);
            assert_int_equal(mx_buf_append(&sent, piece, len), 0);
            mx_conn_write(end.conn, piece, len);
            memset(piece, '!', len); /* the caller's memory is his again */
            if (i % 50 == 49) {
                net_worker_turn(0);
            }
        }
        while (got.len < sent.len) {
            net_worker_turn(0);
            while (take(fds[1], &got) > 0) {
            }
        }
        assert_int_equal(got.len, sent.len);
        assert_memory_equal(got.bytes, sent.bytes, sent.len);
        net_test_settle();
        assert_int_equal(mx_conn_queued(end.conn), 0);
        assert_int_equal(mx_conn_bytes_out(end.conn), sent.len);
        mx_buf_free(&sent);
        mx_buf_free(&got);
        net_test_end_fini(&end);
        (void)close(fds[1]);
        net_worker_set_ops(NULL);
    }
}

static void
test_one_byte_receives_give_the_same_messages(void **state)
{
    struct net_test_faults faults = {.receive_max = 1};
    struct framed f = {.uses_want = true};
    int fds[2];
    (void)state;
    net_test_pair(fds);
    net_test_faulty(&faults);
    f.conn = mx_conn_adopt(fds[0], NULL, &framed_ops, &f);
    put(fds[1],
        "\x03"
        "abc\x02"
        "de",
        7);
    net_test_settle();
    assert_int_equal(f.count, 2);
    (void)close(fds[1]);
    net_test_until(&f.is_closed);
    assert_int_equal(f.count, 2);
    assert_memory_equal(f.bodies.bytes, "abcde", 5);
    mx_buf_free(&f.bodies);
}

static void
test_writes_of_one_callback_leave_in_one_send(void **state)
{
    struct net_test_end end = {0};
    struct mx_buf got = {0};
    int fd = net_test_adopt(&end);
    (void)state;
    uint64_t before = mx_worker_self()->counts.sends;
    for (int i = 0; i < 20; i++) {
        mx_conn_write(end.conn, "0123456789", 10);
    }
    assert_int_equal(mx_worker_self()->counts.sends, before);
    assert_int_equal(mx_conn_queued(end.conn), 200);
    net_worker_turn(0);
    assert_int_equal(mx_worker_self()->counts.sends, before + 1);
    assert_int_equal(take(fd, &got), 200);
    mx_buf_free(&got);
    net_test_end_fini(&end);
    (void)close(fd);
}

static void
test_corked_writes_wait_for_the_uncork(void **state)
{
    struct net_test_end end = {0};
    struct mx_buf got = {0};
    int fd = net_test_adopt(&end);
    (void)state;
    mx_conn_cork(end.conn);
    mx_conn_write(end.conn, "ab", 2);
    net_test_settle();
    mx_conn_write(end.conn, "cd", 2);
    net_test_settle();
    assert_int_equal(take(fd, &got), 0);
    mx_conn_uncork(end.conn);
    assert_int_equal(take(fd, &got), 4);
    assert_memory_equal(got.bytes, "abcd", 4);
    mx_buf_free(&got);
    net_test_end_fini(&end);
    (void)close(fd);
}

static void
test_closed_connection_still_sends_what_is_queued(void **state)
{
    struct net_test_end end = {0};
    struct mx_buf got = {0};
    const size_t total = (size_t)3 * 1024 * 1024;
    int fds[2];
    uint8_t *bytes = mx_calloc(1, total);
    (void)state;
    net_test_pair(fds);
    end.conn = mx_conn_adopt(fds[0], NULL, &net_test_ops, &end);
    mx_conn_write(end.conn, bytes, total);
    mx_conn_write(end.conn, "end", 3);
    mx_conn_close(end.conn);
    end.conn = NULL;
    while (got.len < total + 3) {
        net_worker_turn(0);
        (void)take(fds[1], &got);
    }
    assert_memory_equal(got.bytes + total, "end", 3);
    net_worker_turn(0);
    assert_int_equal(recv(fds[1], bytes, 1, MSG_DONTWAIT), 0); /* end of stream */
    assert_false(end.is_closed);
    mx_buf_free(&got);
    free(bytes);
    net_test_end_fini(&end);
    (void)close(fds[1]);
}

static void
test_no_callback_after_close_in_the_same_turn(void **state)
{
    struct net_test_end end = {0};
    int fds[2];
    (void)state;
    net_test_pair(fds);
    struct mx_conn *conn = mx_conn_adopt(fds[0], NULL, &net_test_ops, &end);
    struct mx_err why = {.code = 1, .text = "mine"};
    end.conn = conn;
    put(fds[1], "x", 1);
    mx_conn_fail(conn, &why);
    mx_conn_close(conn);
    mx_conn_write(conn, "late", 4);
    mx_conn_resume_reading(conn);
    mx_conn_close(conn);
    net_test_settle();
    assert_false(end.is_closed);
    assert_int_equal(end.data_calls, 0);
    end.conn = NULL;
    net_test_end_fini(&end);
    (void)close(fds[1]);
}

static void
test_failure_found_by_the_owner_is_the_one_told(void **state)
{
    struct net_test_end end = {0};
    struct mx_err why = {.code = 1064, .text = "out of order"};
    int fd = net_test_adopt(&end);
    (void)state;
    mx_conn_fail(end.conn, &why);
    (void)close(fd);
    net_test_until(&end.is_closed);
    assert_int_equal(end.why.code, 1064);
    assert_string_equal(end.why.text, "out of order");
    net_test_end_fini(&end);
}

static void
test_idle_connection_is_small_and_alive_until_the_peer_speaks(void **state)
{
    struct net_test_end end = {0};
    char text[MX_CONN_ADDRESS_MAX];
    int fds[2];
    (void)state;
    net_test_tcp_pair(fds);
    size_t before = mx_worker_self()->pool.bytes_out;
    end.conn = mx_conn_adopt(fds[0], NULL, &net_test_ops, &end);
    assert_true(mx_worker_self()->pool.bytes_out - before <= 256);
    assert_string_equal(mx_conn_peer_address(end.conn, text, sizeof(text)), "localhost");
    assert_true(mx_conn_is_alive(end.conn));
    put(fds[1], "x", 1);
    assert_false(mx_conn_is_alive(end.conn));
    net_test_settle();
    assert_true(mx_worker_self()->pool.bytes_out - before <= 256 + 256);
    mx_buf_free(&end.got);
    assert_true(mx_worker_self()->pool.bytes_out - before <= 256);
    net_test_end_fini(&end);
    (void)close(fds[1]);
}

#define net_test(f) cmocka_unit_test_setup_teardown(f, net_test_setup, net_test_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        net_test(test_messages_are_the_same_for_every_pair_of_cuts),
        net_test(test_large_message_wanted_whole_arrives_whole),
        net_test(test_more_than_the_limit_wanted_breaks_the_connection),
        net_test(test_input_that_nobody_consumes_ends_at_the_limit),
        net_test(test_rest_is_presented_again_with_what_follows),
        net_test(test_wanted_bytes_that_are_there_already_are_presented_again),
        net_test(test_connection_may_be_closed_from_its_own_data),
        net_test(test_paused_connection_is_silent_and_resumed_one_gets_everything),
        net_test(test_paused_owner_hears_of_a_hangup_once_and_then_reads_the_rest),
        net_test(test_what_the_owner_leaves_for_its_next_turn_does_not_pile_up),
        net_test(test_end_of_the_peer_is_told_after_its_last_bytes),
        net_test(test_error_of_receive_is_told_with_its_reason),
        net_test(test_failed_send_still_hears_what_the_peer_said_before),
        net_test(test_last_words_are_heard_even_when_the_loop_has_not_seen_them),
        net_test(test_written_bytes_arrive_in_order_whatever_the_socket_takes),
        net_test(test_one_byte_receives_give_the_same_messages),
        net_test(test_writes_of_one_callback_leave_in_one_send),
        net_test(test_corked_writes_wait_for_the_uncork),
        net_test(test_closed_connection_still_sends_what_is_queued),
        net_test(test_no_callback_after_close_in_the_same_turn),
        net_test(test_failure_found_by_the_owner_is_the_one_told),
        net_test(test_idle_connection_is_small_and_alive_until_the_peer_speaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
