/* /maxscale/debug: what tests and scripts wait for */
#include "admin/res.h"
#include "core/monitor.h"
#include "mx/timer.h"

#define WAIT_MS 10000

void
admin_get_monitor_wait(struct admin_request *request, struct admin_response *response)
{
    const struct core_registry *registry = request->registry;
    int64_t end_ms = mx_now_ms() + WAIT_MS;

    response->is_plain = true;
    for (size_t i = 0; i < registry->monitor_count; i++) {
        struct mx_monitor *monitor = registry->monitors[i];
        int64_t left_ms = end_ms - mx_now_ms();
        if (core_monitor_running(monitor) &&
            (left_ms <= 0 || core_monitor_wait_tick(monitor, left_ms) != 0) &&
            core_monitor_running(monitor)) {
            admin_response_error(
                response, 400, "monitor_wait timed out: '%s' did not finish a tick in %d seconds.",
                monitor->name, WAIT_MS / 1000);
            return;
        }
    }
    response->status = 200;
}

/* A request that is served at all is served before the end. */
void
admin_get_termination(struct admin_request *request, struct admin_response *response)
{
    (void)request;
    admin_response_body(response, json_pack("{s:b}", "termination_in_process", 0));
}
