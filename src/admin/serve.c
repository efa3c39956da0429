/*
 * The way of a request: begin (address, path, who), then route, conditions, body, handler, and what
 * the query string does to the answer.
 */
#include "admin/auth.h"
#include "admin/etag.h"
#include "admin/httpdate.h"
#include "admin/query.h"
#include "admin/route.h"
#include "admin/state.h"
#include "base/utf8.h"
#include "core/objects.h"
#include "mx/str.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------- begin */

static char *
make_base(const struct admin_request *request)
{
    const struct core_global_config *globals = request->registry->globals;
    const char *scheme = request->is_encrypted ? "https" : "http";
    const char *host = request->headers.host;

    if (host == NULL || *host == '\0' || !base_utf8_is_valid(host, strlen(host))) {
        return mx_asprintf("%s://%s:%lld/v1", scheme, globals->admin_host,
                           (long long)globals->admin_port);
    }
    return mx_asprintf("%s://%s/v1", scheme, host);
}

static bool
uri_is_utf8(const struct admin_uri *uri)
{
    bool is_valid = base_utf8_is_valid(uri->path, strlen(uri->path));

    for (size_t i = 0; i < uri->param_count; i++) {
        const struct admin_param *param = &uri->params[i];
        is_valid = is_valid && base_utf8_is_valid(param->key, strlen(param->key)) &&
                   (param->value == NULL || base_utf8_is_valid(param->value, strlen(param->value)));
    }
    return is_valid;
}

int
admin_serve_begin(struct admin_request *request, const char *method, const char *raw_uri,
                  struct admin_response *response)
{
    const char *why = NULL;

    request->base = make_base(request);
    if (request->headers.method_override != NULL) {
        method = request->headers.method_override;
    }
    request->method = admin_method_parse(method);
    if (admin_uri_parse(&request->uri, raw_uri, &why) != 0) {
        admin_response_error(response, 400, "%s", why);
        return -1;
    }
    if (!uri_is_utf8(&request->uri)) {
        admin_response_error(response, 400, "The path or the query string is not UTF-8.");
        return -1;
    }
    if (request->method == ADMIN_METHOD_NONE) {
        admin_response_error(
            response, 405,
            "The method is not one of GET, HEAD, OPTIONS, PUT, POST, PATCH, DELETE.");
        admin_response_header(response, "Allow",
                              mx_strdup("GET, HEAD, OPTIONS, PUT, POST, PATCH, DELETE"));
        return -1;
    }
    return admin_auth_check(request, response);
}

/* -------------------------------------------------------------- conditions */

/* The representation that a condition of a changing request speaks of: the nearest path that can be
 * read (PUT /servers/a/set: /servers/a). Shortens the copied part list of `probe`. */
static bool
read_representation(const struct admin_request *request, struct admin_response *out)
{
    struct admin_request probe = *request;
    struct admin_found found;

    for (; probe.uri.part_count > 0; probe.uri.part_count--) {
        struct admin_response ignored = {0};
        enum admin_match match = admin_route_find(&probe, ADMIN_GET, &found, &ignored);
        admin_response_fini(&ignored);
        if (match == ADMIN_MATCH_FOUND && found.route->handler != NULL) {
            probe.method = ADMIN_GET;
            found.route->handler(&probe, out);
            return out->status == 200;
        }
    }
    return false;
}

static bool
unmodified_since(const struct admin_request *request, const char *header)
{
    time_t limit = 0;

    return !admin_date_parse(header, &limit) ||
           admin_changes_time(request->admin->changes, request->uri.path) <= limit;
}

/* -1: 412. `etag` of the GET representation; "" when there is none. */
static int
check_preconditions(const struct admin_request *request, const char *etag,
                    struct admin_response *response)
{
    const struct admin_headers *headers = &request->headers;

    if (headers->if_match != NULL && !admin_etag_in(headers->if_match, etag)) {
        admin_response_error(
            response, 412,
            "If-Match does not name the present state of %s; nothing was done. Read "
            "it again and decide anew.",
            request->uri.path);
        return -1;
    }
    if (headers->if_unmodified_since != NULL &&
        !unmodified_since(request, headers->if_unmodified_since)) {
        admin_response_error(
            response, 412,
            "%s was changed after the time in If-Unmodified-Since; nothing was done. "
            "Read it again and decide anew.",
            request->uri.path);
        return -1;
    }
    return 0;
}

/* Before a change. */
static int
check_before_change(const struct admin_request *request, struct admin_response *response)
{
    struct admin_response present = {0};
    char etag[ADMIN_ETAG_LEN + 1] = "";
    int rc;

    if (request->headers.if_match == NULL && request->headers.if_unmodified_since == NULL) {
        return 0;
    }
    if (read_representation(request, &present)) {
        admin_etag_of(present.body, etag);
    }
    rc = check_preconditions(request, etag, response);
    admin_response_fini(&present);
    return rc;
}

/* Both headers must hold when both are there. */
static bool
is_not_modified(const struct admin_request *request, const char *etag)
{
    const struct admin_headers *headers = &request->headers;
    bool is_same = headers->if_none_match != NULL || headers->if_modified_since != NULL;

    if (headers->if_none_match != NULL) {
        is_same = is_same && admin_etag_in(headers->if_none_match, etag);
    }
    if (headers->if_modified_since != NULL) {
        time_t limit = 0;
        is_same = is_same && admin_date_parse(headers->if_modified_since, &limit) &&
                  admin_changes_time(request->admin->changes, request->uri.path) <= limit;
    }
    return is_same;
}

