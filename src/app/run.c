/* The start of everything in its order, the main thread's loop, and the end in reverse order. */
#include "admin/admin.h"
#include "app/app.h"
#include "core/listener.h"
#include "core/main_call.h"
#include "core/monitor.h"
#include "core/placement.h"
#include "core/pool.h"
#include "core/runtime.h"
#include "core/scheduling.h"
#include "core/service_run.h"
#include "mx/log.h"
#include "mx/timer.h"
#include "mx/worker.h"
#include "net/worker.h"

#include <string.h>

#define FIRST_TICK_LIMIT_MS 5000
#define DRAIN_LIMIT_MS      5000
#define DRAIN_TURN_MS       20

/* A server changed: routers hear of it; connections to one that is gone are broken. */
static void
on_server_changed(struct mx_server *server, uint32_t old_status MX_UNUSED,
                  uint32_t new_status MX_UNUSED, bool hangup, void *context MX_UNUSED)
{
    if (hangup) {
        core_sessions_server_hangup(mx_server_name(server));
    }
    core_sessions_server_changed(mx_server_name(server));
}

static void
tell_listening(const struct core_listener *listener)
{
    const struct mx_log_ctx ctx = {.object = listener->name};
    if (listener->config.socket != NULL) {
        mx_log_notice(&ctx, "Listening for connections at [%s]", listener->config.socket);
    } else {
        mx_log_notice(&ctx, "Listening for connections at [%s]:%lld", listener->config.address,
                      (long long)listener->config.port);
    }
}

static size_t
start_listeners_of(const struct core_registry *registry, const struct mx_service *service)
{
    size_t failed = 0;
    for (size_t i = 0; i < registry->listener_count; i++) {
        struct core_listener *listener = registry->listeners[i];
        struct mx_err err = {0};
        if (strcmp(listener->config.service, service->name) != 0) {
            continue;
        }
        if (core_listener_start(listener, &err) != 0) {
            const struct mx_log_ctx ctx = {.object = listener->name};
            failed++;
            mx_log_error(&ctx, "The listener could not be started: %s", err.text);
        } else {
            tell_listening(listener);
        }
    }
    return failed;
}

static int
start_services(const struct core_registry *registry)
{
    size_t failed = 0;
    size_t started = 0;
    if (registry->service_count == 0) {
        mx_log_notice(NULL, "No services defined in any of the configuration files.");
        return APP_EXIT_OK;
    }
    mx_log_notice(NULL, "Starting a total of %zu services...", registry->service_count);
    for (size_t i = 0; i < registry->service_count; i++) {
        struct mx_service *service = registry->services[i];
        struct mx_err err = {0};
        if (core_service_start(service, &err) != 0) {
            failed++;
            mx_log_error(NULL, "Service '%s' could not be started: %s", service->name, err.text);
            continue;
        }
        failed += start_listeners_of(registry, service);
        started++;
        mx_log_notice(NULL, "Service '%s' started (%zu/%zu)", service->name, started,
                      registry->service_count);
    }
    return failed > 0 ? APP_EXIT_NO_SERVICE : APP_EXIT_OK;
}

/* What was made, so that the end undoes just that. */
struct running {
    struct admin *admin;
    bool has_monitors;
    bool has_workers;
};

static int
start_all(struct app *app, struct running *running)
{
    struct mx_err err = {0};
    if (net_workers_start(&err) != 0 || app_signals_start(&err) != 0) {
        mx_log_alert(NULL, "Cannot start the threads: %s", err.text);
        return APP_EXIT_INTERNAL;
    }
    running->has_workers = true;
    core_scheduling_start();
    core_placement_start();
    core_monitor_on_server_changed(on_server_changed, NULL);
    if (app->globals->admin_enabled) {
        running->admin = admin_start(&err);
        if (running->admin == NULL) {
            mx_log_alert(NULL, "The REST API could not be started: %s", err.text);
            return APP_EXIT_INTERNAL;
        }
        mx_log_notice(NULL, "Using HS256 for JWT signatures.");
        if (app->globals->admin_gui && app->globals->admin_secure_gui &&
            app->globals->admin_ssl_cert == NULL) {
            mx_log_warning(NULL, "The REST API is not encrypted, so the GUI is not served: set "
                                 "admin_ssl_key and admin_ssl_cert, or admin_secure_gui=false if "
                                 "nobody else can listen.");
        }
        mx_log_notice(NULL, "Started REST API on [%s]:%lld", app->globals->admin_host,
                      (long long)app->globals->admin_port);
    }
    running->has_monitors = true;
    if (core_monitor_start_all(app->registry) > 0) {
        return APP_EXIT_INTERNAL;
    }
    core_monitor_wait_first_ticks(app->registry, FIRST_TICK_LIMIT_MS);
    int rc = start_services(app->registry);
    if (rc != APP_EXIT_OK) {
        mx_log_alert(NULL, "Not every service could be started; see the errors above.");
    }
    return rc;
}

/* Sessions end on their workers; the main loop goes on meanwhile. */
static void
drain_sessions(void)
{
    int64_t end_ms = mx_clock_us() / 1000 + DRAIN_LIMIT_MS;
    core_moves_forbid();
    core_sessions_kill_all();
    core_pool_close_all();
    while ((core_sessions_count() > 0 || core_errands_count() > 0) &&
           mx_clock_us() / 1000 < end_ms) {
        net_worker_turn(DRAIN_TURN_MS);
        core_sessions_kill_all(); /* one that was on its way to another worker */
    }
}

static void
stop_all(struct app *app, struct running *running)
{
    app_notify_stopping();
    app_watchdog_stop();
    core_registry_unref(app->registry); /* changes have made newer ones */
    app->registry = core_registry_ref()->self;
    mx_log_notice(NULL, "MaxScale is shutting down.");
    core_placement_stop();
    core_scheduling_stop();
    core_listener_close_all(app->registry);
    core_main_close();
    admin_stop(running->admin);
    if (running->has_monitors) {
        core_monitor_stop_all(app->registry);
    }
    if (running->has_workers) {
        drain_sessions();
        app_signals_stop();
        net_workers_stop();
    }
    core_service_end_all(app->registry);
}

int
app_run(struct app *app)
{
    struct running running = {0};
    core_registry_publish(app->registry);
    app->registry = core_registry_mine()->self;
    mx_ref_get(&app->registry->ref);
    app_config_allow_changes(app);
    int rc = start_all(app, &running);
    if (rc == APP_EXIT_OK) {
        app_trim();
        mx_log_notice(NULL, "MaxScale started with %d worker threads.", mx_worker_count());
        app_watchdog_start();
        app_notify_ready();
        app_daemon_tell(app, APP_EXIT_OK);
        net_worker_run();
    }
    stop_all(app, &running);
    core_registry_unref(app->registry);
    app->registry = NULL;
    return rc;
}
