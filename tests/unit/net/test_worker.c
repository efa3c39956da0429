/* Workers: messages from many threads, calls, deferred work, placement, statistics. */
#include "net/listen.h"
#include "net/move.h"
#include "net/watch.h"
#include "support.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define WORKERS  3
#define SENDERS  4
#define MESSAGES 5000

static int
setup(void **state)
{
    struct mx_err err;
    (void)state;
    return net_workers_init(WORKERS, &err) == 0 && net_workers_start(&err) == 0 ? 0 : -1;
}

static int
teardown(void **state)
{
    (void)state;
    net_workers_stop();
    net_workers_fini();
    return 0;
}

/* Owned by the worker that the messages go to. */
struct counter {
    struct mx_worker *worker;
    int total;
    int last[SENDERS];
    bool is_in_order;
};

struct note {
    struct counter *counter;
    int sender;
    int number;
};

static void
count_note(void *arg)
{
    struct note *note = arg;
    struct counter *counter = note->counter;
    if (mx_worker_self() != counter->worker || note->number != counter->last[note->sender] + 1) {
        counter->is_in_order = false;
    }
    counter->last[note->sender] = note->number;
    counter->total++;
    free(note);
}

struct sender {
    struct counter *counters;
    int number;
};

static void *
send_notes(void *arg)
{
    const struct sender *sender = arg;
    for (int i = 1; i <= MESSAGES; i++) {
        for (int w = 0; w < WORKERS; w++) {
            struct note *note = mx_alloc(sizeof(*note));
            *note = (struct note){
                .counter = &sender->counters[w], .sender = sender->number, .number = i};
            mx_worker_post(sender->counters[w].worker, count_note, note);
        }
    }
    return NULL;
}

static void
nothing(void *arg)
{
    (void)arg;
}

static void
test_messages_of_many_threads_all_arrive_in_order(void **state)
{
    struct counter counters[WORKERS];
    struct sender senders[SENDERS];
    pthread_t threads[SENDERS];
    (void)state;
    for (int w = 0; w < WORKERS; w++) {
        counters[w] = (struct counter){.worker = mx_worker_get(w), .is_in_order = true};
    }
    for (int i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){.counters = counters, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, send_notes, &senders[i]), 0);
    }
    for (int i = 0; i < SENDERS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    for (int w = 0; w < WORKERS; w++) {
        mx_worker_call(mx_worker_get(w), nothing, NULL); /* comes after all notes */
        assert_int_equal(counters[w].total, SENDERS * MESSAGES);
        assert_true(counters[w].is_in_order);
    }
}

static void
note_worker(void *arg)
{
    struct mx_worker **out = arg;
    *out = mx_worker_self();
}

static void
test_call_runs_on_the_worker_and_is_done_on_return(void **state)
{
    struct mx_worker *where = NULL;
    (void)state;
    assert_int_equal(mx_worker_count(), WORKERS);
    assert_null(mx_worker_get(WORKERS));
    assert_int_equal(mx_worker_index(mx_worker_self()), MX_WORKER_MAIN);
    for (int i = 0; i < WORKERS; i++) {
        mx_worker_call(mx_worker_get(i), note_worker, &where);
        assert_ptr_equal(where, mx_worker_get(i));
        assert_int_equal(mx_worker_index(where), i);
    }
    mx_worker_call(mx_worker_self(), note_worker, &where);
    assert_ptr_equal(where, mx_worker_get(MX_WORKER_MAIN));
}

struct chain {
    int left;
    bool is_done;
};

static void
one_less(void *arg)
{
    struct chain *chain = arg;
    if (--chain->left > 0) {
        mx_worker_defer(one_less, chain);
    } else {
        chain->is_done = true;
    }
}

static void
test_deferred_work_runs_at_the_end_of_the_turn(void **state)
{
    struct chain short_one = {.left = 1};
    struct chain long_one = {.left = 100};
    (void)state;
    mx_worker_defer(one_less, &short_one);
    assert_false(short_one.is_done);
    net_worker_turn(1000);
    assert_true(short_one.is_done);
    mx_worker_defer(one_less, &long_one);
    net_worker_turn(1000);
    assert_false(long_one.is_done); /* what it defers itself does not hold up the turn for ever */
    net_test_until(&long_one.is_done);
}

static void
set_flag(void *arg)
{
    bool *flag = arg;
    *flag = true;
}

static void *
post_to_main(void *flag)
{
    while (!mx_worker_get(MX_WORKER_MAIN)->wake.sleeping) {
        (void)sched_yield(); /* it shall sleep, or at least be about to */
    }
    mx_worker_post(mx_worker_get(MX_WORKER_MAIN), set_flag, flag);
    return NULL;
}

