/*
 * Monitors as the rest of the program sees them: start and stop, requests of the operator,
 * diagnostics, and the notice that a server changed. The thread, its ticks and the command slot
 * live in core_monitor_runtime, which all versions of a monitor share.
 *
 * Threads: start, stop and their _all forms belong to the main thread. Everything else may be
 * called from any thread that holds a reference to the monitor.
 */
#ifndef CORE_MONITOR_H
#define CORE_MONITOR_H

#include "core/objects.h"
#include "mx/err.h"
#include "mx/monitor.h"

struct core_monitor_runtime;

/* Made with the first version of a monitor, given back with the last. */
struct core_monitor_runtime *core_monitor_runtime_new(const char *name);
void core_monitor_runtime_ref(struct core_monitor_runtime *rt);
void core_monitor_runtime_unref(struct core_monitor_runtime *rt);

/*
 * Starts the thread with this version of the configuration. The thread holds a reference to the
 * version. A runtime change is: stop, publish the new version, start that one.
 */
int core_monitor_start(struct mx_monitor *monitor, struct mx_err *err);
/* Ends the thread and writes the journal. Server states stay as they were. */
void core_monitor_stop(struct mx_monitor *monitor);
/* All monitors of the registry; start_all returns the number that could not be started (logged). */
size_t core_monitor_start_all(const struct core_registry *registry);
void core_monitor_stop_all(const struct core_registry *registry);

bool core_monitor_running(const struct mx_monitor *monitor);
int64_t core_monitor_ticks(const struct mx_monitor *monitor);
/* Start a tick now. */
void core_monitor_wake(struct mx_monitor *monitor);
/*
 * Waits until a tick that began after the call has ended; -1 when the time ran out or the monitor
 * is not running. Never call it on the monitor's own thread.
 */
int core_monitor_wait_tick(struct mx_monitor *monitor, int64_t timeout_ms);
/* Every running monitor of the registry has finished one more tick (at start, before services). */
void core_monitor_wait_first_ticks(const struct core_registry *registry, int64_t timeout_ms);

/*
 * The operator sets or clears a state of a monitored server: only MX_STATUS_MAINT and
 * MX_STATUS_DRAINING; refused (with the text for the answer) for anything else, and for a Master
 * when the module says so. Wakes the monitor and waits for the tick. force: Maintenance also closes
 * the connections there are.
 */
int core_monitor_request_status(struct mx_monitor *monitor, struct mx_server *server, uint32_t bits,
                                bool set, bool force, struct mx_err *err);

/* New references (copies); NULL when the monitor has not ticked yet or is stopped. */
json_t *core_monitor_diagnostics(const struct mx_monitor *monitor);
/* Members for the server's attributes (node fields of mariadbmon.md section 12). */
json_t *core_monitor_server_diagnostics(const struct mx_monitor *monitor,
                                        const struct mx_server *server);

/*
 * Told on the monitor's thread after the new status has been published. hangup: the server became
 * unusable (or Maintenance was forced): its connections are to be closed.
 */
typedef void (*core_server_changed_fn)(struct mx_server *server, uint32_t old_status,
                                       uint32_t new_status, bool hangup, void *context);
/* Registered once at start, before any monitor runs. */
void core_monitor_on_server_changed(core_server_changed_fn notify, void *context);
/* The same notice for a server without a monitor whose state the operator changed. */
void core_server_status_changed(struct mx_server *server, uint32_t old_status, uint32_t new_status,
                                bool hangup);

#endif
