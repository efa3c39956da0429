/*
 * Connections that speak another form of their bytes (mx_conn_use_codec): a transport over the one
 * that was there. It holds bytes only in the middle of something: what was received and not
 * decoded, what was encoded and not taken by the transport below.
 */
#include "net/conn.h"

#include "mx/buf.h"

#include <errno.h>
#include <stdlib.h>

#define READ_LEN ((size_t)16 * 1024)

struct net_codec {
    struct net_layer layer;
    const struct mx_conn_codec *ops;
    void *state;
    struct mx_buf in;
    struct mx_buf out;
    size_t covers; /* how many of the caller's bytes `out` stands for */
};

static struct net_codec *
of_layer(struct net_layer *layer)
{
    return mx_container_of(layer, struct net_codec, layer);
}

/* ------------------------------------------------------------ in */

static int
decode(struct net_io *io, struct net_codec *codec, void *bytes, size_t len, size_t *made)
{
    struct mx_codec_step step = {0};
    struct mx_err err;
    if (codec->ops->decode(codec->state, codec->in.bytes, codec->in.len, bytes, len, &step, &err) !=
        0) {
        net_conn_break(net_conn_of(io), err.code, "%s", err.text);
        return -EBADMSG;
    }
    MX_ASSERT(step.used <= codec->in.len && step.made <= len);
    mx_buf_consume(&codec->in, step.used);
    *made = step.made;
    return 0;
}

static ssize_t
codec_receive(struct net_io *io, struct net_layer *layer, void *bytes, size_t len, bool *more)
{
    struct net_codec *codec = of_layer(layer);
    struct net_layer *below = layer->below;
    bool below_more = true;
    *more = false;
    for (;;) {
        size_t made = 0;
        int rc = decode(io, codec, bytes, len, &made);
        if (rc != 0) {
            return rc;
        }
        if (made > 0) {
            *more = made == len || below_more;
            return (ssize_t)made;
        }
        if (!below_more && !io->has_ended) {
            return -EAGAIN;
        }
        uint8_t *room = mx_buf_room(&codec->in, READ_LEN);
        ssize_t got = below->ops->receive(io, below, room, READ_LEN, &below_more);
        if (got <= 0) {
            mx_buf_consume(&codec->in, 0);
            if (codec->in.len == 0) {
                mx_buf_free(&codec->in);
            }
            return got;
        }
        mx_buf_fill(&codec->in, (size_t)got);
    }
}

/* ------------------------------------------------------------ out */

/* Moves the front of the vector `len` bytes on. */
static void
advance(struct iovec **iov, int *count, size_t len)
{
    while (*count > 0 && len >= (*iov)->iov_len) {
        len -= (*iov)->iov_len;
        (*iov)++;
        (*count)--;
    }
    if (*count > 0) {
        (*iov)->iov_base = (uint8_t *)(*iov)->iov_base + len;
        (*iov)->iov_len -= len;
    }
}

/* 0: all that was encoded has left, and the bytes it stands for count as taken. */
static ssize_t
send_encoded(struct net_io *io, struct net_codec *codec)
{
    struct net_layer *below = codec->layer.below;
    while (codec->out.len > 0) {
        struct iovec part = {.iov_base = codec->out.bytes, .iov_len = codec->out.len};
        ssize_t taken = below->ops->send(io, below, &part, 1);
        if (taken < 0) {
            return taken;
        }
        mx_buf_consume(&codec->out, (size_t)taken);
    }
    return 0;
}

/*
 * Bytes count as taken when the transport below has all that they were encoded to; until then they
 * are offered again and stand in `out` already.
 */
static ssize_t
codec_send(struct net_io *io, struct net_layer *layer, struct iovec *iov, int count)
{
    struct net_codec *codec = of_layer(layer);
    size_t taken = 0;
    ssize_t rc = 0;
    while (count > 0 && rc >= 0) {
        size_t part = 0;
        if (iov->iov_len == 0) {
            advance(&iov, &count, 0);
            continue;
        }
        if (codec->covers == 0) {
            codec->covers = codec->ops->encode(codec->state, iov, count, &codec->out);
        }
        rc = send_encoded(io, codec);
        if (rc == 0) {
            part = codec->covers;
            codec->covers = 0;
        }
        taken += part;
        advance(&iov, &count, part);
    }
    return taken > 0 ? (ssize_t)taken : rc;
}

/* ------------------------------------------------------------ life */

static void
codec_feed(struct net_layer *layer, const uint8_t *bytes, size_t len)
{
    if (mx_buf_append(&of_layer(layer)->in, bytes, len) != 0) {
        MX_BUG("a buffer without a limit is full");
    }
}

static void
codec_free(struct net_layer *layer)
{
    struct net_codec *codec = of_layer(layer);
    codec->ops->free(codec->state);
    mx_buf_free(&codec->in);
    mx_buf_free(&codec->out);
    free(codec);
}

static const struct net_transport codec_transport = {
    .receive = codec_receive,
    .send = codec_send,
    .feed = codec_feed,
    .free = codec_free,
};

bool
mx_conn_use_codec(struct mx_conn *conn, const struct mx_conn_codec *ops, void *state)
{
    if (conn->state != NET_CONN_OPEN) {
        ops->free(state);
        return false;
    }
    struct net_codec *codec = mx_calloc(1, sizeof(*codec));
    codec->layer.ops = &codec_transport;
    codec->ops = ops;
    codec->state = state;
    net_conn_add_layer(conn, &codec->layer);
    return conn->state == NET_CONN_OPEN;
}
