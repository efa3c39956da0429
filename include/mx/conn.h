/*
 * A connection: bytes in, bytes out, and its end. It belongs to the worker on which it was opened
 * or adopted, and is used on that worker only. An idle one is one small struct and holds no buffer.
 *
 * Input. `data` gets everything that was read and not yet consumed, contiguous and writable. It
 * lies in the worker's read buffer (or, when something had been kept, in the connection's own) and
 * is valid until `data` returns. What `data` does not consume is kept and presented again together
 * with what follows. Callbacks are never nested: nothing calls `data` from inside a call made here.
 *
 * Output. Writing never blocks and never fails synchronously. All writes made within one callback
 * (of whatever connection) leave together in one system call per connection when that callback
 * returns. A write from inside the presented input is not copied: those bytes must stay as they
 * are until `data` returns. Any other write is copied before the call returns, so the caller's
 * memory is free again. What the socket does not take is kept in pooled chunks and leaves later.
 *
 * End. `closed` comes once, at the end of the loop turn in which the connection broke; it is the
 * last callback, and the connection is gone after it returns: do not call mx_conn_close from it.
 * After mx_conn_close no callback comes at all. The memory lives until the end of the loop turn, so
 * calls made on a closing connection in the same turn do nothing and are harmless.
 */
#ifndef MX_CONN_H
#define MX_CONN_H

#include "mx/base.h"
#include "mx/buf.h"
#include "mx/err.h"

#include <sys/uio.h>

struct mx_conn;

struct mx_conn_ops {
    /* Outgoing ones only: the connection is there. NULL: not interested. */
    void (*connected)(struct mx_conn *conn, void *owner);
    /* Returns how many of the `len` bytes it consumed, at most len. */
    size_t (*data)(struct mx_conn *conn, void *owner, uint8_t *data, size_t len);
    /* The queue was at or above high water and has fallen to low water. NULL: not interested. */
    void (*drained)(struct mx_conn *conn, void *owner);
    /*
     * Reading is paused and the other side has gone or sent its last byte; unread bytes may be
     * there. Once, and `closed` still follows when reading is resumed. NULL: not interested.
     */
    void (*hangup)(struct mx_conn *conn, void *owner);
    /* why->code is 0 when the other side closed in an orderly way; why->text is always there. */
    void (*closed)(struct mx_conn *conn, void *owner, const struct mx_err *why);
};

struct mx_conn_target {
    const char *address;       /* IP address, host name, or path of a unix socket (starts with /) */
    uint16_t port;             /* not used with a path */
    const char *local_address; /* IP address to connect from; NULL: any */
    int64_t timeout_ms;        /* for name lookup and connect together; 0: 10 seconds */
    /* Not NULL: a PROXY header with this one's peer is the first that is sent. It must not be a
     * unix socket's, and nothing may be written before `connected`. Not needed after the call. */
    const struct mx_conn *on_behalf_of;
};

/*
 * Opens a connection from the calling worker. Always returns one; `connected` or `closed` follows,
 * never before this call has returned. What is written before `connected` leaves after it. The
 * strings of `target` are not needed after the call. TCP_NODELAY and SO_KEEPALIVE are set.
 */
MX_API struct mx_conn *mx_conn_open(const struct mx_conn_target *target,
                                    const struct mx_conn_ops *ops, void *owner);

/* The peer of an accepted socket; see net/listen.h. */
struct sockaddr;

/*
 * Takes over a connected, non-blocking socket on the calling worker; it is closed with the
 * connection. Socket options stay as they are (what net/listen.h accepts has TCP_NODELAY and
 * keepalive). `peer` may be NULL for a unix socket.
 */
MX_API struct mx_conn *mx_conn_adopt(int fd, const struct sockaddr *peer,
                                     const struct mx_conn_ops *ops, void *owner);

/*
 * Close. The first lets what is queued leave in the background (for at most 5 seconds), the second
 * drops it. conn may be NULL.
 */
