/*
 * The inside of a connection (mx/conn.h). conn.c owns its life, conn_in.c what arrives, conn_out.c
 * what leaves, connect.c how an outgoing one comes to be.
 *
 * States: CONNECTING -> OPEN -> BROKEN (a fault was found, `closed` is to come) -> DEAD;
 * OPEN -> LINGERING (closed by its owner, the queue still leaves) -> DEAD. A dead one is freed at
 * the end of the loop turn. Bytes are gathered only while nothing is queued, nothing corked and
 * the socket takes them; so what is gathered always leaves after what is queued.
 */
#ifndef NET_CONN_H
#define NET_CONN_H

#include "mx/conn.h"
#include "net/address.h"
#include "net/io.h"
#include "net/worker.h"

#define NET_CONN_MAGIC     0x434f4e4eu
#define NET_CONN_LINGER_MS 5000
/* Of the pool's chunk that a connection lies in. */
#define NET_CONN_POOL_SIZE 256u

/* Error numbers of MariaDB's client library. */
#define NET_CODE_CONNECT 2003 /* cannot connect */
#define NET_CODE_HOST    2005 /* unknown host */
#define NET_CODE_LOST    2013 /* lost the connection */
#define NET_CODE_TLS     MX_CONN_TLS_FAILED

enum net_conn_state {
    NET_CONN_CONNECTING = 0,
    NET_CONN_OPEN,
    NET_CONN_BROKEN,
    NET_CONN_LINGERING,
    NET_CONN_DEAD,
};

struct net_chunk;
struct net_connect;
struct net_tls;

struct mx_conn {
    uint32_t magic;
    uint8_t state;  /* net_conn_state */
    uint8_t gather; /* slot of the worker + 1; 0: none */
    bool is_paused : 1;
    bool is_corked : 1;
    bool is_full : 1;        /* was at high water and has not fallen to low water */
    bool owes_drained : 1;   /* fell to low water where `drained` could not be called */
    bool owes_input : 1;     /* kept bytes are to be presented again */
    bool is_unix : 1;        /* whatever a PROXY header has said about the peer */
    bool failed_sending : 1; /* the peer's last words may still be there to read */
    bool is_presenting : 1;  /* `data` is being called */
    bool is_switching : 1;   /* ... and has put on a layer, to which the rest belongs */
    bool secret_input : 1;   /* mx_conn_set_secret_input */
    bool secret_write : 1;   /* mx_conn_write_secret is running */
    struct net_io io;
    const struct mx_conn_ops *ops;
    void *owner;
    struct mx_list node; /* in worker->conns */
    struct mx_list end;  /* in worker->closing or worker->dead */

    uint8_t *kept; /* bytes that `data` did not consume, from the pool */
    size_t kept_len;
    size_t kept_capacity;
    size_t want;
    size_t input_limit;

    struct net_chunk *out_first;
    struct net_chunk *out_last;
    size_t out_len;   /* bytes in the chunks */
    size_t below_len; /* of these, the first that belong to the layer below the top one */
    uint32_t high;
    uint32_t low;

    uint64_t bytes_in;
    uint64_t bytes_out;
    int64_t active_ms;
    union {                          /* by state */
        struct net_connect *connect; /* CONNECTING */
        struct mx_err *why;          /* BROKEN, DEAD */
        struct mx_timer *linger;     /* LINGERING; points into a net_linger */
    };
    struct net_peer peer;
    struct net_tls *tls; /* prepared, or a layer in use; NULL: plain */
};

/* An idle session is two or three of these; they come from the pool's smallest class. */
_Static_assert(sizeof(struct mx_conn) <= NET_CONN_POOL_SIZE,
               "a connection fits the smallest chunk");

static inline struct mx_conn *
net_conn_of(struct net_io *io)
{
    return mx_container_of(io, struct mx_conn, io);
}

extern const struct net_io_events net_conn_events;

/* The peer is whom a PROXY header names. */
void net_conn_set_peer(struct mx_conn *conn, const struct net_peer *peer);
const struct net_peer *net_conn_peer(const struct mx_conn *conn);

struct mx_conn *net_conn_new(const struct mx_conn_ops *ops, void *owner);
/* Records the first fault; `closed` comes at the end of the turn. */
void net_conn_break(struct mx_conn *conn, uint16_t code, const char *format, ...) MX_PRINTF(3, 4);
/* The same after an error of the top layer. doing: "receiving" or "sending". */
void net_conn_break_io(struct mx_conn *conn, const char *doing, int error);
/* Leaves the loop at once, is freed at the end of the turn. */
void net_conn_die(struct mx_conn *conn);

/* Puts a layer on: what was written before goes by the layers there were, what comes in from here
 * on (in `data`: what it does not consume) belongs to the new one. */
void net_conn_add_layer(struct mx_conn *conn, struct net_layer *layer);

/* conn_in.c */
size_t net_conn_place(struct net_io *io, uint8_t **out);
void net_conn_arrived(struct net_io *io, ssize_t count);
void net_conn_present_kept(struct mx_conn *conn);

/* Gives them back. */
void net_conn_forget_kept(struct mx_conn *conn);

/* Kept bytes go to the top layer. */
void net_conn_feed_kept(struct mx_conn *conn);

/* Bytes that came around the layers: they belong to the top one. */
void net_conn_feed(struct mx_conn *conn, const uint8_t *bytes, size_t len);
/* What has arrived although nothing was wanted; kept until reading is resumed. */
void net_conn_stash(struct mx_conn *conn, const uint8_t *bytes, size_t len);

/* conn_out.c */
/* What is gathered has been offered by the io_uring engine. */
void net_conn_sent(struct mx_conn *conn);
/* What would wait for the next wait leaves now. */
void net_conn_send_late(struct mx_conn *conn);
/* Offers the queue to the socket. */
void net_conn_push(struct mx_conn *conn);
void net_conn_room(struct net_io *io);
void net_conn_drop_output(struct mx_conn *conn);
void net_conn_tell_drained(struct mx_conn *conn);

/* connect.c */
void net_connect_done(struct net_io *io, int error);
void net_connect_free(struct mx_conn *conn);

/* For worker.c: `closed` of all that broke; memory of all that are dead; everything at the end. */
void net_conns_end(struct mx_worker *worker);
void net_conns_free_dead(struct mx_worker *worker);
void net_conns_drop(struct mx_worker *worker);

#endif