/* ----------------------------------------------------------------- reading */

static void
drop_body(struct admin_response *response)
{
    json_decref(response->body);
    response->body = NULL;
}

static void
finish_read(struct admin_request *request, struct admin_response *response)
{
    char etag[ADMIN_ETAG_LEN + 1];
    char *date = mx_calloc(1, ADMIN_DATE_LEN + 1);
    char *self_url;

    admin_etag_of(response->body, etag);
    admin_date_print(admin_changes_time(request->admin->changes, request->uri.path), date);
    admin_response_header(response, "ETag", mx_strdup(etag));
    admin_response_header(response, "Last-Modified", date);
    if (check_preconditions(request, etag, response) != 0) {
        drop_body(response);
        return;
    }
    if (is_not_modified(request, etag)) {
        response->status = 304;
        drop_body(response);
        return;
    }
    self_url = mx_asprintf("%s%s/", request->base, request->uri.path);
    if (admin_query_apply(&request->uri, self_url, response->body, response) != 0) {
        drop_body(response);
    }
    free(self_url);
}

/* ---------------------------------------------------------------- changing */

static int
read_body(struct admin_request *request, const struct admin_route *route,
          struct admin_response *response)
{
    json_error_t error;

    if (request->body_text == NULL || request->body_len == 0) {
        if ((route->flags & ADMIN_ROUTE_BODY) != 0) {
            admin_response_error(response, 400, "Missing request body");
            return -1;
        }
        return 0;
    }
    request->body = json_loadb(request->body_text, request->body_len, 0, &error);
    if (request->body == NULL) {
        admin_response_error(response, 400, "Invalid JSON in request: %s (line %d, column %d)",
                             error.text, error.line, error.column);
        return -1;
    }
    return 0;
}

static void
serve_change(struct admin_request *request, const struct admin_route *route,
             struct admin_response *response)
{
    if ((route->flags & ADMIN_ROUTE_LATER) != 0) {
        admin_response_error(response, 501,
                             "This version cannot do %s %s while it runs. Change the configuration "
                             "file and restart.",
                             admin_method_name(request->method), request->uri.path);
        return;
    }
    if (check_before_change(request, response) != 0 || read_body(request, route, response) != 0) {
        return;
    }
    route->handler(request, response);
    if (response->status >= 200 && response->status < 300) {
        admin_changes_note(request->admin->changes, request->uri.path, time(NULL));
    }
}

/* ------------------------------------------------------------------- serve */

static char *
method_list(uint32_t methods, uint32_t without)
{
    struct mx_str list = {0};

    for (uint32_t bit = ADMIN_GET; bit <= ADMIN_DELETE; bit <<= 1) {
        if ((methods & ~without & bit) != 0) {
            mx_str_printf(&list, "%s%s", list.len > 0 ? ", " : "",
                          admin_method_name((enum admin_method)bit));
        }
    }
    return mx_str_give(&list);
}

/* Accept is where clients of the reference look, Allow is what HTTP calls it. */
static void
serve_options(struct admin_response *response, uint32_t methods)
{
    response->status = 200;
    admin_response_header(response, "Accept", method_list(methods, ADMIN_HEAD | ADMIN_OPTIONS));
    admin_response_header(response, "Allow", method_list(methods, 0));
}

static void
serve_found(struct admin_request *request, const struct admin_found *found,
            struct admin_response *response)
{
    if (request->method != ADMIN_GET && request->method != ADMIN_HEAD) {
        serve_change(request, found->route, response);
        return;
    }
    found->route->handler(request, response);
    if (response->status == 200 && !response->is_plain) {
        finish_read(request, response);
    }
}

static void
errors_to_body(struct admin_response *response)
{
    json_t *list = json_array();
    json_t *text;
    size_t i;

    json_array_foreach(response->errors, i, text)
    {
        (void)json_array_append_new(list, json_pack("{s:O}", "detail", text));
    }
    if (response->body == NULL) {
        response->body = json_object();
    }
    (void)json_object_set_new(response->body, "errors", list);
}

void
admin_serve(struct admin_request *request, struct admin_response *response)
{
    struct admin_found found = {0};
    enum admin_match match = ADMIN_MATCH_FOUND;

    if (response->status == 0) {
        match = admin_route_find(request, request->method, &found, response);
    }
    if (match == ADMIN_MATCH_NO_PATH) {
        admin_response_error(response, 404, "There is nothing at %s.",
                             *request->uri.path != '\0' ? request->uri.path : "/");
    } else if (match == ADMIN_MATCH_NO_METHOD) {
        admin_response_error(response, 405, "%s cannot be used with %s.",
                             admin_method_name(request->method), request->uri.path);
        admin_response_header(response, "Allow", method_list(found.methods, 0));
    } else if (match == ADMIN_MATCH_FOUND && response->status == 0) {
        if (request->method == ADMIN_OPTIONS) {
            serve_options(response, found.methods);
        } else {
            serve_found(request, &found, response);
        }
    }
    if (response->status == 0) {
        admin_response_error(response, 500, "The request was served without an answer.");
    }
    if (response->errors != NULL) {
        errors_to_body(response);
    }
}
