/* Services while they run: the router's shared state and the loading of accounts. Main thread. */
#ifndef CORE_SERVICE_RUN_H
#define CORE_SERVICE_RUN_H

#include "core/objects.h"
#include "mx/err.h"

/* Makes what all versions of the service share; fine when it is there. */
int core_service_start(struct mx_service *service, struct mx_err *err);
/* Its listeners take no more clients; sessions go on. Start undoes it. */
void core_service_stop(struct mx_service *service, const struct core_registry *registry);
/* Frees what start made; no session may be left. */
void core_service_end(struct mx_service *service);

/* All services of the registry; the number of those that failed (each was logged). */
size_t core_service_start_all(const struct core_registry *registry);
void core_service_end_all(const struct core_registry *registry);

#endif
