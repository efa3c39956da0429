/*
 * Listening sockets. Opening one tells everything that can be wrong; serving it happens on one
 * worker, which accepts in batches and hands each connection to `accepted`. Where a connection
 * then lives is a decision of its own: net_place_fewest, or a policy of the core.
 */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include "mx/err.h"
#include "mx/worker.h"

#include <sys/socket.h>

struct net_listener;

struct net_listen_config {
    const char *address; /* IP address or host name; "::" takes IPv4 too, and 0.0.0.0 is used
                            where there is no IPv6; path of a unix socket (starts with /) */
    uint16_t port;       /* 0: any free one */
    int backlog;         /* 0: as many as the system allows */
};

/*
 * A connection was accepted: non-blocking, close-on-exec, TCP_NODELAY, keepalive. The descriptor
 * is the callee's. The address is valid during the call.
 */
typedef void (*net_accepted_fn)(void *arg, int fd, const struct sockaddr *peer);

/*
 * Binds and listens; connections wait in the kernel until it is started. May look up a host name
 * (blocking), so call it on the main thread. A unix socket left behind by a dead process is
 * replaced; its permissions are 0777. NULL with err filled when it cannot.
 */
MX_MUST_USE struct net_listener *net_listener_open(const struct net_listen_config *config,
                                                   struct mx_err *err);

/* The port it really has; 0 for a unix socket. */
uint16_t net_listener_port(const struct net_listener *listener);

/*
 * On the worker that shall serve it, and on that worker only until it is stopped. A stopped one
 * keeps its place: connections wait in the kernel.
 */
MX_MUST_USE int net_listener_start(struct net_listener *listener, net_accepted_fn accepted,
                                   void *arg, struct mx_err *err);
void net_listener_stop(struct net_listener *listener);

/* Started: on its worker. Not started: anywhere. A unix socket's file is removed. NULL is fine. */
void net_listener_close(struct net_listener *listener);

/*
 * Placement: of the first `count` workers the one with the fewest sessions, the calling one when it
 * is among them (that saves a wake-up). The caller counts the session there with
 * mx_worker_sessions_add at once, so that the next decision sees it.
 */
struct mx_worker *net_place_fewest(int count);

#endif
