/*
 * What the tests of src/net share: a worker on this thread, turns until something is true, faulty
 * doors to the kernel, and owners of connections that record what they were told.
 */
#ifndef TEST_NET_SUPPORT_H
#define TEST_NET_SUPPORT_H

#include "mx/buf.h"
#include "mx/conn.h"
#include "net/worker.h"

/* cmocka setup and teardown: the main worker of this thread, and `count` others when asked. */
int net_test_setup(void **state);
int net_test_teardown(void **state);

/* Turns the loop until *flag; fails the test after 10 s. */
void net_test_until(const bool *flag);
/* Turns until nothing happens any more. */
void net_test_settle(void);

/* Two ends of a unix socket, both non-blocking. */
void net_test_pair(int out[2]);
/* Two ends of a TCP connection over loopback, both non-blocking. */
void net_test_tcp_pair(int out[2]);

/* Faults of the door; all zero: none. Counters run through the sequence. */
struct net_test_faults {
    size_t receive_max; /* a receive returns at most this many bytes; 0: no limit */
    size_t send_max;    /* a send takes at most this many bytes; 0: no limit */
    int send_again;     /* this many sends say EAGAIN first, then each second one */
    int receive_error;  /* errno of every receive */
    int send_error;     /* errno of every send */
    int fail_at;        /* the call with this number, send or receive, says ECONNRESET; 0: none */
    int accept_errors;  /* this many accepts say EMFILE first */
};

/* Puts a door with these faults before the kernel; the struct may be changed later. */
void net_test_faulty(struct net_test_faults *faults);

/* An owner that keeps everything. */
struct net_test_end {
    struct mx_conn *conn;
    struct mx_buf got;
    size_t take_at_most; /* consumes at most this many bytes per call; 0: all */
    bool is_connected;
    bool is_closed;
    bool was_hung_up;
    int data_calls;
    int drained_calls;
    struct mx_err why;
};

extern const struct mx_conn_ops net_test_ops;
/* A connection over one end of a pair; the other end, which the caller closes. */
int net_test_adopt(struct net_test_end *end);
void net_test_end_fini(struct net_test_end *end);

#endif
