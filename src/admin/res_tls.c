/* /maxscale/tls/reload: certificates are read again. */
#include "admin/http_tls.h"
#include "admin/res.h"
#include "core/main_call.h"
#include "core/tls.h"

struct reload {
    const struct core_registry *registry;
    struct mx_err err;
};

static int
reload_here(void *arg)
{
    struct reload *reload = arg;

    return core_tls_reload_all(reload->registry, &reload->err);
}

/* Everything that can be renewed is, also when something else cannot. */
void
admin_post_tls_reload(struct admin_request *request, struct admin_response *response)
{
    struct reload reload = {.registry = request->registry};
    struct mx_err http_err = {0};
    int rc = core_main_call(reload_here, &reload);

    if (rc == CORE_MAIN_CLOSED) {
        admin_response_error(response, 503, "MaxScale is shutting down");
        return;
    }
    if (rc != 0) {
        admin_response_error(response, 400, "Not all certificates could be read again. %s",
                             reload.err.text);
    }
    if (admin_tls_load(request->registry->globals, &http_err) != 0) {
        admin_response_error(response, 400, "%s", http_err.text);
    } else if (rc == 0) {
        admin_response_done(response);
    }
}
