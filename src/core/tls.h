/*
 * TLS of a listener or a server as it is in force: made with the version of the object, changed by
 * a reload of its files. Every worker has its own pointer to the context, which only that worker
 * reads; a reload has each of them replace it. Connections keep the context they began with.
 */
#ifndef CORE_TLS_H
#define CORE_TLS_H

#include "core/config.h"
#include "net/tls.h"

struct core_registry;
struct core_tls;

/* NULL: errors were reported. ssl=true is assumed. */
struct core_tls *core_tls_new(const struct core_tls_config *config, bool is_server,
                              size_t worker_count, const struct net_tls_report *report);
void core_tls_free(struct core_tls *tls); /* NULL is fine */

/* The context for a new connection of the calling worker; borrowed until the end of the turn. */
struct mx_tls *core_tls_mine(const struct core_tls *tls);

/*
 * Main thread: reads the files of all listeners and servers again. An object whose files are wrong
 * keeps what it has, and the others change all the same. -1: err has all that is wrong, one line
 * per finding. Warnings are logged.
 */
int core_tls_reload_all(const struct core_registry *registry, struct mx_err *err);

#endif
