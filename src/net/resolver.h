/* The inside of a worker's resolver, shared by resolve.c and resolve_name.c. */
#ifndef NET_RESOLVER_H
#define NET_RESOLVER_H

#include "mx/timer.h"

#include <ares.h>
#include <time.h>

struct net_watched;

struct net_resolver {
    struct mx_worker *worker;
    ares_channel channel;
    struct mx_timer timer;
    struct net_watched *watched;
    int channel_error; /* c-ares could not make the channel */
    size_t open_queries;
    struct timespec settings_time; /* of resolv.conf when the channel read it */
};

/* Of the calling worker, made by the first call; with current settings when nothing is open. */
struct net_resolver *net_resolver_mine(void);
/* After the channel was asked something. */
void net_resolver_set_timer(struct net_resolver *resolver);

/* The deferred end of a query of resolve_name.c, for net_resolver_free to know it by. */
void net_name_tell(void *arg);

#endif
