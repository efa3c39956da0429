/*
 * Host names to addresses without ever blocking the monitor: lookups run in the background, their
 * results are kept for five minutes. Numeric addresses pass through.
 */
#ifndef MARIADBMON_RESOLVE_H
#define MARIADBMON_RESOLVE_H

#include "mx/base.h"

#define MON_ADDRESS_MAX 64

enum mon_lookup {
    MON_LOOKUP_DONE = 0,
    MON_LOOKUP_PENDING,
    MON_LOOKUP_FAILED,
};

struct mon_resolver;

struct mon_resolver *mon_resolver_new(void);
/* Lookups that still run are left to end by themselves. */
void mon_resolver_free(struct mon_resolver *resolver);

/* Starts a lookup when needed. out: a numeric address when DONE. */
enum mon_lookup mon_resolver_get(struct mon_resolver *resolver, const char *host, int64_t now_ms,
                                 char out[MON_ADDRESS_MAX]);

#endif