static void
test_message_wakes_the_sleeping_main_worker(void **state)
{
    bool flag = false;
    pthread_t thread;
    (void)state;
    mx_timer_stop(&mx_worker_self()->load.timer); /* nothing else shall wake it */
    int64_t before_ms = mx_clock_us() / 1000;
    assert_int_equal(pthread_create(&thread, NULL, post_to_main, &flag), 0);
    while (!flag) {
        net_worker_turn(20000);
    }
    assert_true(mx_clock_us() / 1000 - before_ms < 10000);
    (void)pthread_join(thread, NULL);
}

static void
test_message_of_its_own_does_not_wake_a_worker_through_the_kernel(void **state)
{
    bool flag = false;
    (void)state;
    mx_worker_post(mx_worker_self(), set_flag, &flag);
    uint64_t waits = mx_worker_self()->counts.waits;
    net_worker_turn(20000); /* does not sleep */
    assert_true(flag);
    assert_int_equal(mx_worker_self()->counts.waits, waits + 1);
}

struct pipe_end {
    struct net_watch watch;
    int calls;
    bool is_readable;
};

static void
pipe_ready(struct net_watch *watch, uint32_t bits)
{
    struct pipe_end *end = mx_container_of(watch, struct pipe_end, watch);
    end->calls++;
    end->is_readable = (bits & EPOLLIN) != 0;
}

static void
test_watched_descriptor_is_told_of_until_it_is_stopped(void **state)
{
    struct pipe_end end = {.calls = 0};
    struct mx_err err = {0};
    int fds[2];
    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(net_watch_start(&end.watch, fds[0], EPOLLIN, pipe_ready, &err), 0);
    net_worker_turn(0);
    assert_int_equal(end.calls, 0);
    assert_int_equal(write(fds[1], "x", 1), 1);
    net_test_until(&end.is_readable);
    int calls = end.calls;
    net_worker_turn(0); /* not read: told again */
    assert_int_equal(end.calls, calls + 1);
    net_watch_stop(&end.watch);
    net_worker_turn(0);
    assert_int_equal(end.calls, calls + 1);
    (void)close(fds[0]);
    (void)close(fds[1]);
    assert_int_equal(net_watch_start(&end.watch, fds[0], EPOLLIN, pipe_ready, &err), -1);
    assert_non_null(strstr(err.text, "Bad file descriptor"));
}

/* Echo on whatever worker the connection was placed. */
static size_t
echo_data(struct mx_conn *conn, void *owner, uint8_t *data, size_t len)
{
    (void)owner;
    mx_conn_write(conn, data, len);
    return len;
}

static void
echo_closed(struct mx_conn *conn, void *owner, const struct mx_err *why)
{
    (void)conn;
    (void)owner;
    (void)why;
    mx_worker_sessions_add(mx_worker_self(), -1);
}

static const struct mx_conn_ops echo_ops = {.data = echo_data, .closed = echo_closed};

struct handover {
    int fd;
};

static void
adopt_here(void *arg)
{
    struct handover *handover = arg;
    (void)mx_conn_adopt(handover->fd, NULL, &echo_ops, NULL);
    free(handover);
}

static void
place(void *arg, int fd, const struct sockaddr *peer)
{
    struct mx_worker *worker = net_place_fewest(WORKERS);
    struct handover *handover = mx_alloc(sizeof(*handover));
    (void)arg;
    assert_int_equal(peer->sa_family, AF_INET);
    handover->fd = fd;
    mx_worker_sessions_add(worker, 1);
    mx_worker_post(worker, adopt_here, handover);
}

