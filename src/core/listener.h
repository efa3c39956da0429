/*
 * Listeners while they run: sockets opened, served by a worker each, and every accepted client
 * handed to the worker with the fewest sessions. Everything here belongs to the main thread.
 */
#ifndef CORE_LISTENER_H
#define CORE_LISTENER_H

#include "core/objects.h"
#include "mx/err.h"

/* Opens the socket, once; clients wait in the kernel until it is started. */
int core_listener_open(struct core_listener *listener, struct mx_err *err);
/* Opens the socket (once) and takes clients. Fine when it runs. -1: err, and the state is Failed.
 */
int core_listener_start(struct core_listener *listener, struct mx_err *err);
/* Takes no more clients; the address stays taken, clients wait in the kernel. */
void core_listener_stop(struct core_listener *listener);
/* Closes the socket as well: before the object is destroyed, and at shutdown. */
void core_listener_close(struct core_listener *listener);

/* All listeners of the registry; the number of those that failed (each was logged). */
size_t core_listener_start_all(const struct core_registry *registry);
void core_listener_close_all(const struct core_registry *registry);

#endif
