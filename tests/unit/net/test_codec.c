/* Codecs over connections: any cut, faults of the door, one over another, ends. */
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define PIECE 100u
#define KEY   0x5a

/* One length byte, then that many bytes turned over; decoding gives each byte twice. */
struct toy {
    uint8_t left;
    uint8_t twice; /* 1: the byte below is owed a second time */
    uint8_t byte;
    bool doubles;
    int *freed;
};

static int
toy_decode(void *state, const uint8_t *in, size_t in_len, uint8_t *out, size_t cap,
           struct mx_codec_step *step, struct mx_err *err)
{
    struct toy *toy = state;
    while (step->made < cap && (toy->twice || step->used < in_len)) {
        if (toy->twice) {
            out[step->made++] = toy->byte;
            toy->twice = 0;
            continue;
        }
        uint8_t byte = in[step->used++];
        if (toy->left == 0) {
            if (byte == 0) {
                return mx_err_set(err, 1156, "08S01", "no toy packet is empty");
            }
            toy->left = byte;
            continue;
        }
        toy->left--;
        toy->byte = byte ^ KEY;
        toy->twice = toy->doubles ? 1 : 0;
        out[step->made++] = toy->byte;
    }
    return 0;
}

static size_t
toy_encode(void *state, const struct iovec *iov, int count, struct mx_buf *out)
{
    (void)state;
    (void)count;
    size_t len = mx_min_size(iov->iov_len, PIECE);
    uint8_t piece[PIECE + 1] = {(uint8_t)len};
    for (size_t i = 0; i < len; i++) {
        piece[i + 1] = ((const uint8_t *)iov->iov_base)[i] ^ KEY;
    }
    assert_int_equal(mx_buf_append(out, piece, len + 1), 0);
    return len;
}

static void
toy_free(void *state)
{
    struct toy *toy = state;
    if (toy->freed != NULL) {
        (*toy->freed)++;
    }
    free(toy);
}

static const struct mx_conn_codec toy_codec = {toy_decode, toy_encode, toy_free};

static struct toy *
toy_new(bool doubles, int *freed)
{
    struct toy *toy = mx_calloc(1, sizeof(*toy));
    toy->doubles = doubles;
    toy->freed = freed;
    return toy;
}

/* Two ends of one connection. */
struct pair {
    struct net_test_end a;
    struct net_test_end b;
};

static void
pair_open(struct pair *p)
{
    int fds[2];
    *p = (struct pair){0};
    net_test_pair(fds);
    p->a.conn = mx_conn_adopt(fds[0], NULL, &net_test_ops, &p->a);
    p->b.conn = mx_conn_adopt(fds[1], NULL, &net_test_ops, &p->b);
}

static void
pair_close(struct pair *p)
{
    net_test_end_fini(&p->a);
    net_test_end_fini(&p->b);
    net_worker_turn(0);
}

static void
until_got(struct net_test_end *end, size_t len)
{
    for (int i = 0; i < 200000 && end->got.len < len; i++) {
        net_worker_turn(0);
    }
    assert_int_equal(end->got.len, len);
}

static void
fill(uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 253);
    }
}

static void
both_ways(struct net_test_faults *faults, int layers)
{
    enum {
        LEN = 30000
    };
    static uint8_t bytes[LEN];
    struct pair p;
    fill(bytes, LEN);
    net_test_faulty(faults);
    pair_open(&p);
    mx_conn_write(p.a.conn, "plain", 5);
    mx_conn_write(p.b.conn, "words", 5);
    for (int i = 0; i < layers; i++) {
        /* Each reads what the other one wrote before only without a codec. */
        until_got(&p.a, 5);
        until_got(&p.b, 5);
        mx_conn_use_codec(p.a.conn, &toy_codec, toy_new(false, NULL));
        mx_conn_use_codec(p.b.conn, &toy_codec, toy_new(false, NULL));
    }
    for (size_t at = 0; at < LEN;) {
        size_t part = mx_min_size(1 + at % 911, LEN - at);
        mx_conn_write(p.a.conn, bytes + at, part);
        mx_conn_write(p.b.conn, bytes + at, part);
        at += part;
    }
    until_got(&p.b, LEN + 5);
    until_got(&p.a, LEN + 5);
    assert_memory_equal(p.a.got.bytes, "words", 5);
    assert_memory_equal(p.b.got.bytes, "plain", 5);
    assert_memory_equal(p.a.got.bytes + 5, bytes, LEN);
    assert_memory_equal(p.b.got.bytes + 5, bytes, LEN);
    assert_int_equal(mx_conn_queued(p.a.conn), 0);
    assert_int_equal(mx_conn_bytes_out(p.a.conn), LEN + 5);
    assert_int_equal(mx_conn_bytes_in(p.a.conn), LEN + 5);
    pair_close(&p);
}

