/* /users */
#include "admin/res.h"
#include "admin/state.h"

#include <string.h>

static json_t *
user_resource(const struct admin_request *request, json_t *attributes)
{
    const char *name = json_string_value(json_object_get(attributes, "name"));
    json_t *resource = admin_resource("inet", name, attributes);

    admin_resource_link(request, resource, "/users/inet/%s/", name);
    return resource;
}

void
admin_get_users(struct admin_request *request, struct admin_response *response)
{
    json_t *users = admin_users_json(request->admin->users, NULL);
    json_t *data = json_array();
    json_t *attributes;
    size_t i;

    json_array_foreach(users, i, attributes)
    {
        (void)json_array_append_new(data, user_resource(request, json_incref(attributes)));
    }
    json_decref(users);
    admin_response_body(response, admin_document(request, data, "/users/inet/"));
}

/* There are none: the reference took them out, its clients still ask. */
void
admin_get_unix_users(struct admin_request *request, struct admin_response *response)
{
    admin_response_body(response, admin_document(request, json_array(), "/users/unix/"));
}

void
admin_get_user(struct admin_request *request, struct admin_response *response)
{
    const char *name = request->uri.parts[2];
    json_t *attributes = admin_users_json(request->admin->users, name);

    if (attributes == NULL) { /* removed since the route was found */
        admin_response_error(response, 404, "%s is not a inetuser", name);
        return;
    }
    admin_response_body(response, admin_document(request, user_resource(request, attributes),
                                                 "/users/inet/%s/", name));
}

void
admin_post_user(struct admin_request *request, struct admin_response *response)
{
    const json_t *data = json_object_get(request->body, "data");
    const char *type = json_string_value(json_object_get(data, "type"));
    const char *name = admin_body_text(request, "/data/id", response);
    const char *password = admin_body_text(request, "/data/attributes/password", response);
    const char *account_name = admin_body_text(request, "/data/attributes/account", response);
    enum admin_account account = ADMIN_ACCOUNT_BASIC;
    struct mx_err err = {0};

    if (type != NULL && strcmp(type, "inet") != 0) {
        admin_response_error(response, 400, "The '/data/type' field is '%s'; it must be 'inet'.",
                             type);
    }
    if (account_name != NULL && !admin_account_parse(account_name, &account)) {
        admin_response_error(
            response, 400,
            "The '/data/attributes/account' field is not a valid account value: it "
            "is 'admin' or 'basic'.");
    }
    if (response->status != 0) {
        return;
    }
    if (admin_users_add(request->admin->users, name, password, account, &err) != 0) {
        admin_response_error(response, 400, "Failed to add user '%s': %s", name, err.text);
        return;
    }
    admin_response_done(response);
}

void
admin_post_unix_user(struct admin_request *request, struct admin_response *response)
{
    (void)request;
    admin_response_error(response, 400,
                         "UNIX users are no longer supported. Create the user below /users/inet.");
}

void
admin_patch_user(struct admin_request *request, struct admin_response *response)
{
    const char *name = request->uri.parts[2];
    const char *password = admin_body_text(request, "/data/attributes/password", response);
    struct mx_err err = {0};

    if (password == NULL) {
        return;
    }
    if (admin_users_set_password(request->admin->users, name, password, &err) != 0) {
        admin_response_error(response, 400, "Failed to alter user '%s': %s", name, err.text);
        return;
    }
    admin_response_done(response);
}

void
admin_delete_user(struct admin_request *request, struct admin_response *response)
{
    const char *name = request->uri.parts[2];
    struct mx_err err = {0};

    if (admin_users_remove(request->admin->users, name, &err) != 0) {
        admin_response_error(response, 400, "Failed to remove user '%s': %s", name, err.text);
        return;
    }
    admin_response_done(response);
}
