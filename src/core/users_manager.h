/*
 * Keeps the user accounts of one service fresh: a thread that loads them until the first success
 * once a second, then periodically, on demand (throttled) and when told to. Old accounts stay while
 * loading fails. All functions may be called from any thread unless a line says otherwise.
 */
#ifndef CORE_USERS_MANAGER_H
#define CORE_USERS_MANAGER_H

#include "core/users_load.h"
#include "mx/worker.h"

struct core_users_manager;
struct mx_service;

/* Fills *out for the next load, on the manager's thread. -1: no server can be asked now. */
typedef int (*core_users_source_fn)(void *ctx, struct core_users_source *out);

/* Starts the thread. ctx must live until core_users_manager_free. NULL and err without a thread. */
struct core_users_manager *core_users_manager_new(const char *service,
                                                  core_users_source_fn source_fn, void *ctx,
                                                  struct mx_err *err);
/* Main thread: ends the thread (after the load under way, at most its timeouts) and frees. */
void core_users_manager_free(struct core_users_manager *manager);

/* The newest snapshot with a reference of the caller's own; NULL before the first success. */
struct core_users *core_users_manager_get(struct core_users_manager *manager);

/* Seconds since 1970 of the last success, 0: none yet; for REST. */
int64_t core_users_manager_loaded_at(struct core_users_manager *manager);

/*
 * A login failed: load again if the throttle allows it. true: fn(arg) is posted to `worker` when
 * the load has ended, well or not (it is called exactly once while that worker runs). false: not
 * now, fn is not called. fn may be NULL: nobody waits.
 */
bool core_users_manager_refresh(struct core_users_manager *manager, struct mx_worker *worker,
                                mx_worker_fn fn, void *arg);

/* POST /services/:name/reload, a change of servers or credentials: load now, throttle or not. */
void core_users_manager_reload(struct core_users_manager *manager);

/* ------------------------------------------------------------ of configured services */

/* Main thread. The manager is service->rt->users from now on, shared by all versions. */
MX_MUST_USE int core_users_start(struct mx_service *service, struct mx_err *err);
void core_users_stop(struct mx_service *service);

#endif