static void
test_bytes_come_through(void **state)
{
    (void)state;
    struct net_test_faults cases[] = {
        {0},
        {.receive_max = 1},
        {.send_max = 1},
        {.receive_max = 13, .send_max = 7, .send_again = -1},
    };
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        both_ways(&cases[i], 1);
        both_ways(&cases[i], 2);
    }
}

static void
test_what_was_written_before_leaves_as_it_is(void **state)
{
    (void)state;
    struct net_test_faults faults = {.send_again = 3};
    uint8_t got[64];
    int fds[2];
    struct net_test_end end = {0};
    net_test_faulty(&faults);
    net_test_pair(fds);
    end.conn = mx_conn_adopt(fds[0], NULL, &net_test_ops, &end);
    mx_conn_write(end.conn, "before", 6);
    mx_conn_use_codec(end.conn, &toy_codec, toy_new(false, NULL));
    mx_conn_write(end.conn, "AB", 2);
    size_t len = 0;
    for (int i = 0; i < 1000 && len < 9; i++) {
        net_worker_turn(0);
        ssize_t n = recv(fds[1], got + len, sizeof(got) - len, MSG_DONTWAIT);
        len += n > 0 ? (size_t)n : 0;
    }
    assert_int_equal(len, 9);
    const uint8_t expected[] = {'b', 'e', 'f', 'o', 'r', 'e', 2, 'A' ^ KEY, 'B' ^ KEY};
    assert_memory_equal(got, expected, sizeof(expected));
    mx_conn_abort(end.conn);
    (void)close(fds[1]);
    net_worker_turn(0);
}

/* More comes out than went in, and than there is room for: nothing is lost, nothing is held back.
 */
static void
test_expansion_is_taken_in_pieces(void **state)
{
    (void)state;
    struct pair p;
    static uint8_t bytes[200000];
    pair_open(&p);
    mx_conn_use_codec(p.a.conn, &toy_codec, toy_new(false, NULL));
    mx_conn_use_codec(p.b.conn, &toy_codec, toy_new(true, NULL));
    fill(bytes, sizeof(bytes));
    mx_conn_write(p.a.conn, bytes, sizeof(bytes));
    until_got(&p.b, 2 * sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++) {
        assert_int_equal(p.b.got.bytes[2 * i], bytes[i]);
        assert_int_equal(p.b.got.bytes[2 * i + 1], bytes[i]);
    }
    pair_close(&p);
}

static void
test_paused_connection_gives_the_rest_when_resumed(void **state)
{
    (void)state;
    struct pair p;
    static uint8_t bytes[100000];
    pair_open(&p);
    mx_conn_use_codec(p.a.conn, &toy_codec, toy_new(false, NULL));
    mx_conn_use_codec(p.b.conn, &toy_codec, toy_new(true, NULL));
    mx_conn_write(p.a.conn, bytes, sizeof(bytes));
    while (p.b.got.len == 0) {
        net_worker_turn(0);
    }
    mx_conn_pause_reading(p.b.conn);
    size_t had = p.b.got.len;
    for (int i = 0; i < 50; i++) {
        net_worker_turn(0);
    }
    assert_int_equal(p.b.got.len, had);
    mx_conn_resume_reading(p.b.conn);
    until_got(&p.b, 2 * sizeof(bytes));
    pair_close(&p);
}