MX_API void mx_conn_close(struct mx_conn *conn);
MX_API void mx_conn_abort(struct mx_conn *conn);

/*
 * Breaks the connection for a reason found by the caller: `closed` comes with it at the end of the
 * loop turn, as for any other fault. The first fault wins.
 */
MX_API void mx_conn_fail(struct mx_conn *conn, const struct mx_err *why);

/* For pooled connections that change hands. */
MX_API void mx_conn_set_ops(struct mx_conn *conn, const struct mx_conn_ops *ops, void *owner);
MX_API void mx_conn_set_owner(struct mx_conn *conn, void *owner);
MX_API void *mx_conn_owner(const struct mx_conn *conn);

/*
 * Do not call `data` before `total` unconsumed bytes are there (end of the connection excepted:
 * then `closed` comes without them). Holds until the next call of `data`. A total above the input
 * limit breaks the connection; so does input that is never consumed once it passes that limit.
 */
MX_API void mx_conn_want(struct mx_conn *conn, size_t total);
/* The most input that is kept; default 64 MiB. */
MX_API void mx_conn_set_input_limit(struct mx_conn *conn, size_t limit_bytes);

/* Nothing is read and `data` is not called until resumed. */
MX_API void mx_conn_pause_reading(struct mx_conn *conn);
/* Kept bytes are presented at the end of this loop turn, then reading goes on. */
MX_API void mx_conn_resume_reading(struct mx_conn *conn);
MX_API bool mx_conn_is_paused(const struct mx_conn *conn);
/* Bytes read and not consumed; meaningful outside `data` only. */
MX_API size_t mx_conn_kept(const struct mx_conn *conn);

MX_API void mx_conn_write(struct mx_conn *conn, const void *bytes, size_t len);
MX_API void mx_conn_writev(struct mx_conn *conn, const struct iovec *iov, int count);
/*
 * Secrets (passwords). What is written with the first leaves no copy in the buffers of this process
 * behind. While the second is on, bytes that arrived are cleared as soon as they were consumed.
 */
MX_API void mx_conn_write_secret(struct mx_conn *conn, const void *bytes, size_t len);
MX_API void mx_conn_set_secret_input(struct mx_conn *conn, bool is_secret);
/* Sends what this callback has gathered so far; rarely needed, see above. */
MX_API void mx_conn_flush(struct mx_conn *conn);

/*
 * Cork: hold small writes back over several callbacks until uncorked (or high water, or 64 KiB).
 * Corks do not nest.
 */
MX_API void mx_conn_cork(struct mx_conn *conn);
MX_API void mx_conn_uncork(struct mx_conn *conn);

/* What a codec has done: how many bytes it used of those that came, and how many it made. */
struct mx_codec_step {
    size_t used;
    size_t made;
};

/*
 * Another form of the bytes on their way, such as compression. It sees every byte once and in
 * order, on the connection's worker.
 */
struct mx_conn_codec {
    /*
     * Takes some of the bytes that came, puts others into `out`, and adds both to `step`, which
     * comes with zeros. Still zeros: more must come. May hold output back only when `out` is full;
     * is then called again, also with in_len 0. -1: err, which breaks the connection.
     */
    int (*decode)(void *state, const uint8_t *in, size_t in_len, uint8_t *out, size_t cap,
                  struct mx_codec_step *step, struct mx_err *err);
    /* Appends to `out` what stands for the first bytes of the vector (which is not empty); how
     * many of them, at least 1. */
    size_t (*encode)(void *state, const struct iovec *iov, int count, struct mx_buf *out);
    void (*free)(void *state);
};
/*
 * From now on, over whatever the connection speaks; what was written before leaves in the old form.
 * The state goes with the connection; false: at once, because the connection is not open. All
 * counters and limits of bytes speak of the inner form. Within `data`: see mx_conn_is_switching.
 */
MX_API bool mx_conn_use_codec(struct mx_conn *conn, const struct mx_conn_codec *codec, void *state);

