/* Names to addresses, and back, on a worker, through c-ares: never blocks the loop. */
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

enum net_name_result {
    NET_NAME_FOUND = 0,
    NET_NAME_NONE,        /* the address has no name */
    NET_NAME_UNCONFIRMED, /* it has one that does not lead back to it: anybody can claim a name */
    NET_NAME_FAILED,      /* the name service gave no answer; it may later */
};

/* text: the name, or why there is none; valid during the call only. */
typedef void (*net_name_fn)(void *arg, enum net_name_result result, const char *text);

/*
 * The name of an IP address, once it is known to lead back to that address. fn is called once, in a
 * later step of the loop, never from here, and not much later than limit_ms.
 */
void net_resolve_name(const char *address, int64_t limit_ms, net_name_fn fn, void *arg);

void net_resolver_free(struct mx_worker *worker);

#endif