static void
test_fault_of_the_codec_breaks_the_connection(void **state)
{
    (void)state;
    int freed = 0;
    int fds[2];
    struct net_test_end end = {0};
    net_test_pair(fds);
    end.conn = mx_conn_adopt(fds[0], NULL, &net_test_ops, &end);
    mx_conn_use_codec(end.conn, &toy_codec, toy_new(false, &freed));
    assert_int_equal(write(fds[1], "\x01x\x00", 3), 3);
    net_test_until(&end.is_closed);
    assert_int_equal(end.why.code, 1156);
    assert_string_equal(end.why.text, "no toy packet is empty");
    net_worker_turn(0);
    assert_int_equal(freed, 1);
    (void)close(fds[1]);
    net_test_end_fini(&end);
}

static void
test_end_in_the_middle_is_noticed(void **state)
{
    (void)state;
    int fds[2];
    struct net_test_end end = {0};
    net_test_pair(fds);
    end.conn = mx_conn_adopt(fds[0], NULL, &net_test_ops, &end);
    assert_true(mx_conn_use_codec(end.conn, &toy_codec, toy_new(false, NULL)));
    assert_int_equal(write(fds[1], "\x09", 1), 1);
    (void)close(fds[1]);
    net_test_until(&end.is_closed);
    assert_int_equal(end.why.code, 0);
    net_test_end_fini(&end);
}

/* What came behind the request for a codec belongs to it. */
struct switching {
    struct net_test_end end;
    bool is_on;
};

static size_t
switch_data(struct mx_conn *conn, void *owner, uint8_t *data, size_t len)
{
    struct switching *s = owner;
    if (!s->is_on) {
        s->is_on = true;
        assert_true(mx_conn_use_codec(conn, &toy_codec, toy_new(false, NULL)));
        assert_true(mx_conn_is_switching(conn));
        return 3;
    }
    assert_int_equal(mx_buf_append(&s->end.got, data, len), 0);
    return len;
}

static void
test_rest_of_the_input_goes_through_the_codec(void **state)
{
    (void)state;
    static const struct mx_conn_ops ops = {.data = switch_data};
    const uint8_t bytes[] = {'a', 'b', 'c', 2, 'x' ^ KEY, 'y' ^ KEY};
    struct switching s = {0};
    int fds[2];
    net_test_pair(fds);
    s.end.conn = mx_conn_adopt(fds[0], NULL, &ops, &s);
    assert_int_equal(write(fds[1], bytes, sizeof(bytes)), (ssize_t)sizeof(bytes));
    until_got(&s.end, 2);
    assert_memory_equal(s.end.got.bytes, "xy", 2);
    net_test_end_fini(&s.end);
    (void)close(fds[1]);
}

static void
test_closing_sends_what_was_written(void **state)
{
    (void)state;
    struct net_test_faults faults = {.send_max = 5, .send_again = -1};
    static uint8_t bytes[5000];
    struct pair p;
    fill(bytes, sizeof(bytes));
    net_test_faulty(&faults);
    pair_open(&p);
    mx_conn_use_codec(p.a.conn, &toy_codec, toy_new(false, NULL));
    mx_conn_use_codec(p.b.conn, &toy_codec, toy_new(false, NULL));
    mx_conn_write(p.a.conn, bytes, sizeof(bytes));
    mx_conn_close(p.a.conn);
    p.a.conn = NULL;
    net_test_until(&p.b.is_closed);
    assert_int_equal(p.b.got.len, sizeof(bytes));
    assert_int_equal(p.b.why.code, 0);
    pair_close(&p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, net_test_setup, net_test_teardown)
        TEST(test_bytes_come_through),
        TEST(test_what_was_written_before_leaves_as_it_is),
        TEST(test_expansion_is_taken_in_pieces),
        TEST(test_paused_connection_gives_the_rest_when_resumed),
        TEST(test_fault_of_the_codec_breaks_the_connection),
        TEST(test_end_in_the_middle_is_noticed),
        TEST(test_rest_of_the_input_goes_through_the_codec),
        TEST(test_closing_sends_what_was_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
