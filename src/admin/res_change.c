/* Changes on the main thread. */
#include "admin/res_change.h"

#include "admin/jsonpath.h"
#include "core/main_call.h"
#include "core/session.h"

#include <stdlib.h>
#include <string.h>

static int
run(void *arg)
{
    struct admin_change *change = arg;

    return change->fn(change);
}

void
admin_change_run(struct admin_change *change, const char *verb, const char *kind, const char *name,
                 struct admin_response *response)
{
    int rc = core_main_call(run, change);

    if (rc == 0) {
        admin_response_done(response);
    } else if (rc == CORE_MAIN_CLOSED) {
        admin_response_error(response, 503, "MaxScale is shutting down");
    } else {
        admin_response_error(response, 400, "Could not %s %s '%s'. %s", verb, kind, name,
                             change->err.text);
    }
}

void
admin_sessions_close(const char *service)
{
    json_t *sessions = core_sessions_json(0);
    json_t *session;
    size_t i;

    json_array_foreach(sessions, i, session)
    {
        const char *name =
            json_string_value(admin_json_pointer(session, "relationships/services/data/0/id"));
        const char *id = json_string_value(json_object_get(session, "id"));
        if (name != NULL && strcmp(name, service) == 0) {
            (void)core_sessions_kill(strtoull(id, NULL, 10));
        }
    }
    json_decref(sessions);
}
