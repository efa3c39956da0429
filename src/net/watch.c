/* Watched descriptors of net/watch.h. */
#include "net/watch.h"

#include "net/worker.h"

#include <string.h>

static void
ready(struct net_io *io, uint32_t bits)
{
    struct net_watch *watch = mx_container_of(io, struct net_watch, io);
    watch->fn(watch, bits);
}

static const struct net_io_events events = {.ready = ready};

int
net_watch_start(struct net_watch *watch, int fd, uint32_t bits, net_watch_fn fn, struct mx_err *err)
{
    watch->io.fd = fd;
    watch->io.events = &events;
    watch->io.worker = mx_worker_self();
    watch->fn = fn;
    int rc = watch->io.worker->engine->watch(&watch->io, bits);
    if (rc != 0) {
        watch->io.worker = NULL;
        return mx_err_text(err, "cannot watch descriptor %d: %s", fd, strerrordesc_np(-rc));
    }
    return 0;
}

void
net_watch_stop(struct net_watch *watch)
{
    if (watch->io.worker != NULL) {
        MX_ASSERT(watch->io.worker == mx_worker_self());
        watch->io.worker->engine->drop(&watch->io);
        watch->io.worker = NULL;
        watch->io.fd = -1; /* events of it that are still in this turn's batch are passed over */
    }
}