/* Bytes written and not yet taken by the socket (what is gathered is counted). */
MX_API size_t mx_conn_queued(const struct mx_conn *conn);
/* Defaults 65536 and 1024; high 0: never full. A low that is not below high counts as high - 1. */
MX_API void mx_conn_set_water(struct mx_conn *conn, size_t high_bytes, size_t low_bytes);
/*
 * At or above high water and not yet down to low water: stop what feeds it until `drained`. To be
 * asked after writing; when much has been gathered it is offered to the socket first.
 */
MX_API bool mx_conn_is_full(struct mx_conn *conn);

/* Connected and not broken or closing. */
MX_API bool mx_conn_is_open(const struct mx_conn *conn);
/*
 * A look at the socket, one system call: nothing is there to read and the other side has not
 * closed. For a pooled connection just before it is used again.
 */
MX_API bool mx_conn_is_alive(struct mx_conn *conn);

/*
 * TLS. A context (certificate, authorities, versions, for one of the two roles) is made by the core
 * and shared by connections; mx_conn_set_tls only says which one mx_conn_start_tls will use, and
 * takes a reference. host: the name or address that the other side's certificate has to be made out
 * to, where the context checks that; NULL: its address.
 *
 * mx_conn_start_tls encrypts from here on: what was written before goes in clear, what is written
 * after waits for the handshake. Called from `data`, everything that this call does not consume is
 * taken as TLS, never as clear text: consume what is known to be in clear and return
 * (mx_conn_is_switching tells loops so). A failed handshake comes as `closed` with code 2026.
 */
struct mx_tls;
MX_API void mx_conn_set_tls(struct mx_conn *conn, struct mx_tls *tls, const char *host);
/* A context was set; in use or not. */
MX_API bool mx_conn_has_tls(const struct mx_conn *conn);
MX_API void mx_conn_start_tls(struct mx_conn *conn);
/* Within `data`: the bytes behind what was consumed so far are not for the caller any more. */
MX_API bool mx_conn_is_switching(const struct mx_conn *conn);
/* It was started; the handshake may still be under way. */
MX_API bool mx_conn_is_tls(const struct mx_conn *conn);
/*
 * Nobody can listen in, so a password may be sent in clear: the TLS handshake is done, or it is a
 * unix socket.
 */
MX_API bool mx_conn_is_private(const struct mx_conn *conn);

/* Facts of the handshake; "" while there are none. */
MX_API const char *mx_conn_tls_version(const struct mx_conn *conn); /* TLSv1.3 */
MX_API const char *mx_conn_tls_cipher(const struct mx_conn *conn);
/*
 * Subject and issuer of the other side's certificate as servers write them (/C=FI/CN=client);
 * free() them. False: it showed none, or one that no accepted authority vouches for.
 */
MX_API bool mx_conn_tls_peer(const struct mx_conn *conn, char **subject, char **issuer);

#define MX_CONN_TLS_FAILED 2026 /* code of a failed handshake, and of broken records */

#define MX_CONN_ADDRESS_MAX 112

/* Numeric address of the other side (of the client, when a PROXY header has named him), "localhost"
 * for a unix socket; returns `out`. */
MX_API const char *mx_conn_peer_address(const struct mx_conn *conn, char *out, size_t size);
/* 0 for a unix socket. */
MX_API uint16_t mx_conn_peer_port(const struct mx_conn *conn);
/* The socket itself is one; the address may still be that of a PROXY header. */
MX_API bool mx_conn_is_unix(const struct mx_conn *conn);
/* The socket, for the few options that only the owner knows; -1 while there is none. */
MX_API int mx_conn_fd(const struct mx_conn *conn);

MX_API uint64_t mx_conn_bytes_in(const struct mx_conn *conn);
MX_API uint64_t mx_conn_bytes_out(const struct mx_conn *conn);
/* mx_now_ms() of the last byte in or out. */
MX_API int64_t mx_conn_last_active_ms(const struct mx_conn *conn);

#endif