static void
test_accepted_connections_are_spread_over_all_workers(void **state)
{
    enum {
        CLIENTS = 30
    };
    const struct net_listen_config config = {.address = "127.0.0.1"};
    struct net_test_end ends[CLIENTS] = {{.conn = NULL}};
    struct mx_err err = {0};
    (void)state;
    struct net_listener *listener = net_listener_open(&config, &err);
    assert_non_null(listener);
    assert_int_equal(net_listener_start(listener, place, NULL, &err), 0);
    for (int i = 0; i < CLIENTS; i++) {
        const struct mx_conn_target target = {.address = "127.0.0.1",
                                              .port = net_listener_port(listener)};
        ends[i].conn = mx_conn_open(&target, &net_test_ops, &ends[i]);
        mx_conn_write(ends[i].conn, "hello", 5);
    }
    for (int i = 0; i < CLIENTS; i++) {
        while (ends[i].got.len < 5) {
            net_worker_turn(1000);
        }
        assert_memory_equal(ends[i].got.bytes, "hello", 5);
    }
    for (int i = 0; i < WORKERS; i++) {
        const struct mx_worker_stats *stats = mx_worker_stats(mx_worker_get(i));
        assert_int_equal(mx_atomic_get(&stats->sessions), CLIENTS / WORKERS);
        assert_int_equal(mx_atomic_get(&stats->descriptors), CLIENTS / WORKERS);
        assert_true(mx_atomic_get(&stats->turns) > 0);
        assert_true(mx_atomic_get(&stats->load_second) <= 100);
        assert_true(mx_atomic_get(&stats->last_turn_ms) > 0);
    }
    assert_int_equal(mx_atomic_get(&mx_worker_stats(mx_worker_self())->accepts), CLIENTS);
    for (int i = 0; i < CLIENTS; i++) {
        net_test_end_fini(&ends[i]);
    }
    net_listener_close(listener);
    net_worker_turn(0);
}

/* A connection that goes round all workers, with bytes coming all the time. */
struct traveller {
    struct mx_conn *conn;
    struct mx_atomic at; /* worker it is on; -1: not yet */
};

static void
traveller_begins(void *arg)
{
    struct traveller *traveller = arg;
    mx_conn_set_ops(traveller->conn, &echo_ops, NULL);
    net_conn_join(traveller->conn);
    mx_atomic_set(&traveller->at, mx_worker_index(mx_worker_self()));
}

static void
traveller_goes(void *arg)
{
    struct traveller *traveller = arg;
    int from = mx_worker_index(mx_worker_self());
    if (!net_conn_may_move(traveller->conn)) {
        mx_worker_post(mx_worker_self(), traveller_goes, traveller);
        return;
    }
    net_conn_leave(traveller->conn);
    mx_worker_post(mx_worker_get((from + 1) % WORKERS), traveller_begins, traveller);
}

static void
adopt_traveller(void *arg)
{
    struct traveller *traveller = arg;
    traveller->conn = mx_conn_adopt((int)mx_atomic_get(&traveller->at), NULL, &echo_ops, NULL);
    mx_atomic_set(&traveller->at, mx_worker_index(mx_worker_self()));
}

static void
test_connection_moves_from_worker_to_worker_and_loses_nothing(void **state)
{
    enum {
        ROUNDS = 60
    };
    int sockets[2];
    uint8_t sent[64];
    struct traveller traveller = {.conn = NULL};
    (void)state;
    net_test_pair(sockets);
    mx_atomic_set(&traveller.at, sockets[0]);
    mx_worker_call(mx_worker_get(0), adopt_traveller, &traveller);
    for (int round = 0; round < ROUNDS; round++) {
        int64_t from = mx_atomic_get(&traveller.at);
        memset(sent, round, sizeof(sent));
        assert_int_equal(write(sockets[1], sent, 32), 32);
        mx_worker_post(mx_worker_get((int)from), traveller_goes, &traveller);
        assert_int_equal(write(sockets[1], sent + 32, 32), 32);
        size_t got = 0;
        while (got < sizeof(sent)) {
            uint8_t bytes[64];
            ssize_t count = read(sockets[1], bytes, sizeof(bytes) - got);
            if (count > 0) {
                assert_memory_equal(bytes, sent, (size_t)count);
                got += (size_t)count;
            } else {
                (void)sched_yield();
            }
        }
        while (mx_atomic_get(&traveller.at) == from) {
            (void)sched_yield();
        }
        assert_int_equal(mx_atomic_get(&traveller.at), (from + 1) % WORKERS);
    }
    int64_t descriptors = 0;
    for (int i = 0; i < WORKERS; i++) {
        descriptors += mx_atomic_get(&mx_worker_stats(mx_worker_get(i))->descriptors);
    }
    assert_int_equal(descriptors, 1);
    (void)close(sockets[1]);
}

#define worker_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        worker_test(test_messages_of_many_threads_all_arrive_in_order),
        worker_test(test_call_runs_on_the_worker_and_is_done_on_return),
        worker_test(test_deferred_work_runs_at_the_end_of_the_turn),
        worker_test(test_message_wakes_the_sleeping_main_worker),
        worker_test(test_message_of_its_own_does_not_wake_a_worker_through_the_kernel),
        worker_test(test_watched_descriptor_is_told_of_until_it_is_stopped),
        worker_test(test_accepted_connections_are_spread_over_all_workers),
        worker_test(test_connection_moves_from_worker_to_worker_and_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
