/* The plain transport: bytes as they are. */
#include "net/io.h"
#include "net/worker.h"

static ssize_t
plain_receive(struct net_io *io, struct net_layer *layer MX_UNUSED, void *bytes, size_t len,
              bool *more)
{
    const struct net_ops *ops = io->worker->ops;
    ssize_t got = ops->receive(io->fd, bytes, len);
    *more = got > 0 && ((size_t)got == len || !ops->short_means_empty);
    return got;
}

static ssize_t
plain_send(struct net_io *io, struct net_layer *layer MX_UNUSED, struct iovec *iov, int count)
{
    return io->worker->ops->send(io->fd, iov, count);
}

static const struct net_transport plain = {
    .receive = plain_receive,
    .send = plain_send,
};

struct net_layer net_layer_plain = {.ops = &plain};
