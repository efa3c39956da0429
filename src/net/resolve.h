/* Names to addresses on a worker, through c-ares: never blocks the loop. */
#ifndef NET_RESOLVE_H
#define NET_RESOLVE_H

#include "mx/err.h"
#include "net/address.h"

#define NET_RESOLVE_MAX 8

struct mx_worker;
struct net_query;

/* list is NULL when err is not; valid during the call only. */
typedef void (*net_resolve_fn)(void *arg, const struct net_address *list, size_t count,
                               const struct mx_err *err);

/* fn is called once, in a later step of the loop, never from here. */
struct net_query *net_resolve(const char *name, uint16_t port, net_resolve_fn fn, void *arg);
/* fn will not be called. */
void net_resolve_cancel(struct net_query *query);

void net_resolver_free(struct mx_worker *worker);

#endif
