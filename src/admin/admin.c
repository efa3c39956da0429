/* Life of the REST service. */
#include "admin/admin.h"

#include "admin/http.h"
#include "admin/state.h"
#include "core/main_call.h"
#include "core/objects.h"

#include <stdlib.h>

static int
do_nothing(void *unused)
{
    (void)unused;
    return 0;
}

bool
admin_wait_open(struct admin *admin)
{
    bool is_open;

    (void)pthread_mutex_lock(&admin->open_lock);
    if (!admin->is_open) {
        admin->is_open = core_main_call(do_nothing, NULL) == 0;
    }
    is_open = admin->is_open;
    (void)pthread_mutex_unlock(&admin->open_lock);
    return is_open;
}

static int
open_parts(struct admin *admin, const struct core_global_config *globals, struct mx_err *err)
{
    char *path = mx_asprintf("%s/passwd", globals->datadir);
    const char *issuer = globals->admin_jwt_issuer != NULL ? globals->admin_jwt_issuer : "maxscale";

    admin->started = time(NULL);
    admin->users = admin_users_open(path, err);
    free(path);
    if (admin->users == NULL) {
        return -1;
    }
    admin->tokens = admin_tokens_new("HS256", issuer);
    admin->changes = admin_changes_new(admin->started);
    admin->http = admin_http_open(admin, globals, err);
    return admin->http != NULL ? 0 : -1;
}

struct admin *
admin_start(struct mx_err *err)
{
    const struct core_registry *registry = core_registry_ref();
    struct admin *admin = mx_calloc(1, sizeof(*admin));

    (void)pthread_mutex_init(&admin->open_lock, NULL);
    if (open_parts(admin, registry->globals, err) != 0) {
        admin_stop(admin);
        admin = NULL;
    }
    core_registry_unref(registry);
    return admin;
}

void
admin_stop(struct admin *admin)
{
    if (admin == NULL) {
        return;
    }
    admin_http_close(admin->http);
    admin_changes_free(admin->changes);
    admin_tokens_free(admin->tokens);
    admin_users_close(admin->users);
    (void)pthread_mutex_destroy(&admin->open_lock);
    free(admin);
}
