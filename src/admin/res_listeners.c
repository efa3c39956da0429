/* /listeners */
#include "admin/res.h"
#include "admin/res_change.h"
#include "core/listener.h"
#include "core/params_json.h"
#include "mx/authenticator.h"

#include <string.h>

static const char *
state_word(const struct core_listener *listener)
{
    switch ((enum core_state)mx_atomic_get(&listener->rt->state)) {
    case CORE_STATE_ALLOCATED:
        return "Created";
    case CORE_STATE_STARTED:
        return "Running";
    case CORE_STATE_STOPPED:
        return "Stopped";
    case CORE_STATE_FAILED:
        return "Failed";
    }
    return "Created";
}

/* Unlike the others it has no links of its own. */
json_t *
admin_listener_resource(const struct admin_request *request, const struct core_listener *listener)
{
    json_t *attributes = json_pack("{s:s, s:o, s:o}", "state", state_word(listener), "parameters",
                                   core_listener_params_json(listener), "source",
                                   core_source_json(&listener->source));
    json_t *resource = admin_resource("listeners", listener->name, attributes);

    admin_resource_relate(request, resource, "services", listener->config.service);
    return resource;
}

static int
start_listener(struct admin_change *change)
{
    return core_listener_start(change->listener, &change->err);
}

static int
stop_listener(struct admin_change *change)
{
    core_listener_stop(change->listener);
    return 0;
}

static void
change_listener(struct admin_request *request, struct admin_response *response,
                int (*fn)(struct admin_change *change), const char *verb)
{
    const char *name = request->uri.parts[1];
    struct admin_change change = {
        .fn = fn,
        .registry = request->registry,
        .listener = core_registry_listener(request->registry, name),
    };

    admin_change_run(&change, verb, "listener", name, response);
}

void
admin_put_listener_start(struct admin_request *request, struct admin_response *response)
{
    change_listener(request, response, start_listener, "start");
}

void
admin_put_listener_stop(struct admin_request *request, struct admin_response *response)
{
    change_listener(request, response, stop_listener, "stop");
    if (response->status == 204 && admin_uri_bool(&request->uri, "force", false)) {
        const struct core_listener *listener =
            core_registry_listener(request->registry, request->uri.parts[1]);
        admin_sessions_close(listener->config.service);
    }
}
